//! Elements of the fields of the three curves, in five limbs per lane.
//!
//! In and out: [`Element`]s. Rule: signature verification, 5.6. A field says how products are reduced and what its limbs may
//! hold; all else is common. Invariants, for every lane:
//! * *normal* elements, which every operation gives but where it says otherwise, have limbs below 2^52 (the last one below
//!   2^51) and stand for a number below 2^256 + 2^230;
//! * *factors* may have stray bits from 2^52 up in a limb, which multiplication does not read; they are good for nothing
//!   else;
//! * *loose* elements are like normal ones but for numbers below 2^259; they may be taken once from eight times the prime,
//!   and be a factor, and everything that carries accepts them;
//! * *terms* are five limbs below 2^58, the form in which a sum or difference is added to a product before its last carry.

use super::modular_inverse::{Modulus, inverse};
use crate::simd::vector::{EXCESS_BIT, LIMB, MAX_LANES, Mask, Vector};

/// Five limbs.
pub type Element<V> = [V; 5];

/// Sums of products by column.
pub type Columns<V> = [V; 10];

/// A prime field, with its way to reduce a product.
pub trait Field {
    /// Bits of a limb.
    const RADIX: u32;
    /// The prime, in 64-bit words, lowest first.
    const PRIME: Modulus;
    /// One, as it stands in this field's domain.
    const ONE: [u64; 5];
    /// What a number is multiplied by to enter the domain.
    const ENTER: [u64; 5];
    /// What the inverse of an element's limbs is multiplied by to be the element's inverse.
    const INVERSE_FIX: [u64; 5];
    /// Multiples of the prime, 2, 4 and 8 times, in limbs so large that normal elements and their doubles can be taken away
    /// without a borrow.
    const MULTIPLES: [[u64; 5]; 3];
    /// Congruent to what a vector unit's excess adds to the columns of a product, taken away.
    const MINUS_EXCESS: [u64; 5];

    /// Columns to a normal element; `term` is added before the last carry.
    fn reduce<V: Vector>(columns: Columns<V>, term: Option<&Element<V>>) -> Element<V>;
    /// Columns to a factor.
    fn reduce_to_factor<V: Vector>(columns: Columns<V>) -> Element<V>;
    /// A term to a normal element.
    fn carry<V: Vector>(term: Element<V>) -> Element<V>;
    /// A difference to a loose element.
    #[inline(always)]
    fn carry_loosely<V: Vector>(term: Element<V>) -> Element<V> {
        Self::carry(term)
    }
    /// A term to a factor.
    fn carry_to_factor<V: Vector>(term: Element<V>) -> Element<V>;
    /// A normal element to the one representative below the prime, limbs below the radix.
    fn canonical<V: Vector>(element: &Element<V>) -> Element<V>;
}

/// The same limbs in every lane.
#[inline(always)]
pub fn splat<V: Vector>(limbs: &[u64; 5]) -> Element<V> {
    let mut element = [V::splat(0); 5];
    for (limb, word) in element.iter_mut().zip(limbs) {
        *limb = V::splat(*word);
    }
    element
}

/// Columns from sums of products.
#[inline(always)]
fn columns<F: Field + ?Sized, V: Vector>(sums: [V::Wide; 9]) -> Columns<V> {
    let mut columns = [V::splat(0); 10];
    for k in 0..9 {
        let (low, high) =
            if F::RADIX == 52 { V::wide_split::<52>(sums[k]) } else { V::wide_split::<51>(sums[k]) };
        columns[k] = columns[k].add(low);
        columns[k + 1] = high;
    }
    if V::IS_BIASED {
        for k in 0..10 {
            columns[k] = columns[k].add(V::splat(correction::<F, V>(k)));
        }
    }
    columns
}

/// What a column needs where a unit's sums are biased: the bias taken away, the excess added, and that taken away as well,
/// modulo the prime.
#[inline(always)]
fn correction<F: Field + ?Sized, V: Vector>(column: usize) -> u64 {
    let (low, high) = if F::RADIX == 52 { V::bias::<52>() } else { V::bias::<51>() };
    let products = |column: usize| if column < 9 { 5 - column.abs_diff(4) as u64 } else { 0 };
    let lows = low.wrapping_mul(products(column));
    let highs = if column > 0 { high.wrapping_mul(products(column - 1)) } else { 0 };
    let excess = if column < 9 { 1 << EXCESS_BIT } else { 0 };
    let minus_excess = if column < 5 { F::MINUS_EXCESS[column] } else { 0 };
    (excess + minus_excess).wrapping_sub(lows).wrapping_sub(highs)
}

#[inline(always)]
fn product<F: Field + ?Sized, V: Vector>(a: &Element<V>, b: &Element<V>) -> Columns<V> {
    // Row by row, since a compiler that sees one loop may leave it a loop, with all sums in memory.
    let mut sums = [V::wide(); 9];
    add_row::<F, V>(&mut sums[0..5], a[0], b);
    add_row::<F, V>(&mut sums[1..6], a[1], b);
    add_row::<F, V>(&mut sums[2..7], a[2], b);
    add_row::<F, V>(&mut sums[3..8], a[3], b);
    add_row::<F, V>(&mut sums[4..9], a[4], b);
    columns::<F, V>(sums)
}

#[inline(always)]
fn add_row<F: Field + ?Sized, V: Vector>(sums: &mut [V::Wide], a: V, b: &Element<V>) {
    for j in 0..5 {
        sums[j] = wide_add::<F, V>(sums[j], a, b[j]);
    }
}

#[inline(always)]
fn wide_add<F: Field + ?Sized, V: Vector>(sum: V::Wide, a: V, b: V) -> V::Wide {
    if F::RADIX == 52 { V::wide_add::<52>(sum, a, b) } else { V::wide_add::<51>(sum, a, b) }
}

#[inline(always)]
fn square_product<F: Field + ?Sized, V: Vector>(a: &Element<V>) -> Columns<V> {
    let mut sums = [V::wide(); 9];
    for i in 0..5 {
        for j in i + 1..5 {
            sums[i + j] = wide_add::<F, V>(sums[i + j], a[i], a[j]);
        }
    }
    for sum in &mut sums[1..8] {
        *sum = V::wide_double(*sum);
    }
    for i in 0..5 {
        sums[2 * i] = wide_add::<F, V>(sums[2 * i], a[i], a[i]);
    }
    columns::<F, V>(sums)
}

/// Operations that every field has.
pub trait Arithmetic: Field {
    /// `a b`; both may be factors.
    #[inline(always)]
    fn multiply<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        Self::reduce(product::<Self, V>(a, b), None)
    }
    /// `a b`, good as a factor only.
    #[inline(always)]
    fn multiply_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        Self::reduce_to_factor(product::<Self, V>(a, b))
    }
    /// `a b + term`.
    #[inline(always)]
    fn multiply_add<V: Vector>(a: &Element<V>, b: &Element<V>, term: &Element<V>) -> Element<V> {
        Self::reduce(product::<Self, V>(a, b), Some(term))
    }
    /// `a a`.
    #[inline(always)]
    fn square<V: Vector>(a: &Element<V>) -> Element<V> {
        Self::reduce(square_product::<Self, V>(a), None)
    }
    /// `a a + term`.
    #[inline(always)]
    fn square_add<V: Vector>(a: &Element<V>, term: &Element<V>) -> Element<V> {
        Self::reduce(square_product::<Self, V>(a), Some(term))
    }
    /// `a + b`.
    #[inline(always)]
    fn add<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        let mut sum = *a;
        for k in 0..5 {
            sum[k] = sum[k].add(b[k]);
        }
        Self::carry(sum)
    }
    /// `a - b`; `a` may be a term.
    #[inline(always)]
    fn subtract<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        Self::carry(Self::difference(a, b))
    }
    /// `a - b` of normal elements, as a loose one.
    #[inline(always)]
    fn subtract_loosely<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        Self::carry_loosely(Self::difference(a, b))
    }
    /// `a - b`, good as a factor only.
    #[inline(always)]
    fn subtract_to_factor<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        Self::carry_to_factor(Self::difference(a, b))
    }
    /// `a - b` as a term.
    #[inline(always)]
    fn difference<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        let mut term = splat::<V>(&Self::MULTIPLES[1]);
        for k in 0..5 {
            term[k] = term[k].sub(b[k]).add(a[k]);
        }
        term
    }
    /// `- a` as a term.
    #[inline(always)]
    fn minus<V: Vector>(a: &Element<V>) -> Element<V> {
        let mut term = splat::<V>(&Self::MULTIPLES[1]);
        for k in 0..5 {
            term[k] = term[k].sub(a[k]);
        }
        term
    }
    /// `- 2 a - b` as a term; `b` may be loose.
    #[inline(always)]
    fn minus_double_and<V: Vector>(a: &Element<V>, b: &Element<V>) -> Element<V> {
        let mut term = splat::<V>(&Self::MULTIPLES[2]);
        for k in 0..5 {
            term[k] = term[k].sub(a[k].add(a[k])).sub(b[k]);
        }
        term
    }
    /// A number below 2^256, as words, to limbs; not yet in the domain.
    #[inline(always)]
    fn limbs<V: Vector>(words: &[V; 4]) -> Element<V> {
        to_limbs(words, Self::RADIX)
    }
    /// Limbs below the radix to words.
    #[inline(always)]
    fn words<V: Vector>(limbs: &Element<V>) -> [V; 4] {
        to_words(limbs, Self::RADIX)
    }
    /// A number's limbs into the domain.
    #[inline(always)]
    fn enter<V: Vector>(limbs: &Element<V>) -> Element<V> {
        if Self::is_plain() { *limbs } else { Self::multiply(limbs, &splat(&Self::ENTER)) }
    }
    /// An element's number, canonical, as limbs.
    #[inline(always)]
    fn leave<V: Vector>(element: &Element<V>) -> Element<V> {
        if Self::is_plain() {
            Self::canonical(element)
        } else {
            Self::canonical(&Self::multiply(element, &splat(&[1, 0, 0, 0, 0])))
        }
    }
    /// Whether elements stand for themselves.
    #[inline(always)]
    fn is_plain() -> bool {
        Self::ENTER[0] == 1 && Self::ENTER[1] == 0
    }
    /// Lanes in which the element is zero.
    #[inline(always)]
    fn is_zero<V: Vector>(element: &Element<V>) -> Mask {
        let c = Self::canonical(element);
        let any = c[0].or(c[1]).or(c[2]).or(c[3].or(c[4]));
        any.equal(V::splat(0))
    }
    /// `on` in the lanes of the mask, `off` elsewhere.
    #[inline(always)]
    fn replace<V: Vector>(off: &Element<V>, mask: Mask, on: &Element<V>) -> Element<V> {
        let mut element = *off;
        for k in 0..5 {
            element[k] = off[k].replace(mask, on[k]);
        }
        element
    }
    /// The inverse in every lane, by one inversion of the product of all lanes; `None` if a lane is zero.
    #[inline(always)]
    fn invert<V: Vector>(element: &Element<V>) -> Option<Element<V>> {
        // others[i] is the product of the lanes that step i brings in.
        let mut others = [*element; 3];
        let mut all = *element;
        let mut steps = 0;
        let mut distance = V::LANES / 2;
        while distance > 0 {
            let mut other = all;
            for limb in &mut other {
                *limb = limb.exchange(distance);
            }
            others[steps] = other;
            all = Self::multiply(&all, &other);
            steps += 1;
            distance /= 2;
        }
        let canonical = Self::words(&Self::canonical(&all));
        let mut words = [0; 4];
        for k in 0..4 {
            words[k] = canonical[k].to_lanes()[0];
        }
        let inverted = inverse(&words, &Self::PRIME)?;
        let mut lanes = [V::splat(0); 4];
        for k in 0..4 {
            lanes[k] = V::splat(inverted[k]);
        }
        let mut result = Self::limbs(&lanes);
        if !Self::is_plain() {
            result = Self::multiply(&result, &splat(&Self::INVERSE_FIX));
        }
        for step in (0..steps).rev() {
            result = Self::multiply(&result, &others[step]);
        }
        Some(result)
    }
}

impl<F: Field + ?Sized> Arithmetic for F {}

/// Words of 64 bits to limbs of `radix` bits; bits beyond the fifth limb stay in it.
#[inline(always)]
pub fn to_limbs<V: Vector>(words: &[V; 4], radix: u32) -> [V; 5] {
    let mask = V::splat((1 << radix) - 1);
    let mut limbs = [words[0].and(mask); 5];
    for k in 1..4 {
        let bit = k as u32 * radix;
        let (word, shift) = ((bit / 64) as usize, bit % 64);
        limbs[k] = words[word].shr(shift).or(words[word + 1].shl(64 - shift)).and(mask);
    }
    limbs[4] = words[3].shr(4 * radix - 192);
    limbs
}

/// Limbs below the radix to words of 64 bits.
#[inline(always)]
pub fn to_words<V: Vector>(limbs: &[V; 5], radix: u32) -> [V; 4] {
    let mut words = [V::splat(0); 4];
    for k in 0..4 {
        // Word k begins inside limb k, `k (64 - radix)` bits up.
        let inside = k as u32 * (64 - radix);
        words[k] = limbs[k].shr(inside).or(limbs[k + 1].shl(radix - inside));
    }
    words
}

/// Words to limbs, before the program runs.
pub const fn limbs_of(words: [u64; 4], radix: u32) -> [u64; 5] {
    let mask = (1 << radix) - 1;
    let mut limbs = [0; 5];
    let mut k = 0;
    while k < 5 {
        let bit = k as u32 * radix;
        let (word, shift) = ((bit / 64) as usize, bit % 64);
        let mut limb = words[word] >> shift;
        if shift > 0 && word < 3 {
            limb |= words[word + 1] << (64 - shift);
        }
        limbs[k] = if k == 4 { limb } else { limb & mask };
        k += 1;
    }
    limbs
}

/// `times` the prime with every limb but the last raised by `2^bits`, which the limb above pays for.
pub const fn raised(prime: [u64; 5], times: u64, radix: u32, bits: u32) -> [u64; 5] {
    let mut limbs = [0; 5];
    let mut k = 0;
    let mut carry = 0;
    while k < 5 {
        let limb = prime[k] * times + carry;
        // What is raised here is taken from the limb above, which has been carried into.
        let kept = if k < 4 { limb & ((1 << radix) - 1) } else { limb };
        carry = if k < 4 { limb >> radix } else { 0 };
        let paid = if k > 0 { 1 << (bits - radix) } else { 0 };
        let raise = if k < 4 { 1 << bits } else { 0 };
        limbs[k] = kept + raise - paid;
        k += 1;
    }
    limbs
}

/// `2^power` modulo an odd modulus above 2^255 or so, by doubling, before the program runs.
pub const fn power_of_two(modulus: [u64; 4], power: u32) -> [u64; 4] {
    let mut value = [1, 0, 0, 0];
    let mut step = 0;
    while step < power {
        let top = value[3] >> 63;
        let mut k = 3;
        while k > 0 {
            value[k] = value[k] << 1 | value[k - 1] >> 63;
            k -= 1;
        }
        value[0] <<= 1;
        if top == 1 || !is_below(&value, &modulus) {
            value = minus(value, modulus);
        }
        step += 1;
    }
    value
}

/// Minus the sum of the excess times `2^(radix k)` over the nine columns of a product, modulo the prime.
pub const fn minus_excess(prime: [u64; 4], radix: u32) -> [u64; 5] {
    let mut left = [0; 4];
    let mut k = 0;
    while k < 9 {
        let taken = power_of_two(prime, EXCESS_BIT + k * radix);
        let enough = if is_below(&left, &taken) { minus(left, minus([0; 4], prime)) } else { left };
        left = minus(enough, taken);
        k += 1;
    }
    limbs_of(left, radix)
}

/// Whether `a < b`.
pub const fn is_below(a: &[u64; 4], b: &[u64; 4]) -> bool {
    let mut k = 4;
    while k > 0 {
        k -= 1;
        if a[k] != b[k] {
            return a[k] < b[k];
        }
    }
    false
}

/// `a - b` modulo 2^256.
pub const fn minus(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut result = [0; 4];
    let mut borrow = false;
    let mut k = 0;
    while k < 4 {
        let (once, first) = a[k].overflowing_sub(b[k]);
        let (twice, second) = once.overflowing_sub(borrow as u64);
        result[k] = twice;
        borrow = first | second;
        k += 1;
    }
    result
}

/// The words of one lane.
#[inline(always)]
pub fn lane_words<V: Vector>(words: &[V; 4], lane: usize) -> [u64; 4] {
    let mut result = [0; 4];
    for k in 0..4 {
        result[k] = words[k].to_lanes()[lane % MAX_LANES];
    }
    result
}

/// Carries limbs of 52 bits upwards once through; the last limb keeps what is above.
#[inline(always)]
pub fn ripple<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    let mask = V::splat(LIMB);
    for k in 0..4 {
        let carry = limbs[k].shr(52);
        limbs[k] = limbs[k].and(mask);
        limbs[k + 1] = limbs[k + 1].add(carry);
    }
    limbs
}

/// The same where limbs may be negative.
#[inline(always)]
pub fn ripple_signed<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    let mask = V::splat(LIMB);
    for k in 0..4 {
        let carry = limbs[k].sar(52);
        limbs[k] = limbs[k].and(mask);
        limbs[k + 1] = limbs[k + 1].add(carry);
    }
    limbs
}

/// The representative below the modulus of a number below twice the modulus, in limbs of 52 bits.
#[inline(always)]
pub fn below_modulus<V: Vector>(number: &Element<V>, modulus: &[u64; 5]) -> Element<V> {
    let modulus = splat::<V>(modulus);
    let mut less = *number;
    for k in 0..5 {
        less[k] = number[k].sub(modulus[k]);
    }
    let mut less = ripple_signed(less);
    let is_below = less[4].negative();
    for k in 0..5 {
        less[k] = less[k].replace(is_below, number[k]);
    }
    less
}

/// Carries without clearing: the limbs are factors.
#[inline(always)]
pub fn ripple_to_factor<V: Vector>(mut limbs: Element<V>) -> Element<V> {
    for k in 0..4 {
        let carry = limbs[k].shr(52);
        limbs[k + 1] = limbs[k + 1].add(carry);
        limbs[k] = limbs[k].factor();
    }
    limbs
}

#[cfg(test)]
#[path = "field_tests.rs"]
mod tests;
