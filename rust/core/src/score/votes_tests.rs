use super::*;
use crate::verdict::Outcome;

/// Votes about one device of one owner: what each validator said, in each slot.
fn votes(slots: &[&[Outcome]]) -> Votes {
    let slots: Vec<Vec<Kept>> = slots
        .iter()
        .map(|said| {
            let kept = |(participant, outcome): (u16, &Outcome)| Kept {
                slot: 0,
                device: 0,
                participant,
                outcome: *outcome,
                is_answered: true,
            };
            (0..).zip(*said).map(kept).collect()
        })
        .collect();
    let mut votes = Votes::new(["owner"].into_iter(), 3);
    for kept in &slots {
        votes.look(kept);
    }
    for kept in &slots {
        let up = kept.iter().filter(|kept| vote(kept) == Some(true)).count();
        let down = kept.iter().filter(|kept| vote(kept) == Some(false)).count();
        votes.count(kept.iter(), if up > down { Decision::Up } else { Decision::Down });
    }
    votes
}

const UP: Outcome = Outcome::Pass;
const DOWN: Outcome = Outcome::Offline;

#[test]
fn a_few_minority_votes_are_chance() {
    let mut slots: Vec<&[Outcome]> = vec![&[UP, UP, DOWN]; 5];
    slots.extend(vec![&[UP, UP, UP][..]; 15]);
    // 5 of 20 is 25 %, but as few as 9 % may be behind it.
    assert_eq!(votes(&slots).minorities().count(), 0);
    let more: Vec<&[Outcome]> = slots.iter().copied().chain(slots.iter().copied()).collect();
    let found: Vec<_> =
        votes(&more).minorities().map(|(who, cast, _)| (who, cast.votes, cast.minority)).collect();
    assert_eq!(found, [(2, 40, 10)]);
}

#[test]
fn a_friend_is_seen_up_when_it_is_down() {
    let found = votes(&[&[DOWN, DOWN, UP][..]; 12]);
    let favours: Vec<_> =
        found.favours().map(|(who, rates, _, _)| (who, rates.own_up, rates.others)).collect();
    assert_eq!(favours, [(2, 12, 24)]);
    assert_eq!(found.minorities().map(|(who, _, _)| who).collect::<Vec<_>>(), [2]);
}

#[test]
fn whom_nobody_contradicts_favours_nobody() {
    // The down slots have more witnesses than the up slots, which makes the others' rate lower than anybody's own.
    let mut slots: Vec<&[Outcome]> = vec![&[UP, UP]; 300];
    slots.extend(vec![&[DOWN, DOWN, DOWN][..]; 300]);
    assert_eq!(votes(&slots).favours().count(), 0);
}

#[test]
fn what_says_nothing_about_the_device_is_no_vote() {
    let found = votes(&[&[UP, UP, Outcome::Unknown][..]; 50]);
    assert_eq!(found.cast.iter().map(|cast| cast.votes).collect::<Vec<_>>(), [50, 50, 0]);
}
