//! Who was seen by whom, and how often.
//!
//! In: directed counts of witness events. Out: the same by pairs of devices. Rule: scoring and rewards, 7.2, the counts
//! `w_ij` of `WITNESS_RECIPROCITY`. Invariant: counts of one pair add up, so that one event a row is as good as sums; all of
//! them together fit 64 bits.
//!
//! Chosen where the rule is silent: `w_ij` counts events in which `j` witnessed `i`; a device's witness events are those in
//! which it is either of the two.

use std::collections::BTreeMap;

/// So many times one device was seen by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Number of the device that was seen.
    pub seen: u32,
    /// Number of the device that saw it.
    pub by: u32,
    /// How many times.
    pub events: u64,
}

/// Why sightings are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SightingError {
    /// A device saw itself.
    #[error("expected two different devices, found device {device} as its own witness")]
    Itself {
        /// The device.
        device: u32,
    },
    /// There are too many events.
    #[error("expected at most 2^64-1 events in all, found more")]
    TooMany,
}

/// Two devices that saw each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The device with the smaller number.
    pub a: u32,
    /// The other one.
    pub b: u32,
    /// Events in which `b` saw `a`.
    pub a_by_b: u64,
    /// Events in which `a` saw `b`.
    pub b_by_a: u64,
}

impl Pair {
    /// Events between the two.
    pub const fn events(&self) -> u64 {
        // All events together fit 64 bits.
        self.a_by_b + self.b_by_a
    }
}

/// Sightings by pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses {
    /// Pairs that have events, ascending.
    pub pairs: Vec<Pair>,
    /// Devices that have events, ascending, with the number of events that they take part in.
    pub devices: BTreeMap<u32, u64>,
}

impl Witnesses {
    /// Sums up sightings.
    pub fn new(sightings: impl IntoIterator<Item = Sighting>) -> Result<Self, SightingError> {
        let mut counts: BTreeMap<(u32, u32), (u64, u64)> = BTreeMap::new();
        let mut all = 0_u64;
        for Sighting { seen, by, events } in sightings {
            if seen == by {
                return Err(SightingError::Itself { device: seen });
            }
            all = all.checked_add(events).ok_or(SightingError::TooMany)?;
            if events == 0 {
                continue;
            }
            let (a_by_b, b_by_a) = counts.entry((seen.min(by), seen.max(by))).or_default();
            *(if seen < by { a_by_b } else { b_by_a }) += events;
        }
        let mut found = Self::default();
        for ((a, b), (a_by_b, b_by_a)) in counts {
            let pair = Pair { a, b, a_by_b, b_by_a };
            for device in [a, b] {
                *found.devices.entry(device).or_default() += pair.events();
            }
            found.pairs.push(pair);
        }
        Ok(found)
    }

    /// Events that a device takes part in.
    pub fn events_of(&self, device: u32) -> u64 {
        self.devices.get(&device).copied().unwrap_or(0)
    }
}

#[cfg(test)]
#[path = "witnesses_tests.rs"]
mod tests;
