//! One measurement: a stranger's report about one retrieval.
//!
//! In: a JSON object. Out: a [`Measurement`], or why it is dropped. Rule: Filecoin, C1.
//! Invariant: `null` is the same as absent; numbers may be texts of digits; a value of a kind that its member cannot have
//! counts as absent where the rule does not ask for it, but no value that committees compare equals an absent one. Values
//! of strangers mean what they mean to the network's evaluator, which is written in JavaScript: numbers are doubles
//! however they are written, and a flag is whatever is neither 0 nor empty. Members without a name here are checked as
//! JSON and ignored.

use std::borrow::Cow;

use super::moment;
use super::participant::{Participant, Participants};
use super::result::{HTTP, Report, RetrievalResult, Status};
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
    pub station_id: Option<Cow<'a, str>>,
    /// The subnet that it came from.
    pub inet_group: Cow<'a, str>,
    /// When it came in, Unix milliseconds.
    pub finished_at: i64,
    /// The content that was asked for.
    pub cid: Option<Cow<'a, str>>,
    /// The storage provider that was asked.
    pub miner_id: Option<Cow<'a, str>>,
    /// The provider's name in the content network.
    pub provider_id: Option<Compared<'a>>,
    /// What the indexer answered.
    pub indexer_result: Cow<'a, str>,
    /// The address that was asked.
    pub provider_address: Option<Compared<'a>>,
    /// The protocol of the retrieval, in small letters.
    pub protocol: Option<Cow<'a, str>>,
    /// How it went.
    pub result: RetrievalResult<'a>,
    /// Bytes that came.
    pub byte_length: Option<Compared<'a>>,
    /// The hash of what came.
    pub car_checksum: Option<Compared<'a>>,
    /// Status of the HEAD request.
    pub head_status_code: Option<u64>,
    /// When the retrieval began, Unix milliseconds.
    pub start_at: Option<i64>,
    /// When the first byte came, Unix milliseconds.
    pub first_byte_at: Option<i64>,
}

/// A value that the members of a committee compare.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Compared<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Another value as JSON: a number in one form, lists and objects as they stand.
    Json(Cow<'a, str>),
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Compared<'a> {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
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

/// A value as it stands in the JSON text.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Text(Text<'a>),
    Number(&'a str),
    Bool(bool),
    /// An array or an object, from its first bracket to its last.
    Nested(&'a [u8], &'static str),
}

/// A member; `None` stands for `null` too.
type Member<'a> = Option<Scalar<'a>>;

impl<'a> Scalar<'a> {
    /// Reads the next value of `bytes`, which `reader` reads from.
    #[inline]
    fn read(reader: &mut Reader<'a, '_>, bytes: &'a [u8]) -> Result<Option<Self>, JsonError> {
        Ok(match reader.peek()? {
            Kind::Null => reader.null().map(|()| None)?,
            Kind::Bool => Some(Self::Bool(reader.bool()?)),
            Kind::Number => Some(Self::Number(reader.number()?)),
            Kind::Text => Some(Self::Text(reader.text()?)),
            kind @ (Kind::Array | Kind::Object) => {
                let start = reader.offset();
                reader.skip()?;
                let nested = bytes.get(start..reader.offset()).unwrap_or_default();
                Some(Self::Nested(nested, kind.name()))
            }
        })
    }
}

/// What stands there, in words that hold nothing of it.
fn found(member: Member<'_>) -> &'static str {
    match member {
        None => "none",
        Some(Scalar::Text(_)) => "another text",
        Some(Scalar::Number(_)) => Kind::Number.name(),
        Some(Scalar::Bool(_)) => Kind::Bool.name(),
        Some(Scalar::Nested(_, kind)) => kind,
    }
}

fn text(member: Member<'_>) -> Option<Cow<'_, str>> {
    match member {
        Some(Scalar::Text(text)) => Some(text.unescape()),
        _ => None,
    }
}

/// Digits up to which a whole number is a double, and its own one form.
const EXACT_DIGITS: usize = 15;

/// A number in the one form of the double that it is: without an exponent, `0` for `-0`.
fn as_double(number: &str) -> Cow<'_, str> {
    if number.len() <= EXACT_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.into();
    }
    number.parse().map_or(number.into(), |double: f64| (double + 0.0).to_string().into())
}

/// Any value, for comparing.
fn value(member: Member<'_>) -> Option<Compared<'_>> {
    Some(match member? {
        Scalar::Text(text) => Compared::Text(text.unescape()),
        Scalar::Number(number) => Compared::Json(as_double(number)),
        Scalar::Bool(flag) => Compared::Json(if flag { "true" } else { "false" }.into()),
        Scalar::Nested(json, _) => Compared::Json(String::from_utf8_lossy(json)),
    })
}

/// The protocol of the retrieval: a value that is no text is one that nobody knows.
fn protocol(member: Member<'_>) -> Option<Cow<'_, str>> {
    let (Compared::Text(name) | Compared::Json(name)) = value(member)?;
    Some(lower_case(name))
}

/// As the network's evaluator does with the protocol, but not where it finds the result.
fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_lowercase()) { text } else { text.to_lowercase().into() }
}

fn number(member: Member<'_>) -> Option<u64> {
    let digits = match member? {
        Scalar::Number(number) => as_double(number),
        Scalar::Text(Text { raw, .. }) => raw.into(),
        Scalar::Bool(_) | Scalar::Nested(..) => return None,
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Whether a flag is raised: by anything but nothing, `false`, 0 and the empty text.
fn is_raised(member: Member<'_>) -> bool {
    match member {
        None => false,
        Some(Scalar::Bool(flag)) => flag,
        Some(Scalar::Number(number)) => as_double(number) != "0",
        Some(Scalar::Text(text)) => !text.raw.is_empty(),
        Some(Scalar::Nested(..)) => true,
    }
}

fn time(member: Member<'_>) -> Option<i64> {
    moment::parse(&text(member)?)
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

#[derive(Default)]
struct Members<'a>([Member<'a>; NAMES.len()]);

impl<'a> Members<'a> {
    #[inline]
    fn read(
        reader: &mut Reader<'a, '_>,
        bytes: &'a [u8],
        layout: &mut Layout<Option<usize>>,
    ) -> Result<Self, JsonError> {
        let mut members = Self::default();
        let mut object = reader.open_object()?;
        let place = |name: &str| NAMES.iter().position(|known| *known == name);
        while let Some(place) = reader.next_known(&mut object, layout, place)? {
            match place.and_then(|place| members.0.get_mut(place)) {
                Some(member) => *member = Scalar::read(reader, bytes)?,
                None => reader.skip()?,
            }
        }
        Ok(members)
    }

    fn get(&self, name: Name) -> Member<'a> {
        self.0.get(name as usize).copied().flatten()
    }

    /// What the report says about the retrieval alone.
    fn result(&self) -> RetrievalResult<'a> {
        let status = match self.get(Name::StatusCode) {
            Some(Scalar::Text(_)) => Status::Text,
            _ => Status::Number,
        };
        RetrievalResult::of(Report {
            indexer_result: text(self.get(Name::IndexerResult)),
            is_timeout: is_raised(self.get(Name::Timeout)),
            is_car_too_large: is_raised(self.get(Name::CarTooLarge)),
            status_code: number(self.get(Name::StatusCode)).map(status),
            protocol: text(self.get(Name::Protocol)),
            has_ended: matches!(self.get(Name::EndAt), Some(Scalar::Text(_))),
        })
    }

    fn station_id(&self) -> Result<Option<Cow<'a, str>>, DropReason> {
        match (self.get(Name::StationId), text(self.get(Name::StationId))) {
            (None, _) => Ok(None),
            (_, Some(id)) if id.is_empty() => Ok(None),
            // All digits, without a branch, are looked at faster than one by one.
            (_, Some(id))
                if id.len() == STATION_ID
                    && id.bytes().fold(true, |all, byte| all & byte.is_ascii_hexdigit()) =>
            {
                Ok(Some(id))
            }
            (other, _) => Err(DropReason::StationId(found(other))),
        }
    }
}

/// Digits of a station's id.
const STATION_ID: usize = 88;

/// The result of a retrieval, by one JSON object that need not be a measurement otherwise.
pub fn retrieval_result(json: &[u8]) -> Result<RetrievalResult<'_>, JsonError> {
    let mut names = Distinct::new();
    let mut reader = Reader::new(json, MAX_DEPTH, &mut names)?;
    let result = Members::read(&mut reader, json, &mut Layout::default())?.result();
    reader.finish()?;
    Ok(result)
}

/// What reading measurements needs from one to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    layout: Layout<Option<usize>>,
    participants: Participants,
}

impl<'a> Measurement<'a> {
    /// Reads the value that comes next in `bytes`; the outer error means that nothing after it can be read.
    #[inline]
    pub fn read(
        reader: &mut Reader<'a, '_>,
        bytes: &'a [u8],
        place: u64,
        validity: Validity,
        scratch: &mut Scratch,
    ) -> Result<Result<Self, DropReason>, JsonError> {
        let kind = reader.peek()?;
        if kind != Kind::Object {
            return reader.skip().map(|()| Err(DropReason::NotAnObject(kind.name())));
        }
        let members = Members::read(reader, bytes, &mut scratch.layout)?;
        Ok(Self::of_members(&members, place, validity, &mut scratch.participants))
    }

    #[inline]
    fn of_members(
        members: &Members<'a>,
        place: u64,
        validity: Validity,
        participants: &mut Participants,
    ) -> Result<Self, DropReason> {
        let participant = text(members.get(Name::ParticipantAddress));
        let measurement = Self {
            place,
            participant: participant
                .and_then(|text| participants.parse(&text))
                .ok_or(DropReason::Participant(found(members.get(Name::ParticipantAddress))))?,
            inet_group: text(members.get(Name::InetGroup))
                .ok_or(DropReason::InetGroup(found(members.get(Name::InetGroup))))?,
            finished_at: time(members.get(Name::FinishedAt))
                .ok_or(DropReason::FinishedAt(found(members.get(Name::FinishedAt))))?,
            indexer_result: text(members.get(Name::IndexerResult))
                .filter(|answer| !answer.is_empty())
                .ok_or(DropReason::IndexerResult(found(members.get(Name::IndexerResult))))?,
            station_id: members.station_id()?,
            cid: text(members.get(Name::Cid)),
            miner_id: text(members.get(Name::MinerId)),
            provider_id: value(members.get(Name::ProviderId)),
            provider_address: value(members.get(Name::ProviderAddress)),
            protocol: protocol(members.get(Name::Protocol)),
            result: members.result(),
            byte_length: value(members.get(Name::ByteLength)),
            car_checksum: value(members.get(Name::CarChecksum)),
            head_status_code: number(members.get(Name::HeadStatusCode)),
            start_at: time(members.get(Name::StartAt)),
            first_byte_at: time(members.get(Name::FirstByteAt)),
        };
        if validity == Validity::Current && measurement.result == RetrievalResult::Ok {
            measurement.check_success(time(members.get(Name::EndAt)), members.get(Name::HeadStatusCode))?;
        }
        Ok(measurement)
    }

    fn check_success(&self, end_at: Option<i64>, head_status: Member<'_>) -> Result<(), DropReason> {
        let is_in_order = match (self.start_at, self.first_byte_at, end_at) {
            (Some(start), Some(first), Some(end)) => 0 < start && start <= first && first <= end,
            _ => false,
        };
        match (is_in_order, self.is_http(), head_status) {
            (false, _, _) => Err(DropReason::Times),
            (true, true, Some(Scalar::Number(_))) | (true, false, None) => Ok(()),
            (true, true, other) => Err(DropReason::HeadStatusMissing(found(other))),
            (true, false, other) => Err(DropReason::HeadStatusWithoutHttp(found(other))),
        }
    }

    /// The task that was done: content and storage provider.
    pub fn task(&self) -> Option<(&str, &str)> {
        self.cid.as_deref().zip(self.miner_id.as_deref())
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
