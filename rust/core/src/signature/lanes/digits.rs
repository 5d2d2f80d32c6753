//! Scalars in odd digits.
//!
//! In: scalars below 2^(w m). Out: m digits of w bits, lane by lane, each standing for an odd number between -2^w and 2^w.
//! Rule: an odd u is the sum of `d_j 2^(w j)` where `d_j = 2 v_j + 1 - 2^w` and the `v_j` are the plain groups of w
//! bits of (u + 2^(w m) - 1) / 2. Invariant: no digit is zero, and as many rows are added for every scalar.

use crate::simd::vector::{Mask, Vector};

/// Width of a table's windows, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Bits of a digit: 2 to 13.
    pub width: u32,
}

impl Windows {
    /// How many windows hold 256 bits.
    pub const fn count(self) -> usize {
        256_usize.div_ceil(self.width as usize)
    }
    /// Rows of one window: a row for each odd multiple below 2^w, the smallest first.
    pub const fn rows(self) -> usize {
        1 << (self.width - 1)
    }
    /// Rows of all windows.
    pub const fn size(self) -> usize {
        self.count() * self.rows()
    }
}

/// The digits of one scalar in each lane.
#[derive(Clone, Copy)]
pub struct Digits<V> {
    words: [V; 6],
    negated: Mask,
}

impl<V: Vector> Digits<V> {
    /// Digits of odd scalars, given in words; those of the lanes in `negated` with the other sign.
    #[inline(always)]
    pub fn new(odd: &[V; 4], negated: Mask, windows: Windows) -> Self {
        let zero = V::splat(0);
        let mut words = [zero; 6];
        for k in 0..3 {
            words[k] = odd[k].shr(1).or(odd[k + 1].shl(63));
        }
        words[3] = odd[3].shr(1);
        let top = windows.width * windows.count() as u32 - 1;
        let word = (top / 64) as usize;
        words[word] = words[word].or(V::splat(1 << (top % 64)));
        Self { words, negated }
    }

    /// The row within window `window` in each lane, and the lanes in which it is taken away.
    #[inline(always)]
    pub fn get(&self, windows: Windows, window: usize) -> (V, Mask) {
        let bit = windows.width * window as u32;
        let (word, shift) = ((bit / 64) as usize, bit % 64);
        let value = self.words[word].shr(shift).or(self.words[word + 1].shl(64 - shift));
        let sign = V::splat(1 << (windows.width - 1));
        let positive = value.common(sign);
        let row = value
            .replace(!positive & V::ALL, value.xor(V::splat(u64::MAX)))
            .and(V::splat((1 << (windows.width - 1)) - 1));
        (row, (!positive ^ self.negated) & V::ALL)
    }
}

#[cfg(test)]
#[path = "digits_tests.rs"]
mod tests;
