//! Texts inside JSON: where they end, and what they stand for.
//!
//! In: bytes behind an opening quote, or a text whose escapes have been checked. Out: how far nothing special comes, or the
//! text's value. Rule: RFC 8259, section 7.
//! Invariant: a text without escapes is not copied.

use std::borrow::Cow;

/// A text as it stands between its quotes; its escapes have been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// What stands between the quotes.
    pub raw: &'a str,
    /// Where the first character after the quote stands.
    pub offset: usize,
    /// Whether there is an escape in it.
    pub is_escaped: bool,
}

impl<'a> Text<'a> {
    /// The text's value; copies only where there are escapes.
    #[inline]
    pub fn unescape(&self) -> Cow<'a, str> {
        if self.is_escaped {
            let mut out = String::with_capacity(self.raw.len());
            unescape_into(self.raw, &mut out);
            Cow::Owned(out)
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

/// How many bytes at the start of `text` are neither quotes nor backslashes nor control characters.
pub(super) fn plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    // Sets the highest bit of the first byte below `least`; only bytes behind it may be wrong, by what is borrowed.
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word & HIGHEST;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let mut length = 0;
    while let Some(bytes) = text.get(length..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*bytes);
        let other = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if other != 0 {
            return length + other.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = text.get(length..).unwrap_or_default();
    length + rest.iter().take_while(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\')).count()
}

/// The four hex digits at the start of `text`.
pub(super) fn hex4(text: &[u8]) -> Option<u32> {
    let digits = text.get(..4)?;
    digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + char::from(*byte).to_digit(16)?))
}

/// Appends the value of `raw`, whose escapes are known to be right.
fn unescape_into(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut used = 1;
        match escape.as_bytes().first() {
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'n') => out.push('\n'),
            Some(b'r') => out.push('\r'),
            Some(b't') => out.push('\t'),
            Some(b'u') => {
                let bytes = escape.as_bytes();
                let high = bytes.get(1..).and_then(hex4).unwrap_or(0);
                let mut code = high;
                used = 5;
                if (0xd800..0xdc00).contains(&high) {
                    let low = bytes.get(7..).and_then(hex4).unwrap_or(0xdc00);
                    code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    used = 11;
                }
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(char::from(*other)),
            None => used = 0,
        }
        rest = escape.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
}

#[cfg(test)]
#[path = "json_text_tests.rs"]
mod tests;
