//! The registry of public keys: each is parsed once and then addressed by a dense id.
//!
//! In: scheme and key bytes. Out: ids 0, 1, 2, ... in order of first appearance. Rule: signature verification, 5.1.
//! Invariant: the same scheme and bytes always give the same id, and a record never changes. A key that cannot be used is
//! a record too, so that its items cost one look-up.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::scheme::Scheme;
use super::tables::{Base, KEYS_AT_ONCE, Table, Tables, generator};
use super::{ed25519, p256, secp256k1};

/// Id of a registered key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// An id that no key ever gets: for items whose signer is not known.
    pub const NONE: Self = Self(u32::MAX);
}

/// A parsed key, or the fact that it does not parse.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Ed25519(Box<ed25519::PublicKey>),
    P256(p256::PublicKey),
    Secp256k1(secp256k1::PublicKey),
    Unusable(Scheme),
}

impl Key {
    pub(super) fn parse(scheme: Scheme, bytes: &[u8]) -> Self {
        match scheme {
            Scheme::Ed25519 => ed25519::PublicKey::parse(bytes).map(|key| Self::Ed25519(Box::new(key))),
            Scheme::P256 => p256::PublicKey::parse(bytes).map(Self::P256),
            Scheme::Secp256k1 => secp256k1::PublicKey::parse(bytes).map(Self::Secp256k1),
        }
        .unwrap_or(Self::Unusable(scheme))
    }

    const fn scheme(&self) -> Scheme {
        match self {
            Self::Ed25519(_) => Scheme::Ed25519,
            Self::P256(_) => Scheme::P256,
            Self::Secp256k1(_) => Scheme::Secp256k1,
            Self::Unusable(scheme) => *scheme,
        }
    }

    /// Many keys of one scheme.
    fn parse_all(scheme: Scheme, keys: &[&[u8]]) -> Vec<Self> {
        if scheme != Scheme::Ed25519 {
            return keys.iter().map(|bytes| Self::parse(scheme, bytes)).collect();
        }
        let parsed = ed25519::PublicKey::parse_all(keys).into_iter();
        parsed.map(|key| key.map_or(Self::Unusable(scheme), |key| Self::Ed25519(Box::new(key)))).collect()
    }

    /// What the key's table is built from; `None` for a key that never has one.
    pub(super) fn base(&self) -> Option<Base<'_>> {
        match self {
            Self::Ed25519(key) => key.base().map(Base::Edwards),
            Self::P256(key) => Some(Base::Weierstrass(key.point())),
            Self::Secp256k1(key) => Some(Base::Weierstrass(key.point())),
            Self::Unusable(_) => None,
        }
    }
}

/// All keys of a run.
#[derive(Clone, Debug, Default)]
pub struct KeyRegistry {
    // One map for each scheme; looked up, never walked, so that no order of theirs reaches a result.
    ids: [HashMap<Box<[u8]>, KeyId>; 3],
    keys: Vec<Key>,
    tables: Tables,
}

impl KeyRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of a key, which is parsed if it is new.
    pub fn register(&mut self, scheme: Scheme, public_key: &[u8]) -> KeyId {
        let (id, is_new) = self.intern(scheme, public_key, 0);
        if is_new {
            self.keys.push(Key::parse(scheme, public_key));
            self.tables.grow(self.keys.len());
        }
        id
    }

    /// The ids of many keys of one scheme; new ones are parsed by all threads of the current pool.
    pub fn register_many(&mut self, scheme: Scheme, public_keys: &[&[u8]]) -> Vec<KeyId> {
        let mut new = Vec::new();
        let ids = public_keys
            .iter()
            .map(|bytes| {
                let (id, is_new) = self.intern(scheme, bytes, new.len());
                if is_new {
                    new.push(*bytes);
                }
                id
            })
            .collect();
        self.keys.par_extend(new.par_chunks(KEYS_AT_ONCE).flat_map_iter(|keys| Key::parse_all(scheme, keys)));
        self.tables.grow(self.keys.len());
        ids
    }

    /// The id of these bytes, and whether it has just been given; `waiting` ids are given and not parsed yet.
    fn intern(&mut self, scheme: Scheme, bytes: &[u8], waiting: usize) -> (KeyId, bool) {
        let ids = &mut self.ids[usize::from(scheme.number()) - 1];
        if let Some(id) = ids.get(bytes) {
            return (*id, false);
        }
        match u32::try_from(self.keys.len() + waiting).map(KeyId) {
            Ok(id) if id != KeyId::NONE => {
                ids.insert(bytes.into(), id);
                (id, true)
            }
            _ => (KeyId::NONE, false),
        }
    }

    /// The id of a key that has been registered before.
    pub fn find(&self, scheme: Scheme, public_key: &[u8]) -> Option<KeyId> {
        self.ids[usize::from(scheme.number()) - 1].get(public_key).copied()
    }

    /// The scheme under which a key was registered.
    pub fn scheme(&self, id: KeyId) -> Option<Scheme> {
        self.key(id).map(Key::scheme)
    }

    /// Whether a key parses; `None` for an id that was never given.
    pub fn is_usable(&self, id: KeyId) -> Option<bool> {
        self.key(id).map(|key| !matches!(key, Key::Unusable(_)))
    }

    /// How many keys there are; every id is below.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is registered.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Limits the bytes of tables that are kept; those in use are held beyond it until their call ends.
    pub fn set_table_budget(&mut self, bytes: usize) {
        self.tables.set_budget(bytes);
    }

    /// Bytes of the tables that are kept now.
    pub fn table_bytes(&self) -> usize {
        self.tables.bytes()
    }

    /// Builds the tables of keys that are about to be used so often, many keys side by side.
    pub fn prepare(&self, wanted: &[(KeyId, u64)]) {
        Scheme::ALL.into_par_iter().for_each(|scheme| {
            let wanted: Vec<(KeyId, u64)> =
                wanted.iter().copied().filter(|(id, _)| self.scheme(*id) == Some(scheme)).collect();
            if wanted.is_empty() {
                return;
            }
            // The first checks would wait for one another where each of them finds no rows of the generator.
            rayon::join(
                || generator(scheme),
                || wanted.chunks(KEYS_AT_ONCE).for_each(|part| self.tables.prepare(scheme, &self.keys, part)),
            );
        });
    }

    /// Says how often keys are about to be used by several calls, so that the first of them builds what suits them all.
    pub fn expect(&self, wanted: &[(KeyId, u64)]) {
        self.tables.expect(wanted);
    }

    /// Lets the tables of keys go that are not expected again; they are built anew where they are used all the same.
    pub fn release(&self, ids: impl IntoIterator<Item = KeyId>) {
        ids.into_iter().for_each(|id| self.tables.release(id));
    }

    /// Tables of keys of one scheme, each with its uses in this call.
    pub(super) fn tables(&self, scheme: Scheme, wanted: &[(KeyId, u64)]) -> Vec<Option<Arc<Table>>> {
        self.tables.get(scheme, &self.keys, wanted)
    }

    pub(super) fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.get(usize::try_from(id.0).ok()?)
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
