//! Proofs for tests, built piece by piece so that each piece can be wrong.

use data_encoding::BASE64URL_NOPAD;

use super::cbor::write_head;
use super::claims::PROFILE;

/// A CBOR item under construction.
#[derive(Clone, Default)]
pub struct Cbor(pub Vec<u8>);

impl Cbor {
    pub fn head(mut self, major: u8, value: u64) -> Self {
        write_head(major, value, &mut self.0);
        self
    }
    pub fn int(self, value: i64) -> Self {
        match u64::try_from(value) {
            Ok(value) => self.head(0, value),
            Err(_) => self.head(1, u64::try_from(-1 - value).unwrap()),
        }
    }
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.head(2, bytes.len() as u64).raw(bytes)
    }
    pub fn text(self, text: &str) -> Self {
        self.head(3, text.len() as u64).raw(text.as_bytes())
    }
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
    pub fn double(self, value: f64) -> Self {
        self.raw(&[0xfb]).raw(&value.to_bits().to_be_bytes())
    }
}

pub fn cbor() -> Cbor {
    Cbor::default()
}

pub const DEVICE: [u8; 17] = [1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
pub const CHALLENGE: [u8; 32] = [0xab; 32];
pub const KID: [u8; 16] = [7; 16];
pub const NOW: i64 = 1_800_000_006;

/// The required claims as encoded pairs.
pub fn required_pairs() -> Vec<Vec<u8>> {
    vec![
        cbor().int(6).int(NOW).0,
        cbor().int(10).bytes(&CHALLENGE).0,
        cbor().int(256).bytes(&DEVICE).0,
        cbor().int(265).text(PROFILE).0,
    ]
}

pub fn map(pairs: &[Vec<u8>]) -> Vec<u8> {
    cbor().head(5, pairs.len() as u64).raw(&pairs.concat()).0
}

/// A CBOR payload with the required claims and these pairs.
pub fn payload_with(more: &[Vec<u8>]) -> Vec<u8> {
    map(&[required_pairs(), more.to_vec()].concat())
}

pub fn protected() -> Vec<u8> {
    map(&[cbor().int(1).int(-8).0, cbor().int(4).bytes(&KID).0])
}

/// An untagged envelope.
pub fn sign1(protected: &[u8], unprotected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    cbor().head(4, 4).bytes(protected).raw(unprotected).bytes(payload).bytes(signature).0
}

pub fn cose(payload: &[u8]) -> Vec<u8> {
    sign1(&protected(), &[0xa0], payload, &[5; 64])
}

pub fn b64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Members of the required claims, without the braces.
pub fn required_members() -> String {
    format!(
        r#""eat_nonce":"{}","ueid":"{}","iat":{NOW},"eat_profile":"{PROFILE}""#,
        b64(&CHALLENGE),
        b64(&DEVICE)
    )
}

/// A JSON payload with the required claims and these members (each with a comma in front).
pub fn json_with(more: &str) -> String {
    format!("{{{}{more}}}", required_members())
}

pub fn jose_header() -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, b64(&KID))
}

pub fn compact(header: &str, payload: &str) -> Vec<u8> {
    format!("{}.{}.{}", b64(header.as_bytes()), b64(payload.as_bytes()), b64(&[5; 64])).into_bytes()
}

pub fn jws(payload: &str) -> Vec<u8> {
    compact(&jose_header(), payload)
}
