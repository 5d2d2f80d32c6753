//! Tables of the registry's keys: which are worth building, and how long they are kept.
//!
//! In: keys of a registry and how often each is expected to be used. Out: their tables. Rule: signature verification, 5.1 and
//! 5.2: tables are built on demand and let go when a budget is reached, those first that were not used for longest.
//! Invariant: a table changes how fast a signature is checked, never the verdict; a call holds the tables that it uses, so
//! that letting one go elsewhere, or building it twice in two threads, disturbs nobody.

#![allow(
    clippy::inline_always,
    reason = "a job gets the vector unit's instructions only by being inlined into the function that enables them"
)]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use rayon::prelude::*;

use super::keys::{Key, KeyId};
use super::lanes::curve::{Curve, P256, Secp256k1, Wei25519};
use super::lanes::digits::Windows;
use super::lanes::ed25519_keys::Point;
use super::lanes::table::{Builder, extra_rows};
use super::run::ToWeierstrass;
use super::scheme::Scheme;
use crate::simd::dispatch::{Job, Simd};
use crate::simd::vector::{MAX_LANES, Row, Vector};

/// Bytes of tables that a registry keeps unless told otherwise.
const DEFAULT_BUDGET: usize = 1 << 30;

/// Keys whose tables are built and held together, at most.
pub(super) const KEYS_AT_ONCE: usize = 512;

/// Windows of the generators' tables, which every check uses: 5.2 MB a curve.
pub(super) const GENERATOR_WINDOWS: Windows = Windows { width: 13 };

/// Rows of one key.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) windows: Windows,
    pub(super) rows: Vec<Row>,
}

/// What a key's table is built from.
#[derive(Clone, Debug)]
pub(super) enum Base<'a> {
    /// A point in Weierstrass form.
    Weierstrass([[u64; 4]; 2]),
    /// A point of edwards25519, of large order.
    Edwards(Point<'a>),
}

#[derive(Debug, Default)]
struct Cell {
    table: RwLock<Option<Arc<Table>>>,
    uses: AtomicU64,
    /// What the uses are going to be, where a caller knows.
    expected: AtomicU64,
    last_call: AtomicU64,
}

/// Tables beside the keys of a registry.
#[derive(Debug)]
pub(super) struct Tables {
    cells: Vec<Cell>,
    budget: usize,
    bytes: AtomicUsize,
    calls: AtomicU64,
    /// Where the search for a table to let go begins.
    hand: Mutex<usize>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            budget: DEFAULT_BUDGET,
            bytes: AtomicUsize::new(0),
            calls: AtomicU64::new(0),
            hand: Mutex::new(0),
        }
    }
}

impl Clone for Tables {
    /// The same keys without their tables: they are built again where they are used.
    fn clone(&self) -> Self {
        let mut tables = Self { budget: self.budget, ..Self::default() };
        tables.grow(self.cells.len());
        tables
    }
}

/// The width of windows that costs least for this many uses; `None` where a check without a table does.
const fn width_for(unit: Simd, scheme: Scheme, uses: u64) -> Option<u32> {
    let fewest = match unit {
        // A single check of ECDSA takes 25 to 55 us, and one of Ed25519 7 us, in lanes.
        Simd::Avx512 if !matches!(scheme, Scheme::Ed25519) => 0,
        Simd::Avx512 | Simd::Avx2 => 4,
        Simd::Portable => 12,
    };
    if uses < fewest {
        return None;
    }
    Some(match unit {
        // With AVX-512 building takes 16, 31, 65, 140 or 440 us a key, where eight are built side by side, and a check 2.3,
        // 1.9, 1.5, 1.3 or 1.2 us; with AVX2 two to three times as long.
        Simd::Avx512 | Simd::Avx2 => match uses {
            0..32 => 3,
            32..100 => 4,
            100..400 => 6,
            400..5000 => 8,
            _ => 10,
        },
        // 0.2, 0.4, 0.8 or 2.5 ms, and 15, 11, 9 or 8 us; a single check takes 25 to 50 us.
        Simd::Portable => match uses {
            0..100 => 4,
            100..600 => 6,
            600..5000 => 8,
            _ => 10,
        },
    })
}

/// The fewest keys, or uses of one key, for which eight lanes of building are not mostly idle.
const WORTH_BUILDING: usize = 4;

struct Build<'a> {
    scheme: Scheme,
    points: &'a [[[u64; 4]; 2]],
    windows: Windows,
}

#[inline(always)]
fn build<C: Curve, V: Vector>(points: &[[[u64; 4]; 2]], windows: Windows) -> Vec<Option<Vec<Row>>> {
    let mut builder = Builder::<V>::default();
    let mut built = Vec::with_capacity(points.len());
    for points in points.chunks(V::LANES) {
        if Builder::<V>::is_sooner_alone(points.len(), windows) {
            for point in points {
                built.push(builder.build_one::<C>(point, windows));
            }
            continue;
        }
        let mut tables = Vec::with_capacity(points.len());
        for _ in points {
            tables.push(Vec::with_capacity(windows.size() + extra_rows::<C>()));
        }
        let is_built = builder.build::<C>(points, windows, &mut tables);
        built.extend(tables.into_iter().map(|rows| is_built.then_some(rows)));
    }
    built
}

impl Job for Build<'_> {
    type Output = Vec<Option<Vec<Row>>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        match self.scheme {
            Scheme::Ed25519 => build::<Wei25519, V>(self.points, self.windows),
            Scheme::P256 => build::<P256, V>(self.points, self.windows),
            Scheme::Secp256k1 => build::<Secp256k1, V>(self.points, self.windows),
        }
    }
}

/// A generator's table.
struct BuildOne<'a> {
    scheme: Scheme,
    point: &'a [[u64; 4]; 2],
}

impl Job for BuildOne<'_> {
    type Output = Option<Vec<Row>>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let mut builder = Builder::<V>::default();
        match self.scheme {
            Scheme::Ed25519 => builder.build_one::<Wei25519>(self.point, GENERATOR_WINDOWS),
            Scheme::P256 => builder.build_one::<P256>(self.point, GENERATOR_WINDOWS),
            Scheme::Secp256k1 => builder.build_one::<Secp256k1>(self.point, GENERATOR_WINDOWS),
        }
    }
}

/// The generator's rows, built when they are first asked for.
pub(super) fn generator(scheme: Scheme) -> &'static [Row] {
    static ROWS: [OnceLock<Vec<Row>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    ROWS[usize::from(scheme.number()) - 1].get_or_init(|| {
        let point = match scheme {
            Scheme::Ed25519 => Wei25519::GENERATOR,
            Scheme::P256 => P256::GENERATOR,
            Scheme::Secp256k1 => Secp256k1::GENERATOR,
        };
        // A generator is of large order, so that every multiple has its ordinary sum.
        Simd::chosen().run(BuildOne { scheme, point: &point }).unwrap_or_default()
    })
}

impl Tables {
    /// Makes room for this many keys.
    pub(super) fn grow(&mut self, keys: usize) {
        self.cells.resize_with(keys, Cell::default);
    }

    pub(super) fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
    }

    /// Bytes of tables that are held now.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn held(&self, id: KeyId) -> Option<Arc<Table>> {
        let cell = self.cells.get(id.0 as usize)?;
        cell.table.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tables of keys of one scheme, each with its uses in this call; `None` for those that are better checked singly.
    pub(super) fn get(
        &self,
        scheme: Scheme,
        keys: &[Key],
        wanted: &[(KeyId, u64)],
    ) -> Vec<Option<Arc<Table>>> {
        let unit = Simd::chosen();
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut found: Vec<Option<Arc<Table>>> = Vec::with_capacity(wanted.len());
        let mut missing: Vec<(u32, usize)> = Vec::new();
        for (place, (id, uses)) in wanted.iter().enumerate() {
            let held = self.held(*id);
            let expected = match self.cells.get(id.0 as usize) {
                Some(cell) => {
                    cell.last_call.store(call, Ordering::Relaxed);
                    let uses = cell.uses.fetch_add(*uses, Ordering::Relaxed).saturating_add(*uses);
                    uses.max(cell.expected.load(Ordering::Relaxed))
                }
                None => *uses,
            };
            let width = width_for(unit, scheme, expected);
            if let Some(width) =
                width.filter(|width| held.as_ref().is_none_or(|held| held.windows.width < *width))
            {
                missing.push((width, place));
            }
            found.push(held);
        }
        let uses: u64 = missing.iter().map(|(_, place)| wanted[*place].1).sum();
        if missing.len() < WORTH_BUILDING && uses < WORTH_BUILDING as u64 {
            return found;
        }
        missing.sort_unstable();
        for group in missing.chunk_by(|a, b| a.0 == b.0) {
            let windows = Windows { width: group[0].0 };
            let build = |group| build_group(unit, scheme, keys, wanted, windows, group);
            // A caller outside of any pool wants no thread but its own.
            let built: Vec<(usize, Arc<Table>)> = if rayon::current_thread_index().is_some() {
                group.par_chunks(MAX_LANES).flat_map_iter(build).collect()
            } else {
                group.chunks(MAX_LANES).flat_map(build).collect()
            };
            for (place, table) in built {
                self.keep(wanted[place].0, &table, call);
                found[place] = Some(table);
            }
        }
        found
    }

    /// Notes uses that are about to come, in this call and in later ones.
    pub(super) fn expect(&self, wanted: &[(KeyId, u64)]) {
        for (id, uses) in wanted {
            if let Some(cell) = self.cells.get(id.0 as usize) {
                let uses = cell.uses.load(Ordering::Relaxed).saturating_add(*uses);
                cell.expected.fetch_max(uses, Ordering::Relaxed);
            }
        }
    }

    /// Builds tables ahead of their use; the uses are counted when they come.
    pub(super) fn prepare(&self, scheme: Scheme, keys: &[Key], wanted: &[(KeyId, u64)]) {
        let _ = self.get(scheme, keys, wanted);
        for (id, uses) in wanted {
            if let Some(cell) = self.cells.get(id.0 as usize) {
                cell.uses.fetch_sub(*uses, Ordering::Relaxed);
            }
        }
    }

    /// Keeps a table if the budget allows, or if tables that were not used in this call can be let go for it.
    fn keep(&self, id: KeyId, table: &Arc<Table>, call: u64) {
        let size = size_of_val(table.rows.as_slice());
        let Some(cell) = self.cells.get(id.0 as usize) else { return };
        if !self.make_room(size, call) {
            return;
        }
        let before = cell.table.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::clone(table));
        self.bytes.fetch_add(size, Ordering::Relaxed);
        self.forget(before.as_ref());
    }

    /// Lets the table of a key go.
    pub(super) fn release(&self, id: KeyId) {
        if let Some(cell) = self.cells.get(id.0 as usize) {
            self.empty(cell);
        }
    }

    fn empty(&self, cell: &Cell) {
        let gone = cell.table.write().unwrap_or_else(PoisonError::into_inner).take();
        self.forget(gone.as_ref());
    }

    fn forget(&self, table: Option<&Arc<Table>>) {
        if let Some(table) = table {
            self.bytes.fetch_sub(size_of_val(table.rows.as_slice()), Ordering::Relaxed);
        }
    }

    /// Whether there is room for so many bytes, after tables that this call does not use have been let go.
    fn make_room(&self, size: usize, call: u64) -> bool {
        let mut hand = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..self.cells.len() {
            if self.bytes().saturating_add(size) <= self.budget {
                return true;
            }
            *hand = (*hand + 1) % self.cells.len();
            let cell = &self.cells[*hand];
            if cell.last_call.load(Ordering::Relaxed) < call {
                self.empty(cell);
            }
        }
        self.bytes().saturating_add(size) <= self.budget
    }
}

/// Builds the tables of up to as many keys as there are lanes.
fn build_group(
    unit: Simd,
    scheme: Scheme,
    keys: &[Key],
    wanted: &[(KeyId, u64)],
    windows: Windows,
    group: &[(u32, usize)],
) -> Vec<(usize, Arc<Table>)> {
    let mut built = Vec::with_capacity(group.len());
    let mut places = Vec::with_capacity(group.len());
    let mut points = Vec::with_capacity(group.len());
    let mut edwards = Vec::new();
    for (_, place) in group {
        match keys.get(wanted[*place].0.0 as usize).and_then(Key::base) {
            Some(Base::Weierstrass(point)) => {
                places.push(*place);
                points.push(point);
            }
            Some(Base::Edwards(point)) => {
                places.push(*place);
                edwards.push(point);
            }
            None => {}
        }
    }
    // A call has keys of one scheme.
    points.extend(unit.run(ToWeierstrass { points: &edwards }).into_iter().flatten());
    if !points.is_empty() {
        let tables = unit.run(Build { scheme, points: &points, windows });
        for (place, rows) in places.into_iter().zip(tables) {
            if let Some(rows) = rows {
                built.push((place, Arc::new(Table { windows, rows })));
            }
        }
    }
    built
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
