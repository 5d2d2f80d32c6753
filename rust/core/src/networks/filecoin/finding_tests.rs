use super::super::words::{EMPTY_PROOF, PROOF_INVALID, ROUND_NOT_SIGNED, SEED_MISMATCH};
use super::*;

#[test]
fn the_code_is_the_lowest_failed_check_in_whatever_order_they_are_found() {
    for checks in [[SEED_MISMATCH, EMPTY_PROOF, PROOF_INVALID], [PROOF_INVALID, SEED_MISMATCH, EMPTY_PROOF]] {
        let mut finding = Finding::new();
        for check in checks {
            finding.fail(check, check.to_string());
        }
        finding.settle(VALID, "good");
        assert_eq!((finding.code, finding.detail.as_str()), (EMPTY_PROOF, "2"));
        assert_eq!(finding.failed, 1 << EMPTY_PROOF | 1 << SEED_MISMATCH | 1 << PROOF_INVALID);
        assert_eq!(finding.outcome(), Outcome::Invalid);
    }
}

#[test]
fn a_proof_that_is_only_late_counts_as_late() {
    let mut finding = Finding::new();
    finding.fail(LATE_PROOF, "late");
    assert_eq!(finding.outcome(), Outcome::Late);
    finding.fail(ROUND_NOT_SIGNED, "not signed");
    assert_eq!(finding.outcome(), Outcome::Invalid);
}

#[test]
fn what_could_not_be_checked_is_neither_good_nor_bad() {
    for code in [SEED_UNPROVEN, NOT_CHECKED, RANGE_UNPROVEN] {
        let mut finding = Finding::new();
        finding.skip([ROUND_NOT_SIGNED]);
        finding.settle(code, "");
        assert_eq!((finding.outcome(), finding.failed), (Outcome::Unknown, 0));
        assert_eq!(finding.not_run, 1 << ROUND_NOT_SIGNED);
    }
}

#[test]
fn a_record_that_cannot_be_read_leaves_no_check_of_a_record_run() {
    let finding = Finding::malformed("what".to_owned());
    assert_eq!((finding.code, finding.failed, finding.outcome()), (MALFORMED, 1, Outcome::Invalid));
    assert_eq!(finding.not_run, (1 << (LAST_CHECK + 1)) - 2);
}
