//! What a warm-storage provider is paid for a range of epochs: the part that falls into proven periods.
//!
//! In: a set's activation, its proven periods, a proposed amount for a range of epochs, the block of the settlement. Out: the
//! amount and how far it settles. Rule: Filecoin, A7.
//! Invariant: the amount is rounded down once and never exceeds what was proposed. The work grows with the proven periods
//! that are given, not with the length of the range.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use ruint::aliases::U256;

/// The periods of a set, counted from its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// The block of the first start; 0 for a set that has never been proved.
    pub activation: u64,
    /// Epochs of a period.
    pub length: NonZeroU64,
}

impl Periods {
    /// The period that holds an epoch; `None` up to the activation.
    pub const fn of_epoch(&self, epoch: u64) -> Option<u64> {
        if self.activation == 0 || epoch <= self.activation {
            return None;
        }
        Some((epoch - self.activation - 1) / self.length.get())
    }

    /// The last epoch of a period; `None` where it exceeds 64 bits.
    pub fn deadline(&self, period: u64) -> Option<u64> {
        period.checked_add(1)?.checked_mul(self.length.get())?.checked_add(self.activation)
    }
}

/// The proven periods as the contract keeps them: words of 256 bits, of which period `N` is bit `N & 255` of word `N >> 8`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvenPeriods {
    words: BTreeMap<u64, U256>,
}

impl ProvenPeriods {
    /// Marks a period: the one that holds the block of the proof's transaction.
    pub fn mark(&mut self, period: u64) {
        self.words.entry(period >> 8).or_default().set_bit(bit(period), true);
    }

    /// Whether a period is proven.
    pub fn contains(&self, period: u64) -> bool {
        self.words.get(&(period >> 8)).is_some_and(|word| word.bit(bit(period)))
    }

    /// The words that are not zero, by number.
    pub fn words(&self) -> impl Iterator<Item = (u64, U256)> {
        self.words.iter().map(|(number, word)| (*number, *word)).filter(|(_, word)| !word.is_zero())
    }

    /// How many of the periods `first..end` are proven.
    fn count(&self, first: u64, end: u64) -> u64 {
        let Some(last) = end.checked_sub(1).filter(|last| *last >= first) else { return 0 };
        let count_in = |(number, word): (&u64, &U256)| {
            let from = if *number == first >> 8 { bit(first) } else { 0 };
            let to = if *number == last >> 8 { bit(last) } else { 255 };
            // Both cut off fewer than 256 bits.
            ((*word >> from) << (255 - to + from)).count_ones() as u64
        };
        self.words.range(first >> 8..=last >> 8).map(count_in).sum()
    }
}

impl FromIterator<(u64, U256)> for ProvenPeriods {
    /// Words by number; those with the same number are joined.
    fn from_iter<I: IntoIterator<Item = (u64, U256)>>(words: I) -> Self {
        let mut periods = Self::default();
        for (number, word) in words {
            *periods.words.entry(number).or_default() |= word;
        }
        periods
    }
}

const fn bit(period: u64) -> usize {
    (period & 255) as usize
}

/// A payment that was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// For all epochs together.
    pub amount: U256,
    /// The epoch before the first one.
    pub from: u64,
    /// The last epoch.
    pub to: u64,
}

/// What is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The amount.
    pub amount: U256,
    /// The last epoch that is settled; what comes behind it is left to a later settlement.
    pub up_to: u64,
    /// Epochs that the amount is for.
    pub proven_epochs: u64,
}

/// A proposal that cannot be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// The range has no epoch.
    #[error("epochs: expected an end behind {from}, found {to}")]
    EmptyRange {
        /// The epoch before the first one.
        from: u64,
        /// The last epoch.
        to: u64,
    },
    /// The range ends in the future.
    #[error("epochs: expected an end at or before block {now}, found {to}")]
    NotOver {
        /// The last epoch.
        to: u64,
        /// The block of the settlement.
        now: u64,
    },
}

impl SettlementError {
    /// The reason in a few words that do not change.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::EmptyRange { .. } => "empty range",
            Self::NotOver { .. } => "range not over",
        }
    }
}

/// Settles a proposal at block `now`.
pub fn settle(
    periods: Periods,
    proven: &ProvenPeriods,
    proposal: Proposal,
    now: u64,
) -> Result<Settled, SettlementError> {
    let Proposal { amount, from, to } = proposal;
    let epochs = to.checked_sub(from).filter(|epochs| *epochs > 0);
    let epochs = epochs.ok_or(SettlementError::EmptyRange { from, to })?;
    if to > now {
        return Err(SettlementError::NotOver { to, now });
    }
    let start = from.max(periods.activation);
    let bounds = periods.of_epoch(start.saturating_add(1)).zip(periods.of_epoch(to));
    let Some((first, last)) = bounds else {
        return Ok(Settled { amount: U256::ZERO, up_to: to, proven_epochs: 0 });
    };
    let length = periods.length.get();
    let begin_of_last = periods.activation + last * length;
    // The range ends in the past, so that every period but the last is over.
    let is_last_proven = proven.contains(last);
    let is_last_open = !is_last_proven && periods.deadline(last).is_none_or(|deadline| deadline >= now);
    let in_last = if is_last_proven { to - start.max(begin_of_last) } else { 0 };
    let in_first = if first < last && proven.contains(first) {
        periods.activation + (first + 1) * length - start
    } else {
        0
    };
    let proven_epochs = in_first + length * proven.count(first + 1, last) + in_last;
    Ok(Settled {
        amount: share(amount, proven_epochs, epochs),
        up_to: if is_last_open { start.max(begin_of_last) } else { to },
        proven_epochs,
    })
}

/// `floor(amount * part / whole)`, for a part that is not larger than the whole.
fn share(amount: U256, part: u64, whole: u64) -> U256 {
    let [part, whole] = [part, whole].map(U256::from);
    // Divided first, no product exceeds the amount or 128 bits.
    let (each, rest) = amount.div_rem(whole);
    each * part + rest * part / whole
}

#[cfg(test)]
#[path = "settlement_tests.rs"]
mod tests;
