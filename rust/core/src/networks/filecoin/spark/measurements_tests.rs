use proptest::prelude::*;

use super::super::measurement::sample::{measurement, round_of};
use super::*;

/// Measurements that differ in some of their values.
fn some() -> impl Strategy<Value = Vec<Measurement<'static>>> {
    let text =
        || proptest::option::of(0_u8..3).prop_map(|value| value.map(|value| Cow::from(value.to_string())));
    let who = (0_u8..3, text(), 0_u8..3).prop_map(|(participant, station_id, subnet)| Measurement {
        participant: Participant([participant; 20]),
        station_id,
        inet_group: subnet.to_string().into(),
        ..measurement()
    });
    let index = (text(), text(), text(), text(), text());
    let retrieval = (0_u64..3, text(), text());
    let one =
        (who, index, retrieval).prop_map(|(who, index, (status, byte_length, car_checksum))| Measurement {
            cid: index.0,
            miner_id: index.1,
            provider_id: index.2.map(Compared::from),
            provider_address: index.3.map(Compared::from),
            protocol: index.4,
            result: RetrievalResult::Http(status),
            byte_length: byte_length.map(Compared::from),
            car_checksum: car_checksum.map(Compared::from),
            ..who
        });
    proptest::collection::vec(one, 0..20)
}

proptest! {
    #[test]
    fn numbers_are_equal_where_values_are(measurements in some()) {
        let round = round_of(&measurements);
        prop_assert_eq!(round.records.len(), measurements.len());
        for (record, one) in round.records.iter().zip(&measurements) {
            prop_assert_eq!(round.participants.get(record.participant), Some(&one.participant));
            prop_assert_eq!(round.task(record), one.task());
            prop_assert_eq!(round.retrievals.get(record.retrieval).map(|value| &value.result), Some(&one.result));
            for (other_record, other) in round.records.iter().zip(&measurements) {
                let numbers = [
                    (record.participant == other_record.participant, one.participant == other.participant),
                    (record.station == other_record.station, one.station_id == other.station_id),
                    (record.subnet == other_record.subnet, one.inet_group == other.inet_group),
                    (
                        record.subject == other_record.subject,
                        (&one.cid, &one.miner_id) == (&other.cid, &other.miner_id),
                    ),
                    (record.retrieval == other_record.retrieval, {
                        let compared = |one: &Measurement<'static>| {
                            let index = (one.provider_id.clone(), one.indexer_result.clone());
                            let asked = (one.provider_address.clone(), one.protocol.clone());
                            (index, asked, one.result.clone(), one.byte_length.clone(), one.car_checksum.clone())
                        };
                        compared(one) == compared(other)
                    }),
                ];
                prop_assert!(numbers.iter().all(|(of_numbers, of_values)| of_numbers == of_values));
            }
        }
    }
}

#[test]
fn an_escaped_text_is_the_same_text() {
    let borrowed = Measurement { inet_group: Cow::Borrowed("a"), ..measurement() };
    let owned = Measurement { inet_group: Cow::Owned("a".to_owned()), ..measurement() };
    let round = round_of(&[borrowed, owned]);
    assert_eq!(round.subnets.values(), ["a"]);
    assert_eq!(round.records[0].subnet, round.records[1].subnet);
}
