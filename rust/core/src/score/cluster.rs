//! Which devices stand behind one uplink or one payout address.
//!
//! In: facts that two devices share. Out: the smallest member of each device's cluster. Rule: scoring and rewards, 7.2.
//! Invariant: the clusters do not depend on the order of the facts.

use std::collections::BTreeMap;

/// Union-find over the devices of a snapshot.
#[derive(Clone, Debug)]
pub struct Clusters {
    parent: Vec<u32>,
}

impl Clusters {
    /// Every device on its own.
    pub fn new(devices: usize) -> Self {
        Self { parent: (0..u32::try_from(devices).unwrap_or(u32::MAX)).collect() }
    }

    /// Joins all devices that share a value.
    pub fn join_by<V: Ord>(&mut self, facts: impl Iterator<Item = (u32, V)>) {
        let mut first: BTreeMap<V, u32> = BTreeMap::new();
        for (device, value) in facts {
            let other = *first.entry(value).or_insert(device);
            self.join(device, other);
        }
    }

    /// Joins two devices; the smaller root stays, so that a cluster is named by its smallest member.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(parent) = self.parent.get_mut(a.max(b) as usize) {
            *parent = a.min(b);
        }
    }

    fn find(&mut self, device: u32) -> u32 {
        let mut at = device;
        while let Some(&parent) = self.parent.get(at as usize).filter(|parent| **parent != at) {
            // Path halving keeps the trees flat.
            let above = self.parent.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(at as usize) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    /// The cluster of every device, named by its smallest member.
    pub fn into_names(mut self) -> Vec<u32> {
        (0..self.parent.len()).map(|device| self.find(u32::try_from(device).unwrap_or(u32::MAX))).collect()
    }
}
