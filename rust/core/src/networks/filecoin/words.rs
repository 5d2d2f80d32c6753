//! The words of a verdict about evidence of Filecoin.
//!
//! In: nothing. Out: the network's codes for the catalogue. Rule: Filecoin, A5, A6, B5, B6, C4, C5, D1, E3 and E4.
//! Invariant: the number of a failed check is its bit in the masks of a verdict; checks are numbered in the order in which
//! they are looked at.

use crate::verdict::{Entry, NONE, VALID, code};

const FILECOIN: &str = "filecoin";

/// The record could not be read.
pub const MALFORMED: u8 = 0;
/// Somebody else than the set's provider sent the proof.
pub const NOT_PROVIDER: u8 = 1;
/// The proof answers no challenge.
pub const EMPTY_PROOF: u8 = 2;
/// The proof came before its challenge.
pub const PREMATURE_PROOF: u8 = 3;
/// There was no challenge.
pub const NO_CHALLENGE: u8 = 4;
/// The beacon round is another epoch's.
pub const WRONG_ROUND: u8 = 5;
/// The beacon's key did not sign the round.
pub const ROUND_NOT_SIGNED: u8 = 6;
/// The stated randomness is not the round's.
pub const RANDOMNESS_MISMATCH: u8 = 7;
/// The seed is not the beacon's.
pub const SEED_MISMATCH: u8 = 8;
/// A piece is one that no set takes.
pub const PIECE_REFUSED: u8 = 9;
/// Challenges were drawn among other leaves.
pub const RANGE_MISMATCH: u8 = 10;
/// Another leaf was recorded than was challenged.
pub const OTHER_LEAF: u8 = 11;
/// An answer begins above the leaves.
pub const PROOF_LENGTH_MISMATCH: u8 = 12;
/// An answer does not lead to the piece's root.
pub const PROOF_ROOT_MISMATCH: u8 = 13;
/// Fewer challenges were answered than the service asks for.
pub const TOO_FEW_CHALLENGES: u8 = 14;
/// The proof came before the window opened.
pub const TOO_EARLY: u8 = 15;
/// The proof came after the deadline.
pub const LATE_PROOF: u8 = 16;
/// The round was still to come.
pub const FUTURE_ROUND: u8 = 17;
/// Nothing can be proved with these public inputs.
pub const INPUTS_REFUSED: u8 = 18;
/// The proof is no proof by its form.
pub const PROOF_MALFORMED: u8 = 19;
/// The proof does not hold for these public inputs.
pub const PROOF_INVALID: u8 = 20;
/// The proof is about another sector or replica.
pub const COMMITMENT_MISMATCH: u8 = 21;
/// A path of the sector's tree does not hold.
pub const PATH_MISMATCH: u8 = 22;
/// The signature is none by its form.
pub const SIGNATURE_MALFORMED: u8 = 23;
/// The signer did not sign this.
pub const SIGNER_MISMATCH: u8 = 24;
/// The retrieval was no task of the round.
pub const TASK_NOT_IN_ROUND: u8 = 25;
/// The retrieval was no task of this station.
pub const TASK_WRONG_NODE: u8 = 26;
/// The subnet has done this task before.
pub const DUP_INET_GROUP: u8 = 27;
/// The subnet has done its number of tasks.
pub const TOO_MANY_TASKS: u8 = 28;
/// Too few checkers did this task.
pub const COMMITTEE_TOO_SMALL: u8 = 29;
/// No result has more than half of the committee behind it.
pub const MAJORITY_NOT_FOUND: u8 = 30;
/// Most checkers found another result.
pub const MINORITY_RESULT: u8 = 31;
/// The answers are right for a seed that nobody has shown to be the beacon's.
pub const SEED_UNPROVEN: u8 = 35;
/// What it takes to check the record is not there.
pub const NOT_CHECKED: u8 = 36;
/// The answers are right for leaves of which nobody has shown that they are all of the set's.
pub const RANGE_UNPROVEN: u8 = 37;

/// The last check that a record can fail; those after it are about measurements.
pub const LAST_CHECK: u8 = SIGNER_MISMATCH;

/// The checks of a kind of record, ascending.
pub fn checks_of(kind: &str) -> &'static [u8] {
    match kind {
        "possession" => &[
            NOT_PROVIDER,
            EMPTY_PROOF,
            PREMATURE_PROOF,
            NO_CHALLENGE,
            WRONG_ROUND,
            ROUND_NOT_SIGNED,
            SEED_MISMATCH,
            PIECE_REFUSED,
            RANGE_MISMATCH,
            OTHER_LEAF,
            PROOF_LENGTH_MISMATCH,
            PROOF_ROOT_MISMATCH,
            TOO_FEW_CHALLENGES,
            TOO_EARLY,
            LATE_PROOF,
        ],
        "round" => &[WRONG_ROUND, ROUND_NOT_SIGNED, RANDOMNESS_MISMATCH, FUTURE_ROUND],
        "window_post" => {
            &[WRONG_ROUND, ROUND_NOT_SIGNED, SEED_MISMATCH, INPUTS_REFUSED, PROOF_MALFORMED, PROOF_INVALID]
        }
        "groth16" => &[INPUTS_REFUSED, PROOF_MALFORMED, PROOF_INVALID],
        "vanilla_post" => &[
            WRONG_ROUND,
            ROUND_NOT_SIGNED,
            SEED_MISMATCH,
            INPUTS_REFUSED,
            PROOF_MALFORMED,
            COMMITMENT_MISMATCH,
            PATH_MISMATCH,
        ],
        "signature" => &[SIGNATURE_MALFORMED, SIGNER_MISMATCH],
        _ => &[MALFORMED],
    }
}

const fn filecoin(number: u8, name: &'static str, sentence: &'static str, evidence: &'static str) -> Entry {
    code(FILECOIN, number, name, sentence, evidence)
}

/// Every code of the network, ascending by number.
pub const CODES: &[Entry] = &[
    filecoin(
        MALFORMED,
        "MALFORMED",
        "The record could not be read as evidence of its kind.",
        "detail: the member and what was expected",
    ),
    filecoin(
        NOT_PROVIDER,
        "NOT_PROVIDER",
        "The proof was not sent by the provider of the data set.",
        "detail: sender and provider",
    ),
    filecoin(EMPTY_PROOF, "EMPTY_PROOF", "The proof answers no challenge.", NONE),
    filecoin(
        PREMATURE_PROOF,
        "PREMATURE_PROOF",
        "The proof came before its challenge could be known.",
        "detail: block and challenge epoch",
    ),
    filecoin(NO_CHALLENGE, "NO_CHALLENGE", "No challenge was scheduled for the data set.", NONE),
    filecoin(
        WRONG_ROUND,
        "WRONG_ROUND",
        "The beacon round is not the one that the chain takes for this epoch.",
        "detail: round expected and found",
    ),
    filecoin(
        ROUND_NOT_SIGNED,
        "ROUND_NOT_SIGNED",
        "The beacon's key did not sign this round.",
        "detail: what is wrong with the signature",
    ),
    filecoin(
        RANDOMNESS_MISMATCH,
        "RANDOMNESS_MISMATCH",
        "The stated randomness is not that of the round's signature.",
        "detail: randomness stated and derived",
    ),
    filecoin(
        SEED_MISMATCH,
        "SEED_MISMATCH",
        "The seed of the challenges is not the one that the beacon gave, so somebody chose it.",
        "detail: seed stated and derived",
    ),
    filecoin(
        PIECE_REFUSED,
        "PIECE_REFUSED",
        "A piece of the data set is one that no data set takes.",
        "detail: the piece and what is wrong with it",
    ),
    filecoin(
        RANGE_MISMATCH,
        "RANGE_MISMATCH",
        "The challenges were drawn among other leaves than the data set had when the period began.",
        "detail: leaves expected and found",
    ),
    filecoin(
        OTHER_LEAF,
        "OTHER_LEAF",
        "A challenged leaf on record is not the one that the seed asks for.",
        "detail: the challenge, piece and offset expected and found",
    ),
    filecoin(
        PROOF_LENGTH_MISMATCH,
        "PROOF_LENGTH_MISMATCH",
        "An answer has more or fewer nodes than the piece's tree is high, so it does not begin at a leaf.",
        "detail: the challenge, height and nodes found",
    ),
    filecoin(
        PROOF_ROOT_MISMATCH,
        "PROOF_ROOT_MISMATCH",
        "An answer does not lead to the root of the challenged piece.",
        "detail: the challenge, piece and offset",
    ),
    filecoin(
        TOO_FEW_CHALLENGES,
        "TOO_FEW_CHALLENGES",
        "The proof answers fewer challenges than the service asks for.",
        "detail: challenges expected and found",
    ),
    filecoin(
        TOO_EARLY,
        "TOO_EARLY",
        "The proof came before the challenge window opened.",
        "detail: block, window",
    ),
    filecoin(LATE_PROOF, "LATE_PROOF", "The proof came after the deadline.", "detail: block, window"),
    filecoin(
        FUTURE_ROUND,
        "FUTURE_ROUND",
        "The beacon round was still to come when it was recorded.",
        "detail: time of the round, time of the record",
    ),
    filecoin(
        INPUTS_REFUSED,
        "INPUTS_REFUSED",
        "Nothing can be proved about the stated sectors or inputs.",
        "detail: the sector or input and what is wrong with it",
    ),
    filecoin(
        PROOF_MALFORMED,
        "PROOF_MALFORMED",
        "The proof's bytes are not a proof.",
        "detail: the point or place and what is wrong with it",
    ),
    filecoin(
        PROOF_INVALID,
        "PROOF_INVALID",
        "The proof does not hold for these sectors and challenges.",
        "detail: the key's check value",
    ),
    filecoin(
        COMMITMENT_MISMATCH,
        "COMMITMENT_MISMATCH",
        "The proof is about another sector, or another replica of it.",
        "detail: which commitment",
    ),
    filecoin(
        PATH_MISMATCH,
        "PATH_MISMATCH",
        "A challenged leaf is not shown to be in the sector's tree.",
        "detail: the path and what is wrong with it",
    ),
    filecoin(
        SIGNATURE_MALFORMED,
        "SIGNATURE_MALFORMED",
        "The bytes are not a signature that this signer can make.",
        "detail: what is wrong with them",
    ),
    filecoin(
        SIGNER_MISMATCH,
        "SIGNER_MISMATCH",
        "The stated signer did not sign these bytes.",
        "detail: whose signature it is, where that can be told",
    ),
    filecoin(
        TASK_NOT_IN_ROUND,
        "TASK_NOT_IN_ROUND",
        "The measured retrieval was no task of the round.",
        "cid and miner_id",
    ),
    filecoin(
        TASK_WRONG_NODE,
        "TASK_WRONG_NODE",
        "The measured retrieval was not among the tasks of this station.",
        "station, cid and miner_id",
    ),
    filecoin(
        DUP_INET_GROUP,
        "DUP_INET_GROUP",
        "Another measurement from the same subnet did this task before.",
        "inet group, cid and miner_id",
    ),
    filecoin(
        TOO_MANY_TASKS,
        "TOO_MANY_TASKS",
        "The subnet had done as many tasks as the round allows.",
        "inet group",
    ),
    filecoin(
        COMMITTEE_TOO_SMALL,
        "COMMITTEE_TOO_SMALL",
        "Too few checkers measured this retrieval to decide about it.",
        "size of the committee",
    ),
    filecoin(
        MAJORITY_NOT_FOUND,
        "MAJORITY_NOT_FOUND",
        "No result was measured by more than half of the committee.",
        "size of the committee, margin",
    ),
    filecoin(
        MINORITY_RESULT,
        "MINORITY_RESULT",
        "More than half of the committee measured another result.",
        "size of the committee, margin",
    ),
    filecoin(VALID, "VALID", "The evidence passed every check.", "detail: what was derived"),
    filecoin(
        SEED_UNPROVEN,
        "SEED_UNPROVEN",
        "The answers are right for the stated seed, but no beacon round was shown that it comes from.",
        "detail: the seed",
    ),
    filecoin(
        NOT_CHECKED,
        "NOT_CHECKED",
        "The record is well-formed, but what it takes to check it was not given.",
        "detail: what is missing",
    ),
    filecoin(
        RANGE_UNPROVEN,
        "RANGE_UNPROVEN",
        "The answers are right for the stated range, which is less than the data set: its own events must show it.",
        "detail: the range and the leaves of the set",
    ),
];
