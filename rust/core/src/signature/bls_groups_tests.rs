use super::*;

#[test]
fn the_negated_generator_cancels_the_generator() {
    let mut one = [0; 32];
    one[31] = 1;
    let generator: blst_p1_affine = min_pk::SecretKey::from_bytes(&one).unwrap().sk_to_pk().into();
    assert!(Point::sum(&[generator, MinPk::negated_generator()]).is_none());
    assert!(Point::sum(&[generator, generator]).is_some());
    let generator: blst_p2_affine = min_sig::SecretKey::from_bytes(&one).unwrap().sk_to_pk().into();
    assert!(Point::sum(&[generator, MinSig::negated_generator()]).is_none());
}

#[test]
fn messages_are_hashed_as_the_signer_hashes_them() {
    // With the secret 1 a signature is the message's point.
    let mut one = [0; 32];
    one[31] = 1;
    let long = vec![b'x'; 300];
    for (dst, message) in [(&b"tag"[..], &b""[..]), (b"tag", b"message"), (&long, &long)] {
        let in_g2: blst_p2_affine =
            min_pk::SecretKey::from_bytes(&one).unwrap().sign(message, dst, &[]).into();
        assert!(MinPk::hash(dst, message) == Some(in_g2));
        let in_g1: blst_p1_affine =
            min_sig::SecretKey::from_bytes(&one).unwrap().sign(message, dst, &[]).into();
        assert!(MinSig::hash(dst, message) == Some(in_g1));
    }
}

#[test]
fn coefficients_are_little_endian_and_of_full_length() {
    let point = MinSig::hash(b"tag", b"message").unwrap();
    let mut three = [0; COEFFICIENT];
    three[0] = 3;
    assert!(Point::combine(&[point], &three) == Point::sum(&[point, point, point]));
    // Equal points with equal coefficients meet in the additions, opposite ones cancel.
    let twice = [three, three].concat();
    assert!(Point::combine(&[point, point], &twice) == Point::sum(&[point; 6]));
    let minus = {
        let secret = min_sig::SecretKey::from_bytes(&MINUS_ONE).unwrap();
        blst_p1_affine::from(secret.sign(b"message", b"tag", &[]))
    };
    assert!(Point::combine(&[point, minus], &twice).is_none());
    assert!(Point::combine(&[point], &three[1..]).is_none());
    assert!(<blst_p1_affine as Point>::combine(&[], &[]).is_none());
    assert!(<blst_p1_affine as Point>::sum(&[]).is_none());
}

#[test]
fn a_product_of_nothing_is_one() {
    assert!(MinPk::holds(Terms::with_room(0), None));
    let mut terms = Terms::<MinSig>::with_room(1);
    terms.push(None, MinSig::hash(b"tag", b"message"));
    assert!(MinSig::holds(terms, None));
    let point = MinSig::hash(b"tag", b"message").unwrap();
    assert!(!MinSig::holds(Terms::one(MinSig::negated_generator(), point), None));
}
