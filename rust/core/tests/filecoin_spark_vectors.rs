//! Public vectors of the evaluation of retrieval checks: results, tasks, fraud rules, committees, whole rounds, scores.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use std::collections::BTreeMap;
use std::net::IpAddr;

use depinverify_core::hash::Hash;
use depinverify_core::networks::filecoin::spark::committee::{Committee, Consensus, Decision, convene};
use depinverify_core::networks::filecoin::spark::fraud::{Tasking, label};
use depinverify_core::networks::filecoin::spark::inet_group::InetGroup;
use depinverify_core::networks::filecoin::spark::result::RetrievalResult;
use depinverify_core::networks::filecoin::spark::scores::{ROUND_REWARD, Scores, WHOLE, reward};
use depinverify_core::networks::filecoin::spark::statistics::{
    IndexerOutages, Retrievals, next_round, percentile,
};
use depinverify_core::networks::filecoin::spark::tasks::{Task, Tasks, randomness_time, station_key};
use depinverify_core::networks::filecoin::spark::{
    Measurement, Measurements, Participant, Round, RuleVersion, Rules, Validity, evaluate, read,
};
use serde_json::{Map, Value, json};
use vectors::{hash, list, load, number, ran, text};

/// A measurement that can be evaluated, with these members changed.
fn measurement_json(changes: &Map<String, Value>) -> Value {
    let mut object = json!({
        "participant_address": "0x000000000000000000000000000000000000000a",
        "inet_group": "some-group",
        "finished_at": "2023-11-01T09:00:00.000Z",
        "indexer_result": "OK",
        "cid": "bafyone",
        "miner_id": "f0123",
    });
    object.as_object_mut().unwrap().extend(changes.clone());
    object
}

/// JSON lines of measurements.
fn lines<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    objects.into_iter().flat_map(|object| format!("{object}\n").into_bytes()).collect()
}

/// Members by the names of the columns.
fn row(columns: &Value, cells: &Value) -> Map<String, Value> {
    list(columns).iter().map(|name| text(name).to_owned()).zip(list(cells).iter().cloned()).collect()
}

/// The measurements of a file as a round holds them.
fn measurements(file: &[u8]) -> Measurements<'_> {
    read(file, Validity::Historical).measurements.into_iter().collect()
}

fn tasks(value: &Value) -> Vec<Task> {
    list(value).iter().map(|task| Task::new(text(&task[0]), text(&task[1]))).collect()
}

/// A key written in decimal.
fn key(value: &Value) -> Hash {
    let digits = num_bigint::BigUint::parse_bytes(text(value).as_bytes(), 10).unwrap().to_bytes_be();
    let mut key = [0; 32];
    key[32 - digits.len()..].copy_from_slice(&digits);
    key
}

/// Members that make a checker's report of this result.
fn report(result: &str) -> Value {
    let end_at = "2024-02-01T00:00:09.000Z";
    match result.rsplit_once('_').and_then(|(kind, status)| Some((kind, status.parse::<u64>().ok()?))) {
        Some(("HTTP", status)) => return json!({"status_code": status, "protocol": "http"}),
        Some(("LASSIE", status)) => return json!({"status_code": status, "protocol": "graphsync"}),
        _ => {}
    }
    match result {
        "OK" => json!({"status_code": 200, "end_at": end_at}),
        "TIMEOUT" => json!({"timeout": true}),
        "CONNECTION_REFUSED" => json!({"status_code": 802}),
        indexer if indexer.starts_with("IPNI_") => json!({}),
        other => panic!("no report for {other}"),
    }
}

#[test]
fn retrieval_results() {
    let Some(file) = load("filecoin/spark_retrieval_result.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let mut members = file["base_measurement"].as_object().unwrap().clone();
        members.extend(case["overrides"].as_object().unwrap().clone());
        let file = lines([&measurement_json(&members)]);
        let intake = read(&file, Validity::Historical);
        assert_eq!(intake.measurements[0].result.to_string(), text(&case["expected"]), "{}", case["name"]);
        count += 1;
    }
    ran("filecoin/spark_retrieval_result.json", count);
}

fn check_nearest(tasks_json: &Value, randomness: &Value, station: &str, most: usize, expected: &Value) {
    let tasks = tasks(tasks_json);
    let places = Tasks::new(&tasks, &hash(randomness)).nearest(&station_key(station), most);
    let found: Vec<_> =
        places.into_iter().map(|place| json!([tasks[place].cid, tasks[place].miner_id])).collect();
    assert_eq!(found, list(expected), "{station}");
}

fn check_task_key(case: &Value, miner_id: &str, randomness: &Value) {
    let task = Task::new(text(&case["cid"]), text(&case[miner_id]));
    assert_eq!(task.key(&hash(randomness)), key(&case["key"]));
}

#[test]
fn tasks_of_stations() {
    let Some(file) = load("filecoin/spark_tasker.json") else { return };
    let unit = &file["unit"];
    check_task_key(&unit["task_key"], "miner_id", &unit["randomness"]);
    assert_eq!(station_key(text(&unit["station_key"]["station_id"])), key(&unit["station_key"]["key"]));
    let pick = &unit["pick"];
    let most = usize::try_from(number(&pick["max_tasks"])).unwrap();
    check_nearest(&pick["tasks"], &unit["randomness"], text(&pick["station_id"]), most, &pick["expected"]);
    let drand = &file["drand_randomness_for_epoch"];
    assert_eq!(randomness_time(number(&drand["filecoin_epoch"])), Some(number(&drand["time_unix"])));
    let mut count = 4;
    for case in list(&file["computed"]) {
        let station = text(&case["station_id"]);
        assert_eq!(station_key(station), key(&case["station_key"]));
        for (task, expected) in tasks(&case["tasks"]).iter().zip(list(&case["task_keys"])) {
            assert_eq!(task.key(&hash(&case["randomness"])), key(expected));
            count += 1;
        }
        let most = usize::try_from(number(&case["max_tasks_per_node"])).unwrap();
        check_nearest(&case["tasks"], &case["randomness"], station, most, &case["allowed"]);
        count += 1;
    }
    ran("filecoin/spark_tasker.json", count);
}

#[test]
fn tasking_in_the_folder_of_scoring() {
    let Some(file) = load("scoring/spark_tasking.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        match text(&case["name"]) {
            "task-key" => check_task_key(case, "minerId", &case["randomness"]),
            "station-key" => assert_eq!(station_key(text(&case["station_id"])), key(&case["key"])),
            "three-closest" => {
                let most = usize::try_from(number(&case["max_tasks"])).unwrap();
                let station = text(&case["station_id"]);
                check_nearest(&case["tasks"], &case["randomness"], station, most, &case["expected_in_order"]);
            }
            "score-split" => check_scores(&case["counts"], &case["scores"], "burn"),
            "committee" => {
                for example in list(&case["examples"]) {
                    check_committee_sizes(example);
                    count += 1;
                }
            }
            other => panic!("unknown case {other}"),
        }
        count += 1;
    }
    ran("scoring/spark_tasking.json", count);
}

/// A committee whose members fall into groups of these sizes.
fn check_committee_sizes(example: &Value) {
    let votes = list(&example["groups"]).iter().enumerate().flat_map(|(value, size)| {
        let changes = json!({"byte_length": value, "status_code": 200, "end_at": "2024-02-01T00:00:00.000Z"});
        vec![measurement_json(changes.as_object().unwrap()); usize::try_from(number(size)).unwrap()]
    });
    let file = lines(&votes.collect::<Vec<_>>());
    let measurements = measurements(&file);
    let size = measurements.records.len();
    assert_eq!(size as u64, number(&example["size"]));
    let required = usize::try_from(number(&example["required"])).unwrap();
    let (committees, _) = convene(&measurements, &vec![Tasking::Ok; size], required);
    let found = match &committees[0].retrieval {
        Decision::Majority(_) => "MAJORITY".to_owned(),
        none => none.text(),
    };
    assert_eq!(found, text(&example["result"]));
}

#[test]
fn fraud_rules() {
    let Some(file) = load("filecoin/spark_fraud_unit.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let objects: Vec<_> = list(&case["measurements"])
            .iter()
            .map(|cells| measurement_json(&row(&case["columns"], cells)))
            .collect();
        let file = lines(&objects);
        let measurements = measurements(&file);
        let tasks = tasks(&case["tasks"]);
        let most = usize::try_from(number(&case["max_tasks_per_node"])).unwrap();
        let labels = label(&measurements, &Tasks::new(&tasks, &[0; 32]), most);
        let expected = list(&case["expected_tasking"]);
        assert_eq!(labels.into_iter().map(Tasking::name).collect::<Vec<_>>(), expected, "{}", case["name"]);
        count += 1;
    }
    ran("filecoin/spark_fraud_unit.json", count);
}

/// A result by its text.
fn result_of(text: &str) -> RetrievalResult<'_> {
    match text {
        "OK" => RetrievalResult::Ok,
        "CONTENT_VERIFICATION_FAILED" => RetrievalResult::ContentVerificationFailed,
        "HTTP_502" => RetrievalResult::Http(502),
        other => RetrievalResult::Indexer(other.strip_prefix("IPNI_").unwrap().into()),
    }
}

#[test]
fn committees() {
    let Some(file) = load("filecoin/spark_committee.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let members: Vec<Map<String, Value>> = list(&case["measurements"])
            .iter()
            .map(|changes| {
                let mut members = file["base_measurement"].as_object().unwrap().clone();
                members.extend(changes.as_object().unwrap().clone());
                for (theirs, ours) in [
                    ("minerId", "miner_id"),
                    ("providerId", "provider_id"),
                    ("carChecksum", "car_checksum"),
                    ("indexerResult", "indexer_result"),
                ] {
                    let value = members.remove(theirs).unwrap();
                    members.insert(ours.to_owned(), value);
                }
                members
            })
            .collect();
        let objects: Vec<_> = members.iter().map(measurement_json).collect();
        let file = lines(&objects);
        let mut measurements = read(&file, Validity::Historical).measurements;
        // These results do not follow from the other members.
        for (measurement, members) in measurements.iter_mut().zip(&members) {
            measurement.result = result_of(text(&members["retrievalResult"]));
        }
        let required = usize::try_from(number(&case["required_committee_size"])).unwrap();
        let labels = vec![Tasking::Ok; measurements.len()];
        let measurements: Measurements<'_> = measurements.into_iter().collect();
        let (committees, consensus) = convene(&measurements, &labels, required);
        let (committee, name) = (&committees[0], &case["name"]);
        assert_eq!(
            json!({
                "index_majority_found": matches!(committee.index, Decision::Majority(_)),
                "indexer_result": committee.index.text(),
                "retrieval_majority_found": matches!(committee.retrieval, Decision::Majority(_)),
                "retrieval_result": committee.retrieval.text(),
            }),
            case["expected_decision"],
            "{name}"
        );
        let labels: Vec<_> = consensus.into_iter().map(|label| label.unwrap().name()).collect();
        assert_eq!(labels, list(&case["expected_consensus"]), "{name}");
        count += 1;
    }
    ran("filecoin/spark_committee.json", count);
}

#[test]
fn rounds() {
    for name in ["filecoin/spark_rounds.json", "filecoin/spark_round_production_committee.json"] {
        let Some(file) = load(name) else { continue };
        for case in list(&file["rounds"]) {
            check_round(case);
        }
        ran(name, list(&file["rounds"]).len());
    }
}

fn check_round(case: &Value) {
    let (name, round, expected) = (&case["name"], &case["round"], &case["expected"]);
    let objects: Vec<_> = list(&case["measurements"])
        .iter()
        .map(|cells| {
            let mut members = row(&case["measurement_columns"], cells);
            let result = members.remove("retrieval_result").unwrap();
            members.extend(report(text(&result)).as_object().unwrap().clone());
            measurement_json(&members)
        })
        .collect();
    let file = lines(&objects);
    let intake = read(&file, Validity::Historical);
    assert_eq!((intake.measurements.len(), intake.dropped.len()), (objects.len(), 0), "{name}");
    check_results_read(&intake.measurements, case);
    // The same measurements as one array, in one line.
    let array = Value::Array(objects).to_string();
    assert_eq!(read(array.as_bytes(), Validity::Historical), intake, "{name}");
    let round = Round {
        tasks: tasks(&round["retrieval_tasks"]),
        max_tasks_per_node: usize::try_from(number(&round["max_tasks_per_node"])).unwrap(),
        randomness: hash(&round["randomness"]),
    };
    let required_committee_size = usize::try_from(number(&case["round"]["required_committee_size"])).unwrap();
    let rules = Rules { required_committee_size, ..RuleVersion::Rewarded.rules() };
    let measurements: Measurements<'_> = intake.measurements.into_iter().collect();
    let found = evaluate(&round, &measurements, rules);
    let tasking: Vec<_> = found.tasking.iter().map(|label| label.name()).collect();
    assert_eq!(tasking, list(&expected["tasking"]), "{name}");
    let consensus: Vec<_> = found.consensus.iter().map(|label| json!(label.map(Consensus::name))).collect();
    assert_eq!(consensus, list(&expected["consensus"]), "{name}");
    check_round_committees(&found.committees, expected);
    let scores = found.scores.unwrap();
    let mut texts: BTreeMap<String, String> =
        scores.shares.iter().map(|(who, score)| (who.to_string(), score.to_string())).collect();
    texts.insert(BURN.to_owned(), scores.burnt.to_string());
    assert_eq!(json!(texts), expected["scores"], "{name}");
    let by_miner: BTreeMap<_, _> = found
        .by_miner
        .iter()
        .map(|(miner, found)| {
            let Retrievals { total, successful, successful_http, .. } = found;
            (miner, json!({"total": total, "successful": successful, "successful_http": successful_http}))
        })
        .collect();
    assert_eq!(json!(by_miner), expected["provider_retrieval_result_stats"], "{name}");
}

fn check_results_read(measurements: &[Measurement<'_>], case: &Value) {
    for (measurement, cells) in measurements.iter().zip(list(&case["measurements"])) {
        let cells = row(&case["measurement_columns"], cells);
        assert_eq!(measurement.result.to_string(), text(&cells["retrieval_result"]));
    }
}

fn check_round_committees(committees: &[Committee<'_>], expected: &Value) {
    let found: BTreeMap<_, _> = committees
        .iter()
        .map(|committee| {
            let value = json!({
                "cid": committee.cid,
                "miner_id": committee.miner_id,
                "size": committee.members.len(),
                "decision": {
                    "indexMajorityFound": matches!(committee.index, Decision::Majority(_)),
                    "indexerResult": committee.index.text(),
                    "retrievalMajorityFound": matches!(committee.retrieval, Decision::Majority(_)),
                    "retrievalResult": committee.retrieval.text(),
                },
            });
            ((committee.cid, committee.miner_id), value)
        })
        .collect();
    let expected: BTreeMap<_, _> = list(&expected["committees"])
        .iter()
        .map(|value| ((text(&value["cid"]), text(&value["miner_id"])), value.clone()))
        .collect();
    assert_eq!(found, expected);
}

const BURN: &str = "0x000000000000000000000000000000000000dEaD";

/// Accepted measurements by participant, and the scores that follow; the names need not be addresses.
fn check_scores(accepted: &Value, expected: &Value, burn: &str) {
    let accepted = accepted.as_object().unwrap();
    let accepted = accepted.iter().map(|(who, count)| (who.clone(), number(count))).collect();
    let scores = Scores::split(accepted, &burn.to_owned());
    assert_eq!(scores.shares.iter().map(|(_, score)| score).sum::<u64>() + scores.burnt, WHOLE);
    let mut found: BTreeMap<_, _> =
        scores.shares.into_iter().map(|(who, score)| (who, score.to_string())).collect();
    if scores.burnt > 0 {
        found.insert(burn.to_owned(), scores.burnt.to_string());
    }
    assert_eq!(json!(found), *expected);
}

#[test]
fn scores_and_statistics() {
    let Some(file) = load("filecoin/spark_scores_stats.json") else { return };
    assert_eq!((number(&file["max_score"]), number(&file["round_reward_attofil"])), (WHOLE, ROUND_REWARD));
    assert_eq!(Participant::parse(text(&file["burn_address"])), Some(Participant::BURN));
    let mut count = 3;
    for case in list(&file["scores"]) {
        check_scores(&case["accepted"], &case["scores"], BURN);
        count += 1;
    }
    for case in list(&file["rewards_computed"]) {
        assert_eq!(reward(number(&case["score"])).to_string(), text(&case["reward_attofil"]));
        count += 1;
    }
    for case in list(&file["percentile"]) {
        let values: Vec<i64> = list(&case["values"]).iter().map(|value| value.as_i64().unwrap()).collect();
        let thousandths = (case["p"].as_f64().unwrap() * 1000.0).round();
        let found = percentile(&values, (format!("{thousandths}").parse().unwrap(), 1000)).unwrap();
        let expected = i128::from(number(&case["expected"]));
        assert_eq!(found.numerator, expected * i128::from(found.denominator));
        count += 1;
    }
    for case in list(&file["next_round_computed"]) {
        let next = next_round(number(&case["previous_max_tasks"]), number(&case["previous_measurements"]));
        let expected = (number(&case["max_tasks"]), number(&case["task_count"]));
        assert_eq!((next.max_tasks_per_node, next.task_count), expected);
        count += 1;
    }
    for case in list(&file["subnet"]) {
        let group = InetGroup::of(text(&case["ip"]).parse::<IpAddr>().unwrap());
        assert_eq!(group.to_string(), case["subnet"].as_str().unwrap_or("ipv6"));
        count += 1;
    }
    for case in list(&file["rsr"]["cases"]) {
        count += check_rates(case);
    }
    ran("filecoin/spark_scores_stats.json", count);
}

/// Rates of measurements with these results and protocols.
fn check_rates(case: &Value) -> usize {
    let objects: Vec<_> = list(&case["results"])
        .iter()
        .zip(list(&case["protocols"]))
        .map(|(result, protocol)| {
            let mut members = report(text(result)).as_object().unwrap().clone();
            if let Some(answer) = text(result).strip_prefix("IPNI_") {
                members.insert("indexer_result".to_owned(), answer.into());
            }
            members.insert("protocol".to_owned(), protocol.clone());
            measurement_json(&members)
        })
        .collect();
    let file = lines(&objects);
    let measurements = measurements(&file);
    let [counted, left_out] = [IndexerOutages::Counted, IndexerOutages::LeftOut].map(|outages| {
        let mut retrievals = Retrievals::default();
        for record in &measurements.records {
            retrievals.add(record, &measurements, outages);
        }
        retrievals
    });
    let mut count = 0;
    for (name, rate) in [
        ("rsr", counted.rate()),
        ("rsr_http", counted.http_rate()),
        ("rsr_legacy", counted.rate()),
        ("rsr_current", left_out.rate()),
    ] {
        let Some(expected) = case[name].as_f64() else { continue };
        assert_eq!(format!("{:.0}", (expected * 1e12).floor()), rate.parts().unwrap().to_string(), "{name}");
        count += 1;
    }
    count
}
