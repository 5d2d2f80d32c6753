use proptest::prelude::*;
use rayon::prelude::*;

use super::*;

#[test]
fn check_values_of_the_specification() {
    assert_eq!(chord_metres((485_000_000, 22_000_000), (485_100_000, 22_000_000)), 1111);
    assert_eq!(chord_metres((0, 0), (900_000_000, 0)), 9_009_964);
    assert_eq!(chord_metres((-338_688_000, 1_512_093_000), (407_128_000, -740_060_000)), 12_111_150);
}

#[test]
fn exact_angles_are_exact() {
    let one = SCALE.cast_signed();
    assert_eq!(cos_sin_18(0), (one, 0));
    assert_eq!(cos_sin_18(300_000_000).1, one / 2);
    assert_eq!(cos_sin_18(600_000_000).0, one / 2);
    assert_eq!(cos_sin_18(900_000_000), (0, one));
    assert_eq!(cos_sin_18(-900_000_000), (0, -one));
    assert_eq!(cos_sin_18(1_800_000_000), (-one, 0));
    assert_eq!(cos_sin_18(-1_800_000_000), (-one, 0));
    // cos 45 degrees = sqrt(2)/2 = 0.707106781186547524 4008...
    assert_eq!(cos_sin_18(450_000_000), (707_106_781_186_547_524, 707_106_781_186_547_524));
}

#[test]
fn check_15_needs_a_good_location_only_where_it_is_required() {
    let centre = Centre::new(485_000_000, 22_000_000, 100);
    let claim = |lat_e7, accuracy_m| Some(Claim { lat_e7, lon_e7: 22_000_000, accuracy_m });
    assert_eq!(centre.check(None, 1000, false), None);
    assert_eq!(centre.check(None, 1000, true), Some(Misplaced { metres: None, limit_m: 1100 }));
    assert_eq!(
        centre.check(claim(485_000_000, 1001), 1000, true),
        Some(Misplaced { metres: None, limit_m: 1100 })
    );
    assert_eq!(centre.check(claim(485_000_000, 0), 1000, true), None);
    // 1111 m away: outside 100 + 1000 + 10, inside with one metre more of stated accuracy.
    assert_eq!(
        centre.check(claim(485_100_000, 10), 1000, false),
        Some(Misplaced { metres: Some(1111), limit_m: 1110 })
    );
    assert_eq!(centre.check(claim(485_100_000, 11), 1000, false), None);
}

#[test]
fn earth_centred_coordinates_follow_the_axes() {
    let metres = |lat_e7, lon_e7| UnitVector::new(lat_e7, lon_e7).metres();
    assert_eq!(metres(0, 0), [6_371_007, 0, 0]);
    assert_eq!(metres(0, 900_000_000), [0, 6_371_007, 0]);
    assert_eq!(metres(0, -900_000_000), [0, -6_371_007, 0]);
    assert_eq!(metres(900_000_000, 123), [0, 0, 6_371_007]);
    assert_eq!(metres(-300_000_000, 1_800_000_000), [-5_517_454, 0, -3_185_504]);
}

/// How far the nearest angle of a slice of the octant is from a tie, in units of 2^-127 of 10^-18.
fn distance_from_tie(angle: u32) -> u128 {
    let octant = Octant::new(angle);
    [octant.cosine, octant.sine]
        .map(|value| (wide(value, SCALE).1 & (ONE - 1)).abs_diff(1 << 126))
        .into_iter()
        .fold(ONE, u128::min)
}

#[test]
fn no_angle_is_near_a_tie() {
    // All 450,000,001 of them: half a minute on two processors.
    let closest = (0..=EIGHTH).into_par_iter().map(distance_from_tie).min();
    assert!(closest.is_some_and(|distance| distance > 1 << 97), "{closest:?}");
}

proptest! {
    #[test]
    fn squares_of_cosine_and_sine_add_up_to_one(angle: i32) {
        let (cosine, sine) = cos_sin_18(angle);
        // Each is off by at most one half: so the sum of squares by at most 2 * 10^18 / sqrt 2 + 1/2.
        prop_assert!((cosine * cosine + sine * sine - (SCALE * SCALE).cast_signed()).abs() <= 1_500_000_000_000_000_000);
    }

    #[test]
    fn symmetries_hold(angle in -1_073_741_823_i32..1_073_741_823) {
        let (cosine, sine) = cos_sin_18(angle);
        prop_assert_eq!(cos_sin_18(-angle), (cosine, -sine));
        let turned = cos_sin_18(angle + 900_000_000);
        prop_assert_eq!(turned, (-sine, cosine));
    }

    #[test]
    fn whole_coordinates_are_within_half_a_metre_on_each_axis(
        lat in -900_000_000_i32..=900_000_000,
        lon in -1_800_000_000_i32..=1_800_000_000,
    ) {
        let (a, b) = (UnitVector::new(lat, lon), UnitVector::new(0, 0));
        let squares: u64 = a.metres().iter().zip(b.metres()).map(|(a, b)| a.abs_diff(b).pow(2)).sum();
        prop_assert!(squares.isqrt().abs_diff(a.chord_metres(&b)) <= 2);
    }

    #[test]
    fn a_chord_is_symmetric_and_at_most_the_diameter(
        a in (-900_000_000_i32..=900_000_000, -1_800_000_000_i32..=1_800_000_000),
        b in (-900_000_000_i32..=900_000_000, -1_800_000_000_i32..=1_800_000_000),
    ) {
        let metres = chord_metres(a, b);
        prop_assert_eq!(metres, chord_metres(b, a));
        prop_assert!(metres <= 2 * RADIUS_M);
        prop_assert_eq!(chord_metres(a, a), 0);
    }
}
