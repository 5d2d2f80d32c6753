//! Who can be paid.
//!
//! In: `0x` and hex digits, or bytes. Out: an address of 20 bytes, or an account of 32 bytes on a chain that has no such
//! addresses. Rule: uptime proof, 9.2 (`payee`); scoring and rewards, 11.3. Invariant: payees ascend as their bytes do,
//! addresses before accounts.

/// A payee of one of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payee {
    /// An `address`.
    Address([u8; 20]),
    /// A `bytes32`.
    Account([u8; 32]),
}

impl Payee {
    /// The payee of these bytes: 20 or 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let address = bytes.try_into().map(Self::Address).ok();
        address.or_else(|| bytes.try_into().map(Self::Account).ok())
    }

    /// The payee that `0x` and 40 or 64 hex digits in any letter case name.
    pub fn from_text(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?;
        Self::from_bytes(&data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Address(bytes) => bytes,
            Self::Account(bytes) => bytes,
        }
    }
}

impl std::fmt::Display for Payee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{}", data_encoding::HEXLOWER.encode(self.as_bytes()))
    }
}
