use proptest::prelude::*;

use super::super::committee::convene;
use super::super::fraud::Tasking;
use super::super::measurement::Measurement;
use super::super::measurement::sample::{measurement, round_of};
use super::*;

fn head(status: u64) -> Measurement<'static> {
    Measurement { head_status_code: Some(status), protocol: Some("http".into()), ..measurement() }
}

#[test]
fn retrievals_are_counted_once_each() {
    let outage = Measurement { result: RetrievalResult::Indexer("ERROR_504".into()), ..measurement() };
    let measurements = [
        head(200),
        head(299),
        head(300),
        head(199),
        Measurement { protocol: None, ..head(200) },
        Measurement { result: RetrievalResult::Timeout, ..head(200) },
        outage,
    ];
    let measurements = round_of(&measurements);
    let [counted, left_out] = [IndexerOutages::Counted, IndexerOutages::LeftOut].map(|outages| {
        let mut retrievals = Retrievals::default();
        for record in &measurements.records {
            retrievals.add(record, &measurements, outages);
        }
        retrievals
    });
    let expected = Retrievals { total: 7, successful: 5, successful_http: 4, successful_http_head: 2 };
    assert_eq!(counted, expected);
    assert_eq!(left_out, Retrievals { total: 6, ..expected });
    assert_eq!(counted.head_rate(), Rate { count: 2, total: 7 });
}

#[test]
fn a_party_without_retrievals_has_no_rate() {
    let share = Retrievals { total: 2, successful: 1, ..Retrievals::default() };
    let shares = [("a", share), ("b", Retrievals::default()), ("a", share)];
    let expected = Retrievals { total: 4, successful: 2, ..Retrievals::default() };
    assert_eq!(by_party(shares), BTreeMap::from([("a", expected)]));
}

#[test]
fn times_of_the_majority_alone() {
    let time = |ms: i64| Measurement {
        cid: Some("a".into()),
        miner_id: Some("f01".into()),
        start_at: Some(1000),
        first_byte_at: Some(1000 + ms),
        ..measurement()
    };
    let found = |measurements: &[Measurement<'_>]| {
        let labels = vec![Tasking::Ok; measurements.len()];
        let measurements = round_of(measurements);
        let (committees, consensus) = convene(&measurements, &labels, 1);
        first_byte(&committees, &measurements, &consensus).get("f01").cloned()
    };
    let slow = Measurement { byte_length: Some("7".into()), ..time(9000) };
    // The median of 10 and 21 is 15.5.
    assert_eq!(found(&[time(10), time(21), slow]), Some(vec![16]));
    assert_eq!(found(&[time(-3)]), Some(vec![-3]));
    assert_eq!(found(&[Measurement { start_at: None, ..time(1) }]), None);
    assert_eq!(found(&[Measurement { result: RetrievalResult::Timeout, ..time(1) }]), None);
}

#[test]
fn percentiles() {
    let fraction = |numerator, denominator| Some(Fraction { numerator, denominator });
    assert_eq!(percentile(&[30, 10, 20], (9, 10)), fraction(280, 10));
    assert_eq!(percentile(&[5], (1, 2)), fraction(10, 2));
    assert_eq!(percentile(&[1, 2], (0, 1)), fraction(1, 1));
    assert_eq!(percentile(&[1, 2], (1, 1)), fraction(2, 1));
    assert_eq!(
        percentile(&[i64::MIN, i64::MAX], (1, u32::MAX)).map(Fraction::ceil),
        Some(-9_223_372_032_559_808_511)
    );
    for (values, p) in [(&[][..], (1, 2)), (&[1][..], (1, 0)), (&[1][..], (3, 2))] {
        assert_eq!(percentile(values, p), None);
    }
    for (numerator, ceiling) in [(-3, -1), (-2, -1), (-1, 0), (0, 0), (1, 1), (2, 1), (3, 2)] {
        assert_eq!(Fraction { numerator, denominator: 2 }.ceil(), ceiling);
    }
}

#[test]
fn rounds_stay_between_their_limits() {
    let size = |max_tasks_per_node, task_count| RoundSize { max_tasks_per_node, task_count };
    assert_eq!(next_round(15, 0), size(100, 6666));
    assert_eq!(next_round(0, 10), size(1, 66));
    assert_eq!(next_round(u64::MAX, 1), size(100, 6666));
    assert_eq!(next_round(15, u64::MAX), size(1, 66));
}

proptest! {
    #[test]
    fn a_percentile_lies_between_its_neighbours(
        values in proptest::collection::vec(-1000_i64..1000, 1..30),
        hundredths in 0_u32..=100,
    ) {
        let found = percentile(&values, (hundredths, 100)).unwrap();
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let place = (sorted.len() - 1) * hundredths as usize;
        let (below, above) = (sorted[place / 100], sorted[place.div_ceil(100)]);
        prop_assert!(i128::from(below) * 100 <= found.numerator && found.numerator <= i128::from(above) * 100);
        // The first and last value weigh by what is left of the place to each.
        let rest = (place % 100) as i128;
        prop_assert_eq!(found.numerator, i128::from(below) * (100 - rest) + i128::from(above) * rest);
    }
}
