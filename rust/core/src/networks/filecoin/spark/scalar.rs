//! Values of a measurement, as a stranger wrote them.
//!
//! In: JSON. Out: a [`Scalar`] for each value, and what it means as a text, a number, a flag or a value that is compared.
//! Rule: Filecoin, C1 and C5.
//! Invariant: values mean what they mean to the network's evaluator, which is written in JavaScript: numbers are doubles
//! however they are written, and a flag is whatever is neither 0 nor empty.

use std::borrow::Cow;

use crate::decode::json::{JsonError, Kind, Reader, Text};

/// A value as it stands in the JSON text; `null` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar<'a> {
    /// Its kind.
    pub kind: Kind,
    /// What stands there, of a text what stands between its quotes.
    pub written: &'a str,
    /// Whether there is an escape in it.
    pub is_escaped: bool,
}

/// A member; `None` stands for `null` too.
pub type Member<'a> = Option<Scalar<'a>>;

impl<'a> Scalar<'a> {
    /// Reads the next value.
    #[inline]
    pub(super) fn read(reader: &mut Reader<'a, '_>) -> Result<Member<'a>, JsonError> {
        match reader.text_here()? {
            Some(Text { raw, is_escaped }) => Ok(Some(Self { kind: Kind::Text, written: raw, is_escaped })),
            None => Self::read_any(reader),
        }
    }

    fn read_any(reader: &mut Reader<'a, '_>) -> Result<Member<'a>, JsonError> {
        let kind = reader.peek()?;
        let (written, is_escaped) = match kind {
            Kind::Null => return reader.null().map(|()| None),
            Kind::Bool => (if reader.bool()? { "true" } else { "false" }, false),
            Kind::Number => (reader.number()?, false),
            Kind::Text => reader.text().map(|text| (text.raw, text.is_escaped))?,
            Kind::Array | Kind::Object => (reader.written()?, false),
        };
        Ok(Some(Self { kind, written, is_escaped }))
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<Text<'a>> {
        (self.kind == Kind::Text).then_some(Text { raw: self.written, is_escaped: self.is_escaped })
    }

    /// What committees compare: a text's value, a number in one form, anything else as it stands.
    ///
    /// A text is equal to texts alone.
    pub fn meaning(&self) -> Cow<'a, str> {
        match self.kind {
            Kind::Text => Text { raw: self.written, is_escaped: self.is_escaped }.unescape(),
            Kind::Number => as_double(self.written),
            _ => self.written.into(),
        }
    }
}

/// What stands there, in words that hold nothing of it.
pub(super) fn found(member: Member<'_>) -> &'static str {
    match member {
        None => "none",
        Some(Scalar { kind: Kind::Text, .. }) => "another text",
        Some(Scalar { kind, .. }) => kind.name(),
    }
}

/// The text that a member is, if it is one.
pub(super) fn text(member: Member<'_>) -> Option<Text<'_>> {
    member?.text()
}

/// Digits up to which a whole number is a double, and its own one form.
const EXACT_DIGITS: usize = 15;

/// A number in the one form of the double that it is: without an exponent, `0` for `-0`.
fn as_double(number: &str) -> Cow<'_, str> {
    if number.len() <= EXACT_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.into();
    }
    number.parse().map_or(number.into(), |double: f64| (double + 0.0).to_string().into())
}

/// The whole number that a member is, or that its text writes.
pub(super) fn number(member: Member<'_>) -> Option<u64> {
    let member = member?;
    match member.kind {
        Kind::Number if member.written.len() > EXACT_DIGITS => whole(&as_double(member.written)),
        Kind::Number => whole(member.written).or_else(|| whole(&as_double(member.written))),
        Kind::Text => whole(&member.meaning()),
        _ => None,
    }
}

/// The number of these digits, if there is nothing else.
fn whole(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_u64, |sum, byte| {
        let digit = char::from(byte).to_digit(10)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })
}

/// Whether a flag is raised: by anything but nothing, `false`, 0 and the empty text.
pub(super) fn is_raised(member: Member<'_>) -> bool {
    let Some(Scalar { kind, written, .. }) = member else { return false };
    match kind {
        Kind::Bool => written == "true",
        Kind::Number => as_double(written) != "0",
        _ => !written.is_empty(),
    }
}
