//! The words of a verdict about an Arweave storage proof.
//!
//! In: nothing. Out: the network's codes for the catalogue. Rule: Arweave, A4, A5 and C.
//! Invariant: the number of a failed check is its bit in the masks of a verdict.

use super::rules::{
    CHUNK_HASH_MISMATCH, CHUNK_LENGTH_MISMATCH, DATA_PATH_INVALID, LEAF_SIZE_INVALID, MALFORMED,
    PADDING_NOT_ZERO, REDUNDANT_MARKER, RULESET_VIOLATED, TX_MISMATCH, TX_PATH_INVALID,
};
use crate::verdict::{Entry, NONE, PATHS_VALID, VALID, code};

const ARWEAVE: &str = "arweave";

/// Every code of the network, ascending by number.
pub const CODES: &[Entry] = &[
    code(
        ARWEAVE,
        MALFORMED,
        "MALFORMED",
        "The record could not be read as a storage proof.",
        "detail: the member and what was expected",
    ),
    code(
        ARWEAVE,
        TX_PATH_INVALID,
        "TX_PATH_INVALID",
        "The path from the block's transaction root does not lead to a transaction.",
        "detail: place in the block, byte of the path",
    ),
    code(
        ARWEAVE,
        TX_MISMATCH,
        "TX_MISMATCH",
        "The path leads to another transaction than the record names.",
        "detail: data root or size stated and proved",
    ),
    code(
        ARWEAVE,
        DATA_PATH_INVALID,
        "DATA_PATH_INVALID",
        "The path from the transaction's data root does not lead to a chunk.",
        "detail: place in the transaction, ruleset, byte of the path",
    ),
    code(
        ARWEAVE,
        RULESET_VIOLATED,
        "RULESET_VIOLATED",
        "The proved chunk begins or ends where the rules of its time do not allow it.",
        "detail: chunk range, ruleset",
    ),
    code(
        ARWEAVE,
        LEAF_SIZE_INVALID,
        "LEAF_SIZE_INVALID",
        "The proved chunk has no positive length.",
        "detail: chunk range",
    ),
    code(
        ARWEAVE,
        REDUNDANT_MARKER,
        "REDUNDANT_MARKER",
        "The path carries rebase markers that it does not need.",
        NONE,
    ),
    code(
        ARWEAVE,
        CHUNK_LENGTH_MISMATCH,
        "CHUNK_LENGTH_MISMATCH",
        "The chunk is longer or shorter than the range that was proved.",
        "detail: length found, length proved",
    ),
    code(
        ARWEAVE,
        PADDING_NOT_ZERO,
        "PADDING_NOT_ZERO",
        "The chunk's padding is not zero.",
        "detail: first non-zero byte",
    ),
    code(
        ARWEAVE,
        CHUNK_HASH_MISMATCH,
        "CHUNK_HASH_MISMATCH",
        "The chunk's bytes are not the ones that were stored.",
        "detail: hash found, hash proved",
    ),
    code(
        ARWEAVE,
        VALID,
        "VALID",
        "The storage proof passed every check.",
        "detail: chunk range; data_root, ranges and ruleset in their columns",
    ),
    code(
        ARWEAVE,
        PATHS_VALID,
        "PATHS_VALID",
        "The paths are right, but no unpacked chunk was shown, so storage is not proved.",
        "detail: chunk range",
    ),
];
