//! Service levels and error budgets.
//!
//! In: counted and bad events, a goal, notices of maintenance. Out: the level reached, what is left of the budget, and
//! which alerts burn. Rule: scoring and rewards, 5.9. Invariant: budgets and burn rates are exact fractions, so a budget used
//! to its last event is not exhausted and one event more is.

use std::ops::Range;

use super::exact::{Exact, exact, less};
use crate::fixed::{FixedError, ratio};

/// Events of a period; excluded ones are in neither number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Counted events.
    pub total: u64,
    /// Bad ones among them.
    pub bad: u64,
}

impl Events {
    /// The share of good events; an error without events, or with more bad ones than there are.
    pub fn level(self) -> Result<u64, FixedError> {
        ratio(self.total.checked_sub(self.bad).ok_or(FixedError::Overflow)?, self.total)
    }

    /// Events that may be bad: the budget.
    pub fn budget(self, goal: &Exact) -> Exact {
        missing(goal) * exact(self.total, 1)
    }

    /// Whether more events were bad than the budget has.
    pub fn is_exhausted(self, goal: &Exact) -> bool {
        exact(self.bad, 1) > self.budget(goal)
    }

    /// The share of bad events in what the goal allows, which is also the share of the budget that they consume; `None`
    /// without events or where the goal allows nothing.
    pub fn burn_rate(self, goal: &Exact) -> Option<Exact> {
        let allowed = self.budget(goal);
        (allowed > exact(0, 1)).then(|| exact(self.bad, 1) / allowed)
    }
}

fn missing(goal: &Exact) -> Exact {
    less(&exact(1, 1), goal)
}

/// An alert that burns while a long and a short window both burn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What it is called.
    pub name: &'static str,
    /// Percent of the period's budget that the long window may use.
    pub percent: u64,
    /// Length of the long window, hours.
    pub long_hours: u64,
    /// Length of the short window, minutes.
    pub short_minutes: u64,
}

impl Alert {
    /// All levels, the most urgent first.
    pub const ALL: [Self; 4] = [
        Self { name: "page-quick", percent: 2, long_hours: 1, short_minutes: 5 },
        Self { name: "page-slow", percent: 5, long_hours: 6, short_minutes: 30 },
        Self { name: "ticket-quick", percent: 10, long_hours: 24, short_minutes: 120 },
        Self { name: "ticket-slow", percent: 10, long_hours: 72, short_minutes: 360 },
    ];

    /// The burn rate above which it burns, for a period of so many hours.
    pub fn factor(&self, period_hours: u64) -> Exact {
        exact(self.percent, 100) * exact(period_hours, self.long_hours)
    }

    /// Whether it burns.
    pub fn burns(&self, period_hours: u64, goal: &Exact, long: Events, short: Events) -> bool {
        let factor = self.factor(period_hours);
        [long, short].iter().all(|window| window.burn_rate(goal).is_some_and(|rate| rate > factor))
    }
}

/// A signed announcement of planned maintenance, in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When it was signed.
    pub at: i64,
    /// What it announces.
    pub maintenance: Range<i64>,
}

/// The parts of a period that do not count: those announced at least `notice_s` ahead, the earliest first, until `most_s` of
/// the period are used.
pub fn maintenance(notices: &[Notice], period: Range<i64>, notice_s: i64, most_s: u64) -> Vec<Range<i64>> {
    let mut announced: Vec<Range<i64>> = notices
        .iter()
        .filter(|notice| notice.at.saturating_add(notice_s) <= notice.maintenance.start)
        .map(|notice| notice.maintenance.start.max(period.start)..notice.maintenance.end.min(period.end))
        .filter(|part| part.start < part.end)
        .collect();
    announced.sort_unstable_by_key(|part| part.start);
    let mut left = most_s;
    let mut covered_to = period.start;
    let mut parts: Vec<Range<i64>> = Vec::new();
    for part in announced {
        let start = part.start.max(covered_to);
        let end = part.end.min(start.saturating_add_unsigned(left));
        if start >= end {
            continue;
        }
        left -= end.abs_diff(start);
        covered_to = end;
        match parts.last_mut().filter(|last| last.end == start) {
            Some(last) => last.end = end,
            None => parts.push(start..end),
        }
    }
    parts
}

#[cfg(test)]
#[path = "objective_tests.rs"]
mod tests;
