//! What holds for one epoch: devices, validators, keys.
//!
//! Out of the fold; in to checks, schedule and scoring. Invariant: lists ascend by id, and nothing in them depends on the
//! order in which memory was used.

use ruint::aliases::U256;

use super::events::Place;
use super::payee::Payee;
use crate::hash::Hash;
use crate::signature::Scheme;

/// A key with its interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKey {
    /// Key id, distinct within its device or validator.
    pub kid: Vec<u8>,
    /// Scheme.
    pub scheme: Scheme,
    /// Public key, points compressed.
    pub public_key: Vec<u8>,
    /// First millisecond at which it is valid.
    pub valid_from_ms: i64,
    /// First millisecond at which it is not; `None` while it has no end.
    pub valid_to_ms: Option<i64>,
}

impl DeviceKey {
    /// Whether the key has ended at `at_ms`.
    pub fn has_ended(&self, at_ms: i64) -> bool {
        self.valid_to_ms.is_some_and(|end| end <= at_ms)
    }

    /// Whether the key's interval holds `at_ms`.
    pub fn is_valid_at(&self, at_ms: i64) -> bool {
        self.valid_from_ms <= at_ms && !self.has_ended(at_ms)
    }

    /// Whether the key's interval meets `[start_ms, end_ms)`.
    pub fn meets(&self, start_ms: i64, end_ms: i64) -> bool {
        let is_empty = self.has_ended(self.valid_from_ms);
        !is_empty && self.valid_from_ms < end_ms && !self.has_ended(start_ms)
    }

    /// The key ends at `at_ms`, unless it ends before.
    pub(super) fn end(&mut self, at_ms: i64) {
        self.valid_to_ms = Some(self.valid_to_ms.map_or(at_ms, |end| end.min(at_ms)));
    }
}

/// A device that is eligible in the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Device id.
    pub id: Vec<u8>,
    /// Owner.
    pub owner: String,
    /// Whether the owner is a key that signed the enrolment or the last transfer.
    pub owner_key_proved: bool,
    /// Payee.
    pub payee: Option<Payee>,
    /// When the enrolment was recorded.
    pub recorded_ms: i64,
    /// When the enrolment takes effect.
    pub effective_ms: i64,
    /// From when on it gets no more challenges.
    pub retired_ms: Option<i64>,
    /// H3 cell.
    pub cell: Option<u64>,
    /// The cell's centre and radius.
    pub place: Option<Place>,
    /// Hardware model.
    pub hwmodel: Option<Vec<u8>>,
    /// Manufacturer.
    pub oemid: Option<Vec<u8>>,
    /// Base weight.
    pub weight: U256,
    /// Class.
    pub class: Option<String>,
    /// All its keys, in the order in which they came.
    pub keys: Vec<DeviceKey>,
}

/// A validator that was enrolled at the start of the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Validator id.
    pub id: Vec<u8>,
    /// Owner.
    pub owner: String,
    /// Whether the owner is a key that signed the enrolment.
    pub owner_key_proved: bool,
    /// Payee.
    pub payee: Option<Payee>,
    /// Latitude and longitude in 10^-7 degrees.
    pub position: Option<(i32, i32)>,
    /// When the enrolment was recorded.
    pub recorded_ms: i64,
    /// When the enrolment takes effect.
    pub effective_ms: i64,
    /// When it was retired, if that was by the start of the epoch.
    pub retired_ms: Option<i64>,
    /// All its keys, in the order in which they came.
    pub keys: Vec<DeviceKey>,
    /// Its commitment for this epoch.
    pub commitment: Option<Hash>,
    /// Whether it is assigned probes in this epoch.
    pub takes_part: bool,
    /// Devices that it must not probe, ascending.
    pub conflict_devices: Vec<Vec<u8>>,
    /// Owners whose devices it must not probe, ascending.
    pub conflict_owners: Vec<String>,
}

/// What holds for one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Eligible devices, ascending by id.
    pub devices: Vec<Device>,
    /// Validators enrolled at the start, ascending by id.
    pub validators: Vec<Validator>,
    /// Hash of the last event recorded before the start; zeros if there is none.
    pub registry_head_at_start: Hash,
    /// Hash of the last event recorded before the end; zeros if there is none.
    pub head: Hash,
    /// SHA-256 of the canonical lines of the events recorded before the end.
    pub content_hash: Hash,
    /// How many events these are.
    pub events: u64,
}
