//! One record batch of Arrow IPC: from its header and body to columns.
//!
//! In: a schema, a record batch's header, and the bytes of its body. Out: a record batch of the observation columns.
//! Rule: the Arrow columnar format, "Recordbatch message": nodes and buffers stand in depth-first order of the columns, a
//! compressed buffer has its decompressed length in front. Invariant: of other columns only the number of nodes and buffers
//! matters, nothing of them is read; a buffer is decompressed to the length it declares and no further.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow_array::{RecordBatch, make_array};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_data::ArrayData;
use arrow_ipc::{CompressionType, Field as IpcField, Message, MetadataVersion, Type, UnionMode};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::Limits;
use crate::decode::observations::{self, COLUMNS};
use crate::decode::quarantine::Quarantine;

/// How many nodes, buffers and lists of view buffers stand in front of something.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    nodes: usize,
    buffers: usize,
    views: usize,
}

/// Where the columns of an observation stand in every record batch of a file.
pub(super) struct Layout {
    schema: SchemaRef,
    starts: Vec<Count>,
}

impl Layout {
    /// Finds the columns in a schema.
    pub(super) fn of(schema: arrow_ipc::Schema, version: MetadataVersion) -> Result<Self, Quarantine> {
        let mut fields = Vec::new();
        let mut starts = Vec::new();
        let mut count = Count::default();
        for field in schema.fields().into_iter().flatten() {
            let name = field.name().unwrap_or_default();
            if let Some(index) = COLUMNS.iter().position(|column| *column == name) {
                let kind = kind(field).map_err(|fault| fault.in_column(COLUMNS[index]))?;
                observations::check_type(index, &kind)?;
                fields.push(Field::new(name, kind, true));
                starts.push(count);
            }
            step_over(field, version, &mut count)?;
        }
        let schema = Arc::new(Schema::new(fields));
        observations::locate(&schema)?;
        Ok(Self { schema, starts })
    }

    /// Reads the columns of a record batch of `rows` rows whose body begins at byte `body` of the file.
    ///
    /// The header has been compared with the length of the body before.
    pub(super) fn read(
        &self,
        message: &Message,
        rows: u64,
        file: &File,
        body: (u64, u64),
        limits: &Limits,
    ) -> Result<RecordBatch, Quarantine> {
        let too_few = || Quarantine::unreadable("fewer buffers than the columns need");
        let batch =
            message.header_as_record_batch().ok_or_else(|| Quarantine::unreadable("no record batch"))?;
        let rows = usize::try_from(rows).map_err(Quarantine::unreadable)?;
        let views: Vec<i64> = batch.variadicBufferCounts().into_iter().flatten().collect();
        let codec = batch.compression().map(|compression| compression.codec());
        let mut body = Body { file, range: body, codec, budget: limits.group_bytes };
        let nodes = batch.nodes().ok_or_else(too_few)?;
        let buffers = batch.buffers().ok_or_else(too_few)?;
        let mut columns = Vec::with_capacity(self.starts.len());
        for (field, start) in self.schema.fields().iter().zip(&self.starts) {
            let before = views.get(..start.views).ok_or_else(too_few)?;
            let first = before
                .iter()
                .try_fold(start.buffers, |sum, count| sum.checked_add(usize::try_from(*count).ok()?));
            let first = first.ok_or_else(too_few)?;
            let count = match field.data_type() {
                DataType::BinaryView => {
                    let own = views.get(start.views).and_then(|count| usize::try_from(*count).ok());
                    own.and_then(|own| own.checked_add(2)).ok_or_else(too_few)?
                }
                DataType::Binary | DataType::LargeBinary => 3,
                _ => 2,
            };
            let end = first.checked_add(count).filter(|end| *end <= buffers.len()).ok_or_else(too_few)?;
            if start.nodes >= nodes.len() {
                return Err(Quarantine::unreadable("fewer nodes than the columns need"));
            }
            let node = nodes.get(start.nodes);
            if usize::try_from(node.length()) != Ok(rows) {
                let message = format!("a column of {} rows in a batch of {rows}", node.length());
                return Err(Quarantine::unreadable(message));
            }
            let mut contents = Vec::with_capacity(count);
            for index in first..end {
                let buffer = buffers.get(index);
                let skipped = index == first && node.null_count() == 0;
                contents.push(if skipped {
                    Buffer::default()
                } else {
                    body.buffer(buffer.offset(), buffer.length())?
                });
            }
            columns.push(column(field.data_type(), rows, node.null_count(), contents)?);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(Quarantine::unreadable)
    }
}

fn column(
    kind: &DataType,
    rows: usize,
    nulls: i64,
    mut contents: Vec<Buffer>,
) -> Result<arrow_array::ArrayRef, Quarantine> {
    let validity = contents.remove(0);
    if nulls > 0 && validity.len() < rows.div_ceil(8) {
        return Err(Quarantine::unreadable(format!("{} bytes of validity for {rows} rows", validity.len())));
    }
    // Writers may leave the single offset of an empty column out.
    if rows == 0 && matches!(kind, DataType::Binary | DataType::LargeBinary) {
        contents = vec![Buffer::from(vec![0_u8; 8]), Buffer::default()];
    }
    let mut builder = ArrayData::builder(kind.clone()).len(rows).buffers(contents).align_buffers(true);
    if nulls > 0 {
        builder = builder.null_bit_buffer(Some(validity));
    }
    builder.build().map(make_array).map_err(Quarantine::unreadable)
}

/// The body of a record batch, read buffer by buffer.
struct Body<'a> {
    file: &'a File,
    /// Start in the file, and length.
    range: (u64, u64),
    codec: Option<CompressionType>,
    /// Bytes that may still be decompressed.
    budget: u64,
}

impl Body<'_> {
    fn buffer(&mut self, at: i64, length: i64) -> Result<Buffer, Quarantine> {
        let (at, length) = match (u64::try_from(at), u64::try_from(length)) {
            (Ok(at), Ok(length)) if at.saturating_add(length) <= self.range.1 => (at, length),
            _ => {
                return Err(Quarantine::unreadable(format!(
                    "a buffer of {length} bytes at byte {at} of a body"
                )));
            }
        };
        let mut bytes =
            MutableBuffer::from_len_zeroed(usize::try_from(length).map_err(Quarantine::unreadable)?);
        self.file.read_exact_at(bytes.as_slice_mut(), self.range.0 + at).map_err(Quarantine::unreadable)?;
        let bytes = Buffer::from(bytes);
        let Some(codec) = self.codec.filter(|_| !bytes.is_empty()) else { return Ok(bytes) };
        let Some((declared, inside)) = bytes.split_first_chunk::<8>() else {
            return Err(Quarantine::unreadable("a compressed buffer without its length"));
        };
        let declared = match i64::from_le_bytes(*declared) {
            -1 => return Ok(bytes.slice(8)),
            declared => {
                u64::try_from(declared).map_err(|_| Quarantine::unreadable("a buffer of negative length"))?
            }
        };
        self.budget = self.budget.checked_sub(declared).ok_or_else(|| {
            Quarantine::limit(format!("a buffer of {declared} bytes, {} are left of the limit", self.budget))
        })?;
        decompress(codec, inside, usize::try_from(declared).map_err(Quarantine::unreadable)?)
    }
}

fn decompress(codec: CompressionType, inside: &[u8], declared: usize) -> Result<Buffer, Quarantine> {
    let mut out = MutableBuffer::from_len_zeroed(declared);
    match codec {
        CompressionType::LZ4_FRAME => {
            let mut decoder = lz4_flex::frame::FrameDecoder::new(inside);
            decoder.read_exact(out.as_slice_mut()).map_err(Quarantine::unreadable)?;
            if decoder.read(&mut [0]).map_err(Quarantine::unreadable)? != 0 {
                return Err(Quarantine::unreadable(format!("a buffer has more than its {declared} bytes")));
            }
        }
        CompressionType::ZSTD => {
            let written = zstd::bulk::decompress_to_buffer(inside, out.as_slice_mut());
            let written = written.map_err(Quarantine::unreadable)?;
            if written != declared {
                return Err(Quarantine::unreadable(format!(
                    "a buffer has {written} bytes and declares {declared}"
                )));
            }
        }
        other => return Err(Quarantine::unreadable(format!("buffers compressed with {other:?}"))),
    }
    Ok(out.into())
}

/// The type of a column, of those that an observation may have.
fn kind(field: IpcField) -> Result<DataType, Quarantine> {
    let name = || field.type_type().variant_name().unwrap_or("unknown");
    let refused = |what: &str| Err(Quarantine::schema(format!("expected integers or bytes, found {what}")));
    if field.dictionary().is_some() {
        return refused("a dictionary");
    }
    Ok(match field.type_type() {
        Type::Binary => DataType::Binary,
        Type::LargeBinary => DataType::LargeBinary,
        Type::BinaryView => DataType::BinaryView,
        Type::FixedSizeBinary => match field.type_as_fixed_size_binary().map(|kind| kind.byteWidth()) {
            Some(width) if width >= 0 => DataType::FixedSizeBinary(width),
            _ => return refused("bytes of negative length"),
        },
        Type::Int => match field.type_as_int().map(|kind| (kind.bitWidth(), kind.is_signed())) {
            Some((8, true)) => DataType::Int8,
            Some((8, false)) => DataType::UInt8,
            Some((16, true)) => DataType::Int16,
            Some((16, false)) => DataType::UInt16,
            Some((32, true)) => DataType::Int32,
            Some((32, false)) => DataType::UInt32,
            Some((64, true)) => DataType::Int64,
            Some((64, false)) => DataType::UInt64,
            _ => return refused("integers of another width"),
        },
        _ => return refused(name()),
    })
}

/// Adds what a column with its children takes in the lists of a record batch.
fn step_over(field: IpcField, version: MetadataVersion, count: &mut Count) -> Result<(), Quarantine> {
    count.nodes += 1;
    if field.dictionary().is_some() {
        // Only the indices stand here; the type is that of the values.
        count.buffers += 2;
        return Ok(());
    }
    count.buffers += match field.type_type() {
        Type::Null | Type::RunEndEncoded => 0,
        Type::FixedSizeList | Type::Struct_ => 1,
        Type::Union => {
            let is_dense = field.type_as_union().is_some_and(|union| union.mode() == UnionMode::Dense);
            1 + usize::from(is_dense) + usize::from(version < MetadataVersion::V5)
        }
        Type::Binary
        | Type::LargeBinary
        | Type::Utf8
        | Type::LargeUtf8
        | Type::ListView
        | Type::LargeListView => 3,
        Type::BinaryView | Type::Utf8View => {
            count.views += 1;
            2
        }
        Type::Bool
        | Type::Int
        | Type::FloatingPoint
        | Type::Decimal
        | Type::FixedSizeBinary
        | Type::Date
        | Type::Time
        | Type::Timestamp
        | Type::Interval
        | Type::Duration
        | Type::List
        | Type::LargeList
        | Type::Map => 2,
        other => return Err(Quarantine::unreadable(format!("a column of the unknown type {other:?}"))),
    };
    for child in field.children().into_iter().flatten() {
        step_over(child, version, count)?;
    }
    Ok(())
}
