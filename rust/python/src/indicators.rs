//! Indicators of fraud and collusion, for networks that keep the data behind them.
//!
//! In: columns of integers. Out: a dictionary for each finding, its members named as in the numbers of an indicator.

use depinverify_core::checks::geography::UnitVector;
use depinverify_core::checks::light_distance::{self, Place, Witness};
use depinverify_core::indicators::clone_timing::{CloneError, MOST_LOOKS, RoundTrip, clones};
use depinverify_core::indicators::concentration::concentration;
use depinverify_core::indicators::constant_data::{self as constant, Reading};
use depinverify_core::indicators::insularity::insularity;
use depinverify_core::indicators::reciprocity::reciprocity;
use depinverify_core::indicators::self_dealing::{self as dealing, Party};
use depinverify_core::indicators::too_regular as regular;
use depinverify_core::indicators::witnesses::{Sighting, Witnesses};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::Bytes;
use crate::errors::input_error;
use crate::integers::{column, integer, optional_column, require_one_length};

type Dicts<'py> = PyResult<Vec<Bound<'py, PyDict>>>;

fn numbers<'py>(py: Python<'py>, members: &[(&str, u64)]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in members {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

fn refuse(py: Python<'_>, error: &dyn std::error::Error) -> PyErr {
    input_error(py, &error.to_string(), None)
}

/// 4.2: the distance that a round trip leaves possible.
#[pyfunction]
fn light_distance_m(rtt_ns: &Bound<'_, PyAny>) -> PyResult<u64> {
    Ok(light_distance::light_distance_m(integer(rtt_ns, &"rtt_ns")?))
}

/// 4.3: coordinates of a place on the sphere.
#[pyfunction]
fn earth_centred(lat_e7: &Bound<'_, PyAny>, lon_e7: &Bound<'_, PyAny>) -> PyResult<(i64, i64, i64)> {
    let (lat, lon): (i32, i32) = (integer(lat_e7, &"lat_e7")?, integer(lon_e7, &"lon_e7")?);
    for (name, value, most) in [("lat_e7", lat, 900_000_000), ("lon_e7", lon, 1_800_000_000)] {
        if value.unsigned_abs() > most {
            let message = format!("{name}: expected an integer from -{most} to {most}, found {value}");
            return Err(input_error(lat_e7.py(), &message, Some("places are in 10^-7 degrees")));
        }
    }
    let [x, y, z] = UnitVector::new(lat, lon).metres();
    Ok((x, y, z))
}

/// A place as coordinates and uncertainty; `name` is how messages call it.
fn place(position: &Bound<'_, PyAny>, uncertainty_m: &Bound<'_, PyAny>, name: &str) -> PyResult<Place> {
    let position = column::<i64>(position, &format!("{name}position"))?;
    let metres: [i64; 3] = position.as_slice().try_into().map_err(|_| {
        let message =
            format!("{name}position: expected (x, y, z) in metres, found {} numbers", position.len());
        input_error(uncertainty_m.py(), &message, None)
    })?;
    let uncertainty = integer(uncertainty_m, &format_args!("{name}uncertainty_m"))?;
    Place::new(metres, uncertainty)
        .map_err(|error| input_error(uncertainty_m.py(), &format!("{name}position: {error}"), None))
}

/// 4.3 to 4.5: what validators' round trips say of a claimed place.
#[pyfunction]
fn judge_location<'py>(
    py: Python<'py>,
    position: &Bound<'py, PyAny>,
    uncertainty_m: &Bound<'py, PyAny>,
    validators: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    type Row<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);
    let claim = place(position, uncertainty_m, "")?;
    let rows = validators.try_iter().map_err(|_| {
        input_error(py, "validators: expected a sequence of them, found a single value", None)
    })?;
    let mut witnesses = Vec::new();
    for (at, row) in rows.enumerate() {
        let (owner, position, uncertainty_m, rtts_ns) = row?.extract::<Row<'py>>().map_err(|_| {
            let message = format!(
                "validators[{at}]: expected a tuple (owner, (x, y, z), uncertainty_m, rtts_ns), found another value"
            );
            input_error(py, &message, None)
        })?;
        let rtts_ns: Vec<u64> = column(&rtts_ns, &format!("validators[{at}].rtts_ns"))?;
        witnesses.push(Witness {
            owner: integer(&owner, &format_args!("validators[{at}].owner"))?,
            place: place(&position, &uncertainty_m, &format!("validators[{at}]."))?,
            fastest_ns: light_distance::fastest(&rtts_ns),
        });
    }
    let judged = py.detach(|| light_distance::judge(&claim, &witnesses));
    let dict = PyDict::new(py);
    dict.set_item("findings", judged.findings.iter().map(|finding| finding.name()).collect::<Vec<_>>())?;
    dict.set_item("owners_for", judged.owners_for)?;
    dict.set_item("owners_against", judged.owners_against)?;
    dict.set_item("is_disproved", judged.is_disproved())?;
    dict.set_item("is_confirmed", judged.is_confirmed)?;
    Ok(dict)
}

/// 7.2: `CLONE_TIMING` among the devices that one validator probed.
#[pyfunction]
#[pyo3(signature = (devices, slots, rtts_ns, *, most_looks=None))]
fn clone_timing<'py>(
    py: Python<'py>,
    devices: &Bound<'py, PyAny>,
    slots: &Bound<'py, PyAny>,
    rtts_ns: &Bound<'py, PyAny>,
    most_looks: Option<&Bound<'py, PyAny>>,
) -> Dicts<'py> {
    let (devices, slots): (Vec<u32>, Vec<u64>) = (column(devices, "devices")?, column(slots, "slots")?);
    let rtts: Vec<u64> = column(rtts_ns, "rtts_ns")?;
    require_one_length(py, &[("devices", devices.len()), ("slots", slots.len()), ("rtts_ns", rtts.len())])?;
    let most_looks = most_looks.map_or(Ok(MOST_LOOKS), |most_looks| integer(most_looks, &"most_looks"))?;
    let found = py.detach(|| {
        let rows = devices.into_iter().zip(slots).zip(rtts);
        let round_trips: Vec<RoundTrip> =
            rows.map(|((device, slot), rtt_ns)| RoundTrip { device, slot, rtt_ns }).collect();
        clones(&round_trips, most_looks)
    });
    let found = found.map_err(|error| {
        let is_limit = matches!(error, CloneError::Looks { .. });
        let hint = "give the devices of one owner, address prefix or cell at a time, or a larger most_looks";
        input_error(py, &error.to_string(), is_limit.then_some(hint))
    })?;
    found
        .into_iter()
        .map(|clones| {
            let members = [
                ("pairs", clones.pairs),
                ("by_rank", clones.by_rank),
                ("by_share", clones.by_share),
                ("least_slots", clones.least_slots),
            ];
            let dict = numbers(py, &members)?;
            dict.set_item("devices", clones.devices)?;
            Ok(dict)
        })
        .collect()
}

/// 7.2: `CONSTANT_DATA`.
#[pyfunction]
#[pyo3(signature = (devices, times, values, *, limit_s))]
fn constant_data<'py>(
    py: Python<'py>,
    devices: &Bound<'py, PyAny>,
    times: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    limit_s: &Bound<'py, PyAny>,
) -> Dicts<'py> {
    let (devices, times): (Vec<u32>, Vec<i64>) = (column(devices, "devices")?, column(times, "times")?);
    let values = Bytes::take(values, "values")?;
    values.require_all(py)?;
    let values = values.column(py)?;
    require_one_length(py, &[("devices", devices.len()), ("times", times.len()), ("values", values.len())])?;
    let limit_s = integer(limit_s, &"limit_s")?;
    let found = py.detach(|| {
        let rows = devices.iter().zip(&times).enumerate();
        let readings: Vec<Reading<'_>> = rows
            .map(|(row, (device, at))| Reading { device: *device, at: *at, value: values.get(row) })
            .collect();
        constant::constant_data(&readings, limit_s)
    });
    found
        .into_iter()
        .map(|run| {
            let dict = numbers(py, &[("device", run.device.into()), ("moments", run.moments)])?;
            dict.set_item("first_s", run.from)?;
            dict.set_item("last_s", run.to)?;
            Ok(dict)
        })
        .collect()
}

/// 7.2: `TOO_REGULAR`.
#[pyfunction]
fn too_regular<'py>(py: Python<'py>, series: &Bound<'py, PyAny>, rtts_ns: &Bound<'py, PyAny>) -> Dicts<'py> {
    let (series, rtts): (Vec<u32>, Vec<u64>) = (column(series, "series")?, column(rtts_ns, "rtts_ns")?);
    require_one_length(py, &[("series", series.len()), ("rtts_ns", rtts.len())])?;
    let found = py.detach(|| regular::too_regular(series.into_iter().zip(rtts)));
    found
        .into_iter()
        .map(|found| {
            let members = [
                ("series", found.series.into()),
                ("answers", found.answers),
                ("least_ns", found.least_ns),
                ("most_ns", found.most_ns),
                ("mean_ns", found.mean_ns),
            ];
            numbers(py, &members)
        })
        .collect()
}

/// The columns that the three indicators of witnesses share.
fn witnesses(
    seen: &Bound<'_, PyAny>,
    by: &Bound<'_, PyAny>,
    events: &Bound<'_, PyAny>,
) -> PyResult<Witnesses> {
    let py = seen.py();
    let (seen, by): (Vec<u32>, Vec<u32>) = (column(seen, "seen")?, column(by, "by")?);
    let events: Vec<u64> = column(events, "events")?;
    require_one_length(py, &[("seen", seen.len()), ("by", by.len()), ("events", events.len())])?;
    let sightings = seen.into_iter().zip(by).zip(events);
    let sightings = sightings.map(|((seen, by), events)| Sighting { seen, by, events });
    py.detach(|| Witnesses::new(sightings)).map_err(|error| refuse(py, &error))
}

/// 7.2: `WITNESS_RECIPROCITY`.
#[pyfunction]
fn witness_reciprocity<'py>(
    py: Python<'py>,
    seen: &Bound<'py, PyAny>,
    by: &Bound<'py, PyAny>,
    events: &Bound<'py, PyAny>,
) -> Dicts<'py> {
    let witnesses = witnesses(seen, by, events)?;
    let found = py.detach(|| reciprocity(&witnesses));
    found
        .into_iter()
        .map(|found| {
            let members = [
                ("a", found.pair.a.into()),
                ("b", found.pair.b.into()),
                ("a_by_b", found.pair.a_by_b),
                ("b_by_a", found.pair.b_by_a),
                ("events_of_a", found.events_of_a),
                ("events_of_b", found.events_of_b),
            ];
            numbers(py, &members)
        })
        .collect()
}

/// 7.2: `WITNESS_CONCENTRATION`.
#[pyfunction]
#[pyo3(signature = (seen, by, events, *, others_in_range))]
fn witness_concentration<'py>(
    py: Python<'py>,
    seen: &Bound<'py, PyAny>,
    by: &Bound<'py, PyAny>,
    events: &Bound<'py, PyAny>,
    others_in_range: &Bound<'py, PyAny>,
) -> Dicts<'py> {
    let witnesses = witnesses(seen, by, events)?;
    let others: Vec<u64> = column(others_in_range, "others_in_range")?;
    if let Some((last, _)) =
        witnesses.devices.last_key_value().filter(|(last, _)| **last as usize >= others.len())
    {
        let message = format!(
            "column \"others_in_range\": expected a row for each device from 0 to {last}, found {} rows",
            others.len()
        );
        return Err(input_error(py, &message, None));
    }
    let range = |device: u32| others.get(device as usize).copied().unwrap_or(0);
    let found = py.detach(|| concentration(&witnesses, range));
    found
        .into_iter()
        .map(|found| {
            let members = [
                ("device", found.device.into()),
                ("events", found.events),
                ("witnesses", found.witnesses),
                ("index_e12", found.index),
            ];
            numbers(py, &members)
        })
        .collect()
}

/// 7.2: `CLIQUE_INSULARITY`.
#[pyfunction]
fn clique_insularity<'py>(
    py: Python<'py>,
    seen: &Bound<'py, PyAny>,
    by: &Bound<'py, PyAny>,
    events: &Bound<'py, PyAny>,
) -> Dicts<'py> {
    let witnesses = witnesses(seen, by, events)?;
    let found = py.detach(|| insularity(&witnesses));
    found
        .into_iter()
        .map(|found| {
            let members = [("internal", found.internal), ("touching", found.touching), ("tie", found.tie)];
            let dict = numbers(py, &members)?;
            dict.set_item("devices", found.devices)?;
            Ok(dict)
        })
        .collect()
}

/// Owners and payees of devices or of validators.
fn parties(
    owners: &Bound<'_, PyAny>,
    payees: Option<&Bound<'_, PyAny>>,
    [owners_name, payees_name]: [&str; 2],
) -> PyResult<Vec<Party>> {
    let owners: Vec<u64> = column(owners, owners_name)?;
    let payees: Vec<Option<u64>> = match payees {
        Some(payees) => {
            let found = optional_column(payees, payees_name)?;
            require_one_length(payees.py(), &[(owners_name, owners.len()), (payees_name, found.len())])?;
            found
        }
        None => vec![None; owners.len()],
    };
    Ok(owners.into_iter().zip(payees).map(|(owner, payee)| Party { owner, payee }).collect())
}

/// 7.2: `SELF_DEALING`.
#[pyfunction]
#[pyo3(signature = (
    devices, validators, *, device_owners, validator_owners, device_payees=None, validator_payees=None
))]
fn self_dealing<'py>(
    py: Python<'py>,
    devices: &Bound<'py, PyAny>,
    validators: &Bound<'py, PyAny>,
    device_owners: &Bound<'py, PyAny>,
    validator_owners: &Bound<'py, PyAny>,
    device_payees: Option<&Bound<'py, PyAny>>,
    validator_payees: Option<&Bound<'py, PyAny>>,
) -> Dicts<'py> {
    let (devices, validators): (Vec<u32>, Vec<u32>) =
        (column(devices, "devices")?, column(validators, "validators")?);
    require_one_length(py, &[("devices", devices.len()), ("validators", validators.len())])?;
    let of_devices = parties(device_owners, device_payees, ["device_owners", "device_payees"])?;
    let of_validators =
        parties(validator_owners, validator_payees, ["validator_owners", "validator_payees"])?;
    let rows = devices.into_iter().zip(validators);
    let found = py
        .detach(|| dealing::self_dealing(&of_devices, &of_validators, rows))
        .map_err(|error| refuse(py, &error))?;
    found
        .into_iter()
        .map(|found| {
            let members = [
                ("device", found.device.into()),
                ("validator", found.validator.into()),
                ("rows", found.rows),
            ];
            let dict = numbers(py, &members)?;
            dict.set_item("shares_owner", found.shares_owner)?;
            dict.set_item("shares_payee", found.shares_payee)?;
            Ok(dict)
        })
        .collect()
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(light_distance_m, module)?)?;
    module.add_function(wrap_pyfunction!(earth_centred, module)?)?;
    module.add_function(wrap_pyfunction!(judge_location, module)?)?;
    module.add_function(wrap_pyfunction!(clone_timing, module)?)?;
    module.add_function(wrap_pyfunction!(constant_data, module)?)?;
    module.add_function(wrap_pyfunction!(too_regular, module)?)?;
    module.add_function(wrap_pyfunction!(witness_reciprocity, module)?)?;
    module.add_function(wrap_pyfunction!(witness_concentration, module)?)?;
    module.add_function(wrap_pyfunction!(clique_insularity, module)?)?;
    module.add_function(wrap_pyfunction!(self_dealing, module)?)
}
