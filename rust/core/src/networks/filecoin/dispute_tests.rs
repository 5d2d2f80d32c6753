//! Wrong proofs among good ones, under a key whose secrets are known.

#![allow(clippy::unwrap_used)]

use super::{Accepted, Finding, Reason, is_disputable, wrong_proofs};
use crate::networks::filecoin::groth16::made::MadeKey;
use crate::networks::filecoin::groth16::{Rejection, Tables, Verifier};
use crate::networks::filecoin::verification_key::{Trust, VerificationKey};
use crate::networks::filecoin::window_post::{
    InputsError, PostKind, PostType, Sector, SectorSize, partition_inputs,
};

const POST: PostType = PostType { kind: PostKind::WindowV1P1, sector_size: SectorSize::Kib2 };

#[test]
fn wrong_proofs_are_named_in_order() {
    let made = MadeKey::new(POST.inputs());
    let key = VerificationKey::from_file(&made.file(), Trust::Anyone).unwrap();
    let verifier = Verifier::new(key, Tables::None);
    let count = 70;
    let sectors: Vec<Vec<Sector>> = (0..count)
        .map(|number| {
            vec![Sector { number, comm_r: [1; 32] }, Sector { number: number + 500, comm_r: [2; 32] }]
        })
        .collect();
    let mut randomness = [[0; 32]; 70];
    let mut proofs = Vec::new();
    for (number, sectors) in (0_u8..).zip(&sectors) {
        randomness[usize::from(number)] = [number; 32];
        let inputs = partition_inputs(POST, &[number; 32], sectors).unwrap();
        proofs.push(made.prove(&inputs, usize::from(number)));
    }
    let accepted = |number: usize| Accepted {
        partition: number as u64 % 3,
        randomness: randomness[number],
        sectors: &sectors[number],
        proof: &proofs[number],
    };
    let mut all: Vec<_> = (0..70).map(accepted).collect();
    assert_eq!(wrong_proofs(&verifier, POST, &all), Ok(vec![]));
    assert_eq!(wrong_proofs(&verifier, POST, &[]), Ok(vec![]));

    // Another epoch's randomness, another partition's proof, half a proof, no sectors.
    all[3].randomness = [200; 32];
    all[31].proof = &proofs[32];
    all[32].proof = &proofs[32][..96];
    all[69].sectors = &[];
    let finding = |place: usize, reason| Finding { place, partition: place as u64 % 3, reason };
    let expected = vec![
        finding(3, Reason::Proof(Rejection::Equation)),
        finding(31, Reason::Proof(Rejection::Equation)),
        finding(32, Reason::Proof(Rejection::Length { found: 96 })),
        finding(69, Reason::Sectors(InputsError::NoSectors)),
    ];
    assert_eq!(wrong_proofs(&verifier, POST, &all), Ok(expected));
}

#[test]
fn the_window_of_disputes() {
    assert!(!is_disputable(1000, 999));
    assert!(is_disputable(1000, 1000));
    assert!(is_disputable(1000, 2799));
    assert!(!is_disputable(1000, 2800));
    assert!(!is_disputable(i64::MAX, i64::MAX));
}
