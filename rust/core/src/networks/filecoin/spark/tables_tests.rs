use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use data_encoding::HEXLOWER;

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

#[test]
fn a_text_that_labels_repeat_is_stored_once() {
    let file = format!("{}\n{}\n{}", line(1, ""), line(2, r#","protocol":"http""#), line(2, ""))
        .replace("\"a\"", "\"b\"");
    let file = format!("{file}\n{}\n{}", line(1, ""), line(1, "").replace("\"f01\"", "null"));
    let found = evaluate_files(&[file.as_bytes()], &round(), RuleVersion::Unrewarded.rules()).unwrap();
    let words = |name: &str| {
        let column = found.labels.column_by_name(name).unwrap().as_dictionary::<Int32Type>();
        let words = column.downcast_dict::<StringArray>().unwrap();
        let rows: Vec<Option<String>> = words.into_iter().map(|word| word.map(str::to_owned)).collect();
        (words.values().iter().flatten().map(str::to_owned).collect::<Vec<_>>(), rows)
    };
    let some = |words: &[&str]| words.iter().map(|word| Some((*word).to_owned())).collect::<Vec<_>>();
    assert_eq!(words("cid"), (vec!["b".to_owned(), "a".to_owned()], some(&["b", "b", "b", "a", "a"])));
    let mut miners = some(&["f01"; 5]);
    miners[4] = None;
    assert_eq!(words("miner"), (vec!["f01".to_owned()], miners));
    assert_eq!(
        words("protocol"),
        (vec!["http".to_owned()], vec![None, Some("http".to_owned()), None, None, None])
    );
    assert_eq!(words("tasking").1, some(&["OK", "OK", "OK", "OK", "TASK_NOT_IN_ROUND"]));
}

#[test]
fn a_station_without_an_id_has_none_in_the_table() {
    let id = "5f".repeat(44);
    let station = |written: &str| line(1, &format!(r#","station_id":{written}"#));
    let escaped = format!("\"{}\"", id.replace("5f5f", r"\u0035f5f"));
    let lines =
        [line(1, ""), station("null"), station("\"\""), station(&format!("\"{id}\"")), station(&escaped)];
    let file = lines.join("\n");
    let found = evaluate_files(&[file.as_bytes()], &round(), RuleVersion::Unrewarded.rules()).unwrap();
    let column = found.labels.column_by_name("station").unwrap().as_dictionary::<Int32Type>();
    let words = column.downcast_dict::<StringArray>().unwrap();
    let rows: Vec<Option<&str>> = words.into_iter().collect();
    assert_eq!(rows, [None, None, None, Some(&*id), Some(&*id)]);
    assert_eq!(words.values().iter().collect::<Vec<_>>(), [Some(&*id)]);
}

#[test]
fn labels_have_their_numbers_in_order() {
    assert!(Tasking::ALL.iter().enumerate().all(|(number, label)| *label as usize == number));
    assert!(Consensus::ALL.iter().enumerate().all(|(number, label)| *label as usize == number));
}
