use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn by_library(left: &[u8], right: &[u8]) -> Hash {
    let mut hash: Hash = Sha256::new().chain_update(left).chain_update(right).finalize().into();
    hash[31] %= 64;
    hash
}

#[test]
fn trees_of_zeros() {
    assert_eq!(zero_root(0), Some(&[0; 32]));
    let known = [
        "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb0b",
        "3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333",
    ];
    for (height, known) in (1..).zip(known) {
        assert_eq!(HEXLOWER.encode(zero_root(height).unwrap()), known);
    }
    for height in 0..MAX_HEIGHT {
        let below = zero_root(height).unwrap();
        assert_eq!(*zero_root(height + 1).unwrap(), by_library(below, below));
    }
    assert_eq!(zero_root(MAX_HEIGHT + 1), None);
}

#[test]
fn the_shorter_list_counts() {
    let children = [[1; 64]; 5];
    let parent = by_library(&[1; 32], &[1; 32]);
    for (given, wanted) in [(5, 2), (5, 3), (3, 5), (2, 5), (0, 5), (5, 0)] {
        let mut parents = [[7; 32]; 5];
        nodes(&children[..given], &mut parents[..wanted]);
        let done = given.min(wanted);
        assert!(parents[..done].iter().all(|found| *found == parent), "{given} {wanted}");
        assert!(parents[done..].iter().all(|found| *found == [7; 32]), "{given} {wanted}");
    }
}

proptest! {
    #[test]
    fn many_as_one_by_one(children in prop::collection::vec(prop::array::uniform::<_, 64>(any::<u8>()), 0..70)) {
        let mut parents = vec![Hash::default(); children.len()];
        nodes(&children, &mut parents);
        for (children, parent) in children.iter().zip(&parents) {
            let (left, right) = children.split_at(32);
            let expected = by_library(left, right);
            prop_assert_eq!(parent, &expected);
            prop_assert_eq!(node(left.try_into().unwrap(), right.try_into().unwrap()), expected);
            prop_assert_eq!(node_pair([children; 2]), [expected; 2]);
        }
    }
}
