use proptest::prelude::*;

use super::*;
use crate::fixed::ONE;

fn member(group: u32, owner: u32, ok: u64, failed: u64) -> Member {
    Member { group, owner, work: Work { ok, failed } }
}

#[test]
fn only_what_is_worse_than_three_quarters_of_the_group_costs() {
    let group = [(100, 1), (100, 5), (100, 20), (100, 50)].map(|(ok, failed)| member(0, 0, ok, failed));
    assert_eq!(multipliers(&group), [ONE, ONE, ONE, 893_333_333_333]);
}

#[test]
fn a_device_without_work_has_the_mean_of_its_owners_devices() {
    let mut devices = vec![member(0, 1, 1, 0), member(0, 1, 1, 0), member(0, 1, 1, 0), member(0, 2, 0, 9)];
    devices.extend([member(0, 2, 1, 0), member(7, 2, 0, 0), member(7, 3, 0, 0)]);
    // Owner 2: 1 and 0 above the group's 0, so one half.
    let half = multiplier(&exact(1, 2));
    assert_eq!(multipliers(&devices), [ONE, ONE, ONE, ONE / 5, ONE, half, ONE]);
}

#[test]
fn neighbours_share_what_is_left() {
    let place = [(10_000, 80), (10_000, 95), (10_000, 80), (10_000, 95)];
    let devices =
        place.map(|(base, percent)| Neighbour { base, coefficient: percent * (ONE / 100), id: vec![] });
    assert_eq!(concentrated(&devices), Some(exact(35_745, 4)));
    assert_eq!(concentrated(&[]), None);
}

proptest! {
    #[test]
    fn the_multiplier_never_rises_with_the_rate(a in 0_u64..1000, b in 0_u64..1000) {
        let (low, high) = (exact(a.min(b), 999), exact(a.max(b), 999));
        prop_assert!(multiplier(&low) >= multiplier(&high));
        prop_assert!(multiplier(&high) >= ONE / 5);
    }

    #[test]
    fn three_quarters_of_a_group_are_forgiven(
        work in prop::collection::vec((0_u64..50, 0_u64..50), 1..30), turn in 0_usize..30,
    ) {
        let devices: Vec<Member> = work.iter().map(|(ok, failed)| member(0, 0, ok + 1, *failed)).collect();
        let found = multipliers(&devices);
        prop_assert!(4 * found.iter().filter(|multiplier| **multiplier == ONE).count() >= 3 * devices.len());
        // Whoever comes first changes nothing.
        let mut turned = devices.clone();
        turned.rotate_left(turn % devices.len());
        let mut again = multipliers(&turned);
        again.rotate_right(turn % devices.len());
        prop_assert_eq!(found, again);
    }
}
