//! Writes observations, so that nothing but this crate is needed to make a file.
//!
//! In: batches. Out: a file of the kind that its name asks for. Rule: "uptime proof", section 2.1. Invariant: what is
//! written reads back as the same rows; the same batches give the same bytes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_ipc::writer::FileWriter;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as ParquetCompression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{Compression, Kind};
use crate::decode::observations::ObservationBatch;
use crate::decode::quarantine::Quarantine;
use crate::schema;

/// Rows of a row group: small enough that several threads share a file, large enough for its dictionaries.
const GROUP_ROWS: usize = 131_072;

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name is of no kind.
    #[error("{0}")]
    Kind(Quarantine),
    /// The disk, or a library, refused.
    #[error("cannot write {path}: {message}")]
    Disk {
        /// The file.
        path: PathBuf,
        /// What was said.
        message: String,
    },
}

enum Sink {
    Parquet(Box<ArrowWriter<File>>),
    Arrow(Box<FileWriter<BufWriter<File>>>),
    Lines(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

/// A file that is being written.
pub struct ObservationWriter {
    path: PathBuf,
    sink: Sink,
    text: Vec<u8>,
}

impl ObservationWriter {
    /// Starts a file; its name says of which kind.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let kind = Kind::of(path).map_err(WriteError::Kind)?;
        let failed = |error: &dyn std::fmt::Display| WriteError::Disk {
            path: path.to_path_buf(),
            message: error.to_string(),
        };
        let file = File::create(path).map_err(|error| failed(&error))?;
        let sink = match kind {
            Kind::Parquet => {
                let level = ZstdLevel::try_new(1).map_err(|error| failed(&error))?;
                let properties = WriterProperties::builder()
                    .set_compression(ParquetCompression::ZSTD(level))
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .set_created_by("depinverify".to_owned())
                    .build();
                let writer = ArrowWriter::try_new(file, schema::observations(), Some(properties));
                Sink::Parquet(Box::new(writer.map_err(|error| failed(&error))?))
            }
            Kind::Arrow => {
                let writer = FileWriter::try_new(BufWriter::new(file), &schema::observations());
                Sink::Arrow(Box::new(writer.map_err(|error| failed(&error))?))
            }
            Kind::Lines(Compression::None) => Sink::Lines(BufWriter::new(file)),
            Kind::Lines(Compression::Gzip) => {
                Sink::Gzip(GzEncoder::new(BufWriter::new(file), flate2::Compression::new(6)))
            }
            Kind::Lines(Compression::Zstd) => {
                let encoder = zstd::stream::write::Encoder::new(BufWriter::new(file), 3);
                Sink::Zstd(encoder.map_err(|error| failed(&error))?)
            }
        };
        Ok(Self { path: path.to_path_buf(), sink, text: Vec::new() })
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> WriteError {
        WriteError::Disk { path: self.path.clone(), message: error.to_string() }
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &ObservationBatch) -> Result<(), WriteError> {
        let written: Result<(), String> = match &mut self.sink {
            Sink::Parquet(writer) => {
                table(batch).and_then(|batch| writer.write(&batch).map_err(|error| error.to_string()))
            }
            Sink::Arrow(writer) => {
                table(batch).and_then(|batch| writer.write(&batch).map_err(|error| error.to_string()))
            }
            lines => {
                self.text.clear();
                for row in 0..batch.len() {
                    line(batch, row, &mut self.text);
                }
                let out: &mut dyn Write = match lines {
                    Sink::Gzip(encoder) => encoder,
                    Sink::Zstd(encoder) => encoder,
                    Sink::Lines(file) => file,
                    Sink::Parquet(_) | Sink::Arrow(_) => return Ok(()),
                };
                out.write_all(&self.text).map_err(|error| error.to_string())
            }
        };
        written.map_err(|message| self.failed(&message))
    }

    /// Ends the file.
    pub fn finish(self) -> Result<(), WriteError> {
        let Self { path, sink, .. } = self;
        let finished = match sink {
            Sink::Parquet(writer) => writer.close().map(drop).map_err(|error| error.to_string()),
            Sink::Arrow(mut writer) => writer.finish().map_err(|error| error.to_string()),
            Sink::Lines(mut file) => file.flush().map_err(|error| error.to_string()),
            Sink::Gzip(encoder) => {
                encoder.finish().and_then(|mut file| file.flush()).map_err(|error| error.to_string())
            }
            Sink::Zstd(encoder) => {
                encoder.finish().and_then(|mut file| file.flush()).map_err(|error| error.to_string())
            }
        };
        finished.map_err(|message| WriteError::Disk { path, message })
    }
}

fn table(batch: &ObservationBatch) -> Result<arrow_array::RecordBatch, String> {
    batch.to_record_batch().map_err(|fault| fault.to_string())
}

/// One row as a line; members without a value are left out.
fn line(batch: &ObservationBatch, row: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"validator\":\"");
    hex(batch.validator.value(row), out);
    out.extend_from_slice(b"\",\"device\":\"");
    hex(batch.device.value(row), out);
    out.extend_from_slice(b"\",\"slot\":");
    out.extend_from_slice(batch.slot.value(row).to_string().as_bytes());
    integer("sent_ms", Some(batch.sent_ms.value(row)), out);
    integer("received_ms", batch.received_ms.is_valid(row).then(|| batch.received_ms.value(row)), out);
    integer("transport", Some(batch.transport.value(row)), out);
    if batch.proof.is_valid(row) {
        let proof = batch.proof.value(row);
        out.extend_from_slice(b",\"proof\":\"");
        if is_token(proof) {
            out.extend_from_slice(proof);
        } else {
            out.extend_from_slice(BASE64URL_NOPAD.encode(proof).as_bytes());
        }
        out.push(b'"');
    }
    if batch.address.is_valid(row) {
        out.extend_from_slice(b",\"address\":\"");
        hex(batch.address.value(row), out);
        out.push(b'"');
    }
    integer("asn", batch.asn.is_valid(row).then(|| batch.asn.value(row)), out);
    integer("rtt_ns", batch.rtt_ns.is_valid(row).then(|| batch.rtt_ns.value(row)), out);
    out.extend_from_slice(b"}\n");
}

/// Whether bytes are the text of a JWS: with a dot they are never read as base64url.
fn is_token(proof: &[u8]) -> bool {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    proof.contains(&b'.') && proof.iter().all(part)
}

fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len() * 2, 0);
    if let Some(room) = out.get_mut(start..) {
        HEXLOWER.encode_mut(bytes, room);
    }
}

fn integer<T: ToString>(name: &str, value: Option<T>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        out.extend_from_slice(value.to_string().as_bytes());
    }
}
