//! How a verdict comes about, step by step, for people.
//!
//! In: a [`Record`]. Out: each value that is derived on the way, in the order of the way. Rule: Filecoin, A5, B2 to B4, D1,
//! D5 and E3.
//! Invariant: what is shown is derived by the functions that the checks use, and decides nothing.

use data_encoding::HEXLOWER;

use super::inclusion::root_of;
use super::possession::{DataSet, challenge};
use super::randomness::beacon_digest;
use super::rules::{beacon_of, drawn_randomness, pieces, proof_inputs};
use super::shown_round::expected;
use super::vanilla::VanillaProof;
use super::window_post::challenges;
use super::wire::{Drawn, Possession, Record, RoundRecord, StatedRound, Vanilla, WindowPost};

/// One step: what is derived, and its value.
pub type Step = (String, String);

/// Sectors of a proof that are shown; a full partition has 2349.
const SHOWN_SECTORS: usize = 3;

/// The steps of a record.
pub fn steps(record: &Record) -> Vec<Step> {
    let mut steps = Steps::default();
    match record {
        Record::Possession(possession) => steps.possession(possession),
        Record::Round(round) => steps.round(round),
        Record::WindowPost(post) => steps.window_post(post),
        Record::Groth16(proof) => steps.add("public inputs", proof.inputs.len().to_string()),
        Record::Vanilla(vanilla) => steps.vanilla(vanilla),
        Record::Signature(signature) => {
            steps.add("signer", format!("{} of protocol {}", signature.signer, signature.signer.protocol()));
            steps.add("BLAKE2b-256 of the message", hex(&beacon_digest(&signature.message)));
        }
    }
    steps.0
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.0.push((what.into(), value.into()));
    }

    fn epoch(&mut self, epoch: u64, shown: Option<&StatedRound>) {
        match expected(epoch) {
            Ok((beacon, round)) => self.add("round of the epoch", format!("{round} of {beacon:?}")),
            Err(error) => self.add("round of the epoch", error),
        }
        if let Some(shown) = shown {
            self.add("round shown", shown.round.to_string());
            self.add("seed: BLAKE2b-256 of its signature", hex(&beacon_digest(&shown.signature)));
        }
    }

    fn possession(&mut self, record: &Possession) {
        self.epoch(record.challenge_epoch, record.round.as_ref());
        let pieces = match pieces(record) {
            Ok(pieces) => pieces,
            Err(error) => return self.add("pieces", error),
        };
        let roots: Vec<_> = pieces.iter().map(|piece| piece.root).collect();
        let set = DataSet::new(record.set_id, pieces);
        let range = record.range.unwrap_or_else(|| set.leaves());
        self.add("leaves", format!("{} in {} pieces, challenged among {range}", set.leaves(), roots.len()));
        let derived = record.round.as_ref().map(|round| beacon_digest(&round.signature));
        let seed = record.seed.or(derived).unwrap_or_default();
        for (number, (leaf, siblings)) in (0..).zip(&record.answers) {
            let (Some(drawn), Some(place)) =
                (challenge(&seed, record.set_id, number, range), set.challenged(&seed, number, range))
            else {
                return self.add(format!("challenge {number}"), "there is no leaf to ask for");
            };
            self.add(
                format!("challenge {number}"),
                format!("leaf {drawn}: leaf {} of piece {}", place.offset, place.piece),
            );
            self.add(
                format!("answer {number}"),
                format!(
                    "{} nodes lead to {}, the piece's root is {}",
                    siblings.len(),
                    hex(&root_of(leaf, siblings, place.offset)),
                    hex(&roots[place.piece])
                ),
            );
        }
    }

    fn round(&mut self, record: &RoundRecord) {
        if let Some(epoch) = record.epoch {
            self.epoch(epoch, Some(&record.stated));
        }
        let Ok(beacon) = beacon_of(record) else { return };
        let time = beacon.chain().and_then(|chain| chain.time_of_round(record.stated.round));
        self.add("beacon", format!("{beacon:?}"));
        if let Ok(time) = time {
            self.add("time of the round", format!("{time} in Unix seconds"));
        }
        self.add("randomness", hex(&crate::hash::sha256(&record.stated.signature)));
    }

    fn drawn(&mut self, drawn: &Drawn, randomness: &[u8; 32]) {
        if let Drawn::FromRound { round, epoch, .. } = drawn {
            self.epoch(*epoch, Some(round));
        }
        self.add("randomness of the challenges", hex(randomness));
    }

    fn window_post(&mut self, record: &WindowPost) {
        let randomness = drawn_randomness(&record.drawn, record.post);
        self.drawn(&record.drawn, &randomness);
        for (place, sector) in (0..).zip(record.sectors.iter().take(SHOWN_SECTORS)) {
            let leaves = challenges(record.post, &randomness, sector.number, place);
            self.add(format!("sector {}", sector.number), format!("leaves {}", joined(&leaves)));
        }
        match proof_inputs(&Record::WindowPost(Box::new(record.clone()))) {
            Some(Ok(inputs)) => self.add("public inputs", inputs.len().to_string()),
            Some(Err(error)) => self.add("public inputs", error),
            None => {}
        }
    }

    fn vanilla(&mut self, record: &Vanilla) {
        let randomness = drawn_randomness(&record.drawn, record.post);
        self.drawn(&record.drawn, &randomness);
        let leaves = challenges(record.post, &randomness, record.sector.number, record.place);
        self.add("challenged leaves", joined(&leaves));
        if let Ok(proof) = VanillaProof::decode(&record.proof) {
            self.add("paths", proof.paths.len().to_string());
            self.add("root of the sector's tree", hex(&proof.comm_r_last));
        }
    }
}

fn joined(leaves: &[u64]) -> String {
    let leaves: Vec<String> = leaves.iter().map(u64::to_string).collect();
    leaves.join(", ")
}
