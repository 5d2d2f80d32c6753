use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::super::measurement::Measurement;
use super::super::measurement::sample::{measurement, round_of};
use super::super::tasks::Task;
use super::*;
use crate::hash::{Hash, sha256};

/// The rules word by word, with sets and sorted texts.
fn label_slowly(
    measurements: &[Measurement<'_>],
    tasks: &[Task],
    randomness: &Hash,
    most: usize,
) -> Vec<Tasking> {
    let key = |text: String| sha256(text.as_bytes());
    let allowed = |station: &str| -> BTreeSet<(String, String)> {
        let mut near: Vec<_> = tasks
            .iter()
            .map(|task| {
                let text = format!("{}\n{}\n{}", task.cid, task.miner_id, HEXLOWER.encode(randomness));
                let distance: Vec<u8> =
                    key(text).iter().zip(key(station.to_owned())).map(|(a, b)| a ^ b).collect();
                (distance, task.cid.clone(), task.miner_id.clone())
            })
            .collect();
        near.sort();
        near.into_iter().take(most).map(|(_, cid, miner)| (cid, miner)).collect()
    };
    let mut labels = vec![None; measurements.len()];
    let mut groups: BTreeMap<&str, Vec<(String, usize)>> = BTreeMap::new();
    for (index, measurement) in measurements.iter().enumerate() {
        let (cid, miner) = (measurement.cid.unwrap().raw, measurement.miner_id.unwrap().raw);
        let is_task = tasks.iter().any(|task| task.cid == cid && task.miner_id == miner);
        let station = measurement.station_id.unwrap_or_default().raw;
        if !is_task {
            labels[index] = Some(Tasking::TaskNotInRound);
        } else if !allowed(station).contains(&(cid.to_owned(), miner.to_owned())) {
            labels[index] = Some(Tasking::TaskWrongNode);
        } else {
            let time = Moments::default().write(measurement.finished_at).unwrap();
            groups
                .entry(measurement.inet_group.raw)
                .or_default()
                .push((HEXLOWER.encode(&sha256(&time)), index));
        }
    }
    for mut group in groups.into_values() {
        group.sort_by(|one, other| one.0.cmp(&other.0));
        let mut seen = BTreeSet::new();
        for (_, index) in group {
            let task = (measurements[index].cid.unwrap().raw, measurements[index].miner_id.unwrap().raw);
            labels[index] = Some(if seen.contains(&task) {
                Tasking::DupInetGroup
            } else if seen.len() >= most {
                Tasking::TooManyTasks
            } else {
                seen.insert(task);
                Tasking::Ok
            });
        }
    }
    labels.into_iter().map(Option::unwrap).collect()
}

proptest! {
    #[test]
    fn labels_are_those_of_the_rules(
        rows in proptest::collection::vec((0_u8..7, 0_u8..3, 0_u8..4, 0_u8..3, 0_i64..20), 0..60),
        task_count in 0_u8..10,
        most in 0_usize..5,
        randomness in any::<Hash>(),
    ) {
        let tasks: Vec<Task> =
            (0..task_count).map(|n| Task::new(format!("cid{}", n / 2), format!("f0{}", n % 2))).collect();
        let measurements: Vec<_> = rows
            .into_iter()
            .map(|(cid, miner, station, group, time)| Measurement {
                cid: Some(format!("cid{cid}").into()),
                miner_id: Some(format!("f0{miner}").into()),
                station_id: (station > 0).then(|| format!("station{station}").into()),
                inet_group: format!("group{group}").into(),
                finished_at: 1_700_000_000_000 + time,
                ..measurement()
            })
            .collect();
        prop_assert_eq!(
            label(&round_of(&measurements), &Tasks::new(&tasks, &randomness), most),
            label_slowly(&measurements, &tasks, &randomness, most)
        );
    }
}

/// More than are hashed together, of several days, with many at one time and subnets that come in turns.
#[test]
fn many_measurements_are_labelled_as_few() {
    let tasks: Vec<Task> = (0..40).map(|n| Task::new(format!("cid{n}"), "f01")).collect();
    for count in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
        let measurements: Vec<_> = (0..count)
            .map(|n| Measurement {
                cid: Some(format!("cid{}", n * 7 % 41).into()),
                miner_id: Some("f01".into()),
                inet_group: format!("group{}", n % 5).into(),
                finished_at: 1_700_000_000_000 + i64::try_from(n / 40 * 40_000_000).unwrap(),
                ..measurement()
            })
            .collect();
        let found = label(&round_of(&measurements), &Tasks::new(&tasks, &[1; 32]), 30);
        assert_eq!(found, label_slowly(&measurements, &tasks, &[1; 32], 30));
    }
}

#[test]
fn equal_times_keep_the_order_of_the_input() {
    let tasks = [Task::new("a", "f01"), Task::new("b", "f01")];
    let prepared = Tasks::new(&tasks, &[0; 32]);
    let of = |cid: &'static str| Measurement {
        cid: Some(cid.into()),
        miner_id: Some("f01".into()),
        ..measurement()
    };
    let labels = |cids: [&'static str; 3], most| label(&round_of(&cids.map(of)), &prepared, most);
    assert_eq!(labels(["a", "a", "b"], 2), [Tasking::Ok, Tasking::DupInetGroup, Tasking::Ok]);
    // With one place, the station may do one task only, and the duplicate in the full group is still a duplicate.
    let nearest = tasks[prepared.nearest(&station_key(""), 1)[0]].cid.clone();
    let cids = if nearest == "a" { ["a", "a", "b"] } else { ["b", "b", "a"] };
    assert_eq!(labels(cids, 1), [Tasking::Ok, Tasking::DupInetGroup, Tasking::TaskWrongNode]);
}

#[test]
fn a_full_subnet_of_several_stations() {
    let tasks: Vec<Task> = (0..20).map(|n| Task::new(format!("cid{n}"), "f01")).collect();
    let prepared = Tasks::new(&tasks, &[3; 32]);
    let measurements: Vec<_> = (0..4)
        .flat_map(|station| {
            let station = format!("station{station}");
            prepared.nearest(&station_key(&station), 2).into_iter().map(move |place| (station.clone(), place))
        })
        .map(|(station, place)| Measurement {
            cid: Some(format!("cid{place}").into()),
            miner_id: Some("f01".into()),
            station_id: Some(station.into()),
            ..measurement()
        })
        .collect();
    let labels = label(&round_of(&measurements), &prepared, 2);
    assert_eq!(labels.iter().filter(|label| **label == Tasking::Ok).count(), 2);
    assert!(labels.contains(&Tasking::TooManyTasks) && !labels.contains(&Tasking::TaskWrongNode));
}

#[test]
fn a_measurement_without_a_task_is_of_no_round() {
    let tasks = [Task::new("", "")];
    let nameless = Measurement { cid: None, miner_id: None, ..measurement() };
    assert_eq!(label(&round_of(&[nameless]), &Tasks::new(&tasks, &[0; 32]), 9), [Tasking::TaskNotInRound]);
}
