//! Validators that judge devices of their own.
//!
//! In: owner and payee of devices and validators, and who probed whom. Out: `SELF_DEALING`. Rule: scoring and rewards, 7.2:
//! validator and device share owner or payee. Invariant: it is the ruleset that forbids this; where it does not, nobody
//! asks.
//!
//! Chosen where the rule is silent: owners are compared with owners and payees with payees; who has no payee shares none.
//! The pairs are those that have rows, so that an assignment alone accuses nobody.

use std::collections::BTreeMap;

/// Who stands behind a device or a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Number of the owner.
    pub owner: u64,
    /// Number of the payee, if there is one.
    pub payee: Option<u64>,
}

/// A validator that probed a device of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfDealing {
    /// Number of the device.
    pub device: u32,
    /// Number of the validator.
    pub validator: u32,
    /// Whether they have one owner.
    pub shares_owner: bool,
    /// Whether they have one payee.
    pub shares_payee: bool,
    /// Rows of the pair.
    pub rows: u64,
}

/// A row about somebody who is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a {what} below {known}, found {found}")]
pub struct UnknownParty {
    /// `device` or `validator`.
    pub what: &'static str,
    /// How many are known; they are numbered from 0.
    pub known: usize,
    /// The number.
    pub found: u32,
}

fn party(parties: &[Party], what: &'static str, number: u32) -> Result<Party, UnknownParty> {
    let unknown = UnknownParty { what, known: parties.len(), found: number };
    parties.get(number as usize).copied().ok_or(unknown)
}

/// The pairs that the rule accuses, ascending by device and validator, of rows (device, validator) in any order.
pub fn self_dealing(
    devices: &[Party],
    validators: &[Party],
    rows: impl IntoIterator<Item = (u32, u32)>,
) -> Result<Vec<SelfDealing>, UnknownParty> {
    let mut counts: BTreeMap<(u32, u32), SelfDealing> = BTreeMap::new();
    for (device, validator) in rows {
        let (own, judge) = (party(devices, "device", device)?, party(validators, "validator", validator)?);
        let shares_owner = own.owner == judge.owner;
        let shares_payee = own.payee.is_some() && own.payee == judge.payee;
        if shares_owner || shares_payee {
            let found = SelfDealing { device, validator, shares_owner, shares_payee, rows: 0 };
            counts.entry((device, validator)).or_insert(found).rows += 1;
        }
    }
    Ok(counts.into_values().collect())
}

#[cfg(test)]
#[path = "self_dealing_tests.rs"]
mod tests;
