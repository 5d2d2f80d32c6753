use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::beacon::Scheme;
use crate::signature::{bls_public_key, bls_secret_key, bls_sign};

const SEED: [u8; 32] = [3; 32];
const GENESIS: i64 = 1000;
const PERIOD: u32 = 30;

/// A round that owns its bytes, for tests that change them.
#[derive(Clone, Debug)]
struct Owned {
    round: u64,
    signature: Vec<u8>,
    previous: Option<Vec<u8>>,
}

impl Owned {
    fn as_round(&self) -> SignedRound<'_> {
        SignedRound {
            round: self.round,
            signature: &self.signature,
            previous: self.previous.as_deref(),
            randomness: None,
        }
    }
}

/// A chain of our own, and its rounds from 1 on.
fn signed(scheme: Scheme, count: u64) -> (Chain, Vec<Owned>) {
    let variant = if scheme.has_g1_signatures() { BlsVariant::MinSig } else { BlsVariant::MinPk };
    let secret = bls_secret_key(&[9; 32]).unwrap();
    let key = bls_public_key(variant, &secret).unwrap();
    let chain = Chain::new(scheme, &key, GENESIS, PERIOD, &SEED, "").unwrap();
    let mut before = SEED.to_vec();
    let mut rounds = Vec::new();
    for round in 1..=count {
        let message = round_message(scheme, round, &before);
        let signature = bls_sign(variant, scheme.tag(), &secret, &message).unwrap();
        let previous = scheme.is_chained().then(|| std::mem::replace(&mut before, signature.clone()));
        rounds.push(Owned { round, signature, previous });
    }
    (chain, rounds)
}

fn findings(chain: &Chain, rounds: &[Owned]) -> Vec<RoundFinding> {
    let rounds: Vec<_> = rounds.iter().map(Owned::as_round).collect();
    verify_rounds(chain, &rounds, None).unwrap()
}

/// Places of the findings that are not good.
fn bad(findings: &[RoundFinding]) -> Vec<usize> {
    (0..findings.len()).filter(|place| !findings[*place].is_good()).collect()
}

#[test]
fn all_rounds_of_all_schemes_are_signed() {
    for scheme in Scheme::ALL {
        let (chain, rounds) = signed(scheme, 40);
        for finding in findings(&chain, &rounds) {
            let link = if scheme.is_chained() { Link::Holds } else { Link::Unchained };
            let verdict = RoundVerdict::Signed;
            assert_eq!(finding, RoundFinding { verdict, link, has_spare_previous: false, is_future: false });
        }
    }
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(verify_rounds(&Chain::quicknet(), &[], Some(0)), Ok(vec![]));
    assert_eq!(verify_rounds(&Chain::default_chain(), &[], None), Ok(vec![]));
}

#[test]
fn bad_rounds_are_named_in_the_order_given() {
    for scheme in [Scheme::Unchained, Scheme::UnchainedG1] {
        let (chain, mut rounds) = signed(scheme, 70);
        rounds.reverse();
        for places in [&[0_usize, 69][..], &[33], &[7, 8, 9]] {
            let mut changed = rounds.clone();
            for place in places {
                changed[*place].round += 1000;
            }
            assert_eq!(bad(&findings(&chain, &changed)), places);
        }
        // Each signature is good, for the other round.
        rounds[4].round = 66 - 1;
        rounds[5].round = 66;
        assert_eq!(bad(&findings(&chain, &rounds)), [4, 5]);
    }
}

#[test]
fn a_signature_that_was_changed_breaks_the_link_of_the_round_after() {
    let (chain, rounds) = signed(Scheme::Chained, 10);
    let mut changed = rounds.clone();
    changed[4].signature = rounds[7].signature.clone();
    let found = findings(&chain, &changed);
    assert_eq!(bad(&found), [4, 5]);
    assert_eq!((found[4].verdict, found[4].link), (RoundVerdict::NotSigned, Link::Holds));
    assert_eq!((found[5].verdict, found[5].link), (RoundVerdict::Signed, Link::Broken));
}

#[test]
fn a_previous_signature_that_was_changed_breaks_its_own_link() {
    let (chain, rounds) = signed(Scheme::Chained, 10);
    let mut changed = rounds.clone();
    changed[4].previous = rounds[8].previous.clone();
    let found = findings(&chain, &changed);
    assert_eq!(bad(&found), [4]);
    assert_eq!((found[4].verdict, found[4].link), (RoundVerdict::NotSigned, Link::Broken));

    // The same where the round before is not there to be compared.
    let alone = findings(&chain, &changed[4..5]);
    assert_eq!((alone[0].verdict, alone[0].link), (RoundVerdict::NotSigned, Link::Unseen));
    let good = findings(&chain, &rounds[4..5]);
    assert_eq!((good[0].verdict, good[0].link), (RoundVerdict::Signed, Link::Unseen));
}

#[test]
fn links_are_found_in_any_order_and_among_repetitions() {
    let (chain, mut rounds) = signed(Scheme::Chained, 6);
    rounds.reverse();
    let mut stray = rounds[2].clone();
    stray.signature = rounds[0].signature.clone();
    rounds.insert(0, stray);
    let found = findings(&chain, &rounds);
    assert_eq!(bad(&found), [0]);
    assert!(found.iter().all(|finding| finding.link == Link::Holds));
}

#[test]
fn round_one_hangs_on_the_genesis_seed() {
    let (chain, rounds) = signed(Scheme::Chained, 2);
    let mut first = rounds[0].clone();
    for previous in [None, Some(vec![]), Some(SEED.to_vec())] {
        first.previous = previous;
        let found = findings(&chain, std::slice::from_ref(&first))[0];
        assert_eq!((found.verdict, found.link), (RoundVerdict::Signed, Link::Holds));
    }
    first.previous = Some(vec![4; 32]);
    let found = findings(&chain, &[first])[0];
    assert_eq!((found.verdict, found.link), (RoundVerdict::NotSigned, Link::Broken));

    let mut second = rounds[1].clone();
    for previous in [None, Some(vec![])] {
        second.previous = previous;
        let found = findings(&chain, &[rounds[0].clone(), second.clone()])[1];
        assert_eq!((found.verdict, found.link), (RoundVerdict::PreviousAbsent, Link::Unseen));
    }
}

#[test]
fn there_is_no_round_zero() {
    for scheme in Scheme::ALL {
        let (chain, mut rounds) = signed(scheme, 3);
        rounds[0].round = 0;
        let rounds: Vec<_> = rounds.iter().map(Owned::as_round).collect();
        let found = verify_rounds(&chain, &rounds, Some(i64::MIN)).unwrap();
        assert_eq!(found[0].verdict, RoundVerdict::NoSuchRound);
        assert!(!found[0].is_future && found[1].is_future);
    }
}

#[test]
fn a_spare_previous_signature_changes_nothing_but_the_warning() {
    let (chain, mut rounds) = signed(Scheme::UnchainedG1, 3);
    rounds[1].previous = Some(vec![1; 48]);
    rounds[2].previous = Some(vec![]);
    let found = findings(&chain, &rounds);
    assert_eq!(bad(&found), [0_usize; 0]);
    assert_eq!(
        found.iter().map(|finding| finding.has_spare_previous).collect::<Vec<_>>(),
        [false, true, false]
    );
}

#[test]
fn future_rounds_are_marked_and_still_judged() {
    let (chain, mut rounds) = signed(Scheme::Unchained, 3);
    rounds.push(Owned { round: u64::MAX, ..rounds[0].clone() });
    let rounds: Vec<_> = rounds.iter().map(Owned::as_round).collect();
    let marked = |now| -> Vec<bool> {
        verify_rounds(&chain, &rounds, now).unwrap().iter().map(|finding| finding.is_future).collect()
    };
    assert_eq!(marked(None), [false; 4]);
    assert_eq!(marked(Some(GENESIS - 1)), [true; 4]);
    assert_eq!(marked(Some(GENESIS + 59)), [false, false, true, true]);
    assert_eq!(marked(Some(GENESIS + 60)), [false, false, false, true]);
    let found = verify_rounds(&chain, &rounds, Some(GENESIS)).unwrap();
    assert!(found[2].is_good() && found[2].is_future);
}

#[test]
fn what_cannot_be_a_signature_has_its_reason() {
    for scheme in Scheme::ALL {
        let (chain, rounds) = signed(scheme, 3);
        let length = scheme.signature_length();
        let mut infinity = vec![0; length];
        infinity[0] = 0xc0;
        let mut uncompressed = rounds[1].signature.clone();
        uncompressed[0] &= 0x7f;
        for (signature, verdict) in [
            (vec![], RoundVerdict::SignatureLength),
            (rounds[1].signature[1..].to_vec(), RoundVerdict::SignatureLength),
            (vec![0xff; length], RoundVerdict::NotAPoint),
            (infinity, RoundVerdict::NotAPoint),
            (uncompressed, RoundVerdict::NotAPoint),
        ] {
            let mut changed = rounds.clone();
            changed[1].signature = signature;
            let found = findings(&chain, &changed);
            assert_eq!(found[1].verdict, verdict);
            assert!(found[0].is_good() && found[2].verdict == RoundVerdict::Signed);
        }
    }
}

#[test]
fn stated_randomness_must_be_the_hash_of_the_signature() {
    let (chain, rounds) = signed(Scheme::UnchainedG1, 1);
    let randomness = sha256(&rounds[0].signature);
    for (stated, verdict) in [
        (&randomness[..], RoundVerdict::Signed),
        (&randomness[..31], RoundVerdict::RandomnessMismatch),
        (&[0; 32], RoundVerdict::RandomnessMismatch),
    ] {
        let round = SignedRound { randomness: Some(stated), ..rounds[0].as_round() };
        assert_eq!(verify_rounds(&chain, &[round], None).unwrap()[0].verdict, verdict);
    }
}

#[test]
fn other_chains_and_schemes_did_not_sign() {
    let (chain, rounds) = signed(Scheme::UnchainedG1, 3);
    let old_tag =
        Chain::new(Scheme::UnchainedG1OldTag, chain.public_key(), GENESIS, PERIOD, &SEED, "").unwrap();
    for other in [old_tag, Chain::quicknet()] {
        for finding in findings(&other, &rounds) {
            assert_eq!(finding.verdict, RoundVerdict::NotSigned);
        }
    }
    for finding in findings(&Chain::default_chain(), &rounds) {
        assert_eq!(finding.verdict, RoundVerdict::SignatureLength);
    }
}

#[test]
fn verdicts_do_not_depend_on_threads() {
    let (chain, mut rounds) = signed(Scheme::UnchainedG1, 300);
    for place in [0, 31, 32, 255, 256, 299] {
        rounds[place].round = 7;
    }
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| findings(&chain, &rounds))
    };
    assert_eq!(bad(&of(1)), [0, 31, 32, 255, 256, 299]);
    assert_eq!(of(1), of(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Rounds, signatures and previous signatures exchanged at will: a batch says what single checks say.
    #[test]
    fn a_batch_says_what_single_checks_say(
        scheme in prop::sample::select(Scheme::ALL.to_vec()),
        changes in prop::collection::vec((0_usize..3, 0_usize..12, 0_usize..12), 0..6),
        order in Just((0_usize..12).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (chain, good) = signed(scheme, 12);
        let mut rounds = good.clone();
        for (what, to, from) in changes {
            match what {
                0 => rounds[to].round = good[from].round,
                1 => rounds[to].signature = good[from].signature.clone(),
                _ => rounds[to].previous = good[from].previous.clone(),
            }
        }
        let rounds: Vec<_> = order.into_iter().map(|place| rounds[place].clone()).collect();
        let given: BTreeSet<_> = rounds.iter().map(|round| (round.round, &round.signature)).collect();
        for (round, finding) in rounds.iter().zip(findings(&chain, &rounds)) {
            let previous = round.previous.as_deref().unwrap_or_default();
            let alone = chain.verify_round(round.round, &round.signature, previous);
            prop_assert_eq!(finding.verdict == RoundVerdict::Signed, alone);
            if scheme.is_chained() {
                let before: Vec<_> = given.iter().filter(|(number, _)| number + 1 == round.round).collect();
                let link = if round.round == 1 {
                    if previous == SEED { Link::Holds } else { Link::Broken }
                } else if before.is_empty() {
                    Link::Unseen
                } else if before.iter().any(|(_, signature)| *signature == previous) {
                    Link::Holds
                } else {
                    Link::Broken
                };
                prop_assert_eq!(finding.link, link);
            }
        }
    }
}
