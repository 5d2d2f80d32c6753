//! Binding of Filecoin's proofs of spacetime, and of the Groth16 check behind them.
//!
//! In: key files, proofs, sectors. Out: nothing, or the reason why a proof does not hold. Invariant: a bad proof is no
//! exception, whatever its bytes.

use depinverify_core::networks::filecoin::dispute::{self, Accepted, Finding};
use depinverify_core::networks::filecoin::groth16::{Entry, Rejection, Tables, Verifier};
use depinverify_core::networks::filecoin::verification_key::{
    PUBLISHED, PublishedKey, Trust, VerificationKey, check_value,
};
use depinverify_core::networks::filecoin::window_post::{
    self, Input, InputsError, PARTITION_PROOF, PostKind, PostType, Sector, SectorSize,
};
use depinverify_core::networks::filecoin::words::{INPUTS_REFUSED, PROOF_INVALID, PROOF_MALFORMED};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};
use rayon::prelude::*;

use crate::columns::Bytes;
use crate::errors::input_error;
use crate::filecoin_arguments::{Answer, Reason, exactly, place_of, post_of, reason, sectors_of, type_name};
use crate::integers::{integer, require_one_length};
use crate::pool;
use crate::signature::threads_of;

/// Partitions of a task when disputes are looked for: what the core holds the inputs of at a time.
const TASK: usize = 32;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinVerifier>()?;
    module.add_function(wrap_pyfunction!(filecoin_key_check_value, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_published_keys, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_post_types, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_proof_randomness, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_challenges, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_public_inputs, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_is_disputable, module)?)
}

fn of_proof(rejection: &Rejection) -> Reason {
    let code = match rejection {
        Rejection::Length { .. } | Rejection::Point { .. } => PROOF_MALFORMED,
        Rejection::InputCount { .. } | Rejection::InputTooLarge { .. } => INPUTS_REFUSED,
        Rejection::Equation => PROOF_INVALID,
    };
    reason(code, rejection)
}

fn of_sectors(error: &InputsError) -> Reason {
    reason(INPUTS_REFUSED, error)
}

fn trust_of(object: Option<&Bound<'_, PyAny>>) -> PyResult<Trust> {
    let Some(object) = object else { return Ok(Trust::Published) };
    let expected = "\"published\", \"anyone\" or the check value's 16 bytes";
    let wrong =
        |found: &str| input_error(object.py(), &format!("trust: expected {expected}, found {found}"), None);
    if let Ok(bytes) = object.cast::<PyBytes>() {
        let bytes = bytes.as_bytes();
        return bytes.try_into().map(Trust::Pinned).map_err(|_| wrong(&format!("{} bytes", bytes.len())));
    }
    if let Ok(name) = object.cast::<PyString>() {
        return match name.to_cow()?.as_ref() {
            "published" => Ok(Trust::Published),
            "anyone" => Ok(Trust::Anyone),
            other => Err(wrong(&format!("{other:?}"))),
        };
    }
    Err(wrong(&type_name(object)))
}

fn tables_of(object: Option<&Bound<'_, PyAny>>) -> PyResult<Tables> {
    let Some(object) = object else { return Ok(Tables::None) };
    let bytes: u64 = integer(object, &"tables_for")?;
    SectorSize::from_bytes(bytes).map(Tables::Window).ok_or_else(|| {
        let known = SectorSize::ALL.map(|size| size.bytes().to_string()).join(", ");
        let message = format!("tables_for: expected the bytes of a sector, one of {known}, found {bytes}");
        input_error(object.py(), &message, None)
    })
}

/// A verification key that is ready for proofs.
#[pyclass(frozen, module = "depinverify._native")]
pub struct FilecoinVerifier {
    pub verifier: Verifier,
}

impl FilecoinVerifier {
    fn read(
        py: Python<'_>,
        key: &[u8],
        path: Option<&std::path::Path>,
        (trust, tables): (Trust, Tables),
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let pool = pool::pool(threads_of(py, threads)?)?;
        py.detach(|| {
            pool.install(|| VerificationKey::from_file(key, trust).map(|key| Verifier::new(key, tables)))
        })
        .map(|verifier| Self { verifier })
        .map_err(|error| {
            let place = path.map(|path| format!("{}: ", path.display())).unwrap_or_default();
            input_error(py, &format!("{place}{error}"), None)
        })
    }

    fn published(&self) -> Option<&'static PublishedKey> {
        self.verifier.key().published()
    }

    /// Answers of many entries, whose order is theirs.
    fn answers(
        &self,
        py: Python<'_>,
        entries: &[Entry<'_>],
        threads: Option<usize>,
    ) -> PyResult<Vec<Option<Reason>>> {
        let threads = threads_of(py, threads)?;
        let pool = pool::pool(threads)?;
        let task = entries.len().div_ceil(threads).max(1);
        let answers: Vec<Result<(), Rejection>> = py.detach(|| {
            pool.install(|| {
                let tasks = entries.par_chunks(task);
                tasks.flat_map_iter(|entries| self.verifier.verify_batch(entries)).collect()
            })
        });
        Ok(answers.iter().map(|answer| answer.as_ref().err().map(of_proof)).collect())
    }
}

/// Inputs that are whole scalars; the reason why they are not.
fn scalars(bytes: &[u8]) -> Result<&[Input], Reason> {
    let (scalars, rest) = bytes.as_chunks();
    if rest.is_empty() {
        return Ok(scalars);
    }
    let found = format!("public inputs: expected 32 bytes for each, found {} bytes", bytes.len());
    Err(reason(INPUTS_REFUSED, &found))
}

#[pymethods]
impl FilecoinVerifier {
    #[staticmethod]
    #[pyo3(signature = (key, *, trust = None, tables_for = None, threads = None))]
    #[pyo3(text_signature = "(key, *, trust='published', tables_for=None, threads=None)")]
    fn from_bytes(
        py: Python<'_>,
        key: &[u8],
        trust: Option<&Bound<'_, PyAny>>,
        tables_for: Option<&Bound<'_, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        Self::read(py, key, None, (trust_of(trust)?, tables_of(tables_for)?), threads)
    }

    #[staticmethod]
    #[pyo3(signature = (path, *, trust = None, tables_for = None, threads = None))]
    #[pyo3(text_signature = "(path, *, trust='published', tables_for=None, threads=None)")]
    fn from_file(
        py: Python<'_>,
        path: std::path::PathBuf,
        trust: Option<&Bound<'_, PyAny>>,
        tables_for: Option<&Bound<'_, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let terms = (trust_of(trust)?, tables_of(tables_for)?);
        let key = py.detach(|| std::fs::read(&path)).map_err(|error| {
            input_error(py, &format!("{}: cannot be read ({error})", path.display()), None)
        })?;
        Self::read(py, &key, Some(&path), terms, threads)
    }

    #[getter]
    fn check_value<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.verifier.key().check_value())
    }

    #[getter]
    fn inputs(&self) -> usize {
        self.verifier.key().inputs()
    }

    #[getter]
    fn published_id(&self) -> Option<&'static str> {
        self.published().map(|key| key.id)
    }

    #[getter]
    fn file_name(&self) -> Option<String> {
        self.published().map(PublishedKey::file_name)
    }

    #[getter]
    fn sector_size(&self) -> Option<u64> {
        self.published().map(|key| key.sector_size.bytes())
    }

    #[getter]
    fn table_bytes(&self) -> usize {
        self.verifier.table_bytes()
    }

    fn __repr__(&self) -> String {
        let check = u128::from_be_bytes(self.verifier.key().check_value());
        format!("<FilecoinVerifier {check:032x} of {} inputs>", self.inputs())
    }

    fn verify(&self, py: Python<'_>, proof: &[u8], inputs: &[u8]) -> Option<Reason> {
        match scalars(inputs) {
            Err(reason) => Some(reason),
            Ok(inputs) => {
                py.detach(|| self.verifier.verify(Entry { proof, inputs })).as_ref().err().map(of_proof)
            }
        }
    }

    #[pyo3(signature = (proofs, inputs, *, threads = None))]
    fn verify_batch(
        &self,
        proofs: &Bound<'_, PyAny>,
        inputs: &Bound<'_, PyAny>,
        threads: Option<usize>,
    ) -> PyResult<Vec<Option<Reason>>> {
        let py = proofs.py();
        let (proofs, inputs) = (Bytes::take(proofs, "proofs")?, Bytes::take(inputs, "inputs")?);
        proofs.require_all(py)?;
        inputs.require_all(py)?;
        let (proofs, inputs) = (proofs.column(py)?, inputs.column(py)?);
        require_one_length(py, &[("proofs", proofs.len()), ("inputs", inputs.len())])?;
        let (mut refused, mut entries) = (Vec::with_capacity(proofs.len()), Vec::new());
        for row in 0..proofs.len() {
            let inputs = scalars(inputs.get(row));
            entries.extend(inputs.as_ref().ok().map(|inputs| Entry { proof: proofs.get(row), inputs }));
            refused.push(inputs.err());
        }
        let mut answers = self.answers(py, &entries, threads)?.into_iter();
        Ok(refused.into_iter().map(|refused| refused.or_else(|| answers.next().flatten())).collect())
    }

    #[pyo3(signature = (post_type, randomness, sectors, proof, *, threads = None))]
    fn verify_post(
        &self,
        post_type: &Bound<'_, PyAny>,
        randomness: &[u8],
        sectors: &Bound<'_, PyAny>,
        proof: &[u8],
        threads: Option<usize>,
    ) -> PyResult<Vec<Option<Reason>>> {
        let py = post_type.py();
        let post = post_of(post_type)?;
        if post.inputs() != self.inputs() {
            let (expected, found) = (self.inputs(), post.inputs());
            let message = format!("post_type: expected one of {expected} inputs as the key, found {found}");
            return Err(input_error(py, &message, None));
        }
        let randomness = exactly(py, randomness, &"randomness")?;
        let sectors = sectors_of(sectors, "sectors")?;
        let partitions = match py.detach(|| window_post::public_inputs(post, &randomness, &sectors)) {
            Ok(partitions) => partitions,
            Err(error) => return Ok(vec![Some(of_sectors(&error))]),
        };
        let last = partitions.len() - 1;
        let entries: Vec<_> = (partitions.iter().enumerate())
            .map(|(number, inputs)| {
                let rest = proof.get(number * PARTITION_PROOF..).unwrap_or_default();
                let own = if number == last { rest.len() } else { rest.len().min(PARTITION_PROOF) };
                Entry { proof: &rest[..own], inputs }
            })
            .collect();
        self.answers(py, &entries, threads)
    }

    #[pyo3(signature = (post_type, accepted, *, threads = None))]
    fn wrong_proofs(
        &self,
        post_type: &Bound<'_, PyAny>,
        accepted: &Bound<'_, PyAny>,
        threads: Option<usize>,
    ) -> PyResult<Vec<(usize, u64, &'static str, String)>> {
        let py = post_type.py();
        let post = post_of(post_type)?;
        let pool = pool::pool(threads_of(py, threads)?)?;
        let held = accepted_of(accepted)?;
        let accepted: Vec<Accepted<'_>> = held.iter().map(Held::accepted).collect();
        // Asked of nothing, so that a wrong key is refused where there are no proofs too.
        let findings = dispute::wrong_proofs(&self.verifier, post, &[]).and_then(|none| {
            py.detach(|| {
                pool.install(|| {
                    let tasks = accepted.par_chunks(TASK).enumerate();
                    tasks
                        .map(|(number, task)| {
                            let mut findings = dispute::wrong_proofs(&self.verifier, post, task)?;
                            for finding in &mut findings {
                                finding.place += number * TASK;
                            }
                            Ok(findings)
                        })
                        .try_reduce(
                            || none.clone(),
                            |mut one, other| {
                                one.extend(other);
                                Ok(one)
                            },
                        )
                })
            })
        });
        let findings = findings.map_err(|error| input_error(py, &error.to_string(), None))?;
        Ok(findings.iter().map(row_of).collect())
    }
}

fn row_of(finding: &Finding) -> (usize, u64, &'static str, String) {
    let (code, text) = match &finding.reason {
        dispute::Reason::Sectors(error) => of_sectors(error),
        dispute::Reason::Proof(rejection) => of_proof(rejection),
    };
    (finding.place, finding.partition, code, text)
}

/// An accepted proof that Python holds.
struct Held {
    partition: u64,
    randomness: [u8; 32],
    sectors: Vec<Sector>,
    proof: PyBackedBytes,
}

impl Held {
    fn accepted(&self) -> Accepted<'_> {
        Accepted {
            partition: self.partition,
            randomness: self.randomness,
            sectors: &self.sectors,
            proof: &self.proof,
        }
    }
}

/// Partition, randomness, sectors and proof.
type Row<'py> = (Bound<'py, PyAny>, PyBackedBytes, Bound<'py, PyAny>, PyBackedBytes);

fn accepted_of(object: &Bound<'_, PyAny>) -> PyResult<Vec<Held>> {
    let py = object.py();
    let expected = "partition, randomness, sectors and proof";
    let wrong = |name: &str, found: &Bound<'_, PyAny>| {
        input_error(py, &format!("{name}: expected {expected}, found {}", type_name(found)), None)
    };
    let items = object.try_iter().map_err(|_| wrong("accepted", object))?;
    items
        .enumerate()
        .map(|(place, item)| {
            let (item, name) = (item?, format!("accepted[{place}]"));
            let Ok((partition, randomness, sectors, proof)) = item.extract::<Row<'_>>() else {
                return Err(wrong(&name, &item));
            };
            Ok(Held {
                partition: integer(&partition, &format_args!("{name}, partition"))?,
                randomness: exactly(py, &randomness, &format_args!("{name}, randomness"))?,
                sectors: sectors_of(&sectors, &format!("{name}, sectors"))?,
                proof,
            })
        })
        .collect()
}

#[pyfunction]
fn filecoin_key_check_value<'py>(py: Python<'py>, key: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &py.detach(|| check_value(key)))
}

/// Sector size, challenges, sectors, id, check value, inputs, file name.
type Published<'py> = (u64, usize, usize, &'static str, Bound<'py, PyAny>, usize, String);

#[pyfunction]
fn filecoin_published_keys(py: Python<'_>) -> PyResult<Vec<Published<'_>>> {
    let from_hex = py.get_type::<PyBytes>().getattr("fromhex")?;
    PUBLISHED
        .iter()
        .map(|key| {
            let check = from_hex.call1((key.check_value,))?;
            let size = key.sector_size.bytes();
            Ok((size, key.challenges, key.sectors, key.id, check, key.inputs(), key.file_name()))
        })
        .collect()
}

#[pyfunction]
fn filecoin_post_types() -> Vec<(u64, &'static str, u64, usize, usize)> {
    (0..)
        .map_while(PostType::from_number)
        .map(|post| {
            let size = post.sector_size;
            let (kind, sectors) = match post.kind {
                PostKind::Winning => ("winning", 1),
                PostKind::WindowV1 => ("window_v1", size.partition_sectors()),
                PostKind::WindowV1P1 => ("window_v1_1", size.partition_sectors()),
            };
            (post.number(), kind, size.bytes(), sectors, post.inputs())
        })
        .collect()
}

#[pyfunction]
fn filecoin_proof_randomness<'py>(py: Python<'py>, drawn: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &window_post::proof_randomness(exactly(py, drawn, &"drawn")?)))
}

#[pyfunction]
#[pyo3(signature = (post_type, randomness, sector, place = None))]
#[pyo3(text_signature = "(post_type, randomness, sector, place=0)")]
fn filecoin_challenges(
    post_type: &Bound<'_, PyAny>,
    randomness: &[u8],
    sector: &Bound<'_, PyAny>,
    place: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<u64>> {
    let post = post_of(post_type)?;
    let randomness = window_post::proof_randomness(exactly(post_type.py(), randomness, &"randomness")?);
    let place = place_of(place)?;
    Ok(window_post::challenges(post, &randomness, integer(sector, &"sector")?, place))
}

#[pyfunction]
fn filecoin_public_inputs<'py>(
    post_type: &Bound<'py, PyAny>,
    randomness: &[u8],
    sectors: &Bound<'py, PyAny>,
) -> PyResult<Answer<Vec<Bound<'py, PyBytes>>>> {
    let py = post_type.py();
    let post = post_of(post_type)?;
    let randomness = exactly(py, randomness, &"randomness")?;
    let sectors = sectors_of(sectors, "sectors")?;
    Ok(match py.detach(|| window_post::public_inputs(post, &randomness, &sectors)) {
        Ok(partitions) => {
            let inputs = partitions.iter().map(|inputs| PyBytes::new(py, inputs.as_flattened()));
            (Some(inputs.collect()), None)
        }
        Err(error) => (None, Some(of_sectors(&error))),
    })
}

#[pyfunction]
fn filecoin_is_disputable(closed: &Bound<'_, PyAny>, now: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(dispute::is_disputable(integer(closed, &"closed")?, integer(now, &"now")?))
}
