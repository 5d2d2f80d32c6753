//! The claim tree of a settlement: what each payee has earned so far, under one root.
//!
//! In: payees and cumulative amounts, or a published tree file. Out: root, proofs, the file, and all proofs as
//! JSON lines. Rule: scoring specification, section 11, leaf encoding `["address","uint256"]`, or
//! `["bytes32","uint256"]` where payees are no addresses. Invariant: a payee stands once, and all of a tree are of one
//! kind; values stand in ascending payee order in every file that is made here.

use std::io::{self, Write};

use rayon::prelude::*;
use ruint::aliases::U256;
use serde_json::value::RawValue;

use super::abi::{self, AbiError, AbiType};
use super::node_array::{MultiProof, Node, NodeArray, keccak256, verify_proof};
use super::standard_tree::{LeafValue, StandardTree, TreeError, comma_before, flush_when_full, write_node};
use crate::registry::Payee;

/// What a payee is owed in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub payee: Payee,
    /// Cumulative amount in the smallest unit.
    pub amount: U256,
}

impl Claim {
    /// The leaf that commits to this claim.
    pub fn leaf_hash(&self) -> Node {
        let mut encoded = [0; 64];
        match &self.payee {
            Payee::Address(bytes) => encoded[12..32].copy_from_slice(bytes),
            Payee::Account(bytes) => encoded[..32].copy_from_slice(bytes),
        }
        encoded[32..].copy_from_slice(&self.amount.to_be_bytes::<32>());
        keccak256(&keccak256(&encoded))
    }

    /// Whether `proof` shows this claim to stand under `root`.
    pub fn verify(&self, root: &Node, proof: &[Node]) -> bool {
        verify_proof(root, &self.leaf_hash(), proof)
    }
}

impl LeafValue for Claim {
    fn from_json(types: &[AbiType], row: &[&RawValue]) -> Result<Self, AbiError> {
        let ([payee, amount], [kind, _]) = (row, types) else {
            return Err(AbiError::Count { expected: types.len(), found: row.len() });
        };
        let refuse = |kind: AbiType, raw: &RawValue| AbiError::Value {
            expected: kind.to_string(),
            found: raw.get().chars().take(100).collect(),
        };
        let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
        Ok(Self {
            payee: text(payee)
                .and_then(|text| Payee::from_text(&text))
                .filter(|payee| payee_type(payee) == *kind)
                .ok_or_else(|| refuse(kind.clone(), payee))?,
            amount: text(amount)
                .or_else(|| Some(amount.get().to_owned()))
                .and_then(|digits| abi::unsigned_from_text(&digits))
                .ok_or_else(|| refuse(AbiType::Uint(256), amount))?,
        })
    }

    fn write_json(&self, _types: &[AbiType], out: &mut Vec<u8>) {
        out.push(b'[');
        write_payee(&self.payee, out);
        out.extend(format!(",\"{}\"]", self.amount).bytes());
    }

    fn leaf(&self, _types: &[AbiType]) -> Result<Node, AbiError> {
        Ok(self.leaf_hash())
    }
}

/// The tree over a settlement's payees.
#[derive(Clone, Debug)]
pub struct ClaimTree {
    tree: StandardTree<Claim>,
    /// Positions of the claims by ascending payee.
    by_payee: Vec<usize>,
}

impl ClaimTree {
    /// Builds the tree, payees ascending.
    ///
    /// Some claim contracts refuse the empty proof of a tree with one leaf. With `filler` such a tree gets a
    /// second leaf, the zero address with amount 0, unless the one payee is the zero address itself.
    pub fn from_claims(mut claims: Vec<Claim>, filler: bool) -> Result<Self, TreeError> {
        if let ([only], true) = (claims.as_slice(), filler) {
            let nobody = match only.payee {
                Payee::Address(_) => Payee::Address([0; 20]),
                Payee::Account(_) => Payee::Account([0; 32]),
            };
            if only.payee != nobody {
                claims.push(Claim { payee: nobody, amount: U256::ZERO });
            }
        }
        claims.par_sort_unstable_by_key(|claim| claim.payee);
        if let Some(pair) = claims.windows(2).find(|pair| pair[0].payee == pair[1].payee) {
            return Err(TreeError::DuplicatePayee { payee: pair[0].payee });
        }
        // Accounts stand behind addresses, so the first and the last payee are of one kind if all are.
        let kind = claims.first().map_or(AbiType::Address, |claim| payee_type(&claim.payee));
        if let Some(last) = claims.last().filter(|last| payee_type(&last.payee) != kind) {
            return Err(TreeError::MixedPayees { payee: last.payee });
        }
        let by_payee = (0..claims.len()).collect();
        Ok(Self { tree: StandardTree::build(vec![kind, AbiType::Uint(256)], claims, true)?, by_payee })
    }

    /// Reads a published tree file and re-hashes all of it.
    pub fn load(file: &[u8]) -> Result<Self, TreeError> {
        let tree = StandardTree::<Claim>::load(file)?;
        if !matches!(tree.types(), [AbiType::Address | AbiType::FixedBytes(32), AbiType::Uint(256)]) {
            let found: Vec<String> = tree.types().iter().map(ToString::to_string).collect();
            return Err(TreeError::Json(format!(
                "leafEncoding: expected [\"address\",\"uint256\"] or [\"bytes32\",\"uint256\"], found {found:?}"
            )));
        }
        let claims = tree.values();
        let mut by_payee: Vec<usize> = (0..claims.len()).collect();
        by_payee.par_sort_unstable_by_key(|&position| claims[position].payee);
        let duplicate = by_payee.windows(2).find(|pair| claims[pair[0]].payee == claims[pair[1]].payee);
        match duplicate {
            Some(pair) => Err(TreeError::DuplicatePayee { payee: claims[pair[0]].payee }),
            None => Ok(Self { tree, by_payee }),
        }
    }

    /// What is published.
    pub fn root(&self) -> Node {
        self.tree.root()
    }

    /// The claims in the order of the file.
    pub fn claims(&self) -> &[Claim] {
        self.tree.values()
    }

    /// The hashes.
    pub fn nodes(&self) -> &NodeArray {
        self.tree.nodes()
    }

    /// The claim of `payee`.
    pub fn claim(&self, payee: &Payee) -> Result<Claim, TreeError> {
        self.position(payee).map(|position| self.claims()[position])
    }

    /// The proof that `payee` hands to the contract.
    pub fn proof(&self, payee: &Payee) -> Result<Vec<Node>, TreeError> {
        Ok(self.tree.proof(self.position(payee)?)?)
    }

    /// One proof for several payees; the claims in the order of the proof's leaves.
    pub fn multi_proof(&self, payees: &[Payee]) -> Result<(Vec<Claim>, MultiProof), TreeError> {
        let mut found: Vec<(usize, usize)> = payees
            .iter()
            .map(|payee| {
                let position = self.position(payee)?;
                Ok((self.tree.tree_index(position)?, position))
            })
            .collect::<Result<_, TreeError>>()?;
        found.sort_unstable_by(|a, b| b.cmp(a));
        let indices: Vec<usize> = found.iter().map(|&(index, _)| index).collect();
        let proof = self.tree.nodes().multi_proof(&indices)?;
        Ok((found.iter().map(|&(_, position)| self.claims()[position]).collect(), proof))
    }

    /// Writes the tree's file.
    pub fn dump(&self, out: &mut impl Write) -> io::Result<()> {
        self.tree.dump(out)
    }

    /// Writes every payee's proof, one canonical JSON object a line, payees ascending.
    pub fn write_proofs(&self, out: &mut impl Write) -> io::Result<()> {
        let mut buffer = Vec::new();
        for &position in &self.by_payee {
            let claim = &self.claims()[position];
            write!(buffer, "{{\"amount\":\"{}\",\"leaf\":", claim.amount)?;
            write_node(&self.tree.leaf(position).map_err(io::Error::other)?, &mut buffer);
            buffer.extend(b",\"payee\":");
            write_payee(&claim.payee, &mut buffer);
            buffer.extend(b",\"proof\":[");
            for (step, node) in self.tree.proof(position).map_err(io::Error::other)?.iter().enumerate() {
                buffer.extend(comma_before(step).bytes());
                write_node(node, &mut buffer);
            }
            buffer.extend(b"]}\n");
            flush_when_full(&mut buffer, out)?;
        }
        out.write_all(&buffer)
    }

    fn position(&self, payee: &Payee) -> Result<usize, TreeError> {
        self.by_payee
            .binary_search_by_key(payee, |&position| self.claims()[position].payee)
            .map(|rank| self.by_payee[rank])
            .map_err(|_| TreeError::UnknownPayee { payee: *payee })
    }
}

fn payee_type(payee: &Payee) -> AbiType {
    match payee {
        Payee::Address(_) => AbiType::Address,
        Payee::Account(_) => AbiType::FixedBytes(32),
    }
}

fn write_payee(payee: &Payee, out: &mut Vec<u8>) {
    let bytes = payee.as_bytes();
    out.extend(b"\"0x");
    let start = out.len();
    out.resize(start.saturating_add(data_encoding::HEXLOWER.encode_len(bytes.len())), 0);
    data_encoding::HEXLOWER.encode_mut(bytes, &mut out[start..]);
    out.push(b'"');
}

#[cfg(test)]
#[path = "claim_tree_tests.rs"]
mod tests;
