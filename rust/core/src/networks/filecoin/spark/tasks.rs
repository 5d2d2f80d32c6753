//! The tasks of a round, and which of them a station may do.
//!
//! In: the round's list of tasks, its randomness, a station's id. Out: the tasks nearest to the station, nearest first.
//! Rule: Filecoin, C3: keys are SHA-256 values, distance is their exclusive or as a big-endian number.
//! Invariant: tasks with equal keys keep the order of the list; a task that the list holds twice takes two of a station's
//! places, but is one task.

use ahash::AHashMap;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::hash::{Hash, sha256};

/// Time of the network's first block, Unix seconds.
const GENESIS: u64 = 1_598_306_400;
/// Seconds from one epoch to the next.
const EPOCH_SECONDS: u64 = 30;

/// The moment whose drand round gives the randomness of a round that starts at this epoch, Unix seconds; `None` beyond 64
/// bits.
pub fn randomness_time(start_epoch: u64) -> Option<u64> {
    start_epoch.checked_mul(EPOCH_SECONDS)?.checked_add(GENESIS)
}

/// One task: content that one storage provider must serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The content's identifier.
    pub cid: String,
    /// The storage provider.
    pub miner_id: String,
    /// Who pays for the storage.
    pub clients: Vec<String>,
    /// Who allowed the client its storage.
    pub allocators: Vec<String>,
}

impl Task {
    /// A task whose clients and allocators are not known.
    pub fn new(cid: impl Into<String>, miner_id: impl Into<String>) -> Self {
        Self { cid: cid.into(), miner_id: miner_id.into(), clients: vec![], allocators: vec![] }
    }

    /// Where the task stands among the keys, under this randomness.
    pub fn key(&self, randomness: &Hash) -> Hash {
        let parts = [&self.cid, "\n", &self.miner_id, "\n", &HEXLOWER.encode(randomness)];
        parts.iter().fold(Sha256::new(), Digest::chain_update).finalize().into()
    }
}

/// Where a station stands among the keys.
pub fn station_key(station_id: &str) -> Hash {
    sha256(station_id.as_bytes())
}

/// The tasks of one round, ready to be looked up.
#[derive(Clone, Debug)]
pub struct Tasks<'t> {
    /// Place of each task in the list; the first one where it stands twice.
    places: AHashMap<(&'t str, &'t str), usize>,
    /// Keys ascending, each with its task's place in the list.
    keys: Vec<(Hash, usize)>,
    /// The first place of the task that stands at each place.
    first: Vec<usize>,
}

impl<'t> Tasks<'t> {
    /// Prepares a round's list under its randomness.
    pub fn new(tasks: &'t [Task], randomness: &Hash) -> Self {
        let mut places = AHashMap::new();
        let first = tasks
            .iter()
            .enumerate()
            .map(|(place, task)| *places.entry((&*task.cid, &*task.miner_id)).or_insert(place))
            .collect();
        let mut keys: Vec<_> =
            tasks.iter().enumerate().map(|(place, task)| (task.key(randomness), place)).collect();
        keys.sort_unstable();
        Self { places, keys, first }
    }

    /// Place of a task in the list.
    pub fn place(&self, cid: &str, miner_id: &str) -> Option<usize> {
        self.places.get(&(cid, miner_id)).copied()
    }

    /// Entries of the list.
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the list is empty.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Places of the `most` tasks nearest to a station, nearest first.
    pub fn nearest(&self, station_key: &Hash, most: usize) -> Vec<usize> {
        let most = most.min(self.keys.len());
        let mut nearest = Vec::with_capacity(most);
        gather(&self.keys, 0, station_key, most, &mut nearest);
        for place in &mut nearest {
            *place = self.first.get(*place).copied().unwrap_or(*place);
        }
        nearest
    }
}

const KEY_BITS: usize = 8 * size_of::<Hash>();

fn bit(key: &Hash, at: usize) -> bool {
    key.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
}

/// Appends places of `keys`, which agree in their bits before `at`, by distance from the station until there are `most`.
///
/// All keys that agree with the station in the next bit are nearer than all that do not; sorted keys hold each of the two
/// kinds in one piece. So only the pieces that are taken are looked at. The depth is at most the number of bits.
fn gather(keys: &[(Hash, usize)], at: usize, station: &Hash, most: usize, out: &mut Vec<usize>) {
    if keys.is_empty() || out.len() >= most {
        return;
    }
    if keys.len() == 1 || at == KEY_BITS {
        out.extend(keys.iter().take(most - out.len()).map(|(_, place)| place));
        return;
    }
    let (zeros, ones) = keys.split_at(keys.partition_point(|(key, _)| !bit(key, at)));
    let (near, far) = if bit(station, at) { (ones, zeros) } else { (zeros, ones) };
    gather(near, at + 1, station, most, out);
    gather(far, at + 1, station, most, out);
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
