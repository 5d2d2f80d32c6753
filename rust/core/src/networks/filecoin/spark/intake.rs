//! A file of measurements.
//!
//! In: JSON lines, or one JSON array. Out: the measurements that can be evaluated, and every other one with its place and
//! reason. Rule: Filecoin, C1.
//! Invariant: a broken line costs that line alone; a broken array costs what stands behind the break. Lines of white space
//! are no measurements. Memory is linear in what can be evaluated: of the rest the first are kept, and all are counted.

use std::collections::BTreeMap;

use memchr::memchr;

use super::measurement::{DropReason, MAX_DEPTH, Measurement, Scratch, Validity};
use crate::decode::distinct::Distinct;
use crate::decode::json::{JsonError, Reader};

/// Records without an evaluation that are kept one by one; further ones are counted only.
pub const KEPT: usize = 1 << 20;

/// What files hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake<M> {
    /// What can be evaluated, in the order of the files.
    pub measurements: M,
    /// What cannot, in the order of the files: the first [`KEPT`].
    pub dropped: Vec<Dropped>,
    /// How many were dropped for each reason, by its name.
    pub counts: BTreeMap<&'static str, u64>,
}

/// A measurement that is not evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its line, or its place in the array, from 1.
    pub place: u64,
    /// Why not.
    pub reason: DropReason,
}

impl<M> Intake<M> {
    /// Adds the measurements of a file: one JSON array if a bracket comes first, otherwise one JSON object a line.
    pub fn read<'a>(&mut self, file: &'a [u8], validity: Validity)
    where
        M: Extend<Measurement<'a>>,
    {
        let (mut names, mut scratch) = (Distinct::new(), Scratch::default());
        if file.trim_ascii_start().first() == Some(&b'[') {
            let mut place = 1;
            if let Err(error) = read_array(file, validity, &mut names, &mut scratch, self, &mut place) {
                self.add(place, Err(DropReason::Json(error)));
            }
            return;
        }
        let (mut start, mut place) = (0, 0);
        while start < file.len() {
            let rest = file.get(start..).unwrap_or_default();
            let line = memchr(b'\n', rest).and_then(|end| rest.get(..end)).unwrap_or(rest);
            start += line.len() + 1;
            place += 1;
            if !line.trim_ascii().is_empty() {
                let found = read_line(line, place, validity, &mut names, &mut scratch);
                self.add(place, found.unwrap_or_else(|error| Err(DropReason::Json(error))));
            }
        }
    }

    #[inline]
    fn add<'a>(&mut self, place: u64, found: Result<Measurement<'a>, DropReason>)
    where
        M: Extend<Measurement<'a>>,
    {
        match found {
            Ok(measurement) => self.measurements.extend([measurement]),
            Err(reason) => {
                *self.counts.entry(reason.name()).or_default() += 1;
                if self.dropped.len() < KEPT {
                    self.dropped.push(Dropped { place, reason });
                }
            }
        }
    }
}

/// Reads the measurements of one file, for looking at each.
pub fn read(file: &[u8], validity: Validity) -> Intake<Vec<Measurement<'_>>> {
    let mut intake = Intake::default();
    intake.read(file, validity);
    intake
}

#[inline]
fn read_line<'a>(
    line: &'a [u8],
    place: u64,
    validity: Validity,
    names: &mut Distinct,
    scratch: &mut Scratch,
) -> Result<Result<Measurement<'a>, DropReason>, JsonError> {
    let mut reader = Reader::new(line, MAX_DEPTH, names)?;
    let found = Measurement::read(&mut reader, line, place, validity, scratch)?;
    reader.finish()?;
    Ok(found)
}

/// Adds the elements up to the end or to the first one that cannot be read, whose place is left in `place`.
fn read_array<'a, M: Extend<Measurement<'a>>>(
    file: &'a [u8],
    validity: Validity,
    names: &mut Distinct,
    scratch: &mut Scratch,
    intake: &mut Intake<M>,
    place: &mut u64,
) -> Result<(), JsonError> {
    let mut reader = Reader::new(file, MAX_DEPTH + 1, names)?;
    let mut array = reader.open_array()?;
    while reader.next_element(&mut array)? {
        let found = Measurement::read(&mut reader, file, *place, validity, scratch)?;
        intake.add(*place, found);
        *place += 1;
    }
    reader.finish()
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
