//! What is found about one record.
//!
//! In: failed checks and checks that could not run, in any order. Out: a [`Finding`]. Rule: this project's verdicts.
//! Invariant: the code is the failed check with the lowest number, whatever the order in which checks were looked at.

use super::words::{LAST_CHECK, LATE_PROOF, MALFORMED, NOT_CHECKED, RANGE_UNPROVEN, SEED_UNPROVEN};
use crate::verdict::{Outcome, VALID};

/// The verdict of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first failed check, [`VALID`], [`SEED_UNPROVEN`], [`RANGE_UNPROVEN`] or [`NOT_CHECKED`].
    pub code: u8,
    /// All failed checks, as bits.
    pub failed: u32,
    /// Checks of this kind of record that could not run, as bits.
    pub not_run: u32,
    /// Kind of the record.
    pub kind: Option<&'static str>,
    /// What the record is about.
    pub subject: Option<String>,
    /// The epoch that it is about.
    pub epoch: Option<u64>,
    /// Whether the mathematics of the proof hold, whenever it came; `None` where they were not looked at.
    pub is_proved: Option<bool>,
    /// Whether it came in its window; `None` where none is known.
    pub in_time: Option<bool>,
    /// What the code's check compared, in words.
    pub detail: String,
}

impl Finding {
    pub(super) const fn new() -> Self {
        Self {
            code: VALID,
            failed: 0,
            not_run: 0,
            kind: None,
            subject: None,
            epoch: None,
            is_proved: None,
            in_time: None,
            detail: String::new(),
        }
    }

    /// A record that could not be read.
    pub fn malformed(detail: String) -> Self {
        let mut finding = Self::new();
        finding.fail(MALFORMED, detail);
        finding.skip(MALFORMED + 1..=LAST_CHECK);
        finding
    }

    /// What the record counts as in scoring.
    pub const fn outcome(&self) -> Outcome {
        match self.code {
            VALID => Outcome::Pass,
            SEED_UNPROVEN | NOT_CHECKED | RANGE_UNPROVEN => Outcome::Unknown,
            LATE_PROOF if self.failed == 1 << LATE_PROOF => Outcome::Late,
            _ => Outcome::Invalid,
        }
    }

    pub(super) fn fail(&mut self, check: u8, detail: impl Into<String>) {
        if self.failed == 0 || check < self.code {
            self.code = check;
            self.detail = detail.into();
        }
        self.failed |= 1 << check;
    }

    /// Checks that could not run.
    pub(super) fn skip(&mut self, checks: impl IntoIterator<Item = u8>) {
        for check in checks {
            self.not_run |= 1 << check;
        }
    }

    /// The code of a record that failed nothing.
    pub(super) fn settle(&mut self, good: u8, detail: impl Into<String>) {
        if self.failed == 0 {
            self.code = good;
            self.detail = detail.into();
        }
    }
}

#[cfg(test)]
#[path = "finding_tests.rs"]
mod tests;
