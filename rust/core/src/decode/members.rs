//! Members of a record of evidence, whether it is a JSON line or a row of columns.
//!
//! In: a [`Line`] or a [`Row`]. Out: typed members by name, or what was expected and found. Rule: each network names its
//! members; how they are written is the same for all and stands at [`Members`].
//! Invariant: a record says the same in both forms; a member that nobody asks for is ignored, and none is ever guessed.

mod columns;
mod line;

use std::borrow::Cow;

use ruint::aliases::U256;

pub use columns::{ColumnError, Columns, Kind, Row};
pub use line::{ByteText, Line};

use crate::hash::Hash;

/// Where a record's members come from. `None` means absent; an error says what was expected and found.
///
/// | member | in JSON | in columns |
/// | --- | --- | --- |
/// | bytes | text in the network's [`ByteText`] | binary |
/// | whole number | number, or text of digits | 64-bit integer |
/// | integer of up to 256 bits | number, or text of digits | 64-bit integer, or text of digits |
/// | text, truth value | the same | text, boolean |
/// | several of them | array | list |
pub trait Members<'a> {
    /// A byte string.
    fn bytes(&self, name: &'static str) -> Result<Option<Cow<'a, [u8]>>, String>;
    /// A whole number.
    fn number(&self, name: &'static str) -> Result<Option<u64>, String>;
    /// An integer of up to 256 bits.
    fn integer(&self, name: &'static str) -> Result<Option<U256>, String>;
    /// A text.
    fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, String>;
    /// A truth value.
    fn flag(&self, name: &'static str) -> Result<Option<bool>, String>;
    /// Byte strings.
    fn all_bytes(&self, name: &'static str) -> Result<Option<Vec<Vec<u8>>>, String>;
    /// Whole numbers.
    fn all_numbers(&self, name: &'static str) -> Result<Option<Vec<u64>>, String>;
    /// Texts, any of which may be null.
    fn all_texts(&self, name: &'static str) -> Result<Option<Vec<Option<String>>>, String>;

    /// Bytes of a fixed length.
    fn array<const N: usize>(&self, name: &'static str) -> Result<Option<[u8; N]>, String> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        <[u8; N]>::try_from(&*bytes)
            .map(Some)
            .map_err(|_| format!("{name}: expected {N} bytes, found {}", bytes.len()))
    }

    /// A hash.
    fn hash(&self, name: &'static str) -> Result<Option<Hash>, String> {
        self.array(name)
    }
}

/// A member that the record cannot do without.
pub fn required<T>(name: &str, member: Option<T>) -> Result<T, String> {
    member.ok_or_else(|| format!("{name}: expected, but absent"))
}

/// Whether a text is a number as JSON writes it: digits without a zero in front.
fn is_whole(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

fn digits(name: &str, text: &str) -> Result<u64, String> {
    let number = if is_whole(text) { text.parse().ok() } else { None };
    number.ok_or_else(|| format!("{name}: expected a whole number below 2^64"))
}

fn wide_digits(name: &str, text: &str) -> Result<U256, String> {
    // 2^256 has 78 digits; more of them are not looked at.
    let number = if text.len() <= 78 && is_whole(text) { U256::from_str_radix(text, 10).ok() } else { None };
    number.ok_or_else(|| format!("{name}: expected a whole number below 2^256"))
}

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
