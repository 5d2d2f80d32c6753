//! Public vectors of Filecoin's proofs of spacetime: inputs, succinct proofs, Merkle paths and their hash.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use data_encoding::{BASE64, HEXLOWER};
use depinverify_core::networks::filecoin::dispute::{Accepted, DisputeError, wrong_proofs};
use depinverify_core::networks::filecoin::groth16::{Entry, ProofPoint, Rejection, Tables, Verifier};
use depinverify_core::networks::filecoin::points::PointFault;
use depinverify_core::networks::filecoin::poseidon::Poseidon;
use depinverify_core::networks::filecoin::vanilla::{Fault, Malformed, VanillaProof};
use depinverify_core::networks::filecoin::verification_key::{
    KeyError, KeyPoint, PUBLISHED, PublishedKey, Trust, VerificationKey, check_value,
};
use depinverify_core::networks::filecoin::window_post::{
    Input, PostKind, PostType, Sector, SectorSize, challenges, partition_inputs, public_inputs,
};
use serde_json::Value;
use vectors::{hash, hex, list, load, number, ran, text};

const WINNING: &str = "filecoin/groth16_winning_post_32gib_v27.json";
const SEAL: &str = "filecoin/groth16_seal_32gib_v27_batch.json";
const INPUTS: &str = "filecoin/window_post_public_inputs.json";
const VANILLA: &str = "filecoin/window_post_vanilla.json";

/// The `.vk` file that the points of a vector stand for.
fn key_file(key: &Value) -> Vec<u8> {
    let mut file = Vec::new();
    for point in ["alpha_g1", "beta_g1", "beta_g2", "gamma_g2", "delta_g1", "delta_g2"] {
        file.extend(hex(&key[point]));
    }
    let ic = list(&key["ic"]);
    file.extend(u32::try_from(ic.len()).unwrap().to_be_bytes());
    file.extend(ic.iter().flat_map(hex));
    file
}

fn verifier(file: &Value) -> Verifier {
    let bytes = key_file(&file["verifying_key"]);
    let check = hex(&file["vk_file_blake2b512_prefix"]).try_into().unwrap();
    let key = VerificationKey::from_file(&bytes, Trust::Pinned(check)).unwrap();
    Verifier::new(key, Tables::None)
}

/// Scalars of a vector are big endian.
fn inputs(bytes: &[u8]) -> Vec<Input> {
    let (scalars, rest) = bytes.as_chunks::<32>();
    assert!(rest.is_empty());
    scalars.iter().map(|scalar| little(*scalar)).collect()
}

fn little(mut scalar: [u8; 32]) -> Input {
    scalar.reverse();
    scalar
}

#[test]
fn winning_proof() {
    let Some(file) = load(WINNING) else { return };
    assert_eq!(key_file(&file["verifying_key"]).len() as u64, number(&file["vk_file_size"]));
    let verifier = verifier(&file);
    let proof = hex(&file["proof_hex"]);
    let given: Vec<Input> =
        list(&file["public_inputs_hex"]).iter().map(|input| little(hash(input))).collect();
    assert_eq!(verifier.verify(Entry { proof: &proof, inputs: &given }), Ok(()));
    let mut count = 1;
    for case in list(&file["negative_cases"]) {
        let mut inputs = given.clone();
        let mut expected = Rejection::Equation;
        if let [place, input] = list(&case["replace_input"]) {
            inputs[usize::try_from(number(place)).unwrap()] = little(hash(input));
        } else if let [one, other] = list(&case["swap_inputs"]) {
            inputs.swap(usize::try_from(number(one)).unwrap(), usize::try_from(number(other)).unwrap());
        } else {
            inputs.remove(usize::try_from(number(&case["drop_input"])).unwrap());
            expected = Rejection::InputCount { expected: given.len(), found: given.len() - 1 };
            assert_eq!(text(&case["expected_error"]), "input count does not match key");
        }
        let answer = verifier.verify(Entry { proof: &proof, inputs: &inputs });
        assert_eq!(answer, Err(expected), "{}", case["name"]);
        count += 1;
    }
    ran(WINNING, count);
}

#[test]
fn altered_proofs_and_inputs() {
    let Some(file) = load(WINNING) else { return };
    let verifier = verifier(&file);
    let good = hex(&file["proof_hex"]);
    let given: Vec<Input> =
        list(&file["public_inputs_hex"]).iter().map(|input| little(hash(input))).collect();
    let check = |proof: &[u8]| verifier.verify(Entry { proof, inputs: &given }).unwrap_err();
    for (start, length, point) in [(0, 48, ProofPoint::A), (48, 96, ProofPoint::B), (144, 48, ProofPoint::C)]
    {
        let faulty = |fault| Rejection::Point { point, fault };
        let with = |alter: &dyn Fn(&mut [u8])| {
            let mut proof = good.clone();
            alter(&mut proof[start..start + length]);
            check(&proof)
        };
        assert_eq!(with(&|point| point[0] ^= 0x80), faulty(PointFault::Form));
        assert_eq!(with(&|point| point[0] ^= 0x40), faulty(PointFault::Infinity));
        // The other y is the negative point: well-formed, and another proof.
        assert_eq!(with(&|point| point[0] ^= 0x20), Rejection::Equation);
        let infinity = |point: &mut [u8]| {
            point.fill(0);
            point[0] = 0xc0;
        };
        assert_eq!(with(&infinity), faulty(PointFault::Infinity));
        assert_eq!(with(&|point| point[..48].fill(0xbf)), faulty(PointFault::Coordinate));
        let last = |step: u8| {
            with(&move |point: &mut [u8]| point[length - 1] = point[length - 1].wrapping_add(step))
        };
        let found: Vec<_> = (1..=40).map(last).collect();
        for fault in [PointFault::NotOnCurve, PointFault::NotInSubgroup] {
            assert!(found.contains(&faulty(fault)), "{point:?}: {fault:?} among {found:?}");
        }
    }
    for bytes in [0, 191, 193, 384] {
        let proof: Vec<u8> = good.iter().copied().cycle().take(bytes).collect();
        assert_eq!(check(&proof), Rejection::Length { found: bytes });
    }
    let mut inputs = given.clone();
    inputs[7] = little(hash(&"73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001".into()));
    let answer = verifier.verify(Entry { proof: &good, inputs: &inputs });
    assert_eq!(answer, Err(Rejection::InputTooLarge { index: 7 }));
    let mut longer = given.clone();
    longer.push([0; 32]);
    let answer = verifier.verify(Entry { proof: &good, inputs: &longer });
    assert_eq!(answer, Err(Rejection::InputCount { expected: 132, found: 133 }));
}

fn entries(proofs: &[(Vec<u8>, Vec<Input>)]) -> Vec<Entry<'_>> {
    proofs.iter().map(|(proof, inputs)| Entry { proof, inputs }).collect()
}

#[test]
fn seal_proofs_together() {
    let Some(file) = load(SEAL) else { return };
    let verifier = verifier(&file);
    let proofs: Vec<(Vec<u8>, Vec<Input>)> = list(&file["proofs"])
        .iter()
        .map(|proof| (hex(&proof["proof_hex"]), inputs(&hex(&proof["public_inputs_hex"]))))
        .collect();
    let expected: Vec<bool> = list(&file["expected"]).iter().map(|good| good.as_bool().unwrap()).collect();
    let singly: Vec<bool> =
        entries(&proofs).into_iter().map(|entry| verifier.verify(entry).is_ok()).collect();
    assert_eq!(singly, expected);
    let together: Vec<bool> = verifier.verify_batch(&entries(&proofs)).iter().map(Result::is_ok).collect();
    assert_eq!(together, expected);
    assert_eq!(verifier.verify_batch(&[]), []);

    let mut swapped = proofs.clone();
    let [one, other, ..] = swapped.as_mut_slice() else { panic!("expected two proofs") };
    std::mem::swap(&mut one.0, &mut other.0);
    let answers = verifier.verify_batch(&entries(&swapped));
    let bad = Err(Rejection::Equation);
    assert_eq!(answers, [bad, bad, Ok(()), Ok(()), Ok(()), Ok(())]);
    ran(SEAL, expected.len() + 1);

    for bad_place in 0..proofs.len() {
        let mut altered = proofs.clone();
        altered[bad_place].1[3][0] ^= 1;
        let answers = verifier.verify_batch(&entries(&altered));
        let bad_places: Vec<_> = (0..answers.len()).filter(|place| answers[*place].is_err()).collect();
        assert_eq!(bad_places, [bad_place]);
    }
    let mut mixed = proofs;
    mixed[1].0.pop();
    mixed[2].1.pop();
    mixed[4].0[0] ^= 0x40;
    let infinity = Rejection::Point { point: ProofPoint::A, fault: PointFault::Infinity };
    let count = Rejection::InputCount { expected: 327, found: 326 };
    assert_eq!(
        verifier.verify_batch(&entries(&mixed)),
        [Ok(()), Err(Rejection::Length { found: 191 }), Err(count), Ok(()), Err(infinity), Ok(())]
    );
}

#[test]
fn keys() {
    let Some(file) = load(WINNING) else { return };
    let good = key_file(&file["verifying_key"]);
    let check = check_value(&good);
    assert_eq!(HEXLOWER.encode(&check), text(&file["vk_file_blake2b512_prefix"]));
    let read = |bytes: &[u8]| VerificationKey::from_file(bytes, Trust::Anyone).map(|key| key.inputs());
    assert_eq!(read(&good), Ok(132));
    let published = VerificationKey::from_file(&good, Trust::Published).unwrap_err();
    assert_eq!(published, KeyError::NotPublished { found: check });
    let other = VerificationKey::from_file(&good, Trust::Pinned([7; 16])).unwrap_err();
    assert_eq!(other, KeyError::NotPinned { expected: [7; 16], found: check });
    let mut altered = good.clone();
    altered[900] ^= 1;
    assert!(matches!(
        VerificationKey::from_file(&altered, Trust::Pinned(check)),
        Err(KeyError::NotPinned { .. })
    ));
    assert_eq!(read(&good[..867]), Err(KeyError::Short { found: 867 }));
    for size in [868, good.len() - 1] {
        let expected = KeyError::Size { points: 133, expected: good.len() as u64, found: size };
        assert_eq!(read(&good[..size]), Err(expected));
    }
    let mut none = good[..868].to_vec();
    none[864..].fill(0);
    assert_eq!(read(&none), Err(KeyError::NoPoints));
    let mut most = good.clone();
    most[864..868].fill(0xff);
    assert!(matches!(read(&most), Err(KeyError::Size { points: u32::MAX, .. })));
    let points = [
        (0, KeyPoint::AlphaG1),
        (96, KeyPoint::BetaG1),
        (192, KeyPoint::BetaG2),
        (384, KeyPoint::GammaG2),
        (576, KeyPoint::DeltaG1),
        (672, KeyPoint::DeltaG2),
        (868, KeyPoint::Input(0)),
        (868 + 96 * 132, KeyPoint::Input(132)),
    ];
    for (start, point) in points {
        let with = |alter: &dyn Fn(&mut [u8])| {
            let mut bytes = good.clone();
            alter(&mut bytes[start..]);
            read(&bytes)
        };
        let faulty = |fault| Err(KeyError::Point { point, fault });
        assert_eq!(with(&|bytes| bytes[0] |= 0x80), faulty(PointFault::Form));
        assert_eq!(with(&|bytes| bytes[0] |= 0x40), faulty(PointFault::Infinity));
        assert_eq!(with(&|bytes| bytes[0] |= 0x20), faulty(PointFault::SignFlag));
        assert_eq!(with(&|bytes| bytes[..48].fill(0x1f)), faulty(PointFault::Coordinate));
        assert_eq!(with(&|bytes| bytes[47] ^= 1), faulty(PointFault::NotOnCurve));
    }
}

/// A window key has not been published in any source repository, so that this proof cannot be checked to the end here.
#[test]
fn window_inputs() {
    let Some(file) = load(INPUTS) else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let sector_size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let post = PostType { kind: PostKind::WindowV1P1, sector_size };
        let (randomness, sector) = (hash(&case["randomness_hex"]), number(&case["sector_number"]));
        let expected: Vec<u64> = list(&case["challenges"]).iter().map(number).collect();
        assert_eq!(challenges(post, &randomness, sector, 0), expected);
        let comm_r = hash(&case["comm_r_hex"]);
        assert_eq!(comm_r, little(hash(&case["comm_r_as_fr_be_hex"])));
        let inputs = partition_inputs(post, &randomness, &[Sector { number: sector, comm_r }]).unwrap();
        let sectors = usize::try_from(number(&case["partition_sector_count"])).unwrap();
        assert_eq!((sectors, sectors * 11), (sector_size.partition_sectors(), inputs.len()));
        for block in inputs.chunks(11) {
            assert_eq!(block[0], comm_r);
            for (input, leaf) in block[1..].iter().zip(&expected) {
                assert_eq!(input[..8], leaf.to_le_bytes());
                assert_eq!(input[8..], [0; 24]);
            }
        }
        count += 1;
    }
    let rule = &file["challenge_index_rule_computed"];
    let sector_size = SectorSize::from_bytes(number(&rule["sector_size"])).unwrap();
    let randomness = hash(&rule["randomness_hex"]);
    for (kind, name) in [(PostKind::WindowV1P1, "v1p1"), (PostKind::WindowV1, "v1")] {
        let post = PostType { kind, sector_size };
        let numbers: Vec<u64> = list(&rule["sectors"]).iter().map(number).collect();
        let sectors: Vec<_> =
            numbers.iter().map(|number| Sector { number: *number, comm_r: [3; 32] }).collect();
        let partitions = public_inputs(post, &randomness, &sectors).unwrap();
        assert_eq!(partitions.len(), 2);
        let blocks: Vec<_> = partitions.iter().flat_map(|inputs| inputs.chunks(11)).collect();
        // The second partition has one sector, whose block comes twice.
        assert_eq!((blocks.len(), blocks[2]), (4, blocks[3]));
        for ((place, sector), expected) in (0..).zip(&numbers).zip(list(&rule[name])) {
            let expected: Vec<u64> = list(expected).iter().map(number).collect();
            assert_eq!(challenges(post, &randomness, *sector, place), expected, "{name} {sector}");
            let found: Vec<u64> = blocks[usize::try_from(place).unwrap()][1..]
                .iter()
                .map(|input| u64::from_le_bytes(input[..8].try_into().unwrap()))
                .collect();
            assert_eq!(found, expected);
            count += 1;
        }
    }
    for (case, key) in list(&file["parameter_ids"]["cases"]).iter().zip(&PUBLISHED) {
        assert_eq!(key.sector_size.bytes(), number(&case["sector_size"]));
        assert_eq!(key.challenges as u64, number(&case["challenge_count"]));
        assert_eq!(key.sectors as u64, number(&case["sector_count"]));
        assert_eq!((key.id, key.check_value), (text(&case["id"]), text(&case["vk_digest_v28"])));
        let check = hex(&case["vk_digest_v28"]).try_into().unwrap();
        assert_eq!(PublishedKey::with_check_value(&check), Some(key));
        assert!(key.file_name().ends_with(&format!("-{}.vk", key.id)));
        count += 1;
    }
    assert_eq!(list(&file["parameter_ids"]["cases"]).len(), PUBLISHED.len());
    ran(INPUTS, count);
}

#[test]
fn vanilla_proof() {
    let Some(file) = load(VANILLA) else { return };
    let bytes = BASE64.decode(text(&file["proof_base64"]).as_bytes()).unwrap();
    let sector_size = SectorSize::from_bytes(number(&file["sector_size"])).unwrap();
    let post = PostType { kind: PostKind::WindowV1P1, sector_size };
    let randomness = hash(&file["randomness_hex"]);
    let sector = Sector { number: number(&file["sector_number"]), comm_r: hash(&file["comm_r_hex"]) };
    let expected: Vec<u64> = list(&file["expected_challenges"]).iter().map(number).collect();
    assert_eq!(challenges(post, &randomness, sector.number, 0), expected);
    let proof = VanillaProof::decode(&bytes).unwrap();
    assert_eq!(proof.comm_c, hash(&file["comm_c_hex"]));
    assert_eq!(proof.comm_r_last, hash(&file["comm_r_last_hex"]));
    let leaves: Vec<_> = list(&file["leaves_hex"]).iter().map(hash).collect();
    assert_eq!(proof.paths.iter().map(|path| path.leaf).collect::<Vec<_>>(), leaves);
    assert_eq!(proof.check(post, &randomness, &sector, 0).is_ok(), file["expected_valid"].as_bool().unwrap());
    ran(VANILLA, 1);

    let fault = |alter: &dyn Fn(&mut VanillaProof<'_>)| {
        let mut proof = proof.clone();
        alter(&mut proof);
        proof.check(post, &randomness, &sector, 0).unwrap_err()
    };
    assert_eq!(fault(&|proof| proof.sector = 2), Fault::Sector { expected: 1, found: 2 });
    assert_eq!(fault(&|proof| proof.comm_r[0] ^= 1), Fault::ReplicaCommitment);
    assert_eq!(fault(&|proof| proof.comm_c[0] ^= 1), Fault::CommitmentHash);
    assert_eq!(fault(&|proof| proof.comm_c[31] = 0xff), Fault::Commitment { which: "comm_c" });
    assert_eq!(fault(&|proof| proof.comm_r_last[0] ^= 1), Fault::CommitmentHash);
    assert_eq!(fault(&|proof| proof.comm_r_last[31] = 0x80), Fault::Commitment { which: "comm_r_last" });
    assert_eq!(fault(&|proof| drop(proof.paths.pop())), Fault::Paths { expected: 10, found: 9 });
    assert_eq!(fault(&|proof| proof.paths[3].root[0] ^= 1), Fault::Root { path: 3 });
    assert_eq!(fault(&|proof| proof.paths[9].leaf[5] ^= 1), Fault::Hash { path: 9 });
    assert_eq!(fault(&|proof| proof.paths[0].leaf[31] |= 0x80), Fault::Node { path: 0 });
    let (one, other) = (expected[0], expected[1]);
    assert_eq!(fault(&|proof| proof.paths.swap(0, 1)), Fault::Leaf { path: 0, expected: one, found: other });
    let moved = fault(&|proof| proof.paths[2].levels[0].index ^= 1);
    assert!(matches!(moved, Fault::Leaf { path: 2, .. }), "{moved:?}");
    let outside = Fault::Index { path: 1, level: 9, expected: 7, found: 8 };
    assert_eq!(fault(&|proof| proof.paths[1].levels[9].index = 8), outside);
    let far = fault(&|proof| proof.paths[1].levels[0].index = u64::MAX);
    assert!(matches!(far, Fault::Index { found: u64::MAX, .. }));
    let short = Fault::Siblings { path: 4, level: 2, expected: 7, found: 6 };
    let shorten = |proof: &mut VanillaProof<'_>| {
        let level = &mut proof.paths[4].levels[2];
        level.siblings = &level.siblings[1..];
    };
    assert_eq!(fault(&shorten), short);
    let shape = Fault::Shape { path: 0, expected: [9, 1, 0], found: [10, 0, 0] };
    assert_eq!(fault(&|proof| proof.paths[0].shape = [10, 0, 0]), shape);
    let winning = PostType { kind: PostKind::Winning, sector_size };
    assert_eq!(proof.check(winning, &randomness, &sector, 0), Err(Fault::Paths { expected: 66, found: 10 }));
    assert!(matches!(proof.check(post, &[1; 32], &sector, 0), Err(Fault::Leaf { path: 0, .. })));
    let later = PostType { kind: PostKind::WindowV1, sector_size };
    assert!(proof.check(later, &randomness, &sector, 0).is_ok());
    assert!(matches!(proof.check(later, &randomness, &sector, 1), Err(Fault::Leaf { path: 0, .. })));
}

#[test]
fn altered_vanilla_bytes() {
    let Some(file) = load(VANILLA) else { return };
    let bytes = BASE64.decode(text(&file["proof_base64"]).as_bytes()).unwrap();
    for length in (0..bytes.len()).step_by(97) {
        assert!(
            matches!(VanillaProof::decode(&bytes[..length]), Err(Malformed::Truncated { .. })),
            "{length}"
        );
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(VanillaProof::decode(&longer), Err(Malformed::Trailing { at: bytes.len(), found: 1 }));
    let with = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        VanillaProof::decode(&bytes).map(|_| ())
    };
    assert_eq!(with(40, &[2]), Err(Malformed::Sectors { found: 2 }));
    assert_eq!(with(40, &[0]), Err(Malformed::Sectors { found: 0 }));
    assert_eq!(with(56, &[3]), Err(Malformed::Kind { at: 56, found: 3 }));
    // Lengths of paths, of a path's levels and of a level's siblings that no file has room for.
    for at in [48, 60, 68] {
        assert!(matches!(with(at, &[0xff; 8]), Err(Malformed::Truncated { expected: u64::MAX, .. })), "{at}");
    }
}

#[test]
fn poseidon() {
    let Some(file) = load("filecoin/poseidon.json") else { return };
    let mut count = 0;
    for case in list(&file["known"]).iter().chain(list(&file["computed"]["cases"])) {
        let inputs: Vec<_> = list(&case["inputs_le_hex"])
            .iter()
            .map(|input| blstrs::Scalar::from_bytes_le(&hash(input)).unwrap())
            .collect();
        let poseidon = Poseidon::of_arity(usize::try_from(number(&case["arity"])).unwrap()).unwrap();
        assert_eq!(poseidon.hash(&inputs).unwrap().to_bytes_le(), hash(&case["output_le_hex"]));
        assert!(poseidon.hash(&inputs[1..]).is_none());
        count += 1;
    }
    let big = |value: &Value| {
        let digits = format!("{:0>64}", text(value).trim_start_matches("0x"));
        <[u8; 32]>::try_from(HEXLOWER.decode(digits.as_bytes()).unwrap()).unwrap()
    };
    let computed = &file["computed"];
    for (name, arity) in [("first_round_constants_t9_hex", 8), ("first_round_constants_t3_hex", 2)] {
        let poseidon = Poseidon::of_arity(arity).unwrap();
        for (constant, expected) in poseidon.round_constants().iter().zip(list(&computed[name])) {
            assert_eq!(constant.to_bytes_be(), big(expected));
            count += 1;
        }
    }
    let last = Poseidon::of_arity(8).unwrap().round_constants().last().unwrap();
    assert_eq!(last.to_bytes_be(), big(&computed["last_round_constant_t9_hex"]));
    for (element, expected) in
        Poseidon::of_arity(2).unwrap().matrix().iter().zip(list(&computed["mds_t3_row0_hex"]))
    {
        assert_eq!(element.to_bytes_be(), big(expected));
        count += 1;
    }
    assert!(Poseidon::of_arity(3).is_none());
    ran("filecoin/poseidon.json", count + 1);
}

#[test]
fn disputes_need_a_window_key() {
    let Some(file) = load(WINNING) else { return };
    let verifier = verifier(&file);
    let proof = hex(&file["proof_hex"]);
    let sectors = [Sector { number: 1, comm_r: [0; 32] }];
    let accepted = Accepted { partition: 0, randomness: [0; 32], sectors: &sectors, proof: &proof };
    let post = PostType { kind: PostKind::WindowV1P1, sector_size: SectorSize::Gib32 };
    let error = wrong_proofs(&verifier, post, &[accepted]).unwrap_err();
    assert_eq!(error, DisputeError::Key { expected: 25_839, found: 132 });
    let winning = PostType { kind: PostKind::Winning, sector_size: SectorSize::Gib32 };
    let error = wrong_proofs(&verifier, winning, &[accepted]).unwrap_err();
    assert_eq!(error, DisputeError::Kind { found: PostKind::Winning });
}
