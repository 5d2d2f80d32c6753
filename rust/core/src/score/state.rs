//! What one epoch hands to the next about each device: `state.jsonl`.
//!
//! In: the earlier epoch's lines. Out: one record per device of the snapshot, and this epoch's lines. Rule: uptime proof,
//! 9.3. Invariant: reading back what was written gives the same records; a device that is not eligible drops out.

use std::io::Write;

use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::availability::Window;
use crate::registry::Device;

/// What is known about a device from earlier epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriorState {
    /// Last boot count.
    pub bootcount: Option<i64>,
    /// Anchored boot time.
    pub boot_first: Option<i64>,
    /// Whether the last decided slot was up.
    pub prior_up: Option<bool>,
    /// Counted windows, ascending.
    pub windows: Vec<Window>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    boot_first: Option<i64>,
    bootcount: Option<i64>,
    device: String,
    prior_up: Option<bool>,
    windows: Vec<(i64, u32, u32, u32)>,
}

/// A line of `state.jsonl` that is not of its form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("state.jsonl line {line}: {what}")]
pub struct StateError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What was expected or found.
    pub what: String,
}

/// Reads the earlier state of each device of the snapshot; devices without a line start from nothing.
pub fn read(lines: &[u8], devices: &[Device]) -> Result<Vec<PriorState>, StateError> {
    let mut states = vec![PriorState::default(); devices.len()];
    let lines = lines.split_inclusive(|byte| *byte == b'\n').enumerate();
    let mut last: Option<Vec<u8>> = None;
    for (index, line) in lines {
        let fail = |what: String| StateError { line: index + 1, what };
        let line: Line = serde_json::from_slice(line).map_err(|error| fail(error.to_string()))?;
        let id = HEXLOWER
            .decode(line.device.as_bytes())
            .map_err(|error| fail(format!("expected a device id as lower-case hex: {error}")))?;
        if last.as_ref().is_some_and(|last| *last >= id) {
            return Err(fail("expected devices in ascending order, each once".to_owned()));
        }
        let windows: Vec<Window> = line
            .windows
            .iter()
            .map(|(start, up, total, scheduled)| Window {
                start: *start,
                up: *up,
                total: *total,
                scheduled: *scheduled,
            })
            .collect();
        if !windows.is_sorted_by(|a, b| a.start < b.start) || windows.iter().any(|w| w.up > w.total) {
            return Err(fail(
                "expected ascending windows [start, up, total, scheduled] with up <= total".to_owned(),
            ));
        }
        if let Some(state) = devices
            .binary_search_by(|device| device.id.as_slice().cmp(&id))
            .ok()
            .and_then(|position| states.get_mut(position))
        {
            *state = PriorState {
                bootcount: line.bootcount,
                boot_first: line.boot_first,
                prior_up: line.prior_up,
                windows,
            };
        }
        last = Some(id);
    }
    Ok(states)
}

/// Writes the lines of all devices.
pub fn write(devices: &[Device], states: &[PriorState]) -> Vec<u8> {
    let mut out = Vec::new();
    for (device, state) in devices.iter().zip(states) {
        let text = |value: Option<i64>| value.map_or("null".to_owned(), |value| value.to_string());
        let windows: Vec<String> = state
            .windows
            .iter()
            .map(|w| format!("[{},{},{},{}]", w.start, w.up, w.total, w.scheduled))
            .collect();
        // Writing to a Vec cannot fail.
        let _ = writeln!(
            out,
            r#"{{"boot_first":{},"bootcount":{},"device":"{}","prior_up":{},"windows":[{}]}}"#,
            text(state.boot_first),
            text(state.bootcount),
            HEXLOWER.encode(&device.id),
            state.prior_up.map_or("null", |up| if up { "true" } else { "false" }),
            windows.join(","),
        );
    }
    out
}
