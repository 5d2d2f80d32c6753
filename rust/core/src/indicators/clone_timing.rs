//! Devices whose round trips to one validator go up and down together, as two names of one machine do.
//!
//! In: the round trips that one validator measured. Out: `CLONE_TIMING`. Rule: scoring and rewards, 7.2: two devices with at
//! least 30 common slots in which the rank correlation of their round trips, or the share of slots in which they differ by
//! less than 1 %, is at least 95 %. Invariant: every such pair is found, or the call is refused. Devices that pairs connect
//! are one finding, since a thousand names of one machine are half a million pairs.
//!
//! Chosen where the rule is silent:
//!
//! - The rank correlation is that of [`super::rank_correlation`], over the common slots.
//! - Two round trips differ by less than 1 % if their difference is less than 1 % of the shorter one.
//!
//! Pairs that cannot reach a limit cost little. Two lists in which `x` places are in the upper half of the first alone, and
//! `y` in that of the second alone, differ by at least `xy` in the sum of the ranks of the `x` places, and in that of the
//! `y` places; so by `x y^2 + y x^2` at least in the squares of the ranks. That bounds their correlation, and takes few
//! instructions for 64 slots. Round trips are compared only until the slots that are left cannot make up for those that
//! were seen. No exact method is known that would not look at most pairs at all, so the work has a limit that is an error.

use std::collections::BTreeMap;

use super::rank_correlation::{MOST_PLACES, Ranks, full_spread, is_enough, lost_to_ties};
use crate::score::cluster::Clusters;

/// Common slots of a pair.
pub const LEAST_SLOTS: usize = 30;
/// Slots of one device.
pub const MOST_SLOTS: usize = MOST_PLACES;
/// Words and round trips that are looked at unless the caller allows more.
pub const MOST_LOOKS: u64 = 10_000_000_000;

/// One measurement of the validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundTrip {
    /// Number of the device.
    pub device: u32,
    /// The slot.
    pub slot: u64,
    /// How long it took, nanoseconds.
    pub rtt_ns: u64,
}

/// Why no answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloneError {
    /// A device has two round trips in a slot.
    #[error("expected one round trip of a device in a slot, found two of device {device} in slot {slot}")]
    Twice {
        /// The device.
        device: u32,
        /// The slot.
        slot: u64,
    },
    /// A device was probed in too many slots.
    #[error("expected at most {MOST_SLOTS} slots of a device, found {found} of device {device}")]
    Slots {
        /// The device.
        device: u32,
        /// Its slots.
        found: usize,
    },
    /// The comparison would take too long.
    #[error("expected pairs that can be compared in {limit} looks, found more to look at")]
    Looks {
        /// The limit.
        limit: u64,
    },
}

/// Devices that pairs connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clones {
    /// The devices, ascending.
    pub devices: Vec<u32>,
    /// Pairs of them that the rule accuses.
    pub pairs: u64,
    /// Pairs whose ranks correlate.
    pub by_rank: u64,
    /// Pairs whose round trips are alike.
    pub by_share: u64,
    /// Common slots of the pair that has fewest.
    pub least_slots: u64,
}

/// A pair that the rule accuses.
struct Pair {
    by_rank: bool,
    by_share: bool,
    slots: u64,
}

/// Finds the clones among the devices that one validator probed, in at most `most_looks` looks.
pub fn clones(round_trips: &[RoundTrip], most_looks: u64) -> Result<Vec<Clones>, CloneError> {
    let mut sorted = round_trips.to_vec();
    sorted.sort_unstable();
    let mut slots: Vec<u64> = sorted.iter().map(|one| one.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    let mut devices = Vec::new();
    for own in sorted.chunk_by(|a, b| a.device == b.device) {
        devices.extend(Device::new(own, &slots)?);
    }
    let mut found = Found::new(&devices);
    let mut looks = 0_u64;
    for ((a, device), place) in (0_u32..).zip(&devices).zip(1..) {
        for (b, other) in (a + 1..).zip(devices.iter().skip(place)) {
            if let Some(pair) = device.pair(other, &mut looks) {
                found.add(a, b, &pair);
            }
            if looks > most_looks {
                return Err(CloneError::Looks { limit: most_looks });
            }
        }
    }
    Ok(found.into_clones())
}

/// Up to 64 neighbouring slots of the validator.
struct Word {
    at: usize,
    /// Those in which the device was probed.
    slots: u64,
    /// Those whose round trips are in the upper half of the device's.
    upper: u64,
}

/// A device with enough slots.
struct Device<'a> {
    number: u32,
    round_trips: &'a [RoundTrip],
    words: Vec<Word>,
    ranks: Ranks,
    lost_to_ties: u64,
}

/// What the words of two devices say.
#[derive(Default)]
struct Overlap {
    slots: u64,
    upper_here_alone: u64,
    upper_there_alone: u64,
}

impl<'a> Device<'a> {
    /// From its round trips, which ascend by slot, and all slots of the validator.
    fn new(round_trips: &'a [RoundTrip], slots: &[u64]) -> Result<Option<Self>, CloneError> {
        let number = round_trips.first().map_or(0, |one| one.device);
        let mut twice = round_trips.windows(2).filter_map(|pair| match pair {
            [a, b] if a.slot == b.slot => Some(a.slot),
            _ => None,
        });
        if let Some(slot) = twice.next() {
            return Err(CloneError::Twice { device: number, slot });
        }
        if round_trips.len() > MOST_SLOTS {
            return Err(CloneError::Slots { device: number, found: round_trips.len() });
        }
        if round_trips.len() < LEAST_SLOTS {
            return Ok(None);
        }
        let rtts: Vec<u64> = round_trips.iter().map(|one| one.rtt_ns).collect();
        let (ranks, lost_to_ties) = (Ranks::new(&rtts), lost_to_ties(&rtts));
        Ok(Some(Self { number, round_trips, words: words(round_trips, rtts, slots), ranks, lost_to_ties }))
    }

    fn pair(&self, other: &Self, looks: &mut u64) -> Option<Pair> {
        let overlap = self.overlap(other, looks);
        if overlap.slots < LEAST_SLOTS as u64 {
            return None;
        }
        let by_share = self.is_alike(other, overlap.slots, looks);
        let by_rank = self.may_correlate(other, &overlap) && self.correlates(other, overlap.slots, looks);
        (by_rank || by_share).then_some(Pair { by_rank, by_share, slots: overlap.slots })
    }

    fn overlap(&self, other: &Self, looks: &mut u64) -> Overlap {
        let mut overlap = Overlap::default();
        for (own, theirs) in matching(&self.words, &other.words, |word| word.at, looks) {
            overlap.slots += u64::from((own.slots & theirs.slots).count_ones());
            overlap.upper_here_alone += u64::from((own.upper & theirs.slots & !theirs.upper).count_ones());
            overlap.upper_there_alone += u64::from((theirs.upper & own.slots & !own.upper).count_ones());
        }
        overlap
    }

    /// Whether the upper halves leave a correlation possible.
    ///
    /// With different numbers the sum of products is the spread less half of the squares of the differences, here of doubled
    /// ranks. With equal ones it is the mean of that over all ways to tell them apart, of which none leaves its half, and the
    /// spread is smaller by at most what is lost in all slots.
    fn may_correlate(&self, other: &Self, overlap: &Overlap) -> bool {
        let (x, y) = (overlap.upper_here_alone, overlap.upper_there_alone);
        let spread = full_spread(overlap.slots);
        let apart = u128::from(x) * u128::from(y) * u128::from(x + y);
        let Some(twice) = u128::from(2 * spread).checked_sub(4 * apart) else { return false };
        let (own, theirs) =
            (spread.saturating_sub(self.lost_to_ties), spread.saturating_sub(other.lost_to_ties));
        own == 0 || theirs == 0 || is_enough(i64::try_from(twice).unwrap_or(i64::MAX), own, theirs)
    }

    fn correlates(&self, other: &Self, slots: u64, looks: &mut u64) -> bool {
        let is_whole = |device: &Self| device.round_trips.len() as u64 == slots;
        if is_whole(self) && is_whole(other) {
            return self.ranks.correlate(&other.ranks, looks);
        }
        let (own, theirs): (Vec<u64>, Vec<u64>) =
            matching(self.round_trips, other.round_trips, |one| one.slot, looks)
                .map(|(own, theirs)| (own.rtt_ns, theirs.rtt_ns))
                .unzip();
        *looks += 2 * slots;
        Ranks::new(&own).correlate(&Ranks::new(&theirs), looks)
    }

    /// Whether round trips are alike in at least 95 % of so many common slots.
    fn is_alike(&self, other: &Self, slots: u64, looks: &mut u64) -> bool {
        let mut may_differ = slots / 20;
        for (own, theirs) in matching(self.round_trips, other.round_trips, |one| one.slot, looks) {
            if !are_close(own.rtt_ns, theirs.rtt_ns) {
                match may_differ.checked_sub(1) {
                    Some(left) => may_differ = left,
                    None => return false,
                }
            }
        }
        true
    }
}

/// The words of a device's slots, by the places of these among all slots of the validator.
fn words(round_trips: &[RoundTrip], mut rtts: Vec<u64>, slots: &[u64]) -> Vec<Word> {
    let middle = rtts.len() / 2;
    // Equal round trips are in one half all together.
    let median = *rtts.select_nth_unstable(middle).1;
    let mut words: Vec<Word> = Vec::new();
    for one in round_trips {
        let place = slots.binary_search(&one.slot).unwrap_or_default();
        let (at, bit) = (place / 64, 1 << (place % 64));
        let upper = if one.rtt_ns >= median { bit } else { 0 };
        match words.last_mut() {
            Some(word) if word.at == at => {
                word.slots |= bit;
                word.upper |= upper;
            }
            _ => words.push(Word { at, slots: bit, upper }),
        }
    }
    words
}

/// The pairs of members that have the same key, of two lists that ascend by it. Counts what is looked at.
fn matching<'a, T, K: Ord>(
    a: &'a [T],
    b: &'a [T],
    key: impl Fn(&T) -> K,
    looks: &mut u64,
) -> impl Iterator<Item = (&'a T, &'a T)> {
    let mut others = b.iter().peekable();
    a.iter().filter_map(move |own| {
        *looks += 1;
        while others.next_if(|other| key(other) < key(own)).is_some() {
            *looks += 1;
        }
        others.next_if(|other| key(other) == key(own)).map(|other| (own, other))
    })
}

/// Whether two round trips differ by less than 1 % of the shorter one.
fn are_close(a: u64, b: u64) -> bool {
    100 * u128::from(a.abs_diff(b)) < u128::from(a.min(b))
}

/// Pairs that were found, devices by their place.
struct Found {
    devices: Vec<u32>,
    clusters: Clusters,
    /// By the first device of a pair.
    counts: BTreeMap<u32, Counts>,
}

#[derive(Clone, Copy)]
struct Counts {
    pairs: u64,
    by_rank: u64,
    by_share: u64,
    least_slots: u64,
}

impl Counts {
    const NONE: Self = Self { pairs: 0, by_rank: 0, by_share: 0, least_slots: u64::MAX };

    fn merge(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.by_rank += other.by_rank;
        self.by_share += other.by_share;
        self.least_slots = self.least_slots.min(other.least_slots);
    }
}

impl Found {
    fn new(devices: &[Device<'_>]) -> Self {
        Self {
            devices: devices.iter().map(|device| device.number).collect(),
            clusters: Clusters::new(devices.len()),
            counts: BTreeMap::new(),
        }
    }

    fn add(&mut self, a: u32, b: u32, pair: &Pair) {
        self.clusters.join(a, b);
        let (by_rank, by_share) = (pair.by_rank.into(), pair.by_share.into());
        let counts = Counts { pairs: 1, by_rank, by_share, least_slots: pair.slots };
        self.counts.entry(a).or_insert(Counts::NONE).merge(counts);
    }

    fn into_clones(self) -> Vec<Clones> {
        let names = self.clusters.into_names();
        let name = |place: u32| names.get(place as usize).copied().unwrap_or(place);
        let mut found: BTreeMap<u32, (Counts, Vec<u32>)> = BTreeMap::new();
        for (place, counts) in self.counts {
            found.entry(name(place)).or_insert((Counts::NONE, Vec::new())).0.merge(counts);
        }
        for (device, place) in self.devices.iter().zip(0..) {
            if let Some((_, devices)) = found.get_mut(&name(place)) {
                devices.push(*device);
            }
        }
        let clones = |(counts, devices): (Counts, Vec<u32>)| Clones {
            devices,
            pairs: counts.pairs,
            by_rank: counts.by_rank,
            by_share: counts.by_share,
            least_slots: counts.least_slots,
        };
        found.into_values().map(clones).collect()
    }
}

#[cfg(test)]
#[path = "clone_timing_tests.rs"]
mod tests;
