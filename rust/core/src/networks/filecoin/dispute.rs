//! Which of the window proofs that the chain took without looking are wrong.
//!
//! In: a [`Verifier`], accepted partition proofs with the sectors that each is about. Out: the wrong ones, with the reason.
//! Rule: Filecoin, B1, B4 and B5. The chain checks a window proof only when somebody disputes it, so that a wrong one stands
//! until the dispute window is over.
//! Invariant: findings come in the order of the proofs; a proof is a finding exactly if the network's own check fails.

use super::groth16::{Entry, Rejection, Verifier};
use super::window_post::{DISPUTE_WINDOW, Input, InputsError, PostKind, PostType, Sector, partition_inputs};

/// Partitions whose inputs are held at a time: 26 MB of them.
const BATCH: usize = 32;

/// A proof of one partition that the chain accepted.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// Number of the partition in its deadline.
    pub partition: u64,
    /// The randomness of its challenge epoch.
    pub randomness: [u8; 32],
    /// The sectors that it proves, those that stand in for faulty ones included.
    pub sectors: &'a [Sector],
    /// The proof's bytes.
    pub proof: &'a [u8],
}

/// Why a proof is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing can be proved about these sectors.
    #[error(transparent)]
    Sectors(#[from] InputsError),
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] Rejection),
}

/// A proof that can be disputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its place among the proofs given.
    pub place: usize,
    /// Number of the partition in its deadline.
    pub partition: u64,
    /// What is wrong.
    pub reason: Reason,
}

/// A question that has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisputeError {
    /// Only proofs of this type stand by themselves.
    #[error("dispute: expected a window proof of version 1.1, found {found:?}")]
    Kind {
        /// The type given.
        found: PostKind,
    },
    /// The key is that of another circuit.
    #[error("dispute: expected a key of {expected} inputs for this type of proof, found {found}")]
    Key {
        /// Inputs of the type.
        expected: usize,
        /// Inputs of the key.
        found: usize,
    },
}

/// The wrong ones among accepted proofs.
pub fn wrong_proofs(
    verifier: &Verifier,
    post: PostType,
    accepted: &[Accepted<'_>],
) -> Result<Vec<Finding>, DisputeError> {
    if post.kind != PostKind::WindowV1P1 {
        return Err(DisputeError::Kind { found: post.kind });
    }
    let (expected, found) = (post.inputs(), verifier.key().inputs());
    if expected != found {
        return Err(DisputeError::Key { expected, found });
    }
    let mut findings = Vec::new();
    for (batch, first) in accepted.chunks(BATCH).zip((0..).step_by(BATCH)) {
        let inputs: Vec<Result<Vec<Input>, InputsError>> = (batch.iter())
            .map(|accepted| partition_inputs(post, &accepted.randomness, accepted.sectors))
            .collect();
        let entries: Vec<Entry<'_>> = (batch.iter().zip(&inputs))
            .filter_map(|(accepted, inputs)| {
                Some(Entry { proof: accepted.proof, inputs: inputs.as_ref().ok()? })
            })
            .collect();
        let mut answers = verifier.verify_batch(&entries).into_iter();
        for ((accepted, inputs), place) in batch.iter().zip(&inputs).zip(first..) {
            let reason = match inputs {
                Err(error) => Some(Reason::from(*error)),
                Ok(_) => answers.next().and_then(Result::err).map(Reason::from),
            };
            findings.extend(reason.map(|reason| Finding { place, partition: accepted.partition, reason }));
        }
    }
    Ok(findings)
}

/// Whether a proof of a deadline that closed at one epoch can be disputed at another.
pub const fn is_disputable(closed: i64, now: i64) -> bool {
    closed <= now && now < closed.saturating_add(DISPUTE_WINDOW)
}

#[cfg(test)]
#[path = "dispute_tests.rs"]
mod tests;
