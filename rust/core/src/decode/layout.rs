//! The names of an object's members in their order, kept for the next object of the same writer.
//!
//! In: the names of one object as they are read, each with what it means to the reader. Out: for an object that has the same
//! names or some of them, in the same order, the meaning of each by one comparison. Rule: none of its own; it saves a search.
//! Invariant: names are kept only of objects that were read to their end and found distinct, so some of them are distinct
//! too. Memory is at most that of 64 names.

use super::distinct::Distinct;

/// Objects of more members are not kept.
const MOST: usize = 64;
/// Nor are those with a name that is longer than this with its quotes and colon.
const WIDTH: usize = 32;
/// Bytes before a written name.
const QUOTE: usize = 1;
/// Bytes around it.
const QUOTES_AND_COLON: usize = 3;

/// One member.
#[derive(Clone, Debug)]
struct Member<M> {
    /// The name with its quotes, and the colon; zeros behind it.
    written: [u8; WIDTH],
    /// All ones where there is a byte of these.
    mask: [u8; WIDTH],
    length: usize,
    /// Where its first quote stands in the object that is being read, if that has it.
    offset: Option<usize>,
    meaning: M,
}

impl<M> Member<M> {
    fn new(name: &str, meaning: M) -> Option<Self> {
        let written = ["\"", name, "\":"].concat();
        let mut member =
            Self { written: [0; WIDTH], mask: [0; WIDTH], length: written.len(), offset: None, meaning };
        member.written.get_mut(..written.len())?.copy_from_slice(written.as_bytes());
        member.mask.get_mut(..written.len())?.fill(u8::MAX);
        Some(member)
    }

    /// Whether this name comes next.
    #[inline]
    fn begins(&self, rest: &[u8]) -> bool {
        let Some(next) = rest.first_chunk::<WIDTH>() else {
            return self.written.get(..self.length).is_some_and(|written| rest.starts_with(written));
        };
        // All bytes, without a branch, are compared faster than so few one by one.
        let bytes = next.iter().zip(&self.written).zip(&self.mask);
        bytes.fold(0, |differs, ((next, own), mask)| differs | (next ^ own) & mask) == 0
    }
}

/// The names of the object that was read last, and how far the one that is being read agrees with them.
#[derive(Clone, Debug)]
pub struct Layout<M> {
    members: Vec<Member<M>>,
    /// The member that may come next, and all behind it; none once the object differs.
    next: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The object being read agrees so far.
    Agrees,
    /// It does not, and its names take the place of those before.
    Differs,
    /// It does not, and its names are not kept.
    Forgotten,
}

impl<M> Default for Layout<M> {
    fn default() -> Self {
        Self { members: Vec::new(), next: 0, state: State::Agrees }
    }
}

impl<M: Copy> Layout<M> {
    /// An object begins.
    pub(super) fn begin(&mut self) {
        if self.state != State::Agrees {
            // The object before was not read to its end.
            self.members.clear();
        }
        for member in &mut self.members {
            member.offset = None;
        }
        self.next = 0;
        self.state = State::Agrees;
    }

    /// Takes the next member if `rest`, which begins at `offset`, begins with its name: the name's length with quotes and
    /// colon, and its meaning.
    #[expect(clippy::inline_always, reason = "a name is compared faster than a function is called")]
    #[inline(always)]
    pub(super) fn follow(&mut self, rest: &[u8], offset: usize) -> Option<(usize, M)> {
        let member = self.members.get_mut(self.next)?;
        if !member.begins(rest) {
            return None;
        }
        member.offset = Some(offset);
        self.next += 1;
        Some((member.length, member.meaning))
    }

    /// As [`Layout::follow`], with the first of the next members whose name comes.
    pub(super) fn agree(&mut self, rest: &[u8], offset: usize) -> Option<(usize, M)> {
        let ahead = self.members.get_mut(self.next..)?;
        let skipped = ahead.iter().position(|member| member.begins(rest))?;
        let member = ahead.get_mut(skipped)?;
        member.offset = Some(offset);
        self.next += skipped + 1;
        Some((member.length, member.meaning))
    }

    /// Another name comes: those that agreed go to `names`.
    pub(super) fn differ(&mut self, names: &mut Distinct) {
        if self.state == State::Agrees {
            self.members.retain(|member| member.offset.is_some());
            for member in &self.members {
                let start = member.offset.unwrap_or_default() + QUOTE;
                names.push(start, start + member.length - QUOTES_AND_COLON);
            }
            self.state = State::Differs;
            self.next = usize::MAX;
        }
    }

    /// Keeps a name that has no escapes.
    pub(super) fn keep(&mut self, name: &str, meaning: M) {
        let has_room = self.state == State::Differs && self.members.len() < MOST;
        match has_room.then(|| Member::new(name, meaning)).flatten() {
            Some(member) => self.members.push(member),
            None => self.forget(),
        }
    }

    /// The names of this object are not kept.
    pub(super) fn forget(&mut self) {
        self.state = State::Forgotten;
    }

    /// Whether all names of the object agreed, so that they are known to be distinct.
    pub(super) fn is_agreed(&self) -> bool {
        self.state == State::Agrees
    }

    /// The object ends, and its names are distinct.
    pub(super) fn end(&mut self) {
        if self.state == State::Forgotten {
            self.members.clear();
        }
        self.state = State::Agrees;
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
