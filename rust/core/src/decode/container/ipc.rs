//! Arrow IPC, the file and the stream format.
//!
//! In: a file. Out: batches. Rule: the Arrow columnar format, "IPC". The messages are walked here, and every length
//! in their headers is compared with the bytes that are there. Dictionaries are not read: no column of an observation has
//! one. Invariant: neither the record batches of a file nor the buffers of one share bytes. Views may; the values of a batch
//! are bounded together, so the work is linear in the length of the file times the largest ratio.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow_ipc::{Endianness, Message, MessageHeader, MetadataVersion, root_as_footer, root_as_message};

use super::Limits;
use super::ipc_batch::Layout;
use crate::decode::binary::Bytes;
use crate::decode::observations::{ObservationBatch, pieces};
use crate::decode::quarantine::{Place, Quarantine};

const MAGIC: &[u8; 6] = b"ARROW1";
const CONTINUATION: u32 = u32::MAX;

/// Longest metadata of a message; it grows with the number of columns, never with the number of rows.
const METADATA_LIMIT: u64 = 64 << 20;

/// Where a record batch lies.
#[derive(Clone, Copy, Debug)]
struct Block {
    metadata: (u64, u64),
    body: (u64, u64),
    first_row: u64,
    rows: u64,
}

pub(super) struct ArrowFile {
    layout: Arc<Layout>,
    blocks: Vec<Block>,
    rows: u64,
}

impl ArrowFile {
    pub(super) fn open(file: File, length: u64, limits: &Limits) -> Result<Self, Quarantine> {
        let source = Bounded { file, length };
        if length < 8 {
            return Err(Quarantine::truncated(format!("{length} bytes are too few for Arrow data")));
        }
        let start = source.read(0, 8)?;
        let (layout, blocks) =
            if start.starts_with(MAGIC) { from_footer(&source)? } else { from_stream(&source)? };
        let mut opened = Self { layout: Arc::new(layout), blocks: Vec::new(), rows: 0 };
        for (number, mut block) in blocks.into_iter().enumerate() {
            let metadata = source.read(block.metadata.0, block.metadata.1)?;
            let message = message_of(&metadata)?;
            let rows = check(&message, block.body.1, limits, |at| {
                let bytes = source.read(block.body.0 + at, 8)?;
                Ok(i64::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default()))
            });
            block.rows = rows.map_err(|fault| fault.at(Place::Batch(number)))?;
            block.first_row = opened.rows;
            opened.rows = opened.rows.saturating_add(block.rows);
            if opened.rows > limits.rows {
                return Err(Quarantine::too_many_rows(opened.rows, limits).at(Place::Batch(number)));
            }
            opened.blocks.push(block);
        }
        Ok(opened)
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn batches(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn read(
        &self,
        file: File,
        parts: Range<usize>,
        limits: Limits,
    ) -> impl Iterator<Item = Result<ObservationBatch, Quarantine>> + Send + use<> {
        let blocks: Vec<Block> = self.blocks.get(parts.clone()).unwrap_or_default().to_vec();
        let layout = Arc::clone(&self.layout);
        let numbers = parts.start..;
        numbers.zip(blocks).flat_map(move |(number, block)| match decode(&file, &layout, &block, &limits) {
            Ok(batch) => {
                let mut row = block.first_row;
                let cut = pieces(batch, limits.batch_rows, limits.batch_bytes);
                let batches: Box<dyn Iterator<Item = _> + Send> = Box::new(cut.map(move |piece| {
                    let batch = ObservationBatch::from_record_batch(&piece, row);
                    row += piece.num_rows() as u64;
                    batch
                }));
                batches
            }
            Err(fault) => Box::new(std::iter::once(Err(fault.at(Place::Batch(number))))),
        })
    }
}

/// A file whose length is known: nothing behind it is read, and nothing is allocated for what is not there.
struct Bounded {
    file: File,
    length: u64,
}

impl Bounded {
    fn read(&self, at: u64, count: u64) -> Result<Vec<u8>, Quarantine> {
        if at.checked_add(count).is_none_or(|end| end > self.length) {
            return Err(Quarantine::truncated(format!(
                "{count} bytes at byte {at} of a file of {} bytes",
                self.length
            )));
        }
        exactly(&self.file, at, count)
    }
}

fn exactly(file: &File, at: u64, count: u64) -> Result<Vec<u8>, Quarantine> {
    let mut bytes = vec![0; usize::try_from(count).map_err(Quarantine::unreadable)?];
    file.read_exact_at(&mut bytes, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Quarantine::truncated("the file became shorter while it was read")
        }
        _ => Quarantine::unreadable(error),
    })?;
    Ok(bytes)
}

fn message_of(metadata: &[u8]) -> Result<Message<'_>, Quarantine> {
    let message =
        root_as_message(metadata).map_err(|error| Quarantine::unreadable(format!("a message: {error}")))?;
    if message.version() < MetadataVersion::V4 || message.version() > MetadataVersion::V5 {
        return Err(Quarantine::unreadable(format!("metadata version {:?}", message.version())));
    }
    Ok(message)
}

fn layout_of(schema: arrow_ipc::Schema, version: MetadataVersion) -> Result<Layout, Quarantine> {
    if schema.endianness() != Endianness::Little {
        return Err(Quarantine::unreadable("expected little-endian data"));
    }
    Layout::of(schema, version)
}

/// Schema and record batches by the footer at the end of the file.
fn from_footer(source: &Bounded) -> Result<(Layout, Vec<Block>), Quarantine> {
    const TAIL: u64 = 10;
    let tail_at = source.length.saturating_sub(TAIL);
    let tail = source.read(tail_at, TAIL.min(source.length))?;
    if source.length < 8 + TAIL || !tail.ends_with(MAGIC) {
        return Err(Quarantine::truncated("the file does not end as an Arrow file does"));
    }
    let size = u64::from(u32::from_le_bytes(tail.first_chunk().copied().unwrap_or_default()));
    let Some(footer_at) = tail_at.checked_sub(size).filter(|at| *at >= 8) else {
        return Err(Quarantine::unreadable(format!(
            "a footer of {size} bytes in a file of {}",
            source.length
        )));
    };
    if size > METADATA_LIMIT {
        return Err(Quarantine::limit(format!("a footer of {size} bytes, it may have {METADATA_LIMIT}")));
    }
    let bytes = source.read(footer_at, size)?;
    let footer =
        root_as_footer(&bytes).map_err(|error| Quarantine::unreadable(format!("the footer: {error}")))?;
    let schema = footer.schema().ok_or_else(|| Quarantine::unreadable("the footer has no schema"))?;
    let layout = layout_of(schema, footer.version())?;
    let mut blocks = Vec::new();
    let mut total = 0_u64;
    for (number, block) in footer.recordBatches().into_iter().flatten().enumerate() {
        let lengths = (
            u64::try_from(block.offset()),
            u64::try_from(block.metaDataLength()),
            u64::try_from(block.bodyLength()),
        );
        let (Ok(at), Ok(metadata), Ok(body)) = lengths else {
            return Err(Quarantine::unreadable("a negative length in the footer").at(Place::Batch(number)));
        };
        let size = metadata.saturating_add(body);
        total = total.saturating_add(size);
        if at < 8 || at.saturating_add(size) > footer_at || total > footer_at {
            return Err(Quarantine::unreadable(format!(
                "the footer places {size} bytes at byte {at}, the data end at byte {footer_at}"
            ))
            .at(Place::Batch(number)));
        }
        let (head, length) = prefix(source, at)?;
        if head + length > metadata {
            let message = format!("metadata of {length} bytes, the footer says {metadata}");
            return Err(Quarantine::unreadable(message).at(Place::Batch(number)));
        }
        blocks.push(Block {
            metadata: (at + head, length),
            body: (at + metadata, body),
            first_row: 0,
            rows: 0,
        });
    }
    Ok((layout, blocks))
}

/// Length of the prefix of a message, and of its metadata.
fn prefix(source: &Bounded, at: u64) -> Result<(u64, u64), Quarantine> {
    let word = |at| {
        source.read(at, 4).map(|bytes| u32::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default()))
    };
    let (head, length) = match word(at)? {
        CONTINUATION => (8, word(at + 4)?),
        // Before 2019 messages began with their length.
        length => (4, length),
    };
    let length = u64::from(length);
    if length > METADATA_LIMIT {
        let message = format!("metadata of {length} bytes, a message may have {METADATA_LIMIT}");
        return Err(Quarantine::limit(message).at(Place::Byte(at)));
    }
    Ok((head, length))
}

/// Schema and record batches by walking the messages.
fn from_stream(source: &Bounded) -> Result<(Layout, Vec<Block>), Quarantine> {
    let mut at = 0;
    let mut layout = None;
    let mut blocks = Vec::new();
    // A stream ends with an empty message, or simply where the file does.
    while at < source.length {
        let (head, length) = prefix(source, at)?;
        if length == 0 {
            break;
        }
        let metadata = source.read(at + head, length).map_err(|fault| fault.at(Place::Byte(at)))?;
        let message = message_of(&metadata).map_err(|fault| fault.at(Place::Byte(at)))?;
        let body = u64::try_from(message.bodyLength())
            .map_err(|_| Quarantine::unreadable("a negative length").at(Place::Byte(at)))?;
        let body_at = at + head + length;
        let end = body_at.checked_add(body).filter(|end| *end <= source.length);
        let end = end.ok_or_else(|| {
            Quarantine::truncated(format!(
                "a message says {body} bytes follow, there are {}",
                source.length - body_at
            ))
            .at(Place::Byte(at))
        })?;
        match (message.header_type(), &layout) {
            (MessageHeader::Schema, None) => {
                let schema = message.header_as_schema();
                let schema = schema.ok_or_else(|| Quarantine::unreadable("a schema message without one"))?;
                layout = Some(layout_of(schema, message.version())?);
            }
            (MessageHeader::RecordBatch, Some(_)) => {
                blocks.push(Block {
                    metadata: (at + head, length),
                    body: (body_at, body),
                    first_row: 0,
                    rows: 0,
                });
            }
            (MessageHeader::DictionaryBatch, Some(_)) => {}
            (kind, _) => {
                return Err(
                    Quarantine::unreadable(format!("an unexpected message, {kind:?}")).at(Place::Byte(at))
                );
            }
        }
        at = end;
    }
    layout.map(|layout| (layout, blocks)).ok_or_else(|| Quarantine::unreadable("there is no schema"))
}

/// Compares every length in the header of a record batch with the body; gives its number of rows.
fn check(
    message: &Message,
    body: u64,
    limits: &Limits,
    prefix_at: impl Fn(u64) -> Result<i64, Quarantine>,
) -> Result<u64, Quarantine> {
    let batch = message.header_as_record_batch().ok_or_else(|| Quarantine::unreadable("no record batch"))?;
    let rows =
        u64::try_from(batch.length()).map_err(|_| Quarantine::unreadable("a negative number of rows"))?;
    for node in batch.nodes().into_iter().flatten() {
        if node.length() < 0 || node.null_count() < 0 || node.null_count() > node.length() {
            return Err(Quarantine::unreadable(format!(
                "a column of {} rows with {} nulls",
                node.length(),
                node.null_count()
            )));
        }
    }
    if batch.variadicBufferCounts().into_iter().flatten().any(|count| count < 0) {
        return Err(Quarantine::unreadable("a negative number of buffers"));
    }
    let is_compressed = batch.compression().is_some();
    let mut compressed = 0_u64;
    let mut decompressed = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let (Ok(at), Ok(size)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length())) else {
            return Err(Quarantine::unreadable("a buffer of negative length"));
        };
        compressed = compressed.saturating_add(size);
        if at.saturating_add(size) > body || compressed > body {
            return Err(Quarantine::unreadable(format!(
                "a buffer of {size} bytes at byte {at} of a body of {body} bytes"
            )));
        }
        let inside = if is_compressed && size >= 8 { prefix_at(at)? } else { -1 };
        decompressed = decompressed.saturating_add(match inside {
            -1 => size,
            inside => {
                u64::try_from(inside).map_err(|_| Quarantine::unreadable("a buffer of negative length"))?
            }
        });
    }
    if decompressed > limits.group_bytes {
        return Err(Quarantine::too_large(decompressed, limits));
    }
    if decompressed > compressed.saturating_mul(limits.ratio) {
        return Err(Quarantine::too_dense(decompressed, compressed, limits));
    }
    Ok(rows)
}

fn decode(
    file: &File,
    layout: &Layout,
    block: &Block,
    limits: &Limits,
) -> Result<arrow_array::RecordBatch, Quarantine> {
    let metadata = exactly(file, block.metadata.0, block.metadata.1)?;
    let batch = layout.read(&message_of(&metadata)?, block.rows, file, block.body, limits)?;
    let columns = batch.columns().iter().filter_map(|column| Bytes::of(column));
    let decoded = columns.map(|bytes| bytes.size(0, batch.num_rows())).fold(0, u64::saturating_add);
    limits.check_decoded(decoded, block.body.1)?;
    Ok(batch)
}
