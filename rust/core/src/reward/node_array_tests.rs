use proptest::prelude::*;

use super::*;

fn leaf(n: usize) -> Node {
    keccak256(&n.to_be_bytes())
}

fn tree(leaves: usize) -> NodeArray {
    NodeArray::build(&(0..leaves).map(leaf).collect::<Vec<_>>()).unwrap()
}

/// The root by pairing from the far end, one node at a time.
fn by_hand(leaves: usize) -> Vec<Node> {
    let mut nodes = vec![Node::default(); 2 * leaves - 1];
    for n in 0..leaves {
        nodes[2 * leaves - 2 - n] = leaf(n);
    }
    for i in (0..leaves - 1).rev() {
        nodes[i] = parent_of(&nodes[2 * i + 1], &nodes[2 * i + 2]);
    }
    nodes
}

#[test]
fn keccak_is_not_sha3() {
    let hex = |data: &[u8]| data_encoding::HEXLOWER.encode(&keccak256(data));
    assert_eq!(hex(b""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    assert_eq!(hex(b"abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

#[test]
fn every_shape_has_its_nodes_and_proofs() {
    for leaves in 1..70 {
        let tree = tree(leaves);
        assert_eq!(tree.nodes(), by_hand(leaves));
        assert_eq!(tree.leaf_count(), leaves);
        assert_eq!(NodeArray::check(tree.nodes().to_vec()).unwrap(), tree);
        for index in leaves - 1..2 * leaves - 1 {
            let proof = tree.proof(index).unwrap();
            assert!(verify_proof(&tree.root(), &tree.nodes()[index], &proof));
            assert!(!verify_proof(&tree.root(), &leaf(leaves), &proof));
        }
        assert_eq!(tree.proof(2 * leaves - 1), Err(NodeError::NotALeaf(2 * leaves - 1)));
        if leaves > 1 {
            assert_eq!(tree.proof(0), Err(NodeError::NotALeaf(0)));
        }
    }
}

#[test]
fn what_is_no_tree_is_refused() {
    assert_eq!(NodeArray::build(&[]), Err(NodeError::NoLeaves));
    assert_eq!(NodeArray::check(Vec::new()), Err(NodeError::NoLeaves));
    assert_eq!(NodeArray::check(vec![leaf(0), leaf(1)]), Err(NodeError::NotATree(2)));
    let mut nodes = tree(5).nodes().to_vec();
    nodes[3][31] ^= 1;
    assert_eq!(NodeArray::check(nodes), Err(NodeError::WrongNode(1)));
}

#[test]
fn multiproofs_name_existing_leaves_once() {
    let tree = tree(5);
    assert_eq!(tree.multi_proof(&[]), Err(NodeError::NoLeaves));
    assert_eq!(tree.multi_proof(&[4, 5, 4]), Err(NodeError::DuplicateIndex(4)));
    assert_eq!(tree.multi_proof(&[3]), Err(NodeError::NotALeaf(3)));
}

#[test]
fn a_multiproof_for_nothing_is_never_valid() {
    let root = tree(5).root();
    let nothing = MultiProof { leaves: vec![], proof: vec![root], flags: vec![] };
    assert!(!nothing.verify(&root));
}

proptest! {
    #[test]
    fn every_set_of_leaves_has_a_multiproof(leaves in 1_usize..40, picks in any::<u64>(), flip in any::<prop::sample::Index>()) {
        let tree = tree(leaves);
        let mut indices: Vec<usize> =
            (leaves - 1..2 * leaves - 1).filter(|index| picks >> (index % 64) & 1 == 1).collect();
        prop_assume!(!indices.is_empty());
        indices.reverse();
        let proof = tree.multi_proof(&indices).unwrap();
        prop_assert!(proof.verify(&tree.root()));

        let mut wrong = proof.clone();
        wrong.leaves[flip.index(proof.leaves.len())][7] ^= 4;
        prop_assert!(!wrong.verify(&tree.root()));
        let mut longer = proof.clone();
        longer.proof.push(leaf(0));
        prop_assert!(!longer.verify(&tree.root()));
        longer.flags.push(false);
        prop_assert!(!longer.verify(&tree.root()));
        if !proof.flags.is_empty() {
            let mut turned = proof.clone();
            let at = flip.index(proof.flags.len());
            turned.flags[at] = !turned.flags[at];
            prop_assert!(!turned.verify(&tree.root()));
        }
    }
}
