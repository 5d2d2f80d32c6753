//! What a client signs for the warm-storage service, and who signed it.
//!
//! In: the service, an authorisation, a signature of 65 bytes. Out: the hashes of EIP-712 and the signer's address. Rule:
//! Filecoin, A7, "client authorisations".
//! Invariant: the hash covers every member, and lists by their elements' hashes, so that two different authorisations have
//! different digests. A signature counts as the contract counts it: both halves of `s`, and `v` with or without its 27.

use ruint::aliases::U256;
use sha3::{Digest, Keccak256};

use crate::hash::Hash;
use crate::signature::{SPolicy, SignatureVerdict, recover_address};

/// Address of an account or a contract, as contracts know it.
pub type EthereumAddress = [u8; 20];

const DOMAIN: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const NAME: &str = "FilecoinWarmStorageService";
const VERSION: &str = "1";

const METADATA_ENTRY: &str = "MetadataEntry(string key,string value)";
const CID: &str = "Cid(bytes data)";
const PIECE_METADATA: &str = "PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)";
const CREATE_DATA_SET: &str = "CreateDataSet(uint256 clientDataSetId,address payee,MetadataEntry[] metadata)";
const ADD_PIECES: &str =
    "AddPieces(uint256 clientDataSetId,uint256 nonce,Cid[] pieceData,PieceMetadata[] pieceMetadata)";
const SCHEDULE_PIECE_REMOVALS: &str = "SchedulePieceRemovals(uint256 clientDataSetId,uint256[] pieceIds)";

/// A warm-storage service, for which alone a signature counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The chain's id.
    pub chain_id: u64,
    /// The service's contract.
    pub contract: EthereumAddress,
}

impl Service {
    /// Of the main network.
    pub const MAINNET: Self = Self {
        chain_id: 314,
        contract: [
            0x84, 0x08, 0x50, 0x20, 0x33, 0xc4, 0x18, 0xe1, 0xbb, 0xc9, 0x7c, 0xe9, 0xac, 0x48, 0xe5, 0x52,
            0x8f, 0x37, 0x1a, 0x9f,
        ],
    };
    /// Of the calibration network.
    pub const CALIBRATION: Self = Self {
        chain_id: 314_159,
        contract: [
            0x02, 0x92, 0x56, 0x30, 0xdf, 0x55, 0x7f, 0x95, 0x7f, 0x70, 0xe1, 0x12, 0xba, 0x06, 0xe5, 0x09,
            0x65, 0x41, 0x7c, 0xa0,
        ],
    };

    /// The hash that binds a signature to the service.
    pub fn separator(&self) -> Hash {
        Struct::of(&[DOMAIN])
            .word(keccak(NAME.as_bytes()))
            .word(keccak(VERSION.as_bytes()))
            .number(U256::from(self.chain_id))
            .address(&self.contract)
            .hash()
    }
}

/// A key and its value, as UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataEntry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value.
    pub value: &'a [u8],
}

impl MetadataEntry<'_> {
    fn hash(&self) -> Hash {
        Struct::of(&[METADATA_ENTRY]).word(keccak(self.key)).word(keccak(self.value)).hash()
    }
}

/// What is said about one of the pieces that are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceMetadata<'a> {
    /// The piece's place among those that are added.
    pub piece_index: U256,
    /// Keys and values.
    pub metadata: &'a [MetadataEntry<'a>],
}

impl PieceMetadata<'_> {
    fn hash(&self) -> Hash {
        Struct::of(&[PIECE_METADATA, METADATA_ENTRY])
            .number(self.piece_index)
            .list(self.metadata.iter().map(MetadataEntry::hash))
            .hash()
    }
}

/// What a client allows a provider to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorisation<'a> {
    /// To make a set.
    CreateDataSet {
        /// The client's own number of the set.
        client_data_set_id: U256,
        /// Who is paid.
        payee: EthereumAddress,
        /// Keys and values.
        metadata: &'a [MetadataEntry<'a>],
    },
    /// To add pieces to a set.
    AddPieces {
        /// The client's own number of the set.
        client_data_set_id: U256,
        /// A number that is used once.
        nonce: U256,
        /// Bytes of the pieces' identifiers.
        pieces: &'a [&'a [u8]],
        /// What is said about them.
        piece_metadata: &'a [PieceMetadata<'a>],
    },
    /// To remove pieces from a set.
    SchedulePieceRemovals {
        /// The client's own number of the set.
        client_data_set_id: U256,
        /// Ids of the pieces.
        piece_ids: &'a [U256],
    },
}

impl Authorisation<'_> {
    /// The hash of the members.
    pub fn struct_hash(&self) -> Hash {
        match *self {
            Self::CreateDataSet { client_data_set_id, payee, metadata } => {
                Struct::of(&[CREATE_DATA_SET, METADATA_ENTRY])
                    .number(client_data_set_id)
                    .address(&payee)
                    .list(metadata.iter().map(MetadataEntry::hash))
                    .hash()
            }
            Self::AddPieces { client_data_set_id, nonce, pieces, piece_metadata } => {
                Struct::of(&[ADD_PIECES, CID, METADATA_ENTRY, PIECE_METADATA])
                    .number(client_data_set_id)
                    .number(nonce)
                    .list(pieces.iter().map(|cid| Struct::of(&[CID]).word(keccak(cid)).hash()))
                    .list(piece_metadata.iter().map(PieceMetadata::hash))
                    .hash()
            }
            Self::SchedulePieceRemovals { client_data_set_id, piece_ids } => {
                Struct::of(&[SCHEDULE_PIECE_REMOVALS])
                    .number(client_data_set_id)
                    .list(piece_ids.iter().map(U256::to_be_bytes))
                    .hash()
            }
        }
    }

    /// What is signed.
    pub fn digest(&self, service: &Service) -> Hash {
        Keccak256::new()
            .chain_update([0x19, 0x01])
            .chain_update(service.separator())
            .chain_update(self.struct_hash())
            .finalize()
            .into()
    }

    /// Who signed it, as `r || s || v`; any well-formed signature is somebody's.
    pub fn signer(&self, service: &Service, signature: &[u8]) -> Result<EthereumAddress, SignatureVerdict> {
        recover_address(self.digest(service), signature, SPolicy::AnyS)
    }
}

fn keccak(bytes: &[u8]) -> Hash {
    Keccak256::digest(bytes).into()
}

/// The hash of a struct, fed member by member.
struct Struct(Keccak256);

impl Struct {
    /// Begins with the type: its own text, and behind it those of the types that it refers to, by name.
    fn of(types: &[&str]) -> Self {
        let name = types.iter().fold(Keccak256::new(), Digest::chain_update);
        Self(Keccak256::new()).word(name.finalize().into())
    }

    fn word(mut self, word: Hash) -> Self {
        self.0.update(word);
        self
    }

    fn number(self, number: U256) -> Self {
        self.word(number.to_be_bytes())
    }

    fn address(self, address: &EthereumAddress) -> Self {
        let mut word = Hash::default();
        word[12..].copy_from_slice(address);
        self.word(word)
    }

    fn list(self, elements: impl Iterator<Item = Hash>) -> Self {
        self.word(elements.fold(Keccak256::new(), Digest::chain_update).finalize().into())
    }

    fn hash(self) -> Hash {
        self.0.finalize().into()
    }
}

#[cfg(test)]
#[path = "authorisation_tests.rs"]
mod tests;
