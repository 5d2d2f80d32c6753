//! Networks: how the evidence of each is decoded and judged.
//!
//! One folder per network; nothing below this floor knows a network by name.

pub mod arweave;
pub mod filecoin;
pub mod generic;

use crate::verdict::{CATALOGUE, Entry, Family};

/// The whole catalogue in the order of its documentation page: what all networks say, then each network's own codes, which
/// stand in its folder.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    CATALOGUE.iter().chain(arweave::words::CODES).chain(filecoin::words::CODES)
}

/// A network's code with this number.
pub fn code(network: &str, number: u8) -> Option<&'static Entry> {
    catalogue().find(|entry| {
        entry.family == Family::Code && entry.network == network && entry.number == Some(number)
    })
}
