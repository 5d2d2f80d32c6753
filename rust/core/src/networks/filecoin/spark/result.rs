//! The result of one retrieval.
//!
//! In: what a checker reports. Out: one of a fixed list of results. Rule: Filecoin, C2: the first line that fits decides.
//! Invariant: every report has exactly one result, and its text is the one that the network writes.

use std::borrow::Cow;
use std::fmt;

/// The protocol whose statuses are those of HTTP.
pub const HTTP: &str = "http";

/// The status of a retrieval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A number.
    Number(u64),
    /// A text of digits, which lies in ranges as the number does, but equals none.
    Text(u64),
}

/// What a checker reports about one retrieval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report<'a> {
    /// What the indexer answered.
    pub indexer_result: Option<Cow<'a, str>>,
    /// Whether the retrieval took too long.
    pub is_timeout: bool,
    /// Whether the archive was longer than allowed.
    pub is_car_too_large: bool,
    /// Status of the retrieval: one of HTTP, or one of the checker's own from 600 on.
    pub status_code: Option<Status>,
    /// The protocol of the retrieval.
    pub protocol: Option<Cow<'a, str>>,
    /// Whether the report says when the retrieval ended.
    pub has_ended: bool,
}

/// The result of one retrieval.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetrievalResult<'a> {
    /// The content came.
    Ok,
    /// The indexer had no usable answer; its own words.
    Indexer(Cow<'a, str>),
    /// It took too long.
    Timeout,
    /// The archive was longer than allowed.
    CarTooLarge,
    /// The provider's address is of a form that the checker cannot use.
    UnsupportedMultiaddrFormat,
    /// The request failed for a reason without a name.
    UnknownFetchError,
    /// The provider's name could not be resolved.
    HostnameDnsError,
    /// The provider took no connection.
    ConnectionRefused,
    /// The content's identifier has a hash that the checker cannot compute.
    UnsupportedCidHashAlgo,
    /// The content has another hash.
    ContentVerificationFailed,
    /// The archive holds another block.
    UnexpectedCarBlock,
    /// The archive cannot be read.
    CannotParseCarFile,
    /// An HTTP status from 300 on.
    Http(u64),
    /// A status from 300 on of another protocol.
    Lassie(u64),
    /// Anything else.
    UnknownError,
}

impl<'a> RetrievalResult<'a> {
    /// The result of what was reported.
    pub fn of(report: Report<'a>) -> Self {
        if let Some(answer) = report.indexer_result
            && !matches!(&*answer, "OK" | "HTTP_NOT_ADVERTISED")
        {
            return Self::Indexer(answer);
        }
        if report.is_timeout {
            return Self::Timeout;
        }
        if report.is_car_too_large {
            return Self::CarTooLarge;
        }
        let is_http = report.protocol.as_deref() == Some(HTTP);
        match report.status_code {
            Some(Status::Number(700..=799) | Status::Text(700..=799)) => Self::UnsupportedMultiaddrFormat,
            Some(Status::Number(600)) => Self::UnknownFetchError,
            Some(Status::Number(801)) => Self::HostnameDnsError,
            Some(Status::Number(802)) => Self::ConnectionRefused,
            Some(Status::Number(901)) => Self::UnsupportedCidHashAlgo,
            Some(Status::Number(902)) => Self::ContentVerificationFailed,
            Some(Status::Number(903)) => Self::UnexpectedCarBlock,
            Some(Status::Number(904)) => Self::CannotParseCarFile,
            Some(Status::Number(status @ 300..) | Status::Text(status @ 300..)) if is_http => {
                Self::Http(status)
            }
            Some(Status::Number(status @ 300..) | Status::Text(status @ 300..)) => Self::Lassie(status),
            Some(Status::Number(200..) | Status::Text(200..)) if report.has_ended => Self::Ok,
            _ => Self::UnknownError,
        }
    }
}

impl RetrievalResult<'_> {
    /// The text that the network writes.
    pub fn text(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Ok => "OK",
            Self::Indexer(answer) => return Cow::Owned(format!("IPNI_{answer}")),
            Self::Timeout => "TIMEOUT",
            Self::CarTooLarge => "CAR_TOO_LARGE",
            Self::UnsupportedMultiaddrFormat => "UNSUPPORTED_MULTIADDR_FORMAT",
            Self::UnknownFetchError => "UNKNOWN_FETCH_ERROR",
            Self::HostnameDnsError => "HOSTNAME_DNS_ERROR",
            Self::ConnectionRefused => "CONNECTION_REFUSED",
            Self::UnsupportedCidHashAlgo => "UNSUPPORTED_CID_HASH_ALGO",
            Self::ContentVerificationFailed => "CONTENT_VERIFICATION_FAILED",
            Self::UnexpectedCarBlock => "UNEXPECTED_CAR_BLOCK",
            Self::CannotParseCarFile => "CANNOT_PARSE_CAR_FILE",
            Self::Http(status) => return Cow::Owned(format!("HTTP_{status}")),
            Self::Lassie(status) => return Cow::Owned(format!("LASSIE_{status}")),
            Self::UnknownError => "UNKNOWN_ERROR",
        })
    }

    /// Whether the indexer itself was out of order, which says nothing about the provider.
    pub fn is_indexer_outage(&self) -> bool {
        let Self::Indexer(answer) = self else { return false };
        answer
            .strip_prefix("ERROR_5")
            .is_some_and(|rest| rest.len() == 2 && rest.bytes().all(|digit| digit.is_ascii_digit()))
    }
}

impl fmt::Display for RetrievalResult<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text())
    }
}

#[cfg(test)]
#[path = "result_tests.rs"]
mod tests;
