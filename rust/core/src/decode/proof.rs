//! One proof, whichever envelope it came in.
//!
//! In: an envelope's bytes. Out: [`Proof`], or [`Malformed`] with the first stage that failed: 1 envelope, 2 header,
//! 3 payload, 4 claims. Rule: "uptime proof", sections 1.2 to 1.4 and 4.4.
//! Invariant: what this format does not have ([`Unsupported`]) never stops the decoding; a signature's length is for the
//! signature check to judge.

use core::fmt;

use super::claims::{self, Claims, PayloadFault};
use super::cose;
use super::distinct::Distinct;
use super::fault::Fault;
use super::jws;
use crate::signature::Scheme;

/// Longest envelope.
pub const MAX_ENVELOPE: usize = 4608;

/// Longest decoded payload.
pub const MAX_PAYLOAD: usize = 3072;

/// Where decoding stopped; the numbers are the verdict's evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Size, shape or base64url of the envelope.
    Envelope = 1,
    /// Protected, unprotected or JOSE header.
    Header = 2,
    /// Size or decoding of the payload.
    Payload = 3,
    /// A claim is missing or breaks its rule.
    Claims = 4,
}

impl Stage {
    /// The stage's number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The stage's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Claims => "claims",
        }
    }
}

/// Why bytes are no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The first stage that failed.
    pub stage: Stage,
    /// What is wrong; its offset counts from the start of the envelope in CBOR and for the envelope of a JWS, from the
    /// start of the decoded header or payload of a JWS otherwise, and from the start of the payload for claims.
    pub fault: Fault,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.stage.name(), self.fault)
    }
}

impl std::error::Error for Malformed {}

/// What a proof asks for that this format does not have, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsupported(pub u8);

impl Unsupported {
    /// A `crit` header.
    pub const CRIT: u8 = 1;
    /// `b64: false`.
    pub const B64: u8 = 1 << 1;
    /// An algorithm that is none of section 1.4.
    pub const ALG: u8 = 1 << 2;
    /// Another profile.
    pub const PROFILE: u8 = 1 << 3;

    /// Whether the proof asks for nothing unsupported.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The verdict's evidence: 1 crit, 2 b64, 3 alg, 4 profile, the smallest; `None` if there is none.
    pub const fn first(self) -> Option<u8> {
        match self.0.trailing_zeros() {
            bit @ 0..=3 => Some(bit.to_be_bytes()[3] + 1),
            _ => None,
        }
    }
}

/// The two envelopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// `COSE_Sign1`, binary.
    Cose,
    /// JWS compact, text.
    Jws,
}

/// What the signature covers, as received.
#[derive(Clone, Copy, Debug)]
enum Signed<'a> {
    Cose { protected: &'a [u8], payload: &'a [u8] },
    Jws(&'a [u8]),
}

/// A decoded proof. Nothing in it has been verified.
#[derive(Clone, Debug)]
pub struct Proof<'a> {
    /// What it asks for that this format does not have.
    pub unsupported: Unsupported,
    /// The header's algorithm; `None` for an unknown one.
    pub algorithm: Option<Scheme>,
    /// The key id that the header names.
    pub kid: &'a [u8],
    /// The signature, of whatever length.
    pub signature: &'a [u8],
    /// What the device says.
    pub claims: Claims<'a>,
    signed: Signed<'a>,
}

impl Proof<'_> {
    /// Which envelope it came in.
    pub const fn envelope(&self) -> Envelope {
        match self.signed {
            Signed::Cose { .. } => Envelope::Cose,
            Signed::Jws(_) => Envelope::Jws,
        }
    }

    /// Appends the exact bytes that were signed.
    pub fn write_signed_bytes(&self, out: &mut Vec<u8>) {
        match self.signed {
            Signed::Cose { protected, payload } => cose::write_signed_bytes(protected, payload, out),
            Signed::Jws(signed) => out.extend_from_slice(signed),
        }
    }
}

/// Memory that decoding uses again from proof to proof.
#[derive(Debug, Default)]
pub struct Scratch {
    names: Distinct,
    layouts: claims::Layouts,
    location: claims::LastLocation,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    jws: Seen<jws::Header>,
    cose: Seen<(Option<Scheme>, bool)>,
}

/// The last header that could be read: a device's proofs come one after the other, and their headers are the same.
#[derive(Debug, Default)]
struct Seen<H> {
    /// The header's bytes as they stand in the envelope, and those of the second header.
    bytes: [Vec<u8>; 2],
    kid: Vec<u8>,
    header: Option<H>,
}

impl<H: Copy> Seen<H> {
    /// What the header says, if it is the last one.
    fn find(&self, bytes: [&[u8]; 2]) -> Option<H> {
        self.header.filter(|_| self.bytes == bytes)
    }

    /// Forgets the last header; memory for the kid of the next.
    fn forget(&mut self) -> &mut Vec<u8> {
        self.header = None;
        &mut self.kid
    }

    fn keep(&mut self, bytes: [&[u8]; 2], header: H) -> H {
        for (kept, bytes) in self.bytes.iter_mut().zip(bytes) {
            kept.clear();
            kept.extend_from_slice(bytes);
        }
        *self.header.insert(header)
    }
}

impl Scratch {
    /// Empty memory.
    pub fn new() -> Self {
        Self::default()
    }
}

fn malformed(stage: Stage) -> impl Fn(Fault) -> Malformed {
    move |fault| Malformed { stage, fault }
}

fn payload_size(payload: &[u8]) -> Result<(), Malformed> {
    if payload.len() <= MAX_PAYLOAD {
        return Ok(());
    }
    let fault = Fault::number(0, "a payload of at most 3072 bytes", payload.len() as u64);
    Err(Malformed { stage: Stage::Payload, fault })
}

fn in_payload(offset: usize) -> impl Fn(PayloadFault) -> Malformed {
    move |fault| match fault {
        PayloadFault::Payload(fault) => {
            Malformed { stage: Stage::Payload, fault: Fault { offset: fault.offset + offset, ..fault } }
        }
        PayloadFault::Claims(fault) => Malformed { stage: Stage::Claims, fault },
    }
}

/// Decodes a proof. It borrows from the envelope and from `scratch`.
pub fn decode<'a>(envelope: &'a [u8], scratch: &'a mut Scratch) -> Result<Proof<'a>, Malformed> {
    if envelope.len() > MAX_ENVELOPE {
        let fault = Fault::number(0, "an envelope of at most 4608 bytes", envelope.len() as u64);
        return Err(Malformed { stage: Stage::Envelope, fault });
    }
    let Some(compact) = jws::split_at_dots(envelope) else {
        return decode_cose(envelope, scratch);
    };
    match decode_parts(&compact, scratch) {
        Ok(known) => decode_jws(&compact, known, scratch),
        // Bytes with a character that base64url does not have are no JWS, dots or not.
        Err(_) if !compact.is_base64url() => decode_cose(envelope, scratch),
        Err(fault) => Err(malformed(Stage::Envelope)(fault)),
    }
}

fn decode_cose<'a>(envelope: &'a [u8], scratch: &'a mut Scratch) -> Result<Proof<'a>, Malformed> {
    let Scratch { names, location, cose: seen, .. } = scratch;
    let parts = cose::parts(envelope, names).map_err(malformed(Stage::Envelope))?;
    let bytes = [parts.protected, parts.unprotected];
    let (algorithm, has_crit) = if let Some(known) = seen.find(bytes) {
        known
    } else {
        let header = cose::header(&parts, names).map_err(malformed(Stage::Header))?;
        let kid = seen.forget();
        kid.clear();
        kid.extend_from_slice(header.kid);
        seen.keep(bytes, (header.algorithm, header.has_crit))
    };
    payload_size(parts.payload)?;
    let claims =
        claims::from_cbor(parts.payload, names, location).map_err(in_payload(parts.payload_offset))?;
    let unsupported = unsupported(has_crit, false, algorithm, &claims);
    Ok(Proof {
        unsupported,
        algorithm,
        kid: &seen.kid,
        signature: parts.signature,
        claims,
        signed: Signed::Cose { protected: parts.protected, payload: parts.payload },
    })
}

/// Decodes the parts of a JWS, but for a header that is the last one: what that says.
fn decode_parts(compact: &jws::Compact<'_>, scratch: &mut Scratch) -> Result<Option<jws::Header>, Fault> {
    let known = scratch.jws.find([compact.header, &[]]);
    if known.is_none() {
        jws::decode_part(compact.header, 0, &mut scratch.header)?;
    }
    jws::decode_part(compact.payload, compact.header.len() + 1, &mut scratch.payload)?;
    jws::decode_part(compact.signature, compact.signed.len() + 1, &mut scratch.signature)?;
    Ok(known)
}

fn decode_jws<'a>(
    compact: &jws::Compact<'a>,
    known: Option<jws::Header>,
    scratch: &'a mut Scratch,
) -> Result<Proof<'a>, Malformed> {
    let Scratch { names, layouts, header, payload, signature, jws: seen, .. } = scratch;
    let header = if let Some(known) = known {
        known
    } else {
        let header = jws::header(header, names, seen.forget()).map_err(malformed(Stage::Header))?;
        seen.keep([compact.header, &[]], header)
    };
    payload_size(payload)?;
    let claims = claims::from_json(payload, names, layouts).map_err(in_payload(0))?;
    let unsupported = unsupported(header.has_crit, header.is_unencoded, header.algorithm, &claims);
    Ok(Proof {
        unsupported,
        algorithm: header.algorithm,
        kid: &seen.kid,
        signature,
        claims,
        signed: Signed::Jws(compact.signed),
    })
}

fn unsupported(
    has_crit: bool,
    is_unencoded: bool,
    algorithm: Option<Scheme>,
    claims: &Claims<'_>,
) -> Unsupported {
    let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    Unsupported(
        bit(has_crit, Unsupported::CRIT)
            | bit(is_unencoded, Unsupported::B64)
            | bit(algorithm.is_none(), Unsupported::ALG)
            | bit(!claims.is_profile_known, Unsupported::PROFILE),
    )
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
