//! Which vector unit runs a job.
//!
//! In: a job that is written over [`Vector`]. Out: its result, the same on every unit. Rule: signature verification, 5.6:
//! chosen by what the processor has, forced lower by the environment variable `DEPINVERIFY_SIMD`.
//! Invariant: the choice changes speed, never a result.

use std::sync::OnceLock;

use super::vector::{Portable, Vector};

const CACHE_LINE: usize = 64;
/// What is longer is read from front to end, and the processor sees that by itself.
const LINES_AHEAD: usize = 4;

/// A vector unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    /// One lane in plain Rust.
    Portable,
    /// Four lanes, AVX2 with FMA.
    Avx2,
    /// Eight lanes, AVX-512 with IFMA.
    Avx512,
}

impl Simd {
    /// All units.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// As written in the environment variable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => super::x86::avx2::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => super::x86::avx512::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// Whether tests of its lanes can run here: in eight lanes they can on every x86-64 processor.
    #[cfg(test)]
    pub fn is_testable(self) -> bool {
        self.is_available() || cfg!(target_arch = "x86_64") && self == Self::Avx512
    }

    /// The best unit of this processor, or the lower one that `DEPINVERIFY_SIMD` names.
    pub fn chosen() -> Self {
        static CHOSEN: OnceLock<Simd> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let limit = std::env::var("DEPINVERIFY_SIMD").unwrap_or_default();
            let limit = Self::ALL.into_iter().find(|unit| unit.name() == limit).unwrap_or(Self::Avx512);
            Self::ALL
                .into_iter()
                .rfind(|unit| *unit <= limit && unit.is_available())
                .unwrap_or(Self::Portable)
        })
    }

    /// Runs a job on this unit, or on the portable one where the processor lacks it.
    pub fn run<J: Job>(self, job: J) -> J::Output {
        match self {
            Self::Portable => job.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => super::x86::avx2::run(job).unwrap_or_else(J::run::<Portable>),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => super::x86::run_eight(job).unwrap_or_else(J::run::<Portable>),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => job.run::<Portable>(),
        }
    }
}

/// Whether the processor has instructions for SHA-256, which one message after the other is hashed with.
pub fn has_sha256() -> bool {
    #[cfg(target_arch = "x86_64")]
    let has = is_x86_feature_detected!("sha");
    #[cfg(not(target_arch = "x86_64"))]
    let has = false;
    has
}

/// Has the beginning of some bytes brought into the cache, if the machine can be told so.
#[inline(always)]
pub fn prefetch(bytes: &[u8]) {
    for line in bytes.chunks(CACHE_LINE).take(LINES_AHEAD) {
        prefetch_line(&line[0]);
    }
    // Bytes that begin within a line end in one more.
    if let Some(end) = bytes.last() {
        prefetch_line(end);
    }
}

/// Has the cache line of a value brought into the cache, if the machine can be told so.
#[inline(always)]
pub fn prefetch_line<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    super::x86::prefetch(value);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Work that is written over the lanes of a vector.
pub trait Job {
    /// What it gives.
    type Output;
    /// Does it. Implementations are `#[inline(always)]`, as is every kernel below them: only then do the instructions of
    /// the chosen unit reach them.
    fn run<V: Vector>(self) -> Self::Output;
}
