//! The scoring models for Python, each a pure function of the state before, what an epoch showed, and parameters.

use depinverify_core::fixed::{FixedError, ONE};
use depinverify_core::score::availability::{self, Window};
use depinverify_core::score::objective::{Alert, Events};
use depinverify_core::score::relative::{self, Member, Neighbour, Work};
use depinverify_core::score::reported_uptime::{Params as ReportParams, Report, credit};
use depinverify_core::score::reputation::{Reputation, Track};
use depinverify_core::score::sequential::{Plan, Sequential, Verdict};
use depinverify_core::score::standing::{Cause, Evidence, Rules, Score, Standing, State};
use depinverify_core::score::streak::{Level, Streak};
use depinverify_core::score::strikes::{self, Duty};
use depinverify_core::score::{bounds, exact, payout as curve};
use pyo3::prelude::*;

use crate::errors::input_error;

/// A fraction as numerator and denominator.
type Fraction = (u64, u64);

fn fixed<T>(py: Python<'_>, result: Result<T, FixedError>) -> PyResult<T> {
    result.map_err(|error| input_error(py, &error.to_string(), None))
}

fn fraction(py: Python<'_>, (n, d): Fraction) -> PyResult<exact::Exact> {
    if d == 0 {
        Err(input_error(py, "fraction: expected a denominator above 0", None))
    } else {
        Ok(exact::exact(n, d))
    }
}

/// M1: score, windows used and state number of windows (start, up, total, scheduled) at a moment.
#[pyfunction]
#[pyo3(signature = (windows, *, moment, window_s, tracking_s, min_data_windows))]
fn windowed_availability(
    py: Python<'_>,
    windows: Vec<(i64, u32, u32, u32)>,
    moment: i64,
    window_s: i64,
    tracking_s: i64,
    min_data_windows: u64,
) -> PyResult<(u64, u64, u8)> {
    if window_s < 1 {
        return Err(input_error(py, "window_s: expected a length of at least one second", None));
    }
    if let Some((start, up, total, _)) = windows.iter().find(|(_, up, total, _)| up > total) {
        let message = format!("window {start}: expected at most {total} slots up, found {up}");
        return Err(input_error(py, &message, None));
    }
    let windows: Vec<Window> = windows
        .into_iter()
        .map(|(start, up, total, scheduled)| Window { start, up, total, scheduled })
        .collect();
    let found = fixed(py, availability::evaluate(&windows, moment, window_s, tracking_s, min_data_windows))?;
    Ok((found.score, found.windows_used, found.state as u8))
}

/// M2, the union rule: credited seconds, the reports with whether each is ahead, and the boot time to carry over.
#[pyfunction]
#[pyo3(signature = (reports, *, start, end, boot_first=None, interval_s=2400, grace_s=60))]
fn reported_uptime(
    reports: Vec<(i64, i64)>,
    start: i64,
    end: i64,
    boot_first: Option<i64>,
    interval_s: i64,
    grace_s: i64,
) -> (u64, Vec<(i64, i64, bool)>, Option<i64>) {
    let reports: Vec<Report> = reports.into_iter().map(|(at, uptime)| Report { at, uptime }).collect();
    let params = ReportParams { interval_s, grace_s };
    let credit = credit(&reports, boot_first, start..end, &params);
    let reports = credit.reports.iter().map(|(report, ahead)| (report.at, report.uptime, *ahead)).collect();
    (credit.seconds, reports, credit.boot_first)
}

/// M3: alpha, beta, score and whether it is at or below the threshold, after one batch of each device.
#[pyfunction]
#[pyo3(signature = (before, failures, successes, *, start, lambda_e12, weight_e12, threshold_e12))]
#[allow(clippy::too_many_arguments)]
fn reputations(
    py: Python<'_>,
    before: Vec<Option<(u64, u64)>>,
    failures: Vec<u64>,
    successes: Vec<u64>,
    start: (u64, u64),
    lambda_e12: u64,
    weight_e12: u64,
    threshold_e12: u64,
) -> PyResult<Vec<(u64, u64, u64, bool)>> {
    if before.len() != failures.len() || failures.len() != successes.len() {
        return Err(input_error(py, "expected states, failures and successes of as many devices", None));
    }
    if lambda_e12 > ONE {
        return Err(input_error(
            py,
            &format!("lambda_e12: expected at most {ONE}, found {lambda_e12}"),
            None,
        ));
    }
    let start = Reputation { alpha: start.0, beta: start.1 };
    let track = Track { start, lambda: lambda_e12, weight: weight_e12, threshold: threshold_e12 };
    let batches = before.into_iter().zip(failures).zip(successes);
    let judged = py.detach(|| {
        batches
            .map(|((before, failures), successes)| {
                let before = before.map_or(start, |(alpha, beta)| Reputation { alpha, beta });
                let after = before.after(&track, failures, successes)?;
                Ok((after.alpha, after.beta, after.score()?, after.is_at_or_below(&track)))
            })
            .collect()
    });
    fixed(py, judged)
}

/// M4: the multiplier of each device.
#[pyfunction]
fn relative_multipliers(
    py: Python<'_>,
    groups: Vec<u32>,
    owners: Vec<u32>,
    ok: Vec<u64>,
    failed: Vec<u64>,
) -> PyResult<Vec<u64>> {
    if [owners.len(), ok.len(), failed.len()] != [groups.len(); 3] {
        return Err(input_error(py, "expected group, owner and work of as many devices", None));
    }
    let members: Vec<Member> = groups
        .into_iter()
        .zip(owners)
        .zip(ok.into_iter().zip(failed))
        .map(|((group, owner), (ok, failed))| Member { group, owner, work: Work { ok, failed } })
        .collect();
    Ok(py.detach(|| relative::multipliers(&members)))
}

/// M4: what each device of one owner at one place weighs; each is (base, coefficient, id).
#[pyfunction]
fn concentrated_weight(py: Python<'_>, devices: Vec<(u64, u64, Vec<u8>)>) -> PyResult<u64> {
    let devices: Vec<Neighbour> =
        devices.into_iter().map(|(base, coefficient, id)| Neighbour { base, coefficient, id }).collect();
    let weight = relative::concentrated(&devices)
        .ok_or_else(|| input_error(py, "expected at least one device", None))?;
    u64::try_from(weight.numer() / weight.denom())
        .map_err(|_| input_error(py, "the weight does not fit 64 bits", None))
}

/// M5: performance (numerator and denominator as decimal strings are too wide for 64 bits), so pass or not, units and strikes.
#[pyfunction]
#[pyo3(signature = (duties, network, *, leeway, size=1, reward_share_bp=10_000))]
fn threshold_units(
    py: Python<'_>,
    duties: Vec<(u64, u64, u64)>,
    network: Vec<(u64, u64, u64)>,
    leeway: Fraction,
    size: u64,
    reward_share_bp: u64,
) -> PyResult<Option<(u64, u64, u64)>> {
    let list = |duties: Vec<(u64, u64, u64)>| -> Vec<Duty> {
        duties.into_iter().map(|(weight, included, assigned)| Duty { weight, included, assigned }).collect()
    };
    let (duties, network) = (list(duties), list(network));
    let (Some(own), Some(network)) = (strikes::performance(&duties), strikes::performance(&network)) else {
        return Ok(None);
    };
    let threshold = strikes::threshold(&network, &fraction(py, leeway)?);
    let assigned = duties.first().map_or(0, |duty| duty.assigned);
    let units = fixed(py, strikes::units(&own, &threshold, assigned, size, reward_share_bp))?;
    Ok(Some((units.share, units.rebate, units.strikes)))
}

/// M5: strikes of the last epochs, newest first, after one more; empty where all have gone.
#[pyfunction]
fn strikes_after(before: Vec<u64>, new: u64, lifetime: usize) -> Vec<u64> {
    strikes::after(&before, new, lifetime).unwrap_or_default()
}

/// M6: lower and upper Wilson bound.
#[pyfunction]
fn wilson_bounds(py: Python<'_>, successes: u64, trials: u64, z_times_100: u64) -> PyResult<(u64, u64)> {
    bounds::wilson(successes, trials, z_times_100).ok_or_else(|| {
        input_error(py, &format!("expected at most {trials} successes, found {successes}"), None)
    })
}

/// M6: lower quantile of the rate in millionths; nothing where there are too many trials.
#[pyfunction]
fn beta_lower_bound(successes: u64, failures: u64, quantile: Fraction) -> Option<u32> {
    bounds::beta_lower(successes, failures, quantile)
}

/// M7: trials that catch a cheat.
#[pyfunction]
fn trials_to_detect(cheats: (u32, u32), detect: (u32, u32)) -> Option<u32> {
    bounds::trials_to_detect(cheats, detect)
}

/// M7: the total behind the observations, and each verdict with the place of its observation.
#[pyfunction]
#[pyo3(signature = (observations, *, total=0, inc_pass, inc_fail, accept, reject))]
fn sequential_test(
    observations: Vec<bool>,
    total: i64,
    inc_pass: i64,
    inc_fail: i64,
    accept: i64,
    reject: i64,
) -> (i64, Vec<(usize, &'static str)>) {
    let plan = Plan { pass: inc_pass, fail: inc_fail, accept, reject };
    let mut test = Sequential { total };
    let mut verdicts = Vec::new();
    for (place, has_passed) in observations.into_iter().enumerate() {
        match test.observe(&plan, has_passed) {
            Verdict::Continue => {}
            Verdict::Accept => verdicts.push((place, "ACCEPT")),
            Verdict::Reject => verdicts.push((place, "REJECT")),
        }
    }
    (test.total, verdicts)
}

/// M8: level, whether the budget is exhausted, and the share of it that is consumed (nothing where there is no budget).
#[pyfunction]
fn service_level(py: Python<'_>, total: u64, bad: u64, goal: Fraction) -> PyResult<(u64, bool, Option<u64>)> {
    let (events, goal) = (Events { total, bad }, fraction(py, goal)?);
    let level = fixed(py, events.level())?;
    Ok((level, events.is_exhausted(&goal), events.burn_rate(&goal).map(|rate| exact::floor_scaled(&rate))))
}

/// M8: names of the alerts that burn, given total and bad events of each window by its length in minutes.
#[pyfunction]
fn burning_alerts(
    py: Python<'_>,
    windows: std::collections::BTreeMap<u64, (u64, u64)>,
    goal: Fraction,
    period_hours: u64,
) -> PyResult<Vec<&'static str>> {
    let goal = fraction(py, goal)?;
    let events = |minutes: u64| {
        let (total, bad) = windows.get(&minutes).copied().unwrap_or_default();
        Events { total, bad }
    };
    let burns = |alert: &Alert| {
        alert.burns(period_hours, &goal, events(60 * alert.long_hours), events(alert.short_minutes))
    };
    Ok(Alert::ALL.iter().filter(|alert| burns(alert)).map(|alert| alert.name).collect())
}

/// A reputation track as the ruleset gives it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct GivenTrack {
    start: (u64, u64),
    lambda_e12: u64,
    weight_e12: u64,
    threshold_e12: u64,
}

impl From<GivenTrack> for Track {
    fn from(given: GivenTrack) -> Self {
        let start = Reputation { alpha: given.start.0, beta: given.start.1 };
        let (lambda, weight, threshold) = (given.lambda_e12, given.weight_e12, given.threshold_e12);
        Self { start, lambda, weight, threshold }
    }
}

/// When a standing changes, as the ruleset gives it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct GivenRules {
    min_age_s: i64,
    min_observations: u64,
    offline_threshold_e12: u64,
    grace_s: i64,
    tracking_s: i64,
    offline_dq: bool,
    correctness: GivenTrack,
    unknown: GivenTrack,
}

impl From<GivenRules> for Rules {
    fn from(given: GivenRules) -> Self {
        Self {
            min_age_s: given.min_age_s,
            min_observations: given.min_observations,
            offline_threshold: given.offline_threshold_e12,
            grace_s: given.grace_s,
            tracking_s: given.tracking_s,
            offline_dq: given.offline_dq,
            correctness: given.correctness.into(),
            unknown: given.unknown.into(),
        }
    }
}

/// What is known of a device at a moment.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct GivenEvidence {
    at: i64,
    age_s: i64,
    observations: u64,
    availability: u64,
    is_tracking_full: bool,
    correctness: (u64, u64),
    unknown: (u64, u64),
}

/// The standing of one device: `(is_active, under_review_since, suspended offline, suspended unknown, disqualified, warned)`.
type StandingRow = (bool, Option<i64>, bool, bool, bool, [bool; 3]);
/// `(at, from, to, cause, value, limit)`.
type EventRow = (i64, &'static str, &'static str, &'static str, u64, u64);

/// 5.4: standing, its name, and events, after one moment.
#[pyfunction]
fn standing_after(
    before: Option<StandingRow>,
    evidence: GivenEvidence,
    rules: GivenRules,
) -> (StandingRow, &'static str, Vec<EventRow>) {
    let mut standing = before.map_or_else(Standing::default, |row| Standing {
        is_active: row.0,
        under_review_since: row.1,
        is_suspended_offline: row.2,
        is_suspended_unknown: row.3,
        is_disqualified: row.4,
        is_warned: row.5,
    });
    let reputation = |(alpha, beta)| Reputation { alpha, beta };
    let seen = Evidence {
        at: evidence.at,
        age_s: evidence.age_s,
        observations: evidence.observations,
        availability: evidence.availability,
        is_tracking_full: evidence.is_tracking_full,
        correctness: reputation(evidence.correctness),
        unknown: reputation(evidence.unknown),
    };
    let events = standing.judge(&seen, &rules.into());
    let events = events
        .iter()
        .map(|event| {
            (event.at, state(event.from), state(event.to), cause(event.cause), event.value, event.limit)
        })
        .collect();
    let row = (
        standing.is_active,
        standing.under_review_since,
        standing.is_suspended_offline,
        standing.is_suspended_unknown,
        standing.is_disqualified,
        standing.is_warned,
    );
    (row, state(standing.state()), events)
}

fn state(state: State) -> &'static str {
    match state {
        State::Probation => "PROBATION",
        State::Active => "ACTIVE",
        State::SuspendedOffline => "SUSPENDED_OFFLINE",
        State::SuspendedUnknown => "SUSPENDED_UNKNOWN",
        State::Disqualified => "DISQUALIFIED",
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::ProbationOver => "PROBATION_OVER",
        Cause::Correctness => "CORRECTNESS",
        Cause::Unknown => "UNKNOWN_ERRORS",
        Cause::Offline => "OFFLINE",
        Cause::ReviewOver => "REVIEW_OVER",
        Cause::ReviewFailed => "REVIEW_FAILED",
        Cause::Warning(Score::Availability) => "WARNING_AVAILABILITY",
        Cause::Warning(Score::Correctness) => "WARNING_CORRECTNESS",
        Cause::Warning(Score::Unknown) => "WARNING_UNKNOWN_ERRORS",
    }
}

/// 8: loyalty: good and missed epochs, and the points of this epoch.
#[pyfunction]
fn streak_after(good: u64, missed: u64, is_good: bool, levels: Vec<(u64, u64)>) -> (u64, u64, u64) {
    let levels: Vec<Level> = levels.into_iter().map(|(from, points)| Level { from, points }).collect();
    let (after, points) = Streak { good, missed }.after(is_good, &levels);
    (after.good, after.missed, points)
}

/// 5.10: the payout curve.
#[pyfunction]
fn payout(py: Python<'_>, knots: Vec<(u64, u64)>, score: u64) -> PyResult<u64> {
    curve::check(&knots).map_err(|error| input_error(py, &error.to_string(), None))?;
    fixed(py, curve::payout(&knots, score))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(windowed_availability, module)?)?;
    module.add_function(wrap_pyfunction!(reported_uptime, module)?)?;
    module.add_function(wrap_pyfunction!(reputations, module)?)?;
    module.add_function(wrap_pyfunction!(relative_multipliers, module)?)?;
    module.add_function(wrap_pyfunction!(concentrated_weight, module)?)?;
    module.add_function(wrap_pyfunction!(threshold_units, module)?)?;
    module.add_function(wrap_pyfunction!(strikes_after, module)?)?;
    module.add_function(wrap_pyfunction!(wilson_bounds, module)?)?;
    module.add_function(wrap_pyfunction!(beta_lower_bound, module)?)?;
    module.add_function(wrap_pyfunction!(trials_to_detect, module)?)?;
    module.add_function(wrap_pyfunction!(sequential_test, module)?)?;
    module.add_function(wrap_pyfunction!(service_level, module)?)?;
    module.add_function(wrap_pyfunction!(burning_alerts, module)?)?;
    module.add_function(wrap_pyfunction!(standing_after, module)?)?;
    module.add_function(wrap_pyfunction!(streak_after, module)?)?;
    module.add_function(wrap_pyfunction!(payout, module)?)
}
