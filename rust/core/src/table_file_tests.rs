use std::sync::Arc;

use arrow_array::{Int64Array, StringArray};
use arrow_schema::{DataType, Field, Schema};

use super::*;

fn table() -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("count", DataType::Int64, true),
    ]);
    let names = StringArray::from_iter_values((0..10_000).map(|row| format!("device {row}")));
    let counts: Int64Array = (0..10_000).map(|row| (row % 3 != 0).then_some(row)).collect();
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(names), Arc::new(counts)]).unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("depinverify-table-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_table_is_read_back_in_bounded_batches() {
    let folder = folder("back");
    let path = folder.join("devices.parquet");
    let rows = write_table(&path, &table().schema(), std::iter::once(Ok(table()))).unwrap();
    assert_eq!(rows, 10_000);
    let batches: Vec<_> = read_table(&path).unwrap().map(Result::unwrap).collect();
    assert!(batches.iter().all(|batch| batch.num_rows() <= ROWS_PER_BATCH));
    assert_eq!(arrow_select::concat::concat_batches(&table().schema(), &batches).unwrap(), table());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_error_in_the_middle_leaves_no_file() {
    let folder = folder("middle");
    let batches = [Ok(table()), Err(ArrowError::ComputeError("stop".to_owned()))];
    let error = write_table(&folder.join("x.parquet"), &table().schema(), batches.into_iter()).unwrap_err();
    assert!(error.to_string().contains("stop"), "{error}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_with_one_byte_changed_is_read_or_refused_and_nothing_else() {
    let folder = folder("changed");
    let path = folder.join("devices.parquet");
    write_table(&path, &table().schema(), std::iter::once(Ok(table().slice(0, 50)))).unwrap();
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0xff;
        fs::write(&path, &bad).unwrap();
        if let Ok(reader) = read_table(&path) {
            assert!(reader.take(1000).count() < 1000, "byte {at}");
        }
    }
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert!(read_table(&path).is_err());
    assert!(read_table(&folder).is_err());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn how_rows_come_makes_no_difference_to_the_file() {
    let folder = folder("cuts");
    let (table, whole) = (table(), folder.join("whole.parquet"));
    write_table(&whole, &table.schema(), std::iter::once(Ok(table.clone()))).unwrap();
    for step in [1, 7, 4096, 9_999] {
        let path = folder.join(format!("{step}.parquet"));
        let mut writer = TableWriter::create(&path, &table.schema()).unwrap();
        for start in (0..10_000).step_by(step) {
            writer.write(&table.slice(start, step.min(10_000 - start))).unwrap();
        }
        assert!(!path.exists());
        assert_eq!(writer.finish().unwrap(), 10_000);
        assert_eq!(fs::read(&path).unwrap(), fs::read(&whole).unwrap(), "{step} rows at a time");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_is_given_up_is_gone() {
    let folder = folder("given up");
    let path = folder.join("x.parquet");
    let mut writer = TableWriter::create(&path, &table().schema()).unwrap();
    let other = table().project(&[1]).unwrap();
    let error = writer.write(&other).unwrap_err();
    assert!(error.to_string().contains("expected the columns"), "{error}");
    writer.write(&table()).unwrap();
    drop(writer);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(TableWriter::create(&folder.join("absent").join("x.parquet"), &table().schema()).is_err());
    fs::remove_dir_all(folder).unwrap();
}
