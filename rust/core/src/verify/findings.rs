//! Indicators as they are gathered: who, how many rows, and the smallest row ids behind them.
//!
//! In: one call per row or fact. Out: the `indicators` array of the reward file. Rule: scoring and rewards, 7.1.
//! Invariant: merging findings in any order or grouping gives the same array.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::verdict::{Family, by_name};

/// Row ids shown per indicator.
const EVIDENCE_ROWS: usize = 16;

/// Whom an indicator is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// A device by its id.
    Device(Vec<u8>),
    /// A validator by its id.
    Validator(Vec<u8>),
}

impl Subject {
    fn text(&self) -> String {
        match self {
            Self::Device(id) => format!("device:{}", HEXLOWER.encode(id)),
            Self::Validator(id) => format!("validator:{}", HEXLOWER.encode(id)),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Finding {
    rows: u64,
    evidence: BTreeSet<Hash>,
    numbers: BTreeMap<String, u64>,
}

impl Finding {
    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.evidence.extend(other.evidence);
        self.numbers.extend(other.numbers);
        self.keep_smallest();
    }

    fn keep_smallest(&mut self) {
        while self.evidence.len() > EVIDENCE_ROWS {
            self.evidence.pop_last();
        }
    }
}

/// All findings so far, one per code, subjects and (for events of the whole network) slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(BTreeMap<(String, Vec<Subject>, Option<u64>), Finding>);

impl Findings {
    /// Adds one row to the finding of this code about these subjects.
    pub fn row(&mut self, code: &str, subjects: impl Into<Vec<Subject>>, id: &Hash) {
        self.rows(code, subjects, [id]);
    }

    /// Adds rows to the finding of this code about these subjects.
    pub fn rows<'a>(
        &mut self,
        code: &str,
        subjects: impl Into<Vec<Subject>>,
        ids: impl IntoIterator<Item = &'a Hash>,
    ) {
        let finding = self.entry(code, subjects.into(), None);
        for id in ids {
            finding.rows += 1;
            finding.evidence.insert(*id);
            finding.keep_smallest();
        }
    }

    /// States a finding that rests on numbers instead of rows.
    pub fn fact(&mut self, code: &str, subjects: impl Into<Vec<Subject>>, numbers: &[(&str, u64)]) {
        let slot = numbers.iter().find(|(name, _)| *name == "slot").map(|(_, slot)| *slot);
        let finding = self.entry(code, subjects.into(), slot);
        finding.numbers.extend(numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)));
    }

    fn entry(&mut self, code: &str, mut subjects: Vec<Subject>, slot: Option<u64>) -> &mut Finding {
        subjects.sort();
        self.0.entry((code.to_owned(), subjects, slot)).or_default()
    }

    /// Adds everything that `other` found.
    pub fn merge(&mut self, other: Self) {
        for (key, found) in other.0 {
            self.0.entry(key).or_default().merge(found);
        }
    }

    /// The entries as JSON objects in the form and order of the reward file: ascending by canonical bytes.
    pub fn to_json(&self) -> Vec<serde_json::Value> {
        let mut entries: Vec<(String, serde_json::Value)> = self
            .0
            .iter()
            .map(|((code, subjects, _), finding)| {
                let severity = by_name(Family::Indicator, "", code).and_then(|entry| entry.severity);
                let mut numbers = finding.numbers.clone();
                numbers.insert("rows".to_owned(), finding.rows);
                // serde_json keeps object members sorted, so this text is canonical for these ASCII members.
                let value = serde_json::json!({
                    "code": code,
                    "severity": severity.map(crate::verdict::Severity::name),
                    "subjects": subjects.iter().map(Subject::text).collect::<Vec<_>>(),
                    "numbers": numbers,
                    "evidence": finding.evidence.iter().map(|id| HEXLOWER.encode(id)).collect::<Vec<_>>(),
                });
                (value.to_string(), value)
            })
            .collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.into_iter().map(|(_, value)| value).collect()
    }

    /// A form that can be stored and read back.
    pub fn to_stored(&self) -> Vec<StoredFinding> {
        self.0.iter().map(|(key, finding)| StoredFinding(key.clone(), finding.clone())).collect()
    }

    /// Reads back what [`Findings::to_stored`] gave, once or several times in a row: the parts of one finding add up.
    pub fn from_stored(stored: Vec<StoredFinding>) -> Self {
        let mut findings = Self::default();
        for StoredFinding(key, finding) in stored {
            findings.0.entry(key).or_default().merge(finding);
        }
        findings
    }
}

/// One finding between two runs of a settlement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredFinding((String, Vec<Subject>, Option<u64>), Finding);

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;
