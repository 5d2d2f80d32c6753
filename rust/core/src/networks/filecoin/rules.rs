//! The checks of one record.
//!
//! In: a [`Record`], what was found about the beacon round that it shows, and what was found about its proof where that is
//! one of a batch. Out: a [`Finding`]. Rule: Filecoin, A5, A6, B2 to B6, D1, D5, E3 and E4.
//! Invariant: seeds, challenges and inputs are derived here; a record's own statement of them is only ever compared.

use data_encoding::HEXLOWER;

use super::finding::Finding;
use super::groth16::Rejection as ProofRejection;
use super::piece_id::{PieceId, SizedPiece};
use super::possession::{self, DataSet, Evidence, LeafProof, Parties, Piece, Rejection};
use super::proving_period::{CHALLENGES_PER_PROOF, Timeliness};
use super::randomness::{self, MainnetBeacon, beacon_digest, in_field};
use super::shown_round::expected;
use super::signature::{Signature, Verdict, verify};
use super::vanilla::{Fault, VanillaProof};
use super::window_post::{Input, PostKind, PostType, partition_inputs};
use super::wire::{
    Drawn, Possession, Record, RoundRecord, SignatureRecord, StatedRound, Vanilla, WindowPost,
};
use super::words::{
    COMMITMENT_MISMATCH, EMPTY_PROOF, FUTURE_ROUND, INPUTS_REFUSED, LATE_PROOF, NO_CHALLENGE, NOT_CHECKED,
    NOT_PROVIDER, OTHER_LEAF, PATH_MISMATCH, PIECE_REFUSED, PREMATURE_PROOF, PROOF_INVALID,
    PROOF_LENGTH_MISMATCH, PROOF_MALFORMED, PROOF_ROOT_MISMATCH, RANDOMNESS_MISMATCH, RANGE_MISMATCH,
    RANGE_UNPROVEN, ROUND_NOT_SIGNED, SEED_MISMATCH, SEED_UNPROVEN, SIGNATURE_MALFORMED, SIGNER_MISMATCH,
    TOO_EARLY, TOO_FEW_CHALLENGES, WRONG_ROUND,
};
use crate::beacon::RoundVerdict;
use crate::hash::Hash;
use crate::verdict::VALID;

/// Checks of a proof of possession that need its pieces.
const OF_PIECES: [u8; 4] = [RANGE_MISMATCH, OTHER_LEAF, PROOF_LENGTH_MISMATCH, PROOF_ROOT_MISMATCH];

/// The beacon of a round record: the one it names, else that of its epoch, else the present one.
pub fn beacon_of(record: &RoundRecord) -> Result<MainnetBeacon, String> {
    match (record.beacon.as_deref(), record.epoch) {
        (Some("quicknet"), _) | (None, None) => Ok(MainnetBeacon::Quicknet),
        (Some("default"), _) => Ok(MainnetBeacon::Default),
        (Some("incentinet"), _) => Ok(MainnetBeacon::Incentinet),
        (Some(other), _) => Err(format!("beacon: expected quicknet, default or incentinet, found {other:?}")),
        (None, Some(epoch)) => expected(epoch).map(|(beacon, _)| beacon),
    }
}

/// The round that a record shows for its epoch, with the beacon of that epoch.
pub fn shown_round(record: &Record) -> Option<(MainnetBeacon, &StatedRound)> {
    let (epoch, stated) = match record {
        Record::Possession(possession) => (possession.challenge_epoch, possession.round.as_ref()?),
        Record::WindowPost(post) => of_drawn(&post.drawn)?,
        Record::Vanilla(vanilla) => of_drawn(&vanilla.drawn)?,
        Record::Round(_) | Record::Groth16(_) | Record::Signature(_) => return None,
    };
    expected(epoch).ok().map(|(beacon, _)| (beacon, stated))
}

const fn of_drawn(drawn: &Drawn) -> Option<(u64, &StatedRound)> {
    match drawn {
        Drawn::Stated(_) => None,
        Drawn::FromRound { round, epoch, .. } => Some((*epoch, round)),
    }
}

/// The inputs of a record's proof, or why there are none; `None` where the record has no such proof.
pub fn proof_inputs(record: &Record) -> Option<Result<Vec<Input>, String>> {
    match record {
        Record::WindowPost(post) => Some(
            partition_inputs(post.post, &drawn_randomness(&post.drawn, post.post), &post.sectors)
                .map_err(|error| error.to_string()),
        ),
        Record::Groth16(proof) => Some(Ok(proof.inputs.clone())),
        _ => None,
    }
}

/// What a proof's challenges are drawn from.
pub(super) fn drawn_randomness(drawn: &Drawn, post: PostType) -> Hash {
    match drawn {
        Drawn::Stated(randomness) => in_field(*randomness),
        Drawn::FromRound { round, miner, epoch, .. } => derived_randomness(round, *miner, *epoch, post),
    }
}

fn derived_randomness(round: &StatedRound, miner: u64, epoch: u64, post: PostType) -> Hash {
    let tag = match post.kind {
        PostKind::Winning => randomness::tag::WINNING_POST,
        PostKind::WindowV1 | PostKind::WindowV1P1 => randomness::tag::WINDOW_POST,
    };
    // An id or an epoch of more than 63 bits is no miner's and no block's: its round is refused before.
    let entropy = super::address::Address::from_id(miner).map(|miner| randomness::actor_entropy(&miner));
    let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
    in_field(randomness::draw(tag, &beacon_digest(&round.signature), epoch, &entropy.unwrap_or_default()))
}

/// What was found outside the record itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found<'f> {
    /// About the round that it shows.
    pub round: Option<RoundVerdict>,
    /// Why there are no inputs for its proof.
    pub refused: Option<&'f str>,
    /// About its proof; `None` where no key was given for it.
    pub proof: Option<&'f Result<(), ProofRejection>>,
}

/// Checks one record.
pub fn check(record: &Record, found: Found<'_>) -> Finding {
    let mut finding = Finding::new();
    finding.kind = Some(record.kind());
    finding.subject = record.subject();
    finding.epoch = record.epoch();
    match record {
        Record::Possession(possession) => check_possession(possession, found, &mut finding),
        Record::Round(round) => check_round(round, found, &mut finding),
        Record::WindowPost(post) => check_window_post(post, found, &mut finding),
        Record::Groth16(_) => {
            check_proof(found, &mut finding);
            settle_proof(found, VALID, &mut finding);
        }
        Record::Vanilla(vanilla) => check_vanilla(vanilla, found, &mut finding),
        Record::Signature(signature) => check_signature(signature, &mut finding),
    }
    finding
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Whether a shown round is the one of its epoch, and signed.
fn check_shown(epoch: u64, stated: &StatedRound, verdict: Option<RoundVerdict>, finding: &mut Finding) {
    let wrong = match expected(epoch) {
        Ok((_, round)) if round == stated.round => None,
        Ok((beacon, round)) => {
            Some(format!("epoch {epoch}: expected round {round} of {beacon:?}, found {}", stated.round))
        }
        Err(error) => Some(error),
    };
    if let Some(detail) = wrong {
        finding.fail(WRONG_ROUND, detail);
        finding.skip([ROUND_NOT_SIGNED]);
    } else {
        check_signed(stated.round, verdict, finding);
    }
}

fn check_signed(round: u64, verdict: Option<RoundVerdict>, finding: &mut Finding) {
    let wrong = match verdict {
        Some(RoundVerdict::Signed) => return,
        Some(RoundVerdict::RandomnessMismatch) => {
            finding.fail(
                RANDOMNESS_MISMATCH,
                format!("round {round}: expected the SHA-256 of the signature, found another randomness"),
            );
            return finding.skip([ROUND_NOT_SIGNED]);
        }
        Some(RoundVerdict::NoSuchRound) => "rounds count from 1",
        Some(RoundVerdict::SignatureLength) => "the signature has another length than the beacon's",
        Some(RoundVerdict::PreviousAbsent) => "the beacon is chained, and the signature before is absent",
        Some(RoundVerdict::NotAPoint) => "the signature is no point of its group",
        Some(RoundVerdict::NotSigned) | None => "the beacon's key did not sign it",
    };
    finding.fail(ROUND_NOT_SIGNED, format!("round {round}: {wrong}"));
}

/// The seed that the answers are for, and the code of a record that fails nothing.
fn check_seed(possession: &Possession, found: Found<'_>, finding: &mut Finding) -> (Hash, u8) {
    let Some(round) = &possession.round else {
        finding.skip([WRONG_ROUND, ROUND_NOT_SIGNED, SEED_MISMATCH]);
        return (possession.seed.unwrap_or_default(), SEED_UNPROVEN);
    };
    check_shown(possession.challenge_epoch, round, found.round, finding);
    let derived = beacon_digest(&round.signature);
    compare_seeds(possession.seed, derived, finding);
    (possession.seed.unwrap_or(derived), VALID)
}

fn compare_seeds(stated: Option<Hash>, derived: Hash, finding: &mut Finding) {
    if let Some(stated) = stated.filter(|stated| *stated != derived) {
        finding.fail(SEED_MISMATCH, format!("expected {}, found {}", hex(&derived), hex(&stated)));
    }
}

fn check_possession(record: &Possession, found: Found<'_>, finding: &mut Finding) {
    let (seed, good) = check_seed(record, found, finding);
    check_service(record, finding);
    let pieces = match pieces(record) {
        Ok(pieces) => pieces,
        Err(detail) => {
            finding.fail(PIECE_REFUSED, detail);
            finding.skip([NOT_PROVIDER, EMPTY_PROOF, PREMATURE_PROOF, NO_CHALLENGE]);
            return finding.skip(OF_PIECES);
        }
    };
    let set = DataSet::new(record.set_id, pieces);
    let proofs: Vec<LeafProof<'_>> =
        (record.answers.iter()).map(|(leaf, siblings)| LeafProof { leaf: *leaf, siblings }).collect();
    let evidence = Evidence {
        parties: record.parties.map(|(sender, provider)| Parties { sender, provider }),
        block: record.block,
        challenge_epoch: record.challenge_epoch,
        seed,
        signature: None,
        range: record.range.unwrap_or_else(|| set.leaves()),
        leaves_at_start: record.leaves_at_start,
        challenged: record.challenged.as_deref(),
        proofs: &proofs,
    };
    if record.parties.is_none() {
        finding.skip([NOT_PROVIDER]);
    }
    if record.challenged.is_none() {
        finding.skip([OTHER_LEAF]);
    }
    let validity = possession::check(&set, &evidence, None).validity;
    finding.is_proved = Some(validity.is_ok());
    match validity {
        Ok(places) => {
            let places: Vec<String> =
                places.iter().map(|place| format!("piece {} leaf {}", place.piece, place.offset)).collect();
            let detail = format!("seed {}: {}", hex(&seed), places.join(", "));
            // Whoever may choose among which leaves is drawn chooses the leaves, as with the seed.
            if evidence.range < set.leaves() && good == VALID {
                let range = format!("range {} of {} leaves, {detail}", evidence.range, set.leaves());
                finding.settle(RANGE_UNPROVEN, range);
            } else {
                finding.settle(good, detail);
            }
        }
        Err(rejection) => {
            let check = code_of(&rejection);
            finding.fail(check, detail_of(&rejection, record));
            finding.skip(OF_PIECES.into_iter().filter(|later| *later > check));
            finding.skip((EMPTY_PROOF..=NO_CHALLENGE).filter(|later| *later > check));
        }
    }
}

/// The service's own rules, which apply where its window is stated; the verifier takes any number of answers at any time.
fn check_service(record: &Possession, finding: &mut Finding) {
    let Some(window) = record.window else {
        return finding.skip([TOO_FEW_CHALLENGES, TOO_EARLY, LATE_PROOF]);
    };
    let count = record.answers.len() as u64;
    if (1..CHALLENGES_PER_PROOF).contains(&count) {
        finding.fail(TOO_FEW_CHALLENGES, format!("expected at least {CHALLENGES_PER_PROOF}, found {count}"));
    }
    let timeliness = window.timeliness(record.block);
    finding.in_time = Some(timeliness == Timeliness::InTime);
    let detail = || format!("block {}: the window is {} to {}", record.block, window.opens, window.deadline);
    match timeliness {
        Timeliness::InTime => {}
        Timeliness::TooEarly => finding.fail(TOO_EARLY, detail()),
        Timeliness::Late => finding.fail(LATE_PROOF, detail()),
    }
}

fn detail_of(rejection: &Rejection, record: &Possession) -> String {
    match (rejection, record.parties) {
        (Rejection::NotProvider, Some((sender, provider))) => {
            format!("expected 0x{}, found 0x{}", hex(&provider), hex(&sender))
        }
        _ => rejection.to_string(),
    }
}

const fn code_of(rejection: &Rejection) -> u8 {
    match rejection {
        Rejection::NotProvider => NOT_PROVIDER,
        Rejection::Empty => EMPTY_PROOF,
        Rejection::Premature { .. } => PREMATURE_PROOF,
        Rejection::NoChallenge => NO_CHALLENGE,
        Rejection::SeedNotOfBeacon => SEED_MISMATCH,
        Rejection::EmptyRange | Rejection::RangeNotOfStart { .. } | Rejection::RangeBeyondSet { .. } => {
            RANGE_MISMATCH
        }
        Rejection::OtherLeaf { .. } => OTHER_LEAF,
        Rejection::WrongLength { .. } => PROOF_LENGTH_MISMATCH,
        Rejection::OutsideTree { .. } | Rejection::WrongRoot { .. } => PROOF_ROOT_MISMATCH,
    }
}

/// The pieces of the set, or the first one that no set takes.
pub(super) fn pieces(record: &Possession) -> Result<Vec<Piece>, String> {
    let removed = Piece { leaves: 0, height: 0, root: [0; 32] };
    (record.pieces.iter().enumerate())
        .map(|(number, piece)| {
            let wrong = |what: String| format!("piece {number}: {what}");
            match piece {
                None => Ok(removed),
                Some(Err(error)) => Err(wrong(error.clone())),
                Some(Ok(PieceId::Version2(piece))) => {
                    piece.admit().map_err(|error| wrong(error.to_string()))?;
                    sized(piece).ok_or_else(|| wrong("it has more leaves than 64 bits count".to_owned()))
                }
                Some(Ok(other)) => {
                    Err(wrong(format!("expected a version 2 identifier, which states a size, found {other}")))
                }
            }
        })
        .collect()
}

fn sized(piece: &SizedPiece) -> Option<Piece> {
    Some(Piece { leaves: piece.leaf_count()?, height: piece.height, root: piece.root })
}

fn check_round(record: &RoundRecord, found: Found<'_>, finding: &mut Finding) {
    let beacon = match beacon_of(record) {
        Ok(beacon) => beacon,
        Err(detail) => {
            finding.fail(WRONG_ROUND, detail);
            return finding.skip([ROUND_NOT_SIGNED, RANDOMNESS_MISMATCH, FUTURE_ROUND]);
        }
    };
    match record.epoch.map(expected) {
        None => finding.skip([WRONG_ROUND]),
        Some(Ok(expected)) if expected == (beacon, record.stated.round) => {}
        Some(Ok((other, round))) => finding.fail(
            WRONG_ROUND,
            format!("expected round {round} of {other:?}, found {} of {beacon:?}", record.stated.round),
        ),
        Some(Err(error)) => finding.fail(WRONG_ROUND, error),
    }
    if record.randomness.is_none() {
        finding.skip([RANDOMNESS_MISMATCH]);
    }
    check_signed(record.stated.round, found.round, finding);
    finding.is_proved = Some(found.round == Some(RoundVerdict::Signed));
    let time = beacon.chain().and_then(|chain| chain.time_of_round(record.stated.round)).ok();
    match (record.seen_at, time) {
        (None, _) | (_, None) => finding.skip([FUTURE_ROUND]),
        (Some(seen), Some(time)) if seen < time => {
            finding.fail(FUTURE_ROUND, format!("the round's time is {time}, it was seen at {seen}"));
        }
        _ => {}
    }
    let spare = match &record.stated.previous {
        Some(previous) if !previous.is_empty() && beacon == MainnetBeacon::Quicknet => {
            "; the signature before it counts for nothing there"
        }
        _ => "",
    };
    finding.settle(VALID, format!("signed by {beacon:?}{spare}"));
}

/// What was found about a proof under its key.
fn check_proof(found: Found<'_>, finding: &mut Finding) {
    if let Some(refused) = found.refused {
        finding.fail(INPUTS_REFUSED, refused);
        return finding.skip([PROOF_MALFORMED, PROOF_INVALID]);
    }
    let Some(answer) = found.proof else {
        return finding.skip([PROOF_MALFORMED, PROOF_INVALID]);
    };
    finding.is_proved = Some(answer.is_ok());
    if let Err(rejection) = answer {
        let check = match rejection {
            ProofRejection::Length { .. } | ProofRejection::Point { .. } => PROOF_MALFORMED,
            ProofRejection::InputCount { .. } | ProofRejection::InputTooLarge { .. } => INPUTS_REFUSED,
            ProofRejection::Equation => PROOF_INVALID,
        };
        finding.fail(check, rejection.to_string());
    }
}

fn settle_proof(found: Found<'_>, good: u8, finding: &mut Finding) {
    if found.proof.is_some() {
        finding.settle(good, "the proof holds under the key");
    } else {
        finding.settle(NOT_CHECKED, "no verification key was given for this proof");
    }
}

/// The randomness of a proof; gives the code of a record that fails nothing.
fn check_drawn(drawn: &Drawn, post: PostType, found: Found<'_>, finding: &mut Finding) -> u8 {
    let Drawn::FromRound { round, miner, epoch, stated } = drawn else {
        finding.skip([WRONG_ROUND, ROUND_NOT_SIGNED, SEED_MISMATCH]);
        return SEED_UNPROVEN;
    };
    check_shown(*epoch, round, found.round, finding);
    if super::address::Address::from_id(*miner).is_err() {
        finding.fail(INPUTS_REFUSED, format!("miner: expected an id below 2^63, found {miner}"));
    }
    compare_seeds(stated.map(in_field), derived_randomness(round, *miner, *epoch, post), finding);
    VALID
}

fn check_window_post(record: &WindowPost, found: Found<'_>, finding: &mut Finding) {
    let good = check_drawn(&record.drawn, record.post, found, finding);
    check_proof(found, finding);
    settle_proof(found, good, finding);
}

fn check_vanilla(record: &Vanilla, found: Found<'_>, finding: &mut Finding) {
    let good = check_drawn(&record.drawn, record.post, found, finding);
    let proof = match VanillaProof::decode(&record.proof) {
        Ok(proof) => proof,
        Err(error) => {
            finding.fail(PROOF_MALFORMED, error.to_string());
            return finding.skip([COMMITMENT_MISMATCH, PATH_MISMATCH]);
        }
    };
    let randomness = drawn_randomness(&record.drawn, record.post);
    let answer = proof.check(record.post, &randomness, &record.sector, record.place);
    finding.is_proved = Some(answer.is_ok());
    if let Err(fault) = answer {
        match fault {
            Fault::Sector { .. }
            | Fault::ReplicaCommitment
            | Fault::Commitment { .. }
            | Fault::CommitmentHash => {
                finding.fail(COMMITMENT_MISMATCH, fault.to_string());
                finding.skip([PATH_MISMATCH]);
            }
            _ => finding.fail(PATH_MISMATCH, fault.to_string()),
        }
    }
    finding.settle(good, format!("{} paths lead to the sector's tree", proof.paths.len()));
}

fn check_signature(record: &SignatureRecord, finding: &mut Finding) {
    let signature = match Signature::from_wire(&record.signature) {
        Ok(signature) => signature,
        Err(error) => {
            finding.fail(SIGNATURE_MALFORMED, error.to_string());
            return finding.skip([SIGNER_MISMATCH]);
        }
    };
    let verdict = verify(&record.signer, &record.message, &signature);
    if verdict != Verdict::NotChecked {
        finding.is_proved = Some(verdict.is_valid());
    }
    match verdict {
        Verdict::Valid => finding.settle(VALID, format!("signed by {}", record.signer)),
        Verdict::SignerProtocol { found } => {
            finding
                .fail(SIGNATURE_MALFORMED, format!("accounts of protocol {found} make no such signatures"));
        }
        Verdict::Encoding => {
            finding.fail(SIGNATURE_MALFORMED, "its numbers or its point are not canonical or out of range");
        }
        Verdict::Key => finding.fail(SIGNATURE_MALFORMED, "the signer's key is no point of its group"),
        Verdict::OtherSigner { found } => finding.fail(SIGNER_MISMATCH, format!("it is by {found}")),
        Verdict::NotSigned => finding.fail(SIGNER_MISMATCH, "it is no signature of these bytes by this key"),
        Verdict::NotChecked => {
            finding.skip([SIGNER_MISMATCH]);
            finding.settle(
                NOT_CHECKED,
                "delegated signatures sign an Ethereum transaction, which is not rebuilt",
            );
        }
    }
}
