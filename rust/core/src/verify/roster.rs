//! Who probes one device in every slot of the epoch.
//!
//! In: the epoch and a device. Out: the assigned validators per slot, and the sums that scoring needs. Rule: scoring and
//! rewards, 2.3 and 6.4. Invariant: a roster is computed once per device and serves both the checks of its rows and the
//! count of what should have been there.

use serde::{Deserialize, Serialize};

use super::epoch::Epoch;
use crate::beacon::Assigner;
use crate::score::availability::window_start;

/// The assigned validators of a device, slot by slot.
#[derive(Debug, Default)]
pub struct Roster {
    ends: Vec<u32>,
    participants: Vec<u16>,
    challenged: Vec<bool>,
}

/// What was scheduled for a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// Position of the device in the snapshot.
    pub device: u32,
    /// Start of each window with the number of slots in which the device was challenged.
    pub windows: Vec<(i64, u32)>,
    /// Challenged slots with fewer validators than decide a slot.
    pub under_assigned: u64,
}

impl Roster {
    /// The roster of a device of the snapshot.
    pub fn new(epoch: &Epoch, device: usize) -> Self {
        let mut roster = Self::default();
        let mut assigner = Assigner::default();
        for slot in 0..epoch.slots.len() as u64 {
            let is_challenged = epoch.is_challenged(slot, device);
            if is_challenged {
                epoch.assign(slot, device, &mut assigner, &mut roster.participants);
            }
            roster.ends.push(u32::try_from(roster.participants.len()).unwrap_or(u32::MAX));
            roster.challenged.push(is_challenged);
        }
        roster
    }

    /// Validators assigned in a slot, best draw first; none where the device is not challenged.
    pub fn assigned(&self, slot: u64) -> &[u16] {
        let Ok(slot) = usize::try_from(slot) else { return &[] };
        let end = self.ends.get(slot).map_or(0, |end| *end as usize);
        let start =
            slot.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.participants.get(start..end).unwrap_or_default()
    }

    /// Sums for scoring; adds the probes of each validator to `probes`, by position of the participant.
    pub fn sum(&self, epoch: &Epoch, device: u32, probes: &mut [u64]) -> Scheduled {
        for participant in &self.participants {
            if let Some(count) = probes.get_mut(usize::from(*participant)) {
                *count += 1;
            }
        }
        let mut scheduled = Scheduled { device, windows: Vec::new(), under_assigned: 0 };
        for (slot, entry) in
            epoch.slots.iter().enumerate().filter(|(slot, _)| self.challenged.get(*slot) == Some(&true))
        {
            let start = window_start(entry.start, epoch.params.window_s);
            match scheduled.windows.last_mut().filter(|window| window.0 == start) {
                Some(window) => window.1 += 1,
                None => scheduled.windows.push((start, 1)),
            }
            scheduled.under_assigned += u64::from(self.assigned(slot as u64).len() < epoch.quorum());
        }
        scheduled
    }
}
