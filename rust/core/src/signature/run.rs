//! Jobs of the vector unit: one chunk of items of one scheme.
//!
//! In: items with their tables, all of the same windows. Out: an answer each. Rule: signature verification, 5.2 and 5.3.
//! Invariant: the memory that a thread keeps between jobs holds nothing that an answer depends on.

#![allow(
    clippy::inline_always,
    reason = "a job gets the vector unit's instructions only by being inlined into the function that enables them"
)]

use std::any::Any;
use std::cell::RefCell;

use super::ecdsa::ETHEREUM_PREFIX;
use super::lanes::curve::{P256, Secp256k1};
use super::lanes::digits::Windows;
use super::lanes::keccak::keccak256;
use super::lanes::sha256::sha256;
use super::lanes::tree::Tables;
use super::lanes::{ecdsa, ed25519, ed25519_keys};
use super::scheme::{EcdsaDigest, Scheme};
use super::tables::{GENERATOR_WINDOWS, generator};
use crate::simd::dispatch::Job;
use crate::simd::vector::Vector;

thread_local! {
    /// Megabytes that would otherwise be asked from the system for every chunk.
    static WORK: RefCell<[Option<Box<dyn Any>>; 2]> = const { RefCell::new([None, None]) };
}

/// The thread's memory for a kind of work, taken out of its place while it is used.
fn take<W: Default + 'static>(place: usize) -> W {
    let held = WORK.with_borrow_mut(|work| work[place].take());
    held.and_then(|held| held.downcast::<W>().ok()).map(|held| *held).unwrap_or_default()
}

fn put<W: 'static>(place: usize, work: W) {
    WORK.with_borrow_mut(|held| held[place] = Some(Box::new(work)));
}

fn tables(scheme: Scheme, key_windows: Option<Windows>) -> Tables<'static> {
    Tables {
        generator: generator(scheme),
        generator_windows: GENERATOR_WINDOWS,
        key_windows: key_windows.unwrap_or(ed25519::WITHOUT_TABLE),
        has_keys: key_windows.is_some(),
    }
}

/// x of the points of encoded Ed25519 keys.
pub(super) struct DecodeKeys<'a> {
    pub(super) encodings: &'a [&'a [u8; 32]],
}

impl Job for DecodeKeys<'_> {
    type Output = Vec<Option<[u64; 4]>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        ed25519_keys::decode_all::<V>(self.encodings)
    }
}

/// Points of Ed25519 keys in the form of their tables.
pub(super) struct ToWeierstrass<'a> {
    pub(super) points: &'a [ed25519_keys::Point<'a>],
}

impl Job for ToWeierstrass<'_> {
    type Output = Vec<Option<[[u64; 4]; 2]>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        ed25519_keys::to_weierstrass::<V>(self.points)
    }
}

/// Up to a chunk of Ed25519 items.
pub(super) struct Ed25519Check<'a> {
    pub(super) items: &'a [ed25519::Item<'a>],
    pub(super) keys: ed25519::Keys,
    pub(super) is_cofactored: bool,
    pub(super) answers: &'a mut [ed25519::Answer],
}

impl Job for Ed25519Check<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let key_windows = match self.keys {
            ed25519::Keys::Tables(windows) => Some(windows),
            ed25519::Keys::Points | ed25519::Keys::SmallOrder => None,
        };
        let tables = tables(Scheme::Ed25519, key_windows);
        let mut work = take::<ed25519::Work<V>>(0);
        ed25519::check::<V>(self.items, self.keys, &tables, self.is_cofactored, &mut work, self.answers);
        put(0, work);
    }
}

/// Digests of ECDSA messages.
pub(super) struct Digests<'a> {
    pub(super) how: EcdsaDigest,
    pub(super) messages: &'a [&'a [u8]],
    pub(super) out: &'a mut [[u8; 32]],
}

impl Job for Digests<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let lengths: Vec<String> = match self.how {
            EcdsaDigest::EthereumMessage => {
                self.messages.iter().map(|message| message.len().to_string()).collect()
            }
            _ => Vec::new(),
        };
        let parts = |at: usize| -> [&[u8]; 3] {
            let message = self.messages[at];
            lengths
                .get(at)
                .map_or([message, &[], &[]], |length| [ETHEREUM_PREFIX, length.as_bytes(), message])
        };
        let parts: Vec<[&[u8]; 3]> = (0..self.messages.len()).map(parts).collect();
        match self.how {
            EcdsaDigest::Sha256 => sha256::<V>(&parts, self.out),
            EcdsaDigest::Keccak256 | EcdsaDigest::EthereumMessage => keccak256::<V>(&parts, self.out),
            EcdsaDigest::Given => {
                for (message, out) in self.messages.iter().zip(self.out) {
                    // A digest that is given has been found to have its length.
                    *out = (*message).try_into().unwrap_or_default();
                }
            }
        }
    }
}

/// Up to a chunk of ECDSA items.
pub(super) struct EcdsaCheck<'a> {
    pub(super) scheme: Scheme,
    pub(super) items: &'a [ecdsa::Item<'a>],
    pub(super) key_windows: Windows,
    pub(super) is_good: &'a mut [bool],
}

impl Job for EcdsaCheck<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let tables = tables(self.scheme, Some(self.key_windows));
        let mut work = take::<ecdsa::Work<V>>(1);
        match self.scheme {
            Scheme::P256 => ecdsa::check::<P256, V>(self.items, &tables, &mut work, self.is_good),
            Scheme::Secp256k1 => ecdsa::check::<Secp256k1, V>(self.items, &tables, &mut work, self.is_good),
            Scheme::Ed25519 => {}
        }
        put(1, work);
    }
}
