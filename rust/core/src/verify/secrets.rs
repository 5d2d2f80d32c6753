//! The secrets that validators reveal after the epoch: `validators.jsonl`.
//!
//! In: JSON lines. Out: every distinct secret per validator, and the hash of the distinct lines. Rule: uptime proof, 1.6;
//! scoring and rewards, 11.9 (`secrets`). Invariant: a secret that stands twice counts once; two different ones for one
//! validator are both kept, so that the epoch can call it void.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::epoch::{EpochError, Secrets};
use crate::decode::json::{self, Value};
use crate::hash::Hash;

/// Reads the lines; an empty file has none.
pub fn read(file: &[u8]) -> Result<(Secrets, Hash), EpochError> {
    let mut secrets = Secrets::new();
    let mut lines = BTreeSet::new();
    let file = file.strip_suffix(b"\n").unwrap_or(file);
    for (text, number) in file.split(|byte| *byte == b'\n').zip(1..).filter(|_| !file.is_empty()) {
        let (validator, secret) = line(text)
            .map_err(|what| EpochError { what: format!("validators.jsonl line {number}: {what}") })?;
        let (shown, hidden) = (HEXLOWER.encode(&validator), HEXLOWER.encode(&secret));
        lines.insert(format!(r#"{{"secret":"{hidden}","validator":"{shown}"}}"#));
        secrets.entry(validator).or_default().insert(secret);
    }
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    Ok((secrets, hash.finalize().into()))
}

fn line(text: &[u8]) -> Result<(Vec<u8>, Hash), String> {
    let value = json::parse(text, 1).map_err(|error| error.to_string())?;
    let Value::Object(members) = &value else { return Err("expected an object".to_owned()) };
    if members.len() != 2 {
        return Err(format!("expected validator and secret, found {} members", members.len()));
    }
    let bytes = |name: &str| {
        let text =
            value.get(name).and_then(Value::as_text).ok_or_else(|| format!("{name}: expected a text"))?;
        HEXLOWER.decode(text.as_bytes()).map_err(|error| format!("{name}: expected lower-case hex, {error}"))
    };
    let secret = bytes("secret")?;
    let found = secret.len();
    let secret = secret.try_into().map_err(|_| format!("secret: expected 32 bytes, found {found}"))?;
    Ok((bytes("validator")?, secret))
}
