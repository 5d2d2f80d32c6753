use proptest::prelude::*;

use super::*;

/// The definition in words: walk over the pieces in the order of their ids.
fn walk(leaf_counts: &[u64], leaf: u128) -> Option<Place> {
    let mut left = leaf;
    for (piece, &leaves) in leaf_counts.iter().enumerate() {
        match left.checked_sub(u128::from(leaves)) {
            Some(behind) => left = behind,
            None => return Some(Place { piece, offset: left.try_into().unwrap() }),
        }
    }
    None
}

fn tree(leaf_counts: &[u64]) -> SumTree {
    let mut tree = SumTree::default();
    for (piece, leaves) in leaf_counts.iter().enumerate() {
        assert_eq!(tree.append(*leaves), piece);
    }
    tree
}

#[test]
fn a_set_without_pieces_has_no_leaf() {
    assert_eq!(SumTree::default().find(0), None);
    assert_eq!(LeafRanges::default().find(0), None);
    assert_eq!((SumTree::default().total(), LeafRanges::default().total()), (0, 0));
}

#[test]
fn an_emptied_set_has_no_leaf() {
    let mut tree = tree(&[7, 1, 9]);
    for piece in [1, 2, 0] {
        tree.remove(piece).unwrap();
    }
    assert_eq!((tree.total(), tree.find(0)), (0, None));
    assert!(tree.sums().iter().all(|sum| *sum == 0));
    let ranges = LeafRanges::new([0, 0, 0]);
    assert_eq!((ranges.total(), ranges.find(0)), (0, None));
}

#[test]
fn sums_beyond_64_bits() {
    let tree = tree(&[u64::MAX; 6]);
    let ranges = LeafRanges::new([u64::MAX; 6]);
    let count = u128::from(u64::MAX);
    for (leaf, piece, offset) in [
        (count - 1, 0, u64::MAX - 1),
        (count, 1, 0),
        (5 * count + (1 << 53) + 1, 5, (1 << 53) + 1),
        (6 * count - 1, 5, u64::MAX - 1),
    ] {
        assert_eq!(tree.find(leaf), Some(Place { piece, offset }));
        assert_eq!(ranges.find(leaf), Some(Place { piece, offset }));
    }
    for leaf in [6 * count, u128::MAX] {
        assert_eq!((tree.find(leaf), ranges.find(leaf)), (None, None));
    }
}

#[test]
fn a_piece_is_removed_once() {
    let mut tree = tree(&[3, 4]);
    assert_eq!(tree.remove(2), Err(RemovalError::NoPiece { piece: 2, pieces: 2 }));
    assert_eq!(tree.remove(usize::MAX), Err(RemovalError::NoPiece { piece: usize::MAX, pieces: 2 }));
    assert_eq!(tree.remove(0), Ok(3));
    assert_eq!(tree.remove(0), Err(RemovalError::Removed { piece: 0 }));
    assert_eq!(tree.total(), 4);
}

/// What happens to a set: a piece is added, or the one with this number among those so far is removed.
#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    Remove(prop::sample::Index),
}

fn steps(leaves: impl Strategy<Value = u64> + Clone) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => leaves.prop_map(Step::Append),
        2 => any::<prop::sample::Index>().prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 0..80)
}

/// Does the steps and returns the index with the leaf counts that it should have.
fn done(steps: Vec<Step>) -> (SumTree, Vec<u64>) {
    let (mut tree, mut counts) = (SumTree::default(), Vec::new());
    for step in steps {
        match step {
            Step::Append(leaves) => {
                tree.append(leaves);
                counts.push(leaves);
            }
            Step::Remove(piece) if !counts.is_empty() => {
                let piece = piece.index(counts.len());
                let leaves = std::mem::take(&mut counts[piece]);
                assert_eq!(tree.remove(piece).ok(), (leaves > 0).then_some(leaves));
            }
            Step::Remove(_) => {}
        }
    }
    (tree, counts)
}

proptest! {
    #[test]
    fn every_leaf_of_small_pieces(steps in steps(1_u64..9)) {
        let (tree, counts) = done(steps);
        let ranges = LeafRanges::new(counts.iter().copied());
        prop_assert_eq!(tree.total(), ranges.total());
        for leaf in 0..tree.total() + 3 {
            let place = walk(&counts, leaf);
            prop_assert_eq!(tree.find(leaf), place, "leaf {} of {:?}", leaf, counts);
            prop_assert_eq!(ranges.find(leaf), place, "leaf {} of {:?}", leaf, counts);
        }
    }

    #[test]
    fn both_ends_of_large_pieces(steps in steps(1_u64..=u64::MAX)) {
        let (tree, counts) = done(steps);
        let ranges = LeafRanges::new(counts.iter().copied());
        let mut end = 0;
        for (piece, &leaves) in counts.iter().enumerate().filter(|(_, leaves)| **leaves > 0) {
            let start = end;
            end += u128::from(leaves);
            for (leaf, offset) in [(start, 0), (end - 1, leaves - 1)] {
                let place = Some(Place { piece, offset });
                prop_assert_eq!(tree.find(leaf), place);
                prop_assert_eq!(ranges.find(leaf), place);
            }
        }
        prop_assert_eq!((tree.total(), ranges.total()), (end, end));
        prop_assert_eq!((tree.find(end), ranges.find(end)), (None, None));
    }
}
