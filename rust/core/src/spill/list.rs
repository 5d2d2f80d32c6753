//! The runs of one or more sorters, and the list that lets a later process go on with them.
//!
//! In: runs in memory and on disk. Out: the same, adopted by one owner, made fewer, or written to the disk with a list
//! beside them. Rule: a list is written to a temporary name and renamed after all of its runs are written, so a list that is
//! there names runs that are complete, unless the power was lost: nothing is synced, and [`Runs::check`] tells. Invariant:
//! [`Runs::open`] gives an error, never a part of the records, where a run is missing, shorter or another than the list says.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::SpillError;
use super::merge::{FAN_IN, merge_between};
use super::run::{Run, RunWriter, crc};
use super::sorter::Held;

const HEADING: &str = "depinverify-runs-v1";
const SAMPLES: usize = 1 << 14;

/// Sorted runs.
#[derive(Debug, Default)]
pub struct Runs {
    dir: PathBuf,
    /// What longer runs are called that are made of some, where it is not the name of one of them.
    name: Option<String>,
    pub(super) held: Vec<Arc<Held>>,
    pub(super) files: Vec<Arc<Run>>,
    compacted: usize,
}

impl Runs {
    pub(super) fn new(dir: PathBuf, held: Vec<Arc<Held>>, files: Vec<Arc<Run>>) -> Self {
        Self { dir, name: None, held, files, compacted: 0 }
    }

    /// Runs that are parts of other files, as [`Batch::into_run`](super::Batch::into_run) makes them; they go with those files.
    /// Longer ones that are made of them lie in `dir` and begin with `name`.
    pub fn within(dir: &Path, name: &str, parts: &[(PathBuf, Range<u64>)]) -> Result<Self, SpillError> {
        let open = |(path, part): &(PathBuf, Range<u64>)| Run::open_part(path, part.clone()).map(Arc::new);
        let files = parts.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { name: Some(name.to_owned()), ..Self::new(dir.to_path_buf(), Vec::new(), files) })
    }

    /// Takes the runs of another sorter over.
    pub fn adopt(&mut self, other: Self) {
        if self.dir.as_os_str().is_empty() {
            self.dir = other.dir;
        }
        self.held.extend(other.held);
        self.files.extend(other.files);
    }

    /// Number of records.
    pub fn records(&self) -> u64 {
        let held: u64 = self.held.iter().map(|held| held.len() as u64).sum();
        held + self.files.iter().map(|run| run.records).sum::<u64>()
    }

    /// Reads every record once; an error where one is not as it was written.
    pub fn check(&self) -> Result<(), SpillError> {
        self.files.par_iter().try_for_each(Run::check)
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        self.files.iter().map(|run| run.length).sum()
    }

    /// Merges the shortest files into longer ones until few enough are left to be read at the same time.
    pub fn compact(&mut self) -> Result<(), SpillError> {
        self.compact_to(FAN_IN)
    }

    pub(super) fn compact_to(&mut self, fan_in: usize) -> Result<(), SpillError> {
        let fan_in = fan_in.max(2);
        while self.files.len() > fan_in {
            self.files.sort_by(|a, b| (a.length, &a.path).cmp(&(b.length, &b.path)));
            let count = (self.files.len() - fan_in + 1).min(fan_in);
            let rest = self.files.split_off(count);
            let part = Self::new(self.dir.clone(), Vec::new(), std::mem::replace(&mut self.files, rest));
            let path = match &self.name {
                Some(name) => self.dir.join(format!("{name}-{:06}.run", self.compacted)),
                None => part.files[0].path.with_extension(format!("{}.run", self.compacted)),
            };
            self.compacted += 1;
            let merged = merge_between(&part, None, None)?.write(RunWriter::create(path)?)?;
            // Kept runs belong to a list that may still be opened; the merged one is ours alone.
            self.files.push(Arc::new(merged));
        }
        Ok(())
    }

    /// At most `shares - 1` ascending keys that cut the records into shares of about the same size.
    pub fn splitters(&self, shares: usize) -> Result<Vec<Vec<u8>>, SpillError> {
        let held: usize = self.held.iter().map(|held| held.len()).sum();
        let stride = held.div_ceil(SAMPLES).max(1);
        // A sample stands for `weight` records.
        let mut samples: Vec<(Vec<u8>, u64)> = Vec::new();
        for held in &self.held {
            samples.extend((0..held.len()).step_by(stride).map(|at| (held.key(at).to_vec(), stride as u64)));
        }
        let blocks: u64 = self.files.iter().map(|run| run.blocks()).sum();
        let stride = blocks.div_ceil(SAMPLES as u64).max(1);
        for run in &self.files {
            let weight = (run.records / run.blocks().max(1)).saturating_mul(stride).max(1);
            let mut number = 0;
            run.for_each_block(|_, key| {
                if number % stride == 0 {
                    samples.push((key.to_vec(), weight));
                }
                number += 1;
            })?;
        }
        samples.sort_unstable();
        let total: u64 = samples.iter().map(|(_, weight)| weight).sum();
        let shares = shares.max(1) as u64;
        let mut bounds: Vec<Vec<u8>> = Vec::new();
        let mut passed = 0_u64;
        for (key, weight) in samples {
            let wanted = (bounds.len() as u64 + 1).saturating_mul(total) / shares;
            if (bounds.len() as u64) + 1 < shares
                && passed >= wanted
                && passed > 0
                && bounds.last() != Some(&key)
            {
                bounds.push(key);
            }
            passed += weight;
        }
        Ok(bounds)
    }

    /// Writes everything to the disk, with a list of it at `list`, so that [`Runs::open`] finds it after a kill.
    ///
    /// The runs stay until [`Runs::remove`].
    pub fn persist(mut self, list: &Path) -> Result<Self, SpillError> {
        let dir = folder(list);
        let first = self.files.len();
        let written = std::mem::take(&mut self.held).into_par_iter().enumerate().map(|(at, held)| {
            held.write(dir.join(format!("{}-held-{:06}.run", stem(list), first + at))).map(Arc::new)
        });
        self.files.extend(written.collect::<Result<Vec<_>, _>>()?);
        let mut text = format!("{HEADING}\n");
        for run in &self.files {
            let name = run.path.file_name().unwrap_or_default().to_string_lossy();
            if folder(&run.path) != dir {
                return Err(SpillError::torn(
                    &run.path,
                    format!("a run of {} must lie beside it", list.display()),
                ));
            }
            let _ = writeln!(text, "{:08x} {} {} {name}", run.seal, run.length, run.records);
        }
        let _ = writeln!(text, "end {:08x}", crc(text.as_bytes()));
        let temporary = list.with_extension("tmp");
        fs::write(&temporary, text).map_err(SpillError::io(&temporary, "write"))?;
        fs::rename(&temporary, list).map_err(SpillError::io(list, "write"))?;
        self.files.iter().for_each(|run| run.keep(true));
        Ok(self)
    }

    /// Opens the runs of a list that [`Runs::persist`] wrote.
    pub fn open(list: &Path) -> Result<Self, SpillError> {
        let text = fs::read_to_string(list).map_err(SpillError::io(list, "read"))?;
        let torn = || SpillError::torn(list, "it is not a complete list of runs");
        let body = text.trim_end_matches('\n');
        let (body, end) = body.split_at(body.rfind('\n').ok_or_else(torn)? + 1);
        if end != format!("end {:08x}", crc(body.as_bytes())) {
            return Err(torn());
        }
        let mut lines = body.lines();
        if lines.next() != Some(HEADING) {
            return Err(torn());
        }
        let dir = folder(list);
        let mut files = Vec::new();
        for line in lines {
            let mut fields = line.splitn(4, ' ');
            let (Some(seal), Some(length), Some(records), Some(name)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err(torn());
            };
            let run = Run::open(&dir.join(name))?;
            let found = (format!("{:08x}", run.seal), run.length.to_string(), run.records.to_string());
            if (found.0.as_str(), found.1.as_str(), found.2.as_str()) != (seal, length, records) {
                return Err(SpillError::torn(&run.path, format!("{} lists another file", list.display())));
            }
            files.push(Arc::new(run));
        }
        Ok(Self::new(dir, Vec::new(), files))
    }

    /// Lets the files go when the last walk over them ends.
    pub fn remove(self) {
        self.files.iter().for_each(|run| run.keep(false));
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
