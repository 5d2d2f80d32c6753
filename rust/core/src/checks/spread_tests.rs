//! The tree of boxes says what comparing every pair says.

use super::*;

/// Places on a ring of about this diameter around (48.5, 2.2), with accuracies of 0 to 3 m.
fn ring(count: i32, diameter_m: f64) -> Vec<(UnitVector, u64)> {
    (0..count)
        .map(|at| {
            let turn = f64::from(at) * std::f64::consts::TAU / f64::from(count);
            let degrees = diameter_m / 2.0 / 111_195.0;
            #[expect(clippy::cast_possible_truncation, reason = "any place near the ring will do")]
            let e7 = |degrees: f64| (degrees * 1e7) as i32;
            let latitude = 48.5 + degrees * turn.sin();
            let longitude = 2.2 + degrees * turn.cos() / 48.5_f64.to_radians().cos();
            (UnitVector::new(e7(latitude), e7(longitude)), u64::from(at.unsigned_abs() % 4))
        })
        .collect()
}

#[test]
fn boxes_change_no_answer() {
    for count in [1, 2, 16, 17, 400] {
        let places = ring(count, 1000.0);
        let spread = Spread::new(places.clone()).unwrap();
        for reach in [0, 1, 500, 990, 995, 998, 999, 1000, 1001, 1003, 2000] {
            for (from, _) in &places {
                let expected =
                    places.iter().any(|(place, accuracy)| from.chord_metres(place) > reach + accuracy);
                assert_eq!(spread.has_beyond(from, reach), expected, "{count} places, reach {reach}");
            }
        }
    }
    assert!(Spread::new(Vec::new()).is_none());
}

#[test]
fn a_hundred_thousand_places_take_no_hundred_thousand_comparisons_each() {
    let places = ring(100_000, 990.0);
    let spread = Spread::new(places.clone()).unwrap();
    assert!(!places.iter().any(|(from, _)| spread.has_beyond(from, 1000)));
    assert!(places.iter().all(|(from, _)| spread.has_beyond(from, 900)));
}
