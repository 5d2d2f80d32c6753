//! H3 cells: centre, radius and corners.

use depinverify_core::checks::cells;
use pyo3::prelude::*;

use crate::errors::input_error;

/// Latitude and longitude of the cell's centre in 10^-7 degrees, and its radius in metres.
#[pyfunction]
pub fn cell_place(py: Python<'_>, cell: &str) -> PyResult<(i32, i32, u32)> {
    let place =
        cells::cell_place(cell).map_err(|error| input_error(py, &format!("{cell:?}: {error}"), None))?;
    Ok((place.lat_e7, place.lon_e7, place.radius_m))
}

/// Latitude and longitude of the cell's corners in 10^-7 degrees.
#[pyfunction]
pub fn cell_boundary(py: Python<'_>, cell: &str) -> PyResult<Vec<(i32, i32)>> {
    cells::cell_boundary(cell).map_err(|error| input_error(py, &format!("{cell:?}: {error}"), None))
}

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(cell_place, module)?)?;
    module.add_function(wrap_pyfunction!(cell_boundary, module)?)
}
