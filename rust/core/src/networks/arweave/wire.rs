//! Records of evidence, as gateways give it.
//!
//! In: a JSON line, or a row of columns with the same names. Out: a [`Record`], or what was expected and found. Rule:
//! Arweave, A5 and its note on offsets over HTTP; this project's own format, described at [`Record`].
//! Invariant: base64url is strict (no padding, no trailing bits), numbers are whole and fit 64 bits; members that nobody
//! asks for are ignored.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;

use crate::decode::json::{self, Value};
use crate::hash::Hash;
use crate::merkle::arweave::Ruleset;

/// One storage proof.
///
/// | member | meaning |
/// | --- | --- |
/// | `data_path` | path from the data root to the chunk |
/// | `tx_path`, `tx_root`, `block_start`, `offset` | path from the block's root to the transaction; first byte of the block in the weave; the place asked for, counted from 1 as in `GET /chunk/{offset}` |
/// | `block_size` | optional beside `tx_path` |
/// | `data_root`, `data_size` | of the transaction; with `tx_path` optional statements that must agree with it |
/// | `relative_offset` | without `tx_path`: the place asked for, counted from 0 at the transaction's first byte |
/// | `tx_start`, `block_start` | without `tx_path`, optional: first byte of the transaction and of its block in the weave |
/// | `chunk`, `padded` | the chunk's bytes; whether they are padded with zeros to 256 KiB |
/// | `packing` | `unpacked` or absent; bytes of another packing cannot be checked and count as absent |
/// | `chunk_size`, `chunk_sha256` | of a chunk whose bytes are not in the record |
/// | `ruleset` | optional; without it the block's start decides, or the strict rulesets are tried |
/// | `id` | optional text; comes back in the verdict |
///
/// Byte members are base64url without padding in JSON, numbers may be texts of digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// How the caller calls it.
    pub id: Option<Cow<'a, str>>,
    /// Which transaction, and which byte of it.
    pub place: Place<'a>,
    /// Path from the data root to the chunk.
    pub data_path: Cow<'a, [u8]>,
    /// The chunk.
    pub chunk: Chunk<'a>,
    /// The ruleset, where the record names one.
    pub ruleset: Option<Ruleset>,
}

/// Where the chunk lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Proved from the block on.
    Block(TransactionPath<'a>),
    /// Taken from the record.
    Transaction(TransactionPlace),
}

/// A block and the path to one of its transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionPath<'a> {
    /// Weave offset, counted from 1.
    pub offset: u64,
    /// First byte of the block in the weave.
    pub block_start: u64,
    /// Bytes of the block; the largest number where the record does not say, since the root fixes them too.
    pub block_size: u64,
    /// The block's transaction root.
    pub root: Hash,
    /// Path to the transaction.
    pub path: Cow<'a, [u8]>,
    /// The data root that the record states.
    pub data_root: Option<Hash>,
    /// The size that the record states.
    pub data_size: Option<u64>,
}

/// A transaction that is taken as the record gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionPlace {
    /// Its data root.
    pub data_root: Hash,
    /// Bytes of its data.
    pub data_size: u64,
    /// Place in it, counted from 0.
    pub relative_offset: i64,
    /// Its first byte in the weave.
    pub weave_start: Option<u64>,
    /// First byte of its block in the weave.
    pub block_start: Option<u64>,
}

/// What the record holds of the chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Its bytes.
    Bytes(Cow<'a, [u8]>),
    /// Its bytes and zeros behind them.
    Padded(Cow<'a, [u8]>),
    /// At most what somebody else says about it.
    Absent {
        /// Its length.
        size: Option<u64>,
        /// Its hash.
        sha256: Option<Hash>,
    },
}

/// Where a record's members come from. `None` means absent; an error says what was expected and found.
pub trait Members<'a> {
    /// A byte string.
    fn bytes(&self, name: &'static str) -> Result<Option<Cow<'a, [u8]>>, String>;
    /// A whole number.
    fn number(&self, name: &'static str) -> Result<Option<u64>, String>;
    /// A text.
    fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, String>;
    /// A truth value.
    fn flag(&self, name: &'static str) -> Result<Option<bool>, String>;

    /// A hash.
    fn hash(&self, name: &'static str) -> Result<Option<Hash>, String> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        Hash::try_from(&*bytes)
            .map(Some)
            .map_err(|_| format!("{name}: expected 32 bytes, found {}", bytes.len()))
    }
}

fn required<T>(name: &str, member: Option<T>) -> Result<T, String> {
    member.ok_or_else(|| format!("{name}: expected, but absent"))
}

impl<'a> Record<'a> {
    /// Reads a record from its members.
    pub fn read(members: &impl Members<'a>) -> Result<Self, String> {
        let place = match members.bytes("tx_path")? {
            Some(path) => Place::Block(TransactionPath {
                offset: required("offset", members.number("offset")?)?,
                block_start: required("block_start", members.number("block_start")?)?,
                block_size: members.number("block_size")?.unwrap_or(u64::MAX),
                root: required("tx_root", members.hash("tx_root")?)?,
                path,
                data_root: members.hash("data_root")?,
                data_size: members.number("data_size")?,
            }),
            None => Place::Transaction(TransactionPlace {
                data_root: required("data_root", members.hash("data_root")?)?,
                data_size: required("data_size", members.number("data_size")?)?,
                relative_offset: i64::try_from(required(
                    "relative_offset",
                    members.number("relative_offset")?,
                )?)
                .map_err(|_| "relative_offset: expected less than 2^63".to_owned())?,
                weave_start: members.number("tx_start")?,
                block_start: members.number("block_start")?,
            }),
        };
        let ruleset = members.text("ruleset")?;
        Ok(Self {
            id: members.text("id")?,
            place,
            data_path: required("data_path", members.bytes("data_path")?)?,
            chunk: read_chunk(members)?,
            ruleset: ruleset
                .map(|name| {
                    Ruleset::from_name(&name).ok_or_else(|| {
                        let known = Ruleset::ALL.map(Ruleset::name).join(", ");
                        format!("ruleset: expected one of {known}, found {name:?}")
                    })
                })
                .transpose()?,
        })
    }
}

fn read_chunk<'a>(members: &impl Members<'a>) -> Result<Chunk<'a>, String> {
    let is_unpacked = members.text("packing")?.is_none_or(|packing| packing == "unpacked");
    let is_padded = members.flag("padded")?.unwrap_or(false);
    let absent = Chunk::Absent { size: members.number("chunk_size")?, sha256: members.hash("chunk_sha256")? };
    Ok(match members.bytes("chunk")?.filter(|_| is_unpacked) {
        None => absent,
        Some(bytes) if is_padded => Chunk::Padded(bytes),
        Some(bytes) => Chunk::Bytes(bytes),
    })
}

/// How deep a line may nest; a record is flat, but ignored members need not be.
const MAX_DEPTH: usize = 16;

/// The members of one JSON line.
pub struct Line<'a>(Value<'a>);

impl<'a> Line<'a> {
    /// Reads the line.
    pub fn parse(line: &'a [u8]) -> Result<Self, String> {
        match json::parse(line, MAX_DEPTH) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(_) => Err("expected a JSON object, found another value".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn member(&self, name: &str) -> Option<&Value<'a>> {
        self.0.get(name).filter(|value| !matches!(value, Value::Null))
    }

    /// The record's id alone, for a record that cannot be read.
    pub fn id(&self) -> Option<&str> {
        self.member("id").and_then(Value::as_text)
    }
}

impl Members<'static> for Line<'_> {
    fn bytes(&self, name: &'static str) -> Result<Option<Cow<'static, [u8]>>, String> {
        let Some(member) = self.member(name) else { return Ok(None) };
        let text = member.as_text().ok_or_else(|| format!("{name}: expected base64url, found no text"))?;
        BASE64URL_NOPAD.decode(text.as_bytes()).map(|bytes| Some(Cow::Owned(bytes))).map_err(|error| {
            format!("{name}: expected base64url without padding, found another text ({error})")
        })
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, String> {
        let text = match self.member(name) {
            None => return Ok(None),
            Some(Value::Number(text)) => text,
            Some(Value::Text(text)) => &**text,
            Some(_) => "",
        };
        let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if is_whole { text.parse().ok() } else { None };
        number.map(Some).ok_or_else(|| format!("{name}: expected a whole number below 2^64"))
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
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
