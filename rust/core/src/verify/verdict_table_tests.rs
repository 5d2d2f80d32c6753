use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, UInt8Array, UInt32Array, UInt64Array};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::*;

fn batch(rows: std::ops::Range<u64>) -> RecordBatch {
    let count = usize::try_from(rows.end - rows.start).unwrap();
    let hash = || -> ArrayRef {
        Arc::new(BinaryArray::from_iter_values(rows.clone().map(|row| row.to_le_bytes().repeat(4))))
    };
    let name = || -> ArrayRef { Arc::new(BinaryArray::from_iter_values(vec![b"somebody"; count])) };
    let columns: Vec<ArrayRef> = vec![
        hash(),
        name(),
        name(),
        Arc::new(UInt64Array::from_iter_values(rows.clone())),
        Arc::new(Int64Array::from(vec![5; count])),
        Arc::new(UInt8Array::from(vec![1; count])),
        Arc::new(UInt32Array::from(vec![2; count])),
        Arc::new(UInt32Array::from(vec![3; count])),
        Arc::new(UInt8Array::from(vec![4; count])),
        hash(),
        Arc::new(Int64Array::from(vec![None; count])),
        Arc::new(Int64Array::from(vec![Some(7); count])),
        Arc::new(BinaryArray::from(vec![None; count])),
    ];
    RecordBatch::try_new(schema::verdicts(), columns).unwrap()
}

fn group(rows: std::ops::Range<u64>) -> Group {
    let middle = u64::midpoint(rows.start, rows.end);
    Group::encode(&[batch(rows.start..middle), batch(middle..rows.end)]).unwrap().unwrap()
}

/// A table of two groups, and the places of both.
fn table(folder: &TempDir) -> (std::path::PathBuf, [Group; 2], [u64; 2]) {
    let path = folder.path().join("table");
    let groups = [group(0..300), group(300..450)];
    let mut table = VerdictTable::open(&path).unwrap();
    let mut places = [0; 2];
    for (place, group) in places.iter_mut().zip(&groups) {
        *place = table.place();
        table.append(std::slice::from_ref(group)).unwrap();
    }
    table.finish().unwrap();
    (path, groups, places)
}

#[test]
fn a_table_has_the_rows_of_its_groups() {
    let folder = TempDir::new().unwrap();
    let (path, _, _) = table(&folder);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let read: Vec<RecordBatch> = reader.with_batch_size(450).build().unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [batch(0..450)]);
}

#[test]
fn groups_are_found_where_they_were_written() {
    let folder = TempDir::new().unwrap();
    let (path, groups, places) = table(&folder);
    for (group, place) in groups.iter().zip(places) {
        let found = Group::find(&group.kept(), &mut read_from(&path, place).unwrap()).unwrap();
        assert_eq!(found.file, group.file);
    }
    // One behind the other.
    let mut file = read_from(&path, places[0]).unwrap();
    for group in &groups {
        assert_eq!(Group::find(&group.kept(), &mut file).unwrap().file, group.file);
    }
}

#[test]
fn groups_are_not_found_where_they_are_not() {
    let folder = TempDir::new().unwrap();
    let (path, groups, places) = table(&folder);
    let find = |group: &Group, place| Group::find(&group.kept(), &mut read_from(&path, place).unwrap());
    assert!(find(&groups[0], places[1]).is_none());
    assert!(find(&groups[0], places[0] + 1).is_none());
    let whole = fs::read(&path).unwrap();
    let last = usize::try_from(places[1]).unwrap() - 1;
    for (changed, cut) in [(usize::try_from(places[0]).unwrap(), whole.len()), (last, whole.len()), (0, last)]
    {
        let mut torn = whole.clone();
        torn[changed] ^= 1;
        torn.truncate(cut);
        fs::write(&path, torn).unwrap();
        assert!(find(&groups[0], places[0]).is_none(), "{changed} {cut}");
    }
    fs::write(&path, &whole).unwrap();
    assert!(find(&groups[0], places[0]).is_some());
    assert!(read_from(&folder.path().join("other"), 4).is_none());
}

#[test]
fn a_table_written_over_a_longer_one_has_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let (path, groups, places) = table(&folder);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], &[9; 1000]].concat()).unwrap();
    let mut again = VerdictTable::open(&path).unwrap();
    // What is behind is read while what is in front is written.
    again.append(&groups[..1]).unwrap();
    let second = Group::find(&groups[1].kept(), &mut read_from(&path, places[1]).unwrap()).unwrap();
    again.append(&[second]).unwrap();
    again.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn what_is_appended_can_be_found_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("table");
    let mut table = VerdictTable::open(&path).unwrap();
    let (place, group) = (table.place(), group(0..10));
    table.append(std::slice::from_ref(&group)).unwrap();
    assert!(Group::find(&group.kept(), &mut read_from(&path, place).unwrap()).is_some());
}

#[test]
fn batches_without_rows_are_no_group() {
    assert!(Group::encode(&[]).unwrap().is_none());
    assert!(Group::encode(&[batch(0..0)]).unwrap().is_none());
}
