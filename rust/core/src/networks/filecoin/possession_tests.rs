use super::super::node::{node, zero_root};
use super::*;

const SET: u64 = 7;
const EPOCH: u64 = 3850;
const SIGNATURE: &[u8] = b"a signature of the beacon";
const PROVIDER: EthereumAddress = [0xaa; 20];
const WINDOW: Window = Window { opens: 3820, deadline: 3880 };

/// A piece with its tree: the leaves first, the root last, zeros where nothing is.
struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    fn new(name: u8, leaves: u8, height: u8) -> Self {
        let mut levels = vec![(0..leaves).map(|leaf| [name ^ leaf.wrapping_mul(31); 32]).collect::<Vec<_>>()];
        for level in 0..height {
            let zero = *zero_root(level).unwrap();
            let below = levels.last().unwrap();
            levels.push(below.chunks(2).map(|pair| node(&pair[0], pair.get(1).unwrap_or(&zero))).collect());
        }
        Self { levels }
    }

    fn piece(&self) -> Piece {
        let height = self.levels.len() - 1;
        Piece {
            leaves: self.levels[0].len() as u64,
            height: height.try_into().unwrap(),
            root: self.levels[height][0],
        }
    }

    fn answer(&self, offset: u64) -> Answer {
        let offset = usize::try_from(offset).unwrap();
        let sibling = |level: usize| {
            let zero = zero_root(level.try_into().unwrap()).unwrap();
            *self.levels[level].get((offset >> level) ^ 1).unwrap_or(zero)
        };
        Answer { leaf: self.levels[0][offset], siblings: (0..self.levels.len() - 1).map(sibling).collect() }
    }
}

#[derive(Clone)]
struct Answer {
    leaf: Hash,
    siblings: Vec<Hash>,
}

/// A set of three pieces, of which the second is removed, with a proof of five challenges.
struct Case {
    trees: Vec<Tree>,
    set: DataSet,
    answers: Vec<Answer>,
    places: Vec<Place>,
}

impl Case {
    fn new() -> Self {
        let trees = vec![Tree::new(1, 6, 3), Tree::new(2, 4, 2), Tree::new(3, 5, 3), Tree::new(4, 9, 5)];
        let pieces = trees.iter().enumerate().map(|(number, tree)| match number {
            1 => Piece { leaves: 0, ..tree.piece() },
            _ => tree.piece(),
        });
        let set = DataSet::new(U256::from(SET), pieces.collect());
        let places: Vec<_> =
            (0..5).map(|number| set.challenged(&seed(), number, set.leaves()).unwrap()).collect();
        let answers = places.iter().map(|place| trees[place.piece].answer(place.offset)).collect();
        Self { trees, set, answers, places }
    }

    /// What is found about the proof once `spoil` has been at its evidence.
    fn found(&self, spoil: impl FnOnce(&mut Evidence<'_>)) -> Finding {
        let proofs: Vec<_> = (self.answers.iter())
            .map(|answer| LeafProof { leaf: answer.leaf, siblings: &answer.siblings })
            .collect();
        let mut evidence = Evidence {
            parties: Some(Parties { sender: PROVIDER, provider: PROVIDER }),
            block: EPOCH,
            challenge_epoch: EPOCH,
            seed: seed(),
            signature: Some(SIGNATURE),
            range: self.set.leaves(),
            leaves_at_start: Some(self.set.leaves()),
            challenged: Some(&self.places),
            proofs: &proofs,
        };
        spoil(&mut evidence);
        check(&self.set, &evidence, Some(WINDOW))
    }

    fn reason(&self, spoil: impl FnOnce(&mut Evidence<'_>)) -> Rejection {
        self.found(spoil).validity.unwrap_err()
    }
}

fn seed() -> Hash {
    beacon_digest(SIGNATURE)
}

#[test]
fn a_whole_proof_is_valid_and_in_time() {
    let case = Case::new();
    let found = case.found(|_| ());
    assert_eq!(found, Finding { validity: Ok(case.places.clone()), timeliness: Some(Timeliness::InTime) });
    // And with nothing beside the proofs.
    let found = case.found(|evidence| {
        *evidence =
            Evidence { parties: None, signature: None, leaves_at_start: None, challenged: None, ..*evidence };
    });
    assert_eq!(found.validity, Ok(case.places.clone()));
}

#[test]
fn reasons_in_their_order() {
    let case = Case::new();
    let spoilings: [fn(&mut Evidence<'_>); 8] = [
        |evidence| evidence.parties = Some(Parties { sender: [0; 20], provider: PROVIDER }),
        |evidence| evidence.proofs = &[],
        |evidence| evidence.block = evidence.challenge_epoch - 1,
        |evidence| evidence.challenge_epoch = 0,
        |evidence| evidence.seed[31] ^= 1,
        |evidence| evidence.leaves_at_start = Some(1),
        |evidence| evidence.range -= 1,
        |evidence| evidence.challenged = Some(&[]),
    ];
    let labels = [
        "sender is not the provider",
        "empty proof",
        "premature proof",
        "no challenge scheduled",
        "seed not of the beacon",
        "challenge range not of the period's start",
        "challenge range not of the period's start",
        "another leaf than was challenged",
    ];
    for (first, label) in labels.into_iter().enumerate() {
        // Each reason alone, and before all that come after it; a block cannot lie before an epoch that is not set.
        assert_eq!(case.reason(|evidence| spoilings[first](evidence)).label(), label);
        let all = case.reason(|evidence| {
            for (number, spoil) in spoilings.iter().enumerate().skip(first) {
                if first != 2 || number != 3 {
                    spoil(evidence);
                }
            }
        });
        assert_eq!(all.label(), label);
    }
}

#[test]
fn a_seed_that_was_chosen() {
    let case = Case::new();
    // A provider that has lost all but the first leaf looks for a seed that asks for nothing else.
    let range = case.set.leaves();
    let (chosen, place) = (0_u64..)
        .map(|attempt| beacon_digest(&attempt.to_be_bytes()))
        .find_map(|seed| {
            let place = case.set.challenged(&seed, 0, range)?;
            (place == Place { piece: 0, offset: 0 }).then_some((seed, place))
        })
        .unwrap();
    let answer = case.trees[0].answer(0);
    let proofs = [LeafProof { leaf: answer.leaf, siblings: &answer.siblings }];
    let evidence = Evidence {
        parties: None,
        block: EPOCH,
        challenge_epoch: EPOCH,
        seed: chosen,
        signature: None,
        range,
        leaves_at_start: None,
        challenged: None,
        proofs: &proofs,
    };
    // By itself it looks right, and it is the beacon's signature that tells.
    assert_eq!(check(&case.set, &evidence, None), Finding { validity: Ok(vec![place]), timeliness: None });
    let evidence = Evidence { signature: Some(SIGNATURE), ..evidence };
    assert_eq!(check(&case.set, &evidence, None).validity, Err(Rejection::SeedNotOfBeacon));
}

#[test]
fn a_range_that_was_chosen() {
    let case = Case::new();
    let leaves = case.set.leaves();
    for range in [0, 1, leaves - 1, leaves + 1, u128::MAX] {
        let reason = case.reason(|evidence| evidence.range = range);
        assert_eq!(reason, Rejection::RangeNotOfStart { leaves, range });
    }
    let without = |range| {
        case.reason(|evidence| {
            *evidence = Evidence { range, leaves_at_start: None, challenged: None, ..*evidence };
        })
    };
    assert_eq!(without(0), Rejection::EmptyRange);
    assert_eq!(without(leaves + 1), Rejection::RangeBeyondSet { leaves, range: leaves + 1 });
    assert_eq!(without(leaves - 1).label(), "proof did not verify");
}

#[test]
fn leaves_that_were_added_after_the_start_are_not_asked_for() {
    let mut case = Case::new();
    let range = case.set.leaves();
    let mut pieces = case.set.pieces.clone();
    pieces.push(Tree::new(9, 200, 8).piece());
    case.set = DataSet::new(case.set.id, pieces);
    let found = case.found(|evidence| {
        *evidence = Evidence { range, leaves_at_start: Some(range), ..*evidence };
    });
    assert_eq!(found.validity, Ok(case.places.clone()));
}

#[test]
fn an_inner_node_as_a_leaf() {
    let mut case = Case::new();
    let Place { piece, offset } = case.places[2];
    let parent = case.trees[piece].levels[1][usize::try_from(offset / 2).unwrap()];
    case.answers[2].leaf = parent;
    case.answers[2].siblings.remove(0);
    let height = case.trees[piece].piece().height;
    let found = case.answers[2].siblings.len();
    let reason = Rejection::WrongLength { number: 2, piece, height, found };
    assert_eq!(case.reason(|_| ()), reason);
    assert_eq!(reason.label(), "proof length does not match tree height");
}

#[test]
fn a_late_proof_is_valid_all_the_same() {
    let case = Case::new();
    for (block, timeliness) in
        [(3880, Timeliness::InTime), (3881, Timeliness::Late), (u64::MAX, Timeliness::Late)]
    {
        let found = case.found(|evidence| evidence.block = block);
        assert_eq!(found, Finding { validity: Ok(case.places.clone()), timeliness: Some(timeliness) });
    }
}

#[test]
fn a_premature_proof() {
    let case = Case::new();
    let found = case.found(|evidence| evidence.block = EPOCH - 1);
    let reason = Rejection::Premature { block: EPOCH - 1, challenge_epoch: EPOCH };
    assert_eq!(found, Finding { validity: Err(reason), timeliness: Some(Timeliness::InTime) });
    let early = case.found(|evidence| {
        *evidence = Evidence { block: 3819, challenge_epoch: 3819, ..*evidence };
    });
    assert_eq!((early.validity.is_ok(), early.timeliness), (true, Some(Timeliness::TooEarly)));
}

#[test]
fn pieces_that_were_swapped() {
    let mut case = Case::new();
    // The answer comes from another piece, first without and then with a record that says so.
    let number = case.places.iter().position(|place| place.piece != 2).unwrap();
    let expected = case.places[number];
    case.answers[number] = case.trees[2].answer(0);
    case.answers[number].siblings.resize(usize::from(case.set.pieces[expected.piece].height), [0; 32]);
    let Place { piece, offset } = expected;
    assert_eq!(case.reason(|_| ()), Rejection::WrongRoot { number, piece, offset });
    case.places[number] = Place { piece: 2, offset: 0 };
    let found = Some(case.places[number]);
    assert_eq!(case.reason(|_| ()), Rejection::OtherLeaf { number, expected: Some(expected), found });
    // Two pieces change places in the list.
    let mut case = Case::new();
    let mut pieces = case.set.pieces.clone();
    pieces.swap(0, 3);
    case.set = DataSet::new(case.set.id, pieces);
    assert_eq!(case.reason(|_| ()).label(), "another leaf than was challenged");
}

#[test]
fn the_record_names_as_many_leaves_as_there_are_proofs() {
    let mut case = Case::new();
    let fewer = case.reason(|evidence| evidence.challenged = evidence.challenged.map(|all| &all[..4]));
    let expected = Some(case.places[4]);
    assert_eq!(fewer, Rejection::OtherLeaf { number: 4, expected, found: None });
    let found = Some(case.places[0]);
    case.places.extend(found);
    assert_eq!(case.reason(|_| ()), Rejection::OtherLeaf { number: 5, expected: None, found });
}

#[test]
fn the_first_wrong_answer_is_named() {
    let mut case = Case::new();
    case.answers[3].leaf[0] ^= 1;
    case.answers[4].siblings.clear();
    let Place { piece, offset } = case.places[3];
    assert_eq!(case.reason(|_| ()), Rejection::WrongRoot { number: 3, piece, offset });
    case.answers[1].siblings.push([0; 32]);
    assert_eq!(case.reason(|_| ()).label(), "proof length does not match tree height");
}

#[test]
fn a_set_of_one_leaf_is_asked_for_it_every_time() {
    let leaf = [5; 32];
    let set = DataSet::new(U256::MAX, vec![Piece { leaves: 1, height: 0, root: leaf }]);
    let proofs = [LeafProof { leaf, siblings: &[] }; 9];
    let evidence = Evidence {
        parties: None,
        block: 1,
        challenge_epoch: 1,
        seed: [0xff; 32],
        signature: None,
        range: 1,
        leaves_at_start: Some(1),
        challenged: None,
        proofs: &proofs,
    };
    assert_eq!(check(&set, &evidence, None).validity, Ok(vec![Place { piece: 0, offset: 0 }; 9]));
}

#[test]
fn an_emptied_set_cannot_be_proved() {
    let set = DataSet::new(U256::from(1), vec![Piece { leaves: 0, height: 0, root: [0; 32] }]);
    let proofs = [LeafProof { leaf: [0; 32], siblings: &[] }];
    let evidence = Evidence {
        parties: None,
        block: 1,
        challenge_epoch: 1,
        seed: [0; 32],
        signature: None,
        range: 0,
        leaves_at_start: None,
        challenged: None,
        proofs: &proofs,
    };
    assert_eq!(check(&set, &evidence, None).validity, Err(Rejection::EmptyRange));
    assert_eq!(set.challenged(&[0; 32], 0, 0), None);
    let evidence = Evidence { range: 1, ..evidence };
    let beyond = Rejection::RangeBeyondSet { leaves: 0, range: 1 };
    assert_eq!(check(&set, &evidence, None).validity, Err(beyond));
}

#[test]
fn a_piece_that_claims_more_leaves_than_its_tree_holds() {
    let set = DataSet::new(U256::from(1), vec![Piece { leaves: u64::MAX, height: 1, root: [0; 32] }]);
    let proofs = [LeafProof { leaf: [0; 32], siblings: &[[0; 32]] }];
    let evidence = Evidence {
        parties: None,
        block: 1,
        challenge_epoch: 1,
        seed: [0; 32],
        signature: None,
        range: set.leaves(),
        leaves_at_start: None,
        challenged: None,
        proofs: &proofs,
    };
    let reason = check(&set, &evidence, None).validity.unwrap_err();
    assert_eq!(reason.label(), "leaf outside the tree");
}

#[test]
fn challenges_differ_by_set_number_and_seed() {
    let range = u128::MAX;
    let large = U256::from(1) << 200;
    let mut challenges = vec![
        challenge(&[1; 32], U256::from(1), 0, range),
        challenge(&[1; 32], U256::from(1), 1, range),
        challenge(&[1; 32], U256::from(2), 0, range),
        challenge(&[1; 32], U256::from(1) | large, 0, range),
        challenge(&[2; 32], U256::from(1), 0, range),
        challenge(&[1; 32], U256::from(1), u64::MAX, range),
    ];
    challenges.sort();
    challenges.dedup();
    assert_eq!(challenges.len(), 6);
    assert_eq!(challenge(&[1; 32], U256::from(1), 0, 0), None);
    assert_eq!(challenge(&[1; 32], U256::from(1), 0, 1), Some(0));
}

#[test]
fn fees_are_rounded_down() {
    assert_eq!(proof_fee(PROOF_FEE_PER_TEBIBYTE, 1 << 35), U256::from(PROOF_FEE_PER_TEBIBYTE));
    assert_eq!(proof_fee(PROOF_FEE_PER_TEBIBYTE, 4), U256::from(26_775));
    assert_eq!(proof_fee(PROOF_FEE_PER_TEBIBYTE, 0), U256::ZERO);
    assert_eq!(proof_fee(u128::MAX, u128::MAX), (U256::MAX - (U256::from(1) << 129) + U256::from(2)) >> 35);
}
