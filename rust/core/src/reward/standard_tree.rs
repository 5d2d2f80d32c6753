//! A claim tree over any leaf encoding, and the file that carries it: format `standard-v1`.
//!
//! In: rows of values, or such a file. Out: the root, proofs, and the file. Rule: scoring specification, sections
//! 11.3 and 11.8; the file's bytes are what `JSON.stringify` makes of the common JavaScript library's dump.
//! Invariant: what is loaded has been re-hashed in full, every value against its leaf and every inner node
//! against its children; no leaf stands twice.

use std::io::{self, Write};

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::abi::{self, AbiError, AbiType, AbiValue};
use super::node_array::{MultiProof, Node, NodeArray, NodeError, keccak256};
use crate::registry::Payee;

/// The one format that is read and written.
const FORMAT: &str = "standard-v1";
/// Bytes that a writer gathers before it passes them on.
const WRITE_CHUNK: usize = 1 << 16;

/// A tree that cannot be built, read or asked.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The nodes are no tree, or an index is not one of it.
    #[error(transparent)]
    Nodes(#[from] NodeError),
    /// A type of the leaf encoding is unknown.
    #[error("leafEncoding: {0}")]
    Encoding(AbiError),
    /// A value does not fit its type.
    #[error("values[{position}]: {cause}")]
    Value {
        /// Which value.
        position: usize,
        /// What is wrong with it.
        cause: AbiError,
    },
    /// The file is not the JSON of a tree.
    #[error("{0}")]
    Json(String),
    /// The file has another format.
    #[error("expected format {FORMAT:?}, found {0:?}")]
    Format(String),
    /// There are not as many values as leaves.
    #[error("expected one value for each of the {leaves} leaves, found {values}")]
    Count {
        /// Leaves of the tree.
        leaves: usize,
        /// Values of the file.
        values: usize,
    },
    /// A value is not the one that was hashed.
    #[error("values[{position}] does not hash to tree[{index}]")]
    WrongLeaf {
        /// Which value.
        position: usize,
        /// Its index in the array.
        index: usize,
    },
    /// A leaf stands twice, or two values claim one.
    #[error("values[{position}] stands twice")]
    DuplicateLeaf {
        /// Which value.
        position: usize,
    },
    /// A payee stands twice.
    #[error("payee {payee} stands twice")]
    DuplicatePayee {
        /// The payee.
        payee: Payee,
    },
    /// A tree has payees of one kind.
    #[error("payee {payee} is of another kind than the others of the tree")]
    MixedPayees {
        /// The payee.
        payee: Payee,
    },
    /// A payee has no leaf.
    #[error("payee {payee} is not in the tree")]
    UnknownPayee {
        /// The payee.
        payee: Payee,
    },
    /// A tree has fewer than 2^31 leaves.
    #[error("expected fewer than 2^31 leaves, found {0}")]
    TooMany(usize),
}

/// One row of values under a leaf encoding.
pub trait LeafValue: Sized + Send + Sync {
    /// Reads a row of a file.
    fn from_json(types: &[AbiType], row: &[&RawValue]) -> Result<Self, AbiError>;

    /// Writes the row as a file has it.
    fn write_json(&self, types: &[AbiType], out: &mut Vec<u8>);

    /// The leaf: the encoding hashed twice, so that no leaf can be taken for an inner node.
    fn leaf(&self, types: &[AbiType]) -> Result<Node, AbiError>;
}

/// A row whose types are known only at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<AbiValue>);

/// A tree and the values behind its leaves.
#[derive(Clone, Debug)]
pub struct StandardTree<V> {
    types: Vec<AbiType>,
    nodes: NodeArray,
    values: Vec<V>,
    /// Index of each value's leaf in the array.
    indices: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    format: String,
    #[serde(rename = "leafEncoding")]
    leaf_encoding: Vec<String>,
    tree: Vec<HexNode>,
    #[serde(borrow)]
    values: Vec<FileRow<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "treeIndex")]
    tree_index: u32,
}

struct HexNode(Node);

impl<'de> Deserialize<'de> for HexNode {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Hex;
        impl Visitor<'_> for Hex {
            type Value = HexNode;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("0x and 64 lower-case hex digits")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<HexNode, E> {
                node_from_text(text)
                    .map(HexNode)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        reader.deserialize_str(Hex)
    }
}

impl<V: LeafValue> StandardTree<V> {
    /// Builds the tree over `values`; leaves are sorted unless the order given is to be kept.
    pub fn build(types: Vec<AbiType>, values: Vec<V>, sort_leaves: bool) -> Result<Self, TreeError> {
        refuse_too_many(values.len())?;
        let leaves = hash_all(&types, &values)?;
        let mut order: Vec<usize> = (0..leaves.len()).collect();
        if sort_leaves {
            order.par_sort_unstable_by(|&a, &b| leaves[a].cmp(&leaves[b]).then(a.cmp(&b)));
        }
        refuse_duplicates(&leaves)?;
        let sorted: Vec<Node> = order.iter().map(|&position| leaves[position]).collect();
        let nodes = NodeArray::build(&sorted)?;
        let mut indices = vec![0; values.len()];
        let last = nodes.nodes().len().saturating_sub(1);
        for (rank, &position) in order.iter().enumerate() {
            indices[position] = index_from(last.saturating_sub(rank));
        }
        Ok(Self { types, nodes, values, indices })
    }

    /// Reads a tree's file and re-hashes all of it.
    pub fn load(file: &[u8]) -> Result<Self, TreeError> {
        let file: File<'_> =
            serde_json::from_slice(file).map_err(|error| TreeError::Json(error.to_string()))?;
        if file.format != FORMAT {
            return Err(TreeError::Format(file.format));
        }
        let types = file
            .leaf_encoding
            .iter()
            .map(|name| AbiType::parse(name))
            .collect::<Result<Vec<_>, _>>()
            .map_err(TreeError::Encoding)?;
        refuse_too_many(file.values.len())?;
        let nodes = NodeArray::check(file.tree.into_iter().map(|node| node.0).collect())?;
        if nodes.leaf_count() != file.values.len() {
            return Err(TreeError::Count { leaves: nodes.leaf_count(), values: file.values.len() });
        }
        let values = file
            .values
            .par_iter()
            .enumerate()
            .map(|(position, row)| {
                V::from_json(&types, &row.value).map_err(|cause| TreeError::Value { position, cause })
            })
            .collect::<Vec<_>>();
        let values = values.into_iter().collect::<Result<Vec<V>, _>>()?;
        let indices: Vec<u32> = file.values.iter().map(|row| row.tree_index).collect();
        let leaves = hash_all(&types, &values)?;
        for (position, (&index, leaf)) in indices.iter().zip(&leaves).enumerate() {
            let index = index as usize;
            if !nodes.is_leaf(index) || nodes.nodes()[index] != *leaf {
                return Err(TreeError::WrongLeaf { position, index });
            }
        }
        // As many values as leaves, each with its own hash: so every leaf has its value.
        refuse_duplicates(&leaves)?;
        Ok(Self { types, nodes, values, indices })
    }

    /// Writes the tree's file.
    pub fn dump(&self, out: &mut impl Write) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(WRITE_CHUNK.saturating_mul(2));
        write!(buffer, "{{\"format\":\"{FORMAT}\",\"leafEncoding\":[")?;
        for (position, kind) in self.types.iter().enumerate() {
            write!(buffer, "{}\"{kind}\"", comma_before(position))?;
        }
        buffer.extend(b"],\"tree\":[");
        for (position, node) in self.nodes.nodes().iter().enumerate() {
            buffer.extend(comma_before(position).bytes());
            write_node(node, &mut buffer);
            flush_when_full(&mut buffer, out)?;
        }
        buffer.extend(b"],\"values\":[");
        for (position, (value, index)) in self.values.iter().zip(&self.indices).enumerate() {
            write!(buffer, "{}{{\"value\":", comma_before(position))?;
            value.write_json(&self.types, &mut buffer);
            write!(buffer, ",\"treeIndex\":{index}}}")?;
            flush_when_full(&mut buffer, out)?;
        }
        buffer.extend(b"]}");
        out.write_all(&buffer)
    }

    /// The types of a leaf's values.
    pub fn types(&self) -> &[AbiType] {
        &self.types
    }

    /// The values in the order of the file.
    pub fn values(&self) -> &[V] {
        &self.values
    }

    /// The hashes.
    pub fn nodes(&self) -> &NodeArray {
        &self.nodes
    }

    /// What is published.
    pub fn root(&self) -> Node {
        self.nodes.root()
    }

    /// Index in the array of the leaf of the value at `position`.
    pub fn tree_index(&self, position: usize) -> Result<usize, NodeError> {
        self.indices.get(position).map(|&index| index as usize).ok_or(NodeError::NotALeaf(position))
    }

    /// The leaf of the value at `position`.
    pub fn leaf(&self, position: usize) -> Result<Node, NodeError> {
        self.tree_index(position).map(|index| self.nodes.nodes()[index])
    }

    /// The proof of the value at `position`.
    pub fn proof(&self, position: usize) -> Result<Vec<Node>, NodeError> {
        self.nodes.proof(self.tree_index(position)?)
    }

    /// One proof for the values at `positions`.
    pub fn multi_proof(&self, positions: &[usize]) -> Result<MultiProof, NodeError> {
        let indices: Vec<usize> =
            positions.iter().map(|&position| self.tree_index(position)).collect::<Result<_, _>>()?;
        self.nodes.multi_proof(&indices)
    }
}

impl LeafValue for Row {
    fn from_json(types: &[AbiType], row: &[&RawValue]) -> Result<Self, AbiError> {
        if types.len() != row.len() {
            return Err(AbiError::Count { expected: types.len(), found: row.len() });
        }
        types
            .iter()
            .zip(row)
            .map(|(kind, raw)| value_from_json(kind, raw))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn write_json(&self, types: &[AbiType], out: &mut Vec<u8>) {
        out.push(b'[');
        for (position, (kind, value)) in types.iter().zip(&self.0).enumerate() {
            out.extend(comma_before(position).bytes());
            write_value(kind, value, out);
        }
        out.push(b']');
    }

    fn leaf(&self, types: &[AbiType]) -> Result<Node, AbiError> {
        abi::encode(types, &self.0).map(|encoded| keccak256(&keccak256(&encoded)))
    }
}

/// Reads one value of a file by the type it must have.
fn value_from_json(kind: &AbiType, raw: &RawValue) -> Result<AbiValue, AbiError> {
    let text = raw.get();
    let refuse = || AbiError::Value { expected: kind.to_string(), found: text.chars().take(100).collect() };
    match (kind, text.as_bytes().first()) {
        (AbiType::Array(element), Some(b'[')) => {
            let inner: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| refuse())?;
            inner
                .iter()
                .map(|raw| value_from_json(element, raw))
                .collect::<Result<_, _>>()
                .map(AbiValue::Array)
        }
        (AbiType::Bool, Some(b't' | b'f')) => Ok(AbiValue::Bool(text == "true")),
        (AbiType::Uint(_) | AbiType::Int(_), Some(b'-' | b'0'..=b'9')) => {
            Ok(AbiValue::Integer(text.to_owned()))
        }
        (AbiType::Array(_) | AbiType::Bool, _) => Err(refuse()),
        (_, Some(b'"')) => serde_json::from_str(text).map(AbiValue::Text).map_err(|_| refuse()),
        _ => Err(refuse()),
    }
}

fn write_value(kind: &AbiType, value: &AbiValue, out: &mut Vec<u8>) {
    match (kind, value) {
        (AbiType::Array(element), AbiValue::Array(values)) => {
            out.push(b'[');
            for (position, inner) in values.iter().enumerate() {
                out.extend(comma_before(position).bytes());
                write_value(element, inner, out);
            }
            out.push(b']');
        }
        (_, AbiValue::Bool(flag)) => out.extend(flag.to_string().bytes()),
        (AbiType::Address, AbiValue::Text(text)) => write_text(&text.to_ascii_lowercase(), out),
        (_, AbiValue::Text(text) | AbiValue::Integer(text)) => write_text(text, out),
        (_, AbiValue::Array(_)) => out.extend(b"[]"),
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend(serde_json::Value::from(text).to_string().bytes());
}

/// Appends a node as a file has it, quotes included.
pub(super) fn write_node(node: &Node, out: &mut Vec<u8>) {
    let mut hex = [0; 64];
    data_encoding::HEXLOWER.encode_mut(node, &mut hex);
    out.extend(b"\"0x");
    out.extend(hex);
    out.push(b'"');
}

/// A node from `0x` and 64 lower-case hex digits.
pub fn node_from_text(text: &str) -> Option<Node> {
    data_encoding::HEXLOWER.decode(text.strip_prefix("0x")?.as_bytes()).ok()?.try_into().ok()
}

/// Keeps a writer's memory bounded.
pub(super) fn flush_when_full(buffer: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    if buffer.len() >= WRITE_CHUNK {
        out.write_all(buffer)?;
        buffer.clear();
    }
    Ok(())
}

pub(super) fn comma_before(position: usize) -> &'static str {
    if position == 0 { "" } else { "," }
}

fn hash_all<V: LeafValue>(types: &[AbiType], values: &[V]) -> Result<Vec<Node>, TreeError> {
    let leaves: Vec<Result<Node, AbiError>> = values.par_iter().map(|value| value.leaf(types)).collect();
    leaves
        .into_iter()
        .enumerate()
        .map(|(position, leaf)| leaf.map_err(|cause| TreeError::Value { position, cause }))
        .collect()
}

fn refuse_duplicates(leaves: &[Node]) -> Result<(), TreeError> {
    let mut order: Vec<usize> = (0..leaves.len()).collect();
    order.par_sort_unstable_by(|&a, &b| leaves[a].cmp(&leaves[b]).then(a.cmp(&b)));
    match order.windows(2).find(|pair| leaves[pair[0]] == leaves[pair[1]]) {
        Some(pair) => Err(TreeError::DuplicateLeaf { position: pair[1] }),
        None => Ok(()),
    }
}

fn refuse_too_many(leaves: usize) -> Result<(), TreeError> {
    if leaves < 1 << 31 { Ok(()) } else { Err(TreeError::TooMany(leaves)) }
}

/// A tree of fewer than 2^31 leaves has fewer than 2^32 nodes.
fn index_from(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "standard_tree_tests.rs"]
mod tests;
