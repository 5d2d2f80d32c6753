//! How a validator's votes compare with the decisions and with the votes of the others.
//!
//! In: the votes of each decided (slot, device). Out: `MINORITY_REPORTER` and `FAVOURITISM`. Rule: scoring and rewards, 7.2.
//! Invariant: what an outage left out is no vote, and a finding needs bounds of small samples that do not overlap, so that
//! a few unlucky probes accuse nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::wilson;
use super::quorum::Decision;
use crate::fixed::ONE;
use crate::verify::epoch::Epoch;
use crate::verify::findings::{Findings, Subject};
use crate::verify::judged::Kept;

/// Normal quantile of both rules, times 100: 99 %.
const Z_TIMES_100: u64 = 258;
/// Rate of minority votes above which a validator is listed.
const MINORITY_RATE: u64 = ONE / 10;

/// Votes of one epoch.
#[derive(Debug)]
pub struct Votes {
    owner_of: Vec<u32>,
    /// Owners about whose devices validators have disagreed. Nobody can favour another one.
    is_disputed: Vec<bool>,
    cast: Vec<Cast>,
    rates: BTreeMap<(u16, u32), Rates>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cast {
    votes: u64,
    minority: u64,
}

/// Votes about the devices of one owner in slots in which the validator and another one voted.
#[derive(Debug, Default)]
struct Rates {
    own_up: u64,
    own: u64,
    others_up: u64,
    others: u64,
    devices: BTreeSet<u32>,
}

/// The vote of an observation: up, down, or none.
fn vote(kept: &Kept) -> Option<bool> {
    if kept.outcome.is_up() { Some(true) } else { kept.outcome.is_down().then_some(false) }
}

impl Votes {
    /// No votes yet, with the owner of each device.
    pub fn new<'a>(owners: impl Iterator<Item = &'a str>, participants: usize) -> Self {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let number = |owner| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(owner).or_insert(next)
        };
        let owner_of = owners.map(number).collect();
        Self {
            owner_of,
            is_disputed: vec![false; numbers.len()],
            cast: vec![Cast::default(); participants],
            rates: BTreeMap::new(),
        }
    }

    /// Notes in the first reading whether validators disagree about a device.
    pub fn look(&mut self, device: &[Kept]) {
        let votes = || device.iter().filter_map(vote);
        if votes().any(|up| up) && votes().any(|up| !up) {
            let owner = device.first().and_then(|kept| self.owner_of.get(kept.device as usize));
            if let Some(is_disputed) = owner.and_then(|owner| self.is_disputed.get_mut(*owner as usize)) {
                *is_disputed = true;
            }
        }
    }

    /// Counts the votes of one decided slot of one device.
    pub fn count<'a>(&mut self, counted: impl Iterator<Item = &'a Kept> + Clone, decision: Decision) {
        let votes = counted.filter_map(|kept| Some((kept, vote(kept)?)));
        let (mut all, mut all_up) = (0_u64, 0_u64);
        for (kept, up) in votes.clone() {
            all += 1;
            all_up += u64::from(up);
            if let Some(cast) = self.cast.get_mut(usize::from(kept.participant)) {
                cast.votes += 1;
                cast.minority += u64::from(up != (decision == Decision::Up));
            }
        }
        if all < 2 {
            return;
        }
        for (kept, up) in votes {
            let Some(owner) = self.owner_of.get(kept.device as usize).copied() else { continue };
            if self.is_disputed.get(owner as usize) != Some(&true) {
                continue;
            }
            let rates = self.rates.entry((kept.participant, owner)).or_default();
            rates.own += 1;
            rates.own_up += u64::from(up);
            rates.others += all - 1;
            rates.others_up += all_up - u64::from(up);
            rates.devices.insert(kept.device);
        }
    }

    /// Lists what the votes show.
    pub fn report(&self, epoch: &Epoch, findings: &mut Findings) {
        let validator = |participant: u16| {
            epoch
                .participants
                .get(usize::from(participant))
                .map(|found| Subject::Validator(found.id.to_vec()))
        };
        for (participant, cast, lower) in self.minorities() {
            let numbers = [("votes", cast.votes), ("minority", cast.minority), ("lower_e12", lower)];
            findings.fact("MINORITY_REPORTER", validator(participant).as_slice(), &numbers);
        }
        for (participant, rates, lower, upper) in self.favours() {
            let devices = rates.devices.iter().filter_map(|at| epoch.snapshot.devices.get(*at as usize));
            let devices = devices.map(|device| Subject::Device(device.id.clone()));
            let subjects: Vec<Subject> = devices.chain(validator(participant)).collect();
            let numbers = [
                ("own_up", rates.own_up),
                ("own", rates.own),
                ("others_up", rates.others_up),
                ("others", rates.others),
                ("lower_e12", lower),
                ("upper_e12", upper),
            ];
            findings.fact("FAVOURITISM", subjects, &numbers);
        }
    }

    /// Validators whose rate of minority votes is too high, with its lower bound.
    fn minorities(&self) -> impl Iterator<Item = (u16, &Cast, u64)> {
        (0..).zip(&self.cast).filter_map(|(participant, cast)| {
            let (lower, _) = wilson(cast.minority, cast.votes, Z_TIMES_100)?;
            (lower > MINORITY_RATE).then_some((participant, cast, lower))
        })
    }

    /// Validators that see one owner's devices up too often: the lower bound of their rate, the upper one of the others'.
    fn favours(&self) -> impl Iterator<Item = (u16, &Rates, u64, u64)> {
        self.rates.iter().filter_map(|((participant, _), rates)| {
            let (lower, _) = wilson(rates.own_up, rates.own, Z_TIMES_100)?;
            let (_, upper) = wilson(rates.others_up, rates.others, Z_TIMES_100)?;
            (lower > upper).then_some((*participant, rates, lower, upper))
        })
    }
}

#[cfg(test)]
#[path = "votes_tests.rs"]
mod tests;
