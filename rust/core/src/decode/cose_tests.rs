use super::super::sample::*;
use super::*;

fn read(protected: &[u8], unprotected: &[u8]) -> Result<(Option<Scheme>, Vec<u8>, bool), Fault> {
    let envelope = sign1(protected, unprotected, &[0xa0], &[]);
    let mut names = Distinct::new();
    let parts = parts(&envelope, &mut names).expect("the shape is right");
    header(&parts, &mut names).map(|header| (header.algorithm, header.kid.to_vec(), header.has_crit))
}

fn alg(value: i64) -> Vec<u8> {
    cbor().int(1).int(value).0
}

fn kid() -> Vec<u8> {
    cbor().int(4).bytes(&KID).0
}

#[test]
fn algorithms_have_their_numbers() {
    for (number, scheme) in [
        (-8, Some(Scheme::Ed25519)),
        (-19, Some(Scheme::Ed25519)),
        (-7, Some(Scheme::P256)),
        (-9, Some(Scheme::P256)),
        (-47, Some(Scheme::Secp256k1)),
        (-35, None),
        (0, None),
        (7, None),
        (i64::MIN, None),
    ] {
        assert_eq!(read(&map(&[alg(number), kid()]), &[0xa0]).unwrap().0, scheme, "{number}");
    }
    let text = map(&[cbor().int(1).text("ES256").0, kid()]);
    assert_eq!(read(&text, &[0xa0]).unwrap().0, None, "a text is an unknown algorithm");
    let huge = map(&[cbor().int(1).raw(&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).0, kid()]);
    assert_eq!(read(&huge, &[0xa0]).unwrap().0, None);
}

#[test]
fn the_kid_stands_in_one_header() {
    let wanted = (Some(Scheme::Ed25519), KID.to_vec(), false);
    assert_eq!(read(&map(&[alg(-8), kid()]), &[0xa0]).unwrap(), wanted);
    assert_eq!(read(&map(&[alg(-8)]), &map(&[kid()])).unwrap(), wanted);
    assert_eq!(
        read(&[0xa2, 0x18, 1, 0x38, 7, 0x19, 0, 4, 0x41, 9], &[0xb8, 0]).unwrap().1,
        [9],
        "longer forms"
    );
    assert!(read(&map(&[alg(-8)]), &[0xa0]).is_err());
    assert!(read(&map(&[alg(-8), kid()]), &map(&[kid()])).is_err());
    for length in [0, 1, 64, 65] {
        let kid = cbor().int(4).bytes(&vec![3; length]).0;
        assert_eq!(read(&map(&[alg(-8)]), &map(&[kid])).is_ok(), (1..=64).contains(&length));
    }
    assert!(read(&map(&[alg(-8), cbor().int(4).text("kid").0]), &[0xa0]).is_err());
}

#[test]
fn no_label_stands_in_both_headers() {
    let extra = |label: Cbor| label.raw(&[0xf6]).0;
    for label in [
        cbor().int(1),
        cbor().int(3),
        cbor().int(-1),
        cbor().int(-65),
        cbor().int(64),
        cbor().int(100_000),
        cbor().text("x"),
        cbor().head(4, 1).int(1),
    ] {
        let protected = map(&[alg(-8), kid(), extra(label.clone())]);
        if label.0 != [1] {
            assert!(read(&protected, &map(&[extra(cbor().text("other"))])).is_ok());
            assert!(read(&protected, &map(&[extra(label)])).is_err());
        }
    }
    assert!(read(&map(&[alg(-8), kid()]), &map(&[alg(-8)])).is_err());
    assert!(
        read(&map(&[alg(-8), kid(), extra(cbor().int(70))]), &[0xa1, 0x19, 0, 70, 0]).is_err(),
        "one value, two forms"
    );
}

#[test]
fn the_protected_header_is_a_map_with_alg() {
    for wrong in [
        vec![],
        vec![0xa0],
        vec![0xbf, 0xff],
        vec![0x80],
        vec![0x01],
        map(&[kid()]),
        map(&[cbor().int(1).bytes(b"x").0, kid()]),
        map(&[cbor().int(1).raw(&[0xf6]).0, kid()]),
        map(&[cbor().int(1).double(-8.0).0, kid()]),
        map(&[alg(-8), alg(-8), kid()]),
        [map(&[alg(-8), kid()]), vec![0]].concat(),
        [vec![0xc1], map(&[alg(-8), kid()])].concat(),
        map(&[alg(-8), kid(), cbor().int(9).raw(&[0x81; 8]).raw(&[0]).0]),
    ] {
        assert!(read(&wrong, &[0xa0]).is_err(), "{wrong:02x?}");
    }
    assert!(read(&map(&[kid()]), &map(&[alg(-8)])).is_err(), "alg only unprotected");
    assert!(read(&map(&[alg(-8), kid(), cbor().int(9).raw(&[0x81; 7]).raw(&[0]).0]), &[0xa0]).is_ok());
}

#[test]
fn crit_is_noticed_in_either_header() {
    let crit = || cbor().int(2).head(4, 1).int(99).0;
    assert!(read(&map(&[alg(-8), kid(), crit()]), &[0xa0]).unwrap().2);
    assert!(read(&map(&[alg(-8), kid()]), &map(&[crit()])).unwrap().2);
    assert!(read(&map(&[alg(-8), kid(), cbor().int(2).raw(&[0xf6]).0]), &[0xa0]).unwrap().2);
}

#[test]
fn only_three_shapes_are_envelopes() {
    let bare = cose(&payload_with(&[]));
    let is_shape = |bytes: &[u8]| parts(bytes, &mut Distinct::new()).is_ok();
    let around = |tags: &[u8]| [tags, &bare].concat();
    assert!(is_shape(&bare));
    assert!(
        is_shape(&around(&[0xd2])) && is_shape(&around(&[0xd8, 61, 0xd2])) && is_shape(&around(&[0xd8, 18]))
    );
    for tags in [
        &[0xd8, 61][..],
        &[0xd1],
        &[0xd2, 0xd2],
        &[0xd2, 0xd8, 61],
        &[0xd8, 61, 0xd8, 61, 0xd2],
        &[0xd9, 0xd9, 0xf7, 0xd2],
        &[0xd8, 61, 0xd1],
    ] {
        assert!(!is_shape(&around(tags)), "{tags:02x?}");
    }
    assert!(!is_shape(&around(&[]).split_last().map(|(_, rest)| rest.to_vec()).unwrap()));
    assert!(!is_shape(&[bare.as_slice(), &[0]].concat()));
    for parts in [
        cbor().head(4, 3).bytes(&protected()).raw(&[0xa0]).bytes(&[0xa0]),
        cbor().head(4, 5).bytes(&protected()).raw(&[0xa0]).bytes(&[0xa0]).bytes(&[5; 64]).int(0),
        cbor().head(4, 4).raw(&protected()).raw(&[0xa0]).bytes(&[0xa0]).bytes(&[5; 64]),
        cbor().head(4, 4).bytes(&protected()).raw(&[0x40]).bytes(&[0xa0]).bytes(&[5; 64]),
        cbor().head(4, 4).bytes(&protected()).raw(&[0xa0]).raw(&[0xf6]).bytes(&[5; 64]),
        cbor().head(4, 4).bytes(&protected()).raw(&[0xa0]).text("x").bytes(&[5; 64]),
        cbor().head(4, 4).bytes(&protected()).raw(&[0xa0]).bytes(&[0xa0]).text("x"),
        cbor().head(4, 4).bytes(&protected()).raw(&[0xf6]).bytes(&[0xa0]).bytes(&[5; 64]),
        cbor().int(1),
        cbor().head(5, 0),
        cbor(),
        cbor().raw(&[0x9f]).bytes(&protected()).raw(&[0xa0]).bytes(&[0xa0]).bytes(&[5; 64]).raw(&[0xff]),
        cbor().raw(&[0x84, 0x5f, 0x41, 0xa0, 0xff, 0xa0, 0x40, 0x40]),
    ] {
        assert!(!is_shape(&parts.0), "{:02x?}", parts.0);
    }
    assert!(
        is_shape(
            &cbor().raw(&[0x98, 4]).bytes(&protected()).raw(&[0xa0]).raw(&[0x59, 0, 1, 0xa0]).bytes(&[]).0
        ),
        "longer forms"
    );
}

#[test]
fn nesting_counts_the_array_of_four_as_one() {
    let with = |levels: usize| {
        let inner = [vec![0x81; levels], vec![0]].concat();
        sign1(&map(&[alg(-8), kid()]), &map(&[cbor().int(9).raw(&inner).0]), &[0xa0], &[])
    };
    // The array is level 1 and the unprotected header level 2; the tags around the array are outside.
    assert!(parts(&with(6), &mut Distinct::new()).is_ok());
    assert!(parts(&with(7), &mut Distinct::new()).is_err());
    assert!(parts(&[&[0xd8, 61, 0xd2][..], &with(6)].concat(), &mut Distinct::new()).is_ok());
}

#[test]
fn the_signed_structure_has_shortest_heads() {
    let mut out = Vec::new();
    write_signed_bytes(&[1; 24], &[2; 256], &mut out);
    assert_eq!(out[..12], *b"\x84\x6aSignature1");
    assert_eq!(out[12..14], [0x58, 24]);
    assert_eq!(out[38..42], [0x40, 0x59, 1, 0]);
    assert_eq!(out.len(), 42 + 256);
}
