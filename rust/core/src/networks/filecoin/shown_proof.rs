//! The Groth16 proofs of records, under the keys that the caller has.
//!
//! In: keys, and records with proofs. Out: what was found about each proof. Rule: Filecoin, B4 and B5. Proofs under one key
//! are checked together.
//! Invariant: an answer is about its own proof alone; a proof whose key is not there has none.

use super::groth16::{Entry, Proof, Rejection, Verifier};
use super::verification_key::CheckValue;
use super::window_post::{Input, PostKind, PostType, WINNING_CHALLENGES};

/// Proofs that are checked together: their inputs take up to 26 MB.
const BATCH: usize = 32;

/// A proof with the inputs that were derived for it.
pub struct ShownProof<'r> {
    /// Place of its record.
    pub place: usize,
    /// Its bytes.
    pub proof: &'r [u8],
    /// Its public inputs.
    pub inputs: Vec<Input>,
    /// Check value of the key that it names.
    pub key: Option<CheckValue>,
    /// Its type, where it has one.
    pub post: Option<PostType>,
}

impl ShownProof<'_> {
    /// The key that the proof is for: the one it names, else the network's own for its type, else the only one with room
    /// for its inputs.
    pub fn verifier<'k>(&self, keys: &[&'k Verifier]) -> Option<&'k Verifier> {
        let mut keys = keys.iter().copied();
        if let Some(check) = self.key {
            return keys.find(|key| key.key().check_value() == check);
        }
        let fits: Vec<_> = keys.filter(|key| key.key().inputs() == self.inputs.len()).collect();
        let own = fits.iter().find(|key| self.post.is_some_and(|post| is_key_of(key, post)));
        match (own, fits.as_slice()) {
            (Some(own), _) | (None, [own]) => Some(own),
            _ => None,
        }
    }
}

fn is_key_of(verifier: &Verifier, post: PostType) -> bool {
    let is_winning = post.kind == PostKind::Winning;
    verifier.key().published().is_some_and(|key| {
        key.sector_size == post.sector_size
            && (key.inputs() == post.inputs())
            && (is_winning == (key.sectors == WINNING_CHALLENGES))
    })
}

/// What is found about each proof, in their order; `None` where there is no key. What is no proof by its form needs none.
pub fn verify(proofs: &[ShownProof<'_>], keys: &[&Verifier]) -> Vec<Option<Result<(), Rejection>>> {
    let mut answers: Vec<_> = (proofs.iter())
        .map(|proof| match proof.verifier(keys) {
            None => Proof::decode(proof.proof).err().map(Err),
            Some(_) => None,
        })
        .collect();
    for key in keys {
        let own: Vec<usize> = (0..proofs.len())
            .filter(|place| {
                proofs[*place].verifier(keys).is_some_and(|verifier| std::ptr::eq(verifier, *key))
            })
            .collect();
        for batch in own.chunks(BATCH) {
            let entries: Vec<Entry<'_>> = (batch.iter())
                .map(|place| Entry { proof: proofs[*place].proof, inputs: &proofs[*place].inputs })
                .collect();
            for (place, answer) in batch.iter().zip(key.verify_batch(&entries)) {
                answers[*place] = Some(answer);
            }
        }
    }
    answers
}
