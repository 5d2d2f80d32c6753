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
