//! Loyalty: how many good epochs in a row a device has behind it.
//!
//! In: good and missed epochs, one after the other. Out: a streak and the points of its level. Rule: scoring and rewards, 8.
//! Invariant: a streak grows by one at a time and falls by one level at a time, after every third miss in a row.

/// A level of loyalty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Good epochs from which it holds.
    pub from: u64,
    /// Points of a good epoch at it.
    pub points: u64,
}

/// Levels of weekly epochs, ascending.
pub const WEEKLY: [Level; 4] = [
    Level { from: 0, points: 0 },
    Level { from: 4, points: 1000 },
    Level { from: 21, points: 2000 },
    Level { from: 36, points: 3000 },
];

/// Misses in a row after which a level is lost.
const MISSES: u64 = 3;

/// A device's streak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    /// Good epochs in a row, as far as misses have left them.
    pub good: u64,
    /// Missed epochs in a row.
    pub missed: u64,
}

impl Streak {
    /// The streak after one more epoch, and the points that the epoch earns. Levels ascend.
    pub fn after(self, is_good: bool, levels: &[Level]) -> (Self, u64) {
        let place = |good: u64| levels.partition_point(|level| level.from <= good).checked_sub(1);
        if is_good {
            let good = self.good.saturating_add(1);
            let level = place(good).and_then(|place| levels.get(place));
            return (Self { good, missed: 0 }, level.map_or(0, |level| level.points));
        }
        let missed = self.missed.saturating_add(1);
        let good = if missed.is_multiple_of(MISSES) {
            let lower = place(self.good).and_then(|place| levels.get(place.checked_sub(1)?));
            lower.map_or(0, |level| level.from)
        } else {
            self.good
        };
        (Self { good, missed }, 0)
    }
}

#[cfg(test)]
#[path = "streak_tests.rs"]
mod tests;
