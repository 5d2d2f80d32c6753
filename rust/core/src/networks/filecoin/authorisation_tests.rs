use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey, SecretKey};

use super::*;

const ENTRIES: [MetadataEntry<'_>; 2] =
    [MetadataEntry { key: b"title", value: b"Data" }, MetadataEntry { key: b"withCDN", value: b"" }];

fn secret() -> SecretKey {
    SecretKey::from_secret_bytes([7; 32]).unwrap()
}

fn address() -> EthereumAddress {
    let key = PublicKey::from_secret_key(&secret()).serialize_uncompressed();
    keccak(&key[1..])[12..].try_into().unwrap()
}

fn sign(digest: Hash) -> [u8; 65] {
    let signature = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), &secret());
    let (id, rs) = signature.serialize_compact();
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&rs);
    bytes[64] = 27 + u8::from(id == RecoveryId::One);
    bytes
}

fn create(metadata: &'static [MetadataEntry<'static>]) -> Authorisation<'static> {
    Authorisation::CreateDataSet { client_data_set_id: U256::from(1), payee: [3; 20], metadata }
}

/// A hash of words that are written out.
fn of_words(words: &[Hash]) -> Hash {
    keccak(words.as_flattened())
}

fn number(value: u8) -> Hash {
    let mut word = [0; 32];
    word[31] = value;
    word
}

#[test]
fn added_pieces_written_out() {
    let (cids, entry): ([&[u8]; 2], _) = ([b"first", b"second"], ENTRIES[0]);
    let piece_metadata = [
        PieceMetadata { piece_index: U256::ZERO, metadata: &ENTRIES[..1] },
        PieceMetadata { piece_index: U256::from(1), metadata: &[] },
    ];
    let authorisation = Authorisation::AddPieces {
        client_data_set_id: U256::from(5),
        nonce: U256::from(6),
        pieces: &cids,
        piece_metadata: &piece_metadata,
    };
    let entry_type = keccak(b"MetadataEntry(string key,string value)");
    let metadata_type = keccak(
        b"PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)MetadataEntry(string key,string value)",
    );
    let cid_type = keccak(b"Cid(bytes data)");
    let own_type = keccak(
        b"AddPieces(uint256 clientDataSetId,uint256 nonce,Cid[] pieceData,PieceMetadata[] pieceMetadata)\
          Cid(bytes data)MetadataEntry(string key,string value)\
          PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)",
    );
    let entry = of_words(&[entry_type, keccak(entry.key), keccak(entry.value)]);
    let pieces = cids.map(|cid| of_words(&[cid_type, keccak(cid)]));
    let metadata = [
        of_words(&[metadata_type, number(0), of_words(&[entry])]),
        of_words(&[metadata_type, number(1), of_words(&[])]),
    ];
    let expected = of_words(&[own_type, number(5), number(6), of_words(&pieces), of_words(&metadata)]);
    assert_eq!(authorisation.struct_hash(), expected);
}

#[test]
fn every_member_counts() {
    let pieces: [&[u8]; 2] = [b"a", b"bc"];
    let other: [&[u8]; 2] = [b"ab", b"c"];
    let ids = [U256::from(1), U256::from(2)];
    let metadata = [PieceMetadata { piece_index: U256::ZERO, metadata: &ENTRIES }];
    let add = |client_data_set_id, nonce, pieces, piece_metadata| Authorisation::AddPieces {
        client_data_set_id: U256::from(client_data_set_id),
        nonce: U256::from(nonce),
        pieces,
        piece_metadata,
    };
    let all = [
        create(&[]),
        create(&ENTRIES),
        create(&ENTRIES[..1]),
        Authorisation::CreateDataSet { client_data_set_id: U256::MAX, payee: [3; 20], metadata: &[] },
        Authorisation::CreateDataSet { client_data_set_id: U256::from(1), payee: [4; 20], metadata: &[] },
        add(1, 2, &pieces[..], &metadata[..]),
        add(2, 1, &pieces, &metadata),
        add(1, 2, &other, &metadata),
        add(1, 2, &pieces[..1], &metadata),
        add(1, 2, &pieces, &[]),
        Authorisation::SchedulePieceRemovals { client_data_set_id: U256::from(1), piece_ids: &ids },
        Authorisation::SchedulePieceRemovals { client_data_set_id: U256::from(1), piece_ids: &ids[..1] },
        Authorisation::SchedulePieceRemovals { client_data_set_id: U256::from(2), piece_ids: &ids },
    ];
    let mut digests: Vec<_> = [Service::MAINNET, Service::CALIBRATION]
        .iter()
        .flat_map(|service| all.iter().map(|authorisation| authorisation.digest(service)))
        .collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 2 * all.len());
}

#[test]
fn the_signer_is_recovered_from_every_form() {
    let authorisation = create(&ENTRIES);
    let mut signature = sign(authorisation.digest(&Service::MAINNET));
    assert_eq!(authorisation.signer(&Service::MAINNET, &signature), Ok(address()));
    assert_ne!(authorisation.signer(&Service::CALIBRATION, &signature), Ok(address()));
    assert_ne!(create(&[]).signer(&Service::MAINNET, &signature), Ok(address()));
    signature[64] -= 27;
    assert_eq!(authorisation.signer(&Service::MAINNET, &signature), Ok(address()));
    // The other half of s, with the other parity.
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse::<String>().unwrap();
    let order = U256::from_str_radix(&order, 16).unwrap();
    let s = order - U256::from_be_slice(&signature[32..64]);
    signature[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    signature[64] ^= 1;
    assert_eq!(authorisation.signer(&Service::MAINNET, &signature), Ok(address()));
}

#[test]
fn signatures_that_are_none() {
    let authorisation = create(&[]);
    let signature = sign(authorisation.digest(&Service::MAINNET));
    let signer = |signature: &[u8]| authorisation.signer(&Service::MAINNET, signature);
    for length in [0, 64, 66] {
        let mut bytes = signature.to_vec();
        bytes.resize(length, 0);
        assert_eq!(signer(&bytes), Err(SignatureVerdict::BadEncoding));
    }
    for v in [2, 26, 29, 255] {
        let mut bytes = signature;
        bytes[64] = v;
        assert_eq!(signer(&bytes), Err(SignatureVerdict::BadEncoding));
    }
    for half in [0..32, 32..64] {
        for byte in [0, 0xff] {
            let mut bytes = signature;
            bytes[half.clone()].fill(byte);
            assert_eq!(signer(&bytes), Err(SignatureVerdict::ScalarRange));
        }
    }
}
