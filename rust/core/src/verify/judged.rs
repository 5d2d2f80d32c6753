//! What a network's rules say about a block of whole devices.
//!
//! In: drafts and rulings. Out: columns for the verdict table and small records that later steps merge. Invariant: every
//! part merges in any order, so blocks can be judged on any number of threads.

use std::ops::Range;

use crate::hash::Hash;
use crate::networks::generic::ruling::Ruling;
use crate::signature::KeyId;
use crate::verdict::Outcome;

use super::epoch::Epoch;
use super::findings::Findings;
use super::roster::{Roster, Scheduled};

/// The one observation of a (slot, device, validator) that scoring uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Slot number.
    pub slot: u32,
    /// Position of the device in the snapshot.
    pub device: u32,
    /// Position of the validator among the participants.
    pub participant: u16,
    /// What it counts as.
    pub outcome: Outcome,
    /// Whether an answer came.
    pub is_answered: bool,
}

impl Kept {
    /// Length of the stored form.
    pub const BYTES: usize = 12;

    /// The stored form, whose byte order is (slot, device, participant).
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let (slot, rest) = out.split_at_mut(4);
        let (device, rest) = rest.split_at_mut(4);
        let (participant, rest) = rest.split_at_mut(2);
        slot.copy_from_slice(&self.slot.to_be_bytes());
        device.copy_from_slice(&self.device.to_be_bytes());
        participant.copy_from_slice(&self.participant.to_be_bytes());
        rest.copy_from_slice(&[self.outcome as u8, u8::from(self.is_answered)]);
        out
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (slot, rest) = bytes.split_first_chunk::<4>()?;
        let (device, rest) = rest.split_first_chunk::<4>()?;
        let (participant, rest) = rest.split_first_chunk::<2>()?;
        let &[outcome, is_answered] = rest else { return None };
        Some(Self {
            slot: u32::from_be_bytes(*slot),
            device: u32::from_be_bytes(*device),
            participant: u16::from_be_bytes(*participant),
            outcome: Outcome::from_number(outcome)?,
            is_answered: is_answered == 1,
        })
    }
}

/// Class of a row among the observations of one probe, best first (scoring and rewards, 2.2).
pub fn preference(outcome: Outcome, is_signed: bool) -> u8 {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Late => 1,
        _ if is_signed => 2,
        _ => 3,
    }
}

/// Counters of a device after the epoch's clean rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// Position of the device in the snapshot.
    pub device: u32,
    /// Last boot count.
    pub bootcount: Option<i64>,
    /// Anchored boot time.
    pub boot_first: Option<i64>,
}

/// Kept good answers of a device under a key that another device has too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: KeyId,
    /// Position of the device in the snapshot.
    pub device: u32,
    /// The rows.
    pub rows: Vec<Hash>,
}

/// An answer by the hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// SHA-256 of the envelope.
    pub proof_hash: Hash,
    /// Position of the row in the block.
    pub position: usize,
    /// What it answers.
    pub answered: Answered,
}

/// Which challenge an answer is to. Since a challenge is a hash over slot, device and validator, all rows in which an answer
/// is to their own one have these three in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// That of its row, and checks 3 and 9 ran and passed.
    Own = 0,
    /// That of its row, from another device or at another time.
    OwnWrongly = 1,
    /// Another one, or none.
    Another = 2,
}

/// The sum of a block.
#[derive(Debug, Default)]
pub struct Judged {
    /// Per row: code, masks, outcome and evidence.
    pub rulings: Vec<Ruling>,
    /// Per row: SHA-256 of the envelope.
    pub proof_hashes: Vec<Option<Hash>>,
    /// Observations for scoring.
    pub kept: Vec<Kept>,
    /// Counters of devices that had clean rows.
    pub counters: Vec<Counters>,
    /// Address prefixes that enough validators saw, per device.
    pub prefixes: Vec<(u32, Vec<u8>)>,
    /// Uses of shared keys.
    pub key_uses: Vec<KeyUse>,
    /// Answers, for `REPLAY`.
    pub presented: Vec<Presented>,
    /// What was scheduled for each device that the block stands for.
    pub scheduled: Vec<Scheduled>,
    /// Probes scheduled per participant.
    pub probes: Vec<u64>,
    /// Indicators.
    pub findings: Findings,
}

impl Judged {
    /// Sums what was scheduled for devices by their positions.
    pub fn schedule(&mut self, epoch: &Epoch, devices: Range<u32>) {
        for device in devices {
            self.schedule_one(epoch, device);
        }
    }

    /// Sums what was scheduled for one device, and gives its roster.
    pub fn schedule_one(&mut self, epoch: &Epoch, device: u32) -> Roster {
        let roster = Roster::new(epoch, device as usize);
        self.scheduled.push(roster.sum(epoch, device, &mut self.probes));
        roster
    }
}
