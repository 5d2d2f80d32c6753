use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;

const N: [u8; 32] = [0xf0; 32];
const ORDER: Order = Order { n: N, half: [0x78; 32] };

fn rule(encoding: EcdsaEncoding, s: SPolicy) -> EcdsaRule {
    EcdsaRule { encoding, s, digest: EcdsaDigest::Sha256 }
}

fn der(hex: &str) -> Result<[u8; 64], SignatureVerdict> {
    read_der(&HEXLOWER.decode(hex.as_bytes()).unwrap())
}

fn numbers(r: u8, s: u8) -> [u8; 64] {
    let mut rs = [0; 64];
    (rs[31], rs[63]) = (r, s);
    rs
}

#[test]
fn der_is_read_exactly() {
    assert_eq!(der("3006020101020102"), Ok(numbers(1, 2)));
    assert_eq!(der("300702020080020102"), Ok(numbers(0x80, 2)));
    assert_eq!(der("3006020100020100"), Ok(numbers(0, 0)));
    for bad in [
        "",
        "30",
        "3000",
        "3003020101",
        "300602010102010200",   // a byte behind
        "3005020101020102",     // length too small
        "3007020101020102",     // length too large
        "308106020101020102",   // long form
        "30800201010201020000", // indefinite form
        "3106020101020102",     // a set
        "3006030101020102",     // no integer
        "3006020180020102",     // negative
        "300702020001020102",   // superfluous zero
        "30050200020102",       // no digits
        "3007020101020102ff",   // garbage inside
        "3006020201020102",     // inner length too large
        "30060201010201",       // cut off
    ] {
        assert_eq!(der(bad), Err(SignatureVerdict::BadEncoding), "{bad}");
    }
}

#[test]
fn der_numbers_beyond_32_bytes_are_out_of_range() {
    let wide = format!("3026022101{}020101", "00".repeat(32));
    assert_eq!(der(&wide), Err(SignatureVerdict::ScalarRange));
    let widest = format!("3046022101{0}022101{0}", "00".repeat(32));
    assert_eq!(der(&widest), Err(SignatureVerdict::ScalarRange));
    let too_long = format!("3047022201{0}022101{1}", "00".repeat(33), "00".repeat(32));
    assert_eq!(der(&too_long), Err(SignatureVerdict::BadEncoding));
}

#[test]
fn ranges_and_halves() {
    let any = rule(EcdsaEncoding::P1363, SPolicy::AnyS);
    let low = rule(EcdsaEncoding::P1363, SPolicy::LowS);
    let with = |r: &[u8; 32], s: &[u8; 32]| [r.as_slice(), s.as_slice()].concat();
    let mut below = N;
    below[31] -= 1;
    let mut above_half = ORDER.half;
    above_half[31] += 1;
    let one = numbers(1, 1);
    assert!(open_scalars(any, &ORDER, &one).is_ok());
    assert!(open_scalars(any, &ORDER, &with(&below, &below)).is_ok());
    assert!(open_scalars(low, &ORDER, &with(&below, &ORDER.half)).is_ok());
    assert_eq!(open_scalars(low, &ORDER, &with(&below, &above_half)), Err(SignatureVerdict::HighS));
    for bad in [with(&N, &below), with(&below, &N), with(&[0; 32], &below), with(&below, &[0; 32])] {
        for rule in [any, low] {
            assert_eq!(open_scalars(rule, &ORDER, &bad), Err(SignatureVerdict::ScalarRange));
        }
    }
    for length in [0, 63, 65, 128] {
        assert_eq!(open_scalars(any, &ORDER, &vec![1; length]), Err(SignatureVerdict::BadEncoding));
    }
}

#[test]
fn recovery_bytes() {
    let recoverable = rule(EcdsaEncoding::Recoverable, SPolicy::AnyS);
    for v in 0..=255 {
        let signature = [numbers(1, 1).as_slice(), &[v]].concat();
        let expected = match v {
            0 | 27 => Ok(Some(false)),
            1 | 28 => Ok(Some(true)),
            _ => Err(SignatureVerdict::BadEncoding),
        };
        assert_eq!(open_scalars(recoverable, &ORDER, &signature).map(|scalars| scalars.y_is_odd), expected);
    }
    for length in [0, 1, 64, 66] {
        assert_eq!(open_scalars(recoverable, &ORDER, &vec![1; length]), Err(SignatureVerdict::BadEncoding));
    }
}

#[test]
fn ethereum_prefix_holds_the_length_in_decimal() {
    // web3.js documentation, eth.accounts.hashMessage("Hello World").
    let expected = "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2";
    assert_eq!(HEXLOWER.encode(&ethereum_message_digest(b"Hello World")), expected);
    assert_eq!(
        digest(EcdsaDigest::EthereumMessage, b"Hello World"),
        Some(ethereum_message_digest(b"Hello World"))
    );
    assert_eq!(digest(EcdsaDigest::Given, &[7; 31]), None);
    assert_eq!(digest(EcdsaDigest::Given, &[7; 32]), Some([7; 32]));
    // Keccak-256 of nothing, as in the Ethereum yellow paper.
    let empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert_eq!(digest(EcdsaDigest::Keccak256, b"").map(|hash| HEXLOWER.encode(&hash)).unwrap(), empty);
}

proptest! {
    #[test]
    fn what_is_written_is_read(mut rs in prop::collection::vec(any::<u8>(), 64), zeros in (0..33_usize, 0..33_usize)) {
        rs[..zeros.0].fill(0);
        rs[32..32 + zeros.1].fill(0);
        let rs: [u8; 64] = rs.try_into().unwrap();
        let mut out = [0xaa; MAX_DER];
        let length = write_der(&rs, &mut out);
        prop_assert_eq!(read_der(&out[..length]), Ok(rs));
    }

    #[test]
    fn what_is_read_was_written(bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(2), Just(0x30), 0..9_u8, any::<u8>()], 0..80)) {
        if let Ok(rs) = read_der(&bytes) {
            let mut out = [0; MAX_DER];
            let length = write_der(&rs, &mut out);
            prop_assert_eq!(&out[..length], bytes.as_slice());
        }
    }
}
