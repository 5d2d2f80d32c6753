use super::*;

const MIXED: &str = "0x999999cf1046e68e36E1aA2E0E07105eDDD1f08E";

#[test]
fn one_address_in_all_its_forms() {
    let address = Participant::parse(MIXED).unwrap();
    for text in [
        &MIXED.to_lowercase(),
        &format!("0x{}", MIXED[2..].to_uppercase()),
        "f410ftgmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43i",
        "t410ftgmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43i",
    ] {
        assert_eq!(Participant::parse(text), Some(address), "{text}");
    }
    assert_eq!(address.to_string(), MIXED.to_lowercase());
    assert_eq!(Participant::parse("0x000000000000000000000000000000000000dEaD"), Some(Participant::BURN));
}

#[test]
fn what_is_no_address() {
    for text in [
        "",
        "0x",
        "0x1",
        "0X999999cf1046e68e36e1aa2e0e07105eddd1f08e",
        "999999cf1046e68e36e1aa2e0e07105eddd1f08e",
        "0x999999cf1046e68e36e1aa2e0e07105eddd1f08",
        "0x999999cf1046e68e36e1aa2e0e07105eddd1f08eff",
        "0x999999cf1046e68e36e1aa2e0e07105eddd1f08g",
        "0x999999Cf1046e68e36E1aA2E0E07105eDDD1f08E",
        "f410ftgmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43j",
        "f410ftgmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43",
        "f410ftgmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43ia",
        "f410fTGMZTTYQI3TI4NXBVIXA4BYQL3O5D4EO3JTC43I",
        "f410fagmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43i",
        "f411ftgmzttyqi3ti4nxbvixa4byql3o5d4eo3jtc43i",
        "f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy",
        "f01234",
        "0x\u{e9}",
    ] {
        assert_eq!(Participant::parse(text), None, "{text}");
    }
}
