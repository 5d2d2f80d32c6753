//! Files in, sorted rows out.
//!
//! In: observation files and the epoch. Out: sorted runs of all their rows, and a report per file. Rule: uptime proof, 2.1
//! to 2.3. Invariant: a file that is set aside for any reason adds nothing to any result; rows carry the number of their
//! file, so that a reason found in its last row still removes its first.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::Array;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::epoch::Epoch;
use super::rows::Observation;
use super::{Progress, VerifyError, file_signature};
use crate::decode::container::{Limits, ObservationFile, digest};
use crate::decode::observations::ObservationBatch;
use crate::decode::quarantine::{Place, Quarantine, Reason};
use crate::hash::{Hash, sha256_each};
use crate::spill::{Key, Runs, Sorter, SorterPool, SpillError};

/// A file of observations or reference probes.
#[derive(Clone, Debug)]
pub struct Source {
    /// How reports call it.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// Why a file is set aside, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Name of the reason.
    pub reason: String,
    /// What was expected and found.
    pub message: String,
    /// The column, where one is at fault.
    pub column: Option<String>,
    /// Where it stands in the file.
    pub place: Option<String>,
}

impl From<Quarantine> for SetAside {
    fn from(found: Quarantine) -> Self {
        Self {
            reason: found.reason.name().to_owned(),
            message: found.message,
            column: found.column.map(str::to_owned),
            place: found.place.map(|place| place.to_string()),
        }
    }
}

/// What was found out about a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileReport {
    /// How reports call it.
    pub name: String,
    /// SHA-256 of the file, where it could be read.
    pub sha256: Option<Hash>,
    /// Length in bytes.
    pub bytes: u64,
    /// Id of the validator that signed it.
    pub signer: Option<Vec<u8>>,
    /// Rows.
    pub rows: u64,
    /// Why it is set aside.
    pub quarantine: Option<SetAside>,
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Limits of containers.
    pub limits: Limits,
    /// Whether unsigned files are set aside.
    pub require_signed: bool,
    /// Bytes of memory for sorting.
    pub budget: usize,
}

/// Rows of all files that can be used.
#[derive(Debug)]
pub struct Intake {
    /// One per file, in the order in which they were given.
    pub files: Vec<FileReport>,
    /// Sorted rows; those of files that are set aside are still among them.
    pub runs: Runs,
}

impl Intake {
    /// Keeps the rows and the reports in the work folder, for a run that continues after a kill.
    pub fn store(self, work: &Path) -> Result<Self, VerifyError> {
        let runs = self.runs.persist(&work.join(RUNS))?;
        let path = work.join(REPORTS);
        let reports = serde_json::to_vec(&self.files).map_err(|_| VerifyError::damaged(&path))?;
        let temporary = path.with_extension("tmp");
        std::fs::write(&temporary, reports).map_err(VerifyError::io(&temporary))?;
        std::fs::rename(&temporary, &path).map_err(VerifyError::io(&path))?;
        Ok(Self { files: self.files, runs })
    }

    /// What an earlier run stored, if it came that far and all of it is there.
    pub fn load(work: &Path) -> Option<Self> {
        let files = serde_json::from_slice(&std::fs::read(work.join(REPORTS)).ok()?).ok()?;
        let runs = Runs::open(&work.join(RUNS)).ok()?;
        runs.check().ok()?;
        Some(Self { files, runs })
    }

    /// Whether each file is left out.
    pub fn is_left_out(&self) -> Vec<bool> {
        self.files.iter().map(|file| file.quarantine.is_some()).collect()
    }

    /// Whether each file is signed by the validator of its rows.
    pub fn is_signed(&self) -> Vec<bool> {
        self.files.iter().map(|file| file.signer.is_some()).collect()
    }
}

const RUNS: &str = "rows.list";
const REPORTS: &str = "rows.json";

/// A part of a file that one thread reads.
struct Task<'a> {
    number: u32,
    file: &'a ObservationFile,
    part: usize,
    signer: Option<&'a [u8]>,
    rows: &'a AtomicU64,
    fault: &'a Mutex<Option<(usize, Quarantine)>>,
}

/// The largest block that glibc still takes from the system on its own.
const LARGE_BLOCK: usize = 31 << 20;

/// Has the allocator keep memory that is freed: batches, pages and blocks of rows free and take as much all the time. glibc
/// gives the system back what is more than twice the largest block that was freed on its own, of which this is the first.
fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGE_BLOCK)));
}

/// Reads all files on all threads.
pub fn read(
    sources: &[Source],
    epoch: &Epoch,
    settings: &Settings,
    work: &Path,
    progress: &Progress,
) -> Result<Intake, VerifyError> {
    keep_freed_memory();
    let opened: Vec<(FileReport, Option<ObservationFile>)> =
        sources.par_iter().map(|source| open(source, epoch, settings)).collect();
    let counts: Vec<AtomicU64> = opened.iter().map(|_| AtomicU64::new(0)).collect();
    let faults: Vec<Mutex<Option<(usize, Quarantine)>>> = opened.iter().map(|_| Mutex::new(None)).collect();
    let tasks: Vec<Task<'_>> = opened
        .iter()
        .enumerate()
        .filter_map(|(number, (report, file))| Some((number, report, file.as_ref()?)))
        .flat_map(|(number, report, file)| (0..file.parts()).map(move |part| (number, report, file, part)))
        .filter_map(|(number, report, file, part)| {
            Some(Task {
                number: u32::try_from(number).ok()?,
                file,
                part,
                signer: report.signer.as_deref(),
                rows: counts.get(number)?,
                fault: faults.get(number)?,
            })
        })
        .collect();
    let pool = SorterPool::new(work, "rows", settings.budget, rayon::current_num_threads());
    tasks.par_iter().with_max_len(1).try_for_each(|task| pool.with(|sorter| task.run(sorter, progress)))?;
    let files = opened
        .iter()
        .zip(&counts)
        .zip(&faults)
        .map(|(((report, _), rows), fault)| {
            let mut report = report.clone();
            report.rows = rows.load(Ordering::Relaxed);
            let fault = fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            if report.rows > settings.limits.rows {
                report
                    .quarantine
                    .get_or_insert(Quarantine::too_many_rows(report.rows, &settings.limits).into());
            }
            report.quarantine = report.quarantine.or(fault.map(|(_, quarantine)| quarantine.into()));
            report
        })
        .collect();
    let mut runs = pool.finish()?;
    runs.compact()?;
    Ok(Intake { files, runs })
}

fn open(source: &Source, epoch: &Epoch, settings: &Settings) -> (FileReport, Option<ObservationFile>) {
    let mut report = FileReport {
        name: source.name.clone(),
        sha256: None,
        bytes: 0,
        signer: None,
        rows: 0,
        quarantine: None,
    };
    let mut read = || -> Result<ObservationFile, Quarantine> {
        let (hash, length) = digest(&source.path)?;
        report.sha256 = Some(hash);
        report.bytes = length;
        report.signer = file_signature::check(&source.path, &hash, epoch, settings.require_signed)?;
        ObservationFile::open(&source.path, settings.limits)
    };
    match read() {
        Ok(file) => (report, Some(file)),
        Err(quarantine) => {
            report.quarantine = Some(quarantine.into());
            (report, None)
        }
    }
}

impl Task<'_> {
    fn run(&self, sorter: &mut Sorter, progress: &Progress) -> Result<(), VerifyError> {
        if self.fault().is_some() {
            return Ok(());
        }
        let reader = match self.file.read_parts(self.part..self.part + 1) {
            Ok(reader) => reader,
            Err(quarantine) => {
                self.set_aside(quarantine);
                return Ok(());
            }
        };
        for batch in reader {
            let batch = match batch.and_then(|batch| self.check_signer(batch)) {
                Ok(batch) => batch,
                Err(quarantine) => {
                    self.set_aside(quarantine);
                    return Ok(());
                }
            };
            push(&batch, self.number, sorter)?;
            let rows = batch.len() as u64;
            self.rows.fetch_add(rows, Ordering::Relaxed);
            progress.add(rows)?;
        }
        Ok(())
    }

    fn check_signer(&self, batch: ObservationBatch) -> Result<ObservationBatch, Quarantine> {
        let Some(signer) = self.signer else { return Ok(batch) };
        match (0..batch.len()).find(|row| batch.validator.value(*row) != signer) {
            None => Ok(batch),
            Some(row) => {
                Err(Quarantine::new(Reason::WrongSigner, "the row names another validator than the signer")
                    .in_column("validator")
                    .at(Place::Row(batch.first_row + row as u64)))
            }
        }
    }

    fn fault(&self) -> std::sync::MutexGuard<'_, Option<(usize, Quarantine)>> {
        self.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Of several findings the one in the earliest part is reported.
    fn set_aside(&self, quarantine: Quarantine) {
        let mut fault = self.fault();
        if fault.as_ref().is_none_or(|(part, _)| self.part < *part) {
            *fault = Some((self.part, quarantine));
        }
    }
}

/// Bytes of rows whose identities are computed together: so few that they stay near the processor.
const BYTES_AT_ONCE: usize = 32 << 10;

/// Adds the rows of a batch to a sorter.
pub fn push(batch: &ObservationBatch, file: u32, sorter: &mut Sorter) -> Result<(), SpillError> {
    let (mut key, mut payload) = (Key::new(), Vec::new());
    let (mut preimages, mut ends, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = (0..batch.len()).map(|row| observation(batch, file, row));
    let mut some = Vec::new();
    loop {
        preimages.clear();
        ends.clear();
        ids.clear();
        some.clear();
        while preimages.len() < BYTES_AT_ONCE
            && let Some(row) = rows.next()
        {
            row.write_preimage(&mut preimages);
            ends.push(preimages.len());
            some.push(row);
        }
        if some.is_empty() {
            return Ok(());
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        sha256_each(starts.zip(&ends).filter_map(|(start, end)| preimages.get(start..*end)), &mut ids);
        for (row, id) in some.iter().zip(&ids) {
            row.encode(id, &mut key, &mut payload);
            sorter.push(key.as_slice(), &payload)?;
        }
    }
}

fn observation(batch: &ObservationBatch, file: u32, row: usize) -> Observation<'_> {
    Observation {
        validator: batch.validator.value(row),
        device: batch.device.value(row),
        slot: batch.slot.value(row),
        sent_ms: batch.sent_ms.value(row),
        received_ms: batch.received_ms.is_valid(row).then(|| batch.received_ms.value(row)),
        transport: batch.transport.value(row),
        proof: batch.proof.is_valid(row).then(|| batch.proof.value(row)),
        address: batch.address.is_valid(row).then(|| batch.address.value(row)),
        asn: batch.asn.is_valid(row).then(|| batch.asn.value(row)),
        rtt_ns: batch.rtt_ns.is_valid(row).then(|| batch.rtt_ns.value(row)),
        file,
        row: batch.first_row + row as u64,
    }
}
