use super::super::round::RuleVersion;
use super::*;

fn line(who: u8, changes: &str) -> String {
    format!(
        r#"{{"participant_address":"0x{}","inet_group":"g{who}","finished_at":"2024-02-01T00:00:00.00{who}Z","indexer_result":"OK","cid":"a","miner_id":"f01"{changes}}}"#,
        HEXLOWER.encode(&[who; 20]),
    )
}

fn round() -> Round {
    let mut task = super::super::tasks::Task::new("a", "f01");
    task.clients = vec!["f05".to_owned()];
    Round { tasks: vec![task], max_tasks_per_node: 1, randomness: [1; 32] }
}

#[test]
fn every_table_has_its_rows() {
    let first = format!("{}\n3\n{}", line(1, ""), line(2, r#","status_code":200,"end_at":"x""#));
    let second = format!("[{},[]]", line(3, ""));
    let rules = Rules { required_committee_size: 2, ..RuleVersion::Rewarded.rules() };
    let files = [first.as_bytes(), b"", second.as_bytes()];
    let found = evaluate_files(&files, &round(), rules).unwrap();
    let rows = [&found.labels, &found.dropped, &found.committees, &found.miners, &found.clients];
    assert_eq!(rows.map(RecordBatch::num_rows), [3, 2, 1, 1, 1]);
    assert_eq!((found.allocators.num_rows(), found.first_byte.num_rows()), (0, 0));
    assert_eq!(found.dropped_counts, BTreeMap::from([("NOT_AN_OBJECT", 2)]));
    let file: ArrayRef = Arc::new(arrow_array::UInt32Array::from(vec![0, 0, 2]));
    assert_eq!(found.labels.column_by_name("file"), Some(&file));
    let file: ArrayRef = Arc::new(arrow_array::UInt32Array::from(vec![0, 2]));
    assert_eq!(found.dropped.column_by_name("file"), Some(&file));
    let again = evaluate_files(&files, &round(), rules).unwrap();
    assert_eq!(found.labels, again.labels);
    let (scores, burnt) = found.scores.unwrap();
    assert_eq!((scores.num_rows(), burnt), (2, 0));
}

#[test]
fn an_empty_round_has_empty_tables() {
    let found = evaluate_files(&[], &round(), RuleVersion::Unrewarded.rules()).unwrap();
    assert_eq!((found.labels.num_rows(), found.committees.num_rows()), (0, 0));
    assert!(found.scores.is_none());
}
