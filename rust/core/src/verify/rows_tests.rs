//! Rows keep their identity through sorting, however long their envelope is.

use super::*;

fn observation(proof: &[u8]) -> Observation<'_> {
    Observation {
        validator: b"val-0",
        device: b"device",
        slot: 7,
        sent_ms: i64::MIN,
        received_ms: Some(i64::MAX),
        transport: 0,
        proof: Some(proof),
        address: None,
        asn: None,
        rtt_ns: None,
        file: 3,
        row: u64::MAX,
    }
}

fn stored(proof: &[u8]) -> (Block, usize) {
    let (mut key, mut payload, mut block) = (Key::new(), Vec::new(), Block::default());
    observation(proof).encode(&observation(proof).row_id(), &mut key, &mut payload);
    block.push(key.as_slice(), &payload, true).unwrap();
    (block, payload.len())
}

#[test]
fn an_envelope_that_can_be_decoded_keeps_its_bytes() {
    for length in [0, 1, 32, MAX_ENVELOPE] {
        let proof = vec![2; length];
        let (block, _) = stored(&proof);
        let row = &block.rows[0];
        assert_eq!(block.proof(row), Some(Envelope::Whole(&proof)));
        assert_eq!((row.id, row.origin), (observation(&proof).row_id(), (3, u64::MAX)));
        assert_eq!((row.sent_ms, row.received_ms), (i64::MIN, Some(i64::MAX)));
    }
}

#[test]
fn an_envelope_that_is_too_long_costs_its_hash() {
    let proof = vec![7; 10 << 20];
    let (block, bytes) = stored(&proof);
    let row = &block.rows[0];
    assert_eq!(block.proof(row), Some(Envelope::Long(sha256(&proof))));
    assert_eq!(row.id, observation(&proof).row_id());
    assert!(bytes < 100 && block.size() < 100, "{bytes} {}", block.size());
}

#[test]
fn rows_of_one_device_share_its_bytes_and_no_others_do() {
    let mut block = Block::default();
    let mut push = |device: &[u8], slot: u64, cut: usize| {
        let row = Observation { device, slot, ..observation(b"proof") };
        let (mut key, mut payload) = (Key::new(), Vec::new());
        row.encode(&row.row_id(), &mut key, &mut payload);
        block.push(&key.as_slice()[..key.as_slice().len() - cut], &payload, false)
    };
    let devices: [&[u8]; 5] = [b"", b"\0", b"\0\0", b"a", b"ab"];
    for device in devices {
        push(device, 1, 0).unwrap();
        push(device, 2, 0).unwrap();
    }
    // What a damaged row says is not held against the next one.
    assert_eq!(push(b"abc", 1, 9), Err(DamagedRow));
    push(b"abc", 1, 0).unwrap();
    let found: Vec<(&[u8], usize)> =
        block.devices().map(|rows| (block.device(&block.rows[rows.start]), rows.len())).collect();
    let expected = devices.map(|device| (device, 2)).into_iter().chain([(&b"abc"[..], 1)]);
    assert_eq!(found, expected.collect::<Vec<_>>());
}
