//! What each slot of an epoch said about one device, for people who ask.
//!
//! In: the device's rows of the verdict table, and what the published settlement left out. Out: every slot in which it was
//! challenged or has rows, with what became of each row. Rule: scoring and rewards, 2.2, 2.5 and 3.6. Invariant: the
//! decisions are those that the score was made of, since the same functions make them.

use std::collections::{BTreeMap, BTreeSet};

use super::availability::window_start;
use super::quorum::{Decision, decide};
use crate::verdict::Outcome;
use crate::verify::epoch::Epoch;
use crate::verify::judged::{Kept, preference};
use crate::verify::roster::Roster;

/// A row of the verdict table.
#[derive(Clone, Debug)]
pub struct VerdictRow {
    /// Slot number.
    pub slot: u64,
    /// Its id.
    pub id: Vec<u8>,
    /// Who recorded it.
    pub validator: Vec<u8>,
    /// What it counts as.
    pub outcome: Outcome,
    /// Whether the device's own signature was checked and is good.
    pub is_signed: bool,
}

/// What scoring left out, as the settlement publishes it.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Slot and participant of each line of the exclusion log.
    pub excluded: BTreeSet<(u64, u16)>,
    /// Participants whose down observations are dropped.
    pub unreliable: BTreeSet<u16>,
    /// Slots in which the network was down for everybody.
    pub events: BTreeSet<u64>,
}

/// Why an observation does not count although it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// An outage of the validator in this slot.
    Excluded,
    /// The validator is unreliable in this epoch.
    Unreliable,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRow {
    /// Its place among the rows that were given.
    pub position: usize,
    /// Whether it is the one that stands for its validator.
    pub is_kept: bool,
    /// Why it was left out.
    pub dropped: Option<Dropped>,
    /// Its vote.
    pub counts: Option<Decision>,
}

/// One slot of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSlot {
    /// Slot number.
    pub slot: u64,
    /// Its first second.
    pub start: i64,
    /// First second of its window.
    pub window: i64,
    /// Whether the device was to be probed.
    pub is_challenged: bool,
    /// Who was to probe it, best draw first.
    pub assigned: Vec<u16>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// Its rows, in the order in which they were given.
    pub rows: Vec<SlotRow>,
}

/// The slots of the device at `position` of the snapshot, ascending.
pub fn device_slots(
    epoch: &Epoch,
    position: usize,
    rows: &[VerdictRow],
    left_out: &LeftOut,
) -> Vec<DeviceSlot> {
    let mut by_slot: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        by_slot.entry(row.slot).or_default().push(at);
    }
    let roster = Roster::new(epoch, position);
    let mut slots: BTreeSet<u64> = by_slot.keys().copied().collect();
    slots.extend((0..epoch.slots.len() as u64).filter(|slot| epoch.is_challenged(*slot, position)));
    slots
        .into_iter()
        .map(|slot| {
            let start = epoch.params.slot_start(slot);
            let own = by_slot.get(&slot).map_or(&[][..], Vec::as_slice);
            let (rows, decision) = judge(epoch, slot, own, rows, left_out);
            DeviceSlot {
                slot,
                start,
                window: window_start(start, epoch.params.window_s),
                is_challenged: epoch.is_challenged(slot, position),
                assigned: roster.assigned(slot).to_vec(),
                decision,
                rows,
            }
        })
        .collect()
}

fn judge(
    epoch: &Epoch,
    slot: u64,
    own: &[usize],
    rows: &[VerdictRow],
    left_out: &LeftOut,
) -> (Vec<SlotRow>, Option<Decision>) {
    let own = || own.iter().filter_map(|at| Some((*at, rows.get(*at)?)));
    let mut best: BTreeMap<&[u8], (u8, &[u8], usize)> = BTreeMap::new();
    for (at, row) in own().filter(|(_, row)| row.outcome != Outcome::None) {
        let this = (preference(row.outcome, row.is_signed), row.id.as_slice(), at);
        let kept = best.entry(&row.validator).or_insert(this);
        *kept = this.min(*kept);
    }
    let mut counted: Vec<Kept> = Vec::new();
    let judged = own()
        .map(|(position, row)| {
            let participant = epoch.participant_index(&row.validator);
            let is_kept = participant.is_some()
                && best.get(row.validator.as_slice()).is_some_and(|(_, _, kept)| *kept == position);
            let Some(participant) = participant.filter(|_| is_kept) else {
                return SlotRow { position, is_kept: false, dropped: None, counts: None };
            };
            let dropped = if !row.outcome.is_silence() {
                None
            } else if left_out.excluded.contains(&(slot, participant)) {
                Some(Dropped::Excluded)
            } else {
                left_out.unreliable.contains(&participant).then_some(Dropped::Unreliable)
            };
            let mut counts = None;
            if dropped.is_none() {
                if row.outcome.is_up() {
                    counts = Some(Decision::Up);
                } else if row.outcome.is_down() {
                    counts = Some(Decision::Down);
                }
                // Neither the number of the device nor the answer plays a part in a decision.
                let slot = u32::try_from(slot).unwrap_or(u32::MAX);
                counted.push(Kept { slot, device: 0, participant, outcome: row.outcome, is_answered: true });
            }
            SlotRow { position, is_kept, dropped, counts }
        })
        .collect();
    let owner_of = |participant: u16| {
        epoch.participants.get(usize::from(participant)).map_or(participant, |found| found.owner)
    };
    let is_left_out = |decision: &Decision| {
        *decision == Decision::Down && epoch.params.exclude_network_events && left_out.events.contains(&slot)
    };
    let decision = decide(counted.iter(), epoch.quorum(), owner_of).filter(|decision| !is_left_out(decision));
    (judged, decision)
}
