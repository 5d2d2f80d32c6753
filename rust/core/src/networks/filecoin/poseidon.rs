//! Poseidon over the scalar field of BLS12-381, as the trees of sealed sectors use it.
//!
//! In: 2, 4, 8 or 11 elements of the field. Out: one. Rule: Filecoin, B7.
//! Invariant: constants of a width are worked out once, from the width alone.

use std::sync::LazyLock;

use blstrs::Scalar;
use ruint::aliases::U256;

/// Bits of an element.
const BITS: u16 = 255;
/// Rounds in which every element goes through the S-box: half of them first, half last.
const FULL_ROUNDS: usize = 8;

/// The order of the field.
const ORDER: U256 = U256::from_limbs([
    0xffff_ffff_0000_0001,
    0x53bd_a402_fffe_5bfe,
    0x3339_d808_09a1_d805,
    0x73ed_a753_299d_7d48,
]);

/// The hash for one number of inputs.
#[derive(Debug)]
pub struct Poseidon {
    arity: usize,
    first: Scalar,
    partial_rounds: usize,
    /// One constant for each element and round.
    constants: Vec<Scalar>,
    /// Row by row.
    matrix: Vec<Scalar>,
}

impl Poseidon {
    /// The hash of this many inputs: 2, 4, 8 or 11.
    pub fn of_arity(arity: usize) -> Option<&'static Self> {
        static TWO: LazyLock<Poseidon> = LazyLock::new(|| Poseidon::new(2, 55));
        static FOUR: LazyLock<Poseidon> = LazyLock::new(|| Poseidon::new(4, 56));
        static EIGHT: LazyLock<Poseidon> = LazyLock::new(|| Poseidon::new(8, 57));
        static ELEVEN: LazyLock<Poseidon> = LazyLock::new(|| Poseidon::new(11, 57));
        match arity {
            2 => Some(&TWO),
            4 => Some(&FOUR),
            8 => Some(&EIGHT),
            11 => Some(&ELEVEN),
            _ => None,
        }
    }

    fn new(arity: u16, partial_rounds: u16) -> Self {
        let width = usize::from(arity) + 1;
        let rounds = FULL_ROUNDS + usize::from(partial_rounds);
        let mut grain = Grain::new(arity + 1, partial_rounds);
        let constants = (0..rounds * width).map(|_| grain.element()).collect();
        let matrix = (0..width * width).map(|place| inverse(place / width + width + place % width)).collect();
        Self {
            arity: usize::from(arity),
            first: Scalar::from((1 << arity) - 1),
            partial_rounds: usize::from(partial_rounds),
            constants,
            matrix,
        }
    }

    /// Hashes as many elements as the arity says; `None` for any other number.
    pub fn hash(&self, inputs: &[Scalar]) -> Option<Scalar> {
        if inputs.len() != self.arity {
            return None;
        }
        let mut state = Vec::with_capacity(inputs.len() + 1);
        state.push(self.first);
        state.extend_from_slice(inputs);
        let mut next = state.clone();
        let partial = FULL_ROUNDS / 2..FULL_ROUNDS / 2 + self.partial_rounds;
        for (round, constants) in self.constants.chunks(state.len()).enumerate() {
            for (element, constant) in state.iter_mut().zip(constants) {
                *element += constant;
            }
            let boxes = if partial.contains(&round) { 1 } else { state.len() };
            for element in state.iter_mut().take(boxes) {
                *element = fifth_power(element);
            }
            // The matrix is symmetric, so that its rows are its columns.
            for (element, row) in next.iter_mut().zip(self.matrix.chunks(state.len())) {
                *element = state.iter().zip(row).fold(Scalar::from(0), |sum, (a, b)| sum + a * b);
            }
            std::mem::swap(&mut state, &mut next);
        }
        state.get(1).copied()
    }

    /// Hashes serialised elements; `None` also where one is not below the order of the field.
    pub fn hash_bytes(&self, inputs: &[[u8; 32]]) -> Option<[u8; 32]> {
        let elements: Option<Vec<Scalar>> =
            inputs.iter().map(|input| Scalar::from_bytes_le(input).into()).collect();
        Some(self.hash(&elements?)?.to_bytes_le())
    }

    /// Constants of the rounds, in order of use.
    pub fn round_constants(&self) -> &[Scalar] {
        &self.constants
    }

    /// The matrix, row by row.
    pub fn matrix(&self) -> &[Scalar] {
        &self.matrix
    }
}

fn fifth_power(element: &Scalar) -> Scalar {
    let square = element * element;
    square * square * element
}

/// One divided by a small number that is not zero.
fn inverse(number: usize) -> Scalar {
    let inverse = U256::from(number).inv_mod(ORDER).unwrap_or_default();
    from_number(inverse).unwrap_or_else(|| Scalar::from(0))
}

fn from_number(number: U256) -> Option<Scalar> {
    Scalar::from_bytes_le(&number.to_le_bytes()).into()
}

/// The shift register of 80 bits that constants come from.
struct Grain {
    /// The oldest bit highest.
    state: u128,
}

impl Grain {
    const LENGTH: u32 = 80;
    const DISCARDED: usize = 160;

    fn new(width: u16, partial_rounds: u16) -> Self {
        let fields = [
            // A prime field, and x^5.
            (1, 2),
            (1, 4),
            (u128::from(BITS), 12),
            (u128::from(width), 12),
            (FULL_ROUNDS as u128, 10),
            (u128::from(partial_rounds), 10),
            ((1 << 30) - 1, 30),
        ];
        let mut grain = Self { state: 0 };
        for (value, bits) in fields {
            grain.state = grain.state << bits | value;
        }
        for _ in 0..Self::DISCARDED {
            grain.shift();
        }
        grain
    }

    fn shift(&mut self) -> bool {
        let bit = [62, 51, 38, 23, 13, 0]
            .into_iter()
            .fold(0, |bit, place| bit ^ self.state >> (Self::LENGTH - 1 - place) & 1);
        self.state = (self.state << 1 | bit) & ((1 << Self::LENGTH) - 1);
        bit == 1
    }

    /// The second bit of the first pair whose first is set.
    fn bit(&mut self) -> bool {
        loop {
            let (first, second) = (self.shift(), self.shift());
            if first {
                return second;
            }
        }
    }

    fn element(&mut self) -> Scalar {
        loop {
            let number = (0..BITS).fold(U256::ZERO, |number, _| number << 1 | U256::from(self.bit()));
            if let Some(element) = from_number(number) {
                return element;
            }
        }
    }
}

#[cfg(test)]
#[path = "poseidon_tests.rs"]
mod tests;
