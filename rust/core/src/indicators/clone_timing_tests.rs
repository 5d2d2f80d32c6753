use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::indicators::rank_correlation::correlate_by_definition;

const NO_LIMIT: u64 = u64::MAX;

/// One device's round trips, slot by slot from `first` on.
fn device(device: u32, first: u64, rtts: &[u64]) -> Vec<RoundTrip> {
    (first..).zip(rtts).map(|(slot, rtt_ns)| RoundTrip { device, slot, rtt_ns: *rtt_ns }).collect()
}

/// A permutation of 1 to 30 that has little to do with the ascending one.
fn shuffled(count: u64, step: u64) -> Vec<u64> {
    (0..count).map(|at| 1000 * (1 + at * step % count)).collect()
}

fn found(devices: &[Vec<RoundTrip>]) -> Vec<(Vec<u32>, u64, u64, u64, u64)> {
    let clones = clones(&devices.concat(), NO_LIMIT).unwrap();
    let row = |c: Clones| (c.devices, c.pairs, c.by_rank, c.by_share, c.least_slots);
    clones.into_iter().map(row).collect()
}

#[test]
fn one_order_is_enough_whatever_the_values() {
    let rtts = shuffled(30, 7);
    let slower: Vec<u64> = rtts.iter().map(|rtt| rtt * rtt).collect();
    assert_eq!(found(&[device(5, 0, &rtts), device(2, 0, &slower)]), [(vec![2, 5], 1, 1, 0, 30)]);
    // One slot less is too few.
    assert_eq!(found(&[device(5, 0, &rtts), device(2, 1, &slower)]), []);
    // The opposite order is none, and a device that always takes as long has none.
    let backwards: Vec<u64> = rtts.iter().map(|rtt| 1_000_000 - 30_000 * (rtt / 1000)).collect();
    assert_eq!(found(&[device(5, 0, &rtts), device(2, 0, &backwards)]), []);
    assert_eq!(found(&[device(5, 0, &rtts), device(2, 0, &[9; 30])]), []);
}

#[test]
fn alike_is_less_than_one_percent_in_nineteen_slots_of_twenty() {
    let rtts = [10_000; 40];
    let mut other = [10_099; 40];
    assert_eq!(found(&[device(0, 0, &rtts), device(1, 0, &other)]), [(vec![0, 1], 1, 0, 1, 40)]);
    other[3] = 10_100;
    other[33] = 5;
    assert_eq!(found(&[device(0, 0, &rtts), device(1, 0, &other)]), [(vec![0, 1], 1, 0, 1, 40)]);
    other[34] = 9_901;
    assert_eq!(found(&[device(0, 0, &rtts), device(1, 0, &other)]), [(vec![0, 1], 1, 0, 1, 40)]);
    other[34] = 9_900;
    assert_eq!(found(&[device(0, 0, &rtts), device(1, 0, &other)]), []);
    // A round trip that took no time says nothing.
    assert_eq!(found(&[device(0, 0, &[0; 40]), device(1, 0, &[0; 40])]), []);
}

#[test]
fn names_of_one_machine_are_one_finding() {
    let rtts = shuffled(60, 13);
    let names: Vec<Vec<RoundTrip>> = (0..20)
        .map(|name| device(name, u64::from(name) % 3, rtts.get(name as usize % 3..).unwrap()))
        .collect();
    let stranger = device(99, 0, &shuffled(60, 37));
    let all = [names, vec![stranger]].concat();
    assert_eq!(found(&all), [((0..20).collect(), 190, 190, 190, 58)]);
}

#[test]
fn impossible_input_is_refused() {
    let twice = [device(3, 5, &[1]), device(3, 5, &[2])].concat();
    assert_eq!(clones(&twice, NO_LIMIT), Err(CloneError::Twice { device: 3, slot: 5 }));
    let long = device(1, 0, &vec![1; MOST_SLOTS + 1]);
    let expected = CloneError::Slots { device: 1, found: MOST_SLOTS + 1 };
    assert_eq!(clones(&long, NO_LIMIT), Err(expected));
    assert_eq!(clones(&[], 0), Ok(vec![]));
}

#[test]
fn the_limit_is_exact_and_independent_of_the_order() {
    let devices: Vec<RoundTrip> = (0..30)
        .flat_map(|name| device(name, u64::from(name % 4), &shuffled(40, 3 + 2 * u64::from(name))))
        .collect();
    let (mut low, mut high) = (0, NO_LIMIT);
    while low < high {
        let middle = low + (high - low) / 2;
        if clones(&devices, middle).is_ok() { high = middle } else { low = middle + 1 }
    }
    let backwards: Vec<RoundTrip> = devices.iter().rev().copied().collect();
    assert!(clones(&backwards, low).is_ok());
    assert_eq!(clones(&backwards, low - 1), Err(CloneError::Looks { limit: low - 1 }));
}

#[test]
fn the_longest_series_fits() {
    let rtts: Vec<u64> = (0..MOST_SLOTS as u64).collect();
    let pair = [device(0, 0, &rtts), device(1, 0, &rtts)];
    assert_eq!(found(&pair), [(vec![0, 1], 1, 1, 1, MOST_SLOTS as u64)]);
    let opposite: Vec<u64> = rtts.iter().rev().copied().collect();
    assert_eq!(found(&[device(0, 0, &rtts), device(1, 0, &opposite)]), []);
}

#[test]
fn strangers_are_given_up_early() {
    // 300 devices in 500 slots, in orders that have nothing to do with each other.
    let mut state = 1_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        10_000 + state % 80_000_000
    };
    let devices: Vec<RoundTrip> =
        (0..300).flat_map(|name| device(name, 0, &(0..500).map(|_| draw()).collect::<Vec<_>>())).collect();
    let (pairs, full) = (300 * 299 / 2, 500);
    assert_eq!(clones(&devices, pairs * full / 4), Ok(vec![]));
}

/// What is thought possible before ranks are compared, and what their comparison says.
fn possible_and_true(a: &[RoundTrip], b: &[RoundTrip]) -> (bool, bool) {
    let slots: Vec<u64> = (0..100).collect();
    let (own, theirs) = (Device::new(a, &slots).unwrap().unwrap(), Device::new(b, &slots).unwrap().unwrap());
    let common: Vec<(u64, u64)> = a
        .iter()
        .filter_map(|one| Some((one.rtt_ns, b.iter().find(|other| other.slot == one.slot)?.rtt_ns)))
        .collect();
    let (x, y): (Vec<u64>, Vec<u64>) = common.into_iter().unzip();
    (own.may_correlate(&theirs, &own.overlap(&theirs, &mut 0)), correlate_by_definition(&x, &y))
}

#[test]
fn halves_tell_strangers_apart() {
    let of = |rtts: &[u64]| device(0, 0, rtts);
    let (one, another) = (shuffled(60, 13), shuffled(60, 37));
    assert_eq!(possible_and_true(&of(&one), &of(&another)), (false, false));
    assert_eq!(possible_and_true(&of(&one), &of(&one)), (true, true));
    let backwards: Vec<u64> = one.iter().map(|rtt| 90_000 - rtt).collect();
    assert_eq!(possible_and_true(&of(&one), &of(&backwards)), (false, false));
}

#[test]
fn halves_are_met_to_the_slot() {
    // Two blocks of j slots at the middle change places: their ranks differ by 2 j^3, as much as the halves demand.
    for slots in 30..100_u64 {
        for blocks in 0..slots / 2 {
            let (middle, up) = (slots / 2, 0..slots);
            let swapped = up.clone().map(|at| match at {
                at if (middle - blocks..middle).contains(&at) => at + blocks,
                at if (middle..middle + blocks).contains(&at) => at - blocks,
                at => at,
            });
            let (x, y): (Vec<u64>, Vec<u64>) = (up.collect(), swapped.collect());
            let is_true = 240 * blocks.pow(3) <= slots.pow(3) - slots;
            assert_eq!(possible_and_true(&device(0, 0, &x), &device(1, 0, &y)), (is_true, is_true));
        }
    }
}

/// The rule as it is written: every pair, ranks as fractions.
fn by_pairs(devices: &[BTreeMap<u64, u64>]) -> Vec<(Vec<u32>, u64, u64, u64, u64)> {
    let mut clusters = Clusters::new(devices.len());
    let mut pairs = Vec::new();
    for a in 0..devices.len() {
        for b in a + 1..devices.len() {
            let slots: Vec<u64> =
                devices[a].keys().filter(|slot| devices[b].contains_key(slot)).copied().collect();
            if slots.len() < 30 {
                continue;
            }
            let rtts = |of: &BTreeMap<u64, u64>| slots.iter().map(|slot| of[slot]).collect::<Vec<_>>();
            let (x, y) = (rtts(&devices[a]), rtts(&devices[b]));
            let alike = x.iter().zip(&y).filter(|(x, y)| 100 * x.abs_diff(**y) < **x.min(y)).count();
            let (rank, share) = (correlate_by_definition(&x, &y), 100 * alike >= 95 * slots.len());
            if rank || share {
                clusters.join(u32::try_from(a).unwrap(), u32::try_from(b).unwrap());
                pairs.push((a, rank, share, slots.len() as u64));
            }
        }
    }
    let names = clusters.into_names();
    let accused: BTreeSet<u32> = pairs.iter().map(|pair| names[pair.0]).collect();
    let row = |name: &u32| {
        let own: Vec<_> = pairs.iter().filter(|pair| names[pair.0] == *name).collect();
        let members = (0..).zip(&names).filter(|(_, other)| *other == name).map(|(member, _)| member);
        (
            members.collect(),
            own.len() as u64,
            own.iter().filter(|pair| pair.1).count() as u64,
            own.iter().filter(|pair| pair.2).count() as u64,
            own.iter().map(|pair| pair.3).min().unwrap(),
        )
    };
    accused.iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn every_pair_is_found(
        patterns in prop::collection::vec(prop::collection::vec(0_u64..40, 48), 1..3),
        picks in prop::collection::vec(
            (0_usize..2, 1_u64..4, 0_u64..3, prop::collection::vec((0_u64..48, 0_u64..3000), 0..14), prop::collection::vec(0_u64..48, 0..20)),
            0..12,
        ),
    ) {
        let devices: Vec<BTreeMap<u64, u64>> = picks
            .iter()
            .map(|(pattern, scale, noise, changes, absent)| {
                let pattern = patterns.get(*pattern).or_else(|| patterns.first()).unwrap();
                let mut own: BTreeMap<u64, u64> =
                    (0..).zip(pattern.iter().map(|rtt| (1000 + rtt * 100) * scale + noise * 7)).collect();
                for (slot, rtt) in changes {
                    own.insert(*slot, *rtt);
                }
                own.retain(|slot, _| !absent.contains(slot));
                own
            })
            .collect();
        let rows: Vec<Vec<RoundTrip>> = (0..)
            .zip(&devices)
            .map(|(device, own)| own.iter().map(|(slot, rtt)| RoundTrip { device, slot: *slot, rtt_ns: *rtt }).collect())
            .collect();
        prop_assert_eq!(found(&rows), by_pairs(&devices));
    }

    #[test]
    fn halves_never_hide_a_correlation(
        x in prop::collection::vec(0_u64..60, 60),
        spread in 1_u64..8,
        noise in prop::collection::vec(0_u64..120, 60),
        absent in 0_u8..25,
    ) {
        let y: Vec<u64> = x.iter().zip(&noise).map(|(x, noise)| 1000 + 8 * x + spread * noise / 8).collect();
        let (possible, is_true) =
            possible_and_true(&device(0, 0, &x), &device(1, absent.into(), y.get(usize::from(absent)..).unwrap()));
        prop_assert!(possible || !is_true);
    }
}
