//! Which measurements count: one per task and subnet, of tasks that the station was given.
//!
//! In: a round's measurements and tasks. Out: a label for each measurement. Rule: Filecoin, C4; the first label that fits
//! stays.
//! Invariant: in a subnet the order of `finished_at`'s hashes decides, which nobody can choose; equal hashes keep the order
//! of the input. Memory is linear in measurements and in stations times their tasks.

use super::measurements::Measurements;
use super::moment::{Moments, WRITTEN};
use super::tasks::{Tasks, station_key};
use crate::hash::sha256_each;

/// How a measurement fits the tasks of its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tasking {
    /// It counts.
    Ok,
    /// The round has no such task.
    TaskNotInRound,
    /// The station was not given this task.
    TaskWrongNode,
    /// Another measurement of the same subnet counts for this task.
    DupInetGroup,
    /// The subnet has as many measurements as may count.
    TooManyTasks,
}

impl Tasking {
    /// All labels, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Ok, Self::TaskNotInRound, Self::TaskWrongNode, Self::DupInetGroup, Self::TooManyTasks];

    /// The label that the network writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::TaskNotInRound => "TASK_NOT_IN_ROUND",
            Self::TaskWrongNode => "TASK_WRONG_NODE",
            Self::DupInetGroup => "DUP_INET_GROUP",
            Self::TooManyTasks => "TOO_MANY_TASKS",
        }
    }
}

/// A measurement of a task that its station was given. Those of a subnet are sorted by their fields in this order.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Hash of the time at which the measurement came in, in words, which are compared faster than bytes.
    order: [u64; 4],
    measurement: usize,
    task: usize,
}

/// Labels all measurements; a station, and a subnet, may do `most` tasks.
///
/// A measurement without a station is one of the station whose id is the empty text.
pub fn label(measurements: &Measurements<'_>, tasks: &Tasks<'_>, most: usize) -> Vec<Tasking> {
    let mut labels = vec![Tasking::TaskNotInRound; measurements.records.len()];
    let passed = assigned(measurements, tasks, most, &mut labels);
    let (mut candidates, ends) = by_subnet(measurements, &passed);
    // The subnet in which each task was taken last: subnets come one after the other.
    let mut taken_in: Vec<Option<usize>> = vec![None; tasks.len()];
    let mut start = 0;
    for (subnet, end) in ends.into_iter().enumerate() {
        let candidates = candidates.get_mut(start..end).unwrap_or_default();
        start = end;
        candidates.sort_unstable();
        let mut taken = 0;
        for one in candidates {
            let label = if taken_in.get(one.task) == Some(&Some(subnet)) {
                Tasking::DupInetGroup
            } else if taken >= most {
                Tasking::TooManyTasks
            } else {
                taken += 1;
                if let Some(place) = taken_in.get_mut(one.task) {
                    *place = Some(subnet);
                }
                Tasking::Ok
            };
            if let Some(place) = labels.get_mut(one.measurement) {
                *place = label;
            }
        }
    }
    labels
}

/// Places and tasks of the measurements that pass the first two rules; the others get their label.
fn assigned(
    measurements: &Measurements<'_>,
    tasks: &Tasks<'_>,
    most: usize,
    labels: &mut [Tasking],
) -> Vec<(usize, usize)> {
    let subjects = measurements.subjects.values();
    let places: Vec<Option<usize>> = subjects
        .iter()
        .map(|subject| measurements.task(subject).and_then(|(cid, miner_id)| tasks.place(cid, miner_id)))
        .collect();
    let mut stations: Vec<Option<Vec<usize>>> = vec![None; measurements.stations.values().len()];
    let mut passed = Vec::with_capacity(labels.len());
    for (index, (record, label)) in measurements.records.iter().zip(labels).enumerate() {
        let Some(task) = places.get(record.subject as usize).copied().flatten() else { continue };
        if most < tasks.len()
            && let Some(allowed) = stations.get_mut(record.station as usize)
        {
            let allowed = allowed.get_or_insert_with(|| {
                let station = measurements.stations.get(record.station).map_or("", String::as_str);
                let mut allowed = tasks.nearest(&station_key(station), most);
                allowed.sort_unstable();
                allowed
            });
            if allowed.binary_search(&task).is_err() {
                *label = Tasking::TaskWrongNode;
                continue;
            }
        }
        passed.push((index, task));
    }
    passed
}

/// Measurements whose times are hashed together.
const BLOCK: usize = 256;

/// The measurements that passed, those of each subnet side by side, and where each subnet's end.
fn by_subnet(measurements: &Measurements<'_>, passed: &[(usize, usize)]) -> (Vec<Candidate>, Vec<usize>) {
    let record = |place: usize| measurements.records.get(place);
    // How many each subnet has, then where they begin, which moves to where they end as they come.
    let mut ends = vec![0; measurements.subnets.values().len()];
    for (measurement, _) in passed {
        if let Some(count) = record(*measurement).and_then(|record| ends.get_mut(record.subnet as usize)) {
            *count += 1;
        }
    }
    let mut begun = 0;
    for end in &mut ends {
        begun += std::mem::replace(end, begun);
    }
    let mut candidates = vec![Candidate::default(); passed.len()];
    let (mut moments, mut times, mut hashes) = (Moments::default(), Vec::new(), Vec::new());
    for block in passed.chunks(BLOCK) {
        let finished = block.iter().filter_map(|(measurement, _)| record(*measurement));
        times.clear();
        // Only moments that can be written are read.
        times.extend(finished.map(|record| moments.write(record.finished_at).unwrap_or_default()));
        hashes.clear();
        sha256_each(times.iter().map(<[u8; WRITTEN]>::as_slice), &mut hashes);
        for ((measurement, task), hash) in block.iter().zip(&hashes) {
            let words = hash.as_chunks().0.iter().copied().map(u64::from_be_bytes);
            let mut order = [0; 4];
            order.iter_mut().zip(words).for_each(|(place, word)| *place = word);
            if let Some(end) = record(*measurement).and_then(|record| ends.get_mut(record.subnet as usize))
                && let Some(candidate) = candidates.get_mut(*end)
            {
                *candidate = Candidate { order, measurement: *measurement, task: *task };
                *end += 1;
            }
        }
    }
    (candidates, ends)
}

#[cfg(test)]
#[path = "fraud_tests.rs"]
mod tests;
