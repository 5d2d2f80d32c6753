//! What the kernels need of a machine word that holds one or several lanes.
//!
//! In: words of 64 bits. Out: words of 64 bits, lane by lane. Rule: signature verification, 5.6: kernels are written once
//! over this trait; [`Portable`] is one lane in plain Rust, the vector units' four and eight lanes are in `x86`.
//! Invariant: lanes never mix, but where a method says so; both implementations give the same bits after the field's
//! canonical form is taken.

/// One cache line of a table: two coordinates of four words each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Row(pub [u64; 8]);

/// The most lanes that a vector has.
pub const MAX_LANES: usize = 8;

/// The bits of a limb that a multiplication reads.
pub const LIMB: u64 = (1 << 52) - 1;

/// What is added to sums of a unit whose lower halves of products are signed, to keep them positive: a power of two.
pub const EXCESS_BIT: u32 = 55;

/// One bit a lane, the first lane's lowest.
pub type Mask = u8;

/// A word in each lane.
pub trait Vector: Copy + Send + Sync + 'static {
    /// Lanes: 1 to [`MAX_LANES`].
    const LANES: usize;
    /// All lanes.
    const ALL: Mask;
    /// Whether halves of products come with a [bias](Vector::bias) and lower ones are signed.
    const IS_BIASED: bool;
    /// A sum of products of limbs, before any carry.
    type Wide: Copy;

    /// The same word in every lane.
    fn splat(word: u64) -> Self;
    /// The first words of the array.
    fn from_lanes(lanes: &[u64; MAX_LANES]) -> Self;
    /// The words, zero beyond the last lane.
    fn to_lanes(self) -> [u64; MAX_LANES];

    /// Sum modulo 2^64.
    #[must_use]
    fn add(self, other: Self) -> Self;
    /// Difference modulo 2^64.
    #[must_use]
    fn sub(self, other: Self) -> Self;
    /// Product modulo 2^64.
    #[must_use]
    fn mul(self, other: Self) -> Self;
    /// Product of the lower 32 bits of each.
    #[must_use]
    fn mul_32(self, other: Self) -> Self;
    /// Bits in both.
    #[must_use]
    fn and(self, other: Self) -> Self;
    /// Bits in either.
    #[must_use]
    fn or(self, other: Self) -> Self;
    /// Bits in one alone.
    #[must_use]
    fn xor(self, other: Self) -> Self;
    /// Shifted up; 0 from 64 places on.
    #[must_use]
    fn shl(self, places: u32) -> Self;
    /// Shifted down; 0 from 64 places on.
    #[must_use]
    fn shr(self, places: u32) -> Self;
    /// Shifted down with its sign, by less than 64 places.
    #[must_use]
    fn sar(self, places: u32) -> Self;
    /// Rotated down by `BY` places.
    #[must_use]
    fn rotate<const BY: i32>(self) -> Self;
    /// The bytes of each word in the other order.
    #[must_use]
    fn swap_bytes(self) -> Self;
    /// Sums modulo 2^32 of the lower and of the upper half of each word.
    #[must_use]
    fn add_halves(self, other: Self) -> Self;
    /// Each half of a word shifted down by less than 32 places.
    #[must_use]
    fn shr_halves(self, places: u32) -> Self;
    /// Each half of a word rotated down by `BY` places.
    #[must_use]
    fn rotate_halves<const BY: i32>(self) -> Self;

    /// `self ^ b ^ c`.
    #[must_use]
    fn xor3(self, b: Self, c: Self) -> Self;
    /// Bits of `b` where `self` has a bit, of `c` elsewhere.
    #[must_use]
    fn choose(self, b: Self, c: Self) -> Self;
    /// Bits that at least two of the three have.
    #[must_use]
    fn majority(self, b: Self, c: Self) -> Self;

    /// `self` plus the low 52 bits of the product of two limbs.
    #[must_use]
    fn add_low(self, a: Self, b: Self) -> Self;
    /// `self` plus bits 52 to 103 of the product of two limbs.
    #[must_use]
    fn add_high(self, a: Self, b: Self) -> Self;
    /// `self` plus the low 52 bits of a limb times `2^PLACES`.
    #[must_use]
    fn add_shifted<const PLACES: u32>(self, a: Self) -> Self;
    /// `self` plus the product of a number below 2^32 and a limb; the product is below 2^52.
    #[must_use]
    fn add_small(self, a: Self, b: Self) -> Self;
    /// `(low, high)` with the product of two limbs added to `low + high 2^52`; `low` grows by less than 2^53. Bits of the limbs
    /// from 52 up are not read.
    fn add_product(low: Self, high: Self, a: Self, b: Self) -> (Self, Self);
    /// The same with a limb times `2^UP - 2^DOWN`; up to 2^52 may be taken from `low` where halves are signed.
    fn add_powers<const UP: u32, const DOWN: u32>(low: Self, high: Self, a: Self) -> (Self, Self);
    /// A limb whose bits from 52 up may be anything, made fit to be a factor.
    #[must_use]
    fn factor(self) -> Self;

    /// No products yet.
    fn wide() -> Self::Wide;
    /// The sum plus the product of two limbs; where the radix is 51, of limbs below 1.4 2^51.
    fn wide_add<const RADIX: u32>(sum: Self::Wide, a: Self, b: Self) -> Self::Wide;
    /// Twice the sum.
    fn wide_double(sum: Self::Wide) -> Self::Wide;
    /// `(low, high)` with `sum = low + high 2^RADIX`, but for the bias of each product, for sums of up to five products.
    ///
    /// Without the bias `high` is below 2^56 and `low` below 2^55, and where halves are signed not below -2^54.
    fn wide_split<const RADIX: u32>(sum: Self::Wide) -> (Self, Self);
    /// What every product adds to `low` and to `high` besides itself.
    fn bias<const RADIX: u32>() -> (u64, u64);

    /// `on` in the lanes of the mask, `self` elsewhere.
    #[must_use]
    fn replace(self, mask: Mask, on: Self) -> Self;
    /// Lanes in which both are equal.
    fn equal(self, other: Self) -> Mask;
    /// Lanes in which both have a bit in common.
    fn common(self, other: Self) -> Mask;
    /// Lanes whose highest bit is set.
    fn negative(self) -> Mask;

    /// Lane i gets the word of lane i xor `distance`, a power of two below [`Vector::LANES`].
    #[must_use]
    fn exchange(self, distance: usize) -> Self;
    /// Word k of every lane's row, for all k.
    fn from_rows(rows: &[&Row; MAX_LANES]) -> [Self; 8];
    /// Each lane's row; those beyond the last lane are zero.
    fn to_rows(words: [Self; 8]) -> [Row; MAX_LANES];
}

/// One lane in plain Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable(pub u64);

impl Portable {
    /// Both halves made anew from themselves and their place in the word.
    #[inline(always)]
    fn halves(self, made: impl Fn(u32, u32) -> u32) -> Self {
        Self(u64::from(made(self.0 as u32, 0)) | u64::from(made((self.0 >> 32) as u32, 32)) << 32)
    }
}

fn product(a: Portable, b: Portable) -> u128 {
    u128::from(a.0 & LIMB) * u128::from(b.0 & LIMB)
}

impl Vector for Portable {
    const LANES: usize = 1;
    const ALL: Mask = 1;
    const IS_BIASED: bool = false;
    type Wide = u128;

    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self(word)
    }
    #[inline(always)]
    fn from_lanes(lanes: &[u64; MAX_LANES]) -> Self {
        Self(lanes[0])
    }
    #[inline(always)]
    fn to_lanes(self) -> [u64; MAX_LANES] {
        [self.0, 0, 0, 0, 0, 0, 0, 0]
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0.wrapping_mul(other.0))
    }
    #[inline(always)]
    fn mul_32(self, other: Self) -> Self {
        Self((self.0 & 0xffff_ffff) * (other.0 & 0xffff_ffff))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
    #[inline(always)]
    fn shl(self, places: u32) -> Self {
        Self(self.0.checked_shl(places).unwrap_or(0))
    }
    #[inline(always)]
    fn shr(self, places: u32) -> Self {
        Self(self.0.checked_shr(places).unwrap_or(0))
    }
    #[inline(always)]
    fn sar(self, places: u32) -> Self {
        Self((self.0.cast_signed() >> places).cast_unsigned())
    }
    #[inline(always)]
    fn rotate<const BY: i32>(self) -> Self {
        Self(self.0.rotate_right(BY.cast_unsigned()))
    }
    #[inline(always)]
    fn swap_bytes(self) -> Self {
        Self(self.0.swap_bytes())
    }
    #[inline(always)]
    fn add_halves(self, other: Self) -> Self {
        self.halves(|half, shift| half.wrapping_add((other.0 >> shift) as u32))
    }
    #[inline(always)]
    fn shr_halves(self, places: u32) -> Self {
        self.halves(|half, _| half >> places)
    }
    #[inline(always)]
    fn rotate_halves<const BY: i32>(self) -> Self {
        self.halves(|half, _| half.rotate_right(BY.cast_unsigned()))
    }
    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        Self(self.0 ^ b.0 ^ c.0)
    }
    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        Self((self.0 & b.0) | (!self.0 & c.0))
    }
    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        Self((self.0 & b.0) | (self.0 & c.0) | (b.0 & c.0))
    }
    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        Self(self.0.wrapping_add(product(a, b) as u64 & LIMB))
    }
    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        Self(self.0.wrapping_add((product(a, b) >> 52) as u64))
    }
    #[inline(always)]
    fn add_shifted<const PLACES: u32>(self, a: Self) -> Self {
        self.add(a.shl(PLACES).and(Self(LIMB)))
    }
    #[inline(always)]
    fn add_small(self, a: Self, b: Self) -> Self {
        self.add(a.mul(b))
    }
    #[inline(always)]
    fn add_product(low: Self, high: Self, a: Self, b: Self) -> (Self, Self) {
        (low.add_low(a, b), high.add_high(a, b))
    }
    #[inline(always)]
    fn add_powers<const UP: u32, const DOWN: u32>(low: Self, high: Self, a: Self) -> (Self, Self) {
        Self::add_product(low, high, a, Self((1 << UP) - (1 << DOWN)))
    }
    #[inline(always)]
    fn factor(self) -> Self {
        Self(self.0 & LIMB)
    }
    #[inline(always)]
    fn wide() -> u128 {
        0
    }
    #[inline(always)]
    fn wide_add<const RADIX: u32>(sum: u128, a: Self, b: Self) -> u128 {
        sum + u128::from(a.0) * u128::from(b.0)
    }
    #[inline(always)]
    fn wide_double(sum: u128) -> u128 {
        sum << 1
    }
    #[inline(always)]
    fn wide_split<const RADIX: u32>(sum: u128) -> (Self, Self) {
        (Self(sum as u64 & ((1 << RADIX) - 1)), Self((sum >> RADIX) as u64))
    }
    #[inline(always)]
    fn bias<const RADIX: u32>() -> (u64, u64) {
        (0, 0)
    }
    #[inline(always)]
    fn replace(self, mask: Mask, on: Self) -> Self {
        if mask & 1 == 1 { on } else { self }
    }
    #[inline(always)]
    fn equal(self, other: Self) -> Mask {
        Mask::from(self.0 == other.0)
    }
    #[inline(always)]
    fn common(self, other: Self) -> Mask {
        Mask::from(self.0 & other.0 != 0)
    }
    #[inline(always)]
    fn negative(self) -> Mask {
        (self.0 >> 63) as Mask
    }
    #[inline(always)]
    fn exchange(self, _distance: usize) -> Self {
        self
    }
    #[inline(always)]
    fn from_rows(rows: &[&Row; MAX_LANES]) -> [Self; 8] {
        rows[0].0.map(Self)
    }
    #[inline(always)]
    fn to_rows(words: [Self; 8]) -> [Row; MAX_LANES] {
        let mut rows = [Row::default(); MAX_LANES];
        rows[0] = Row(words.map(|word| word.0));
        rows
    }
}

#[cfg(test)]
#[path = "vector_tests.rs"]
mod tests;
