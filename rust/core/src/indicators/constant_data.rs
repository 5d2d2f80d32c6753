//! Measured values that stand still although they should vary.
//!
//! In: readings of one quantity: device, time, bytes of the value. Out: `CONSTANT_DATA`. Rule: scoring and rewards, 7.2: a
//! value is bit-identical for longer than its ruleset limit. Invariant: the order of the readings changes nothing.
//!
//! Chosen where the rule is silent:
//!
//! - A value is constant from the first to the last of readings with the same bytes that follow each other in time without
//!   another one between them; nothing is assumed of the time before and after them.
//! - Readings of one moment that differ are no constant value, whichever of them came first.
//! - Of a device's runs that are too long, the longest is given; of equally long ones the earliest.

/// One reading of a device's sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading<'a> {
    /// Number of the device.
    pub device: u32,
    /// When it was taken, seconds.
    pub at: i64,
    /// Its value as bytes.
    pub value: &'a [u8],
}

/// A value that was constant for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    /// Number of the device.
    pub device: u32,
    /// The first reading.
    pub from: i64,
    /// The last one.
    pub to: i64,
    /// Distinct moments with this reading.
    pub moments: u64,
}

impl Constant {
    fn seconds(&self) -> u64 {
        self.to.abs_diff(self.from)
    }
}

/// Devices whose value was constant for more than `limit_s` seconds, ascending.
pub fn constant_data(readings: &[Reading<'_>], limit_s: u64) -> Vec<Constant> {
    let mut sorted = readings.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a.device == b.device)
        .filter_map(longest)
        .filter(|run| run.seconds() > limit_s)
        .collect()
}

/// The longest run of one device's readings, which ascend.
fn longest(device: &[Reading<'_>]) -> Option<Constant> {
    let mut longest: Option<Constant> = None;
    let mut current: Option<(&[u8], Constant)> = None;
    for moment in device.chunk_by(|a, b| a.at == b.at) {
        let (Some(first), Some(last)) = (moment.first(), moment.last()) else { continue };
        // Equal readings of a moment stand together: they are all the same iff the first and the last are.
        current = (first.value == last.value).then(|| match current {
            Some((value, run)) if value == first.value => {
                (value, Constant { to: first.at, moments: run.moments + 1, ..run })
            }
            _ => (first.value, Constant { device: first.device, from: first.at, to: first.at, moments: 1 }),
        });
        let run = current.map(|(_, run)| run);
        longest = match (longest, run) {
            (Some(longest), Some(run)) if run.seconds() <= longest.seconds() => Some(longest),
            (longest, run) => run.or(longest),
        };
    }
    longest
}

#[cfg(test)]
#[path = "constant_data_tests.rs"]
mod tests;
