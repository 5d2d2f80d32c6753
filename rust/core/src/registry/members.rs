//! The members of an event, taken one by one with their types.
//!
//! In: a JSON object. Out: typed values, or a fault that names the member, what was expected and what stands there. Rule:
//! "uptime proof", section 9.2: exactly the members of the type, absent values `null`, bytes in lower-case hex.
//! Invariant: a member that nobody asked for is found before the event is used.

use std::borrow::Cow;
use std::fmt;

use ruint::aliases::U256;

use super::keys::{PublicKey, parse_did_key};
use super::payee::Payee;
use crate::canonical::MAX_INTEGER;
use crate::decode::json::{Value, integer};
use crate::hash::Hash;

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct EventFault {
    /// The sentence.
    pub what: String,
    /// What usually causes this.
    pub hint: Option<&'static str>,
}

impl fmt::Display for EventFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl EventFault {
    /// A fault without a hint.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// The fault with a hint.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

/// How a value is shown in a message.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Number(text) => text.chars().take(30).collect(),
        Value::Text(text) if text.chars().count() <= 40 => format!("{text:?}"),
        Value::Text(text) => format!("a text of {} bytes", text.len()),
        other => other.kind().name().to_owned(),
    }
}

fn mismatch(name: &str, expected: &str, value: &Value<'_>) -> EventFault {
    EventFault::new(format!("{name}: expected {expected}, found {}", shown(value)))
}

/// The bytes that lower-case hex writes.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()
}

/// An object whose members are taken one by one.
pub struct Members<'v, 'a> {
    all: &'v [(Cow<'a, str>, Value<'a>)],
    taken: usize,
}

type Taken<T> = Result<T, EventFault>;

impl<'v, 'a> Members<'v, 'a> {
    pub fn new(all: &'v [(Cow<'a, str>, Value<'a>)]) -> Self {
        Self { all, taken: 0 }
    }

    /// The value of a member, which is then known.
    pub fn value(&mut self, name: &str) -> Taken<&'v Value<'a>> {
        self.taken += 1;
        self.all.iter().find(|(own, _)| own == name).map(|(_, value)| value).ok_or_else(|| {
            EventFault::new(format!("{name}: expected this member, found none"))
                .hint("absent values are written as null, never left out")
        })
    }

    /// Every member was asked for. `known` are the names that were.
    pub fn finish(self, known: &[&str]) -> Taken<()> {
        if self.taken == self.all.len() {
            return Ok(());
        }
        let unknown = self.all.iter().find(|(name, _)| !known.contains(&name.as_ref()));
        let name = unknown.map_or("?", |(name, _)| name.as_ref());
        Err(EventFault::new(format!("{name:?}: expected no such member in an event of this type")))
    }

    fn typed<T>(&mut self, name: &str, expected: &str, read: impl Fn(&Value<'a>) -> Option<T>) -> Taken<T> {
        let value = self.value(name)?;
        read(value).ok_or_else(|| mismatch(name, expected, value))
    }

    fn optional<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&Value<'a>) -> Option<T>,
    ) -> Taken<Option<T>> {
        match self.value(name)? {
            Value::Null => Ok(None),
            value => read(value).map(Some).ok_or_else(|| mismatch(name, expected, value)),
        }
    }

    pub fn count(&mut self, name: &str) -> Taken<i64> {
        self.typed(name, "an integer from 0 to 2^53-1", |value| in_range(value, 0, MAX_INTEGER))
    }

    pub fn optional_integer(&mut self, name: &str, least: i64, most: i64) -> Taken<Option<i64>> {
        let expected = format!("an integer from {least} to {most}, or null");
        self.optional(name, &expected, |value| in_range(value, least, most))
    }

    pub fn hash(&mut self, name: &str) -> Taken<Hash> {
        self.typed(name, "32 bytes in lower-case hex", |value| hex(value.as_text()?)?.try_into().ok())
    }

    pub fn id(&mut self, name: &str) -> Taken<Vec<u8>> {
        self.typed(name, ID, |value| bytes_up_to(value, 255))
    }

    pub fn optional_id(&mut self, name: &str) -> Taken<Option<Vec<u8>>> {
        self.optional(name, ID, |value| bytes_up_to(value, 255))
    }

    pub fn kid(&mut self, name: &str) -> Taken<Vec<u8>> {
        self.typed(name, KID, |value| bytes_up_to(value, 64))
    }

    pub fn optional_kid(&mut self, name: &str) -> Taken<Option<Vec<u8>>> {
        self.optional(name, KID, |value| bytes_up_to(value, 64))
    }

    /// Bytes of any length, the claims `hwmodel` and `oemid`.
    pub fn optional_claim(&mut self, name: &str) -> Taken<Option<Vec<u8>>> {
        self.optional(name, "bytes in lower-case hex, or null", |value| hex(value.as_text()?))
    }

    pub fn key(&mut self, name: &str) -> Taken<PublicKey> {
        self.typed(name, "a did:key of ed25519, P-256 or secp256k1", |value| signing_key(value.as_text()?))
    }

    pub fn owner(&mut self, name: &str) -> Taken<String> {
        self.typed(name, OWNER, owner)
    }

    pub fn optional_owner(&mut self, name: &str) -> Taken<Option<String>> {
        self.optional(name, OWNER, owner)
    }

    pub fn payee(&mut self, name: &str) -> Taken<Option<Payee>> {
        self.optional(name, "0x and 40 or 64 hex digits, or null", |value| Payee::from_text(value.as_text()?))
    }

    pub fn cell(&mut self, name: &str) -> Taken<Option<u64>> {
        self.optional(name, "15 or 16 hex digits of an H3 index, or null", |value| {
            let text = value.as_text().filter(|text| matches!(text.len(), 15 | 16))?;
            let is_lower_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_lower_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
        })
    }

    pub fn amount(&mut self, name: &str) -> Taken<U256> {
        self.typed(name, "a decimal string below 2^256", |value| decimal(value.as_text()?))
    }

    pub fn optional_text(&mut self, name: &str) -> Taken<Option<String>> {
        self.optional(name, "a text or null", |value| value.as_text().map(str::to_owned))
    }

    /// A value that enters no formula: a decimal string, an integer, a text or null.
    pub fn information(&mut self, name: &str) -> Taken<()> {
        self.optional(name, "a text, an integer or null", |value| {
            (value.as_text().is_some() || value.as_i64().is_some()).then_some(())
        })
        .map(drop)
    }

    /// An array of certificates, which no settlement looks into.
    pub fn chain(&mut self, name: &str) -> Taken<()> {
        self.typed(name, "an array of base64 texts", |value| {
            let Value::Array(certificates) = value else { return None };
            let is_base64 = |certificate: &Value<'_>| {
                let text = certificate.as_text();
                let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
                text.is_some_and(|text| text.bytes().all(is_base64))
            };
            certificates.iter().all(is_base64).then_some(())
        })
    }
}

const ID: &str = "an id: 1 to 255 bytes in lower-case hex";
const KID: &str = "a kid: 1 to 64 bytes in lower-case hex";
const OWNER: &str =
    "a text of 1 to 128 bytes; if it begins with did:key:, one of ed25519, P-256 or secp256k1";

fn in_range(value: &Value<'_>, least: i64, most: i64) -> Option<i64> {
    match value {
        Value::Number(text) => integer(text).filter(|number| (least..=most).contains(number)),
        _ => None,
    }
}

fn bytes_up_to(value: &Value<'_>, most: usize) -> Option<Vec<u8>> {
    hex(value.as_text()?).filter(|bytes| (1..=most).contains(&bytes.len()))
}

fn owner(value: &Value<'_>) -> Option<String> {
    let text = value.as_text().filter(|text| (1..=128).contains(&text.len()))?;
    (!text.starts_with("did:key:") || signing_key(text).is_some()).then(|| text.to_owned())
}

/// A did:key that can sign events.
pub fn signing_key(text: &str) -> Option<PublicKey> {
    parse_did_key(text).ok().filter(|key| key.scheme().is_some())
}

fn decimal(text: &str) -> Option<U256> {
    let is_canonical = text == "0" || !text.starts_with('0') && !text.is_empty();
    let is_digits = text.len() <= 78 && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_canonical && is_digits).then(|| U256::from_str_radix(text, 10).ok()).flatten()
}
