//! Committees: all measurements of one task, and what most of them agree on.
//!
//! In: measurements and their labels. Out: the committee of each task with its decision, and how each member fits it. Rule:
//! Filecoin, C5, and the numbers of C8 that show how much a decision is worth.
//! Invariant: a majority is strictly more than half of all members; an absent value equals an absent value and no other.
//! Committees come in ascending order of their tasks.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::fraud::Tasking;
use super::measurement::Measurement;
use super::result::RetrievalResult;

/// What a committee decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// More than half of the members say this.
    Majority(T),
    /// No value has more than half of the members.
    NoMajority,
    /// There are too few members to ask.
    TooSmall,
}

impl<T: ToString> Decision<T> {
    fn of(is_too_small: bool, majority: Option<T>) -> Self {
        match majority {
            _ if is_too_small => Self::TooSmall,
            Some(value) => Self::Majority(value),
            None => Self::NoMajority,
        }
    }

    /// The agreed value, or the network's name for there being none.
    pub fn text(&self) -> String {
        match self {
            Self::Majority(value) => value.to_string(),
            Self::NoMajority => Consensus::MajorityNotFound.name().to_owned(),
            Self::TooSmall => Consensus::CommitteeTooSmall.name().to_owned(),
        }
    }
}

/// How a member fits its committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consensus {
    /// It says what the majority says.
    MajorityResult,
    /// It says something else.
    MinorityResult,
    /// There is no majority.
    MajorityNotFound,
    /// The committee is too small.
    CommitteeTooSmall,
}

impl Consensus {
    /// The label that the network writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MajorityResult => "MAJORITY_RESULT",
            Self::MinorityResult => "MINORITY_RESULT",
            Self::MajorityNotFound => "MAJORITY_NOT_FOUND",
            Self::CommitteeTooSmall => "COMMITTEE_TOO_SMALL",
        }
    }
}

/// The measurements of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee<'m> {
    /// The content.
    pub cid: &'m str,
    /// The storage provider.
    pub miner_id: &'m str,
    /// Places of its measurements, ascending.
    pub members: Vec<usize>,
    /// What the indexer answered.
    pub index: Decision<&'m str>,
    /// How the retrieval went.
    pub retrieval: Decision<&'m RetrievalResult<'m>>,
    /// How broadly it is supported.
    pub support: Support,
}

/// How many stand behind a committee's retrieval value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Support {
    /// Distinct subnets of all members.
    pub subnets: usize,
    /// Distinct participants of all members.
    pub participants: usize,
    /// Members with the value that most have.
    pub largest: usize,
    /// Members with the value that comes second.
    pub second: usize,
}

impl Support {
    /// By how many members the first value is ahead of the second.
    pub const fn margin(&self) -> usize {
        self.largest.saturating_sub(self.second)
    }
}

/// Groups all measurements that count into committees, which need `required` members, and asks each of them.
///
/// The second answer has a place for every measurement; it is empty for those that are in no committee.
pub fn convene<'m>(
    measurements: &'m [Measurement<'m>],
    labels: &[Tasking],
    required: usize,
) -> (Vec<Committee<'m>>, Vec<Option<Consensus>>) {
    let mut consensus = vec![None; measurements.len()];
    let committees = group(measurements, labels)
        .into_iter()
        .map(|(task, members)| decide(task, &members, required, &mut consensus))
        .collect();
    (committees, consensus)
}

type Task<'m> = (&'m str, &'m str);
/// A measurement and its place.
type Member<'m> = (usize, &'m Measurement<'m>);

/// The measurements that count, by task, ascending.
fn group<'m>(measurements: &'m [Measurement<'m>], labels: &[Tasking]) -> Vec<(Task<'m>, Vec<Member<'m>>)> {
    let mut groups: Vec<(Task<'m>, Vec<Member<'m>>)> = Vec::new();
    let mut places: HashMap<Task<'m>, usize> = HashMap::new();
    for (index, (measurement, label)) in measurements.iter().zip(labels).enumerate() {
        let Some(task) = measurement.task().filter(|_| *label == Tasking::Ok) else { continue };
        let place = *places.entry(task).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, members)) => members.push((index, measurement)),
            None => groups.push((task, vec![(index, measurement)])),
        }
    }
    groups.sort_unstable_by_key(|(task, _)| *task);
    groups
}

/// Asks one committee, and labels its members in `consensus`.
fn decide<'m>(
    (cid, miner_id): Task<'m>,
    members: &[Member<'m>],
    required: usize,
    consensus: &mut [Option<Consensus>],
) -> Committee<'m> {
    let index = Votes::count(members.iter().map(|(_, member)| index_value(member)));
    let retrieval = Votes::count(members.iter().zip(&index.choices).map(|((_, member), index)| {
        (*index, &member.result, member.byte_length.as_deref(), member.car_checksum.as_deref())
    }));
    let is_too_small = members.len() < required;
    let winner = retrieval.majority();
    for ((place, _), choice) in members.iter().zip(&retrieval.choices) {
        let label = match winner {
            _ if is_too_small => Consensus::CommitteeTooSmall,
            None => Consensus::MajorityNotFound,
            Some((winner, _)) if winner == *choice => Consensus::MajorityResult,
            Some(_) => Consensus::MinorityResult,
        };
        if let Some(place) = consensus.get_mut(*place) {
            *place = Some(label);
        }
    }
    let (largest, second) = retrieval.two_largest();
    Committee {
        cid,
        miner_id,
        members: members.iter().map(|(place, _)| *place).collect(),
        index: Decision::of(is_too_small, index.majority().map(|(_, value)| value.1)),
        retrieval: Decision::of(is_too_small, winner.map(|(_, value)| value.1)),
        support: Support {
            subnets: distinct(members.iter().map(|(_, member)| &*member.inet_group)),
            participants: distinct(members.iter().map(|(_, member)| member.participant)),
            largest,
            second,
        },
    }
}

/// What members must agree on about the indexer.
fn index_value<'m>(
    member: &'m Measurement<'m>,
) -> (Option<&'m str>, &'m str, Option<&'m str>, Option<&'m str>) {
    (
        member.provider_id.as_deref(),
        &*member.indexer_result,
        member.provider_address.as_deref(),
        member.protocol.as_deref(),
    )
}

fn distinct<T: Eq + Hash>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<HashSet<_>>().len()
}

/// The votes of one committee.
struct Votes<V> {
    /// Each value and how many voted for it, in the order of the first vote.
    values: Vec<(V, usize)>,
    /// What each member voted for, as a place in `values`.
    choices: Vec<usize>,
}

/// So many values are compared one by one, which is cheaper than hashing them; honest committees have no more.
const COMPARED: usize = 8;

impl<V: Copy + Eq + Hash> Votes<V> {
    fn count(votes: impl Iterator<Item = V>) -> Self {
        let mut values: Vec<(V, usize)> = Vec::new();
        let mut places = HashMap::new();
        let choices = votes
            .map(|vote| {
                let known = values.iter().take(COMPARED).position(|(value, _)| *value == vote);
                let place = known.unwrap_or_else(|| *places.entry(vote).or_insert(values.len()));
                match values.get_mut(place) {
                    Some((_, count)) => *count += 1,
                    None => values.push((vote, 1)),
                }
                place
            })
            .collect();
        Self { values, choices }
    }

    /// The value of strictly more than half of the members, with its place.
    fn majority(&self) -> Option<(usize, V)> {
        let half = self.choices.len() / 2;
        self.values
            .iter()
            .enumerate()
            .find(|(_, (_, count))| *count > half)
            .map(|(place, (value, _))| (place, *value))
    }

    /// How many voted for the value that most voted for, and for the one that comes second.
    fn two_largest(&self) -> (usize, usize) {
        self.values.iter().fold((0, 0), |(largest, second), (_, count)| {
            if *count > largest { (*count, largest) } else { (largest, second.max(*count)) }
        })
    }
}

#[cfg(test)]
#[path = "committee_tests.rs"]
mod tests;
