//! What must hold for any bytes, decoder by decoder: the fuzz targets' bodies, which the tests replay over kept inputs.

use data_encoding::BASE64URL_NOPAD;
use depinverify_core::beacon::read_rounds;
use depinverify_core::canonical;
use depinverify_core::decode::claims::MAX_DEPTH;
use depinverify_core::decode::container::{Limits, ObservationFile};
use depinverify_core::decode::distinct::Distinct;
use depinverify_core::decode::proof::{self, Scratch};
use depinverify_core::decode::{cbor, cose, json, jws};
use depinverify_core::merkle::arweave::{Ruleset, branch_id, has_redundant_markers, leaf_id, validate};
use depinverify_core::networks::arweave::check_line;
use depinverify_core::networks::arweave::rules::Strictness;
use depinverify_core::networks::filecoin::address::Address;
use depinverify_core::networks::filecoin::message::Message;
use depinverify_core::networks::filecoin::piece_id::PieceId;
use depinverify_core::networks::filecoin::records;
use depinverify_core::networks::filecoin::spark::{Measurements, Validity, intake};
use depinverify_core::networks::filecoin::vanilla::VanillaProof;
use depinverify_core::registry;

/// What must hold for any bytes; a broken law panics.
pub type Law = fn(&[u8]);

/// Each target's name and its law.
pub const LAWS: [(&str, Law); 19] = [
    ("json", json_law),
    ("cbor", cbor_law),
    ("cose", cose_law),
    ("jws", jws_law),
    ("proof", proof_law),
    ("observations_jsonl", observations_jsonl_law),
    ("observations_arrow", observations_arrow_law),
    ("observations_parquet", observations_parquet_law),
    ("registry_line", registry_line_law),
    ("canonical", canonical_law),
    ("beacon_rounds", beacon_rounds_law),
    ("arweave_path", arweave_path_law),
    ("arweave_record", arweave_record_law),
    ("filecoin_record", filecoin_record_law),
    ("filecoin_piece_id", filecoin_piece_id_law),
    ("filecoin_address", filecoin_address_law),
    ("filecoin_message", filecoin_message_law),
    ("filecoin_vanilla", filecoin_vanilla_law),
    ("filecoin_measurements", filecoin_measurements_law),
];

/// A text is accepted by the tree's parser exactly if the reader steps over it.
pub fn json_law(data: &[u8]) {
    let mut names = Distinct::new();
    let stepped = json::Reader::new(data, MAX_DEPTH, &mut names).and_then(|mut reader| {
        reader.skip()?;
        reader.finish()
    });
    assert_eq!(stepped.err(), json::parse(data, MAX_DEPTH).err());
}

/// What is one item is none with a byte behind it, is one inside an array, and is no key twice in a map.
pub fn cbor_law(data: &[u8]) {
    let is_item = cbor::check(data, MAX_DEPTH).is_ok();
    let is_inside = cbor::check(&[&[0x81], data].concat(), MAX_DEPTH + 1).is_ok();
    // Tags around the outermost array count for nothing there, but inside another array they do.
    let is_tagged = data.first().is_some_and(|byte| byte >> 5 == 6);
    assert!(is_item || !is_inside);
    assert!(is_inside || !is_item || is_tagged);
    if is_item {
        assert!(cbor::check(&[data, &[0]].concat(), MAX_DEPTH).is_err());
        let twice = [&[0xa2], data, &[0], data, &[0]].concat();
        assert!(cbor::check(&twice, MAX_DEPTH + 1).is_err());
    }
}

/// What is signed begins with its context and ends with the payload as received.
pub fn cose_law(data: &[u8]) {
    let mut names = Distinct::new();
    let Ok(parts) = cose::parts(data, &mut names) else { return };
    assert_eq!(
        data.get(parts.payload_offset..parts.payload_offset + parts.payload.len()),
        Some(parts.payload)
    );
    if let Ok(header) = cose::header(&parts, &mut names) {
        assert!((1..=cose::MAX_KID).contains(&header.kid.len()));
    }
    let mut signed = Vec::new();
    cose::write_signed_bytes(parts.protected, parts.payload, &mut signed);
    assert!(signed.starts_with(b"\x84\x6aSignature1") && signed.ends_with(parts.payload));
    assert!(cbor::check(&signed, MAX_DEPTH).is_ok());
}

/// The decoded parts, encoded again, are the text: base64url has one spelling.
pub fn jws_law(data: &[u8]) {
    let Ok(jws) = jws::parse(data) else { return };
    let text = data.strip_suffix(b"\n").unwrap_or(data);
    let tail = [BASE64URL_NOPAD.encode(&jws.payload), BASE64URL_NOPAD.encode(&jws.signature)].join(".");
    assert!(text.ends_with(tail.as_bytes()) && text.starts_with(jws.signed));
    assert!((1..=cose::MAX_KID).contains(&jws.kid.len()));
}

/// Memory that was used before changes nothing.
pub fn proof_law(data: &[u8]) {
    let mut used = Scratch::new();
    let half = data.get(..data.len() / 2).unwrap_or_default();
    let _ = proof::decode(half, &mut used);
    let mut fresh = Scratch::new();
    match (proof::decode(data, &mut used), proof::decode(data, &mut fresh)) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.claims, other.claims);
            assert_eq!(
                (one.kid, one.signature, one.unsupported),
                (other.kid, other.signature, other.unsupported)
            );
            let mut signed = Vec::new();
            one.write_signed_bytes(&mut signed);
            assert!(!signed.is_empty());
        }
        (one, other) => assert_eq!(one.err(), other.err()),
    }
}

/// Files of JSON lines, as they are and behind gzip and zstd.
pub fn observations_jsonl_law(data: &[u8]) {
    for kind in ["jsonl", "jsonl.gz", "jsonl.zst"] {
        observations_law(kind, data);
    }
}

/// Arrow IPC files and streams.
pub fn observations_arrow_law(data: &[u8]) {
    observations_law("arrow", data);
}

/// Parquet files.
pub fn observations_parquet_law(data: &[u8]) {
    observations_law("parquet", data);
}

/// A file of this kind ends in rows that keep the rules or in one finding; reading part by part gives the same rows.
fn observations_law(kind: &str, data: &[u8]) {
    let limits = Limits { group_bytes: 64 << 20, rows: 1 << 20, batch_rows: 100, ..Limits::default() };
    let path = std::env::temp_dir().join(format!("depinverify-law-{}.{kind}", std::process::id()));
    assert!(std::fs::write(&path, data).is_ok(), "expected a temporary folder that can be written");
    if let Ok(file) = ObservationFile::open(&path, limits) {
        let rows = |parts| -> Result<usize, ()> {
            let mut rows = 0;
            for batch in file.read_parts(parts).map_err(drop)? {
                let batch = batch.map_err(drop)?;
                assert!(batch.to_record_batch().is_ok());
                rows += batch.len();
            }
            Ok(rows)
        };
        if let Ok(all) = rows(0..file.parts()) {
            assert!(file.rows().is_none_or(|said| said == all as u64));
            let parts: usize = (0..file.parts()).map(|part| rows(part..part + 1).unwrap_or(0)).sum();
            assert_eq!(parts, all);
        }
    }
    assert!(std::fs::remove_file(&path).is_ok(), "expected the file that was just written");
}

/// An event's hashes do not depend on how they were asked for.
pub fn registry_line_law(data: &[u8]) {
    let bounds = registry::Bounds { epoch: 0, start_ms: 1, end_ms: 2 };
    let _ = registry::Snapshot::from_lines(data, bounds, &[], None);
    if let Ok(event) = registry::parse_event(data) {
        assert_eq!(registry::event_hash(data), Ok(event.hash));
        assert_eq!(registry::event_message(data), Ok(event.message));
        let canonical = canonical::canonicalize(data).unwrap_or_default();
        assert_eq!(registry::parse_event(&canonical), Ok(event));
    }
}

/// Canonical text is its own canonical text.
pub fn canonical_law(data: &[u8]) {
    let Ok(bytes) = canonical::canonicalize(data) else { return };
    assert_eq!(canonical::canonicalize(&bytes).as_deref(), Ok(bytes.as_slice()));
    assert!(!bytes.contains(&b'\n'));
}

/// Every line of an accepted beacon file is a round, and is read alike alone.
pub fn beacon_rounds_law(data: &[u8]) {
    let Ok(records) = read_rounds(data) else { return };
    let mut lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    assert_eq!(records.len(), lines.len());
    for (record, line) in records.iter().zip(lines) {
        assert!(record.round > 0);
        let mut alone = read_rounds(line).unwrap_or_default();
        if let Some(alone) = alone.first_mut() {
            alone.line = record.line;
        }
        assert_eq!(alone.first(), Some(record));
    }
}

/// Paths whose hashes are right, of any shape: what strict rulesets prove, the basic one proves alike, and no path proves
/// anything with a byte more or less.
pub fn arweave_path_law(data: &[u8]) {
    let numbers: Vec<u64> = data
        .chunks_exact(8)
        .map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        .collect();
    let [size, dest, end, branches @ ..] = numbers.as_slice() else { return };
    let note_of = |note: u64| [&[0; 24], &note.to_be_bytes()[..]].concat();
    let value = [7; 32];
    let mut path = [&value, &note_of(*end)[..]].concat();
    let mut id = leaf_id(&value, *end);
    // From the leaf up: two bits of each number say which side the path comes from and whether it is marked.
    for number in branches.iter().take(40) {
        let (note, is_right, is_marked) = (number >> 2, number & 1 == 1, number & 2 == 2);
        let sibling = [9; 32];
        let (left, right) = if is_right { (sibling, id) } else { (id, sibling) };
        let marker: &[u8] = if is_marked { &[0; 32] } else { &[] };
        path = [marker, &left, &right, &note_of(note), &path].concat();
        id = branch_id(&left, &right, note);
    }
    let dest = dest.cast_signed();
    let basic = validate(&id, dest, *size, &path, Ruleset::Basic).ok();
    for ruleset in Ruleset::ALL {
        let Ok(proved) = validate(&id, dest, *size, &path, ruleset) else { continue };
        assert!(proved.start < proved.end && proved.value == value);
        assert!(proved.is_marked || basic == Some(proved));
        assert!(proved.is_marked || !has_redundant_markers(&id, dest, *size, &path, ruleset));
        assert!(validate(&id, dest, *size, &path[1..], ruleset).is_err());
        assert!(validate(&id, dest, *size, &[&path[..], &[0]].concat(), ruleset).is_err());
    }
}

/// A record's code is its first failing check, and no check failed that did not run.
pub fn arweave_record_law(data: &[u8]) {
    let (id, admitted) = check_line(data, Strictness::Admission);
    let (same, in_block) = check_line(data, Strictness::Block);
    assert_eq!(id, same);
    for finding in [&admitted, &in_block] {
        assert_eq!(finding.failed & finding.not_run, 0);
        if finding.failed == 0 {
            assert!(finding.code >= 32 && finding.chunk.is_some());
        } else {
            assert_eq!(u32::from(finding.code), finding.failed.trailing_zeros());
        }
    }
    // What is admitted, a block may hold.
    assert!(admitted.failed != 0 || in_block.failed == 0);
}

/// A record's code is its first failing check, and no check failed that did not run.
pub fn filecoin_record_law(data: &[u8]) {
    let verdict = records::check_line(data, &[]);
    assert!(verdict.is_ok(), "the beacons' chains are constants");
    let Ok((_, finding)) = verdict else { return };
    assert_eq!(finding.failed & finding.not_run, 0, "{finding:?}");
    if finding.failed == 0 {
        assert!(finding.code >= 32);
    } else {
        assert_eq!(u32::from(finding.code), finding.failed.trailing_zeros());
    }
}

/// What is read as an identifier is written back as the same bytes, and as a text that is read as the same.
pub fn filecoin_piece_id_law(data: &[u8]) {
    if let Ok(id) = PieceId::from_bytes(data) {
        assert_eq!(id.to_bytes(), data);
        assert_eq!(id.to_string().parse::<PieceId>().as_ref(), Ok(&id));
    }
    if let Some(id) = std::str::from_utf8(data).ok().and_then(|text| text.parse::<PieceId>().ok()) {
        assert_eq!(id.to_string().as_bytes(), data);
    }
}

/// An address is one text and one string of bytes, but for leading zeros of an id, which are told.
pub fn filecoin_address_law(data: &[u8]) {
    if let Ok(address) = Address::from_bytes(data) {
        assert_eq!(address.to_bytes(), data);
        assert_eq!(Address::parse(&address.to_string()).map(|parsed| parsed.address), Ok(address));
    }
    if let Some(parsed) = std::str::from_utf8(data).ok().and_then(|text| Address::parse(text).ok()) {
        let text = parsed.address.in_network(parsed.network).to_string();
        assert_eq!(text.as_bytes() == data, !parsed.has_leading_zeros);
    }
}

/// A message has one encoding.
pub fn filecoin_message_law(data: &[u8]) {
    if let Ok(message) = Message::decode(data) {
        assert_eq!(message.encode(), data);
    }
}

/// A proof with a byte less is none.
pub fn filecoin_vanilla_law(data: &[u8]) {
    if VanillaProof::decode(data).is_ok() {
        assert!(VanillaProof::decode(&data[..data.len() - 1]).is_err());
    }
}

/// Every measurement of a file is either read or dropped with its place, the newer rules take none that the older drop, and a
/// round that is read as such holds what the measurements say one by one.
pub fn filecoin_measurements_law(data: &[u8]) {
    let (old, new) = (intake::read(data, Validity::Historical), intake::read(data, Validity::Current));
    assert_eq!(old.measurements.len() + old.dropped.len(), new.measurements.len() + new.dropped.len());
    assert!(new.measurements.len() <= old.measurements.len());
    let mut round = intake::Intake::<Measurements<'_>>::default();
    round.read(data, Validity::Historical);
    assert_eq!((&round.dropped, &round.counts), (&old.dropped, &old.counts));
    assert!(round.measurements == old.measurements.into_iter().collect());
}
