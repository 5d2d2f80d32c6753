//! Texts inside JSON: where they end, and what they stand for.
//!
//! In: bytes behind an opening quote, or a text whose escapes have been checked. Out: how far nothing special comes, or the
//! text's value. Rule: RFC 8259, section 7.
//! Invariant: a text without escapes is not copied.

use std::borrow::Cow;

/// A text as it stands between its quotes; its escapes have been checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text<'a> {
    /// What stands between the quotes.
    pub raw: &'a str,
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

/// Whether this byte is a quote, a backslash or a control character.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch, many bytes are looked at together")]
#[inline]
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// How many bytes at the start of `text` are neither quotes nor backslashes nor control characters.
#[inline]
pub(super) fn plain(text: &[u8]) -> usize {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (place, block) in blocks.iter().enumerate() {
        // Compiles to a few instructions for all of these bytes together; `map` in its place would be a call.
        let mut special = [0; BLOCK];
        for (mark, byte) in special.iter_mut().zip(block) {
            *mark = if is_special(*byte) { u8::MAX } else { 0 };
        }
        if special.iter().fold(0, |any, mark| any | mark) != 0 {
            return place * BLOCK + u128::from_le_bytes(special).trailing_zeros() as usize / 8;
        }
    }
    blocks.len() * BLOCK + rest.iter().take_while(|byte| !is_special(**byte)).count()
}

/// Bytes that are looked at together.
const BLOCK: usize = 16;

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
