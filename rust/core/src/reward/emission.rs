//! Emission that decays, and pay that is withheld for a while.
//!
//! In: amounts in the smallest unit. Out: amounts in the smallest unit. Rule: scoring and rewards, 8. Invariant: decay is
//! iterated with its rounding, so everybody finds the same emission; what is paid and what is withheld sum to the whole.

use ruint::aliases::{U256, U512};

const PERCENT: u64 = 100;

/// The emission of a period: the first one times `num / den`, rounded down once for each period before it; `None` where
/// `den` is 0 or the result does not fit.
pub fn emission(first: U256, (num, den): (u64, u64), period: u64) -> Option<U256> {
    let (num, den) = (U512::from(num), U512::from(den));
    let mut emission = first;
    for _ in 0..period {
        let next = U512::from(emission).checked_mul(num)?.checked_div(den)?;
        let next = U256::checked_from_limbs_slice(next.as_limbs())?;
        // It stays from here on, and a period may be far away.
        if next == emission {
            break;
        }
        emission = next;
    }
    Some(emission)
}

/// What of an amount is paid now and what is withheld, for a device of this age in months. `percents` says what is withheld in
/// each month; behind its end nothing is. `None` where a percentage is above 100.
pub fn withheld(amount: U256, months: usize, percents: &[u64]) -> Option<(U256, U256)> {
    let percent = percents.get(months).copied().unwrap_or(0);
    if percent > PERCENT {
        return None;
    }
    let hundredfold = U512::from(amount).checked_mul(U512::from(percent))?;
    let withheld = hundredfold.checked_div(U512::from(PERCENT))?;
    let withheld = U256::checked_from_limbs_slice(withheld.as_limbs())?;
    Some((amount.checked_sub(withheld)?, withheld))
}

#[cfg(test)]
#[path = "emission_tests.rs"]
mod tests;
