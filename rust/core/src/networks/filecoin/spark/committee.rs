//! Committees: all measurements of one task, and what most of them agree on.
//!
//! In: measurements and their labels. Out: the committee of each task with its decision, and how each member fits it. Rule:
//! Filecoin, C5, and the numbers of C8 that show how much a decision is worth.
//! Invariant: a majority is strictly more than half of all members; an absent value equals an absent value and no other.
//! Committees come in ascending order of their tasks.

use super::fraud::Tasking;
use super::measurements::Measurements;
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
    /// All labels, in the order of their numbers.
    pub const ALL: [Self; 4] =
        [Self::MajorityResult, Self::MinorityResult, Self::MajorityNotFound, Self::CommitteeTooSmall];

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
    /// Number of its task among [`Measurements::subjects`].
    pub subject: u32,
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
    measurements: &'m Measurements<'m>,
    labels: &[Tasking],
    required: usize,
) -> (Vec<Committee<'m>>, Vec<Option<Consensus>>) {
    let mut consensus = vec![None; measurements.records.len()];
    let committees = group(measurements, labels)
        .into_iter()
        .map(|group| decide(&group, required, measurements, &mut consensus))
        .collect();
    (committees, consensus)
}

/// What is voted on in one committee.
struct Group<'m> {
    /// Content and storage provider.
    task: (&'m str, &'m str),
    /// The task's number.
    subject: u32,
    ballots: Vec<Ballot>,
}

/// What a committee needs of a member; its members lie far apart among the measurements.
#[derive(Clone, Copy)]
struct Ballot {
    /// The measurement's place.
    place: usize,
    index: u32,
    retrieval: u32,
    subnet: u32,
    participant: u32,
}

/// The measurements that count, by task, ascending.
fn group<'m>(measurements: &'m Measurements<'m>, labels: &[Tasking]) -> Vec<Group<'m>> {
    let subjects = measurements.subjects.values();
    let mut ballots: Vec<Vec<Ballot>> = vec![Vec::new(); subjects.len()];
    for (place, (record, label)) in measurements.records.iter().zip(labels).enumerate() {
        if *label == Tasking::Ok
            && let Some(ballots) = ballots.get_mut(record.subject as usize)
            && let Some(value) = measurements.retrievals.get(record.retrieval)
        {
            ballots.push(Ballot {
                place,
                index: value.index,
                retrieval: record.retrieval,
                subnet: record.subnet,
                participant: record.participant,
            });
        }
    }
    let mut groups: Vec<Group<'m>> = (0..)
        .zip(subjects)
        .zip(ballots)
        .filter(|(_, ballots)| !ballots.is_empty())
        .filter_map(|((subject, named), ballots)| {
            Some(Group { task: measurements.task(named)?, subject, ballots })
        })
        .collect();
    groups.sort_unstable_by_key(|group| group.task);
    groups
}

/// Asks one committee, and labels its members in `consensus`.
fn decide<'m>(
    Group { task: (cid, miner_id), subject, ballots }: &Group<'m>,
    required: usize,
    measurements: &'m Measurements<'m>,
    consensus: &mut [Option<Consensus>],
) -> Committee<'m> {
    let is_too_small = ballots.len() < required;
    let index = Votes::count(ballots.iter().map(|ballot| ballot.index));
    let retrieval = Votes::count(ballots.iter().map(|ballot| ballot.retrieval));
    let winner = retrieval.majority();
    for ballot in ballots {
        let label = match winner {
            _ if is_too_small => Consensus::CommitteeTooSmall,
            None => Consensus::MajorityNotFound,
            Some(winner) if winner == ballot.retrieval => Consensus::MajorityResult,
            Some(_) => Consensus::MinorityResult,
        };
        if let Some(place) = consensus.get_mut(ballot.place) {
            *place = Some(label);
        }
    }
    let index = index.majority().and_then(|winner| measurements.indexes.get(winner));
    let answer = index.and_then(|value| measurements.word(value.indexer_result));
    let agreed = winner.and_then(|winner| measurements.retrievals.get(winner));
    let (largest, second) = retrieval.two_largest();
    Committee {
        cid,
        miner_id,
        subject: *subject,
        members: ballots.iter().map(|ballot| ballot.place).collect(),
        index: Decision::of(is_too_small, answer),
        retrieval: Decision::of(is_too_small, agreed.map(|value| &value.result)),
        support: Support {
            subnets: distinct(ballots.iter().map(|ballot| ballot.subnet)),
            participants: distinct(ballots.iter().map(|ballot| ballot.participant)),
            largest,
            second,
        },
    }
}

fn distinct(numbers: impl Iterator<Item = u32>) -> usize {
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers.chunk_by(PartialEq::eq).count()
}

/// The votes of one committee.
struct Votes {
    voters: usize,
    /// How many voted for each value, the most first.
    counts: Vec<(usize, u32)>,
}

impl Votes {
    fn count(votes: impl Iterator<Item = u32>) -> Self {
        let mut votes: Vec<u32> = votes.collect();
        votes.sort_unstable();
        let equal = votes.chunk_by(PartialEq::eq);
        let mut counts: Vec<(usize, u32)> =
            equal.filter_map(|same| Some((same.len(), *same.first()?))).collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        Self { voters: votes.len(), counts }
    }

    /// The value of strictly more than half of the members.
    fn majority(&self) -> Option<u32> {
        let (count, value) = self.counts.first()?;
        (*count > self.voters / 2).then_some(*value)
    }

    /// How many voted for the value that most voted for, and for the one that comes second.
    fn two_largest(&self) -> (usize, usize) {
        let count = |place: usize| self.counts.get(place).map_or(0, |(count, _)| *count);
        (count(0), count(1))
    }
}

#[cfg(test)]
#[path = "committee_tests.rs"]
mod tests;
