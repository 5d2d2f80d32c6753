//! The signature of a whole file.
//!
//! In: a file's hash and the JWS beside it. Out: the validator that signed, or why the file is set aside. Rule: uptime
//! proof, 2.3. Invariant: the payload is compared as bytes, so there is one text only that a signature of this file can
//! carry.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::epoch::Epoch;
use crate::decode::json;
use crate::decode::jws;
use crate::decode::quarantine::{Quarantine, Reason};
use crate::hash::Hash;
use crate::signature::{Rules, verify_one};

/// Largest JWS that is read.
const MAX_BYTES: u64 = 1 << 16;

/// The JWS that belongs to a file.
pub fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".jws");
    name.into()
}

/// Checks the signature beside `file`; gives the signer's id, or none where there is no signature and none is required.
pub fn check(
    file: &Path,
    hash: &Hash,
    epoch: &Epoch,
    is_required: bool,
) -> Result<Option<Vec<u8>>, Quarantine> {
    let path = beside(file);
    let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let missing = || {
                Quarantine::new(Reason::Unsigned, format!("expected {} beside the file, found none", name()))
            };
            return if is_required { Err(missing()) } else { Ok(None) };
        }
        Err(error) => return Err(Quarantine::unreadable(format!("{}: {error}", name()))),
        Ok(metadata) if !metadata.is_file() => {
            let what = format!("expected {} as a regular file, found another kind", name());
            return Err(Quarantine::new(Reason::BadSignature, what));
        }
        Ok(metadata) if metadata.len() > MAX_BYTES => {
            return Err(Quarantine::new(
                Reason::BadSignature,
                format!("{} has {} bytes", name(), metadata.len()),
            ));
        }
        Ok(_) => {
            std::fs::read(&path).map_err(|error| Quarantine::unreadable(format!("{}: {error}", name())))?
        }
    };
    signer(&text, hash, epoch).map(Some)
}

fn signer(text: &[u8], hash: &Hash, epoch: &Epoch) -> Result<Vec<u8>, Quarantine> {
    let bad = |what: String| Quarantine::new(Reason::BadSignature, what);
    let jws = jws::parse(text).map_err(|fault| bad(fault.to_string()))?;
    if jws.header.has_crit {
        return Err(bad("the header asks for extensions (crit)".to_owned()));
    }
    let Some(algorithm) = jws.header.algorithm else {
        return Err(bad("the header names an unknown algorithm".to_owned()));
    };
    let (start_ms, end_ms) = (epoch.params.start.saturating_mul(1000), epoch.params.end.saturating_mul(1000));
    // A kid may be named by hand, so it can be that of several validators: the signature says whose it is.
    let mut named = epoch.snapshot.validators.iter().flat_map(|validator| {
        let keys = validator
            .keys
            .iter()
            .filter(|key| *key.kid == *jws.kid && key.scheme == algorithm && key.meets(start_ms, end_ms));
        keys.map(move |key| (validator, key))
    });
    let mut is_named = false;
    let found = named.find(|(_, key)| {
        is_named = true;
        verify_one(algorithm, &Rules::UPTIME_PROOF, &key.public_key, jws.signed, &jws.signature).is_good()
    });
    let Some((validator, _)) = found else {
        let kid = HEXLOWER.encode(&jws.kid);
        return Err(if is_named {
            bad("the signature does not match the key that it names".to_owned())
        } else {
            let what = format!("no enrolled validator has the key {kid} in this epoch");
            Quarantine::new(Reason::WrongSigner, what)
        });
    };
    let (index, start) = (epoch.params.index, epoch.params.start);
    let expected = format!(r#"{{"epoch":{index},"sha256":"{}","start":{start}}}"#, HEXLOWER.encode(hash));
    if jws.payload == expected.as_bytes() {
        return Ok(validator.id.clone());
    }
    let payload = json::parse(&jws.payload, 2).ok();
    let number =
        |name: &str| payload.as_ref().and_then(|payload| payload.get(name)).and_then(json::Value::as_i64);
    match (number("epoch"), number("start")) {
        (Some(e), Some(s)) if (u64::try_from(e), s) != (Ok(index), start) => Err(Quarantine::new(
            Reason::WrongEpoch,
            format!("signed for epoch {e} starting at {s}, expected epoch {index} starting at {start}"),
        )),
        _ => Err(bad(format!("the signed text is not {expected}"))),
    }
}
