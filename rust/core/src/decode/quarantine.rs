//! Why a whole file is set aside, and where in it the reason stands.
//!
//! In: what a reader of files found. Out: one of eight reasons with a sentence and the place. Rule: "uptime proof",
//! section 2.3: one bad file stops nobody's pay, it is listed with its reason and the settlement goes on. Invariant: the
//! same bytes under the same limits always give the same reason.

use std::fmt;

use super::container::Limits;

/// The reasons of "uptime proof", section 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// There is no signature beside the file.
    Unsigned,
    /// The signature does not verify, or is none.
    BadSignature,
    /// Someone else signed, or a row names another validator.
    WrongSigner,
    /// The signature is for another epoch.
    WrongEpoch,
    /// Columns, types or values are not those of an observation.
    Schema,
    /// The file ends too early.
    Truncated,
    /// The file is larger inside than a limit allows.
    Limit,
    /// The reader fails in any other way.
    Unreadable,
}

impl Reason {
    /// The name under which it is reported.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "UNSIGNED",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::WrongSigner => "WRONG_SIGNER",
            Self::WrongEpoch => "WRONG_EPOCH",
            Self::Schema => "SCHEMA",
            Self::Truncated => "TRUNCATED",
            Self::Limit => "LIMIT",
            Self::Unreadable => "UNREADABLE",
        }
    }
}

/// Where in a file something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line of a file of JSON lines, from 1.
    Line(u64),
    /// Row of a table, from 0.
    Row(u64),
    /// Row group of a Parquet file, from 0.
    RowGroup(usize),
    /// Record batch of an Arrow file, from 0.
    Batch(usize),
    /// Byte of the file as it lies on the disk, from 0.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(out, "line {line}"),
            Self::Row(row) => write!(out, "row {row}"),
            Self::RowGroup(group) => write!(out, "row group {group}"),
            Self::Batch(batch) => write!(out, "record batch {batch}"),
            Self::Byte(byte) => write!(out, "byte {byte}"),
        }
    }
}

/// A file, or a table that somebody handed over, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// The reason that is reported.
    pub reason: Reason,
    /// What was expected and found.
    pub message: String,
    /// The column, where one is at fault.
    pub column: Option<&'static str>,
    /// Where it stands, where that is known.
    pub place: Option<Place>,
}

impl Quarantine {
    /// A finding about the whole file.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), column: None, place: None }
    }

    /// Columns, types or values are not those of an observation.
    pub fn schema(message: impl Into<String>) -> Self {
        Self::new(Reason::Schema, message)
    }

    /// The file ends too early.
    pub fn truncated(message: impl Into<String>) -> Self {
        Self::new(Reason::Truncated, message)
    }

    /// A limit is exceeded.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(Reason::Limit, message)
    }

    /// Anything else that stops a reader.
    pub fn unreadable(message: impl fmt::Display) -> Self {
        Self::new(Reason::Unreadable, message.to_string())
    }

    /// Names the column.
    #[must_use]
    pub fn in_column(mut self, column: &'static str) -> Self {
        self.column = Some(column);
        self
    }

    /// Names the place, unless a closer one is named already.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// The file holds more than the limit of rows.
    pub fn too_many_rows(rows: u64, limits: &Limits) -> Self {
        Self::limit(format!("{rows} rows, a file may hold {}", limits.rows))
    }

    /// A part of the file is too large when decompressed.
    pub fn too_large(bytes: u64, limits: &Limits) -> Self {
        Self::limit(format!("{bytes} bytes decompressed, a row group may have {}", limits.group_bytes))
    }

    /// A part of the file grows too much when decompressed.
    pub fn too_dense(decompressed: u64, compressed: u64, limits: &Limits) -> Self {
        Self::limit(format!(
            "{compressed} bytes become {decompressed}, a compression ratio above {}",
            limits.ratio
        ))
    }
}

impl fmt::Display for Quarantine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.reason.name())?;
        if let Some(place) = self.place {
            write!(out, "{place}: ")?;
        }
        if let Some(column) = self.column {
            write!(out, "column \"{column}\": ")?;
        }
        out.write_str(&self.message)
    }
}

impl std::error::Error for Quarantine {}
