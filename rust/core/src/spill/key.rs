//! Keys whose byte order is the order of their fields.
//!
//! In: the fields of a row, one after the other. Out: bytes. Rule: a byte string is escaped (00 becomes 00 FF) and closed
//! by 00 00, integers are big endian with the sign bit flipped where there is one, a nullable field has 00 in front of a
//! value and is 01 alone without one. Invariant: for two keys of the same fields, comparing the bytes gives what comparing
//! field by field gives, a string before its own extensions and null after every value.

/// A key under construction; one is reused for all rows.
#[derive(Debug, Default, Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// An empty key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the fields and keeps the memory.
    pub fn clear(&mut self) -> &mut Self {
        self.0.clear();
        self
    }

    /// Adds a byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let mut rest = value;
        while let Some(zero) = rest.iter().position(|&byte| byte == 0) {
            let (before, after) = rest.split_at(zero + 1);
            self.0.extend_from_slice(before);
            self.0.push(0xff);
            rest = after;
        }
        self.0.extend_from_slice(rest);
        self.0.extend_from_slice(&[0, 0]);
        self
    }

    /// Adds bytes that have the same length in every row.
    pub fn fixed(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    /// Adds an unsigned byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.fixed(&[value])
    }

    /// Adds an unsigned 64-bit integer.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Adds a signed 64-bit integer.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.fixed(&(value ^ i64::MIN).to_be_bytes())
    }

    /// Adds a nullable field: `write` adds the value where there is one.
    pub fn nullable<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            Some(value) => {
                self.u8(0);
                write(self, value);
            }
            None => {
                self.u8(1);
            }
        }
        self
    }

    /// The bytes to compare.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// Reads the fields of a [`Key`] back, in the order in which they were added.
///
/// Each function gives `None` where the bytes are not such a field.
#[derive(Debug, Clone, Copy)]
pub struct KeyReader<'a>(&'a [u8]);

impl<'a> KeyReader<'a> {
    /// Starts at the first field.
    pub fn new(key: &'a [u8]) -> Self {
        Self(key)
    }

    /// Appends a byte string to `out`.
    pub fn bytes(&mut self, out: &mut Vec<u8>) -> Option<()> {
        loop {
            let zero = self.0.iter().position(|&byte| byte == 0)?;
            let (value, rest) = self.0.split_at(zero);
            out.extend_from_slice(value);
            self.0 = rest.get(2..)?;
            match rest[1] {
                0 => return Some(()),
                0xff => out.push(0),
                _ => return None,
            }
        }
    }

    /// Passes over a byte string.
    pub fn skip_bytes(&mut self) -> Option<()> {
        loop {
            let zero = self.0.iter().position(|&byte| byte == 0)?;
            let after = self.0.get(zero + 1..)?;
            let (kind, rest) = after.split_first()?;
            self.0 = rest;
            match kind {
                0 => return Some(()),
                0xff => {}
                _ => return None,
            }
        }
    }

    /// Bytes of a known length.
    pub fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (value, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*value)
    }

    /// An unsigned 64-bit integer.
    pub fn u64(&mut self) -> Option<u64> {
        self.fixed().map(u64::from_be_bytes)
    }

    /// A signed 64-bit integer.
    pub fn i64(&mut self) -> Option<i64> {
        self.fixed().map(|bytes| i64::from_be_bytes(bytes) ^ i64::MIN)
    }

    /// Whether a nullable field has a value, which then follows.
    pub fn is_present(&mut self) -> Option<bool> {
        match self.fixed()? {
            [0] => Some(true),
            [1] => Some(false),
            _ => None,
        }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}
