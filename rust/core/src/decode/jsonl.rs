//! Observations as JSON lines.
//!
//! In: whole lines of text. Out: [`ObservationBatch`]. Rule: "uptime proof", section 2.1: one JSON object a line without
//! duplicate members, names as the columns, unknown members ignored, absent ones null; integers as plain JSON integers over
//! the whole range of the column; bytes as lower-case hex, but `proof` as strict base64url or else as the text itself. White
//! space of JSON around the object is allowed, so CR LF ends a line too; the last line may lack its LF. Invariant: the same
//! row written here and in a table gives the same batch.

use std::borrow::Cow;

use arrow_array::builder::{BinaryBuilder, PrimitiveBuilder};
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use data_encoding::HEXLOWER;

use super::base64url;
use super::binary::Bytes;
use super::distinct::Distinct;
use super::json::{JsonError, Kind, Reader};
use super::layout::Layout;
use super::observations::{COLUMNS, LAST_TRANSPORT, ObservationBatch, REQUIRED};
use super::quarantine::{Place, Quarantine};

/// Deepest nesting of a line; members that we know are not nested at all.
const MAX_DEPTH: usize = 64;

/// Reads lines into a batch; `line` is the number of the next one, from 1.
pub(super) struct LineReader {
    line: u64,
    names: Distinct,
    layout: Layout<Option<usize>>,
    scratch: Vec<u8>,
    validator: BinaryBuilder,
    device: BinaryBuilder,
    slot: PrimitiveBuilder<UInt64Type>,
    sent_ms: PrimitiveBuilder<Int64Type>,
    received_ms: PrimitiveBuilder<Int64Type>,
    transport: PrimitiveBuilder<UInt8Type>,
    proof: BinaryBuilder,
    address: BinaryBuilder,
    asn: PrimitiveBuilder<UInt32Type>,
    rtt_ns: PrimitiveBuilder<UInt64Type>,
}

/// The members of one line.
#[derive(Clone, Copy, Default)]
struct Row {
    present: [bool; COLUMNS.len()],
    slot: u64,
    sent_ms: i64,
    received_ms: Option<i64>,
    transport: u8,
    asn: Option<u32>,
    rtt_ns: Option<u64>,
}

impl LineReader {
    fn new(bytes: usize) -> Self {
        let rows = bytes / 256 + 1;
        Self {
            line: 1,
            names: Distinct::new(),
            layout: Layout::default(),
            scratch: Vec::new(),
            validator: BinaryBuilder::with_capacity(rows, 0),
            device: BinaryBuilder::with_capacity(rows, 0),
            slot: PrimitiveBuilder::with_capacity(rows),
            sent_ms: PrimitiveBuilder::with_capacity(rows),
            received_ms: PrimitiveBuilder::with_capacity(rows),
            transport: PrimitiveBuilder::with_capacity(rows),
            proof: BinaryBuilder::with_capacity(rows, bytes / 2),
            address: BinaryBuilder::with_capacity(rows, 0),
            asn: PrimitiveBuilder::with_capacity(rows),
            rtt_ns: PrimitiveBuilder::with_capacity(rows),
        }
    }

    /// Adds one line, without its LF.
    fn push(&mut self, line: &[u8]) -> Result<(), Quarantine> {
        let mut names = std::mem::take(&mut self.names);
        let result = self.read(line, &mut names);
        self.names = names;
        let row = result.map_err(|fault| fault.at(Place::Line(self.line)))?;
        self.slot.append_value(row.slot);
        self.sent_ms.append_value(row.sent_ms);
        self.received_ms.append_option(row.received_ms);
        self.transport.append_value(row.transport);
        self.asn.append_option(row.asn);
        self.rtt_ns.append_option(row.rtt_ns);
        if !row.present[6] {
            self.proof.append_null();
        }
        if !row.present[7] {
            self.address.append_null();
        }
        self.line += 1;
        Ok(())
    }

    fn read(&mut self, line: &[u8], names: &mut Distinct) -> Result<Row, Quarantine> {
        if line.is_empty() {
            return Err(Quarantine::schema("the line is empty"));
        }
        let json = |error: JsonError| Quarantine::schema(error.to_string());
        let mut reader = Reader::new(line, MAX_DEPTH, names).map_err(json)?;
        let mut open = reader.open_object().map_err(json)?;
        let mut row = Row::default();
        let column = |name: &str| COLUMNS.iter().position(|column| *column == name);
        while let Some(column) = reader.next_known(&mut open, &mut self.layout, column).map_err(json)? {
            match column {
                None => reader.skip().map_err(json)?,
                // A second member of the name is found at the end of the object; its value must not come into a column.
                Some(index) if row.present[index] => reader.skip().map_err(json)?,
                Some(index) => {
                    self.member(&mut reader, index, &mut row)
                        .map_err(|fault| fault.in_column(COLUMNS[index]))?;
                }
            }
        }
        reader.finish().map_err(json)?;
        check(row)
    }

    fn member(&mut self, reader: &mut Reader, index: usize, row: &mut Row) -> Result<(), Quarantine> {
        let json = |error: JsonError| Quarantine::schema(error.to_string());
        let kind = reader.peek().map_err(json)?;
        if kind == Kind::Null {
            return reader.null().map_err(json);
        }
        row.present[index] = true;
        if matches!(index, 0 | 1 | 6 | 7) {
            if kind != Kind::Text {
                return Err(Quarantine::schema(format!("expected a text, found {}", kind.name())));
            }
            let text = reader.text().map_err(json)?;
            let text = if text.is_escaped { text.unescape() } else { Cow::Borrowed(text.raw) };
            return self.bytes(index, text.as_bytes());
        }
        if kind != Kind::Number {
            return Err(Quarantine::schema(format!("expected an integer, found {}", kind.name())));
        }
        let text = reader.number().map_err(json)?;
        match index {
            2 => row.slot = integer(text)?,
            3 => row.sent_ms = integer(text)?,
            4 => row.received_ms = Some(integer(text)?),
            5 => row.transport = integer(text)?,
            8 => row.asn = Some(integer(text)?),
            _ => row.rtt_ns = Some(integer(text)?),
        }
        Ok(())
    }

    fn bytes(&mut self, index: usize, text: &[u8]) -> Result<(), Quarantine> {
        if index == 6 {
            self.scratch.resize(base64url::decoded_length(text.len()).unwrap_or(0), 0);
            self.proof.append_value(base64url::decode(text, &mut self.scratch).unwrap_or(text));
            return Ok(());
        }
        let Some(decoded) = decode_hex(text, &mut self.scratch) else {
            return Err(Quarantine::schema("expected pairs of lower-case hex digits"));
        };
        match index {
            0 => self.validator.append_value(decoded),
            1 => self.device.append_value(decoded),
            _ if !matches!(decoded.len(), 4 | 16) => {
                return Err(Quarantine::schema(format!("expected 4 or 16 bytes, found {}", decoded.len())));
            }
            _ => self.address.append_value(decoded),
        }
        Ok(())
    }

    fn finish(mut self) -> ObservationBatch {
        ObservationBatch {
            first_row: 0,
            validator: Bytes::Small(self.validator.finish()),
            device: Bytes::Small(self.device.finish()),
            slot: self.slot.finish(),
            sent_ms: self.sent_ms.finish(),
            received_ms: self.received_ms.finish(),
            transport: self.transport.finish(),
            proof: Bytes::Small(self.proof.finish()),
            address: Bytes::Small(self.address.finish()),
            asn: self.asn.finish(),
            rtt_ns: self.rtt_ns.finish(),
        }
    }
}

/// The rules that need the whole row.
fn check(row: Row) -> Result<Row, Quarantine> {
    let fault = |column: usize, message: String| Err(Quarantine::schema(message).in_column(COLUMNS[column]));
    for column in [0, 1, 2, 3, 5] {
        if !row.present[column] {
            return fault(column, "expected a value, found null".to_owned());
        }
    }
    if row.transport > LAST_TRANSPORT {
        return fault(5, format!("expected 0 to {LAST_TRANSPORT}, found {}", row.transport));
    }
    for column in [4, REQUIRED - 1] {
        match (row.transport, row.present[column]) {
            (0, false) => {
                return fault(column, "expected a value where transport is 0, found null".to_owned());
            }
            (1.., true) => {
                return fault(
                    column,
                    format!("expected null where transport is {}, found a value", row.transport),
                );
            }
            _ => {}
        }
    }
    Ok(row)
}

/// An integer in its plain form: no fraction, exponent, leading zero or `-0`.
fn integer<T: std::str::FromStr>(text: &str) -> Result<T, Quarantine> {
    let is_plain = text != "-0" && !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    match text.parse() {
        Ok(value) if is_plain => Ok(value),
        _ => {
            let shown: String = text.chars().take(40).collect();
            Err(Quarantine::schema(format!("expected an integer in the range of the column, found {shown}")))
        }
    }
}

fn decode_hex<'a>(text: &[u8], out: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let length = HEXLOWER.decode_len(text.len()).ok()?;
    out.resize(length, 0);
    let written = HEXLOWER.decode_mut(text, out).ok()?;
    out.get(..written)
}

/// The lines of `text`; what stands behind the last LF is a line too, unless it is nothing.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = line_end(rest) else { return Some((std::mem::take(&mut rest), false)) };
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some((line, true))
    })
}

/// Place of the first LF.
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes)
}

/// Reads whole lines of at most `longest` bytes into a batch.
pub(super) fn read_lines(text: &[u8], longest: u64) -> Result<ObservationBatch, Quarantine> {
    let mut reader = LineReader::new(text.len());
    for (line, has_end) in lines(text) {
        if line.len() as u64 > longest {
            return Err(too_long(longest).at(Place::Line(reader.line)));
        }
        reader.push(line).map_err(|fault| {
            if has_end || line.trim_ascii_end().ends_with(b"}") {
                fault
            } else {
                Quarantine { reason: super::quarantine::Reason::Truncated, ..fault }
            }
        })?;
    }
    Ok(reader.finish())
}

/// A line is longer than a limit.
pub(super) fn too_long(longest: u64) -> Quarantine {
    Quarantine::limit(format!("a line of more than {longest} bytes"))
}

#[cfg(test)]
#[path = "jsonl_tests.rs"]
mod tests;
