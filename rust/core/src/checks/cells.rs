//! Place of an H3 cell: its index as text in, centre and radius out.
//!
//! A registry stores the centre and the radius of a device's cell once, when the device is enrolled, so that settling an
//! epoch needs no grid library (uptime proof, sections 5 and 9.2). Rule: resolution 5 to 12; centre in 10^-7 degrees,
//! rounded to the nearest; radius = the largest great-circle distance from the centre to a vertex of the boundary, on
//! the sphere of R = 6371007 m, rounded up to whole metres. Invariant: every point of the cell lies within the radius.

use std::str::FromStr;

use h3o::{CellIndex, LatLng};
use thiserror::Error;

/// Centre and radius of a cell, as an `enroll` or `relocate` event stores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellPlace {
    /// Latitude of the centre in 10^-7 degrees.
    pub lat_e7: i32,
    /// Longitude of the centre in 10^-7 degrees.
    pub lon_e7: i32,
    /// Radius in metres, rounded up.
    pub radius_m: u32,
}

/// Why a text names no cell that a registry takes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CellError {
    /// Another number of characters, or a character that is no lower-case hex digit.
    #[error("expected an H3 index of 15 or 16 lower-case hex digits")]
    Form,
    /// Hex digits that are no cell of the grid.
    #[error("no cell of the H3 grid has this index")]
    NoCell,
    /// A cell that is too large or too small.
    #[error("expected a cell of resolution 5 to 12, found resolution {0}")]
    Resolution(u8),
}

const RESOLUTIONS: std::ops::RangeInclusive<u8> = 5..=12;
const EARTH_RADIUS_M: f64 = 6_371_007.0;
const E7: f64 = 1e7;

/// The index of a cell that is written as 15 or 16 lower-case hex digits.
pub fn parse_cell(text: &str) -> Result<u64, CellError> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !(15..=16).contains(&text.len()) || !text.bytes().all(is_digit) {
        return Err(CellError::Form);
    }
    let cell = CellIndex::from_str(text).map_err(|_| CellError::NoCell)?;
    let resolution = u8::from(cell.resolution());
    if RESOLUTIONS.contains(&resolution) {
        Ok(u64::from(cell))
    } else {
        Err(CellError::Resolution(resolution))
    }
}

/// Centre and radius of the cell that `text` names.
pub fn cell_place(text: &str) -> Result<CellPlace, CellError> {
    let cell = CellIndex::try_from(parse_cell(text)?).map_err(|_| CellError::NoCell)?;
    let centre = LatLng::from(cell);
    let radius = cell.boundary().iter().map(|vertex| great_circle_m(centre, *vertex)).fold(0.0, f64::max);
    // Degrees in 10^-7 fit i32 (at most 1.8 * 10^9), the radius of a cell of resolution 5 is about 10 km.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, see above")]
    Ok(CellPlace {
        lat_e7: (centre.lat() * E7).round() as i32,
        lon_e7: (centre.lng() * E7).round() as i32,
        radius_m: radius.ceil() as u32,
    })
}

/// Latitude and longitude in 10^-7 degrees of each corner of a cell, in order around it. For maps only.
pub fn cell_boundary(text: &str) -> Result<Vec<(i32, i32)>, CellError> {
    let cell = CellIndex::try_from(parse_cell(text)?).map_err(|_| CellError::NoCell)?;
    let e7 = |degrees: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "at most 1.8 * 10^9")]
        let rounded = (degrees * E7).round() as i32;
        rounded
    };
    Ok(cell.boundary().iter().map(|corner| (e7(corner.lat()), e7(corner.lng()))).collect())
}

/// Great-circle distance by the haversine form, which is exact enough for points that lie close together.
fn great_circle_m(a: LatLng, b: LatLng) -> f64 {
    let half_lat = ((b.lat_radians() - a.lat_radians()) / 2.0).sin();
    let half_lon = ((b.lng_radians() - a.lng_radians()) / 2.0).sin();
    let h = half_lat * half_lat + a.lat_radians().cos() * b.lat_radians().cos() * half_lon * half_lon;
    2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
#[path = "cells_tests.rs"]
mod tests;
