//! A round as tables.
//!
//! In: files of measurements, a round, the rules. Out: Arrow tables of labels, dropped records, committees, rates, times
//! and scores. Rule: Filecoin, C1 to C8 and F2; the columns are this project's own.
//! Invariant: integers and texts only; a text that labels repeat is stored once. Every rate stands beside its total and its
//! bounds. Rows of labels and of dropped records are in the order of the files, all others ascending by what they are about.
//! The same files give the same tables.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use ahash::AHashMap;
use arrow_array::builder::{
    BooleanBuilder, Int64Builder, ListBuilder, StringBuilder, UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::committee::{Committee, Consensus, Decision};
use super::fraud::Tasking;
use super::intake::{Dropped, Intake};
use super::measurements::{Measurements, Record};
use super::participant::Participant;
use super::rate::Rate;
use super::round::{Evaluation, Round, Rules, evaluate};
use super::scores::{Scores, reward};
use super::statistics::{Retrievals, percentile};

/// Bytes that the files of a round may have together; the texts of no table are longer.
pub const MOST_BYTES: usize = i32::MAX as usize;

/// Why there are no tables.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The files are too long.
    #[error("measurements: expected at most {MOST_BYTES} bytes in all files together, found {0}")]
    TooLong(usize),
    /// A table could not be made.
    #[error("{0}")]
    Arrow(#[from] ArrowError),
}

/// What was found about a round.
#[derive(Clone, Debug)]
pub struct Tables {
    /// How each measurement is labelled.
    pub labels: RecordBatch,
    /// The first records that cannot be evaluated.
    pub dropped: RecordBatch,
    /// How many cannot, by reason.
    pub dropped_counts: BTreeMap<&'static str, u64>,
    /// What each committee decided, and how broadly it is supported.
    pub committees: RecordBatch,
    /// Rates of storage providers.
    pub miners: RecordBatch,
    /// Rates of clients.
    pub clients: RecordBatch,
    /// Rates of allocators.
    pub allocators: RecordBatch,
    /// Times to the first byte, by storage provider.
    pub first_byte: RecordBatch,
    /// Shares of the round and what is burnt, where it is rewarded.
    pub scores: Option<(RecordBatch, u64)>,
}

/// Evaluates a round from the files of its measurements.
pub fn evaluate_files(files: &[&[u8]], round: &Round, rules: Rules) -> Result<Tables, TablesError> {
    let bytes = files.iter().fold(0_usize, |sum, file| sum.saturating_add(file.len()));
    if bytes > MOST_BYTES {
        return Err(TablesError::TooLong(bytes));
    }
    let mut intake = Intake::<Measurements<'_>>::default();
    let mut ends = Vec::with_capacity(files.len());
    for file in files {
        intake.read(file, rules.validity);
        ends.push((intake.measurements.records.len(), intake.dropped.len()));
    }
    let found = evaluate(round, &intake.measurements, rules);
    let mut bounds = Bounds::default();
    Ok(Tables {
        labels: labels(&intake.measurements, &found, ends.iter().map(|end| end.0))?,
        dropped: dropped(&intake.dropped, ends.iter().map(|end| end.1))?,
        committees: committees(&found.committees, &found.retrievals, &mut bounds)?,
        miners: parties(&found.by_miner, &mut bounds)?,
        clients: parties(&found.by_client, &mut bounds)?,
        allocators: parties(&found.by_allocator, &mut bounds)?,
        first_byte: first_byte(&found.first_byte)?,
        scores: found
            .scores
            .as_ref()
            .map(|shared| Ok::<_, ArrowError>((scores(shared)?, shared.burnt)))
            .transpose()?,
        dropped_counts: intake.counts,
    })
}

/// Columns by their names; the third part says whether a row may have no value.
fn table(columns: Vec<(&str, ArrayRef, bool)>) -> Result<RecordBatch, ArrowError> {
    let fields = columns
        .iter()
        .map(|(name, column, nullable)| Field::new(*name, column.data_type().clone(), *nullable))
        .collect::<Vec<_>>();
    let columns = columns.into_iter().map(|(_, column, _)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The file of each row, if the rows of one file end where those of the next begin.
fn file_column(ends: impl Iterator<Item = usize>) -> ArrayRef {
    let mut file = UInt32Builder::new();
    let mut rows = 0;
    for (number, end) in (0..).zip(ends) {
        file.append_value_n(number, end - rows);
        rows = end;
    }
    Arc::new(file.finish())
}

/// A column of texts that repeat: each once, and for each row the place of its own.
fn words<'t>(
    values: impl IntoIterator<Item = Option<&'t str>>,
    rows: impl Iterator<Item = Option<usize>>,
) -> Result<ArrayRef, ArrowError> {
    let mut words: Vec<&str> = Vec::new();
    let mut places: AHashMap<&str, Option<i32>> = AHashMap::new();
    let keys: Vec<Option<i32>> = values
        .into_iter()
        .map(|value| {
            let word = value?;
            *places.entry(word).or_insert_with(|| {
                words.push(word);
                i32::try_from(words.len() - 1).ok()
            })
        })
        .collect();
    let rows: Int32Array = rows.map(|row| keys.get(row?).copied().flatten()).collect();
    Ok(Arc::new(DictionaryArray::try_new(rows, Arc::new(StringArray::from_iter_values(words)))?))
}

fn labels(
    measurements: &Measurements<'_>,
    found: &Evaluation<'_>,
    ends: impl Iterator<Item = usize>,
) -> Result<RecordBatch, ArrowError> {
    let records = &measurements.records;
    let texts = |values: Vec<Option<&str>>, number: fn(&Record) -> u32| {
        words(values, records.iter().map(|record| Some(number(record) as usize)))
    };
    let numbers = |number: fn(&Record) -> Option<u64>| -> ArrayRef {
        Arc::new(records.iter().map(number).collect::<UInt64Array>())
    };
    let times = |time: fn(&Record) -> Option<i64>| -> ArrayRef {
        Arc::new(records.iter().map(time).collect::<Int64Array>())
    };
    let participants: Vec<String> =
        measurements.participants.values().iter().map(ToString::to_string).collect();
    let participants = participants.iter().map(|text| Some(text.as_str())).collect();
    let stations = measurements.stations.values().iter();
    let stations = stations.map(|id| (!id.is_empty()).then_some(id.as_str())).collect();
    let subnets = measurements.subnets.values().iter().map(|subnet| Some(subnet.as_str())).collect();
    let subjects = measurements.subjects.values().iter();
    let cids = subjects.clone().map(|subject| measurements.word(subject.cid?)).collect();
    let miners = subjects.map(|subject| measurements.word(subject.miner_id?)).collect();
    let retrievals = measurements.retrievals.values();
    let results: Vec<_> = retrievals.iter().map(|value| value.result.text()).collect();
    let results = results.iter().map(|result| Some(&**result)).collect();
    let protocols = retrievals.iter().map(|value| measurements.protocol(value)).collect();
    let tasking = found.tasking.iter().map(|label| Some(*label as usize));
    let consensus = found.consensus.iter().map(|label| label.map(|label| label as usize));
    table(vec![
        ("file", file_column(ends), false),
        ("place", numbers(|record| Some(record.place)), false),
        ("participant", texts(participants, |record| record.participant)?, false),
        ("station", texts(stations, |record| record.station)?, true),
        ("inet_group", texts(subnets, |record| record.subnet)?, false),
        ("finished_at_ms", times(|record| Some(record.finished_at)), false),
        ("cid", texts(cids, |record| record.subject)?, true),
        ("miner", texts(miners, |record| record.subject)?, true),
        ("tasking", words(Tasking::ALL.map(|label| Some(label.name())), tasking)?, false),
        ("consensus", words(Consensus::ALL.map(|label| Some(label.name())), consensus)?, true),
        ("result", texts(results, |record| record.retrieval)?, false),
        ("protocol", texts(protocols, |record| record.retrieval)?, true),
        ("head_status", numbers(|record| record.head_status_code), true),
        ("first_byte_ms", times(|record| record.first_byte_ms), true),
    ])
}

fn dropped(records: &[Dropped], ends: impl Iterator<Item = usize>) -> Result<RecordBatch, ArrowError> {
    let mut place = UInt64Builder::with_capacity(records.len());
    let (mut reason, mut detail) = (StringBuilder::new(), StringBuilder::new());
    for record in records {
        place.append_value(record.place);
        reason.append_value(record.reason.name());
        let _ = write!(detail, "{}", record.reason);
        detail.append_value("");
    }
    table(vec![
        ("file", file_column(ends), false),
        ("place", Arc::new(place.finish()), false),
        ("reason", Arc::new(reason.finish()), false),
        ("detail", Arc::new(detail.finish()), false),
    ])
}

/// Bounds of rates. Committees are alike, and a bound costs more than looking it up.
#[derive(Default)]
struct Bounds(AHashMap<(u64, u64), (Option<u32>, Option<u32>)>);

impl Bounds {
    fn of(&mut self, rate: Rate) -> (Option<u32>, Option<u32>) {
        *self.0.entry((rate.count, rate.total)).or_insert_with(|| (rate.lower_bound(), rate.upper_bound()))
    }
}

/// A rate and its bounds as columns.
#[derive(Default)]
struct RateColumns {
    count: UInt64Builder,
    rate: UInt64Builder,
    lower: UInt64Builder,
    upper: UInt64Builder,
}

impl RateColumns {
    fn append(&mut self, rate: Rate, bounds: &mut Bounds) {
        let (lower, upper) = bounds.of(rate);
        self.count.append_value(rate.count);
        self.rate.append_option(rate.millionths().map(u64::from));
        self.lower.append_option(lower.map(u64::from));
        self.upper.append_option(upper.map(u64::from));
    }

    /// The columns under these names.
    fn finish(mut self, [count, rate, lower, upper]: [&str; 4]) -> [(&str, ArrayRef, bool); 4] {
        [
            (count, Arc::new(self.count.finish()), false),
            (rate, Arc::new(self.rate.finish()), true),
            (lower, Arc::new(self.lower.finish()), true),
            (upper, Arc::new(self.upper.finish()), true),
        ]
    }
}

const SUCCESSFUL: [&str; 4] = ["successful", "rate_ppm", "lower_ppm", "upper_ppm"];
const HTTP: [&str; 4] = ["http", "http_rate_ppm", "http_lower_ppm", "http_upper_ppm"];
const HEAD: [&str; 4] = ["head", "head_rate_ppm", "head_lower_ppm", "head_upper_ppm"];

fn append_decision<T: ToString>(
    decision: &Decision<T>,
    value: &mut StringBuilder,
    majority: &mut BooleanBuilder,
) {
    value.append_value(decision.text());
    majority.append_value(matches!(decision, Decision::Majority(_)));
}

fn committees(
    all: &[Committee<'_>],
    retrievals: &[Retrievals],
    bounds: &mut Bounds,
) -> Result<RecordBatch, ArrowError> {
    let (mut cid, mut miner) = (StringBuilder::new(), StringBuilder::new());
    let (mut index, mut retrieval) = (StringBuilder::new(), StringBuilder::new());
    let (mut index_majority, mut retrieval_majority) = (BooleanBuilder::new(), BooleanBuilder::new());
    let mut numbers: [UInt64Builder; 7] = Default::default();
    let mut rate = RateColumns::default();
    for (committee, own) in all.iter().zip(retrievals) {
        let support = &committee.support;
        cid.append_value(committee.cid);
        miner.append_value(committee.miner_id);
        append_decision(&committee.index, &mut index, &mut index_majority);
        append_decision(&committee.retrieval, &mut retrieval, &mut retrieval_majority);
        let counts = [
            committee.members.len(),
            support.subnets,
            support.participants,
            support.largest,
            support.second,
            support.margin(),
        ];
        let counts = counts.map(|count| count as u64).into_iter().chain([own.total]);
        for (column, count) in numbers.iter_mut().zip(counts) {
            column.append_value(count);
        }
        rate.append(own.rate(), bounds);
    }
    let [size, subnets, participants, largest, second, margin, total] =
        numbers.map(|mut column| -> ArrayRef { Arc::new(column.finish()) });
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("cid", Arc::new(cid.finish()), false),
        ("miner", Arc::new(miner.finish()), false),
        ("size", size, false),
        ("subnets", subnets, false),
        ("participants", participants, false),
        ("largest", largest, false),
        ("second", second, false),
        ("margin", margin, false),
        ("index_majority", Arc::new(index_majority.finish()), false),
        ("index", Arc::new(index.finish()), false),
        ("retrieval_majority", Arc::new(retrieval_majority.finish()), false),
        ("retrieval", Arc::new(retrieval.finish()), false),
        ("total", total, false),
    ];
    columns.extend(rate.finish(SUCCESSFUL));
    table(columns)
}

fn parties(all: &BTreeMap<&str, Retrievals>, bounds: &mut Bounds) -> Result<RecordBatch, ArrowError> {
    let (mut party, mut total) = (StringBuilder::new(), UInt64Builder::new());
    let [mut successful, mut http, mut head]: [RateColumns; 3] = Default::default();
    for (name, own) in all {
        party.append_value(name);
        total.append_value(own.total);
        successful.append(own.rate(), bounds);
        http.append(own.http_rate(), bounds);
        head.append(own.head_rate(), bounds);
    }
    let mut columns: Vec<(&str, ArrayRef, bool)> =
        vec![("party", Arc::new(party.finish()), false), ("total", Arc::new(total.finish()), false)];
    columns.extend(successful.finish(SUCCESSFUL));
    columns.extend(http.finish(HTTP));
    columns.extend(head.finish(HEAD));
    table(columns)
}

/// What is told of a storage provider's times: the least, the median, two percentiles and the most.
const QUANTILES: [(&str, (u32, u32)); 5] = [
    ("least_ms", (0, 1)),
    ("median_ms", (1, 2)),
    ("p90_ms", (9, 10)),
    ("p99_ms", (99, 100)),
    ("most_ms", (1, 1)),
];

fn first_byte(by_miner: &BTreeMap<&str, Vec<i64>>) -> Result<RecordBatch, ArrowError> {
    let (mut miner, mut committees) = (StringBuilder::new(), UInt64Builder::new());
    let item = Arc::new(Field::new_list_field(DataType::Int64, false));
    let mut medians = ListBuilder::new(Int64Builder::new()).with_field(item);
    let mut quantiles: [Int64Builder; QUANTILES.len()] = Default::default();
    for (name, times) in by_miner {
        miner.append_value(name);
        committees.append_value(times.len() as u64);
        medians.values().append_slice(times);
        medians.append(true);
        for (column, (_, place)) in quantiles.iter_mut().zip(QUANTILES) {
            let time = percentile(times, place).and_then(|time| i64::try_from(time.ceil()).ok());
            column.append_option(time);
        }
    }
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("miner", Arc::new(miner.finish()), false),
        ("committees", Arc::new(committees.finish()), false),
        ("medians_ms", Arc::new(medians.finish()), false),
    ];
    columns.extend(quantiles.into_iter().zip(QUANTILES).map(
        |(mut column, (name, _))| -> (&str, ArrayRef, bool) { (name, Arc::new(column.finish()), true) },
    ));
    table(columns)
}

fn scores(shared: &Scores<Participant>) -> Result<RecordBatch, ArrowError> {
    let mut participant = StringBuilder::new();
    let (mut score, mut attofil) = (UInt64Builder::new(), UInt64Builder::new());
    for (who, share) in &shared.shares {
        participant.append_value(who.to_string());
        score.append_value(*share);
        attofil.append_option(u64::try_from(reward(*share)).ok());
    }
    table(vec![
        ("participant", Arc::new(participant.finish()), false),
        ("score", Arc::new(score.finish()), false),
        ("reward_attofil", Arc::new(attofil.finish()), false),
    ])
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
