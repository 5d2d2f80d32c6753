//! The checks that look at all rows of a device together, and what its rows say in sum.
//!
//! In: the drafts of a block of whole devices. Out: the ruling of every row, the rows that are kept for scoring, counters
//! for the next epoch, address prefixes, uses of shared keys, and findings. Rule: uptime proof, 4.1 (checks 10 and 14);
//! scoring and rewards, 2.2, 7.1 and 7.2. Invariant: the result for a device depends on the set of its rows alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::checks::geography::{MAX_ACCURACY_M, UnitVector};
use crate::checks::spread::Spread;
use crate::hash::Hash;
use crate::score::state::PriorState;
use crate::signature::KeyId;
use crate::verdict::Outcome;
use crate::verify::epoch::Epoch;
use crate::verify::findings::{Findings, Subject};
use crate::verify::judged::{Counters, Judged, Kept, KeyUse, Presented, preference};
use crate::verify::roster::Roster;
use crate::verify::rows::{Block, Row};

use super::draft::{Draft, drafts};
use super::ruling::{Check, Ruling, answered, stopped, unanswered};

/// Judges a block of whole devices. What was scheduled is summed for every device of `devices`, the positions that the
/// block stands for, whether it has rows or not.
pub fn judge(block: &Block, devices: Range<u32>, epoch: &Epoch, prior: &[PriorState]) -> Judged {
    let mut judged = Judged { probes: vec![0; epoch.participants.len()], ..Judged::default() };
    let mut next = devices.start;
    let mut drafts = drafts(block, epoch, |device| {
        let device = u32::try_from(device).unwrap_or(u32::MAX);
        judged.schedule(epoch, next..device);
        next = device + 1;
        judged.schedule_one(epoch, device)
    });
    judged.schedule(epoch, next..devices.end);
    judged.rulings.reserve(block.rows.len());
    judged.kept.reserve(block.rows.len());
    judged.presented.reserve(block.rows.iter().filter(|row| row.transport == 0).count());
    for range in block.devices() {
        let first = range.start;
        let (Some(rows), Some(drafts)) = (block.rows.get(range.clone()), drafts.get_mut(range)) else {
            continue;
        };
        let clean: Vec<bool> = drafts.iter().map(is_clean).collect();
        find_replays(rows, drafts);
        if let Some(counters) = check_counters(rows, drafts, &clean, epoch, prior, |_, _, _| ()) {
            judged.counters.push(counters);
        }
        let rulings: Vec<Ruling> = rows
            .iter()
            .zip(drafts.iter())
            .zip(&clean)
            .map(|((row, draft), clean)| rule(row, draft, *clean))
            .collect();
        let device = Device { block, first, rows, drafts, rulings: &rulings };
        device.list_rows(&mut judged.findings);
        device.find_contradictions(epoch, &mut judged.findings);
        device.find_contradicting_validators(&mut judged.findings);
        device.keep(epoch, &mut judged);
        device.present(&mut judged.presented);
        judged.rulings.extend(rulings);
    }
    judged.proof_hashes = drafts.iter().map(|draft| draft.proof_hash).collect();
    judged
}

/// What a person is told who asks about one row.
#[derive(Debug)]
pub struct Explained {
    /// Its code, masks, evidence and outcome.
    pub ruling: Ruling,
    /// What its checks compared.
    pub draft: Draft,
    /// Boot count and first boot time that check 14 held against it; `None` where it did not run.
    pub counters: Option<(Option<i64>, Option<i64>)>,
    /// Other rows of the device with the same challenge answer.
    pub same_nonce: usize,
}

/// Judges one row among the rows of its device that the block holds, and gives what its checks compared.
pub fn explain(block: &Block, id: &Hash, epoch: &Epoch, prior: &[PriorState]) -> Option<Explained> {
    let range = block.devices().find(|range| {
        block.rows.get(range.clone()).is_some_and(|rows| rows.iter().any(|row| row.id == *id))
    })?;
    let mut drafts = drafts(block, epoch, |device| Roster::new(epoch, device));
    let (rows, drafts) = (block.rows.get(range.clone())?, drafts.get_mut(range)?);
    let asked = rows.iter().position(|row| row.id == *id)?;
    let clean: Vec<bool> = drafts.iter().map(is_clean).collect();
    find_replays(rows, drafts);
    let mut counters = None;
    check_counters(rows, drafts, &clean, epoch, prior, |position, bootcount, boot_first| {
        if position == asked {
            counters = Some((bootcount, boot_first));
        }
    });
    let nonce = drafts.get(asked)?.facts.as_ref().map(|facts| facts.nonce);
    let presented = drafts
        .iter()
        .filter(|other| nonce.is_some() && other.facts.as_ref().map(|facts| facts.nonce) == nonce);
    let same_nonce = presented.count().saturating_sub(1);
    let ruling = rule(rows.get(asked)?, drafts.get(asked)?, clean.get(asked) == Some(&true));
    let draft = std::mem::replace(drafts.get_mut(asked)?, Draft::new(None));
    Some(Explained { ruling, draft, counters, same_nonce })
}

/// Rows that speak for the device's counters (check 14).
fn is_clean(draft: &Draft) -> bool {
    draft.facts.is_some()
        && draft.has_passed(Check::NonceMismatch)
        && ![Check::DeviceMismatch, Check::KeyNotValid, Check::Expired, Check::ClockSkew]
            .into_iter()
            .any(|check| draft.has_failed(check))
}

fn rule(row: &Row, draft: &Draft, is_clean: bool) -> Ruling {
    let mut not_run = stopped(draft.failed, draft.algorithm_known);
    if row.transport != 0 {
        return unanswered(draft.failed, not_run & Check::OffSchedule.bit(), row.transport);
    }
    if !is_clean {
        not_run |= Check::CounterRegression.bit();
    }
    answered(draft.failed, not_run & !draft.failed, &draft.compared)
}

/// Check 10.
fn find_replays(rows: &[Row], drafts: &mut [Draft]) {
    if !drafts.iter().any(|draft| draft.has_failed(Check::NonceMismatch)) {
        return;
    }
    let mut by_nonce: BTreeMap<Hash, (usize, Option<Hash>)> = BTreeMap::new();
    for (row, draft) in rows.iter().zip(drafts.iter()) {
        let Some(facts) = &draft.facts else { continue };
        let (count, rightful) = by_nonce.entry(facts.nonce).or_default();
        *count += 1;
        if draft.has_passed(Check::NonceMismatch) {
            // Rows ascend by slot and validator, not by id.
            *rightful = Some(rightful.map_or(row.id, |found| found.min(row.id)));
        }
    }
    for draft in drafts.iter_mut().filter(|draft| draft.has_failed(Check::NonceMismatch)) {
        let Some(nonce) = draft.facts.as_ref().map(|facts| facts.nonce) else { continue };
        if let Some((2.., rightful)) = by_nonce.get(&nonce) {
            draft.failed |= Check::Replayed.bit();
            draft.compared.rightful = *rightful;
        }
    }
}

/// Check 14. `None` where no row is clean. `held` gets the boot count and first boot time that stand against each clean row.
fn check_counters(
    rows: &[Row],
    drafts: &mut [Draft],
    clean: &[bool],
    epoch: &Epoch,
    prior: &[PriorState],
    mut held: impl FnMut(usize, Option<i64>, Option<i64>),
) -> Option<Counters> {
    let facts = |position: usize| drafts.get(position).and_then(|draft| draft.facts.as_ref());
    let mut order: Vec<(i64, usize)> = (0..rows.len())
        .filter(|position| clean.get(*position) == Some(&true))
        .filter_map(|position| Some((facts(position)?.iat, position)))
        .collect();
    order.sort_unstable_by(|(iat, a), (other_iat, b)| {
        let rest = |position: usize| {
            let facts = facts(position)?;
            Some((facts.bootcount, facts.uptime, rows.get(position)?.id))
        };
        iat.cmp(other_iat).then_with(|| rest(*a).cmp(&rest(*b)))
    });
    let device = drafts.first()?.device?;
    order.first()?;
    let before = prior.get(device as usize);
    let mut bootcount = before.and_then(|state| state.bootcount);
    let mut boot_first = before.and_then(|state| state.boot_first);
    let tolerance = 2 * epoch.params.counter_grace_s.max(epoch.params.skew_s);
    for (iat, position) in order {
        held(position, bootcount, boot_first);
        let facts = drafts.get(position).and_then(|draft| draft.facts.as_ref());
        let this_count = facts.and_then(|facts| facts.bootcount);
        let boot = facts.and_then(|facts| facts.uptime).map(|uptime| iat - uptime);
        let has_risen = matches!((bootcount, this_count), (Some(earlier), Some(this)) if this > earlier);
        let fallen = bootcount.zip(this_count).filter(|(earlier, this)| this < earlier);
        let ahead = boot_first.zip(boot).filter(|(first, boot)| *boot < first.saturating_sub(tolerance));
        if let Some(draft) = drafts.get_mut(position).filter(|_| fallen.is_some() || ahead.is_some()) {
            draft.failed |= Check::CounterRegression.bit();
            draft.compared.bootcount = fallen;
            draft.compared.boot = ahead;
        }
        bootcount = this_count.or(bootcount);
        boot_first = match (boot_first, boot) {
            (None, boot) => boot,
            (Some(first), Some(boot)) if has_risen => Some(first.max(boot)),
            (first, _) => first,
        };
    }
    Some(Counters { device, bootcount, boot_first })
}

struct Device<'a> {
    block: &'a Block,
    /// Position of its first row in the block.
    first: usize,
    rows: &'a [Row],
    drafts: &'a [Draft],
    rulings: &'a [Ruling],
}

impl<'a> Device<'a> {
    fn all(&self) -> impl Iterator<Item = (&'a Row, &'a Draft, &'a Ruling)> {
        self.range(0..self.rows.len())
    }

    /// A part of the rows, found without walking over those before it: a device may have as many probes as rows.
    fn range(&self, part: Range<usize>) -> impl Iterator<Item = (&'a Row, &'a Draft, &'a Ruling)> {
        let rows = self.rows.get(part.clone()).unwrap_or_default();
        let drafts = self.drafts.get(part.clone()).unwrap_or_default();
        let rulings = self.rulings.get(part).unwrap_or_default();
        rows.iter().zip(drafts).zip(rulings).map(|((row, draft), ruling)| (row, draft, ruling))
    }

    fn subject(&self, row: &Row) -> Subject {
        Subject::Device(self.block.device(row).to_vec())
    }

    fn validator(&self, row: &Row) -> Subject {
        Subject::Validator(self.block.validator(row).to_vec())
    }

    /// Findings that a single row makes.
    fn list_rows(&self, findings: &mut Findings) {
        for (row, draft, ruling) in self.all() {
            if draft.has_failed(Check::UnknownDevice) {
                findings.row("UNKNOWN_DEVICE", [self.validator(row)], &row.id);
            }
            if draft.has_failed(Check::OffSchedule) {
                findings.row("OFF_SCHEDULE", [self.validator(row)], &row.id);
            }
            if draft.has_failed(Check::CounterRegression) && draft.compared.boot.is_some() {
                findings.row("COUNTER_AHEAD", [self.subject(row)], &row.id);
            }
            if draft.has_failed(Check::ClockSkew) {
                match ruling.outcome {
                    Outcome::Unknown => findings.row("CLOCK_SKEW", [self.validator(row)], &row.id),
                    Outcome::Pass => {
                        findings.row("CLOCK_SKEW", [self.subject(row), self.validator(row)], &row.id);
                    }
                    _ => {}
                }
            }
        }
    }

    /// `EQUIVOCATION` of the device: statements with one nonce and one time that contradict each other.
    fn find_contradictions(&self, epoch: &Epoch, findings: &mut Findings) {
        let facts = |position: &usize| self.drafts.get(*position).and_then(|draft| draft.facts.as_ref());
        // By the first bytes of the nonce, which hardly any two have in common.
        let mut statements: Vec<(u64, usize)> = self
            .drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| draft.is_signed() && !draft.has_failed(Check::DeviceMismatch))
            .filter_map(|(position, draft)| {
                let nonce = &draft.facts.as_ref()?.nonce;
                Some((u64::from_be_bytes(*nonce.first_chunk()?), position))
            })
            .collect();
        statements.sort_unstable();
        for alike in statements.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
            let mut alike: Vec<usize> = alike.iter().map(|(_, position)| *position).collect();
            let said = |position: &usize| facts(position).map(|facts| (facts.nonce, facts.iat));
            alike.sort_by_key(said);
            for positions in alike.chunk_by(|a, b| said(a) == said(b)) {
                // One answer in several rows says the same in each of them.
                if positions.iter().skip(1).all(|other| facts(other) == positions.first().and_then(facts)) {
                    continue;
                }
                for position in contradicting(positions, self.drafts, epoch) {
                    if let Some(row) = self.rows.get(position) {
                        findings.row("EQUIVOCATION", [self.subject(row)], &row.id);
                    }
                }
            }
        }
    }

    /// `EQUIVOCATION` of a validator: one probe both answered and not answered.
    fn find_contradicting_validators(&self, findings: &mut Findings) {
        for probe in self.probes().filter(|probe| probe.len() > 1) {
            let mut sent: Vec<(i64, usize)> =
                probe.filter_map(|position| Some((self.rows.get(position)?.sent_ms, position))).collect();
            sent.sort_unstable();
            for group in sent.chunk_by(|a, b| a.0 == b.0) {
                // What nobody signed is nobody's word.
                let rows = group.iter().filter_map(|(_, position)| self.rows.get(*position));
                let rows: Vec<&Row> = rows.filter(|row| row.is_signed).collect();
                if rows.iter().any(|row| row.transport == 0) && rows.iter().any(|row| row.transport != 0) {
                    for row in rows {
                        findings.row("EQUIVOCATION", [self.validator(row)], &row.id);
                    }
                }
            }
        }
    }

    /// Ranges of rows with one (slot, validator).
    fn probes(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut start = 0;
        self.rows.chunk_by(|a, b| a.slot == b.slot && self.block.validator(a) == self.block.validator(b)).map(
            move |probe| {
                start += probe.len();
                start - probe.len()..start
            },
        )
    }

    /// Of the rows of one probe the best is kept (2.2); kept rows give observations, prefixes and uses of keys.
    fn keep(&self, epoch: &Epoch, judged: &mut Judged) {
        let mut shown: BTreeMap<Prefix, BTreeSet<u16>> = BTreeMap::new();
        for probe in self.probes() {
            let counted =
                || self.range(probe.clone()).filter(|(_, _, ruling)| ruling.outcome != Outcome::None);
            let Some((row, draft, ruling)) = counted()
                .min_by_key(|(row, draft, ruling)| (preference(ruling.outcome, draft.is_signed()), row.id))
            else {
                continue;
            };
            let signed = || counted().map(|(row, _, _)| row).filter(|row| row.is_signed);
            let first = signed().next().map(|row| row.transport);
            if signed().any(|row| Some(row.transport) != first) {
                let said = signed().map(|row| &row.id);
                judged.findings.rows("DUPLICATE_CONFLICT", [self.validator(row)], said);
            }
            let (Some(device), Some(participant)) = (draft.device, draft.participant) else { continue };
            let slot = u32::try_from(row.slot).unwrap_or(u32::MAX);
            let is_answered = row.transport == 0;
            judged.kept.push(Kept { slot, device, participant, outcome: ruling.outcome, is_answered });
            if !ruling.outcome.is_up() {
                continue;
            }
            if let Some(prefix) = self.block.address(row).and_then(prefix) {
                let owner = epoch.participants.get(usize::from(participant)).map_or(0, |p| p.owner);
                shown.entry(prefix).or_default().insert(owner);
            }
            if let Some(key) = draft.key.filter(|key| epoch.shared_keys().contains_key(key)) {
                add_use(&mut judged.key_uses, key, device, row.id);
            }
        }
        let Some(device) = self.drafts.first().and_then(|draft| draft.device) else { return };
        let witnesses = epoch.quorum();
        judged.prefixes.extend(
            shown
                .into_iter()
                .filter(|(_, owners)| owners.len() >= witnesses)
                .map(|(prefix, _)| (device, prefix_bytes(prefix))),
        );
    }

    /// Every answer by the hash of its bytes, for `REPLAY`.
    fn present(&self, presented: &mut Vec<Presented>) {
        for (position, draft) in self.drafts.iter().enumerate() {
            let Some(proof_hash) = draft.proof_hash else { continue };
            presented.push(Presented {
                proof_hash,
                position: self.first + position,
                answered: draft.answered(),
            });
        }
    }
}

fn add_use(uses: &mut Vec<KeyUse>, key: KeyId, device: u32, row_id: Hash) {
    match uses.last_mut().filter(|last| last.key == key && last.device == device) {
        Some(last) => last.rows.push(row_id),
        None => uses.push(KeyUse { key, device, rows: vec![row_id] }),
    }
}

/// The family of an address and its /24 or /48 prefix; zeros behind the shorter one.
type Prefix = [u8; 7];

/// The prefix of an address; IPv4-mapped IPv6 addresses count as IPv4.
fn prefix(address: &[u8]) -> Option<Prefix> {
    const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
    let v4 = match address.len() {
        4 => Some(address),
        16 => address.strip_prefix(&MAPPED),
        _ => return None,
    };
    let (family, kept) = match v4 {
        Some(v4) => (4, v4.get(..3)?),
        None => (6, address.get(..6)?),
    };
    let mut prefix = [family, 0, 0, 0, 0, 0, 0];
    prefix.get_mut(1..=kept.len())?.copy_from_slice(kept);
    Some(prefix)
}

/// The bytes of a prefix without the zeros behind it.
fn prefix_bytes(prefix: Prefix) -> Vec<u8> {
    let length = if prefix[0] == 4 { 4 } else { 7 };
    prefix.into_iter().take(length).collect()
}

/// Positions of statements that contradict another one of their group (7.2).
fn contradicting(group: &[usize], drafts: &[Draft], epoch: &Epoch) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let facts =
        || group.iter().filter_map(|position| Some((*position, drafts.get(*position)?.facts.as_ref()?)));
    differing(facts().filter_map(|(p, c)| Some((p, c.bootcount?))), &mut found);
    differing(facts().filter_map(|(p, c)| Some((p, c.hwmodel.as_deref()?))), &mut found);
    differing(facts().filter_map(|(p, c)| Some((p, c.oemid.as_deref()?))), &mut found);
    let uptimes: Vec<(usize, i64)> = facts().filter_map(|(p, c)| Some((p, c.uptime?))).collect();
    let least = uptimes.iter().map(|(_, uptime)| *uptime).min().unwrap_or(0);
    let most = uptimes.iter().map(|(_, uptime)| *uptime).max().unwrap_or(0);
    found.extend(
        uptimes
            .iter()
            .filter(|(_, uptime)| most - uptime > epoch.params.skew_s || uptime - least > epoch.params.skew_s)
            .map(|(position, _)| *position),
    );
    let mut places: BTreeMap<(i32, i32), BTreeMap<u64, Vec<usize>>> = BTreeMap::new();
    for (position, facts) in facts() {
        if let Some(at) = facts.location.as_ref().filter(|location| location.accuracy_m <= MAX_ACCURACY_M) {
            let place = places.entry((at.lat_e7, at.lon_e7)).or_default();
            place.entry(at.accuracy_m).or_default().push(position);
        }
    }
    // As the other one of a pair, a place counts with its best accuracy.
    let best = places.iter().filter_map(|((lat, lon), by_accuracy)| {
        Some((UnitVector::new(*lat, *lon), *by_accuracy.first_key_value()?.0))
    });
    let Some(spread) = Spread::new(best.collect()) else { return found };
    for ((lat, lon), by_accuracy) in &places {
        let vector = UnitVector::new(*lat, *lon);
        for (accuracy, positions) in by_accuracy {
            if spread.has_beyond(&vector, epoch.params.location_tolerance_m.saturating_add(*accuracy)) {
                found.extend(positions);
            }
        }
    }
    found
}

/// Adds all positions if their values are not all equal.
fn differing<T: PartialEq>(values: impl Iterator<Item = (usize, T)>, found: &mut BTreeSet<usize>) {
    let values: Vec<(usize, T)> = values.collect();
    if values.iter().any(|(_, value)| values.first().is_some_and(|(_, first)| first != value)) {
        found.extend(values.iter().map(|(position, _)| *position));
    }
}
