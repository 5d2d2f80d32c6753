//! Hash functions in lanes against the crates that hash one message.

use sha2::{Digest, Sha256, Sha512};
use sha3::Keccak256;

use super::{keccak, sha256, sha512};
use crate::simd::dispatch::{Job, Simd};
use crate::simd::vector::Vector;

/// A function under test.
trait Function {
    type Digest: Copy + Eq + 'static;
    const ZERO: Self::Digest;
    fn in_lanes<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [Self::Digest]);
    fn expected(message: &[u8]) -> Self::Digest;
}

macro_rules! functions {
    ($($name:ident, $bytes:literal, $library:ty, $in_lanes:path;)+) => { $(
        enum $name {}

        impl Function for $name {
            type Digest = [u8; $bytes];
            const ZERO: Self::Digest = [0; $bytes];

            #[inline(always)]
            fn in_lanes<V: Vector>(messages: &[[&[u8]; 3]], out: &mut [Self::Digest]) {
                $in_lanes(messages, out);
            }
            fn expected(message: &[u8]) -> Self::Digest {
                <$library>::digest(message).into()
            }
        }
    )+ };
}

functions! {
    InSha256, 32, Sha256, sha256::sha256::<V>;
    InLanesOfSha256, 32, Sha256, sha256::in_lanes::<V>;
    InSha512, 64, Sha512, sha512::sha512::<V>;
    InKeccak256, 32, Keccak256, keccak::keccak256::<V>;
}

struct Hash<'a, F: Function>(&'a [[&'a [u8]; 3]], &'a mut [F::Digest]);

impl<F: Function> Job for Hash<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        F::in_lanes::<V>(self.0, self.1);
    }
}

fn check<F: Function>(messages: &[[&[u8]; 3]]) {
    let expected: Vec<F::Digest> = messages.iter().map(|parts| F::expected(&parts.concat())).collect();
    for unit in Simd::ALL {
        let mut found = vec![F::ZERO; messages.len()];
        unit.run(Hash::<F>(messages, &mut found));
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

fn every_length_up_to_400_alone_and_in_equal_lanes<F: Function>() {
    let text = bytes(400);
    for length in 0..=400 {
        let mut state = length as u64;
        check::<F>(&[[&[], &[], &text[..length]]]);
        check::<F>(&[[&text[..length], &[], &[]]]);
        let lanes: Vec<_> = (0..33).map(|_| cut(&text[..length], &mut state)).collect();
        check::<F>(&lanes);
    }
}

fn every_length_up_to_400_in_one_call<F: Function>() {
    let text = bytes(400);
    let mut state = 1;
    let mut messages: Vec<_> = (0..=400).map(|length| cut(&text[..length], &mut state)).collect();
    check::<F>(&messages);
    messages.reverse();
    check::<F>(&messages);
}

fn random_mixtures_of_lengths<F: Function>() {
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
        check::<F>(&messages);
    }
}

fn a_long_message_among_short_ones<F: Function>() {
    let text = bytes(100_000);
    for place in [0, 3, 39] {
        let mut messages = vec![[&text[..32], &text[32..64], &text[64..192]]; 40];
        messages[place] = [&text[..32], &text[32..64], &text];
        check::<F>(&messages);
    }
}

fn places_and_messages_without_a_counterpart_are_left_alone<F: Function>() {
    let text = bytes(200);
    let messages = vec![[&text[..32], &text[32..64], &text[64..]]; 11];
    let (before, expected) = (F::expected(b"before"), F::expected(&text));
    for unit in Simd::ALL {
        let mut places = vec![before; 14];
        unit.run(Hash::<F>(&messages, &mut places));
        assert!(places[..11].iter().all(|digest| *digest == expected));
        assert!(places[11..].iter().all(|digest| *digest == before));
        let mut places = vec![before; 5];
        unit.run(Hash::<F>(&messages, &mut places));
        assert!(places.iter().all(|digest| *digest == expected));
        unit.run(Hash::<F>(&[], &mut []));
    }
}

macro_rules! tests {
    ($module:ident, $function:ident) => {
        mod $module {
            use super::$function as Function;

            tests! {
                Function
                every_length_up_to_400_alone_and_in_equal_lanes
                every_length_up_to_400_in_one_call
                random_mixtures_of_lengths
                a_long_message_among_short_ones
                places_and_messages_without_a_counterpart_are_left_alone
            }
        }
    };
    ($function:ident $($test:ident)+) => { $(
        #[test]
        fn $test() {
            super::$test::<$function>();
        }
    )+ };
}

tests!(of_sha256, InSha256);
tests!(of_sha256_in_lanes, InLanesOfSha256);
tests!(of_sha512, InSha512);
tests!(of_keccak256, InKeccak256);
