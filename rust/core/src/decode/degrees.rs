//! Exact conversion of degrees and metres: the only claims that may be fractional.
//!
//! In: an integer, a binary float or a decimal text. Out: degrees in units of 10^-7, rounded half to even; metres rounded up.
//! Rule: "uptime proof", section 1.1, location. Invariant: the exact value of the float or decimal is converted and compared
//! with the limits by integer arithmetic; nothing passes through a rounded float.

use core::cmp::Ordering;

/// The exact value of a number in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exact {
    /// `mantissa * 2^exponent`
    Binary {
        /// Below zero, or negative zero.
        is_negative: bool,
        /// At most 64 bits.
        mantissa: u64,
        /// Power of two.
        exponent: i32,
    },
    /// `0.d1d2d3... * 10^point`, without leading zeros; no digits are zero.
    Decimal {
        /// Below zero, or negative zero.
        is_negative: bool,
        /// Digits from 0 to 9; the first `count` are in use.
        digits: [u8; MAX_CHARACTERS],
        /// How many digits there are.
        count: usize,
        /// Place of the decimal point.
        point: i32,
    },
}

/// Most characters that a decimal number may have.
pub const MAX_CHARACTERS: usize = 64;

/// The exponent of a decimal number must be smaller than this, without its sign.
const MAX_EXPONENT: i32 = 400;

/// Places of the stored degrees.
const PLACES: i32 = 7;

/// A whole number and what was cut off, compared with one half.
struct Cut {
    whole: u128,
    has_rest: bool,
    rest_to_half: Ordering,
}

impl Exact {
    /// A CBOR integer from 0 on.
    pub const fn unsigned(value: u64) -> Self {
        Self::Binary { is_negative: false, mantissa: value, exponent: 0 }
    }

    /// The CBOR integer `-1 - n`; `None` for -2^64, which no quantity here allows.
    pub fn negative(n: u64) -> Option<Self> {
        n.checked_add(1).map(|mantissa| Self::Binary { is_negative: true, mantissa, exponent: 0 })
    }

    /// A binary float; `None` for NaN and infinity.
    pub fn float(value: f64) -> Option<Self> {
        const FRACTION: u64 = (1 << 52) - 1;
        let bits = value.to_bits();
        let biased = i32::try_from(bits >> 52 & 0x7ff).ok()?;
        let fraction = bits & FRACTION;
        let (mantissa, exponent) = match biased {
            0x7ff => return None,
            0 => (fraction, -1074),
            _ => (fraction | 1 << 52, biased - 1075),
        };
        Some(Self::Binary { is_negative: bits >> 63 == 1, mantissa, exponent })
    }

    /// A JSON number of at most 64 characters with an exponent below 400; `None` for any other.
    pub fn decimal(text: &str) -> Option<Self> {
        if text.len() > MAX_CHARACTERS {
            return None;
        }
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        if exponent.abs() >= MAX_EXPONENT {
            return None;
        }
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = [0; MAX_CHARACTERS];
        let mut count = 0;
        let mut point = i32::try_from(whole.len()).ok()? + exponent;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = char::from(byte).to_digit(10)?;
            if count == 0 && digit == 0 {
                point -= 1;
            } else {
                *digits.get_mut(count)? = u8::try_from(digit).ok()?;
                count += 1;
            }
        }
        Some(Self::Decimal { is_negative, digits, count, point })
    }

    fn is_negative(&self) -> bool {
        match self {
            Self::Binary { is_negative, .. } | Self::Decimal { is_negative, .. } => *is_negative,
        }
    }

    fn is_zero(&self) -> bool {
        match self {
            Self::Binary { mantissa, .. } => *mantissa == 0,
            Self::Decimal { count, .. } => *count == 0,
        }
    }

    /// The magnitude times `10^places`, cut; `None` from about 2^100 on, far above anything that is asked for.
    fn cut(&self, places: i32) -> Option<Cut> {
        match self {
            Self::Binary { mantissa, exponent, .. } => {
                let scaled = u128::from(*mantissa) * 10_u128.pow(places.unsigned_abs());
                Some(cut_binary(scaled, *exponent)?)
            }
            Self::Decimal { digits, count, point, .. } => {
                cut_decimal(digits.get(..*count)?, point.checked_add(places)?)
            }
        }
    }

    /// Degrees in units of 10^-7, rounded half to even; `None` beyond `limit` degrees either way.
    pub fn degrees_e7(&self, limit: u32) -> Option<i32> {
        let cut = self.cut(PLACES)?;
        let largest = u128::from(limit) * 10_u128.pow(PLACES.unsigned_abs());
        if cut.whole > largest || cut.whole == largest && cut.has_rest {
            return None;
        }
        let is_up = match cut.rest_to_half {
            Ordering::Less => false,
            Ordering::Equal => cut.whole % 2 == 1,
            Ordering::Greater => true,
        };
        let rounded = i32::try_from(cut.whole + u128::from(is_up)).ok()?;
        Some(if self.is_negative() { -rounded } else { rounded })
    }

    /// Whole metres, rounded up; `None` below zero. Beyond 64 bits the largest value stands for all.
    pub fn metres(&self) -> Option<u64> {
        if self.is_negative() && !self.is_zero() {
            return None;
        }
        let rounded = self.cut(0).map(|cut| cut.whole + u128::from(cut.has_rest));
        Some(rounded.and_then(|metres| u64::try_from(metres).ok()).unwrap_or(u64::MAX))
    }
}

/// `value * 2^exponent`, cut.
fn cut_binary(value: u128, exponent: i32) -> Option<Cut> {
    let exact = |whole| Cut { whole, has_rest: false, rest_to_half: Ordering::Less };
    if value == 0 {
        return Some(exact(0));
    }
    let shift = exponent.unsigned_abs();
    if exponent >= 0 {
        return (shift < value.leading_zeros()).then(|| exact(value << shift));
    }
    if shift >= u128::BITS {
        // The value has less than 100 bits, so it is below one half.
        return Some(Cut { whole: 0, has_rest: true, rest_to_half: Ordering::Less });
    }
    let whole = value >> shift;
    let rest = value & ((1 << shift) - 1);
    Some(Cut { whole, has_rest: rest != 0, rest_to_half: rest.cmp(&(1 << (shift - 1))) })
}

/// `0.d1d2d3... * 10^point`, cut; the first digit is not zero.
fn cut_decimal(digits: &[u8], point: i32) -> Option<Cut> {
    let kept = usize::try_from(point).unwrap_or(0);
    if kept > 30 && !digits.is_empty() {
        return None;
    }
    let mut whole: u128 = 0;
    for place in 0..kept.min(30) {
        whole = whole * 10 + u128::from(digits.get(place).copied().unwrap_or(0));
    }
    let rest = digits.get(kept..).unwrap_or_default();
    let has_rest = rest.iter().any(|digit| *digit != 0);
    let rest_to_half = match rest.split_first() {
        // With a point below zero the rest starts with zeros that are not written.
        Some((first, after)) if point >= 0 => first.cmp(&5).then(if after.iter().any(|digit| *digit != 0) {
            Ordering::Greater
        } else {
            Ordering::Equal
        }),
        _ => Ordering::Less,
    };
    Some(Cut { whole, has_rest, rest_to_half })
}

#[cfg(test)]
#[path = "degrees_tests.rs"]
mod tests;
