//! Filecoin's data sets against the public vectors: the index over pieces, challenges and proofs, proving periods, settlement,
//! prices and authorisations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod vectors;

use std::num::NonZeroU64;

use depinverify_core::networks::filecoin::authorisation::{Authorisation, MetadataEntry, Service};
use depinverify_core::networks::filecoin::possession::{
    self, DataSet, Evidence, LeafProof, PROOF_FEE_PER_TEBIBYTE, Piece, Rejection, challenge, proof_fee,
};
use depinverify_core::networks::filecoin::proving_period::{
    FaultRecord, Parameters, ProvingState, Service as ProvingService,
};
use depinverify_core::networks::filecoin::rates;
use depinverify_core::networks::filecoin::settlement::{Periods, Proposal, ProvenPeriods, settle};
use depinverify_core::networks::filecoin::sum_tree::{LeafRanges, Place, SumTree, height};
use ruint::aliases::U256;
use serde_json::Value;
use vectors::{hash, hex, list, load, number, ran, text};

/// A number of up to 256 bits, also where it is written as text.
fn large(value: &Value) -> U256 {
    value.as_str().map_or_else(|| U256::from(number(value)), |decimal| decimal.parse().unwrap())
}

fn numbers(value: &Value) -> Vec<u64> {
    list(value).iter().map(number).collect()
}

fn after_0x(value: &Value) -> Vec<u8> {
    let digits = text(value).strip_prefix("0x").unwrap();
    data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap()
}

fn place(piece: &Value, offset: &Value) -> Place {
    Place { piece: number(piece).try_into().unwrap(), offset: number(offset) }
}

#[test]
fn index_over_pieces() {
    let Some(file) = load("filecoin/pdp_sumtree.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let mut counts = numbers(&case["leaf_counts"]);
        let mut tree = SumTree::default();
        for leaves in &counts {
            tree.append(*leaves);
        }
        for removed in numbers(&case["removed"]) {
            let piece = usize::try_from(removed).unwrap();
            assert_eq!(tree.remove(piece), Ok(std::mem::take(&mut counts[piece])));
        }
        let ranges = LeafRanges::new(counts);
        let total = u128::from(number(&case["total"]));
        assert_eq!((tree.total(), ranges.total()), (total, total));
        if let Some(sums) = case.get("expected_sums") {
            let sums: Vec<u128> = numbers(sums).into_iter().map(u128::from).collect();
            assert_eq!(tree.sums(), sums);
        }
        for lookup in list(&case["lookups"]) {
            let (leaf, expected) = (number(&lookup[0]).into(), Some(place(&lookup[1], &lookup[2])));
            assert_eq!((tree.find(leaf), ranges.find(leaf)), (expected, expected), "leaf {leaf}");
            count += 1;
        }
        for leaf in numbers(&case["out_of_bounds"]) {
            assert_eq!((tree.find(leaf.into()), ranges.find(leaf.into())), (None, None));
            count += 1;
        }
    }
    for (piece, expected) in numbers(&file["node_heights_for_index_0_to_15"]).into_iter().enumerate() {
        assert_eq!(u64::from(height(piece)), expected);
        count += 1;
    }
    ran("filecoin/pdp_sumtree.json", count);
}

#[test]
fn challenges() {
    let Some(file) = load("filecoin/pdp_challenges.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let (seed, set_id) = (hash(&case["seed_hex"]), large(&case["data_set_id"]));
        let range = u128::from(number(&case["leaf_count"]));
        let preimage = [&seed[..], &set_id.to_be_bytes::<32>(), &[0; 8]].concat();
        assert_eq!(preimage, hex(&case["preimage_0"]));
        for (index, expected) in (0..).zip(numbers(&case["challenges"])) {
            assert_eq!(challenge(&seed, set_id, index, range), Some(expected.into()));
            count += 1;
        }
    }
    ran("filecoin/pdp_challenges.json", count);
}

/// The pieces of a case: height and root end their identifiers.
fn pieces(case: &Value) -> Vec<Piece> {
    let removed = numbers(&case["remove_piece_ids"]);
    let pieces = list(&case["piece_cids_hex"]).iter().zip(numbers(&case["piece_leaf_counts"]));
    (0..)
        .zip(pieces)
        .map(|(id, (cid, leaves))| {
            let cid = hex(cid);
            let (rest, root) = cid.split_last_chunk().unwrap();
            let leaves = if removed.contains(&id) { 0 } else { leaves };
            Piece { leaves, height: *rest.last().unwrap(), root: *root }
        })
        .collect()
}

#[test]
fn proofs_of_possession() {
    let Some(file) = load("filecoin/pdp_proofs.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let set = DataSet::new(large(&case["data_set_id"]), pieces(case));
        let siblings: Vec<Vec<_>> = (list(&case["proofs"]).iter())
            .map(|proof| list(&proof["proof"]).iter().map(hash).collect())
            .collect();
        let proofs: Vec<_> = (list(&case["proofs"]).iter().zip(&siblings))
            .map(|(proof, siblings)| LeafProof { leaf: hash(&proof["leaf"]), siblings })
            .collect();
        let places: Option<Vec<_>> = case["derived_challenges"]
            .as_array()
            .map(|all| all.iter().map(|one| place(&one["piece_id"], &one["offset"])).collect());
        let evidence = Evidence {
            parties: None,
            block: number(&case["prove_at_epoch"]),
            challenge_epoch: number(&case["challenge_epoch"]),
            seed: large(&case["seed"]).to_be_bytes(),
            signature: None,
            range: number(&case["challenge_range"]).into(),
            leaves_at_start: None,
            challenged: places.as_deref(),
            proofs: &proofs,
        };
        let found = possession::check(&set, &evidence, None).validity;
        let expected = &case["expected"];
        assert_eq!(found.is_ok(), expected["accepted"].as_bool().unwrap(), "{}: {found:?}", case["name"]);
        assert_eq!(
            found.as_ref().err().map(Rejection::label),
            expected["error"].as_str(),
            "{}",
            case["name"]
        );
        if let (Ok(found), Some(places)) = (found, &places) {
            assert_eq!(found, *places);
            for (index, one) in (0..).zip(list(&case["derived_challenges"])) {
                let leaf = challenge(&evidence.seed, large(&case["data_set_id"]), index, evidence.range);
                assert_eq!(leaf, Some(number(&one["leaf_index"]).into()));
            }
        }
        let fee = proof_fee(PROOF_FEE_PER_TEBIBYTE, evidence.range);
        assert_eq!(fee, large(&case["proof_fee_attofil_default_rate"]));
        count += 1;
    }
    ran("filecoin/pdp_proofs.json", count);
}

#[test]
fn proving_periods() {
    let Some(file) = load("filecoin/pdp_fault_periods.json") else { return };
    let parameters =
        Parameters::new(number(&file["max_proving_period"]), number(&file["challenge_window"]), 150).unwrap();
    let mut count = 0;
    for (case, service) in list(&file["cases"])
        .iter()
        .flat_map(|case| [(case, ProvingService::Sample), (case, ProvingService::WarmStorage)])
    {
        let mut state = ProvingState::new(parameters, service);
        for (event, expected) in list(&case["events"]).iter().zip(list(&case["expected"])) {
            let (block, argument) = (number(&event[1]), number(&event[2]));
            let name = &case["name"];
            let refused = match text(&event[0]) {
                "next" => match state.start_next(block, argument) {
                    Ok(record) => {
                        assert_eq!(state.deadline().unwrap_or(0), number(&expected["deadline"]), "{name}");
                        let faults = expected.get("faults").map_or(0, number);
                        let record = record.unwrap_or(FaultRecord { periods: 0, deadline: 0 });
                        assert_eq!(record.periods, faults, "{name}");
                        if let Some(deadline) = expected.get("fault_deadline") {
                            assert_eq!(record.deadline, number(deadline), "{name}");
                        }
                        None
                    }
                    Err(refused) => Some(refused.label()),
                },
                "prove" => state.prove(block, argument).err().map(|refused| refused.label()),
                other => panic!("{name}: event {other}"),
            };
            assert_eq!(refused, expected["error"].as_str(), "{name}");
        }
        count += 1;
    }
    ran("filecoin/pdp_fault_periods.json, for each of two services", count);
}

#[test]
fn settlements() {
    let Some(file) = load("filecoin/fwss_settlement.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let periods = Periods {
            activation: number(&case["activation_epoch"]),
            length: NonZeroU64::new(number(&case["max_proving_period"])).unwrap(),
        };
        let mut proven = ProvenPeriods::default();
        for period in numbers(&case["proven_periods"]) {
            proven.mark(period);
        }
        let proposal = Proposal {
            amount: large(&case["proposed_amount"]),
            from: number(&case["from_epoch"]),
            to: number(&case["to_epoch"]),
        };
        let settled = settle(periods, &proven, proposal, number(&case["current_block"])).unwrap();
        let expected = (large(&case["expected_amount"]), number(&case["expected_settle_upto"]));
        assert_eq!((settled.amount, settled.up_to), expected, "{}", case["name"]);
        count += 1;
    }
    ran("filecoin/fwss_settlement.json", count);
}

#[test]
fn prices() {
    let Some(file) = load("filecoin/fwss_rates.json") else { return };
    let mut count = 0;
    for case in list(&file["cases"]) {
        let leaves = u128::from(number(&case["leaf_count"]));
        assert_eq!(rates::raw_bytes(leaves), large(&case["raw_bytes"]));
        assert_eq!(rates::rate_per_epoch(leaves), large(&case["rate_per_epoch_base_units"]));
        assert_eq!(proof_fee(PROOF_FEE_PER_TEBIBYTE, leaves), large(&case["proof_fee_attofil"]));
        count += 1;
    }
    ran("filecoin/fwss_rates.json", count);
}

#[test]
fn authorisations() {
    let Some(file) = load("filecoin/fwss_eip712.json") else { return };
    let domain = &file["domain"];
    let service = Service {
        chain_id: number(&domain["chainId"]),
        contract: after_0x(&domain["verifyingContract"]).try_into().unwrap(),
    };
    assert_eq!(service, Service::CALIBRATION);
    assert_eq!(service.separator(), hash(&domain["domain_separator"]));
    let mut count = 0;
    for case in list(&file["cases"]) {
        let fields = &case["fields"];
        let client_data_set_id = large(&fields["clientDataSetId"]);
        let metadata: Vec<_> = (list(&fields["metadata"]).iter())
            .map(|entry| MetadataEntry {
                key: text(&entry["key"]).as_bytes(),
                value: text(&entry["value"]).as_bytes(),
            })
            .collect();
        let piece_ids: Vec<_> = list(&fields["pieceIds"]).iter().map(large).collect();
        let authorisation = match text(&case["name"]) {
            "createDataSet" => Authorisation::CreateDataSet {
                client_data_set_id,
                payee: after_0x(&fields["payee"]).try_into().unwrap(),
                metadata: &metadata,
            },
            "schedulePieceRemovals" => {
                Authorisation::SchedulePieceRemovals { client_data_set_id, piece_ids: &piece_ids }
            }
            other => panic!("an authorisation of another kind: {other}"),
        };
        assert_eq!(authorisation.struct_hash(), hash(&case["struct_hash"]));
        assert_eq!(authorisation.digest(&service), hash(&case["digest"]));
        let signer = authorisation.signer(&service, &after_0x(&case["signature"])).unwrap();
        assert_eq!(signer.to_vec(), after_0x(&case["recovered_signer"]));
        count += 1;
    }
    ran("filecoin/fwss_eip712.json", count);
}
