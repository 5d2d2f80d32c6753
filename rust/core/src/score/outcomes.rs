//! Scores from outcomes alone, for networks that judge their probes elsewhere.
//!
//! In: outcomes ascending by (slot, device, validator), in batches of any size. Out: windowed availability of each device, the
//! exclusion log, and how often each validator was excluded. Rule: scoring and rewards, 2.2, 2.5, 3.1 to 3.5 and 5.1.
//! Invariant: one slot is held at a time, so memory depends on devices alone; where a batch ends changes nothing. The cap of
//! 3.6 needs a schedule: whoever has one names the unreliable validators and scores once more.

use std::collections::BTreeMap;

use super::availability::{Availability, State, window_start};
use super::outage::{Exclusion, judge};
use super::quorum::{Decision, decide};
use crate::fixed::{FixedError, ONE, ratio};
use crate::verdict::Outcome;
use crate::verify::judged::{Kept, preference};

/// What outcomes are scored by. Times in seconds.
#[derive(Clone, Debug)]
pub struct Rules {
    /// First second of slot 0.
    pub start: i64,
    /// The moment at which scores are taken.
    pub end: i64,
    /// Length of a slot.
    pub slot_seconds: u32,
    /// Length of a window.
    pub window_s: i64,
    /// Length of the tracking period.
    pub tracking_s: i64,
    /// Windows from which a score is full.
    pub min_data_windows: u64,
    /// Observations that decide a slot.
    pub quorum: usize,
    /// Whether slots in which the network was down for everybody are left out.
    pub exclude_network_events: bool,
    /// Owner of each validator.
    pub owners: Vec<u16>,
    /// Cluster of each device.
    pub clusters: Vec<u32>,
    /// Validators whose down observations are dropped.
    pub unreliable: Vec<bool>,
}

/// One outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Slot number.
    pub slot: u32,
    /// Number of the device.
    pub device: u32,
    /// Number of the validator.
    pub validator: u16,
    /// What the validator saw.
    pub outcome: Outcome,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It comes before the row in front of it.
    #[error("row {0}: expected rows ascending by slot, device and validator")]
    Order(u64),
    /// Its device has no cluster.
    #[error("row {0}: expected a device below {1}, found {2}")]
    Device(u64, usize, u32),
    /// Its validator has no owner.
    #[error("row {0}: expected a validator below {1}, found {2}")]
    Validator(u64, usize, u16),
    /// A number does not fit.
    #[error(transparent)]
    Fixed(#[from] FixedError),
}

/// Score of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeScore {
    /// Score and state.
    pub availability: Availability,
    /// Slots decided up.
    pub up: u32,
    /// Slots decided down.
    pub down: u32,
    /// Observations left out.
    pub excluded: u32,
    /// The last decision.
    pub was_up: Option<bool>,
}

/// How often a validator probed, and was excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// Slots with an observation.
    pub slots_probed: u32,
    /// Slots in which its down observations were left out.
    pub slots_excluded: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Of the window under way.
    window_up: u32,
    window_total: u32,
    /// Of the windows that are over and count.
    shares: u64,
    windows: u64,
    up: u32,
    down: u32,
    excluded: u32,
    was_up: Option<bool>,
    /// What outages are judged by: also decisions that an event of the network takes away.
    prior_up: bool,
}

/// Scoring under way.
#[derive(Debug)]
pub struct OutcomeScorer {
    rules: Rules,
    tallies: Vec<Tally>,
    witnesses: Vec<Witness>,
    exclusions: Vec<(u32, Exclusion)>,
    /// Slots in which half of the network was down, with the numbers that show it.
    events: Vec<(u32, u64, u64)>,
    window: Option<i64>,
    slot: Vec<Kept>,
    rows: u64,
}

/// All that outcomes show.
#[derive(Debug)]
pub struct Outcomes {
    /// One score a device.
    pub scores: Vec<OutcomeScore>,
    /// One a validator.
    pub witnesses: Vec<Witness>,
    /// By (slot, validator).
    pub exclusions: Vec<(u32, Exclusion)>,
    /// Slot, clusters, clusters that were down.
    pub events: Vec<(u32, u64, u64)>,
}

impl OutcomeScorer {
    /// Nothing is known but the last decision about each device before the first slot.
    pub fn new(rules: Rules, was_up: &[Option<bool>]) -> Self {
        let before = |device: usize| was_up.get(device).copied().flatten();
        let tallies = (0..rules.clusters.len())
            .map(|device| Tally {
                was_up: before(device),
                prior_up: before(device) == Some(true),
                ..Tally::default()
            })
            .collect();
        Self {
            tallies,
            witnesses: vec![Witness::default(); rules.owners.len()],
            exclusions: Vec::new(),
            events: Vec::new(),
            window: None,
            slot: Vec::new(),
            rows: 0,
            rules,
        }
    }

    /// Takes the next row. Of several rows of one validator about one device and slot the best is kept.
    pub fn push(&mut self, row: Row) -> Result<(), RowError> {
        let place = self.rows;
        self.rows += 1;
        let kept = Kept {
            slot: row.slot,
            device: row.device,
            participant: row.validator,
            outcome: row.outcome,
            is_answered: row.outcome.is_up(),
        };
        if let Some(last) = self.slot.last_mut() {
            let (before, this) = (key(last), key(&kept));
            if before >= this {
                if before > this {
                    return Err(RowError::Order(place));
                }
                if class(kept.outcome) < class(last.outcome) {
                    *last = kept;
                }
                return Ok(());
            }
            if last.slot != kept.slot {
                self.close_slot()?;
            }
        }
        if kept.device as usize >= self.tallies.len() {
            return Err(RowError::Device(place, self.tallies.len(), kept.device));
        }
        if usize::from(kept.participant) >= self.witnesses.len() {
            return Err(RowError::Validator(place, self.witnesses.len(), kept.participant));
        }
        self.slot.push(kept);
        Ok(())
    }

    /// The scores after the last row.
    pub fn finish(mut self) -> Result<Outcomes, RowError> {
        self.close_slot()?;
        self.close_window()?;
        let score = |tally: &Tally| OutcomeScore {
            availability: Availability {
                score: tally.shares.checked_div(tally.windows).unwrap_or(ONE),
                windows_used: tally.windows,
                state: match tally.windows {
                    0 => State::NoData,
                    few if few < self.rules.min_data_windows => State::Provisional,
                    _ => State::Full,
                },
            },
            up: tally.up,
            down: tally.down,
            excluded: tally.excluded,
            was_up: tally.was_up,
        };
        Ok(Outcomes {
            scores: self.tallies.iter().map(score).collect(),
            witnesses: self.witnesses,
            exclusions: self.exclusions,
            events: self.events,
        })
    }

    fn close_slot(&mut self) -> Result<(), RowError> {
        let Some(slot) = self.slot.first().map(|kept| kept.slot) else { return Ok(()) };
        let seconds = i64::from(slot) * i64::from(self.rules.slot_seconds);
        let window = window_start(self.rules.start.saturating_add(seconds), self.rules.window_s);
        if self.window != Some(window) {
            self.close_window()?;
            self.window = Some(window);
        }
        let (clusters, tallies) = (&self.rules.clusters, &self.tallies);
        let judgement = judge(
            &self.slot,
            |device| clusters.get(device as usize).copied().unwrap_or(device),
            |device| tallies.get(device as usize).is_some_and(|tally| tally.prior_up),
            &BTreeMap::new(),
        );
        let mut is_left_out = self.rules.unreliable.clone();
        is_left_out.resize(self.witnesses.len(), false);
        for exclusion in &judgement.exclusions {
            if let Some(is_left_out) = is_left_out.get_mut(usize::from(exclusion.participant)) {
                *is_left_out = true;
            }
        }
        self.count_witnesses(&judgement.exclusions);
        if let Some((clusters, down)) = judgement.network_event {
            self.events.push((slot, clusters, down));
        }
        let drops_down = self.rules.exclude_network_events && judgement.network_event.is_some();
        self.exclusions.extend(judgement.exclusions.into_iter().map(|exclusion| (slot, exclusion)));
        for device in self.slot.chunk_by(|a, b| a.device == b.device) {
            let Some(tally) = device.first().and_then(|kept| self.tallies.get_mut(kept.device as usize))
            else {
                continue;
            };
            let is_dropped = |kept: &Kept| {
                kept.outcome.is_silence() && is_left_out.get(usize::from(kept.participant)) == Some(&true)
            };
            let counted = device.iter().filter(|kept| !is_dropped(kept));
            let owner_of =
                |validator: u16| self.rules.owners.get(usize::from(validator)).copied().unwrap_or(validator);
            tally.excluded +=
                u32::try_from(device.iter().filter(|kept| is_dropped(kept)).count()).unwrap_or(0);
            let Some(decision) = decide(counted, self.rules.quorum, owner_of) else { continue };
            tally.prior_up = decision == Decision::Up;
            if tally.prior_up || !drops_down {
                tally.add(tally.prior_up);
            }
        }
        self.slot.clear();
        Ok(())
    }

    fn count_witnesses(&mut self, exclusions: &[Exclusion]) {
        let mut has_probed = vec![false; self.witnesses.len()];
        for kept in &self.slot {
            if let Some(has_probed) = has_probed.get_mut(usize::from(kept.participant)) {
                *has_probed = true;
            }
        }
        for (witness, has_probed) in self.witnesses.iter_mut().zip(has_probed) {
            witness.slots_probed += u32::from(has_probed);
        }
        for exclusion in exclusions {
            if let Some(witness) = self.witnesses.get_mut(usize::from(exclusion.participant)) {
                witness.slots_excluded += 1;
            }
        }
    }

    /// Adds the window under way to the sums, unless it lies outside the tracking period.
    fn close_window(&mut self) -> Result<(), FixedError> {
        let current = window_start(self.rules.end, self.rules.window_s);
        let oldest = current.saturating_sub(self.rules.tracking_s);
        let counts = self.window.is_some_and(|window| oldest <= window && window < current);
        for tally in &mut self.tallies {
            if counts && tally.window_total > 0 {
                let share = ratio(u64::from(tally.window_up), u64::from(tally.window_total))?;
                tally.shares = tally.shares.checked_add(share).ok_or(FixedError::Overflow)?;
                tally.windows += 1;
            }
            (tally.window_up, tally.window_total) = (0, 0);
        }
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, is_up: bool) {
        self.window_up += u32::from(is_up);
        self.window_total += 1;
        self.up += u32::from(is_up);
        self.down += u32::from(!is_up);
        self.was_up = Some(is_up);
    }
}

fn key(kept: &Kept) -> (u32, u32, u16) {
    (kept.slot, kept.device, kept.participant)
}

/// Only a provably wrong answer carries the device's signature beside the good ones.
fn class(outcome: Outcome) -> u8 {
    preference(outcome, outcome == Outcome::Fail)
}

#[cfg(test)]
#[path = "outcomes_tests.rs"]
mod tests;
