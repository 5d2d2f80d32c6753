//! Reads JSON lines in chunks, plain or compressed.
//!
//! In: a file. Out: batches. Rule: whole lines of a chunk are cut into slices that are read at the same time. Invariant: at
//! most one chunk and the longest line are in memory; no more is decompressed than the ratio allows for the file's length.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{Compression, Limits};
use crate::decode::jsonl;
use crate::decode::observations::ObservationBatch;
use crate::decode::quarantine::{Place, Quarantine};

const CHUNK: usize = 4 << 20;
const SLICE: usize = 256 << 10;
const BUFFER: usize = 128 << 10;

/// Largest window of a zstd frame as a power of two: what any level of the compressor makes without being asked for more.
const ZSTD_WINDOW: u32 = 27;

pub(super) struct Lines {
    source: Box<dyn Read + Send>,
    compression: Compression,
    limits: Limits,
    length: u64,
    decompressed: u64,
    rows: u64,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no LF.
    searched: usize,
    at_end: bool,
    ready: VecDeque<ObservationBatch>,
    fault: Option<Quarantine>,
}

impl Lines {
    pub(super) fn open(
        file: File,
        length: u64,
        compression: Compression,
        limits: Limits,
    ) -> Result<Self, Quarantine> {
        if length == 0 && compression != Compression::None {
            return Err(Quarantine::truncated("the file is empty"));
        }
        let source: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
            Compression::Zstd => {
                let buffered = BufReader::with_capacity(BUFFER, file);
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(buffered).map_err(Quarantine::unreadable)?;
                decoder.window_log_max(ZSTD_WINDOW).map_err(Quarantine::unreadable)?;
                Box::new(decoder)
            }
        };
        Ok(Self {
            source,
            compression,
            limits,
            length,
            decompressed: 0,
            rows: 0,
            buffer: Vec::new(),
            searched: 0,
            at_end: false,
            ready: VecDeque::new(),
            fault: None,
        })
    }

    /// Adds up to `wanted` bytes to the buffer.
    fn fill(&mut self, wanted: usize) -> Result<(), Quarantine> {
        let mut filled = self.buffer.len();
        let target = filled + wanted;
        while filled < target {
            // Room is made as bytes come, so that a short file costs little.
            let end = target.min(filled + BUFFER);
            self.buffer.resize(end, 0);
            let count = match self.source.read(self.buffer.get_mut(filled..end).unwrap_or_default()) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(&error)),
            };
            if count == 0 {
                self.at_end = true;
                break;
            }
            filled += count;
            self.decompressed += count as u64;
            if self.compression != Compression::None
                && self.decompressed > self.length.saturating_mul(self.limits.ratio)
            {
                return Err(Quarantine::too_dense(self.decompressed, self.length, &self.limits)
                    .at(Place::Line(self.rows + 1)));
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    fn broken(&self, error: &io::Error) -> Quarantine {
        let place = Place::Line(self.rows + 1);
        // Both decoders say so when the input ends inside a member or frame.
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Quarantine::truncated("the compressed data end too early").at(place);
        }
        Quarantine::unreadable(error).at(place)
    }

    /// Reads the next chunk of whole lines.
    fn advance(&mut self) -> Result<(), Quarantine> {
        loop {
            if !self.at_end {
                let wanted =
                    CHUNK.saturating_sub(self.buffer.len()).max(self.buffer.len().min(CHUNK)).max(BUFFER);
                self.fill(wanted)?;
            }
            let new = self.buffer.get(self.searched..).unwrap_or_default();
            let end = match memchr::memrchr(b'\n', new) {
                Some(last) if !self.at_end => self.searched + last + 1,
                _ if self.at_end => self.buffer.len(),
                _ => {
                    self.searched = self.buffer.len();
                    if self.searched as u64 > self.limits.group_bytes {
                        return Err(jsonl::too_long(self.limits.group_bytes).at(Place::Line(self.rows + 1)));
                    }
                    continue;
                }
            };
            let rest = self.buffer.split_off(end);
            let whole = std::mem::replace(&mut self.buffer, rest);
            self.searched = 0;
            self.parse(&whole);
            return Ok(());
        }
    }

    fn parse(&mut self, whole: &[u8]) {
        let slices = cut(whole, SLICE);
        // The number of lines in front of a slice is known once those are read, so each starts at zero and is moved.
        let read: Vec<_> =
            slices.par_iter().map(|slice| jsonl::read_lines(slice, self.limits.group_bytes)).collect();
        for result in read {
            match result {
                Ok(mut batch) => {
                    batch.first_row = self.rows;
                    self.rows += batch.len() as u64;
                    if self.rows > self.limits.rows {
                        self.fault = Some(
                            Quarantine::too_many_rows(self.rows, &self.limits)
                                .at(Place::Line(self.limits.rows + 1)),
                        );
                        return;
                    }
                    if !batch.is_empty() {
                        self.ready.push_back(batch);
                    }
                }
                Err(mut fault) => {
                    if let Some(Place::Line(line)) = &mut fault.place {
                        *line += self.rows;
                    }
                    self.fault = Some(fault);
                    return;
                }
            }
        }
    }
}

/// Slices of about `size` bytes that end where a line does.
fn cut(text: &[u8], size: usize) -> Vec<&[u8]> {
    let mut slices = Vec::with_capacity(text.len() / size + 1);
    let mut rest = text;
    while rest.len() > size {
        let Some(end) = rest.get(size..).and_then(jsonl::line_end) else { break };
        let (slice, after) = rest.split_at(size + end + 1);
        slices.push(slice);
        rest = after;
    }
    if !rest.is_empty() {
        slices.push(rest);
    }
    slices
}

impl Iterator for Lines {
    type Item = Result<ObservationBatch, Quarantine>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            if let Some(fault) = self.fault.take() {
                return Some(Err(fault));
            }
            if self.at_end && self.buffer.is_empty() {
                return None;
            }
            if let Err(fault) = self.advance() {
                return Some(Err(fault));
            }
        }
    }
}
