//! The standing of a device: on probation, active, suspended, disqualified; and whether it is under review.
//!
//! In: scores at a moment, and the standing before. Out: the standing after it, and an event for every change and every
//! warning. Rule: scoring and rewards, 5.4. Invariant: a disqualified device stays so; availability alone disqualifies only
//! where the rules say so, and only at the end of a review.

use super::reputation::{Reputation, Track};
use crate::fixed::ONE;

/// When a standing changes. Times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Age at which probation may end.
    pub min_age_s: i64,
    /// Observations at which probation may end.
    pub min_observations: u64,
    /// Availability below which a device is penalised.
    pub offline_threshold: u64,
    /// Time that a review gives, beside the tracking period.
    pub grace_s: i64,
    /// The tracking period of availability.
    pub tracking_s: i64,
    /// Whether availability alone disqualifies.
    pub offline_dq: bool,
    /// Right and wrong answers.
    pub correctness: Track,
    /// Errors that cannot be pinned on the device.
    pub unknown: Track,
}

impl Rules {
    /// Three weeks and a hundred observations of probation; 60 % of thirty days; one week of grace; no disqualification by
    /// availability.
    pub const DEFAULT: Self = Self {
        min_age_s: 21 * 86_400,
        min_observations: 100,
        offline_threshold: 60 * (ONE / 100),
        grace_s: 7 * 86_400,
        tracking_s: 30 * 86_400,
        offline_dq: false,
        correctness: Track::CORRECTNESS,
        unknown: Track::UNKNOWN,
    };
}

/// What is known of a device at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The moment, Unix seconds.
    pub at: i64,
    /// Seconds since the device joined.
    pub age_s: i64,
    /// Observations since then.
    pub observations: u64,
    /// Windowed availability.
    pub availability: u64,
    /// Whether its tracking period is full of complete windows.
    pub is_tracking_full: bool,
    /// Right and wrong answers.
    pub correctness: Reputation,
    /// Errors that cannot be pinned on the device.
    pub unknown: Reputation,
}

/// What a device is, the strongest word that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Too young, or too little seen.
    Probation,
    /// As it should be.
    Active,
    /// Suspended for availability.
    SuspendedOffline,
    /// Suspended for errors that cannot be pinned on it.
    SuspendedUnknown,
    /// Out for good.
    Disqualified,
}

/// Why something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Probation ended.
    ProbationOver,
    /// Provably wrong answers.
    Correctness,
    /// Errors that cannot be pinned on the device.
    Unknown,
    /// Availability.
    Offline,
    /// A review ended well.
    ReviewOver,
    /// A review ended badly.
    ReviewFailed,
    /// A score came near its threshold.
    Warning(Score),
}

/// A score that has a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// Windowed availability.
    Availability,
    /// Right and wrong answers.
    Correctness,
    /// Errors that cannot be pinned on the device.
    Unknown,
}

/// A change or a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: i64,
    /// The state before.
    pub from: State,
    /// The state behind it; the same for a warning, and where only a review begins or ends.
    pub to: State,
    /// Why.
    pub cause: Cause,
    /// The score that was compared; the age where probation ended.
    pub value: u64,
    /// What it was compared with.
    pub limit: u64,
}

/// The standing of one device.
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether probation is over.
    pub is_active: bool,
    /// When the review began that is under way.
    pub under_review_since: Option<i64>,
    /// Whether it is suspended for availability.
    pub is_suspended_offline: bool,
    /// Whether it is suspended for errors that cannot be pinned on it.
    pub is_suspended_unknown: bool,
    /// Whether it is out for good.
    pub is_disqualified: bool,
    /// Scores that are near their thresholds, so that one approach warns once: availability, correctness, unknown.
    pub is_warned: [bool; 3],
}

impl Standing {
    /// What the device is now.
    pub fn state(&self) -> State {
        if self.is_disqualified {
            State::Disqualified
        } else if self.is_suspended_offline {
            State::SuspendedOffline
        } else if self.is_suspended_unknown {
            State::SuspendedUnknown
        } else if self.is_active {
            State::Active
        } else {
            State::Probation
        }
    }

    /// Judges one moment; events come in the order in which they happened.
    pub fn judge(&mut self, seen: &Evidence, rules: &Rules) -> Vec<Event> {
        let mut events = Vec::new();
        if self.is_disqualified {
            return events;
        }
        let score = |reputation: Reputation| reputation.score().unwrap_or(ONE);
        let (correctness, unknown) = (score(seen.correctness), score(seen.unknown));
        self.warn(seen, rules, [seen.availability, correctness, unknown], &mut events);
        if !self.is_active && seen.age_s >= rules.min_age_s && seen.observations >= rules.min_observations {
            let (age, limit) = (seen.age_s.unsigned_abs(), rules.min_age_s.unsigned_abs());
            self.change(seen, Cause::ProbationOver, age, limit, &mut events, |own| own.is_active = true);
        }
        if seen.correctness.is_at_or_below(&rules.correctness) {
            let limit = rules.correctness.threshold;
            self.change(seen, Cause::Correctness, correctness, limit, &mut events, |own| {
                own.is_disqualified = true;
            });
            return events;
        }
        let is_unknown = seen.unknown.is_at_or_below(&rules.unknown);
        if is_unknown != self.is_suspended_unknown {
            let limit = rules.unknown.threshold;
            self.change(seen, Cause::Unknown, unknown, limit, &mut events, |own| {
                own.is_suspended_unknown = is_unknown;
            });
        }
        self.judge_availability(seen, rules, &mut events);
        events
    }

    fn judge_availability(&mut self, seen: &Evidence, rules: &Rules, events: &mut Vec<Event>) {
        let (value, limit) = (seen.availability, rules.offline_threshold);
        let is_penalised = value < limit && seen.is_tracking_full;
        let Some(since) = self.under_review_since else {
            if is_penalised {
                self.change(seen, Cause::Offline, value, limit, events, |own| {
                    own.under_review_since = Some(seen.at);
                    own.is_suspended_offline = true;
                });
            }
            return;
        };
        let is_over = seen.at > since.saturating_add(rules.grace_s).saturating_add(rules.tracking_s);
        if is_over && !is_penalised {
            self.change(seen, Cause::ReviewOver, value, limit, events, |own| {
                own.under_review_since = None;
                own.is_suspended_offline = false;
            });
        } else if is_over && rules.offline_dq {
            self.change(seen, Cause::ReviewFailed, value, limit, events, |own| {
                own.is_suspended_offline = true;
                own.is_disqualified = true;
            });
        } else if is_penalised != self.is_suspended_offline {
            self.change(seen, Cause::Offline, value, limit, events, |own| {
                own.is_suspended_offline = is_penalised;
            });
        }
    }

    fn change(
        &mut self,
        seen: &Evidence,
        cause: Cause,
        value: u64,
        limit: u64,
        events: &mut Vec<Event>,
        set: impl FnOnce(&mut Self),
    ) {
        let from = self.state();
        set(self);
        events.push(Event { at: seen.at, from, to: self.state(), cause, value, limit });
    }

    /// A score that is above its threshold by no more than two hundredths of it warns, once until it has left again.
    fn warn(&mut self, seen: &Evidence, rules: &Rules, scores: [u64; 3], events: &mut Vec<Event>) {
        let limits = [rules.offline_threshold, rules.correctness.threshold, rules.unknown.threshold];
        let kinds = [Score::Availability, Score::Correctness, Score::Unknown];
        let state = self.state();
        for (((warned, kind), value), limit) in self.is_warned.iter_mut().zip(kinds).zip(scores).zip(limits) {
            let is_near = 100 * u128::from(value) <= 102 * u128::from(limit);
            if is_near && !*warned {
                let cause = Cause::Warning(kind);
                events.push(Event { at: seen.at, from: state, to: state, cause, value, limit });
            }
            *warned = is_near;
        }
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
