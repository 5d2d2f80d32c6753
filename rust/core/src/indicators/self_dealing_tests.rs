use proptest::prelude::*;

use super::*;

const fn party(owner: u64, payee: Option<u64>) -> Party {
    Party { owner, payee }
}

#[test]
fn owner_or_payee_is_enough_and_no_payee_is_none() {
    let devices = [party(1, Some(5)), party(2, None), party(3, Some(6))];
    let validators = [party(1, None), party(9, Some(6)), party(3, Some(6)), party(5, None)];
    let all: Vec<(u32, u32)> =
        (0..3).flat_map(|device| (0..4).map(move |validator| (device, validator))).collect();
    let found = self_dealing(&devices, &validators, all).unwrap();
    let rows: Vec<_> =
        found.iter().map(|f| (f.device, f.validator, f.shares_owner, f.shares_payee)).collect();
    assert_eq!(rows, [(0, 0, true, false), (2, 1, false, true), (2, 2, true, true)]);
}

#[test]
fn rows_are_counted_and_strangers_refused() {
    let own = [party(1, None)];
    assert_eq!(self_dealing(&own, &own, [(0, 0); 3]).unwrap().first().map(|found| found.rows), Some(3));
    assert_eq!(self_dealing(&own, &own, []), Ok(vec![]));
    let unknown = |what, found| Err(UnknownParty { what, known: 1, found });
    assert_eq!(self_dealing(&own, &own, [(1, 0)]), unknown("device", 1));
    assert_eq!(self_dealing(&own, &own, [(0, u32::MAX)]), unknown("validator", u32::MAX));
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_nothing(rows in prop::collection::vec((0_u32..4, 0_u32..3), 0..30)) {
        let devices: Vec<Party> = (0..4).map(|at| party(at % 3, Some(at))).collect();
        let validators: Vec<Party> = (0..3).map(|at| party(at, Some(at + 1))).collect();
        let found = self_dealing(&devices, &validators, rows.clone()).unwrap();
        prop_assert!(found.is_sorted_by_key(|found| (found.device, found.validator)));
        prop_assert_eq!(self_dealing(&devices, &validators, rows.into_iter().rev()).unwrap(), found);
    }
}
