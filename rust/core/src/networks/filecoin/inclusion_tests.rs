use proptest::prelude::*;

use super::super::node::zero_root;
use super::*;

/// The levels of a tree over these leaves, the leaves first and the root last; whatever is missing is zero.
fn levels(leaves: &[Hash], height: u8) -> Vec<Vec<Hash>> {
    let mut levels = vec![leaves.to_vec()];
    for level in 0..height {
        let zero = *zero_root(level).unwrap();
        let below = levels.last().unwrap();
        let parents = below.chunks(2).map(|pair| node(&pair[0], pair.get(1).unwrap_or(&zero))).collect();
        levels.push(parents);
    }
    levels
}

fn siblings(levels: &[Vec<Hash>], offset: usize) -> Vec<Hash> {
    let below_the_root = &levels[..levels.len() - 1];
    let sibling = |(level, nodes): (usize, &Vec<Hash>)| {
        let number = (offset >> level) ^ 1;
        nodes.get(number).copied().unwrap_or_else(|| *zero_root(level.try_into().unwrap()).unwrap())
    };
    below_the_root.iter().enumerate().map(sibling).collect()
}

fn leaves(count: u8) -> Vec<Hash> {
    (1..=count).map(|number| [number; 32]).collect()
}

#[test]
fn every_leaf_of_trees_of_every_size() {
    for count in 1..=33_u8 {
        let leaves = leaves(count);
        // As high as it must be, and higher: the height is the piece's and not that of its leaves.
        let least = u8::try_from(8 - (count - 1).leading_zeros()).unwrap();
        for height in [least, 7] {
            let levels = levels(&leaves, height);
            let root = levels.last().unwrap()[0];
            let all: Vec<_> = (0..leaves.len()).map(|offset| siblings(&levels, offset)).collect();
            let paths: Vec<_> = (leaves.iter().zip(&all).enumerate())
                .map(|(offset, (leaf, siblings))| Path {
                    leaf,
                    siblings,
                    offset: offset as u64,
                    height,
                    root: &root,
                })
                .collect();
            assert_eq!(check_paths(&paths), vec![PathVerdict::Included; leaves.len()]);
            for path in &paths {
                let elsewhere = Path { offset: path.offset ^ 1, ..*path };
                let expected = if height == 0 { PathVerdict::OutsideTree } else { PathVerdict::WrongRoot };
                assert_eq!(check_path(&elsewhere), expected);
            }
        }
    }
}

#[test]
fn a_piece_of_one_leaf_has_no_siblings() {
    let leaf = [9; 32];
    let path = Path { leaf: &leaf, siblings: &[], offset: 0, height: 0, root: &leaf };
    assert_eq!(check_path(&path), PathVerdict::Included);
    assert_eq!(check_path(&Path { root: &[8; 32], ..path }), PathVerdict::WrongRoot);
    assert_eq!(check_path(&Path { siblings: &[leaf], ..path }), PathVerdict::WrongLength);
    assert_eq!(check_path(&Path { offset: 1, ..path }), PathVerdict::OutsideTree);
}

#[test]
fn an_inner_node_is_no_leaf() {
    let levels = levels(&leaves(8), 3);
    let siblings = siblings(&levels, 4);
    let inner =
        Path { leaf: &levels[1][2], siblings: &siblings[1..], offset: 2, height: 3, root: &levels[3][0] };
    assert_eq!(check_path(&inner), PathVerdict::WrongLength);
    let root = Path { leaf: &levels[3][0], siblings: &[], offset: 0, ..inner };
    assert_eq!(check_path(&root), PathVerdict::WrongLength);
    // Whoever lies about the height as well speaks of another tree.
    assert_eq!(check_path(&Path { height: 2, ..inner }), PathVerdict::Included);
}

#[test]
fn the_highest_trees() {
    let siblings = vec![[1; 32]; 255];
    let path = Path { leaf: &[2; 32], siblings: &siblings, offset: u64::MAX, height: 255, root: &[3; 32] };
    assert_eq!(check_path(&path), PathVerdict::WrongRoot);
    let path = Path { siblings: &siblings[..63], height: 63, ..path };
    assert_eq!(check_path(&path), PathVerdict::OutsideTree);
    let path = Path { siblings: &siblings[..64], height: 64, ..path };
    assert_eq!(check_path(&path), PathVerdict::WrongRoot);
}

#[test]
fn no_paths_and_no_verdicts() {
    assert!(check_paths(&[]).is_empty());
}

/// A path of a tree of zeros that is right, or spoiled in one way.
fn spoiled() -> impl Strategy<Value = (Hash, Vec<Hash>, u64, u8, Hash)> {
    (0_u8..20, any::<u64>(), 0_u8..6, any::<prop::sample::Index>()).prop_map(
        |(height, offset, how, which)| {
            let mut siblings: Vec<Hash> = (0..height).map(|level| *zero_root(level).unwrap()).collect();
            let (mut leaf, mut root) = ([0; 32], *zero_root(height).unwrap());
            let mut offset = offset & ((1 << height) - 1);
            match how {
                0 => leaf[0] ^= 1,
                1 => root[31] ^= 0x40,
                2 => siblings.push(leaf),
                3 if height > 0 => siblings[which.index(usize::from(height))][7] ^= 2,
                4 => offset |= 1 << height,
                _ => {}
            }
            (leaf, siblings, offset, height, root)
        },
    )
}

proptest! {
    #[test]
    fn each_as_alone(cases in prop::collection::vec(spoiled(), 0..40)) {
        let paths: Vec<_> = cases
            .iter()
            .map(|(leaf, siblings, offset, height, root)| {
                Path { leaf, siblings, offset: *offset, height: *height, root }
            })
            .collect();
        let alone: Vec<_> = paths.iter().map(check_path).collect();
        prop_assert_eq!(check_paths(&paths), alone);
    }
}
