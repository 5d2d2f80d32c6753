//! The file of the verdict table, put together from row groups.
//!
//! In: batches of rows, encoded on all threads. Out: one Parquet file, to which the groups' pages are copied as they are.
//! The pages stand in that file alone: a shard keeps what else there is to a group, and a run that continues finds the pages
//! where the one before has left them. Rule: uptime proof, 4.4. Invariant: a group is found again only if its pages are
//! those that were written, so no other table that lies there is ever taken for it.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use flate2::Crc;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::VerifyError;
use crate::schema;

/// What every Parquet file begins with.
const MAGIC: [u8; 4] = *b"PAR1";
/// Bytes that go to the file at once.
const AT_ONCE: usize = 1 << 20;

/// Parquet settings of the result tables: hashes are left as they are, since nothing compresses them.
pub fn writer_properties() -> WriterProperties {
    let hash = |name: &str| ColumnPath::from(name);
    let zstd = ZstdLevel::try_new(1).map_or(Compression::UNCOMPRESSED, Compression::ZSTD);
    WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("depinverify ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(zstd)
        .set_column_dictionary_enabled(hash("row_id"), false)
        .set_column_compression(hash("row_id"), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(hash("proof_hash"), false)
        .set_column_compression(hash("proof_hash"), Compression::UNCOMPRESSED)
        .build()
}

/// An encoded row group: a Parquet file of its own, whose pages follow its first four bytes.
#[derive(Debug)]
pub struct Group {
    file: Bytes,
    metadata: RowGroupMetaData,
}

impl Group {
    /// Encodes batches; `None` where they have no rows.
    pub fn encode(batches: &[RecordBatch]) -> Result<Option<Self>, VerifyError> {
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, schema::verdicts(), Some(writer_properties()))?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.close()?;
        Self::of(file.into())
    }

    fn of(file: Bytes) -> Result<Option<Self>, VerifyError> {
        let reader = SerializedFileReader::new(file.clone())?;
        let group = reader.metadata().row_groups().first().cloned();
        Ok(group.map(|metadata| Self { file, metadata }))
    }

    /// The pages of all columns, one behind the other, and what the group's own file has behind them.
    fn split(&self) -> (&[u8], &[u8]) {
        let ends = self.metadata.columns().iter().map(|column| {
            let (start, length) = column.byte_range();
            start.saturating_add(length)
        });
        let end = ends.max().and_then(|end| usize::try_from(end).ok()).unwrap_or(0);
        let (pages, behind) = self.file.split_at(end.min(self.file.len()));
        (pages.get(MAGIC.len()..).unwrap_or_default(), behind)
    }

    /// What finds the group again in the table's file: length and CRC-32 of its pages, and what stands behind them.
    pub fn kept(&self) -> Vec<u8> {
        let (pages, behind) = self.split();
        let mut kept = Vec::with_capacity(12 + behind.len());
        kept.extend_from_slice(&(pages.len() as u64).to_le_bytes());
        kept.extend_from_slice(&crc(pages).to_le_bytes());
        kept.extend_from_slice(behind);
        kept
    }

    /// Reads the group from the table's file; `None` where its pages do not follow there.
    pub fn find(kept: &[u8], table: &mut impl Read) -> Option<Self> {
        let (length, rest) = kept.split_first_chunk::<8>()?;
        let (sum, behind) = rest.split_first_chunk::<4>()?;
        let mut file = MAGIC.to_vec();
        table.take(u64::from_le_bytes(*length)).read_to_end(&mut file).ok()?;
        if crc(file.get(MAGIC.len()..)?) != u32::from_le_bytes(*sum) {
            return None;
        }
        file.extend_from_slice(behind);
        Self::of(file.into()).ok()?
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Opens a table's file to find groups from this place on.
pub fn read_from(table: &Path, place: u64) -> Option<File> {
    let mut file = File::open(table).ok()?;
    file.seek(SeekFrom::Start(place)).ok()?;
    Some(file)
}

/// Writes the file, over what an earlier run has left of it.
pub struct VerdictTable<'a> {
    path: &'a Path,
    writer: SerializedFileWriter<BufWriter<File>>,
}

impl<'a> VerdictTable<'a> {
    /// Starts at the front of the file; what stands behind is still there to be read.
    pub fn open(path: &'a Path) -> Result<Self, VerifyError> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = BufWriter::with_capacity(AT_ONCE, file.map_err(VerifyError::io(path))?);
        let schema = ArrowSchemaConverter::new().convert(&schema::verdicts())?;
        let mut properties = writer_properties().into_builder();
        properties = properties.set_key_value_metadata(Some(vec![]));
        let writer = SerializedFileWriter::new(file, schema.root_schema_ptr(), Arc::new(properties.build()))?;
        Ok(Self { path, writer })
    }

    /// Where the next group will stand.
    pub fn place(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Adds groups, and gives the operating system all there is.
    pub fn append(&mut self, groups: &[Group]) -> Result<(), VerifyError> {
        for Group { file, metadata } in groups {
            let mut target = self.writer.next_row_group()?;
            for column in metadata.columns() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: u64::try_from(metadata.num_rows()).unwrap_or(0),
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                target.append_column(file, close)?;
            }
            target.close()?;
        }
        self.writer.flush().map_err(VerifyError::io(self.path))
    }

    /// Closes the file behind the last group.
    pub fn finish(self) -> Result<(), VerifyError> {
        let mut file = self.writer.into_inner()?;
        let mut close = || {
            file.flush()?;
            let end = file.stream_position()?;
            file.get_ref().set_len(end)
        };
        close().map_err(VerifyError::io(self.path))
    }
}

#[cfg(test)]
#[path = "verdict_table_tests.rs"]
mod tests;
