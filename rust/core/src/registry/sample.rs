//! Registries for tests: a chain of really signed events.

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::*;
use crate::hash::{Hash, sha256};
use crate::signature::Scheme;

/// A party with an Ed25519 key.
#[derive(Clone)]
pub struct Signatory {
    key: SigningKey,
    /// Its kid in hex.
    pub kid: String,
}

pub fn signatory(seed: u8) -> Signatory {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let kid = HEXLOWER.encode(&public(&key).kid());
    Signatory { key, kid }
}

fn public(key: &SigningKey) -> PublicKey {
    parse_raw_key(KeyKind::Signing(Scheme::Ed25519), key.verifying_key().as_bytes()).unwrap()
}

impl Signatory {
    pub fn public(&self) -> PublicKey {
        public(&self.key)
    }
    pub fn did(&self) -> String {
        self.public().did()
    }
    pub fn named(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.kid);
        self
    }
}

pub const AUTHORITY: u8 = 200;
pub const DEVICE: &str = "01000102030405060708090a0b0c0d0e0f";
pub const VALIDATOR: &str = "76616c2d30";

pub fn authority() -> Vec<PublicKey> {
    vec![signatory(AUTHORITY).public()]
}

/// Lines on the way, each linked to the one before.
#[derive(Clone)]
pub struct Chain {
    pub lines: Vec<String>,
    pub head: String,
}

impl Chain {
    pub fn new() -> Self {
        Self { lines: Vec::new(), head: "0".repeat(64) }
    }

    /// Appends an event with everything right but what `change` spoils after the signing.
    pub fn push_changed(
        &mut self,
        times: (i64, i64),
        mut event: Value,
        signers: &[&Signatory],
        change: impl FnOnce(&mut Value),
    ) {
        let message = event_message(event.to_string().as_bytes()).unwrap();
        let mut sigs: Vec<(String, String)> = signers
            .iter()
            .map(|signer| (signer.kid.clone(), HEXLOWER.encode(&signer.key.sign(&message).to_bytes())))
            .collect();
        sigs.sort();
        event["sigs"] = sigs.iter().map(|(kid, sig)| json!({"kid": kid, "sig": sig})).collect();
        event["seq"] = self.lines.len().into();
        (event["recorded_ms"], event["effective_ms"]) = (times.0.into(), times.1.into());
        event["prev_hash"] = self.head.clone().into();
        change(&mut event);
        let line = event.to_string();
        self.head = HEXLOWER.encode(&event_hash(line.as_bytes()).unwrap_or_default());
        self.lines.push(line);
    }

    pub fn push(&mut self, at: i64, event: Value, signers: &[&Signatory]) {
        self.push_changed((at, at), event, signers, |_| {});
    }

    pub fn text(&self) -> Vec<u8> {
        let mut text = self.lines.join("\n").into_bytes();
        text.push(b'\n');
        text
    }

    pub fn hash_of(&self, index: usize) -> Hash {
        event_hash(self.lines[index].as_bytes()).unwrap()
    }

    pub fn fold(&self, bounds: Bounds) -> Result<Snapshot, RegistryFault> {
        Snapshot::from_lines(&self.text(), bounds, &authority(), None)
    }
}

pub fn enroll(device: &str, key: &Signatory, owner: &str) -> Value {
    json!({
        "type": "enroll", "device": device, "key": key.did(), "kid": key.kid, "owner": owner, "payee": format!("0x{}", "11".repeat(20)),
        "cell": "851fb467fffffff", "lat_e7": 485_000_000, "lon_e7": 22_000_000, "radius_m": 9_000, "hwmodel": "6d31", "oemid": null,
        "capacity": null, "nonce": HEXLOWER.encode(&sha256(device.as_bytes())),
    })
}

pub fn enroll_validator(validator: &str, key: &Signatory, owner: &str) -> Value {
    json!({"type": "enroll_validator", "validator": validator, "key": key.did(), "kid": key.kid, "owner": owner, "payee": null, "lat_e7": null, "lon_e7": null})
}

pub fn commit(validator: &str, epoch: i64, byte: u8) -> Value {
    json!({"type": "commit_challenge", "validator": validator, "epoch": epoch, "commitment": HEXLOWER.encode(&[byte; 32])})
}
