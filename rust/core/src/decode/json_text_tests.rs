use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn the_first_special_byte_is_found(
        bytes in prop::collection::vec(prop_oneof![9 => 0x20_u8.., 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0_u8..0x20], 0..40),
    ) {
        let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
        prop_assert_eq!(plain(&bytes), bytes.iter().position(special).unwrap_or(bytes.len()));
    }
}
