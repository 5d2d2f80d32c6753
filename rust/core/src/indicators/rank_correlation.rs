//! Spearman's rank correlation against 95 %, exactly.
//!
//! In: two lists of numbers that belong together by their places. Out: whether their ranks correlate. Rule: scoring and
//! rewards, 7.2 (`CLONE_TIMING`). Invariant: integers without roots. Equal numbers share the mean of their ranks; ranks are
//! doubled and centred, so that they are integers `x` and `y`, and the correlation is at least 95 % iff `sum xy > 0` and
//! `400 (sum xy)^2 >= 361 (sum x^2) (sum y^2)`. A list without two different numbers correlates with nothing.
//!
//! With at most [`MOST_PLACES`] places each sum is below 2^60, and each side of the comparison below 2^127.

/// Places of a list.
pub const MOST_PLACES: usize = 1 << 20;
/// Places that are compared until it is asked whether the rest is worth it.
const STRIDE: usize = 16;

/// The ranks of one list.
#[derive(Clone, Debug)]
pub struct Ranks {
    ranks: Vec<i64>,
    /// Sum of the squares of the ranks from each stride on.
    rest: Vec<i64>,
}

impl Ranks {
    /// Ranks numbers, of which there are at most [`MOST_PLACES`].
    pub fn new(numbers: &[u64]) -> Self {
        let ranks = ranks(numbers);
        let mut rest: Vec<i64> = ranks
            .chunks(STRIDE)
            .rev()
            .scan(0, |sum, stride| {
                *sum += stride.iter().map(|rank| rank * rank).sum::<i64>();
                Some(*sum)
            })
            .collect();
        rest.reverse();
        rest.push(0);
        Self { ranks, rest }
    }

    /// The sum of the squares of all ranks.
    pub fn spread(&self) -> u64 {
        self.rest.first().map_or(0, |sum| sum.unsigned_abs())
    }

    /// Whether two lists correlate. Adds to `looks` the number of places that had to be looked at.
    ///
    /// The places that are left add to the sum of products at most half of the sum of both squares there.
    pub fn correlate(&self, other: &Self, looks: &mut u64) -> bool {
        let mut products = 0_i64;
        let strides = self.ranks.chunks(STRIDE).zip(other.ranks.chunks(STRIDE));
        let rests = self.rest.iter().zip(&other.rest).skip(1);
        for ((a, b), (rest, other_rest)) in strides.zip(rests) {
            *looks += a.len() as u64;
            products += a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
            let twice = 2 * products + rest + other_rest;
            if !is_enough(twice, self.spread(), other.spread()) {
                return false;
            }
        }
        !self.ranks.is_empty()
    }
}

/// The sum of the squares of the ranks of so many different numbers.
pub fn full_spread(places: u64) -> u64 {
    // m (m^2 - 1) / 3: below 2^60, as there are no more places.
    places * (places * places).saturating_sub(1) / 3
}

/// How far the spread of a list stays behind that of different numbers.
pub fn lost_to_ties(numbers: &[u64]) -> u64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|equal| full_spread(equal.len() as u64)).sum()
}

/// Whether half of `twice` as the sum of products is enough for these sums of squares.
pub fn is_enough(twice: i64, spread: u64, other_spread: u64) -> bool {
    let spreads = u128::from(spread) * u128::from(other_spread);
    let square = u128::from(twice.unsigned_abs()) * u128::from(twice.unsigned_abs());
    twice > 0 && spreads > 0 && 100 * square >= 361 * spreads
}

/// The ranks, doubled and less their mean.
fn ranks(numbers: &[u64]) -> Vec<i64> {
    let mut order: Vec<(u64, usize)> = numbers.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut ranks = vec![0; numbers.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        // Twice the mean of the ranks before + 1 .. before + n is 2 before + n + 1; twice the mean of all, their number + 1.
        let doubled = i64::try_from(2 * before + equal.len()).unwrap_or(i64::MAX);
        let centred = doubled - i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        for (_, place) in equal {
            if let Some(rank) = ranks.get_mut(*place) {
                *rank = centred;
            }
        }
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
#[path = "rank_correlation_tests.rs"]
mod tests;
#[cfg(test)]
pub use tests::correlate_by_definition;
