use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::measurement::Measurement;
use super::super::measurement::sample::{measurement, round_of};
use super::super::participant::Participant;
use super::*;

/// One member of the committee of (a, f01) for every byte length.
fn members(lengths: &[Option<u8>]) -> Vec<Measurement<'static>> {
    lengths
        .iter()
        .enumerate()
        .map(|(place, length)| Measurement {
            cid: Some("a".into()),
            miner_id: Some("f01".into()),
            inet_group: format!("group{}", place % 3).into(),
            participant: Participant([u8::try_from(place % 5).unwrap(); 20]),
            byte_length: length.map(|length| length.to_string().into()),
            ..measurement()
        })
        .collect()
}

fn labels_of(measurements: &[Measurement<'_>], required: usize) -> Vec<&'static str> {
    let measured = round_of(measurements);
    let (_, consensus) = convene(&measured, &vec![Tasking::Ok; measurements.len()], required);
    consensus.into_iter().map(|label| label.unwrap().name()).collect()
}

#[test]
fn half_is_no_majority() {
    let measurements = members(&[Some(1), Some(1), Some(2), Some(2)]);
    assert_eq!(labels_of(&measurements, 2), ["MAJORITY_NOT_FOUND"; 4]);
    let measurements = members(&[Some(1), Some(1), Some(2), Some(3)]);
    assert_eq!(labels_of(&measurements, 2), ["MAJORITY_NOT_FOUND"; 4]);
    let measurements = members(&[Some(1), Some(2), Some(1), Some(1), Some(3)]);
    let (majority, minority) = ("MAJORITY_RESULT", "MINORITY_RESULT");
    assert_eq!(labels_of(&measurements, 5), [majority, minority, majority, majority, minority]);
    assert_eq!(labels_of(&measurements, 6), ["COMMITTEE_TOO_SMALL"; 5]);
}

#[test]
fn absent_values_agree_with_each_other_alone() {
    let measurements = members(&[None, None, Some(0)]);
    assert_eq!(labels_of(&measurements, 1), ["MAJORITY_RESULT", "MAJORITY_RESULT", "MINORITY_RESULT"]);
    let mut measurements = members(&[None, None]);
    measurements[1].byte_length = Some("".into());
    assert_eq!(labels_of(&measurements, 1), ["MAJORITY_NOT_FOUND"; 2]);
}

#[test]
fn every_compared_value_decides() {
    let changes: [fn(&mut Measurement<'static>); 7] = [
        |member| member.provider_id = Some("other".into()),
        |member| member.indexer_result = "HTTP_NOT_ADVERTISED".into(),
        |member| member.provider_address = Some("other".into()),
        |member| member.protocol = Some("other".into()),
        |member| member.result = RetrievalResult::Timeout,
        |member| member.byte_length = Some("other".into()),
        |member| member.car_checksum = Some("other".into()),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut measurements = members(&[None, None]);
        change(&mut measurements[1]);
        let measurements = round_of(&measurements);
        let (committees, _) = convene(&measurements, &[Tasking::Ok; 2], 1);
        assert_eq!(committees[0].retrieval, Decision::NoMajority, "{place}");
        // The indexer's part does not look at how the retrieval went.
        let index = if place < 4 { Decision::NoMajority } else { Decision::Majority("OK") };
        assert_eq!(committees[0].index, index, "{place}");
    }
}

#[test]
fn committees_come_by_task_and_hold_what_counts() {
    let mut measurements = members(&[Some(1), Some(1), Some(1), Some(1)]);
    measurements[0].cid = Some("b".into());
    measurements[2].miner_id = None;
    let labels = [Tasking::Ok, Tasking::Ok, Tasking::Ok, Tasking::DupInetGroup];
    let measurements = round_of(&measurements);
    let (committees, consensus) = convene(&measurements, &labels, 1);
    let found: Vec<_> = committees.iter().map(|one| (one.cid, one.members.clone())).collect();
    assert_eq!(found, [("a", vec![1]), ("b", vec![0])]);
    assert_eq!(consensus.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(convene(&Measurements::default(), &[], 1), (vec![], vec![]));
}

proptest! {
    #[test]
    fn a_majority_is_found_wherever_there_is_one(
        lengths in proptest::collection::vec(proptest::option::of(0_u8..12), 1..40),
        required in 0_usize..20,
    ) {
        let measurements = round_of(&members(&lengths));
        let (committees, consensus) = convene(&measurements, &vec![Tasking::Ok; lengths.len()], required);
        let size = lengths.len();
        let count = |wanted| lengths.iter().filter(|length| **length == wanted).count();
        let mut counts: Vec<_> = lengths.iter().collect::<BTreeSet<_>>().into_iter().map(|one| count(*one)).collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let support = committees[0].support;
        prop_assert_eq!((support.largest, support.second), (counts[0], counts.get(1).copied().unwrap_or(0)));
        prop_assert_eq!(support.margin(), support.largest - support.second);
        prop_assert_eq!((support.subnets, support.participants), (size.min(3), size.min(5)));
        for (length, label) in lengths.iter().zip(consensus) {
            prop_assert_eq!(label.unwrap(), if size < required {
                Consensus::CommitteeTooSmall
            } else if counts[0] * 2 <= size {
                Consensus::MajorityNotFound
            } else if count(*length) * 2 > size {
                Consensus::MajorityResult
            } else {
                Consensus::MinorityResult
            });
        }
    }
}
