use serde_json::{Value, json};

use super::super::intake::read;
use super::*;

fn good() -> Value {
    json!({
        "participant_address": "0x000000000000000000000000000000000000000a",
        "station_id": "5f".repeat(44),
        "inet_group": "g",
        "finished_at": "2024-02-01T00:00:00.000Z",
        "indexer_result": "OK",
        "cid": "bafyone",
        "miner_id": "f0123",
        "status_code": 200,
        "start_at": "2024-02-01T00:00:00.001Z",
        "first_byte_at": "2024-02-01T00:00:00.002Z",
        "end_at": "2024-02-01T00:00:00.003Z",
        "protocol": "http",
        "head_status_code": 200,
    })
}

/// Reads a good measurement with one member changed, and shows what is asked for.
fn with<T>(
    validity: Validity,
    member: &str,
    value: &Value,
    show: impl FnOnce(&Measurement<'_>) -> T,
) -> Result<T, DropReason> {
    let mut object = good();
    object[member] = value.clone();
    let line = object.to_string();
    let intake = read(line.as_bytes(), validity);
    match intake.dropped.first() {
        Some(dropped) => Err(dropped.reason),
        None => Ok(show(&intake.measurements[0])),
    }
}

fn reason(member: &str, value: &Value) -> Option<(&'static str, String)> {
    with(Validity::Historical, member, value, |_| ()).err().map(|reason| (reason.name(), reason.to_string()))
}

#[test]
fn what_every_measurement_must_say() {
    let members = [
        ("participant_address", "PARTICIPANT_ADDRESS"),
        ("inet_group", "INET_GROUP"),
        ("finished_at", "FINISHED_AT"),
        ("indexer_result", "INDEXER_RESULT"),
    ];
    for (member, name) in members {
        for (value, found) in [
            (json!(null), "none"),
            (json!(1), "a number"),
            (json!(true), "a boolean"),
            (json!([]), "an array"),
            (json!({}), "an object"),
        ] {
            let (found_name, sentence) = reason(member, &value).unwrap();
            assert_eq!(found_name, name);
            assert!(
                sentence.starts_with(member) && sentence.ends_with(&format!("found {found}")),
                "{sentence}"
            );
        }
        let empty = reason(member, &json!(""));
        assert_eq!(empty.map(|(name, _)| name), (member != "inet_group").then_some(name), "{member}");
    }
    assert!(reason("participant_address", &json!("f01234")).is_some());
    assert!(reason("finished_at", &json!("yesterday")).is_some());
}

#[test]
fn a_station_is_88_hex_digits_or_none() {
    let station = |value: &Value| {
        with(Validity::Historical, "station_id", value, |m| m.station_id.is_some()).map_err(|why| why.name())
    };
    for (value, expected) in [
        (json!("A".repeat(88)), Ok(true)),
        (json!(null), Ok(false)),
        (json!(""), Ok(false)),
        (json!("a".repeat(87)), Err("STATION_ID")),
        (json!("a".repeat(89)), Err("STATION_ID")),
        (json!("g".repeat(88)), Err("STATION_ID")),
        (json!("\u{e9}".repeat(44)), Err("STATION_ID")),
        (json!(0), Err("STATION_ID")),
    ] {
        assert_eq!(station(&value), expected, "{value}");
    }
}

#[test]
fn a_success_must_have_its_times_under_the_current_rule() {
    let found = |member: &str, value: Value| {
        let [historical, current] = [Validity::Historical, Validity::Current]
            .map(|validity| with(validity, member, &value, |_| ()).map_err(|why| why.name()));
        assert_eq!(historical, Ok(()), "{member} {value}");
        current
    };
    assert_eq!(found("spark_version", json!("1.0")), Ok(()));
    for (member, time) in [
        ("start_at", json!(null)),
        ("start_at", json!("soon")),
        ("start_at", json!("1970-01-01T00:00:00.000Z")),
        ("start_at", json!("2024-02-01T00:00:00.003Z")),
        ("first_byte_at", json!(null)),
        ("first_byte_at", json!("1970-01-01T00:00:00.000Z")),
        ("first_byte_at", json!("2024-02-01T00:00:00.004Z")),
        ("end_at", json!("later")),
    ] {
        assert_eq!(found(member, time), Err("TIMES"), "{member}");
    }
    assert_eq!(found("start_at", json!("2024-02-01T00:00:00.002Z")), Ok(()));
    // Without an end it is no success, so nothing more is asked.
    assert_eq!(found("end_at", json!(null)), Ok(()));
    assert_eq!(found("head_status_code", json!(null)), Err("HEAD_STATUS_MISSING"));
    assert_eq!(found("head_status_code", json!("200")), Err("HEAD_STATUS_MISSING"));
    assert_eq!(found("head_status_code", json!(404)), Ok(()));
    assert_eq!(found("protocol", json!("graphsync")), Err("HEAD_STATUS_WITHOUT_HTTP"));
    assert_eq!(found("protocol", json!(null)), Err("HEAD_STATUS_WITHOUT_HTTP"));
    assert_eq!(found("status_code", json!(500)), Ok(()));
}

#[test]
fn numbers_may_be_texts_and_nothing_else() {
    let result =
        |status: Value| with(Validity::Historical, "status_code", &status, |m| m.result.to_string()).unwrap();
    for (status, expected) in [
        (json!("502"), "HTTP_502"),
        (json!("200"), "OK"),
        (json!(600), "UNKNOWN_FETCH_ERROR"),
        (json!("600"), "HTTP_600"),
        (json!("777"), "UNSUPPORTED_MULTIADDR_FORMAT"),
        (json!(404.0), "HTTP_404"),
        (json!(6e2), "UNKNOWN_FETCH_ERROR"),
        (json!(200.0), "OK"),
        (json!(1e30), "UNKNOWN_ERROR"),
        (json!(""), "UNKNOWN_ERROR"),
        (json!("-502"), "UNKNOWN_ERROR"),
        (json!(-1), "UNKNOWN_ERROR"),
        (json!(502.5), "UNKNOWN_ERROR"),
        (json!("99999999999999999999999"), "UNKNOWN_ERROR"),
        (json!([502]), "UNKNOWN_ERROR"),
        (json!({"code": 502}), "UNKNOWN_ERROR"),
        (json!(true), "UNKNOWN_ERROR"),
    ] {
        assert_eq!(result(status.clone()), expected, "{status}");
    }
    for (flag, expected) in [
        (json!(true), "TIMEOUT"),
        (json!("false"), "TIMEOUT"),
        (json!(1), "TIMEOUT"),
        (json!(-0.5), "TIMEOUT"),
        (json!([]), "TIMEOUT"),
        (json!({}), "TIMEOUT"),
        (json!(false), "OK"),
        (json!(""), "OK"),
        (json!(0), "OK"),
        (json!(-0.0), "OK"),
        (json!(null), "OK"),
    ] {
        let found = with(Validity::Historical, "timeout", &flag, |m| m.result.to_string());
        assert_eq!(found.unwrap(), expected, "{flag}");
    }
}

#[test]
fn compared_values_are_equal_where_they_are_in_javascript() {
    let length = |written: &str| {
        let line = good().to_string().replacen('{', &format!("{{\"byte_length\":{written},"), 1);
        let shown = |one: &Measurement<'_>| {
            one.byte_length.map(|length| (length.text().is_some(), length.meaning().into_owned()))
        };
        shown(&read(line.as_bytes(), Validity::Historical).measurements[0])
    };
    let groups: [&[&str]; 13] = [
        &["1024", "1024.0", "1.024e3", "10240E-1"],
        &["\"1024\"", "\"\\u0031024\""],
        &["0", "-0", "0.0", "0e7", "1e-999"],
        &["-5", "-5.0"],
        &["9007199254740992", "9007199254740993"],
        &["1024.5", "1024.50"],
        &["null"],
        &["\"null\""],
        &["true"],
        &["\"true\""],
        &["false"],
        &["[1,null]"],
        &["\"\""],
    ];
    let mut found = Vec::new();
    for group in groups {
        found.push(length(group[0]));
        for other in group {
            assert_eq!(length(other), found[found.len() - 1], "{other}");
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), groups.len());
    assert_ne!(length(&"9".repeat(400)), None);
}

#[test]
fn null_is_absent() {
    let mut object = good();
    let every = ["station_id", "status_code", "start_at", "first_byte_at", "end_at", "protocol", "cid"];
    for member in every {
        object[member] = json!(null);
    }
    let with_nulls = object.to_string();
    for member in every {
        object.as_object_mut().unwrap().remove(member);
    }
    let without = object.to_string();
    let [with_nulls, without] =
        [&with_nulls, &without].map(|line| read(line.as_bytes(), Validity::Historical));
    assert_eq!(with_nulls, without);
    assert_eq!(without.measurements[0].cid, None);
    assert_eq!(without.measurements[0].result, RetrievalResult::UnknownError);
}

#[test]
fn escapes_are_read() {
    let line = good().to_string().replacen("\"inet_group\":\"g\"", r#""inet_\u0067roup":"\u0067\n""#, 1);
    let intake = read(line.as_bytes(), Validity::Historical);
    assert_eq!(intake.measurements[0].inet_group.unescape(), "g\n");
}

#[test]
fn an_unknown_protocol_is_not_http() {
    let found = |protocol: &str| {
        let mut object = good();
        object["protocol"] = json!(protocol);
        object["status_code"] = json!(502);
        let line = object.to_string();
        read(line.as_bytes(), Validity::Historical).measurements[0].result.to_string()
    };
    assert_eq!(
        ["http", "HTTP", "gopher", "graphsync"].map(found),
        ["HTTP_502", "LASSIE_502", "LASSIE_502", "LASSIE_502"]
    );
}

#[test]
fn protocols_are_compared_in_small_letters_but_results_are_not_found_by_them() {
    let shown = with(Validity::Historical, "protocol", &json!("HTTP"), |one| {
        (one.protocol.as_deref() == Some(HTTP), one.is_http())
    });
    assert_eq!(shown, Ok((true, true)));
    let report = json!({"indexer_result": "OK", "status_code": 404, "protocol": "HTTP"}).to_string();
    assert_eq!(
        retrieval_result(report.as_bytes()).map(|result| result.to_string()),
        Ok("LASSIE_404".to_owned())
    );
}
