//! Small tables in Parquet files: a path in, record batches out, and back.
//!
//! This is for tables that people hand in and take away, such as the devices of a registry; observations have a reader of
//! their own. Rule: whatever the file says of itself, no more is decoded at once than a bounded number of rows.
//! Invariant: a file is written to a temporary name first, so it appears complete or not at all.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use thiserror::Error;

/// Rows that are decoded at once.
const ROWS_PER_BATCH: usize = 4096;

/// Why a table cannot be read or written.
#[derive(Debug, Error)]
#[error("{}: {reason}", path.display())]
pub struct TableError {
    /// The file.
    pub path: PathBuf,
    /// What the file system or the format's reader said.
    pub reason: String,
}

impl TableError {
    fn new(path: &Path, reason: &impl ToString) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// A table that is read batch by batch.
pub struct TableReader {
    path: PathBuf,
    inner: ParquetRecordBatchReader,
    is_broken: bool,
}

/// Opens a Parquet file.
pub fn read_table(path: &Path) -> Result<TableReader, TableError> {
    let file = File::open(path).map_err(|error| TableError::new(path, &error))?;
    let opened = unwound(|| {
        ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.with_batch_size(ROWS_PER_BATCH).build())
            .map_err(|error| error.to_string())
    });
    let inner = opened.map_err(|reason| TableError::new(path, &reason))?;
    Ok(TableReader { path: path.to_owned(), inner, is_broken: false })
}

impl Iterator for TableReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let next = unwound(|| self.inner.next().transpose().map_err(|error| error.to_string()));
        next.map_err(|reason| {
            self.is_broken = true;
            ArrowError::ParquetError(TableError::new(&self.path, &reason).to_string())
        })
        .transpose()
    }
}

impl RecordBatchReader for TableReader {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }
}

/// Writes a Parquet file and returns its number of rows.
pub fn write_table(
    path: &Path,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<usize, TableError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let written = write_whole(&partial, schema, batches).and_then(|rows| {
        fs::rename(&partial, path).map_err(|error| TableError::new(path, &error))?;
        Ok(rows)
    });
    if written.is_err() {
        // The error that is told is the first one; that the rest could not be removed adds nothing to it.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_whole(
    path: &Path,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<usize, TableError> {
    let told = |reason: String| TableError::new(path, &reason);
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let file = File::create(path).map_err(|error| told(error.to_string()))?;
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))
        .map_err(|error| told(error.to_string()))?;
    let mut rows = 0;
    for batch in batches {
        let batch = batch.map_err(|error| told(error.to_string()))?;
        rows += batch.num_rows();
        writer.write(&batch).map_err(|error| told(error.to_string()))?;
    }
    let file = writer.into_inner().map_err(|error| told(error.to_string()))?;
    file.sync_all().map_err(|error| told(error.to_string()))?;
    Ok(rows)
}

/// A hostile file must not end the process: the format's reader is allowed to be wrong about one.
fn unwound<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the file is damaged".to_owned()))
}

#[cfg(test)]
#[path = "table_file_tests.rs"]
mod tests;
