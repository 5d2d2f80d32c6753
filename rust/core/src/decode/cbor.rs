//! Strict CBOR (RFC 8949): a reader that pulls items one by one.
//!
//! In: bytes. Out: items that borrow from them. Rule: "uptime proof", section 1.1: definite lengths only, map keys distinct
//! as values (`0a` and `18 0a` are one key, also inside a key that is a map), text is UTF-8, nothing after the item; forms
//! that are longer than needed are accepted. The outermost array or map has depth 1, each array, map or tag inside adds 1.
//! Invariant: time is linear in the input but for the sort of one map's keys; floats and integers are never one value.

use super::distinct::{Distinct, Mark};
use super::fault::{Fault, Found};

/// The head of an item, with the content of strings.
///
/// After [`Item::Array`], [`Item::Map`] and [`Item::Tag`] their content is still to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// An integer from 0 on.
    Unsigned(u64),
    /// The integer `-1 - n`.
    Negative(u64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// An array of so many items.
    Array(u64),
    /// A map of so many pairs.
    Map(u64),
    /// A tag; one item follows.
    Tag(u64),
    /// A simple value: 20 false, 21 true, 22 null, 23 undefined.
    Simple(u8),
    /// A float of 16, 32 or 64 bits, widened without loss (a NaN keeps its payload, to the left).
    Float(f64),
}

impl Item<'_> {
    /// The item's kind in messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unsigned(_) => "an integer",
            Self::Negative(_) => "a negative integer",
            Self::Bytes(_) => "a byte string",
            Self::Text(_) => "a text",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Tag(_) => "a tag",
            Self::Simple(20 | 21) => "a boolean",
            Self::Simple(22) => "null",
            Self::Simple(23) => "undefined",
            Self::Simple(_) => "a simple value",
            Self::Float(_) => "a float",
        }
    }

    /// The integer, if this is one that fits 64 signed bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Unsigned(value) => i64::try_from(*value).ok(),
            Self::Negative(value) => i64::try_from(*value).ok().map(|value| -1 - value),
            _ => None,
        }
    }
}

/// A map that is being read.
#[derive(Clone, Copy, Debug)]
pub struct OpenMap {
    left: u64,
    names: Mark,
    /// Whether every key so far is an integer beyond the one before it, so that no two are one.
    ascends: bool,
    /// The last of them: negative ones stand behind the others.
    last: Option<(bool, u64)>,
}

/// Pulls items out of bytes, one after the other.
#[derive(Debug)]
pub struct Reader<'a, 'n> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    max_depth: usize,
    /// Whether the last head was as short as it can be, so that its bytes are its value.
    is_shortest: bool,
    names: &'n mut Distinct,
}

/// Appends a head in its shortest form.
pub fn write_head(major: u8, value: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = value.to_be_bytes();
    match value {
        0..24 => out.push(major | bytes[7]),
        24..0x100 => out.extend_from_slice(&[major | 0x18, bytes[7]]),
        0x100..0x1_0000 => out.extend_from_slice(&[major | 0x19, bytes[6], bytes[7]]),
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 0x1a);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(major | 0x1b);
            out.extend_from_slice(&bytes);
        }
    }
}

/// Widens a 16-bit float; every value and every NaN payload has its place in 64 bits.
fn widen_half(bits: u16) -> f64 {
    let sign = u64::from(bits >> 15) << 63;
    let exponent = u64::from(bits >> 10 & 0x1f);
    let fraction = u64::from(bits & 0x3ff);
    f64::from_bits(match (exponent, fraction) {
        (0, 0) => sign,
        (0, _) => {
            // A subnormal is fraction * 2^-24; as a normal number its leading bit moves to the implicit place.
            let shift = u64::from(fraction.leading_zeros()) - 53;
            sign | (1023 - 14 - shift) << 52 | (fraction << shift & 0x3ff) << 42
        }
        (31, _) => sign | 0x7ff << 52 | fraction << 42,
        _ => sign | (exponent + 1023 - 15) << 52 | fraction << 42,
    })
}

/// Widens a 32-bit float.
fn widen_single(bits: u32) -> f64 {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        // A conversion may quieten a NaN; two that differ in that bit are two values.
        let sign = u64::from(bits >> 31) << 63;
        return f64::from_bits(sign | 0x7ff << 52 | u64::from(bits & 0x7f_ffff) << 29);
    }
    f64::from(value)
}

impl<'a, 'n> Reader<'a, 'n> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8], max_depth: usize, names: &'n mut Distinct) -> Result<Self, Fault> {
        names.clear();
        if u32::try_from(bytes.len()).is_err() {
            return Err(Fault::named(0, "less than 4 GiB of CBOR", "more"));
        }
        Ok(Self { bytes, at: 0, depth: 0, max_depth, is_shortest: true, names })
    }

    /// Where the next item stands.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn take(&mut self, length: u64, expected: &'static str) -> Result<&'a [u8], Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match usize::try_from(length).ok().and_then(|length| rest.get(..length)) {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => Err(Fault { offset: self.at, expected, found: Found::End }),
        }
    }

    fn argument(&mut self, width: u64, shortest_from: u64) -> Result<u64, Fault> {
        let taken = self.take(width, "the rest of a CBOR head")?;
        let value = taken.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        self.is_shortest = value >= shortest_from;
        Ok(value)
    }

    /// Reads an item's head, and the content of a string.
    pub fn item(&mut self) -> Result<Item<'a>, Fault> {
        let start = self.at;
        let Some(initial) = self.bytes.get(start).copied() else {
            return Err(Fault::at(self.bytes, start, "a CBOR item"));
        };
        self.at += 1;
        let (major, short) = (initial >> 5, initial & 0x1f);
        self.is_shortest = true;
        if major == 7 {
            return self.simple_or_float(short, start);
        }
        let value = match short {
            0..24 => u64::from(short),
            24 => self.argument(1, 24)?,
            25 => self.argument(2, 0x100)?,
            26 => self.argument(4, 0x1_0000)?,
            27 => self.argument(8, 0x1_0000_0000)?,
            31 => return Err(Fault::named(start, "a definite length", "an indefinite one")),
            _ => return Err(Fault::at(self.bytes, start, "a well-formed CBOR head")),
        };
        Ok(match major {
            0 => Item::Unsigned(value),
            1 => Item::Negative(value),
            2 => Item::Bytes(self.take(value, "the rest of a byte string")?),
            3 => {
                let start = self.at;
                let taken = self.take(value, "the rest of a text")?;
                Item::Text(std::str::from_utf8(taken).map_err(|error| {
                    Fault::at(self.bytes, start + error.valid_up_to(), "text in valid UTF-8")
                })?)
            }
            4 => Item::Array(value),
            5 => Item::Map(value),
            _ => Item::Tag(value),
        })
    }

    fn simple_or_float(&mut self, short: u8, start: usize) -> Result<Item<'a>, Fault> {
        Ok(match short {
            0..24 => Item::Simple(short),
            24 => match self.argument(1, 0)? {
                value @ 32..=255 => Item::Simple(value.to_be_bytes()[7]),
                value => {
                    return Err(Fault::number(start, "a simple value from 32 on in two bytes", value));
                }
            },
            25 => {
                let bits = self.argument(2, u64::MAX)?.to_be_bytes();
                Item::Float(widen_half(u16::from_be_bytes([bits[6], bits[7]])))
            }
            26 => {
                let bits = self.argument(4, u64::MAX)?.to_be_bytes();
                Item::Float(widen_single(u32::from_be_bytes([bits[4], bits[5], bits[6], bits[7]])))
            }
            27 => Item::Float(f64::from_bits(self.argument(8, 0)?)),
            31 => return Err(Fault::named(start, "an item", "a break")),
            _ => return Err(Fault::at(self.bytes, start, "a well-formed CBOR head")),
        })
    }

    /// One level down, into an array, a map or a tag.
    fn enter(&mut self) -> Result<(), Fault> {
        if self.depth >= self.max_depth {
            return Err(Fault::number(self.at, "less nesting", self.depth as u64 + 1));
        }
        self.depth += 1;
        Ok(())
    }

    /// Enters an array whose head has just been read. Its items are read next, then [`Reader::leave`] is called.
    pub fn enter_array(&mut self) -> Result<(), Fault> {
        self.enter()
    }

    /// Leaves an array.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Enters a map of `pairs` pairs whose head has just been read.
    pub fn enter_map(&mut self, pairs: u64) -> Result<OpenMap, Fault> {
        self.enter()?;
        Ok(OpenMap { left: pairs, names: self.names.open(), ascends: true, last: None })
    }

    /// The map's next key, whose value must be read next; `None` leaves the map.
    ///
    /// A key that is an array, a map or a tag comes with its content read. A key that stands twice is found when the map
    /// ends.
    pub fn next_key(&mut self, map: &mut OpenMap) -> Result<Option<Item<'a>>, Fault> {
        if map.left == 0 {
            self.depth -= 1;
            if map.ascends {
                self.names.close_distinct(map.names);
                return Ok(None);
            }
            return match self.names.close(map.names, self.bytes) {
                Some(offset) => Err(Fault::named(offset, "distinct map keys", "a key twice")),
                None => Ok(None),
            };
        }
        map.left -= 1;
        let start = self.at;
        let key = self.item()?;
        let integer = match key {
            Item::Unsigned(value) => Some((false, value)),
            Item::Negative(value) => Some((true, value)),
            _ => None,
        };
        map.ascends &= integer.is_some() && map.last < integer;
        map.last = integer;
        match key {
            Item::Array(_) | Item::Map(_) | Item::Tag(_) => {
                let mut value = Vec::new();
                self.value_of(key, &mut value)?;
                self.names.push_copy(start, |out| out.extend_from_slice(&value));
            }
            _ if self.is_shortest => self.names.push(start, self.at),
            _ => self.names.push_copy(start, |out| write_scalar(key, out)),
        }
        Ok(Some(key))
    }

    /// The value of the key that was read last: equal bytes, equal keys.
    pub fn last_key(&self) -> &[u8] {
        self.names.last(self.bytes)
    }

    /// Checks the next item and steps over it.
    pub fn skip(&mut self) -> Result<(), Fault> {
        let item = self.item()?;
        self.skip_content(item)
    }

    /// Steps over an item that was read before from these bytes, if they stand here.
    pub fn skip_known(&mut self, bytes: &[u8]) -> bool {
        let is_here = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(bytes));
        if is_here {
            self.at += bytes.len();
        }
        is_here
    }

    /// Checks the content of an item whose head has just been read and steps over it.
    ///
    /// Recursion is bounded by the depth limit.
    pub fn skip_content(&mut self, mut item: Item<'a>) -> Result<(), Fault> {
        // Tags around the outermost array or map are outside of it and count for nothing.
        while self.depth == 0 && matches!(item, Item::Tag(_)) {
            item = self.item()?;
        }
        match item {
            Item::Array(count) => {
                self.enter()?;
                for _ in 0..count {
                    self.skip()?;
                }
                self.depth -= 1;
            }
            Item::Map(pairs) => {
                let mut map = self.enter_map(pairs)?;
                while self.next_key(&mut map)?.is_some() {
                    self.skip()?;
                }
            }
            Item::Tag(_) => {
                self.enter()?;
                self.skip()?;
                self.depth -= 1;
            }
            _ => {}
        }
        Ok(())
    }

    /// Appends the one spelling of an item's value, so that equal keys have equal bytes: shortest heads, floats of 64 bits,
    /// map pairs sorted. Its head has just been read; its content is checked on the way.
    fn value_of(&mut self, item: Item<'a>, out: &mut Vec<u8>) -> Result<(), Fault> {
        match item {
            Item::Array(count) => {
                self.enter()?;
                write_head(4, count, out);
                for _ in 0..count {
                    let inner = self.item()?;
                    self.value_of(inner, out)?;
                }
                self.depth -= 1;
            }
            Item::Tag(tag) => {
                self.enter()?;
                write_head(6, tag, out);
                let inner = self.item()?;
                self.value_of(inner, out)?;
                self.depth -= 1;
            }
            Item::Map(pairs) => {
                self.enter()?;
                write_head(5, pairs, out);
                self.pairs_of(pairs, out)?;
                self.depth -= 1;
            }
            _ => write_scalar(item, out),
        }
        Ok(())
    }

    fn pairs_of(&mut self, pairs: u64, out: &mut Vec<u8>) -> Result<(), Fault> {
        struct Pair {
            start: usize,
            key_end: usize,
            end: usize,
            offset: usize,
        }
        let base = out.len();
        let mut order: Vec<Pair> = Vec::new();
        for _ in 0..pairs {
            let (start, offset) = (out.len(), self.at);
            let key = self.item()?;
            self.value_of(key, out)?;
            let key_end = out.len();
            let value = self.item()?;
            self.value_of(value, out)?;
            order.push(Pair { start, key_end, end: out.len(), offset });
        }
        let key = |pair: &Pair| &out[pair.start..pair.key_end];
        order.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        if let Some(twice) = order.windows(2).find(|two| key(&two[0]) == key(&two[1])) {
            let offset = twice[0].offset.max(twice[1].offset);
            return Err(Fault::named(offset, "distinct map keys", "a key twice"));
        }
        let sorted: Vec<u8> = order.iter().flat_map(|pair| &out[pair.start..pair.end]).copied().collect();
        out.truncate(base);
        out.extend_from_slice(&sorted);
        Ok(())
    }

    /// Checks that nothing is left.
    pub fn finish(self) -> Result<(), Fault> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(Fault::at(self.bytes, self.at, "the end of the CBOR item"))
        }
    }
}

fn write_scalar(item: Item<'_>, out: &mut Vec<u8>) {
    match item {
        Item::Unsigned(value) => write_head(0, value, out),
        Item::Negative(value) => write_head(1, value, out),
        Item::Bytes(bytes) => {
            write_head(2, bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        Item::Text(text) => {
            write_head(3, text.len() as u64, out);
            out.extend_from_slice(text.as_bytes());
        }
        Item::Simple(value) => write_head(7, u64::from(value), out),
        Item::Float(value) => {
            out.push(0xfb);
            out.extend_from_slice(&value.to_bits().to_be_bytes());
        }
        Item::Array(_) | Item::Map(_) | Item::Tag(_) => {}
    }
}

/// Checks that `bytes` are one well-formed item under the rules above.
pub fn check(bytes: &[u8], max_depth: usize) -> Result<(), Fault> {
    let mut names = Distinct::new();
    let mut reader = Reader::new(bytes, max_depth, &mut names)?;
    reader.skip()?;
    reader.finish()
}

#[cfg(test)]
#[path = "cbor_tests.rs"]
mod tests;
