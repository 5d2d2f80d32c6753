//! A file of measurements.
//!
//! In: JSON lines, or one JSON array. Out: the measurements that can be evaluated, and every other one with its place and
//! reason. Rule: Filecoin, C1.
//! Invariant: a broken line costs that line alone; a broken array costs what stands behind the break. Lines of white space
//! are no measurements. Memory is linear in what can be evaluated: of the rest the first are kept, and all are counted.

use std::collections::BTreeMap;

use memchr::memchr;

use super::measurement::{DropReason, MAX_DEPTH, Measurement, MeasurementReader, Validity};
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

/// What measurements are added to, one by one.
pub trait Sink<'a> {
    /// Adds a measurement.
    fn add(&mut self, measurement: &Measurement<'a>);
}

impl<'a> Sink<'a> for Vec<Measurement<'a>> {
    fn add(&mut self, measurement: &Measurement<'a>) {
        self.push(measurement.clone());
    }
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
        M: Sink<'a>,
    {
        let (mut names, mut one) = (Distinct::new(), MeasurementReader::default());
        if file.trim_ascii_start().first() == Some(&b'[') {
            let mut place = 1;
            if let Err(error) = self.read_array(file, validity, &mut names, &mut one, &mut place) {
                self.drop(place, DropReason::Json(error));
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
                match read_line(line, &mut names, &mut one) {
                    Ok(()) => self.add(place, validity, &mut one),
                    Err(error) => self.drop(place, DropReason::Json(error)),
                }
            }
        }
    }

    /// Adds the elements up to the end or to the first one that cannot be read, whose place is left in `place`.
    fn read_array<'a>(
        &mut self,
        file: &'a [u8],
        validity: Validity,
        names: &mut Distinct,
        one: &mut MeasurementReader<'a>,
        place: &mut u64,
    ) -> Result<(), JsonError>
    where
        M: Sink<'a>,
    {
        let mut reader = Reader::new(file, MAX_DEPTH + 1, names)?;
        let mut array = reader.open_array()?;
        while reader.next_element(&mut array)? {
            one.read(&mut reader)?;
            self.add(*place, validity, one);
            *place += 1;
        }
        reader.finish()
    }

    /// Adds what was read last.
    fn add<'a>(&mut self, place: u64, validity: Validity, one: &mut MeasurementReader<'a>)
    where
        M: Sink<'a>,
    {
        match one.measurement(place, validity) {
            Ok(measurement) => self.measurements.add(&measurement),
            Err(reason) => self.drop(place, reason),
        }
    }

    fn drop(&mut self, place: u64, reason: DropReason) {
        *self.counts.entry(reason.name()).or_default() += 1;
        if self.dropped.len() < KEPT {
            self.dropped.push(Dropped { place, reason });
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
    names: &mut Distinct,
    one: &mut MeasurementReader<'a>,
) -> Result<(), JsonError> {
    let mut reader = Reader::new(line, MAX_DEPTH, names)?;
    one.read(&mut reader)?;
    reader.finish()
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
