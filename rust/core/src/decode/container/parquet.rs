//! Parquet files of observations.
//!
//! In: a file. Out: batches, row group by row group. Rule: the Apache Parquet format; types are taken from the columns
//! themselves, never from an Arrow schema that a writer may have stored beside them. Invariant: a row group is within the
//! limits of "uptime proof", section 2.3, both as declared and as decoded, and no two column chunks of a file share bytes.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};

use super::{Limits, parquet_guard};
use crate::decode::binary::Bytes;
use crate::decode::observations::{self, ObservationBatch, pieces};
use crate::decode::quarantine::{Place, Quarantine};

const MAGIC: &[u8; 4] = b"PAR1";
const TAIL: u64 = 8;

/// Longest footer; one of a thousand row groups has about a megabyte.
const FOOTER_LIMIT: u64 = 256 << 20;

#[derive(Clone)]
pub(super) struct ParquetFile {
    metadata: ArrowReaderMetadata,
    /// Leaf of each column that is read.
    columns: Arc<[usize]>,
    first_rows: Arc<[u64]>,
    rows: u64,
}

impl ParquetFile {
    pub(super) fn open(file: &File, length: u64, limits: &Limits) -> Result<Self, Quarantine> {
        let (footer, footer_at) = read_footer(file, length)?;
        parquet_guard::check_footer(&footer)?;
        let metadata = ParquetMetaDataReader::decode_metadata(&footer).map_err(Quarantine::unreadable)?;
        let mut first_rows = Vec::with_capacity(metadata.num_row_groups());
        let mut rows = 0_u64;
        let mut total = 0;
        for (number, group) in metadata.row_groups().iter().enumerate() {
            first_rows.push(rows);
            let own = check_group(group, footer_at, &mut total, limits);
            rows = rows.saturating_add(own.map_err(|fault| fault.at(Place::RowGroup(number)))?);
            if rows > limits.rows {
                return Err(Quarantine::too_many_rows(rows, limits).at(Place::RowGroup(number)));
            }
        }
        let metadata = Arc::new(metadata);
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain =
            ArrowReaderMetadata::try_new(Arc::clone(&metadata), options).map_err(Quarantine::unreadable)?;
        let places = observations::locate(plain.schema())?;
        let mut fields: Vec<Arc<Field>> = plain.schema().fields().iter().map(Arc::clone).collect();
        for (index, place) in places.iter().enumerate() {
            let Some(field) = place.and_then(|place| fields.get_mut(place)) else { continue };
            observations::check_type(index, field.data_type())?;
            if *field.data_type() == DataType::Binary {
                // Views point into the pages, so a long value that stands in a dictionary is not copied for each row.
                *field = Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView));
            }
        }
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        let root = |leaf: usize| metadata.file_metadata().schema_descr().get_column_root_idx(leaf);
        let leaves = 0..metadata.file_metadata().schema_descr().num_columns();
        let columns = leaves.filter(|leaf| places.contains(&Some(root(*leaf)))).collect();
        let metadata = ArrowReaderMetadata::try_new(metadata, options).map_err(Quarantine::unreadable)?;
        Ok(Self { metadata, columns, first_rows: first_rows.into(), rows })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn groups(&self) -> usize {
        self.first_rows.len()
    }

    pub(super) fn read(
        &self,
        file: File,
        parts: Range<usize>,
        limits: Limits,
    ) -> impl Iterator<Item = Result<ObservationBatch, Quarantine>> + Send + use<> {
        let contents = self.clone();
        let file = Arc::new(file);
        parts.flat_map(move |number| {
            let group: Box<dyn Iterator<Item = _> + Send> = match contents.open_group(&file, number, &limits)
            {
                Ok(group) => Box::new(group),
                Err(fault) => Box::new(std::iter::once(Err(fault))),
            };
            group.map(move |batch| batch.map_err(|fault| fault.at(Place::RowGroup(number))))
        })
    }

    fn open_group(&self, file: &Arc<File>, number: usize, limits: &Limits) -> Result<Group, Quarantine> {
        let metadata = self.metadata.metadata();
        let group = metadata.row_group(number);
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        let mut compressed = 0_u64;
        let mut decompressed = 0_u64;
        let mut widest = 1_u64;
        for leaf in self.columns.iter() {
            let column = group.column(*leaf);
            let pages = parquet_guard::check_pages(file, column, limits.group_bytes - decompressed, limits)?;
            if pages.rows != rows {
                return Err(Quarantine::unreadable(format!(
                    "the footer says {rows} rows, the pages of column \"{}\" hold {}",
                    column.column_path().string(),
                    pages.rows
                )));
            }
            decompressed += pages.bytes;
            compressed += parquet_guard::range(column).map_or(0, |(_, length)| length);
            let width = u64::try_from(column.column_descr().type_length()).unwrap_or(0);
            if width > pages.largest.max(1) {
                return Err(Quarantine::unreadable(format!(
                    "values of {width} bytes in pages of {}",
                    pages.largest
                )));
            }
            widest = widest.max(width);
        }
        if decompressed > compressed.saturating_mul(limits.ratio) {
            return Err(Quarantine::too_dense(decompressed, compressed, limits));
        }
        let batch_rows =
            limits.batch_rows.min(usize::try_from(limits.batch_bytes / widest).unwrap_or(1)).max(1);
        let mask =
            ProjectionMask::leaves(metadata.file_metadata().schema_descr(), self.columns.iter().copied());
        let file = file.try_clone().map_err(Quarantine::unreadable)?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_projection(mask)
            .with_row_groups(vec![number])
            .with_batch_size(batch_rows)
            .build()
            .map_err(Quarantine::unreadable)?;
        Ok(Group {
            reader,
            pieces: Box::new(std::iter::empty()),
            row: self.first_rows.get(number).copied().unwrap_or(0),
            left: rows,
            decoded: 0,
            compressed,
            limits: *limits,
        })
    }
}

/// The metadata at the end of the file, and where they begin.
fn read_footer(file: &File, length: u64) -> Result<(Vec<u8>, u64), Quarantine> {
    let exactly = |at: u64, count: u64| {
        let mut bytes = vec![0; usize::try_from(count).map_err(Quarantine::unreadable)?];
        file.read_exact_at(&mut bytes, at).map_err(Quarantine::unreadable)?;
        Ok::<_, Quarantine>(bytes)
    };
    let start = exactly(0, length.min(4))?;
    if !MAGIC.starts_with(&start) {
        return Err(Quarantine::unreadable("the file does not begin as a Parquet file does"));
    }
    let Some(tail_at) = length.checked_sub(TAIL).filter(|at| *at >= 4) else {
        return Err(Quarantine::truncated(format!("{length} bytes are too few for a Parquet file")));
    };
    let tail = exactly(tail_at, TAIL)?;
    if !tail.ends_with(MAGIC) {
        return Err(Quarantine::truncated("the file does not end as a Parquet file does"));
    }
    let size = u64::from(u32::from_le_bytes(tail.first_chunk().copied().unwrap_or_default()));
    let Some(footer_at) = tail_at.checked_sub(size).filter(|at| *at >= 4) else {
        return Err(Quarantine::unreadable(format!("a footer of {size} bytes in a file of {length}")));
    };
    if size > FOOTER_LIMIT {
        return Err(Quarantine::limit(format!("a footer of {size} bytes, it may have {FOOTER_LIMIT}")));
    }
    Ok((exactly(footer_at, size)?, footer_at))
}

/// Compares what the footer says about a row group with the file and the limits; gives its number of rows.
///
/// `total` counts the bytes of all column chunks of the file.
fn check_group(
    group: &RowGroupMetaData,
    footer_at: u64,
    total: &mut u64,
    limits: &Limits,
) -> Result<u64, Quarantine> {
    let negative = || Quarantine::unreadable("a negative number in the footer");
    let rows = u64::try_from(group.num_rows()).map_err(|_| negative())?;
    let mut decompressed = 0_u64;
    let mut compressed = 0_u64;
    for column in group.columns() {
        let (at, length) = parquet_guard::range(column).ok_or_else(negative)?;
        if at < 4 || at.saturating_add(length) > footer_at {
            return Err(Quarantine::unreadable(format!(
                "the footer places {length} bytes of column \"{}\" at byte {at}, the data end at byte {footer_at}",
                column.column_path().string()
            )));
        }
        compressed = compressed.saturating_add(length);
        let size = u64::try_from(column.uncompressed_size()).map_err(|_| negative())?;
        decompressed = decompressed.saturating_add(size);
    }
    *total = total.saturating_add(compressed);
    if *total > footer_at {
        return Err(Quarantine::unreadable("columns share bytes of the file"));
    }
    let decompressed = decompressed.max(u64::try_from(group.total_byte_size()).map_err(|_| negative())?);
    if decompressed > limits.group_bytes {
        return Err(Quarantine::too_large(decompressed, limits));
    }
    if decompressed > compressed.saturating_mul(limits.ratio) {
        return Err(Quarantine::too_dense(decompressed, compressed, limits));
    }
    Ok(rows)
}

/// A row group that is being read.
struct Group {
    reader: ParquetRecordBatchReader,
    pieces: Box<dyn Iterator<Item = arrow_array::RecordBatch> + Send>,
    row: u64,
    left: u64,
    decoded: u64,
    compressed: u64,
    limits: Limits,
}

impl Group {
    fn advance(&mut self) -> Result<Option<ObservationBatch>, Quarantine> {
        loop {
            if let Some(piece) = self.pieces.next() {
                let batch = ObservationBatch::from_record_batch(&piece, self.row)?;
                self.row += batch.len() as u64;
                return Ok(Some(batch));
            }
            let Some(batch) = self.reader.next().transpose().map_err(Quarantine::unreadable)? else {
                return match self.left {
                    0 => Ok(None),
                    left => Err(Quarantine::unreadable(format!("{left} rows less than the footer says"))),
                };
            };
            self.left = self.left.saturating_sub(batch.num_rows() as u64);
            for column in batch.columns() {
                self.decoded += match Bytes::of(column) {
                    Some(bytes) => bytes.size(0, batch.num_rows()),
                    None => batch.num_rows() as u64 * 8,
                };
            }
            self.limits.check_decoded(self.decoded, self.compressed)?;
            self.pieces = Box::new(pieces(batch, self.limits.batch_rows, self.limits.batch_bytes));
        }
    }
}

impl Iterator for Group {
    type Item = Result<ObservationBatch, Quarantine>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
