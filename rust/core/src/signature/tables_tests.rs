use std::marker::PhantomData;

use super::super::KeyRegistry;
use super::*;

/// Multiples of the base point have keys whose tables take so many bytes at the lowest width.
fn registry(keys: u8) -> (KeyRegistry, Vec<(KeyId, u64)>) {
    let mut registry = KeyRegistry::new();
    let wanted = (1..=keys)
        .map(|seed| {
            let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key();
            (registry.register(Scheme::Ed25519, key.as_bytes()), 20)
        })
        .collect();
    (registry, wanted)
}

#[test]
fn tables_are_kept_within_the_budget_and_the_oldest_go_first() {
    let (mut registry, wanted) = registry(12);
    let all = registry.tables(Scheme::Ed25519, &wanted[..4]);
    let size = size_of_val(all[0].as_ref().unwrap().rows.as_slice());
    assert_eq!(registry.table_bytes(), 4 * size);
    registry.set_table_budget(6 * size);
    for part in wanted.chunks(4) {
        let held = registry.tables(Scheme::Ed25519, part);
        assert!(held.iter().all(Option::is_some));
        assert!(registry.table_bytes() <= 6 * size);
    }
    // More keys in one call than the budget holds: all have tables while they are used.
    assert!(registry.tables(Scheme::Ed25519, &wanted).iter().all(Option::is_some));
    assert!(registry.table_bytes() <= 6 * size);
    assert_eq!(registry.clone().table_bytes(), 0);
    registry.release(wanted.iter().map(|(id, _)| *id));
    assert_eq!(registry.table_bytes(), 0);
}

#[test]
fn two_threads_build_the_same_table_and_count_it_once() {
    let (registry, wanted) = registry(8);
    let tables = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| registry.tables(Scheme::Ed25519, &wanted)));
        both.map(|thread| thread.join().unwrap())
    });
    let mut bytes = 0;
    for (one, other) in tables[0].iter().zip(&tables[1]) {
        let (one, other) = (one.as_ref().unwrap(), other.as_ref().unwrap());
        let short = one.rows.len().min(other.rows.len());
        assert!(one.windows != other.windows || one.rows[..short] == other.rows[..short]);
        bytes += size_of_val(one.rows.as_slice()).max(size_of_val(other.rows.as_slice()));
    }
    assert!(registry.table_bytes() <= bytes && registry.table_bytes() > 0);
}

#[test]
fn more_uses_get_wider_windows() {
    for (unit, scheme) in Simd::ALL.into_iter().flat_map(|unit| Scheme::ALL.map(|scheme| (unit, scheme))) {
        let widths: Vec<u32> = (0..6000).map(|uses| width_for(unit, scheme, uses).unwrap_or(0)).collect();
        assert!(widths.is_sorted());
        assert_eq!(widths.last(), Some(&10));
    }
}

#[test]
fn the_first_of_many_expected_uses_gets_the_windows_of_all() {
    let (registry, wanted) = registry(8);
    let widths = |wanted: &[(KeyId, u64)]| -> Vec<u32> {
        let tables = registry.tables(Scheme::Ed25519, wanted);
        tables.iter().map(|table| table.as_ref().map_or(0, |table| table.windows.width)).collect()
    };
    let few: Vec<(KeyId, u64)> = wanted.iter().map(|(id, _)| (*id, 12)).collect();
    let narrow = widths(&few)[0];
    registry.expect(&few[..7].iter().map(|(id, _)| (*id, 400)).collect::<Vec<_>>());
    let expected = width_for(Simd::chosen(), Scheme::Ed25519, 400).unwrap();
    let found = widths(&few);
    assert!(narrow < expected);
    assert_eq!(found[..7], [expected; 7]);
    assert!(found[7] < expected);
}

/// Whether a single point's rows are the same made in one lane and spread over all.
struct BothWays<C>(PhantomData<C>, Windows);

impl<C: Curve> Job for BothWays<C> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Vector>(self) -> bool {
        let mut builder = Builder::<V>::default();
        let mut tables = vec![Vec::new()];
        assert!(builder.build::<C>(&[C::GENERATOR], self.1, &mut tables));
        builder.build_one::<C>(&C::GENERATOR, self.1).unwrap() == tables[0]
    }
}

#[test]
fn a_single_point_has_the_same_rows_in_one_lane_and_in_all() {
    for unit in Simd::ALL.into_iter().filter(|unit| unit.is_testable()) {
        for width in [2, 3, 6, 9] {
            let windows = Windows { width };
            assert!(unit.run(BothWays::<Wei25519>(PhantomData, windows)), "{} {width}", unit.name());
            assert!(unit.run(BothWays::<P256>(PhantomData, windows)), "{} {width}", unit.name());
            assert!(unit.run(BothWays::<Secp256k1>(PhantomData, windows)), "{} {width}", unit.name());
        }
    }
}
