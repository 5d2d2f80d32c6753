//! Keys whose byte order is the order of their fields.
//!
//! In: the fields of a row, one after the other. Out: bytes. Rule: a byte string is escaped (00 becomes 00 FF) and closed
//! by 00 00, integers are big endian with the sign bit flipped where there is one, a nullable field has 00 in front of a
//! value and is 01 alone without one. Invariant: for two keys of the same fields, comparing the bytes gives what comparing
//! field by field gives, a string before its own extensions and null after every value.

/// The highest bit of the first zero byte of a word, of none before it, and of some behind it.
fn zeros(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// Appends up to eight bytes, FF behind each that is zero.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut escaped = [0xff; 16];
    let mut length = 0;
    for byte in bytes {
        escaped[length] = *byte;
        length += 1 + usize::from(*byte == 0);
    }
    out.extend_from_slice(&escaped[..length]);
}

/// Place of the first zero byte. Byte strings of keys are short: calling a search that is made for long ones takes longer.
#[inline]
fn first_zero(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let zeros = zeros(*word);
        if zeros != 0 {
            return Some(8 * at + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&byte| byte == 0).map(|place| bytes.len() - rest.len() + place)
}

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
        let out = &mut self.0;
        let (words, rest) = value.as_chunks::<8>();
        for word in words {
            if zeros(*word) == 0 {
                out.extend_from_slice(word);
            } else {
                escape(word, out);
            }
        }
        escape(rest, out);
        out.extend_from_slice(&[0, 0]);
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
            let zero = first_zero(self.0)?;
            let (value, rest) = self.0.split_at(zero);
            out.extend_from_slice(value);
            self.0 = rest.get(2..)?;
            match rest[1] {
                0 => return Some(()),
                0xff => out.push(0),
                _ => return None,
            }
            // Zeros often stand side by side.
            while let [0, 0xff, rest @ ..] = self.0 {
                out.push(0);
                self.0 = rest;
            }
        }
    }

    /// Passes over a byte string.
    pub fn skip_bytes(&mut self) -> Option<()> {
        loop {
            let zero = first_zero(self.0)?;
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
