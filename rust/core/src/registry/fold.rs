//! The fold of the chain of events into a snapshot.
//!
//! In: event lines in order, the epoch's bounds, the authority's keys. Out: [`Snapshot`], or the first line that makes the
//! registry invalid. Rule: "uptime proof", section 5 (which events apply) and 1.6 (which commitment counts).
//! Invariant: lines are read, hashed and their signatures checked by many threads, but an error is always that of the
//! smallest line, and the snapshot does not depend on the number of threads.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, Read};

use rayon::prelude::*;
use ruint::aliases::U256;
use sha2::{Digest, Sha256};

use super::events::{Body, Enrolment, Event, Line, Subject, parse_line};
use super::keys::PublicKey;
use super::members::EventFault;
use super::parties::{self, Check, Plan, Standing};
use super::snapshot::{Device, DeviceKey, Snapshot, Validator};
use crate::hash::Hash;
use crate::signature::Scheme;

/// Lines that are read and checked together.
const CHUNK_LINES: usize = 8192;

/// Bytes after which a chunk is closed early.
const CHUNK_BYTES: usize = 1 << 24;

/// Longest line; the longest certificate chains are far below.
const MAX_LINE: usize = 1 << 20;

/// The epoch that a snapshot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Its index.
    pub epoch: i64,
    /// Its start, Unix milliseconds.
    pub start_ms: i64,
    /// Its end, Unix milliseconds.
    pub end_ms: i64,
}

/// Why a registry is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("registry line {line}: {what}")]
pub struct RegistryFault {
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What was expected and found.
    pub what: String,
    /// What usually causes this.
    pub hint: Option<&'static str>,
}

impl RegistryFault {
    fn at(line: usize) -> impl Fn(EventFault) -> Self {
        move |fault| Self { line, what: fault.what, hint: fault.hint }
    }
}

struct DeviceState {
    device: Device,
    /// The owner after all events so far, which signs the next one.
    signing_owner: String,
    is_eligible: bool,
}

struct ValidatorState {
    validator: Validator,
    is_enrolled: bool,
}

/// The registry after the events so far.
struct State {
    bounds: Bounds,
    devices: Vec<DeviceState>,
    device_places: HashMap<Vec<u8>, usize>,
    /// Which device had a key first.
    bound: HashMap<(Scheme, Vec<u8>), usize>,
    nonces: HashSet<Hash>,
    validators: Vec<ValidatorState>,
    validator_places: HashMap<Vec<u8>, usize>,
    next_seq: i64,
    last_recorded_ms: i64,
    head: Hash,
    head_at_start: Hash,
    /// Line of the last event before the start.
    line_at_start: usize,
    content: Sha256,
}

fn shown(id: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(id)
}

fn first_key(key: &PublicKey, kid: &[u8], from_ms: i64) -> Result<DeviceKey, EventFault> {
    let scheme = key.scheme().ok_or_else(|| EventFault::new("key: expected a key that signs"))?;
    Ok(DeviceKey {
        kid: kid.to_vec(),
        scheme,
        public_key: key.as_bytes().to_vec(),
        valid_from_ms: from_ms,
        valid_to_ms: None,
    })
}

impl State {
    fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            devices: Vec::new(),
            device_places: HashMap::new(),
            bound: HashMap::new(),
            nonces: HashSet::new(),
            validators: Vec::new(),
            validator_places: HashMap::new(),
            next_seq: 0,
            last_recorded_ms: 0,
            head: [0; 32],
            head_at_start: [0; 32],
            line_at_start: 0,
            content: Sha256::new(),
        }
    }

    fn device(&mut self, id: &[u8]) -> Result<&mut DeviceState, EventFault> {
        let place = self.device_places.get(id).copied();
        place.and_then(|place| self.devices.get_mut(place)).ok_or_else(|| {
            EventFault::new(format!("device: expected one that was enrolled before, found {}", shown(id)))
        })
    }

    fn validator(&mut self, id: &[u8]) -> Result<&mut ValidatorState, EventFault> {
        let place = self.validator_places.get(id).copied();
        place.and_then(|place| self.validators.get_mut(place)).ok_or_else(|| {
            EventFault::new(format!("validator: expected one that was enrolled before, found {}", shown(id)))
        })
    }

    /// Takes the next event of the chain; what remains is to check its signatures.
    fn take(
        &mut self,
        event: &Event,
        canonical: &[u8],
        authority: &[PublicKey],
    ) -> Result<Vec<Check>, EventFault> {
        self.check_chain(event)?;
        let standing = match parties::subject(event) {
            None => None,
            Some(Subject::Device(id)) => {
                let state = self.device(&id)?;
                Some(Standing { keys: &state.device.keys, owner: &state.signing_owner })
            }
            Some(Subject::Validator(id)) => {
                let validator = &self.validator(&id)?.validator;
                Some(Standing { keys: &validator.keys, owner: &validator.owner })
            }
        };
        let plan = parties::plan(event, standing.as_ref(), authority)?;
        self.apply(event, &plan)?;
        self.next_seq = event.seq + 1;
        self.last_recorded_ms = event.recorded_ms;
        self.head = event.hash;
        if event.recorded_ms < self.bounds.start_ms {
            self.head_at_start = event.hash;
            self.line_at_start += 1;
        }
        self.content.update(canonical);
        self.content.update(b"\n");
        Ok(plan.checks)
    }

    fn check_chain(&self, event: &Event) -> Result<(), EventFault> {
        const HINT: &str =
            "an event was left out, put in, changed or moved; ask the registry for its lines again";
        if event.seq != self.next_seq {
            let what = format!("seq: expected {}, found {}", self.next_seq, event.seq);
            return Err(EventFault::new(what).hint(HINT));
        }
        if event.prev_hash != self.head {
            let (expected, found) = (shown(&self.head), shown(&event.prev_hash));
            let what = format!("prev_hash: expected {expected}, the hash of the event before; found {found}");
            return Err(EventFault::new(what).hint(HINT));
        }
        if event.recorded_ms < self.last_recorded_ms {
            let (expected, found) = (self.last_recorded_ms, event.recorded_ms);
            return Err(EventFault::new(format!("recorded_ms: expected {expected} or later, found {found}")));
        }
        Ok(())
    }

    fn apply(&mut self, event: &Event, plan: &Plan) -> Result<(), EventFault> {
        let was_before = event.recorded_ms < self.bounds.start_ms;
        // What is no key and no retirement counts from the first epoch that starts when it is in effect.
        let counts = was_before && event.effective_ms <= self.bounds.start_ms;
        match &event.body {
            Body::Enroll(enrolment) => return self.enroll(event, enrolment, plan),
            Body::EnrollValidator { .. } => return self.enroll_validator(event, plan.has_owner, counts),
            Body::CommitChallenge { validator, epoch, commitment } => {
                let is_for_this = was_before && *epoch == self.bounds.epoch;
                let validator = &mut self.validator(validator)?.validator;
                if is_for_this {
                    validator.commitment = Some(*commitment);
                }
            }
            Body::ConflictWithDevice { validator, device } => {
                self.device(device)?;
                let validator = &mut self.validator(validator)?.validator;
                if counts {
                    validator.conflict_devices.push(device.clone());
                }
            }
            Body::ConflictWithOwner { validator, owner } => {
                let validator = &mut self.validator(validator)?.validator;
                if counts {
                    validator.conflict_owners.push(owner.clone());
                }
            }
            Body::Rotate { subject, old_kid, key, kid, overlap_ms } => {
                let new = first_key(key, kid, event.effective_ms)?;
                if let Subject::Device(id) = subject
                    && let Some(place) = self.device_places.get(id)
                {
                    self.bound.entry((new.scheme, new.public_key.clone())).or_insert(*place);
                }
                let keys = self.keys(subject)?;
                if keys.iter().any(|key| key.kid == *kid) {
                    let what = format!("kid: expected one that this holder never had, found {}", shown(kid));
                    return Err(EventFault::new(what));
                }
                if let Some(old) = keys.iter_mut().find(|key| key.kid == *old_kid) {
                    old.end(event.effective_ms.saturating_add(*overlap_ms));
                }
                keys.push(new);
            }
            Body::Revoke { subject, kid } => {
                if let Some(key) = self.keys(subject)?.iter_mut().find(|key| key.kid == *kid) {
                    key.end(event.effective_ms);
                }
            }
            Body::Relocate { device, cell, place } => {
                let device = &mut self.device(device)?.device;
                if counts {
                    (device.cell, device.place) = (*cell, *place);
                }
            }
            Body::Transfer { device, owner } => {
                let state = self.device(device)?;
                state.signing_owner.clone_from(owner);
                if counts {
                    state.device.owner.clone_from(owner);
                    // A new owner with a key has signed, or the event would not have come this far.
                    state.device.owner_key_proved = owner.starts_with("did:key:");
                }
            }
            Body::SetPayee { device, payee } => {
                let device = &mut self.device(device)?.device;
                if counts {
                    device.payee = *payee;
                }
            }
            Body::SetWeight { device, weight } => {
                let device = &mut self.device(device)?.device;
                if counts {
                    device.weight = *weight;
                }
            }
            Body::SetClass { device, class } => {
                let device = &mut self.device(device)?.device;
                if counts {
                    device.class.clone_from(class);
                }
            }
            Body::Certify { device } => {
                self.device(device)?;
            }
            Body::Retire(Subject::Device(device)) => {
                let device = &mut self.device(device)?.device;
                let earlier = device.retired_ms.unwrap_or(event.effective_ms);
                device.retired_ms = Some(earlier.min(event.effective_ms));
            }
            Body::Retire(Subject::Validator(validator)) => {
                let validator = &mut self.validator(validator)?.validator;
                if counts {
                    let earlier = validator.retired_ms.unwrap_or(event.effective_ms);
                    validator.retired_ms = Some(earlier.min(event.effective_ms));
                }
            }
        }
        Ok(())
    }

    fn keys(&mut self, subject: &Subject) -> Result<&mut Vec<DeviceKey>, EventFault> {
        match subject {
            Subject::Device(id) => Ok(&mut self.device(id)?.device.keys),
            Subject::Validator(id) => Ok(&mut self.validator(id)?.validator.keys),
        }
    }

    fn enroll(&mut self, event: &Event, enrolment: &Enrolment, plan: &Plan) -> Result<(), EventFault> {
        let place = self.devices.len();
        let key = first_key(&enrolment.key, &enrolment.kid, event.effective_ms)?;
        if !self.nonces.insert(enrolment.nonce) {
            return Err(EventFault::new("nonce: expected one that was not used before, found one that was"));
        }
        let holder = *self.bound.entry((key.scheme, key.public_key.clone())).or_insert(place);
        if holder != place && !plan.has_authority {
            return Err(EventFault::new("key: expected one that is bound to no device, found one that is")
                .hint("only an import that the registry authority signs may keep a key on two devices"));
        }
        if self.device_places.insert(enrolment.device.clone(), place).is_some() {
            let what = format!("device: expected a new one, found {} again", shown(&enrolment.device));
            return Err(EventFault::new(what));
        }
        let device = Device {
            id: enrolment.device.clone(),
            owner: enrolment.owner.clone(),
            owner_key_proved: plan.has_owner,
            payee: enrolment.payee,
            recorded_ms: event.recorded_ms,
            effective_ms: event.effective_ms,
            retired_ms: None,
            cell: enrolment.cell,
            place: enrolment.place,
            hwmodel: enrolment.hwmodel.clone(),
            oemid: enrolment.oemid.clone(),
            weight: U256::ONE,
            class: None,
            keys: vec![key],
        };
        let is_eligible = event.effective_ms < self.bounds.start_ms;
        self.devices.push(DeviceState { device, signing_owner: enrolment.owner.clone(), is_eligible });
        Ok(())
    }

    fn enroll_validator(
        &mut self,
        event: &Event,
        has_owner: bool,
        is_enrolled: bool,
    ) -> Result<(), EventFault> {
        let Body::EnrollValidator { validator: id, key, kid, owner, payee, position } = &event.body else {
            return Ok(());
        };
        let place = self.validators.len();
        if self.validator_places.insert(id.clone(), place).is_some() {
            let what = format!("validator: expected a new one, found {} again", shown(id));
            return Err(EventFault::new(what));
        }
        let validator = Validator {
            id: id.clone(),
            owner: owner.clone(),
            owner_key_proved: has_owner,
            payee: *payee,
            position: *position,
            recorded_ms: event.recorded_ms,
            effective_ms: event.effective_ms,
            retired_ms: None,
            keys: vec![first_key(key, kid, event.effective_ms)?],
            commitment: None,
            takes_part: false,
            conflict_devices: Vec::new(),
            conflict_owners: Vec::new(),
        };
        self.validators.push(ValidatorState { validator, is_enrolled });
        Ok(())
    }

    fn finish(self) -> Snapshot {
        let mut devices: Vec<Device> =
            self.devices.into_iter().filter(|state| state.is_eligible).map(|state| state.device).collect();
        devices.par_sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let mut validators: Vec<Validator> = self
            .validators
            .into_iter()
            .filter(|state| state.is_enrolled)
            .map(|state| state.validator)
            .map(|mut validator| {
                validator.takes_part = validator.retired_ms.is_none() && validator.commitment.is_some();
                validator.conflict_devices.sort_unstable();
                validator.conflict_devices.dedup();
                validator.conflict_owners.sort_unstable();
                validator.conflict_owners.dedup();
                validator
            })
            .collect();
        validators.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Snapshot {
            devices,
            validators,
            registry_head_at_start: self.head_at_start,
            head: self.head,
            content_hash: self.content.finalize().into(),
            events: self.next_seq.unsigned_abs(),
        }
    }
}

/// Lines of a file, some thousands at a time.
struct Lines<R> {
    reader: R,
    /// Line number before the next one.
    number: usize,
}

impl<R: BufRead> Lines<R> {
    /// The next lines without their LF; empty at the end.
    fn next_chunk(&mut self) -> Result<Vec<Vec<u8>>, RegistryFault> {
        let mut lines = Vec::new();
        let mut size = 0;
        while lines.len() < CHUNK_LINES && size < CHUNK_BYTES {
            let number = self.number + lines.len() + 1;
            let fault = |what: String| RegistryFault { line: number, what, hint: None };
            let mut line = Vec::new();
            let read = (&mut self.reader).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
            match read {
                Err(error) => return Err(fault(format!("expected a readable registry, found: {error}"))),
                Ok(0) => break,
                Ok(read) if read > MAX_LINE => {
                    return Err(fault(format!("expected a line of at most {MAX_LINE} bytes, found more")));
                }
                Ok(_) => {}
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            size += line.len();
            lines.push(line);
        }
        self.number += lines.len();
        Ok(lines)
    }
}

/// Folds event lines into what holds for one epoch.
///
/// `authority` are the registry authority's keys. `expected_head` is the head that `epoch.toml` names; without it nothing
/// vouches for the lines but themselves.
pub fn fold(
    reader: impl BufRead,
    bounds: Bounds,
    authority: &[PublicKey],
    expected_head: Option<Hash>,
) -> Result<Snapshot, RegistryFault> {
    let mut state = State::new(bounds);
    let mut lines = Lines { reader, number: 0 };
    let mut is_open = true;
    while is_open {
        let before = lines.number;
        let chunk = lines.next_chunk()?;
        is_open = !chunk.is_empty() && take_chunk(&mut state, &chunk, before, authority)?;
    }
    if let Some(expected) = expected_head.filter(|expected| *expected != state.head_at_start) {
        return Err(RegistryFault {
            line: state.line_at_start,
            what: format!(
                "head: expected {}, the hash of the last event recorded before the epoch; found {}",
                shown(&expected),
                shown(&state.head_at_start)
            ),
            hint: Some("the lines are of another registry, cut short or rewritten"),
        });
    }
    Ok(state.finish())
}

/// Takes a chunk; `false` once an event after the epoch's end was met.
fn take_chunk(
    state: &mut State,
    chunk: &[Vec<u8>],
    before: usize,
    authority: &[PublicKey],
) -> Result<bool, RegistryFault> {
    let end_ms = state.bounds.end_ms;
    let parsed: Vec<Result<Line, EventFault>> =
        chunk.par_iter().map(|line| parse_line(line, end_ms)).collect();
    let mut checks: Vec<(usize, Check)> = Vec::with_capacity(parsed.len());
    let mut outcome = Ok(true);
    for (index, line) in parsed.into_iter().enumerate() {
        let number = before + index + 1;
        let taken = line.and_then(|line| match line.event {
            Some(event) => state.take(&event, &line.canonical, authority).map(Some),
            None => Ok(None),
        });
        match taken {
            Ok(Some(found)) => checks.extend(found.into_iter().map(|check| (number, check))),
            Ok(None) => outcome = Ok(false),
            Err(fault) => outcome = Err(RegistryFault::at(number)(fault)),
        }
        if !matches!(outcome, Ok(true)) {
            break;
        }
    }
    // Signatures of earlier lines go before what is wrong with a later one.
    let bad = checks
        .par_iter()
        .find_map_first(|(number, check)| check.run().err().map(|fault| RegistryFault::at(*number)(fault)));
    bad.map_or(outcome, Err)
}

/// Reads a whole file of event lines from memory.
impl Snapshot {
    /// Folds event lines that are in memory; see [`fold`].
    pub fn from_lines(
        lines: &[u8],
        bounds: Bounds,
        authority: &[PublicKey],
        expected_head: Option<Hash>,
    ) -> Result<Self, RegistryFault> {
        fold(io::Cursor::new(lines), bounds, authority, expected_head)
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
