"""The Rust extension; one stub stands beside each binding module."""

from typing import Final

from depinverify._native.arweave import (
    arweave_data_tree as arweave_data_tree,
)
from depinverify._native.arweave import (
    arweave_max_nonce as arweave_max_nonce,
)
from depinverify._native.arweave import (
    arweave_padded_offset as arweave_padded_offset,
)
from depinverify._native.arweave import (
    arweave_recall_byte as arweave_recall_byte,
)
from depinverify._native.arweave import (
    arweave_recall_ranges as arweave_recall_ranges,
)
from depinverify._native.arweave import (
    arweave_seek_byte as arweave_seek_byte,
)
from depinverify._native.arweave import (
    arweave_transaction_tree as arweave_transaction_tree,
)
from depinverify._native.arweave import (
    arweave_validate_path as arweave_validate_path,
)
from depinverify._native.arweave import (
    arweave_verify_batch as arweave_verify_batch,
)
from depinverify._native.arweave import (
    arweave_verify_lines as arweave_verify_lines,
)
from depinverify._native.beacon import (
    BeaconChain as BeaconChain,
)
from depinverify._native.beacon import (
    assign_validators as assign_validators,
)
from depinverify._native.beacon import (
    challenge as challenge,
)
from depinverify._native.beacon import (
    challenge_moment_ms as challenge_moment_ms,
)
from depinverify._native.beacon import (
    challenge_nonce as challenge_nonce,
)
from depinverify._native.beacon import (
    challenge_salt as challenge_salt,
)
from depinverify._native.beacon import (
    chord_metres as chord_metres,
)
from depinverify._native.beacon import (
    cos_sin_18 as cos_sin_18,
)
from depinverify._native.beacon import (
    draw as draw,
)
from depinverify._native.beacon import (
    draw_offset as draw_offset,
)
from depinverify._native.beacon import (
    is_selected as is_selected,
)
from depinverify._native.beacon import (
    slot_seed as slot_seed,
)
from depinverify._native.bls import (
    BlsKeyRegistry as BlsKeyRegistry,
)
from depinverify._native.bls import (
    bls_aggregate_verify as bls_aggregate_verify,
)
from depinverify._native.bls import (
    bls_fast_aggregate_verify as bls_fast_aggregate_verify,
)
from depinverify._native.bls import (
    bls_public_key as bls_public_key,
)
from depinverify._native.bls import (
    bls_secret_key as bls_secret_key,
)
from depinverify._native.bls import (
    bls_sign as bls_sign,
)
from depinverify._native.bls import (
    bls_verify as bls_verify,
)
from depinverify._native.bls import (
    verify_bls_signatures as verify_bls_signatures,
)
from depinverify._native.catalogue import (
    catalogue as catalogue,
)
from depinverify._native.cells import (
    cell_boundary as cell_boundary,
)
from depinverify._native.cells import (
    cell_place as cell_place,
)
from depinverify._native.combination import (
    committee_ruling as committee_ruling,
)
from depinverify._native.combination import (
    diversity_multipliers as diversity_multipliers,
)
from depinverify._native.combination import (
    product_of_scores as product_of_scores,
)
from depinverify._native.combination import (
    weighted_mean as weighted_mean,
)
from depinverify._native.decode import (
    canonical_json as canonical_json,
)
from depinverify._native.decode import (
    decode_proof as decode_proof,
)
from depinverify._native.epoch import (
    EpochContext as EpochContext,
)
from depinverify._native.filecoin_chain import (
    FilecoinAddress as FilecoinAddress,
)
from depinverify._native.filecoin_chain import (
    FilecoinMessage as FilecoinMessage,
)
from depinverify._native.filecoin_chain import (
    filecoin_actor_entropy as filecoin_actor_entropy,
)
from depinverify._native.filecoin_chain import (
    filecoin_beacon_digest as filecoin_beacon_digest,
)
from depinverify._native.filecoin_chain import (
    filecoin_draw as filecoin_draw,
)
from depinverify._native.filecoin_chain import (
    filecoin_epoch_time as filecoin_epoch_time,
)
from depinverify._native.filecoin_chain import (
    filecoin_mainnet_round as filecoin_mainnet_round,
)
from depinverify._native.filecoin_chain import (
    filecoin_message_cid as filecoin_message_cid,
)
from depinverify._native.filecoin_chain import (
    filecoin_recover_key as filecoin_recover_key,
)
from depinverify._native.filecoin_chain import (
    filecoin_round_of_epoch as filecoin_round_of_epoch,
)
from depinverify._native.filecoin_chain import (
    filecoin_verify_aggregate as filecoin_verify_aggregate,
)
from depinverify._native.filecoin_chain import (
    filecoin_verify_signature as filecoin_verify_signature,
)
from depinverify._native.filecoin_chain import (
    filecoin_verify_signatures as filecoin_verify_signatures,
)
from depinverify._native.filecoin_chain import (
    filecoin_window_randomness as filecoin_window_randomness,
)
from depinverify._native.filecoin_payments import (
    FilecoinAuthorisation as FilecoinAuthorisation,
)
from depinverify._native.filecoin_payments import (
    FilecoinProvenPeriods as FilecoinProvenPeriods,
)
from depinverify._native.filecoin_payments import (
    filecoin_add_pieces_price as filecoin_add_pieces_price,
)
from depinverify._native.filecoin_payments import (
    filecoin_period_deadline as filecoin_period_deadline,
)
from depinverify._native.filecoin_payments import (
    filecoin_period_of as filecoin_period_of,
)
from depinverify._native.filecoin_payments import (
    filecoin_prices as filecoin_prices,
)
from depinverify._native.filecoin_payments import (
    filecoin_rate_per_epoch as filecoin_rate_per_epoch,
)
from depinverify._native.filecoin_payments import (
    filecoin_reserve_refill as filecoin_reserve_refill,
)
from depinverify._native.filecoin_payments import (
    filecoin_service as filecoin_service,
)
from depinverify._native.filecoin_payments import (
    filecoin_settle as filecoin_settle,
)
from depinverify._native.filecoin_periods import (
    FilecoinProvingState as FilecoinProvingState,
)
from depinverify._native.filecoin_periods import (
    filecoin_challenge_epoch_refusal as filecoin_challenge_epoch_refusal,
)
from depinverify._native.filecoin_periods import (
    filecoin_detection_ppm as filecoin_detection_ppm,
)
from depinverify._native.filecoin_periods import (
    filecoin_is_abandoned as filecoin_is_abandoned,
)
from depinverify._native.filecoin_periods import (
    filecoin_proving_parameters as filecoin_proving_parameters,
)
from depinverify._native.filecoin_piece import (
    FilecoinCommP as FilecoinCommP,
)
from depinverify._native.filecoin_piece import (
    FilecoinPieceId as FilecoinPieceId,
)
from depinverify._native.filecoin_piece import (
    filecoin_commp as filecoin_commp,
)
from depinverify._native.filecoin_piece import (
    filecoin_raw_upper_bound as filecoin_raw_upper_bound,
)
from depinverify._native.filecoin_piece import (
    filecoin_zero_root as filecoin_zero_root,
)
from depinverify._native.filecoin_possession import (
    FilecoinDataSet as FilecoinDataSet,
)
from depinverify._native.filecoin_possession import (
    FilecoinSumTree as FilecoinSumTree,
)
from depinverify._native.filecoin_possession import (
    filecoin_check_paths as filecoin_check_paths,
)
from depinverify._native.filecoin_possession import (
    filecoin_path_verdicts as filecoin_path_verdicts,
)
from depinverify._native.filecoin_possession import (
    filecoin_possession_challenges as filecoin_possession_challenges,
)
from depinverify._native.filecoin_possession import (
    filecoin_proof_fee as filecoin_proof_fee,
)
from depinverify._native.filecoin_post import (
    FilecoinVerifier as FilecoinVerifier,
)
from depinverify._native.filecoin_post import (
    filecoin_challenges as filecoin_challenges,
)
from depinverify._native.filecoin_post import (
    filecoin_is_disputable as filecoin_is_disputable,
)
from depinverify._native.filecoin_post import (
    filecoin_key_check_value as filecoin_key_check_value,
)
from depinverify._native.filecoin_post import (
    filecoin_post_types as filecoin_post_types,
)
from depinverify._native.filecoin_post import (
    filecoin_proof_randomness as filecoin_proof_randomness,
)
from depinverify._native.filecoin_post import (
    filecoin_public_inputs as filecoin_public_inputs,
)
from depinverify._native.filecoin_post import (
    filecoin_published_keys as filecoin_published_keys,
)
from depinverify._native.filecoin_records import (
    filecoin_explain as filecoin_explain,
)
from depinverify._native.filecoin_records import (
    filecoin_verify_batch as filecoin_verify_batch,
)
from depinverify._native.filecoin_records import (
    filecoin_verify_lines as filecoin_verify_lines,
)
from depinverify._native.filecoin_spark import (
    FilecoinSparkEvaluation as FilecoinSparkEvaluation,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_allowed_tasks as filecoin_spark_allowed_tasks,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_evaluate as filecoin_spark_evaluate,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_inet_group as filecoin_spark_inet_group,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_next_round as filecoin_spark_next_round,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_percentile as filecoin_spark_percentile,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_randomness_time as filecoin_spark_randomness_time,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_rate as filecoin_spark_rate,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_reputation as filecoin_spark_reputation,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_retrieval_result as filecoin_spark_retrieval_result,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_reward as filecoin_spark_reward,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_rules as filecoin_spark_rules,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_scores as filecoin_spark_scores,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_signed_text as filecoin_spark_signed_text,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_signer as filecoin_spark_signer,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_station_key as filecoin_spark_station_key,
)
from depinverify._native.filecoin_spark import (
    filecoin_spark_task_key as filecoin_spark_task_key,
)
from depinverify._native.filecoin_vanilla import (
    filecoin_check_vanilla as filecoin_check_vanilla,
)
from depinverify._native.filecoin_vanilla import (
    filecoin_decode_vanilla as filecoin_decode_vanilla,
)
from depinverify._native.filecoin_vanilla import (
    filecoin_poseidon as filecoin_poseidon,
)
from depinverify._native.filecoin_vanilla import (
    filecoin_poseidon_constants as filecoin_poseidon_constants,
)
from depinverify._native.indicators import (
    clique_insularity as clique_insularity,
)
from depinverify._native.indicators import (
    clone_timing as clone_timing,
)
from depinverify._native.indicators import (
    constant_data as constant_data,
)
from depinverify._native.indicators import (
    earth_centred as earth_centred,
)
from depinverify._native.indicators import (
    judge_location as judge_location,
)
from depinverify._native.indicators import (
    light_distance_m as light_distance_m,
)
from depinverify._native.indicators import (
    self_dealing as self_dealing,
)
from depinverify._native.indicators import (
    too_regular as too_regular,
)
from depinverify._native.indicators import (
    witness_concentration as witness_concentration,
)
from depinverify._native.indicators import (
    witness_reciprocity as witness_reciprocity,
)
from depinverify._native.models import (
    beta_lower_bound as beta_lower_bound,
)
from depinverify._native.models import (
    burning_alerts as burning_alerts,
)
from depinverify._native.models import (
    concentrated_weight as concentrated_weight,
)
from depinverify._native.models import (
    payout as payout,
)
from depinverify._native.models import (
    relative_multipliers as relative_multipliers,
)
from depinverify._native.models import (
    reported_uptime as reported_uptime,
)
from depinverify._native.models import (
    reputations as reputations,
)
from depinverify._native.models import (
    sequential_test as sequential_test,
)
from depinverify._native.models import (
    service_level as service_level,
)
from depinverify._native.models import (
    standing_after as standing_after,
)
from depinverify._native.models import (
    streak_after as streak_after,
)
from depinverify._native.models import (
    strikes_after as strikes_after,
)
from depinverify._native.models import (
    threshold_units as threshold_units,
)
from depinverify._native.models import (
    trials_to_detect as trials_to_detect,
)
from depinverify._native.models import (
    wilson_bounds as wilson_bounds,
)
from depinverify._native.models import (
    windowed_availability as windowed_availability,
)
from depinverify._native.observations import (
    file_digest as file_digest,
)
from depinverify._native.observations import (
    normalise_observations as normalise_observations,
)
from depinverify._native.observations import (
    read_observations as read_observations,
)
from depinverify._native.observations import (
    write_observations as write_observations,
)
from depinverify._native.outcomes import (
    score_outcomes as score_outcomes,
)
from depinverify._native.registry import (
    RegistrySnapshot as RegistrySnapshot,
)
from depinverify._native.registry import (
    event_hash as event_hash,
)
from depinverify._native.registry import (
    event_message as event_message,
)
from depinverify._native.reward import (
    ClaimTree as ClaimTree,
)
from depinverify._native.reward import (
    allocate as allocate,
)
from depinverify._native.reward import (
    claim_leaf as claim_leaf,
)
from depinverify._native.reward import (
    emission_of as emission_of,
)
from depinverify._native.reward import (
    keccak256 as keccak256,
)
from depinverify._native.reward import (
    verify_claim as verify_claim,
)
from depinverify._native.reward import (
    verify_multi_proof as verify_multi_proof,
)
from depinverify._native.reward import (
    withheld_of as withheld_of,
)
from depinverify._native.rsa_pss import (
    RsaKeyRegistry as RsaKeyRegistry,
)
from depinverify._native.rsa_pss import (
    verify_rsa_pss_signature as verify_rsa_pss_signature,
)
from depinverify._native.rsa_pss import (
    verify_rsa_pss_signatures as verify_rsa_pss_signatures,
)
from depinverify._native.signature import (
    KeyRegistry as KeyRegistry,
)
from depinverify._native.signature import (
    ed25519_residue_order as ed25519_residue_order,
)
from depinverify._native.signature import (
    ethereum_message_digest as ethereum_message_digest,
)
from depinverify._native.signature import (
    recover_address as recover_address,
)
from depinverify._native.signature import (
    recover_key as recover_key,
)
from depinverify._native.signature import (
    signature_verdicts as signature_verdicts,
)
from depinverify._native.signature import (
    vector_unit as vector_unit,
)
from depinverify._native.signature import (
    verify_signature as verify_signature,
)
from depinverify._native.signature import (
    verify_signatures as verify_signatures,
)
from depinverify._native.sorter import (
    SortedRecords as SortedRecords,
)
from depinverify._native.sorter import (
    Sorter as Sorter,
)
from depinverify._native.table_file import (
    TableWriter as TableWriter,
)
from depinverify._native.table_file import (
    read_parquet as read_parquet,
)
from depinverify._native.table_file import (
    write_parquet as write_parquet,
)
from depinverify._native.tables import (
    content_hash as content_hash,
)
from depinverify._native.tables import (
    read_device_verdicts as read_device_verdicts,
)
from depinverify._native.tables import (
    read_table as read_table,
)
from depinverify._native.tables import (
    write_scores as write_scores,
)
from depinverify._native.verification import (
    Verification as Verification,
)
from depinverify._native.verification import (
    observation_rows as observation_rows,
)
from depinverify._native.verification import (
    remove_files as remove_files,
)

__version__: Final[str]
#: How the extension was compiled: ``"0"`` is a build without optimisation, many times slower than others.
__opt_level__: Final[str]
