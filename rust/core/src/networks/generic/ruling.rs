//! From failed checks to code, evidence and outcome.
//!
//! In: the masks of a row and the numbers that its checks compared. Out: its first failing check, the evidence of that
//! check, and what the row counts as. Rule: uptime proof, 4.2 to 4.4. Invariant: a bit is never in both masks, and a row
//! without a failed check has both masks 0.

use crate::hash::Hash;
use crate::verdict::{NO_ANSWER, Outcome, VALID};

/// The seventeen checks by their bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the catalogue holds a sentence for each of them")]
pub enum Check {
    Malformed = 0,
    Unsupported = 1,
    UnknownDevice = 2,
    DeviceMismatch = 3,
    UnknownKey = 4,
    KeyNotValid = 5,
    AlgorithmMismatch = 6,
    BadSignature = 7,
    OffSchedule = 8,
    NonceMismatch = 9,
    Replayed = 10,
    Late = 11,
    Expired = 12,
    ClockSkew = 13,
    CounterRegression = 14,
    LocationMismatch = 15,
    ModelMismatch = 16,
}

impl Check {
    /// The check's place in a mask.
    pub const fn bit(self) -> u32 {
        1 << self as u8
    }
}

const fn bits(checks: &[Check]) -> u32 {
    let mut mask = 0;
    let mut index = 0;
    while index < checks.len() {
        mask |= checks[index].bit();
        index += 1;
    }
    mask
}

use Check::{
    AlgorithmMismatch, BadSignature, ClockSkew, CounterRegression, DeviceMismatch, Expired, KeyNotValid,
    Late, LocationMismatch, Malformed, ModelMismatch, NonceMismatch, OffSchedule, Replayed, UnknownDevice,
    UnknownKey, Unsupported,
};

/// What needs a signature of the device.
const AFTER_SIGNATURE: u32 =
    bits(&[NonceMismatch, Replayed, ClockSkew, CounterRegression, LocationMismatch, ModelMismatch]);
/// What needs claims.
pub const AFTER_DECODING: u32 =
    bits(&[Unsupported, DeviceMismatch, UnknownKey, KeyNotValid, AlgorithmMismatch, BadSignature])
        | AFTER_SIGNATURE;
const AFTER_DEVICE: u32 =
    bits(&[DeviceMismatch, UnknownKey, KeyNotValid, AlgorithmMismatch, BadSignature, OffSchedule])
        | AFTER_SIGNATURE;
const AFTER_KEY: u32 = bits(&[KeyNotValid, AlgorithmMismatch, BadSignature]) | AFTER_SIGNATURE;

/// Checks that cannot run once `failed` have failed (4.2), transitively. `algorithm_known` says whether the header's
/// algorithm is one of the format's.
pub fn stopped(failed: u32, algorithm_known: bool) -> u32 {
    let has = |check: Check| failed & check.bit() != 0;
    let mut mask = 0;
    if has(Malformed) {
        mask |= AFTER_DECODING;
    }
    if has(Unsupported) && !algorithm_known {
        mask |= bits(&[AlgorithmMismatch, BadSignature]) | AFTER_SIGNATURE;
    }
    if has(UnknownDevice) {
        mask |= AFTER_DEVICE;
    }
    if has(DeviceMismatch) {
        mask |= bits(&[CounterRegression, LocationMismatch, ModelMismatch]);
    }
    if has(UnknownKey) {
        mask |= AFTER_KEY;
    }
    if has(AlgorithmMismatch) {
        mask |= BadSignature.bit() | AFTER_SIGNATURE;
    }
    if has(BadSignature) {
        mask |= AFTER_SIGNATURE;
    }
    if has(OffSchedule) {
        mask |= bits(&[NonceMismatch, Replayed]);
    }
    mask
}

/// The numbers that the checks of one row compared, for the evidence of its code.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// The device that the proof names, where it is another one.
    pub ueid: Vec<u8>,
    /// The key id that the proof names, where the device has no such key.
    pub kid: Vec<u8>,
    /// First stage that could not be decoded.
    pub malformed_stage: u8,
    /// What is unsupported: bit 0 crit, 1 b64, 2 alg, 3 profile.
    pub unsupported: u8,
    /// Algorithm of the header, by number.
    pub header_algorithm: u8,
    /// Algorithm of the key, by number.
    pub key_algorithm: u8,
    /// Interval of the key, ms.
    pub key_interval: (i64, Option<i64>),
    /// Why a row is off schedule, and the right moment.
    pub off_schedule: (u8, Option<i64>),
    /// Smallest row that answers this challenge rightfully, where the proof was replayed.
    pub rightful: Option<Hash>,
    /// Delay, ms.
    pub delay_ms: i64,
    /// Whether the answer came before the challenge.
    pub is_before_sent: bool,
    /// Time in the proof, s.
    pub iat: i64,
    /// Boot count: earlier and this.
    pub bootcount: Option<(i64, i64)>,
    /// First boot time, and this proof's.
    pub boot: Option<(i64, i64)>,
    /// Distance (or -1) and limit, m.
    pub location: (i64, i64),
    /// 1 model, 2 maker, 3 both.
    pub model: u8,
}

/// Code, evidence and outcome of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// First failing check, or `VALID`, or `NO_ANSWER`.
    pub code: u8,
    /// All failing checks.
    pub failed: u32,
    /// Checks that could not run.
    pub not_run: u32,
    /// What the row counts as.
    pub outcome: Outcome,
    /// First evidence number.
    pub e1: Option<i64>,
    /// Second evidence number.
    pub e2: Option<i64>,
    /// Evidence bytes.
    pub e_bytes: Option<Vec<u8>>,
}

/// Rules on a probe without an answer, whose only checks are 2 and 8.
pub fn unanswered(failed: u32, not_run: u32, transport: u8) -> Ruling {
    let outcome = if failed != 0 {
        Outcome::None
    } else {
        match transport {
            1 => Outcome::Timeout,
            2 => Outcome::Offline,
            3 => Outcome::Unknown,
            _ => Outcome::NotAttempted,
        }
    };
    Ruling { code: NO_ANSWER, failed, not_run, outcome, e1: None, e2: None, e_bytes: None }
}

/// Rules on an answer.
pub fn answered(failed: u32, not_run: u32, compared: &Compared) -> Ruling {
    let first = failed.trailing_zeros();
    let code = if failed == 0 { VALID } else { u8::try_from(first).unwrap_or(VALID) };
    let (e1, e2, e_bytes) = evidence(code, compared);
    Ruling { code, failed, not_run, outcome: outcome(failed, compared.is_before_sent), e1, e2, e_bytes }
}

type Evidence = (Option<i64>, Option<i64>, Option<Vec<u8>>);

fn evidence(code: u8, compared: &Compared) -> Evidence {
    let number = |value: u8| (Some(i64::from(value)), None, None);
    match code {
        0 => number(compared.malformed_stage),
        1 => (Some(i64::from(compared.unsupported.trailing_zeros()) + 1), None, None),
        3 => (None, None, Some(compared.ueid.clone())),
        4 => (None, None, Some(compared.kid.clone())),
        5 => (Some(compared.key_interval.0), compared.key_interval.1, None),
        6 => (Some(i64::from(compared.header_algorithm)), Some(i64::from(compared.key_algorithm)), None),
        7 => number(compared.key_algorithm),
        8 => (Some(i64::from(compared.off_schedule.0)), compared.off_schedule.1, None),
        9 => (None, None, compared.rightful.map(|id| id.to_vec())),
        11 | 12 => (Some(compared.delay_ms), None, None),
        13 => (Some(compared.iat), None, None),
        14 => match (compared.bootcount, compared.boot) {
            (Some((earlier, this)), _) => (Some(earlier), Some(this), Some(vec![1])),
            (None, Some((first, this))) => (Some(first), Some(this), Some(vec![2])),
            (None, None) => (None, None, None),
        },
        15 => (Some(compared.location.0), Some(compared.location.1), None),
        16 => number(compared.model),
        _ => (None, None, None),
    }
}

/// The first matching line of 4.3.
fn outcome(failed: u32, is_before_sent: bool) -> Outcome {
    const NOT_THIS_ANSWER: u32 = bits(&[
        Malformed,
        Unsupported,
        DeviceMismatch,
        UnknownKey,
        KeyNotValid,
        AlgorithmMismatch,
        BadSignature,
        NonceMismatch,
        Replayed,
        Expired,
    ]);
    if failed & bits(&[UnknownDevice, OffSchedule]) != 0 {
        Outcome::None
    } else if failed & NOT_THIS_ANSWER != 0 {
        Outcome::Timeout
    } else if failed & ClockSkew.bit() != 0 && is_before_sent {
        Outcome::Unknown
    } else if failed & bits(&[CounterRegression, LocationMismatch, ModelMismatch]) != 0 {
        Outcome::Fail
    } else if failed & Late.bit() != 0 {
        Outcome::Late
    } else {
        Outcome::Pass
    }
}
