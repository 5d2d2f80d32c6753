//! Sums of inputs against the plain definition, on every vector unit, with and without tables.

#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use blst::p1_affines;
use blstrs::{G1Affine, G1Projective, Scalar};
use proptest::prelude::*;
use ruint::aliases::U256;

use super::base_field::Field;
use super::base_field::tests::units;
use super::field_28::Field28;
use super::field_52::Field52;
use super::tables::WindowTables;
use super::{InputSum, Tables};
use crate::networks::filecoin::groth16::made::secret;
use crate::networks::filecoin::points::{nothing, operand};
use crate::networks::filecoin::window_post::{Input, ORDER, SectorSize};
use crate::signature::Simd;

const INPUTS: usize = 33;

/// The constant's point and those of three sectors.
static IC: LazyLock<Vec<blst::blst_p1_affine>> = LazyLock::new(|| {
    let base = G1Projective::hash_to_curve(b"input sum", b"test", &[]);
    let points: Vec<_> = (0..=INPUTS).map(|place| *(base * secret("point", place)).as_ref()).collect();
    p1_affines::from(&points).as_slice().to_vec()
});

fn plain(inputs: &[Input]) -> G1Projective {
    IC[1..].iter().zip(inputs).fold(nothing(), |sum, (point, input)| {
        sum + operand(point) * Option::<Scalar>::from(Scalar::from_bytes_le(input)).unwrap()
    })
}

fn number(value: u64) -> Input {
    let mut input = [0; 32];
    input[..8].copy_from_slice(&value.to_le_bytes());
    input
}

/// r - 1 - `less`.
fn from_the_top(less: u64) -> Input {
    (Scalar::from(0) - Scalar::from(1) - Scalar::from(less)).to_bytes_le()
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => (0_u64..1 << 30).prop_map(number),
        2 => (0_u64..1 << 31).prop_map(number),
        1 => any::<u64>().prop_map(number),
        1 => Just([0; 32]),
        1 => (0_u64..1 << 20).prop_map(from_the_top),
        2 => any::<[u8; 32]>().prop_map(|mut bytes| {
            bytes[31] &= 0x3f;
            bytes
        }),
    ]
}

fn tables_on<F: Field>(size: SectorSize, inputs: &[Input], unit: Simd) -> (G1Projective, Vec<usize>) {
    let summed = WindowTables::<F>::new(&IC[1..], size).sum(inputs, unit).unwrap();
    let left: Vec<_> = inputs
        .iter()
        .enumerate()
        .map(|(place, input)| if summed.left.contains(&place) { *input } else { [0; 32] })
        .collect();
    (summed.sum + plain(&left), summed.left)
}

/// What the tables of every field find on every unit that it is tested on.
fn all_tables(size: SectorSize, inputs: &[Input]) -> Vec<(G1Projective, Vec<usize>)> {
    let short = units::<Field28>().into_iter().map(|unit| tables_on::<Field28>(size, inputs, unit));
    let long = units::<Field52>().into_iter().map(|unit| tables_on::<Field52>(size, inputs, unit));
    short.chain(long).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn without_tables(inputs in prop::collection::vec(any_input(), INPUTS)) {
        let sum = InputSum::new(&IC, Tables::None);
        prop_assert_eq!(sum.of_one(&inputs), plain(&inputs) + operand(&IC[0]));
    }

    #[test]
    fn with_tables(inputs in prop::collection::vec(any_input(), INPUTS), size in 0..SectorSize::ALL.len()) {
        for (sum, _) in all_tables(SectorSize::ALL[size], &inputs) {
            prop_assert_eq!(sum, plain(&inputs));
        }
        let sum = InputSum::new(&IC, Tables::Window(SectorSize::ALL[size]));
        prop_assert_eq!(sum.of_one(&inputs), plain(&inputs) + operand(&IC[0]));
    }

    #[test]
    fn of_many(
        inputs in prop::collection::vec(prop::collection::vec(any_input(), INPUTS), 0..12),
        tables in prop_oneof![Just(Tables::None), Just(Tables::Window(SectorSize::Gib32))],
    ) {
        let sum = InputSum::new(&IC, tables);
        let weighted: Vec<_> =
            inputs.iter().enumerate().map(|(place, inputs)| (secret("factor", place), inputs.as_slice())).collect();
        let expected = weighted.iter().fold(nothing(), |all, (factor, inputs)| {
            all + (plain(inputs) + operand(&IC[0])) * factor
        });
        prop_assert_eq!(sum.of_many(&weighted), expected);
    }
}

#[test]
fn ends_of_the_digits() {
    for size in [SectorSize::Kib2, SectorSize::Gib32, SectorSize::Gib64] {
        let bits = size.leaves().ilog2();
        let half = 1_u64 << bits.div_ceil(2);
        let ends = [
            0,
            1,
            half / 2 - 1,
            half / 2,
            half / 2 + 1,
            half - 1,
            half,
            size.leaves() / 2,
            size.leaves() - 1,
        ];
        for end in ends {
            let mut inputs = vec![number(end); INPUTS];
            for place in (0..INPUTS).step_by(11) {
                inputs[place] = from_the_top(end);
            }
            let expected = (plain(&inputs), vec![]);
            for found in all_tables(size, &inputs) {
                assert_eq!(found, expected, "{size:?} {end}");
            }
        }
        // The middle of the field, where a commitment begins to be negative.
        let middle = Scalar::from_bytes_le(&from_the_top(0)).unwrap() * one_half();
        for step in 0..3 {
            let mut inputs = vec![[0; 32]; INPUTS];
            inputs[11] = (middle + Scalar::from(step) - Scalar::from(1)).to_bytes_le();
            assert_eq!(tables_on::<Field52>(size, &inputs, Simd::Portable).0, plain(&inputs));
        }
    }
}

/// (r + 1) / 2.
fn one_half() -> Scalar {
    let half: U256 = (U256::from_le_bytes(ORDER) + U256::ONE) >> 1_usize;
    Scalar::from_bytes_le(&half.to_le_bytes()).unwrap()
}

#[test]
fn tables_where_they_gain() {
    let (none, tables) =
        (InputSum::new(&IC, Tables::None), InputSum::new(&IC, Tables::Window(SectorSize::Gib32)));
    assert_eq!(none.table_bytes(), 0);
    assert_eq!(tables.table_bytes() > 0, Simd::chosen() != Simd::Portable);
}

#[test]
fn points_that_are_alike() {
    // The same point for every input: pairs with equal x in every bucket, which tables do not sum.
    let ic = vec![IC[1]; INPUTS + 1];
    let inputs = vec![number(77); INPUTS];
    assert!(WindowTables::<Field28>::new(&ic[1..], SectorSize::Gib32).sum(&inputs, Simd::Portable).is_none());
    let times = Scalar::from(77 * INPUTS as u64 + 1);
    for tables in [Tables::None, Tables::Window(SectorSize::Gib32)] {
        let sum = InputSum::new(&ic, tables).of_one(&inputs);
        assert_eq!(G1Affine::from(sum), G1Affine::from(operand(&IC[1]) * times));
    }
}
