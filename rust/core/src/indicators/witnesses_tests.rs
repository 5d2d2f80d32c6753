use super::*;

fn sighting(seen: u32, by: u32, events: u64) -> Sighting {
    Sighting { seen, by, events }
}

#[test]
fn counts_of_a_pair_add_up() {
    let found =
        Witnesses::new([sighting(2, 1, 3), sighting(1, 2, 5), sighting(2, 1, 1), sighting(9, 2, 0)]).unwrap();
    assert_eq!(found.pairs, [Pair { a: 1, b: 2, a_by_b: 5, b_by_a: 4 }]);
    assert_eq!((found.events_of(1), found.events_of(2), found.events_of(9)), (9, 9, 0));
}

#[test]
fn nobody_is_their_own_witness_and_nothing_overflows() {
    assert_eq!(Witnesses::new([sighting(3, 3, 0)]), Err(SightingError::Itself { device: 3 }));
    assert_eq!(Witnesses::new([sighting(1, 2, u64::MAX), sighting(3, 4, 1)]), Err(SightingError::TooMany));
    assert_eq!(Witnesses::new([sighting(1, 2, u64::MAX)]).unwrap().events_of(1), u64::MAX);
}
