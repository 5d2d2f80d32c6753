use super::*;

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
