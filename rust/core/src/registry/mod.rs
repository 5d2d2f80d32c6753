//! The registry: from its chain of events to what holds for one epoch.
//!
//! In: event lines, the bounds of an epoch, the authority's keys. Out: a [`Snapshot`] of devices, validators and their keys,
//! or the first line that makes the registry invalid. Rule: "uptime proof", sections 5 and 9.2.
//! Invariant: the snapshot is a function of the lines and the epoch alone; every event that counts was signed by whom the
//! rules name.

mod events;
mod fold;
mod keys;
mod members;
mod parties;
mod payee;
mod snapshot;

#[cfg(test)]
mod sample;

pub use events::{Body, Enrolment, Event, Place, Signature, Subject, event_hash, event_message, parse_event};
pub use fold::{Bounds, RegistryFault, fold};
pub use keys::{KeyError, KeyKind, PublicKey, parse_did_key, parse_raw_key};
pub use members::EventFault;
pub use parties::{Role, Standing, check_signatures};
pub use payee::Payee;
pub use snapshot::{Device, DeviceKey, Snapshot, Validator};
