//! Walks many runs as one.
//!
//! In: [`Runs`], on disk and in memory. Out: their records in ascending order of key, then payload, one at a time without
//! copying. Rule: a tournament of losers over the next record of each run. Invariant: at most [`FAN_IN`] files are open and
//! one block and one record of each are in memory; more runs are first merged into longer ones.

use std::cmp::Ordering;
use std::io::Write;
use std::sync::Arc;

use super::run::{RunReader, RunWriter};
use super::sorter::{Held, prefix};
use super::{Runs, SpillError};

/// Most files that are read at the same time.
pub(super) const FAN_IN: usize = 96;

/// A record, borrowed until the next one is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is sorted by.
    pub key: &'a [u8],
    /// What else it holds; second in the order.
    pub payload: &'a [u8],
}

/// All records of some runs, in ascending order.
pub fn merge(runs: Vec<Runs>) -> Result<Merge, SpillError> {
    let mut all = Runs::default();
    for part in runs {
        all.adopt(part);
    }
    all.compact()?;
    merge_between(&all, None, None)
}

/// The records with `from <= key < until`, in ascending order.
///
/// Several ranges of the same runs may be walked at the same time, one by each thread; [`Runs::splitters`] gives bounds of
/// about equal shares. Call [`Runs::compact`] first where there may be many runs.
pub fn merge_between(runs: &Runs, from: Option<&[u8]>, until: Option<&[u8]>) -> Result<Merge, SpillError> {
    let mut sources = Vec::with_capacity(runs.held.len() + runs.files.len());
    for held in &runs.held {
        let next = from.map_or(0, |from| held.position(from));
        sources.push(Source::new(Place::Held { held: Arc::clone(held), next }));
    }
    for run in &runs.files {
        sources.push(Source::new(Place::File(RunReader::open(run, from)?)));
    }
    for source in &mut sources {
        source.advance()?;
        while from.is_some_and(|from| !source.done && source.place.key() < from) {
            source.advance()?;
        }
    }
    let mut merge = Merge {
        tree: vec![Player::default(); sources.len()],
        sources,
        taken: false,
        until: until.map(<[u8]>::to_vec),
    };
    merge.build();
    Ok(merge)
}

#[derive(Debug)]
enum Place {
    /// `next` is one behind the record that is shown.
    Held {
        held: Arc<Held>,
        next: usize,
    },
    File(RunReader),
}

impl Place {
    fn key(&self) -> &[u8] {
        match self {
            Self::Held { held, next } => held.key(next - 1),
            Self::File(reader) => reader.key(),
        }
    }

    fn payload(&self) -> &[u8] {
        match self {
            Self::Held { held, next } => held.payload(next - 1),
            Self::File(reader) => reader.payload(),
        }
    }
}

#[derive(Debug)]
struct Source {
    place: Place,
    /// First bytes of the next key, the highest number at the end: differs only as the order does.
    prefix: u64,
    done: bool,
}

/// A source in a match, by what decides most matches.
#[derive(Clone, Copy, Debug, Default)]
struct Player {
    prefix: u64,
    source: usize,
}

impl Source {
    fn new(place: Place) -> Self {
        Self { place, prefix: 0, done: false }
    }

    fn advance(&mut self) -> Result<(), SpillError> {
        self.done = match &mut self.place {
            Place::Held { held, next } => {
                *next += 1;
                *next > held.len()
            }
            Place::File(reader) => !reader.advance()?,
        };
        self.prefix = if self.done { u64::MAX } else { prefix(self.place.key()) };
        Ok(())
    }
}

/// A walk over records in ascending order.
#[derive(Debug)]
pub struct Merge {
    sources: Vec<Source>,
    /// `tree[0]` is the source whose record is next; `tree[n]`, n > 0, is the loser of the match at inner node n of a
    /// binary tree whose leaves are the sources.
    tree: Vec<Player>,
    taken: bool,
    until: Option<Vec<u8>>,
}

impl Merge {
    /// The next record, or none at the end.
    ///
    /// After an error the walk is over.
    #[expect(
        clippy::should_implement_trait,
        reason = "the record borrows from the walk, which no Iterator can say"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, SpillError> {
        let Some(last) = self.tree.first().map(|player| player.source) else { return Ok(None) };
        if self.taken {
            if let Err(error) = self.sources[last].advance() {
                self.tree.clear();
                return Err(error);
            }
            self.replay(last);
        }
        self.taken = true;
        let winner = self.tree[0].source;
        if self.is_over(winner) {
            self.tree.clear();
            self.sources.clear();
            return Ok(None);
        }
        let winner = &self.sources[winner];
        Ok(Some(Record { key: winner.place.key(), payload: winner.place.payload() }))
    }

    fn is_over(&self, winner: usize) -> bool {
        let winner = &self.sources[winner];
        winner.done || self.until.as_deref().is_some_and(|until| winner.place.key() >= until)
    }

    fn player(&self, source: usize) -> Player {
        Player { prefix: self.sources[source].prefix, source }
    }

    /// Whether source `a` comes before source `b`; one that is done comes after every other.
    fn is_before(&self, a: Player, b: Player) -> bool {
        let order = a.prefix.cmp(&b.prefix).then_with(|| {
            let (first, second) = (&self.sources[a.source], &self.sources[b.source]);
            match (first.done, second.done) {
                (false, false) => (first.place.key().cmp(second.place.key()))
                    .then_with(|| first.place.payload().cmp(second.place.payload())),
                (first, second) => first.cmp(&second),
            }
        });
        order.then(a.source.cmp(&b.source)) == Ordering::Less
    }

    /// Plays all matches, from the leaves (nodes k..2k) up.
    fn build(&mut self) {
        let k = self.sources.len();
        let players = (0..k).map(|source| self.player(source));
        let mut winners: Vec<Player> = (0..k).map(|_| Player::default()).chain(players).collect();
        for node in (1..k).rev() {
            let (a, b) = (winners[2 * node], winners[2 * node + 1]);
            let a_wins = self.is_before(a, b);
            winners[node] = if a_wins { a } else { b };
            self.tree[node] = if a_wins { b } else { a };
        }
        if let Some(top) = self.tree.first_mut() {
            // With one source there is no match: its leaf is node 1.
            *top = winners[1];
        }
    }

    /// Plays the matches on the way of a source to the top again.
    fn replay(&mut self, source: usize) {
        let mut winner = self.player(source);
        let mut node = usize::midpoint(source, self.sources.len());
        while node > 0 {
            if self.is_before(self.tree[node], winner) {
                std::mem::swap(&mut self.tree[node], &mut winner);
            }
            node /= 2;
        }
        self.tree[0] = winner;
    }

    /// Writes what is left as one run.
    pub(super) fn write<W: Write>(mut self, mut writer: RunWriter<W>) -> Result<super::run::Run, SpillError> {
        while let Some(record) = self.next()? {
            writer.push(record.key, record.payload)?;
        }
        writer.finish()
    }
}
