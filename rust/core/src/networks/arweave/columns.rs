//! Records of evidence in Arrow columns, and verdicts as a table.
//!
//! In: a record batch with the members of a record as columns, any of them absent; or findings. Out: records; or a record
//! batch of verdicts. Invariant: a column of another type is a bad call, a null is an absent member.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::rules::Finding;
use super::wire::Members;

/// Columns of bytes, of whole numbers, of texts and of truth values that a record may have.
const MEMBERS: [(&str, &[&str]); 4] = [
    ("bytes", &["data_path", "tx_path", "tx_root", "data_root", "chunk", "chunk_sha256"]),
    (
        "integers of 64 bits",
        &["offset", "block_start", "block_size", "data_size", "relative_offset", "tx_start", "chunk_size"],
    ),
    ("text", &["id", "packing", "ruleset"]),
    ("booleans", &["padded"]),
];

/// A column of a type that no record has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?}: expected {expected}, found {found}")]
pub struct ColumnError {
    /// The column's name.
    pub column: String,
    /// What was expected.
    pub expected: &'static str,
    /// The type that was found.
    pub found: String,
}

/// A batch whose columns have been looked at.
pub struct Columns<'a>(&'a RecordBatch);

impl<'a> Columns<'a> {
    /// Checks the types of the columns that a record has; others are ignored.
    pub fn new(batch: &'a RecordBatch) -> Result<Self, ColumnError> {
        for (expected, names) in MEMBERS {
            for name in names {
                let Some(column) = batch.column_by_name(name) else { continue };
                let kind = column.data_type();
                let is_right = match expected {
                    "bytes" => matches!(
                        kind,
                        DataType::Binary
                            | DataType::LargeBinary
                            | DataType::BinaryView
                            | DataType::FixedSizeBinary(_)
                    ),
                    "text" => matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
                    "booleans" => *kind == DataType::Boolean,
                    _ => matches!(kind, DataType::UInt64 | DataType::Int64),
                } || *kind == DataType::Null;
                if !is_right {
                    let (column, found) = ((*name).to_owned(), kind.to_string());
                    return Err(ColumnError { column, expected, found });
                }
            }
        }
        Ok(Self(batch))
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One record's members.
    pub const fn row(&self, row: usize) -> Row<'a> {
        Row { batch: self.0, row }
    }
}

/// One row of a batch.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    fn column(self, name: &str) -> Option<&'a ArrayRef> {
        self.batch
            .column_by_name(name)
            .filter(|column| column.is_valid(self.row) && *column.data_type() != DataType::Null)
    }
}

impl<'a> Members<'a> for Row<'a> {
    fn bytes(&self, name: &'static str) -> Result<Option<Cow<'a, [u8]>>, String> {
        Ok(self.column(name).map(|column| {
            Cow::Borrowed(match column.data_type() {
                DataType::Binary => column.as_binary::<i32>().value(self.row),
                DataType::LargeBinary => column.as_binary::<i64>().value(self.row),
                DataType::BinaryView => column.as_binary_view().value(self.row),
                _ => column.as_fixed_size_binary().value(self.row),
            })
        }))
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, String> {
        let Some(column) = self.column(name) else { return Ok(None) };
        if *column.data_type() == DataType::UInt64 {
            return Ok(Some(column.as_primitive::<UInt64Type>().value(self.row)));
        }
        let value = column.as_primitive::<Int64Type>().value(self.row);
        u64::try_from(value).map(Some).map_err(|_| format!("{name}: expected 0 or more, found {value}"))
    }

    fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, String> {
        Ok(self.column(name).map(|column| {
            Cow::Borrowed(match column.data_type() {
                DataType::Utf8 => column.as_string::<i32>().value(self.row),
                DataType::LargeUtf8 => column.as_string::<i64>().value(self.row),
                _ => column.as_string_view().value(self.row),
            })
        }))
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, String> {
        Ok(self.column(name).map(|column| column.as_boolean().value(self.row)))
    }
}

/// The schema of verdicts, one row per record in the order of the records.
///
/// `record` counts from 0, or is the line of a file counted from 1; `code`, `failed`, `not_run` and `outcome` are those of
/// the catalogue; ranges are half open, `weave_*` counted from 0.
pub fn verdict_schema() -> SchemaRef {
    let fields = [
        ("record", DataType::UInt64, false),
        ("id", DataType::Utf8, true),
        ("code", DataType::UInt8, false),
        ("failed", DataType::UInt32, false),
        ("not_run", DataType::UInt32, false),
        ("outcome", DataType::UInt8, false),
        ("data_root", DataType::Binary, true),
        ("chunk_start", DataType::UInt64, true),
        ("chunk_end", DataType::UInt64, true),
        ("weave_start", DataType::UInt64, true),
        ("weave_end", DataType::UInt64, true),
        ("ruleset", DataType::Utf8, true),
        ("detail", DataType::Utf8, false),
    ];
    Arc::new(Schema::new(fields.map(|(name, kind, nullable)| Field::new(name, kind, nullable)).to_vec()))
}

/// Writes verdicts; the first record has number `first`.
pub fn verdict_table(first: u64, findings: &[(Option<String>, Finding)]) -> Result<RecordBatch, ArrowError> {
    let (mut record, mut id) = (UInt64Builder::new(), StringBuilder::new());
    let (mut code, mut outcome) = (UInt8Builder::new(), UInt8Builder::new());
    let (mut failed, mut not_run) = (UInt32Builder::new(), UInt32Builder::new());
    let mut data_root = BinaryBuilder::new();
    let mut bounds: [UInt64Builder; 4] = Default::default();
    let (mut ruleset, mut detail) = (StringBuilder::new(), StringBuilder::new());
    for (number, (called, finding)) in (first..).zip(findings) {
        record.append_value(number);
        id.append_option(called.as_deref());
        code.append_value(finding.code);
        failed.append_value(finding.failed);
        not_run.append_value(finding.not_run);
        outcome.append_value(finding.outcome() as u8);
        data_root.append_option(finding.data_root);
        let of = |range: Option<(u64, u64)>| [range.map(|range| range.0), range.map(|range| range.1)];
        for (builder, bound) in bounds.iter_mut().zip([of(finding.chunk), of(finding.weave)].concat()) {
            builder.append_option(bound);
        }
        ruleset.append_option(finding.ruleset.map(super::Ruleset::name));
        detail.append_value(&finding.detail);
    }
    let [mut chunk_start, mut chunk_end, mut weave_start, mut weave_end] = bounds;
    RecordBatch::try_new(
        verdict_schema(),
        vec![
            Arc::new(record.finish()),
            Arc::new(id.finish()),
            Arc::new(code.finish()),
            Arc::new(failed.finish()),
            Arc::new(not_run.finish()),
            Arc::new(outcome.finish()),
            Arc::new(data_root.finish()),
            Arc::new(chunk_start.finish()),
            Arc::new(chunk_end.finish()),
            Arc::new(weave_start.finish()),
            Arc::new(weave_end.finish()),
            Arc::new(ruleset.finish()),
            Arc::new(detail.finish()),
        ],
    )
}
