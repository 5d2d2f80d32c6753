use super::*;

#[test]
fn prices_in_decimals() {
    let in_tokens = |decimals: &str| {
        let (whole, part) = decimals.split_once('.').unwrap();
        format!("{whole}{part:0<18}").parse::<u128>().unwrap()
    };
    for (price, decimals) in [
        (CREATE_SET, "0.025"),
        (ADD_PIECES, "0.0005"),
        (ADD_PIECE, "0.0003"),
        (SCHEDULE_REMOVALS, "0.002"),
        (TERMINATE, "0.00112"),
        (RESERVE, "0.10"),
        (RESERVE_REFILL_BELOW, "0.005"),
        (CLEANUP_DEPOSIT, "0.1"),
        (SET_MONTH, "0.024"),
        (TEBIBYTE_MONTH, "2.5"),
    ] {
        assert_eq!(price, in_tokens(decimals));
    }
}

#[test]
fn raw_bytes_are_rounded_down() {
    for (leaves, bytes) in [(0, 0), (1, 31), (2, 63), (3, 95), (4, 127), (5, 158)] {
        assert_eq!(raw_bytes(leaves), U256::from(bytes));
    }
}

#[test]
fn a_set_without_leaves_costs_nothing() {
    assert_eq!(rate_per_epoch(0), U256::ZERO);
    assert_eq!(rate_per_epoch(1), U256::from(277_777_777_777_u64 + 815));
}

#[test]
fn a_month_of_a_tebibyte() {
    // Leaves for at most 31 bytes less, at a price of 2.3 million units a byte.
    let month = rate_per_epoch((1 << 42) / 127) * U256::from(86_400);
    let price = U256::from(TEBIBYTE_MONTH + SET_MONTH);
    assert!(month <= price && price - month < U256::from(80_000_000));
}

#[test]
fn the_largest_set() {
    let [leaves, price, divisor] = [u128::MAX, TEBIBYTE_MONTH, MONTH << 40].map(num_bigint::BigUint::from);
    let rate = leaves * 4064_u32 / 128_u32 * price / divisor + 277_777_777_777_u64;
    assert_eq!(rate_per_epoch(u128::MAX).to_string(), rate.to_string());
}

#[test]
fn fees_for_pieces() {
    assert_eq!(add_pieces(0), 500_000_000_000_000);
    assert_eq!(add_pieces(100), 30_500_000_000_000_000);
    assert_eq!(add_pieces(u64::MAX), ADD_PIECES + u128::from(u64::MAX) * ADD_PIECE);
}

#[test]
fn a_reserve_is_filled_up_when_it_is_low() {
    for (held, refill) in [
        (0, RESERVE),
        (RESERVE_REFILL_BELOW - 1, RESERVE - RESERVE_REFILL_BELOW + 1),
        (RESERVE_REFILL_BELOW, 0),
        (RESERVE, 0),
        (u128::MAX, 0),
    ] {
        assert_eq!(reserve_refill(held), refill);
    }
}
