//! The slots of one device for Python: who was to probe it, what they said, and what was decided.

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use depinverify_core::networks::generic::ruling::Check;
use depinverify_core::schema;
use depinverify_core::score::device_slots::{self, Dropped, LeftOut, SlotRow, VerdictRow};
use depinverify_core::score::quorum::Decision;
use depinverify_core::verdict::Outcome;
use depinverify_core::verify::epoch::Epoch;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use pyo3_arrow::PyRecordBatchReader;

use crate::errors::input_error;

/// A row for scoring, and its code.
type Coded = (VerdictRow, u8);

/// The slots of a device as dictionaries.
pub fn device_slots<'py>(
    py: Python<'py>,
    epoch: &Epoch,
    device: &[u8],
    verdicts: PyRecordBatchReader,
    left_out: &LeftOut,
) -> PyResult<Bound<'py, PyList>> {
    let reader = verdicts.into_reader()?;
    let found = py.detach(|| {
        let position =
            epoch.device_index(device).ok_or("the device is not in the registry for this epoch")?;
        let mut coded: Vec<Coded> = Vec::new();
        for batch in reader {
            read(&batch.map_err(|error| error.to_string())?, device, &mut coded)?;
        }
        let (rows, codes): (Vec<VerdictRow>, Vec<u8>) = coded.into_iter().unzip();
        let slots = device_slots::device_slots(epoch, position, &rows, left_out);
        Ok((rows, codes, slots))
    });
    let (rows, codes, slots) = found.map_err(|what: String| input_error(py, &what, None))?;
    let listed = PyList::empty(py);
    for slot in slots {
        let entry = PyDict::new(py);
        entry.set_item("slot", slot.slot)?;
        entry.set_item("start", slot.start)?;
        entry.set_item("window", slot.window)?;
        entry.set_item("challenged", slot.is_challenged)?;
        let assigned = slot.assigned.iter().filter_map(|at| epoch.participants.get(usize::from(*at)));
        let assigned: Vec<_> = assigned.map(|participant| PyBytes::new(py, &participant.id)).collect();
        entry.set_item("assigned", assigned)?;
        entry.set_item("decision", slot.decision.map(name))?;
        let own = PyList::empty(py);
        for judged in &slot.rows {
            let row = rows.get(judged.position).zip(codes.get(judged.position));
            if let Some((row, code)) = row {
                own.append(row_entry(py, row, *code, judged)?)?;
            }
        }
        entry.set_item("rows", own)?;
        listed.append(entry)?;
    }
    Ok(listed)
}

fn row_entry<'py>(
    py: Python<'py>,
    row: &VerdictRow,
    code: u8,
    judged: &SlotRow,
) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("row_id", PyBytes::new(py, &row.id))?;
    entry.set_item("validator", PyBytes::new(py, &row.validator))?;
    entry.set_item("code", code)?;
    entry.set_item("outcome", row.outcome as u8)?;
    entry.set_item("kept", judged.is_kept)?;
    entry.set_item("counts", judged.counts.map(name))?;
    let dropped = judged.dropped.map(|dropped| match dropped {
        Dropped::Excluded => "EXCLUDED",
        Dropped::Unreliable => "UNRELIABLE",
    });
    entry.set_item("dropped", dropped)?;
    Ok(entry)
}

fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Up => "UP",
        Decision::Down => "DOWN",
    }
}

/// Adds the rows of the device in a batch of the verdict table.
fn read(batch: &RecordBatch, device: &[u8], rows: &mut Vec<Coded>) -> Result<(), String> {
    let types = |schema: &arrow_schema::Schema| -> Vec<(String, arrow_schema::DataType)> {
        schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
    };
    if types(&batch.schema()) != types(&schema::verdicts()) {
        return Err(format!("expected the columns of verdicts, found {}", batch.schema()));
    }
    let [ids, validators, devices] = [0, 1, 2].map(|column| batch.column(column).as_binary::<i32>());
    let (slots, codes) =
        (batch.column(3).as_primitive::<UInt64Type>(), batch.column(5).as_primitive::<UInt8Type>());
    let [failed, not_run] = [6, 7].map(|column| batch.column(column).as_primitive::<UInt32Type>());
    let outcomes = batch.column(8).as_primitive::<UInt8Type>();
    let proofs = batch.column(9);
    for row in (0..batch.num_rows()).filter(|row| devices.value(*row) == device) {
        let number = outcomes.value(row);
        let outcome =
            Outcome::from_number(number).ok_or_else(|| format!("no outcome has number {number}"))?;
        let has_passed = (failed.value(row) | not_run.value(row)) & Check::BadSignature.bit() == 0;
        let found = VerdictRow {
            slot: slots.value(row),
            id: ids.value(row).to_vec(),
            validator: validators.value(row).to_vec(),
            outcome,
            is_signed: proofs.is_valid(row) && has_passed,
        };
        rows.push((found, codes.value(row)));
    }
    Ok(())
}
