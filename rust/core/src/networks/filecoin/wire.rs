//! Records of evidence, one for each kind of proof.
//!
//! In: members of a JSON line or of a row of columns with the same names. Out: a [`Record`], or what was expected and
//! found. Rule: Filecoin, A5, B4 to B6, D4 and E; this project's own format, described at [`Record`].
//! Invariant: a record stands by itself; what it states is kept, and everything that can be derived is derived elsewhere.

use ruint::aliases::U256;

use super::address::Address;
use super::authorisation::EthereumAddress;
use super::piece_id::PieceId;
use super::proving_period::Window;
use super::sum_tree::Place;
use super::verification_key::CheckValue;
use super::window_post::{Input, PostType, Sector, SectorSize};
use crate::decode::members::{Kind, Members, required};
use crate::hash::Hash;

/// Columns that a record may have.
pub const MEMBERS: &[(Kind, &[&str])] = &[
    (Kind::Text, &["id", "kind", "beacon", "signer"]),
    (Kind::Integer, &["set_id"]),
    (
        Kind::Number,
        &[
            "challenge_epoch",
            "range",
            "leaves_at_start",
            "block",
            "opens",
            "deadline",
            "round",
            "seen_at",
            "proof_type",
            "sector_size",
            "miner",
            "partition",
            "sector",
        ],
    ),
    (
        Kind::Bytes,
        &[
            "sender",
            "provider",
            "seed",
            "signature",
            "previous_signature",
            "randomness",
            "proof",
            "key",
            "comm_r",
            "message",
        ],
    ),
    (Kind::AllTexts, &["pieces"]),
    (Kind::AllBytes, &["leaves", "paths", "comm_rs", "inputs"]),
    (Kind::AllNumbers, &["challenged_pieces", "challenged_offsets", "sectors"]),
];

/// One piece of evidence. The member `kind` says which; `id` is optional and comes back in the verdict.
///
/// | kind | members |
/// | --- | --- |
/// | `possession` | `set_id`; `pieces`: version 2 identifiers in the order of the pieces' ids, null for a removed one; `challenge_epoch`; `block` of the transaction; `leaves` and `paths`: one leaf and its siblings, joined, per challenge; `seed` or a round (below) or both; optional `range` (the set's leaves without it), `leaves_at_start`, `sender` and `provider`, `opens` and `deadline` of the challenge window, `challenged_pieces` and `challenged_offsets` as the chain recorded them |
/// | `round` | `round`, `signature`, optional `beacon` (`quicknet`, `default`, `incentinet`), `previous_signature`, `randomness`, `challenge_epoch` whose round it should be, `seen_at` in Unix seconds |
/// | `window_post` | `proof_type`: the registered number; `sectors` and `comm_rs`: the partition's sectors; `proof`; `randomness`, or `miner` (id), `challenge_epoch` and a round; optional `partition`, `key`: check value of the verification key |
/// | `groth16` | `inputs`: scalars of 32 bytes, little endian; `proof`; optional `key` |
/// | `vanilla_post` | `proof_type`, `sector`, `comm_r`, `proof`, and randomness as above; optional `partition`: place of the sector among all, for version 1 |
/// | `signature` | `signer`: an address; `message`: the signed bytes; `signature`: type byte and signature |
///
/// A round is `round`, `signature` and, where it is chained, `previous_signature`; its beacon and number follow from the
/// epoch. Byte members are hex in JSON and binary in columns.
#[derive(Clone, Debug)]
pub enum Record {
    /// A proof of possession.
    Possession(Box<Possession>),
    /// A round of a beacon.
    Round(RoundRecord),
    /// A proof of one partition or of one winning sector.
    WindowPost(Box<WindowPost>),
    /// A proof with its public inputs.
    Groth16(Groth16),
    /// Paths of a sector's tree.
    Vanilla(Box<Vanilla>),
    /// A signature.
    Signature(SignatureRecord),
}

/// A round as a record states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRound {
    /// The round.
    pub round: u64,
    /// Its signature.
    pub signature: Vec<u8>,
    /// The signature before it.
    pub previous: Option<Vec<u8>>,
}

/// A proof of possession.
#[derive(Clone, Debug)]
pub struct Possession {
    /// The data set.
    pub set_id: U256,
    /// Its pieces; a removed one is `None`. What cannot be read is kept for its verdict.
    pub pieces: Vec<Option<Result<PieceId, String>>>,
    /// The challenge epoch.
    pub challenge_epoch: u64,
    /// Block of the transaction.
    pub block: u64,
    /// Leaves among which challenges were drawn, where it is stated.
    pub range: Option<u128>,
    /// Leaves at the period's start, where it is stated.
    pub leaves_at_start: Option<u128>,
    /// Sender and provider, where both are stated.
    pub parties: Option<(EthereumAddress, EthereumAddress)>,
    /// The seed, where it is stated.
    pub seed: Option<Hash>,
    /// The round that the seed comes from, where it is shown.
    pub round: Option<StatedRound>,
    /// The challenge window, where it is stated.
    pub window: Option<Window>,
    /// The challenged leaves, where they are on record.
    pub challenged: Option<Vec<Place>>,
    /// Leaves and their siblings.
    pub answers: Vec<(Hash, Vec<Hash>)>,
}

/// A round of a beacon.
#[derive(Clone, Debug)]
pub struct RoundRecord {
    /// The round.
    pub stated: StatedRound,
    /// The beacon; without a name and an epoch it is `quicknet`.
    pub beacon: Option<String>,
    /// The randomness that is stated.
    pub randomness: Option<Vec<u8>>,
    /// The epoch whose round it should be.
    pub epoch: Option<u64>,
    /// When it was recorded, Unix seconds.
    pub seen_at: Option<i64>,
}

/// What a proof's challenges are drawn from.
#[derive(Clone, Debug)]
pub enum Drawn {
    /// Taken from the record.
    Stated(Hash),
    /// From a round, for a miner.
    FromRound {
        /// The round.
        round: StatedRound,
        /// The miner's id.
        miner: u64,
        /// The challenge epoch.
        epoch: u64,
        /// The randomness, where it is stated too.
        stated: Option<Hash>,
    },
}

/// A proof of one partition or of one winning sector.
#[derive(Clone, Debug)]
pub struct WindowPost {
    /// Its type.
    pub post: PostType,
    /// Its sectors.
    pub sectors: Vec<Sector>,
    /// What the challenges are drawn from.
    pub drawn: Drawn,
    /// The proof.
    pub proof: Vec<u8>,
    /// Check value of the key.
    pub key: Option<CheckValue>,
    /// Number of the partition.
    pub partition: Option<u64>,
}

/// A proof with its public inputs.
#[derive(Clone, Debug)]
pub struct Groth16 {
    /// The inputs.
    pub inputs: Vec<Input>,
    /// The proof.
    pub proof: Vec<u8>,
    /// Check value of the key.
    pub key: Option<CheckValue>,
}

/// Paths of a sector's tree.
#[derive(Clone, Debug)]
pub struct Vanilla {
    /// Its type.
    pub post: PostType,
    /// The sector.
    pub sector: Sector,
    /// Place of the sector among all.
    pub place: u64,
    /// What the challenges are drawn from.
    pub drawn: Drawn,
    /// The proof.
    pub proof: Vec<u8>,
}

/// A signature.
#[derive(Clone, Debug)]
pub struct SignatureRecord {
    /// The stated signer.
    pub signer: Address,
    /// The signed bytes.
    pub message: Vec<u8>,
    /// Type byte and signature.
    pub signature: Vec<u8>,
}

/// Names of the kinds.
pub const KINDS: [&str; 6] = ["possession", "round", "window_post", "groth16", "vanilla_post", "signature"];

impl Record {
    /// Reads a record from its members.
    pub fn read<'a>(members: &impl Members<'a>) -> Result<Self, String> {
        let kind = required("kind", members.text("kind")?)?;
        Ok(match &*kind {
            "possession" => Self::Possession(Box::new(possession(members)?)),
            "round" => Self::Round(round(members)?),
            "window_post" => Self::WindowPost(Box::new(window_post(members)?)),
            "groth16" => Self::Groth16(Groth16 {
                inputs: scalars(members, "inputs")?,
                proof: bytes(members, "proof")?,
                key: members.array("key")?,
            }),
            "vanilla_post" => Self::Vanilla(Box::new(vanilla(members)?)),
            "signature" => Self::Signature(SignatureRecord {
                signer: signer(&required("signer", members.text("signer")?)?)?,
                message: bytes(members, "message")?,
                signature: bytes(members, "signature")?,
            }),
            other => return Err(format!("kind: expected one of {}, found {other:?}", KINDS.join(", "))),
        })
    }

    /// Name of the record's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Possession(_) => KINDS[0],
            Self::Round(_) => KINDS[1],
            Self::WindowPost(_) => KINDS[2],
            Self::Groth16(_) => KINDS[3],
            Self::Vanilla(_) => KINDS[4],
            Self::Signature(_) => KINDS[5],
        }
    }

    /// What the record is about: a data set, a round, a miner, a sector or a signer.
    pub fn subject(&self) -> Option<String> {
        Some(match self {
            Self::Possession(possession) => possession.set_id.to_string(),
            Self::Round(round) => round.stated.round.to_string(),
            Self::WindowPost(post) => match &post.drawn {
                Drawn::FromRound { miner, .. } => format!("f0{miner}"),
                Drawn::Stated(_) => post.partition?.to_string(),
            },
            Self::Groth16(_) => return None,
            Self::Vanilla(vanilla) => vanilla.sector.number.to_string(),
            Self::Signature(signature) => signature.signer.to_string(),
        })
    }

    /// The epoch that the record is about.
    pub const fn epoch(&self) -> Option<u64> {
        match self {
            Self::Possession(possession) => Some(possession.challenge_epoch),
            Self::Round(round) => round.epoch,
            Self::WindowPost(post) => post.drawn.epoch(),
            Self::Vanilla(vanilla) => vanilla.drawn.epoch(),
            Self::Groth16(_) | Self::Signature(_) => None,
        }
    }
}

impl Drawn {
    const fn epoch(&self) -> Option<u64> {
        match self {
            Self::Stated(_) => None,
            Self::FromRound { epoch, .. } => Some(*epoch),
        }
    }
}

fn bytes<'a>(members: &impl Members<'a>, name: &'static str) -> Result<Vec<u8>, String> {
    required(name, members.bytes(name)?).map(std::borrow::Cow::into_owned)
}

fn number<'a>(members: &impl Members<'a>, name: &'static str) -> Result<u64, String> {
    required(name, members.number(name)?)
}

fn scalars<'a>(members: &impl Members<'a>, name: &'static str) -> Result<Vec<Input>, String> {
    (required(name, members.all_bytes(name)?)?.iter().enumerate())
        .map(|(place, bytes)| {
            Input::try_from(bytes.as_slice())
                .map_err(|_| format!("{name}, item {place}: expected 32 bytes, found {}", bytes.len()))
        })
        .collect()
}

/// Two lists that stand side by side.
fn pairs<A, B>(names: [&str; 2], a: Vec<A>, b: Vec<B>) -> Result<Vec<(A, B)>, String> {
    if a.len() != b.len() {
        return Err(format!(
            "{}: expected as many items as {} has, {}, found {}",
            names[1],
            names[0],
            a.len(),
            b.len()
        ));
    }
    Ok(a.into_iter().zip(b).collect())
}

/// Two members that make sense only together.
fn both<A, B>(names: [&str; 2], a: Option<A>, b: Option<B>) -> Result<Option<(A, B)>, String> {
    match (a, b) {
        (Some(a), Some(b)) => Ok(Some((a, b))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{}: expected beside {}, but absent", names[1], names[0])),
        (None, Some(_)) => Err(format!("{}: expected beside {}, but absent", names[0], names[1])),
    }
}

fn stated_round<'a>(members: &impl Members<'a>) -> Result<Option<StatedRound>, String> {
    let names = ["round", "signature"];
    let found = both(names, members.number("round")?, members.bytes("signature")?)?;
    let previous = members.bytes("previous_signature")?.map(std::borrow::Cow::into_owned);
    Ok(found.map(|(round, signature)| StatedRound { round, signature: signature.into_owned(), previous }))
}

fn possession<'a>(members: &impl Members<'a>) -> Result<Possession, String> {
    let pieces = required("pieces", members.all_texts("pieces")?)?;
    let leaves = scalars(members, "leaves")?;
    let paths = required("paths", members.all_bytes("paths")?)?;
    let answers = pairs(["leaves", "paths"], leaves, paths)?.into_iter().enumerate();
    let window = both(["opens", "deadline"], members.number("opens")?, members.number("deadline")?)?;
    let challenged = both(
        ["challenged_pieces", "challenged_offsets"],
        members.all_numbers("challenged_pieces")?,
        members.all_numbers("challenged_offsets")?,
    )?;
    let possession = Possession {
        set_id: required("set_id", members.integer("set_id")?)?,
        pieces: pieces.into_iter().map(|text| text.map(|text| piece(&text))).collect(),
        challenge_epoch: number(members, "challenge_epoch")?,
        block: number(members, "block")?,
        range: members.number("range")?.map(u128::from),
        leaves_at_start: members.number("leaves_at_start")?.map(u128::from),
        parties: both(["sender", "provider"], members.array("sender")?, members.array("provider")?)?,
        seed: members.hash("seed")?,
        round: stated_round(members)?,
        window: window.map(|(opens, deadline)| Window { opens, deadline }),
        challenged: challenged
            .map(|(pieces, offsets)| {
                pairs(["challenged_pieces", "challenged_offsets"], pieces, offsets)?
                    .into_iter()
                    .map(|(piece, offset)| {
                        let piece = usize::try_from(piece).map_err(|_| "challenged_pieces: too large")?;
                        Ok(Place { piece, offset })
                    })
                    .collect::<Result<_, String>>()
            })
            .transpose()?,
        answers: answers
            .map(|(place, (leaf, path))| Ok((leaf, siblings(place, &path)?)))
            .collect::<Result<_, String>>()?,
    };
    if possession.seed.is_none() && possession.round.is_none() {
        return Err("seed: expected it, or round and signature of the beacon, found neither".to_owned());
    }
    Ok(possession)
}

/// Characters of a text that no piece has which are repeated to people.
const REPEATED: usize = 80;

fn piece(text: &str) -> Result<PieceId, String> {
    text.parse().map_err(|error| {
        let begun: String = text.chars().take(REPEATED).collect();
        format!("{begun:?}: {error}")
    })
}

fn siblings(place: usize, path: &[u8]) -> Result<Vec<Hash>, String> {
    match path.as_chunks() {
        (nodes, []) => Ok(nodes.to_vec()),
        _ => {
            Err(format!("paths, item {place}: expected whole nodes of 32 bytes, found {} bytes", path.len()))
        }
    }
}

fn round<'a>(members: &impl Members<'a>) -> Result<RoundRecord, String> {
    Ok(RoundRecord {
        stated: required("round", stated_round(members)?)?,
        beacon: members.text("beacon")?.map(std::borrow::Cow::into_owned),
        randomness: members.bytes("randomness")?.map(std::borrow::Cow::into_owned),
        epoch: members.number("challenge_epoch")?,
        seen_at: members
            .number("seen_at")?
            .map(|time| i64::try_from(time).map_err(|_| "seen_at: expected less than 2^63".to_owned()))
            .transpose()?,
    })
}

fn post_type<'a>(members: &impl Members<'a>) -> Result<PostType, String> {
    let found = number(members, "proof_type")?;
    let post = PostType::from_number(found)
        .ok_or_else(|| format!("proof_type: expected a registered number, 0 to 14, found {found}"))?;
    match members.number("sector_size")?.map(|bytes| (bytes, SectorSize::from_bytes(bytes))) {
        Some((bytes, size)) if size != Some(post.sector_size) => Err(format!(
            "sector_size: expected {}, as proof_type {found} has it, found {bytes}",
            post.sector_size.bytes()
        )),
        _ => Ok(post),
    }
}

fn drawn<'a>(members: &impl Members<'a>) -> Result<Drawn, String> {
    let stated = members.hash("randomness")?;
    match (stated_round(members)?, stated) {
        (Some(round), stated) => Ok(Drawn::FromRound {
            round,
            miner: number(members, "miner")?,
            epoch: number(members, "challenge_epoch")?,
            stated,
        }),
        (None, Some(stated)) => Ok(Drawn::Stated(stated)),
        (None, None) => {
            Err("randomness: expected it, or round and signature of the beacon, found neither".to_owned())
        }
    }
}

fn window_post<'a>(members: &impl Members<'a>) -> Result<WindowPost, String> {
    let numbers = required("sectors", members.all_numbers("sectors")?)?;
    let sectors = pairs(["sectors", "comm_rs"], numbers, scalars(members, "comm_rs")?)?;
    Ok(WindowPost {
        post: post_type(members)?,
        sectors: sectors.into_iter().map(|(number, comm_r)| Sector { number, comm_r }).collect(),
        drawn: drawn(members)?,
        proof: bytes(members, "proof")?,
        key: members.array("key")?,
        partition: members.number("partition")?,
    })
}

fn vanilla<'a>(members: &impl Members<'a>) -> Result<Vanilla, String> {
    Ok(Vanilla {
        post: post_type(members)?,
        sector: Sector {
            number: number(members, "sector")?,
            comm_r: required("comm_r", members.hash("comm_r")?)?,
        },
        place: members.number("partition")?.unwrap_or(0),
        drawn: drawn(members)?,
        proof: bytes(members, "proof")?,
    })
}

/// Whichever network's letter the text begins with: that is no part of who signed.
fn signer(text: &str) -> Result<Address, String> {
    Address::parse(text).map(|parsed| parsed.address).map_err(|error| format!("signer: {error}"))
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
