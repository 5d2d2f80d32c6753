//! A finished piece of the verify step on disk.
//!
//! In: what some blocks add, in order. Out: one file with everything that later steps read, and that file read back. The
//! file: a head with its length in front and its SHA-256 behind, then one sorted run per stream, whose blocks have
//! checksums of their own. Rule: a shard is written under a temporary name and renamed; one that a kill or a loss of power
//! cut short is not whole by its checksums, and is made again. It is therefore not synced: nothing waits for the disk.
//! Invariant: the shards of a run depend on the sorted rows alone, so a run that was killed finds its own pieces again.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

use super::VerifyError;
use super::part::{Part, Stream, Summary};
use crate::schema;
use crate::spill::Runs;

/// Blocks per row group of the verdict table.
const GROUP_BLOCKS: usize = 32;

/// A shard that is not on disk yet.
pub struct Unwritten {
    summary: Summary,
    tables: Vec<Vec<u8>>,
    content: Vec<Vec<u8>>,
    origins: Vec<Vec<u8>>,
    runs: Vec<Vec<u8>>,
}

impl Unwritten {
    /// Encodes what the blocks of a shard add, on all threads.
    pub fn new(part: Part) -> Result<Self, VerifyError> {
        let Part { summary, batches, content, origins, records } = part;
        let (tables, runs) = rayon::join(
            || batches.par_chunks(GROUP_BLOCKS).map(encode_table).collect::<Result<_, _>>(),
            || records.into_par_iter().map(crate::spill::Batch::into_run).collect::<Result<_, _>>(),
        );
        Ok(Self { summary, tables: tables?, content, origins, runs: runs? })
    }

    /// Writes the file. `content` is the hash of the verdict table's content up to this shard, and goes on behind it.
    pub fn write(&self, path: &Path, content: &mut Sha256) -> Result<(), VerifyError> {
        for rows in &self.content {
            content.update(rows);
        }
        let summary = serde_json::to_vec(&self.summary).map_err(|_| VerifyError::damaged(path))?;
        let runs: Vec<u8> = self.runs.iter().flat_map(|run| (run.len() as u64).to_le_bytes()).collect();
        let state = content.serialize();
        let mut sections: Vec<Vec<&[u8]>> = vec![vec![&summary], vec![&state], vec![&runs]];
        sections.push(self.origins.iter().map(Vec::as_slice).collect());
        sections.extend(self.tables.iter().map(|table| vec![table.as_slice()]));
        let length = |section: &[&[u8]]| section.iter().map(|part| part.len() as u64).sum::<u64>();
        let head: u64 = sections.iter().map(|section| 8 + length(section)).sum();

        let temporary = path.with_extension("tmp");
        let io = VerifyError::io(&temporary);
        let mut file = BufWriter::new(File::create(&temporary).map_err(&io)?);
        file.write_all(&head.to_le_bytes()).map_err(&io)?;
        let mut hash = Sha256::new();
        let mut write = |bytes: &[u8]| {
            hash.update(bytes);
            file.write_all(bytes)
        };
        for section in sections {
            write(&length(&section).to_le_bytes()).map_err(&io)?;
            section.into_iter().try_for_each(&mut write).map_err(&io)?;
        }
        file.write_all(&hash.finalize()).map_err(&io)?;
        self.runs.iter().try_for_each(|run| file.write_all(run)).map_err(&io)?;
        file.flush().map_err(&io)?;
        fs::rename(&temporary, path).map_err(VerifyError::io(path))
    }
}

/// The head of a shard on disk.
#[derive(Debug)]
pub struct Shard {
    /// Small facts.
    pub summary: Summary,
    /// One Parquet file of one row group each.
    pub tables: Vec<Bytes>,
    /// Places of origin: per row the number of places, then file and row of each.
    pub origins: Bytes,
    /// Hash of the verdict table's content up to the end of this shard.
    pub content: Sha256,
    /// Where in the file the run of each stream lies.
    runs: Vec<Range<u64>>,
}

impl Shard {
    /// Reads the head; `None` where there is no file, or only a damaged one.
    pub fn read(path: &Path) -> Option<Self> {
        const LENGTH: u64 = 8;
        const SEAL: u64 = 32;
        let mut file = File::open(path).ok()?;
        let end = file.metadata().ok()?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length);
        let head_end = length.checked_add(LENGTH + SEAL).filter(|head| *head <= end)?;
        let mut head = Vec::with_capacity(usize::try_from(length + SEAL).ok()?);
        file.take(length + SEAL).read_to_end(&mut head).ok()?;
        let (body, seal) = head.split_last_chunk::<32>()?;
        if Sha256::digest(body)[..] != seal[..] {
            return None;
        }
        let length = body.len();
        let mut rest = Bytes::from(head).slice(..length);
        let mut next = || {
            let length = usize::try_from(u64::from_le_bytes(*rest.first_chunk()?)).ok()?;
            let section = rest.get(8..)?.get(..length).map(|section| rest.slice_ref(section))?;
            rest = rest.slice(8 + length..);
            Some(section)
        };
        let summary = serde_json::from_slice(&next()?).ok()?;
        let content = SerializedState::<Sha256>::try_from(&next()?[..]).ok()?;
        let content = Sha256::deserialize(&content).ok()?;
        let mut start = head_end;
        let mut runs = Vec::with_capacity(Stream::ALL.len());
        for length in next()?.chunks_exact(8) {
            let after = start.checked_add(u64::from_le_bytes(length.try_into().ok()?))?;
            runs.push(start..after);
            start = after;
        }
        if start != end || runs.len() != Stream::ALL.len() {
            return None;
        }
        let origins = next()?;
        let tables = std::iter::from_fn(next).collect();
        Some(Self { summary, tables, origins, content, runs })
    }

    /// Where the run of a stream lies.
    pub fn run(&self, stream: Stream) -> Range<u64> {
        self.runs.get(stream as usize).cloned().unwrap_or_default()
    }

    /// Whether the runs are as they were written.
    pub fn is_whole(&self, path: &Path) -> bool {
        self.runs.par_iter().all(|run| {
            let part = [(path.to_path_buf(), run.clone())];
            Runs::within(Path::new(""), "", &part).and_then(|runs| runs.check()).is_ok()
        })
    }
}

/// Path of a shard in the work folder.
pub fn path(work: &Path, number: usize) -> PathBuf {
    work.join(format!("shard-{number:07}"))
}

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

/// Batches as a Parquet file of one row group.
fn encode_table(batches: &[RecordBatch]) -> Result<Vec<u8>, VerifyError> {
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema::verdicts(), Some(writer_properties()))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(out)
}
