use proptest::prelude::*;
use proptest::sample::select;

use super::super::committee::Decision;
use super::super::measurement::Measurement;
use super::super::measurement::sample::{measurement, round_of};
use super::super::result::RetrievalResult;
use super::super::statistics::percentile;
use super::*;

fn round() -> Round {
    let task = |cid: &str, clients: &[&str], allocators: &[&str]| Task {
        clients: clients.iter().map(|name| (*name).to_owned()).collect(),
        allocators: allocators.iter().map(|name| (*name).to_owned()).collect(),
        ..Task::new(cid, "f01")
    };
    Round {
        tasks: vec![task("a", &["f05", "f06"], &["f09"]), task("b", &["f05"], &[])],
        max_tasks_per_node: 2,
        randomness: [1; 32],
    }
}

fn of(cid: &'static str, who: u8) -> Measurement<'static> {
    Measurement {
        cid: Some(cid.into()),
        miner_id: Some("f01".into()),
        participant: Participant([who; 20]),
        inet_group: format!("group{who}").into(),
        ..measurement()
    }
}

fn rewarded(required_committee_size: usize) -> Rules {
    Rules { required_committee_size, ..RuleVersion::Rewarded.rules() }
}

#[test]
fn the_two_versions() {
    let outage = RetrievalResult::Indexer("ERROR_503".into());
    let measurements =
        [of("a", 1), of("a", 1), of("b", 2), of("c", 2), Measurement { result: outage, ..of("b", 3) }];
    let measurements = round_of(&measurements);
    let round = round();
    let found = evaluate(&round, &measurements, rewarded(1));
    let tasking: Vec<_> = found.tasking.iter().map(|label| label.name()).collect();
    assert_eq!(tasking, ["OK", "DUP_INET_GROUP", "OK", "TASK_NOT_IN_ROUND", "OK"]);
    let scores = found.scores.unwrap();
    assert_eq!(scores.shares, [(Participant([1; 20]), 1_000_000_000_000_000)]);
    assert_eq!((found.by_miner["f01"].successful, found.by_miner["f01"].total), (2, 3));

    let found = evaluate(&round, &measurements, RuleVersion::Unrewarded.rules());
    assert!(found.tasking.iter().all(|label| *label == Tasking::Ok) && found.scores.is_none());
    let sizes: Vec<_> = found.committees.iter().map(|one| (one.cid, one.members.len())).collect();
    assert_eq!(sizes, [("a", 2), ("b", 2), ("c", 1)]);
    assert_eq!((found.by_miner["f01"].successful, found.by_miner["f01"].total), (4, 4));
}

proptest! {
    /// Numbers of committees are those of their members, one by one.
    #[test]
    fn committees_are_counted_by_their_members(
        rows in proptest::collection::vec((select(vec!["b", "a", "c", ""]), 0_u8..6, 0_u8..4, 0_i64..50), 0..60),
        required in 0_usize..4,
        version in select(vec![RuleVersion::Rewarded, RuleVersion::Unrewarded]),
    ) {
        let results = [RetrievalResult::Ok, RetrievalResult::Ok, RetrievalResult::Timeout, RetrievalResult::Indexer("ERROR_503".into())];
        let measurements: Vec<_> = rows
            .into_iter()
            .map(|(cid, who, result, ms)| Measurement {
                cid: Some(cid).filter(|cid| !cid.is_empty()).map(Into::into),
                protocol: (ms % 3 > 0).then(|| "http".into()),
                result: results[usize::from(result)].clone(),
                start_at: (ms % 7 > 0).then_some(1000),
                first_byte_at: Some(1000 + ms),
                head_status_code: Some(200),
                ..of("a", who)
            })
            .collect();
        let measured = round_of(&measurements);
        let rules = Rules { required_committee_size: required, ..version.rules() };
        let round = round();
        let found = evaluate(&round, &measured, rules);
        let mut times: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (committee, own) in found.committees.iter().zip(&found.retrievals) {
            let subject = measured.subjects.get(committee.subject).unwrap();
            prop_assert_eq!(measured.task(subject), Some((committee.cid, committee.miner_id)));
            let mut expected = Retrievals::default();
            for member in &committee.members {
                expected.add(&measured.records[*member], &measured, rules.outages);
            }
            prop_assert_eq!(*own, expected);
            let agreed = committee.members.iter().filter(|member| found.consensus[**member] == Some(Consensus::MajorityResult));
            let ms: Vec<i64> = agreed.filter_map(|member| measurements[*member].first_byte_ms()).collect();
            if committee.retrieval == Decision::Majority(&RetrievalResult::Ok)
                && let Some(median) = percentile(&ms, (1, 2))
            {
                times.entry(committee.miner_id).or_default().push(i64::try_from(median.ceil()).unwrap());
            }
        }
        prop_assert_eq!(found.first_byte, times);
    }
}

#[test]
fn production_needs_thirty_members() {
    let round = round();
    let measurements: Vec<_> = (0..30).map(|who| of("a", who)).collect();
    let decided = |count: usize| {
        let measurements = round_of(&measurements[..count]);
        let found = evaluate(&round, &measurements, RuleVersion::Rewarded.rules());
        found.consensus.iter().all(|label| *label == Some(Consensus::MajorityResult))
    };
    assert!(decided(30) && !decided(29));
}

#[test]
fn committees_count_for_all_parties_of_their_task() {
    let round = round();
    let measurements = round_of(&[of("a", 1), of("b", 2), of("c", 3)]);
    let found = evaluate(&round, &measurements, rewarded(30));
    let totals = |rates: &BTreeMap<&str, Retrievals>| -> Vec<(String, u64)> {
        rates.iter().map(|(party, found)| ((*party).to_owned(), found.total)).collect()
    };
    assert_eq!(totals(&found.by_client), [("f05".to_owned(), 2), ("f06".to_owned(), 1)]);
    assert_eq!(totals(&found.by_allocator), [("f09".to_owned(), 1)]);
    assert_eq!(totals(&found.by_miner), [("f01".to_owned(), 2)]);
}

#[test]
fn an_empty_round_is_burnt() {
    let round = Round { tasks: vec![], max_tasks_per_node: 15, randomness: [0; 32] };
    let empty = Measurements::default();
    let found = evaluate(&round, &empty, RuleVersion::Rewarded.rules());
    assert_eq!(found.scores.unwrap().burnt, super::super::scores::WHOLE);
    assert!(found.committees.is_empty() && found.by_miner.is_empty());
}
