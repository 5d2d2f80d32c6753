//! Keccak-256 in lanes against the `sha3` crate.

use sha3::{Digest, Keccak256};

use super::keccak256;
use crate::simd::dispatch::{Job, Simd};
use crate::simd::vector::Vector;

struct Hash<'a>(&'a [[&'a [u8]; 3]], &'a mut [[u8; 32]]);

impl Job for Hash<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        keccak256::<V>(self.0, self.1);
    }
}

fn check(messages: &[[&[u8]; 3]]) {
    let expected: Vec<[u8; 32]> =
        messages.iter().map(|parts| Keccak256::digest(parts.concat()).into()).collect();
    for unit in Simd::ALL {
        let mut found = vec![[0; 32]; messages.len()];
        unit.run(Hash(messages, &mut found));
        assert!(found == expected, "{unit:?}");
    }
}

fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

fn bytes(count: usize) -> Vec<u8> {
    let mut state = count as u64;
    (0..count).map(|_| random(&mut state).to_le_bytes()[0]).collect()
}

/// Parts of `message` that end at random places.
fn cut<'a>(message: &'a [u8], state: &mut u64) -> [&'a [u8]; 3] {
    let first = random(state) % (message.len() + 1);
    let second = first + random(state) % (message.len() - first + 1);
    [&message[..first], &message[first..second], &message[second..]]
}

#[test]
fn every_length_up_to_400_alone_and_in_equal_lanes() {
    let text = bytes(400);
    for length in 0..=400 {
        let mut state = length as u64;
        check(&[[&[], &[], &text[..length]]]);
        check(&[[&text[..length], &[], &[]]]);
        let lanes: Vec<_> = (0..17).map(|_| cut(&text[..length], &mut state)).collect();
        check(&lanes);
    }
}

#[test]
fn every_length_up_to_400_in_one_call() {
    let text = bytes(400);
    let mut state = 1;
    let mut messages: Vec<_> = (0..=400).map(|length| cut(&text[..length], &mut state)).collect();
    check(&messages);
    messages.reverse();
    check(&messages);
}

#[test]
fn random_mixtures_of_lengths() {
    let text = bytes(5000);
    let mut state = 2;
    for _ in 0..400 {
        let limit = [1, 130, 300, 1000, 5000][random(&mut state) % 5];
        let count = random(&mut state) % 40;
        let messages: Vec<_> = (0..count)
            .map(|_| {
                let start = random(&mut state) % (5000 - limit + 1);
                let length = random(&mut state) % limit;
                cut(&text[start..start + length], &mut state)
            })
            .collect();
        check(&messages);
    }
}

#[test]
fn a_long_message_among_short_ones() {
    let text = bytes(100_000);
    for place in [0, 3, 39] {
        let mut messages = vec![[&text[..32], &text[32..64], &text[64..192]]; 40];
        messages[place] = [&text[..32], &text[32..64], &text];
        check(&messages);
    }
}

#[test]
fn places_and_messages_without_a_counterpart_are_left_alone() {
    let text = bytes(200);
    let messages = vec![[&text[..32], &text[32..64], &text[64..]]; 11];
    let expected: [u8; 32] = Keccak256::digest(&text).into();
    for unit in Simd::ALL {
        let mut places = vec![[7; 32]; 14];
        unit.run(Hash(&messages, &mut places));
        assert!(places[..11].iter().all(|digest| *digest == expected));
        assert!(places[11..].iter().all(|digest| *digest == [7; 32]));
        let mut places = vec![[7; 32]; 5];
        unit.run(Hash(&messages, &mut places));
        assert!(places.iter().all(|digest| *digest == expected));
        unit.run(Hash(&[], &mut []));
    }
}
