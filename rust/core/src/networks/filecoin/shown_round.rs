//! The beacon rounds that records show for their seeds.
//!
//! In: stated rounds, with the epochs that they are for. Out: whether each is its epoch's round, and whether it is signed.
//! Rule: Filecoin, D1, D6 and E5. Rounds of one slice of records are checked together, and one that many records show is
//! checked once.
//! Invariant: an answer is about its own round alone.

use std::collections::BTreeMap;

use super::randomness::{MainnetBeacon, RoundRule, mainnet_round};
use super::wire::StatedRound;
use crate::beacon::{BatchError, RoundVerdict, SignedRound, verify_rounds};

/// The last epoch of the main network before its version 16. Source: `UpgradeSkyrHeight` of Lotus' main network.
const LAST_BEFORE_V16: i64 = 1_960_320;

/// The beacon that the main network takes for an epoch, and the round.
pub fn expected(epoch: u64) -> Result<(MainnetBeacon, u64), String> {
    let epoch = i64::try_from(epoch).map_err(|_| format!("epoch {epoch}: expected less than 2^63"))?;
    let rule = if epoch <= LAST_BEFORE_V16 { RoundRule::BeforeV16 } else { RoundRule::FromV16 };
    mainnet_round(epoch, rule).map_err(|error| error.to_string())
}

/// Rounds to be checked, each once.
#[derive(Default)]
pub struct ShownRounds<'r> {
    asked: BTreeMap<MainnetBeacon, BTreeMap<SignedRound<'r>, Option<RoundVerdict>>>,
}

/// A round with everything that its verdict depends on.
fn signed<'r>(stated: &'r StatedRound, randomness: Option<&'r [u8]>) -> SignedRound<'r> {
    SignedRound {
        round: stated.round,
        signature: &stated.signature,
        previous: stated.previous.as_deref(),
        randomness,
    }
}

impl<'r> ShownRounds<'r> {
    /// Has a round of a beacon checked.
    pub fn ask(&mut self, beacon: MainnetBeacon, stated: &'r StatedRound, randomness: Option<&'r [u8]>) {
        self.asked.entry(beacon).or_default().insert(signed(stated, randomness), None);
    }

    /// Checks all rounds, on all threads of the current pool.
    pub fn verify(&mut self) -> Result<(), BatchError> {
        for (beacon, rounds) in &mut self.asked {
            let asked: Vec<SignedRound<'_>> = rounds.keys().copied().collect();
            let findings = verify_rounds(&beacon.chain()?, &asked, None)?;
            for (answer, finding) in rounds.values_mut().zip(findings) {
                *answer = Some(finding.verdict);
            }
        }
        Ok(())
    }

    /// What was found about a round; `None` if nobody asked.
    pub fn verdict(
        &self,
        beacon: MainnetBeacon,
        stated: &'r StatedRound,
        randomness: Option<&'r [u8]>,
    ) -> Option<RoundVerdict> {
        *self.asked.get(&beacon)?.get(&signed(stated, randomness))?
    }
}
