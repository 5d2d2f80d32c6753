//! Failure rates against those of a group that did the same work at the same time.
//!
//! In: successes and failures of each device, its group and its owner. Out: a multiplier in `[0, ONE]`. Rule: scoring and
//! rewards, 5.5. Invariant: what three quarters of a group suffer costs nobody anything; all fractions are exact and the
//! multiplier is rounded down once.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use num_traits::Zero;

use super::exact::{Exact, exact, floor_scaled, less, scaled};

/// What a device did in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Work done.
    pub ok: u64,
    /// Work not done.
    pub failed: u64,
}

impl Work {
    /// Share of failures; 0 where nothing was expected.
    pub fn failure_rate(self) -> Exact {
        match self.failed {
            0 => Exact::zero(),
            failed => Exact::new(failed.into(), BigUint::from(self.ok) + failed),
        }
    }

    fn is_none(self) -> bool {
        (self.ok, self.failed) == (0, 0)
    }
}

/// A device among others.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Number of its group.
    pub group: u32,
    /// Number of its owner.
    pub owner: u32,
    /// What it did.
    pub work: Work,
}

/// The rate that a group as a whole is forgiven: the 75th percentile by nearest rank; `None` for an empty group.
pub fn group_rate(rates: &[Exact]) -> Option<Exact> {
    let mut sorted: Vec<&Exact> = rates.iter().collect();
    sorted.sort_unstable();
    let rank = (3 * sorted.len()).div_ceil(4).checked_sub(1)?;
    sorted.get(rank).map(|rate| (*rate).clone())
}

/// The multiplier for a rate that lies so far above the group's.
pub fn multiplier(relative: &Exact) -> u64 {
    let (free, worst, most) = (exact(1, 10), exact(6, 10), exact(8, 10));
    let reduction = if *relative < free {
        Exact::zero()
    } else if *relative > worst {
        most
    } else {
        less(relative, &free) / exact(5, 10) * most
    };
    floor_scaled(&less(&exact(1, 1), &reduction))
}

/// The multiplier of each device. One without work gets the mean of its owner's devices that had work.
pub fn multipliers(devices: &[Member]) -> Vec<u64> {
    let mut groups: BTreeMap<u32, Vec<Exact>> = BTreeMap::new();
    for device in devices.iter().filter(|device| !device.work.is_none()) {
        groups.entry(device.group).or_default().push(device.work.failure_rate());
    }
    let groups: BTreeMap<u32, Exact> =
        groups.into_iter().filter_map(|(group, rates)| Some((group, group_rate(&rates)?))).collect();
    let mut owners: BTreeMap<u32, (Exact, u64)> = BTreeMap::new();
    let relative: Vec<Option<Exact>> = devices
        .iter()
        .map(|device| {
            let group = groups.get(&device.group).filter(|_| !device.work.is_none())?;
            let relative = less(&device.work.failure_rate(), group);
            let (sum, count) = owners.entry(device.owner).or_default();
            *sum += &relative;
            *count += 1;
            Some(relative)
        })
        .collect();
    let mean =
        |owner: u32| owners.get(&owner).map_or_else(Exact::zero, |(sum, count)| sum / BigUint::from(*count));
    devices
        .iter()
        .zip(relative)
        .map(|(device, relative)| multiplier(&relative.unwrap_or_else(|| mean(device.owner))))
        .collect()
}

/// A device of one owner at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its weight were it alone.
    pub base: u64,
    /// What it leaves to the next ones, in `[0, ONE]`.
    pub coefficient: u64,
    /// Its id.
    pub id: Vec<u8>,
}

/// What each device of one owner at one place weighs: the mean of bases that fall from device to device; `None` without
/// devices.
pub fn concentrated(devices: &[Neighbour]) -> Option<Exact> {
    let mut sorted: Vec<&Neighbour> = devices.iter().collect();
    sorted.sort_unstable_by(|a, b| {
        (b.base, b.coefficient).cmp(&(a.base, a.coefficient)).then_with(|| a.id.cmp(&b.id))
    });
    let mut left = exact(1, 1);
    let mut sum = Exact::zero();
    for device in &sorted {
        sum += &left * BigUint::from(device.base);
        left *= scaled(device.coefficient);
    }
    (!sorted.is_empty()).then(|| sum / BigUint::from(sorted.len()))
}

#[cfg(test)]
#[path = "relative_tests.rs"]
mod tests;
