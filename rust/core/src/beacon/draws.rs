//! Draws: from a slot's randomness to who is probed, by whom, with what, when.
//!
//! In: the slot's seed and ids. Out: selection, assignment, nonce, salt, challenge, moment. Rule: scoring and rewards,
//! 6.2 to 6.4; uptime proof, 1.6. Invariant: a draw depends on its domain, the seed and the ids alone; no modulo, no
//! floating point, no seeded generator.
//!
//! An epoch has slots x devices x validators of these hashes, so the common beginnings are hashed once: [`SlotDraws`]
//! holds what all devices of a slot share, [`DeviceDraws`] what all validators of a device share, [`Salts`] what all
//! devices of a (validator, slot) share. The free functions say the same in one line each.

use crate::hash::{Domain, Hash, Preimage, sha256_pair};

/// The seed of one slot.
pub fn slot_seed(chain_hash: &Hash, round: u64, randomness: &Hash, slot: u64, params_hash: &Hash) -> Hash {
    Domain::new("depinverify/slot-seed/v1")
        .raw(chain_hash)
        .u64(round)
        .raw(randomness)
        .u64(slot)
        .raw(params_hash)
        .finish()
}

/// The draw of device `d` for `purpose`: 64 uniform bits.
pub fn draw(purpose: &str, seed: &Hash, d: &[u8]) -> u64 {
    first_u64(&draw_domain(purpose).raw(seed).lp(d).finish())
}

/// Whether device `d` is probed in this slot, with probability `num / den`.
///
/// The threshold is `floor(num * 2^64 / den)`; at `num >= den` every draw lies below it, at `den = 0` none does.
pub fn is_selected(seed: &Hash, d: &[u8], num: u64, den: u64) -> bool {
    lies_below(draw("select", seed, d), num, den)
}

/// The nonce of (slot, device `d`, validator `v`).
pub fn nonce(seed: &Hash, d: &[u8], v: &[u8]) -> Hash {
    Domain::new(NONCE).raw(seed).lp(d).lp(v).finish()
}

/// The salt that a validator's secret adds, so that a device cannot know its challenge before it is asked.
pub fn salt(secret: &Hash, slot: u64, d: &[u8]) -> Hash {
    Salts::new(secret, slot).salt(d)
}

/// What the device is asked: its `eat_nonce`.
pub fn challenge(nonce: &Hash, salt: &Hash) -> Hash {
    Domain::new(CHALLENGE).raw(nonce).raw(salt).finish()
}

/// A slot that leaves no time for its probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// The round comes so late, or answers may take so long, that no moment is left in the slot.
    #[error("slot at {slot_start}: {span_ms} ms are left for probes after its beacon round at {round_time}")]
    NoTime {
        /// Start of the slot, Unix seconds.
        slot_start: i64,
        /// Time of the slot's round, Unix seconds.
        round_time: i64,
        /// What is left, ms; zero or negative.
        span_ms: i128,
    },
    /// The moment does not fit 64 bits.
    #[error("slot at {slot_start}: its milliseconds do not fit 64 bits")]
    OutOfRange {
        /// Start of the slot, Unix seconds.
        slot_start: i64,
    },
}

/// When the probe is to be sent, Unix milliseconds.
pub fn moment_ms(
    nonce: &Hash,
    salt: &Hash,
    round_time: i64,
    slot_start: i64,
    slot_seconds: u64,
    late_limit_ms: u64,
) -> Result<i64, MomentError> {
    let drawn = Domain::new(MOMENT).raw(nonce).raw(salt).finish();
    moment_of(&drawn, round_time, slot_start, slot_seconds, late_limit_ms)
}

fn moment_of(
    drawn: &Hash,
    round_time: i64,
    slot_start: i64,
    slot_seconds: u64,
    late_limit_ms: u64,
) -> Result<i64, MomentError> {
    let wait = i128::from(round_time) - i128::from(slot_start);
    let span_ms = 1000 * (i128::from(slot_seconds) - wait) - i128::from(late_limit_ms);
    let span = u64::try_from(span_ms).unwrap_or(0);
    if span == 0 {
        return Err(MomentError::NoTime { slot_start, round_time, span_ms });
    }
    i64::try_from(1000 * i128::from(round_time) + i128::from(share(first_u64(drawn), span)))
        .map_err(|_| MomentError::OutOfRange { slot_start })
}

/// Draws one probe after the other, in memory that is kept between them.
#[derive(Clone, Debug, Default)]
pub struct Prober {
    preimages: [Vec<u8>; 2],
}

/// What device and validator of a probe cannot know before the secret is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// See [`challenge`].
    pub challenge: Hash,
    moment: Hash,
}

impl Prober {
    /// The probe of device `d` by validator `v`, who has this secret.
    pub fn probe(&mut self, draws: &SlotDraws, secret: &Hash, slot: u64, d: &[u8], v: &[u8]) -> Probe {
        let [nonce, salt] = self.hash(
            |nonce| Domain::written(NONCE, nonce).raw(&draws.seed).lp(d).lp(v),
            |salt| Domain::written(SALT, salt).raw(secret).u64(slot).lp(d),
        );
        let [challenge, moment] = self.hash(
            |challenge| Domain::written(CHALLENGE, challenge).raw(&nonce).raw(&salt),
            |moment| Domain::written(MOMENT, moment).raw(&nonce).raw(&salt),
        );
        Probe { challenge, moment }
    }

    fn hash<'a>(
        &'a mut self,
        first: impl FnOnce(&'a mut Vec<u8>) -> Preimage<'a>,
        second: impl FnOnce(&'a mut Vec<u8>) -> Preimage<'a>,
    ) -> [Hash; 2] {
        let [one, other] = &mut self.preimages;
        one.clear();
        other.clear();
        sha256_pair([first(one).bytes(), second(other).bytes()])
    }
}

impl Probe {
    /// See [`moment_ms`].
    pub fn moment_ms(
        &self,
        round_time: i64,
        slot_start: i64,
        slot_seconds: u64,
        late_limit_ms: u64,
    ) -> Result<i64, MomentError> {
        moment_of(&self.moment, round_time, slot_start, slot_seconds, late_limit_ms)
    }
}

/// Assigns validators to device `d`: the first `k` of `validators` ascending by (hash, id), as their indices in `out`.
///
/// The caller leaves out excluded validators. For many devices an [`Assigner`] does the same without allocating.
pub fn assign_into<'v>(
    seed: &Hash,
    d: &[u8],
    validators: impl Iterator<Item = (u32, &'v [u8])>,
    k: usize,
    out: &mut Vec<u32>,
) {
    let mut assigner = Assigner::default();
    out.clear();
    out.extend(assigner.assign(&SlotDraws::new(seed).device(d), validators, k));
}

const NONCE: &str = "depinverify/nonce/v1";
const SALT: &str = "depinverify/salt/v1";
const CHALLENGE: &str = "depinverify/challenge/v1";
const MOMENT: &str = "depinverify/moment/v1";

fn draw_domain(purpose: &str) -> Domain {
    Domain::joined(&["depinverify/draw/", purpose, "/v1"])
}

fn first_u64(hash: &Hash) -> u64 {
    hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// `floor(number * span / 2^64)`: `number` as a fraction of `span`, without the bias of a remainder.
fn share(number: u64, span: u64) -> u64 {
    // The upper half of a product of two 64-bit numbers.
    u64::try_from((u128::from(number) * u128::from(span)) >> 64).unwrap_or(u64::MAX)
}

fn lies_below(number: u64, num: u64, den: u64) -> bool {
    (u128::from(num) << 64)
        .checked_div(u128::from(den))
        .is_some_and(|threshold| u128::from(number) < threshold)
}

/// What all devices of one slot share.
#[derive(Clone)]
pub struct SlotDraws {
    seed: Hash,
    select: Domain,
    offset: Domain,
    assign: Domain,
    nonce: Domain,
}

impl SlotDraws {
    /// Prepares the slot with this seed.
    pub fn new(seed: &Hash) -> Self {
        Self {
            seed: *seed,
            select: draw_domain("select").raw(seed),
            offset: draw_domain("offset").raw(seed),
            assign: Domain::new("depinverify/assign/v1").raw(seed),
            nonce: Domain::new(NONCE).raw(seed),
        }
    }

    /// Whether device `d` is probed in this slot, with probability `num / den`.
    pub fn is_selected(&self, d: &[u8], num: u64, den: u64) -> bool {
        // A certain probe needs no hash.
        num >= den && den > 0 || lies_below(first_u64(&self.select.clone().lp(d).finish()), num, den)
    }

    /// Milliseconds into a span of `span_ms`, for networks whose moments are public.
    pub fn offset_ms(&self, d: &[u8], span_ms: u64) -> u64 {
        share(first_u64(&self.offset.clone().lp(d).finish()), span_ms)
    }

    /// The nonce of device `d` for validator `v`.
    pub fn nonce(&self, d: &[u8], v: &[u8]) -> Hash {
        self.nonce.clone().lp(d).lp(v).finish()
    }

    /// Prepares device `d`.
    pub fn device(&self, d: &[u8]) -> DeviceDraws {
        DeviceDraws(self.assign.clone().lp(d))
    }
}

/// What all validators share in the assignment of one device in one slot.
#[derive(Clone)]
pub struct DeviceDraws(Domain);

impl DeviceDraws {
    /// The validator's place in the order of assignment: the smallest are assigned.
    pub fn rank(&self, v: &[u8]) -> Hash {
        self.0.clone().lp(v).finish()
    }
}

/// What all devices share for one validator's secret in one slot.
#[derive(Clone)]
pub struct Salts(Domain);

impl Salts {
    /// Prepares (secret, slot).
    pub fn new(secret: &Hash, slot: u64) -> Self {
        Self(Domain::new(SALT).raw(secret).u64(slot))
    }

    /// The salt for device `d`.
    pub fn salt(&self, d: &[u8]) -> Hash {
        self.0.clone().lp(d).finish()
    }
}

/// Picks the assigned validators of one device after the other, in memory that is kept between them.
#[derive(Clone, Debug, Default)]
pub struct Assigner {
    best: Vec<(Hash, u32)>,
}

impl Assigner {
    /// Indices of the first `k` of `validators` ascending by (hash, id).
    ///
    /// `validators` must come in ascending order of id: then an equal hash leaves the smaller id in front.
    pub fn assign<'v>(
        &mut self,
        draws: &DeviceDraws,
        validators: impl Iterator<Item = (u32, &'v [u8])>,
        k: usize,
    ) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.best.clear();
        // One more than asked for, so that a newcomer can be put in before the last one falls out.
        self.best.reserve(k.min(64) + 1);
        for (index, id) in validators {
            let rank = draws.rank(id);
            if self.best.len() >= k && self.best.last().is_none_or(|(worst, _)| *worst <= rank) {
                continue;
            }
            let place = self.best.partition_point(|(other, _)| *other <= rank);
            self.best.insert(place, (rank, index));
            self.best.truncate(k);
        }
        self.best.iter().map(|&(_, index)| index)
    }
}

#[cfg(test)]
#[path = "draws_tests.rs"]
mod tests;
