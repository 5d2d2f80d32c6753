use proptest::prelude::*;

use super::*;

fn written(records: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut before, mut out) = (Before::default(), Vec::new());
    for (key, payload) in records {
        before.write(key, payload, &mut out);
        assert_eq!(before.record(), [&key[..], payload].concat());
    }
    out
}

/// Records of few different words, so that neighbours have some in common.
fn records() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    let bytes = |most: usize| {
        prop::collection::vec(prop::sample::select(vec![[0_u8; 4], [1; 4], [0, 0, 0, 1]]), 0..most)
            .prop_map(|words| words.concat())
    };
    let cut = (bytes(10), bytes(90), 0_usize..8).prop_map(|(key, mut payload, cut)| {
        payload.truncate(payload.len().saturating_sub(cut));
        (key, payload)
    });
    prop::collection::vec(cut, 0..12)
}

proptest! {
    #[test]
    fn records_come_back(records in records()) {
        let bytes = written(&records);
        let (mut before, mut rest) = (Before::default(), &bytes[..]);
        for (key, payload) in &records {
            rest = before.read(key.len() + payload.len(), rest).unwrap();
            prop_assert_eq!(before.record(), [&key[..], payload].concat());
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn a_cut_is_seen(records in records(), cut in 1_usize..400) {
        let bytes = written(&records);
        let (mut before, mut rest) = (Before::default(), Some(&bytes[..bytes.len().saturating_sub(cut)]));
        for (key, payload) in &records {
            rest = rest.and_then(|rest| before.read(key.len() + payload.len(), rest));
        }
        prop_assert!(rest.is_none() || bytes.is_empty());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), lengths in prop::collection::vec(0_usize..200, 0..9)) {
        let (mut before, mut rest) = (Before::default(), Some(&bytes[..]));
        for length in lengths {
            rest = rest.and_then(|rest| before.read(length, rest));
        }
    }
}

#[test]
fn what_is_the_same_costs_a_bit_a_word() {
    let record = (vec![7; 80], vec![9; 432]);
    let mut other = record.clone();
    other.1[431] = 8;
    let bytes = written(&[record.clone(), record.clone(), other]);
    assert_eq!(bytes.len(), 512 + 512 / 64 + 512 / 64 + 8);
}

#[test]
fn the_first_of_a_block_stands_alone() {
    let mut before = Before::default();
    let (mut first, mut again) = (Vec::new(), Vec::new());
    before.write(b"key", b"a payload of some words", &mut first);
    before.clear();
    before.write(b"key", b"a payload of some words", &mut again);
    assert_eq!(
        (&first[..], &again[..]),
        (&b"keya payload of some words"[..], &b"keya payload of some words"[..])
    );
}
