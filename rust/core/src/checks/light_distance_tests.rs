use proptest::prelude::*;

use super::*;
use crate::checks::geography::UnitVector;

fn place(lat_e7: i32, lon_e7: i32, uncertainty_m: u64) -> Place {
    Place::new(UnitVector::new(lat_e7, lon_e7).metres(), uncertainty_m).unwrap()
}

fn flat(x: i64, y: i64) -> Place {
    Place::new([x, y, 6_000_000], 0).unwrap()
}

/// Round trips that light needs for a distance in metres, rounded up, so that the distance is possible.
fn needed_ns(metres: u64) -> u64 {
    u64::try_from((u128::from(metres) * RETURN_NS).div_ceil(LIGHT_M_S)).unwrap()
}

fn witness(owner: u32, place: Place, metres: u64) -> Witness {
    Witness { owner, place, fastest_ns: Some(needed_ns(metres)) }
}

#[test]
fn light_goes_so_far() {
    let worked = [
        (0, 0),
        (1, 0),
        (1000, 149),
        (1_000_000, 149_896),
        (10_000_000, 1_498_962),
        (66_713_000, 10_000_027),
        (150_000_000, 22_484_434),
    ];
    for (rtt_ns, metres) in worked {
        assert_eq!(light_distance_m(rtt_ns), metres, "{rtt_ns} ns");
    }
    assert_eq!(light_distance_m(u64::MAX), 2_765_097_373_977_159_828);
}

#[test]
fn four_round_trips_are_too_few() {
    assert_eq!(fastest(&[5, 4, 3, 2]), None);
    assert_eq!(fastest(&[5, 4, 3, 2, 9]), Some(2));
    assert_eq!(between(&flat(0, 0), &flat(900_000, 0), None), Finding::TooFew);
}

#[test]
fn limits_are_met_to_the_metre() {
    let (here, there) = (flat(0, 0), flat(0, 149_896));
    // One millisecond is 149 896 m of light, and two thirds of it are 99 930 m.
    assert_eq!(between(&here, &there, Some(1_000_000)), Finding::Unlikely);
    assert_eq!(between(&here, &flat(0, 149_897), Some(1_000_000)), Finding::Impossible);
    assert_eq!(between(&here, &flat(0, 99_930), Some(1_000_000)), Finding::Possible);
    assert_eq!(between(&here, &flat(0, 99_931), Some(1_000_000)), Finding::Unlikely);
    // Both uncertainties count against impossible, and none against unlikely.
    let vague = |x, uncertainty_m| Place::new([x, 0, 6_000_000], uncertainty_m).unwrap();
    assert_eq!(between(&vague(0, 30), &vague(149_936, 10), Some(1_000_000)), Finding::Unlikely);
    assert_eq!(between(&vague(0, 30), &vague(149_937, 10), Some(1_000_000)), Finding::Impossible);
    assert_eq!(between(&vague(0, u64::MAX), &vague(149_937, u64::MAX), Some(0)), Finding::Unlikely);
    assert_eq!(between(&here, &here, Some(0)), Finding::Possible);
}

#[test]
fn a_second_owner_makes_it_a_proof() {
    let claim = place(485_000_000, 22_000_000, 1000);
    let far = |owner| witness(owner, place(-338_688_000, 1_512_093_000, 100), 3_000_000);
    let near = witness(3, place(486_000_000, 22_000_000, 100), 60_000);
    let judged = judge(&claim, &[far(1), far(1), near]);
    assert_eq!(judged.findings, [Finding::Impossible, Finding::Impossible, Finding::Possible]);
    assert!((judged.owners_against, judged.owners_for) == (1, 1) && !judged.is_disproved());
    let judged = judge(&claim, &[far(1), far(2), near]);
    assert!(judged.is_disproved() && !judged.is_confirmed);
}

#[test]
fn three_directions_confirm() {
    let claim = flat(0, 0);
    let at = |owner, x, y| witness(owner, flat(x, y), 300_000);
    let (north, west, east) = (at(1, 0, 100_000), at(2, -90_000, -60_000), at(3, 90_000, -60_000));
    assert!(judge(&claim, &[north, west, east]).is_confirmed);
    assert!(judge(&claim, &[east, north, west]).is_confirmed);
    // Two owners are too few, as are two directions, and one half plane.
    assert!(!judge(&claim, &[north, west, Witness { owner: 2, ..east }]).is_confirmed);
    assert!(!judge(&claim, &[north, west]).is_confirmed);
    assert!(!judge(&claim, &[north, at(2, -90_000, 10), at(3, 90_000, 10)]).is_confirmed);
    // The border of a half plane belongs to it.
    assert!(!judge(&claim, &[north, at(2, -90_000, 0), at(3, 90_000, 0)]).is_confirmed);
    assert!(judge(&claim, &[north, at(2, -90_000, 0), at(3, 90_000, 0), at(3, 0, -1)]).is_confirmed);
    // One of another opinion, and one that cannot know.
    let doubt = Witness { fastest_ns: Some(needed_ns(100_000)), ..at(4, 0, 90_000) };
    assert!(!judge(&claim, &[north, west, east, doubt]).is_confirmed);
    assert!(judge(&claim, &[north, west, east, Witness { fastest_ns: None, ..doubt }]).is_confirmed);
    // The same place and a place above lie in no direction.
    let above = Witness { owner: 4, place: Place::new([0, 0, 6_050_000], 0).unwrap(), ..north };
    assert!(!judge(&claim, &[above, at(5, 0, 0), north, west]).is_confirmed);
    assert!(!judge(&claim, &[]).is_confirmed);
}

#[test]
fn coordinates_have_limits() {
    let far = MOST_COORDINATE_M;
    assert!(Place::new([far, -far, far], u64::MAX).is_ok());
    assert_eq!(Place::new([0, i64::MIN, 0], 0), Err(PlaceError { found: i64::MIN }));
    assert_eq!(Place::new([0, 0, far + 1], 0), Err(PlaceError { found: far + 1 }));
    // The corners of the cube: nothing overflows.
    let corner = |x, y, z| Place::new([x, y, z], 0).unwrap();
    let all =
        [corner(far, far, -far), corner(-far, far, far), corner(far, -far, far), corner(-far, -far, -far)];
    let judged = judge(&corner(far, far, far), &all.map(|place| witness(1, place, 4_000_000_000)));
    assert_eq!(judged.owners_against, 0);
}

/// The rule as it is written: a half plane is bounded by the line through the point and one of the places, if by any.
fn fits_half_plane(places: &[(i64, i64)]) -> bool {
    let directions: Vec<(i64, i64)> = places.iter().copied().filter(|place| *place != (0, 0)).collect();
    let sides = |(x, y): (i64, i64)| [(x, y), (-x, -y)];
    directions.is_empty()
        || directions
            .iter()
            .copied()
            .flat_map(sides)
            .any(|(x, y)| directions.iter().all(|(a, b)| x * b - y * a >= 0))
}

proptest! {
    #[test]
    fn no_half_plane_holds_what_surrounds(places in prop::collection::vec((-3_i64..=3, -3_i64..=3), 0..7)) {
        let all: Vec<Place> = places.iter().map(|(x, y)| flat(*x, *y)).collect();
        prop_assert_eq!(surround(&flat(0, 0), all.iter()), !fits_half_plane(&places));
    }

    #[test]
    fn a_slower_round_trip_never_accuses_more(
        claim in (-900_000_000_i32..=900_000_000, -1_800_000_000_i32..=1_800_000_000),
        from in (-900_000_000_i32..=900_000_000, -1_800_000_000_i32..=1_800_000_000),
        rtt_ns in 0_u64..100_000_000,
        delay in 0_u64..100_000_000,
        uncertainty in 0_u64..100_000,
    ) {
        let (claim, from) = (place(claim.0, claim.1, uncertainty), place(from.0, from.1, 5));
        let severity = |rtt| match between(&claim, &from, Some(rtt)) {
            Finding::TooFew | Finding::Possible => 0,
            Finding::Unlikely => 1,
            Finding::Impossible => 2,
        };
        prop_assert!(severity(rtt_ns + delay) <= severity(rtt_ns));
    }

    #[test]
    fn light_reaches_what_it_needs_time_for(metres in 0_u64..1_u64 << 60) {
        prop_assert!(light_distance_m(needed_ns(metres)) >= metres);
        prop_assert!(metres == 0 || light_distance_m(needed_ns(metres) - 1) < metres);
    }
}
