//! Many BLS signatures at once: one pairing product for a batch, and a verdict for every item.
//!
//! In: a [`BlsKeyRegistry`], a domain tag and [`Items`]. Out: one [`SignatureVerdict`] per item. Rule: signature
//! verification, sections 1 and 4. Every signature is decoded and its subgroup checked by itself; then the product over
//! distinct keys A of e(A, sum of z H(m)) is compared with e(g, sum of z s), where z are secret 128-bit coefficients. Where
//! there are fewer messages than keys, the product is over messages of e(sum of z A, H(m)). A batch that fails is split,
//! with the same coefficients, down to single checks.
//! Invariant: an item's verdict is that of [`BlsPublicKey::verify`](super::BlsPublicKey::verify). A wrong yes has a
//! probability below 2^-120, a wrong no is impossible. Nothing here starts a thread; callers give ranges to theirs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use sha2::{Digest, Sha512};

use super::bls::BlsVariant;
use super::bls_groups::{COEFFICIENT, Groups, MinPk, MinSig, Point, Terms};
use super::bls_keys::BlsKeyRegistry;
use super::columns::{Items, ItemsError};
use super::scheme::SignatureVerdict;

/// Items of one batch: enough that the final exponentiation costs each of them next to nothing.
pub const BLS_BATCH: usize = 256;

/// So few items are not worth a test of their own.
const LEAF: usize = 2;

/// Cost of a single check, in Miller loops: two of them, and a final exponentiation.
const SINGLE: usize = 4;

/// An order in which items of one key, or of one message, lie together.
#[derive(Clone, Debug)]
pub struct BlsPlan {
    rows: Vec<usize>,
}

impl BlsPlan {
    /// Orders items by key or by message, of whichever there are fewer.
    pub fn new(items: &Items<'_>) -> Self {
        let mut keys = Numbers::default();
        let mut messages = Numbers::default();
        let numbers: Vec<(usize, usize)> =
            items.iter().map(|(id, message, _)| (keys.number(id), messages.number(message))).collect();
        let by_key = keys.len() <= messages.len();
        let mut rows: Vec<usize> = (0..items.len()).collect();
        rows.sort_by_key(|&row| {
            let (key, message) = numbers[row];
            if by_key { (key, message) } else { (message, key) }
        });
        Self { rows }
    }

    /// The rows in this order.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }
}

/// Numbers 0, 1, 2, ... for different values, in order of first appearance.
struct Numbers<T>(HashMap<T, usize>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + std::hash::Hash> Numbers<T> {
    fn number(&mut self, value: T) -> usize {
        let next = self.0.len();
        *self.0.entry(value).or_insert(next)
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

/// Writes the verdicts of these rows of `items` to `out`, in the order of `rows`; works best in the order of a plan.
pub fn bls_verify_rows(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    items: &Items<'_>,
    rows: &[usize],
    out: &mut [SignatureVerdict],
) -> Result<(), ItemsError> {
    if out.len() != rows.len() {
        return Err(ItemsError::Rows { column: "verdicts", expected: rows.len(), found: out.len() });
    }
    for (rows, out) in rows.chunks(BLS_BATCH).zip(out.chunks_mut(BLS_BATCH)) {
        match registry.variant() {
            BlsVariant::MinPk => {
                verify_batch::<MinPk>(registry, dst, items, rows, out, secret_coefficients);
            }
            BlsVariant::MinSig => {
                verify_batch::<MinSig>(registry, dst, items, rows, out, secret_coefficients);
            }
        }
    }
    Ok(())
}

/// Writes the verdict of each item to the same place of `out`, which must have as many places as there are items.
pub fn bls_verify_items(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    items: &Items<'_>,
    out: &mut [SignatureVerdict],
) -> Result<(), ItemsError> {
    if out.len() != items.len() {
        return Err(ItemsError::Rows { column: "verdicts", expected: items.len(), found: out.len() });
    }
    let plan = BlsPlan::new(items);
    let mut verdicts = vec![SignatureVerdict::UnknownKeyId; items.len()];
    bls_verify_rows(registry, dst, items, plan.rows(), &mut verdicts)?;
    for (&row, verdict) in plan.rows().iter().zip(verdicts) {
        out[row] = verdict;
    }
    Ok(())
}

/// This many coefficients, none of them zero; `None` if the operating system gives no random numbers.
fn secret_coefficients(count: usize) -> Option<Vec<u8>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).ok()?;
    let mut bytes = Vec::with_capacity(count * COEFFICIENT + 64);
    for block in 0_u64.. {
        if bytes.len() >= count * COEFFICIENT {
            break;
        }
        bytes.extend(Sha512::new().chain_update(seed).chain_update(block.to_le_bytes()).finalize());
    }
    bytes.truncate(count * COEFFICIENT);
    for coefficient in bytes.chunks_exact_mut(COEFFICIENT) {
        if coefficient.iter().all(|byte| *byte == 0) {
            coefficient[0] = 1;
        }
    }
    Some(bytes)
}

/// An item that came as far as the equation.
struct Open<G: Groups> {
    place: usize,
    key: G::Key,
    key_number: usize,
    message_number: usize,
    signature: G::Signature,
}

fn verify_batch<G: Groups>(
    registry: &BlsKeyRegistry,
    dst: &[u8],
    items: &Items<'_>,
    rows: &[usize],
    out: &mut [SignatureVerdict],
    coefficients: impl Fn(usize) -> Option<Vec<u8>>,
) {
    let mut open: Vec<Open<G>> = Vec::with_capacity(rows.len());
    let mut keys = Numbers::default();
    let mut hashed: HashMap<&[u8], usize> = HashMap::new();
    let mut points: Vec<G::Signature> = Vec::new();
    for (place, &row) in rows.iter().enumerate() {
        let (id, message, signature) = items.get(row);
        out[place] = match registry.record(id) {
            None => SignatureVerdict::UnknownKeyId,
            Some(None) => SignatureVerdict::BadKey,
            Some(Some(record)) => {
                let Some(key) = G::key(record) else {
                    out[place] = SignatureVerdict::BadKey;
                    continue;
                };
                let Some(point) = G::signature(signature) else {
                    out[place] = SignatureVerdict::BadEncoding;
                    continue;
                };
                let message_number = match hashed.entry(message) {
                    Entry::Occupied(number) => *number.get(),
                    Entry::Vacant(place_of_message) => {
                        let Some(point) = G::hash(dst, message) else {
                            out[place] = record.verify(dst, message, signature);
                            continue;
                        };
                        points.push(point);
                        *place_of_message.insert(points.len() - 1)
                    }
                };
                let key_number = keys.number(id);
                open.push(Open { place, key, key_number, message_number, signature: point });
                // What it stays unless the equation is found to hold.
                SignatureVerdict::Equation
            }
        };
    }
    let by_key = keys.len() <= points.len();
    if by_key {
        open.sort_by_key(|item| (item.key_number, item.message_number));
    } else {
        open.sort_by_key(|item| (item.message_number, item.key_number));
    }
    let batch = Batch::<G> {
        places: open.iter().map(|item| item.place).collect(),
        keys: open.iter().map(|item| item.key).collect(),
        points: open.iter().map(|item| points[item.message_number]).collect(),
        signatures: open.iter().map(|item| item.signature).collect(),
        groups: open.iter().map(|item| if by_key { item.key_number } else { item.message_number }).collect(),
        by_key,
        // Without random numbers there is no sound combination, and every item is checked by itself.
        coefficients: coefficients(open.len()),
    };
    // A tenth of what single checks of all would cost, with decoding and hashing.
    let mut budget = open.len() * (SINGLE + 1) / 10;
    budget += batch.cost(0..open.len());
    batch.resolve(0..open.len(), false, &mut budget, out);
}

/// Items of one batch in columns, those of a group side by side.
struct Batch<G: Groups> {
    places: Vec<usize>,
    keys: Vec<G::Key>,
    points: Vec<G::Signature>,
    signatures: Vec<G::Signature>,
    groups: Vec<usize>,
    by_key: bool,
    coefficients: Option<Vec<u8>>,
}

impl<G: Groups> Batch<G> {
    /// Decides a range of items and says whether all are good. `is_bad` says that at least one is known not to be.
    /// `budget` bounds the tests; when it is used up, what is open is checked singly. It never reaches a verdict.
    fn resolve(
        &self,
        range: Range<usize>,
        is_bad: bool,
        budget: &mut usize,
        out: &mut [SignatureVerdict],
    ) -> bool {
        let cost = self.cost(range.clone());
        let coefficients = match &self.coefficients {
            Some(all) if range.len() > LEAF && *budget >= cost => all,
            _ => return self.check_singly(range, out),
        };
        if !is_bad {
            *budget -= cost;
            if self.holds(range.clone(), coefficients) {
                for at in range {
                    out[self.places[at]] = SignatureVerdict::Good;
                }
                return true;
            }
        }
        let middle = range.start + range.len() / 2;
        let first = self.resolve(range.start..middle, false, budget, out);
        // Where the whole fails and the first half holds, the second cannot.
        let second = self.resolve(middle..range.end, first, budget, out);
        first && second
    }

    /// Cost of a test, in Miller loops; four coefficients are about as dear as one.
    fn cost(&self, range: Range<usize>) -> usize {
        let items = range.len();
        self.groups[range].chunk_by(PartialEq::eq).count() + SINGLE - 1 + items / 4
    }

    /// Whether the equation of all these items together holds.
    fn holds(&self, range: Range<usize>, coefficients: &[u8]) -> bool {
        let coefficients_of =
            |range: Range<usize>| &coefficients[range.start * COEFFICIENT..range.end * COEFFICIENT];
        let mut terms = Terms::<G>::with_room(range.len());
        let mut start = range.start;
        for group in self.groups[range.clone()].chunk_by(PartialEq::eq) {
            let group = start..start + group.len();
            start = group.end;
            // In a group of one item either side may bear its coefficient.
            let on_keys = if group.len() == 1 { G::KEYS_ARE_CHEAPER } else { !self.by_key };
            let own = coefficients_of(group.clone());
            if on_keys {
                terms.push(G::Key::combine(&self.keys[group.clone()], own), Some(self.points[group.start]));
            } else {
                terms.push(Some(self.keys[group.start]), G::Signature::combine(&self.points[group], own));
            }
        }
        G::holds(terms, G::Signature::combine(&self.signatures[range.clone()], coefficients_of(range)))
    }

    /// Checks each item by its own equation and says whether all are good.
    fn check_singly(&self, range: Range<usize>, out: &mut [SignatureVerdict]) -> bool {
        let mut all_good = true;
        for at in range {
            let good = G::holds(Terms::one(self.keys[at], self.points[at]), Some(self.signatures[at]));
            out[self.places[at]] = if good { SignatureVerdict::Good } else { SignatureVerdict::Equation };
            all_good &= good;
        }
        all_good
    }
}

#[cfg(test)]
#[path = "bls_batch_tests.rs"]
mod tests;
