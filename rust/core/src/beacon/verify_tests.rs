use super::*;

const ROUND_3: &str =
    "b3fab6df720b68cc47175f2c777e86d84187caab5770906f515ff1099cb01e4deaa027075d860823e49477b93c72bd64";

fn signature() -> Vec<u8> {
    data_encoding::HEXLOWER.decode(ROUND_3.as_bytes()).unwrap()
}

#[test]
fn a_public_round_verifies_for_itself_only() {
    let chain = Chain::quicknet();
    assert!(chain.verify_round(3, &signature(), &[]));
    // An unchained scheme has no use for the signature before.
    assert!(chain.verify_round(3, &signature(), b"anything"));
    assert!(!chain.verify_round(2, &signature(), &[]));
    assert!(!Chain::default_chain().verify_round(3, &signature(), &[]));
}

#[test]
fn any_changed_bit_of_a_signature_is_refused() {
    let chain = Chain::quicknet();
    for bit in (0..48 * 8).step_by(5) {
        let mut changed = signature();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!chain.verify_round(3, &changed, &[]), "bit {bit}");
    }
}

#[test]
fn other_encodings_of_the_same_point_are_refused() {
    let chain = Chain::quicknet();
    let point = blst::min_sig::Signature::from_bytes(&signature()).unwrap();
    assert!(!chain.verify_round(3, &point.serialize(), &[]));
    assert!(!chain.verify_round(3, &signature()[..47], &[]));
    assert!(!chain.verify_round(3, &[signature(), vec![0]].concat(), &[]));
    assert!(!chain.verify_round(3, &[], &[]));
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    assert!(!chain.verify_round(3, &infinity, &[]));
}
