//! The engine: a column of items in, a column of verdicts out.
//!
//! In: the registry of parsed keys, the network's rules and [`Items`]. Out: one verdict for each item, at its own place.
//! Rule: signature verification, sections 1, 5.1 to 5.4. Items are opened one by one (encoding, ranges, orders), put in the
//! order of their keys, and checked through the keys' tables in lanes; where no table is worth its building, singly.
//! Invariant: every way decides the same equation for an item alone; nothing is combined at random, so there is nothing to
//! isolate and no profile is left out. One thread per call but for the building of tables; callers cut their items into
//! slices for several threads, and where they cut makes no difference.

use std::sync::Arc;

use super::columns::{Items, ItemsError};
use super::keys::{Key, KeyId, KeyRegistry};
use super::lanes::ecdsa::CHUNK;
use super::lanes::ed25519::{Answer, Keys};
use super::lanes::{ecdsa as lanes_ecdsa, ed25519 as lanes_ed25519};
use super::run::{Digests, EcdsaCheck, Ed25519Check};
use super::scheme::{EcdsaRule, Ed25519Profile, Rules, Scheme, SignatureVerdict};
use super::tables::{KEYS_AT_ONCE, Table};
use super::{ecdsa, ed25519, p256, secp256k1};
use crate::simd::dispatch::{Simd, prefetch};

/// The fewest items without tables that are worth eight lanes.
const WORTH_LANES: usize = 3;

/// An item that its encoding does not refuse: its place, its key, and what is left to check.
#[derive(Clone, Copy)]
struct Opened<T> {
    row: usize,
    key: KeyId,
    signature: T,
}

/// Writes the verdict of each item to the same place of `out`, which must have as many places as there are items.
pub fn verify_items(
    registry: &KeyRegistry,
    rules: &Rules,
    items: &Items<'_>,
    out: &mut [SignatureVerdict],
) -> Result<(), ItemsError> {
    if out.len() != items.len() {
        return Err(ItemsError::Rows { column: "verdicts", expected: items.len(), found: out.len() });
    }
    // Room for what a settlement hands over at once; for longer columns the lists grow.
    let room = items.len().min(2 * CHUNK);
    let mut ed25519_items = Vec::with_capacity(room);
    let mut ecdsa_items = [Vec::with_capacity(room), Vec::with_capacity(room)];
    for (row, (id, message, signature)) in items.iter().enumerate() {
        let opened = match registry.key(id) {
            None => Err(SignatureVerdict::UnknownKeyId),
            Some(Key::Unusable(_)) => Err(SignatureVerdict::BadKey),
            Some(Key::Ed25519(key)) => {
                ed25519::open(rules.ed25519, key, message, signature).map(|signature| {
                    ed25519_items.push(Opened { row, key: id, signature });
                })
            }
            Some(Key::P256(_)) => p256::open(rules.p256, message, signature).map(|signature| {
                ecdsa_items[0].push(Opened { row, key: id, signature });
            }),
            Some(Key::Secp256k1(_)) => {
                secp256k1::open(rules.secp256k1, message, signature).map(|signature| {
                    ecdsa_items[1].push(Opened { row, key: id, signature });
                })
            }
        };
        if let Err(refused) = opened {
            out[row] = refused;
        }
    }
    check_ed25519(registry, rules.ed25519, &mut ed25519_items, out);
    let [p256_items, secp256k1_items] = &mut ecdsa_items;
    check_ecdsa(registry, Scheme::P256, rules.p256, p256_items, out);
    check_ecdsa(registry, Scheme::Secp256k1, rules.secp256k1, secp256k1_items, out);
    Ok(())
}

/// Puts items in the order of their keys and calls `check` with each run of items whose tables have the same windows, and
/// `check_singly` with those that have no table.
fn by_tables<T: Copy>(
    registry: &KeyRegistry,
    scheme: Scheme,
    opened: &mut [Opened<T>],
    mut check_singly: impl FnMut(&Opened<T>),
    mut check: impl FnMut(&[(&Opened<T>, &Table)]),
) {
    if opened.is_empty() {
        return;
    }
    opened.sort_by_key(|item| item.key);
    let wanted: Vec<(KeyId, u64)> =
        opened.chunk_by(|a, b| a.key == b.key).map(|items| (items[0].key, items.len() as u64)).collect();
    // The tables of many keys are not held all at once: what the budget does not keep is let go after its items.
    for part in parts(opened, &wanted) {
        let tables: Vec<Option<Arc<Table>>> = registry.tables(scheme, part.wanted);
        let mut by_width: Vec<(u32, &Opened<T>, &Table)> = Vec::with_capacity(part.items.len());
        let mut rest = part.items;
        for ((_, uses), table) in part.wanted.iter().zip(&tables) {
            let (items, others) = rest.split_at(usize::try_from(*uses).unwrap_or(rest.len()).min(rest.len()));
            rest = others;
            match table {
                Some(table) => {
                    by_width.extend(items.iter().map(|item| (table.windows.width, item, &**table)));
                }
                None => items.iter().for_each(&mut check_singly),
            }
        }
        by_width.sort_by_key(|(width, _, _)| *width);
        for run in by_width.chunk_by(|a, b| a.0 == b.0) {
            let run: Vec<(&Opened<T>, &Table)> = run.iter().map(|(_, item, table)| (*item, *table)).collect();
            check(&run);
        }
    }
}

/// Items of some keys.
struct Part<'a, T> {
    items: &'a [Opened<T>],
    wanted: &'a [(KeyId, u64)],
}

fn parts<'a, T>(opened: &'a [Opened<T>], wanted: &'a [(KeyId, u64)]) -> Vec<Part<'a, T>> {
    let mut rest = opened;
    wanted
        .chunks(KEYS_AT_ONCE)
        .map(|wanted| {
            let count: u64 = wanted.iter().map(|(_, uses)| uses).sum();
            let (items, others) = rest.split_at(usize::try_from(count).unwrap_or(rest.len()).min(rest.len()));
            rest = others;
            Part { items, wanted }
        })
        .collect()
}

fn check_ed25519(
    registry: &KeyRegistry,
    profile: Ed25519Profile,
    opened: &mut [Opened<ed25519::Signature<'_>>],
    out: &mut [SignatureVerdict],
) {
    let mut alone = Vec::new();
    by_tables(
        registry,
        Scheme::Ed25519,
        opened,
        |item| alone.push(*item),
        |run| {
            for chunk in chunks_of(run, |(item, _)| item.signature.message) {
                let items = chunk.iter().map(|(item, table)| (*item, Some(*table)));
                check_ed25519_chunk(profile, items, Keys::Tables(chunk[0].1.windows), out);
            }
        },
    );
    let (small, large): (Vec<_>, Vec<_>) = alone.into_iter().partition(|item| item.signature.has_small_key);
    // Eight lanes without tables cost as much as two single checks.
    check_without_tables(registry, profile, &small, Keys::SmallOrder, WORTH_LANES, out);
    let worth_lanes = if Simd::chosen() == Simd::Portable { usize::MAX } else { WORTH_LANES };
    check_without_tables(registry, profile, &large, Keys::Points, worth_lanes, out);
}

/// Chunks of items; the messages of each are on their way into the cache while the one before is checked.
fn chunks_of<'a, T>(items: &'a [T], message: impl Fn(&T) -> &'a [u8] + 'a) -> impl Iterator<Item = &'a [T]> {
    let fetch = move |chunk: &[T]| chunk.iter().for_each(|item| prefetch(message(item)));
    fetch(&items[..items.len().min(CHUNK)]);
    items.chunks(CHUNK).enumerate().map(move |(at, chunk)| {
        fetch(items.chunks(CHUNK).nth(at + 1).unwrap_or_default());
        chunk
    })
}

/// Checks items whose keys have no tables: in lanes if there are so many, else singly.
fn check_without_tables(
    registry: &KeyRegistry,
    profile: Ed25519Profile,
    opened: &[Opened<ed25519::Signature<'_>>],
    keys: Keys,
    worth_lanes: usize,
    out: &mut [SignatureVerdict],
) {
    if opened.len() >= worth_lanes {
        for chunk in chunks_of(opened, |item| item.signature.message) {
            check_ed25519_chunk(profile, chunk.iter().map(|item| (item, None)), keys, out);
        }
        return;
    }
    for items in opened.chunk_by(|a, b| a.key == b.key) {
        if let Some(Key::Ed25519(key)) = registry.key(items[0].key) {
            let minus_a = key.minus_a();
            for item in items {
                out[item.row] = ed25519::check(profile, key, &minus_a, &item.signature);
            }
        }
    }
}

/// Checks up to [`CHUNK`] items in lanes, all with keys of one kind.
fn check_ed25519_chunk<'a>(
    profile: Ed25519Profile,
    chunk: impl Iterator<Item = (&'a Opened<ed25519::Signature<'a>>, Option<&'a Table>)> + Clone,
    keys: Keys,
    out: &mut [SignatureVerdict],
) {
    let items: Vec<lanes_ed25519::Item<'_>> = chunk
        .clone()
        .map(|(item, table)| lanes_ed25519::Item {
            r: item.signature.r,
            s: item.signature.s,
            key: item.signature.key,
            key_x: item.signature.key_x,
            message: item.signature.message,
            table: table.map_or(&[], |table| &table.rows),
        })
        .collect();
    let mut answers = [Answer::Different; CHUNK];
    Simd::chosen().run(Ed25519Check {
        items: &items,
        keys,
        is_cofactored: profile.is_cofactored(),
        answers: &mut answers,
    });
    for ((item, _), answer) in chunk.zip(&answers) {
        out[item.row] = ed25519::decide(profile, item.signature.r, *answer);
    }
}

fn check_ecdsa(
    registry: &KeyRegistry,
    scheme: Scheme,
    rule: EcdsaRule,
    opened: &mut [Opened<ecdsa::Opened<'_>>],
    out: &mut [SignatureVerdict],
) {
    let mut is_good = [false; CHUNK];
    let mut digests = [[0; 32]; CHUNK];
    let mut alone = Vec::new();
    by_tables(
        registry,
        scheme,
        opened,
        |item| alone.push(*item),
        |run| {
            for chunk in chunks_of(run, |(item, _)| item.signature.message) {
                let messages: Vec<&[u8]> = chunk.iter().map(|(item, _)| item.signature.message).collect();
                Simd::chosen().run(Digests { how: rule.digest, messages: &messages, out: &mut digests });
                let items: Vec<lanes_ecdsa::Item<'_>> = chunk
                    .iter()
                    .zip(&digests)
                    .map(|((item, table), digest)| lanes_ecdsa::Item {
                        digest: ecdsa::words(digest),
                        r: ecdsa::words(&item.signature.scalars.r()),
                        s: ecdsa::words(&item.signature.scalars.s()),
                        y_is_odd: item.signature.scalars.y_is_odd,
                        table: &table.rows,
                    })
                    .collect();
                let key_windows = chunk[0].1.windows;
                Simd::chosen().run(EcdsaCheck { scheme, items: &items, key_windows, is_good: &mut is_good });
                for ((item, _), is_good) in chunk.iter().zip(&is_good) {
                    out[item.row] =
                        if *is_good { SignatureVerdict::Good } else { SignatureVerdict::Equation };
                }
            }
        },
    );
    for item in alone {
        out[item.row] = match registry.key(item.key) {
            Some(Key::P256(key)) => p256::check(rule, key, &item.signature),
            Some(Key::Secp256k1(key)) => secp256k1::check(rule, key, &item.signature),
            _ => continue,
        };
    }
}

/// Verdict of one signature, with a key that is used once.
pub fn verify_one(
    scheme: Scheme,
    rules: &Rules,
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureVerdict {
    let verdict = match Key::parse(scheme, public_key) {
        Key::Ed25519(key) => ed25519::open(rules.ed25519, &key, message, signature)
            .map(|signature| ed25519::check(rules.ed25519, &key, &key.minus_a(), &signature)),
        Key::P256(key) => p256::open(rules.p256, message, signature)
            .map(|signature| p256::check(rules.p256, &key, &signature)),
        Key::Secp256k1(key) => secp256k1::open(rules.secp256k1, message, signature)
            .map(|signature| secp256k1::check(rules.secp256k1, &key, &signature)),
        Key::Unusable(_) => Err(SignatureVerdict::BadKey),
    };
    verdict.unwrap_or_else(|refused| refused)
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
