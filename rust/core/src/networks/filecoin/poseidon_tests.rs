//! The permutation against the same in big integers.

#![allow(clippy::unwrap_used)]

use blstrs::Scalar;
use proptest::prelude::*;
use ruint::aliases::U256;

use super::{ORDER, Poseidon};

fn big(element: &Scalar) -> U256 {
    U256::from_le_bytes(element.to_bytes_le())
}

/// Section B7 step by step.
fn plain(poseidon: &Poseidon, partial: usize, inputs: &[Scalar]) -> U256 {
    let width = inputs.len() + 1;
    let mut state = vec![U256::from((1_u64 << inputs.len()) - 1)];
    state.extend(inputs.iter().map(big));
    for round in 0..8 + partial {
        for (place, element) in state.iter_mut().enumerate() {
            *element = element.add_mod(big(&poseidon.round_constants()[round * width + place]), ORDER);
        }
        let boxes = if (4..4 + partial).contains(&round) { 1 } else { width };
        for element in &mut state[..boxes] {
            *element = element.pow_mod(U256::from(5), ORDER);
        }
        state = (0..width)
            .map(|column| {
                (0..width).fold(U256::ZERO, |sum, row| {
                    let cell = U256::from(row + width + column).inv_mod(ORDER).unwrap();
                    sum.add_mod(state[row].mul_mod(cell, ORDER), ORDER)
                })
            })
            .collect();
    }
    state[1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn as_big_integers(bytes in prop::collection::vec(any::<[u8; 32]>(), 11)) {
        let inputs: Vec<_> = bytes
            .iter()
            .map(|bytes| {
                let mut bytes = *bytes;
                bytes[31] &= 0x3f;
                Scalar::from_bytes_le(&bytes).unwrap()
            })
            .collect();
        for (arity, partial) in [(2, 55), (4, 56), (8, 57), (11, 57)] {
            let poseidon = Poseidon::of_arity(arity).unwrap();
            prop_assert_eq!(poseidon.round_constants().len(), (8 + partial) * (arity + 1));
            let hash = poseidon.hash(&inputs[..arity]).unwrap();
            prop_assert_eq!(big(&hash), plain(poseidon, partial, &inputs[..arity]));
        }
    }
}

#[test]
fn other_numbers_of_inputs() {
    for arity in [0, 1, 3, 5, 7, 9, 12, usize::MAX] {
        assert!(Poseidon::of_arity(arity).is_none());
    }
    assert!(Poseidon::of_arity(2).unwrap().hash(&[Scalar::from(1); 3]).is_none());
    let (one, largest) = (Scalar::from(1), ORDER - U256::from(1));
    let serialised = [one.to_bytes_le(), largest.to_le_bytes()];
    let expected = Poseidon::of_arity(2).unwrap().hash(&[one, -one]).map(|hash| hash.to_bytes_le());
    assert_eq!(Poseidon::of_arity(2).unwrap().hash_bytes(&serialised), expected);
    assert!(expected.is_some());
    let too_large = [one.to_bytes_le(), ORDER.to_le_bytes()];
    assert!(Poseidon::of_arity(2).unwrap().hash_bytes(&too_large).is_none());
}
