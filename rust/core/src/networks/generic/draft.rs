//! The checks that look at one row: decoding, device, key, schedule, signature, nonce, timing, place and model.
//!
//! In: distinct rows in the order (device, slot, validator, `row_id`) and the epoch. Out: one draft per row with its failed
//! checks, what they compared, and the claims that the device-wide checks need. Rule: uptime proof, 4.1 and 4.2, checks 0
//! to 9, 11 to 13, 15 and 16. Invariant: a draft depends on its own row and the epoch alone; signatures are checked for a
//! whole block at once, so that the engine sees the items of one key together.

use std::sync::Arc;

use rayon::prelude::*;

use crate::beacon::Prober;
use crate::checks::geography::{Claim, Misplaced};
use crate::decode::claims::Location;
use crate::decode::proof::{self, Proof, Scratch, Stage};
use crate::hash::{Hash, sha256_each};
use crate::signature::{
    ByteColumn, Items, ItemsError, KeyId, KeyRegistry, Rules, SignatureVerdict, verify_items,
};
use crate::verify::epoch::Epoch;
use crate::verify::judged::Answered;
use crate::verify::roster::Roster;
use crate::verify::rows::{Block, Envelope, Row};

use super::ruling::{Check, Compared, stopped};

/// How long after its moment a probe is on time, ms.
const PUNCTUALITY_MS: i64 = 60_000;
/// Signatures that one thread checks at a time.
const SLICE: usize = 512;

/// The claims that later checks read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The challenge that the device answered.
    pub nonce: Hash,
    /// The device's time, s.
    pub iat: i64,
    /// Seconds since boot.
    pub uptime: Option<i64>,
    /// Boots.
    pub bootcount: Option<i64>,
    /// Where the device says it is.
    pub location: Option<Location>,
    /// Hardware model.
    pub hwmodel: Option<Arc<[u8]>>,
    /// Maker.
    pub oemid: Option<Arc<[u8]>>,
}

/// Memory from row to row: for decoding, and what the last one said about its hardware, as a device's proofs all do.
#[derive(Default)]
struct Memory {
    scratch: Scratch,
    hwmodel: Option<Arc<[u8]>>,
    oemid: Option<Arc<[u8]>>,
}

/// The bytes, shared with the last ones if they are the same.
fn shared(last: &mut Option<Arc<[u8]>>, bytes: &[u8]) -> Arc<[u8]> {
    match last {
        Some(last) if **last == *bytes => Arc::clone(last),
        _ => Arc::clone(last.insert(bytes.into())),
    }
}

/// A row between its checks.
#[derive(Debug)]
pub struct Draft {
    /// Failed checks so far.
    pub failed: u32,
    /// Whether the header's algorithm is one of the format's.
    pub algorithm_known: bool,
    /// SHA-256 of the envelope, `None` for a probe without an answer.
    pub proof_hash: Option<Hash>,
    /// The claims, where they could be decoded.
    pub facts: Option<Facts>,
    /// Position of the device in the snapshot, where check 2 knows it.
    pub device: Option<u32>,
    /// Position of the validator among the participants, where check 8 passed.
    pub participant: Option<u16>,
    /// The device's key that the proof names.
    pub key: Option<KeyId>,
    /// The challenge of the row's slot, device and validator, if there is one.
    pub challenge: Option<Hash>,
    /// What the checks compared.
    pub compared: Compared,
}

impl Draft {
    /// Whether a check failed.
    pub fn has_failed(&self, check: Check) -> bool {
        self.failed & check.bit() != 0
    }

    /// Whether a check ran and passed.
    pub fn has_passed(&self, check: Check) -> bool {
        (self.failed | stopped(self.failed, self.algorithm_known)) & check.bit() == 0
    }

    /// Whether the device's own signature was checked and is good.
    pub fn is_signed(&self) -> bool {
        self.facts.is_some() && self.has_passed(Check::BadSignature)
    }

    /// Which challenge the proof is an answer to.
    pub fn answered(&self) -> Answered {
        if self.challenge.is_none() || self.challenge != self.facts.as_ref().map(|facts| facts.nonce) {
            Answered::Another
        } else if self.has_passed(Check::DeviceMismatch) && self.has_passed(Check::NonceMismatch) {
            Answered::Own
        } else {
            Answered::OwnWrongly
        }
    }

    fn fail(&mut self, check: Check) {
        self.failed |= check.bit();
    }
}

/// Signatures of a block, in the columns that the engine takes.
#[derive(Default)]
struct Columns {
    positions: Vec<usize>,
    key_ids: Vec<KeyId>,
    messages: Vec<u8>,
    message_ends: Vec<u64>,
    signatures: Vec<u8>,
    signature_ends: Vec<u64>,
}

impl Columns {
    /// Room for one signature per row. What is signed is a little shorter than the envelope.
    fn with_capacity(block: &Block) -> Self {
        let rows = block.rows.len();
        Self {
            positions: Vec::with_capacity(rows),
            key_ids: Vec::with_capacity(rows),
            messages: Vec::with_capacity(block.size()),
            message_ends: Vec::with_capacity(rows + 1),
            signatures: Vec::with_capacity(64 * rows),
            signature_ends: Vec::with_capacity(rows + 1),
        }
    }

    fn push(&mut self, position: usize, key: KeyId, proof: &Proof<'_>) {
        if self.positions.is_empty() {
            self.message_ends.push(0);
            self.signature_ends.push(0);
        }
        self.positions.push(position);
        self.key_ids.push(key);
        proof.write_signed_bytes(&mut self.messages);
        self.message_ends.push(self.messages.len() as u64);
        self.signatures.extend_from_slice(proof.signature);
        self.signature_ends.push(self.signatures.len() as u64);
    }

    fn verify(&self, keys: &KeyRegistry) -> Result<Vec<SignatureVerdict>, ItemsError> {
        let messages = ByteColumn::variable(&self.messages, &self.message_ends)?;
        let signatures = ByteColumn::variable(&self.signatures, &self.signature_ends)?;
        let items = Items::new(&self.key_ids, messages, signatures)?;
        let mut out = vec![SignatureVerdict::Equation; self.key_ids.len()];
        // A block is as long as its devices; threads that have no block left take slices of one that has.
        out.par_chunks_mut(SLICE).enumerate().try_for_each(|(slice, out)| {
            let start = slice * SLICE;
            verify_items(keys, &Rules::UPTIME_PROOF, &items.slice(start, start + SLICE), out)
        })?;
        Ok(out)
    }
}

/// Drafts every row of a block. `rosters` is asked once per known device of the block, in ascending order.
pub fn drafts(block: &Block, epoch: &Epoch, mut rosters: impl FnMut(usize) -> Roster) -> Vec<Draft> {
    let mut drafts = Vec::with_capacity(block.rows.len());
    let mut columns = Columns::with_capacity(block);
    let mut memory = Memory::default();
    let mut prober = Prober::default();
    let mut proof_hashes = proof_hashes(block).into_iter();
    for range in block.devices() {
        let rows = block.rows.get(range).unwrap_or_default();
        let known = rows
            .first()
            .and_then(|row| epoch.device_index(block.device(row)))
            .filter(|device| epoch.is_known(*device));
        let roster = known.map(&mut rosters);
        for row in rows {
            let mut draft = Draft::new(known);
            let assigned = roster.as_ref().map_or(&[][..], |roster| roster.assigned(row.slot));
            match known {
                Some(_) => schedule(&mut draft, block, row, assigned, epoch, &mut prober),
                None => draft.fail(Check::UnknownDevice),
            }
            draft.proof_hash = proof_hashes.next().flatten();
            match block.proof(row) {
                None => {}
                Some(Envelope::Long(_)) => {
                    draft.fail(Check::Malformed);
                    draft.compared.malformed_stage = Stage::Envelope.number();
                }
                Some(Envelope::Whole(envelope)) => {
                    let device = block.device(row);
                    decode(&mut draft, envelope, device, row.sent_ms, epoch, &mut memory, |key, proof| {
                        columns.push(drafts.len(), key, proof);
                    });
                }
            }
            drafts.push(draft);
        }
    }
    if !columns.positions.is_empty() {
        // Columns built above always fit each other; were they not to, nothing may pass.
        let verdicts = columns
            .verify(&epoch.keys)
            .unwrap_or_else(|_| vec![SignatureVerdict::Equation; columns.positions.len()]);
        for (position, verdict) in columns.positions.iter().zip(verdicts) {
            if let Some(draft) = drafts.get_mut(*position).filter(|_| !verdict.is_good()) {
                draft.fail(Check::BadSignature);
            }
        }
    }
    let mut placed = Placed::default();
    for (draft, row) in drafts.iter_mut().zip(&block.rows) {
        if row.transport == 0 {
            after_signature(draft, row, epoch, &mut placed);
        }
    }
    drafts
}

impl Draft {
    /// A row of which nothing is known yet but its device's place in the snapshot.
    pub fn new(known: Option<usize>) -> Self {
        Self {
            failed: 0,
            algorithm_known: true,
            proof_hash: None,
            facts: None,
            device: known.and_then(|device| u32::try_from(device).ok()),
            participant: None,
            key: None,
            challenge: None,
            compared: Compared::default(),
        }
    }
}

/// SHA-256 of each envelope.
fn proof_hashes(block: &Block) -> Vec<Option<Hash>> {
    let mut hashes = Vec::with_capacity(block.rows.len());
    let whole = |row| match block.proof(row) {
        Some(Envelope::Whole(envelope)) => Some(envelope),
        _ => None,
    };
    sha256_each(block.rows.iter().filter_map(whole), &mut hashes);
    let mut hashes = hashes.into_iter();
    let of_row = |row| match block.proof(row)? {
        Envelope::Whole(_) => hashes.next(),
        Envelope::Long(hash) => Some(hash),
    };
    block.rows.iter().map(of_row).collect()
}

/// Checks 0, 1 and 3 to 6; hands the proof on where its signature is to be checked.
fn decode(
    draft: &mut Draft,
    envelope: &[u8],
    device: &[u8],
    sent_ms: i64,
    epoch: &Epoch,
    memory: &mut Memory,
    check_signature: impl FnOnce(KeyId, &Proof<'_>),
) {
    let Memory { scratch, hwmodel, oemid } = memory;
    let proof = match proof::decode(envelope, scratch) {
        Ok(proof) => proof,
        Err(malformed) => {
            draft.fail(Check::Malformed);
            draft.compared.malformed_stage = malformed.stage.number();
            return;
        }
    };
    identity(draft, &proof, device, sent_ms, epoch);
    if let Some(key) = draft.key.filter(|_| draft.has_passed(Check::BadSignature)) {
        check_signature(key, &proof);
    }
    let claims = proof.claims;
    draft.facts = Some(Facts {
        nonce: claims.nonce,
        iat: claims.iat,
        uptime: claims.uptime,
        bootcount: claims.bootcount,
        location: claims.location,
        hwmodel: claims.hwmodel.map(|value| shared(hwmodel, value.as_ref())),
        oemid: claims.oemid.map(|value| shared(oemid, value.as_ref())),
    });
}

/// Checks 1 and 3 to 6.
fn identity(draft: &mut Draft, proof: &Proof<'_>, device: &[u8], sent_ms: i64, epoch: &Epoch) {
    draft.algorithm_known = proof.algorithm.is_some();
    draft.compared.unsupported = proof.unsupported.0;
    draft.compared.header_algorithm = proof.algorithm.map_or(0, |scheme| scheme as u8);
    draft.compared.iat = proof.claims.iat;
    if proof.unsupported.0 != 0 {
        draft.fail(Check::Unsupported);
    }
    let Some(index) = draft.device else { return };
    if proof.claims.ueid.as_bytes() != device {
        draft.fail(Check::DeviceMismatch);
        draft.compared.ueid = proof.claims.ueid.as_bytes().to_vec();
    }
    let Some(key) = epoch.device_key(index as usize, proof.kid) else {
        draft.fail(Check::UnknownKey);
        draft.compared.kid = proof.kid.to_vec();
        return;
    };
    draft.key = Some(key.id);
    draft.compared.key_algorithm = key.scheme as u8;
    draft.compared.key_interval = (key.valid_from_ms, key.valid_to_ms);
    if !key.is_valid_at(sent_ms) {
        draft.fail(Check::KeyNotValid);
    }
    if proof.algorithm.is_some_and(|named| named != key.scheme) {
        draft.fail(Check::AlgorithmMismatch);
    }
}

/// Check 8: the first of slot, round, assignment, void secret and time that does not hold.
fn schedule(
    draft: &mut Draft,
    block: &Block,
    row: &Row,
    assigned: &[u16],
    epoch: &Epoch,
    prober: &mut Prober,
) {
    let reason = match epoch.slot(row.slot) {
        None => (1, None),
        Some(slot) if slot.draws.is_none() => (2, None),
        Some(slot) => {
            let participant = epoch
                .participant_index(block.validator(row))
                .filter(|participant| assigned.contains(participant));
            match participant {
                None => (3, None),
                Some(participant) => {
                    match epoch.challenge(prober, row.slot, block.device(row), participant) {
                        None => (4, None),
                        Some((challenge, moment)) => {
                            draft.challenge = Some(challenge);
                            let first = slot.start.saturating_mul(1000);
                            let length = i64::try_from(epoch.params.slot_seconds)
                                .unwrap_or(i64::MAX)
                                .saturating_mul(1000);
                            let in_slot = first <= row.sent_ms && row.sent_ms < first.saturating_add(length);
                            let last = moment.saturating_add(PUNCTUALITY_MS);
                            if in_slot && moment <= row.sent_ms && row.sent_ms <= last {
                                draft.participant = Some(participant);
                                return;
                            }
                            (5, Some(moment))
                        }
                    }
                }
            }
        }
    };
    draft.fail(Check::OffSchedule);
    draft.compared.off_schedule = reason;
}

/// Checks 9, 11 to 13, 15 and 16.
fn after_signature(draft: &mut Draft, row: &Row, epoch: &Epoch, placed: &mut Placed) {
    let params = &epoch.params;
    let Some(received_ms) = row.received_ms else { return };
    let delay = i128::from(received_ms) - i128::from(row.sent_ms);
    draft.compared.delay_ms = i64::try_from(delay).unwrap_or(if delay < 0 { i64::MIN } else { i64::MAX });
    draft.compared.is_before_sent = delay < 0;
    if delay > i128::from(params.late_limit_ms) {
        draft.fail(Check::Expired);
    } else if delay > i128::from(params.deadline_ms) {
        draft.fail(Check::Late);
    }
    let Some(facts) = draft.facts.take() else { return };
    if draft.has_passed(Check::ClockSkew) {
        let iat = 1000 * i128::from(facts.iat);
        let skew = 1000 * i128::from(params.skew_s);
        if delay < 0 || iat < i128::from(row.sent_ms) - skew || iat > i128::from(received_ms) + skew {
            draft.fail(Check::ClockSkew);
        }
    }
    if draft.has_passed(Check::NonceMismatch) && draft.challenge != Some(facts.nonce) {
        draft.fail(Check::NonceMismatch);
    }
    if let Some(device) = draft.device {
        if draft.has_passed(Check::LocationMismatch) {
            place(draft, &facts, device, epoch, placed);
        }
        if draft.has_passed(Check::ModelMismatch) {
            model(draft, &facts, device as usize, epoch);
        }
    }
    draft.facts = Some(facts);
}

/// What check 15 said last: most devices stay where they are, and their rows lie behind each other.
#[derive(Default)]
struct Placed {
    /// The device and its claim.
    asked: Option<(u32, Option<Claim>)>,
    found: Option<Misplaced>,
}

/// Check 15.
fn place(draft: &mut Draft, facts: &Facts, device: u32, epoch: &Epoch, placed: &mut Placed) {
    let Some(centre) = epoch.device_centre(device as usize) else { return };
    let claim = facts.location.as_ref().map(|location| Claim {
        lat_e7: location.lat_e7,
        lon_e7: location.lon_e7,
        accuracy_m: location.accuracy_m,
    });
    if placed.asked != Some((device, claim)) {
        let params = &epoch.params;
        placed.asked = Some((device, claim));
        placed.found = centre.check(claim, params.location_tolerance_m, params.require_location);
    }
    if let Some(misplaced) = placed.found {
        draft.fail(Check::LocationMismatch);
        let shown = |metres: u64| i64::try_from(metres).unwrap_or(i64::MAX);
        draft.compared.location = (misplaced.metres.map_or(-1, shown), shown(misplaced.limit_m));
    }
}

/// Check 16.
fn model(draft: &mut Draft, facts: &Facts, device: usize, epoch: &Epoch) {
    let Some(record) = epoch.snapshot.devices.get(device) else { return };
    let differs = |claimed: Option<&[u8]>, registered: Option<&[u8]>| matches!((claimed, registered), (Some(claimed), Some(registered)) if claimed != registered);
    let hwmodel = differs(facts.hwmodel.as_deref(), record.hwmodel.as_deref());
    let oemid = differs(facts.oemid.as_deref(), record.oemid.as_deref());
    if hwmodel || oemid {
        draft.fail(Check::ModelMismatch);
        draft.compared.model = u8::from(hwmodel) + 2 * u8::from(oemid);
    }
}
