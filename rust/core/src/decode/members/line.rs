//! A JSON object in one line as a record.
//!
//! In: one line. Out: its members. Rule: this project's own format, described at [`Members`].
//! Invariant: text of bytes is strict (base64url without padding or trailing bits; hex with an even number of digits of
//! either case, `0x` before them or not).

use std::borrow::Cow;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use ruint::aliases::U256;

use super::{Members, digits, wide_digits};
use crate::decode::json::{self, Value};

/// How deep a line may nest; a record is flat or nearly so, but ignored members need not be.
const MAX_DEPTH: usize = 16;

/// Ends a line of which the reader of the file took the beginning alone: no JSON text holds this byte.
const CUT: u8 = 0;

/// How a network writes bytes as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteText {
    /// base64url without padding.
    Base64Url,
    /// Hex digits.
    Hex,
}

impl ByteText {
    fn decode(self, name: &str, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Base64Url => BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|error| {
                format!("{name}: expected base64url without padding, found another text ({error})")
            }),
            Self::Hex => HEXLOWER_PERMISSIVE
                .decode(text.strip_prefix("0x").unwrap_or(text).as_bytes())
                .map_err(|error| format!("{name}: expected hex digits, found another text ({error})")),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Base64Url => "base64url",
            Self::Hex => "hex digits",
        }
    }
}

/// The members of one JSON line.
pub struct Line<'a> {
    object: Value<'a>,
    bytes: ByteText,
}

impl<'a> Line<'a> {
    /// Reads the line.
    pub fn parse(line: &'a [u8], bytes: ByteText) -> Result<Self, String> {
        if line.ends_with(&[CUT]) {
            return Err(
                "expected a JSON object, found a line that ends in a zero byte, as one does that was cut \
                        because it is longer than any record"
                    .to_owned(),
            );
        }
        match json::parse(line, MAX_DEPTH) {
            Ok(object @ Value::Object(_)) => Ok(Self { object, bytes }),
            Ok(_) => Err("expected a JSON object, found another value".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn member(&self, name: &str) -> Option<&Value<'a>> {
        self.object.get(name).filter(|value| !matches!(value, Value::Null))
    }

    /// The record's id alone, for a record that cannot be read.
    pub fn id(&self) -> Option<&str> {
        self.member("id").and_then(Value::as_text)
    }

    fn decoded(&self, name: &str, value: &Value<'_>) -> Result<Vec<u8>, String> {
        let text = value
            .as_text()
            .ok_or_else(|| format!("{name}: expected {}, found no text", self.bytes.name()))?;
        self.bytes.decode(name, text)
    }

    fn each<T>(
        &self,
        name: &str,
        read: impl Fn(&Value<'a>) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, String> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::Array(values)) => values.iter().map(read).collect::<Result<_, _>>().map(Some),
            Some(_) => Err(format!("{name}: expected an array")),
        }
    }
}

/// Digits of a number, or of a text in its place.
fn written<'v>(value: &'v Value<'_>) -> &'v str {
    match value {
        Value::Number(text) => text,
        Value::Text(text) => text,
        _ => "",
    }
}

impl Members<'static> for Line<'_> {
    fn bytes(&self, name: &'static str) -> Result<Option<Cow<'static, [u8]>>, String> {
        self.member(name).map(|value| self.decoded(name, value).map(Cow::Owned)).transpose()
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, String> {
        self.member(name).map(|value| digits(name, written(value))).transpose()
    }

    fn integer(&self, name: &'static str) -> Result<Option<U256>, String> {
        self.member(name).map(|value| wide_digits(name, written(value))).transpose()
    }

    fn text(&self, name: &'static str) -> Result<Option<Cow<'static, str>>, String> {
        let Some(member) = self.member(name) else { return Ok(None) };
        let text = member.as_text().ok_or_else(|| format!("{name}: expected a text"))?;
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, String> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(format!("{name}: expected true or false")),
        }
    }

    fn all_bytes(&self, name: &'static str) -> Result<Option<Vec<Vec<u8>>>, String> {
        self.each(name, |value| self.decoded(name, value))
    }

    fn all_numbers(&self, name: &'static str) -> Result<Option<Vec<u64>>, String> {
        self.each(name, |value| digits(name, written(value)))
    }

    fn all_texts(&self, name: &'static str) -> Result<Option<Vec<Option<String>>>, String> {
        self.each(name, |value| match value {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.to_string())),
            _ => Err(format!("{name}: expected texts or null")),
        })
    }
}
