//! Many places at once: which of them are too far from another one.
//!
//! In: places, each with its stated accuracy. Out: whether one of them lies beyond a reach. Rule: scoring and rewards, 7.2
//! (`EQUIVOCATION`). Invariant: the answer is that of comparing every pair. Places lie in a tree of boxes, and a box is left
//! out only where its farthest corner is within reach, so that a device that signs a hundred thousand places costs it more
//! than us.

use super::geography::UnitVector;

/// Places in a box that is not cut further.
const LEAF_PLACES: usize = 16;

/// Places with their accuracies, in a box.
#[derive(Debug)]
pub struct Spread {
    low: UnitVector,
    high: UnitVector,
    least_accuracy_m: u64,
    inside: Inside,
}

#[derive(Debug)]
enum Inside {
    Places(Vec<(UnitVector, u64)>),
    Halves(Box<(Spread, Spread)>),
}

impl Spread {
    /// The places, each with its accuracy in metres; `None` without any.
    pub fn new(mut places: Vec<(UnitVector, u64)>) -> Option<Self> {
        let first = places.first()?.0;
        let (low, high) = places
            .iter()
            .fold((first, first), |(low, high), (place, _)| (low.lower(place), high.upper(place)));
        let least_accuracy_m = places.iter().map(|(_, accuracy)| *accuracy).min()?;
        let inside = if places.len() <= LEAF_PLACES {
            Inside::Places(places)
        } else {
            let axis = low.widest_axis(&high);
            let middle = places.len() / 2;
            places.select_nth_unstable_by_key(middle, |(place, _)| place.on_axis(axis));
            let upper = places.split_off(middle);
            Inside::Halves(Box::new((Self::new(places)?, Self::new(upper)?)))
        };
        Some(Self { low, high, least_accuracy_m, inside })
    }

    /// Whether a place is farther from `from` than `reach_m` and its own accuracy together.
    pub fn has_beyond(&self, from: &UnitVector, reach_m: u64) -> bool {
        let is_beyond =
            |place: &UnitVector, accuracy: u64| from.chord_metres(place) > reach_m.saturating_add(accuracy);
        if !is_beyond(&from.farthest_corner(&self.low, &self.high), self.least_accuracy_m) {
            return false;
        }
        match &self.inside {
            Inside::Places(places) => places.iter().any(|(place, accuracy)| is_beyond(place, *accuracy)),
            Inside::Halves(halves) => {
                halves.0.has_beyond(from, reach_m) || halves.1.has_beyond(from, reach_m)
            }
        }
    }
}

#[cfg(test)]
#[path = "spread_tests.rs"]
mod tests;
