//! One measurement: a stranger's report about one retrieval.
//!
//! In: a JSON object. Out: a [`Measurement`], or why it is dropped. Rule: Filecoin, C1.
//! Invariant: `null` is the same as absent; numbers may be texts of digits; a value of a kind that its member cannot have
//! counts as absent where the rule does not ask for it, but no value that committees compare equals an absent one. Members
//! without a name here are checked as JSON and ignored.

use std::borrow::Cow;

use super::moment::Moments;
use super::participant::{Participant, Participants};
use super::result::{HTTP, Report, RetrievalResult, Status};
use super::scalar::{Member, Scalar, found, is_raised, number, text};
use crate::decode::distinct::Distinct;
use crate::decode::json::{JsonError, Kind, Reader, Text};
use crate::decode::layout::Layout;

/// How deep a measurement may nest; it is flat, but ignored members need not be.
pub(super) const MAX_DEPTH: usize = 16;

/// How much a measurement must say about a retrieval that succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validity {
    /// Nothing more.
    #[default]
    Historical,
    /// All three times, in order and after 1970, and the status of a HEAD request for HTTP alone.
    Current,
}

/// A measurement that can be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement<'a> {
    /// Its line, or its place in the array, from 1.
    pub place: u64,
    /// Who is paid for it.
    pub participant: Participant,
    /// The checker's own id.
    pub station_id: Option<Text<'a>>,
    /// The subnet that it came from.
    pub inet_group: Text<'a>,
    /// When it came in, Unix milliseconds.
    pub finished_at: i64,
    /// The content that was asked for.
    pub cid: Option<Text<'a>>,
    /// The storage provider that was asked.
    pub miner_id: Option<Text<'a>>,
    /// The provider's name in the content network.
    pub provider_id: Option<Scalar<'a>>,
    /// What the indexer answered.
    pub indexer_result: Text<'a>,
    /// The address that was asked.
    pub provider_address: Option<Scalar<'a>>,
    /// The protocol of the retrieval, in small letters.
    pub protocol: Option<Cow<'a, str>>,
    /// How it went.
    pub result: RetrievalResult<'a>,
    /// Bytes that came.
    pub byte_length: Option<Scalar<'a>>,
    /// The hash of what came.
    pub car_checksum: Option<Scalar<'a>>,
    /// Status of the HEAD request.
    pub head_status_code: Option<u64>,
    /// When the retrieval began, Unix milliseconds.
    pub start_at: Option<i64>,
    /// When the first byte came, Unix milliseconds.
    pub first_byte_at: Option<i64>,
}

/// Why a measurement is not evaluated. Texts of strangers are not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DropReason {
    /// It cannot be read.
    #[error("{0}")]
    Json(JsonError),
    /// It is another JSON value.
    #[error("expected an object, found {0}")]
    NotAnObject(&'static str),
    /// The participant is nobody.
    #[error("participant_address: expected a 0x or f410 address, found {0}")]
    Participant(&'static str),
    /// The subnet is not named.
    #[error("inet_group: expected a text, found {0}")]
    InetGroup(&'static str),
    /// It is not said when it came in.
    #[error("finished_at: expected a time like 2024-02-01T00:00:00.000Z, found {0}")]
    FinishedAt(&'static str),
    /// The indexer was not asked.
    #[error("indexer_result: expected a text that is not empty, found {0}")]
    IndexerResult(&'static str),
    /// The station's id is none.
    #[error("station_id: expected 88 hex digits or none, found {0}")]
    StationId(&'static str),
    /// A success without its times.
    #[error(
        "expected 0 < start_at <= first_byte_at <= end_at where the retrieval succeeded, found otherwise"
    )]
    Times,
    /// A success over HTTP without the status of its HEAD request.
    #[error("head_status_code: expected a number where a retrieval over HTTP succeeded, found {0}")]
    HeadStatusMissing(&'static str),
    /// The status of a HEAD request without HTTP.
    #[error("head_status_code: expected none where a retrieval succeeded without HTTP, found {0}")]
    HeadStatusWithoutHttp(&'static str),
}

impl DropReason {
    /// A name that counts can stand under.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "JSON",
            Self::NotAnObject(_) => "NOT_AN_OBJECT",
            Self::Participant(_) => "PARTICIPANT_ADDRESS",
            Self::InetGroup(_) => "INET_GROUP",
            Self::FinishedAt(_) => "FINISHED_AT",
            Self::IndexerResult(_) => "INDEXER_RESULT",
            Self::StationId(_) => "STATION_ID",
            Self::Times => "TIMES",
            Self::HeadStatusMissing(_) => "HEAD_STATUS_MISSING",
            Self::HeadStatusWithoutHttp(_) => "HEAD_STATUS_WITHOUT_HTTP",
        }
    }
}

/// The members of a measurement that are looked at, by their names.
const NAMES: [&str; 19] = [
    "participant_address",
    "station_id",
    "inet_group",
    "finished_at",
    "cid",
    "miner_id",
    "provider_id",
    "indexer_result",
    "provider_address",
    "protocol",
    "byte_length",
    "car_checksum",
    "car_too_large",
    "timeout",
    "status_code",
    "head_status_code",
    "start_at",
    "first_byte_at",
    "end_at",
];

/// Places in [`NAMES`].
#[derive(Clone, Copy)]
enum Name {
    ParticipantAddress,
    StationId,
    InetGroup,
    FinishedAt,
    Cid,
    MinerId,
    ProviderId,
    IndexerResult,
    ProviderAddress,
    Protocol,
    ByteLength,
    CarChecksum,
    CarTooLarge,
    Timeout,
    StatusCode,
    HeadStatusCode,
    StartAt,
    FirstByteAt,
    EndAt,
}

#[derive(Clone, Copy, Debug, Default)]
struct Members<'a>([Member<'a>; NAMES.len()]);

impl<'a> Members<'a> {
    /// Takes the members of the object that comes next in place of those before.
    fn read(
        &mut self,
        reader: &mut Reader<'a, '_>,
        layout: &mut Layout<Option<usize>>,
    ) -> Result<(), JsonError> {
        *self = Self::default();
        let mut object = reader.open_object()?;
        let place = |name: &str| NAMES.iter().position(|known| *known == name);
        while let Some(place) = reader.next_known(&mut object, layout, place)? {
            let value = Scalar::read(reader)?;
            if let Some(member) = place.and_then(|place| self.0.get_mut(place)) {
                *member = value;
            }
        }
        Ok(())
    }

    fn get(&self, name: Name) -> Member<'a> {
        self.0.get(name as usize).copied().flatten()
    }

    /// What the report says about the retrieval alone.
    fn result(&self) -> RetrievalResult<'a> {
        let status = self.get(Name::StatusCode);
        let is_text = text(status).is_some();
        RetrievalResult::of(Report {
            indexer_result: text(self.get(Name::IndexerResult)).map(|answer| answer.unescape()),
            is_timeout: is_raised(self.get(Name::Timeout)),
            is_car_too_large: is_raised(self.get(Name::CarTooLarge)),
            status_code: number(status).map(if is_text { Status::Text } else { Status::Number }),
            protocol: text(self.get(Name::Protocol)).map(|protocol| protocol.unescape()),
            has_ended: text(self.get(Name::EndAt)).is_some(),
        })
    }

    fn station_id(&self) -> Result<Option<Text<'a>>, DropReason> {
        let member = self.get(Name::StationId);
        match text(member) {
            None if member.is_none() => Ok(None),
            Some(id) if id.raw.is_empty() => Ok(None),
            Some(id) if is_station_id(&id.unescape()) => Ok(Some(id)),
            _ => Err(DropReason::StationId(found(member))),
        }
    }
}

/// Digits of a station's id.
const STATION_ID: usize = 88;

fn is_station_id(text: &str) -> bool {
    // All digits, without a branch, are looked at faster than one by one.
    let others = text.bytes().fold(0, |others, byte| others | u8::from(!byte.is_ascii_hexdigit()));
    text.len() == STATION_ID && others == 0
}

/// The protocol of the retrieval, as the network's evaluator compares it, but not where it finds the result: in small
/// letters. A value that is no text is a protocol that nobody knows.
fn protocol(member: Member<'_>) -> Option<Cow<'_, str>> {
    let name = member?.meaning();
    Some(if name.bytes().all(|byte| byte.is_ascii_lowercase()) { name } else { name.to_lowercase().into() })
}

fn time(member: Member<'_>, moments: &mut Moments) -> Option<i64> {
    moments.parse(&text(member)?.unescape())
}

/// The result of a retrieval, by one JSON object that need not be a measurement otherwise.
pub fn retrieval_result(json: &[u8]) -> Result<RetrievalResult<'_>, JsonError> {
    let mut names = Distinct::new();
    let mut reader = Reader::new(json, MAX_DEPTH, &mut names)?;
    let mut members = Members::default();
    members.read(&mut reader, &mut Layout::default())?;
    reader.finish()?;
    Ok(members.result())
}

/// Reads measurements one by one, with what it needs from one to the next.
#[derive(Debug, Default)]
pub struct MeasurementReader<'a> {
    members: Members<'a>,
    /// What was read in place of an object.
    other: Option<Kind>,
    layout: Layout<Option<usize>>,
    participants: Participants,
    moments: Moments,
}

impl<'a> MeasurementReader<'a> {
    /// Reads the value that comes next; an error means that nothing after it can be read.
    pub fn read(&mut self, reader: &mut Reader<'a, '_>) -> Result<(), JsonError> {
        let kind = reader.peek()?;
        self.other = (kind != Kind::Object).then_some(kind);
        if self.other.is_some() { reader.skip() } else { self.members.read(reader, &mut self.layout) }
    }

    /// The measurement that the value is, which was read last.
    #[inline]
    pub fn measurement(&mut self, place: u64, validity: Validity) -> Result<Measurement<'a>, DropReason> {
        if let Some(kind) = self.other {
            return Err(DropReason::NotAnObject(kind.name()));
        }
        let Self { members, participants, moments, .. } = self;
        let participant = text(members.get(Name::ParticipantAddress));
        let measurement = Measurement {
            place,
            participant: participant
                .and_then(|text| participants.parse(&text.unescape()))
                .ok_or(DropReason::Participant(found(members.get(Name::ParticipantAddress))))?,
            inet_group: text(members.get(Name::InetGroup))
                .ok_or(DropReason::InetGroup(found(members.get(Name::InetGroup))))?,
            finished_at: time(members.get(Name::FinishedAt), moments)
                .ok_or(DropReason::FinishedAt(found(members.get(Name::FinishedAt))))?,
            indexer_result: text(members.get(Name::IndexerResult))
                .filter(|answer| !answer.raw.is_empty())
                .ok_or(DropReason::IndexerResult(found(members.get(Name::IndexerResult))))?,
            station_id: members.station_id()?,
            cid: text(members.get(Name::Cid)),
            miner_id: text(members.get(Name::MinerId)),
            provider_id: members.get(Name::ProviderId),
            provider_address: members.get(Name::ProviderAddress),
            protocol: protocol(members.get(Name::Protocol)),
            result: members.result(),
            byte_length: members.get(Name::ByteLength),
            car_checksum: members.get(Name::CarChecksum),
            head_status_code: number(members.get(Name::HeadStatusCode)),
            start_at: time(members.get(Name::StartAt), moments),
            first_byte_at: time(members.get(Name::FirstByteAt), moments),
        };
        if validity == Validity::Current && measurement.result == RetrievalResult::Ok {
            let end_at = time(members.get(Name::EndAt), moments);
            measurement.check_success(end_at, members.get(Name::HeadStatusCode))?;
        }
        Ok(measurement)
    }
}

impl Measurement<'_> {
    fn check_success(&self, end_at: Option<i64>, head_status: Member<'_>) -> Result<(), DropReason> {
        let is_in_order = match (self.start_at, self.first_byte_at, end_at) {
            (Some(start), Some(first), Some(end)) => 0 < start && start <= first && first <= end,
            _ => false,
        };
        match (is_in_order, self.is_http(), head_status) {
            (false, _, _) => Err(DropReason::Times),
            (true, true, Some(Scalar { kind: Kind::Number, .. })) | (true, false, None) => Ok(()),
            (true, true, other) => Err(DropReason::HeadStatusMissing(found(other))),
            (true, false, other) => Err(DropReason::HeadStatusWithoutHttp(found(other))),
        }
    }

    /// Milliseconds from the start of the retrieval to its first byte.
    pub fn first_byte_ms(&self) -> Option<i64> {
        self.first_byte_at?.checked_sub(self.start_at?)
    }

    /// Whether the retrieval went over HTTP.
    pub fn is_http(&self) -> bool {
        self.protocol.as_deref() == Some(HTTP)
    }
}

#[cfg(test)]
#[path = "sample.rs"]
pub(super) mod sample;
#[cfg(test)]
#[path = "measurement_tests.rs"]
mod tests;
