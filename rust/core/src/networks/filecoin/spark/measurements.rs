//! The measurements of a round, each text kept once.
//!
//! In: measurements, one by one. Out: a short record of each, in which texts, participants and values that are compared
//! stand as numbers. Rule: none of its own; many measurements say the same, and numbers are compared and counted faster.
//! Invariant: two numbers of one kind are equal where the values are, and nowhere else; a kind's numbers are 0, 1, 2... in the
//! order in which its values came. Memory is linear in the measurements and in their distinct values.

use std::borrow::Borrow;
use std::hash::Hash;

use ahash::RandomState;
use hashbrown::HashTable;

use super::intake::Sink;
use super::measurement::Measurement;
use super::participant::Participant;
use super::result::RetrievalResult;
use super::scalar::Scalar;
use crate::decode::json::Text;

/// What a measurement is about: content and storage provider, where it names them, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The content.
    pub cid: Option<u32>,
    /// The storage provider.
    pub miner_id: Option<u32>,
}

/// A value that the members of a committee compare: what it means, by its number, and whether that is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compared {
    is_text: bool,
    meaning: u32,
}

/// What the members of a committee must agree on about the indexer, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IndexValue {
    /// The provider's name in the content network.
    pub provider_id: Option<Compared>,
    /// What the indexer answered.
    pub indexer_result: u32,
    /// The address that was asked.
    pub provider_address: Option<Compared>,
    /// The protocol of the retrieval.
    pub protocol: Option<u32>,
}

/// What they must agree on about the retrieval.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetrievalValue<'a> {
    /// Number of what they must agree on about the indexer.
    pub index: u32,
    /// How it went.
    pub result: RetrievalResult<'a>,
    /// Bytes that came.
    pub byte_length: Option<Compared>,
    /// The hash of what came.
    pub car_checksum: Option<Compared>,
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
    /// Texts are kept as texts of their own: those that are compared often are compared faster side by side than all over a
    /// long file.
    fn number<Q>(&mut self, value: &Q) -> u32
    where
        T: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = T> + ?Sized,
    {
        let hash = self.hasher.hash_one(value);
        let is_same = |(own, number): &(u64, u32)| {
            *own == hash && self.values.get(*number as usize).is_some_and(|known| known.borrow() == value)
        };
        if let Some((_, known)) = self.numbers.find(hash, is_same) {
            return *known;
        }
        // There are fewer measurements than bytes, and fewer bytes than 2^31.
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.to_owned());
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

impl Numbered<String> {
    fn text(&mut self, text: Text<'_>) -> u32 {
        self.number(&*text.unescape())
    }

    /// Whether a number is that of a text, or both are absent.
    fn is(&self, number: Option<u32>, text: Option<Text<'_>>) -> bool {
        match (number, text) {
            (Some(number), Some(text)) => self.get(number).is_some_and(|known| *known == text.unescape()),
            (number, text) => number.is_none() && text.is_none(),
        }
    }

    /// Whether a number is that of a value, or both are absent.
    fn means(&self, number: Option<Compared>, value: Option<Scalar<'_>>) -> bool {
        match (number, value) {
            (Some(Compared { is_text, meaning }), Some(value)) => {
                is_text == value.text().is_some()
                    && self.get(meaning).is_some_and(|known| *known == value.meaning())
            }
            (number, value) => number.is_none() && value.is_none(),
        }
    }

    fn compared(&mut self, value: Scalar<'_>) -> Compared {
        Compared { is_text: value.text().is_some(), meaning: self.number(&*value.meaning()) }
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
    /// The checker's own id, among [`Measurements::stations`]; the empty text where it has none.
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
    pub stations: Numbered<String>,
    /// Subnets.
    pub subnets: Numbered<String>,
    /// What they are about, in numbers of [`Measurements::words`].
    pub subjects: Numbered<Subject>,
    /// What they say about the indexer, in such numbers too.
    pub indexes: Numbered<IndexValue>,
    /// What they say about the retrieval, in such numbers too.
    pub retrievals: Numbered<RetrievalValue<'a>>,
    /// All texts, and other values as texts, that are not kept above.
    pub words: Numbered<String>,
    /// For each content, by its number and 1 and first for none, the subject and retrieval of its last measurement.
    before: Vec<(u32, u32)>,
}

/// Numbers that nothing has.
const NOTHING: (u32, u32) = (u32::MAX, u32::MAX);

impl<'a> Measurements<'a> {
    /// Numbers of what a measurement is about and of what it says.
    ///
    /// Most of those about the same content say the same, and comparing with the one before costs less than looking up every
    /// word.
    fn subject_and_retrieval(&mut self, one: &Measurement<'a>) -> (u32, u32) {
        let cid = one.cid.map(|cid| self.words.text(cid));
        let place = cid.map_or(0, |cid| cid as usize + 1);
        if let Some(&before) = self.before.get(place)
            && self.says(one, before).unwrap_or_default()
        {
            return before;
        }
        let words = &mut self.words;
        let index = self.indexes.number(&IndexValue {
            provider_id: one.provider_id.map(|id| words.compared(id)),
            indexer_result: words.text(one.indexer_result),
            provider_address: one.provider_address.map(|address| words.compared(address)),
            protocol: one.protocol.as_deref().map(|protocol| words.number(protocol)),
        });
        let retrieval = self.retrievals.number(&RetrievalValue {
            index,
            byte_length: one.byte_length.map(|length| words.compared(length)),
            car_checksum: one.car_checksum.map(|checksum| words.compared(checksum)),
            result: one.result.clone(),
        });
        let subject =
            self.subjects.number(&Subject { cid, miner_id: one.miner_id.map(|miner| words.text(miner)) });
        if place >= self.before.len() {
            self.before.resize(place + 1, NOTHING);
        }
        if let Some(before) = self.before.get_mut(place) {
            *before = (subject, retrieval);
        }
        (subject, retrieval)
    }

    /// Whether a measurement of the same content has this subject and says this.
    fn says(&self, one: &Measurement<'a>, (subject, retrieval): (u32, u32)) -> Option<bool> {
        let subject = self.subjects.get(subject)?;
        let retrieval = self.retrievals.get(retrieval)?;
        let index = self.indexes.get(retrieval.index)?;
        Some(
            self.words.is(subject.miner_id, one.miner_id)
                && self.words.is(Some(index.indexer_result), Some(one.indexer_result))
                && index.protocol.map(|word| self.word(word)) == one.protocol.as_deref().map(Some)
                && retrieval.result == one.result
                && self.words.means(index.provider_id, one.provider_id)
                && self.words.means(index.provider_address, one.provider_address)
                && self.words.means(retrieval.byte_length, one.byte_length)
                && self.words.means(retrieval.car_checksum, one.car_checksum),
        )
    }

    /// The text of a number among [`Measurements::words`].
    pub fn word(&self, number: u32) -> Option<&str> {
        self.words.get(number).map(String::as_str)
    }

    /// The content and the storage provider of a subject, if it names both.
    pub fn task(&self, subject: &Subject) -> Option<(&str, &str)> {
        self.word(subject.cid?).zip(self.word(subject.miner_id?))
    }

    /// The protocol of a retrieval.
    pub fn protocol(&self, value: &RetrievalValue<'a>) -> Option<&str> {
        self.word(self.indexes.get(value.index)?.protocol?)
    }
}

impl<'a> Sink<'a> for Measurements<'a> {
    #[inline]
    fn add(&mut self, one: &Measurement<'a>) {
        let (subject, retrieval) = self.subject_and_retrieval(one);
        self.records.push(Record {
            place: one.place,
            finished_at: one.finished_at,
            first_byte_ms: one.first_byte_ms(),
            head_status_code: one.head_status_code,
            participant: self.participants.number(&one.participant),
            station: self.stations.text(one.station_id.unwrap_or_default()),
            subnet: self.subnets.text(one.inet_group),
            subject,
            retrieval,
        });
    }
}

impl<'a> FromIterator<Measurement<'a>> for Measurements<'a> {
    fn from_iter<I: IntoIterator<Item = Measurement<'a>>>(measurements: I) -> Self {
        let mut all = Self::default();
        measurements.into_iter().for_each(|one| all.add(&one));
        all
    }
}

#[cfg(test)]
#[path = "measurements_tests.rs"]
mod tests;
