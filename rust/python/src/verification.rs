//! The steps from observation files to scores, for Python: each releases the interpreter, reports how far it is, and stops
//! on Ctrl-C.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, UInt8Array, UInt64Array};
use data_encoding::HEXLOWER;
use depinverify_core::decode::container::{Limits, ObservationFile};
use depinverify_core::decode::observations::ObservationBatch;
use depinverify_core::hash::Hash;
use depinverify_core::schema;
use depinverify_core::score::availability::State as DataState;
use depinverify_core::score::driver::{Evidence, OUTCOMES, References, Scored, score};
use depinverify_core::score::state;
use depinverify_core::spill::SpillError;
use depinverify_core::verdict::{Family, by_number};
use depinverify_core::verify::assembly::Verified;
use depinverify_core::verify::collect::{Collected, collect, read_kept};
use depinverify_core::verify::driver::{Job, verify};
use depinverify_core::verify::findings::Findings;
use depinverify_core::verify::intake::{self, FileReport, Intake, Settings, Source};
use depinverify_core::verify::{Progress, VerifyError, references};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use pyo3_arrow::{PyRecordBatch, PyRecordBatchReader};
use rayon::prelude::*;

use crate::epoch::EpochContext;
use crate::errors::{input_error, settlement_error};
use crate::pool;

/// How often a long step looks for Ctrl-C and reports progress.
const TICK: Duration = Duration::from_millis(50);

/// One run over one epoch's observations.
#[pyclass(frozen, module = "depinverify._native")]
pub struct Verification {
    context: Py<EpochContext>,
    work: PathBuf,
    threads: usize,
    budget: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    intake: Option<Intake>,
    references: References,
    references_hash: Hash,
    /// With the verdict table's file.
    verified: Option<(Verified, PathBuf)>,
    collected: Option<Collected>,
}

/// Runs `work` on the module's threads while this one listens for signals and calls `progress(done)`.
fn watch<T: Send>(
    py: Python<'_>,
    threads: usize,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Progress) -> Result<T, VerifyError> + Send,
) -> PyResult<T> {
    let pool = pool::pool(threads)?;
    let callback = progress.map(|callback| callback.clone().unbind());
    let state = Progress::default();
    let (result, raised) = py.detach(|| {
        std::thread::scope(|scope| {
            let (send, receive) = channel();
            let state = &state;
            scope.spawn(move || {
                // The receiver outlives this thread: it waits for the message.
                let _ = send.send(pool.install(|| work(state)));
            });
            let mut raised = None;
            loop {
                match receive.recv_timeout(TICK) {
                    Ok(result) => return (Some(result), raised),
                    Err(RecvTimeoutError::Disconnected) => return (None, raised),
                    Err(RecvTimeoutError::Timeout) => {}
                }
                if raised.is_none() {
                    raised = Python::attach(|py| {
                        py.check_signals()?;
                        callback
                            .as_ref()
                            .map_or(Ok(()), |callback| callback.call1(py, (state.done(),)).map(drop))
                    })
                    .err();
                    if raised.is_some() {
                        state.cancel();
                    }
                }
            }
        })
    });
    match (raised, result) {
        (Some(error), _) => Err(error),
        (None, Some(Ok(value))) => Ok(value),
        (None, Some(Err(error))) => Err(settlement_error(py, &error.to_string(), hint(&error))),
        (None, None) => Err(settlement_error(py, "a worker thread ended without a result", None)),
    }
}

/// What to do about an error of the work folder.
fn hint(error: &VerifyError) -> Option<&'static str> {
    match error {
        VerifyError::Io { .. } | VerifyError::Spill(SpillError::Io { .. }) => {
            Some("Make room or choose another folder with --out, then start again: finished pieces are kept.")
        }
        VerifyError::Damaged { .. } | VerifyError::Spill(SpillError::Torn { .. }) => {
            Some("A piece of the unfinished run was changed: remove the folder .work and start again.")
        }
        _ => None,
    }
}

fn report<'py>(py: Python<'py>, file: &FileReport) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("name", &file.name)?;
    entry.set_item("sha256", file.sha256.map(|hash| HEXLOWER.encode(&hash)))?;
    entry.set_item("bytes", file.bytes)?;
    entry.set_item("signer", file.signer.as_ref().map(|id| HEXLOWER.encode(id)))?;
    entry.set_item("rows", file.rows)?;
    let Some(set_aside) = &file.quarantine else {
        entry.set_item("quarantine", py.None())?;
        return Ok(entry);
    };
    let why = PyDict::new(py);
    why.set_item("reason", &set_aside.reason)?;
    why.set_item("message", &set_aside.message)?;
    why.set_item("column", &set_aside.column)?;
    why.set_item("place", &set_aside.place)?;
    entry.set_item("quarantine", why)?;
    Ok(entry)
}

fn sources(files: Vec<(String, PathBuf)>) -> Vec<Source> {
    files.into_iter().map(|(name, path)| Source { name, path }).collect()
}

impl Verification {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Verification {
    #[new]
    #[pyo3(signature = (context, work, *, threads=None, memory_bytes=1 << 28))]
    fn new(context: Py<EpochContext>, work: PathBuf, threads: Option<usize>, memory_bytes: usize) -> Self {
        let threads = threads.unwrap_or_else(pool::all_threads).max(1);
        Self { context, work, threads, budget: memory_bytes, state: Mutex::default() }
    }

    /// Reads signed files; what an earlier run of the same work folder has read is taken from there.
    #[pyo3(signature = (files, references, *, require_signed=true, row_group_bytes=None, ratio=None, rows=None, progress=None))]
    #[allow(clippy::too_many_arguments)]
    fn intake<'py>(
        &self,
        py: Python<'py>,
        files: Vec<(String, PathBuf)>,
        references: Vec<(String, PathBuf)>,
        require_signed: bool,
        row_group_bytes: Option<u64>,
        ratio: Option<u64>,
        rows: Option<u64>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut limits = Limits::default();
        limits.group_bytes = row_group_bytes.unwrap_or(limits.group_bytes);
        limits.ratio = ratio.unwrap_or(limits.ratio);
        limits.rows = rows.unwrap_or(limits.rows);
        let settings = Settings { limits, require_signed, budget: self.budget };
        let epoch = Arc::clone(&self.context.get().epoch);
        let (files, references) = (sources(files), sources(references));
        let (intake, (held, reports, hash)) = watch(py, self.threads, progress, |progress| {
            let references = references::read(&references, &epoch, require_signed);
            let intake = match Intake::load(&self.work) {
                Some(intake) => intake,
                None => intake::read(&files, &epoch, &settings, &self.work, progress)?.store(&self.work)?,
            };
            Ok((intake, references))
        })?;
        let listed = PyList::empty(py);
        for file in intake.files.iter().chain(&reports) {
            listed.append(report(py, file)?)?;
        }
        let mut state = self.state();
        state.intake = Some(intake);
        state.references = held;
        state.references_hash = hash;
        Ok(listed)
    }

    /// Takes rows from any Arrow producer instead of files.
    fn intake_stream(&self, py: Python<'_>, rows: PyRecordBatchReader) -> PyResult<u64> {
        let reader = rows.into_reader()?;
        let mut sorter = depinverify_core::spill::Sorter::new(&self.work, "rows", self.budget);
        let mut taken = 0_u64;
        let runs = pool::on_all_threads(py, || -> Result<_, String> {
            for batch in reader {
                let batch = batch.map_err(|error| error.to_string())?;
                let batch = ObservationBatch::from_record_batch(&batch, taken).map_err(|found| {
                    let place = found.place.map_or(String::new(), |place| format!(" at {place}"));
                    let column =
                        found.column.map_or(String::new(), |column| format!("column \"{column}\": "));
                    format!("{column}{}{place}", found.message)
                })?;
                taken += batch.len() as u64;
                intake::push(&batch, 0, &mut sorter).map_err(|error| error.to_string())?;
            }
            let mut runs = sorter.finish().map_err(|error| error.to_string())?;
            runs.compact().map_err(|error| error.to_string())?;
            Ok(runs)
        })?;
        let runs = runs.map_err(|what| input_error(py, &what, None))?;
        let file = FileReport {
            name: "stream".to_owned(),
            sha256: None,
            bytes: 0,
            signer: None,
            rows: taken,
            quarantine: None,
        };
        self.state().intake = Some(Intake { files: vec![file], runs });
        Ok(taken)
    }

    /// Judges all rows and writes the verdict table; shards that are already in the work folder are taken as they are.
    #[pyo3(signature = (table, origins, progress=None))]
    fn verify(
        &self,
        py: Python<'_>,
        table: PathBuf,
        origins: PathBuf,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let context = self.context.get();
        let intake = self
            .state()
            .intake
            .take()
            .ok_or_else(|| settlement_error(py, "verify: call intake first", None))?;
        let (is_left_out, is_signed) = (intake.is_left_out(), intake.is_signed());
        let verified = watch(py, self.threads, progress, |progress| {
            let job = Job {
                epoch: &context.epoch,
                prior: &context.prior,
                runs: &intake.runs,
                is_left_out: &is_left_out,
                is_signed: &is_signed,
                work: &self.work,
                table: &table,
                origins: &origins,
            };
            verify(&job, progress)
        });
        let mut state = self.state();
        state.intake = Some(intake);
        state.verified = Some((verified?, table));
        Ok(())
    }

    /// Reads the records of all shards.
    fn collect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (verified, references_hash) = {
            let mut state = self.state();
            (state.verified.take(), state.references_hash)
        };
        let (verified, table) =
            verified.ok_or_else(|| settlement_error(py, "collect: call verify first", None))?;
        let collected =
            watch(py, self.threads, None, |progress| collect(verified, &self.work, &table, progress))?;
        let result = PyDict::new(py);
        let verified = &collected.verified;
        result.set_item("rows", verified.rows)?;
        let counts: BTreeMap<&str, u64> = verified
            .counts
            .iter()
            .filter_map(|(code, count)| Some((by_number(Family::Code, "generic", *code)?.name, *count)))
            .collect();
        result.set_item("counts", counts)?;
        result.set_item("verdicts_hash", PyBytes::new(py, &verified.verdicts_hash))?;
        result.set_item("observations_hash", PyBytes::new(py, &collected.observations_hash))?;
        result.set_item("annotations_hash", PyBytes::new(py, &collected.annotations_hash))?;
        result.set_item("references_hash", PyBytes::new(py, &references_hash))?;
        self.state().collected = Some(collected);
        Ok(result)
    }

    /// Scores all devices.
    fn score<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let context = self.context.get();
        let (collected, references) = {
            let mut state = self.state();
            let collected = state
                .collected
                .take()
                .ok_or_else(|| settlement_error(py, "score: call collect first", None))?;
            (collected, std::mem::take(&mut state.references))
        };
        let Collected { verified, kept, .. } = collected;
        let scored = watch(py, self.threads, None, |_| {
            let evidence = Evidence {
                epoch: &context.epoch,
                prior: &context.prior,
                scheduled: &verified.scheduled,
                probes: &verified.probes,
                counters: &verified.counters,
                prefixes: &verified.prefixes,
                references: &references,
            };
            score(&evidence, |give| read_kept(&kept, give))
                .map_err(|error| VerifyError::Table(error.to_string()))
        })?;
        let mut findings = verified.findings;
        findings.merge(scored.findings.clone());
        let result = PyDict::new(py);
        result.set_item("scores", PyRecordBatch::new(scores(py, context, &scored)?).into_arro3(py)?)?;
        result.set_item("outcomes", PyRecordBatch::new(outcomes(py, &scored)?).into_arro3(py)?)?;
        let states = state::write(&context.epoch.snapshot.devices, &scored.states);
        result.set_item("state", PyBytes::new(py, &states))?;
        result.set_item("exclusions", PyBytes::new(py, exclusions(context, &scored).as_bytes()))?;
        result.set_item("indicators", PyBytes::new(py, indicators(&findings).as_bytes()))?;
        result.set_item("clusters", scored.address_clusters)?;
        Ok(result)
    }
}

fn scores(py: Python<'_>, context: &EpochContext, scored: &Scored) -> PyResult<RecordBatch> {
    let scores = &scored.scores;
    let state = |state: DataState| state as u8;
    let number = |get: fn(&depinverify_core::score::driver::DeviceScore) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(scores.iter().map(get)))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::from_iter_values(
            context.epoch.snapshot.devices.iter().map(|device| &device.id),
        )),
        Arc::new(UInt8Array::from_iter_values(scores.iter().map(|score| state(score.availability.state)))),
        number(|score| score.availability.score),
        number(|score| score.availability.windows_used),
        number(|score| score.up),
        number(|score| score.down),
        number(|score| score.scheduled),
        number(|score| score.excluded),
        number(|score| score.payout),
        Arc::new(BinaryArray::from_iter_values(scores.iter().map(|_| b""))),
    ];
    RecordBatch::try_new(schema::scores(), columns)
        .map_err(|error| settlement_error(py, &error.to_string(), None))
}

fn outcomes(py: Python<'_>, scored: &Scored) -> PyResult<RecordBatch> {
    let column = |outcome: usize| -> ArrayRef {
        let counts = scored.scores.iter().map(|score| score.outcomes.get(outcome).copied().unwrap_or(0));
        Arc::new(UInt64Array::from_iter_values(counts.map(u64::from)))
    };
    RecordBatch::try_new(schema::outcomes(), (0..OUTCOMES).map(column).collect())
        .map_err(|error| settlement_error(py, &error.to_string(), None))
}

/// The exclusion log as canonical JSON.
fn exclusions(context: &EpochContext, scored: &Scored) -> String {
    let entries: Vec<String> = scored
        .exclusions
        .iter()
        .map(|(slot, e)| {
            let id = context.epoch.participants.get(usize::from(e.participant)).map_or(&[][..], |p| &*p.id);
            format!(
                r#"{{"f":{},"f2":{},"n":{},"n2":{},"ok":{},"reason":"{}","slot":{slot},"total":{},"validator":"{}"}}"#,
                e.f,
                e.f2,
                e.n,
                e.n2,
                e.ok,
                e.reason,
                e.total,
                HEXLOWER.encode(id),
            )
        })
        .collect();
    format!("[{}]", entries.join(","))
}

/// The indicators as canonical JSON.
fn indicators(findings: &Findings) -> String {
    serde_json::Value::Array(findings.to_json()).to_string()
}

/// Rows of a file of observations, where the file says it.
#[pyfunction]
fn observation_rows(py: Python<'_>, path: PathBuf) -> Option<u64> {
    py.detach(|| ObservationFile::open(&path, Limits::default()).ok()?.rows())
}

/// Removes the files of a folder, which may be large, on all threads; what cannot be removed stays.
#[pyfunction]
#[pyo3(signature = (folder, *, threads=None))]
fn remove_files(py: Python<'_>, folder: PathBuf, threads: Option<usize>) -> PyResult<()> {
    let pool = pool::pool(threads.unwrap_or_else(pool::all_threads).max(1))?;
    py.detach(|| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        pool.install(|| {
            files.par_iter().with_max_len(1).for_each(|file| drop(std::fs::remove_file(file)));
        });
    });
    Ok(())
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(observation_rows, module)?)?;
    module.add_function(wrap_pyfunction!(remove_files, module)?)?;
    module.add_class::<Verification>()
}
