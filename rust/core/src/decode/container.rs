//! Files of observations: which kind a file is, and reading it in bounded pieces.
//!
//! In: a path and the limits. Out: batches of rows, in the order of the file; a file of several parts (row groups of
//! Parquet, record batches of Arrow) may be read by several threads. Rule: "uptime proof", sections 2.1 (kinds by name) and
//! 2.3 (limits, quarantine). Invariant: sizes that a file declares are checked against the file and the limits before
//! anything is allocated for them, and whatever a reader does, a file ends in rows or in one [`Quarantine`], never in a
//! panic.

mod compact;
mod ipc;
mod ipc_batch;
mod lines;
mod parquet;
mod parquet_guard;
mod writer;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::observations::ObservationBatch;
use super::quarantine::Quarantine;
use crate::hash::Hash;

pub use writer::{ObservationWriter, WriteError};

/// How large a file may be inside, and how large the pieces are in which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Decompressed bytes of a row group, of a record batch, or of one line of JSON lines.
    pub group_bytes: u64,
    /// Decompressed bytes per compressed byte, of a row group, a record batch or a compressed file.
    pub ratio: u64,
    /// Rows of a file.
    pub rows: u64,
    /// Rows of a batch that is handed on.
    pub batch_rows: usize,
    /// Bytes in the byte columns of a batch that is handed on, but at least one row.
    pub batch_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            group_bytes: 1 << 30,
            ratio: 200,
            rows: 1_000_000_000,
            batch_rows: 16_384,
            batch_bytes: 16 << 20,
        }
    }
}

/// Decoded bytes of a row group or a record batch that are allowed at any ratio: dictionaries, run lengths and views make
/// honest rows small.
const DECODED_FLOOR: u64 = 64 << 20;

impl Limits {
    /// Refuses rows whose values are together too many bytes: several of them may be the same bytes of the file.
    fn check_decoded(&self, decoded: u64, compressed: u64) -> Result<(), Quarantine> {
        if decoded > self.group_bytes {
            return Err(Quarantine::too_large(decoded, self));
        }
        if decoded > DECODED_FLOOR.max(compressed.saturating_mul(self.ratio)) {
            return Err(Quarantine::too_dense(decoded, compressed, self));
        }
        Ok(())
    }
}

/// How the lines of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members.
    Gzip,
    /// zstd, one or more frames.
    Zstd,
}

/// The kinds of files of observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.parquet`
    Parquet,
    /// `.arrow`: the file or the stream format of Arrow IPC.
    Arrow,
    /// `.jsonl`, `.jsonl.gz`, `.jsonl.zst`
    Lines(Compression),
}

impl Kind {
    /// The kind of a file by its name.
    pub fn of(path: &Path) -> Result<Self, Quarantine> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kinds = [
            (".parquet", Self::Parquet),
            (".arrow", Self::Arrow),
            (".jsonl", Self::Lines(Compression::None)),
            (".jsonl.gz", Self::Lines(Compression::Gzip)),
            (".jsonl.zst", Self::Lines(Compression::Zstd)),
        ];
        let kind = kinds.into_iter().find(|(end, _)| name.ends_with(end));
        kind.map(|(_, kind)| kind).ok_or_else(|| {
            Quarantine::unreadable(format!(
                "expected a name that ends in .parquet, .arrow, .jsonl, .jsonl.gz or .jsonl.zst, found \"{name}\""
            ))
        })
    }
}

/// Bytes of a file that are hashed at once: so few that they stay near the processor.
const AT_ONCE: usize = 64 << 10;
/// Bytes of a page of memory.
const PAGE: usize = 4 << 10;

/// SHA-256 and length of a file as it lies on the disk.
pub fn digest(path: &Path) -> Result<(Hash, u64), Quarantine> {
    let mut file = open(path)?;
    let mut hash = Sha256::new();
    let mut room = vec![0; AT_ONCE + PAGE];
    // Some processors copy four times as slowly to a place a few bytes behind the start of a page, where large vectors begin.
    let start = room.as_ptr().align_offset(PAGE).min(PAGE);
    let chunk = room.get_mut(start..start + AT_ONCE).unwrap_or_default();
    let mut length = 0;
    loop {
        match file.read(chunk) {
            Ok(0) => return Ok((hash.finalize().into(), length)),
            Ok(count) => {
                hash.update(chunk.get(..count).unwrap_or_default());
                length += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(disk(path)(error)),
        }
    }
}

/// Opens a regular file, or a link to one: a pipe would wait for a writer and a device would never end.
fn open(path: &Path) -> Result<File, Quarantine> {
    if !std::fs::metadata(path).map_err(disk(path))?.is_file() {
        return Err(Quarantine::unreadable(format!(
            "expected a regular file, found another kind: {}",
            path.display()
        )));
    }
    File::open(path).map_err(disk(path))
}

fn disk(path: &Path) -> impl Fn(std::io::Error) -> Quarantine {
    move |error| Quarantine::unreadable(format!("cannot read {}: {error}", path.display()))
}

/// Runs a reader of somebody else's; its panic is a finding about the file.
fn guarded<T>(read: impl FnOnce() -> Result<T, Quarantine>) -> Result<T, Quarantine> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        Err(Quarantine::unreadable(format!("the reader gave up: {said}")))
    })
}

enum Contents {
    Parquet(parquet::ParquetFile),
    Arrow(ipc::ArrowFile),
    Lines(Compression),
}

/// An open file of observations whose structure has been checked.
pub struct ObservationFile {
    path: PathBuf,
    length: u64,
    limits: Limits,
    contents: Contents,
}

impl ObservationFile {
    /// Opens a file and checks what it says about itself.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Quarantine> {
        let kind = Kind::of(path)?;
        let file = open(path)?;
        let length = file.metadata().map_err(disk(path))?.len();
        let contents = guarded(|| {
            Ok(match kind {
                Kind::Parquet => Contents::Parquet(parquet::ParquetFile::open(&file, length, &limits)?),
                Kind::Arrow => Contents::Arrow(ipc::ArrowFile::open(file, length, &limits)?),
                Kind::Lines(compression) => Contents::Lines(compression),
            })
        })?;
        Ok(Self { path: path.to_path_buf(), length, limits, contents })
    }

    /// Length of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Number of rows, where the file says it before it is read.
    pub fn rows(&self) -> Option<u64> {
        match &self.contents {
            Contents::Parquet(file) => Some(file.rows()),
            Contents::Arrow(file) => Some(file.rows()),
            Contents::Lines(_) => None,
        }
    }

    /// Number of parts that can be read independently.
    pub fn parts(&self) -> usize {
        match &self.contents {
            Contents::Parquet(file) => file.groups(),
            Contents::Arrow(file) => file.batches(),
            Contents::Lines(_) => 1,
        }
    }

    /// Reads the whole file.
    pub fn read(&self) -> Result<ObservationReader, Quarantine> {
        self.read_parts(0..self.parts())
    }

    /// Reads some parts; their rows are numbered as in the whole file.
    pub fn read_parts(&self, parts: Range<usize>) -> Result<ObservationReader, Quarantine> {
        let file = open(&self.path)?;
        let limits = self.limits;
        let source: Source = match &self.contents {
            Contents::Parquet(contents) => Box::new(contents.read(file, parts, limits)),
            Contents::Arrow(contents) => Box::new(contents.read(file, parts, limits)),
            Contents::Lines(_) if parts.is_empty() => Box::new(std::iter::empty()),
            Contents::Lines(compression) => {
                Box::new(lines::Lines::open(file, self.length, *compression, limits)?)
            }
        };
        Ok(ObservationReader { source: Some(source) })
    }
}

type Source = Box<dyn Iterator<Item = Result<ObservationBatch, Quarantine>> + Send>;

/// Batches of a file, in its order; ends after the first finding.
pub struct ObservationReader {
    source: Option<Source>,
}

impl Iterator for ObservationReader {
    type Item = Result<ObservationBatch, Quarantine>;

    fn next(&mut self) -> Option<Self::Item> {
        let source = self.source.as_mut()?;
        let next = guarded(|| source.next().transpose()).transpose();
        if !matches!(next, Some(Ok(_))) {
            self.source = None;
        }
        next
    }
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "container_mutation_tests.rs"]
mod mutation_tests;
