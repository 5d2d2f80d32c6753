use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Row<'a> = (&'a str, u64, Option<u64>);

fn shares<'a>(rows: &'a [Row<'a>]) -> Vec<Share<'a>> {
    rows.iter()
        .map(|(id, weight, cap)| Share {
            id: id.as_bytes(),
            weight: U512::from(*weight),
            cap: cap.map(U256::from),
        })
        .collect()
}

fn divided(pool: u64, rows: &[Row<'_>], mode: Mode) -> (Vec<u64>, u64) {
    let result = allocate(U256::from(pool), &shares(rows), mode).unwrap();
    (result.amounts.iter().map(|amount| amount.to()).collect(), result.remainder.to())
}

/// The division by rounds, word for word as the specification has it, with a sort in place of a selection.
fn by_rounds(pool: U256, shares: &[Share<'_>], mode: Mode) -> (BTreeMap<Vec<u8>, U256>, U256) {
    let mut amounts: BTreeMap<Vec<u8>, U256> = shares.iter().map(|s| (s.id.to_vec(), U256::ZERO)).collect();
    let mut open: Vec<Share<'_>> = shares.to_vec();
    let mut rest = pool;
    loop {
        let total = open.iter().fold(U768::ZERO, |sum, s| sum + U768::from(s.weight));
        let (over, under): (Vec<_>, Vec<_>) = open.iter().copied().partition(|s| {
            s.cap.is_some_and(|cap| U768::from(rest) * U768::from(s.weight) > U768::from(cap) * total)
        });
        for share in &over {
            amounts.insert(share.id.to_vec(), share.cap.unwrap());
            rest -= share.cap.unwrap();
        }
        open = under;
        if over.is_empty() {
            break;
        }
    }
    let total = open.iter().fold(U768::ZERO, |sum, s| sum + U768::from(s.weight));
    if total.is_zero() {
        return (amounts, rest);
    }
    let mut rests = Vec::new();
    let mut left = rest;
    for share in &open {
        let (floor, remainder) = (U768::from(rest) * U768::from(share.weight)).div_rem(total);
        amounts.insert(share.id.to_vec(), floor.to());
        left -= floor.to::<U256>();
        rests.push((std::cmp::Reverse(remainder), share.id.to_vec()));
    }
    rests.sort();
    if mode == Mode::LargestRemainder {
        for (_, id) in rests.into_iter().take(left.to()) {
            *amounts.get_mut(&id).unwrap() += U256::ONE;
        }
        left = U256::ZERO;
    }
    (amounts, left)
}

#[test]
fn worked_examples() {
    let lr = Mode::LargestRemainder;
    assert_eq!(divided(100, &[("a", 1, None), ("b", 1, None), ("c", 1, None)], lr), (vec![34, 33, 33], 0));
    assert_eq!(divided(10, &[("a", 6, None), ("b", 6, None), ("c", 2, None)], lr), (vec![4, 4, 2], 0));
    assert_eq!(divided(1, &[("mm", 7, None), ("zz", 7, None), ("aa", 7, None)], lr), (vec![0, 0, 1], 0));
    assert_eq!(divided(7, &[("a", 0, None), ("b", 0, Some(9))], lr), (vec![0, 0], 7));
    assert_eq!(divided(7, &[], lr), (vec![], 7));
    assert_eq!(divided(0, &[("a", 3, None), ("b", 1, Some(0))], lr), (vec![0, 0], 0));
}

#[test]
fn worked_caps() {
    let rows = |a, b, c| [("a", 50, a), ("b", 30, b), ("c", 20, c)];
    let lr = Mode::LargestRemainder;
    assert_eq!(divided(1000, &rows(Some(300), Some(300), Some(300)), lr), (vec![300, 300, 300], 100));
    assert_eq!(divided(1000, &rows(Some(400), None, None), lr), (vec![400, 360, 240], 0));
    assert_eq!(divided(1000, &rows(Some(400), Some(350), Some(900)), lr), (vec![400, 350, 250], 0));
    assert_eq!(divided(10, &[("a", 5, Some(0)), ("b", 5, None)], lr), (vec![0, 10], 0));
    // An amount that equals its cap exactly is not over it.
    assert_eq!(divided(1000, &rows(Some(500), None, None), lr), (vec![500, 300, 200], 0));
    // What capped shares leave cannot go to a share without weight.
    assert_eq!(divided(10, &[("a", 1, Some(4)), ("b", 0, None)], lr), (vec![4, 0], 6));
}

#[test]
fn floor_modes_leave_the_units_over() {
    let rows = [("a", 1, None), ("b", 1, None), ("c", 1, None)];
    assert_eq!(divided(100, &rows, Mode::FloorToSink), (vec![33, 33, 33], 1));
    assert_eq!(divided(100, &rows, Mode::Carry), (vec![33, 33, 33], 1));
}

#[test]
fn modes_have_their_names() {
    assert_eq!(Mode::from_name("largest_remainder"), Some(Mode::LargestRemainder));
    assert_eq!(Mode::from_name("floor_to_sink"), Some(Mode::FloorToSink));
    assert_eq!(Mode::from_name("carry"), Some(Mode::Carry));
    assert_eq!(Mode::from_name("largest"), None);
}

#[test]
fn duplicate_ids_are_refused() {
    let rows = [("b", 1, None), ("a", 1, None), ("b", 2, None)];
    let error = allocate(U256::ONE, &shares(&rows), Mode::LargestRemainder).unwrap_err();
    assert_eq!(error.to_string(), "expected distinct ids, found 62 twice");
}

#[test]
fn weights_beyond_512_bits_are_refused() {
    let id = |n: &'static [u8]| Share { id: n, weight: U512::MAX, cap: None };
    let error = allocate(U256::ONE, &[id(b"a"), id(b"b")], Mode::Carry).unwrap_err();
    assert_eq!(error, AllocationError::WeightOverflow);
    let one = allocate(U256::MAX, &[id(b"a")], Mode::LargestRemainder).unwrap();
    assert_eq!((one.amounts[0], one.remainder), (U256::MAX, U256::ZERO));
}

#[test]
fn threads_change_nothing() {
    let ids = ids(5000);
    let shares: Vec<Share<'_>> = ids
        .iter()
        .zip(1_u64..)
        .map(|(id, n)| Share { id, weight: U512::from(n * n), cap: (n % 7 == 0).then_some(U256::from(n)) })
        .collect();
    let results: Vec<Allocation> = [1, 2, 8]
        .into_iter()
        .map(|threads| {
            let workers = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            workers.install(|| allocate(U256::from(1_000_000_007_u64), &shares, Mode::default()).unwrap())
        })
        .collect();
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

fn weight() -> impl Strategy<Value = U512> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|bytes| U512::from(U256::from_be_bytes(bytes))),
        (0_u64..6).prop_map(U512::from),
        (any::<[u8; 25]>(), 0_usize..200)
            .prop_map(|(bytes, shift)| { U512::from_be_slice(&bytes).wrapping_shr(shift) }),
    ]
}

fn pool() -> impl Strategy<Value = U256> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(U256::from_be_bytes),
        Just(U256::MAX),
        (0_u64..50).prop_map(U256::from),
    ]
}

fn cap(pool: U256) -> impl Strategy<Value = Option<U256>> {
    prop_oneof![
        Just(None),
        (1_u64..20).prop_map(move |part| Some(pool / U256::from(part))),
        Just(Some(U256::ZERO)),
        any::<[u8; 32]>().prop_map(|bytes| Some(U256::from_be_bytes(bytes))),
    ]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::LargestRemainder), Just(Mode::FloorToSink), Just(Mode::Carry)]
}

fn case() -> impl Strategy<Value = (U256, Vec<(U512, Option<U256>)>)> {
    pool().prop_flat_map(|pool| (Just(pool), prop::collection::vec((weight(), cap(pool)), 0..24)))
}

fn ids(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("device-{n}").into_bytes()).collect()
}

proptest! {
    #[test]
    fn equals_the_division_by_rounds(case in case(), mode in mode(), turn in any::<usize>()) {
        let (pool, rows) = case;
        let ids = ids(rows.len());
        let mut shares: Vec<Share<'_>> =
            ids.iter().zip(&rows).map(|(id, (weight, cap))| Share { id, weight: *weight, cap: *cap }).collect();
        let (expected, left) = by_rounds(pool, &shares, mode);
        if !shares.is_empty() {
            let turn = turn % shares.len();
            shares.rotate_left(turn);
            shares.reverse();
        }
        let result = allocate(pool, &shares, mode).unwrap();
        prop_assert_eq!(result.sum(), Some(pool));
        prop_assert_eq!(result.remainder, left);
        for (share, amount) in shares.iter().zip(&result.amounts) {
            prop_assert_eq!(amount, &expected[share.id]);
            prop_assert!(share.cap.is_none_or(|cap| *amount <= cap));
        }
    }

    #[test]
    fn more_weight_never_gives_less_by_more_than_a_unit(case in case(), more in 1_u64..1000) {
        let (pool, rows) = case;
        prop_assume!(!rows.is_empty());
        let ids = ids(rows.len());
        let mut shares: Vec<Share<'_>> =
            ids.iter().zip(&rows).map(|(id, (weight, _))| Share { id, weight: *weight, cap: None }).collect();
        let before = allocate(pool, &shares, Mode::LargestRemainder).unwrap().amounts[0];
        shares[0].weight += U512::from(more);
        let after = allocate(pool, &shares, Mode::LargestRemainder).unwrap().amounts[0];
        prop_assert!(after.saturating_add(U256::ONE) >= before);
    }
}
