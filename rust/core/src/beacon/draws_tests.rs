use proptest::prelude::*;

use super::*;
use crate::hash::sha256;

fn ids(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|i| vec![b'v', i]).collect()
}

/// The assignment as the rule states it: sort all, take the first.
fn sorted(seed: &Hash, d: &[u8], validators: &[Vec<u8>], k: usize) -> Vec<u32> {
    let mut ranks: Vec<(Hash, &[u8], u32)> = (0..)
        .zip(validators)
        .map(|(index, v)| {
            let lp = |part: &[u8]| [&u32::try_from(part.len()).unwrap().to_be_bytes(), part].concat();
            (sha256(&[b"depinverify/assign/v1\0", &seed[..], &lp(d), &lp(v)].concat()), v.as_slice(), index)
        })
        .collect();
    ranks.sort();
    ranks.into_iter().take(k).map(|(_, _, index)| index).collect()
}

#[test]
fn a_certain_probe_is_always_drawn_and_an_impossible_one_never() {
    for i in 0..200_u8 {
        let seed = sha256(&[i]);
        assert!(is_selected(&seed, b"d", 1, 1));
        assert!(is_selected(&seed, b"d", u64::MAX, u64::MAX));
        assert!(!is_selected(&seed, b"d", 0, 7));
        assert!(!is_selected(&seed, b"d", 1, 0));
        assert!(SlotDraws::new(&seed).is_selected(b"d", 3, 3));
        assert!(!SlotDraws::new(&seed).is_selected(b"d", 3, 0));
    }
}

#[test]
fn moments_stay_inside_what_the_slot_leaves() {
    let (nonce, salt) = (sha256(b"n"), sha256(b"s"));
    let moment = |round_time, seconds, limit| moment_ms(&nonce, &salt, round_time, 900, seconds, limit);
    let inside = moment(902, 900, 30_000).unwrap();
    assert!((902_000..902_000 + 898_000 - 30_000).contains(&inside));
    assert_eq!(
        moment(902, 32, 30_000),
        Err(MomentError::NoTime { slot_start: 900, round_time: 902, span_ms: 0 })
    );
    assert_eq!(
        moment(1800, 900, 1),
        Err(MomentError::NoTime { slot_start: 900, round_time: 1800, span_ms: -1 })
    );
    assert_eq!(moment(902, 33, 30_999), Ok(902_000));
    let far = i64::MAX - 5;
    assert_eq!(moment_ms(&nonce, &salt, far, far, 900, 0), Err(MomentError::OutOfRange { slot_start: far }));
}

proptest! {
    #[test]
    fn assignment_is_the_front_of_the_whole_order(
        seed: [u8; 32], d in prop::collection::vec(any::<u8>(), 0..40), count in 0_u8..60, k in 0_usize..12,
    ) {
        let validators = ids(count);
        let mut out = vec![7];
        assign_into(&seed, &d, (0..).zip(validators.iter().map(Vec::as_slice)), k, &mut out);
        prop_assert_eq!(out, sorted(&seed, &d, &validators, k));
    }

    #[test]
    fn prepared_beginnings_change_nothing(
        seed: [u8; 32], secret: [u8; 32], slot: u64, d in prop::collection::vec(any::<u8>(), 0..99), num in 0_u64..9,
    ) {
        let draws = SlotDraws::new(&seed);
        prop_assert_eq!(draws.is_selected(&d, num, 8), is_selected(&seed, &d, num, 8));
        prop_assert_eq!(draws.nonce(&d, b"v"), nonce(&seed, &d, b"v"));
        prop_assert_eq!(draws.offset_ms(&d, u64::MAX), share(draw("offset", &seed, &d), u64::MAX));
        let by_hand = Domain::new("depinverify/salt/v1").raw(&secret).u64(slot).lp(&d).finish();
        prop_assert_eq!(salt(&secret, slot, &d), by_hand);
        let mut prober = Prober::default();
        for v in [&b"v"[..], b"another validator"] {
            let (nonce, salt) = (nonce(&seed, &d, v), salt(&secret, slot, &d));
            let probe = prober.probe(&draws, &secret, slot, &d, v);
            prop_assert_eq!(probe.challenge, challenge(&nonce, &salt));
            prop_assert_eq!(probe.moment_ms(940, 900, 900, 10), moment_ms(&nonce, &salt, 940, 900, 900, 10));
        }
    }

    #[test]
    fn a_share_is_below_its_span(number: u64, span in 1_u64..) {
        prop_assert!(share(number, span) < span);
    }
}
