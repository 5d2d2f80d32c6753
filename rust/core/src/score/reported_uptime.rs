//! Uptime that a device reports itself.
//!
//! In: reports "at this time I had been up for so long", in any order. Out: seconds that they attest, and a flag for each.
//! Rule: scoring and rewards, 5.2. Invariant: credit is the length of a union of intervals, so a report that comes late, twice
//! or out of order changes nothing; a counter that runs fast is held against the anchored boot time and earns nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::fixed::{FixedError, ONE, ratio};

/// How reports are read, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Time between two reports.
    pub interval_s: i64,
    /// How much later a report may come; twice as much is the skew that a clock may have.
    pub grace_s: i64,
}

impl Params {
    /// Forty minutes, and one minute of grace.
    pub const DEFAULT: Self = Self { interval_s: 2400, grace_s: 60 };

    fn most(&self) -> i64 {
        self.interval_s.saturating_add(self.grace_s)
    }

    fn skew(&self) -> i64 {
        self.grace_s.saturating_mul(2)
    }
}

/// One report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    /// When the receiver got it.
    pub at: i64,
    /// Seconds that the device says it has been up.
    pub uptime: i64,
}

impl Report {
    fn boot(&self) -> i64 {
        self.at.saturating_sub(self.uptime)
    }
}

/// What reports attest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Seconds of the epoch that are attested.
    pub seconds: u64,
    /// Distinct reports, ascending, each with whether its boot lies before the anchored one (`COUNTER_AHEAD`).
    pub reports: Vec<(Report, bool)>,
    /// Boot time of the oldest report, for the next epoch.
    pub boot_first: Option<i64>,
}

impl Credit {
    /// The attested share of an epoch of this many seconds.
    pub fn score(&self, epoch_s: u64) -> Result<u64, FixedError> {
        ratio(self.seconds, epoch_s).map(|share| share.min(ONE))
    }
}

/// The union rule. `boot_first` is the anchor from earlier epochs.
pub fn credit(reports: &[Report], boot_first: Option<i64>, epoch: Range<i64>, params: &Params) -> Credit {
    let distinct: BTreeSet<Report> = reports.iter().copied().collect();
    let anchor = boot_first.or_else(|| distinct.first().map(Report::boot));
    let earliest = anchor.map_or(i64::MIN, |boot| boot.saturating_sub(params.skew()));
    let mut credit = Credit { seconds: 0, reports: Vec::with_capacity(distinct.len()), boot_first: anchor };
    let mut attested = Vec::with_capacity(distinct.len());
    for report in distinct {
        let is_ahead = report.boot() < earliest;
        credit.reports.push((report, is_ahead));
        let from = report.boot().max(report.at.saturating_sub(params.most())).max(epoch.start);
        let to = report.at.min(epoch.end);
        if !is_ahead && from < to {
            attested.push(from..to);
        }
    }
    credit.seconds = length_of_union(attested);
    credit
}

fn length_of_union(mut intervals: Vec<Range<i64>>) -> u64 {
    intervals.sort_unstable_by_key(|interval| interval.start);
    let mut length = 0_u64;
    let mut covered_to = i64::MIN;
    for Range { start, end } in intervals {
        if end > covered_to {
            length = length.saturating_add(end.abs_diff(start.max(covered_to)));
            covered_to = end;
        }
    }
    length
}

/// What a network that compares each report with the one before it says about a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// No report is before it.
    First,
    /// The counter went on as the clock did.
    Ok,
    /// As `Ok`, but more time has passed than is credited.
    GapCapped,
    /// As `Ok`, but the boot has moved away from the one of the last reboot.
    ClockSkew,
    /// The counter went on faster than the clock.
    UptimeTooHigh,
    /// The device started again.
    Reboot,
    /// The counter went on more slowly than the clock.
    UptimeTooLow,
    /// The counter fell, to more than the time since the report before.
    InvalidReboot,
}

/// The step rule: each report, in the order given, with its credit in seconds.
pub fn steps(reports: &[Report], params: &Params) -> Vec<(u64, Step)> {
    let most = params.most();
    let mut out = Vec::with_capacity(reports.len());
    let mut before: Option<Report> = None;
    let mut boot_zero = 0;
    for report in reports {
        let uptime = report.uptime;
        let (credit, step) = match before {
            None => {
                boot_zero = report.boot();
                (uptime.min(most), Step::First)
            }
            Some(before) => {
                let (dt, du) = (report.at.saturating_sub(before.at), uptime.saturating_sub(before.uptime));
                if du > dt.saturating_add(params.grace_s) {
                    (0, Step::UptimeTooHigh)
                } else if du.abs_diff(dt) <= params.grace_s.unsigned_abs() {
                    let step = if report.boot().abs_diff(boot_zero) >= params.skew().unsigned_abs() {
                        Step::ClockSkew
                    } else if du > most {
                        Step::GapCapped
                    } else {
                        Step::Ok
                    };
                    (du.clamp(0, most), step)
                } else if uptime <= dt {
                    boot_zero = report.boot();
                    (uptime.min(most), Step::Reboot)
                } else if uptime > before.uptime {
                    (0, Step::UptimeTooLow)
                } else {
                    (0, Step::InvalidReboot)
                }
            }
        };
        out.push((u64::try_from(credit).unwrap_or(0), step));
        before = Some(*report);
    }
    out
}

#[cfg(test)]
#[path = "reported_uptime_tests.rs"]
mod tests;
