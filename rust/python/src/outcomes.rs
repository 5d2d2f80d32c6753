//! Scores from outcomes alone, for Python: an Arrow stream in, one row a device out.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{ArrayRef, RecordBatch, UInt8Array, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use depinverify_core::score::outcomes::{OutcomeScorer, Outcomes, Row, Rules};
use depinverify_core::verdict::Outcome;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::{PyRecordBatch, PyRecordBatchReader};

use crate::errors::input_error;

/// Scores outcomes that ascend by slot, device and validator.
#[pyfunction]
#[pyo3(signature = (
    rows, *, devices, owners, start, end, slot_seconds, window_s, tracking_s, min_data_windows=1, quorum=2,
    exclude_network_events=false, clusters=None, was_up=Vec::new(), unreliable=Vec::new()
))]
#[allow(clippy::too_many_arguments)]
fn score_outcomes(
    py: Python<'_>,
    rows: PyRecordBatchReader,
    devices: u32,
    owners: Vec<u16>,
    start: i64,
    end: i64,
    slot_seconds: u32,
    window_s: i64,
    tracking_s: i64,
    min_data_windows: u64,
    quorum: usize,
    exclude_network_events: bool,
    clusters: Option<Vec<u32>>,
    was_up: Vec<Option<bool>>,
    unreliable: Vec<u16>,
) -> PyResult<Bound<'_, PyDict>> {
    let clusters = clusters.unwrap_or_else(|| (0..devices).collect());
    if clusters.len() != devices as usize {
        let message =
            format!("clusters: expected one of each of {devices} devices, found {}", clusters.len());
        return Err(input_error(py, &message, None));
    }
    if window_s < 1 || quorum == 0 {
        return Err(input_error(py, "expected window_s and quorum of at least 1", None));
    }
    let mut is_unreliable = vec![false; owners.len()];
    for validator in unreliable {
        match is_unreliable.get_mut(usize::from(validator)) {
            Some(flag) => *flag = true,
            None => {
                return Err(input_error(
                    py,
                    &format!("unreliable: no validator has number {validator}"),
                    None,
                ));
            }
        }
    }
    let rules = Rules {
        start,
        end,
        slot_seconds,
        window_s,
        tracking_s,
        min_data_windows,
        quorum,
        exclude_network_events,
        owners,
        clusters,
        unreliable: is_unreliable,
    };
    let reader = rows.into_reader()?;
    let scored = py.detach(|| -> Result<Outcomes, String> {
        let mut scorer = OutcomeScorer::new(rules, &was_up);
        for batch in reader {
            push(&batch.map_err(|error| error.to_string())?, &mut scorer)?;
        }
        scorer.finish().map_err(|error| error.to_string())
    });
    let scored = scored.map_err(|what| input_error(py, &what, None))?;
    let found = PyDict::new(py);
    found.set_item("scores", PyRecordBatch::new(table(py, &scored)?).into_arro3(py)?)?;
    let exclusions: Vec<_> = scored
        .exclusions
        .iter()
        .map(|(slot, e)| (*slot, e.participant, e.reason, e.n, e.f, e.n2, e.f2))
        .collect();
    found.set_item("exclusions", exclusions)?;
    found.set_item("events", scored.events)?;
    let witnesses: Vec<_> = scored.witnesses.iter().map(|w| (w.slots_probed, w.slots_excluded)).collect();
    found.set_item("validators", witnesses)?;
    Ok(found)
}

fn push(batch: &RecordBatch, scorer: &mut OutcomeScorer) -> Result<(), String> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("expected a column {name:?}"));
    let wrong = |name: &str, kind: &str| format!("column {name:?}: expected {kind}");
    let (slot, device) = (column("slot")?, column("device")?);
    let (validator, outcome) = (column("validator")?, column("outcome")?);
    if [slot, device, validator, outcome].iter().any(|column| column.null_count() > 0) {
        return Err("expected no nulls".to_owned());
    }
    let slot = slot.as_primitive_opt::<UInt32Type>().ok_or_else(|| wrong("slot", "uint32"))?;
    let device = device.as_primitive_opt::<UInt32Type>().ok_or_else(|| wrong("device", "uint32"))?;
    let validator = validator.as_primitive_opt::<UInt16Type>().ok_or_else(|| wrong("validator", "uint16"))?;
    let outcome = outcome.as_primitive_opt::<UInt8Type>().ok_or_else(|| wrong("outcome", "uint8"))?;
    let keys = slot.values().iter().zip(device.values()).zip(validator.values());
    for (((slot, device), validator), outcome) in keys.zip(outcome.values()) {
        let outcome = Outcome::from_number(*outcome)
            .ok_or_else(|| wrong("outcome", "a number of the catalogue's outcomes"))?;
        let row = Row { slot: *slot, device: *device, validator: *validator, outcome };
        scorer.push(row).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn table(py: Python<'_>, scored: &Outcomes) -> PyResult<RecordBatch> {
    let scores = &scored.scores;
    let long = |get: fn(&depinverify_core::score::outcomes::OutcomeScore) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(scores.iter().map(get)))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("device", Arc::new((0..).take(scores.len()).collect::<UInt32Array>())),
        ("state", Arc::new(UInt8Array::from_iter_values(scores.iter().map(|s| s.availability.state as u8)))),
        ("score_e12", long(|score| score.availability.score)),
        ("windows_used", long(|score| score.availability.windows_used)),
        ("up", long(|score| u64::from(score.up))),
        ("down", long(|score| u64::from(score.down))),
        ("excluded", long(|score| u64::from(score.excluded))),
    ];
    let was_up = scores.iter().map(|score| score.was_up).collect::<arrow_array::BooleanArray>();
    let mut fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), false)).collect();
    fields.push(Field::new("was_up", DataType::Boolean, true));
    let mut columns: Vec<ArrayRef> = columns.into_iter().map(|(_, column)| column).collect();
    columns.push(Arc::new(was_up));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| input_error(py, &error.to_string(), None))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(score_outcomes, module)?)
}
