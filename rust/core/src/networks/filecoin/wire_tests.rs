use super::*;
use crate::decode::members::{ByteText, Line};

fn read(line: &str) -> Result<Record, String> {
    Record::read(&Line::parse(line.as_bytes(), ByteText::Hex)?)
}

const PIECE: &str = "bafkzcibcaapao7ve2ahyuhnbmvn5tfgcpdm4rbxxzsq3zn7hgsrftjt4vhbd2mi";

fn possession(more: &str) -> String {
    let leaf = "00".repeat(32);
    format!(
        "{{\"kind\": \"possession\", \"set_id\": \"7\", \"pieces\": [null], \"challenge_epoch\": 5, \"block\": 6, \
         \"leaves\": [\"{leaf}\"], \"paths\": [\"{leaf}{leaf}\"], \"seed\": \"{leaf}\"{more}}}"
    )
}

#[test]
fn a_proof_of_possession_is_read() {
    let Record::Possession(record) = read(&possession(", \"opens\": 1, \"deadline\": 2")).unwrap() else {
        panic!("another kind");
    };
    assert_eq!((record.set_id, record.challenge_epoch, record.block), (U256::from(7), 5, 6));
    assert_eq!(record.answers, [([0; 32], vec![[0; 32]; 2])]);
    assert_eq!(record.window, Some(Window { opens: 1, deadline: 2 }));
    assert!(record.round.is_none() && record.range.is_none() && record.parties.is_none());
}

#[test]
fn a_piece_that_is_none_is_kept_for_its_verdict() {
    let line = possession("").replace("[null]", &format!("[\"{}\", null]", &PIECE[..20]));
    let Record::Possession(record) = read(&line).unwrap() else { panic!("another kind") };
    assert!(matches!(record.pieces.as_slice(), [Some(Err(_)), None]));
}

#[test]
fn what_is_wrong_is_named() {
    for (line, name) in [
        ("{}".to_owned(), "kind"),
        ("{\"kind\": \"retrieval\"}".to_owned(), "kind"),
        (possession("").replace("\"set_id\": \"7\", ", ""), "set_id"),
        (possession("").replace("\"7\"", "-7"), "set_id"),
        (possession("").replace("\"seed\"", "\"other\""), "seed"),
        (possession("").replace("\"pieces\": [null], ", ""), "pieces"),
        (possession("").replace("\"paths\": [", "\"paths\": [\"\", "), "paths"),
        (possession("").replace("\"paths\": [\"00", "\"paths\": [\""), "paths"),
        (possession(", \"opens\": 1"), "deadline"),
        (possession(", \"deadline\": 1"), "opens"),
        (possession(", \"sender\": \"0x00\""), "sender"),
        (possession(", \"round\": 1"), "signature"),
        (possession(", \"challenged_pieces\": [0]"), "challenged_offsets"),
        (possession(", \"challenged_pieces\": [0], \"challenged_offsets\": []"), "challenged_offsets"),
        ("{\"kind\": \"round\"}".to_owned(), "round"),
        ("{\"kind\": \"window_post\", \"sectors\": [1]}".to_owned(), "comm_rs"),
        (
            "{\"kind\": \"window_post\", \"sectors\": [], \"comm_rs\": [], \"proof_type\": 15}".to_owned(),
            "proof_type",
        ),
        (
            "{\"kind\": \"window_post\", \"sectors\": [], \"comm_rs\": [], \"proof_type\": 8}".to_owned(),
            "randomness",
        ),
        ("{\"kind\": \"vanilla_post\", \"proof_type\": 8, \"sector_size\": 2048}".to_owned(), "sector_size"),
        ("{\"kind\": \"groth16\", \"inputs\": [\"00\"]}".to_owned(), "inputs"),
        ("{\"kind\": \"signature\", \"signer\": \"x\"}".to_owned(), "signer"),
    ] {
        let wrong = read(&line).expect_err(&line);
        assert!(wrong.starts_with(name), "{line}: {wrong}");
    }
}
