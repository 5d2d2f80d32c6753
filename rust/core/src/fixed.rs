//! The one fixed-point scale: `ONE = 10^12`, and its named operations.
//!
//! In and out: unsigned integers in the scale `ONE`. Rule: every operation rounds down, products are taken in 128 bits.
//! Invariant: overflow and division by zero are errors, never a wrapped or saturated number.

/// One in fixed point.
pub const ONE: u64 = 1_000_000_000_000;

/// A fixed-point operation whose result does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FixedError {
    /// The result does not fit 64 bits.
    #[error("fixed-point overflow")]
    Overflow,
    /// Division by zero.
    #[error("fixed-point division by zero")]
    DivisionByZero,
}

fn narrow(value: u128) -> Result<u64, FixedError> {
    u64::try_from(value).map_err(|_| FixedError::Overflow)
}

/// `floor(a * b / ONE)`.
pub fn mulf(a: u64, b: u64) -> Result<u64, FixedError> {
    narrow(u128::from(a) * u128::from(b) / u128::from(ONE))
}

/// `floor(a * ONE / b)`.
pub fn divf(a: u64, b: u64) -> Result<u64, FixedError> {
    (u128::from(a) * u128::from(ONE))
        .checked_div(u128::from(b))
        .ok_or(FixedError::DivisionByZero)
        .and_then(narrow)
}

/// `floor(n * ONE / d)`, the share of `n` in `d`.
pub fn ratio(n: u64, d: u64) -> Result<u64, FixedError> {
    divf(n, d)
}

/// `ceil(a / b)`.
pub fn cdiv(a: u64, b: u64) -> Result<u64, FixedError> {
    if b == 0 { Err(FixedError::DivisionByZero) } else { Ok(a.div_ceil(b)) }
}
