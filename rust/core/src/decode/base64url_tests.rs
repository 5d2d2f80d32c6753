use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;

use super::*;

fn is_as_the_library_does(text: &[u8]) {
    let expected = BASE64URL_NOPAD.decode(text).ok();
    let mut room = [0xaa; 100];
    assert_eq!(decode(text, &mut room), expected.as_deref(), "{text:?}");
    if let Some(bytes) = expected {
        assert_eq!(decoded_length(text.len()), Some(bytes.len()));
        assert_eq!(decode(text, &mut vec![0; bytes.len()]), Some(bytes.as_slice()));
        assert!(bytes.is_empty() || decode(text, &mut vec![0; bytes.len() - 1]).is_none(), "no room");
    }
}

#[test]
fn every_character_at_every_place() {
    for length in 0..10 {
        for place in 0..length {
            for character in 0..=u8::MAX {
                let mut text = vec![b'A'; length];
                text[place] = character;
                is_as_the_library_does(&text);
            }
        }
    }
    for (first, second) in (0..=u8::MAX).flat_map(|first| (0..=u8::MAX).map(move |second| (first, second))) {
        is_as_the_library_does(&[first, second]);
    }
}

proptest! {
    #[test]
    fn texts_and_what_is_nearly_one(
        bytes in prop::collection::vec(any::<u8>(), 0..70),
        change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut text = BASE64URL_NOPAD.encode(&bytes).into_bytes();
        if let (Some((place, character)), false) = (change, text.is_empty()) {
            let place = place.index(text.len());
            text[place] = character;
        }
        is_as_the_library_does(&text);
    }
}
