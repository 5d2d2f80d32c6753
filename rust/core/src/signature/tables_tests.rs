use super::super::KeyRegistry;
use super::super::ed25519::PublicKey;
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
fn rows_of_a_small_point_repeat_after_eight() {
    // The first encoding of a point of order 8.
    let encoded = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    let Base::SmallOrder(multiples) = PublicKey::parse(&encoded).unwrap().base() else {
        panic!("a point of order 8 is of small order");
    };
    assert_eq!(multiples.iter().filter(|multiple| multiple.is_none()).count(), 1);
    assert!(multiples[0].is_none());
    let windows = Windows { width: 3 };
    let rows = small_order_rows(&multiples, windows);
    assert_eq!(rows.len(), windows.size() + 2);
    let at = |times: usize| multiples[times].map(|[x, y]| [x, y].concat());
    // The first window holds the odd multiples, every later one multiples of 8.
    for (row, times) in rows[..4].iter().zip([1, 3, 5, 7]) {
        assert_eq!(Some(row.0.to_vec()), at(times));
    }
    assert!(rows[4..windows.size()].iter().all(|row| row.0 == [0; 8]));
    assert_eq!(Some(rows[windows.size() + 1].0.to_vec()), at(2));
}
