//! Binding of Filecoin's proofs of possession: the index over pieces, challenges, Merkle paths and whole proofs.
//!
//! In: leaf counts and identifiers of pieces, seeds, columns of paths, the evidence of a proof. Out: places, verdicts in the
//! order of the columns, the first reason against a proof. Invariant: a bad proof is no exception.

use depinverify_core::hash::Hash;
use depinverify_core::networks::filecoin::inclusion::{Path, PathVerdict, check_paths};
use depinverify_core::networks::filecoin::possession::{
    self, DataSet, Evidence, Finding, LeafProof, PROOF_FEE_PER_TEBIBYTE, Parties, Piece,
};
use depinverify_core::networks::filecoin::proving_period::{CHALLENGES_PER_PROOF, Timeliness, Window};
use depinverify_core::networks::filecoin::sum_tree::{Place, SumTree};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;
use rayon::prelude::*;
use ruint::aliases::U256;

use crate::columns::Bytes;
use crate::errors::input_error;
use crate::filecoin_arguments::{exactly, type_name};
use crate::filecoin_piece::FilecoinPieceId;
use crate::integers::{column, half_wide, integer, python_integer, require_one_length, wide};
use crate::pool;
use crate::sequences::{items, two};
use crate::signature::{numpy, threads_of};

/// Most challenges of one call; a proof answers 5.
const MOST_CHALLENGES: u64 = 1_000_000;
/// Paths of a task: many enough that two are always climbed at a time, few enough that threads end together.
const TASK: usize = 1024;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinSumTree>()?;
    module.add_class::<FilecoinDataSet>()?;
    module.add_function(wrap_pyfunction!(filecoin_possession_challenges, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_path_verdicts, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_check_paths, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_proof_fee, module)?)
}

/// A leaf inside its piece, as Python has it.
type PlacePair = (usize, u64);

const fn pair(Place { piece, offset }: Place) -> PlacePair {
    (piece, offset)
}

/// The index over pieces that the contract keeps.
#[pyclass(module = "depinverify._native")]
pub struct FilecoinSumTree(SumTree);

#[pymethods]
impl FilecoinSumTree {
    #[new]
    #[pyo3(signature = (leaf_counts = None))]
    #[pyo3(text_signature = "(leaf_counts=())")]
    fn new(leaf_counts: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut tree = SumTree::default();
        if let Some(counts) = leaf_counts {
            for item in items(counts, "leaf_counts", "integers")? {
                let (count, name) = item?;
                tree.append(integer(&count, &name)?);
            }
        }
        Ok(Self(tree))
    }

    fn append(&mut self, leaves: &Bound<'_, PyAny>) -> PyResult<usize> {
        Ok(self.0.append(integer(leaves, &"leaves")?))
    }

    fn remove(&mut self, piece: &Bound<'_, PyAny>) -> PyResult<u64> {
        let id: u64 = integer(piece, &"piece")?;
        // No set in memory has a piece with the largest id.
        let removed = self.0.remove(usize::try_from(id).unwrap_or(usize::MAX));
        removed.map_err(|error| input_error(piece.py(), &error.to_string(), None))
    }

    fn find(&self, leaf: &Bound<'_, PyAny>) -> PyResult<Option<PlacePair>> {
        let leaf = u128::try_from(wide(leaf, &"leaf")?);
        Ok(leaf.ok().and_then(|leaf| self.0.find(leaf)).map(pair))
    }

    #[getter]
    fn total(&self) -> u128 {
        self.0.total()
    }

    fn sums(&self) -> Vec<u128> {
        self.0.sums().to_vec()
    }

    fn __len__(&self) -> usize {
        self.0.sums().len()
    }
}

/// The numbers of the challenges that are asked for.
fn numbers(
    py: Python<'_>,
    count: Option<&Bound<'_, PyAny>>,
    first: Option<&Bound<'_, PyAny>>,
) -> PyResult<impl Iterator<Item = u64> + use<>> {
    let count = count.map_or(Ok(CHALLENGES_PER_PROOF), |count| integer(count, &"count"))?;
    let first: u64 = first.map_or(Ok(0), |first| integer(first, &"first"))?;
    if count > MOST_CHALLENGES {
        let message = format!("count: expected at most {MOST_CHALLENGES}, found {count}");
        return Err(input_error(py, &message, None));
    }
    // The last number of 64 bits is one too.
    let last = first.checked_add(count.saturating_sub(1)).ok_or_else(|| {
        let message = format!("first: expected {count} challenges below 2^64, found {first}");
        input_error(py, &message, None)
    })?;
    // Where none is asked for, the first is none either.
    Ok((first..=last).filter(move |_| count > 0))
}

#[pyfunction]
#[pyo3(signature = (seed, set_id, challenge_range, count = None, *, first = None))]
#[pyo3(text_signature = "(seed, set_id, challenge_range, count=5, *, first=0)")]
fn filecoin_possession_challenges(
    seed: &[u8],
    set_id: &Bound<'_, PyAny>,
    challenge_range: &Bound<'_, PyAny>,
    count: Option<&Bound<'_, PyAny>>,
    first: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<u128>> {
    let py = set_id.py();
    let seed = exactly(py, seed, &"seed")?;
    let (set_id, range) = (wide(set_id, &"set_id")?, half_wide(challenge_range, &"challenge_range")?);
    let numbers = numbers(py, count, first)?;
    let drawn = numbers.map_while(|number| possession::challenge(&seed, set_id, number, range));
    Ok(drawn.collect())
}

#[pyfunction]
fn filecoin_path_verdicts(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let verdicts = PyDict::new(py);
    for verdict in PathVerdict::ALL {
        verdicts.set_item(verdict as u8, verdict.label())?;
    }
    Ok(verdicts)
}

#[pyfunction]
#[pyo3(signature = (leaves, siblings, offsets, heights, roots, *, threads = None))]
fn filecoin_check_paths<'py>(
    leaves: &Bound<'py, PyAny>,
    siblings: &Bound<'py, PyAny>,
    offsets: &Bound<'py, PyAny>,
    heights: &Bound<'py, PyAny>,
    roots: &Bound<'py, PyAny>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = leaves.py();
    let pool = pool::pool(threads_of(py, threads)?)?;
    let take = |object, name| {
        let column = Bytes::take(object, name)?;
        column.require_all(py)?;
        Ok::<_, PyErr>(column)
    };
    let (leaves, siblings, roots) =
        (take(leaves, "leaves")?, take(siblings, "siblings")?, take(roots, "roots")?);
    let (leaves, siblings, roots) = (leaves.column(py)?, siblings.column(py)?, roots.column(py)?);
    let (offsets, heights) = (column::<u64>(offsets, "offsets")?, column::<u8>(heights, "heights")?);
    let lengths = [
        ("leaves", leaves.len()),
        ("siblings", siblings.len()),
        ("offsets", offsets.len()),
        ("heights", heights.len()),
        ("roots", roots.len()),
    ];
    require_one_length(py, &lengths)?;
    let rows = offsets.len();
    let checked = py.detach(|| {
        let whole = |name: &'static str, row: usize, bytes: &'_ [u8]| (name, row, bytes.len());
        let path = |row: usize| {
            let (leaf, root) = (leaves.get(row), roots.get(row));
            let (nodes, rest) = siblings.get(row).as_chunks();
            let path = Path {
                leaf: leaf.try_into().map_err(|_| whole("leaves", row, leaf))?,
                // Half a node is one too many, or one too few.
                siblings: nodes,
                offset: offsets[row],
                height: heights[row],
                root: root.try_into().map_err(|_| whole("roots", row, root))?,
            };
            Ok((path, rest.is_empty()))
        };
        let task = |start: usize| {
            let rows = start..rows.min(start + TASK);
            let (paths, are_whole): (Vec<Path<'_>>, Vec<bool>) =
                rows.map(path).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            let verdicts = check_paths(&paths).into_iter().zip(are_whole);
            let numbers = verdicts
                .map(|(verdict, is_whole)| if is_whole { verdict } else { PathVerdict::WrongLength } as u8);
            Ok(numbers.collect::<Vec<u8>>())
        };
        let starts: Vec<usize> = (0..rows).step_by(TASK).collect();
        let tasks: Vec<Result<Vec<u8>, _>> = pool.install(|| starts.into_par_iter().map(task).collect());
        // In their order, so that it is always the first wrong row that is named.
        tasks.into_iter().collect::<Result<Vec<_>, _>>().map(|tasks| tasks.concat())
    });
    let numbers = checked.map_err(|(name, row, found): (&str, usize, usize)| {
        let message = format!("column \"{name}\", row {row}: expected 32 bytes, found {found}");
        input_error(py, &message, None)
    })?;
    numpy(py, &numbers, "uint8")
}

#[pyfunction]
#[pyo3(signature = (challenge_range, *, per_tebibyte = None))]
#[pyo3(text_signature = "(challenge_range, *, per_tebibyte=230000000000000)")]
fn filecoin_proof_fee<'py>(
    challenge_range: &Bound<'py, PyAny>,
    per_tebibyte: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let price = per_tebibyte.map_or(Ok(PROOF_FEE_PER_TEBIBYTE), |price| half_wide(price, &"per_tebibyte"))?;
    let range = half_wide(challenge_range, &"challenge_range")?;
    python_integer(challenge_range.py(), possession::proof_fee(price, range))
}

/// The pieces of a data set.
#[pyclass(frozen, module = "depinverify._native")]
pub struct FilecoinDataSet(DataSet);

/// Places that were shown, the reason against the proof, when it came.
type Answer = (Option<Vec<PlacePair>>, Option<(&'static str, String)>, Option<&'static str>);

#[pymethods]
impl FilecoinDataSet {
    #[new]
    fn new(set_id: &Bound<'_, PyAny>, pieces: &Bound<'_, PyAny>) -> PyResult<Self> {
        let id: U256 = wide(set_id, &"set_id")?;
        let pieces = items(pieces, "pieces", "identifiers or None")?.map(|item| {
            let (item, name) = item?;
            if item.is_none() {
                return Ok(Piece { leaves: 0, height: 0, root: Hash::default() });
            }
            let refuse = |found: &str| input_error(item.py(), &format!("{name}: {found}"), None);
            let piece: Bound<'_, FilecoinPieceId> = item.extract().map_err(|_| {
                refuse(&format!("expected an identifier or None, found {}", type_name(&item)))
            })?;
            let sized = piece.get().admitted().map_err(|refusal| refuse(&refusal))?;
            let leaves = sized.leaf_count().ok_or_else(|| refuse("expected leaves that 64 bits count"))?;
            Ok(Piece { leaves, height: sized.height, root: sized.root })
        });
        Ok(Self(DataSet::new(id, pieces.collect::<PyResult<_>>()?)))
    }

    #[getter]
    fn leaves(&self) -> u128 {
        self.0.leaves()
    }

    #[pyo3(signature = (seed, challenge_range, count = None, *, first = None))]
    #[pyo3(text_signature = "($self, seed, challenge_range, count=5, *, first=0)")]
    fn challenged(
        &self,
        seed: &[u8],
        challenge_range: &Bound<'_, PyAny>,
        count: Option<&Bound<'_, PyAny>>,
        first: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Option<PlacePair>>> {
        let py = challenge_range.py();
        let seed = exactly(py, seed, &"seed")?;
        let range = half_wide(challenge_range, &"challenge_range")?;
        let numbers = numbers(py, count, first)?;
        if range == 0 {
            return Ok(Vec::new());
        }
        Ok(numbers.map(|number| self.0.challenged(&seed, number, range).map(pair)).collect())
    }

    #[pyo3(signature = (
        *, block, challenge_epoch, seed, challenge_range, proofs, sender = None, provider = None, signature = None,
        leaves_at_start = None, challenged = None, window = None
    ))]
    #[allow(clippy::too_many_arguments)]
    fn check(
        &self,
        py: Python<'_>,
        block: &Bound<'_, PyAny>,
        challenge_epoch: &Bound<'_, PyAny>,
        seed: &[u8],
        challenge_range: &Bound<'_, PyAny>,
        proofs: &Bound<'_, PyAny>,
        sender: Option<&[u8]>,
        provider: Option<&[u8]>,
        signature: Option<&[u8]>,
        leaves_at_start: Option<&Bound<'_, PyAny>>,
        challenged: Option<&Bound<'_, PyAny>>,
        window: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Answer> {
        let held = items(proofs, "proofs", "pairs of leaf and siblings")?
            .map(|item| item.and_then(|(proof, name)| Shown::of(&proof, &name)))
            .collect::<PyResult<Vec<_>>>()?;
        let proofs: Vec<LeafProof<'_>> = held.iter().map(Shown::proof).collect();
        let challenged = challenged.map(places_of).transpose()?;
        let window = window.map(window_of).transpose()?;
        let evidence = Evidence {
            parties: parties_of(py, sender, provider)?,
            block: integer(block, &"block")?,
            challenge_epoch: integer(challenge_epoch, &"challenge_epoch")?,
            seed: exactly(py, seed, &"seed")?,
            signature,
            range: half_wide(challenge_range, &"challenge_range")?,
            leaves_at_start: leaves_at_start
                .map(|leaves| half_wide(leaves, &"leaves_at_start"))
                .transpose()?,
            challenged: challenged.as_deref(),
            proofs: &proofs,
        };
        let Finding { validity, timeliness } = py.detach(|| possession::check(&self.0, &evidence, window));
        let timeliness = timeliness.map(Timeliness::label);
        Ok(match validity {
            Ok(places) => (Some(places.into_iter().map(pair).collect()), None, timeliness),
            Err(rejection) => (None, Some((rejection.label(), rejection.to_string())), timeliness),
        })
    }
}

/// A leaf and its siblings that Python holds.
struct Shown {
    leaf: Hash,
    siblings: PyBackedBytes,
}

impl Shown {
    fn of(item: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let py = item.py();
        let (leaf, siblings): (PyBackedBytes, PyBackedBytes) =
            two(item, name, "a pair of leaf and siblings in bytes")?;
        if !siblings.len().is_multiple_of(32) {
            let found = siblings.len();
            let message = format!("{name}, siblings: expected 32 bytes for each, found {found} bytes");
            return Err(input_error(py, &message, None));
        }
        Ok(Self { leaf: exactly(py, &leaf, &format_args!("{name}, leaf"))?, siblings })
    }

    fn proof(&self) -> LeafProof<'_> {
        LeafProof { leaf: self.leaf, siblings: self.siblings.as_chunks().0 }
    }
}

fn places_of(object: &Bound<'_, PyAny>) -> PyResult<Vec<Place>> {
    let expected = "pairs of piece and offset";
    items(object, "challenged", expected)?
        .map(|item| {
            let (item, name) = item?;
            let (piece, offset): (Bound<'_, PyAny>, Bound<'_, PyAny>) = two(&item, &name, expected)?;
            let id: u64 = integer(&piece, &format_args!("{name}, piece"))?;
            // No set in memory has a piece with the largest id.
            let piece = usize::try_from(id).unwrap_or(usize::MAX);
            Ok(Place { piece, offset: integer(&offset, &format_args!("{name}, offset"))? })
        })
        .collect()
}

fn window_of(object: &Bound<'_, PyAny>) -> PyResult<Window> {
    let (opens, deadline): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
        two(object, "window", "a pair of first and last epoch")?;
    let window = Window {
        opens: integer(&opens, &"window, first epoch")?,
        deadline: integer(&deadline, &"window, last epoch")?,
    };
    if window.opens > window.deadline {
        let message = format!("window: expected an end from {} on, found {}", window.opens, window.deadline);
        return Err(input_error(object.py(), &message, None));
    }
    Ok(window)
}

fn parties_of(py: Python<'_>, sender: Option<&[u8]>, provider: Option<&[u8]>) -> PyResult<Option<Parties>> {
    match (sender, provider) {
        (None, None) => Ok(None),
        (Some(sender), Some(provider)) => Ok(Some(Parties {
            sender: exactly(py, sender, &"sender")?,
            provider: exactly(py, provider, &"provider")?,
        })),
        _ => {
            let message = "sender and provider: expected both or neither, found one";
            Err(input_error(py, message, Some("a proof is the provider's only if both are known")))
        }
    }
}
