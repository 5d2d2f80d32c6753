//! Published and reference-computed cases of the scoring models, read from the vectors folder.

#![allow(clippy::expect_used, clippy::panic)]

mod vectors;

use depinverify_core::fixed::ONE;
use depinverify_core::reward::emission::emission;
use depinverify_core::score::availability::{Window, evaluate, merge, window_start};
use depinverify_core::score::exact::{Exact, exact, floor_scaled, less};
use depinverify_core::score::objective::{Alert, Events};
use depinverify_core::score::relative::{
    Member, Neighbour, Work, concentrated, group_rate, multiplier, multipliers,
};
use depinverify_core::score::reported_uptime::{Params, Report, Step, credit, steps};
use depinverify_core::score::reputation::{Reputation, Track};
use depinverify_core::score::sequential::{Plan, Sequential, Verdict};
use depinverify_core::score::standing::{Evidence, Rules, Standing};
use depinverify_core::score::streak::{Streak, WEEKLY};
use depinverify_core::score::{bounds, strikes};
use ruint::aliases::U256;
use serde_json::Value;
use vectors::{list, load, number, ran, text};

fn time(value: &Value) -> i64 {
    value.as_i64().expect("an integer")
}

/// `3`, `0.85` or `8/75`, as a number or a text.
fn fraction(value: &Value) -> Exact {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let whole = |text: &str| text.parse::<u64>().expect("digits");
    if let Some((n, d)) = text.split_once('/') {
        return exact(whole(n), whole(d));
    }
    match text.split_once('.') {
        Some((before, behind)) => {
            let scale = 10_u64.pow(u32::try_from(behind.len()).expect("few digits"));
            exact(whole(before) * scale + whole(behind), scale)
        }
        None => exact(whole(&text), 1),
    }
}

#[test]
fn reputations() {
    let Some(file) = load("scoring/storj_reputation.json") else { return };
    let mut checked = 0;
    for case in list(&file["cases"]) {
        let scaled = |name: &str| floor_scaled(&fraction(&case[name]));
        let start = Reputation { alpha: scaled("initial_alpha"), beta: scaled("initial_beta") };
        let threshold = if case["threshold"].is_null() { 0 } else { scaled("threshold") };
        let track = Track { start, lambda: scaled("lambda"), weight: scaled("weight"), threshold };
        let mut state = start;
        for step in list(&case["steps"]) {
            let (count, name) = (number(&step["count"]), text(&case["name"]));
            let (failures, successes) = if step["event"] == "fail" { (count, 0) } else { (0, count) };
            state = state.after(&track, failures, successes).expect("fits");
            assert_eq!(state.alpha, number(&step["alpha_e12"]), "{name}");
            assert_eq!(state.beta, number(&step["beta_e12"]), "{name}");
            assert_eq!(state.score(), Ok(number(&step["score_e12"])), "{name}");
            if let Some(is_below) = step["at_or_below_threshold"].as_bool() {
                assert_eq!(state.is_at_or_below(&track), is_below, "{name}");
            }
            checked += 1;
        }
    }
    ran("storj_reputation.json", checked);
}

#[test]
fn uptime_that_devices_report() {
    let Some(file) = load("scoring/reported_uptime.json") else { return };
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        let params = Params { interval_s: time(&case["interval_s"]), grace_s: time(&case["grace_s"]) };
        let rows = list(&case["step_rule"]);
        let reports: Vec<Report> =
            rows.iter().map(|row| Report { at: time(&row["t"]), uptime: time(&row["uptime"]) }).collect();
        for (row, (credited, step)) in rows.iter().zip(steps(&reports, &params)) {
            assert_eq!(credited, number(&row["credit"]), "{name}");
            assert_eq!(code(step), text(&row["code"]), "{name}");
        }
        let union = credit(&reports, None, i64::MIN..i64::MAX, &params);
        assert_eq!(union.seconds, number(&case["union_rule"]["credited_seconds"]), "{name}");
        let flags: Vec<&str> =
            union.reports.iter().map(|(_, ahead)| if *ahead { "COUNTER_AHEAD" } else { "OK" }).collect();
        assert_eq!(flags, list(&case["union_rule"]["flags"]).iter().map(text).collect::<Vec<_>>(), "{name}");
    }
    ran("reported_uptime.json", list(&file["cases"]).len());
}

fn code(step: Step) -> &'static str {
    match step {
        Step::First => "FIRST",
        Step::Ok => "OK",
        Step::GapCapped => "GAP_CAPPED",
        Step::ClockSkew => "CLOCK_SKEW",
        Step::UptimeTooHigh => "UPTIME_TOO_HIGH",
        Step::Reboot => "REBOOT",
        Step::UptimeTooLow => "UPTIME_TOO_LOW",
        Step::InvalidReboot => "INVALID_REBOOT",
    }
}

#[test]
fn relative_failure_rates() {
    let Some(file) = load("scoring/icp_failure_rate.json") else { return };
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        for point in list(&case["curve"]) {
            let relative = exact(number(&point["relative_e12"]), ONE);
            assert_eq!(multiplier(&relative), number(&point["multiplier_e12"]), "{name}");
        }
        if case.get("group_failure_rate").is_some() {
            failure_rates(case, name);
        }
        if let Some(mean) = case.get("v2_per_node") {
            let device = |node: &Value| Neighbour {
                base: number(&node["rate"]),
                coefficient: floor_scaled(&fraction(&node["coeff"])),
                id: Vec::new(),
            };
            let devices: Vec<Neighbour> = list(&case["nodes"]).iter().map(device).collect();
            assert_eq!(concentrated(&devices), Some(fraction(mean)), "{name}");
        }
    }
    ran("icp_failure_rate.json", list(&file["cases"]).len());
}

fn failure_rates(case: &Value, name: &str) {
    let nodes = list(&case["nodes"]);
    // The file counts what was proposed and what failed of the rest.
    let work = |node: &Value| Work { ok: number(&node["proposed"]), failed: number(&node["failed"]) };
    let members: Vec<Member> =
        nodes.iter().map(|node| Member { group: 0, owner: 0, work: work(node) }).collect();
    let rates: Vec<Exact> = members.iter().map(|member| member.work.failure_rate()).collect();
    let group = group_rate(&rates).expect("a group");
    assert_eq!(group, fraction(&case["group_failure_rate"]), "{name}");
    for ((node, rate), multiplier) in nodes.iter().zip(&rates).zip(multipliers(&members)) {
        assert_eq!(*rate, fraction(&node["failure_rate"]), "{name}");
        assert_eq!(less(rate, &group), fraction(&node["relative_failure_rate"]), "{name}");
        assert_eq!(multiplier, number(&node["multiplier_e12"]), "{name}");
    }
}

#[test]
fn thresholds_and_strikes() {
    let Some(file) = load("scoring/lido_csm_distribution.json") else { return };
    let mut checked = 0;
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        if name.starts_with("duty-") {
            duty(case, name);
        } else if name == "performance-weights" {
            performances(case);
        } else if name == "float-hazard-threshold" {
            for row in list(&case["rows"]) {
                let threshold = strikes::threshold(&fraction(&row["network"]), &fraction(&row["leeway"]));
                assert_eq!(fraction(&row["performance"]) >= threshold, row["exact_pass"] == true);
            }
        } else {
            // How a pool is split is allocation's, and tested there.
            continue;
        }
        checked += 1;
    }
    ran("lido_csm_distribution.json", checked);
}

fn duty(case: &Value, name: &str) {
    let field = |field: &str| number(&case[field]);
    let threshold = fraction(&case["threshold"]);
    let units = if case["slashed"] == true {
        strikes::units_when_slashed(&threshold)
    } else {
        let done = exact(field("included"), field("assigned"));
        strikes::units(
            &done,
            &threshold,
            field("assigned"),
            field("balance_multiplier"),
            field("reward_share_bp"),
        )
        .expect("fits")
    };
    assert_eq!(
        (units.share, units.rebate, units.strikes),
        (field("participation_share"), field("rebate_share"), field("strikes")),
        "{name}"
    );
}

fn performances(case: &Value) {
    let weights = &case["weights"];
    for row in list(&case["rows"]) {
        let duties: Vec<strikes::Duty> = [("att", "attestation"), ("prop", "block"), ("sync", "sync")]
            .into_iter()
            .filter(|(duty, _)| !row[*duty].is_null())
            .map(|(duty, weight)| {
                let done = floor_scaled(&fraction(&row[duty]));
                strikes::Duty { weight: number(&weights[weight]), included: done, assigned: ONE }
            })
            .collect();
        let found = strikes::performance(&duties).expect("duties");
        match row.get("expected") {
            Some(expected) => assert_eq!(found, fraction(expected)),
            // Published with four digits, cut off or rounded.
            None => assert!(
                floor_scaled(&found).abs_diff(floor_scaled(&fraction(&row["expected_approx"])))
                    < ONE / 10_000
            ),
        }
    }
}

#[test]
fn lists_of_strikes() {
    let Some(file) = load("scoring/lido_csm_strikes.json") else { return };
    for case in list(&file["cases"]) {
        let of = |name: &str| case[name].as_object().cloned().unwrap_or_default();
        let (before, frame, lifetime) = (of("before"), of("frame"), of("lifetime"));
        let mut after = serde_json::Map::new();
        let devices: std::collections::BTreeSet<&String> = before.keys().chain(frame.keys()).collect();
        for device in devices {
            let owner = device.split('/').next().expect("an owner");
            let held: Vec<u64> = before
                .get(device)
                .and_then(Value::as_array)
                .map(|list| list.iter().map(number).collect())
                .unwrap_or_default();
            let new = frame.get(device).map_or(0, number);
            let length = usize::try_from(number(&lifetime[owner])).expect("short");
            if let Some(list) = strikes::after(&held, new, length) {
                after.insert(device.clone(), list.into());
            }
        }
        assert_eq!(after, of("after"), "{}", case["name"]);
    }
    ran("lido_csm_strikes.json", list(&file["cases"]).len());
}

#[test]
fn small_samples_and_sequential_tests() {
    let Some(file) = load("scoring/statistics.json") else { return };
    for case in list(&file["cases"]) {
        let name = text(&case["name"]);
        let field = |field: &str| number(&case[field]);
        match text(&case["model"]) {
            "wilson" => {
                let found = bounds::wilson(field("successes"), field("trials"), field("z_times_100"));
                assert_eq!(found, Some((field("lower_e12"), field("upper_e12"))), "{name}");
            }
            "beta_lower" => {
                let (n, d) = text(&case["quantile"]).split_once('/').expect("a fraction");
                let quantile = (n.parse().expect("digits"), d.parse().expect("digits"));
                let found = bounds::beta_lower(field("successes"), field("failures"), quantile);
                assert_eq!(found.map(u64::from), Some(field("lower_millionths")), "{name}");
            }
            "sprt" => sequential(case, name),
            "detection" => {
                for row in list(&case["rows"]) {
                    let pair = |name: &str| {
                        let (n, d) = text(&row[name]).split_once('/').expect("a fraction");
                        (n.parse().expect("digits"), d.parse().expect("digits"))
                    };
                    let found = bounds::trials_to_detect(pair("cheat_fraction"), pair("detect_probability"));
                    assert_eq!(found.map(u64::from), Some(number(&row["n"])), "{row}");
                }
            }
            other => panic!("{name}: no such model: {other}"),
        }
    }
    ran("statistics.json", list(&file["cases"]).len());
}

fn sequential(case: &Value, name: &str) {
    let plan = Plan {
        pass: time(&case["increments"]["pass"]),
        fail: time(&case["increments"]["fail"]),
        accept: time(&case["accept_at_or_below"]),
        reject: time(&case["reject_at_or_above"]),
    };
    assert!([Plan::GOOD_99_BAD_90, Plan::GOOD_999_BAD_98, Plan::GOOD_95_BAD_80].contains(&plan), "{name}");
    let mut test = Sequential::default();
    let observed = text(&case["sequence"]).chars().zip(list(&case["verdict_after_each"]));
    for ((observation, verdict), total) in observed.zip(list(&case["running_total"])) {
        let expected = match text(verdict) {
            "CONTINUE" => Verdict::Continue,
            "ACCEPT" => Verdict::Accept,
            "REJECT" => Verdict::Reject,
            other => panic!("{name}: no such verdict: {other}"),
        };
        assert_eq!(test.observe(&plan, observation == 'P'), expected, "{name}");
        if expected == Verdict::Continue {
            assert_eq!(test.total, time(total), "{name}");
        }
    }
}

#[test]
fn error_budgets() {
    let Some(file) = load("scoring/slo_burn_rates.json") else { return };
    for row in list(&file["burn_table"]) {
        let alert = Alert::ALL.into_iter().find(|alert| alert.name == text(&row["name"])).expect("an alert");
        assert_eq!(alert.percent, number(&row["budget_percent"]));
        assert_eq!(alert.long_hours, number(&row["long_window_h"]));
        let short = text(&row["short_window"]);
        let minutes: u64 = match short.strip_suffix('h') {
            Some(hours) => 60 * hours.parse::<u64>().expect("hours"),
            None => short.trim_end_matches('m').parse().expect("minutes"),
        };
        assert_eq!(alert.short_minutes, minutes);
        assert_eq!(alert.factor(24 * number(&row["period_days"])), fraction(&row["burn_factor"]));
    }
    for case in list(&file["budget_cases"]) {
        let (good, bad) = (number(&case["good"]), number(&case["bad"]));
        let (events, goal) = (Events { total: good + bad, bad }, fraction(&case["goal"]));
        assert_eq!(events.level(), Ok(number(&case["sli_e12"])));
        assert_eq!(events.budget(&goal), fraction(&case["budget_events"]));
        assert_eq!(events.burn_rate(&goal), Some(fraction(&case["burn_rate"])));
        assert_eq!(
            events.burn_rate(&goal).map(|rate| floor_scaled(&rate)),
            Some(number(&case["consumed_e12"]))
        );
        assert_eq!(events.is_exhausted(&goal), case["exhausted"] == true);
    }
    ran("slo_burn_rates.json", list(&file["burn_table"]).len() + list(&file["budget_cases"]).len());
}

#[test]
fn suspensions_and_reviews() {
    let Some(file) = load("scoring/storj_offline_state_machine.json") else { return };
    let config = &file["config"];
    let (length, tracking) = (time(&config["window_s"]), time(&config["tracking_s"]));
    let mut windows: Vec<Window> = Vec::new();
    let mut standing = Standing { is_active: true, ..Standing::default() };
    for event in list(&file["events"]) {
        let at = time(&event["t"]);
        let start = window_start(at, length);
        let up = u32::from(event["outcome"] == "success");
        windows = merge(&windows, &[Window { start, up, total: 1, scheduled: 1 }], at, length, tracking);
        let available = evaluate(&windows, at, length, tracking, 1).expect("fits");
        let rules = Rules {
            grace_s: time(&event["grace_s"]),
            tracking_s: tracking,
            offline_dq: config["offline_dq"] == true,
            offline_threshold: floor_scaled(&fraction(&config["offline_threshold"])),
            ..Rules::DEFAULT
        };
        let seen = Evidence {
            at,
            age_s: 0,
            observations: 0,
            availability: available.score,
            is_tracking_full: i64::try_from(available.windows_used).expect("few") >= tracking / length,
            correctness: Track::CORRECTNESS.start,
            unknown: Track::UNKNOWN.start,
        };
        let _ = standing.judge(&seen, &rules);
        let expected = &event["expect"];
        assert_eq!(available.score, floor_scaled(&fraction(&expected["online_score"])), "at {at}");
        assert_eq!(seen.is_tracking_full, expected["tracking_full"] == true, "at {at}");
        assert_eq!(standing.is_suspended_offline, expected["offline_suspended"] == true, "at {at}");
        assert_eq!(standing.is_suspended_unknown, expected["unknown_suspended"] == true, "at {at}");
        assert_eq!(standing.under_review_since.is_some(), expected["under_review"] == true, "at {at}");
        assert_eq!(standing.is_disqualified, expected["disqualified"] == true, "at {at}");
    }
    ran("storj_offline_state_machine.json", list(&file["events"]).len());
}

#[test]
fn loyalty_and_emission() {
    let Some(file) = load("scoring/dimo_streaks.json") else { return };
    for (row, level) in list(&file["levels"]).iter().zip(WEEKLY) {
        assert_eq!((number(&row["min_weeks"]), number(&row["points"])), (level.from, level.points));
    }
    for case in list(&file["cases"]) {
        if let [first, ..] = list(&case["years"]) {
            let amount = |value: &Value| text(value).parse::<U256>().expect("digits");
            for (year, expected) in (0..).zip(list(&case["years"])) {
                assert_eq!(emission(amount(first), (85, 100), year), Some(amount(expected)));
            }
            continue;
        }
        let of = |value: &Value| Streak {
            good: number(&value["connection_streak"]),
            missed: number(&value["disconnection_streak"]),
        };
        let found = of(case).after(case["connected"] == true, &WEEKLY);
        let expected = &case["expected"];
        assert_eq!(found, (of(expected), number(&expected["points"])), "{}", case["name"]);
    }
    ran("dimo_streaks.json", list(&file["cases"]).len());
}
