use super::super::sample::*;
use super::*;

fn read(text: &str) -> Result<(Header, Vec<u8>), Fault> {
    let mut kid = Vec::new();
    header(text.as_bytes(), &mut Distinct::new(), &mut kid).map(|header| (header, kid))
}

#[test]
fn algorithms_have_their_names() {
    for (name, scheme) in [
        ("EdDSA", Some(Scheme::Ed25519)),
        ("Ed25519", Some(Scheme::Ed25519)),
        ("ES256", Some(Scheme::P256)),
        ("ESP256", Some(Scheme::P256)),
        ("ES256K", Some(Scheme::Secp256k1)),
        ("none", None),
        ("HS256", None),
        ("eddsa", None),
        ("", None),
    ] {
        let (header, kid) = read(&format!(r#"{{"alg":"{name}","kid":"{}"}}"#, b64(&KID))).unwrap();
        assert_eq!((header.algorithm, kid), (scheme, KID.to_vec()), "{name}");
    }
}

#[test]
fn headers_that_break_a_rule_are_refused() {
    let kid = b64(&KID);
    for text in [
        "{}".to_owned(),
        "[]".to_owned(),
        String::new(),
        format!(r#"{{"kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA"}"#.to_owned(),
        format!(r#"{{"alg":-8,"kid":"{kid}"}}"#),
        format!(r#"{{"alg":null,"kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA","kid":7}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":""}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"A"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"AB"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"AQ=="}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"a b"}"#.to_owned(),
        format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, b64(&[1; 65])),
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","x":"\ud800"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}} x"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","x":[[[[[[[[]]]]]]]]}}"#),
    ] {
        assert!(read(&text).is_err(), "{text}");
    }
    assert!(read(&format!(r#"{{"alg":"EdDSA","kid":"{}","x":[[[[[[[]]]]]]]}}"#, b64(&[1; 64]))).is_ok());
    assert!(read(r#" { "\u0061lg" : "EdDSA" , "kid":"\u0042wcHBwcHBwcHBwcHBwcHBw" } "#).is_ok());
}

#[test]
fn crit_and_b64_are_noticed() {
    let with = |more: &str| read(&format!(r#"{{"alg":"EdDSA","kid":"AQ"{more}}}"#)).unwrap().0;
    assert!(
        with(r#","crit":["b64"]"#).has_crit
            && with(r#","crit":null"#).has_crit
            && with(r#","crit":true"#).has_crit
    );
    assert!(with(r#","b64":false"#).is_unencoded);
    for fine in [
        "",
        r#","b64":true"#,
        r#","b64":null"#,
        r#","b64":"false""#,
        r#","typ":"JWT""#,
        r#","x":{"crit":1,"b64":false}"#,
    ] {
        assert_eq!(
            with(fine),
            Header { algorithm: Some(Scheme::Ed25519), has_crit: false, is_unencoded: false },
            "{fine}"
        );
    }
}

#[test]
fn only_three_parts_of_base64url_are_a_jws() {
    for text in ["a.b.c", "AZaz09-_.x.y"] {
        assert!(split(text.as_bytes()).is_some(), "{text}");
    }
    for text in [
        "",
        ".",
        "..",
        "a..c",
        ".b.c",
        "a.b.",
        "a.b",
        "a.b.c.d",
        "a.b.c.",
        "a=.b.c",
        "a.b.c=",
        "a.b.c\n",
        " a.b.c",
        "a+.b.c",
        "a.b.\u{e9}",
        "abc",
        "a,b.c",
    ] {
        assert!(split(text.as_bytes()).is_none(), "{text:?}");
    }
    let compact = split(b"ab.cde.f").unwrap();
    assert_eq!(
        (compact.header, compact.payload, compact.signature, compact.signed),
        (&b"ab"[..], &b"cde"[..], &b"f"[..], &b"ab.cde"[..])
    );
}

#[test]
fn a_file_signature_is_taken_apart() {
    let text = compact(r#"{"alg":"ES256","kid":"AQID","b64":false,"typ":"x"}"#, r#"{"epoch":1}"#);
    let with_line_end = [text.as_slice(), b"\n"].concat();
    for text in [&text, &with_line_end] {
        let jws = parse(text).unwrap();
        assert_eq!(jws.header.algorithm, Some(Scheme::P256));
        assert_eq!(
            (jws.kid.as_slice(), jws.payload.as_slice(), jws.signature.as_slice()),
            (&[1, 2, 3][..], &br#"{"epoch":1}"#[..], &[5; 64][..])
        );
        assert!(text.starts_with(jws.signed) && text[jws.signed.len()] == b'.');
    }
    assert!(parse(&[with_line_end.as_slice(), b"\n"].concat()).is_err());
    assert!(parse(&[text.as_slice(), b"\r\n"].concat()).is_err());
    assert!(parse(&compact(r#"{"alg":"ES256","kid":"AQID","crit":[]}"#, "{}")).unwrap().header.has_crit);
    assert_eq!(parse(b"e30.e30.AB").unwrap_err().offset, 9);
    assert!(parse(b"e30.A.AA").is_err() && parse(b"").is_err());
}

#[test]
fn the_alphabet_is_that_of_base64url() {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for byte in 0..=u8::MAX {
        assert_eq!(is_base64url(byte), alphabet.contains(&byte), "{byte}");
    }
}

#[test]
fn parts_end_at_the_first_dot() {
    for length in 0..100 {
        let mut text = vec![b'-'; 100];
        text[length] = b'.';
        text[99] = b'.';
        assert_eq!(until_dot(&text), length);
        assert_eq!(until_dot(&text[..length]), length);
    }
    let compact = split_at_dots(b"a+.=.x.y").unwrap();
    assert_eq!((compact.header, compact.payload, compact.signature), (&b"a+"[..], &b"="[..], &b"x.y"[..]));
    assert!(!compact.is_base64url());
    for text in [&b"\xd8.b.c"[..], b"a..c", b"a.b.", b"a.b", b".b.c", b""] {
        assert!(split_at_dots(text).is_none());
    }
}
