//! The registry of BLS keys: each is decoded and its subgroup checked once, then addressed by a dense id.
//!
//! In: compressed points of one variant. Out: ids 0, 1, 2, ... in order of first appearance. Rule: signature verification,
//! sections 4 and 5.1.
//! Invariant: the same bytes always give the same id, and a record never changes. A key that cannot be used is a record too,
//! so that its items cost one look-up.

use std::collections::HashMap;

use rayon::prelude::*;

use super::bls::{BlsPublicKey, BlsVariant};
use super::keys::KeyId;

/// All BLS keys of a run, of one variant.
#[derive(Clone, Debug)]
pub struct BlsKeyRegistry {
    variant: BlsVariant,
    // Looked up, never walked, so that no order of its own reaches a result.
    ids: HashMap<Box<[u8]>, KeyId>,
    keys: Vec<Option<BlsPublicKey>>,
}

impl BlsKeyRegistry {
    /// An empty registry.
    pub fn new(variant: BlsVariant) -> Self {
        Self { variant, ids: HashMap::new(), keys: Vec::new() }
    }

    /// Which group the keys are in.
    pub const fn variant(&self) -> BlsVariant {
        self.variant
    }

    /// The id of a key, which is decoded if it is new.
    pub fn register(&mut self, public_key: &[u8]) -> KeyId {
        let (id, is_new) = self.intern(public_key, 0);
        if is_new {
            self.keys.push(BlsPublicKey::parse(self.variant, public_key));
        }
        id
    }

    /// The ids of many keys; new ones are decoded by all threads of the current pool.
    pub fn register_many(&mut self, public_keys: &[&[u8]]) -> Vec<KeyId> {
        let mut new = Vec::new();
        let ids = public_keys
            .iter()
            .map(|bytes| {
                let (id, is_new) = self.intern(bytes, new.len());
                if is_new {
                    new.push(*bytes);
                }
                id
            })
            .collect();
        let variant = self.variant;
        self.keys.par_extend(new.par_iter().map(|bytes| BlsPublicKey::parse(variant, bytes)));
        ids
    }

    /// The id of these bytes, and whether it has just been given; `waiting` ids are given and not decoded yet.
    fn intern(&mut self, bytes: &[u8], waiting: usize) -> (KeyId, bool) {
        if let Some(id) = self.ids.get(bytes) {
            return (*id, false);
        }
        match u32::try_from(self.keys.len() + waiting).map(KeyId) {
            Ok(id) if id != KeyId::NONE => {
                self.ids.insert(bytes.into(), id);
                (id, true)
            }
            _ => (KeyId::NONE, false),
        }
    }

    /// The id of a key that has been registered before.
    pub fn find(&self, public_key: &[u8]) -> Option<KeyId> {
        self.ids.get(public_key).copied()
    }

    /// Whether a key can be used; `None` for an id that was never given.
    pub fn is_usable(&self, id: KeyId) -> Option<bool> {
        self.record(id).map(Option::is_some)
    }

    /// How many keys there are; every id is below.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is registered.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The record of an id: `None` if it was never given, `Some(None)` if the key cannot be used.
    pub(super) fn record(&self, id: KeyId) -> Option<&Option<BlsPublicKey>> {
        self.keys.get(usize::try_from(id.0).ok()?)
    }
}
