//! Binding of the checks of retrievals: rounds as tables, tasks, results, rates and scores.
//!
//! In: files in bytes, a round's tasks, its randomness, the rules; counts. Out: Arrow tables; integers and texts.
//! Invariant: files are read where Python holds them, and raise nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use arrow_array::RecordBatch;
use depinverify_core::networks::filecoin::spark::inet_group::InetGroup;
use depinverify_core::networks::filecoin::spark::measurement::retrieval_result;
use depinverify_core::networks::filecoin::spark::rate::{Rate, Reputation};
use depinverify_core::networks::filecoin::spark::scores::{Scores, reward, signed_text, signer};
use depinverify_core::networks::filecoin::spark::statistics::{IndexerOutages, next_round, percentile};
use depinverify_core::networks::filecoin::spark::tasks::{Task, Tasks, randomness_time, station_key};
use depinverify_core::networks::filecoin::spark::{
    Participant, Round, RuleVersion, Rules, Tables, Validity, evaluate_files,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use pyo3_arrow::PyRecordBatch;

use crate::errors::input_error;
use crate::filecoin_arguments::exactly;
use crate::integers::{column, integer};

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinSparkEvaluation>()?;
    module.add_function(wrap_pyfunction!(filecoin_spark_evaluate, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_rules, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_randomness_time, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_task_key, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_station_key, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_allowed_tasks, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_retrieval_result, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_inet_group, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_percentile, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_next_round, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_scores, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_reward, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_signed_text, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_signer, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_rate, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_spark_reputation, module)?)
}

/// What was found about one round.
#[pyclass(frozen, module = "depinverify._native")]
pub struct FilecoinSparkEvaluation(Tables);

fn handed<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyAny>> {
    PyRecordBatch::new(batch.clone()).into_arro3(py)
}

#[pymethods]
impl FilecoinSparkEvaluation {
    #[getter]
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.labels)
    }

    #[getter]
    fn dropped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.dropped)
    }

    #[getter]
    fn dropped_counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.dropped_counts.clone()
    }

    #[getter]
    fn committees<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.committees)
    }

    #[getter]
    fn miners<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.miners)
    }

    #[getter]
    fn clients<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.clients)
    }

    #[getter]
    fn allocators<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.allocators)
    }

    #[getter]
    fn first_byte<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        handed(py, &self.0.first_byte)
    }

    #[getter]
    fn scores<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.scores.as_ref().map(|(scores, _)| handed(py, scores)).transpose()
    }

    #[getter]
    fn burnt(&self) -> Option<u64> {
        self.0.scores.as_ref().map(|(_, burnt)| *burnt)
    }
}

/// One of two values, by their names.
fn either<T>(py: Python<'_>, argument: &str, found: &str, named: [(&str, T); 2]) -> PyResult<T> {
    let [one, other] = named.each_ref().map(|(name, _)| name.to_string());
    named.into_iter().find(|(name, _)| *name == found).map(|(_, value)| value).ok_or_else(|| {
        input_error(py, &format!("{argument}: expected {one:?} or {other:?}, found {found:?}"), None)
    })
}

const VALIDITIES: [(&str, Validity); 2] =
    [("historical", Validity::Historical), ("current", Validity::Current)];
const OUTAGES: [(&str, IndexerOutages); 2] =
    [("counted", IndexerOutages::Counted), ("left_out", IndexerOutages::LeftOut)];

/// A number of things that are held in memory.
fn size(object: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    // Numbers beyond a machine's addresses are more than it can hold of anything.
    integer::<u64>(object, &name).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

type GivenTask = (String, String, Vec<String>, Vec<String>);

#[pyfunction]
#[pyo3(signature = (
    files, tasks, max_tasks_per_node, randomness, *, detects_fraud, required_committee_size, validity, indexer_outages
))]
#[allow(clippy::too_many_arguments)]
fn filecoin_spark_evaluate(
    py: Python<'_>,
    files: Vec<PyBackedBytes>,
    tasks: Vec<GivenTask>,
    max_tasks_per_node: &Bound<'_, PyAny>,
    randomness: &[u8],
    detects_fraud: bool,
    required_committee_size: &Bound<'_, PyAny>,
    validity: &str,
    indexer_outages: &str,
) -> PyResult<FilecoinSparkEvaluation> {
    let rules = Rules {
        detects_fraud,
        required_committee_size: size(required_committee_size, "required_committee_size")?,
        validity: either(py, "validity", validity, VALIDITIES)?,
        outages: either(py, "indexer_outages", indexer_outages, OUTAGES)?,
    };
    let round = Round {
        tasks: tasks
            .into_iter()
            .map(|(cid, miner_id, clients, allocators)| Task { cid, miner_id, clients, allocators })
            .collect(),
        max_tasks_per_node: size(max_tasks_per_node, "max_tasks_per_node")?,
        randomness: exactly(py, randomness, &"randomness")?,
    };
    let files: Vec<&[u8]> = files.iter().map(AsRef::as_ref).collect();
    py.detach(|| evaluate_files(&files, &round, rules))
        .map(FilecoinSparkEvaluation)
        .map_err(|error| input_error(py, &error.to_string(), None))
}

#[pyfunction]
fn filecoin_spark_rules(
    py: Python<'_>,
    version: &str,
) -> PyResult<(bool, usize, &'static str, &'static str)> {
    let versions = [("rewarded", RuleVersion::Rewarded), ("unrewarded", RuleVersion::Unrewarded)];
    let rules = either(py, "rules", version, versions)?.rules();
    let validity = match rules.validity {
        Validity::Historical => "historical",
        Validity::Current => "current",
    };
    let outages = match rules.outages {
        IndexerOutages::Counted => "counted",
        IndexerOutages::LeftOut => "left_out",
    };
    Ok((rules.detects_fraud, rules.required_committee_size, validity, outages))
}

#[pyfunction]
fn filecoin_spark_randomness_time(start_epoch: &Bound<'_, PyAny>) -> PyResult<u64> {
    let epoch = integer(start_epoch, &"start_epoch")?;
    randomness_time(epoch).ok_or_else(|| {
        let message = format!("start_epoch: expected one whose time has 64 bits, found {epoch}");
        input_error(start_epoch.py(), &message, None)
    })
}

#[pyfunction]
fn filecoin_spark_task_key<'py>(
    py: Python<'py>,
    cid: &str,
    miner_id: &str,
    randomness: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let randomness = exactly(py, randomness, &"randomness")?;
    Ok(PyBytes::new(py, &Task::new(cid, miner_id).key(&randomness)))
}

#[pyfunction]
fn filecoin_spark_station_key<'py>(py: Python<'py>, station_id: &str) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &station_key(station_id))
}

#[pyfunction]
fn filecoin_spark_allowed_tasks(
    py: Python<'_>,
    tasks: Vec<(String, String)>,
    randomness: &[u8],
    station_id: &str,
    most: &Bound<'_, PyAny>,
) -> PyResult<Vec<usize>> {
    let randomness = exactly(py, randomness, &"randomness")?;
    let most = size(most, "most")?;
    let tasks: Vec<Task> = tasks.into_iter().map(|(cid, miner_id)| Task::new(cid, miner_id)).collect();
    Ok(Tasks::new(&tasks, &randomness).nearest(&station_key(station_id), most))
}

#[pyfunction]
fn filecoin_spark_retrieval_result(py: Python<'_>, measurement: &[u8]) -> PyResult<String> {
    retrieval_result(measurement)
        .map(|result| result.to_string())
        .map_err(|error| input_error(py, &format!("measurement: {error}"), None))
}

#[pyfunction]
fn filecoin_spark_inet_group(py: Python<'_>, address: &str) -> PyResult<String> {
    let parsed: IpAddr = address.parse().map_err(|_| {
        input_error(py, &format!("address: expected one of IPv4 or IPv6, found {address:?}"), None)
    })?;
    Ok(InetGroup::of(parsed).to_string())
}

#[pyfunction]
fn filecoin_spark_percentile(
    values: &Bound<'_, PyAny>,
    numerator: &Bound<'_, PyAny>,
    denominator: &Bound<'_, PyAny>,
) -> PyResult<Option<(i128, u32)>> {
    let values = column::<i64>(values, "values")?;
    let (n, d): (u32, u32) = (integer(numerator, &"numerator")?, integer(denominator, &"denominator")?);
    if d == 0 || n > d {
        let message = format!("percentile: expected a fraction from 0 to 1, found {n}/{d}");
        return Err(input_error(numerator.py(), &message, None));
    }
    Ok(percentile(&values, (n, d)).map(|found| (found.numerator, found.denominator)))
}

#[pyfunction]
fn filecoin_spark_next_round(
    max_tasks_per_node: &Bound<'_, PyAny>,
    measurements: &Bound<'_, PyAny>,
) -> PyResult<(u64, u64)> {
    let next = next_round(
        integer(max_tasks_per_node, &"max_tasks_per_node")?,
        integer(measurements, &"measurements")?,
    );
    Ok((next.max_tasks_per_node, next.task_count))
}

/// The burn address as the network writes it.
const BURN: &str = "0x000000000000000000000000000000000000dEaD";

#[pyfunction]
fn filecoin_spark_scores(
    accepted: BTreeMap<String, Bound<'_, PyAny>>,
) -> PyResult<(Vec<(String, u64)>, u64)> {
    let accepted = accepted
        .into_iter()
        .map(|(who, count)| integer(&count, &format_args!("accepted[{who:?}]")).map(|count| (who, count)))
        .collect::<PyResult<_>>()?;
    let scores = Scores::split(accepted, &BURN.to_owned());
    Ok((scores.shares, scores.burnt))
}

#[pyfunction]
fn filecoin_spark_reward(score: &Bound<'_, PyAny>) -> PyResult<u128> {
    integer(score, &"score").map(reward)
}

/// Participants and numbers.
type Given<'py> = Vec<(String, Bound<'py, PyAny>)>;

fn score_list(py: Python<'_>, scores: &Given<'_>) -> PyResult<Vec<(Participant, i128)>> {
    let read = |(row, (who, number)): (usize, &(String, Bound<'_, PyAny>))| {
        let participant = Participant::parse(who).ok_or_else(|| {
            let message = format!("scores, row {row}: expected a 0x or f410 address, found {who:?}");
            input_error(py, &message, None)
        })?;
        let number = number.extract::<i128>().map_err(|_| {
            let message = format!("scores, row {row}: expected an integer of 128 signed bits, found another");
            input_error(py, &message, None)
        })?;
        Ok((participant, number))
    };
    scores.iter().enumerate().map(read).collect()
}

#[pyfunction]
fn filecoin_spark_signed_text(py: Python<'_>, scores: Given<'_>) -> PyResult<String> {
    Ok(signed_text(&score_list(py, &scores)?))
}

#[pyfunction]
fn filecoin_spark_signer(py: Python<'_>, scores: Given<'_>, signature: &[u8]) -> PyResult<Option<String>> {
    let list = score_list(py, &scores)?;
    Ok(signer(&list, signature).ok().map(|signer| signer.to_string()))
}

fn rate_of(
    py: Python<'_>,
    name: &str,
    successes: &Bound<'_, PyAny>,
    total: &Bound<'_, PyAny>,
) -> PyResult<Rate> {
    let rate = Rate {
        count: integer(successes, &format_args!("{name}, successes"))?,
        total: integer(total, &format_args!("{name}, total"))?,
    };
    if rate.count > rate.total {
        let message = format!(
            "{name}: expected at most as many successes as trials, found {}/{}",
            rate.count, rate.total
        );
        return Err(input_error(py, &message, None));
    }
    Ok(rate)
}

#[pyfunction]
fn filecoin_spark_rate(
    py: Python<'_>,
    successes: &Bound<'_, PyAny>,
    total: &Bound<'_, PyAny>,
) -> PyResult<(Option<u32>, Option<u32>, Option<u32>)> {
    let rate = rate_of(py, "rate", successes, total)?;
    Ok(py.detach(|| (rate.millionths(), rate.lower_bound(), rate.upper_bound())))
}

type Counts<'py> = Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

#[pyfunction]
#[pyo3(signature = (*, proving = None, retrieval = None, storage = None))]
fn filecoin_spark_reputation(
    py: Python<'_>,
    proving: Counts<'_>,
    retrieval: Counts<'_>,
    storage: Counts<'_>,
) -> PyResult<u64> {
    let part = |name: &str, counts: Counts<'_>| {
        counts.map(|(successes, total)| rate_of(py, name, &successes, &total)).transpose()
    };
    let reputation = Reputation {
        proving: part("proving", proving)?,
        retrieval: part("retrieval", retrieval)?,
        storage: part("storage", storage)?,
    };
    Ok(py.detach(|| reputation.score()))
}
