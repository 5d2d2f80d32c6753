use super::*;
use crate::decode::observations::tests::{Plain, plain, sample};
use crate::decode::quarantine::Reason;

fn read(text: &str) -> Result<Vec<Plain>, Quarantine> {
    read_lines(text.as_bytes(), 1 << 20).map(|batch| plain(&batch))
}

/// A line of a row without an answer; `more` are further members.
fn silent(more: &str) -> String {
    format!("{{\"validator\":\"76\",\"device\":\"01\",\"slot\":7,\"sent_ms\":-5,\"transport\":2{more}}}")
}

fn answered(proof: &str) -> String {
    format!(
        "{{\"validator\":\"76\",\"device\":\"01\",\"slot\":7,\"sent_ms\":0,\"received_ms\":1,\"transport\":0,\"proof\":{proof}}}"
    )
}

#[test]
fn a_line_holds_what_a_row_holds() {
    let text = "{\"validator\":\"76616c2d30\",\"device\":\"0102030405060708090a0b0c0d0e0f\",\"slot\":7,\
                \"sent_ms\":1800006300123,\"received_ms\":1800006300223,\"transport\":0,\"proof\":\"a.b.c\",\
                \"address\":\"c0000201\",\"asn\":64496,\"rtt_ns\":18446744073709551615}\n";
    assert_eq!(read(text).unwrap(), sample()[..1]);
    // Other order, escapes, white space, unknown members, CR LF, and no LF at the end.
    let text = " { \"transport\" : 2, \"sl\\u006ft\":18446744073709551615,\"x\":[1.5e3,{\"proof\":null}],\"device\":\"0102030405060708090a0b0c0d0e0f\",\"sent_ms\":-9223372036854775808,\
                \"validator\":\"\\u00376616c2d30\",\"proof\":null,\"asn\":null } \r\n";
    assert_eq!(read(text).unwrap(), sample()[2..]);
    assert_eq!(read(text.trim_end()).unwrap(), sample()[2..]);
    assert_eq!(read("").unwrap(), []);
}

#[test]
fn a_proof_is_base64url_or_itself() {
    let proof = |text: &str| read(&answered(&format!("\"{text}\""))).unwrap()[0].proof.clone().unwrap();
    assert_eq!(proof("0oQ"), [0xd2, 0x84]);
    assert_eq!(proof("-_-_"), [0xfb, 0xff, 0xbf]);
    assert_eq!(proof(""), b"");
    // Padding, non-zero trailing bits, another alphabet, an impossible length, dots, other text.
    for text in ["0oQ=", "0oR", "+/+/", "0", "a.b.c", "a b", "é"] {
        assert_eq!(proof(text), text.as_bytes());
    }
    assert_eq!(proof("\\u0030oQ"), [0xd2, 0x84]);
}

#[test]
fn integers_have_the_range_of_their_column() {
    let good = [
        ("asn", "4294967295"),
        ("asn", "0"),
        ("rtt_ns", "18446744073709551615"),
        ("address", "\"00000000000000000000000000000000\""),
    ];
    for (name, value) in good {
        assert!(read(&silent(&format!(",\"{name}\":{value}"))).is_ok(), "{name} {value}");
    }
    let bad = [
        ("asn", "4294967296"),
        ("asn", "-1"),
        ("asn", "1.0"),
        ("asn", "1e3"),
        ("asn", "-0"),
        ("asn", "\"1\""),
        ("asn", "true"),
        ("rtt_ns", "18446744073709551616"),
        ("rtt_ns", "-1"),
        ("rtt_ns", "[]"),
        ("address", "\"00000000FF\""),
        ("address", "\"0000000A\""),
        ("address", "\"000000\""),
        ("address", "\"\""),
        ("address", "0"),
        ("received_ms", "1"),
        ("proof", "\"a.b.c\""),
    ];
    for (name, value) in bad {
        let fault =
            read(&format!("{}\n{}\n", silent(""), silent(&format!(",\"{name}\":{value}")))).unwrap_err();
        assert_eq!(
            (fault.reason, fault.column, fault.place),
            (Reason::Schema, Some(name), Some(Place::Line(2)))
        );
    }
    for (name, value) in [
        ("slot", "18446744073709551616"),
        ("slot", "null"),
        ("slot", "-1"),
        ("sent_ms", "9223372036854775808"),
        ("sent_ms", "null"),
        ("transport", "5"),
        ("transport", "256"),
        ("transport", "null"),
        ("device", "\"0\""),
        ("device", "\"AB\""),
        ("device", "null"),
        ("validator", "7"),
    ] {
        let old = [
            ("slot", "7"),
            ("sent_ms", "-5"),
            ("transport", "2"),
            ("device", "\"01\""),
            ("validator", "\"76\""),
        ];
        let old = old.iter().find(|(other, _)| *other == name).unwrap().1;
        let line = silent("").replace(&format!("\"{name}\":{old}"), &format!("\"{name}\":{value}"));
        let fault = read(&line).unwrap_err();
        assert_eq!((fault.reason, fault.column), (Reason::Schema, Some(name)), "{line}");
    }
}

#[test]
fn lines_that_are_none_are_refused_with_their_number() {
    let good = silent("");
    for bad in [
        "",
        "\r",
        " ",
        "null",
        "[]",
        "{}",
        "{",
        "{\"slot\":07}",
        "\u{feff}{}",
        "{} {}",
        &format!("{good}{good}"),
        &silent(",\"slot\":7"),
        &silent(",\"sl\\u006ft\":7"),
        &silent(",\"x\":1,\"x\":1"),
        &silent(",\"proof\":null,\"proof\":null"),
        &format!("{{\"x\":{}1{}}}", "[".repeat(70), "]".repeat(70)),
        &answered("null"),
    ] {
        let fault = read(&format!("{good}\n{good}\n{bad}\n{good}\n")).unwrap_err();
        assert_eq!((fault.reason, fault.place), (Reason::Schema, Some(Place::Line(3))), "{bad}");
    }
    assert_eq!(read_lines(b"\xff\n", 9).unwrap_err().reason, Reason::Schema);
    assert_eq!(read(&format!("{good}\n\n")).unwrap_err().place, Some(Place::Line(2)));
}

#[test]
fn a_line_that_breaks_off_is_a_truncated_file() {
    let whole = format!("{}\n{}", silent(""), answered("\"a.b.c\""));
    let second = silent("").len() + 1;
    assert_eq!(read(&whole).unwrap().len(), 2);
    for cut in second + 1..whole.len() {
        let fault = read(&whole[..cut]).unwrap_err();
        assert_eq!((fault.reason, fault.place), (Reason::Truncated, Some(Place::Line(2))), "cut at {cut}");
    }
    assert_eq!(read(&whole[..second]).unwrap().len(), 1);
}
