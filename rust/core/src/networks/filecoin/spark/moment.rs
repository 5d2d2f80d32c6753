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

/// Reads and writes moments, most of which are of the same day as the one before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    /// `YYYY-MM-DD` of the last day, and how many days after 1970 it is.
    last: Option<(Date, i64)>,
}

type Date = [u8; 10];
/// Length of `THH:MM:SS`.
const TIME: usize = 9;

impl Moments {
    /// Reads `YYYY-MM-DDTHH:MM:SSZ` with any number of digits after a point behind the seconds.
    pub fn parse(&mut self, text: &str) -> Option<i64> {
        let (date, rest) = text.as_bytes().split_first_chunk()?;
        let (time, rest) = rest.split_first_chunk::<TIME>()?;
        let days = match self.last {
            Some((last, days)) if last == *date => days,
            _ => self.last.insert((*date, days_of_date(*date)?)).1,
        };
        let [b'T', time @ ..] = *time else { return None };
        Some(days * DAY_MS + seconds_of_time(time)? * 1000 + fraction_ms(rest)?)
    }

    /// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ`; `None` for a year beyond 0000 to 9999.
    pub fn write(&mut self, moment: i64) -> Option<[u8; WRITTEN]> {
        let day = moment.div_euclid(DAY_MS);
        let date = match self.last {
            Some((date, days)) if days == day => date,
            _ => self.last.insert((written_date(day)?, day)).0,
        };
        let ms = u32::try_from(moment.rem_euclid(DAY_MS)).ok()?;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let (start, rest) = text.split_first_chunk_mut()?;
        *start = date;
        put(&mut rest[1..3], ms / 3_600_000);
        put(&mut rest[4..6], ms / 60_000 % 60);
        put(&mut rest[7..9], ms / 1000 % 60);
        put(&mut rest[10..13], ms % 1000);
        Some(text)
    }
}

/// `YYYY-MM-DD` of a day since 1970; `None` for a year beyond 0000 to 9999.
fn written_date(days: i64) -> Option<Date> {
    let (year, month, day) = date_of(days);
    let mut date = *b"0000-00-00";
    put(&mut date[..4], u32::try_from(year).ok().filter(|year| *year <= 9999)?);
    put(&mut date[5..7], u32::try_from(month).ok()?);
    put(&mut date[8..], u32::try_from(day).ok()?);
    Some(date)
}

/// Writes a number with leading zeros.
fn put(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// Days from 1970 to `YYYY-MM-DD`.
fn days_of_date(date: Date) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let (year, month, day) = (number([y1, y2, y3, y4])?, number([m1, m2])?, number([d1, d2])?);
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    exists.then(|| days_of(year, month, day))
}

/// Seconds of `HH:MM:SS`, whose bytes are looked at together.
fn seconds_of_time(time: [u8; 8]) -> Option<i64> {
    let bytes = u64::from_le_bytes(time) ^ u64::from_le_bytes(*b"00:00:00");
    // A byte above 9 has its high half set, or gets it by adding 6.
    let beyond_digits = (bytes | bytes.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0;
    let colons = bytes & 0x0000_ff00_00ff_0000;
    // Each tens' byte becomes its number of two digits.
    let [hour, _, _, minute, _, _, second, _] =
        (bytes.wrapping_mul(10).wrapping_add(bytes >> 8)).to_le_bytes();
    let exists = beyond_digits == 0 && colons == 0 && hour < 24 && minute < 60 && second < 60;
    exists.then_some((i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second))
}

fn number<const DIGITS: usize>(digits: [u8; DIGITS]) -> Option<i64> {
    digits
        .into_iter()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
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
    match rest {
        [b'Z'] => Some(0),
        [b'.', one, b'Z'] => number([*one, b'0', b'0']),
        [b'.', one, two, b'Z'] => number([*one, *two, b'0']),
        [b'.', one, two, three, below @ .., b'Z'] if below.iter().all(u8::is_ascii_digit) => {
            number([*one, *two, *three])
        }
        _ => None,
    }
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
