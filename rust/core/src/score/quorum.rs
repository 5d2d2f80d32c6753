//! One decision per device and slot.
//!
//! In: the observations of one (device, slot) that were not left out. Out: up, down, or no data. Rule: scoring and
//! rewards, 2.5. Invariant: a down needs the word of enough validators with different owners; an up needs only a majority,
//! since it carries the device's own signature.

use crate::verify::judged::Kept;

/// What a slot says about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The device was up.
    Up,
    /// The device was down.
    Down,
}

/// Decides one slot of one device. `owner_of` numbers the owners of validators.
pub fn decide<'a>(
    kept: impl Iterator<Item = &'a Kept>,
    quorum: usize,
    owner_of: impl Fn(u16) -> u16,
) -> Option<Decision> {
    let (mut up, mut down) = (0_usize, 0_usize);
    let mut owners: Vec<u16> = Vec::new();
    for observation in kept {
        if observation.outcome.is_up() {
            up += 1;
        } else if observation.outcome.is_down() {
            down += 1;
            let owner = owner_of(observation.participant);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
    }
    if up + down < quorum {
        None
    } else if up > down {
        Some(Decision::Up)
    } else if down > up && owners.len() >= quorum {
        Some(Decision::Down)
    } else {
        None
    }
}
