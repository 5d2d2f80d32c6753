use proptest::prelude::*;

use super::*;

fn series(rtts: &[u64]) -> Vec<Regular> {
    too_regular(rtts.iter().map(|rtt| (7, *rtt)))
}

#[test]
fn a_span_of_one_percent_is_wide_enough() {
    let mut rtts = vec![10_000; 50];
    let expected = Regular { series: 7, answers: 50, least_ns: 10_000, most_ns: 10_000, mean_ns: 10_000 };
    assert_eq!(series(&rtts), [expected]);
    assert_eq!(series(&rtts[1..]), []);
    // 100 * 100 * 50 = 500 000 < 500 100, the sum.
    rtts[20] = 10_100;
    assert_eq!(series(&rtts), [Regular { most_ns: 10_100, mean_ns: 10_002, ..expected }]);
    // 100 * 101 * 50 = 505 000 > 500 101.
    rtts[20] = 10_101;
    assert_eq!(series(&rtts), []);
    // Exactly one percent of the mean: 100 * 50 * 50 = 250 000, the sum. A nanosecond less is too little.
    let mut exactly = vec![5001; 50];
    exactly[49] = 4951;
    assert_eq!(series(&exactly), []);
    exactly[49] = 4952;
    assert_eq!(series(&exactly).len(), 1);
}

#[test]
fn nothing_overflows_and_nothing_is_invented() {
    assert_eq!(series(&[0; 50]), []);
    assert_eq!(series(&[u64::MAX; 60]).len(), 1);
    let mut wide = vec![u64::MAX; 60];
    wide[9] = 0;
    assert_eq!(series(&wide), []);
    assert_eq!(series(&[]), []);
}

proptest! {
    #[test]
    fn the_rule_as_it_is_written(
        answers in prop::collection::vec((0_u32..3, 9_950_u64..10_060), 0..220),
        seed in 0_usize..1000,
    ) {
        let found = too_regular(answers.clone());
        for number in 0..3 {
            let own: Vec<u64> = answers.iter().filter(|(series, _)| *series == number).map(|(_, rtt)| *rtt).collect();
            let n = own.len() as u64;
            let is_regular = n >= 50
                && 100 * (own.iter().max().unwrap() - own.iter().min().unwrap()) * n < own.iter().sum::<u64>();
            prop_assert_eq!(found.iter().any(|one| one.series == number), is_regular);
        }
        let mut turned = answers;
        if !turned.is_empty() { let by = seed % turned.len(); turned.rotate_left(by); }
        prop_assert_eq!(too_regular(turned), found);
    }
}
