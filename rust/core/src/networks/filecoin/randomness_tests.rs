use super::*;

#[test]
fn every_part_of_a_draw_counts() {
    let one = draw(tag::TICKET, &[1; 32], 7, b"who");
    assert_eq!(one, draw(1, &[1; 32], 7, b"who"));
    assert_ne!(one, draw(tag::ELECTION, &[1; 32], 7, b"who"));
    assert_ne!(one, draw(tag::TICKET, &[2; 32], 7, b"who"));
    assert_ne!(one, draw(tag::TICKET, &[1; 32], -7, b"who"));
    assert_ne!(one, draw(tag::TICKET, &[1; 32], 7, b""));
}

#[test]
fn tags_count_from_one_to_ten() {
    let tags = [
        tag::TICKET,
        tag::ELECTION,
        tag::WINNING_POST,
        tag::WINDOW_POST,
        tag::SEAL,
        tag::INTERACTIVE_SEAL,
        tag::DEADLINE_ASSIGNMENT,
        tag::CRON,
        tag::POST_CHAIN_COMMIT,
        tag::EVM_PREVRANDAO,
    ];
    assert!(tags.into_iter().eq(1..=10));
}

#[test]
fn entropy_is_the_address_as_a_byte_string() {
    assert_eq!(actor_entropy(&Address::from_id(3751).unwrap()), [0x43, 0x00, 0xa7, 0x1d]);
    // Beyond 23 bytes the head has two bytes.
    assert_eq!(actor_entropy(&Address::of_bls_key(&[9; 48]))[..3], [0x58, 49, 3]);
}

#[test]
fn two_bits_are_cleared_and_no_others() {
    let mut expected = [0xff; 32];
    expected[31] = 0x3f;
    assert_eq!(in_field([0xff; 32]), expected);
    assert_eq!(in_field(expected), expected);
}

#[test]
fn epochs_have_times() {
    assert_eq!(epoch_time(MAINNET_GENESIS, 0), Ok(1_598_306_400));
    assert_eq!(epoch_time(MAINNET_GENESIS, 2), Ok(1_598_306_460));
    assert_eq!(epoch_time(MAINNET_GENESIS, -1), Err(EpochError::Negative { epoch: -1 }));
    for epoch in [i64::MAX, i64::MAX / 30] {
        assert_eq!(epoch_time(MAINNET_GENESIS, epoch), Err(EpochError::OutOfRange { epoch }));
    }
    let chain = Chain::quicknet();
    let error = round_of_epoch(i64::MIN, 0, &chain, RoundRule::FromV16);
    assert_eq!(error, Err(EpochError::OutOfRange { epoch: 0 }));
}

#[test]
fn beacons_of_the_main_network_follow_each_other() {
    for (epoch, beacon) in [
        (0, MainnetBeacon::Incentinet),
        (50_999, MainnetBeacon::Incentinet),
        (51_000, MainnetBeacon::Default),
        (3_855_479, MainnetBeacon::Default),
        (3_855_480, MainnetBeacon::Quicknet),
        (i64::MAX, MainnetBeacon::Quicknet),
    ] {
        assert_eq!(MainnetBeacon::at_epoch(epoch), beacon, "{epoch}");
    }
    let (beacon, round) = mainnet_round(3_855_480, RoundRule::FromV16).unwrap();
    let chain = beacon.chain().unwrap();
    // The round of one epoch before is the last whose time has come by then.
    let time = epoch_time(MAINNET_GENESIS, 3_855_479).unwrap();
    assert!(chain.time_of_round(round).unwrap() <= time && time < chain.time_of_round(round + 1).unwrap());
    assert_eq!(mainnet_round(-1, RoundRule::FromV16), Err(EpochError::Negative { epoch: -1 }));
}

#[test]
fn both_rules_before_and_at_the_beacons_genesis() {
    // Epoch 1 takes the round at the network's genesis.
    let quicknet = Chain::quicknet();
    let at = |offset: i64, rule| round_of_epoch(quicknet.genesis_time() + offset, 1, &quicknet, rule);
    assert_eq!(at(-1, RoundRule::FromV16), Ok(1));
    assert!(matches!(at(-1, RoundRule::BeforeV16), Err(EpochError::Chain(ChainError::BeforeGenesis { .. }))));
    for (offset, round) in [(0, 1), (2, 1), (3, 2), (30, 11)] {
        assert_eq!(at(offset, RoundRule::FromV16), Ok(round));
        assert_eq!(at(offset, RoundRule::BeforeV16), Ok(round - 1));
    }
    assert_eq!(RoundRule::of_version(15), RoundRule::BeforeV16);
    assert_eq!(RoundRule::of_version(16), RoundRule::FromV16);
}
