//! A chain as its beacons describe it.
//!
//! In: the JSON of a beacon's chain info, in the form of version 1 or 2 of its interface. Out: the [`Chain`]. Rule: Filecoin,
//! D3 and D4.
//! Invariant: the chain hash is computed from the other members; one that is stated must be equal to it.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::chain::{Chain, ChainError, Scheme};
use crate::decode::json::{self, Value};
use crate::hash::Hash;

/// How deep the object may nest; members that nobody asks for are ignored.
const MAX_DEPTH: usize = 8;

/// Chain info that describes no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InfoError {
    /// A member is not what was expected.
    #[error("chain info: {0}")]
    Member(String),
    /// The members describe another chain than the stated one.
    #[error("chain info: the members hash to {}, stated is {}", HEXLOWER.encode(.computed), HEXLOWER.encode(.stated))]
    Hash {
        /// The hash of the members.
        computed: Hash,
        /// The hash that is stated.
        stated: Vec<u8>,
    },
    /// The chain cannot be used.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl Chain {
    /// The chain that a beacon's info describes.
    pub fn from_info(info: &[u8]) -> Result<Self, InfoError> {
        let info = json::parse(info, MAX_DEPTH).map_err(|error| InfoError::Member(error.to_string()))?;
        let members = Info(&info);
        let chain = Self::new(
            Scheme::from_name(members.text(&["schemeID", "scheme"])?)?,
            &members.bytes(&["public_key"])?,
            members.integer("genesis_time")?,
            u32::try_from(members.integer("period")?)
                .map_err(|_| InfoError::Member("period: expected 0 to 2^32 - 1 seconds".to_owned()))?,
            &members.bytes(&["groupHash", "genesis_seed"])?,
            members.beacon_id()?,
        )?;
        match members.stated_hash()? {
            Some(stated) if stated != chain.hash() => {
                Err(InfoError::Hash { computed: *chain.hash(), stated })
            }
            _ => Ok(chain),
        }
    }
}

struct Info<'v, 'a>(&'v Value<'a>);

impl<'v> Info<'v, '_> {
    /// The first member of one of these names.
    fn any(&self, names: &[&str]) -> Option<&'v Value<'v>> {
        names.iter().find_map(|name| self.0.get(name)).filter(|value| !matches!(value, Value::Null))
    }

    fn text(&self, names: &[&str]) -> Result<&'v str, InfoError> {
        self.any(names)
            .and_then(Value::as_text)
            .ok_or_else(|| InfoError::Member(format!("{}: expected a text", names.join(" or "))))
    }

    fn bytes(&self, names: &[&str]) -> Result<Vec<u8>, InfoError> {
        HEXLOWER_PERMISSIVE
            .decode(self.text(names)?.as_bytes())
            .map_err(|error| InfoError::Member(format!("{}: expected hex ({error})", names.join(" or "))))
    }

    fn integer(&self, name: &str) -> Result<i64, InfoError> {
        self.any(&[name])
            .and_then(Value::as_i64)
            .ok_or_else(|| InfoError::Member(format!("{name}: expected an integer")))
    }

    /// The id; chains from before ids existed have none.
    fn beacon_id(&self) -> Result<&'v str, InfoError> {
        let id = match self.0.get("metadata") {
            Some(metadata @ Value::Object(_)) => Info(metadata).any(&["beaconID"]),
            _ => self.any(&["beacon_id", "beaconID"]),
        };
        id.map_or(Ok("default"), |id| {
            id.as_text().ok_or_else(|| InfoError::Member("beacon id: expected a text".to_owned()))
        })
    }

    fn stated_hash(&self) -> Result<Option<Vec<u8>>, InfoError> {
        let names = ["hash", "chain_hash"];
        self.any(&names).map(|_| self.bytes(&names)).transpose()
    }
}

#[cfg(test)]
#[path = "info_tests.rs"]
mod tests;
