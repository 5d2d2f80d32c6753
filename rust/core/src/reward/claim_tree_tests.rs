use proptest::prelude::*;

use super::*;

fn claim(first: u8, amount: u64) -> Claim {
    Claim { payee: Payee::Address([first; 20]), amount: U256::from(amount) }
}

fn file(tree: &ClaimTree) -> Vec<u8> {
    let mut out = Vec::new();
    tree.dump(&mut out).unwrap();
    out
}

fn hex(node: &Node) -> String {
    data_encoding::HEXLOWER.encode(node)
}

fn five() -> ClaimTree {
    let half_ether = 500_000_000_000_000_000;
    let claims = [(5, 11), (2, 5), (3, 7), (1, 10), (4, 9)];
    let claims = claims.map(|(n, halves)| claim(0x11 * n, half_ether * halves)).to_vec();
    ClaimTree::from_claims(claims, false).unwrap()
}

#[test]
fn worked_root() {
    let tree = five();
    assert_eq!(hex(&tree.root()), "8c6838966085373a17174cdbcad894c8c682dd22c4f5cb7d57284d3d447d4cc8");
    assert!(tree.claims().is_sorted_by_key(|claim| claim.payee));
    for claim in tree.claims() {
        let proof = tree.proof(&claim.payee).unwrap();
        assert!(claim.verify(&tree.root(), &proof));
        let more = Claim { amount: claim.amount + U256::ONE, ..*claim };
        assert!(!more.verify(&tree.root(), &proof));
    }
}

#[test]
fn one_payee_has_an_empty_proof_or_a_filler_beside() {
    let alone = ClaimTree::from_claims(vec![claim(7, 5)], false).unwrap();
    assert_eq!(alone.root(), claim(7, 5).leaf_hash());
    assert!(alone.proof(&Payee::Address([7; 20])).unwrap().is_empty());
    assert_eq!(ClaimTree::load(&file(&alone)).unwrap().root(), alone.root());

    let filled = ClaimTree::from_claims(vec![claim(7, 5)], true).unwrap();
    assert_eq!(filled.claims(), [claim(0, 0), claim(7, 5)]);
    assert_eq!(filled.proof(&Payee::Address([7; 20])).unwrap(), [claim(0, 0).leaf_hash()]);
    let two = ClaimTree::from_claims(vec![claim(7, 5), claim(8, 5)], true).unwrap();
    assert_eq!(two.claims().len(), 2);
    let nobody = ClaimTree::from_claims(vec![claim(0, 5)], true).unwrap();
    assert_eq!(nobody.claims(), [claim(0, 5)]);
}

#[test]
fn accounts_of_other_chains_have_a_tree_of_their_own() {
    let account = |first: u8| Claim { payee: Payee::Account([first; 32]), amount: U256::from(first) };
    let tree = ClaimTree::from_claims(vec![account(2), account(1), account(3)], false).unwrap();
    // The encoding of a bytes32 and of a uint256 is both, one behind the other.
    let encoded = [[2; 32], U256::from(2).to_be_bytes::<32>()].concat();
    assert_eq!(account(2).leaf_hash(), keccak256(&keccak256(&encoded)));
    let text = String::from_utf8(file(&tree)).unwrap();
    assert!(text.contains(r#""leafEncoding":["bytes32","uint256"]"#));
    let again = ClaimTree::load(text.as_bytes()).unwrap();
    assert_eq!(again.root(), tree.root());
    let payee = Payee::Account([3; 32]);
    assert!(account(3).verify(&tree.root(), &again.proof(&payee).unwrap()));

    let alone = ClaimTree::from_claims(vec![account(1)], true).unwrap();
    assert_eq!(alone.claims().first().unwrap().payee, Payee::Account([0; 32]));
    let address = text.replace("bytes32", "address");
    assert!(
        ClaimTree::load(address.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("values[0]: expected a value of type address")
    );
    let error = ClaimTree::from_claims(vec![account(1), claim(1, 5)], false).unwrap_err();
    let kept_apart = format!("payee 0x{} is of another kind than the others of the tree", "01".repeat(32));
    assert_eq!(error.to_string(), kept_apart);
}

#[test]
fn a_payee_stands_once() {
    let error = ClaimTree::from_claims(vec![claim(1, 5), claim(2, 1), claim(1, 6)], false).unwrap_err();
    assert_eq!(error.to_string(), format!("payee 0x{} stands twice", "01".repeat(20)));
    assert!(ClaimTree::from_claims(vec![], true).is_err());
    let error = five().proof(&Payee::Address([9; 20])).unwrap_err();
    assert_eq!(error.to_string(), format!("payee 0x{} is not in the tree", "09".repeat(20)));
}

#[test]
fn readers_accept_numbers_of_any_size_and_addresses_in_any_case() {
    let claims = vec![
        Claim { payee: Payee::Address([0xab; 20]), amount: U256::from(9_007_199_254_740_993_u64) },
        Claim { payee: Payee::Address([0xcd; 20]), amount: U256::MAX },
    ];
    let tree = ClaimTree::from_claims(claims, false).unwrap();
    let written = String::from_utf8(file(&tree)).unwrap();
    let max = U256::MAX.to_string();
    let other = written
        .replace("\"9007199254740993\"", "9007199254740993")
        .replace(&format!("\"{max}\""), &max)
        .replacen(&"ab".repeat(20), &"aB".repeat(20), 1);
    assert_ne!(other, written);
    assert_eq!(file(&ClaimTree::load(other.as_bytes()).unwrap()), written.as_bytes());
    for wrong in
        ["9007199254740993.0", "9.007199254740993e15", "-9007199254740993", "true", "[1]", "9007199254740992"]
    {
        assert!(
            ClaimTree::load(written.replace("\"9007199254740993\"", wrong).as_bytes()).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn another_leaf_encoding_is_no_claim_tree() {
    let written = String::from_utf8(file(&five()))
        .unwrap()
        .replace("\"address\",\"uint256\"", "\"address\",\"uint128\"");
    let error = ClaimTree::load(written.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("leafEncoding: expected"), "{error}");
}

#[test]
fn any_flipped_bit_is_refused() {
    let tree = five();
    let written = file(&tree);
    for at in 0..written.len() {
        for bit in 0..8 {
            let mut flipped = written.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(loaded) = ClaimTree::load(&flipped) {
                // Only the letter case of a payee may differ, and it is no difference.
                assert_eq!(file(&loaded), written, "byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn proofs_are_written_one_a_line() {
    let tree = five();
    let mut out = Vec::new();
    tree.write_proofs(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 5);
    for (line, claim) in text.lines().zip(tree.claims()) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["amount"], claim.amount.to_string());
        assert_eq!(value["leaf"], format!("0x{}", hex(&claim.leaf_hash())));
        assert_eq!(value.to_string(), line);
    }
}

#[test]
fn threads_change_nothing() {
    let claims: Vec<Claim> = (0..5000_u64)
        .map(|n| {
            let mut payee = [0; 20];
            payee.copy_from_slice(&keccak256(&n.to_be_bytes())[..20]);
            Claim { payee: Payee::Address(payee), amount: U256::from(n) }
        })
        .collect();
    let files: Vec<Vec<u8>> = [1, 2, 8]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| file(&ClaimTree::from_claims(claims.clone(), false).unwrap()))
        })
        .collect();
    assert_eq!(files[0], files[1]);
    assert_eq!(files[0], files[2]);
}

proptest! {
    #[test]
    fn files_read_back_and_proofs_hold(
        amounts in prop::collection::btree_map(any::<[u8; 20]>(), any::<[u8; 32]>(), 1..40),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
    ) {
        let claims: Vec<Claim> = amounts
            .iter()
            .rev()
            .map(|(payee, amount)| Claim { payee: Payee::Address(*payee), amount: U256::from_be_bytes(*amount) })
            .collect();
        let tree = ClaimTree::from_claims(claims, false).unwrap();
        let written = file(&tree);
        let again = ClaimTree::load(&written).unwrap();
        prop_assert_eq!(file(&again), written);
        for claim in again.claims() {
            prop_assert!(claim.verify(&tree.root(), &again.proof(&claim.payee).unwrap()));
        }
        let mut payees: Vec<Payee> = picks.iter().map(|pick| pick.get(again.claims()).payee).collect();
        payees.sort_unstable();
        payees.dedup();
        let (claims, proof) = again.multi_proof(&payees).unwrap();
        prop_assert!(proof.verify(&tree.root()));
        prop_assert_eq!(claims.iter().map(Claim::leaf_hash).collect::<Vec<_>>(), proof.leaves);
    }
}
