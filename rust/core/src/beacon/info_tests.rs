use super::*;

fn v1() -> String {
    let chain = Chain::quicknet();
    format!(
        "{{\"public_key\": \"{}\", \"period\": 3, \"genesis_time\": 1692803367, \"hash\": \"{}\", \"groupHash\": \"{}\", \
         \"schemeID\": \"bls-unchained-g1-rfc9380\", \"metadata\": {{\"beaconID\": \"quicknet\"}}, \"more\": [1]}}",
        HEXLOWER.encode(chain.public_key()),
        HEXLOWER.encode(chain.hash()),
        HEXLOWER.encode(chain.genesis_seed()),
    )
}

fn v2() -> String {
    v1().replace("\"hash\"", "\"chain_hash\"")
        .replace("groupHash", "genesis_seed")
        .replace("schemeID", "scheme")
        .replace("\"metadata\": {\"beaconID\": \"quicknet\"}", "\"beacon_id\": \"quicknet\"")
}

#[test]
fn both_forms_describe_the_same_chain() {
    assert_eq!(Chain::from_info(v1().as_bytes()), Ok(Chain::quicknet()));
    assert_eq!(Chain::from_info(v2().as_bytes()), Ok(Chain::quicknet()));
}

#[test]
fn hex_counts_in_either_case() {
    let key = HEXLOWER.encode(Chain::quicknet().public_key());
    assert_eq!(Chain::from_info(v1().replace(&key, &key.to_uppercase()).as_bytes()), Ok(Chain::quicknet()));
}

#[test]
fn members_that_describe_another_chain_than_the_stated_one_are_refused() {
    let altered = v1().replace("1692803367", "1692803368");
    assert!(matches!(Chain::from_info(altered.as_bytes()), Err(InfoError::Hash { .. })));
    let other_id = v2().replace("\"beacon_id\": \"quicknet\"", "\"beacon_id\": \"default\"");
    assert!(matches!(Chain::from_info(other_id.as_bytes()), Err(InfoError::Hash { .. })));
}

#[test]
fn a_member_that_is_absent_or_wrong_is_named() {
    for (from, to, name) in [
        ("\"period\": 3", "\"period\": -3", "period"),
        ("\"period\": 3", "\"period\": 0", "period"),
        ("\"period\": 3", "\"period\": \"3\"", "period"),
        ("public_key", "key", "public_key"),
        ("genesis_time", "genesis", "genesis_time"),
        ("groupHash", "group", "groupHash"),
        ("schemeID", "schema", "schemeID"),
        ("bls-unchained-g1-rfc9380", "bls", "scheme"),
        ("\"quicknet\"", "7", "beacon id"),
        ("[1]", "[1", ""),
    ] {
        let error = Chain::from_info(v1().replace(from, to).as_bytes()).expect_err(to);
        assert!(error.to_string().contains(name), "{to}: {error}");
    }
}
