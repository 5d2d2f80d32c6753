//! Python module `depinverify._native`: unwrap, release the interpreter lock, call the core, wrap.

#![allow(clippy::needless_pass_by_value, reason = "Python hands every argument over as a value of its own")]

use pyo3::prelude::*;

mod columns;
mod errors;
mod integers;
mod pool;
mod sequences;

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
mod filecoin_arguments;
mod filecoin_chain;
mod filecoin_payments;
mod filecoin_periods;
mod filecoin_piece;
mod filecoin_possession;
mod filecoin_post;
mod filecoin_records;
mod filecoin_spark;
mod filecoin_vanilla;
mod indicators;
mod models;
mod observations;
mod outcomes;
mod registry;
mod reward;
mod rsa_pss;
mod signature;
mod sorter;
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
    filecoin_piece::register(module)?;
    filecoin_possession::register(module)?;
    filecoin_periods::register(module)?;
    filecoin_payments::register(module)?;
    filecoin_post::register(module)?;
    filecoin_records::register(module)?;
    filecoin_vanilla::register(module)?;
    filecoin_chain::register(module)?;
    filecoin_spark::register(module)?;
    cells::register(module)?;
    table_file::register(module)?;
    sorter::register(module)?;
    Ok(())
}
