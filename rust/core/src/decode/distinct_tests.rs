use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// Offset of the first name that stands twice, by a list and by a set; every third name is handed over as a copy.
fn both(names: &[Vec<u8>]) -> (Option<usize>, Option<usize>) {
    let (mut distinct, mut input) = (Distinct::new(), Vec::new());
    let mark = distinct.open();
    let (mut seen, mut expected) = (HashSet::new(), None);
    for (index, name) in names.iter().enumerate() {
        let start = input.len();
        input.extend(name);
        // A byte between names, so that empty ones have an offset of their own.
        input.push(b'"');
        if index % 3 == 2 {
            distinct.push_copy(start, |out| out.extend(name));
        } else {
            distinct.push(start, start + name.len());
        }
        if !seen.insert(name) && expected.is_none() {
            expected = Some(start);
        }
    }
    (distinct.close(mark, &input), expected)
}

#[test]
fn names_that_share_a_sketch_are_still_different() {
    let names: Vec<Vec<u8>> =
        (0_u8..).take(PAIRWISE).map(|n| [b"same", &[n][..], b"ends"].concat()).collect();
    assert!(names.iter().all(|name| sketch(name) == sketch(&names[0])));
    let mut names: Vec<_> = names.into_iter().rev().collect();
    assert_eq!(both(&names), (None, None));
    names[PAIRWISE - 1] = names[7].clone();
    let (found, expected) = both(&names);
    assert!(found.is_some() && found == expected);
}

#[test]
fn lists_of_every_length_around_the_limit() {
    for length in 0..=PAIRWISE + 2 {
        let names: Vec<Vec<u8>> = (0..length).rev().map(|n| format!("name{n}").into_bytes()).collect();
        assert_eq!(both(&names), (None, None));
        for twice in 1..length {
            let mut names = names.clone();
            names[twice] = names[twice / 2].clone();
            let (found, expected) = both(&names);
            assert!(found.is_some() && found == expected, "{length} {twice}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_twice_is_what_a_set_finds(names in proptest::collection::vec("[ab]{0,5}", 0..50)) {
        let names: Vec<_> = names.into_iter().map(String::into_bytes).collect();
        let (found, expected) = both(&names);
        prop_assert_eq!(found, expected);
    }
}
