//! The measurements of a round, each text kept once.
//!
//! In: measurements, one by one. Out: a short record of each, in which texts, participants and values that are compared
//! stand as numbers. Rule: none of its own; many measurements say the same, and numbers are compared and counted faster.
//! Invariant: two numbers of one kind are equal where the values are, and nowhere else; a kind's numbers are 0, 1, 2... in the
//! order in which its values came. Memory is linear in the measurements and in their distinct values.

use std::borrow::Cow;
use std::hash::Hash;

use ahash::RandomState;
use hashbrown::HashTable;

use super::measurement::{Compared, Measurement};
use super::participant::Participant;
use super::result::RetrievalResult;

/// What a measurement is about: content and storage provider, where it names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    /// The content.
    pub cid: Option<Cow<'a, str>>,
    /// The storage provider.
    pub miner_id: Option<Cow<'a, str>>,
}

impl Subject<'_> {
    /// The task, where both are named.
    pub fn task(&self) -> Option<(&str, &str)> {
        self.cid.as_deref().zip(self.miner_id.as_deref())
    }
}

/// What the members of a committee must agree on about the indexer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IndexValue<'a> {
    /// The provider's name in the content network.
    pub provider_id: Option<Compared<'a>>,
    /// What the indexer answered.
    pub indexer_result: Cow<'a, str>,
    /// The address that was asked.
    pub provider_address: Option<Compared<'a>>,
    /// The protocol of the retrieval.
    pub protocol: Option<Cow<'a, str>>,
}

/// What they must agree on about the retrieval.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetrievalValue<'a> {
    /// Number of what they must agree on about the indexer.
    pub index: u32,
    /// How it went.
    pub result: RetrievalResult<'a>,
    /// Bytes that came.
    pub byte_length: Option<Compared<'a>>,
    /// The hash of what came.
    pub car_checksum: Option<Compared<'a>>,
}

/// A value that texts of a file may be part of.
trait Kept {
    /// The same value with texts of its own.
    ///
    /// Texts that are compared often are compared faster side by side than all over a long file.
    fn kept(self) -> Self;
}

impl Kept for Cow<'_, str> {
    fn kept(self) -> Self {
        Cow::Owned(self.into_owned())
    }
}

impl Kept for Compared<'_> {
    fn kept(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.kept()),
            Self::Json(json) => Self::Json(json.kept()),
        }
    }
}

impl<T: Kept> Kept for Option<T> {
    fn kept(self) -> Self {
        self.map(Kept::kept)
    }
}

impl Kept for Participant {
    fn kept(self) -> Self {
        self
    }
}

impl Kept for RetrievalResult<'_> {
    fn kept(self) -> Self {
        match self {
            Self::Indexer(answer) => Self::Indexer(answer.kept()),
            other => other,
        }
    }
}

impl Kept for Subject<'_> {
    fn kept(self) -> Self {
        Self { cid: self.cid.kept(), miner_id: self.miner_id.kept() }
    }
}

impl Kept for IndexValue<'_> {
    fn kept(self) -> Self {
        Self {
            provider_id: self.provider_id.kept(),
            indexer_result: self.indexer_result.kept(),
            provider_address: self.provider_address.kept(),
            protocol: self.protocol.kept(),
        }
    }
}

impl Kept for RetrievalValue<'_> {
    fn kept(self) -> Self {
        Self {
            index: self.index,
            result: self.result.kept(),
            byte_length: self.byte_length.kept(),
            car_checksum: self.car_checksum.kept(),
        }
    }
}

/// Distinct values, which their numbers stand for.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// Each number with the hash of its value.
    numbers: HashTable<(u64, u32)>,
    hasher: RandomState,
    values: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { numbers: HashTable::new(), hasher: RandomState::new(), values: Vec::new() }
    }
}

impl<T: PartialEq> PartialEq for Numbered<T> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<T> Numbered<T> {
    fn number(&mut self, value: T) -> u32
    where
        T: Kept + Eq + Hash,
    {
        let hash = self.hasher.hash_one(&value);
        let is_same =
            |(own, number): &(u64, u32)| *own == hash && self.values.get(*number as usize) == Some(&value);
        if let Some((_, known)) = self.numbers.find(hash, is_same) {
            return *known;
        }
        // There are fewer measurements than bytes, and fewer bytes than 2^31.
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.kept());
        self.numbers.insert_unique(hash, (hash, next), |(hash, _)| *hash);
        next
    }

    /// The values, by their numbers.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The value of a number.
    pub fn get(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }
}

/// A measurement, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its line, or its place in the array, from 1.
    pub place: u64,
    /// When it came in, Unix milliseconds.
    pub finished_at: i64,
    /// Milliseconds from the start of the retrieval to its first byte.
    pub first_byte_ms: Option<i64>,
    /// Status of the HEAD request.
    pub head_status_code: Option<u64>,
    /// Who is paid for it, among [`Measurements::participants`].
    pub participant: u32,
    /// The checker's own id, among [`Measurements::stations`].
    pub station: u32,
    /// The subnet that it came from, among [`Measurements::subnets`].
    pub subnet: u32,
    /// What it is about, among [`Measurements::subjects`].
    pub subject: u32,
    /// What committees compare, among [`Measurements::retrievals`].
    pub retrieval: u32,
}

/// All measurements of a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurements<'a> {
    /// The measurements, in the order in which they came.
    pub records: Vec<Record>,
    /// Who is paid.
    pub participants: Numbered<Participant>,
    /// Ids of checkers.
    pub stations: Numbered<Option<Cow<'a, str>>>,
    /// Subnets.
    pub subnets: Numbered<Cow<'a, str>>,
    /// What they are about.
    pub subjects: Numbered<Subject<'a>>,
    /// What they say about the indexer.
    pub indexes: Numbered<IndexValue<'a>>,
    /// What they say about the retrieval.
    pub retrievals: Numbered<RetrievalValue<'a>>,
}

impl<'a> Measurements<'a> {
    #[inline]
    fn push(&mut self, one: Measurement<'a>) {
        let first_byte_ms = one.first_byte_ms();
        let index = self.indexes.number(IndexValue {
            provider_id: one.provider_id,
            indexer_result: one.indexer_result,
            provider_address: one.provider_address,
            protocol: one.protocol,
        });
        self.records.push(Record {
            place: one.place,
            finished_at: one.finished_at,
            first_byte_ms,
            head_status_code: one.head_status_code,
            participant: self.participants.number(one.participant),
            station: self.stations.number(one.station_id),
            subnet: self.subnets.number(one.inet_group),
            subject: self.subjects.number(Subject { cid: one.cid, miner_id: one.miner_id }),
            retrieval: self.retrievals.number(RetrievalValue {
                index,
                result: one.result,
                byte_length: one.byte_length,
                car_checksum: one.car_checksum,
            }),
        });
    }

    /// The task of a measurement, if it names one.
    pub fn task(&self, record: &Record) -> Option<(&str, &str)> {
        self.subjects.get(record.subject)?.task()
    }

    /// The protocol of a retrieval.
    pub fn protocol(&self, value: &RetrievalValue<'a>) -> Option<&str> {
        self.indexes.get(value.index)?.protocol.as_deref()
    }
}

impl<'a> Extend<Measurement<'a>> for Measurements<'a> {
    fn extend<I: IntoIterator<Item = Measurement<'a>>>(&mut self, measurements: I) {
        measurements.into_iter().for_each(|one| self.push(one));
    }
}

impl<'a> FromIterator<Measurement<'a>> for Measurements<'a> {
    fn from_iter<I: IntoIterator<Item = Measurement<'a>>>(measurements: I) -> Self {
        let mut all = Self::default();
        all.extend(measurements);
        all
    }
}

#[cfg(test)]
#[path = "measurements_tests.rs"]
mod tests;
