//! One registry event: its line, its hash, and the message that its signers sign.
//!
//! In: a line. Out: [`Event`]. Rule: "uptime proof", section 9.2: exactly the members of its type. Invariant: `hash` is over
//! the canonical JSON of the whole event and `message` over that without `seq`, times, `prev_hash` and `sigs`, so neither
//! depends on how the line was written.

use std::borrow::Cow;

use ruint::aliases::U256;

use super::keys::PublicKey;
use super::members::{EventFault, Members, hex};
use super::payee::Payee;
use crate::canonical;
use crate::decode::json::{self, Value};
use crate::hash::{Hash, sha256};

/// Overlap of a rotation whose event leaves it to the rule: one hour.
const DEFAULT_OVERLAP_MS: i64 = 3_600_000;

/// Nesting that an event can have.
const MAX_DEPTH: usize = 8;

/// A signature of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Key id of the signer.
    pub kid: Vec<u8>,
    /// The signature's bytes.
    pub bytes: Vec<u8>,
}

/// Centre and radius that stand for a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Latitude in 10^-7 degrees.
    pub lat_e7: i32,
    /// Longitude in 10^-7 degrees.
    pub lon_e7: i32,
    /// Radius in metres.
    pub radius_m: u64,
}

/// Whom an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A device.
    Device(Vec<u8>),
    /// A validator.
    Validator(Vec<u8>),
}

/// A new device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Device id.
    pub device: Vec<u8>,
    /// Its first key.
    pub key: PublicKey,
    /// The key's id.
    pub kid: Vec<u8>,
    /// Owner.
    pub owner: String,
    /// Payee.
    pub payee: Option<Payee>,
    /// H3 cell.
    pub cell: Option<u64>,
    /// The cell's centre and radius.
    pub place: Option<Place>,
    /// Hardware model.
    pub hwmodel: Option<Vec<u8>>,
    /// Manufacturer.
    pub oemid: Option<Vec<u8>>,
    /// The registry's nonce.
    pub nonce: Hash,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A device is enrolled.
    Enroll(Box<Enrolment>),
    /// A validator is enrolled.
    EnrollValidator {
        /// Validator id.
        validator: Vec<u8>,
        /// Its first key.
        key: PublicKey,
        /// The key's id.
        kid: Vec<u8>,
        /// Owner.
        owner: String,
        /// Payee.
        payee: Option<Payee>,
        /// Latitude and longitude in 10^-7 degrees.
        position: Option<(i32, i32)>,
    },
    /// A validator commits to its secret of an epoch.
    CommitChallenge {
        /// Validator id.
        validator: Vec<u8>,
        /// Index of the epoch.
        epoch: i64,
        /// SHA-256 of the secret.
        commitment: Hash,
    },
    /// A validator declares that it must not probe a device.
    ConflictWithDevice {
        /// Validator id.
        validator: Vec<u8>,
        /// The device.
        device: Vec<u8>,
    },
    /// A validator declares that it must not probe an owner's devices.
    ConflictWithOwner {
        /// Validator id.
        validator: Vec<u8>,
        /// The owner.
        owner: String,
    },
    /// A key follows another.
    Rotate {
        /// Whose key.
        subject: Subject,
        /// The key that ends.
        old_kid: Vec<u8>,
        /// The new key.
        key: PublicKey,
        /// Its id.
        kid: Vec<u8>,
        /// How long both are valid.
        overlap_ms: i64,
    },
    /// A key ends.
    Revoke {
        /// Whose key.
        subject: Subject,
        /// Which.
        kid: Vec<u8>,
    },
    /// A device has another place.
    Relocate {
        /// Device id.
        device: Vec<u8>,
        /// H3 cell.
        cell: Option<u64>,
        /// Its centre and radius.
        place: Option<Place>,
    },
    /// A device has another owner.
    Transfer {
        /// Device id.
        device: Vec<u8>,
        /// The new owner.
        owner: String,
    },
    /// A device has another payee.
    SetPayee {
        /// Device id.
        device: Vec<u8>,
        /// The new payee.
        payee: Option<Payee>,
    },
    /// A device has another base weight.
    SetWeight {
        /// Device id.
        device: Vec<u8>,
        /// The weight.
        weight: U256,
    },
    /// A device has another class.
    SetClass {
        /// Device id.
        device: Vec<u8>,
        /// The class, or none.
        class: Option<String>,
    },
    /// A certificate chain was taken; it changes nothing at settlement.
    Certify {
        /// Device id.
        device: Vec<u8>,
    },
    /// A device or validator gets no more challenges.
    Retire(Subject),
}

/// A registry event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number, from 0 without gaps.
    pub seq: i64,
    /// When the registry took it.
    pub recorded_ms: i64,
    /// From when it counts.
    pub effective_ms: i64,
    /// Hash of the event before it.
    pub prev_hash: Hash,
    /// Signatures, ascending by kid.
    pub sigs: Vec<Signature>,
    /// What it says.
    pub body: Body,
    /// SHA-256 of its canonical JSON.
    pub hash: Hash,
    /// What its signers sign.
    pub message: Hash,
}

/// Members that are not signed.
const UNSIGNED: [&str; 5] = ["seq", "recorded_ms", "effective_ms", "prev_hash", "sigs"];

fn object(line: &[u8]) -> Result<Vec<(Cow<'_, str>, Value<'_>)>, EventFault> {
    match json::parse(line, MAX_DEPTH) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(other) => Err(EventFault::new(format!("expected an object, found {}", other.kind().name()))),
        Err(fault) => Err(EventFault::new(fault.to_string())),
    }
}

fn canonical_fault(error: &canonical::CanonicalError) -> EventFault {
    EventFault::new(error.to_string())
}

fn message_of(members: &[(Cow<'_, str>, Value<'_>)]) -> Result<Hash, EventFault> {
    let mut out = Vec::new();
    canonical::append_object(members, |name| !UNSIGNED.contains(&name), &mut out)
        .map_err(|error| canonical_fault(&error))?;
    Ok(sha256(&out))
}

/// SHA-256 of the canonical JSON of an event, whatever its type.
pub fn event_hash(line: &[u8]) -> Result<Hash, EventFault> {
    canonical::hash(&Value::Object(object(line)?)).map_err(|error| canonical_fault(&error))
}

/// The 32 bytes that the signers of an event sign; works on an event without its place in the chain as well.
pub fn event_message(line: &[u8]) -> Result<Hash, EventFault> {
    message_of(&object(line)?)
}

/// An event that was read, with its canonical bytes.
pub(super) struct Line {
    /// The event, unless it was recorded too late to count.
    pub event: Option<Event>,
    /// Its canonical JSON.
    pub canonical: Vec<u8>,
}

/// Reads a line; of an event recorded at `end_ms` or later nothing but that is looked at.
pub(super) fn parse_line(line: &[u8], end_ms: i64) -> Result<Line, EventFault> {
    let members = object(line)?;
    let recorded =
        members.iter().find(|(name, _)| name == "recorded_ms").and_then(|(_, value)| value.as_i64());
    if recorded.is_some_and(|recorded| recorded >= end_ms) {
        return Ok(Line { event: None, canonical: Vec::new() });
    }
    let (event, canonical) = event_of(&members)?;
    Ok(Line { event: Some(event), canonical })
}

/// Reads the line of an event.
pub fn parse_event(line: &[u8]) -> Result<Event, EventFault> {
    event_of(&object(line)?).map(|(event, _)| event)
}

const COMMON: [&str; 6] = ["seq", "type", "recorded_ms", "effective_ms", "prev_hash", "sigs"];

/// Event types with their own members.
const TYPES: [(&str, &[&str]); 14] = [
    (
        "enroll",
        &[
            "device", "key", "kid", "owner", "payee", "cell", "lat_e7", "lon_e7", "radius_m", "hwmodel",
            "oemid", "capacity", "nonce",
        ],
    ),
    ("enroll_validator", &["validator", "key", "kid", "owner", "payee", "lat_e7", "lon_e7"]),
    ("commit_challenge", &["validator", "epoch", "commitment"]),
    ("declare_conflict", &["validator", "device", "owner"]),
    ("rotate", &["device", "validator", "old_kid", "key", "kid", "overlap_ms"]),
    ("revoke", &["device", "validator", "kid"]),
    ("relocate", &["device", "cell", "lat_e7", "lon_e7", "radius_m"]),
    ("transfer", &["device", "owner"]),
    ("set_payee", &["device", "payee"]),
    ("set_weight", &["device", "weight"]),
    ("set_class", &["device", "class"]),
    ("certify", &["device", "chain"]),
    ("retire", &["device"]),
    ("retire_validator", &["validator"]),
];

/// The event and its canonical JSON.
fn event_of(all: &[(Cow<'_, str>, Value<'_>)]) -> Result<(Event, Vec<u8>), EventFault> {
    let mut members = Members::new(all);
    let kind = members.value("type")?.as_text().unwrap_or_default();
    let Some((kind, own)) = TYPES.iter().find(|(name, _)| *name == kind) else {
        return Err(EventFault::new(format!("type: expected an event type, found {kind:?}")));
    };
    let seq = members.count("seq")?;
    let recorded_ms = members.count("recorded_ms")?;
    let effective_ms = members.count("effective_ms")?;
    let prev_hash = members.hash("prev_hash")?;
    let sigs = signatures(members.value("sigs")?)?;
    let body = body(kind, &mut members)?;
    members.finish(&[&COMMON, *own].concat())?;
    if effective_ms < recorded_ms {
        return Err(EventFault::new(format!(
            "effective_ms: expected {recorded_ms} (recorded_ms) or later, found {effective_ms}"
        )));
    }
    let mut canonical = Vec::new();
    canonical::append_object(all, |_| true, &mut canonical).map_err(|error| canonical_fault(&error))?;
    let (hash, message) = (sha256(&canonical), message_of(all)?);
    Ok((Event { seq, recorded_ms, effective_ms, prev_hash, sigs, body, hash, message }, canonical))
}

fn signatures(value: &Value<'_>) -> Result<Vec<Signature>, EventFault> {
    const EXPECTED: &str =
        "sigs: expected an array of {\"kid\": hex, \"sig\": hex} ascending by kid, each kid once";
    let Value::Array(entries) = value else { return Err(EventFault::new(EXPECTED)) };
    let read = |entry: &Value<'_>| {
        let Value::Object(members) = entry else { return None };
        let kid = hex(entry.get("kid")?.as_text()?).filter(|kid| (1..=64).contains(&kid.len()))?;
        let bytes = hex(entry.get("sig")?.as_text()?)?;
        (members.len() == 2).then_some(Signature { kid, bytes })
    };
    let sigs: Option<Vec<Signature>> = entries.iter().map(read).collect();
    sigs.filter(|sigs| sigs.windows(2).all(|pair| pair[0].kid < pair[1].kid))
        .ok_or_else(|| EventFault::new(EXPECTED))
}

fn place(members: &mut Members<'_, '_>) -> Result<(Option<u64>, Option<Place>), EventFault> {
    let cell = members.cell("cell")?;
    let position = position(members)?;
    let radius = members.optional_integer("radius_m", 0, canonical::MAX_INTEGER)?;
    match (position, radius) {
        (Some((lat_e7, lon_e7)), Some(radius)) => {
            Ok((cell, Some(Place { lat_e7, lon_e7, radius_m: radius.unsigned_abs() })))
        }
        (None, None) => Ok((cell, None)),
        _ => Err(EventFault::new("lat_e7, lon_e7, radius_m: expected all of them or none")),
    }
}

fn position(members: &mut Members<'_, '_>) -> Result<Option<(i32, i32)>, EventFault> {
    let latitude = members.optional_integer("lat_e7", -900_000_000, 900_000_000)?;
    let longitude = members.optional_integer("lon_e7", -1_800_000_000, 1_800_000_000)?;
    let narrow = |value: i64| i32::try_from(value).ok();
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Ok(narrow(latitude).zip(narrow(longitude))),
        (None, None) => Ok(None),
        _ => Err(EventFault::new("lat_e7, lon_e7: expected both or none")),
    }
}

/// A key and its id; the id that follows from the key where none is named.
fn key(members: &mut Members<'_, '_>) -> Result<(PublicKey, Vec<u8>), EventFault> {
    let key = members.key("key")?;
    let kid = members.optional_kid("kid")?.unwrap_or_else(|| key.kid().to_vec());
    Ok((key, kid))
}

fn subject(members: &mut Members<'_, '_>) -> Result<Subject, EventFault> {
    match (members.optional_id("device")?, members.optional_id("validator")?) {
        (Some(device), None) => Ok(Subject::Device(device)),
        (None, Some(validator)) => Ok(Subject::Validator(validator)),
        _ => Err(EventFault::new("device, validator: expected one of them, the other null")),
    }
}

fn body(kind: &str, members: &mut Members<'_, '_>) -> Result<Body, EventFault> {
    Ok(match kind {
        "enroll" => Body::Enroll(Box::new(enrolment(members)?)),
        "enroll_validator" => {
            let validator = members.id("validator")?;
            let (key, kid) = key(members)?;
            let owner = members.owner("owner")?;
            let payee = members.payee("payee")?;
            Body::EnrollValidator { validator, key, kid, owner, payee, position: position(members)? }
        }
        "commit_challenge" => Body::CommitChallenge {
            validator: members.id("validator")?,
            epoch: members.count("epoch")?,
            commitment: members.hash("commitment")?,
        },
        "declare_conflict" => {
            let validator = members.id("validator")?;
            match (members.optional_id("device")?, members.optional_owner("owner")?) {
                (Some(device), None) => Body::ConflictWithDevice { validator, device },
                (None, Some(owner)) => Body::ConflictWithOwner { validator, owner },
                _ => return Err(EventFault::new("device, owner: expected one of them, the other null")),
            }
        }
        "rotate" => {
            let subject = subject(members)?;
            let old_kid = members.kid("old_kid")?;
            let (key, kid) = key(members)?;
            let overlap = members.optional_integer("overlap_ms", 0, canonical::MAX_INTEGER)?;
            Body::Rotate { subject, old_kid, key, kid, overlap_ms: overlap.unwrap_or(DEFAULT_OVERLAP_MS) }
        }
        "revoke" => Body::Revoke { subject: subject(members)?, kid: members.kid("kid")? },
        "relocate" => {
            let device = members.id("device")?;
            let (cell, place) = place(members)?;
            Body::Relocate { device, cell, place }
        }
        "transfer" => Body::Transfer { device: members.id("device")?, owner: members.owner("owner")? },
        "set_payee" => Body::SetPayee { device: members.id("device")?, payee: members.payee("payee")? },
        "set_weight" => Body::SetWeight { device: members.id("device")?, weight: members.amount("weight")? },
        "set_class" => {
            Body::SetClass { device: members.id("device")?, class: members.optional_text("class")? }
        }
        "certify" => {
            let device = members.id("device")?;
            members.chain("chain")?;
            Body::Certify { device }
        }
        "retire" => Body::Retire(Subject::Device(members.id("device")?)),
        _ => Body::Retire(Subject::Validator(members.id("validator")?)),
    })
}

fn enrolment(members: &mut Members<'_, '_>) -> Result<Enrolment, EventFault> {
    let device = members.id("device")?;
    let (key, kid) = key(members)?;
    let owner = members.owner("owner")?;
    let payee = members.payee("payee")?;
    let (cell, place) = place(members)?;
    let hwmodel = members.optional_claim("hwmodel")?;
    let oemid = members.optional_claim("oemid")?;
    members.information("capacity")?;
    let nonce = members.hash("nonce")?;
    Ok(Enrolment { device, key, kid, owner, payee, cell, place, hwmodel, oemid, nonce })
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
