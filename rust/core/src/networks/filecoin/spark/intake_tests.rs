use proptest::prelude::*;
use proptest::sample::select;

use super::super::moment::Moments;
use super::super::participant::Participant;
use super::super::result::{Report, RetrievalResult, Status};
use super::super::scalar::Scalar;
use super::*;
use crate::decode::json::{Value, parse};

const GOOD: &str = r#"{"participant_address":"0x000000000000000000000000000000000000000a","inet_group":"g",
    "finished_at":"2024-02-01T00:00:00.000Z","indexer_result":"OK"}"#;

fn good() -> String {
    GOOD.replace('\n', "")
}

fn places(intake: &Intake<Vec<Measurement<'_>>>) -> (Vec<u64>, Vec<(u64, &'static str)>) {
    (
        intake.measurements.iter().map(|kept| kept.place).collect(),
        intake.dropped.iter().map(|dropped| (dropped.place, dropped.reason.name())).collect(),
    )
}

fn read_historical(file: &[u8]) -> Intake<Vec<Measurement<'_>>> {
    read(file, Validity::Historical)
}

#[test]
fn a_broken_line_costs_that_line_alone() {
    let good = good();
    let twice = good.replace("{\"", "{\"inet_group\":\"h\",\"");
    let file =
        format!("{good}\n{{\"participant\n\n \t\r\n{good}\r\n[{good}]\n3\n{good} {good}\n{twice}\n{good}");
    let intake = read_historical(file.as_bytes());
    let dropped = vec![(2, "JSON"), (6, "NOT_AN_OBJECT"), (7, "NOT_AN_OBJECT"), (8, "JSON"), (9, "JSON")];
    assert_eq!(places(&intake), (vec![1, 5, 10], dropped));
    assert_eq!(intake.counts, BTreeMap::from([("JSON", 3), ("NOT_AN_OBJECT", 2)]));
    assert_eq!(intake.dropped[1].reason.to_string(), "expected an object, found an array");
}

#[test]
fn bytes_that_are_no_text() {
    let mut file = good().into_bytes();
    file.push(b'\n');
    file.extend(b"\xff\xfe{}\n");
    file.extend(good().into_bytes());
    assert_eq!(places(&read_historical(&file)), (vec![1, 3], vec![(2, "JSON")]));
}

#[test]
fn an_array_may_span_lines_and_breaks_once() {
    let good = good();
    let file = format!(" \n[{good},\n{GOOD}, 1, null, {{}}, {good}]\n");
    let dropped = vec![(3, "NOT_AN_OBJECT"), (4, "NOT_AN_OBJECT"), (5, "PARTICIPANT_ADDRESS")];
    assert_eq!(places(&read_historical(file.as_bytes())), (vec![1, 2, 6], dropped));
    for (broken, kept, dropped) in [
        (format!("[{good},{good},"), vec![1, 2], vec![(3, "JSON")]),
        (format!("[{good},{good}"), vec![1, 2], vec![(3, "JSON")]),
        (format!("[{good}]{good}"), vec![1], vec![(2, "JSON")]),
        (format!("[{good},{{\"cid\":\"a\" \"b\"}},{good}]"), vec![1], vec![(2, "JSON")]),
        ("[".to_owned(), vec![], vec![(1, "JSON")]),
        ("[]".to_owned(), vec![], vec![]),
    ] {
        assert_eq!(places(&read_historical(broken.as_bytes())), (kept, dropped), "{broken}");
    }
}

#[test]
fn nothing_is_an_empty_file() {
    for file in ["", "\n", " \r\n\t\n"] {
        assert_eq!(read_historical(file.as_bytes()), Intake::default(), "{file:?}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        good().replace("{\"", &format!("{{\"attestation\":{value},\""))
    };
    let [allowed, deeper, deepest] = [MAX_DEPTH - 1, MAX_DEPTH, 1_000_000].map(nested);
    let file = format!("{allowed}\n{deeper}\n{deepest}\n{}", good());
    assert_eq!(places(&read_historical(file.as_bytes())), (vec![1, 4], vec![(2, "JSON"), (3, "JSON")]));
    let file = format!("[{allowed}]");
    assert_eq!(places(&read_historical(file.as_bytes())), (vec![1], vec![]));
    let open = "[".repeat(1_000_000);
    assert_eq!(places(&read_historical(open.as_bytes())), (vec![], vec![(1, "JSON")]));
}

/// A value that stands for nothing is none.
fn member<'v>(object: &'v Value<'v>, name: &str) -> Option<&'v Value<'v>> {
    object.get(name).filter(|value| **value != Value::Null)
}

/// What committees compare, and whether it is a text. Lists and objects are those of the lines below.
fn meaning(value: Option<&Value<'_>>) -> Option<(bool, String)> {
    Some(match value? {
        Value::Text(text) => (true, text.to_string()),
        Value::Number(number) => (false, (number.parse::<f64>().unwrap() + 0.0).to_string()),
        Value::Bool(flag) => (false, flag.to_string()),
        Value::Array(_) => (false, "[1, null]".to_owned()),
        _ => (false, "{}".to_owned()),
    })
}

fn whole(value: Option<&Value<'_>>) -> Option<u64> {
    let digits = meaning(value).filter(|_| matches!(value, Some(Value::Text(_) | Value::Number(_))))?.1;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn is_raised(value: Option<&Value<'_>>) -> bool {
    match value {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Number(number)) => number.parse::<f64>().unwrap() != 0.0,
        Some(Value::Text(text)) => !text.is_empty(),
        _ => true,
    }
}

fn text<'v>(value: Option<&'v Value<'v>>) -> Option<&'v str> {
    value?.as_text()
}

fn time(value: Option<&Value<'_>>) -> Option<i64> {
    Moments::default().parse(text(value)?)
}

fn result<'v>(object: &'v Value<'v>) -> RetrievalResult<'v> {
    let status = member(object, "status_code");
    RetrievalResult::of(Report {
        indexer_result: text(member(object, "indexer_result")).map(Into::into),
        is_timeout: is_raised(member(object, "timeout")),
        is_car_too_large: is_raised(member(object, "car_too_large")),
        status_code: whole(status).map(if text(status).is_some() { Status::Text } else { Status::Number }),
        protocol: text(member(object, "protocol")).map(Into::into),
        has_ended: text(member(object, "end_at")).is_some(),
    })
}

/// What a line says, member by member, or why it is dropped, by a tree of its values.
fn slowly(line: &str, validity: Validity) -> Result<String, String> {
    let json = |error| DropReason::Json(error).to_string();
    let tree = parse(line.as_bytes(), MAX_DEPTH).map_err(json)?;
    if !matches!(tree, Value::Object(_)) {
        return Err(DropReason::NotAnObject(tree.kind().name()).to_string());
    }
    let get = |name: &str| member(&tree, name);
    let found = |name: &str| match get(name) {
        None => "none",
        Some(Value::Text(_)) => "another text",
        Some(other) => other.kind().name(),
    };
    let or = |reason: fn(&'static str) -> DropReason, name: &str| reason(found(name)).to_string();
    let who = text(get("participant_address")).and_then(Participant::parse);
    let who = who.ok_or_else(|| or(DropReason::Participant, "participant_address"))?;
    let subnet = text(get("inet_group")).ok_or_else(|| or(DropReason::InetGroup, "inet_group"))?;
    let finished = time(get("finished_at")).ok_or_else(|| or(DropReason::FinishedAt, "finished_at"))?;
    let answer = text(get("indexer_result")).filter(|answer| !answer.is_empty());
    let answer = answer.ok_or_else(|| or(DropReason::IndexerResult, "indexer_result"))?;
    let station = text(get("station_id")).unwrap_or_default();
    let is_station = station.len() == 88 && station.bytes().all(|digit| digit.is_ascii_hexdigit());
    if get("station_id").is_some() && !is_station && text(get("station_id")) != Some("") {
        return Err(or(DropReason::StationId, "station_id"));
    }
    let protocol = meaning(get("protocol")).map(|(_, name)| name.to_lowercase());
    let (start, first, end) = (time(get("start_at")), time(get("first_byte_at")), time(get("end_at")));
    if validity == Validity::Current && result(&tree) == RetrievalResult::Ok {
        if !(Some(0) < start && start <= first && first <= end) {
            return Err(DropReason::Times.to_string());
        }
        let (is_http, head) = (protocol.as_deref() == Some("http"), get("head_status_code"));
        if is_http && !matches!(head, Some(Value::Number(_))) {
            return Err(or(DropReason::HeadStatusMissing, "head_status_code"));
        }
        if !is_http && head.is_some() {
            return Err(or(DropReason::HeadStatusWithoutHttp, "head_status_code"));
        }
    }
    let about = (text(get("cid")), text(get("miner_id")), station, subnet, answer);
    let compared =
        ["provider_id", "provider_address", "byte_length", "car_checksum"].map(|name| meaning(get(name)));
    let rest = (whole(get("head_status_code")), result(&tree).to_string());
    Ok(format!("{who} {finished} {start:?} {first:?} {about:?} {compared:?} {protocol:?} {rest:?}"))
}

/// The same of a measurement that was read.
fn shown(one: &Measurement<'_>) -> String {
    let plain = |text: Option<crate::decode::json::Text<'_>>| text.map(|text| text.unescape().into_owned());
    let (cid, miner, station) =
        (plain(one.cid), plain(one.miner_id), plain(one.station_id).unwrap_or_default());
    let (subnet, answer) = (one.inet_group.unescape(), one.indexer_result.unescape());
    let about = (cid.as_deref(), miner.as_deref(), &*station, &*subnet, &*answer);
    let compared = [one.provider_id, one.provider_address, one.byte_length, one.car_checksum].map(
        |value: Option<Scalar<'_>>| value.map(|value| (value.text().is_some(), value.meaning().into_owned())),
    );
    let rest = (one.head_status_code, one.result.to_string());
    let (who, finished, start, first) = (one.participant, one.finished_at, one.start_at, one.first_byte_at);
    format!("{who} {finished} {start:?} {first:?} {about:?} {compared:?} {:?} {rest:?}", one.protocol)
}

/// Members of a good line, in the order in which checkers write them, and a few that nobody looks at.
const MEMBERS: [(&str, &str); 22] = [
    ("id", "17"),
    ("spark_version", r#""1.17.2""#),
    ("participant_address", r#""0x000000000000000000000000000000000000000a""#),
    (
        "station_id",
        r#""5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f""#,
    ),
    ("finished_at", r#""2024-02-01T00:00:00.000Z""#),
    ("start_at", r#""2024-02-01T00:00:00.001Z""#),
    ("head_status_code", "200"),
    ("first_byte_at", r#""2024-02-01T23:59:59.9Z""#),
    ("end_at", r#""2024-02-02T00:00:00Z""#),
    ("attestation", "null"),
    ("inet_group", r#""g""#),
    ("car_too_large", "false"),
    ("miner_id", r#""f01""#),
    ("provider_id", r#""12D3""#),
    ("cid", r#""bafy""#),
    ("provider_address", r#""/dns/a/tcp/443/https""#),
    ("timeout", "false"),
    ("indexer_result", r#""OK""#),
    ("protocol", r#""http""#),
    ("status_code", "200"),
    ("byte_length", "1024"),
    ("car_checksum", r#""1220""#),
];

/// Values of every kind, some of which cannot be read.
const OTHERS: [&str; 37] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "1024.0",
    "1.024e3",
    "502",
    "5020e-1",
    "-1",
    "600",
    "18446744073709551615",
    "18446744073709551616",
    "999999999999999",
    "9999999999999999",
    r#""""#,
    r#""502""#,
    r#""00000000000000000000502""#,
    r#""\u0035\u003002""#,
    r#""18446744073709551615""#,
    r#""18446744073709551616""#,
    r#""HTTP""#,
    r#""graphsync""#,
    r#""2024-02-01T00:00:00.12345Z""#,
    r#""2024-02-30T00:00:00Z""#,
    r#""2024-02-01X00:00:00Z""#,
    r#""0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF""#,
    r#""0x""#,
    "[1, null]",
    "{}",
    "tru",
    "01",
    "[1,",
    r#""\x""#,
    r#""\ud800""#,
    "",
];

fn some_line() -> impl Strategy<Value = String> {
    let changes = proptest::collection::vec((0..MEMBERS.len(), select(OTHERS.to_vec())), 0..4);
    let shape = (any::<[bool; 2]>(), 0..MEMBERS.len(), 0..MEMBERS.len(), 0_usize..700);
    (changes, shape, select(vec!["", "", "", "", " ", "\t"])).prop_map(|(changes, shape, space)| {
        let mut members = MEMBERS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        for (place, value) in changes {
            value.clone_into(&mut members[place].1);
        }
        let ([is_changed, is_cut], one, other, cut) = shape;
        if is_changed {
            match cut % 4 {
                0 => members.swap(one, other),
                1 => members.truncate(one),
                2 => members[one].0 = members[other].0.clone(),
                _ => members[one].0 = members[one].0.replace('_', "\\u005f"),
            }
        }
        let members =
            members.iter().map(|(name, value)| format!("{space}\"{name}\"{space}:{space}{value}{space}"));
        let mut line = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        if is_cut && cut % 3 == 0 {
            line.truncate(cut);
        }
        line
    })
}

proptest! {
    /// Whatever lines came before.
    #[test]
    fn lines_mean_what_their_trees_mean(
        lines in proptest::collection::vec(some_line(), 1..8),
        validity in select(vec![Validity::Historical, Validity::Current]),
    ) {
        let file = lines.join("\n");
        let intake = read(file.as_bytes(), validity);
        let (mut kept, mut dropped) = (intake.measurements.iter(), intake.dropped.iter());
        for (line, place) in lines.iter().zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty()) {
            match slowly(line, validity) {
                Ok(expected) => {
                    let one = kept.next().unwrap();
                    prop_assert_eq!((one.place, shown(one)), (place, expected), "{}", line);
                }
                Err(expected) => {
                    let one = dropped.next().unwrap();
                    prop_assert_eq!((one.place, one.reason.to_string()), (place, expected), "{}", line);
                }
            }
        }
        prop_assert!(kept.next().is_none() && dropped.next().is_none());
    }
}
