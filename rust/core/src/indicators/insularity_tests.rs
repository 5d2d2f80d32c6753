use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::witnesses::Sighting;
use super::*;

fn judge(counts: &[(u32, u32, u64)]) -> Vec<(Vec<u32>, u64, u64, u64)> {
    let sightings =
        counts.iter().map(|(seen, by, events)| Sighting { seen: *seen, by: *by, events: *events });
    let found = insularity(&Witnesses::new(sightings).unwrap());
    found.into_iter().map(|group| (group.devices, group.internal, group.touching, group.tie)).collect()
}

#[test]
fn three_devices_that_keep_to_themselves() {
    let clique = [(1, 2, 14), (2, 3, 13), (3, 1, 13)];
    let with = |outside: u64| judge(&[&clique[..], &[(1, 4, outside)]].concat());
    // 40 of 50 is 8/10; the four together have nobody else at all.
    assert_eq!(with(10), [(vec![1, 2, 3], 40, 50, 13), (vec![1, 2, 3, 4], 50, 50, 10)]);
    assert_eq!(with(11), [(vec![1, 2, 3, 4], 51, 51, 11)]);
    assert_eq!(with(9), []);
    // Two devices are no group.
    assert_eq!(judge(&[(1, 2, 100)]), []);
}

#[test]
fn ties_of_one_strength_join_together() {
    // Two triangles with a bridge as strong as their sides are one group only.
    let sides = [(1, 2, 20), (2, 3, 20), (1, 3, 20), (4, 5, 20), (5, 6, 20), (4, 6, 20)];
    let all = [&sides[..], &[(3, 4, 20)]].concat();
    assert_eq!(judge(&all), [((1..=6).collect(), 140, 140, 20)]);
    let bridge = [&sides[..], &[(3, 4, 1)]].concat();
    let expected =
        [(vec![1, 2, 3], 60, 61, 20), ((1..=6).collect(), 121, 121, 1), (vec![4, 5, 6], 60, 61, 20)];
    assert_eq!(judge(&bridge), expected);
}

#[test]
fn fifty_devices_are_a_group_and_more_are_none() {
    let chain = |count: u32| (1..count).map(|at| (at, at + 1, 2)).collect::<Vec<_>>();
    assert_eq!(judge(&chain(50)), [((1..=50).collect(), 98, 98, 2)]);
    assert_eq!(judge(&chain(51)), []);
}

#[test]
fn hubs_and_long_chains_are_quick() {
    let star = (1..200_000).map(|at| (0, at, 1 + u64::from(at % 7)));
    let chain = (200_000..400_000).map(|at| (at, at + 1, 1 + u64::from(at % 5)));
    // Sixty hubs that all see the same 5000 devices.
    let web = (0..300_000).map(|at| (1_000_000 + at % 60, 2_000_000 + at / 60, 1 + u64::from(at % 11)));
    let sightings = star.chain(chain).chain(web).map(|(seen, by, events)| Sighting { seen, by, events });
    assert!(insularity(&Witnesses::new(sightings).unwrap()).is_empty());
}

/// The rule as it is written: every strength, every component.
fn by_levels(counts: &[(u32, u32, u64)]) -> BTreeSet<(Vec<u32>, u64, u64)> {
    let pair = |i: u32, j: u32| {
        counts.iter().filter(|c| (c.0, c.1) == (i, j) || (c.0, c.1) == (j, i)).map(|c| c.2).sum::<u64>()
    };
    let mut found = BTreeSet::new();
    for tie in 1..200 {
        let mut left: BTreeSet<u32> = (0..9).collect();
        while let Some(first) = left.pop_first() {
            let (mut group, mut edge) = (vec![first], vec![first]);
            while let Some(at) = edge.pop() {
                let next: Vec<u32> = left.iter().copied().filter(|other| pair(at, *other) >= tie).collect();
                for other in next {
                    left.remove(&other);
                    group.push(other);
                    edge.push(other);
                }
            }
            group.sort_unstable();
            let (mut internal, mut touching) = (0, 0);
            for i in 0..9 {
                for j in i + 1..9 {
                    let inside = u64::from(group.contains(&i)) + u64::from(group.contains(&j));
                    internal += if inside == 2 { pair(i, j) } else { 0 };
                    touching += if inside > 0 { pair(i, j) } else { 0 };
                }
            }
            if group.len() >= 3 && touching >= 50 && 10 * internal >= 8 * touching {
                found.insert((group, internal, touching));
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn every_group_is_found(counts in prop::collection::vec((0_u32..9, 0_u32..9, 0_u64..25), 0..25)) {
        let counts: Vec<_> = counts.into_iter().filter(|(seen, by, _)| seen != by).collect();
        let found = judge(&counts);
        let set: BTreeSet<_> = found.iter().map(|(devices, internal, touching, _)| (devices.clone(), *internal, *touching)).collect();
        prop_assert_eq!(set.len(), found.len());
        prop_assert_eq!(set, by_levels(&counts));
    }
}
