//! Python module `depinverify._native`: unwrap, release the interpreter lock, call the core, wrap.

#![allow(clippy::needless_pass_by_value, reason = "Python hands every argument over as a value of its own")]

use pyo3::prelude::*;

mod columns;
mod errors;
mod integers;
mod pool;

mod arweave;
mod beacon;
mod bls;
mod bls_batch;
mod catalogue;
mod cells;
mod combination;
mod decode;
mod device_slots;
mod epoch;
mod explain;
mod indicators;
mod models;
mod observations;
mod outcomes;
mod registry;
mod reward;
mod rsa_pss;
mod signature;
mod table_file;
mod tables;
mod verification;

/// The table of contents: one line per module of the binding, in reading order.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("__opt_level__", env!("DEPINVERIFY_OPT_LEVEL"))?;
    catalogue::register(module)?;
    observations::register(module)?;
    signature::register(module)?;
    bls::register(module)?;
    bls_batch::register(module)?;
    rsa_pss::register(module)?;
    decode::register(module)?;
    beacon::register(module)?;
    registry::register(module)?;
    epoch::register(module)?;
    verification::register(module)?;
    reward::register(module)?;
    models::register(module)?;
    outcomes::register(module)?;
    combination::register(module)?;
    indicators::register(module)?;
    tables::register(module)?;
    arweave::register(module)?;
    cells::register(module)?;
    table_file::register(module)?;
    Ok(())
}
