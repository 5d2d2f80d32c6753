use proptest::prelude::*;

use super::*;

const DAY: Range<i64> = 0..86_400;

fn report(at: i64, uptime: i64) -> Report {
    Report { at, uptime }
}

fn seconds(reports: &[Report]) -> u64 {
    credit(reports, None, DAY, &Params::DEFAULT).seconds
}

#[test]
fn a_reboot_costs_the_gap_alone() {
    let reports = [report(2400, 2400), report(4800, 900), report(7200, 3300)];
    assert_eq!(seconds(&reports), 7200 - 1500);
}

#[test]
fn a_fast_counter_is_caught_at_the_third_step() {
    let reports: Vec<Report> = (1..=4).map(|at| report(2400 * at, 2450 * at)).collect();
    let found = credit(&reports, None, DAY, &Params::DEFAULT);
    assert_eq!(
        found.reports.iter().map(|(_, ahead)| *ahead).collect::<Vec<_>>(),
        [false, false, false, true]
    );
}

#[test]
fn an_anchor_of_an_earlier_epoch_stands() {
    let found = credit(&[report(2400, 2400)], Some(121), DAY, &Params::DEFAULT);
    assert_eq!((found.seconds, found.reports[0].1, found.boot_first), (0, true, Some(121)));
}

#[test]
fn extreme_reports_earn_nothing_and_break_nothing() {
    let reports =
        [report(i64::MIN, i64::MAX), report(i64::MAX, i64::MIN), report(0, i64::MIN), report(9, -9)];
    assert_eq!(seconds(&reports), 0);
    assert_eq!(steps(&reports, &Params::DEFAULT).len(), 4);
}

#[test]
fn the_score_is_the_attested_share() {
    let found = credit(&[report(2400, 2400)], None, DAY, &Params::DEFAULT);
    assert_eq!(found.score(4800), Ok(ONE / 2));
    assert_eq!(found.score(1), Ok(ONE));
    assert_eq!(found.score(0), Err(FixedError::DivisionByZero));
}

prop_compose! {
    fn reports()(values in prop::collection::vec((-5000_i64..100_000, 0_i64..20_000), 0..40)) -> Vec<Report> {
        values.into_iter().map(|(at, uptime)| Report { at, uptime }).collect()
    }
}

proptest! {
    /// Second by second, as the rule says it.
    #[test]
    fn credit_is_the_length_of_the_union(reports in reports()) {
        let (small, params) = (0..3000_i64, Params { interval_s: 300, grace_s: 20 });
        let found = credit(&reports, None, small.clone(), &params);
        let attests = |second: i64| found.reports.iter().any(|(report, ahead)| {
            // The second that ends at `second`.
            !ahead && report.boot().max(report.at - 320) < second && second <= report.at
        });
        let counted = (small.start + 1..=small.end).filter(|second| attests(*second)).count() as u64;
        prop_assert_eq!(found.seconds, counted);
    }

    #[test]
    fn order_and_repeats_change_nothing(reports in reports(), turn in 0_usize..40) {
        let mut other = reports.clone();
        other.rotate_left(turn.min(reports.len()));
        other.extend(reports.iter().take(turn));
        prop_assert_eq!(
            credit(&reports, None, DAY, &Params::DEFAULT), credit(&other, None, DAY, &Params::DEFAULT)
        );
    }
}
