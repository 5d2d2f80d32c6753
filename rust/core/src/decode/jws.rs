//! The text envelope: JWS compact serialization (RFC 7515), for proofs and for signed files.
//!
//! In: the text's bytes. Out: header, payload, signature and what was signed. Rule: "uptime proof", section 1.3: strict
//! base64url without padding, non-zero trailing bits refused; for files section 2.3.
//! Invariant: nothing here checks a signature; what is signed are the first two parts with their dot, as received.

use data_encoding::BASE64URL_NOPAD;

use super::base64url;
use super::claims::MAX_DEPTH;
use super::cose::MAX_KID;
use super::distinct::Distinct;
use super::fault::Fault;
use super::json::{Kind, Reader};
use crate::signature::Scheme;

/// The three parts as they stand in the text.
#[derive(Clone, Copy, Debug)]
pub struct Compact<'a> {
    /// The header in base64url.
    pub header: &'a [u8],
    /// The payload in base64url.
    pub payload: &'a [u8],
    /// The signature in base64url.
    pub signature: &'a [u8],
    /// What is signed: header, dot, payload.
    pub signed: &'a [u8],
}

/// What a header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The algorithm; `None` for one that this format does not have, `none` among them.
    pub algorithm: Option<Scheme>,
    /// Whether there is a `crit` member.
    pub has_crit: bool,
    /// Whether `b64` is `false`.
    pub is_unencoded: bool,
}

/// Whether a byte is a base64url character.
const fn is_base64url(byte: u8) -> bool {
    let is_digit = byte.wrapping_sub(b'0') < 10;
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    is_digit || is_letter || byte == b'-' || byte == b'_'
}

/// Whether all bytes are base64url characters.
fn is_text_of_base64url(text: &[u8]) -> bool {
    text.iter().all(|byte| is_base64url(*byte))
}

/// How many bytes stand before the first dot.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch, many are looked at side by side")]
fn until_dot(text: &[u8]) -> usize {
    const AT_ONCE: usize = 32;
    let has_none = |chunk: &&[u8]| chunk.iter().fold(true, |has_none, byte| has_none & (*byte != b'.'));
    let whole = AT_ONCE * text.chunks_exact(AT_ONCE).take_while(has_none).count();
    let rest = text.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| **byte != b'.').count()
}

impl Compact<'_> {
    /// Whether all three parts are of base64url characters. What can be decoded is.
    pub fn is_base64url(&self) -> bool {
        [self.header, self.payload, self.signature].into_iter().all(is_text_of_base64url)
    }
}

/// Three non-empty parts of base64url characters joined by two dots, or `None`.
pub fn split(text: &[u8]) -> Option<Compact<'_>> {
    split_at_dots(text).filter(Compact::is_base64url)
}

/// The three non-empty parts of a text that has two dots and begins with a base64url character, or `None`.
pub fn split_at_dots(text: &[u8]) -> Option<Compact<'_>> {
    text.first().filter(|first| is_base64url(**first))?;
    let header = text.get(..until_dot(text))?;
    let rest = text.get(header.len() + 1..)?;
    let payload = rest.get(..until_dot(rest))?;
    let signature = rest.get(payload.len() + 1..)?;
    let signed = text.get(..header.len() + 1 + payload.len())?;
    let is_whole = !payload.is_empty() && !signature.is_empty();
    is_whole.then_some(Compact { header, payload, signature, signed })
}

/// Decodes one part into `out`, replacing what was there. `offset` is the part's place in the text.
pub fn decode_part(part: &[u8], offset: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    const STRICT: &str = "base64url without padding and with zero trailing bits";
    // What the part before has left is overwritten, so only room that it had not needs zeros.
    out.resize(base64url::decoded_length(part.len()).unwrap_or(0), 0);
    if base64url::decode(part, out).is_some() {
        return Ok(());
    }
    let place = BASE64URL_NOPAD.decode(part).err().map_or(0, |error| error.position);
    let fault = Fault::at(part, place, STRICT);
    Err(Fault { offset: fault.offset + offset, ..fault })
}

/// The scheme of a JOSE algorithm name.
fn scheme(alg: &str) -> Option<Scheme> {
    match alg {
        "EdDSA" | "Ed25519" => Some(Scheme::Ed25519),
        "ES256" | "ESP256" => Some(Scheme::P256),
        "ES256K" => Some(Scheme::Secp256k1),
        _ => None,
    }
}

/// Reads a header; the bytes of its kid replace what is in `kid`.
pub fn header(bytes: &[u8], names: &mut Distinct, kid: &mut Vec<u8>) -> Result<Header, Fault> {
    const ALG: &str = "alg, a text";
    const KID: &str = "kid, the base64url text of 1 to 64 bytes";
    let mut reader = Reader::new(bytes, MAX_DEPTH, names)?;
    let mut alg = None;
    let mut found = Header { algorithm: None, has_crit: false, is_unencoded: false };
    let mut has_kid = false;
    let mut refusal = None;
    let mut object = reader.open_object()?;
    while let Some(name) = reader.next_name(&mut object)? {
        let offset = reader.offset();
        let kind = reader.peek()?;
        match (name.unescape().as_ref(), kind) {
            ("alg", Kind::Text) => alg = Some(scheme(&reader.text()?.unescape())),
            ("kid", Kind::Text) => {
                let text = reader.text()?.unescape();
                has_kid =
                    decode_part(text.as_bytes(), offset, kid).is_ok() && (1..=MAX_KID).contains(&kid.len());
                if !has_kid {
                    refusal.get_or_insert(Fault::named(offset, KID, "another text"));
                }
            }
            ("b64", Kind::Bool) => found.is_unencoded = !reader.bool()?,
            (name, _) => {
                found.has_crit |= name == "crit";
                if name == "alg" {
                    refusal.get_or_insert(Fault::named(offset, ALG, kind.name()));
                } else if name == "kid" {
                    refusal.get_or_insert(Fault::named(offset, KID, kind.name()));
                }
                reader.skip()?;
            }
        }
    }
    reader.finish()?;
    if let Some(fault) = refusal {
        return Err(fault);
    }
    found.algorithm = alg.ok_or_else(|| Fault::named(0, ALG, "none"))?;
    if has_kid { Ok(found) } else { Err(Fault::named(0, KID, "none")) }
}

/// A JWS that is no proof: the signature of a file or of an adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedText<'a> {
    /// What the header says; members other than `alg`, `kid` and `crit` have no effect here.
    pub header: Header,
    /// The key id.
    pub kid: Vec<u8>,
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// The signature's bytes.
    pub signature: Vec<u8>,
    /// What is signed.
    pub signed: &'a [u8],
}

/// Takes the JWS of a file or adjustment apart. One final LF is allowed.
pub fn parse(text: &[u8]) -> Result<SignedText<'_>, Fault> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let compact =
        split(text).ok_or_else(|| Fault::named(0, "a JWS of three parts joined by dots", "another text"))?;
    let (mut header_bytes, mut payload, mut signature) = (Vec::new(), Vec::new(), Vec::new());
    decode_part(compact.header, 0, &mut header_bytes)?;
    decode_part(compact.payload, compact.header.len() + 1, &mut payload)?;
    decode_part(compact.signature, compact.signed.len() + 1, &mut signature)?;
    let mut kid = Vec::new();
    let header = header(&header_bytes, &mut Distinct::new(), &mut kid)?;
    Ok(SignedText { header, kid, payload, signature, signed: compact.signed })
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
