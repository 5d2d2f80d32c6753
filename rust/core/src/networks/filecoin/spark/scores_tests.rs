use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn nothing_is_lost_or_made(accepted in proptest::collection::btree_map(0_u8..40, any::<u64>(), 0..40)) {
        let scores = Scores::split(accepted.clone(), &0);
        let given: u128 = scores.shares.iter().map(|(_, score)| u128::from(*score)).sum();
        prop_assert_eq!(given + u128::from(scores.burnt), u128::from(WHOLE));
        let all: u128 = accepted.values().map(|count| u128::from(*count)).sum();
        for (participant, score) in &scores.shares {
            // The share lies in [score, score + 1) parts of the whole.
            let exact = u128::from(accepted[participant]) * u128::from(WHOLE);
            prop_assert!(u128::from(*score) * all <= exact && exact < (u128::from(*score) + 1) * all || all == 0);
        }
        prop_assert!(scores.rewards().map(|(_, reward)| reward).sum::<u128>() <= u128::from(ROUND_REWARD));
    }
}

#[test]
fn the_burn_address_adds_to_what_is_burnt() {
    let scores = Scores::split(BTreeMap::from([("burn", 1), ("somebody", 2)]), &"burn");
    assert_eq!(
        scores,
        Scores { shares: vec![("somebody", 666_666_666_666_666)], burnt: 333_333_333_333_334 }
    );
    assert_eq!(Scores::split(BTreeMap::from([("somebody", 0)]), &"burn").burnt, WHOLE);
    assert_eq!(reward(u64::MAX), u128::from(u64::MAX) * u128::from(ROUND_REWARD) / u128::from(WHOLE));
}

fn list() -> Vec<(Participant, i128)> {
    vec![(Participant([0x11; 20]), 5), (Participant([0x22; 20]), -1)]
}

#[test]
fn lists_are_packed_in_words() {
    let mut packed = Vec::new();
    for (byte, times) in [(0, 12), (0x11, 20), (0, 12), (0x22, 20), (0, 31), (5, 1), (0xff, 32)] {
        packed.extend(std::iter::repeat_n(byte, times));
    }
    assert_eq!(signed_text(&list()), format!("0x{}", HEXLOWER.encode(&Keccak256::digest(&packed))));
    assert_eq!(signed_text(&list()).len(), 66);
    let nothing = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert_eq!(signed_text(&[]), nothing);
}

#[test]
fn a_list_names_its_signer() {
    let key = secp256k1::SecretKey::from_secret_bytes([7; 32]).unwrap();
    let public = secp256k1::PublicKey::from_secret_key(&key).serialize_uncompressed();
    let address: [u8; 20] = Keccak256::digest(&public[1..])[12..].try_into().unwrap();
    // What a wallet hashes: the prefix, the length of the text, the text.
    let message = format!("\x19Ethereum Signed Message:\n66{}", signed_text(&list()));
    let digest = secp256k1::Message::from_digest(Keccak256::digest(message.as_bytes()).into());
    let (id, rs) =
        secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(digest, &key).serialize_compact();
    let mut signature = rs.to_vec();
    signature.push(27 + u8::from(id));
    assert_eq!(signer(&list(), &signature), Ok(Participant(address)));
    let mut other = list();
    other[0].1 += 1;
    assert_ne!(signer(&other, &signature), Ok(Participant(address)));
    assert!(signer(&list(), &signature[..64]).is_err());
}
