//! Scoring of an epoch: exclusions, decisions, windows, scores.
//!
//! In: kept observations ascending by slot (read twice), schedules, prefixes, references and the earlier state. Out: one
//! score per eligible device, the new state, the exclusion log and findings. Rule: scoring and rewards, 2.5, 3 and 5.1.
//! Invariant: the result depends on the set of kept observations alone; the second reading drops what unreliable
//! validators said, and nothing is judged again.

use std::collections::{BTreeMap, BTreeSet};

use super::availability::{Availability, Window, evaluate, merge, window_start};
use super::cluster::Clusters;
use super::outage::{Exclusion, judge};
use super::payout::payout;
use super::quorum::{Decision, decide};
use super::shared_outage::DownSlots;
use super::state::PriorState;
use super::votes::Votes;
use crate::fixed::FixedError;
use crate::verdict::Outcome;
use crate::verify::epoch::Epoch;
use crate::verify::findings::{Findings, Subject};
use crate::verify::judged::{Counters, Kept};
use crate::verify::roster::Scheduled;

/// Reference probes: (slot, participant) -> (ok, total).
pub type References = BTreeMap<(u64, u16), (u64, u64)>;

/// Everything that scoring reads beside the kept observations.
pub struct Evidence<'a> {
    /// The epoch.
    pub epoch: &'a Epoch,
    /// Earlier state, one per device of the snapshot.
    pub prior: &'a [PriorState],
    /// What was scheduled, one per device of the snapshot, ascending.
    pub scheduled: &'a [Scheduled],
    /// Probes scheduled per participant.
    pub probes: &'a [u64],
    /// Counters after this epoch.
    pub counters: &'a [Counters],
    /// Address prefixes per device.
    pub prefixes: &'a [(u32, Vec<u8>)],
    /// Reference probes.
    pub references: &'a References,
}

/// Score of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceScore {
    /// Score and state.
    pub availability: Availability,
    /// Slots of this epoch decided up.
    pub up: u64,
    /// Slots of this epoch decided down.
    pub down: u64,
    /// Slots of this epoch in which the device was challenged.
    pub scheduled: u64,
    /// Observations left out as validators' outages.
    pub excluded: u64,
    /// Value of the payout curve.
    pub payout: u64,
    /// Observations of this epoch that were not left out, by number of their outcome, `PASS` to `INVALID`.
    pub outcomes: [u32; OUTCOMES],
}

/// Outcomes that are counted for each device.
pub const OUTCOMES: usize = Outcome::Invalid as usize + 1;

/// The result of scoring.
#[derive(Debug, Default)]
pub struct Scored {
    /// One per device of the snapshot.
    pub scores: Vec<DeviceScore>,
    /// State for the next epoch, one per device of the snapshot.
    pub states: Vec<PriorState>,
    /// Exclusion log by (slot, participant).
    pub exclusions: Vec<(u64, Exclusion)>,
    /// Address clusters for the caps, one per device, named by the smallest member.
    pub address_clusters: Vec<u32>,
    /// Indicators about validators, slots and decisions.
    pub findings: Findings,
}

/// What can stop scoring: reading the kept observations, or a number that does not fit.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError<E> {
    /// The source of kept observations failed.
    #[error(transparent)]
    Source(E),
    /// A score does not fit its type.
    #[error("score: {0}")]
    Fixed(#[from] FixedError),
}

#[derive(Clone, Copy, Debug, Default)]
struct Witness {
    slots_probed: u64,
    slots_excluded: u64,
    kept: u64,
    not_probed: u64,
}

#[derive(Debug)]
struct FirstReading {
    witnesses: Vec<Witness>,
    exclusions: Vec<(u64, Exclusion)>,
    events: BTreeSet<u64>,
    votes: Votes,
}

/// Scores an epoch. `read` gives the kept observations of one slot after the other, ascending, and is called twice.
pub fn score<E>(
    evidence: &Evidence<'_>,
    read: impl Fn(&mut dyn FnMut(u64, &[Kept])) -> Result<(), E>,
) -> Result<Scored, ScoreError<E>> {
    let mut scored = Scored::default();
    let clusters = clusters(evidence, &mut scored);
    let mut first = FirstReading {
        witnesses: vec![Witness::default(); evidence.probes.len()],
        exclusions: Vec::new(),
        events: BTreeSet::new(),
        votes: Votes::new(
            evidence.epoch.snapshot.devices.iter().map(|device| device.owner.as_str()),
            evidence.epoch.participants.len(),
        ),
    };
    let mut was_up: Vec<bool> = evidence.prior.iter().map(|state| state.prior_up == Some(true)).collect();
    read(&mut |slot, kept| first.slot(slot, kept, evidence, &clusters, &mut was_up, &mut scored.findings))
        .map_err(ScoreError::Source)?;
    let unreliable = unreliable(evidence, &first, &mut scored.findings);
    let mut second = SecondReading::new(evidence);
    let FirstReading { exclusions, events, mut votes, .. } = first;
    let left_out = LeftOut { exclusions: &exclusions, events: &events, unreliable: &unreliable };
    read(&mut |slot, kept| second.slot(slot, kept, evidence, &left_out, &mut votes))
        .map_err(ScoreError::Source)?;
    votes.report(evidence.epoch, &mut scored.findings);
    second.down_slots.report(evidence.epoch, &mut scored.findings)?;
    second.finish(evidence, &mut scored)?;
    scored.exclusions = exclusions;
    Ok(scored)
}

/// Clusters for the outage rules (addresses and payees); those for the caps (addresses alone) go into the result.
fn clusters(evidence: &Evidence<'_>, scored: &mut Scored) -> Vec<u32> {
    let devices = &evidence.epoch.snapshot.devices;
    let mut addresses = Clusters::new(devices.len());
    addresses.join_by(evidence.prefixes.iter().map(|(device, prefix)| (*device, prefix.as_slice())));
    let mut uplinks = addresses.clone();
    let payees =
        devices.iter().enumerate().filter_map(|(index, d)| Some((u32::try_from(index).ok()?, d.payee?)));
    uplinks.join_by(payees);
    scored.address_clusters = addresses.into_names();
    uplinks.into_names()
}

fn by_device(kept: &[Kept]) -> impl Iterator<Item = &[Kept]> {
    kept.chunk_by(|a, b| a.device == b.device)
}

fn owner_of(epoch: &Epoch) -> impl Fn(u16) -> u16 + '_ {
    |participant| epoch.participants.get(usize::from(participant)).map_or(participant, |p| p.owner)
}

impl FirstReading {
    fn slot(
        &mut self,
        slot: u64,
        kept: &[Kept],
        evidence: &Evidence<'_>,
        clusters: &[u32],
        was_up: &mut [bool],
        findings: &mut Findings,
    ) {
        let references = evidence
            .references
            .range((slot, 0)..=(slot, u16::MAX))
            .map(|((_, participant), counts)| (*participant, *counts))
            .collect();
        let judgement = judge(
            kept,
            |device| clusters.get(device as usize).copied().unwrap_or(device),
            |device| was_up.get(device as usize) == Some(&true),
            &references,
        );
        self.count(kept, &judgement.exclusions);
        for device in by_device(kept) {
            self.votes.look(device);
            let counted = device.iter().filter(|k| {
                !(k.outcome.is_silence()
                    && judgement.exclusions.iter().any(|e| e.participant == k.participant))
            });
            let decision = decide(counted, evidence.epoch.quorum(), owner_of(evidence.epoch));
            let position = device.first().map_or(0, |k| k.device as usize);
            if let (Some(decision), Some(was_up)) = (decision, was_up.get_mut(position)) {
                *was_up = decision == Decision::Up;
            }
        }
        if let Some((n_all, f_all)) = judgement.network_event {
            self.events.insert(slot);
            findings.fact("NETWORK_EVENT", [], &[("slot", slot), ("n_all", n_all), ("f_all", f_all)]);
        }
        self.exclusions.extend(judgement.exclusions.into_iter().map(|exclusion| (slot, exclusion)));
    }

    fn count(&mut self, kept: &[Kept], exclusions: &[Exclusion]) {
        let mut seen = BTreeSet::new();
        for k in kept {
            let Some(witness) = self.witnesses.get_mut(usize::from(k.participant)) else { continue };
            witness.kept += 1;
            let is_not_probed =
                !k.is_answered && matches!(k.outcome, Outcome::Unknown | Outcome::NotAttempted);
            witness.not_probed += u64::from(is_not_probed);
            witness.slots_probed += u64::from(seen.insert(k.participant));
        }
        for exclusion in exclusions {
            if let Some(witness) = self.witnesses.get_mut(usize::from(exclusion.participant)) {
                witness.slots_excluded += 1;
            }
        }
    }
}

/// What the first reading found, and the second one leaves out.
struct LeftOut<'a> {
    /// By (slot, participant).
    exclusions: &'a [(u64, Exclusion)],
    events: &'a BTreeSet<u64>,
    /// By participant.
    unreliable: &'a [bool],
}

impl LeftOut<'_> {
    /// Exclusions of one slot, ascending by participant.
    fn of(&self, slot: u64) -> &[(u64, Exclusion)] {
        let start = self.exclusions.partition_point(|(other, _)| *other < slot);
        let end = self.exclusions.partition_point(|(other, _)| *other <= slot);
        self.exclusions.get(start..end).unwrap_or_default()
    }
}

/// The cap of 3.6, and the validators that were silent or void.
fn unreliable(evidence: &Evidence<'_>, first: &FirstReading, findings: &mut Findings) -> Vec<bool> {
    let participants = evidence.epoch.participants.iter().zip(&first.witnesses).zip(evidence.probes);
    participants
        .map(|((participant, witness), scheduled)| {
            let subject = || [Subject::Validator(participant.id.to_vec())];
            let silent = scheduled.saturating_sub(witness.kept);
            let missing = silent + witness.not_probed;
            if silent > 0 {
                findings.fact(
                    "VALIDATOR_SILENT",
                    subject(),
                    &[("scheduled", *scheduled), ("missing", silent)],
                );
            }
            if participant.secret.is_none() {
                findings.fact("UNRELIABLE", subject(), &[("void", 1)]);
                return true;
            }
            let is_unreliable =
                10 * witness.slots_excluded > witness.slots_probed || 10 * missing > *scheduled;
            if is_unreliable {
                let numbers = [
                    ("slots_probed", witness.slots_probed),
                    ("slots_excluded", witness.slots_excluded),
                    ("scheduled", *scheduled),
                    ("missing", missing),
                ];
                findings.fact("UNRELIABLE", subject(), &numbers);
            }
            is_unreliable
        })
        .collect()
}

struct SecondReading {
    down_slots: DownSlots,
    windows: Vec<Vec<Window>>,
    up: Vec<u32>,
    down: Vec<u32>,
    excluded: Vec<u32>,
    outcomes: Vec<[u32; OUTCOMES]>,
    last_up: Vec<Option<bool>>,
}

impl SecondReading {
    fn new(evidence: &Evidence<'_>) -> Self {
        let devices = evidence.epoch.snapshot.devices.len();
        let windows = |scheduled: &Scheduled| {
            let window = |(start, scheduled): &(i64, u32)| Window {
                start: *start,
                scheduled: *scheduled,
                up: 0,
                total: 0,
            };
            scheduled.windows.iter().map(window).collect()
        };
        Self {
            down_slots: DownSlots::new(devices, evidence.epoch.slots.len()),
            windows: evidence.scheduled.iter().map(windows).collect(),
            up: vec![0; devices],
            down: vec![0; devices],
            excluded: vec![0; devices],
            outcomes: vec![[0; OUTCOMES]; devices],
            last_up: evidence.prior.iter().map(|state| state.prior_up).collect(),
        }
    }

    fn slot(
        &mut self,
        slot: u64,
        kept: &[Kept],
        evidence: &Evidence<'_>,
        left_out: &LeftOut<'_>,
        votes: &mut Votes,
    ) {
        let epoch = evidence.epoch;
        let is_event = left_out.events.contains(&slot);
        let excluded = left_out.of(slot);
        let start = epoch.slot(slot).map_or(0, |slot| window_start(slot.start, epoch.params.window_s));
        for device in by_device(kept) {
            let is_dropped = |k: &Kept| {
                k.outcome.is_silence()
                    && (left_out.unreliable.get(usize::from(k.participant)) == Some(&true)
                        || excluded.iter().any(|(_, exclusion)| exclusion.participant == k.participant))
            };
            let Some(position) = device.first().map(|k| k.device as usize) else { continue };
            let dropped = device.iter().filter(|k| is_dropped(k)).count();
            if let Some(excluded) = self.excluded.get_mut(position) {
                *excluded += u32::try_from(dropped).unwrap_or(u32::MAX);
            }
            let counted = device.iter().filter(|k| !is_dropped(k));
            if let Some(outcomes) = self.outcomes.get_mut(position) {
                for kept in counted.clone() {
                    if let Some(count) = outcomes.get_mut(kept.outcome as usize) {
                        *count += 1;
                    }
                }
            }
            let decided = decide(counted.clone(), epoch.quorum(), owner_of(epoch));
            let counts = |decision: &Decision| {
                !(is_event && epoch.params.exclude_network_events && *decision == Decision::Down)
            };
            let Some(decision) = decided.filter(counts) else { continue };
            votes.count(counted, decision);
            self.add(position, start, decision);
            if decision == Decision::Down && !is_event && excluded.is_empty() {
                self.down_slots.add(position, slot);
            }
        }
    }

    fn add(&mut self, position: usize, start: i64, decision: Decision) {
        let is_up = decision == Decision::Up;
        let count = if is_up { &mut self.up } else { &mut self.down };
        if let Some(count) = count.get_mut(position) {
            *count += 1;
        }
        let window = self.windows.get_mut(position).and_then(|windows| {
            let found = windows.binary_search_by_key(&start, |window| window.start).ok()?;
            windows.get_mut(found)
        });
        if let Some(window) = window {
            window.up += u32::from(is_up);
            window.total += 1;
        }
        if let Some(last) = self.last_up.get_mut(position) {
            *last = Some(is_up);
        }
    }

    fn finish(self, evidence: &Evidence<'_>, scored: &mut Scored) -> Result<(), FixedError> {
        let epoch = evidence.epoch;
        let params = &epoch.params;
        let mut counters = evidence.counters.iter().peekable();
        let devices = epoch.snapshot.devices.iter().zip(evidence.prior).zip(evidence.scheduled);
        for (position, ((device, prior), scheduled)) in devices.enumerate() {
            let windows = self.windows.get(position).map_or(&[][..], Vec::as_slice);
            let windows = merge(&prior.windows, windows, params.end, params.window_s, params.tracking_s);
            let availability =
                evaluate(&windows, params.end, params.window_s, params.tracking_s, params.min_data_windows)?;
            let count = |counts: &[u32]| u64::from(counts.get(position).copied().unwrap_or(0));
            let (up, down) = (count(&self.up), count(&self.down));
            scored.scores.push(DeviceScore {
                availability,
                up,
                down,
                scheduled: scheduled.windows.iter().map(|(_, slots)| u64::from(*slots)).sum(),
                excluded: count(&self.excluded),
                payout: payout(&params.curve, availability.score)?,
                outcomes: self.outcomes.get(position).copied().unwrap_or_default(),
            });
            let counted = counters.next_if(|c| c.device as usize == position);
            scored.states.push(PriorState {
                bootcount: counted.map_or(prior.bootcount, |c| c.bootcount),
                boot_first: counted.map_or(prior.boot_first, |c| c.boot_first),
                prior_up: self.last_up.get(position).copied().flatten(),
                windows,
            });
            let subject = || [Subject::Device(device.id.clone())];
            if scheduled.under_assigned > 0 {
                scored.findings.fact("UNDER_ASSIGNED", subject(), &[("slots", scheduled.under_assigned)]);
            }
            if epoch.has_single_witness() && up + down > 0 {
                scored.findings.fact("SINGLE_WITNESS", subject(), &[("slots", up + down)]);
            }
        }
        Ok(())
    }
}
