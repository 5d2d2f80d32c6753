use proptest::prelude::*;

use super::super::claims::PROFILE;
use super::super::sample::*;
use super::*;

fn stage(envelope: &[u8]) -> u8 {
    decode(envelope, &mut Scratch::new()).map_or_else(|malformed| malformed.stage.number(), |_| 0)
}

fn unsupported_bits(envelope: &[u8]) -> u8 {
    decode(envelope, &mut Scratch::new()).unwrap().unsupported.0
}

#[test]
fn both_envelopes_give_the_same_claims_and_their_own_signed_bytes() {
    let (payload, text) = (payload_with(&[]), json_with(""));
    let (binary, compact) = (cose(&payload), jws(&text));
    let (mut one, mut other) = (Scratch::new(), Scratch::new());
    let (from_cose, from_jws) = (decode(&binary, &mut one).unwrap(), decode(&compact, &mut other).unwrap());
    assert_eq!(from_cose.claims, from_jws.claims);
    assert_eq!((from_cose.envelope(), from_jws.envelope()), (Envelope::Cose, Envelope::Jws));
    for proof in [&from_cose, &from_jws] {
        assert_eq!(
            (proof.kid, proof.signature, proof.algorithm),
            (&KID[..], &[5; 64][..], Some(Scheme::Ed25519))
        );
        assert!(proof.unsupported.is_empty());
    }
    let mut signed = Vec::new();
    from_cose.write_signed_bytes(&mut signed);
    assert_eq!(signed, cbor().head(4, 4).text("Signature1").bytes(&protected()).bytes(&[]).bytes(&payload).0);
    signed.clear();
    from_jws.write_signed_bytes(&mut signed);
    assert_eq!(signed, [b64(jose_header().as_bytes()), b64(text.as_bytes())].join(".").into_bytes());
}

#[test]
fn signed_bytes_are_those_received_also_in_longer_forms() {
    let envelope =
        cbor().raw(&[0x98, 4, 0x59, 0, 23]).raw(&[0xa2, 0x18, 1, 0x27, 4, 0x50]).raw(&KID).raw(&[0x40]);
    // 22 bytes of header: the length above says 23, so one byte of the next item is taken and the shape breaks.
    assert_eq!(stage(&envelope.0), 1);
    let protected = cbor().raw(&[0xa2, 0x18, 1, 0x27, 4, 0x50]).raw(&KID).0;
    let payload = payload_with(&[]);
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let envelope = cbor()
        .raw(&[0x98, 4, 0x59, 0, 22])
        .raw(&protected)
        .raw(&[0xa0, 0x5a, 0, 0])
        .raw(&length)
        .raw(&payload)
        .raw(&[0x40]);
    let mut scratch = Scratch::new();
    let mut signed = Vec::new();
    decode(&envelope.0, &mut scratch).unwrap().write_signed_bytes(&mut signed);
    assert_eq!(signed, cbor().head(4, 4).text("Signature1").bytes(&protected).bytes(&[]).bytes(&payload).0);
}

#[test]
fn a_signature_of_any_length_is_decoded() {
    for length in [0, 1, 63, 65, 200] {
        let envelope = sign1(&protected(), &[0xa0], &payload_with(&[]), &vec![1; length]);
        assert_eq!(decode(&envelope, &mut Scratch::new()).unwrap().signature.len(), length);
    }
    let text = format!("{}.{}.{}", b64(jose_header().as_bytes()), b64(json_with("").as_bytes()), b64(&[1]));
    assert_eq!(decode(text.as_bytes(), &mut Scratch::new()).unwrap().signature, [1]);
}

#[test]
fn the_first_stage_that_fails_is_named() {
    let good = payload_with(&[]);
    let bad_claims = payload_with(&[cbor().int(261).int(-1).0]);
    let bad_payload = [good.clone(), vec![0]].concat();
    assert_eq!(stage(&cose(&good)), 0);
    assert_eq!(stage(&cose(&bad_claims)), 4);
    assert_eq!(stage(&cose(&bad_payload)), 3);
    assert_eq!(stage(&sign1(&[0xa0], &[0xa0], &bad_payload, &[])), 2);
    assert_eq!(stage(&[sign1(&[0xa0], &[0xa0], &bad_payload, &[]), vec![0]].concat()), 1);
    assert_eq!(stage(&sign1(&protected(), &[0xa0], &[], &[])), 3);
    assert_eq!(stage(&sign1(&protected(), &[0xf6], &good, &[])), 1);
    assert_eq!(stage(b""), 1);

    assert_eq!(stage(&jws(&json_with(""))), 0);
    assert_eq!(stage(&jws(&json_with(r#","uptime":-1"#))), 4);
    assert_eq!(stage(&jws(&json_with(r#","uptime":01"#))), 3);
    assert_eq!(stage(&jws("[]")), 3);
    assert_eq!(stage(&compact("{}", "[]")), 2);
    assert_eq!(stage(b"e30.e30.AB"), 1, "trailing bits of the signature");
    assert_eq!(stage(b"e30.e31.AA"), 1, "trailing bits of the payload");
    assert_eq!(stage(b"e30=.e30.AA"), 1, "padding is no base64url, so this is read as CBOR");
    assert_eq!(stage(b"e30.e30"), 1);
    assert_eq!(stage(b"e30.e30.A"), 1);
}

#[test]
fn sizes_have_their_limits() {
    let sized = |payload_size: usize| {
        let base = payload_with(&[cbor().int(9).bytes(&vec![0; 1000]).0]).len() - 1000;
        let payload = payload_with(&[cbor().int(9).bytes(&vec![0; payload_size - base]).0]);
        assert_eq!(payload.len(), payload_size);
        payload
    };
    assert_eq!(stage(&cose(&sized(3072))), 0);
    assert_eq!(stage(&cose(&sized(3073))), 3);
    assert_eq!(stage(&sign1(&[0xa0], &[0xa0], &sized(3073), &[])), 2, "the header goes first");
    let text = |size: usize| {
        let empty = json_with(r#","x":"""#).len();
        json_with(&format!(r#","x":"{}""#, "y".repeat(size - empty)))
    };
    assert_eq!(stage(&jws(&text(3072))), 0);
    assert_eq!(stage(&jws(&text(3073))), 3);
    let envelope = |size: usize| {
        let empty = sign1(&protected(), &[0xa0], &sized(3072), &[0; 1000]).len() - 1000;
        sign1(&protected(), &[0xa0], &sized(3072), &vec![0; size - empty])
    };
    assert_eq!(envelope(4608).len(), 4608);
    assert_eq!(stage(&envelope(4608)), 0);
    assert_eq!(stage(&envelope(4609)), 1);
    assert_eq!(stage(&[b'a'; 4609]), 1);
}

#[test]
fn what_is_unsupported_does_not_stop_the_decoding() {
    let payload = payload_with(&[]);
    let kid = || cbor().int(4).bytes(&KID).0;
    assert_eq!(
        unsupported_bits(&sign1(&map(&[cbor().int(1).int(-35).0, kid()]), &[0xa0], &payload, &[])),
        Unsupported::ALG
    );
    let crit = cbor().int(2).head(4, 0).0;
    assert_eq!(unsupported_bits(&sign1(&protected(), &map(&[crit]), &payload, &[])), Unsupported::CRIT);
    let other = map(&[required_pairs()[..3].to_vec(), vec![cbor().int(265).text("x").0]].concat());
    assert_eq!(unsupported_bits(&cose(&other)), Unsupported::PROFILE);
    let header = format!(r#"{{"alg":"none","kid":"{}","b64":false,"crit":["b64"]}}"#, b64(&KID));
    let text = json_with("").replace(PROFILE, "tag:x");
    assert_eq!(unsupported_bits(&compact(&header, &text)), 0b1111);
    assert_eq!(stage(&compact(&header, "{}")), 4, "malformed is found as well");
    assert_eq!(
        [0, 1, 0b1110, 0b1100, 0b1000].map(|bits| Unsupported(bits).first()),
        [None, Some(1), Some(2), Some(3), Some(4)]
    );
}

#[test]
fn hostile_nesting_is_refused_at_once() {
    for head in [0x81, 0xa1, 0xc1, 0x84, 0xd2, 0x9f, 0xbf, 0x5f] {
        assert_eq!(stage(&[head; 4000]), 1);
        let inner = vec![head; 3000];
        assert_eq!(stage(&cose(&inner)), 3);
        assert_eq!(stage(&cose(&payload_with(&[cbor().int(9).raw(&inner).0]))), 3);
        assert_eq!(stage(&sign1(&inner, &[0xa0], &payload_with(&[]), &[])), 2);
    }
    assert_eq!(stage(&jws(&json_with(&format!(r#","x":{}"#, "[".repeat(2500))))), 3);
    assert_eq!(stage(&jws(&json_with(&format!(r#","x":{}"#, r#"{"a":"#.repeat(500))))), 3);
}

#[test]
fn a_cut_binary_envelope_is_refused_wherever_it_ends() {
    let envelope = cose(&payload_with(&[cbor().int(264).head(5, 2).int(1).double(1.5).int(2).int(2).0]));
    for length in 0..envelope.len() {
        assert_eq!(stage(&envelope[..length]), 1);
    }
}

#[test]
fn faults_point_into_the_envelope() {
    let payload = payload_with(&[cbor().int(9).raw(&[0xff]).0]);
    let envelope = cose(&payload);
    let malformed = decode(&envelope, &mut Scratch::new()).unwrap_err();
    assert_eq!(envelope[malformed.fault.offset], 0xff);
    assert_eq!(
        malformed.to_string(),
        format!("payload: expected an item, found a break at byte {}", malformed.fault.offset)
    );
    let envelope = sign1(&[0xa1, 0x01, 0xf7], &[0xa0], &payload, &[]);
    let malformed = decode(&envelope, &mut Scratch::new()).unwrap_err();
    assert_eq!(envelope[malformed.fault.offset], 0xf7);
}

#[test]
fn one_scratch_serves_good_and_bad_proofs_in_turn() {
    let mut scratch = Scratch::new();
    let good = cose(&payload_with(&[]));
    let text = jws(&json_with(""));
    for bad in [&good[..good.len() - 70], b"e30.e30.AA", &[0xa1; 100], &jws(r#"{"a":{"b":1,"b"#)] {
        assert!(decode(bad, &mut scratch).is_err());
        assert!(decode(&good, &mut scratch).is_ok());
        assert!(decode(&text, &mut scratch).is_ok());
    }
}

/// What a scratch that has seen other proofs says, and a fresh one.
fn said(envelope: &[u8], scratch: &mut Scratch) -> String {
    format!("{:?}", decode(envelope, scratch))
}

#[test]
fn a_header_seen_before_is_not_taken_for_another() {
    let payload = payload_with(&[]);
    let header = |kid: u8, alg: &[u8]| cbor().raw(&[0xa2, 1]).raw(alg).raw(&[4, 0x50]).raw(&[kid; 16]).0;
    let sign1 = |protected: &[u8], unprotected: &[u8]| {
        cbor().head(4, 4).bytes(protected).raw(unprotected).bytes(&payload).bytes(&[5; 64]).0
    };
    let bare = cbor().raw(&[0xa1, 1, 0x27]).0;
    let with_kid = |kid: u8| cbor().raw(&[0xa1, 4, 0x50]).raw(&[kid; 16]).0;
    let text = |header: &str| {
        [b64(header.as_bytes()), b64(json_with("").as_bytes()), b64(&[5; 64])].join(".").into_bytes()
    };
    let kid = |byte: u8| b64(&[byte; 16]);
    let mut envelopes = vec![
        sign1(&header(1, &[0x27]), &[0xa0]),
        sign1(&header(2, &[0x27]), &[0xa0]),
        sign1(&header(1, &[0x26]), &[0xa0]),
        sign1(&header(1, &[0x27]), &[0xa1, 2, 0x80]),
        sign1(&bare, &with_kid(1)),
        sign1(&bare, &with_kid(2)),
        sign1(&bare, &[0xa0]),
        sign1(&header(1, &[0x27])[..20], &[0xa0]),
    ];
    for (alg, byte) in [("EdDSA", 1), ("EdDSA", 2), ("ES256", 1), ("none", 1)] {
        envelopes.push(text(&format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, kid(byte))));
    }
    envelopes.push(text(r#"{"alg":"EdDSA"}"#));
    envelopes.push(text(&format!(r#"{{"alg":"EdDSA","kid":"{}","crit":[]}}"#, kid(1))));
    let mut scratch = Scratch::new();
    for first in &envelopes {
        for second in &envelopes {
            for envelope in [first, second, second] {
                assert_eq!(said(envelope, &mut scratch), said(envelope, &mut Scratch::new()));
            }
        }
    }
}

proptest! {
    #[test]
    fn changed_proofs_never_panic(position in 0..4096_usize, byte: u8, cut in 0..4096_usize, is_text: bool) {
        let mut envelope = if is_text { jws(&json_with(r#","location":{"latitude":1.5,"longitude":2}"#)) } else {
            cose(&payload_with(&[cbor().int(264).head(5, 2).int(1).double(1.5).int(2).int(2).0, cbor().int(271).head(4, 1).text("1").0]))
        };
        let position = position % envelope.len();
        envelope[position] = byte;
        let mut scratch = Scratch::new();
        if let Ok(proof) = decode(&envelope, &mut scratch) {
            proof.write_signed_bytes(&mut Vec::new());
        }
        envelope.truncate(cut % envelope.len());
        let _ = decode(&envelope, &mut scratch);
    }

    #[test]
    fn changed_json_payloads_never_panic(position in 0..4096_usize, byte in 32..127_u8) {
        let mut payload = json_with(r#","location":{"latitude":1.5,"longitude":2e-3},"swversion":["1"],"x":"\ud83d\ude00","depin_metrics":{"a":1}"#).into_bytes();
        let position = position % payload.len();
        payload[position] = byte;
        let _ = decode(&jws(std::str::from_utf8(&payload).unwrap()), &mut Scratch::new());
    }

    #[test]
    fn any_bytes_never_panic(envelope in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&envelope, &mut Scratch::new());
    }
}

proptest! {
    /// A text is a JWS or it is CBOR, whatever is found first.
    #[test]
    fn what_is_no_jws_is_read_as_cbor(
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(vec![b'.', b'=', b'+', b' ', b'A', b'_', 0x80, 0xff]),
        length in 0_usize..3,
    ) {
        let mut text = jws(&json_with(""));
        let at = at.index(text.len());
        text.splice(at..(at + length).min(text.len()), [byte]);
        let (mut scratch, mut other) = (Scratch::new(), Scratch::new());
        let found = decode(&text, &mut scratch).map(|proof| proof.envelope());
        match jws::split(&text) {
            None => prop_assert_eq!(found.unwrap_err(), decode_cose(&text, &mut other).unwrap_err()),
            Some(compact) => match decode_parts(&compact, &mut other) {
                Err(fault) => prop_assert_eq!(found.unwrap_err(), Malformed { stage: Stage::Envelope, fault }),
                Ok(_) => prop_assert!(found.is_ok_and(|form| form == Envelope::Jws) || stage(&text) > 1),
            },
        }
    }
}
