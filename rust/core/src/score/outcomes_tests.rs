use proptest::prelude::*;

use super::*;
use crate::score::availability::{Window, evaluate};

const OUTCOMES: [Outcome; 7] = [
    Outcome::Pass,
    Outcome::Late,
    Outcome::Fail,
    Outcome::Timeout,
    Outcome::Offline,
    Outcome::Unknown,
    Outcome::Invalid,
];

fn rules(devices: usize, validators: u16) -> Rules {
    Rules {
        start: 0,
        end: 6 * 900,
        slot_seconds: 900,
        window_s: 1800,
        tracking_s: 3600,
        min_data_windows: 1,
        quorum: 2,
        exclude_network_events: false,
        owners: (0..validators).collect(),
        clusters: (0..u32::try_from(devices).unwrap()).collect(),
        unreliable: vec![],
    }
}

fn row(slot: u32, device: u32, validator: u16, outcome: Outcome) -> Row {
    Row { slot, device, validator, outcome }
}

fn score(rules: Rules, rows: &[Row]) -> Result<Outcomes, RowError> {
    let was_up = vec![Some(true); rules.clusters.len()];
    let mut scorer = OutcomeScorer::new(rules, &was_up);
    rows.iter().try_for_each(|row| scorer.push(*row))?;
    scorer.finish()
}

#[test]
fn a_validator_without_uplink_costs_nobody_anything() {
    let mut rows = Vec::new();
    for slot in 0..4 {
        for device in 0..12 {
            for validator in 0..3 {
                let is_blind = validator == 0 && slot == 2;
                let outcome = if is_blind { Outcome::Offline } else { Outcome::Pass };
                rows.push(row(slot, device, validator, outcome));
            }
        }
    }
    let found = score(rules(12, 3), &rows).unwrap();
    assert!(found.scores.iter().all(|score| score.availability.score == ONE && score.excluded == 1));
    let log: Vec<_> = found.exclusions.iter().map(|(slot, e)| (*slot, e.participant, e.reason)).collect();
    assert_eq!(log, [(2, 0, "VALIDATOR_CORRELATED")]);
    assert_eq!(found.witnesses[0], Witness { slots_probed: 4, slots_excluded: 1 });
}

#[test]
fn rows_out_of_order_or_of_strangers_are_refused() {
    let good = row(1, 1, 1, Outcome::Pass);
    let refused = |bad: Row| score(rules(2, 2), &[good, bad]).unwrap_err();
    assert_eq!(refused(row(0, 1, 1, Outcome::Pass)), RowError::Order(1));
    assert_eq!(refused(row(1, 1, 0, Outcome::Pass)), RowError::Order(1));
    assert_eq!(refused(row(1, 2, 0, Outcome::Pass)), RowError::Device(1, 2, 2));
    assert_eq!(refused(row(2, 1, 2, Outcome::Pass)), RowError::Validator(1, 2, 2));
}

proptest! {
    /// Few devices have no outages to judge, so the rule is a vote per slot and a mean of windows.
    #[test]
    fn scores_are_the_mean_of_windows(
        cells in prop::collection::vec(prop::collection::vec(0_usize..7, 0..4), 6 * 2 * 3),
    ) {
        let (mut rows, mut windows) = (Vec::new(), vec![[Window::default(); 3]; 2]);
        for (place, said) in cells.iter().enumerate() {
            let (slot, device, validator) = (place / 6, place / 3 % 2, place % 3);
            for outcome in said {
                let (slot, device) = (u32::try_from(slot).unwrap(), u32::try_from(device).unwrap());
                rows.push(row(slot, device, u16::try_from(validator).unwrap(), OUTCOMES[*outcome]));
            }
        }
        for (at, said) in cells.chunks(3).enumerate() {
            let (slot, device) = (at / 2, at % 2);
            let best = |said: &Vec<usize>| said.iter().map(|o| OUTCOMES[*o]).min_by_key(|o| class(*o));
            let kept: Vec<Outcome> = said.iter().filter_map(best).collect();
            let up = kept.iter().filter(|outcome| outcome.is_up()).count();
            let down = kept.iter().filter(|outcome| outcome.is_down()).count();
            let window = &mut windows[device][slot / 2];
            window.start = i64::try_from(slot / 2).unwrap() * 1800;
            if up + down >= 2 && up != down && (up > down || down >= 2) {
                window.up += u32::from(up > down);
                window.total += 1;
            }
        }
        let found = score(rules(2, 3), &rows).unwrap();
        for (score, windows) in found.scores.iter().zip(&windows) {
            prop_assert_eq!(score.availability, evaluate(windows, 6 * 900, 1800, 3600, 1).unwrap());
        }
    }
}
