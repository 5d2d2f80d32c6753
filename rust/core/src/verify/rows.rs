//! One observation as it passes through sorting: its identity, its sort key and its place of origin.
//!
//! In: the columns of an observation batch. Out: key and payload bytes whose order is (device, slot, validator, `row_id`,
//! annotations, file, row), and rows read back from them. Rule: uptime proof, 2.2. Invariant: rows with one `row_id` are
//! neighbours after sorting, and the first of them is the one that stays.

use std::ops::Range;

use crate::decode::proof::MAX_ENVELOPE;
use crate::hash::{Hash, Preimage, sha256};
use crate::spill::{Key, KeyReader};

/// How a payload holds the envelope: not at all, its bytes, or the hash of one that is too long to be decoded.
const NO_PROOF: u8 = 0;
const WHOLE_PROOF: u8 = 1;
const LONG_PROOF: u8 = 2;

/// An observation with its place of origin, borrowed from wherever it was read.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Validator id.
    pub validator: &'a [u8],
    /// Device id.
    pub device: &'a [u8],
    /// Slot number.
    pub slot: u64,
    /// When the challenge left, ms.
    pub sent_ms: i64,
    /// When the answer was complete, ms.
    pub received_ms: Option<i64>,
    /// 0 answered, 1 timeout, 2 no connection, 3 other error, 4 not attempted.
    pub transport: u8,
    /// The envelope's bytes.
    pub proof: Option<&'a [u8]>,
    /// The address that answered, 4 or 16 bytes.
    pub address: Option<&'a [u8]>,
    /// Its network operator.
    pub asn: Option<u32>,
    /// Round trip, ns.
    pub rtt_ns: Option<u64>,
    /// Number of the file in the settlement's list.
    pub file: u32,
    /// Number of the row in the file.
    pub row: u64,
}

impl Observation<'_> {
    /// Number of the file, from a sort key: it stands before the number of the row, at the end.
    pub fn file_of(key: &[u8]) -> Option<u32> {
        let (_, tail) = key.split_last_chunk::<16>()?;
        tail.first_chunk::<8>().and_then(|file| u32::try_from(u64::from_be_bytes(*file)).ok())
    }

    /// The field of the device, from a sort key: it stands at the beginning.
    pub fn device_of(key: &[u8]) -> Option<&[u8]> {
        let mut reader = KeyReader::new(key);
        reader.skip_bytes()?;
        key.get(..key.len() - reader.rest().len())
    }

    /// Appends what the identity of the row is the hash of.
    pub fn write_preimage(&self, out: &mut Vec<u8>) {
        let _ = Preimage::written("depinverify/observation/v1", out)
            .lp(self.validator)
            .lp(self.device)
            .u64(self.slot)
            .i64(self.sent_ms)
            .i64(self.received_ms.unwrap_or(-1))
            .raw(&[self.transport])
            .lp(self.proof.unwrap_or_default());
    }

    /// Identity of the row.
    pub fn row_id(&self) -> Hash {
        let mut preimage = Vec::new();
        self.write_preimage(&mut preimage);
        sha256(&preimage)
    }

    /// Writes sort key and payload of the row with this identity; both buffers are cleared first.
    pub fn encode(&self, id: &Hash, key: &mut Key, payload: &mut Vec<u8>) {
        key.clear()
            .bytes(self.device)
            .u64(self.slot)
            .bytes(self.validator)
            .fixed(id)
            .nullable(self.address, |key, address| _ = key.bytes(address))
            .nullable(self.asn, |key, asn| _ = key.u64(u64::from(asn)))
            .nullable(self.rtt_ns, |key, rtt| _ = key.u64(rtt))
            .u64(u64::from(self.file))
            .u64(self.row);
        payload.clear();
        payload.extend_from_slice(&self.sent_ms.to_be_bytes());
        payload.extend_from_slice(&self.received_ms.unwrap_or(0).to_be_bytes());
        payload.push(u8::from(self.received_ms.is_some()));
        payload.push(self.transport);
        match self.proof {
            None => payload.push(NO_PROOF),
            Some(proof) if proof.len() <= MAX_ENVELOPE => {
                payload.push(WHOLE_PROOF);
                payload.extend_from_slice(proof);
            }
            // It is malformed whatever it holds, and may be as long as a file: its hash is all that is needed.
            Some(proof) => {
                payload.push(LONG_PROOF);
                payload.extend_from_slice(&sha256(proof));
            }
        }
    }
}

/// A row of a [`Block`]; ranges point into the block's bytes.
#[derive(Clone, Debug)]
pub struct Row {
    /// Identity.
    pub id: Hash,
    validator: Range<usize>,
    device: Range<usize>,
    /// Slot number.
    pub slot: u64,
    /// When the challenge left, ms.
    pub sent_ms: i64,
    /// When the answer was complete, ms.
    pub received_ms: Option<i64>,
    /// See [`Observation::transport`].
    pub transport: u8,
    proof: Option<Range<usize>>,
    is_long: bool,
    address: Option<Range<usize>>,
    /// Network operator of the address.
    pub asn: Option<u32>,
    /// Round trip, ns.
    pub rtt_ns: Option<u64>,
    /// File and row where it stood.
    pub origin: (u32, u64),
    /// Whether a file that its validator signed holds it.
    pub is_signed: bool,
}

/// The envelope of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope<'a> {
    /// Its bytes.
    Whole(&'a [u8]),
    /// SHA-256 of one that is too long to be decoded.
    Long(Hash),
}

/// Distinct rows of whole devices, in sort order.
#[derive(Debug, Default)]
pub struct Block {
    bytes: Vec<u8>,
    /// The device of the last row, as it stands in the key.
    device: Vec<u8>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Further places where a row stood, by position of the row.
    pub repeats: Vec<(usize, (u32, u64))>,
}

/// A sorted record that does not have the form that [`Observation::encode`] writes: the work folder was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sorted row in the work folder is damaged")]
pub struct DamagedRow;

impl Block {
    /// Adds the next sorted record, from a file that is signed or not; a repeat of the last row only adds its origin and
    /// the signature.
    pub fn push(&mut self, key: &[u8], payload: &[u8], is_signed: bool) -> Result<(), DamagedRow> {
        let checkpoint = self.bytes.len();
        let row = Row { is_signed, ..self.read(key, payload).ok_or(DamagedRow)? };
        if !key.starts_with(&self.device) || self.rows.is_empty() {
            self.device.clear();
            self.device.extend_from_slice(Observation::device_of(key).ok_or(DamagedRow)?);
        }
        match self.rows.last_mut() {
            Some(last) if last.id == row.id => {
                last.is_signed |= is_signed;
                self.repeats.push((self.rows.len() - 1, row.origin));
                self.bytes.truncate(checkpoint);
            }
            _ => self.rows.push(row),
        }
        Ok(())
    }

    /// Makes room for this many rows and bytes in all.
    pub fn reserve(&mut self, (rows, bytes): (usize, usize)) {
        self.rows.reserve(rows.saturating_sub(self.rows.len()));
        self.bytes.reserve(bytes.saturating_sub(self.bytes.len()));
    }

    fn read(&mut self, key: &[u8], payload: &[u8]) -> Option<Row> {
        // Rows of one device lie behind each other, and share its bytes. Its field ends itself.
        let known = self.rows.last().zip(key.strip_prefix(self.device.as_slice()));
        let mut reader = KeyReader::new(known.map_or(key, |(_, behind)| behind));
        let device = match known {
            Some((last, _)) => last.device.clone(),
            None => self.keep(|bytes| reader.bytes(bytes))?,
        };
        let slot = reader.u64()?;
        let validator = self.keep(|bytes| reader.bytes(bytes))?;
        let id: Hash = reader.fixed()?;
        let address = if reader.is_present()? { Some(self.keep(|bytes| reader.bytes(bytes))?) } else { None };
        let asn = if reader.is_present()? { Some(u32::try_from(reader.u64()?).ok()?) } else { None };
        let rtt_ns = if reader.is_present()? { Some(reader.u64()?) } else { None };
        let file = u32::try_from(reader.u64()?).ok()?;
        let row = reader.u64()?;
        let (sent, rest) = payload.split_first_chunk::<8>()?;
        let (received, rest) = rest.split_first_chunk::<8>()?;
        let (&[has_received, transport, form], proof) = rest.split_first_chunk::<3>()?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(proof);
        Some(Row {
            id,
            validator,
            device,
            slot,
            sent_ms: i64::from_be_bytes(*sent),
            received_ms: (has_received == 1).then(|| i64::from_be_bytes(*received)),
            transport,
            proof: (form != NO_PROOF).then_some(start..self.bytes.len()),
            is_long: form == LONG_PROOF,
            address,
            asn,
            rtt_ns,
            origin: (file, row),
            is_signed: false,
        })
    }

    fn keep(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<Range<usize>> {
        let start = self.bytes.len();
        fill(&mut self.bytes)?;
        Some(start..self.bytes.len())
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// Validator of a row.
    pub fn validator(&self, row: &Row) -> &[u8] {
        self.slice(&row.validator)
    }

    /// Device of a row.
    pub fn device(&self, row: &Row) -> &[u8] {
        self.slice(&row.device)
    }

    /// Bytes that the block holds.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.device.len()
    }

    /// Envelope of a row.
    pub fn proof(&self, row: &Row) -> Option<Envelope<'_>> {
        let held = row.proof.as_ref().map(|range| self.slice(range))?;
        Some(match held.try_into() {
            Ok(hash) if row.is_long => Envelope::Long(hash),
            _ => Envelope::Whole(held),
        })
    }

    /// Address of a row.
    pub fn address(&self, row: &Row) -> Option<&[u8]> {
        row.address.as_ref().map(|range| self.slice(range))
    }

    /// The rows of each device in turn.
    pub fn devices(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let first = self.rows.get(start)?;
            let length = self.rows.get(start..)?.iter().take_while(|row| row.device == first.device).count();
            let range = start..start + length;
            start = range.end;
            Some(range)
        })
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
