//! The vector units of x86-64 processors, in unsafe code.
//!
//! In and out: as [`Vector`](super::vector::Vector) says. Rule: signature verification, 5.6. Invariant: the vectors of a unit
//! cannot be named outside its file, so that their methods run only inside its `run`, which runs a job only on a processor
//! that has every feature they need.

#![allow(unsafe_code, reason = "intrinsics of the vector units")]

pub mod avx2;
pub mod avx512;
#[cfg(test)]
#[expect(
    clippy::duplicate_mod,
    reason = "the code of the eight lanes, once more over a model of its instructions"
)]
pub mod model;

use core::arch::x86_64 as intrinsics;
use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::dispatch::Job;

/// Calls an intrinsic that reads and writes registers alone.
macro_rules! register {
    ($call:expr) => {
        // SAFETY: values of a unit's vector exist only inside its `run`, so the processor has the instruction; it touches no
        // memory.
        unsafe { $call }
    };
}

/// What each unit's file has in front: whether the processor has the features, and how a job runs with them.
macro_rules! unit {
    ($vector:ident, $($feature:tt),+) => {
        /// Whether this processor has every feature that the vector uses.
        pub fn is_available() -> bool {
            $(is_x86_feature_detected!($feature))&&+
        }

        /// Runs a job in the lanes of the vector; gives it back undone where the processor cannot.
        pub fn run<J: $crate::simd::dispatch::Job>(job: J) -> Result<J::Output, J> {
            if !is_available() {
                return Err(job);
            }
            // SAFETY: `is_available` has just found every feature that `with_features` enables.
            Ok(unsafe { with_features(job) })
        }

        #[target_feature($(enable = $feature),+)]
        fn with_features<J: $crate::simd::dispatch::Job>(job: J) -> J::Output {
            job.run::<$vector>()
        }
    };
}
use {register, unit};

/// Runs a job in eight lanes, in tests also where the processor has none; gives it back undone where it cannot.
pub fn run_eight<J: Job>(job: J) -> Result<J::Output, J> {
    let done = avx512::run(job);
    #[cfg(test)]
    let done = done.or_else(|job| Ok(model::avx512::run(job)));
    done
}

/// Has the cache line of a value brought into the cache.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    // SAFETY: a prefetch of a valid address has no effect but on the cache; every processor of this kind has it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(value).cast()) };
}
