use std::sync::Arc;

use arrow_array::{
    BinaryViewArray, FixedSizeBinaryArray, LargeBinaryArray, StringArray, UInt16Array, UInt64Array,
};
use arrow_schema::{Field, Schema};

use super::*;
use crate::decode::quarantine::Reason;

/// Rows as plain values: what every reader must agree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Plain {
    pub validator: Vec<u8>,
    pub device: Vec<u8>,
    pub slot: u64,
    pub sent_ms: i64,
    pub received_ms: Option<i64>,
    pub transport: u8,
    pub proof: Option<Vec<u8>>,
    pub address: Option<Vec<u8>>,
    pub asn: Option<u32>,
    pub rtt_ns: Option<u64>,
}

pub(crate) fn plain(batch: &ObservationBatch) -> Vec<Plain> {
    (0..batch.len())
        .map(|row| Plain {
            validator: batch.validator.value(row).to_vec(),
            device: batch.device.value(row).to_vec(),
            slot: batch.slot.value(row),
            sent_ms: batch.sent_ms.value(row),
            received_ms: batch.received_ms.is_valid(row).then(|| batch.received_ms.value(row)),
            transport: batch.transport.value(row),
            proof: batch.proof.is_valid(row).then(|| batch.proof.value(row).to_vec()),
            address: batch.address.is_valid(row).then(|| batch.address.value(row).to_vec()),
            asn: batch.asn.is_valid(row).then(|| batch.asn.value(row)),
            rtt_ns: batch.rtt_ns.is_valid(row).then(|| batch.rtt_ns.value(row)),
        })
        .collect()
}

/// A batch of these rows, checked.
pub(crate) fn batch_of(rows: &[Plain]) -> Result<ObservationBatch, Quarantine> {
    ObservationBatch::from_record_batch(&record_batch_of(rows), 0)
}

pub(crate) fn record_batch_of(rows: &[Plain]) -> RecordBatch {
    let bytes = |of: &dyn Fn(&Plain) -> Option<Vec<u8>>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<BinaryArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        bytes(&|row| Some(row.validator.clone())),
        bytes(&|row| Some(row.device.clone())),
        Arc::new(rows.iter().map(|row| row.slot).collect::<UInt64Array>()),
        Arc::new(rows.iter().map(|row| row.sent_ms).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.received_ms).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.transport).collect::<UInt8Array>()),
        bytes(&|row| row.proof.clone()),
        bytes(&|row| row.address.clone()),
        Arc::new(rows.iter().map(|row| row.asn).collect::<UInt32Array>()),
        Arc::new(rows.iter().map(|row| row.rtt_ns).collect::<UInt64Array>()),
    ];
    RecordBatch::try_new(schema::observations(), columns).unwrap()
}

/// Two rows with an answer, one without.
pub(crate) fn sample() -> Vec<Plain> {
    let answered = Plain {
        validator: b"val-0".to_vec(),
        device: (1..16).collect(),
        slot: 7,
        sent_ms: 1_800_006_300_123,
        received_ms: Some(1_800_006_300_223),
        transport: 0,
        proof: Some(b"a.b.c".to_vec()),
        address: Some(vec![192, 0, 2, 1]),
        asn: Some(64_496),
        rtt_ns: Some(u64::MAX),
    };
    let binary =
        Plain { proof: Some(vec![0xd2, 0x84, 0, 255]), address: Some(vec![7; 16]), ..answered.clone() };
    let silent = Plain {
        slot: u64::MAX,
        sent_ms: i64::MIN,
        received_ms: None,
        transport: 2,
        proof: None,
        address: None,
        asn: None,
        rtt_ns: None,
        ..answered.clone()
    };
    vec![answered, binary, silent]
}

fn replace(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let place = batch.schema().index_of(name).unwrap();
    let mut fields: Vec<_> = batch.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields[place] = Field::new(name, array.data_type().clone(), true);
    let mut columns = batch.columns().to_vec();
    columns[place] = array;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn fault(batch: &RecordBatch) -> (Reason, Option<&'static str>, Option<Place>) {
    let fault = ObservationBatch::from_record_batch(batch, 100).unwrap_err();
    (fault.reason, fault.column, fault.place)
}

#[test]
fn columns_are_found_by_name_in_any_order_and_others_are_ignored() {
    let batch = record_batch_of(&sample());
    let order: Vec<usize> = (0..10).rev().collect();
    let shuffled = batch.project(&order).unwrap();
    assert_eq!(plain(&ObservationBatch::from_record_batch(&shuffled, 0).unwrap()), sample());
    let extra = Field::new("note", DataType::Utf8, true);
    let fields: Vec<_> =
        batch.schema().fields().iter().map(|field| field.as_ref().clone()).chain([extra]).collect();
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(StringArray::from(vec!["x"; 3])));
    let wide = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert_eq!(plain(&ObservationBatch::from_record_batch(&wide, 0).unwrap()), sample());
}

#[test]
fn optional_columns_may_be_absent_and_then_are_null() {
    let batch = record_batch_of(&sample()).project(&[0, 1, 2, 3, 4, 5, 6]).unwrap();
    let read = ObservationBatch::from_record_batch(&batch, 0).unwrap();
    let bare = |row: Plain| Plain { address: None, asn: None, rtt_ns: None, ..row };
    assert_eq!(plain(&read), sample().into_iter().map(bare).collect::<Vec<_>>());
    for (index, name) in COLUMNS.iter().enumerate().take(REQUIRED) {
        let others: Vec<usize> = (0..10).filter(|other| *other != index).collect();
        let missing = record_batch_of(&sample()).project(&others).unwrap();
        assert_eq!(fault(&missing), (Reason::Schema, Some(*name), None));
    }
    let twice = record_batch_of(&sample()).project(&[0, 1, 2, 3, 4, 5, 6, 2]).unwrap();
    assert_eq!(fault(&twice), (Reason::Schema, Some("slot"), None));
}

#[test]
fn bytes_may_lie_in_any_binary_layout_and_are_shared() {
    let batch = record_batch_of(&sample());
    let devices: Vec<Vec<u8>> = sample().into_iter().map(|row| row.device).collect();
    let large = Arc::new(LargeBinaryArray::from_iter_values(&devices));
    let fixed = Arc::new(FixedSizeBinaryArray::try_from_iter(devices.iter()).unwrap());
    let view = Arc::new(BinaryViewArray::from_iter_values(&devices));
    let layouts: [(ArrayRef, *const u8); 3] = [
        (Arc::clone(&large) as ArrayRef, large.value(0).as_ptr()),
        (Arc::clone(&fixed) as ArrayRef, fixed.value(0).as_ptr()),
        (Arc::clone(&view) as ArrayRef, view.value(0).as_ptr()),
    ];
    for (array, address) in layouts {
        let other = replace(&batch, "device", array);
        let read = ObservationBatch::from_record_batch(&other, 0).unwrap();
        assert_eq!(plain(&read), sample());
        assert_eq!(read.device.value(0).as_ptr(), address, "{:?} is copied", other.column(1).data_type());
        let table = read.to_record_batch().unwrap();
        assert_eq!(table.schema(), schema::observations());
        assert_eq!(plain(&ObservationBatch::from_record_batch(&table, 0).unwrap()), sample());
        // A slice starts inside the buffers.
        let read = ObservationBatch::from_record_batch(&other.slice(1, 2), 0).unwrap();
        assert_eq!(plain(&read), sample()[1..]);
        let table = read.to_record_batch().unwrap();
        assert_eq!(plain(&ObservationBatch::from_record_batch(&table, 0).unwrap()), sample()[1..]);
    }
    let proofs: BinaryViewArray = sample().into_iter().map(|row| row.proof).collect();
    let read = ObservationBatch::from_record_batch(&replace(&batch, "proof", Arc::new(proofs)), 0).unwrap();
    assert_eq!(plain(&read), sample());
    let read = ObservationBatch::from_record_batch(&batch, 0).unwrap();
    for index in 0..10 {
        let source = batch.column(index).to_data();
        let taken = read.to_record_batch().unwrap().column(index).to_data();
        for (a, b) in source.buffers().iter().zip(taken.buffers()) {
            assert_eq!(a.as_ptr(), b.as_ptr(), "column {index} is copied");
        }
    }
}

#[test]
fn other_types_are_refused_with_the_column() {
    let batch = record_batch_of(&sample());
    let text = Arc::new(StringArray::from(vec!["a"; 3]));
    for name in COLUMNS {
        assert_eq!(
            fault(&replace(&batch, name, Arc::clone(&text) as ArrayRef)),
            (Reason::Schema, Some(name), None)
        );
    }
    for (name, array) in [
        ("slot", Arc::new(Int64Array::from(vec![7; 3])) as ArrayRef),
        ("sent_ms", Arc::new(UInt64Array::from(vec![7; 3]))),
        ("transport", Arc::new(UInt16Array::from(vec![2; 3]))),
        ("asn", new_null_array(&DataType::Null, 3)),
    ] {
        assert_eq!(fault(&replace(&batch, name, array)), (Reason::Schema, Some(name), None));
    }
}

#[test]
fn the_first_bad_row_is_named() {
    type Change = fn(&mut Plain);
    let cases: [(Change, &str); 8] = [
        (|row| row.transport = 5, "transport"),
        (|row| row.received_ms = None, "received_ms"),
        (|row| row.proof = None, "proof"),
        (|row| row.address = Some(vec![1; 5]), "address"),
        (|row| row.address = Some(vec![]), "address"),
        (
            |row| {
                row.transport = 4;
                row.proof = None;
            },
            "received_ms",
        ),
        (
            |row| {
                row.transport = 1;
                row.received_ms = None;
            },
            "proof",
        ),
        (
            |row| {
                row.transport = 255;
                row.received_ms = None;
                row.proof = None;
            },
            "transport",
        ),
    ];
    for (change, column) in cases {
        let mut rows = vec![sample()[0].clone(); 5];
        change(&mut rows[3]);
        change(&mut rows[4]);
        assert_eq!(fault(&record_batch_of(&rows)), (Reason::Schema, Some(column), Some(Place::Row(103))));
        rows[1].address = Some(vec![9; 3]);
        assert_eq!(fault(&record_batch_of(&rows)), (Reason::Schema, Some("address"), Some(Place::Row(101))));
    }
    let batch = record_batch_of(&sample());
    for (name, array) in [
        ("validator", Arc::new(BinaryArray::from(vec![Some(b"a" as &[u8]), None, None])) as ArrayRef),
        ("device", Arc::new(LargeBinaryArray::from(vec![Some(b"a" as &[u8]), None, Some(b"")]))),
        ("slot", Arc::new(UInt64Array::from(vec![Some(1), None, None]))),
        ("sent_ms", Arc::new(Int64Array::from(vec![Some(1), None, None]))),
        ("transport", Arc::new(UInt8Array::from(vec![Some(0), None, Some(2)]))),
    ] {
        assert_eq!(fault(&replace(&batch, name, array)), (Reason::Schema, Some(name), Some(Place::Row(101))));
    }
    let fault = ObservationBatch::from_record_batch(&batch.slice(0, 2), 5).map(|_| ());
    assert!(fault.is_ok());
}

#[test]
fn pieces_are_bounded_and_lose_nothing() {
    let rows: Vec<Plain> =
        (0..1000).map(|slot| Plain { slot, proof: Some(vec![1; 100]), ..sample()[0].clone() }).collect();
    for (most_rows, bytes) in [(1000, u64::MAX), (7, u64::MAX), (1000, 1000), (1000, 1), (0, 0)] {
        let mut slots = Vec::new();
        for piece in pieces(record_batch_of(&rows), most_rows, bytes) {
            assert!(piece.num_rows() <= most_rows.max(1));
            let batch = ObservationBatch::from_record_batch(&piece, 0).unwrap();
            assert!(batch.len() == 1 || batch.len() as u64 * 124 <= bytes, "{} rows", batch.len());
            slots.extend(batch.slot.values().iter().copied());
        }
        assert!(slots.into_iter().eq(0..1000));
    }
}
