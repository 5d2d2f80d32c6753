//! Proofs of every sector size, made here; and bytes that are none.

#![allow(clippy::unwrap_used)]

use blstrs::Scalar;
use proptest::prelude::*;

use super::{Fault, Level, Malformed, Node, Path, Poseidon, VanillaProof, shape};
use crate::networks::filecoin::window_post::{PostKind, PostType, Sector, SectorSize, challenges};

fn hash(children: &[Node]) -> Node {
    let children: Vec<_> = children.iter().map(|child| Scalar::from_bytes_le(child).unwrap()).collect();
    Poseidon::of_arity(children.len()).unwrap().hash(&children).unwrap().to_bytes_le()
}

fn arities(size: SectorSize) -> impl Iterator<Item = usize> {
    shape(size).into_iter().zip([8, 8, 2]).flat_map(|(levels, arity)| std::iter::repeat_n(arity, levels))
}

fn put(proof: &mut Vec<u8>, number: u64) {
    proof.extend(number.to_le_bytes());
}

/// A leaf, then siblings and index of each level.
type Climb = (Node, Vec<(Vec<Node>, u64)>);

/// What the bytes of a proof are made from.
struct Made {
    sector: u64,
    size: SectorSize,
    root: Node,
    paths: Vec<Climb>,
}

impl Made {
    fn comm_r(&self) -> Node {
        hash(&[[9; 32].map(|byte: u8| byte & 0x3f), self.root])
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, self.sector);
        bytes.extend(self.comm_r());
        put(&mut bytes, 1);
        put(&mut bytes, self.paths.len() as u64);
        for (leaf, levels) in &self.paths {
            let trees = shape(self.size).iter().filter(|levels| **levels > 0).count();
            bytes.extend(u32::try_from(trees - 1).unwrap().to_le_bytes());
            if trees == 1 {
                bytes.extend(self.root);
                bytes.extend(leaf);
            }
            let mut rest = levels.as_slice();
            for count in shape(self.size).into_iter().take(trees) {
                let (tree, above) = rest.split_at(count);
                rest = above;
                put(&mut bytes, count as u64);
                for (siblings, index) in tree {
                    put(&mut bytes, siblings.len() as u64);
                    bytes.extend(siblings.as_flattened());
                    put(&mut bytes, *index);
                }
            }
            if trees > 1 {
                bytes.extend(self.root);
                bytes.extend(leaf);
            }
        }
        bytes.extend([9; 32]);
        bytes.extend(self.root);
        bytes
    }
}

/// Paths in a tree whose leaves are all the same, and so all nodes of a level.
fn uniform(size: SectorSize, sector: u64, leaves: &[u64]) -> Made {
    let mut nodes = vec![[5; 32]];
    for arity in arities(size) {
        nodes.push(hash(&vec![*nodes.last().unwrap(); arity]));
    }
    let path = |mut leaf: u64| {
        let levels = arities(size).zip(&nodes).map(|(arity, node)| {
            let index = leaf % arity as u64;
            leaf /= arity as u64;
            (vec![*node; arity - 1], index)
        });
        (nodes[0], levels.collect())
    };
    Made { sector, size, root: *nodes.last().unwrap(), paths: leaves.iter().copied().map(path).collect() }
}

/// Paths in a tree of 64 different leaves.
fn different(sector: u64, leaves: &[u64]) -> Made {
    let nodes: Vec<Node> = (0..64).map(|leaf| Scalar::from(1000 + leaf).to_bytes_le()).collect();
    let above: Vec<Node> = nodes.chunks(8).map(hash).collect();
    let path = |leaf: u64| {
        let leaf = usize::try_from(leaf).unwrap();
        let siblings = |level: &[Node], place: usize| {
            let first = place / 8 * 8;
            (first..first + 8).filter(|other| *other != place).map(|other| level[other]).collect::<Vec<_>>()
        };
        let levels =
            vec![(siblings(&nodes, leaf), leaf as u64 % 8), (siblings(&above, leaf / 8), leaf as u64 / 8)];
        (nodes[leaf], levels)
    };
    let paths = leaves.iter().copied().map(path).collect();
    Made { sector, size: SectorSize::Kib2, root: hash(&above), paths }
}

fn post(sector_size: SectorSize) -> PostType {
    PostType { kind: PostKind::WindowV1P1, sector_size }
}

#[test]
fn every_sector_size() {
    for size in SectorSize::ALL {
        let leaves = challenges(post(size), &[4; 32], 77, 0);
        let paths = uniform(size, 77, &leaves);
        let sector = Sector { number: 77, comm_r: paths.comm_r() };
        let bytes = paths.bytes();
        let proof = VanillaProof::decode(&bytes).unwrap();
        assert_eq!(proof.check(post(size), &[4; 32], &sector, 0), Ok(()), "{size:?}");
        for other in SectorSize::ALL.into_iter().filter(|other| *other != size) {
            let fault = proof.check(post(other), &[4; 32], &sector, 0).unwrap_err();
            assert_eq!(fault, Fault::Shape { path: 0, expected: shape(other), found: shape(size) });
        }
    }
}

#[test]
fn a_tree_of_different_leaves() {
    let leaves = challenges(post(SectorSize::Kib2), &[6; 32], 5, 0);
    let paths = different(5, &leaves);
    let sector = Sector { number: 5, comm_r: paths.comm_r() };
    let bytes = paths.bytes();
    let proof = VanillaProof::decode(&bytes).unwrap();
    assert_eq!(proof.check(post(SectorSize::Kib2), &[6; 32], &sector, 0), Ok(()));
    let mut shifted = leaves;
    shifted[4] ^= 1;
    let bytes = different(5, &shifted).bytes();
    let fault = VanillaProof::decode(&bytes).unwrap().check(post(SectorSize::Kib2), &[6; 32], &sector, 0);
    let expected = Fault::Leaf { path: 4, expected: shifted[4] ^ 1, found: shifted[4] };
    assert_eq!(fault, Err(expected));
}

#[test]
fn one_path_decodes_as_written() {
    let bytes = different(3, &[44]).bytes();
    let proof = VanillaProof::decode(&bytes).unwrap();
    let [Path { leaf, levels, shape, .. }] = proof.paths.as_slice() else { unreachable!() };
    assert_eq!((*leaf, *shape), (Scalar::from(1044).to_bytes_le(), [2, 0, 0]));
    let indices: Vec<_> = levels.iter().map(|Level { index, siblings }| (*index, siblings.len())).collect();
    assert_eq!(indices, [(4, 7), (5, 7)]);
}

proptest! {
    #[test]
    fn altered_bytes_never_hold(place in 0_usize..2000, bit in 0_u8..8) {
        let leaves = challenges(post(SectorSize::Kib2), &[6; 32], 5, 0);
        let paths = different(5, &leaves);
        let sector = Sector { number: 5, comm_r: paths.comm_r() };
        let mut bytes = paths.bytes();
        let place = place % bytes.len();
        bytes[place] ^= 1_u8 << bit;
        let holds = VanillaProof::decode(&bytes)
            .is_ok_and(|proof| proof.check(post(SectorSize::Kib2), &[6; 32], &sector, 0).is_ok());
        prop_assert!(!holds, "byte {place}, bit {bit}");
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), counts in any::<bool>()) {
        let mut bytes = bytes;
        if counts && bytes.len() > 56 {
            bytes[40..56].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        }
        if let Err(Malformed::Truncated { at, found, .. }) = VanillaProof::decode(&bytes) {
            prop_assert_eq!(at + found, bytes.len());
        }
    }
}
