//! Measurements for the tests of the modules that evaluate them.

use super::super::measurements::Measurements;
use super::super::scalar::Scalar;
use super::{Measurement, Participant, RetrievalResult};
use crate::decode::json::{Kind, Text};

impl From<String> for Text<'_> {
    /// The text is never freed: tests make few.
    fn from(text: String) -> Self {
        Self { raw: text.leak(), is_escaped: false }
    }
}

impl From<&str> for Text<'_> {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl<'a, T: Into<Text<'a>>> From<T> for Scalar<'a> {
    fn from(text: T) -> Self {
        Self { kind: Kind::Text, written: text.into().raw, is_escaped: false }
    }
}

/// A success that names no task.
pub fn measurement() -> Measurement<'static> {
    Measurement {
        place: 1,
        participant: Participant([0xa; 20]),
        station_id: None,
        inet_group: "group".into(),
        finished_at: 1_700_000_000_000,
        cid: None,
        miner_id: None,
        provider_id: None,
        indexer_result: "OK".into(),
        provider_address: None,
        protocol: None,
        result: RetrievalResult::Ok,
        byte_length: None,
        car_checksum: None,
        head_status_code: None,
        start_at: None,
        first_byte_at: None,
    }
}

/// These measurements as a round holds them.
pub fn round_of<'a>(measurements: &[Measurement<'a>]) -> Measurements<'a> {
    measurements.iter().cloned().collect()
}
