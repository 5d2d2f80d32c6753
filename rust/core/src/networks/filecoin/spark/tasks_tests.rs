use proptest::prelude::*;

use super::*;

/// Sorts everything.
fn nearest_by_sorting(tasks: &[Task], randomness: &Hash, station: &Hash, most: usize) -> Vec<usize> {
    let mut all: Vec<(Vec<u8>, usize)> = tasks
        .iter()
        .enumerate()
        .map(|(place, task)| (task.key(randomness).iter().zip(station).map(|(a, b)| a ^ b).collect(), place))
        .collect();
    all.sort();
    let first = |place: usize| tasks.iter().position(|task| *task == tasks[place]).unwrap();
    all.iter().take(most).map(|(_, place)| first(*place)).collect()
}

proptest! {
    #[test]
    fn the_nearest_are_those_of_a_full_sort(
        names in proptest::collection::vec(0_u8..40, 0..60),
        randomness in any::<Hash>(),
        station in "[0-9a-f]{0,8}",
        most in 0_usize..70,
    ) {
        // Names come again, so that some tasks stand twice.
        let tasks: Vec<Task> =
            names.iter().map(|name| Task::new(format!("cid{}", name / 4), format!("f0{}", name % 4))).collect();
        let key = station_key(&station);
        prop_assert_eq!(
            Tasks::new(&tasks, &randomness).nearest(&key, most),
            nearest_by_sorting(&tasks, &randomness, &key, most)
        );
    }
}

#[test]
fn equal_keys_keep_their_order() {
    let tasks = [Task::new("a", "f01"), Task::new("b", "f01"), Task::new("a", "f01")];
    let prepared = Tasks::new(&tasks, &[7; 32]);
    assert_eq!(prepared.place("a", "f01"), Some(0));
    assert_eq!(prepared.place("b", "f02"), None);
    let nearest = prepared.nearest(&tasks[0].key(&[7; 32]), 2);
    assert_eq!(nearest, [0, 0]);
    assert_eq!(Tasks::new(&[], &[0; 32]).nearest(&[0; 32], 5), [0_usize; 0]);
}

#[test]
fn moments_of_randomness() {
    assert_eq!(randomness_time(0), Some(GENESIS));
    assert_eq!(randomness_time(4_111_111), Some(1_721_639_730));
    assert_eq!(randomness_time(u64::MAX), None);
}
