//! Statistics of a round.
//!
//! In: committees and their measurements. Out: success rates by storage provider, client and allocator, times to the first
//! byte, percentiles, and the size of the next round. Rule: Filecoin, C7.
//! Invariant: members of minorities and of committees that are too small count too; fractions are exact.

use std::collections::BTreeMap;

use super::committee::{Committee, Consensus, Decision};
use super::fraud::Tasking;
use super::measurements::{Measurements, Record};
use super::rate::Rate;
use super::result::{HTTP, RetrievalResult};

/// What happens to measurements that met an indexer out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexerOutages {
    /// They count as failures.
    Counted,
    /// They do not count.
    LeftOut,
}

/// Retrievals of one storage provider, client or allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retrievals {
    /// All that count.
    pub total: u64,
    /// Those that succeeded.
    pub successful: u64,
    /// Those that succeeded over HTTP.
    pub successful_http: u64,
    /// Those of them whose HEAD request had a status from 200 to 299.
    pub successful_http_head: u64,
}

impl Retrievals {
    /// Adds one measurement.
    pub fn add(&mut self, record: &Record, measurements: &Measurements<'_>, outages: IndexerOutages) {
        let Some(value) = measurements.retrievals.get(record.retrieval) else { return };
        if outages == IndexerOutages::LeftOut && value.result.is_indexer_outage() {
            return;
        }
        let is_ok = value.result == RetrievalResult::Ok;
        let is_http = is_ok && measurements.protocol(value) == Some(HTTP);
        let is_head = is_http && record.head_status_code.is_some_and(|status| status / 100 == 2);
        self.total += 1;
        self.successful += u64::from(is_ok);
        self.successful_http += u64::from(is_http);
        self.successful_http_head += u64::from(is_head);
    }

    fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.successful += other.successful;
        self.successful_http += other.successful_http;
        self.successful_http_head += other.successful_http_head;
    }

    /// The retrieval success rate.
    pub const fn rate(&self) -> Rate {
        Rate { count: self.successful, total: self.total }
    }

    /// The rate of retrievals that succeeded over HTTP, of all.
    pub const fn http_rate(&self) -> Rate {
        Rate { count: self.successful_http, total: self.total }
    }

    /// The rate of retrievals whose HEAD request succeeded as well, of all.
    pub const fn head_rate(&self) -> Rate {
        Rate { count: self.successful_http_head, total: self.total }
    }
}

/// Retrievals of each subject, by its number: those that count for its committee.
pub fn by_subject(
    measurements: &Measurements<'_>,
    labels: &[Tasking],
    outages: IndexerOutages,
) -> Vec<Retrievals> {
    let mut found = vec![Retrievals::default(); measurements.subjects.values().len()];
    for (record, label) in measurements.records.iter().zip(labels) {
        if *label == Tasking::Ok
            && let Some(retrievals) = found.get_mut(record.subject as usize)
        {
            retrievals.add(record, measurements, outages);
        }
    }
    found
}

/// Retrievals of each party: those of all committees whose task is the party's.
///
/// A party none of whose measurements counts has no rate, and does not appear.
pub fn by_party<'m>(
    shares: impl IntoIterator<Item = (&'m str, Retrievals)>,
) -> BTreeMap<&'m str, Retrievals> {
    let mut found: BTreeMap<&str, Retrievals> = BTreeMap::new();
    for (party, share) in shares {
        if share.total > 0 {
            found.entry(party).or_default().merge(&share);
        }
    }
    found
}

/// Milliseconds to the first byte for each storage provider: for each committee that agreed on success the median of its
/// majority, rounded up.
pub fn first_byte<'m>(
    committees: &[Committee<'m>],
    measurements: &Measurements<'_>,
    consensus: &[Option<Consensus>],
) -> BTreeMap<&'m str, Vec<i64>> {
    let mut times: Vec<Vec<i64>> = vec![Vec::new(); measurements.subjects.values().len()];
    for (record, label) in measurements.records.iter().zip(consensus) {
        if *label == Some(Consensus::MajorityResult)
            && let Some(times) = times.get_mut(record.subject as usize)
        {
            times.extend(record.first_byte_ms);
        }
    }
    let mut found: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for committee in committees {
        if committee.retrieval != Decision::Majority(&RetrievalResult::Ok) {
            continue;
        }
        let times = times.get(committee.subject as usize).map_or(&[][..], Vec::as_slice);
        // A percentile lies between two of the values.
        let median = percentile(times, (1, 2)).and_then(|median| i64::try_from(median.ceil()).ok());
        if let Some(median) = median {
            found.entry(committee.miner_id).or_default().push(median);
        }
    }
    found
}

/// An exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// The numerator, not reduced.
    pub numerator: i128,
    /// The denominator, not 0.
    pub denominator: u32,
}

impl Fraction {
    /// The smallest whole number that is not below it.
    pub fn ceil(self) -> i128 {
        -(-self.numerator).div_euclid(i128::from(self.denominator))
    }
}

/// The percentile `n / d` by linear interpolation between ranks; `None` without values, or beyond 0 and 1.
pub fn percentile(values: &[i64], (n, d): (u32, u32)) -> Option<Fraction> {
    let mut values = values.to_vec();
    values.sort_unstable();
    let last = u128::try_from(values.len().checked_sub(1)?).ok()?;
    if d == 0 || n > d {
        return None;
    }
    let place = last * u128::from(n);
    let rank = usize::try_from(place / u128::from(d)).ok()?;
    let beyond = i128::try_from(place % u128::from(d)).ok()?;
    let at = i128::from(*values.get(rank)?);
    // There is no next value only where nothing is taken of it.
    let next = values.get(rank + 1).map_or(at, |next| i128::from(*next));
    Some(Fraction { numerator: at * i128::from(d) + beyond * (next - at), denominator: d })
}

/// Measurements that a round should have.
const WANTED: u128 = 250_000;
/// Tasks for each task that a station may do are `1000 / 15`.
const TASKS: (u64, u64) = (1000, 15);

/// The size of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundSize {
    /// Most tasks of one station.
    pub max_tasks_per_node: u64,
    /// Tasks of the round.
    pub task_count: u64,
}

/// The size of the next round, after one in which a station might do `max_tasks_per_node` and this many measurements came
/// in. After a round without any it is the largest.
pub fn next_round(max_tasks_per_node: u64, measurements: u64) -> RoundSize {
    let wanted = (u128::from(max_tasks_per_node) * WANTED).checked_div(u128::from(measurements));
    let max_tasks_per_node =
        wanted.and_then(|wanted| u64::try_from(wanted).ok()).unwrap_or(u64::MAX).clamp(1, 100);
    RoundSize { max_tasks_per_node, task_count: max_tasks_per_node * TASKS.0 / TASKS.1 }
}

#[cfg(test)]
#[path = "statistics_tests.rs"]
mod tests;
