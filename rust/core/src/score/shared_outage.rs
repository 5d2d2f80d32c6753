//! Devices that are down in the same slots, as two names of one machine are.
//!
//! In: the slots in which each device was decided down. Out: `SHARED_OUTAGE`. Rule: scoring and rewards, 7.2: the sets of
//! two devices that are not of one registered cell have a Jaccard index of at least 9/10 over at least ten slots. Invariant:
//! every such pair is found. Devices that pairs connect are one finding, since a thousand devices behind one dead uplink
//! are half a million pairs.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::Clusters;
use crate::fixed::{FixedError, ratio};
use crate::verify::epoch::Epoch;
use crate::verify::findings::{Findings, Subject};

/// Slots that the two sets have together at least.
const LEAST_EITHER: u32 = 10;
/// A set of a pair has at least this many: nine of ten.
const LEAST_OWN: u32 = 9;
/// Devices of different cells that stand for all of a group: with three, whoever has a partner at all meets one of them,
/// and all who have partners meet each other.
const DELEGATES: usize = 3;

/// Down slots of every device.
#[derive(Debug)]
pub struct DownSlots {
    words: usize,
    sets: Vec<Option<Box<[u64]>>>,
}

/// Devices with one set of down slots.
struct Group<'a> {
    set: &'a [u64],
    size: u32,
    devices: Vec<u32>,
    delegates: Vec<u32>,
}

impl DownSlots {
    /// No device is down.
    pub fn new(devices: usize, slots: usize) -> Self {
        Self { words: slots.div_ceil(64), sets: vec![None; devices] }
    }

    /// A device was down in a slot.
    pub fn add(&mut self, device: usize, slot: u64) {
        let Some(set) = self.sets.get_mut(device) else { return };
        let set = set.get_or_insert_with(|| vec![0; self.words].into_boxed_slice());
        let word = usize::try_from(slot / 64).ok().and_then(|word| set.get_mut(word));
        if let Some(word) = word {
            *word |= 1 << (slot % 64);
        }
    }

    /// Lists the devices that share their outages.
    pub fn report(&self, epoch: &Epoch, findings: &mut Findings) -> Result<(), FixedError> {
        let devices = &epoch.snapshot.devices;
        let cells: Vec<Option<u64>> = devices.iter().map(|device| device.cell).collect();
        for (least, members) in self.shared(&cells)? {
            let members = members.iter().filter_map(|member| devices.get(*member as usize));
            let subjects: Vec<Subject> = members.map(|device| Subject::Device(device.id.clone())).collect();
            findings.fact("SHARED_OUTAGE", subjects, &[("least_jaccard_e12", least)]);
        }
        Ok(())
    }

    /// Devices that pairs connect, with the smallest index of these pairs.
    fn shared(&self, cells: &[Option<u64>]) -> Result<Vec<(u64, Vec<u32>)>, FixedError> {
        let groups = self.groups(cells);
        let mut clusters = Clusters::new(self.sets.len());
        let mut links: BTreeSet<(u32, u64)> = BTreeSet::new();
        for_pairs(&groups, |a, b, common, either| {
            let index = ratio(u64::from(common), u64::from(either))?;
            link(a, b, cells, |device, delegate| {
                clusters.join(device, delegate);
                links.insert((delegate, index));
            });
            Ok(())
        })?;
        let names = clusters.into_names();
        let name = |device: u32| names.get(device as usize).copied().unwrap_or(device);
        let mut shared: BTreeMap<u32, (u64, Vec<u32>)> = BTreeMap::new();
        for (device, index) in links {
            let (least, _) = shared.entry(name(device)).or_insert((index, Vec::new()));
            *least = index.min(*least);
        }
        for (device, _) in (0_u32..).zip(&self.sets) {
            if let Some((_, members)) = shared.get_mut(&name(device)) {
                members.push(device);
            }
        }
        Ok(shared.into_values().collect())
    }

    /// Devices with enough down slots by their set, ascending by its size.
    fn groups(&self, cells: &[Option<u64>]) -> Vec<Group<'_>> {
        let mut sets: Vec<(u32, &[u64], u32)> = self
            .sets
            .iter()
            .zip(0_u32..)
            .filter_map(|(set, device)| {
                let set = set.as_deref()?;
                Some((set.iter().map(|word| word.count_ones()).sum(), set, device))
            })
            .filter(|(size, _, _)| *size >= LEAST_OWN)
            .collect();
        sets.sort_unstable();
        sets.chunk_by(|a, b| a.1 == b.1)
            .filter_map(|same| {
                let (size, set, _) = *same.first()?;
                let devices: Vec<u32> = same.iter().map(|(_, _, device)| *device).collect();
                let mut delegates: Vec<u32> = Vec::new();
                for device in &devices {
                    if delegates.len() < DELEGATES && delegates.iter().all(|d| are_apart(*d, *device, cells))
                    {
                        delegates.push(*device);
                    }
                }
                Some(Group { set, size, devices, delegates })
            })
            .collect()
    }
}

/// Whether two devices are not of one registered cell.
fn are_apart(a: u32, b: u32, cells: &[Option<u64>]) -> bool {
    let cell = |device: u32| cells.get(device as usize).copied().flatten();
    a != b && (cell(a).is_none() || cell(a) != cell(b))
}

/// Calls `join` for each device of two groups with the delegates of the other group that are apart from it.
fn link(a: &Group<'_>, b: &Group<'_>, cells: &[Option<u64>], mut join: impl FnMut(u32, u32)) {
    for (devices, delegates) in [(&a.devices, &b.delegates), (&b.devices, &a.delegates)] {
        for delegate in delegates {
            for device in devices.iter().filter(|device| are_apart(**device, *delegate, cells)) {
                join(*device, *delegate);
            }
        }
    }
}

/// Calls `found` with every two groups whose sets are alike, each group with itself among them, and with the number of
/// slots that they have in common and together.
///
/// Two sets that share nine tenths also share a slot among the few rarest of each, so only such groups are compared.
fn for_pairs<'a, 'b>(
    groups: &'b [Group<'a>],
    mut found: impl FnMut(&'b Group<'a>, &'b Group<'a>, u32, u32) -> Result<(), FixedError>,
) -> Result<(), FixedError> {
    let words = groups.first().map_or(0, |group| group.set.len());
    let mut frequency = vec![0_u32; words * 64];
    for group in groups {
        for slot in slots(group.set) {
            if let Some(count) = frequency.get_mut(slot) {
                *count += 1;
            }
        }
    }
    let mut by_slot: Vec<Vec<usize>> = vec![Vec::new(); words * 64];
    let mut compared_with = vec![usize::MAX; groups.len()];
    for (position, group) in groups.iter().enumerate() {
        if group.size >= LEAST_EITHER {
            found(group, group, group.size, group.size)?;
        }
        let mut rarest: Vec<usize> = slots(group.set).collect();
        rarest.sort_unstable_by_key(|slot| (frequency.get(*slot).copied(), *slot));
        rarest.truncate((group.size - (9 * group.size).div_ceil(10) + 1) as usize);
        for slot in rarest {
            let Some(earlier) = by_slot.get_mut(slot) else { continue };
            // Groups ascend by size: the smaller ones are too small for all that follow.
            let fits = |other: &usize| groups.get(*other).is_some_and(|o| 10 * o.size >= 9 * group.size);
            earlier.drain(..earlier.partition_point(|other| !fits(other)));
            for other in &*earlier {
                let (Some(mark), Some(with)) = (compared_with.get_mut(*other), groups.get(*other)) else {
                    continue;
                };
                if std::mem::replace(mark, position) == position {
                    continue;
                }
                let common: u32 = with.set.iter().zip(group.set).map(|(a, b)| (a & b).count_ones()).sum();
                let either = with.size + group.size - common;
                if 10 * common >= 9 * either && either >= LEAST_EITHER {
                    found(with, group, common, either)?;
                }
            }
            earlier.push(position);
        }
    }
    Ok(())
}

/// The slots of a set, ascending.
fn slots(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    set.iter().enumerate().flat_map(|(at, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            rest &= rest.checked_sub(1)?;
            Some(at * 64 + bit as usize)
        })
    })
}

#[cfg(test)]
#[path = "shared_outage_tests.rs"]
mod tests;
