//! Verdicts as a table.
//!
//! In: findings. Out: a record batch, one row per record. Rule: this project's own format.
//! Invariant: rows stand in the order of the records.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{BooleanBuilder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::finding::Finding;

/// The schema of verdicts, one row per record in the order of the records.
///
/// `record` counts from 0, or is the line of a file counted from 1; `code`, `failed`, `not_run` and `outcome` are those of
/// the catalogue; `subject` is the data set, round, miner, sector or signer; `is_proved` says whether the mathematics hold,
/// and `in_time` whether the record's transaction came in its window, each null where it was not looked at.
pub fn verdict_schema() -> SchemaRef {
    let fields = [
        ("record", DataType::UInt64, false),
        ("id", DataType::Utf8, true),
        ("kind", DataType::Utf8, true),
        ("code", DataType::UInt8, false),
        ("failed", DataType::UInt32, false),
        ("not_run", DataType::UInt32, false),
        ("outcome", DataType::UInt8, false),
        ("subject", DataType::Utf8, true),
        ("epoch", DataType::UInt64, true),
        ("is_proved", DataType::Boolean, true),
        ("in_time", DataType::Boolean, true),
        ("detail", DataType::Utf8, false),
    ];
    Arc::new(Schema::new(fields.map(|(name, kind, nullable)| Field::new(name, kind, nullable)).to_vec()))
}

/// Writes verdicts; the first record has number `first`.
pub fn verdict_table(first: u64, findings: &[(Option<String>, Finding)]) -> Result<RecordBatch, ArrowError> {
    let (mut record, mut epoch) = (UInt64Builder::new(), UInt64Builder::new());
    let (mut code, mut outcome) = (UInt8Builder::new(), UInt8Builder::new());
    let (mut failed, mut not_run) = (UInt32Builder::new(), UInt32Builder::new());
    let (mut is_proved, mut in_time) = (BooleanBuilder::new(), BooleanBuilder::new());
    let (mut id, mut kind) = (StringBuilder::new(), StringBuilder::new());
    let (mut subject, mut detail) = (StringBuilder::new(), StringBuilder::new());
    for (number, (called, finding)) in (first..).zip(findings) {
        record.append_value(number);
        id.append_option(called.as_deref());
        kind.append_option(finding.kind);
        code.append_value(finding.code);
        failed.append_value(finding.failed);
        not_run.append_value(finding.not_run);
        outcome.append_value(finding.outcome() as u8);
        subject.append_option(finding.subject.as_deref());
        epoch.append_option(finding.epoch);
        is_proved.append_option(finding.is_proved);
        in_time.append_option(finding.in_time);
        detail.append_value(&finding.detail);
    }
    RecordBatch::try_new(
        verdict_schema(),
        vec![
            Arc::new(record.finish()),
            Arc::new(id.finish()),
            Arc::new(kind.finish()),
            Arc::new(code.finish()),
            Arc::new(failed.finish()),
            Arc::new(not_run.finish()),
            Arc::new(outcome.finish()),
            Arc::new(subject.finish()),
            Arc::new(epoch.finish()),
            Arc::new(is_proved.finish()),
            Arc::new(in_time.finish()),
            Arc::new(detail.finish()),
        ],
    )
}
