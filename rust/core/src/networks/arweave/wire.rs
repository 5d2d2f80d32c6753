//! Records of evidence, as gateways give it.
//!
//! In: a JSON line, or a row of columns with the same names. Out: a [`Record`], or what was expected and found. Rule:
//! Arweave, A5 and its note on offsets over HTTP; this project's own format, described at [`Record`].
//! Invariant: what a record states beside its paths is kept apart from what they prove.

use std::borrow::Cow;

use crate::decode::members::{Kind, Members, required};
use crate::hash::Hash;
use crate::merkle::arweave::Ruleset;

/// Columns that a record may have.
pub const MEMBERS: &[(Kind, &[&str])] = &[
    (Kind::Bytes, &["data_path", "tx_path", "tx_root", "data_root", "chunk", "chunk_sha256"]),
    (
        Kind::Number,
        &["offset", "block_start", "block_size", "data_size", "relative_offset", "tx_start", "chunk_size"],
    ),
    (Kind::Text, &["id", "packing", "ruleset"]),
    (Kind::Flag, &["padded"]),
];

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

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
