use std::borrow::Cow;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::measurement::sample::{measurement, round_of};
use super::*;
use crate::decode::json::Kind;

const fn text(raw: &'static str, is_escaped: bool) -> Text<'static> {
    Text { raw, is_escaped }
}

const fn scalar(kind: Kind, written: &'static str, is_escaped: bool) -> Scalar<'static> {
    Scalar { kind, written, is_escaped }
}

/// Texts, of which two are the same, one is empty and one is absent.
fn some_text() -> impl Strategy<Value = Option<Text<'static>>> {
    let texts = [text("a", false), text(r"\u0061", true), text("", false), text("1", false)];
    proptest::option::of(select(texts.to_vec()))
}

/// Values, some of which mean the same and some only look so.
fn some_value() -> impl Strategy<Value = Option<Scalar<'static>>> {
    let values = [
        scalar(Kind::Text, "1", false),
        scalar(Kind::Text, r"\u0031", true),
        scalar(Kind::Number, "1", false),
        scalar(Kind::Number, "1.0", false),
        scalar(Kind::Number, "10e-1", false),
        scalar(Kind::Text, "", false),
        scalar(Kind::Bool, "true", false),
        scalar(Kind::Text, "true", false),
        scalar(Kind::Array, "[1]", false),
        scalar(Kind::Text, "[1]", false),
    ];
    proptest::option::of(select(values.to_vec()))
}

/// Measurements that differ in some of their values.
fn some() -> impl Strategy<Value = Vec<Measurement<'static>>> {
    let who = (0_u8..3, some_text(), some_text());
    let about = (some_text(), some_text());
    let index =
        (some_value(), some_text(), some_value(), select(vec![None, Some(""), Some("a"), Some("http")]));
    let retrieval = (select(vec!["a", "b", ""]), some_value(), some_value());
    let one = (who, about, index, retrieval).prop_map(|(who, about, index, retrieval)| Measurement {
        participant: Participant([who.0; 20]),
        station_id: who.1,
        inet_group: who.2.unwrap_or_default(),
        cid: about.0,
        miner_id: about.1,
        provider_id: index.0,
        indexer_result: index.1.unwrap_or_default(),
        provider_address: index.2,
        protocol: index.3.map(Cow::from),
        result: if retrieval.0.is_empty() {
            RetrievalResult::Timeout
        } else {
            RetrievalResult::Indexer(retrieval.0.into())
        },
        byte_length: retrieval.1,
        car_checksum: retrieval.2,
        ..measurement()
    });
    proptest::collection::vec(one, 0..30)
}

fn value(text: Option<Text<'static>>) -> Option<Cow<'static, str>> {
    text.map(|text| text.unescape())
}

fn meaning(value: Option<Scalar<'static>>) -> Option<(bool, Cow<'static, str>)> {
    value.map(|value| (value.text().is_some(), value.meaning()))
}

/// Numbers of values in the order in which they came.
fn numbers<T: PartialEq + Debug>(values: impl Iterator<Item = T>) -> Vec<u32> {
    let mut known = Vec::new();
    values
        .map(|value| {
            let number = known.iter().position(|other| *other == value).unwrap_or(known.len());
            if number == known.len() {
                known.push(value);
            }
            u32::try_from(number).unwrap()
        })
        .collect()
}

proptest! {
    #[test]
    fn numbers_are_equal_where_values_are(measurements in some()) {
        let round = round_of(&measurements);
        let all = || measurements.iter();
        let found = |number: fn(&Record) -> u32| round.records.iter().map(number).collect::<Vec<_>>();
        prop_assert_eq!(found(|record| record.participant), numbers(all().map(|one| one.participant)));
        let stations = all().map(|one| value(one.station_id).unwrap_or_default());
        prop_assert_eq!(found(|record| record.station), numbers(stations));
        prop_assert_eq!(found(|record| record.subnet), numbers(all().map(|one| one.inet_group.unescape())));
        let subjects = all().map(|one| (value(one.cid), value(one.miner_id)));
        prop_assert_eq!(found(|record| record.subject), numbers(subjects));
        let index = |one: &Measurement<'static>| {
            let asked = (meaning(one.provider_id), meaning(one.provider_address), one.protocol.clone());
            (one.indexer_result.unescape(), asked)
        };
        let retrievals = all()
            .map(|one| (index(one), one.result.clone(), meaning(one.byte_length), meaning(one.car_checksum)));
        prop_assert_eq!(found(|record| record.retrieval), numbers(retrievals));
        let indexes = round.records.iter().map(|record| round.retrievals.get(record.retrieval).unwrap().index);
        prop_assert_eq!(indexes.collect::<Vec<_>>(), numbers(all().map(index)));
    }

    #[test]
    fn what_a_number_stands_for_is_found(measurements in some()) {
        let round = round_of(&measurements);
        for (record, one) in round.records.iter().zip(&measurements) {
            let subject = round.subjects.get(record.subject).unwrap();
            let task = value(one.cid).zip(value(one.miner_id));
            prop_assert_eq!(round.task(subject), task.as_ref().map(|(cid, miner)| (&**cid, &**miner)));
            prop_assert_eq!(round.participants.get(record.participant), Some(&one.participant));
            let retrieval = round.retrievals.get(record.retrieval).unwrap();
            prop_assert_eq!(&retrieval.result, &one.result);
            prop_assert_eq!(round.protocol(retrieval), one.protocol.as_deref());
        }
    }
}
