use proptest::prelude::*;

use super::tree::{Chunking, Leaf, Tree, chunk_ends, data_tree};
use super::*;

fn leaves(ends: &[u64]) -> Vec<Leaf> {
    ends.iter().map(|end| Leaf { value: Some(sha256(&end.to_be_bytes())), end: *end }).collect()
}

fn tree(ends: &[u64]) -> Tree {
    Tree::new(leaves(ends)).expect("a tree of some leaves")
}

/// A branch over two roots whose children restart at zero where `marked`.
fn branch(left: &Hash, right: &Hash, note: u64, marked: bool) -> (Hash, Vec<u8>) {
    let marker: &[u8] = if marked { &[0; HASH] } else { &[] };
    (branch_id(left, right, note), [marker, left, right, &note_bytes(note)].concat())
}

#[test]
fn rulesets_follow_the_start_of_the_block() {
    assert_eq!(Ruleset::of_block(0), Ruleset::StrictBorders);
    assert_eq!(Ruleset::of_block(STRICT_SPLIT_START - 1), Ruleset::StrictBorders);
    assert_eq!(Ruleset::of_block(STRICT_SPLIT_START), Ruleset::StrictDataSplit);
    assert_eq!(Ruleset::of_block(REBASE_START - 1), Ruleset::StrictDataSplit);
    assert_eq!(Ruleset::of_block(REBASE_START), Ruleset::OffsetRebase);
    for ruleset in Ruleset::ALL {
        assert_eq!(Ruleset::from_name(ruleset.name()), Some(ruleset));
    }
    assert_eq!(Ruleset::from_name("strict"), None);
}

#[test]
fn chunks_of_clients_and_of_nodes() {
    let cut = |size, chunking| chunk_ends(size, chunking);
    assert_eq!(cut(0, Chunking::Client), [0]);
    assert_eq!(cut(1, Chunking::Client), [1]);
    assert_eq!(cut(CHUNK_SIZE, Chunking::Client), [CHUNK_SIZE, CHUNK_SIZE]);
    assert_eq!(cut(CHUNK_SIZE + 1, Chunking::Client), [131_073, CHUNK_SIZE + 1]);
    assert_eq!(cut(CHUNK_SIZE + 1, Chunking::Node), [CHUNK_SIZE, CHUNK_SIZE + 1]);
    assert_eq!(cut(CHUNK_SIZE + MIN_CHUNK_SIZE - 1, Chunking::Client), [147_456, 294_911]);
    assert_eq!(cut(CHUNK_SIZE + MIN_CHUNK_SIZE, Chunking::Client), [CHUNK_SIZE, 294_912]);
    assert_eq!(cut(2 * CHUNK_SIZE, Chunking::Node), [CHUNK_SIZE, 2 * CHUNK_SIZE, 2 * CHUNK_SIZE]);
}

#[test]
fn places_outside_are_moved_inside_and_an_empty_tree_proves_nothing() {
    let tree = tree(&[10, 20]);
    let (first, last) = (tree.path(0).unwrap(), tree.path(1).unwrap());
    let prove =
        |dest, path: &[u8]| validate(&tree.root(), dest, 20, path, Ruleset::Basic).map(|p| (p.start, p.end));
    assert_eq!(prove(i64::MIN, &first), Ok((0, 10)));
    assert_eq!(prove(i64::MAX, &last), Ok((10, 20)));
    assert_eq!(prove(10, &first), Err(PathError::Leaf { at: 96 }));
    assert_eq!(validate(&tree.root(), 0, 0, &first, Ruleset::Basic), Err(PathError::Empty));
}

#[test]
fn a_note_beyond_64_bits_is_refused_and_not_wrapped() {
    let value = sha256(b"chunk");
    let mut note = note_bytes(100);
    note[23] = 1;
    // Under a 256-bit reading this leaf's hash would be right, and its end 2^64 + 100.
    let root = hash_of(&[&sha256(&value), &sha256(&note)]);
    let leaf = [value, note].concat();
    for ruleset in Ruleset::ALL {
        assert_eq!(validate(&root, 0, 100, &leaf, ruleset), Err(PathError::Note { at: 0 }));
    }
    let node = hash_of(&[&sha256(&root), &sha256(&root), &sha256(&note)]);
    let path = [root, root, note].concat();
    assert_eq!(
        validate(&node, 0, 100, &[path, leaf].concat(), Ruleset::Basic),
        Err(PathError::Note { at: 0 })
    );
}

#[test]
fn odd_rests_are_refused_with_their_place() {
    let tree = tree(&[10, 20]);
    let path = tree.path(0).unwrap();
    let found = |path: &[u8]| validate(&tree.root(), 0, 20, path, Ruleset::Basic);
    assert_eq!(found(&[]), Err(PathError::Length { at: 0, left: 0 }));
    assert_eq!(found(&path[..95]), Err(PathError::Length { at: 0, left: 95 }));
    assert_eq!(found(&path[..96]), Err(PathError::Length { at: 96, left: 0 }));
    assert_eq!(found(&path[..159]), Err(PathError::Length { at: 96, left: 63 }));
    assert_eq!(found(&[&path[..], &[0]].concat()), Err(PathError::Length { at: 96, left: 65 }));
}

#[test]
fn markers_count_under_the_rebase_ruleset_only() {
    let (first, second) = (tree(&[CHUNK_SIZE]), tree(&[CHUNK_SIZE, 2 * CHUNK_SIZE]));
    let (root, head) = branch(&first.root(), &second.root(), CHUNK_SIZE, true);
    let size = 3 * CHUNK_SIZE;
    let path = [head, second.path(0).unwrap()].concat();
    let dest = i64::try_from(CHUNK_SIZE).unwrap();
    let proved = validate(&root, dest, size, &path, Ruleset::OffsetRebase).unwrap();
    assert_eq!((proved.start, proved.end, proved.is_marked), (CHUNK_SIZE, 2 * CHUNK_SIZE, true));
    for ruleset in [Ruleset::Basic, Ruleset::StrictBorders, Ruleset::StrictDataSplit] {
        // Read as a plain branch, the marker is a left id and the right id a note.
        assert_eq!(validate(&root, dest, size, &path, ruleset), Err(PathError::Note { at: 0 }));
    }
    // The right child's own offsets start at zero: without the marker the walk would take its second chunk.
    assert!(!has_redundant_markers(&root, dest, size, &path, Ruleset::OffsetRebase));
    // The left child starts at zero anyway.
    let path = [branch(&first.root(), &second.root(), CHUNK_SIZE, true).1, first.path(0).unwrap()].concat();
    assert!(validate(&root, 0, size, &path, Ruleset::OffsetRebase).is_ok());
    assert!(has_redundant_markers(&root, 0, size, &path, Ruleset::OffsetRebase));
}

#[test]
fn a_broken_border_still_says_what_the_hashes_prove() {
    let tree = tree(&[100, CHUNK_SIZE + 200]);
    let path = tree.path(1).unwrap();
    let size = CHUNK_SIZE + 200;
    let Err(PathError::Ruleset { border, proved }) =
        validate(&tree.root(), 100, size, &path, Ruleset::StrictBorders)
    else {
        panic!("a chunk of 256 KiB and 100 bytes");
    };
    assert_eq!((border, proved.start, proved.end), (Border::Size, 100, size));
    assert_eq!(validate(&tree.root(), 100, size, &path, Ruleset::Basic), Ok(proved));
}

#[test]
fn a_leaf_without_bytes_gets_one_and_is_not_positive() {
    let tree = data_tree(&vec![7; 262_144], Chunking::Client).unwrap();
    assert_eq!(tree.leaves().len(), 2);
    let tail = tree.path(1).unwrap();
    // Only a tree that is said to be larger has a byte for the tail.
    let proved = validate(&tree.root(), 262_144, CHUNK_SIZE + 1, &tail, Ruleset::Basic).unwrap();
    assert_eq!((proved.start, proved.end, proved.is_positive), (CHUNK_SIZE, CHUNK_SIZE + 1, false));
}

proptest! {
    #[test]
    fn every_leaf_of_a_tree_is_proved_at_each_of_its_ends(sizes in prop::collection::vec(1_u64..300_000, 1..40)) {
        let ends: Vec<u64> = sizes.iter().scan(0, |end, size| { *end += size; Some(*end) }).collect();
        let (tree, total) = (tree(&ends), *ends.last().unwrap());
        let mut start = 0;
        for (index, &end) in ends.iter().enumerate() {
            let path = tree.path(index).unwrap();
            for dest in [start, end - 1] {
                let proved =
                    validate(&tree.root(), i64::try_from(dest).unwrap(), total, &path, Ruleset::Basic).unwrap();
                prop_assert_eq!((proved.value, proved.start, proved.end), (sha256(&end.to_be_bytes()), start, end));
            }
            for dest in [start.checked_sub(1), Some(end).filter(|end| *end < total)].into_iter().flatten() {
                let dest = i64::try_from(dest).unwrap();
                prop_assert!(validate(&tree.root(), dest, total, &path, Ruleset::Basic).is_err());
            }
            start = end;
        }
    }

    #[test]
    fn any_changed_byte_of_a_path_is_refused(
        count in 1_usize..9, index in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), change in 1_u8..,
    ) {
        let ends: Vec<u64> = (1..=count as u64).map(|i| i * CHUNK_SIZE).collect();
        let tree = tree(&ends);
        let leaf = index.index(count);
        let mut path = tree.path(leaf).unwrap();
        let place = byte.index(path.len());
        path[place] ^= change;
        let dest = i64::try_from(leaf as u64 * CHUNK_SIZE).unwrap();
        for ruleset in Ruleset::ALL {
            prop_assert!(validate(&tree.root(), dest, ends[count - 1], &path, ruleset).is_err());
        }
    }

    #[test]
    fn data_trees_follow_the_client_under_all_rulesets(size in 1_usize..900_000) {
        let data = vec![3; size];
        let tree = data_tree(&data, Chunking::Client).unwrap();
        let mut start = 0;
        for (index, leaf) in tree.leaves().iter().enumerate().filter(|(_, leaf)| leaf.end > 0) {
            if leaf.end == start {
                continue;
            }
            let path = tree.path(index).unwrap();
            for ruleset in Ruleset::ALL {
                let dest = i64::try_from(start).unwrap();
                let proved = validate(&tree.root(), dest, size as u64, &path, ruleset).unwrap();
                prop_assert_eq!((proved.start, proved.end), (start, leaf.end));
                prop_assert!(!has_redundant_markers(&tree.root(), dest, size as u64, &path, ruleset));
            }
            start = leaf.end;
        }
    }

    #[test]
    fn no_bytes_panic(
        root: [u8; 32], dest: i64, size: u64, path in prop::collection::vec(prop_oneof![3 => Just(0), 1 => any::<u8>()], 0..500),
    ) {
        for ruleset in Ruleset::ALL {
            prop_assert!(validate(&root, dest, size, &path, ruleset).is_err());
            prop_assert!(!has_redundant_markers(&root, dest, size, &path, ruleset));
        }
    }
}
