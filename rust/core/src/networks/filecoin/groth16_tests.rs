//! Batches against single checks, under keys whose secrets are known.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::made::{MadeKey, secret};
use super::{Entry, ProofPoint, Rejection, Tables, Verifier, power, scalar};
use crate::networks::filecoin::points::PointFault;
use crate::networks::filecoin::verification_key::{Trust, VerificationKey};
use crate::networks::filecoin::window_post::{Input, SectorSize};
use blst::blst_fp12;
use blstrs::Scalar;
use ruint::aliases::U256;

fn verifier(made: &MadeKey, tables: Tables) -> Verifier {
    Verifier::new(VerificationKey::from_file(&made.file(), Trust::Anyone).unwrap(), tables)
}

fn inputs(count: usize, number: usize) -> Vec<Input> {
    (0..count).map(|place| secret("input", 1000 * number + place).to_bytes_le()).collect()
}

/// What is done to an entry.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Good,
    OtherInput,
    OtherProof,
    Short,
    Infinity,
    TooLarge,
    Fewer,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        20 => Just(Fate::Good),
        3 => Just(Fate::OtherInput),
        3 => Just(Fate::OtherProof),
        1 => Just(Fate::Short),
        1 => Just(Fate::Infinity),
        1 => Just(Fate::TooLarge),
        1 => Just(Fate::Fewer),
    ]
}

fn altered(fate: Fate, proof: &mut Vec<u8>, inputs: &mut Vec<Input>, other: &[u8]) -> Result<(), Rejection> {
    match fate {
        Fate::Good => return Ok(()),
        Fate::OtherInput => inputs[0][0] ^= 1,
        Fate::OtherProof => other.clone_into(proof),
        Fate::Short => {
            proof.pop();
            return Err(Rejection::Length { found: 191 });
        }
        Fate::Infinity => {
            proof[144..].fill(0);
            proof[144] = 0xc0;
            return Err(Rejection::Point { point: ProofPoint::C, fault: PointFault::Infinity });
        }
        Fate::TooLarge => {
            inputs[1] = [0xff; 32];
            return Err(Rejection::InputTooLarge { index: 1 });
        }
        Fate::Fewer => {
            inputs.pop();
            return Err(Rejection::InputCount { expected: 22, found: 21 });
        }
    }
    Err(Rejection::Equation)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn each_entry_has_its_own_answer(fates in prop::collection::vec(fate(), 0..24), tables in any::<bool>()) {
        let made = MadeKey::new(22);
        let tables = if tables { Tables::Window(SectorSize::Kib2) } else { Tables::None };
        let verifier = verifier(&made, tables);
        let other = made.prove(&inputs(22, 999), 999);
        let mut owned = Vec::new();
        let mut expected = Vec::new();
        for (number, fate) in fates.iter().enumerate() {
            let mut inputs = inputs(22, number);
            let mut proof = made.prove(&inputs, number);
            expected.push(altered(*fate, &mut proof, &mut inputs, &other));
            owned.push((proof, inputs));
        }
        let entries: Vec<_> = owned.iter().map(|(proof, inputs)| Entry { proof, inputs }).collect();
        prop_assert_eq!(verifier.verify_batch(&entries), expected.clone());
        for (entry, expected) in entries.iter().zip(expected) {
            prop_assert_eq!(verifier.verify(*entry), expected);
        }
    }
}

#[test]
fn two_wrongs_that_add_up_to_a_right() {
    // Exchanged C points leave the plain product of both equations as it was; only secret factors tell.
    let made = MadeKey::new(2);
    let verifier = verifier(&made, Tables::None);
    let owned: Vec<_> =
        (0..4).map(|number| (made.prove(&inputs(2, number), number), inputs(2, number))).collect();
    let (mut one, mut other) = (owned[0].0.clone(), owned[3].0.clone());
    one[144..].swap_with_slice(&mut other[144..]);
    let proofs = [&one, &owned[1].0, &owned[2].0, &other];
    let entries: Vec<_> =
        proofs.iter().zip(&owned).map(|(proof, (_, inputs))| Entry { proof, inputs }).collect();
    let bad = Err(Rejection::Equation);
    assert_eq!(verifier.verify_batch(&entries), [bad, Ok(()), Ok(()), bad]);
}

#[test]
fn a_key_without_inputs() {
    let made = MadeKey::new(0);
    let verifier = verifier(&made, Tables::Window(SectorSize::Gib32));
    let proofs: Vec<_> = (0..4).map(|number| made.prove(&[], number)).collect();
    let entries: Vec<_> = proofs.iter().map(|proof| Entry { proof, inputs: &[] }).collect();
    assert_eq!(verifier.verify_batch(&entries), [Ok(()); 4]);
    let one = Entry { proof: &proofs[0], inputs: &[[0; 32]] };
    assert_eq!(verifier.verify(one), Err(Rejection::InputCount { expected: 0, found: 1 }));
    assert_eq!(verifier.verify_batch(&[]), []);
}

#[test]
fn a_sum_that_is_infinite() {
    // Inputs under which the key's points cancel: the pairing with gamma is one.
    let made = MadeKey::new(1);
    let verifier = verifier(&made, Tables::None);
    let inputs = [made.cancelling_input()];
    let proofs: Vec<_> = (0..4).map(|number| made.prove(&inputs, number)).collect();
    let entries: Vec<_> = proofs.iter().map(|proof| Entry { proof, inputs: &inputs }).collect();
    assert_eq!(verifier.verify(entries[0]), Ok(()));
    assert_eq!(verifier.verify_batch(&entries), [Ok(()); 4]);
}

#[test]
fn powers_and_factors() {
    let made = MadeKey::new(1);
    let base = verifier(&made, Tables::None).alpha_beta;
    let plainly = (0..37).fold(blst_fp12::default(), |product, _| product * base);
    assert!(power(&base, U256::from(37)) == plainly);
    assert!(power(&base, U256::ZERO) == blst_fp12::default());
    let factor = (7_u128 << 64 | 9).to_le_bytes();
    assert_eq!(
        scalar(&factor),
        Scalar::from(1 << 32) * Scalar::from(1 << 32) * Scalar::from(7) + Scalar::from(9)
    );
}
