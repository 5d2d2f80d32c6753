//! SHA-512 of many messages side by side.
//!
//! In: messages of three parts each, for Ed25519 the point R, the key A and the message. Out: the digest of each part after
//! part. Rule: FIPS 180-4, section 6.4; signature verification, 5.2, step 1.
//! Invariant: a lane holds one message's chaining value from its first block to its last, and nothing that another lane
//! holds reaches it; so lengths may be mixed at will.

use sha2::{Digest, Sha512};

use super::messages::{Dealer, Parts};
use crate::simd::vector::{MAX_LANES, Row, Vector};

/// Bytes of a block.
const BLOCK: usize = 128;

/// Bytes of the length field at the end of the last block.
const LENGTH: usize = 16;

/// Section 5.3.5.
const INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// Section 4.2.3.
const CONSTANTS: [u64; 80] = [
    0x428a_2f98_d728_ae22,
    0x7137_4491_23ef_65cd,
    0xb5c0_fbcf_ec4d_3b2f,
    0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538,
    0x59f1_11f1_b605_d019,
    0x923f_82a4_af19_4f9b,
    0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242,
    0x1283_5b01_4570_6fbe,
    0x2431_85be_4ee4_b28c,
    0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f,
    0x80de_b1fe_3b16_96b1,
    0x9bdc_06a7_25c7_1235,
    0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2,
    0xefbe_4786_384f_25e3,
    0x0fc1_9dc6_8b8c_d5b5,
    0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275,
    0x4a74_84aa_6ea6_e483,
    0x5cb0_a9dc_bd41_fbd4,
    0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab,
    0xa831_c66d_2db4_3210,
    0xb003_27c8_98fb_213f,
    0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2,
    0xd5a7_9147_930a_a725,
    0x06ca_6351_e003_826f,
    0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc,
    0x2e1b_2138_5c26_c926,
    0x4d2c_6dfc_5ac4_2aed,
    0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de,
    0x766a_0abb_3c77_b2a8,
    0x81c2_c92e_47ed_aee6,
    0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364,
    0xa81a_664b_bc42_3001,
    0xc24b_8b70_d0f8_9791,
    0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218,
    0xd699_0624_5565_a910,
    0xf40e_3585_5771_202a,
    0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8,
    0x1e37_6c08_5141_ab53,
    0x2748_774c_df8e_eb99,
    0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63,
    0x4ed8_aa4a_e341_8acb,
    0x5b9c_ca4f_7763_e373,
    0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc,
    0x78a5_636f_4317_2f60,
    0x84c8_7814_a1f0_ab72,
    0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28,
    0xa450_6ceb_de82_bde9,
    0xbef9_a3f7_b2c6_7915,
    0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c,
    0xd186_b8c7_21c0_c207,
    0xeada_7dd6_cde0_eb1e,
    0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba,
    0x0a63_7dc5_a2c8_98a6,
    0x113f_9804_bef9_0dae,
    0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84,
    0x32ca_ab7b_40c7_2493,
    0x3c9e_be0a_15c9_bebc,
    0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6,
    0x597f_299c_fc65_7e2a,
    0x5fcb_6fab_3ad6_faec,
    0x6c44_198c_4a47_5817,
];

/// The digest of each message. Messages without a place in `out`, and places without a message, are left alone.
#[inline(always)]
pub fn sha512<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [[u8; 64]]) {
    if V::LANES == 1 {
        for (parts, digest) in messages.iter().zip(out) {
            *digest = one(parts);
        }
        return;
    }
    let mut dealer = Dealer::new(messages, out);
    let mut state = [V::splat(0); 8];
    let mut blocks = [[0; BLOCK]; MAX_LANES];
    loop {
        let (fresh, busy) = dealer.begin(V::LANES);
        if busy == 0 {
            return;
        }
        for (word, initial) in state.iter_mut().zip(INITIAL) {
            *word = word.replace(fresh, V::splat(initial));
        }
        let mut last = 0;
        for (index, block) in blocks.iter_mut().enumerate().take(V::LANES) {
            if let Some(content) = dealer.deal(index, block) {
                if !content.is_extra
                    && let Some(end) = block.get_mut(content.bytes)
                {
                    *end = 0x80;
                }
                if content.is_extra || content.bytes < BLOCK - LENGTH {
                    if let Some(field) = block.last_chunk_mut::<LENGTH>() {
                        *field = (content.length as u128).wrapping_mul(8).to_be_bytes();
                    }
                    last |= 1 << index;
                }
            }
        }
        compress(&mut state, &blocks);
        if last != 0 {
            let rows = V::to_rows(state);
            for (index, row) in rows.iter().enumerate().take(V::LANES) {
                if last >> index & 1 == 1
                    && let Some(digest) = dealer.end(index)
                {
                    for (bytes, word) in digest.as_chunks_mut::<8>().0.iter_mut().zip(row.0) {
                        *bytes = word.to_be_bytes();
                    }
                }
            }
        }
    }
}

/// One message in plain Rust.
fn one(parts: &Parts<'_>) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The sixteen words of every lane's block.
#[inline(always)]
fn words<V: Vector>(blocks: &[[u8; BLOCK]; MAX_LANES]) -> [V; 16] {
    let mut rows = [[Row([0; 8]); MAX_LANES]; 2];
    for (half, rows) in rows.iter_mut().enumerate() {
        for (row, block) in rows.iter_mut().zip(blocks).take(V::LANES) {
            let (pieces, _) = block.as_chunks::<8>();
            for (word, piece) in row.0.iter_mut().zip(pieces.iter().skip(8 * half)) {
                *word = u64::from_le_bytes(*piece);
            }
        }
    }
    let [low, high] = rows;
    let (low, high) = (V::from_rows(&low.each_ref()), V::from_rows(&high.each_ref()));
    let mut words = [V::splat(0); 16];
    for (word, swapped) in words.iter_mut().zip(low.iter().chain(&high)) {
        *word = swapped.swap_bytes();
    }
    words
}

/// One block in every lane: section 6.4.2.
#[inline(always)]
fn compress<V: Vector>(state: &mut [V; 8], blocks: &[[u8; BLOCK]; MAX_LANES]) {
    let mut w = words(blocks);
    let mut working = *state;
    let (groups, _) = CONSTANTS.as_chunks::<16>();
    for (number, constants) in groups.iter().enumerate() {
        // Written out, so that words and working variables stay in registers.
        macro_rules! rounds {
            ($($i:literal)*) => { $(
                working = round(&working, constants[$i], w[$i]);
                w[$i] = scheduled(w[$i], w[($i + 1) % 16], w[($i + 9) % 16], w[($i + 14) % 16]);
            )* };
        }
        macro_rules! last_rounds {
            ($($i:literal)*) => { $(
                working = round(&working, constants[$i], w[$i]);
            )* };
        }
        if number == 4 {
            last_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        } else {
            rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        }
    }
    for (word, change) in state.iter_mut().zip(working) {
        *word = word.add(change);
    }
}

/// One round on the working variables a to h.
#[inline(always)]
#[allow(clippy::many_single_char_names, reason = "the standard's names")]
fn round<V: Vector>(variables: &[V; 8], constant: u64, word: V) -> [V; 8] {
    let [a, b, c, d, e, f, g, h] = *variables;
    // The sums that do not wait for the round before come first.
    let ready = h.add(word.add(V::splat(constant)));
    let first = e.rotate::<14>().xor3(e.rotate::<18>(), e.rotate::<41>()).add(ready.add(e.choose(f, g)));
    let second = a.rotate::<28>().xor3(a.rotate::<34>(), a.rotate::<39>()).add(a.majority(b, c));
    [first.add(second), a, b, c, d.add(first), e, f, g]
}

/// The word of the schedule that comes sixteen places after `word`: `next`, `ninth` and `fourteenth` come that many after.
#[inline(always)]
fn scheduled<V: Vector>(word: V, next: V, ninth: V, fourteenth: V) -> V {
    let small = next.rotate::<1>().xor3(next.rotate::<8>(), next.shr(7));
    let large = fourteenth.rotate::<19>().xor3(fourteenth.rotate::<61>(), fourteenth.shr(6));
    word.add(ninth).add(small.add(large))
}

#[cfg(test)]
#[path = "sha512_tests.rs"]
mod tests;
