//! Verdicts as a table.
//!
//! In: findings. Out: a record batch, one row per record. Rule: this project's own format.
//! Invariant: rows stand in the order of the records.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{BinaryBuilder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::rules::Finding;

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
