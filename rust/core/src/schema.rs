//! The Arrow schemas of what crosses a step.
//!
//! In and out of each step: record batches with these columns, in this order. Invariant: the content hash of a table is
//! defined by this order and these types, so a change here is a new format version.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

fn schema(fields: &[(&str, DataType, bool)]) -> SchemaRef {
    Arc::new(Schema::new(
        fields
            .iter()
            .map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable))
            .collect::<Vec<_>>(),
    ))
}

/// What a validator recorded: one row per answer, or per probe without one.
pub fn observations() -> SchemaRef {
    schema(&[
        ("validator", DataType::Binary, false),
        ("device", DataType::Binary, false),
        ("slot", DataType::UInt64, false),
        ("sent_ms", DataType::Int64, false),
        ("received_ms", DataType::Int64, true),
        ("transport", DataType::UInt8, false),
        ("proof", DataType::Binary, true),
        ("address", DataType::Binary, true),
        ("asn", DataType::UInt32, true),
        ("rtt_ns", DataType::UInt64, true),
    ])
}

/// One row per distinct observation, ascending by (device, slot, validator, `row_id`).
pub fn verdicts() -> SchemaRef {
    schema(&[
        ("row_id", DataType::Binary, false),
        ("validator", DataType::Binary, false),
        ("device", DataType::Binary, false),
        ("slot", DataType::UInt64, false),
        ("sent_ms", DataType::Int64, false),
        ("code", DataType::UInt8, false),
        ("failed", DataType::UInt32, false),
        ("not_run", DataType::UInt32, false),
        ("outcome", DataType::UInt8, false),
        ("proof_hash", DataType::Binary, true),
        ("e1", DataType::Int64, true),
        ("e2", DataType::Int64, true),
        ("e_bytes", DataType::Binary, true),
    ])
}

/// One row per eligible device, ascending by device.
pub fn scores() -> SchemaRef {
    schema(&[
        ("device", DataType::Binary, false),
        ("state", DataType::UInt8, false),
        ("score_e12", DataType::UInt64, false),
        ("windows_used", DataType::UInt64, false),
        ("up", DataType::UInt64, false),
        ("down", DataType::UInt64, false),
        ("scheduled", DataType::UInt64, false),
        ("excluded", DataType::UInt64, false),
        ("payout_e12", DataType::UInt64, false),
        ("reasons", DataType::Binary, false),
    ])
}

/// How often each device of the score table showed each outcome, without what was left out; for models beside availability.
pub fn outcomes() -> SchemaRef {
    let names = ["pass", "late", "fail", "timeout", "offline", "unknown", "invalid"];
    schema(&names.map(|name| (name, DataType::UInt64, false)))
}

/// Who probes whom: one row per (slot, device, validator), ascending by slot, then device, then rank of the validator.
pub fn assignments() -> SchemaRef {
    schema(&[
        ("slot", DataType::UInt64, false),
        ("device", DataType::Binary, false),
        ("validator", DataType::Binary, false),
        ("round", DataType::UInt64, false),
        ("nonce", DataType::Binary, false),
        ("eat_nonce", DataType::Binary, true),
        ("moment_ms", DataType::Int64, true),
    ])
}
