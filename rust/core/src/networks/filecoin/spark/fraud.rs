//! Which measurements count: one per task and subnet, of tasks that the station was given.
//!
//! In: a round's measurements and tasks. Out: a label for each measurement. Rule: Filecoin, C4; the first label that fits
//! stays.
//! Invariant: in a subnet the order of `finished_at`'s hashes decides, which nobody can choose; equal hashes keep the order
//! of the input. Memory is linear in measurements and in stations times their tasks.

use ahash::AHashMap;

use super::measurement::Measurement;
use super::moment;
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

/// A measurement of a task that its station was given. They are sorted by their fields in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    inet_group: usize,
    /// Hash of the time at which the measurement came in, in words, which are compared faster than bytes.
    order: [u64; 4],
    measurement: usize,
    task: usize,
}

/// Labels all measurements; a station, and a subnet, may do `most` tasks.
///
/// A measurement without a station is one of the station whose id is the empty text.
pub fn label(measurements: &[Measurement<'_>], tasks: &Tasks<'_>, most: usize) -> Vec<Tasking> {
    let mut labels = vec![Tasking::TaskNotInRound; measurements.len()];
    let mut candidates = candidates(measurements, tasks, most, &mut labels);
    candidates.sort_unstable();
    // The subnet in which each task was taken last: subnets come one after the other.
    let mut taken_in: Vec<Option<usize>> = vec![None; tasks.len()];
    for subnet in candidates.chunk_by(|one, next| one.inet_group == next.inet_group) {
        let mut taken = 0;
        for one in subnet {
            let label = if taken_in.get(one.task) == Some(&Some(one.inet_group)) {
                Tasking::DupInetGroup
            } else if taken >= most {
                Tasking::TooManyTasks
            } else {
                taken += 1;
                if let Some(place) = taken_in.get_mut(one.task) {
                    *place = Some(one.inet_group);
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

/// The measurements that pass the first two rules; the others get their label.
fn candidates(
    measurements: &[Measurement<'_>],
    tasks: &Tasks<'_>,
    most: usize,
    labels: &mut [Tasking],
) -> Vec<Candidate> {
    let mut stations: AHashMap<&str, Vec<usize>> = AHashMap::new();
    let mut inet_groups: AHashMap<&str, usize> = AHashMap::new();
    let mut candidates = Vec::new();
    let mut times = Vec::new();
    for (index, (measurement, label)) in measurements.iter().zip(labels).enumerate() {
        let Some((cid, miner_id)) = measurement.task() else { continue };
        let Some(task) = tasks.place(cid, miner_id) else { continue };
        let station = measurement.station_id.as_deref().unwrap_or_default();
        if most < tasks.len() {
            let allowed = stations.entry(station).or_insert_with(|| {
                let mut allowed = tasks.nearest(&station_key(station), most);
                allowed.sort_unstable();
                allowed
            });
            if allowed.binary_search(&task).is_err() {
                *label = Tasking::TaskWrongNode;
                continue;
            }
        }
        let next_group = inet_groups.len();
        candidates.push(Candidate {
            inet_group: *inet_groups.entry(&measurement.inet_group).or_insert(next_group),
            order: [0; 4],
            measurement: index,
            task,
        });
        // Only moments that can be written are read.
        times.push(moment::write(measurement.finished_at).unwrap_or_default());
    }
    let mut hashes = Vec::with_capacity(times.len());
    sha256_each(times.iter().map(<[u8; moment::WRITTEN]>::as_slice), &mut hashes);
    for (candidate, hash) in candidates.iter_mut().zip(hashes) {
        for (word, bytes) in candidate.order.iter_mut().zip(hash.as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
    }
    candidates
}

#[cfg(test)]
#[path = "fraud_tests.rs"]
mod tests;
