use proptest::prelude::*;

use super::*;

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

    /// Day after day, one by one.
    #[test]
    fn days_follow_each_other(day in -719_000_i64..2_900_000) {
        let (today, tomorrow) = (date_of(day), date_of(day + 1));
        let follows = (tomorrow.0, tomorrow.1, tomorrow.2) == (today.0, today.1, today.2 + 1)
            || tomorrow.2 == 1 && (tomorrow.0 * 12 + tomorrow.1) == (today.0 * 12 + today.1) + 1 && today.2 >= 28;
        prop_assert!(follows, "{:?} {:?}", today, tomorrow);
    }
}
