//! Moments of measurements: ISO 8601 in UTC.
//!
//! In: text, or milliseconds since 1970. Out: milliseconds, or the one text that is hashed. Rule: Filecoin, C1 and C4.
//! Invariant: only days that exist are read, years 0000 to 9999; digits below a millisecond are cut off; what is written
//! reads back as the same moment.

const DAY_MS: i64 = 86_400_000;
/// Days from 0000-03-01, where the count below begins, to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// Length of a written moment.
pub const WRITTEN: usize = 24;

/// Reads `YYYY-MM-DDTHH:MM:SSZ` with any number of digits after a point behind the seconds.
pub fn parse(text: &str) -> Option<i64> {
    let (seconds, rest) = text.as_bytes().split_at_checked(19)?;
    let number = |from: usize, to: usize| -> Option<i64> {
        seconds
            .get(from..to)?
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let is_apart = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
        .iter()
        .all(|(at, byte)| seconds.get(*at) == Some(byte));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !is_apart || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let time = ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms(rest)?;
    Some(days_of(year, month, day) * DAY_MS + time)
}

/// Days of a month of the Gregorian calendar.
const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The milliseconds of `.123Z` or `Z`.
fn fraction_ms(rest: &[u8]) -> Option<i64> {
    let rest = rest.strip_suffix(b"Z")?;
    let Some(digits) = rest.strip_prefix(b".") else { return rest.is_empty().then_some(0) };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().chain(b"00").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ`; `None` for a year beyond 0000 to 9999.
pub fn write(moment: i64) -> Option<[u8; WRITTEN]> {
    let (year, month, day) = date_of(moment.div_euclid(DAY_MS));
    if !(0..=9999).contains(&year) {
        return None;
    }
    let ms = moment.rem_euclid(DAY_MS);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |from: usize, to: usize, mut number: i64| {
        for place in text[from..to].iter_mut().rev() {
            *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
    };
    put(0, 4, year);
    put(5, 7, month);
    put(8, 10, day);
    put(11, 13, ms / 3_600_000);
    put(14, 16, ms / 60_000 % 60);
    put(17, 19, ms / 1000 % 60);
    put(20, 23, ms % 1000);
    Some(text)
}

/// Days since 1970 of a date of the Gregorian calendar.
///
/// Years are counted from March, so that the day of a leap year comes last; 153 days are five of its months.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - DAYS_TO_1970
}

/// The date of a day since 1970.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
#[path = "moment_tests.rs"]
mod tests;
