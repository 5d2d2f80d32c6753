//! Outages on the validator's side.
//!
//! In: the kept observations of one slot, clusters, which devices were up before, and reference probes. Out: which
//! validators' down observations do not count, with the numbers that show it. Rule: scoring and rewards, 3.1 to 3.5.
//! Invariant: all validators of a slot are judged on the same observations, so the order of judging does not matter.

use std::collections::BTreeMap;

use crate::verdict::Outcome;
use crate::verify::judged::Kept;

/// Clusters that a judgement of a validator needs.
const MIN_CLUSTERS: u64 = 10;
/// Reference probes that a judgement by references needs.
const MIN_REFERENCES: u64 = 3;

/// One line of the exclusion log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The validator.
    pub participant: u16,
    /// Name of the rule in the catalogue.
    pub reason: &'static str,
    /// Clusters that it probed.
    pub n: u64,
    /// Clusters that were down for it.
    pub f: u64,
    /// Clusters that the others probed.
    pub n2: u64,
    /// Clusters that were down for the others.
    pub f2: u64,
    /// Reference probes that succeeded.
    pub ok: u64,
    /// Reference probes.
    pub total: u64,
}

/// The judgement of one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Exclusions, ascending by validator.
    pub exclusions: Vec<Exclusion>,
    /// Numbers `(n_all, f_all)` where half of the network was down for everybody.
    pub network_event: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    n: u64,
    f: u64,
    /// Clusters that nobody else probed, and those of them that failed.
    alone: u64,
    alone_failed: u64,
    /// Clusters that failed for the others only.
    failed_for_others: u64,
}

/// Judges one slot. `cluster_of` and `was_up` are asked by device position.
pub fn judge(
    kept: &[Kept],
    cluster_of: impl Fn(u32) -> u32,
    was_up: impl Fn(u32) -> bool,
    references: &BTreeMap<u16, (u64, u64)>,
) -> Judgement {
    let mut tallies: Vec<Option<Tally>> = Vec::new();
    for k in kept {
        let participant = usize::from(k.participant);
        if tallies.len() <= participant {
            tallies.resize(participant + 1, None);
        }
        if let Some(tally) = tallies.get_mut(participant) {
            tally.get_or_insert_default();
        }
    }
    let mut probes: Vec<(u32, u16, bool)> = kept
        .iter()
        .filter(|k| is_probe(k.outcome) && was_up(k.device))
        .map(|k| (cluster_of(k.device), k.participant, k.outcome.is_silence()))
        .collect();
    probes.sort_unstable();
    let (mut n_all, mut f_all) = (0, 0);
    for cluster in probes.chunk_by(|a, b| a.0 == b.0) {
        let reached = cluster.iter().filter(|probe| !probe.2).count();
        let is_alone = cluster.first().map(|probe| probe.1) == cluster.last().map(|probe| probe.1);
        n_all += 1;
        f_all += u64::from(reached == 0);
        for own in cluster.chunk_by(|a, b| a.1 == b.1) {
            let tally = own.first().and_then(|probe| tallies.get_mut(usize::from(probe.1))?.as_mut());
            let Some(tally) = tally else { continue };
            let own_reached = own.iter().filter(|probe| !probe.2).count();
            tally.n += 1;
            tally.f += u64::from(own_reached == 0);
            if is_alone {
                tally.alone += 1;
                tally.alone_failed += u64::from(reached == 0);
            } else if reached > 0 && reached == own_reached {
                tally.failed_for_others += 1;
            }
        }
    }
    let exclusions: Vec<Exclusion> = (0..)
        .zip(&tallies)
        .filter_map(|(participant, tally)| {
            let tally = tally.as_ref()?;
            let (ok, total) = references.get(&participant).copied().unwrap_or_default();
            let n2 = n_all - tally.alone;
            let f2 = f_all - tally.alone_failed + tally.failed_for_others;
            let (n, f) = (tally.n, tally.f);
            reason(n, f, n2, f2, ok, total).map(|reason| Exclusion {
                participant,
                reason,
                n,
                f,
                n2,
                f2,
                ok,
                total,
            })
        })
        .collect();
    let is_event = exclusions.is_empty() && n_all >= MIN_CLUSTERS && 100 * f_all >= 50 * n_all;
    Judgement { exclusions, network_event: is_event.then_some((n_all, f_all)) }
}

/// Outcomes that say something about the way to the device.
fn is_probe(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pass | Outcome::Late | Outcome::Fail | Outcome::Timeout | Outcome::Offline)
}

/// The first rule of 3.3 that holds.
fn reason(n: u64, f: u64, n2: u64, f2: u64, ok: u64, total: u64) -> Option<&'static str> {
    if total >= MIN_REFERENCES && 2 * ok < total {
        Some("VALIDATOR_REFERENCE_FAILED")
    } else if n >= MIN_CLUSTERS && n2 >= MIN_CLUSTERS && 100 * f >= 50 * n && 100 * f2 < 10 * n2 {
        Some("VALIDATOR_CORRELATED")
    } else if n >= MIN_CLUSTERS && n2 < MIN_CLUSTERS && 100 * f >= 80 * n {
        Some("VALIDATOR_ALONE_CORRELATED")
    } else {
        None
    }
}
