//! Eight lanes in AVX-512 registers.
//!
//! In and out: as [`Vector`] says. Rule: signature verification, 5.6. Invariant: [`Eight`] cannot be named outside this
//! file, so that its methods run only inside [`run`], which runs a job only on a processor that has every feature they
//! need.

use super::intrinsics::{
    __m512i, _mm_cvtsi64_si128, _mm512_add_epi32, _mm512_add_epi64, _mm512_and_si512,
    _mm512_cmpeq_epi64_mask, _mm512_load_si512, _mm512_loadu_si512, _mm512_madd52hi_epu64,
    _mm512_madd52lo_epu64, _mm512_mask_mov_epi64, _mm512_movepi64_mask, _mm512_mul_epu32, _mm512_mullo_epi64,
    _mm512_or_si512, _mm512_permutexvar_epi64, _mm512_ror_epi32, _mm512_ror_epi64, _mm512_set_epi64,
    _mm512_set1_epi64, _mm512_set4_epi64, _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i64x2,
    _mm512_sll_epi64, _mm512_sra_epi64, _mm512_srl_epi32, _mm512_srl_epi64, _mm512_storeu_si512,
    _mm512_sub_epi64, _mm512_ternarylogic_epi64, _mm512_test_epi64_mask, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use super::{register, unit};
use crate::simd::vector::{MAX_LANES, Mask, Row, Vector};

unit!(Eight, "avx512f", "avx512ifma", "avx512dq", "avx512vl", "avx512bw");

/// Eight words.
#[derive(Clone, Copy)]
struct Eight(__m512i);

#[inline(always)]
fn shuffle(a: __m512i, b: __m512i) -> (__m512i, __m512i) {
    register!((_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0xdd>(a, b)))
}

/// Rows become columns.
#[inline(always)]
fn transpose(r: [Eight; 8]) -> [Eight; 8] {
    let mut low = [r[0].0; 4];
    let mut high = [r[0].0; 4];
    for i in 0..4 {
        low[i] = register!(_mm512_unpacklo_epi64(r[2 * i].0, r[2 * i + 1].0));
        high[i] = register!(_mm512_unpackhi_epi64(r[2 * i].0, r[2 * i + 1].0));
    }
    let (even_a, even_c) = shuffle(low[0], low[1]);
    let (odd_a, odd_c) = shuffle(high[0], high[1]);
    let (even_b, even_d) = shuffle(low[2], low[3]);
    let (odd_b, odd_d) = shuffle(high[2], high[3]);
    let (c0, c4) = shuffle(even_a, even_b);
    let (c1, c5) = shuffle(odd_a, odd_b);
    let (c2, c6) = shuffle(even_c, even_d);
    let (c3, c7) = shuffle(odd_c, odd_d);
    [Eight(c0), Eight(c1), Eight(c2), Eight(c3), Eight(c4), Eight(c5), Eight(c6), Eight(c7)]
}

impl Vector for Eight {
    const LANES: usize = MAX_LANES;
    const ALL: Mask = 0xff;
    const IS_BIASED: bool = false;
    /// Sums of low and of high halves of the products.
    type Wide = (Self, Self);

    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self(register!(_mm512_set1_epi64(word.cast_signed())))
    }
    #[inline(always)]
    fn from_lanes(lanes: &[u64; MAX_LANES]) -> Self {
        // SAFETY: the array is 64 readable bytes, and the load needs no alignment.
        Self(unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) })
    }
    #[inline(always)]
    fn to_lanes(self) -> [u64; MAX_LANES] {
        let mut lanes = [0; MAX_LANES];
        // SAFETY: the array is 64 writable bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), self.0) };
        lanes
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(register!(_mm512_add_epi64(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(register!(_mm512_sub_epi64(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(register!(_mm512_mullo_epi64(self.0, other.0)))
    }
    #[inline(always)]
    fn mul_32(self, other: Self) -> Self {
        Self(register!(_mm512_mul_epu32(self.0, other.0)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(register!(_mm512_and_si512(self.0, other.0)))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(register!(_mm512_or_si512(self.0, other.0)))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(register!(_mm512_xor_si512(self.0, other.0)))
    }
    #[inline(always)]
    fn shl(self, places: u32) -> Self {
        Self(register!(_mm512_sll_epi64(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn shr(self, places: u32) -> Self {
        Self(register!(_mm512_srl_epi64(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn sar(self, places: u32) -> Self {
        Self(register!(_mm512_sra_epi64(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn rotate<const BY: i32>(self) -> Self {
        Self(register!(_mm512_ror_epi64::<BY>(self.0)))
    }
    #[inline(always)]
    fn swap_bytes(self) -> Self {
        Self(register!({
            // Places of bytes within two words.
            let (first, second) = (0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f);
            let order = _mm512_set4_epi64(second, first, second, first);
            _mm512_shuffle_epi8(self.0, order)
        }))
    }
    #[inline(always)]
    fn add_halves(self, other: Self) -> Self {
        Self(register!(_mm512_add_epi32(self.0, other.0)))
    }
    #[inline(always)]
    fn shr_halves(self, places: u32) -> Self {
        Self(register!(_mm512_srl_epi32(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn rotate_halves<const BY: i32>(self) -> Self {
        Self(register!(_mm512_ror_epi32::<BY>(self.0)))
    }
    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        Self(register!(_mm512_ternarylogic_epi64::<0x96>(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        Self(register!(_mm512_ternarylogic_epi64::<0xca>(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        Self(register!(_mm512_ternarylogic_epi64::<0xe8>(self.0, b.0, c.0)))
    }
    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        Self(register!(_mm512_madd52lo_epu64(self.0, a.0, b.0)))
    }
    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        Self(register!(_mm512_madd52hi_epu64(self.0, a.0, b.0)))
    }
    #[inline(always)]
    fn add_shifted<const PLACES: u32>(self, a: Self) -> Self {
        self.add_low(a, Self::splat(1 << PLACES))
    }
    #[inline(always)]
    fn add_small(self, a: Self, b: Self) -> Self {
        self.add_low(a, b)
    }
    #[inline(always)]
    fn add_product(low: Self, high: Self, a: Self, b: Self) -> (Self, Self) {
        (low.add_low(a, b), high.add_high(a, b))
    }
    #[inline(always)]
    fn add_powers<const UP: u32, const DOWN: u32>(low: Self, high: Self, a: Self) -> (Self, Self) {
        Self::add_product(low, high, a, Self::splat((1 << UP) - (1 << DOWN)))
    }
    #[inline(always)]
    fn factor(self) -> Self {
        // The multiplier does not read the bits from 52 up.
        self
    }
    #[inline(always)]
    fn wide() -> Self::Wide {
        let zero = Self(register!(_mm512_setzero_si512()));
        (zero, zero)
    }
    #[inline(always)]
    fn wide_add<const RADIX: u32>(sum: Self::Wide, a: Self, b: Self) -> Self::Wide {
        (sum.0.add_low(a, b), sum.1.add_high(a, b))
    }
    #[inline(always)]
    fn wide_double(sum: Self::Wide) -> Self::Wide {
        (sum.0.add(sum.0), sum.1.add(sum.1))
    }
    #[inline(always)]
    fn wide_split<const RADIX: u32>(sum: Self::Wide) -> (Self, Self) {
        match RADIX {
            52 => sum,
            _ => (sum.0, sum.1.shl(52 - RADIX)),
        }
    }
    #[inline(always)]
    fn bias<const RADIX: u32>() -> (u64, u64) {
        (0, 0)
    }
    #[inline(always)]
    fn replace(self, mask: Mask, on: Self) -> Self {
        Self(register!(_mm512_mask_mov_epi64(self.0, mask, on.0)))
    }
    #[inline(always)]
    fn equal(self, other: Self) -> Mask {
        register!(_mm512_cmpeq_epi64_mask(self.0, other.0))
    }
    #[inline(always)]
    fn common(self, other: Self) -> Mask {
        register!(_mm512_test_epi64_mask(self.0, other.0))
    }
    #[inline(always)]
    fn negative(self) -> Mask {
        register!(_mm512_movepi64_mask(self.0))
    }
    #[inline(always)]
    fn exchange(self, distance: usize) -> Self {
        Self(register!({
            let order = match distance {
                4 => _mm512_set_epi64(3, 2, 1, 0, 7, 6, 5, 4),
                2 => _mm512_set_epi64(5, 4, 7, 6, 1, 0, 3, 2),
                _ => _mm512_set_epi64(6, 7, 4, 5, 2, 3, 0, 1),
            };
            _mm512_permutexvar_epi64(order, self.0)
        }))
    }
    #[inline(always)]
    fn from_rows(rows: &[&Row; MAX_LANES]) -> [Self; 8] {
        let mut loaded = Self::wide().0;
        let mut all = [loaded; 8];
        for (place, row) in all.iter_mut().zip(rows) {
            // SAFETY: a row is 64 readable bytes, aligned to 64.
            loaded.0 = unsafe { _mm512_load_si512(row.0.as_ptr().cast()) };
            *place = loaded;
        }
        transpose(all)
    }
    #[inline(always)]
    fn to_rows(words: [Self; 8]) -> [Row; MAX_LANES] {
        let lanes = transpose(words);
        let mut rows = [Row::default(); MAX_LANES];
        for (row, lane) in rows.iter_mut().zip(lanes) {
            row.0 = lane.to_lanes();
        }
        rows
    }
}
