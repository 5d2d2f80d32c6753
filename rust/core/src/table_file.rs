//! Tables in Parquet files: a path in, record batches out, and back.
//!
//! This is for tables that people hand in and take away, such as the devices of a registry, and for results of networks;
//! observations have a reader of their own. Rule: whatever the file says of itself, no more is decoded at once than a
//! bounded number of rows, and no more is held of what is written than a row group. Invariant: a file is written to a
//! temporary name first, so it appears complete or not at all; its bytes do not depend on how the rows were cut into batches.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use thiserror::Error;

/// Rows that are decoded at once.
const ROWS_PER_BATCH: usize = 4096;
/// Rows that are encoded at once, however they came: the same rows make the same file.
const ROWS_PER_WRITE: usize = 4096;
/// Bytes of a row group, which is held until it is whole.
const BYTES_PER_GROUP: usize = 16 << 20;

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
    let mut writer = TableWriter::create(path, schema)?;
    for batch in batches {
        writer.write(&batch.map_err(|error| TableError::new(path, &error))?)?;
    }
    writer.finish()
}

/// A table that is written batch by batch; one that is not finished leaves no file.
pub struct TableWriter {
    path: PathBuf,
    partial: PathBuf,
    schema: SchemaRef,
    /// Nothing once the file is closed, whether it was finished or given up.
    inner: Option<ArrowWriter<File>>,
    held: Vec<RecordBatch>,
    held_rows: usize,
    rows: usize,
}

impl TableWriter {
    /// Starts a file under a temporary name beside its own.
    pub fn create(path: &Path, schema: &SchemaRef) -> Result<Self, TableError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let partial = path.with_file_name(name);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_bytes(Some(BYTES_PER_GROUP))
            .build();
        let file = File::create(&partial).map_err(|error| TableError::new(path, &error))?;
        let inner = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties)).map_err(|error| {
            // The error that is told is the first one; that the file could not be removed adds nothing to it.
            let _ = fs::remove_file(&partial);
            TableError::new(path, &error)
        })?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            schema: Arc::clone(schema),
            inner: Some(inner),
            held: Vec::new(),
            held_rows: 0,
            rows: 0,
        })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        if batch.schema_ref().fields() != self.schema.fields() {
            let (expected, found) = (&self.schema, batch.schema_ref());
            return Err(TableError::new(
                &self.path,
                &format!("expected the columns {expected}, found {found}"),
            ));
        }
        let mut start = 0;
        while start < batch.num_rows() {
            let count = (batch.num_rows() - start).min(ROWS_PER_WRITE - self.held_rows);
            self.held.push(batch.slice(start, count));
            self.held_rows += count;
            start += count;
            if self.held_rows == ROWS_PER_WRITE {
                self.write_held()?;
            }
        }
        Ok(())
    }

    fn write_held(&mut self) -> Result<(), TableError> {
        let written = concat_batches(&self.schema, &self.held).map_err(|error| error.to_string());
        let written = written.and_then(|whole| match &mut self.inner {
            Some(inner) => inner.write(&whole).map_err(|error| error.to_string()),
            None => Err("the file is closed".to_owned()),
        });
        written.map_err(|reason| TableError::new(&self.path, &reason))?;
        self.rows += self.held_rows;
        self.held.clear();
        self.held_rows = 0;
        Ok(())
    }

    /// Gives the file its name, after its bytes are on the disk; how many rows it has.
    pub fn finish(mut self) -> Result<usize, TableError> {
        self.write_held()?;
        if let Some(inner) = self.inner.take()
            && let Err(reason) = closed(inner, &self.partial, &self.path)
        {
            let _ = fs::remove_file(&self.partial);
            return Err(TableError::new(&self.path, &reason));
        }
        Ok(self.rows)
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if self.inner.take().is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

fn closed(writer: ArrowWriter<File>, partial: &Path, path: &Path) -> Result<(), String> {
    let file = writer.into_inner().map_err(|error| error.to_string())?;
    file.sync_all().and_then(|()| fs::rename(partial, path)).map_err(|error| error.to_string())
}

/// A hostile file must not end the process: the format's reader is allowed to be wrong about one.
fn unwound<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the file is damaged".to_owned()))
}

#[cfg(test)]
#[path = "table_file_tests.rs"]
mod tests;
