//! Windowed availability, the default model.
//!
//! In: decided slots per window, of this epoch and of the state. Out: a score in `[0, ONE]` and how much is known. Rule:
//! scoring and rewards, 2.3 and 5.1. Invariant: every window weighs the same, so one bad hour with many probes costs one
//! window; an unobserved window neither helps nor hurts.

use crate::fixed::{FixedError, ONE, ratio};

/// Decided and scheduled slots of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// First second.
    pub start: i64,
    /// Slots decided up.
    pub up: u32,
    /// Slots decided up or down.
    pub total: u32,
    /// Slots in which the device was selected and challenged.
    pub scheduled: u32,
}

impl Window {
    /// Whether enough of the window's slots were decided to count.
    pub fn counts(&self) -> bool {
        self.total > 0 && 2 * u64::from(self.total) >= u64::from(self.scheduled)
    }
}

/// How much is known about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// No window counts.
    NoData = 0,
    /// Fewer windows than a full score needs.
    Provisional = 1,
    /// Enough windows.
    Full = 2,
}

/// Score of a device at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    /// The score; `ONE` as a placeholder without data.
    pub score: u64,
    /// Windows that counted.
    pub windows_used: u64,
    /// How much is known.
    pub state: State,
}

/// Start of the window that holds a second; windows have origin 0.
pub fn window_start(second: i64, length: i64) -> i64 {
    second.div_euclid(length).saturating_mul(length)
}

/// Adds the windows of an epoch to those of the state and drops the ones that have left the tracking period.
pub fn merge(earlier: &[Window], epoch: &[Window], end: i64, length: i64, tracking: i64) -> Vec<Window> {
    let mut merged: Vec<Window> = earlier.iter().chain(epoch).copied().collect();
    merged.sort_by_key(|window| window.start);
    merged.dedup_by(|next, kept| {
        let is_same = next.start == kept.start;
        if is_same {
            kept.up = kept.up.saturating_add(next.up);
            kept.total = kept.total.saturating_add(next.total);
            kept.scheduled = kept.scheduled.saturating_add(next.scheduled);
        }
        is_same
    });
    let oldest = window_start(end, length).saturating_sub(tracking);
    merged.retain(|window| window.start >= oldest && window.scheduled > 0);
    merged
}

/// The score at `moment`, from complete windows inside the tracking period.
pub fn evaluate(
    windows: &[Window],
    moment: i64,
    length: i64,
    tracking: i64,
    min_data_windows: u64,
) -> Result<Availability, FixedError> {
    let current = window_start(moment, length);
    let oldest = current.saturating_sub(tracking);
    let (mut sum, mut used) = (0_u64, 0_u64);
    for window in windows.iter().filter(|w| oldest <= w.start && w.start < current && w.counts()) {
        let share = ratio(u64::from(window.up), u64::from(window.total))?;
        sum = sum.checked_add(share).ok_or(FixedError::Overflow)?;
        used += 1;
    }
    let state = match used {
        0 => State::NoData,
        few if few < min_data_windows => State::Provisional,
        _ => State::Full,
    };
    Ok(Availability { score: sum.checked_div(used).unwrap_or(ONE), windows_used: used, state })
}
