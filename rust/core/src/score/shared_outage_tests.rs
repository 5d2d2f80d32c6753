use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::fixed::ONE;

const SLOTS: usize = 100;

fn down(sets: &[BTreeSet<u64>]) -> DownSlots {
    let mut down = DownSlots::new(sets.len(), SLOTS);
    for (device, slots) in sets.iter().enumerate() {
        for slot in slots {
            down.add(device, *slot);
        }
    }
    down
}

/// The rule as it is written: every pair.
fn by_pairs(sets: &[BTreeSet<u64>], cells: &[Option<u64>]) -> Vec<(u64, Vec<u32>)> {
    let mut clusters = Clusters::new(sets.len());
    let mut pairs = Vec::new();
    for a in 0..sets.len() {
        for b in a + 1..sets.len() {
            let (common, either) = (sets[a].intersection(&sets[b]).count(), sets[a].union(&sets[b]).count());
            let is_one_cell = cells[a].is_some() && cells[a] == cells[b];
            if either >= 10 && !is_one_cell && 10 * common >= 9 * either {
                clusters.join(u32::try_from(a).unwrap(), u32::try_from(b).unwrap());
                pairs.push((a, common as u64 * ONE / either as u64));
            }
        }
    }
    let names = clusters.into_names();
    let mut found: BTreeMap<u32, (u64, Vec<u32>)> = BTreeMap::new();
    for (a, index) in pairs {
        let entry = found.entry(names[a]).or_insert((index, Vec::new()));
        entry.0 = entry.0.min(index);
    }
    for (device, name) in (0..).zip(names) {
        if let Some((_, members)) = found.get_mut(&name) {
            members.push(device);
        }
    }
    found.into_values().collect()
}

#[test]
fn nine_slots_of_ten_are_enough_and_eight_are_not() {
    let ten: BTreeSet<u64> = (60..70).collect();
    let nine: BTreeSet<u64> = (60..69).collect();
    let eight: BTreeSet<u64> = (60..68).collect();
    let apart = [None, None];
    assert_eq!(down(&[ten.clone(), nine.clone()]).shared(&apart), Ok(vec![(9 * ONE / 10, vec![0, 1])]));
    assert_eq!(down(&[ten.clone(), eight]).shared(&apart), Ok(vec![]));
    // Nine slots in all are too few, however alike.
    assert_eq!(down(&[nine.clone(), nine]).shared(&apart), Ok(vec![]));
    // Neighbours lose their power together.
    assert_eq!(down(&[ten.clone(), ten]).shared(&[Some(5), Some(5)]), Ok(vec![]));
}

proptest! {
    #[test]
    fn every_pair_is_found(
        patterns in prop::collection::vec(prop::collection::btree_set(0_u64..100, 9..40), 1..4),
        picks in prop::collection::vec((0_usize..4, prop::collection::vec(0_u64..100, 0..4), prop::option::of(0_u64..4)), 0..40),
    ) {
        let sets: Vec<BTreeSet<u64>> = picks
            .iter()
            .map(|(pattern, flips, _)| {
                let flips: BTreeSet<u64> = flips.iter().copied().collect();
                patterns[pattern % patterns.len()].symmetric_difference(&flips).copied().collect()
            })
            .collect();
        let cells: Vec<Option<u64>> = picks.iter().map(|(_, _, cell)| *cell).collect();
        prop_assert_eq!(down(&sets).shared(&cells).unwrap(), by_pairs(&sets, &cells));
    }
}
