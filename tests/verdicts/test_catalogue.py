"""Each word of the catalogue has a sentence, names its evidence, and is said by a real result."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from depinverify import catalogue
from depinverify.catalogue import CATALOGUE
from verdicts import words

ROOT = Path(__file__).parent.parent.parent

bent, outages, alone, event, paid, single, conflicts, set_aside, disagreements, idle = (
    words.settled(make)
    for make in (
        words.bent,
        words.outages,
        words.alone,
        words.event,
        words.paid,
        words.single,
        words.conflicts,
        words.set_aside,
        words.disagreements,
        words.idle,
    )
)
signatures, models = words.of_signatures, words.of_models
arweave, filecoin = words.of_arweave, words.of_filecoin

#: Word -> what shows it. An entry of the catalogue that is not here fails the test below.
CASES = {
    **{
        ("code", "generic", name): bent
        for name in (
            "MALFORMED", "UNSUPPORTED", "UNKNOWN_DEVICE", "DEVICE_MISMATCH", "UNKNOWN_KEY", "KEY_NOT_VALID",
            "ALGORITHM_MISMATCH", "BAD_SIGNATURE", "OFF_SCHEDULE", "NONCE_MISMATCH", "REPLAYED", "LATE", "EXPIRED",
            "CLOCK_SKEW", "COUNTER_REGRESSION", "LOCATION_MISMATCH", "MODEL_MISMATCH", "VALID", "NO_ANSWER",
        )
    },
    **{
        ("code", "arweave", name): arweave
        for name in (
            "MALFORMED", "TX_PATH_INVALID", "TX_MISMATCH", "DATA_PATH_INVALID", "RULESET_VIOLATED",
            "LEAF_SIZE_INVALID", "REDUNDANT_MARKER", "CHUNK_LENGTH_MISMATCH", "PADDING_NOT_ZERO",
            "CHUNK_HASH_MISMATCH", "VALID", "PATHS_VALID",
        )
    },
    **{
        ("code", "filecoin", name): filecoin
        for name in (
            "MALFORMED", "NOT_PROVIDER", "EMPTY_PROOF", "PREMATURE_PROOF", "NO_CHALLENGE", "WRONG_ROUND",
            "ROUND_NOT_SIGNED", "RANDOMNESS_MISMATCH", "SEED_MISMATCH", "PIECE_REFUSED", "RANGE_MISMATCH", "OTHER_LEAF",
            "PROOF_LENGTH_MISMATCH", "PROOF_ROOT_MISMATCH", "TOO_FEW_CHALLENGES", "TOO_EARLY", "LATE_PROOF",
            "FUTURE_ROUND", "INPUTS_REFUSED", "PROOF_MALFORMED", "PROOF_INVALID", "COMMITMENT_MISMATCH",
            "PATH_MISMATCH", "SIGNATURE_MALFORMED", "SIGNER_MISMATCH", "TASK_NOT_IN_ROUND", "TASK_WRONG_NODE",
            "DUP_INET_GROUP", "TOO_MANY_TASKS", "COMMITTEE_TOO_SMALL", "MAJORITY_NOT_FOUND", "MINORITY_RESULT", "VALID",
            "SEED_UNPROVEN", "NOT_CHECKED", "RANGE_UNPROVEN",
        )
    },
    **{
        ("outcome", "", name): bent
        for name in ("PASS", "LATE", "FAIL", "TIMEOUT", "OFFLINE", "UNKNOWN", "NOT_ATTEMPTED", "NONE")
    },
    ("outcome", "", "INVALID"): arweave,
    ("indicator", "", "REPLAY"): bent,
    ("indicator", "", "KEY_REUSE"): bent,
    ("indicator", "", "KEY_SHARED"): bent,
    ("indicator", "", "EQUIVOCATION"): bent,
    ("indicator", "", "COUNTER_AHEAD"): bent,
    ("indicator", "", "CLOCK_SKEW"): bent,
    ("indicator", "", "OFF_SCHEDULE"): bent,
    ("indicator", "", "UNKNOWN_DEVICE"): bent,
    ("indicator", "", "DUPLICATE_CONFLICT"): bent,
    ("indicator", "", "VALIDATOR_SILENT"): bent,
    ("indicator", "", "UNRELIABLE"): outages,
    ("indicator", "", "NETWORK_EVENT"): event,
    ("indicator", "", "UNDER_ASSIGNED"): conflicts,
    ("indicator", "", "SINGLE_WITNESS"): single,
    ("indicator", "", "MINORITY_REPORTER"): disagreements,
    ("indicator", "", "FAVOURITISM"): disagreements,
    ("indicator", "", "SHARED_OUTAGE"): disagreements,
    **{
        ("reason", "", name): models
        for name in (
            "RELATIVE_FAILURE", "BELOW_THRESHOLD", "REWARD_SHARE", "STRIKES", "SMALL_SAMPLE", "BUDGET_EXHAUSTED",
            "PROBATION", "SUSPENDED", "DISQUALIFIED", "WITHHELD", "CORRECTNESS", "UNKNOWN_ERRORS", "LATENCY",
        )
    },
    ("reason", "", "AVAILABILITY"): event,
    ("reason", "", "PROVISIONAL"): bent,
    ("reason", "", "NO_DATA"): paid,
    ("reason", "", "PRORATED"): paid,
    ("reason", "", "CLASS"): paid,
    ("reason", "", "UTILISATION"): idle,
    ("reason", "", "NO_PAYEE"): paid,
    ("reason", "", "CAPACITY"): paid,
    ("exclusion", "", "VALIDATOR_REFERENCE_FAILED"): outages,
    ("exclusion", "", "VALIDATOR_CORRELATED"): outages,
    ("exclusion", "", "VALIDATOR_ALONE_CORRELATED"): alone,
    **{
        ("quarantine", "", name): set_aside
        for name in (
            "UNSIGNED", "BAD_SIGNATURE", "WRONG_SIGNER", "WRONG_EPOCH", "SCHEMA", "TRUNCATED", "LIMIT", "UNREADABLE"
        )
    },
    ("state", "", "NO_DATA"): paid,
    ("state", "", "PROVISIONAL"): bent,
    ("state", "", "FULL"): paid,
    **{
        ("signature", "", name): signatures
        for name in (
            "GOOD", "BAD_KEY", "BAD_ENCODING", "SCALAR_RANGE", "SMALL_ORDER", "HIGH_S", "EQUATION", "UNKNOWN_KEY_ID"
        )
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """The words that a maker shows, made once."""
    made = {}

    def said(show):
        if show.__name__ not in made:
            made[show.__name__] = show(tmp_path_factory.mktemp(show.__name__))
        return made[show.__name__]

    return said


@pytest.mark.parametrize(
    "entry", CATALOGUE, ids=lambda entry: f"{entry.family}-{entry.network or 'all'}-{entry.name}"
)
def test_each_word_is_said_by_a_result(said, entry):
    word = (entry.family, entry.network, entry.name)
    assert word in CASES, "add a case that makes this word"
    assert word in said(CASES[word])


def test_no_case_is_about_a_word_that_is_gone():
    assert set(CASES) == {(entry.family, entry.network, entry.name) for entry in CATALOGUE}


@pytest.mark.parametrize(
    "entry", CATALOGUE, ids=lambda entry: f"{entry.family}-{entry.network or 'all'}-{entry.name}"
)
def test_each_word_has_a_sentence_and_names_its_evidence(entry):
    assert re.fullmatch(r"[A-Z].{8,}\.", entry.sentence), entry.sentence
    assert entry.evidence.strip()
    assert (entry.severity is not None) == (entry.family == "indicator")


def test_words_and_numbers_are_distinct():
    words = [(entry.family, entry.network, entry.name) for entry in CATALOGUE]
    numbers = [(entry.family, entry.network, entry.number) for entry in CATALOGUE if entry.number is not None]
    assert len(set(words)) == len(words)
    assert len(set(numbers)) == len(numbers)


def test_enumerations_and_page_are_those_of_the_table():
    kept = ROOT / "python/depinverify/catalogue_names.py"
    assert kept.read_text("utf-8") == catalogue.enumerations(), "make docs"
    assert (ROOT / "docs/verdicts.md").read_text("utf-8") == catalogue.page(), "make docs"


def test_masks_are_named_by_network():
    assert catalogue.check_names(0b1_0000_0001) == ["MALFORMED", "OFF_SCHEDULE"]
    assert catalogue.check_names(0b10, "arweave") == ["TX_PATH_INVALID"]
    with pytest.raises(KeyError):
        catalogue.sentence("NO_SUCH_WORD")
