//! A sequential test: when a sample is large enough to tell a good device from a bad one.
//!
//! In: passes and failures, one after the other. Out: accepted, rejected, or not decided yet. Rule: scoring and rewards, 5.8.
//! Invariant: logarithms are in the plan as integers and never taken at run time; after a verdict the test begins anew.

/// What an observation adds, and where a verdict falls, in millionths of the natural logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Added by a pass; negative.
    pub pass: i64,
    /// Added by a failure.
    pub fail: i64,
    /// At or below: good.
    pub accept: i64,
    /// At or above: bad.
    pub reject: i64,
}

impl Plan {
    /// 99 % is good and 90 % bad; a good device is rejected with 1 %, a bad one accepted with 5 %.
    pub const GOOD_99_BAD_90: Self =
        Self { pass: -95_310, fail: 2_302_585, accept: -2_985_682, reject: 4_553_877 };
    /// 99.9 % is good and 98 % bad, with 1 % of each error.
    pub const GOOD_999_BAD_98: Self =
        Self { pass: -19_202, fail: 2_995_732, accept: -4_595_120, reject: 4_595_120 };
    /// 95 % is good and 80 % bad, with 5 % of each error.
    pub const GOOD_95_BAD_80: Self =
        Self { pass: -171_850, fail: 1_386_294, accept: -2_944_439, reject: 2_944_439 };
}

/// What is known after an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Good.
    Accept,
    /// Bad.
    Reject,
}

/// A test under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequential {
    /// The sum since the last verdict.
    pub total: i64,
}

impl Sequential {
    /// Adds an observation.
    pub fn observe(&mut self, plan: &Plan, has_passed: bool) -> Verdict {
        self.total = self.total.saturating_add(if has_passed { plan.pass } else { plan.fail });
        let verdict = if self.total >= plan.reject {
            Verdict::Reject
        } else if self.total <= plan.accept {
            Verdict::Accept
        } else {
            return Verdict::Continue;
        };
        self.total = 0;
        verdict
    }
}

#[cfg(test)]
#[path = "sequential_tests.rs"]
mod tests;
