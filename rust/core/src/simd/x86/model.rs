//! Eight lanes on every x86-64 machine, for tests: the code of [`avx512`] over a model of its instructions.
//!
//! In and out: as the instructions of the same names. Rule: the operations in Intel's intrinsics guide, word by word.
//! Invariant: plain Rust, so that tests of what runs in eight lanes say the same on all of them.

/// The code of the unit, with the names that it uses taken from here.
#[expect(clippy::used_underscore_items, reason = "names of the processor's maker")]
#[path = "avx512.rs"]
pub mod avx512;

macro_rules! register {
    ($call:expr) => {
        $call
    };
}

macro_rules! unit {
    ($vector:ident, $($feature:tt),+) => {
        /// Runs a job in the lanes of the vector.
        pub fn run<J: $crate::simd::dispatch::Job>(job: J) -> J::Output {
            job.run::<$vector>()
        }
    };
}
use {register, unit};

/// Calls are not inlined: a kernel has thousands of them, which a compiler would take long to look through.
mod intrinsics {
    #![allow(non_camel_case_types, reason = "names of the processor's maker")]

    use crate::simd::vector::LIMB;

    const WORDS: usize = 8;
    /// Words that shuffles keep together.
    const PAIR: usize = 2;

    #[derive(Clone, Copy)]
    #[repr(C, align(64))]
    pub struct __m512i([u64; WORDS]);

    #[derive(Clone, Copy)]
    pub struct __m128i(u64);

    type __mmask8 = u8;

    fn words(word: impl FnMut(usize) -> u64) -> __m512i {
        __m512i(std::array::from_fn(word))
    }

    fn mask(mut lane: impl FnMut(usize) -> bool) -> __mmask8 {
        (0..WORDS).fold(0, |mask, at| mask | u8::from(lane(at)) << at)
    }

    macro_rules! lane_by_lane {
        ($($name:ident = |$a:ident, $b:ident| $word:expr;)+) => {
            $(#[inline(never)]
            pub fn $name(a: __m512i, b: __m512i) -> __m512i {
                words(|at| {
                    let ($a, $b) = (a.0[at], b.0[at]);
                    $word
                })
            })+
        };
    }

    lane_by_lane! {
        _mm512_add_epi64 = |a, b| a.wrapping_add(b);
        _mm512_sub_epi64 = |a, b| a.wrapping_sub(b);
        _mm512_mullo_epi64 = |a, b| a.wrapping_mul(b);
        _mm512_mul_epu32 = |a, b| (a & 0xffff_ffff) * (b & 0xffff_ffff);
        _mm512_and_si512 = |a, b| a & b;
        _mm512_or_si512 = |a, b| a | b;
        _mm512_xor_si512 = |a, b| a ^ b;
    }

    pub fn _mm_cvtsi64_si128(count: i64) -> __m128i {
        __m128i(count.cast_unsigned())
    }

    fn shifted(a: __m512i, count: __m128i, shift: impl Fn(u64, u32) -> Option<u64>) -> __m512i {
        words(|at| u32::try_from(count.0).ok().and_then(|count| shift(a.0[at], count)).unwrap_or(0))
    }

    #[inline(never)]
    pub fn _mm512_sll_epi64(a: __m512i, count: __m128i) -> __m512i {
        shifted(a, count, u64::checked_shl)
    }

    #[inline(never)]
    pub fn _mm512_srl_epi64(a: __m512i, count: __m128i) -> __m512i {
        shifted(a, count, u64::checked_shr)
    }

    #[inline(never)]
    pub fn _mm512_sra_epi64(a: __m512i, count: __m128i) -> __m512i {
        words(|at| (a.0[at].cast_signed() >> count.0.min(63)).cast_unsigned())
    }

    #[inline(never)]
    pub fn _mm512_ror_epi64<const BY: i32>(a: __m512i) -> __m512i {
        words(|at| a.0[at].rotate_right(BY.cast_unsigned()))
    }

    /// Both halves of every word.
    fn halves(a: __m512i, half: impl Fn(u32, usize, u32) -> u32) -> __m512i {
        words(|at| {
            let half = |shift: u32| u64::from(half((a.0[at] >> shift) as u32, at, shift)) << shift;
            half(0) | half(32)
        })
    }

    #[inline(never)]
    pub fn _mm512_add_epi32(a: __m512i, b: __m512i) -> __m512i {
        halves(a, |half, at, shift| half.wrapping_add((b.0[at] >> shift) as u32))
    }

    #[inline(never)]
    pub fn _mm512_srl_epi32(a: __m512i, count: __m128i) -> __m512i {
        let count = u32::try_from(count.0).unwrap_or(u32::MAX);
        halves(a, |half, _, _| half.checked_shr(count).unwrap_or(0))
    }

    #[inline(never)]
    pub fn _mm512_ror_epi32<const BY: i32>(a: __m512i) -> __m512i {
        halves(a, |half, _, _| half.rotate_right(BY.cast_unsigned()))
    }

    pub fn _mm512_setzero_si512() -> __m512i {
        words(|_| 0)
    }

    pub fn _mm512_set1_epi64(word: i64) -> __m512i {
        words(|_| word.cast_unsigned())
    }

    pub fn _mm512_set4_epi64(d: i64, c: i64, b: i64, a: i64) -> __m512i {
        words(|at| [a, b, c, d][at % 4].cast_unsigned())
    }

    #[expect(clippy::too_many_arguments, reason = "the instruction's")]
    pub fn _mm512_set_epi64(h: i64, g: i64, f: i64, e: i64, d: i64, c: i64, b: i64, a: i64) -> __m512i {
        words(|at| [a, b, c, d, e, f, g, h][at].cast_unsigned())
    }

    #[inline(never)]
    pub fn _mm512_shuffle_epi8(a: __m512i, order: __m512i) -> __m512i {
        let byte = |at: usize, place: u8| {
            let pair = at - at % PAIR;
            let place = usize::from(place);
            if place & 0x80 == 0 { a.0[pair + (place >> 3 & 1)].to_le_bytes()[place & 7] } else { 0 }
        };
        words(|at| u64::from_le_bytes(order.0[at].to_le_bytes().map(|place| byte(at, place))))
    }

    #[inline(never)]
    pub fn _mm512_shuffle_i64x2<const ORDER: i32>(a: __m512i, b: __m512i) -> __m512i {
        words(|at| {
            let pair = at / PAIR;
            let from = ORDER.cast_unsigned() as usize >> (2 * pair) & 3;
            (if pair < 2 { a } else { b }).0[PAIR * from + at % PAIR]
        })
    }

    #[inline(never)]
    pub fn _mm512_unpacklo_epi64(a: __m512i, b: __m512i) -> __m512i {
        words(|at| (if at % PAIR == 0 { a } else { b }).0[at - at % PAIR])
    }

    #[inline(never)]
    pub fn _mm512_unpackhi_epi64(a: __m512i, b: __m512i) -> __m512i {
        words(|at| (if at % PAIR == 0 { a } else { b }).0[at - at % PAIR + 1])
    }

    #[inline(never)]
    pub fn _mm512_permutexvar_epi64(order: __m512i, a: __m512i) -> __m512i {
        words(|at| a.0[(order.0[at] & 7) as usize])
    }

    #[inline(never)]
    pub fn _mm512_ternarylogic_epi64<const TABLE: i32>(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        let where_bits_are = |number: i32, at: usize| {
            let side = |bit: i32, word: u64| if number & bit == 0 { !word } else { word };
            side(4, a.0[at]) & side(2, b.0[at]) & side(1, c.0[at])
        };
        words(|at| {
            let wanted = (0..8).filter(|number| TABLE >> number & 1 == 1);
            wanted.fold(0, |word, number| word | where_bits_are(number, at))
        })
    }

    fn product(a: u64, b: u64) -> u128 {
        u128::from(a & LIMB) * u128::from(b & LIMB)
    }

    #[inline(never)]
    pub fn _mm512_madd52lo_epu64(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        words(|at| sum.0[at].wrapping_add(product(a.0[at], b.0[at]) as u64 & LIMB))
    }

    #[inline(never)]
    pub fn _mm512_madd52hi_epu64(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        words(|at| sum.0[at].wrapping_add((product(a.0[at], b.0[at]) >> 52) as u64))
    }

    #[inline(never)]
    pub fn _mm512_mask_mov_epi64(off: __m512i, mask: __mmask8, on: __m512i) -> __m512i {
        words(|at| (if mask >> at & 1 == 1 { on } else { off }).0[at])
    }

    #[inline(never)]
    pub fn _mm512_cmpeq_epi64_mask(a: __m512i, b: __m512i) -> __mmask8 {
        mask(|at| a.0[at] == b.0[at])
    }

    #[inline(never)]
    pub fn _mm512_test_epi64_mask(a: __m512i, b: __m512i) -> __mmask8 {
        mask(|at| a.0[at] & b.0[at] != 0)
    }

    #[inline(never)]
    pub fn _mm512_movepi64_mask(a: __m512i) -> __mmask8 {
        mask(|at| a.0[at] >> 63 == 1)
    }

    pub unsafe fn _mm512_load_si512(from: *const __m512i) -> __m512i {
        // SAFETY: the caller gives 64 readable bytes, aligned to 64.
        unsafe { from.read() }
    }

    pub unsafe fn _mm512_loadu_si512(from: *const __m512i) -> __m512i {
        // SAFETY: the caller gives 64 readable bytes.
        unsafe { from.read_unaligned() }
    }

    pub unsafe fn _mm512_storeu_si512(to: *mut __m512i, value: __m512i) {
        // SAFETY: the caller gives 64 writable bytes.
        unsafe { to.write_unaligned(value) }
    }
}
