use super::*;

fn chain(genesis: i64, period: u32) -> Chain {
    Chain::new(Scheme::Chained, &DEFAULT_KEY, genesis, period, &[], "").expect("usable chain")
}

#[test]
fn named_chains_have_their_published_hashes() {
    let hash = |chain: Chain| data_encoding::HEXLOWER.encode(chain.hash());
    assert_eq!(hash(Chain::quicknet()), "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971");
    assert_eq!(
        hash(Chain::default_chain()),
        "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"
    );
    assert_eq!(Chain::named("quicknet"), Ok(Chain::quicknet()));
    assert_eq!(Chain::named("default"), Ok(Chain::default_chain()));
    assert!(matches!(Chain::named("fastnet"), Err(ChainError::Name { .. })));
}

#[test]
fn an_id_counts_in_the_hash_unless_it_is_empty_or_default() {
    let with =
        |id| *Chain::new(Scheme::Chained, &DEFAULT_KEY, 7, 30, &DEFAULT_SEED, id).expect("usable").hash();
    assert_eq!(with(""), with("default"));
    assert_ne!(with(""), with("mine"));
}

#[test]
fn unusable_descriptions_are_refused() {
    let new = |scheme, key: &[u8], period| Chain::new(scheme, key, 0, period, &[], "").map(|_| ());
    assert_eq!(new(Scheme::Chained, &DEFAULT_KEY, 0), Err(ChainError::Period));
    assert_eq!(
        new(Scheme::UnchainedG1, &DEFAULT_KEY, 1),
        Err(ChainError::KeyLength { scheme: "bls-unchained-g1-rfc9380", expected: 96, found: 48 })
    );
    assert_eq!(new(Scheme::Chained, &[0xff; 48], 1), Err(ChainError::Key));
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    assert_eq!(new(Scheme::Chained, &infinity, 1), Err(ChainError::Key));
    assert!(matches!(Scheme::from_name("bls-bn254-unchained-on-g1"), Err(ChainError::Scheme { .. })));
    for scheme in Scheme::ALL {
        assert_eq!(Scheme::from_name(scheme.name()), Ok(scheme));
    }
}

#[test]
fn rounds_at_the_edges_of_a_period() {
    let chain = chain(1000, 30);
    assert_eq!(chain.round_at(1000), Ok(1));
    assert_eq!(chain.round_at(1029), Ok(1));
    assert_eq!(chain.round_at(1030), Ok(2));
    assert_eq!(chain.first_round_at_or_after(1000), Ok(1));
    assert_eq!(chain.first_round_at_or_after(1001), Ok(2));
    assert_eq!(chain.first_round_at_or_after(1030), Ok(2));
    assert_eq!(chain.first_round_at_or_after(1031), Ok(3));
    let before = ChainError::BeforeGenesis { time: 999, genesis: 1000 };
    assert_eq!(chain.round_at(999), Err(before.clone()));
    assert_eq!(chain.first_round_at_or_after(999), Err(before));
    assert_eq!(chain.time_of_round(1), Ok(1000));
    assert_eq!(chain.time_of_round(3), Ok(1060));
    assert_eq!(chain.time_of_round(0), Err(ChainError::NoSuchRound { round: 0 }));
}

#[test]
fn the_ends_of_64_bits_do_not_wrap() {
    let chain = chain(i64::MIN, 1);
    assert_eq!(chain.time_of_round(u64::MAX), Ok(i64::MAX - 1));
    assert!(chain.round_at(i64::MAX - 1).is_ok());
    assert_eq!(self::chain(0, 2).time_of_round(u64::MAX), Err(ChainError::NoSuchRound { round: u64::MAX }));
}
