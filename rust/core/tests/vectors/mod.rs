//! The folder of public vectors, for the conformance tests.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::path::PathBuf;

use serde_json::Value;

/// The folder named by `DEPINVERIFY_VECTORS`, by default the one beside the project.
pub fn folder() -> PathBuf {
    std::env::var_os("DEPINVERIFY_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    )
}

/// A file of vectors, or `None` with the reason on stderr where it is absent.
pub fn load(path: &str) -> Option<Value> {
    let full = folder().join(path);
    match std::fs::read(&full) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("vectors are JSON")),
        Err(error) => {
            eprintln!("skipped: no vectors at {}: {error}", full.display());
            None
        }
    }
}

/// Bytes of a hex member.
pub fn hex(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text(value).as_bytes()).expect("hex")
}

/// Bytes of a hex member of 32 bytes.
pub fn hash(value: &Value) -> [u8; 32] {
    hex(value).try_into().expect("32 bytes")
}

/// Text of a member.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected text, found {value}"))
}

/// An unsigned integer, also where it is written as text.
pub fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("expected a number: {value}"))
}

/// Elements of an array member; none where it is absent.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Says how many cases ran.
pub fn ran(what: &str, count: usize) {
    eprintln!("{what}: {count} cases ran");
    assert!(count > 0, "{what}: the file holds no case");
}
