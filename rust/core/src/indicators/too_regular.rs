//! Answers that come more evenly than a network lets them.
//!
//! In: round trips, each with the series that it belongs to. Out: `TOO_REGULAR`. Rule: scoring and rewards, 7.2: at least 50
//! answers whose round trips span less than 1 % of their mean. Invariant: exact; a series is judged as a whole.
//!
//! Chosen where the rule is silent: the answers are all of one device to one validator in the epoch, and it is the caller
//! who numbers these series. Validators at different distances would otherwise hide any regularity.

use std::collections::BTreeMap;

/// Answers of a series from which it is judged.
pub const LEAST_ANSWERS: u64 = 50;

/// A series that is too regular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regular {
    /// Its number.
    pub series: u32,
    /// Answers.
    pub answers: u64,
    /// The fastest, nanoseconds.
    pub least_ns: u64,
    /// The slowest, nanoseconds.
    pub most_ns: u64,
    /// Their mean, rounded down.
    pub mean_ns: u64,
}

#[derive(Clone, Copy)]
struct Seen {
    answers: u64,
    least: u64,
    most: u64,
    sum: u128,
}

impl Seen {
    fn regular(&self, series: u32) -> Option<Regular> {
        // 100 (most - least) < sum / answers; a span and a number of answers have 64 bits each.
        let span = u128::from(self.most - self.least) * u128::from(self.answers);
        let is_regular = span.checked_mul(100).is_some_and(|span| span < self.sum);
        let mean = self.sum.checked_div(self.answers.into())?;
        (self.answers >= LEAST_ANSWERS && is_regular).then_some(Regular {
            series,
            answers: self.answers,
            least_ns: self.least,
            most_ns: self.most,
            mean_ns: u64::try_from(mean).unwrap_or(u64::MAX),
        })
    }
}

/// The series that are too regular, ascending, of (series, nanoseconds) in any order.
pub fn too_regular(answers: impl IntoIterator<Item = (u32, u64)>) -> Vec<Regular> {
    let mut all: BTreeMap<u32, Seen> = BTreeMap::new();
    for (series, rtt_ns) in answers {
        let seen = all.entry(series).or_insert(Seen { answers: 0, least: rtt_ns, most: rtt_ns, sum: 0 });
        seen.answers += 1;
        seen.least = rtt_ns.min(seen.least);
        seen.most = rtt_ns.max(seen.most);
        seen.sum += u128::from(rtt_ns);
    }
    all.iter().filter_map(|(series, seen)| seen.regular(*series)).collect()
}

#[cfg(test)]
#[path = "too_regular_tests.rs"]
mod tests;
