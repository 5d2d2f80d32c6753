use proptest::prelude::*;
use ruint::Uint;

use super::*;

type Wide = Uint<4096, 64>;

fn decimal(text: &str) -> Option<i32> {
    Exact::decimal(text).unwrap_or_else(|| panic!("{text}")).degrees_e7(90)
}

fn float(value: f64) -> Option<i32> {
    Exact::float(value).unwrap().degrees_e7(90)
}

#[test]
fn decimals_round_half_to_even() {
    for (text, expected) in [
        ("48.5", 485_000_000),
        ("-48.5", -485_000_000),
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("0e399", 0),
        ("1e1", 100_000_000),
        ("1E+1", 100_000_000),
        ("0.00000005", 0),
        ("0.00000015", 2),
        ("0.00000025", 2),
        ("0.000000050000000000000000000000000000000000000001", 1),
        ("-0.00000015", -2),
        ("0.00000004999999999999999999", 0),
        ("0.000000005", 0),
        ("5e-8", 0),
        ("15e-8", 2),
        ("5000000001e-17", 1),
        ("1e-399", 0),
        ("90", 900_000_000),
        ("90.0000000", 900_000_000),
        ("9000e-2", 900_000_000),
        ("89.99999995", 900_000_000),
        ("-90", -900_000_000),
        ("0.0000000009e10", 90_000_000),
        ("900000000000000000000000e-22", 900_000_000),
    ] {
        assert_eq!(decimal(text), Some(expected), "{text}");
    }
    for text in [
        "90.00000000000000000000000001",
        "-90.00000001",
        "91",
        "1e2",
        "1e399",
        "9000000000000000000000000000000000000000",
    ] {
        assert_eq!(decimal(text), None, "{text}");
    }
}

#[test]
fn decimals_have_at_most_64_characters_and_small_exponents() {
    let digits = "0.".to_owned() + &"1".repeat(62);
    assert!(Exact::decimal(&digits).is_some());
    assert!(Exact::decimal(&(digits + "1")).is_none());
    for (text, is_read) in [
        ("1e399", true),
        ("1e-399", true),
        ("1e400", false),
        ("1e-400", false),
        ("1e0000000399", true),
        ("1e99999999999", false),
    ] {
        assert_eq!(Exact::decimal(text).is_some(), is_read, "{text}");
    }
}

#[test]
fn floats_are_taken_at_their_exact_value() {
    assert_eq!(float(48.5), Some(485_000_000));
    assert_eq!(float(-0.0), Some(0));
    assert_eq!(float(90.0), Some(900_000_000));
    assert_eq!(float(90.0_f64.next_up()), None);
    assert_eq!(float(90.0_f64.next_down()), Some(900_000_000));
    assert_eq!(float(f64::MIN_POSITIVE), Some(0));
    assert_eq!(float(f64::from_bits(1)), Some(0));
    assert_eq!(float(f64::MAX), None);
    assert_eq!(float(f64::from_bits(0x4000_0000_0000_0000)), Some(20_000_000));
    // 2^-8 degrees are 39062.5 units: the tie goes to the even one. Odd multiples of it are ties, too.
    assert_eq!(float(2_f64.powi(-8)), Some(39_062));
    assert_eq!(float(3.0 * 2_f64.powi(-8)), Some(117_188));
    assert_eq!(Exact::float(f64::NAN), None);
    assert_eq!(Exact::float(f64::NEG_INFINITY), None);
}

#[test]
fn integers_are_degrees() {
    assert_eq!(Exact::unsigned(90).degrees_e7(90), Some(900_000_000));
    assert_eq!(Exact::unsigned(91).degrees_e7(90), None);
    assert_eq!(Exact::unsigned(u64::MAX).degrees_e7(180), None);
    assert_eq!(Exact::negative(179).unwrap().degrees_e7(180), Some(-1_800_000_000));
    assert_eq!(Exact::negative(180).unwrap().degrees_e7(180), None);
    assert_eq!(Exact::negative(u64::MAX), None);
}

#[test]
fn metres_are_rounded_up() {
    let metres = |text| Exact::decimal(text).unwrap().metres();
    for (text, expected) in [
        ("0", 0),
        ("-0", 0),
        ("-0.000", 0),
        ("0.0000001", 1),
        ("1e-399", 1),
        ("12", 12),
        ("12.0", 12),
        ("12.01", 13),
        ("1e3", 1000),
        ("1e399", u64::MAX),
        ("18446744073709551615", u64::MAX),
        ("18446744073709551614.5", u64::MAX),
    ] {
        assert_eq!(metres(text), Some(expected), "{text}");
    }
    assert_eq!(metres("-0.1"), None);
    assert_eq!(metres("-1e-399"), None);
    for (value, expected) in
        [(0.0, 0), (-0.0, 0), (f64::from_bits(1), 1), (12.5, 13), (1e300, u64::MAX), (1_048_576.0, 1_048_576)]
    {
        assert_eq!(Exact::float(value).unwrap().metres(), Some(expected), "{value}");
    }
    assert_eq!(Exact::float(-1e-300).unwrap().metres(), None);
    assert_eq!(Exact::unsigned(u64::MAX).metres(), Some(u64::MAX));
    assert_eq!(Exact::negative(0).unwrap().metres(), None);
}

/// `n / d` rounded half to even, by division of wide integers.
fn half_even(n: &Wide, d: &Wide) -> u64 {
    let (quotient, rest) = n.div_rem(*d);
    let twice = rest * Wide::from(2);
    let is_up = twice > *d || twice == *d && quotient.bit(0);
    (quotient + Wide::from(u64::from(is_up))).to::<u64>()
}

proptest! {
    #[test]
    fn floats_agree_with_wide_division(value in -180.0_f64..180.0, single in -180.0_f32..180.0, ulps in 0..64_u64) {
        for value in [value, f64::from_bits((value * 256.0).round().to_bits() + ulps) / 256.0, f64::from(single)] {
            // value = fraction * 2^-1074 with an integer fraction; all of it fits 4096 bits.
            let bits = value.abs().to_bits();
            let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
            let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
            let n = Wide::from(mantissa) << usize::try_from(exponent.max(1) - 1).unwrap();
            let expected = i64::try_from(half_even(&(n * Wide::from(10_000_000)), &(Wide::from(1) << 1074))).unwrap();
            let expected = if value < 0.0 { -expected } else { expected };
            let found = Exact::float(value).unwrap().degrees_e7(180);
            prop_assert_eq!(found.map(i64::from), (value.abs() <= 180.0).then_some(expected));
        }
    }

    #[test]
    fn decimals_agree_with_wide_division(whole in 0..400_u64, fraction in "[0-9]{1,30}", tie in "(0|5|50|49|51)", exponent in -30..5_i32, is_negative: bool) {
        let sign = if is_negative { "-" } else { "" };
        for text in [format!("{sign}{whole}.{fraction}e{exponent}"), format!("{sign}{whole}.{}{tie}", &fraction[..fraction.len().min(7)])] {
            let (mantissa, exponent) = text.trim_start_matches('-').split_once('e').map_or((text.trim_start_matches('-'), 0), |(m, e)| (m, e.parse().unwrap()));
            let (integer, decimals) = mantissa.split_once('.').unwrap();
            let power = exponent + 7 - i32::try_from(decimals.len()).unwrap();
            let digits: Wide = format!("{integer}{decimals}").parse().unwrap();
            let ten = |power: i32| Wide::from(10).pow(Wide::from(power.unsigned_abs()));
            let (n, d) = if power < 0 { (digits, ten(power)) } else { (digits * ten(power), Wide::from(1)) };
            let is_inside = n <= d * Wide::from(1_800_000_000_u64);
            let expected = is_inside.then(|| i64::try_from(half_even(&n, &d)).unwrap()).map(|size| if is_negative { -size } else { size });
            let found = Exact::decimal(&text).unwrap().degrees_e7(180);
            prop_assert_eq!(found.map(i64::from), expected, "{}", text);
        }
    }
}
