//! Groups of devices that witness each other and hardly anybody else.
//!
//! In: who was seen by whom. Out: `CLIQUE_INSULARITY`. Rule: scoring and rewards, 7.2: a connected group of 3 to 50 devices
//! with at least 50 witness events touching it, of which at least 8/10 are internal. Invariant: independent of the order of
//! the counts; the work grows with the number of pairs and its logarithm, since groups beyond 50 devices are followed no
//! further.
//!
//! Chosen where the rule is silent:
//!
//! - The groups that are looked at are, for each number `t`, the connected components of the graph of pairs with at least
//!   `t` events. All connected subsets of a graph are too many to look at, and a group whose members are tied to others as
//!   strongly as to each other is none.
//! - Every group that fits is listed. Two of them are disjoint, or one is a part of the other.

use super::witnesses::{Pair, Witnesses};

/// Devices of the smallest group that is judged.
const LEAST_DEVICES: usize = 3;
/// Devices of the largest one.
const MOST_DEVICES: usize = 50;
/// Events that touch a group from which it is judged.
const LEAST_EVENTS: u128 = 50;

/// A group that keeps to itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Insular {
    /// The devices, ascending.
    pub devices: Vec<u32>,
    /// Events between two of them.
    pub internal: u64,
    /// Events with at least one of them.
    pub touching: u64,
    /// Fewest events of a pair at which the group is connected and on its own.
    pub tie: u64,
}

/// The groups that the rule accuses, ascending by their devices.
pub fn insularity(witnesses: &Witnesses) -> Vec<Insular> {
    let mut ties = Ties::new(witnesses);
    let mut pairs: Vec<&Pair> = witnesses.pairs.iter().collect();
    pairs.sort_unstable_by_key(|pair| std::cmp::Reverse(pair.events()));
    let mut found = Vec::new();
    for level in pairs.chunk_by(|a, b| a.events() == b.events()) {
        // Pairs of one strength join together, so that none of them is first.
        let mut grown: Vec<usize> = Vec::new();
        for pair in level {
            grown.extend(ties.join(pair));
        }
        let mut roots: Vec<usize> = grown.into_iter().map(|place| ties.root(place)).collect();
        roots.sort_unstable();
        roots.dedup();
        let tie = level.first().map_or(0, |pair| pair.events());
        found.extend(roots.into_iter().filter_map(|root| ties.insular(root, tie)));
    }
    found.sort_unstable();
    found
}

/// Groups as they grow, devices by their place in the ascending list.
struct Ties<'a> {
    witnesses: &'a Witnesses,
    devices: Vec<u32>,
    /// Places that a device has events with, and how many.
    neighbours: Vec<Vec<(usize, u64)>>,
    parent: Vec<usize>,
    groups: Vec<Group>,
}

struct Group {
    size: usize,
    /// Empty where there are too many.
    members: Vec<usize>,
    internal: u64,
    /// Sum of the events of each member: internal ones are in it twice.
    events: u128,
}

impl<'a> Ties<'a> {
    fn new(witnesses: &'a Witnesses) -> Self {
        let devices: Vec<u32> = witnesses.devices.keys().copied().collect();
        let groups = witnesses
            .devices
            .values()
            .enumerate()
            .map(|(place, events)| Group {
                size: 1,
                members: vec![place],
                internal: 0,
                events: (*events).into(),
            })
            .collect();
        let mut ties = Self {
            witnesses,
            neighbours: vec![Vec::new(); devices.len()],
            parent: (0..devices.len()).collect(),
            devices,
            groups,
        };
        for pair in &ties.witnesses.pairs {
            let (a, b) = (ties.place(pair.a), ties.place(pair.b));
            for (own, other) in [(a, b), (b, a)] {
                if let Some(neighbours) = ties.neighbours.get_mut(own) {
                    neighbours.push((other, pair.events()));
                }
            }
        }
        ties
    }

    fn place(&self, device: u32) -> usize {
        self.devices.binary_search(&device).unwrap_or_default()
    }

    fn root(&self, place: usize) -> usize {
        let mut at = place;
        while let Some(parent) = self.parent.get(at).copied().filter(|parent| *parent != at) {
            at = parent;
        }
        at
    }

    /// Joins the groups of two devices and returns a place in what has become of them, if they were two.
    fn join(&mut self, pair: &Pair) -> Option<usize> {
        let (a, b) = (self.root(self.place(pair.a)), self.root(self.place(pair.b)));
        if a == b {
            return None;
        }
        let size = |root: usize| self.groups.get(root).map_or(0, |group| group.size);
        let (small, large) = if size(a) <= size(b) { (a, b) } else { (b, a) };
        let is_judged = size(small) + size(large) <= MOST_DEVICES;
        let between = if is_judged { self.between(small, large) } else { 0 };
        let joined = self.groups.get_mut(small).map(|group| {
            (group.size, std::mem::take(&mut group.members), group.internal + between, group.events)
        });
        if let (Some((size, members, internal, events)), Some(group)) = (joined, self.groups.get_mut(large)) {
            group.size += size;
            group.members.extend(members);
            if !is_judged {
                group.members = Vec::new();
            }
            group.internal += internal;
            group.events += events;
        }
        if let Some(parent) = self.parent.get_mut(small) {
            *parent = large;
        }
        Some(large)
    }

    /// Events between two groups; a device is looked at for this only while its group doubles up to 50.
    fn between(&self, small: usize, large: usize) -> u64 {
        let members = self.groups.get(small).map_or(&[][..], |group| &group.members);
        members
            .iter()
            .filter_map(|member| self.neighbours.get(*member))
            .flatten()
            .filter(|(other, _)| self.root(*other) == large)
            .map(|(_, events)| events)
            .sum()
    }

    fn insular(&self, root: usize, tie: u64) -> Option<Insular> {
        let group = self.groups.get(root)?;
        let touching = group.events - u128::from(group.internal);
        let is_accused = (LEAST_DEVICES..=MOST_DEVICES).contains(&group.size)
            && touching >= LEAST_EVENTS
            && 10 * u128::from(group.internal) >= 8 * touching;
        is_accused.then(|| {
            let mut devices: Vec<u32> =
                group.members.iter().filter_map(|member| self.devices.get(*member)).copied().collect();
            devices.sort_unstable();
            // All events together fit 64 bits.
            let touching = u64::try_from(touching).unwrap_or(u64::MAX);
            Insular { devices, internal: group.internal, touching, tie }
        })
    }
}

#[cfg(test)]
#[path = "insularity_tests.rs"]
mod tests;
