//! What round trips say about a claimed place: light is not faster.
//!
//! In: a claimed place and, for each validator, its place and its round trips. Out: what each validator's fastest round trip
//! says of the claim, whether two of them prove it wrong, and whether it counts as confirmed. Rule: scoring and rewards,
//! 4.2 to 4.5. Invariant: exact integers; a device can add delay and never remove it, so that a round trip is an upper bound
//! of a distance and nothing else. No number of slow round trips accuses anybody.
//!
//! Chosen where the rule is silent:
//!
//! - A validator with fewer than five round trips says nothing, neither for nor against a claim.
//! - `LOCATION_UNLIKELY` allows for no uncertainty, as its sentence has none. `LOCATION_IMPOSSIBLE` allows for both.
//! - Two validators are independent if their owners are different.
//! - *Different directions*: no closed half plane through the claimed point, in the plane of its horizon, holds all of the
//!   validators. Whichever way a device is moved from the point, it then comes farther away from one of them.
//! - A place is confirmed by validators with at least three owners whose round trips make it neither impossible nor
//!   unlikely, and who stand in different directions; one of another opinion is enough against it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Metres that light goes in a second.
const LIGHT_M_S: u128 = 299_792_458;
/// Nanoseconds of a second, there and back.
const RETURN_NS: u128 = 2_000_000_000;
/// Round trips of a validator from which their minimum says something.
pub const LEAST_ROUND_TRIPS: usize = 5;
/// Owners of validators that prove a claim wrong together.
pub const OWNERS_THAT_PROVE: usize = 2;
/// Owners of validators that confirm a claim together.
pub const OWNERS_THAT_CONFIRM: usize = 3;
/// Coordinates are at most this far from 0, metres: beyond the Moon, and small enough for all products here.
pub const MOST_COORDINATE_M: i64 = 1_000_000_000;

/// The distance that a round trip leaves possible, whole metres.
pub fn light_distance_m(rtt_ns: u64) -> u64 {
    // Light goes less than a metre in a nanosecond.
    u64::try_from(u128::from(rtt_ns) * LIGHT_M_S / RETURN_NS).unwrap_or(u64::MAX)
}

/// The round trip to use of one validator's; `None` where there are too few.
pub fn fastest(rtts_ns: &[u64]) -> Option<u64> {
    if rtts_ns.len() < LEAST_ROUND_TRIPS { None } else { rtts_ns.iter().copied().min() }
}

/// A place that is too far out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected coordinates of at most {MOST_COORDINATE_M} metres from 0, found {found}")]
pub struct PlaceError {
    /// The coordinate.
    pub found: i64,
}

/// A place in earth-centred coordinates, with how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    at: [i128; 3],
    uncertainty_m: u64,
}

impl Place {
    /// The place at coordinates in metres.
    pub fn new(metres: [i64; 3], uncertainty_m: u64) -> Result<Self, PlaceError> {
        let is_far = |coordinate: &&i64| coordinate.unsigned_abs() > MOST_COORDINATE_M.unsigned_abs();
        match metres.iter().find(is_far) {
            Some(far) => Err(PlaceError { found: *far }),
            None => Ok(Self { at: metres.map(i128::from), uncertainty_m }),
        }
    }

    /// The square of the distance, metres; below 2^64.
    fn square_to(&self, other: &Self) -> u128 {
        let [x, y, z] = difference(&other.at, &self.at).map(i128::unsigned_abs);
        x * x + y * y + z * z
    }
}

/// What one validator's fastest round trip says of a claimed place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing: too few round trips.
    TooFew,
    /// The device may be there.
    Possible,
    /// `LOCATION_UNLIKELY`: farther than light in a cable comes.
    Unlikely,
    /// `LOCATION_IMPOSSIBLE`: farther than light comes. The claim or the validator is wrong.
    Impossible,
}

impl Finding {
    /// The code, or what there is in its place.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooFew => "TOO_FEW",
            Self::Possible => "POSSIBLE",
            Self::Unlikely => "LOCATION_UNLIKELY",
            Self::Impossible => "LOCATION_IMPOSSIBLE",
        }
    }
}

/// What a round trip between two places says of them.
pub fn between(claim: &Place, validator: &Place, fastest_ns: Option<u64>) -> Finding {
    let Some(fastest_ns) = fastest_ns else { return Finding::TooFew };
    let (square, light_m) = (claim.square_to(validator), u128::from(light_distance_m(fastest_ns)));
    let reach_m = light_m + u128::from(claim.uncertainty_m) + u128::from(validator.uncertainty_m);
    // A square that does not fit is more than that of any distance.
    if square > reach_m.saturating_mul(reach_m) {
        Finding::Impossible
    } else if square > (2 * light_m / 3).saturating_mul(2 * light_m / 3) {
        Finding::Unlikely
    } else {
        Finding::Possible
    }
}

/// One validator and the fastest of its round trips to a device.
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    /// Number of its owner.
    pub owner: u32,
    /// Where it stands.
    pub place: Place,
    /// Its fastest round trip, nanoseconds; `None` where it has too few.
    pub fastest_ns: Option<u64>,
}

/// What all validators say of one claimed place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// What each of them says.
    pub findings: Vec<Finding>,
    /// Owners of validators that find the claim impossible.
    pub owners_against: usize,
    /// Owners of validators that find it possible.
    pub owners_for: usize,
    /// Whether the place counts as confirmed.
    pub is_confirmed: bool,
}

impl Location {
    /// Whether the claim is proved wrong, and not only claim and validator together.
    pub const fn is_disproved(&self) -> bool {
        self.owners_against >= OWNERS_THAT_PROVE
    }
}

/// Judges a claimed place by all validators that measured its device.
pub fn judge(claim: &Place, witnesses: &[Witness]) -> Location {
    let findings: Vec<Finding> =
        witnesses.iter().map(|witness| between(claim, &witness.place, witness.fastest_ns)).collect();
    let of = |wanted: Finding| {
        witnesses
            .iter()
            .zip(&findings)
            .filter(move |(_, found)| **found == wanted)
            .map(|(witness, _)| witness)
    };
    let owners = |wanted: Finding| of(wanted).map(|witness| witness.owner).collect::<BTreeSet<_>>().len();
    let owners_for = owners(Finding::Possible);
    let is_contested = findings.iter().any(|found| matches!(found, Finding::Impossible | Finding::Unlikely));
    let is_confirmed = !is_contested
        && owners_for >= OWNERS_THAT_CONFIRM
        && surround(claim, of(Finding::Possible).map(|witness| &witness.place));
    Location { owners_against: owners(Finding::Impossible), owners_for, findings, is_confirmed }
}

fn difference(a: &[i128; 3], b: &[i128; 3]) -> [i128; 3] {
    let ([ax, ay, az], [bx, by, bz]) = (a, b);
    [ax - bx, ay - by, az - bz]
}

fn dot(a: &[i128; 3], b: &[i128; 3]) -> i128 {
    let ([ax, ay, az], [bx, by, bz]) = (a, b);
    ax * bx + ay * by + az * bz
}

fn cross(a: &[i128; 3], b: &[i128; 3]) -> [i128; 3] {
    let ([ax, ay, az], [bx, by, bz]) = (a, b);
    [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
}

/// Directions seen from a place, compared in the plane of its horizon.
///
/// With coordinates below 2^30 all numbers here are below 2^127: differences below 2^31, `dot` of two of them below 2^64,
/// times the square of the distance from the centre, below 2^62.
struct Horizon {
    up: [i128; 3],
}

impl Horizon {
    /// Above 0 where `b` lies less than half a turn counter-clockwise of `a`.
    fn turn(&self, a: &[i128; 3], b: &[i128; 3]) -> i128 {
        dot(&self.up, &cross(a, b))
    }

    /// The scalar product of the two shadows on the horizon, times the square of `up`.
    fn along(&self, a: &[i128; 3], b: &[i128; 3]) -> i128 {
        dot(a, b) * dot(&self.up, &self.up) - dot(a, &self.up) * dot(b, &self.up)
    }

    /// Whether a direction is counter-clockwise of `from` by half a turn or more.
    fn is_beyond_half(&self, from: &[i128; 3], direction: &[i128; 3]) -> bool {
        match self.turn(from, direction).cmp(&0) {
            Ordering::Greater => false,
            Ordering::Equal => self.along(from, direction) < 0,
            Ordering::Less => true,
        }
    }
}

/// Whether no closed half plane through the claimed point holds all of the places.
fn surround<'a>(claim: &Place, places: impl Iterator<Item = &'a Place>) -> bool {
    let horizon = Horizon { up: claim.at };
    // A place straight above or below lies in no direction.
    let mut directions: Vec<[i128; 3]> = places
        .map(|place| difference(&place.at, &claim.at))
        .filter(|direction| horizon.along(direction, direction) > 0)
        .collect();
    let Some(first) = directions.first().copied() else { return false };
    directions.sort_by(|a, b| {
        let halves = horizon.is_beyond_half(&first, a).cmp(&horizon.is_beyond_half(&first, b));
        halves.then_with(|| 0.cmp(&horizon.turn(a, b)))
    });
    // Around once: from each direction the next other one must be less than half a turn away.
    directions.dedup_by(|b, a| horizon.turn(a, b) == 0 && horizon.along(a, b) > 0);
    let next = directions.iter().skip(1).chain(directions.first());
    directions.iter().zip(next).all(|(a, b)| horizon.turn(a, b) > 0)
}

#[cfg(test)]
#[path = "light_distance_tests.rs"]
mod tests;
