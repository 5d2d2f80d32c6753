//! Strict JSON (RFC 8259): a reader that pulls values one by one, and a parser that makes a tree.
//!
//! In: bytes. Out: values that borrow from them; numbers stay text, so nothing is rounded. Rule: "uptime proof",
//! section 1.1: a member name twice (after unescaping), a lone surrogate, a byte after the value, a byte order mark, invalid
//! UTF-8 and nesting beyond the limit are faults. The outermost array or object has depth 1, each one inside adds 1.
//! Invariant: time is linear in the input but for the sort of one object's names; the tree needs less than 64 bytes per
//! input byte because every list is allocated in its final size.

use std::borrow::Cow;

use super::distinct::{Distinct, Mark};
pub use super::fault::Fault as JsonError;
use super::fault::Found;
pub use super::json_text::Text;
use super::json_text::{hex4, plain};
use super::layout::Layout;

/// A JSON value that borrows from the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written.
    Number(&'a str),
    /// A text, unescaped.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object, members in the order of the text, names distinct.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        match self {
            Self::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if this is a number written as one: no fraction, exponent, `-0`.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(text) => integer(text),
            _ => None,
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Array(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
        }
    }
}

/// The integer that a JSON number's text writes, unless it has a fraction, an exponent, is `-0` or does not fit.
pub fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || text == "-0" {
        return None;
    }
    text.parse().ok()
}

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// a number
    Number,
    /// a text
    Text,
    /// an array
    Array,
    /// an object
    Object,
}

impl Kind {
    /// The kind's name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// An array or object that is being read.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    is_first: bool,
    names: Mark,
}

/// Pulls values out of a text, one after the other.
///
/// A caller that meets a value it does not want calls [`Reader::skip`]; nothing passes unchecked.
#[derive(Debug)]
pub struct Reader<'a, 'n> {
    text: &'a str,
    at: usize,
    depth: usize,
    max_depth: usize,
    names: &'n mut Distinct,
}

impl<'a, 'n> Reader<'a, 'n> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8], max_depth: usize, names: &'n mut Distinct) -> Result<Self, JsonError> {
        names.clear();
        if u32::try_from(bytes.len()).is_err() {
            return Err(JsonError::named(0, "less than 4 GiB of JSON", "more"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| JsonError::at(bytes, error.valid_up_to(), "valid UTF-8"))?;
        Ok(Self { text, at: 0, depth: 0, max_depth, names })
    }

    /// Where the next byte stands.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn fault(&self, expected: &'static str) -> JsonError {
        JsonError::at(self.text.as_bytes(), self.at, expected)
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// The kind of the next value.
    #[inline]
    pub fn peek(&mut self) -> Result<Kind, JsonError> {
        self.space();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.fault("a JSON value")),
        }
    }

    #[inline]
    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        self.space();
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        self.at += rest.iter().zip(word.bytes()).take_while(|(found, expected)| *found == expected).count();
        Err(self.fault(word))
    }

    /// Reads `null`.
    #[inline]
    pub fn null(&mut self) -> Result<(), JsonError> {
        self.word("null")
    }

    /// Reads `true` or `false`.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, JsonError> {
        self.space();
        if self.byte() == Some(b't') {
            self.word("true").map(|()| true)
        } else {
            self.word("false").map(|()| false)
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.fault("a digit")) } else { Ok(()) }
    }

    /// Reads a number and gives its text.
    pub fn number(&mut self) -> Result<&'a str, JsonError> {
        self.space();
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.byte() {
                return Err(self.fault("a number without leading zeros"));
            }
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads a text.
    pub fn text(&mut self) -> Result<Text<'a>, JsonError> {
        self.space();
        self.text_here()?.ok_or_else(|| self.fault("a text"))
    }

    /// Reads a text if one begins right here.
    #[expect(
        clippy::inline_always,
        reason = "most of JSON is texts, and the call costs as much as a short one"
    )]
    #[inline(always)]
    pub fn text_here(&mut self) -> Result<Option<Text<'a>>, JsonError> {
        if self.byte() != Some(b'"') {
            return Ok(None);
        }
        self.at += 1;
        let start = self.at;
        self.at += plain(self.text.as_bytes().get(start..).unwrap_or_default());
        let is_escaped = self.byte() != Some(b'"');
        if is_escaped {
            self.escaped_text()?;
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Some(Text { raw, is_escaped }))
    }

    /// Goes on to the closing quote of a text from its first escape.
    #[cold]
    fn escaped_text(&mut self) -> Result<(), JsonError> {
        loop {
            match self.byte() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                _ => return Err(self.fault("a closing quote")),
            }
            self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
        }
    }

    /// Checks an escape and steps over it.
    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        let code = match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                return Ok(());
            }
            Some(b'u') => self.code_unit()?,
            _ => return Err(self.fault("an escape of JSON")),
        };
        let is_high = (0xd800..0xdc00).contains(&code);
        let is_low = (0xdc00..0xe000).contains(&code);
        if is_high && self.byte() == Some(b'\\') && self.text.as_bytes().get(self.at + 1) == Some(&b'u') {
            self.at += 1;
            if (0xdc00..0xe000).contains(&self.code_unit()?) {
                return Ok(());
            }
        }
        if is_high || is_low {
            return Err(JsonError::named(start, "a pair of surrogates", "one alone"));
        }
        Ok(())
    }

    /// Reads `uXXXX`.
    fn code_unit(&mut self) -> Result<u32, JsonError> {
        self.at += 1;
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if let Some(code) = hex4(rest) {
            self.at += 4;
            return Ok(code);
        }
        self.at += rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count().min(4);
        Err(self.fault("four hex digits"))
    }

    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<Open, JsonError> {
        self.space();
        if self.byte() != Some(bracket) {
            return Err(self.fault(expected));
        }
        if self.depth >= self.max_depth {
            return Err(JsonError {
                offset: self.at,
                expected: "less nesting",
                found: Found::Number(self.depth as u64 + 1),
            });
        }
        self.at += 1;
        self.depth += 1;
        Ok(Open { is_first: true, names: self.names.open() })
    }

    /// Steps to the next entry, or over the closing bracket.
    #[inline]
    fn next(&mut self, open: &mut Open, bracket: u8, expected: &'static str) -> Result<bool, JsonError> {
        self.space();
        if self.byte() == Some(bracket) {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !open.is_first {
            if self.byte() != Some(b',') {
                return Err(self.fault(expected));
            }
            self.at += 1;
        }
        open.is_first = false;
        Ok(true)
    }

    /// Enters an array.
    pub fn open_array(&mut self) -> Result<Open, JsonError> {
        self.open(b'[', "an array")
    }

    /// Whether the array has another element, which must be read next; `false` closes it.
    pub fn next_element(&mut self, open: &mut Open) -> Result<bool, JsonError> {
        self.next(open, b']', "a comma or the end of the array")
    }

    /// Enters an object.
    pub fn open_object(&mut self) -> Result<Open, JsonError> {
        self.open(b'{', "an object")
    }

    /// The name of the object's next member, whose value must be read next; `None` closes it.
    ///
    /// A name that stands twice is found when the object closes.
    pub fn next_name(&mut self, open: &mut Open) -> Result<Option<Text<'a>>, JsonError> {
        if !self.next(open, b'}', "a comma or the end of the object")? {
            return self.close_object(open).map(|()| None);
        }
        self.name().map(Some)
    }

    /// What the name of the object's next member means, whose value must be read next; `None` closes the object.
    ///
    /// As [`Reader::next_name`], but for many objects that have their members in one order, which `layout` keeps: only a
    /// name that is new there is looked up with `meaning`. The layout must be this object's alone until it closes.
    #[inline]
    pub fn next_known<M: Copy>(
        &mut self,
        open: &mut Open,
        layout: &mut Layout<M>,
        meaning: impl FnOnce(&str) -> M,
    ) -> Result<Option<M>, JsonError> {
        // The way of nearly all members, without white space.
        if !open.is_first
            && let Some([b',', rest @ ..]) = self.text.as_bytes().get(self.at..)
            && let Some((length, known)) = layout.follow(rest, self.at + 1)
        {
            self.at += 1 + length;
            return Ok(Some(known));
        }
        self.next_known_elsewhere(open, layout, meaning)
    }

    /// The same wherever the name is.
    #[inline(never)]
    fn next_known_elsewhere<M: Copy>(
        &mut self,
        open: &mut Open,
        layout: &mut Layout<M>,
        meaning: impl FnOnce(&str) -> M,
    ) -> Result<Option<M>, JsonError> {
        if open.is_first {
            layout.begin();
        }
        if !self.next(open, b'}', "a comma or the end of the object")? {
            if !layout.is_agreed() {
                self.close_object(open)?;
            }
            layout.end();
            return Ok(None);
        }
        self.space();
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if let Some((length, known)) = layout.agree(rest, self.at) {
            self.at += length;
            return Ok(Some(known));
        }
        layout.differ(self.names);
        let name = self.name()?;
        let found = meaning(&name.unescape());
        if name.is_escaped {
            layout.forget();
        } else {
            layout.keep(name.raw, found);
        }
        Ok(Some(found))
    }

    fn close_object(&mut self, open: &Open) -> Result<(), JsonError> {
        match self.names.close(open.names, self.text.as_bytes()) {
            Some(offset) => Err(JsonError::named(offset, "distinct member names", "a name twice")),
            None => Ok(()),
        }
    }

    /// Reads a name and its colon.
    fn name(&mut self) -> Result<Text<'a>, JsonError> {
        self.space();
        if self.byte() != Some(b'"') {
            return Err(self.fault("a member name"));
        }
        let start = self.at + 1;
        let name = self.text()?;
        if name.is_escaped {
            self.names.push_copy(start, |out| out.extend_from_slice(name.unescape().as_bytes()));
        } else {
            self.names.push(start, start + name.raw.len());
        }
        self.space();
        if self.byte() != Some(b':') {
            return Err(self.fault("a colon"));
        }
        self.at += 1;
        Ok(name)
    }

    /// Checks the next value and steps over it.
    ///
    /// Recursion is bounded by the depth limit.
    pub fn skip(&mut self) -> Result<(), JsonError> {
        match self.peek()? {
            Kind::Null => self.null(),
            Kind::Bool => self.bool().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Text => self.text().map(drop),
            Kind::Array => {
                let mut open = self.open_array()?;
                while self.next_element(&mut open)? {
                    self.skip()?;
                }
                Ok(())
            }
            Kind::Object => {
                let mut open = self.open_object()?;
                while self.next_name(&mut open)?.is_some() {
                    self.skip()?;
                }
                Ok(())
            }
        }
    }

    /// Steps over a value that was read before from these bytes, if they stand here.
    pub fn skip_known(&mut self, bytes: &[u8]) -> bool {
        let is_here = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(bytes));
        if is_here {
            self.at += bytes.len();
        }
        is_here
    }

    /// Checks the next value, steps over it and gives its text.
    pub fn written(&mut self) -> Result<&'a str, JsonError> {
        self.space();
        let start = self.at;
        self.skip()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Checks that only white space is left.
    pub fn finish(mut self) -> Result<(), JsonError> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.fault("the end of the JSON text")) }
    }
}

/// What a tree is made from: finished values of the lists that are still open.
#[derive(Default)]
struct Pending<'a> {
    elements: Vec<Value<'a>>,
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

fn tree<'a>(reader: &mut Reader<'a, '_>, pending: &mut Pending<'a>) -> Result<Value<'a>, JsonError> {
    Ok(match reader.peek()? {
        Kind::Null => reader.null().map(|()| Value::Null)?,
        Kind::Bool => Value::Bool(reader.bool()?),
        Kind::Number => Value::Number(reader.number()?),
        Kind::Text => Value::Text(reader.text()?.unescape()),
        Kind::Array => {
            let base = pending.elements.len();
            let mut open = reader.open_array()?;
            while reader.next_element(&mut open)? {
                let element = tree(reader, pending)?;
                pending.elements.push(element);
            }
            Value::Array(pending.elements.split_off(base))
        }
        Kind::Object => {
            let base = pending.members.len();
            let mut open = reader.open_object()?;
            while let Some(name) = reader.next_name(&mut open)? {
                let value = tree(reader, pending)?;
                pending.members.push((name.unescape(), value));
            }
            Value::Object(pending.members.split_off(base))
        }
    })
}

/// Reads one JSON value that fills `bytes`, white space aside.
///
/// `max_depth` must be small (proofs: 8, files: 64 is plenty): the parser calls itself once per level.
pub fn parse(bytes: &[u8], max_depth: usize) -> Result<Value<'_>, JsonError> {
    let mut names = Distinct::new();
    let mut reader = Reader::new(bytes, max_depth, &mut names)?;
    let value = tree(&mut reader, &mut Pending::default())?;
    reader.finish()?;
    Ok(value)
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
