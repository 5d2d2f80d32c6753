//! Binding of Filecoin's pieces: the commitment to a payload, and the identifiers that state it.
//!
//! In: payloads in any buffer of bytes, identifiers as text or bytes. Out: roots and sizes; identifiers and what follows from
//! them. Invariant: a payload is read where it lies, and with the interpreter lock released.

use depinverify_core::networks::filecoin::commp::{CommP, Hasher};
use depinverify_core::networks::filecoin::node::{MAX_HEIGHT, zero_root};
use depinverify_core::networks::filecoin::piece_id::{PieceId, SizedPiece, raw_upper_bound};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::buffer::PyArrowBuffer;
use ruint::aliases::U256;

use crate::errors::input_error;
use crate::filecoin_arguments::{exactly, type_name};
use crate::integers::{integer, python_integer, wide};
use crate::pool;
use crate::signature::threads_of;

/// Adds this module's names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FilecoinCommP>()?;
    module.add_class::<FilecoinPieceId>()?;
    module.add_function(wrap_pyfunction!(filecoin_zero_root, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_commp, module)?)?;
    module.add_function(wrap_pyfunction!(filecoin_raw_upper_bound, module)?)
}

fn bad(py: Python<'_>, error: &impl std::fmt::Display) -> PyErr {
    input_error(py, &error.to_string(), None)
}

#[pyfunction]
fn filecoin_zero_root<'py>(height: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = height.py();
    let number: u64 = integer(height, &"height")?;
    let root = u8::try_from(number).ok().and_then(zero_root);
    root.map(|root| PyBytes::new(py, root)).ok_or_else(|| {
        input_error(py, &format!("height: expected at most {MAX_HEIGHT}, found {number}"), None)
    })
}

/// Bytes that Python holds, and keeps while they are read.
enum Payload<'py> {
    Bytes(Bound<'py, PyBytes>),
    Buffer(PyArrowBuffer),
}

impl<'py> Payload<'py> {
    fn of(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes.clone()));
        }
        let wrong = |found: &str| {
            let message = format!("{name}: expected a C-contiguous buffer of bytes, found {found}");
            input_error(object.py(), &message, None)
        };
        let buffer = object.extract::<PyBuffer<u8>>().map_err(|_| wrong(&type_name(object)))?;
        // The next step takes this for granted.
        if !buffer.is_c_contiguous() {
            return Err(wrong("one with strides"));
        }
        object.extract().map(Self::Buffer).map_err(|_| wrong(&type_name(object)))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes.as_bytes(),
            Self::Buffer(buffer) => buffer.as_ref(),
        }
    }
}

/// Adds bytes on this many threads.
fn update(
    hasher: &mut Hasher,
    object: &Bound<'_, PyAny>,
    name: &str,
    threads: Option<usize>,
) -> PyResult<()> {
    let py = object.py();
    let threads = threads_of(py, threads)?;
    let payload = Payload::of(object, name)?;
    let bytes = payload.bytes();
    if threads == 1 {
        py.detach(|| hasher.update(bytes));
    } else {
        let pool = pool::pool(threads)?;
        py.detach(|| pool.install(|| hasher.update_parallel(bytes)));
    }
    Ok(())
}

/// Root, height, padding and size.
type Commitment<'py> = (Bound<'py, PyBytes>, u8, u64, u64);

fn finish(py: Python<'_>, hasher: Hasher) -> PyResult<Commitment<'_>> {
    let CommP { root, height, padding, raw_size } = hasher.finish().map_err(|error| bad(py, &error))?;
    Ok((PyBytes::new(py, &root), height, padding, raw_size))
}

#[pyfunction]
#[pyo3(signature = (payload, *, threads = None))]
fn filecoin_commp<'py>(payload: &Bound<'py, PyAny>, threads: Option<usize>) -> PyResult<Commitment<'py>> {
    let mut hasher = Hasher::default();
    update(&mut hasher, payload, "payload", threads)?;
    finish(payload.py(), hasher)
}

/// The commitment to a payload, as it comes.
#[pyclass(module = "depinverify._native")]
pub struct FilecoinCommP(Hasher);

#[pymethods]
impl FilecoinCommP {
    #[new]
    fn new() -> Self {
        Self(Hasher::default())
    }

    #[pyo3(signature = (data, *, threads = Some(1)))]
    #[pyo3(text_signature = "($self, data, *, threads=1)")]
    fn update(&mut self, data: &Bound<'_, PyAny>, threads: Option<usize>) -> PyResult<()> {
        update(&mut self.0, data, "data", threads)
    }

    #[getter]
    fn raw_size(&self) -> u64 {
        self.0.raw_size()
    }

    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Commitment<'py>> {
        finish(py, self.0.clone())
    }
}

/// The identifier of a piece or of a sealed sector.
#[pyclass(frozen, eq, hash, from_py_object, module = "depinverify._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FilecoinPieceId(pub PieceId);

impl FilecoinPieceId {
    /// What version 2 says.
    pub fn sized(&self) -> Option<&SizedPiece> {
        match &self.0 {
            PieceId::Version2(piece) => Some(piece),
            PieceId::Version1(_) | PieceId::SealedSector(_) => None,
        }
    }

    /// What a data set takes, or why it takes no such piece.
    pub fn admitted(&self) -> Result<&SizedPiece, String> {
        let piece = self.sized().ok_or_else(|| {
            format!("expected a version 2 identifier, which states a size, found {}", self.0)
        })?;
        piece.admit().map(|()| piece).map_err(|error| error.to_string())
    }
}

#[pymethods]
impl FilecoinPieceId {
    #[staticmethod]
    fn parse(py: Python<'_>, text: &str) -> PyResult<Self> {
        text.parse().map(Self).map_err(|error| bad(py, &error))
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        PieceId::from_bytes(data).map(Self).map_err(|error| bad(py, &error))
    }

    #[staticmethod]
    fn v1(py: Python<'_>, root: &[u8]) -> PyResult<Self> {
        Ok(Self(PieceId::Version1(exactly(py, root, &"root")?)))
    }

    #[staticmethod]
    fn v2(root: &[u8], height: &Bound<'_, PyAny>, padding: &Bound<'_, PyAny>) -> PyResult<Self> {
        let root = exactly(height.py(), root, &"root")?;
        let (height, padding) = (integer(height, &"height")?, wide(padding, &"padding")?);
        Ok(Self(PieceId::Version2(SizedPiece { root, height, padding })))
    }

    #[staticmethod]
    fn sealed(py: Python<'_>, comm_r: &[u8]) -> PyResult<Self> {
        Ok(Self(PieceId::SealedSector(exactly(py, comm_r, &"comm_r")?)))
    }

    #[getter]
    fn kind(&self) -> &'static str {
        match self.0 {
            PieceId::Version1(_) => "v1",
            PieceId::SealedSector(_) => "sealed",
            PieceId::Version2(_) => "v2",
        }
    }

    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let (PieceId::Version1(root)
        | PieceId::SealedSector(root)
        | PieceId::Version2(SizedPiece { root, .. })) = &self.0;
        PyBytes::new(py, root)
    }

    #[getter]
    fn height(&self) -> Option<u8> {
        self.sized().map(|piece| piece.height)
    }

    #[getter]
    fn padding<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.sized().map(|piece| python_integer(py, piece.padding)).transpose()
    }

    #[getter]
    fn leaf_count(&self) -> Option<u64> {
        self.sized().and_then(SizedPiece::leaf_count)
    }

    #[getter]
    fn padded_size(&self) -> Option<u64> {
        self.sized().and_then(SizedPiece::padded_size)
    }

    #[getter]
    fn raw_size(&self) -> Option<u64> {
        self.sized().and_then(SizedPiece::raw_size)
    }

    #[getter]
    fn refusal(&self) -> Option<String> {
        self.admitted().err()
    }

    fn admit(&self, py: Python<'_>) -> PyResult<()> {
        self.admitted().map(|_| ()).map_err(|refusal| bad(py, &refusal))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<FilecoinPieceId {}>", self.0)
    }
}

#[pyfunction]
fn filecoin_raw_upper_bound<'py>(leaves: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = leaves.py();
    let number: U256 = wide(leaves, &"leaves")?;
    let bound = raw_upper_bound(number).ok_or_else(|| {
        let message = format!("leaves: expected a number whose bytes 256 bits count, found {number}");
        input_error(py, &message, None)
    })?;
    python_integer(py, bound)
}
