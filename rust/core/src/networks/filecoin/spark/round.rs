//! One round from its measurements to scores and rates.
//!
//! In: a round's tasks and randomness, its measurements, the rules. Out: an [`Evaluation`]. Rule: Filecoin, C3 to C7.
//! Invariant: the same round and measurements in the same order give the same evaluation, byte for byte.

use std::collections::BTreeMap;

use ahash::AHashMap;

use super::committee::{Committee, Consensus, convene};
use super::fraud::{Tasking, label};
use super::measurement::Validity;
use super::measurements::Measurements;
use super::participant::Participant;
use super::scores::Scores;
use super::statistics::{IndexerOutages, Retrievals, by_party, by_subject, first_byte};
use super::tasks::{Task, Tasks};
use crate::hash::Hash;

/// What checkers were asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// How many of them a station may do.
    pub max_tasks_per_node: usize,
    /// The public randomness of the round's start.
    pub randomness: Hash,
}

/// The rules that the network had, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleVersion {
    /// Strangers are paid: tasks are assigned, committees have 30 members, and what is accepted is rewarded.
    Rewarded,
    /// Nobody is paid: every measurement of a task counts, a committee may be one measurement.
    Unrewarded,
}

impl RuleVersion {
    /// The rules of this version.
    pub const fn rules(self) -> Rules {
        match self {
            Self::Rewarded => Rules {
                detects_fraud: true,
                required_committee_size: 30,
                validity: Validity::Historical,
                outages: IndexerOutages::Counted,
            },
            Self::Unrewarded => Rules {
                detects_fraud: false,
                required_committee_size: 1,
                validity: Validity::Current,
                outages: IndexerOutages::LeftOut,
            },
        }
    }
}

/// How a round is evaluated. The network changed these one by one, so each can be set alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether measurements must be of tasks that the station was given, one per task and subnet; and whether they are
    /// rewarded.
    pub detects_fraud: bool,
    /// Members without which a committee decides nothing.
    pub required_committee_size: usize,
    /// What measurements must say, for reading them.
    pub validity: Validity,
    /// What outages of the indexer do to rates.
    pub outages: IndexerOutages,
}

/// What was found about a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation<'m> {
    /// How each measurement fits its task.
    pub tasking: Vec<Tasking>,
    /// How each measurement fits its committee, if it is in one.
    pub consensus: Vec<Option<Consensus>>,
    /// The committees, ascending by task.
    pub committees: Vec<Committee<'m>>,
    /// Retrievals of each committee.
    pub retrievals: Vec<Retrievals>,
    /// Shares of the round, where it is rewarded.
    pub scores: Option<Scores<Participant>>,
    /// Retrievals of each storage provider.
    pub by_miner: BTreeMap<&'m str, Retrievals>,
    /// Retrievals of each client.
    pub by_client: BTreeMap<&'m str, Retrievals>,
    /// Retrievals of each allocator.
    pub by_allocator: BTreeMap<&'m str, Retrievals>,
    /// Milliseconds to the first byte, one number for each committee of a storage provider that agreed on success.
    pub first_byte: BTreeMap<&'m str, Vec<i64>>,
}

/// Evaluates a round.
pub fn evaluate<'m>(round: &'m Round, measurements: &'m Measurements<'m>, rules: Rules) -> Evaluation<'m> {
    let tasking = if rules.detects_fraud {
        let tasks = Tasks::new(&round.tasks, &round.randomness);
        label(measurements, &tasks, round.max_tasks_per_node)
    } else {
        without_fraud_detection(measurements)
    };
    let (committees, consensus) = convene(measurements, &tasking, rules.required_committee_size);
    let tasks: AHashMap<(&str, &str), &Task> =
        round.tasks.iter().rev().map(|task| ((&*task.cid, &*task.miner_id), task)).collect();
    let by_subject = by_subject(measurements, &tasking, rules.outages);
    let retrievals: Vec<Retrievals> = committees
        .iter()
        .map(|committee| by_subject.get(committee.subject as usize).copied().unwrap_or_default())
        .collect();
    let by_list = |parties: fn(&Task) -> &[String]| {
        by_party(committees.iter().zip(&retrievals).flat_map(|(committee, share)| {
            let task = tasks.get(&(committee.cid, committee.miner_id)).copied();
            task.map_or(&[][..], parties).iter().map(|party| (party.as_str(), *share))
        }))
    };
    Evaluation {
        scores: rules.detects_fraud.then(|| scores(measurements, &tasking, &consensus)),
        by_miner: by_party(
            committees.iter().zip(&retrievals).map(|(committee, share)| (committee.miner_id, *share)),
        ),
        by_client: by_list(|task| &task.clients),
        by_allocator: by_list(|task| &task.allocators),
        first_byte: first_byte(&committees, measurements, &consensus),
        tasking,
        consensus,
        committees,
        retrievals,
    }
}

/// Everything that names a task counts.
fn without_fraud_detection(measurements: &Measurements<'_>) -> Vec<Tasking> {
    let label = |is_task| if is_task { Tasking::Ok } else { Tasking::TaskNotInRound };
    let subjects: Vec<_> =
        measurements.subjects.values().iter().map(|subject| measurements.task(subject).is_some()).collect();
    let records = measurements.records.iter();
    records.map(|record| label(subjects.get(record.subject as usize) == Some(&true))).collect()
}

/// Shares the round by what counts and agrees with its committee.
fn scores(
    measurements: &Measurements<'_>,
    tasking: &[Tasking],
    consensus: &[Option<Consensus>],
) -> Scores<Participant> {
    let participants = measurements.participants.values();
    let mut accepted = vec![0; participants.len()];
    for ((record, tasking), consensus) in measurements.records.iter().zip(tasking).zip(consensus) {
        if *tasking == Tasking::Ok
            && *consensus == Some(Consensus::MajorityResult)
            && let Some(count) = accepted.get_mut(record.participant as usize)
        {
            *count += 1;
        }
    }
    let accepted = participants.iter().copied().zip(accepted).filter(|(_, count)| *count > 0).collect();
    Scores::split(accepted, &Participant::BURN)
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
