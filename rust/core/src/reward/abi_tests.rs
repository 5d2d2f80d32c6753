use super::*;

fn text(value: &str) -> AbiValue {
    AbiValue::Text(value.to_owned())
}

fn encoded(name: &str, value: AbiValue) -> Result<String, String> {
    let kind = AbiType::parse(name).map_err(|error| error.to_string())?;
    encode(&[kind], &[value])
        .map(|bytes| data_encoding::HEXLOWER.encode(&bytes))
        .map_err(|error| error.to_string())
}

#[test]
fn static_values_fill_one_word() {
    let zeros = |count: usize| "0".repeat(count);
    let payee = format!("0x{}", "aB".repeat(20));
    assert_eq!(encoded("address", text(&payee)), Ok(zeros(24) + &"ab".repeat(20)));
    assert_eq!(encoded("uint256", text("255")), Ok(zeros(62) + "ff"));
    assert_eq!(encoded("uint8", AbiValue::Integer("255".into())), Ok(zeros(62) + "ff"));
    assert_eq!(encoded("int8", text("-128")), Ok("f".repeat(62) + "80"));
    assert_eq!(encoded("int256", text("127")), Ok(zeros(62) + "7f"));
    assert_eq!(encoded("bool", AbiValue::Bool(true)), Ok(zeros(63) + "1"));
    assert_eq!(encoded("bytes2", text("0xbeef")), Ok("beef".to_owned() + &zeros(60)));
    assert_eq!(encoded("uint256", text(&U256::MAX.to_string())), Ok("f".repeat(64)));
    assert_eq!(encoded("uint16", text("000")), Ok(zeros(64)));
}

#[test]
fn dynamic_values_have_head_and_tail() {
    let types: Vec<AbiType> = ["uint256", "uint32[]", "bytes10", "bytes"]
        .iter()
        .map(|name| AbiType::parse(name).unwrap())
        .collect();
    let values = [
        text("291"),
        AbiValue::Array(vec![text("1110"), text("1929")]),
        text("0x31323334353637383930"),
        text("0x48656c6c6f2c20776f726c6421"),
    ];
    // The example of the public ABI specification, f(0x123, [0x456, 0x789], "1234567890", "Hello, world!").
    let words = [
        "0000000000000000000000000000000000000000000000000000000000000123",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "3132333435363738393000000000000000000000000000000000000000000000",
        "00000000000000000000000000000000000000000000000000000000000000e0",
        "0000000000000000000000000000000000000000000000000000000000000002",
        "0000000000000000000000000000000000000000000000000000000000000456",
        "0000000000000000000000000000000000000000000000000000000000000789",
        "000000000000000000000000000000000000000000000000000000000000000d",
        "48656c6c6f2c20776f726c642100000000000000000000000000000000000000",
    ];
    assert_eq!(data_encoding::HEXLOWER.encode(&encode(&types, &values).unwrap()), words.concat());
}

#[test]
fn arrays_of_dynamic_values_nest() {
    let nested = AbiValue::Array(vec![text("ab"), text("")]);
    let word = |number: usize| format!("{number:064x}");
    let expected =
        [word(0x20), word(2), word(0x40), word(0x80), word(2), "6162".to_owned() + &"0".repeat(60), word(0)];
    assert_eq!(encoded("string[]", nested), Ok(expected.concat()));
    assert_eq!(encoded("uint8[][]", AbiValue::Array(vec![])), Ok(word(0x20) + &word(0)));
}

#[test]
fn values_out_of_range_are_refused() {
    let over = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for (name, value) in [
        ("uint256", text(over)),
        ("uint256", text("-1")),
        ("uint256", text("")),
        ("uint256", text("1.0")),
        ("uint256", text("0x10")),
        ("uint256", AbiValue::Integer("1e3".into())),
        ("uint8", text("256")),
        ("int8", text("128")),
        ("int8", text("-129")),
        ("int8", text("-0")),
        ("int256", text(over)),
        ("bool", text("true")),
        ("address", text("0x1234")),
        ("address", text(&"11".repeat(20))),
        ("address", text(&format!("0X{}", "11".repeat(20)))),
        ("bytes2", text("0xbe")),
        ("bytes", text("beef")),
        ("bytes", text("0xbee")),
        ("string", AbiValue::Bool(true)),
        ("uint8[]", text("1")),
        ("uint8[]", AbiValue::Array(vec![text("256")])),
    ] {
        let error = encoded(name, value).unwrap_err();
        assert!(error.starts_with("expected a value of type "), "{name}: {error}");
    }
    let count = encode(&[AbiType::Bool], &[]).unwrap_err();
    assert_eq!(count.to_string(), "expected 1 values, found 0");
}

#[test]
fn types_have_one_name() {
    for name in
        ["address", "uint8", "uint256", "int128", "bool", "bytes1", "bytes32", "string", "bytes", "bool[][]"]
    {
        assert_eq!(AbiType::parse(name).unwrap().to_string(), name);
    }
    let deep = format!("bool{}", "[]".repeat(9));
    for name in [
        "uint", "uint0", "uint7", "uint264", "uint08", "uint+8", "int512", "bytes0", "bytes33", "float", "",
        "[]", &deep,
    ] {
        assert!(AbiType::parse(name).is_err(), "{name}");
    }
}
