//! SHA-256 of two streams side by side, by the instructions that x86-64 processors have for it.
//!
//! In: two states and equally many blocks for each. Out: the states behind them. Rule: FIPS 180-4, 6.2.2. Invariant: as
//! compressing one stream after the other. An instruction takes four cycles and the next one of its stream needs its
//! result, while a second one can start after two: two streams cost little more than one.

#![allow(unsafe_code, reason = "instructions that not every processor has")]

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi8, _mm_set_epi32, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

/// Words of a block.
const WORDS: usize = 16;
/// Words of a register.
const REGISTER: usize = 4;

/// FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
const CONSTANTS: [[u32; WORDS]; 4] = [
    [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98,
        0x1283_5b01,
        0x2431_85be,
        0x550c_7dc3,
        0x72be_5d74,
        0x80de_b1fe,
        0x9bdc_06a7,
        0xc19b_f174,
    ],
    [
        0xe49b_69c1,
        0xefbe_4786,
        0x0fc1_9dc6,
        0x240c_a1cc,
        0x2de9_2c6f,
        0x4a74_84aa,
        0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152,
        0xa831_c66d,
        0xb003_27c8,
        0xbf59_7fc7,
        0xc6e0_0bf3,
        0xd5a7_9147,
        0x06ca_6351,
        0x1429_2967,
    ],
    [
        0x27b7_0a85,
        0x2e1b_2138,
        0x4d2c_6dfc,
        0x5338_0d13,
        0x650a_7354,
        0x766a_0abb,
        0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1,
        0xa81a_664b,
        0xc24b_8b70,
        0xc76c_51a3,
        0xd192_e819,
        0xd699_0624,
        0xf40e_3585,
        0x106a_a070,
    ],
    [
        0x19a4_c116,
        0x1e37_6c08,
        0x2748_774c,
        0x34b0_bcb5,
        0x391c_0cb3,
        0x4ed8_aa4a,
        0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee,
        0x78a5_636f,
        0x84c8_7814,
        0x8cc7_0208,
        0x90be_fffa,
        0xa450_6ceb,
        0xbef9_a3f7,
        0xc671_78f2,
    ],
];

/// Compresses as many blocks into each of two states as the shorter list has; false, and nothing done, where the processor
/// lacks the instructions.
pub fn compress_pair(states: [&mut [u32; 8]; 2], blocks: [&[[u8; 64]]; 2]) -> bool {
    let is_available = is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("sse4.1");
    if is_available {
        // SAFETY: every feature that the function enables has just been found.
        unsafe { compress(states, blocks) };
    }
    is_available
}

/// The words A, B, E, F and C, D, G, H, the first in the highest place.
type State = [__m128i; 2];

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress(states: [&mut [u32; 8]; 2], blocks: [&[[u8; 64]]; 2]) {
    let mut held = [load_state(states[0]), load_state(states[1])];
    for (first, second) in blocks[0].iter().zip(blocks[1]) {
        let before = held;
        let mut words = [load_block(first), load_block(second)];
        for constants in &CONSTANTS[..3] {
            sixteen_rounds::<true>(&mut held, &mut words, constants);
        }
        sixteen_rounds::<false>(&mut held, &mut words, &CONSTANTS[3]);
        for (held, before) in held.iter_mut().zip(before) {
            *held = [_mm_add_epi32(held[0], before[0]), _mm_add_epi32(held[1], before[1])];
        }
    }
    for (state, held) in states.into_iter().zip(held) {
        *state = store_state(held);
    }
}

/// Rounds with the sixteen words that are there; `MORE` then makes the next sixteen of them.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn sixteen_rounds<const MORE: bool>(
    states: &mut [State; 2],
    words: &mut [[__m128i; REGISTER]; 2],
    constants: &[u32; WORDS],
) {
    for four in 0..REGISTER {
        let constants: [u32; REGISTER] = std::array::from_fn(|word| constants[REGISTER * four + word]);
        let [c0, c1, c2, c3] = constants.map(u32::cast_signed);
        let constants = _mm_set_epi32(c3, c2, c1, c0);
        for ([abef, cdgh], words) in states.iter_mut().zip(words.iter_mut()) {
            let sum = _mm_add_epi32(words[four], constants);
            *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
            *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32::<0b1110>(sum));
            if MORE {
                // The words 4, 8 and 12 places behind, in a ring of sixteen.
                let [second, third, last] = [1, 2, 3].map(|behind| words[(four + behind) % REGISTER]);
                let sum = _mm_add_epi32(
                    _mm_sha256msg1_epu32(words[four], second),
                    _mm_alignr_epi8::<4>(last, third),
                );
                words[four] = _mm_sha256msg2_epu32(sum, last);
            }
        }
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn load_block(block: &[u8; 64]) -> [__m128i; REGISTER] {
    let big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let (halves, _) = block.as_chunks::<8>();
    std::array::from_fn(|at| {
        let [low, high] = [halves[2 * at], halves[2 * at + 1]].map(i64::from_le_bytes);
        _mm_shuffle_epi8(_mm_set_epi64x(high, low), big_endian)
    })
}

#[expect(clippy::many_single_char_names, reason = "as FIPS 180-4 calls them")]
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn load_state(state: &[u32; 8]) -> State {
    let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
    [_mm_set_epi32(a, b, e, f), _mm_set_epi32(c, d, g, h)]
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn store_state([abef, cdgh]: State) -> [u32; 8] {
    [
        _mm_extract_epi32::<3>(abef),
        _mm_extract_epi32::<2>(abef),
        _mm_extract_epi32::<3>(cdgh),
        _mm_extract_epi32::<2>(cdgh),
        _mm_extract_epi32::<1>(abef),
        _mm_extract_epi32::<0>(abef),
        _mm_extract_epi32::<1>(cdgh),
        _mm_extract_epi32::<0>(cdgh),
    ]
    .map(i32::cast_unsigned)
}
