//! One epoch as the checks see it: parameters, slots with their seeds, devices, validators, and who probes whom.
//!
//! In: the parameters, the beacon's rounds, the registry snapshot and the revealed secrets. Out: answers to "was this
//! validator to probe this device in this slot, when, and with which challenge". Rule: scoring and rewards, section 6;
//! uptime proof, section 1.6. Invariant: everything here was fixed before the first row was read, so an answer never
//! depends on the evidence.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::beacon::{Assigner, Chain, Prober, Rounds, SlotDraws, moment_ms, slot_seed};
use crate::checks::geography::Centre;
use crate::hash::{Hash, sha256};
use crate::registry::{Device, DeviceKey, Snapshot, Validator};
use crate::signature::{KeyId, KeyRegistry, Scheme};

/// The parameters that verification and scoring read. Times are seconds unless the name says otherwise.
#[derive(Clone, Debug)]
pub struct Params {
    /// The epoch's index.
    pub index: u64,
    /// First second of the epoch.
    pub start: i64,
    /// First second after the epoch.
    pub end: i64,
    /// Length of a slot.
    pub slot_seconds: u64,
    /// Validators that probe a device in a slot (k).
    pub validators_per_probe: usize,
    /// Observations that decide a slot (q).
    pub quorum: usize,
    /// Numerator of the probability that a device is probed in a slot.
    pub select_num: u64,
    /// Denominator of that probability.
    pub select_den: u64,
    /// Delay above which an answer is late, ms.
    pub deadline_ms: u64,
    /// Delay above which an answer does not count, ms.
    pub late_limit_ms: u64,
    /// Tolerance between the device's and the validator's clock.
    pub skew_s: i64,
    /// Length of a scoring window.
    pub window_s: i64,
    /// Length of the tracking period.
    pub tracking_s: i64,
    /// Windows from which a score is full.
    pub min_data_windows: u64,
    /// Knots of the payout curve in the scale `ONE`.
    pub curve: Vec<(u64, u64)>,
    /// Tolerance of the uptime counter.
    pub counter_grace_s: i64,
    /// Tolerance of the location, metres.
    pub location_tolerance_m: u64,
    /// Whether a proof without a location fails where the registry has one.
    pub require_location: bool,
    /// Whether slots in which the network was down for everybody are left out.
    pub exclude_network_events: bool,
    /// SHA-256 of the canonical parameters.
    pub params_hash: Hash,
}

impl Params {
    /// Number of slots.
    pub fn slots(&self) -> u64 {
        u64::try_from(self.end - self.start).unwrap_or(0) / self.slot_seconds.max(1)
    }

    /// First second of a slot of this epoch.
    pub fn slot_start(&self, slot: u64) -> i64 {
        self.start.saturating_add(i64::try_from(slot.saturating_mul(self.slot_seconds)).unwrap_or(i64::MAX))
    }
}

/// A bad call: the epoch's parts do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct EpochError {
    /// What was expected, what was found, and where.
    pub what: String,
}

impl EpochError {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// A slot and its beacon round.
#[derive(Clone)]
pub struct Slot {
    /// First second.
    pub start: i64,
    /// The beacon round that seeds it.
    pub round: u64,
    /// When that round appears, seconds.
    pub round_time: i64,
    /// Draws under the slot's seed, `None` where the round is missing.
    pub draws: Option<SlotDraws>,
}

/// A public key of a device as the checks use it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Key id that proofs name.
    pub kid: Box<[u8]>,
    /// Dense id in the signature engine.
    pub id: KeyId,
    /// Algorithm.
    pub scheme: Scheme,
    /// First millisecond of validity.
    pub valid_from_ms: i64,
    /// First millisecond after validity.
    pub valid_to_ms: Option<i64>,
}

impl Key {
    /// Whether the key's interval holds this moment.
    pub fn is_valid_at(&self, ms: i64) -> bool {
        self.valid_from_ms <= ms && self.valid_to_ms.is_none_or(|to| ms < to)
    }
}

/// What the checks need of a device beside its record in the snapshot.
#[derive(Clone, Debug)]
struct DeviceView {
    keys: Box<[Key]>,
    centre: Option<Centre>,
    /// Participants that may not judge it, ascending.
    excluded: Box<[u16]>,
}

/// A validator that takes part in the assignment.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Position in the snapshot's validators.
    pub validator: usize,
    /// Its id.
    pub id: Box<[u8]>,
    /// Number of its owner among the participants' owners; equal owners have equal numbers.
    pub owner: u16,
    /// The secret it committed to; `None` makes it void.
    pub secret: Option<[u8; 32]>,
}

/// The epoch, ready for checking.
pub struct Epoch {
    /// Parameters.
    pub params: Params,
    /// The beacon's chain.
    pub chain: Chain,
    /// All slots.
    pub slots: Vec<Slot>,
    /// Devices and validators.
    pub snapshot: Snapshot,
    /// Every device key, parsed once.
    pub keys: KeyRegistry,
    /// Validators in the assignment, ascending by id.
    pub participants: Vec<Participant>,
    devices: Vec<DeviceView>,
    /// Keys that two or more devices are registered with, and those devices.
    shared_keys: BTreeMap<KeyId, Vec<u32>>,
}

/// The revealed secrets of the validators: every distinct value that stands for each id.
pub type Secrets = BTreeMap<Vec<u8>, BTreeSet<[u8; 32]>>;

impl Epoch {
    /// Puts the parts together; an error says which of them do not fit.
    pub fn new(
        params: Params,
        chain: Chain,
        rounds: &Rounds,
        snapshot: Snapshot,
        secrets: &Secrets,
    ) -> Result<Self, EpochError> {
        let slots = slots(&params, &chain, rounds)?;
        let participants = participants(&snapshot, secrets)?;
        let (keys, devices) = device_keys(&snapshot);
        let mut epoch = Self {
            params,
            chain,
            slots,
            snapshot,
            keys,
            participants,
            devices,
            shared_keys: BTreeMap::new(),
        };
        epoch.shared_keys = epoch.find_shared_keys();
        let extras: Vec<_> = epoch
            .snapshot
            .devices
            .par_iter()
            .map(|device| (centre(device), epoch.exclusions(device)))
            .collect();
        for (view, (centre, excluded)) in epoch.devices.iter_mut().zip(extras) {
            view.centre = centre;
            view.excluded = excluded;
        }
        Ok(epoch)
    }

    /// Number of observations that decide a slot: 1 where only one validator takes part.
    pub fn quorum(&self) -> usize {
        if self.has_single_witness() { 1 } else { self.params.quorum }
    }

    /// Whether only one validator takes part.
    pub fn has_single_witness(&self) -> bool {
        self.participants.len() == 1
    }

    /// Keys that two or more devices are registered with, and those devices, ascending.
    pub fn shared_keys(&self) -> &BTreeMap<KeyId, Vec<u32>> {
        &self.shared_keys
    }

    fn find_shared_keys(&self) -> BTreeMap<KeyId, Vec<u32>> {
        let mut holders: Vec<(KeyId, u32)> = self
            .devices
            .iter()
            .enumerate()
            .flat_map(|(device, view)| {
                view.keys.iter().map(move |key| (key.id, u32::try_from(device).unwrap_or(u32::MAX)))
            })
            .collect();
        holders.sort_unstable();
        holders.dedup();
        holders
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|group| group.len() > 1)
            .filter_map(|group| Some((group.first()?.0, group.iter().map(|(_, device)| *device).collect())))
            .collect()
    }

    /// Position of an eligible device in the snapshot.
    pub fn device_index(&self, id: &[u8]) -> Option<usize> {
        self.snapshot.devices.binary_search_by(|device| device.id.as_slice().cmp(id)).ok()
    }

    /// Position of a validator among the participants.
    pub fn participant_index(&self, id: &[u8]) -> Option<u16> {
        let found = self.participants.binary_search_by(|participant| (*participant.id).cmp(id)).ok()?;
        u16::try_from(found).ok()
    }

    /// The key of a device that has this kid; no two of its keys have the same.
    pub fn device_key(&self, device: usize, kid: &[u8]) -> Option<&Key> {
        let keys = &self.devices.get(device)?.keys;
        keys.get(keys.binary_search_by(|key| (*key.kid).cmp(kid)).ok()?)
    }

    /// Ids of a device's keys.
    pub fn key_ids(&self, device: usize) -> impl Iterator<Item = KeyId> + '_ {
        self.devices.get(device).into_iter().flat_map(|view| view.keys.iter().map(|key| key.id))
    }

    /// Registered location of a device.
    pub fn device_centre(&self, device: usize) -> Option<&Centre> {
        self.devices.get(device).and_then(|view| view.centre.as_ref())
    }

    /// Whether check 2 knows the device: eligible and not retired at or before the start.
    pub fn is_known(&self, device: usize) -> bool {
        self.snapshot.devices.get(device).is_some_and(|d| {
            d.retired_ms.is_none_or(|retired| retired > self.params.start.saturating_mul(1000))
        })
    }

    /// Whether a device is challenged in a slot: the round is there, the device is not retired by then, and the draw
    /// selects it.
    pub fn is_challenged(&self, slot: u64, device: usize) -> bool {
        let (Some(slot), Some(record)) = (self.slot(slot), self.snapshot.devices.get(device)) else {
            return false;
        };
        let Some(draws) = &slot.draws else { return false };
        record.retired_ms.is_none_or(|retired| slot.start.saturating_mul(1000) < retired)
            && draws.is_selected(&record.id, self.params.select_num, self.params.select_den)
    }

    /// Appends the participants that probe a challenged device in a slot, best draw first.
    pub fn assign(&self, slot: u64, device: usize, assigner: &mut Assigner, out: &mut Vec<u16>) {
        let (Some(record), Some(view)) = (self.snapshot.devices.get(device), self.devices.get(device)) else {
            return;
        };
        let Some(draws) = self.slot(slot).and_then(|slot| slot.draws.as_ref()) else { return };
        let allowed = self
            .participants
            .iter()
            .enumerate()
            .filter_map(|(index, participant)| Some((u16::try_from(index).ok()?, &*participant.id)))
            .filter(|(index, _)| view.excluded.binary_search(index).is_err())
            .map(|(index, id)| (u32::from(index), id));
        let assigned = assigner.assign(&draws.device(&record.id), allowed, self.params.validators_per_probe);
        out.extend(assigned.filter_map(|index| u16::try_from(index).ok()));
    }

    /// The slot of this number.
    pub fn slot(&self, slot: u64) -> Option<&Slot> {
        usize::try_from(slot).ok().and_then(|index| self.slots.get(index))
    }

    /// Challenge and moment (ms) of a probe; `None` where the validator is void or the round missing.
    pub fn challenge(
        &self,
        prober: &mut Prober,
        slot: u64,
        device: &[u8],
        participant: u16,
    ) -> Option<(Hash, i64)> {
        let entry = self.slot(slot)?;
        let participant = self.participants.get(usize::from(participant))?;
        let secret = participant.secret.as_ref()?;
        let probe = prober.probe(entry.draws.as_ref()?, secret, slot, device, &participant.id);
        let (slot_seconds, late_limit) = (self.params.slot_seconds, self.params.late_limit_ms);
        let moment = probe.moment_ms(entry.round_time, entry.start, slot_seconds, late_limit).ok()?;
        Some((probe.challenge, moment))
    }

    /// The public nonce of a probe.
    pub fn nonce(&self, slot: u64, device: &[u8], participant: u16) -> Option<Hash> {
        let participant = self.participants.get(usize::from(participant))?;
        Some(self.slot(slot)?.draws.as_ref()?.nonce(device, &participant.id))
    }

    /// Scoring and rewards, 6.4: owner proved on both sides, payee, or a conflict that the validator declared.
    fn exclusions(&self, device: &Device) -> Box<[u16]> {
        let conflicts = |validator: &Validator| {
            (device.owner_key_proved && validator.owner_key_proved && device.owner == validator.owner)
                || (device.payee.is_some() && device.payee == validator.payee)
                || validator.conflict_devices.binary_search(&device.id).is_ok()
                || validator.conflict_owners.binary_search(&device.owner).is_ok()
        };
        self.participants
            .iter()
            .enumerate()
            .filter(|(_, participant)| {
                self.snapshot.validators.get(participant.validator).is_some_and(conflicts)
            })
            .filter_map(|(index, _)| u16::try_from(index).ok())
            .collect()
    }
}

/// Bytes of keys' tables that are kept while a shard is judged.
const TABLE_BYTES: usize = 256 << 20;

/// Parses every device key once, on all threads.
fn device_keys(snapshot: &Snapshot) -> (KeyRegistry, Vec<DeviceView>) {
    let mut registry = KeyRegistry::new();
    registry.set_table_budget(TABLE_BYTES);
    let mut ids = BTreeMap::new();
    for scheme in Scheme::ALL {
        let keys =
            || snapshot.devices.iter().flat_map(|device| &device.keys).filter(|key| key.scheme == scheme);
        let bytes: Vec<&[u8]> = keys().map(|key| &key.public_key[..]).collect();
        let registered = registry.register_many(scheme, &bytes);
        ids.insert(scheme, registered.into_iter());
    }
    let mut next = |scheme: Scheme| ids.get_mut(&scheme).and_then(Iterator::next).unwrap_or(KeyId::NONE);
    let view = |device: &Device| {
        let key = |key: &DeviceKey| Key {
            kid: key.kid.clone().into(),
            id: next(key.scheme),
            scheme: key.scheme,
            valid_from_ms: key.valid_from_ms,
            valid_to_ms: key.valid_to_ms,
        };
        let mut keys: Box<[Key]> = device.keys.iter().map(key).collect();
        keys.sort_unstable_by(|a, b| a.kid.cmp(&b.kid));
        DeviceView { keys, centre: None, excluded: Box::default() }
    };
    let devices = snapshot.devices.iter().map(view).collect();
    (registry, devices)
}

fn centre(device: &Device) -> Option<Centre> {
    device.place.as_ref().map(|place| Centre::new(place.lat_e7, place.lon_e7, place.radius_m))
}

fn slots(params: &Params, chain: &Chain, rounds: &Rounds) -> Result<Vec<Slot>, EpochError> {
    (0..params.slots())
        .into_par_iter()
        .map(|slot| {
            let start = params.slot_start(slot);
            let wrong =
                |error: &dyn std::fmt::Display| EpochError::new(format!("slot {slot} at {start}: {error}"));
            let round = chain.first_round_at_or_after(start).map_err(|error| wrong(&error))?;
            let round_time = chain.time_of_round(round).map_err(|error| wrong(&error))?;
            // Nonce and salt move the moment inside its span only, so any pair shows whether there is a span.
            moment_ms(&[0; 32], &[0; 32], round_time, start, params.slot_seconds, params.late_limit_ms)
                .map_err(|error| wrong(&error))?;
            let draws = rounds.randomness(round).map(|randomness| {
                SlotDraws::new(&slot_seed(chain.hash(), round, randomness, slot, &params.params_hash))
            });
            Ok(Slot { start, round, round_time, draws })
        })
        .collect()
}

fn participants(snapshot: &Snapshot, secrets: &Secrets) -> Result<Vec<Participant>, EpochError> {
    let taking_part = || snapshot.validators.iter().enumerate().filter(|(_, v)| v.takes_part);
    let count = taking_part().count();
    if count > usize::from(u16::MAX) {
        return Err(EpochError::new(format!("{count} validators take part; expected at most {}", u16::MAX)));
    }
    let mut owners: BTreeMap<&str, u16> = BTreeMap::new();
    let mut out = Vec::with_capacity(count);
    for (index, validator) in taking_part() {
        // Fewer owners than validators, which the count above has bounded.
        let next = u16::try_from(owners.len()).unwrap_or(u16::MAX);
        let owner = *owners.entry(&validator.owner).or_insert(next);
        let revealed =
            secrets.get(&validator.id).filter(|values| values.len() == 1).and_then(|values| values.first());
        let secret = revealed.filter(|secret| validator.commitment == Some(sha256(*secret))).copied();
        out.push(Participant { validator: index, id: validator.id.clone().into(), owner, secret });
    }
    Ok(out)
}
