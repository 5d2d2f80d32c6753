use proptest::prelude::*;
use sha2::Sha256;
use sha2::digest::Digest;

use super::*;

fn by_library(message: &[u8]) -> Hash {
    Sha256::digest(message).into()
}

/// All lengths over which the padding goes from one block to two and back, beside lengths that do so elsewhere.
#[test]
fn every_length_beside_every_other() {
    let bytes: Vec<u8> = (0..200_u32).map(|at| (at * 7 + 1).to_le_bytes()[0]).collect();
    for first in 0..200 {
        for second in 0..200 {
            let messages = [&bytes[..first], &bytes[200 - second..]];
            assert_eq!(sha256_pair(messages), messages.map(by_library), "{first} beside {second}");
        }
    }
}

#[test]
fn blocks_as_messages() {
    let blocks: [Block; 2] = [std::array::from_fn(|at| (at * 5).to_le_bytes()[0]), [0xff; 64]];
    let expected = [by_library(&blocks[0]), by_library(&blocks[1])];
    assert_eq!(sha256_pair_of_blocks([&blocks[0], &blocks[1]]), expected);
}

#[test]
fn nothing_and_a_single_message() {
    let mut hashes = Vec::new();
    sha256_each([], &mut hashes);
    assert!(hashes.is_empty());
    // FIPS 180-4, the examples of NIST: "abc".
    sha256_each([&b"abc"[..]], &mut hashes);
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(data_encoding::HEXLOWER.encode(&hashes[0]), known);
}

proptest! {
    #[test]
    fn each_as_alone(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..40)) {
        let mut hashes = vec![[7; 32]];
        sha256_each(messages.iter().map(Vec::as_slice), &mut hashes);
        let alone: Vec<Hash> = messages.iter().map(|message| by_library(message)).collect();
        prop_assert_eq!(hashes[0], [7; 32]);
        prop_assert_eq!(&hashes[1..], alone);
    }
}

/// The processor's pair of streams and the library's single ones, where both are there.
#[cfg(target_arch = "x86_64")]
#[test]
fn two_streams_as_one_by_one() {
    let bytes: Vec<u8> = (0..9 * 64_u32).map(|at| (at * 31 + 5).to_le_bytes()[0]).collect();
    let (blocks, _) = bytes.as_chunks();
    for count in 0..=blocks.len() {
        let (mut one, mut other) = (INITIAL, INITIAL.map(u32::reverse_bits));
        let mut alone = [one, other];
        // The longer list is only read as far as the shorter one goes.
        if !crate::hash::x86::compress_pair([&mut one, &mut other], [blocks, &blocks[blocks.len() - count..]])
        {
            return;
        }
        compress256(&mut alone[0], &blocks[..count]);
        compress256(&mut alone[1], &blocks[blocks.len() - count..]);
        assert_eq!([one, other], alone);
    }
}
