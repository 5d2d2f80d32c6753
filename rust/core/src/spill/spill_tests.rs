use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("depinverify-spill-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> =
            std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Pair = (Vec<u8>, Vec<u8>);

fn collect(mut merged: Merge) -> Result<Vec<Pair>, SpillError> {
    let mut out = Vec::new();
    while let Some(record) = merged.next()? {
        out.push((record.key.to_vec(), record.payload.to_vec()));
    }
    assert!(merged.next()?.is_none(), "the end is the end");
    Ok(out)
}

fn sorted(mut records: Vec<Pair>) -> Vec<Pair> {
    records.sort();
    records
}

/// Many records of mixed length; a small linear generator, so that failures repeat.
fn records(count: usize, seed: u64) -> Vec<Pair> {
    let mut state = seed | 1;
    let mut next = move |below: u8| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from((state >> 33) % u64::from(below)).unwrap()
    };
    (0..count)
        .map(|_| {
            let key = (0..next(14)).map(|_| next(3)).collect();
            let payload = (0..next(40)).map(|_| next(255)).collect();
            (key, payload)
        })
        .collect()
}

fn sorter_with(folder: &Folder, name: &str, budget: usize, records: &[Pair]) -> Sorter {
    let mut sorter = Sorter::new(&folder.0, name, budget);
    for (key, payload) in records {
        sorter.push(key, payload).unwrap();
    }
    sorter
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_and_budget_gives_the_plain_order(
        records in prop::collection::vec(
            (key(), prop::collection::vec(any::<u8>(), 0..30)), 0..2000),
        sorters in 1_usize..5,
        budget in 0_usize..200_000,
    ) {
        let folder = Folder::new();
        let mut runs = Vec::new();
        for (n, part) in records.chunks(records.len().div_ceil(sorters).max(1)).enumerate() {
            runs.push(sorter_with(&folder, &format!("s{n}"), budget, part).finish().unwrap());
        }
        prop_assert_eq!(runs.iter().map(Runs::records).sum::<u64>(), records.len() as u64);
        prop_assert_eq!(collect(merge(runs).unwrap()).unwrap(), sorted(records));
        prop_assert_eq!(folder.files().len(), 0, "runs go with their last owner");
    }

    #[test]
    fn key_order_is_field_order(
        a in fields(), b in fields(),
    ) {
        let order = (&a.0, a.1, a.2, a.3.is_none(), &a.3, &a.4)
            .cmp(&(&b.0, b.1, b.2, b.3.is_none(), &b.3, &b.4));
        prop_assert_eq!(encode(&a).as_slice().cmp(encode(&b).as_slice()), order);
        let key = encode(&a);
        let mut reader = KeyReader::new(key.as_slice());
        let (mut first, mut second, mut last) = (Vec::new(), Vec::new(), Vec::new());
        reader.bytes(&mut first).unwrap();
        prop_assert_eq!((&first, reader.i64().unwrap(), reader.u64().unwrap()), (&a.0, a.1, a.2));
        let is_present = reader.is_present().unwrap();
        if is_present {
            reader.bytes(&mut second).unwrap();
        }
        prop_assert_eq!(is_present.then_some(second), a.3);
        reader.bytes(&mut last).unwrap();
        prop_assert_eq!(last, a.4);
        prop_assert!(reader.rest().is_empty());
    }

    #[test]
    fn reading_a_key_never_fails_badly(bytes in prop::collection::vec(0_u8..2, 0..40)) {
        let mut reader = KeyReader::new(&bytes);
        let mut out = Vec::new();
        while reader.bytes(&mut out).is_some() {}
        prop_assert!(out.len() <= bytes.len());
    }
}

type Fields = (Vec<u8>, i64, u64, Option<Vec<u8>>, Vec<u8>);

/// Keys of which many are equal, and some begin with the highest eight bytes.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::collection::vec(0_u8..4, 0..12),
        1 => prop::collection::vec(0xfe_u8..=0xff, 0..11),
        1 => (0_usize..12).prop_map(|length| vec![0xff; length]),
    ]
}

fn fields() -> impl Strategy<Value = Fields> {
    let byte = || prop::sample::select(vec![0_u8, 1, 2, 0xfe, 0xff]);
    let text = || prop_oneof![prop::collection::vec(byte(), 0..5), prop::collection::vec(byte(), 5..40)];
    let signed = prop::sample::select(vec![i64::MIN, -2, -1, 0, 1, i64::MAX]);
    let unsigned = prop::sample::select(vec![0, 1, 255, 256, u64::MAX]);
    (text(), signed, unsigned, prop::option::of(text()), text())
}

fn encode(fields: &Fields) -> Key {
    let mut key = Key::new();
    key.bytes(&fields.0).i64(fields.1).u64(fields.2);
    key.nullable(fields.3.as_deref(), |key, value| {
        key.bytes(value);
    });
    key.bytes(&fields.4);
    key
}

#[test]
fn memory_stays_within_the_budget_and_the_rest_is_on_disk() {
    let folder = Folder::new();
    let records = records(60_000, 7);
    for budget in [64 << 10, 300_000, 1 << 20] {
        let mut sorter = Sorter::new(&folder.0, "bounded", budget);
        let mut largest = 0;
        for (key, payload) in &records {
            sorter.push(key, payload).unwrap();
            largest = largest.max(sorter.memory());
        }
        assert!(largest <= budget, "{largest} bytes held, budget {budget}");
        let runs = sorter.finish().unwrap();
        assert!(runs.held.is_empty() && runs.files.len() > 1 && runs.disk_bytes() > 1 << 20);
        // Each open run holds one block.
        assert_eq!(collect(merge(vec![runs]).unwrap()).unwrap(), sorted(records.clone()));
    }
}

#[test]
fn one_record_may_be_longer_than_the_budget() {
    let folder = Folder::new();
    let long = vec![(vec![9; 100_000], vec![8; 200_000]), (vec![1], vec![2]), (vec![9; 100_001], vec![])];
    let mut sorter = sorter_with(&folder, "long", 10_000, &long);
    for _ in 0..1000 {
        sorter.push(b"k", &[7; 50]).unwrap();
    }
    assert!(sorter.memory() <= 10_000, "the long chunk is given back: {}", sorter.memory());
    let got = collect(merge(vec![sorter.finish().unwrap()]).unwrap()).unwrap();
    let expected =
        sorted(long.into_iter().chain(std::iter::repeat_n((b"k".to_vec(), vec![7; 50]), 1000)).collect());
    assert!(got == expected);
}

#[test]
fn many_runs_are_merged_in_levels() {
    let folder = Folder::new();
    let records = records(40_000, 11);
    let mut runs = sorter_with(&folder, "levels", 8 << 10, &records).finish().unwrap();
    let before = runs.files.len();
    assert!(before > 100, "{before} runs");
    runs.compact_to(7).unwrap();
    assert_eq!(runs.files.len(), 7);
    assert_eq!(folder.files().len(), 7, "merged runs are removed");
    assert_eq!(runs.records(), records.len() as u64);
    assert_eq!(collect(merge(vec![runs]).unwrap()).unwrap(), sorted(records));
}

#[test]
fn ranges_cut_the_records_without_loss() {
    let folder = Folder::new();
    let records = records(30_000, 5);
    let expected = sorted(records.clone());
    for (budget, name) in [(1 << 30, "held"), (256 << 10, "files")] {
        let runs = sorter_with(&folder, name, budget, &records).finish().unwrap();
        for shares in [1, 2, 3, 8] {
            let bounds = runs.splitters(shares).unwrap();
            assert!(bounds.len() < shares && bounds.is_sorted());
            if name == "held" {
                assert_eq!(bounds.len(), shares - 1, "equal shares of 30,000 records");
            }
            let mut got = Vec::new();
            for n in 0..=bounds.len() {
                let from = n.checked_sub(1).map(|n| bounds[n].as_slice());
                let part =
                    collect(merge_between(&runs, from, bounds.get(n).map(Vec::as_slice)).unwrap()).unwrap();
                got.extend(part);
            }
            assert!(got == expected, "{shares} shares, {name}");
        }
        // Bounds that are no record's key, and empty ranges.
        let from: &[u8] = &[1, 1, 1, 99];
        let part = collect(merge_between(&runs, Some(from), Some(&[2])).unwrap()).unwrap();
        let plain: Vec<_> = expected
            .iter()
            .filter(|(key, _)| key.as_slice() >= from && key.as_slice() < &[2][..])
            .cloned()
            .collect();
        assert!(part == plain && !plain.is_empty());
        assert!(collect(merge_between(&runs, Some(&[99]), None).unwrap()).unwrap().is_empty());
        assert!(collect(merge_between(&runs, Some(&[2]), Some(&[1])).unwrap()).unwrap().is_empty());
    }
}

#[test]
fn ranges_of_records_of_one_length_begin_within_a_run() {
    let folder = Folder::new();
    let records: Vec<Pair> = (0_u32..20_000)
        .map(|number| (number.wrapping_mul(2_654_435_761).to_be_bytes().to_vec(), b"payload".to_vec()))
        .collect();
    let expected = sorted(records.clone());
    let runs = sorter_with(&folder, "equal", 1 << 30, &records).finish().unwrap();
    let runs = runs.persist(&folder.0.join("equal.list")).unwrap();
    assert!(runs.files.iter().all(|run| run.blocks() > 1));
    for from in [1_u32 << 30, 1 << 31, u32::MAX - (1 << 20)] {
        let from = from.to_be_bytes();
        let part = collect(merge_between(&runs, Some(&from), None).unwrap()).unwrap();
        assert!(part == expected[expected.partition_point(|(key, _)| key.as_slice() < &from[..])..]);
    }
    runs.remove();
}

#[test]
fn a_later_process_goes_on_with_the_list() {
    let folder = Folder::new();
    let records = records(20_000, 3);
    let list = folder.0.join("rows.list");
    for budget in [1 << 30, 100_000] {
        let runs = sorter_with(&folder, "kept", budget, &records).finish().unwrap();
        drop(runs.persist(&list).unwrap());
        let opened = Runs::open(&list).unwrap();
        assert_eq!(opened.records(), records.len() as u64);
        assert_eq!(collect(merge(vec![opened]).unwrap()).unwrap(), sorted(records.clone()));
        Runs::open(&list).unwrap().remove();
        assert_eq!(folder.files(), vec![list.clone()]);
        assert!(matches!(Runs::open(&list), Err(SpillError::Io { .. })), "the runs are gone");
    }
}

#[test]
fn a_torn_or_changed_run_is_an_error_and_never_other_records() {
    let folder = Folder::new();
    let records = records(3000, 13);
    let list = folder.0.join("rows.list");
    let runs = sorter_with(&folder, "torn", 1 << 30, &records).finish().unwrap().persist(&list).unwrap();
    let path = runs.files[0].path.clone();
    drop(runs);
    let whole = std::fs::read(&path).unwrap();
    let expected = sorted(records);
    for cut in (0..whole.len()).step_by(997).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(matches!(Runs::open(&list), Err(SpillError::Torn { .. })), "cut at {cut}");
    }
    for at in (0..whole.len()).step_by(211) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        std::fs::write(&path, &changed).unwrap();
        let got = Runs::open(&list).and_then(|runs| {
            runs.splitters(4)?;
            collect(merge_between(&runs, None, None)?)
        });
        assert!(matches!(got, Err(SpillError::Torn { .. } | SpillError::Io { .. })), "changed at {at}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(collect(merge(vec![Runs::open(&list).unwrap()]).unwrap()).unwrap() == expected);
    let text = std::fs::read_to_string(&list).unwrap();
    for (at, line) in [(1, "short"), (text.len() / 2, "half"), (text.len() - 2, "nearly")] {
        std::fs::write(&list, &text[..at]).unwrap();
        assert!(matches!(Runs::open(&list), Err(SpillError::Torn { .. })), "{line}");
    }
}

#[test]
fn a_run_of_another_form_is_refused() {
    let folder = Folder::new();
    let list = folder.0.join("rows.list");
    let runs =
        sorter_with(&folder, "old", 1 << 30, &records(100, 5)).finish().unwrap().persist(&list).unwrap();
    let path = runs.files[0].path.clone();
    drop(runs);
    // The form before this one, with a trailer whose checksum fits.
    let mut bytes = std::fs::read(&path).unwrap();
    let magic = bytes.windows(8).rposition(|bytes| bytes == b"DPVRUN3\n").unwrap();
    bytes[magic + 6] = b'2';
    let seal = bytes.len() - 4;
    let sum = run::crc(&bytes[magic..seal]);
    bytes[seal..].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(run::Run::open(&path), Err(SpillError::Torn { .. })));
}

#[test]
fn errors_of_the_disk_name_the_file() {
    let missing = std::env::temp_dir().join("depinverify-no-such-folder");
    let mut sorter = Sorter::new(&missing, "x", 0);
    sorter.push(b"a", b"b").unwrap();
    let error = sorter.push(b"a", &[0; 5000]).unwrap_err();
    assert!(error.to_string().contains("x-000000.run"), "{error}");

    // A device that is always full.
    let full = std::path::Path::new("/dev/full");
    if full.exists() {
        let mut writer = run::RunWriter::create(full.to_path_buf()).unwrap();
        let error = (0..10_000).try_for_each(|_| writer.push(&[1; 20], &[2; 200])).unwrap_err();
        let SpillError::Io { path, source, .. } = error else { unreachable!("{error}") };
        assert_eq!((path.as_path(), source.kind()), (full, std::io::ErrorKind::StorageFull));
    }
}

#[test]
fn nothing_in_nothing_out() {
    let folder = Folder::new();
    assert!(collect(merge(Vec::new()).unwrap()).unwrap().is_empty());
    let runs = Sorter::new(&folder.0, "empty", 1 << 20).finish().unwrap();
    assert!(runs.splitters(4).unwrap().is_empty());
    let runs = runs.persist(&folder.0.join("empty.list")).unwrap();
    assert_eq!((runs.records(), collect(merge(vec![runs]).unwrap()).unwrap().len()), (0, 0));
}

#[test]
fn a_batch_is_a_run_within_another_file() {
    let folder = Folder::new();
    let all = records(5000, 11);
    let mut parts = Vec::new();
    for (number, share) in all.chunks(1700).enumerate() {
        let mut batch = Batch::default();
        for piece in share.chunks(300) {
            let mut next = Batch::default();
            for (key, payload) in piece {
                next.push(key, payload).unwrap();
            }
            batch.append(next);
        }
        let run = batch.into_run().unwrap();
        let path = folder.0.join(format!("file-{number}"));
        std::fs::write(&path, [b"before", &run[..], b"behind"].concat()).unwrap();
        parts.push((path, 6..6 + run.len() as u64));
    }
    let mut runs = Runs::within(&folder.0, "merged", &parts).unwrap();
    runs.check().unwrap();
    assert_eq!(collect(merge_between(&runs, None, None).unwrap()).unwrap(), sorted(all.clone()));
    runs.compact_to(2).unwrap();
    assert_eq!(collect(merge_between(&runs, Some(b"\x01"), None).unwrap()).unwrap(), {
        let from = |(key, _): &Pair| key.as_slice() >= &b"\x01"[..];
        sorted(all.into_iter().filter(from).collect())
    });
    drop(runs);
    assert_eq!(folder.files().len(), parts.len(), "the files stay, what was merged goes");

    let (path, part) = &parts[1];
    let mut bytes = std::fs::read(path).unwrap();
    bytes[usize::try_from(part.end / 2).unwrap()] ^= 1;
    std::fs::write(path, bytes).unwrap();
    assert!(Runs::within(&folder.0, "merged", &parts).and_then(|runs| runs.check()).is_err());
    let short = [(path.clone(), part.start..part.end - 1)];
    assert!(Runs::within(&folder.0, "merged", &short).is_err());
}

#[test]
fn keys_that_end_where_others_go_on_with_zeros() {
    let folder = Folder::new();
    let keys = |n: usize| [&b"common start of all keys"[..], &vec![0; n % 40], &vec![1; n / 1000]].concat();
    let all: Vec<Pair> = (0..3000).map(|n| (keys(n), n.to_be_bytes().to_vec())).collect();
    let sorter = sorter_with(&folder, "zeros", 1 << 20, &all);
    assert_eq!(collect(merge(vec![sorter.finish().unwrap()]).unwrap()).unwrap(), sorted(all));
}

#[test]
fn a_field_is_passed_over() {
    let mut key = Key::new();
    key.bytes(b"a\0b\0").u64(7);
    let mut reader = KeyReader::new(key.as_slice());
    reader.skip_bytes().unwrap();
    assert_eq!(reader.u64(), Some(7));
    assert_eq!(KeyReader::new(b"never ends").skip_bytes(), None);
    assert_eq!(KeyReader::new(b"a\0").skip_bytes(), None);
    assert_eq!(KeyReader::new(b"a\0b").skip_bytes(), None);
}
