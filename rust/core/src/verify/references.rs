//! Reference probes: what a validator reached that nobody is paid for.
//!
//! In: signed JSON lines. Out: counts per (slot, validator), a report per file, and the hash of the distinct lines. Rule:
//! uptime proof, 2.1; scoring and rewards, 3.1. Invariant: of different rows of one (validator, slot) the worst one holds,
//! so a validator cannot talk itself out of an outage by adding a row.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::epoch::Epoch;
use super::file_signature;
use super::intake::{FileReport, Source};
use crate::decode::container::digest;
use crate::decode::json::{self, Value};
use crate::decode::quarantine::{Place, Quarantine, Reason};
use crate::hash::Hash;
use crate::score::driver::References;

/// Largest file of reference probes.
const MAX_BYTES: u64 = 1 << 30;
/// Largest integer of canonical JSON.
const MAX_INTEGER: i64 = (1 << 53) - 1;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    validator: Vec<u8>,
    slot: u64,
    ok: u64,
    total: u64,
}

impl Line {
    fn canonical(&self) -> String {
        let validator = HEXLOWER.encode(&self.validator);
        format!(
            r#"{{"ok":{},"slot":{},"total":{},"validator":"{validator}"}}"#,
            self.ok, self.slot, self.total
        )
    }
}

/// Reads all files of reference probes.
pub fn read(sources: &[Source], epoch: &Epoch, require_signed: bool) -> (References, Vec<FileReport>, Hash) {
    let files: Vec<(FileReport, Vec<Line>)> =
        sources.par_iter().map(|source| open(source, epoch, require_signed)).collect();
    let mut references = References::new();
    let mut lines = BTreeSet::new();
    for line in files.iter().flat_map(|(_, lines)| lines) {
        lines.insert(line.canonical());
        let Some(participant) =
            epoch.participant_index(&line.validator).filter(|_| line.slot < epoch.slots.len() as u64)
        else {
            continue;
        };
        let found = (line.ok, line.total);
        references
            .entry((line.slot, participant))
            .and_modify(|held| *held = found.min(*held))
            .or_insert(found);
    }
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    (references, files.into_iter().map(|(report, _)| report).collect(), hash.finalize().into())
}

fn open(source: &Source, epoch: &Epoch, require_signed: bool) -> (FileReport, Vec<Line>) {
    let mut report = FileReport {
        name: source.name.clone(),
        sha256: None,
        bytes: 0,
        signer: None,
        rows: 0,
        quarantine: None,
    };
    let mut read = || -> Result<Vec<Line>, Quarantine> {
        let (hash, length) = digest(&source.path)?;
        report.sha256 = Some(hash);
        report.bytes = length;
        report.signer = file_signature::check(&source.path, &hash, epoch, require_signed)?;
        if source.path.extension().is_none_or(|ending| ending != "jsonl") {
            return Err(Quarantine::unreadable("expected a name that ends in .jsonl"));
        }
        if length > MAX_BYTES {
            return Err(Quarantine::limit(format!(
                "{length} bytes, a file of reference probes may have {MAX_BYTES}"
            )));
        }
        let bytes = std::fs::read(&source.path).map_err(Quarantine::unreadable)?;
        parse(&bytes, report.signer.as_deref())
    };
    match read() {
        Ok(lines) => {
            report.rows = lines.len() as u64;
            (report, lines)
        }
        Err(quarantine) => {
            report.quarantine = Some(quarantine.into());
            (report, Vec::new())
        }
    }
}

fn parse(bytes: &[u8], signer: Option<&[u8]>) -> Result<Vec<Line>, Quarantine> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    bytes
        .split(|byte| *byte == b'\n')
        .zip(1..)
        .map(|(text, number)| {
            let line = line(text).map_err(|what| Quarantine::schema(what).at(Place::Line(number)))?;
            if signer.is_some_and(|signer| signer != line.validator) {
                let what = "the row names another validator than the signer";
                return Err(Quarantine::new(Reason::WrongSigner, what).at(Place::Line(number)));
            }
            Ok(line)
        })
        .collect()
}

fn line(text: &[u8]) -> Result<Line, String> {
    let value = json::parse(text, 1).map_err(|error| error.to_string())?;
    let Value::Object(members) = &value else { return Err("expected an object".to_owned()) };
    if members.len() != 4 {
        return Err(format!("expected validator, slot, ok and total, found {} members", members.len()));
    }
    let integer = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_i64)
            .filter(|number| (0..=MAX_INTEGER).contains(number))
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| format!("{name}: expected an integer from 0 to 2^53-1"))
    };
    let (slot, ok, total) = (integer("slot")?, integer("ok")?, integer("total")?);
    if ok > total || total > u64::from(u32::MAX) {
        return Err(format!("expected ok <= total < 2^32, found {ok} and {total}"));
    }
    let validator = value.get("validator").and_then(Value::as_text).unwrap_or_default();
    let validator = HEXLOWER
        .decode(validator.as_bytes())
        .map_err(|error| format!("validator: expected lower-case hex, {error}"))?;
    Ok(Line { validator, slot, ok, total })
}
