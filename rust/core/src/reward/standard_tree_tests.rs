use super::*;

fn row(values: &[&str]) -> Row {
    Row(values.iter().map(|value| AbiValue::Text((*value).to_owned())).collect())
}

fn types(names: &[&str]) -> Vec<AbiType> {
    names.iter().map(|name| AbiType::parse(name).unwrap()).collect()
}

fn file<V: LeafValue>(tree: &StandardTree<V>) -> Vec<u8> {
    let mut out = Vec::new();
    tree.dump(&mut out).unwrap();
    out
}

#[test]
fn a_file_of_every_type_reads_back() {
    let names = ["address", "uint64", "int16", "bool", "bytes4", "string", "bytes", "string[]"];
    let one = |amount: &str, name: &str| {
        Row(vec![
            AbiValue::Text(format!("0x{}", "ab".repeat(20))),
            AbiValue::Text(amount.to_owned()),
            AbiValue::Text("-5".to_owned()),
            AbiValue::Bool(false),
            AbiValue::Text("0xdeadbeef".to_owned()),
            AbiValue::Text(name.to_owned()),
            AbiValue::Text("0x00".to_owned()),
            AbiValue::Array(vec![AbiValue::Text("x".to_owned())]),
        ])
    };
    let rows = vec![one("1", "a\"\\\u{1}\u{7f}é"), one("2", ""), one("3", "c")];
    let tree = StandardTree::build(types(&names), rows.clone(), true).unwrap();
    let written = file(&tree);
    let again = StandardTree::<Row>::load(&written).unwrap();
    assert_eq!(again.values(), rows);
    assert_eq!(again.root(), tree.root());
    assert_eq!(file(&again), written);
    assert!(String::from_utf8(written).unwrap().contains(r#""a\"\\\u0001"#));
}

#[test]
fn order_is_kept_where_leaves_are_not_sorted() {
    let rows = || vec![row(&["1"]), row(&["2"]), row(&["3"])];
    let kept = StandardTree::build(types(&["uint256"]), rows(), false).unwrap();
    assert_eq!((0..3).map(|n| kept.tree_index(n).unwrap()).collect::<Vec<_>>(), [4, 3, 2]);
    let sorted = StandardTree::build(types(&["uint256"]), rows(), true).unwrap();
    let leaves: Vec<Node> = (2..5).map(|index| sorted.nodes().nodes()[index]).collect();
    assert!(leaves.is_sorted_by(|a, b| a > b));
    assert_eq!(StandardTree::<Row>::load(&file(&kept)).unwrap().root(), kept.root());
    for position in 0..3 {
        assert!(super::super::node_array::verify_proof(
            &kept.root(),
            &kept.leaf(position).unwrap(),
            &kept.proof(position).unwrap()
        ));
    }
    assert!(kept.multi_proof(&[2, 0]).unwrap().verify(&kept.root()));
    assert!(kept.proof(3).is_err());
}

fn refusal(text: &str) -> String {
    StandardTree::<Row>::load(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_changed_file_is_refused_with_its_place() {
    let tree =
        StandardTree::build(types(&["string"]), vec![row(&["a"]), row(&["b"]), row(&["c"])], true).unwrap();
    let good = String::from_utf8(file(&tree)).unwrap();
    assert_eq!(
        refusal(&good.replace("standard-v1", "standard-v2")),
        "expected format \"standard-v1\", found \"standard-v2\""
    );
    assert!(refusal(&good.replace("[\"string\"]", "[\"float\"]")).starts_with("leafEncoding: unknown type"));
    assert!(refusal(&good.replace("[\"c\"]", "[\"d\"]")).starts_with("values[2] does not hash to tree["));
    assert!(
        refusal(&good.replace("[\"c\"]", "[5]"))
            .starts_with("values[2]: expected a value of type string, found 5")
    );
    assert!(refusal(&good.replace("[\"c\"]", "[]")).starts_with("values[2]: expected 1 values, found 0"));
    assert!(refusal(&good.replace("treeIndex", "index")).contains("unknown field"));
    assert!(
        refusal(&good.replacen("{\"format\"", "{\"format\":\"standard-v1\",\"format\"", 1))
            .contains("duplicate field")
    );
    assert!(refusal(&good[..good.len() - 1]).contains("EOF"));
    assert!(refusal(&(good.clone() + "x")).contains("trailing"));
    let root = data_encoding::HEXLOWER.encode(&tree.root());
    assert_eq!(
        refusal(&good.replacen(&root, &"0".repeat(64), 1)),
        "node 0 is not the hash of its two children"
    );
    assert!(refusal(&good.replacen(&root, &root.to_uppercase(), 1)).contains("lower-case"));
    let last = good.rfind(",{\"value\"").unwrap();
    assert_eq!(
        refusal(&(good[..last].to_owned() + "]}")),
        "expected one value for each of the 3 leaves, found 2"
    );
}

#[test]
fn a_leaf_stands_once() {
    let rows = vec![row(&["a"]), row(&["b"]), row(&["a"])];
    let error = StandardTree::build(types(&["string"]), rows, true).unwrap_err();
    assert_eq!(error.to_string(), "values[2] stands twice");
}
