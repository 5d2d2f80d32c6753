//! What several say made into one: tracks of a score, reports of a committee, operators of a network.

use depinverify_core::fixed::FixedError;
use depinverify_core::score::{combination, committee, diversity};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::Bytes;
use crate::errors::input_error;
use crate::integers::{column, integer, optional_column, require_one_length};

/// A result, and of each report whether it is that of the majority.
type Ruling<'py> = (Bound<'py, PyBytes>, Vec<&'static str>);

/// 5.10: tracks in the listed order.
#[pyfunction]
fn product_of_scores(py: Python<'_>, scores: &Bound<'_, PyAny>) -> PyResult<u64> {
    let scores: Vec<u64> = column(scores, "scores")?;
    combination::product(scores)
        .map_err(|error| input_error(py, &format!("column \"scores\": {error}"), None))
}

/// 5.10: tracks as a weighted mean.
#[pyfunction]
fn weighted_mean(py: Python<'_>, weights: &Bound<'_, PyAny>, scores: &Bound<'_, PyAny>) -> PyResult<u64> {
    let (weights, scores): (Vec<u64>, Vec<u64>) = (column(weights, "weights")?, column(scores, "scores")?);
    require_one_length(py, &[("weights", weights.len()), ("scores", scores.len())])?;
    combination::weighted_mean(weights.into_iter().zip(scores)).map_err(|error| {
        let message = match error {
            FixedError::DivisionByZero => "column \"weights\": expected a sum above 0, found 0".to_owned(),
            FixedError::Overflow => format!("columns \"weights\" and \"scores\": {error}"),
        };
        input_error(py, &message, None)
    })
}

/// 7.4: what a committee finds.
#[pyfunction]
#[pyo3(signature = (reports, *, least=None))]
fn committee_ruling<'py>(
    py: Python<'py>,
    reports: &Bound<'py, PyAny>,
    least: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Ruling<'py>>> {
    let least: u64 = least.map_or(Ok(committee::LEAST_REPORTERS as u64), |least| integer(least, &"least"))?;
    let reports = Bytes::take(reports, "reports")?;
    reports.require_all(py)?;
    let reports = reports.column(py)?;
    let rows: Vec<&[u8]> = (0..reports.len()).map(|row| reports.get(row)).collect();
    // More members than memory holds never report.
    let found = py.detach(|| committee::ruling(&rows, usize::try_from(least).unwrap_or(usize::MAX)));
    Ok(found.map(|ruling| {
        let name = |is_majority: bool| if is_majority { "MAJORITY" } else { "MINORITY" };
        (PyBytes::new(py, ruling.result), ruling.is_majority.into_iter().map(name).collect())
    }))
}

/// 7.3: the multiplier of each device.
#[pyfunction]
fn diversity_multipliers(py: Python<'_>, operators: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    let operators: Vec<Option<u32>> = optional_column(operators, "operators")?;
    py.detach(|| diversity::multipliers(&operators))
        .map_err(|error| input_error(py, &format!("column \"operators\": {error}"), None))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(product_of_scores, module)?)?;
    module.add_function(wrap_pyfunction!(weighted_mean, module)?)?;
    module.add_function(wrap_pyfunction!(committee_ruling, module)?)?;
    module.add_function(wrap_pyfunction!(diversity_multipliers, module)?)
}
