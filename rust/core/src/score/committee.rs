//! Results that are a matter of judgement: a committee reports, and more than half must agree.
//!
//! In: what each member reported, as bytes. Out: the result and who reported it, or nothing. Rule: scoring and rewards, 7.4.
//! Invariant: strictly more than half of all who reported; without that nobody's report counts, for or against anybody.
//!
//! Chosen where the rule is silent: reports are equal if their bytes are. Each member reports once; it is the caller who
//! knows the members.

use std::collections::BTreeMap;

/// Members that a committee has unless the ruleset says otherwise.
pub const LEAST_REPORTERS: usize = 3;

/// What a committee found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// The result.
    pub result: &'a [u8],
    /// Whether each report, in the order given, is that of the majority.
    pub is_majority: Vec<bool>,
}

/// What a committee of at least `least` members finds; `None` where nobody's report counts.
pub fn ruling<'a>(reports: &[&'a [u8]], least: usize) -> Option<Ruling<'a>> {
    let mut counts: BTreeMap<&'a [u8], usize> = BTreeMap::new();
    for report in reports {
        *counts.entry(report).or_default() += 1;
    }
    let (result, _) = counts.into_iter().find(|(_, count)| 2 * count > reports.len())?;
    (reports.len() >= least)
        .then(|| Ruling { result, is_majority: reports.iter().map(|report| *report == result).collect() })
}

#[cfg(test)]
#[path = "committee_tests.rs"]
mod tests;
