use super::*;

fn key(number: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = number;
    bytes
}

#[test]
fn ids_are_dense_and_stable() {
    let mut registry = KeyRegistry::new();
    assert!(registry.is_empty());
    assert_eq!(registry.register(Scheme::Ed25519, &key(1)), KeyId(0));
    // y = 2 is no point, and a record all the same.
    assert_eq!(registry.register(Scheme::Ed25519, &key(2)), KeyId(1));
    assert_eq!(registry.register(Scheme::P256, &key(1)), KeyId(2));
    assert_eq!(registry.register(Scheme::Ed25519, &key(1)), KeyId(0));
    assert_eq!(registry.len(), 3);
    assert_eq!(registry.is_usable(KeyId(0)), Some(true));
    assert_eq!(registry.is_usable(KeyId(1)), Some(false));
    assert_eq!(registry.is_usable(KeyId(2)), Some(false));
    assert_eq!(registry.is_usable(KeyId(3)), None);
    assert_eq!(registry.is_usable(KeyId::NONE), None);
    assert_eq!(registry.scheme(KeyId(2)), Some(Scheme::P256));
    assert_eq!(registry.find(Scheme::Ed25519, &key(2)), Some(KeyId(1)));
    assert_eq!(registry.find(Scheme::Secp256k1, &key(2)), None);
}

#[test]
fn many_at_once_are_as_one_after_the_other() {
    let bytes: Vec<[u8; 32]> = (0..200).map(|at| key(at % 90)).collect();
    let slices: Vec<&[u8]> = bytes.iter().map(<[u8; 32]>::as_slice).collect();
    let mut one = KeyRegistry::new();
    let mut many = KeyRegistry::new();
    one.register(Scheme::Ed25519, &key(50));
    many.register(Scheme::Ed25519, &key(50));
    let expected: Vec<_> = slices.iter().map(|bytes| one.register(Scheme::Ed25519, bytes)).collect();
    assert_eq!(many.register_many(Scheme::Ed25519, &slices), expected);
    assert_eq!(many.len(), 90);
    for id in 0..90 {
        assert_eq!(many.is_usable(KeyId(id)), one.is_usable(KeyId(id)));
    }
}
