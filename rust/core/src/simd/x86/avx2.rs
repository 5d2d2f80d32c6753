//! Four lanes in AVX2 registers, with products of limbs by fused multiply-add of doubles.
//!
//! In and out: as [`Vector`] says. Rule: a limb of 52 bits is exact in a double. 2^104 + a b, rounded once, has
//! h = round(a b / 2^52) as the low bits of its representation, and a b - h 2^52, which is between -2^51 and 2^51, is exact;
//! added to 1.5 2^52 it stands in the low bits too (after Emmart, Zheng and Weems, ARITH 2018). Limbs of 51 bits are split at
//! 2^51 in the same way, from 2^103 + a b. Invariant: that of the module; the rounding mode is to nearest, as every Rust program has it.

use core::arch::x86_64::{
    __m256d, __m256i, _mm_cvtsi64_si128, _mm256_add_epi32, _mm256_add_epi64, _mm256_add_pd, _mm256_and_si256,
    _mm256_blendv_epi8, _mm256_castpd_si256, _mm256_castsi256_pd, _mm256_cmpeq_epi64, _mm256_fmadd_pd,
    _mm256_load_si256, _mm256_loadu_si256, _mm256_movemask_pd, _mm256_mul_epu32, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_permute4x64_epi64, _mm256_set_epi8, _mm256_set_epi64x,
    _mm256_set1_epi64x, _mm256_set1_pd, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_sll_epi32,
    _mm256_sll_epi64, _mm256_srl_epi32, _mm256_srl_epi64, _mm256_storeu_si256, _mm256_sub_epi64,
    _mm256_sub_pd, _mm256_unpackhi_epi64, _mm256_unpacklo_epi64, _mm256_xor_si256,
};

use super::super::vector::{LIMB, MAX_LANES, Mask, Row, Vector};
use super::{register, unit};

unit!(Four, "avx2", "fma");

/// Four words.
#[derive(Clone, Copy)]
struct Four(__m256i);

/// 2^52, whose low bits are a limb's place.
const UNIT: f64 = 4_503_599_627_370_496.0;
/// 1.5 2^52, where a signed lower half stands in the low bits.
const LOWER: f64 = 1.5 * UNIT;

/// The bits of half a limb.
const HALF_LIMB: u64 = (1 << 26) - 1;

/// 2^52 times 2^`radix`, where a product's upper half stands in the low bits, in units of 2^`radix`.
const fn upper(radix: u32) -> f64 {
    if radix == 51 { UNIT * UNIT / 2.0 } else { UNIT * UNIT }
}

/// Halves of a product as the low bits of doubles: the upper one above [`upper`], the signed lower one above [`LOWER`].
struct Halves {
    upper: Four,
    lower: Four,
}

/// A limb as a double.
#[inline(always)]
fn double(limb: Four) -> __m256d {
    register!({
        let raised = _mm256_or_si256(limb.0, _mm256_set1_epi64x(UNIT.to_bits().cast_signed()));
        _mm256_sub_pd(_mm256_castsi256_pd(raised), _mm256_set1_pd(UNIT))
    })
}

#[inline(always)]
fn halves<const RADIX: u32>(a: Four, b: Four) -> Halves {
    let (a, b) = (double(a), double(b));
    let above = const { upper(RADIX) };
    register!({
        let upper = _mm256_fmadd_pd(a, b, _mm256_set1_pd(above));
        let taken = if RADIX == 51 {
            // 2^103 + 1.5 2^52 is a double.
            _mm256_sub_pd(_mm256_set1_pd(above + LOWER), upper)
        } else {
            _mm256_add_pd(_mm256_sub_pd(_mm256_set1_pd(above), upper), _mm256_set1_pd(LOWER))
        };
        let lower = _mm256_fmadd_pd(a, b, taken);
        Halves { upper: Four(_mm256_castpd_si256(upper)), lower: Four(_mm256_castpd_si256(lower)) }
    })
}

/// Rows of four words become columns.
#[inline(always)]
fn transpose(r: [__m256i; 4]) -> [Four; 4] {
    register!({
        let (low_a, high_a) = (_mm256_unpacklo_epi64(r[0], r[1]), _mm256_unpackhi_epi64(r[0], r[1]));
        let (low_b, high_b) = (_mm256_unpacklo_epi64(r[2], r[3]), _mm256_unpackhi_epi64(r[2], r[3]));
        [
            Four(_mm256_permute2x128_si256::<0x20>(low_a, low_b)),
            Four(_mm256_permute2x128_si256::<0x20>(high_a, high_b)),
            Four(_mm256_permute2x128_si256::<0x31>(low_a, low_b)),
            Four(_mm256_permute2x128_si256::<0x31>(high_a, high_b)),
        ]
    })
}

impl Four {
    #[inline(always)]
    fn to_four(self) -> [u64; 4] {
        let mut lanes = [0; 4];
        // SAFETY: the array is 32 writable bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), self.0) };
        lanes
    }
}

impl Vector for Four {
    const LANES: usize = 4;
    const ALL: Mask = 0xf;
    const IS_BIASED: bool = true;
    /// Sums of lower and of upper halves.
    type Wide = (Self, Self);

    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self(register!(_mm256_set1_epi64x(word.cast_signed())))
    }
    #[inline(always)]
    fn from_lanes(lanes: &[u64; MAX_LANES]) -> Self {
        // SAFETY: the array is 64 readable bytes, of which 32 are read, and the load needs no alignment.
        Self(unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) })
    }
    #[inline(always)]
    fn to_lanes(self) -> [u64; MAX_LANES] {
        let [a, b, c, d] = self.to_four();
        [a, b, c, d, 0, 0, 0, 0]
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(register!(_mm256_add_epi64(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(register!(_mm256_sub_epi64(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(register!({
            let low = _mm256_mul_epu32(self.0, other.0);
            let left = _mm256_mul_epu32(self.shr(32).0, other.0);
            let right = _mm256_mul_epu32(self.0, other.shr(32).0);
            _mm256_add_epi64(low, Self(_mm256_add_epi64(left, right)).shl(32).0)
        }))
    }
    #[inline(always)]
    fn mul_32(self, other: Self) -> Self {
        Self(register!(_mm256_mul_epu32(self.0, other.0)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(register!(_mm256_and_si256(self.0, other.0)))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(register!(_mm256_or_si256(self.0, other.0)))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(register!(_mm256_xor_si256(self.0, other.0)))
    }
    #[inline(always)]
    fn shl(self, places: u32) -> Self {
        Self(register!(_mm256_sll_epi64(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn shr(self, places: u32) -> Self {
        Self(register!(_mm256_srl_epi64(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn sar(self, places: u32) -> Self {
        // There is no such instruction for words: the sign is put back by hand.
        let sign = Self::splat(1 << (63 - places));
        self.shr(places).xor(sign).sub(sign)
    }
    #[inline(always)]
    fn rotate<const BY: i32>(self) -> Self {
        self.shr(BY.cast_unsigned()).or(self.shl(64 - BY.cast_unsigned()))
    }
    #[inline(always)]
    fn swap_bytes(self) -> Self {
        Self(register!({
            let order = _mm256_set_epi8(
                8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2,
                3, 4, 5, 6, 7,
            );
            _mm256_shuffle_epi8(self.0, order)
        }))
    }
    #[inline(always)]
    fn add_halves(self, other: Self) -> Self {
        Self(register!(_mm256_add_epi32(self.0, other.0)))
    }
    #[inline(always)]
    fn shr_halves(self, places: u32) -> Self {
        Self(register!(_mm256_srl_epi32(self.0, _mm_cvtsi64_si128(i64::from(places)))))
    }
    #[inline(always)]
    fn rotate_halves<const BY: i32>(self) -> Self {
        let up = register!(_mm256_sll_epi32(self.0, _mm_cvtsi64_si128(i64::from(32 - BY))));
        self.shr_halves(BY.cast_unsigned()).or(Self(up))
    }
    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        self.xor(b).xor(c)
    }
    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        self.and(b.xor(c)).xor(c)
    }
    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        self.and(b).or(c.and(self.or(b)))
    }
    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        let lower = halves::<52>(a.factor(), b.factor()).lower.sub(Self::splat(LOWER.to_bits()));
        self.add(lower.and(Self::splat(LIMB)))
    }
    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        let Halves { upper, lower } = halves::<52>(a.factor(), b.factor());
        // A lower half below zero says that the upper one was rounded up.
        let rounded_up = lower.sub(Self::splat(LOWER.to_bits())).shr(63);
        self.add(upper.and(Self::splat(LIMB))).sub(rounded_up)
    }
    #[inline(always)]
    fn add_shifted<const PLACES: u32>(self, a: Self) -> Self {
        self.add(a.shl(PLACES).and(Self::splat(LIMB)))
    }
    #[inline(always)]
    fn add_small(self, a: Self, b: Self) -> Self {
        self.add(a.mul_32(b)).add(a.mul_32(b.shr(32)).shl(32))
    }
    #[inline(always)]
    fn add_product(low: Self, high: Self, a: Self, b: Self) -> (Self, Self) {
        // In halves of limbs: those of a constant are constants, and nothing waits for a double.
        let mask = Self::splat(HALF_LIMB);
        let (a, b) = ([a.and(mask), a.factor().shr(26)], [b.and(mask), b.factor().shr(26)]);
        let middle = a[0].mul_32(b[1]).add(a[1].mul_32(b[0]));
        let low = low.add(a[0].mul_32(b[0])).add(middle.and(mask).shl(26));
        (low, high.add(a[1].mul_32(b[1])).add(middle.shr(26)))
    }
    #[inline(always)]
    fn add_powers<const UP: u32, const DOWN: u32>(low: Self, high: Self, a: Self) -> (Self, Self) {
        let limb = Self::splat(LIMB);
        let low = low.add(a.shl(UP).and(limb)).sub(a.shl(DOWN).and(limb));
        (low, high.add(a.shr(52 - UP)).sub(a.shr(52 - DOWN)))
    }
    #[inline(always)]
    fn factor(self) -> Self {
        self.and(Self::splat(LIMB))
    }
    #[inline(always)]
    fn wide() -> Self::Wide {
        let zero = Self(register!(_mm256_setzero_si256()));
        (zero, zero)
    }
    #[inline(always)]
    fn wide_add<const RADIX: u32>(sum: Self::Wide, a: Self, b: Self) -> Self::Wide {
        let Halves { upper, lower } = halves::<RADIX>(a, b);
        (sum.0.add(lower), sum.1.add(upper))
    }
    #[inline(always)]
    fn wide_double(sum: Self::Wide) -> Self::Wide {
        (sum.0.add(sum.0), sum.1.add(sum.1))
    }
    #[inline(always)]
    fn wide_split<const RADIX: u32>(sum: Self::Wide) -> (Self, Self) {
        sum
    }
    #[inline(always)]
    fn bias<const RADIX: u32>() -> (u64, u64) {
        (LOWER.to_bits(), upper(RADIX).to_bits())
    }
    #[inline(always)]
    fn replace(self, mask: Mask, on: Self) -> Self {
        Self(register!({
            let bits = _mm256_set_epi64x(8, 4, 2, 1);
            let chosen = _mm256_and_si256(_mm256_set1_epi64x(i64::from(mask)), bits);
            _mm256_blendv_epi8(self.0, on.0, _mm256_cmpeq_epi64(chosen, bits))
        }))
    }
    #[inline(always)]
    fn equal(self, other: Self) -> Mask {
        Self(register!(_mm256_cmpeq_epi64(self.0, other.0))).negative()
    }
    #[inline(always)]
    fn common(self, other: Self) -> Mask {
        !self.and(other).equal(Self::splat(0)) & Self::ALL
    }
    #[inline(always)]
    fn negative(self) -> Mask {
        register!(_mm256_movemask_pd(_mm256_castsi256_pd(self.0))).cast_unsigned() as Mask
    }
    #[inline(always)]
    fn exchange(self, distance: usize) -> Self {
        Self(register!(match distance {
            2 => _mm256_permute4x64_epi64::<0x4e>(self.0),
            _ => _mm256_permute4x64_epi64::<0xb1>(self.0),
        }))
    }
    #[inline(always)]
    fn from_rows(rows: &[&Row; MAX_LANES]) -> [Self; 8] {
        let mut halves = [[Self::splat(0).0; 4]; 2];
        for lane in 0..4 {
            for (half, words) in halves.iter_mut().zip(rows[lane].0.chunks_exact(4)) {
                // SAFETY: half a row is 32 readable bytes, aligned to 32 since a row is aligned to 64.
                half[lane] = unsafe { _mm256_load_si256(words.as_ptr().cast()) };
            }
        }
        let [a, b, c, d] = transpose(halves[0]);
        let [e, f, g, h] = transpose(halves[1]);
        [a, b, c, d, e, f, g, h]
    }
    #[inline(always)]
    fn to_rows(words: [Self; 8]) -> [Row; MAX_LANES] {
        let [a, b, c, d, e, f, g, h] = words.map(|word| word.0);
        let (low, high) = (transpose([a, b, c, d]), transpose([e, f, g, h]));
        let mut rows = [Row::default(); MAX_LANES];
        for (row, (low, high)) in rows.iter_mut().zip(low.into_iter().zip(high)) {
            row.0[..4].copy_from_slice(&low.to_four());
            row.0[4..].copy_from_slice(&high.to_four());
        }
        rows
    }
}
