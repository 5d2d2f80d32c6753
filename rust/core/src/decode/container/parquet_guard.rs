//! What a Parquet file says about its sizes, checked before the library believes it.
//!
//! In: the bytes of a footer, and the page headers of a column chunk. Out: nothing, or why the file is set aside. Rule: the
//! Apache Parquet format, "File format" and "Data pages". The library allocates what headers declare: the number of row
//! groups, of values in a dictionary, of lengths in a delta page, the size of a page. Here each of them is compared with
//! bytes that are really there. Invariant: after these checks the library allocates at most a group's limit and a few bytes
//! per byte of the file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::Limits;
use super::compact::{Broken, Compact};
use crate::decode::quarantine::Quarantine;

/// Most columns of a file, nested ones counted one by one.
const COLUMN_LIMIT: u64 = 10_000;

/// Deepest nesting of a file's columns.
const DEPTH_LIMIT: usize = 32;

/// Fewest bytes of a row group and of a column chunk in a footer, whose required fields take more.
const ELEMENT_BYTES: usize = 8;

impl From<Broken> for Quarantine {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::End => Self::unreadable("a header of the file declares more than there is"),
            Broken::Form => Self::unreadable("a header of the file is malformed"),
        }
    }
}

/// Walks a footer: every list is as long as it says, and the tree of columns is neither wide nor deep.
pub(super) fn check_footer(bytes: &[u8]) -> Result<(), Quarantine> {
    let mut footer = Compact::new(bytes);
    let mut last = 0;
    while let Some(field) = footer.field(&mut last)? {
        match field.id {
            2 => {
                let count = footer.open_structs(field)?;
                if count > COLUMN_LIMIT {
                    return Err(Quarantine::limit(format!(
                        "{count} columns, a file may have {COLUMN_LIMIT}"
                    )));
                }
                check_columns(&mut footer, count)?;
            }
            4 => {
                for _ in 0..footer.open_structs(field)? {
                    check_row_group(&mut footer)?;
                }
            }
            _ => footer.skip(field)?,
        }
    }
    Ok(())
}

/// The columns stand in depth-first order, each with the number of its children.
fn check_columns(footer: &mut Compact, count: u64) -> Result<(), Quarantine> {
    let mut open: Vec<i64> = Vec::new();
    for _ in 0..count {
        let mut children = 0;
        let mut last = 0;
        while let Some(field) = footer.field(&mut last)? {
            if field.id == 5 { children = footer.integer(field)? } else { footer.skip(field)? }
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        while open.last().is_some_and(|left| *left <= 0) {
            open.pop();
        }
        if open.len() > DEPTH_LIMIT {
            return Err(Quarantine::limit(format!("columns nested more than {DEPTH_LIMIT} deep")));
        }
    }
    Ok(())
}

fn check_row_group(footer: &mut Compact) -> Result<(), Quarantine> {
    let start = footer.left();
    let mut last = 0;
    while let Some(field) = footer.field(&mut last)? {
        if field.id == 1 {
            for _ in 0..footer.open_structs(field)? {
                let start = footer.left();
                footer.skip_struct()?;
                if start - footer.left() < ELEMENT_BYTES {
                    return Err(Broken::Form.into());
                }
            }
        } else {
            footer.skip(field)?;
        }
    }
    if start - footer.left() < ELEMENT_BYTES {
        return Err(Broken::Form.into());
    }
    Ok(())
}

/// What the headers of a column chunk's pages come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pages {
    /// Rows of the data pages.
    pub(super) rows: u64,
    /// Decompressed bytes of all pages.
    pub(super) bytes: u64,
    /// Decompressed bytes of the largest page.
    pub(super) largest: u64,
}

/// Header of one page.
#[derive(Clone, Copy, Debug, Default)]
struct Header {
    kind: i64,
    decompressed: i64,
    compressed: i64,
    values: i64,
    encoding: i64,
    levels: i64,
    is_compressed: bool,
}

/// Place and length of a column chunk in the file.
pub(super) fn range(column: &ColumnChunkMetaData) -> Option<(u64, u64)> {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    Some((u64::try_from(start).ok()?, u64::try_from(column.compressed_size()).ok()?))
}

/// Walks the page headers of a column chunk. `budget` is what its pages may have decompressed.
pub(super) fn check_pages(
    file: &Arc<File>,
    column: &ColumnChunkMetaData,
    budget: u64,
    limits: &Limits,
) -> Result<Pages, Quarantine> {
    let (mut at, mut left) = range(column).ok_or_else(|| Quarantine::unreadable("a negative offset"))?;
    let mut pages = Pages::default();
    let mut needs_contents = false;
    while left > 0 {
        let (header, size) = read_header(file, at, left)?;
        at += size;
        left -= size;
        let sizes = (
            u64::try_from(header.compressed),
            u64::try_from(header.decompressed),
            u64::try_from(header.values),
        );
        let (Ok(compressed), Ok(decompressed), Ok(values)) = sizes else {
            return Err(Quarantine::unreadable(format!("a page of negative size before byte {at}")));
        };
        if compressed > left {
            return Err(Quarantine::unreadable(format!(
                "a page of {compressed} bytes at byte {at}, its column has {left} bytes left"
            )));
        }
        pages.bytes = pages.bytes.saturating_add(decompressed);
        pages.largest = pages.largest.max(decompressed);
        if pages.bytes > budget {
            return Err(Quarantine::too_large(pages.bytes, limits));
        }
        match header.kind {
            0 | 3 => {
                pages.rows = pages.rows.saturating_add(values);
                needs_contents |= check_encoding(header.encoding)?;
            }
            2 if values.saturating_mul(width(column)) > decompressed => {
                return Err(Quarantine::unreadable(format!(
                    "a dictionary of {values} values in {decompressed} bytes before byte {at}"
                )));
            }
            _ => {}
        }
        if matches!(column.compression(), Compression::GZIP(_)) && header.is_compressed {
            let levels = u64::try_from(header.levels).unwrap_or(u64::MAX).min(compressed);
            check_gzip(file, at + levels, compressed - levels, decompressed)?;
        }
        at += compressed;
        left -= compressed;
    }
    if needs_contents {
        check_lengths(file, column, pages.rows)?;
    }
    Ok(pages)
}

/// Fewest bytes of a value in a dictionary page.
fn width(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        Type::BOOLEAN => 0,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length()).unwrap_or(0).max(1),
    }
}

/// Whether the contents of a page of this encoding must be looked at too.
fn check_encoding(encoding: i64) -> Result<bool, Quarantine> {
    match encoding {
        // Plain, dictionary indices, run lengths, packed bits, packed deltas, split streams: no larger than what is asked for.
        0 | 2..=5 | 8 | 9 => Ok(false),
        6 => Ok(true),
        // In DELTA_BYTE_ARRAY every value may repeat the one before it, however long that is.
        7 => Err(Quarantine::unreadable("pages in the encoding DELTA_BYTE_ARRAY are not read")),
        other => Err(Quarantine::unreadable(format!("pages in the unknown encoding {other}"))),
    }
}

fn read_header(file: &File, at: u64, left: u64) -> Result<(Header, u64), Quarantine> {
    // Nearly every header fits; one with long statistics is read again.
    let mut size = left.min(512);
    loop {
        let mut bytes = vec![0; usize::try_from(size).map_err(Quarantine::unreadable)?];
        file.read_exact_at(&mut bytes, at).map_err(Quarantine::unreadable)?;
        match parse_header(&bytes) {
            Ok((header, used)) => return Ok((header, used as u64)),
            Err(Broken::End) if size < left => size = left.min(size * 8),
            Err(broken) => return Err(broken.into()),
        }
    }
}

fn parse_header(bytes: &[u8]) -> Result<(Header, usize), Broken> {
    let mut reader = Compact::new(bytes);
    let mut header = Header { kind: -1, is_compressed: true, ..Header::default() };
    let mut last = 0;
    while let Some(field) = reader.field(&mut last)? {
        match field.id {
            1 => header.kind = reader.integer(field)?,
            2 => header.decompressed = reader.integer(field)?,
            3 => header.compressed = reader.integer(field)?,
            id @ (5 | 7 | 8) => {
                Compact::open_struct(field)?;
                let mut last = 0;
                while let Some(field) = reader.field(&mut last)? {
                    match (id, field.id) {
                        (_, 1) => header.values = reader.integer(field)?,
                        (5 | 7, 2) | (8, 4) => header.encoding = reader.integer(field)?,
                        (8, 5 | 6) => header.levels = header.levels.saturating_add(reader.integer(field)?),
                        (8, 7) => header.is_compressed = Compact::boolean(field)?,
                        _ => reader.skip(field)?,
                    }
                }
            }
            _ => reader.skip(field)?,
        }
    }
    Ok((header, bytes.len() - reader.left()))
}

/// The library decompresses gzip pages to their end, whatever the header says.
fn check_gzip(file: &File, at: u64, compressed: u64, declared: u64) -> Result<(), Quarantine> {
    let mut bytes = vec![0; usize::try_from(compressed).map_err(Quarantine::unreadable)?];
    file.read_exact_at(&mut bytes, at).map_err(Quarantine::unreadable)?;
    let mut inside = MultiGzDecoder::new(bytes.as_slice()).take(declared.saturating_add(1));
    let size = std::io::copy(&mut inside, &mut std::io::sink()).map_err(Quarantine::unreadable)?;
    if size > declared {
        return Err(Quarantine::unreadable(format!(
            "the page at byte {at} has more than the {declared} bytes that its header declares"
        )));
    }
    Ok(())
}

/// A page of delta lengths begins with their number, for which the library allocates.
fn check_lengths(file: &Arc<File>, column: &ColumnChunkMetaData, rows: u64) -> Result<(), Quarantine> {
    let rows = usize::try_from(rows).map_err(Quarantine::unreadable)?;
    let mut reader =
        SerializedPageReader::new(Arc::clone(file), column, rows, None).map_err(Quarantine::unreadable)?;
    while let Some(page) = reader.get_next_page().map_err(Quarantine::unreadable)? {
        if page.encoding() != Encoding::DELTA_LENGTH_BYTE_ARRAY {
            continue;
        }
        let levels = match &page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                def_levels_byte_len.saturating_add(*rep_levels_byte_len) as usize
            }
            Page::DataPage { buf, .. } if column.column_descr().max_def_level() > 0 => {
                let length = buf.first_chunk().copied().unwrap_or_default();
                (u32::from_le_bytes(length) as usize).saturating_add(4)
            }
            _ => 0,
        };
        let mut numbers = Numbers(page.buffer().get(levels..).unwrap_or_default());
        let _block = numbers.next();
        let _miniblocks = numbers.next();
        let lengths = numbers.next().unwrap_or(u64::MAX);
        if lengths > u64::from(page.num_values()) {
            return Err(Quarantine::unreadable(format!(
                "a page of {} values has {lengths} lengths",
                page.num_values()
            )));
        }
    }
    Ok(())
}

/// Variable-length integers, seven bits a byte.
struct Numbers<'a>(&'a [u8]);

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}
