use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Option<i64> {
    Moments::default().parse(text)
}

fn write(moment: i64) -> Option<[u8; WRITTEN]> {
    Moments::default().write(moment)
}

#[test]
fn known_moments() {
    assert_eq!(parse("1970-01-01T00:00:00.000Z"), Some(0));
    assert_eq!(parse("2023-11-01T09:00:01.000Z"), Some(1_698_829_201_000));
    assert_eq!(parse("2024-02-29T23:59:59.999Z"), Some(1_709_251_199_999));
    assert_eq!(parse("2024-02-01T00:00:00Z"), parse("2024-02-01T00:00:00.0Z"));
    assert_eq!(parse("2024-02-01T00:00:00.12Z"), parse("2024-02-01T00:00:00.1209999Z"));
    assert_eq!(parse("0000-01-01T00:00:00.000Z"), Some(-62_167_219_200_000));
}

#[test]
fn what_is_no_moment() {
    for text in [
        "",
        "Z",
        "2024",
        "2024-02-01",
        "2024-02-01T00:00:00",
        "2024-02-01T00:00:00.Z",
        "2024-02-01T00:00:00.1",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00+01:00",
        "2024-01-01T00:00:00.12xZ",
        "+024-01-01T00:00:00Z",
        "2024-01-01T00:00:0\u{e9}Z",
        "1706745600000",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

/// A day that was never read is no day, though its bytes are all zero.
#[test]
fn a_date_of_zeros_is_none() {
    assert_eq!(parse(&format!("{}T00:00:00Z", "\0".repeat(10))), None);
}

/// Each byte of a time may be what its place allows and nothing else.
#[test]
fn times_of_one_byte_changed() {
    for place in 0..8 {
        for byte in 0..=u8::MAX {
            let mut time = *b"19:45:37";
            time[place] = byte;
            let written = String::from_utf8_lossy(&time).into_owned();
            let parts: Vec<_> = written
                .split(':')
                .map(|part| part.parse::<u8>().ok().filter(|_| part.len() == 2 && !part.starts_with('+')))
                .collect();
            let exists = matches!(parts[..], [Some(0..24), Some(0..60), Some(0..60)]);
            assert_eq!(seconds_of_time(time).is_some(), exists, "{written}");
        }
    }
}

#[test]
fn a_day_is_taken_from_the_one_before_where_it_is_the_same() {
    let mut moments = Moments::default();
    for text in [
        "2024-02-01T00:00:00Z",
        "2024-02-01X00:00:00Z",
        "2024-02-01T00:00:01Z",
        "2024-02-30T00:00:00Z",
        "2024-02-01T23:59:59.999Z",
        "2024-02-02T00:00:00Z",
        "2024-02-01T00:00:00Z",
    ] {
        assert_eq!(moments.parse(text), parse(text), "{text}");
        assert_eq!(moments.write(0), write(0));
    }
}

#[test]
fn the_writable_years() {
    let first = parse("0000-01-01T00:00:00.000Z").unwrap();
    let last = parse("9999-12-31T23:59:59.999Z").unwrap();
    assert!(write(first).is_some() && write(last).is_some());
    assert_eq!([first - 1, last + 1, i64::MIN, i64::MAX].map(write), [None; 4]);
}

proptest! {
    #[test]
    fn written_moments_read_back(moment in -62_167_219_200_000_i64..253_402_300_800_000) {
        let text = write(moment).unwrap();
        prop_assert_eq!(parse(std::str::from_utf8(&text).unwrap()), Some(moment));
    }

    /// What was read or written before changes nothing, whether it is of the same day or none at all.
    #[test]
    fn moments_do_not_depend_on_those_before(
        steps in proptest::collection::vec(
            (0_i64..200_000_000, any::<bool>(), proptest::option::of((0_usize..24, any::<u8>()))),
            1..12,
        ),
    ) {
        let mut moments = Moments::default();
        for (moment, is_written, change) in steps {
            let mut text = write(moment).unwrap();
            if let Some((place, byte)) = change {
                text[place] = byte & 0x7f;
            }
            let text = std::str::from_utf8(&text).unwrap();
            prop_assert_eq!(moments.parse(text), parse(text), "{}", text);
            if is_written {
                prop_assert_eq!(moments.write(moment), write(moment));
            }
        }
    }

    /// As many digits as one likes, of which three count.
    #[test]
    fn fractions_of_a_second(rest in "[.Z0-9a]{0,8}") {
        let digits = rest.strip_prefix('.').and_then(|rest| rest.strip_suffix('Z'));
        let digits = digits.filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        let expected = digits.map(|digits| format!("{digits}00")[..3].parse().unwrap());
        prop_assert_eq!(fraction_ms(rest.as_bytes()), if rest == "Z" { Some(0) } else { expected });
    }

    /// The time of day, byte by byte.
    #[test]
    fn a_time_is_three_pairs_of_digits(time in proptest::array::uniform8(prop_oneof![b'0'..=b'9', Just(b':'), any::<u8>()])) {
        let pair = |at: usize| -> Option<i64> {
            let (tens, ones) = (time[at], time[at + 1]);
            (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        };
        let expected = (time[2] == b':' && time[5] == b':')
            .then(|| Some((pair(0).filter(|h| *h < 24)?, pair(3).filter(|m| *m < 60)?, pair(6).filter(|s| *s < 60)?)))
            .flatten()
            .map(|(hour, minute, second)| (hour * 60 + minute) * 60 + second);
        prop_assert_eq!(seconds_of_time(time), expected);
    }

    /// Day after day, one by one.
    #[test]
    fn days_follow_each_other(day in -719_000_i64..2_900_000) {
        let (today, tomorrow) = (date_of(day), date_of(day + 1));
        let follows = (tomorrow.0, tomorrow.1, tomorrow.2) == (today.0, today.1, today.2 + 1)
            || tomorrow.2 == 1 && (tomorrow.0 * 12 + tomorrow.1) == (today.0 * 12 + today.1) + 1 && today.2 >= 28;
        prop_assert!(follows, "{:?} {:?}", today, tomorrow);
    }
}
