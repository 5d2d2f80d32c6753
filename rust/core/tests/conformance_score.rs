//! Published and reference-computed cases of scoring, read from the vectors folder.

#![allow(clippy::expect_used)]

mod vectors;

use depinverify_core::score::availability::{Window, evaluate, merge};
use depinverify_core::score::outage::judge;
use depinverify_core::score::payout::payout;
use depinverify_core::score::quorum::{Decision, decide};
use depinverify_core::verdict::Outcome;
use depinverify_core::verify::judged::Kept;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vectors::{list, load, number, ran, text};

#[test]
fn validators_outages_and_quorum() {
    let Some(file) = load("scoring/validator_outage_exclusion.json") else { return };
    let quorum = usize::try_from(number(&file["parameters"]["quorum"])).expect("a small number");
    for case in list(&file["cases"]) {
        replay_outages(case, quorum);
    }
    ran("validator_outage_exclusion.json", list(&file["cases"]).len());
}

fn replay_outages(case: &Value, quorum: usize) {
    let name = text(&case["name"]);
    let validators: Vec<&str> = case["validators"].as_array().expect("validators").iter().map(text).collect();
    let clusters = case["clusters"].as_object().expect("clusters");
    let devices: Vec<&str> =
        clusters.keys().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    let cluster_names: BTreeSet<&str> = clusters.values().map(text).collect();
    let cluster_of: Vec<u32> = devices
        .iter()
        .map(|device| {
            let at =
                cluster_names.iter().position(|name| *name == text(&clusters[*device])).expect("a cluster");
            u32::try_from(at).expect("few clusters")
        })
        .collect();
    let up: BTreeSet<&str> = case["initially_up"].as_array().expect("devices").iter().map(text).collect();
    let mut was_up: Vec<bool> = devices.iter().map(|device| up.contains(device)).collect();
    let position = |list: &[&str], name: &str| list.iter().position(|found| *found == name).expect("known");
    let mut excluded = Vec::new();
    let mut events = Vec::new();
    let mut decisions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for slot in case["slots"].as_array().expect("slots").iter().map(number) {
        let mut kept: Vec<Kept> = case["observations"]
            .as_array()
            .expect("observations")
            .iter()
            .filter(|o| number(&o["slot"]) == slot)
            .map(|o| Kept {
                slot: u32::try_from(slot).expect("a small slot"),
                device: u32::try_from(position(&devices, text(&o["device"]))).expect("few devices"),
                participant: u16::try_from(position(&validators, text(&o["validator"])))
                    .expect("few validators"),
                outcome: if text(&o["result"]) == "UP" { Outcome::Pass } else { Outcome::Timeout },
                is_answered: text(&o["result"]) == "UP",
            })
            .collect();
        kept.sort_by_key(|k| (k.device, k.participant));
        let references = case["references"]
            .as_array()
            .expect("references")
            .iter()
            .filter(|r| number(&r["slot"]) == slot)
            .map(|r| {
                let validator =
                    u16::try_from(position(&validators, text(&r["validator"]))).expect("few validators");
                (validator, (number(&r["ok"]), number(&r["total"])))
            })
            .collect();
        let judgement = judge(&kept, |d| cluster_of[d as usize], |d| was_up[d as usize], &references);
        for (device, name) in devices.iter().enumerate() {
            let own = kept.iter().filter(|k| k.device as usize == device).filter(|k| {
                !(k.outcome.is_silence()
                    && judgement.exclusions.iter().any(|e| e.participant == k.participant))
            });
            let decision = decide(own, quorum, |participant| participant);
            if let Some(decision) = decision {
                was_up[device] = decision == Decision::Up;
            }
            decisions.entry(name).or_default().push(match decision {
                Some(Decision::Up) => "UP",
                Some(Decision::Down) => "DOWN",
                None => "NO_DATA",
            });
        }
        excluded.extend(judgement.exclusions.iter().map(|e| {
            serde_json::json!({
                "validator": validators[usize::from(e.participant)], "slot": slot, "reason": e.reason,
                "n": e.n, "f": e.f, "peer_n": e.n2, "peer_f": e.f2,
            })
        }));
        if let Some((n, f)) = judgement.network_event {
            events.push(serde_json::json!({"slot": slot, "flag": "NETWORK_EVENT", "n": n, "f": f}));
        }
    }
    assert_eq!(Value::from(excluded), case["excluded"], "{name}: exclusions");
    assert_eq!(Value::from(events), case["flags"], "{name}: flags");
    assert_eq!(serde_json::json!(decisions), case["decisions"], "{name}: decisions");
}

fn windows(value: &Value) -> Vec<Window> {
    let window = |row: &Value| {
        let count = |value: &Value| u32::try_from(number(value)).expect("a small count");
        let start = row[0].as_i64().expect("seconds");
        Window { start, up: count(&row[1]), total: count(&row[2]), scheduled: count(&row[2]) }
    };
    value.as_array().expect("windows").iter().map(window).collect()
}

#[test]
fn windowed_availability() {
    let Some(file) = load("scoring/storj_online_score.json") else { return };
    let mut checked = 0;
    for case in list(&file["cases"]) {
        let (length, tracking) =
            (case["window_s"].as_i64().expect("W"), case["tracking_s"].as_i64().expect("T"));
        for step in case["steps"].as_array().into_iter().flatten() {
            let (Some(moment), Some(_)) = (step["t"].as_i64(), step["windows"].as_array()) else { continue };
            let found = evaluate(&windows(&step["windows"]), moment, length, tracking, 1).expect("in range");
            assert_eq!(found.score, number(&step["score_e12"]), "{}: at {moment}", case["name"]);
            checked += 1;
        }
        if let Some(expected) = case["merged_score_e12"].as_u64() {
            let (first, second) = (windows(&case["first_windows"]), windows(&case["second_windows"]));
            let newest = first.iter().chain(&second).map(|w| w.start).max().expect("windows");
            let merged = merge(&first, &second, newest, length, tracking);
            assert_eq!(merged, windows(&case["merged_windows"]), "{}: windows", case["name"]);
            let found = evaluate(&merged, newest, length, tracking, 1).expect("in range");
            assert_eq!(found.score, expected, "{}: merged", case["name"]);
            checked += 1;
        }
    }
    ran("storj_online_score.json", checked);
}

#[test]
fn payout_curve_of_the_worked_epoch() {
    let Some(file) = load("scoring/epoch_end_to_end.json") else { return };
    for case in list(&file["cases"]) {
        let integer =
            |value: &Value| value.as_str().map_or_else(|| number(value), |v| v.parse().expect("decimal"));
        let curve: Vec<(u64, u64)> = case["curve"]
            .as_array()
            .expect("curve")
            .iter()
            .map(|knot| (integer(&knot[0]), integer(&knot[1])))
            .collect();
        let (length, tracking) =
            (case["window_s"].as_i64().expect("W"), case["tracking_s"].as_i64().expect("T"));
        let end = case["epoch_end"].as_i64().expect("end");
        let expected = case["expected"]["devices"].as_array().expect("devices");
        for (device, expected) in case["devices"].as_array().expect("devices").iter().zip(expected) {
            let newest_first = device["windows_newest_first_up_total"].as_array().expect("windows");
            let windows: Vec<Window> = (1..)
                .zip(newest_first)
                .map(|(age, row)| {
                    let count = |value: &Value| u32::try_from(number(value)).expect("a small count");
                    let start = end.div_euclid(length) * length - age * length;
                    Window { start, up: count(&row[0]), total: count(&row[1]), scheduled: count(&row[1]) }
                })
                .collect();
            let found = evaluate(&windows, end, length, tracking, 1).expect("in range");
            assert_eq!(found.score, number(&expected["score_e12"]), "{}", device["id"]);
            assert_eq!(
                payout(&curve, found.score).expect("in range"),
                number(&expected["payout_e12"]),
                "{}",
                device["id"]
            );
        }
    }
}
