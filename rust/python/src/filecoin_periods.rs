//! Binding of Filecoin's proving periods.
//!
//! In: a network's parameters, and in order of blocks what a provider did. Out: deadlines, fault records and refusals with
//! their labels. Invariant: what the service refuses is no exception, and changes nothing.

use depinverify_core::networks::filecoin::detection::detection_ppm;
use depinverify_core::networks::filecoin::proving_period::{
    CHALLENGES_PER_PROOF, Parameters, ProvingState, Service, Timeliness, Window, is_abandoned,
};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::input_error;
use crate::filecoin_arguments::type_name;
use crate::integers::{half_wide, integer};

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinProvingState>()?;
    module.add_function(wrap_pyfunction!(filecoin_challenge_epoch_refusal, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_proving_parameters, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_is_abandoned, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_detection_ppm, module)?)
}

/// Label of a refusal, and what was found.
type Refusal = (&'static str, String);

/// Epochs of a period, of its window, and those that a challenge must lie ahead.
type Triple = (u64, u64, u64);

/// The same, as Python gave it.
type Given<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The fault record that a start makes, if any; the refusal, if nothing was started.
type Started = (Option<(u64, u64)>, Option<Refusal>);

fn parameters_of(network: Option<&Bound<'_, PyAny>>) -> PyResult<Parameters> {
    let Some(network) = network else { return Ok(Parameters::MAINNET) };
    let py = network.py();
    let wrong = |found: &str| {
        let expected = "\"mainnet\", \"calibration\" or a triple of period, window and finality";
        input_error(py, &format!("network: expected {expected}, found {found}"), None)
    };
    if let Ok(name) = network.cast::<PyString>() {
        return match name.to_cow()?.as_ref() {
            "mainnet" => Ok(Parameters::MAINNET),
            "calibration" => Ok(Parameters::CALIBRATION),
            other => Err(wrong(&format!("{other:?}"))),
        };
    }
    let (period, window, finality): Given<'_> = network.extract().map_err(|_| wrong(&type_name(network)))?;
    let parameters = Parameters::new(
        integer(&period, &"network, period")?,
        integer(&window, &"network, window")?,
        integer(&finality, &"network, finality")?,
    );
    parameters.map_err(|error| input_error(py, &error.to_string(), None))
}

const fn triple(parameters: Parameters) -> Triple {
    (parameters.period(), parameters.window(), parameters.finality())
}

/// Where a data set stands with its proofs.
#[pyclass(module = "depinverify._native")]
#[derive(Clone)]
pub struct FilecoinProvingState(ProvingState);

#[pymethods]
impl FilecoinProvingState {
    #[new]
    #[pyo3(signature = (network = None, service = "warm_storage"))]
    #[pyo3(text_signature = "(network='mainnet', service='warm_storage')")]
    fn new(py: Python<'_>, network: Option<&Bound<'_, PyAny>>, service: &str) -> PyResult<Self> {
        let service = match service {
            "warm_storage" => Service::WarmStorage,
            "sample" => Service::Sample,
            other => {
                let message = format!("service: expected \"warm_storage\" or \"sample\", found {other:?}");
                return Err(input_error(py, &message, None));
            }
        };
        Ok(Self(ProvingState::new(parameters_of(network)?, service)))
    }

    #[getter]
    fn activation(&self) -> Option<u64> {
        self.0.activation()
    }

    #[getter]
    fn deadline(&self) -> Option<u64> {
        self.0.deadline()
    }

    #[getter]
    fn window(&self) -> Option<(u64, u64)> {
        self.0.window().map(|Window { opens, deadline }| (opens, deadline))
    }

    #[getter]
    fn is_proven(&self) -> bool {
        self.0.is_proven()
    }

    #[getter]
    fn parameters(&self) -> Triple {
        triple(self.0.parameters())
    }

    fn start(&mut self, block: &Bound<'_, PyAny>, challenge_epoch: &Bound<'_, PyAny>) -> PyResult<Started> {
        let started =
            self.0.start_next(integer(block, &"block")?, integer(challenge_epoch, &"challenge_epoch")?);
        Ok(match started {
            Ok(record) => (record.map(|record| (record.periods, record.deadline)), None),
            Err(refusal) => (None, Some((refusal.label(), refusal.to_string()))),
        })
    }

    #[pyo3(signature = (block, challenges = None))]
    #[pyo3(text_signature = "($self, block, challenges=5)")]
    fn prove(
        &mut self,
        block: &Bound<'_, PyAny>,
        challenges: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Refusal>> {
        let challenges =
            challenges.map_or(Ok(CHALLENGES_PER_PROOF), |challenges| integer(challenges, &"challenges"))?;
        let proven = self.0.prove(integer(block, &"block")?, challenges);
        Ok(proven.err().map(|refusal| (refusal.label(), refusal.to_string())))
    }

    fn timeliness(&self, block: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
        let block = integer(block, &"block")?;
        Ok(self.0.window().map(|window| window.timeliness(block)).map(Timeliness::label))
    }

    fn overdue_periods(&self, now: &Bound<'_, PyAny>) -> PyResult<u64> {
        Ok(self.0.overdue_periods(integer(now, &"now")?))
    }

    fn __copy__(&self) -> Self {
        self.clone()
    }
}

#[pyfunction]
#[pyo3(signature = (block, challenge_epoch, *, network = None))]
#[pyo3(text_signature = "(block, challenge_epoch, *, network='mainnet')")]
fn filecoin_challenge_epoch_refusal(
    block: &Bound<'_, PyAny>,
    challenge_epoch: &Bound<'_, PyAny>,
    network: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Refusal>> {
    let (block, epoch) = (integer(block, &"block")?, integer(challenge_epoch, &"challenge_epoch")?);
    let checked = parameters_of(network)?.check_challenge(block, epoch);
    Ok(checked.err().map(|refusal| (refusal.label(), refusal.to_string())))
}

#[pyfunction]
fn filecoin_proving_parameters(network: &Bound<'_, PyAny>) -> PyResult<Triple> {
    parameters_of(Some(network)).map(triple)
}

#[pyfunction]
fn filecoin_is_abandoned(last_action: &Bound<'_, PyAny>, now: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(is_abandoned(integer(last_action, &"last_action")?, integer(now, &"now")?))
}

#[pyfunction]
fn filecoin_detection_ppm(
    lost: &Bound<'_, PyAny>,
    leaves: &Bound<'_, PyAny>,
    periods: &Bound<'_, PyAny>,
) -> PyResult<u32> {
    let py = lost.py();
    let (lost, leaves) = (half_wide(lost, &"lost")?, half_wide(leaves, &"leaves")?);
    let periods = integer(periods, &"periods")?;
    py.detach(|| detection_ppm(lost, leaves, periods))
        .map_err(|error| input_error(py, &error.to_string(), None))
}
