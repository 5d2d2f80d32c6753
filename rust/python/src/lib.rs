//! Python module `depinverify._native`: unwrap, release the interpreter lock, call the core, wrap.

use pyo3::prelude::*;

mod columns;
mod errors;
mod pool;

mod bls;
mod cells;
mod observations;
mod reward;
mod signature;

/// The table of contents: one line per module of the binding, in reading order.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    observations::register(module)?;
    signature::register(module)?;
    bls::register(module)?;
    reward::register(module)?;
    module.add_function(wrap_pyfunction!(cells::cell_place, module)?)?;
    Ok(())
}
