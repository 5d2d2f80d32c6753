//! The catalogue: every word that a result can say about a proof, a device, a validator or a file.
//!
//! One table. The documentation page, the Python enumerations and the texts of the command line are made from it, and a
//! test fails when an entry lacks its sentence, its evidence or a test that reaches it.
//! Invariant: numbers and names are stable; an entry is never reused for another meaning.

/// What kind of word an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Verdict of one proof: a failed check by its bit number, or one of the two codes that are no failure.
    Code,
    /// What a row counts as in scoring.
    Outcome,
    /// Finding about a device or a validator.
    Indicator,
    /// Why a device earns less than its base weight.
    Reason,
    /// Why a validator's down observations of a slot are left out.
    Exclusion,
    /// Why a file is left out.
    Quarantine,
    /// How much is known about a device.
    State,
    /// Why a signature check gave `false`.
    Signature,
}

impl Family {
    /// All families in the order of the documentation page.
    pub const ALL: [Self; 8] = [
        Self::Code,
        Self::Outcome,
        Self::Indicator,
        Self::Reason,
        Self::Exclusion,
        Self::Quarantine,
        Self::State,
        Self::Signature,
    ];

    /// The family's name in tables and in Python.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Outcome => "outcome",
            Self::Indicator => "indicator",
            Self::Reason => "reason",
            Self::Exclusion => "exclusion",
            Self::Quarantine => "quarantine",
            Self::State => "state",
            Self::Signature => "signature",
        }
    }
}

/// How much an indicator proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Information, without effect on pay.
    Info,
    /// Statistical or second-hand; changes pay only if the ruleset lists it.
    Suspect,
    /// A contradiction that needs no trust; weight 0 for the epoch.
    Proof,
}

impl Severity {
    /// As written in the reward file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Suspect => "SUSPECT",
            Self::Proof => "PROOF",
        }
    }
}

/// One word of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What kind of word.
    pub family: Family,
    /// The network whose rules define it, `""` where all share it.
    pub network: &'static str,
    /// Its stable number where results carry numbers.
    pub number: Option<u8>,
    /// Its stable name.
    pub name: &'static str,
    /// Severity, for indicators.
    pub severity: Option<Severity>,
    /// One sentence that a device owner understands.
    pub sentence: &'static str,
    /// Which numbers stand beside it.
    pub evidence: &'static str,
}

/// A code of a network: a network's codes stand in its own folder, and `networks::catalogue` gathers them.
pub(crate) const fn code(
    network: &'static str,
    number: u8,
    name: &'static str,
    sentence: &'static str,
    evidence: &'static str,
) -> Entry {
    Entry { family: Family::Code, network, number: Some(number), name, severity: None, sentence, evidence }
}

const fn numbered(
    family: Family,
    number: u8,
    name: &'static str,
    sentence: &'static str,
    evidence: &'static str,
) -> Entry {
    Entry { family, network: "", number: Some(number), name, severity: None, sentence, evidence }
}

const fn named(family: Family, name: &'static str, sentence: &'static str, evidence: &'static str) -> Entry {
    Entry { family, network: "", number: None, name, severity: None, sentence, evidence }
}

const fn finding(
    severity: Severity,
    name: &'static str,
    sentence: &'static str,
    evidence: &'static str,
) -> Entry {
    Entry {
        family: Family::Indicator,
        network: "",
        number: None,
        name,
        severity: Some(severity),
        sentence,
        evidence,
    }
}

const GENERIC: &str = "generic";
pub(crate) const NONE: &str = "none";
const TRACKS: &str = "score and cost of each track";

/// Code of a proof that passed every check.
pub const VALID: u8 = 32;
/// Code of a probe without an answer.
pub const NO_ANSWER: u8 = 33;
/// Code of a storage proof whose paths are right, but whose chunk nobody has seen.
pub const PATHS_VALID: u8 = 34;

/// What all networks say, and the codes of the open uptime proof, in the order of the documentation page.
pub const CATALOGUE: &[Entry] = &[
    code(
        GENERIC,
        0,
        "MALFORMED",
        "The answer could not be read as a proof.",
        "e1: stage, 1 envelope, 2 header, 3 payload, 4 claims",
    ),
    code(
        GENERIC,
        1,
        "UNSUPPORTED",
        "The proof asks for something that this format does not have.",
        "e1: 1 critical header, 2 unencoded payload, 3 algorithm, 4 profile",
    ),
    code(
        GENERIC,
        2,
        "UNKNOWN_DEVICE",
        "The device is not in the registry for this epoch, or has been retired.",
        NONE,
    ),
    code(
        GENERIC,
        3,
        "DEVICE_MISMATCH",
        "The proof names another device than the one that was probed.",
        "e_bytes: the device named in the proof",
    ),
    code(
        GENERIC,
        4,
        "UNKNOWN_KEY",
        "The proof names a key that this device does not have.",
        "e_bytes: the key id named in the proof",
    ),
    code(
        GENERIC,
        5,
        "KEY_NOT_VALID",
        "The key was not valid when the challenge was sent.",
        "e1: valid from, ms; e2: valid to, ms, or null",
    ),
    code(
        GENERIC,
        6,
        "ALGORITHM_MISMATCH",
        "The proof's algorithm is not the one of the registered key.",
        "e1: algorithm of the header; e2: of the key; 1 Ed25519, 2 P-256, 3 secp256k1",
    ),
    code(
        GENERIC,
        7,
        "BAD_SIGNATURE",
        "The signature does not match the registered key.",
        "e1: algorithm of the key, 1 Ed25519, 2 P-256, 3 secp256k1",
    ),
    code(
        GENERIC,
        8,
        "OFF_SCHEDULE",
        "This validator was not to probe this device then; the row counts for nobody.",
        "e1: 1 slot outside the epoch, 2 round missing, 3 not assigned, 4 void validator, 5 wrong time; e2: the right moment, ms, for 5",
    ),
    code(
        GENERIC,
        9,
        "NONCE_MISMATCH",
        "The proof answers another challenge than the one that was sent.",
        "e_bytes: row of the challenge's rightful answer, where the proof was replayed",
    ),
    code(
        GENERIC,
        10,
        "REPLAYED",
        "The same challenge answer stands in another row as well.",
        "never a first code: the rightful row stands beside NONCE_MISMATCH",
    ),
    code(GENERIC, 11, "LATE", "The answer came after the deadline.", "e1: delay, ms"),
    code(GENERIC, 12, "EXPIRED", "The answer came too late to count.", "e1: delay, ms"),
    code(
        GENERIC,
        13,
        "CLOCK_SKEW",
        "The device's clock and the validator's do not agree.",
        "e1: time in the proof, s",
    ),
    code(
        GENERIC,
        14,
        "COUNTER_REGRESSION",
        "The boot counter fell, or the uptime counter runs ahead of real time.",
        "e1: earlier boot count, or first boot time; e2: this proof's; e_bytes: 01 boot count, 02 uptime",
    ),
    code(
        GENERIC,
        15,
        "LOCATION_MISMATCH",
        "The proof's location is too far from the registered one.",
        "e1: distance, m, or -1 where a location is required and missing; e2: limit, m",
    ),
    code(
        GENERIC,
        16,
        "MODEL_MISMATCH",
        "The hardware model or maker is not the registered one.",
        "e1: 1 model, 2 maker, 3 both",
    ),
    code(GENERIC, VALID, "VALID", "The proof passed every check.", NONE),
    code(GENERIC, NO_ANSWER, "NO_ANSWER", "The device did not answer this probe.", NONE),
    numbered(Family::Outcome, 0, "PASS", "Correct signed answer in time.", "counts as up"),
    numbered(Family::Outcome, 1, "LATE", "Correct signed answer after the deadline.", "counts as up"),
    numbered(Family::Outcome, 2, "FAIL", "The device signed something provably wrong.", "counts as down"),
    numbered(Family::Outcome, 3, "TIMEOUT", "No answer of this device in time.", "counts as down"),
    numbered(Family::Outcome, 4, "OFFLINE", "No connection.", "counts as down"),
    numbered(
        Family::Outcome,
        5,
        "UNKNOWN",
        "An error that cannot be pinned on the device.",
        "counts as neither",
    ),
    numbered(
        Family::Outcome,
        6,
        "INVALID",
        "Malformed or badly signed answer, in networks whose own rules count it.",
        "counts as down",
    ),
    numbered(Family::Outcome, 7, "NOT_ATTEMPTED", "The validator did not probe.", "counts as neither"),
    numbered(Family::Outcome, 8, "NONE", "The row counts for no device.", "listed against the validator"),
    finding(
        Severity::Suspect,
        "REPLAY",
        "The same answer was presented for more than one challenge.",
        "rows: presenting rows",
    ),
    finding(
        Severity::Proof,
        "KEY_REUSE",
        "Two devices answered with one key.",
        "rows: good answers under the key",
    ),
    finding(Severity::Info, "KEY_SHARED", "Two devices are registered with one key.", "rows: 0"),
    finding(
        Severity::Proof,
        "EQUIVOCATION",
        "Two signed statements contradict each other.",
        "rows: statements that contradict another",
    ),
    finding(
        Severity::Suspect,
        "COUNTER_AHEAD",
        "The uptime counter runs ahead of real time.",
        "rows: such answers",
    ),
    finding(Severity::Suspect, "CLOCK_SKEW", "Clocks do not agree.", "rows: such answers"),
    finding(
        Severity::Suspect,
        "OFF_SCHEDULE",
        "The validator reported probes that it was not to make.",
        "rows: such rows",
    ),
    finding(
        Severity::Suspect,
        "UNKNOWN_DEVICE",
        "The validator reported devices that are not in the registry.",
        "rows: such rows",
    ),
    finding(
        Severity::Suspect,
        "DUPLICATE_CONFLICT",
        "The validator reported one challenge as answered and as not answered.",
        "rows: rows of such challenges",
    ),
    finding(
        Severity::Suspect,
        "VALIDATOR_SILENT",
        "The validator has no usable report for probes that it was to make.",
        "scheduled, missing",
    ),
    finding(
        Severity::Suspect,
        "MINORITY_REPORTER",
        "The validator's votes differ from the decisions too often for chance.",
        "votes, minority, lower_e12",
    ),
    finding(
        Severity::Suspect,
        "FAVOURITISM",
        "The validator sees the devices of one owner up more often than the other validators do.",
        "own_up, own, others_up, others, lower_e12, upper_e12",
    ),
    finding(
        Severity::Suspect,
        "SHARED_OUTAGE",
        "The devices are down in the same slots although they stand in different places.",
        "least_jaccard_e12",
    ),
    finding(
        Severity::Info,
        "UNRELIABLE",
        "The validator's own failures are too many; its down reports are dropped.",
        "slots_probed, slots_excluded, scheduled, missing; or void",
    ),
    finding(
        Severity::Info,
        "NETWORK_EVENT",
        "Half of the network or more was down for everybody.",
        "slot, n_all, f_all",
    ),
    finding(
        Severity::Info,
        "UNDER_ASSIGNED",
        "Too few independent validators were left to judge the device.",
        "slots",
    ),
    finding(
        Severity::Info,
        "SINGLE_WITNESS",
        "Only one validator took part; decisions rest on its word.",
        "slots",
    ),
    named(
        Family::Reason,
        "AVAILABILITY",
        "The availability score is below the full-pay threshold.",
        "score_e12, payout_e12",
    ),
    named(
        Family::Reason,
        "CORRECTNESS",
        "The device's record of right and provably wrong answers is below the full-pay threshold.",
        TRACKS,
    ),
    named(
        Family::Reason,
        "UNKNOWN_ERRORS",
        "The device's record of errors that nobody can explain is below the full-pay threshold.",
        TRACKS,
    ),
    named(
        Family::Reason,
        "LATENCY",
        "Too many of the device's right answers came late for full pay.",
        TRACKS,
    ),
    named(
        Family::Reason,
        "PROVISIONAL",
        "The device has not been observed long enough for full pay.",
        "windows used, windows needed",
    ),
    named(
        Family::Reason,
        "NO_DATA",
        "No slot of this epoch could be decided for the device.",
        "scheduled slots, decided slots",
    ),
    named(
        Family::Reason,
        "PRORATED",
        "The device was retired inside the epoch.",
        "seconds active, seconds of the epoch",
    ),
    named(
        Family::Reason,
        "CLASS",
        "The device's class is paid at a lower rate, or has no share of the pool.",
        "class, multiplier",
    ),
    named(
        Family::Reason,
        "UTILISATION",
        "The device did less paid work than it had capacity for.",
        "paid, capacity",
    ),
    named(Family::Reason, "NO_PAYEE", "No payee is registered for the device.", NONE),
    named(
        Family::Reason,
        "CAPACITY",
        "More devices stand in one cluster or cell than are paid there.",
        "cluster or cell, cap",
    ),
    named(
        Family::Reason,
        "RELATIVE_FAILURE",
        "The device failed more often than three quarters of its group.",
        "slots up and down",
    ),
    named(
        Family::Reason,
        "BELOW_THRESHOLD",
        "The device did worse than the network less the leeway.",
        "slots up and down",
    ),
    named(Family::Reason, "REWARD_SHARE", "A part of each device's pay goes back to the pool.", "multiplier"),
    named(Family::Reason, "STRIKES", "The device has missed the threshold in too many epochs.", "strikes"),
    named(
        Family::Reason,
        "SMALL_SAMPLE",
        "Few slots were decided, so the lower bound of the rate counts.",
        "slots up and down",
    ),
    named(
        Family::Reason,
        "BUDGET_EXHAUSTED",
        "More slots were down than the service level allows.",
        "slots up and down",
    ),
    named(Family::Reason, "PROBATION", "The device is too young or too little seen.", "multiplier"),
    named(
        Family::Reason,
        "SUSPENDED",
        "The device is suspended for availability or for unexplained errors.",
        "the transition that suspended it",
    ),
    named(
        Family::Reason,
        "DISQUALIFIED",
        "The device is out for good.",
        "the transition that disqualified it",
    ),
    named(Family::Reason, "WITHHELD", "A part of a young device's pay is kept back.", "amount withheld"),
    named(
        Family::Exclusion,
        "VALIDATOR_REFERENCE_FAILED",
        "The validator could not reach its own reference targets.",
        "ok, total",
    ),
    named(
        Family::Exclusion,
        "VALIDATOR_CORRELATED",
        "Half or more was down for this validator and almost nothing for the others.",
        "n, f, n2, f2",
    ),
    named(
        Family::Exclusion,
        "VALIDATOR_ALONE_CORRELATED",
        "Almost everything was down for this validator and nobody else looked.",
        "n, f, n2, f2",
    ),
    named(Family::Quarantine, "UNSIGNED", "The file has no signature beside it.", "file"),
    named(Family::Quarantine, "BAD_SIGNATURE", "The file's signature does not match.", "file, signer"),
    named(
        Family::Quarantine,
        "WRONG_SIGNER",
        "The file is signed by nobody enrolled, or holds rows of somebody else.",
        "file, signer, row",
    ),
    named(Family::Quarantine, "WRONG_EPOCH", "The file is signed for another epoch.", "file, epoch"),
    named(
        Family::Quarantine,
        "SCHEMA",
        "The file's columns or values are not those of observations.",
        "file, column, row",
    ),
    named(Family::Quarantine, "TRUNCATED", "The file ends too early.", "file, place"),
    named(Family::Quarantine, "LIMIT", "The file exceeds a limit.", "file, limit"),
    named(Family::Quarantine, "UNREADABLE", "The file could not be read.", "file, the reader's message"),
    numbered(Family::State, 0, "NO_DATA", "Nothing is known about the device yet.", "windows_used 0"),
    numbered(
        Family::State,
        1,
        "PROVISIONAL",
        "The device has been observed for a short time.",
        "windows_used",
    ),
    numbered(Family::State, 2, "FULL", "The device has been observed long enough.", "windows_used"),
    numbered(Family::Signature, 0, "GOOD", "The signature is valid.", NONE),
    numbered(Family::Signature, 1, "BAD_KEY", "The public key cannot be used.", "key id"),
    numbered(
        Family::Signature,
        2,
        "BAD_ENCODING",
        "The signature's length or encoding is not allowed.",
        "item",
    ),
    numbered(Family::Signature, 3, "SCALAR_RANGE", "A number of the signature is outside its range.", "item"),
    numbered(
        Family::Signature,
        4,
        "SMALL_ORDER",
        "The key or the signature's point has small order.",
        "item",
    ),
    numbered(
        Family::Signature,
        5,
        "HIGH_S",
        "The signature's s is in the upper half, which this policy refuses.",
        "item",
    ),
    numbered(Family::Signature, 6, "EQUATION", "The signature equation does not hold.", "item"),
    numbered(Family::Signature, 7, "UNKNOWN_KEY_ID", "No key is registered under this id.", "item"),
];

/// The entry of `family` with this name; codes are looked up in one network.
pub fn by_name(family: Family, network: &str, name: &str) -> Option<&'static Entry> {
    CATALOGUE
        .iter()
        .find(|e| e.family == family && (e.network.is_empty() || e.network == network) && e.name == name)
}

/// The entry of `family` with this number; codes are looked up in one network.
pub fn by_number(family: Family, network: &str, number: u8) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|e| {
        e.family == family && (e.network.is_empty() || e.network == network) && e.number == Some(number)
    })
}

/// What a row counts as in scoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Correct signed answer in time.
    Pass = 0,
    /// Correct signed answer after the deadline.
    Late = 1,
    /// The device signed something provably wrong.
    Fail = 2,
    /// No answer of this device in time.
    Timeout = 3,
    /// No connection.
    Offline = 4,
    /// An error that cannot be pinned on the device.
    Unknown = 5,
    /// Malformed or badly signed answer, in networks whose own rules count it.
    Invalid = 6,
    /// The validator did not probe.
    NotAttempted = 7,
    /// The row counts for no device.
    None = 8,
}

impl Outcome {
    /// The outcome with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Pass,
            1 => Self::Late,
            2 => Self::Fail,
            3 => Self::Timeout,
            4 => Self::Offline,
            5 => Self::Unknown,
            6 => Self::Invalid,
            7 => Self::NotAttempted,
            8 => Self::None,
            _ => return None,
        })
    }

    /// Counts as up in the quorum.
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Pass | Self::Late)
    }

    /// Counts as down in the quorum.
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Fail | Self::Timeout | Self::Offline | Self::Invalid)
    }

    /// A down that is the validator's word alone, and so can be left out as its own outage.
    pub const fn is_silence(self) -> bool {
        matches!(self, Self::Timeout | Self::Offline)
    }
}
