use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;

use super::*;
use crate::decode::observations::tests::{Plain, batch_of, plain, sample};
use crate::decode::quarantine::{Place, Reason};

/// A folder of its own, removed at the end.
pub(super) struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("depinverify-container-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const NAMES: [&str; 5] = ["a.parquet", "a.arrow", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst"];

pub(super) fn write(path: &Path, rows: &[Plain], batches: usize) {
    let mut writer = ObservationWriter::create(path).unwrap();
    for part in rows.chunks(rows.len().div_ceil(batches).max(1)) {
        writer.write(&batch_of(part).unwrap()).unwrap();
    }
    writer.finish().unwrap();
}

fn read_with(path: &Path, limits: Limits) -> Result<Vec<Plain>, Quarantine> {
    let mut rows = Vec::new();
    for batch in ObservationFile::open(path, limits)?.read()? {
        let batch = batch?;
        assert_eq!(batch.first_row, rows.len() as u64, "rows are numbered through the file");
        rows.extend(plain(&batch));
    }
    Ok(rows)
}

pub(super) fn read(path: &Path) -> Result<Vec<Plain>, Quarantine> {
    read_with(path, Limits::default())
}

fn row() -> impl Strategy<Value = Plain> {
    let bytes = |longest| prop::collection::vec(any::<u8>(), 0..longest);
    let token = "[a-zA-Z0-9_-]{0,8}\\.[a-zA-Z0-9_-]{0,8}\\.[a-zA-Z0-9_-]{0,8}".prop_map(String::into_bytes);
    let proof = prop_oneof![bytes(300), token];
    let address = prop_oneof![prop::collection::vec(any::<u8>(), 4), prop::collection::vec(any::<u8>(), 16)];
    let answer = prop_oneof![
        (any::<i64>(), proof).prop_map(|(received, proof)| (0_u8, Some(received), Some(proof))),
        (1_u8..5).prop_map(|transport| (transport, None, None)),
    ];
    (
        (bytes(20), bytes(34), any::<u64>(), any::<i64>()),
        answer,
        (prop::option::of(address), any::<Option<u32>>(), any::<Option<u64>>()),
    )
        .prop_map(
            |(
                (validator, device, slot, sent_ms),
                (transport, received_ms, proof),
                (address, asn, rtt_ns),
            )| {
                Plain {
                    validator,
                    device,
                    slot,
                    sent_ms,
                    received_ms,
                    transport,
                    proof,
                    address,
                    asn,
                    rtt_ns,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_kind_gives_the_same_rows(
        rows in prop::collection::vec(row(), 0..200), batches in 1_usize..5, most in 1_usize..100,
    ) {
        let folder = Folder::new();
        for name in NAMES {
            let path = folder.0.join(name);
            write(&path, &rows, batches);
            let limits = Limits { batch_rows: most, ..Limits::default() };
            prop_assert_eq!(&read_with(&path, limits).unwrap(), &rows, "{}", name);
            let file = ObservationFile::open(&path, limits).unwrap();
            prop_assert!(file.rows().is_none_or(|count| count == rows.len() as u64));
            let mut parts = Vec::new();
            for part in 0..file.parts() {
                for batch in file.read_parts(part..part + 1).unwrap() {
                    let batch = batch.unwrap();
                    prop_assert_eq!(batch.first_row, parts.len() as u64);
                    parts.extend(plain(&batch));
                }
            }
            prop_assert_eq!(&parts, &rows, "{} part by part", name);
        }
    }
}

pub(super) fn many(count: u64) -> Vec<Plain> {
    (0..count)
        .map(|slot| Plain { slot, proof: Some(vec![(slot % 251) as u8; 40]), ..sample()[1].clone() })
        .collect()
}

#[test]
fn writing_twice_gives_the_same_bytes_and_their_digest() {
    let folder = Folder::new();
    for name in NAMES {
        let (first, second) = (folder.0.join(name), folder.0.join(format!("b{name}")));
        write(&first, &many(500), 3);
        write(&second, &many(500), 3);
        let bytes = std::fs::read(&first).unwrap();
        assert!(bytes == std::fs::read(&second).unwrap(), "{name}");
        assert_eq!(digest(&first).unwrap(), (crate::hash::sha256(&bytes), bytes.len() as u64));
    }
}

#[test]
fn long_files_of_lines_are_read_in_slices_with_the_right_numbers() {
    let folder = Folder::new();
    let rows = many(40_000);
    let path = folder.0.join("a.jsonl");
    write(&path, &rows, 1);
    assert!(std::fs::metadata(&path).unwrap().len() > 8 << 20);
    assert!(read(&path).unwrap() == rows);
    let mut text = std::fs::read(&path).unwrap();
    let third = text.len() * 3 / 4;
    let at = third + text[third..].iter().position(|byte| *byte == b'{').unwrap();
    let line = text[..at].split(|byte| *byte == b'\n').count() as u64;
    text[at] = b'[';
    let fault = read(&folder.file("b.jsonl", &text)).unwrap_err();
    assert_eq!((fault.reason, fault.place), (Reason::Schema, Some(Place::Line(line))));
    let limits = Limits { rows: 39_999, ..Limits::default() };
    let fault = read_with(&path, limits).unwrap_err();
    assert_eq!((fault.reason, fault.place), (Reason::Limit, Some(Place::Line(40_000))));
}

#[test]
fn a_file_that_is_cut_anywhere_is_never_read_as_a_whole() {
    let folder = Folder::new();
    let rows = many(40);
    for name in NAMES {
        let path = folder.0.join(name);
        write(&path, &rows, 2);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            match read(&folder.file(&format!("cut-{name}"), &whole[..cut])) {
                // A cut between two lines cannot be seen in the lines; the signature sees it.
                Ok(read) => assert!(name == "a.jsonl" && read.len() <= rows.len(), "{name} cut at {cut}"),
                Err(fault) => {
                    assert_eq!(
                        fault.reason,
                        Reason::Truncated,
                        "{name} cut at {cut} of {}: {fault}",
                        whole.len()
                    );
                }
            }
        }
    }
}

#[test]
fn changed_bits_give_rows_or_a_finding_and_never_a_panic() {
    let folder = Folder::new();
    let rows = many(30);
    for name in NAMES {
        let path = folder.0.join(name);
        write(&path, &rows, 2);
        let whole = std::fs::read(&path).unwrap();
        let mut panics = Vec::new();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            if let Err(fault) = read(&folder.file(&format!("bit-{name}"), &changed))
                && fault.message.starts_with("the reader gave up")
            {
                panics.push((at, fault.message));
            }
        }
        // Panics inside the library are findings too, but one that we can see coming is worth a check of its own.
        assert!(panics.len() < whole.len() / 100, "{name}: {} panics, {:?}", panics.len(), panics.first());
    }
}

#[test]
fn bombs_are_stopped_by_the_ratio() {
    let folder = Folder::new();
    let spaces = vec![b' '; 64 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
    gzip.write_all(&spaces).unwrap();
    let zstd = zstd::stream::encode_all(spaces.as_slice(), 3).unwrap();
    for (name, bytes) in [("bomb.jsonl.gz", gzip.finish().unwrap()), ("bomb.jsonl.zst", zstd)] {
        let path = folder.file(name, &bytes);
        let fault = read(&path).unwrap_err();
        assert_eq!(fault.reason, Reason::Limit, "{fault}");
        // At another ratio it is simply no JSON.
        let limits = Limits { ratio: 1_000_000, ..Limits::default() };
        assert_eq!(read_with(&path, limits).unwrap_err().reason, Reason::Truncated);
    }
    let path = folder.file("line.jsonl", &vec![b'a'; 300_000]);
    let limits = Limits { group_bytes: 200_000, ..Limits::default() };
    assert_eq!(read_with(&path, limits).unwrap_err().reason, Reason::Limit);
}

#[test]
fn garbage_behind_compressed_data_is_seen() {
    let folder = Folder::new();
    for (name, reason) in [("a.jsonl.gz", Reason::Unreadable), ("a.jsonl.zst", Reason::Unreadable)] {
        let path = folder.0.join(name);
        write(&path, &sample(), 1);
        let whole = std::fs::read(&path).unwrap();
        let twice = folder.file(name, &[whole.as_slice(), &whole].concat());
        assert_eq!(read(&twice).unwrap(), [sample(), sample()].concat(), "members follow each other");
        let path = folder.file(name, &[whole.as_slice(), b"garbage behind it"].concat());
        assert_eq!(read(&path).unwrap_err().reason, reason, "{name}");
    }
}

#[test]
fn limits_hold_for_every_kind() {
    let folder = Folder::new();
    let rows = many(1000);
    for name in NAMES {
        let path = folder.0.join(name);
        write(&path, &rows, 1);
        let limit = |limits: Limits| read_with(&path, limits).unwrap_err().reason;
        assert_eq!(limit(Limits { rows: 999, ..Limits::default() }), Reason::Limit, "{name}");
        assert!(read_with(&path, Limits { rows: 1000, ..Limits::default() }).is_ok());
        if matches!(Kind::of(&path), Ok(Kind::Parquet | Kind::Arrow)) {
            assert_eq!(limit(Limits { group_bytes: 5000, ..Limits::default() }), Reason::Limit, "{name}");
        }
        if !matches!(Kind::of(&path), Ok(Kind::Arrow | Kind::Lines(Compression::None))) {
            assert_eq!(limit(Limits { ratio: 1, ..Limits::default() }), Reason::Limit, "{name}");
        }
    }
}

#[test]
fn other_names_and_missing_files_are_findings() {
    let folder = Folder::new();
    for name in ["a.csv", "a.PARQUET", "a.jsonl.bz2", "a.jws", "parquet", "a.json"] {
        assert_eq!(read(&folder.file(name, b"")).unwrap_err().reason, Reason::Unreadable, "{name}");
    }
    let fault = read(&folder.0.join("missing.parquet")).unwrap_err();
    assert_eq!(fault.reason, Reason::Unreadable);
    assert!(fault.message.contains("missing.parquet"), "{fault}");
    for name in NAMES {
        let path = folder.file(name, b"");
        let expected = if name == "a.jsonl" { Ok(vec![]) } else { Err(Reason::Truncated) };
        assert_eq!(read(&path).map_err(|fault| fault.reason), expected, "{name}, empty");
        let path = folder.file(name, b"This is not such a file, whatever its name says.");
        assert_ne!(read(&path).map_err(|fault| fault.reason), Ok(vec![]));
    }
}

#[test]
fn bytes_that_several_views_show_count_each_time() {
    let folder = Folder::new();
    let file_of = |rows: usize, length: u32| {
        let batch = batch_of(&many(rows as u64)).unwrap().to_record_batch().unwrap();
        let mut proofs = arrow_array::builder::BinaryViewBuilder::new();
        let block = proofs.append_block(vec![7_u8; length as usize].into());
        (0..rows).for_each(|_| proofs.try_append_view(block, 0, length).unwrap());
        let place = batch.schema().index_of("proof").unwrap();
        let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
        fields[place] = Arc::new(Field::new("proof", DataType::BinaryView, true));
        let mut columns = batch.columns().to_vec();
        columns[place] = Arc::new(proofs.finish());
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        assert!(bytes.len() < 2 * length as usize, "the file has the bytes once");
        folder.file("views.arrow", &bytes)
    };
    assert_eq!(read(&file_of(100, 1 << 20)).unwrap().len(), 100);
    for (rows, length) in [(2_000, 1 << 20), (400, 1 << 19)] {
        let fault = read(&file_of(rows, length)).unwrap_err();
        assert_eq!((fault.reason, fault.place), (Reason::Limit, Some(Place::Batch(0))), "{fault}");
    }
}
