"""Epochs in which validators fail: every exclusion at its limits, and random ones, against the plain verifier.

Twelve devices are seen by three validators, since fewer than ten clusters never exclude anybody (scoring and rewards,
3.3); eleven slots, so that one excluded slot is not yet more than a tenth of them (3.6).
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epoch_folders import compare
from oracle.conftest import Signer, TinyEpoch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from depinverify import Settlement

#: More of them for a longer look: DEPINVERIFY_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("DEPINVERIFY_EXAMPLES", "60")) // 2
DEVICES, SLOTS = 12, 11
ALL = range(DEVICES)
#: A device that signs to be here has signed something provably wrong.
ELSEWHERE = {"latitude": 0, "longitude": 0}

CORRELATED, ALONE, REFERENCE = (
    "VALIDATOR_CORRELATED",
    "VALIDATOR_ALONE_CORRELATED",
    "VALIDATOR_REFERENCE_FAILED",
)


class Trouble(NamedTuple):
    """What validators have of devices in one slot instead of an answer in time."""

    slot: int
    validators: Sequence[int]
    devices: Sequence[int]
    what: str = "offline"


class Reference(NamedTuple):
    """A validator's probes of targets that nobody pays, in one slot."""

    validator: int
    slot: int
    ok: int
    total: int


def plain(_epoch: TinyEpoch) -> None:
    pass


def ten_clusters(epoch: TinyEpoch) -> None:
    """Twice two devices have one payee, so there are ten clusters, not one more than are needed."""
    for at, device in enumerate(list(epoch.device_keys)[:4]):
        epoch.event("set_payee", epoch.authority, device=device.hex(), payee=f"0x{100 + at // 2:040x}")


def events_count_for_nothing(epoch: TinyEpoch) -> None:
    epoch.ruleset["network_event"] = "exclude"


def conflicts(epoch: TinyEpoch) -> None:
    """Two of three validators may not judge the first device."""
    for validator in list(epoch.validator_keys)[:2]:
        epoch.event(
            "declare_conflict",
            epoch.validator_keys[validator],
            validator=validator.hex(),
            device=next(iter(epoch.device_keys)).hex(),
            owner=None,
        )


def partners(epoch: TinyEpoch) -> None:
    """A fourth validator has the owner of the first; together they are not two who can say that a device is down."""
    name, secret = b"val-3", bytes(31) + b"3"
    key = epoch.validator_keys[name] = Signer("ed25519", b"validator 3")
    epoch.secrets[name] = secret
    place = {"lat_e7": None, "lon_e7": None}
    enrolled = {"key": key.did, "kid": None, "owner": "owner of val-0", "payee": None, **place}
    epoch.event("enroll_validator", key, validator=name.hex(), **enrolled)
    promise = hashlib.sha256(secret).hexdigest()
    epoch.event("commit_challenge", key, validator=name.hex(), epoch=epoch.index, commitment=promise)


def single_witness(_epoch: TinyEpoch) -> None:
    """One validator takes part, and its word decides."""


SHAPES = (plain, ten_clusters, events_count_for_nothing, conflicts, partners, single_witness)


@functools.cache
def base(shape: Callable[[TinyEpoch], None]) -> tuple[TinyEpoch, dict[tuple[int, int, int], dict[str, Any]]]:
    """An epoch and its rows, good and wrong; they are kept, since signing is what takes time."""
    folder = Path(tempfile.mkdtemp(prefix="outages-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    validators = 1 if shape is single_witness else 3
    epoch = TinyEpoch(folder / "e", devices=("ed25519",) * DEVICES, validators=validators, slots=SLOTS)
    shape(epoch)
    rows: dict[tuple[int, int, int], dict[str, Any]] = {}
    for slot in range(SLOTS):
        for v, validator in enumerate(epoch.validator_keys):
            for d, device in enumerate(epoch.device_keys):
                answer = epoch.answer(validator, device, slot)
                wrong = epoch.answer(validator, device, slot, location=ELSEWHERE)
                rows[slot, v, d] = {
                    "answer": answer,
                    "wrong": wrong,
                    "late": answer | {"received_ms": answer["sent_ms"] + 6000},
                    "timeout": epoch.silence(validator, device, slot, transport=1),
                    "offline": epoch.silence(validator, device, slot, transport=2),
                    "error": epoch.silence(validator, device, slot, transport=3),
                    "none": None,
                }
    return epoch, rows


def codes_of(settled: Settlement) -> set[str]:
    """Reasons in the exclusion log, and what is said beside it."""
    found = {entry["reason"] for entry in settled.rewards["exclusions"]}
    beside = {"NETWORK_EVENT", "UNRELIABLE", "UNDER_ASSIGNED", "SINGLE_WITNESS"}
    return found | ({indicator["code"] for indicator in settled.rewards["indicators"]} & beside)


def settle_both(
    shape: Callable[[TinyEpoch], None], troubles: Sequence[Trouble], references: Sequence[Reference]
) -> set[str]:
    """The codes that the settlement speaks of; the plain verifier's settlement is the same."""
    epoch, rows = base(shape)
    seen = {
        (trouble.slot, v, d): trouble.what
        for trouble in troubles
        for v in trouble.validators
        for d in trouble.devices
    }
    chosen = (row[seen.get(place, "answer")] for place, row in rows.items())
    epoch.rows = [row for row in chosen if row is not None]
    for name in ("observations", "reference"):
        shutil.rmtree(epoch.folder / name, ignore_errors=True)
    epoch.write()
    for v, validator in enumerate(epoch.validator_keys):
        lines = [
            {"validator": validator.hex(), "slot": one.slot, "ok": one.ok, "total": one.total}
            for one in references
            if one.validator == v
        ]
        if lines:
            epoch.sign_file(epoch.write_lines(f"reference/{v}.jsonl", lines), validator)
    with tempfile.TemporaryDirectory() as out:
        settled = compare(epoch.folder, Path(out))
        assert settled is not None
        return codes_of(settled)


def blind(slot: int, *, sees_down: int, others_see_down: int = 0) -> list[Trouble]:
    return [Trouble(slot, [0], ALL[:sees_down]), Trouble(slot, [1, 2], ALL[:others_see_down], "timeout")]


def alone(slot: int, *, sees_down: int, of: int, others_have: int) -> list[Trouble]:
    """One validator probes some devices, and the others have rows of fewer."""
    return [
        Trouble(slot, [0], ALL[:sees_down]),
        Trouble(slot, [0], ALL[of:], "none"),
        Trouble(slot, [1, 2], ALL[others_have:], "none"),
    ]


@pytest.mark.parametrize(
    ("shape", "troubles", "references", "expected"),
    [
        (plain, [], [], set()),
        # 100 * 6 >= 50 * 12, and 100 * 1 < 10 * 12
        (plain, blind(5, sees_down=6, others_see_down=1), [], {CORRELATED}),
        (plain, blind(5, sees_down=5, others_see_down=1), [], set()),
        (plain, blind(5, sees_down=5, others_see_down=2), [], set()),
        (plain, blind(5, sees_down=12, others_see_down=2), [], set()),
        # A tenth of ten clusters is not less than a tenth of them.
        (ten_clusters, blind(5, sees_down=12, others_see_down=1), [], {CORRELATED}),
        (ten_clusters, blind(5, sees_down=12, others_see_down=2), [], set()),
        # 100 * 8 >= 80 * 10, of ten and with others that have nine
        (plain, alone(5, sees_down=8, of=10, others_have=9), [], {ALONE}),
        (plain, alone(5, sees_down=7, of=10, others_have=9), [], set()),
        (plain, alone(5, sees_down=8, of=10, others_have=10), [], {CORRELATED}),
        (plain, alone(5, sees_down=9, of=9, others_have=0), [], set()),
        (plain, [Trouble(5, [0], ALL[:1])], [Reference(0, 5, 1, 3)], {REFERENCE}),
        (plain, [], [Reference(0, 5, 1, 3)], {REFERENCE}),
        (plain, [], [Reference(0, 5, 0, 2), Reference(1, 5, 2, 4)], set()),
        # The reference comes first.
        (plain, blind(5, sees_down=12), [Reference(0, 5, 1, 3)], {REFERENCE}),
        (plain, [Trouble(5, range(3), ALL[:6])], [], {"NETWORK_EVENT"}),
        (plain, [Trouble(5, range(3), ALL[:5])], [], set()),
        (plain, [Trouble(5, range(3), ALL[:6])], [Reference(2, 5, 1, 3)], {REFERENCE}),
        (ten_clusters, [Trouble(5, range(3), ALL[4:9])], [], {"NETWORK_EVENT"}),
        (plain, [Trouble(5, range(3), ALL), Trouble(5, range(3), ALL[9:], "none")], [], set()),
        (events_count_for_nothing, [Trouble(5, range(3), ALL[:6])], [], {"NETWORK_EVENT"}),
        # Nobody was up before the first slot.
        (plain, [*blind(0, sees_down=12), Trouble(0, range(3), ALL)], [], set()),
        # A wrong answer reached the device.
        (plain, [Trouble(5, [0], ALL[:7]), Trouble(5, [0], ALL[:2], "wrong")], [], set()),
        # Two slots of eleven are more than a tenth; fourteen missing rows of 132 are, and thirteen are not.
        (plain, blind(4, sees_down=12) + blind(5, sees_down=12), [], {CORRELATED, "UNRELIABLE"}),
        (plain, [Trouble(4, [0], ALL, "error"), Trouble(5, [0], ALL[:2], "none")], [], {"UNRELIABLE"}),
        (plain, [Trouble(4, [0], ALL, "error"), Trouble(5, [0], ALL[:1], "none")], [], set()),
        (conflicts, [], [], {"UNDER_ASSIGNED"}),
        (partners, [Trouble(slot, [0, 3], ALL[:2]) for slot in range(4, 8)], [], set()),
        (single_witness, [Trouble(5, [0], ALL)], [], {ALONE, "SINGLE_WITNESS"}),
    ],
)
def test_limits(
    shape: Callable[[TinyEpoch], None],
    troubles: Sequence[Trouble],
    references: Sequence[Reference],
    expected: set[str],
) -> None:
    assert settle_both(shape, troubles, references) == expected


SLOT = st.integers(0, SLOTS - 1)
SOME = st.integers(0, DEVICES)
KINDS = st.sampled_from(["offline", "timeout", "wrong", "late", "error", "none"])
SOME_DEVICES = st.lists(st.integers(0, DEVICES - 1), unique=True, max_size=DEVICES)
VALIDATORS = st.lists(st.integers(0, 3), unique=True, min_size=1)
TROUBLES = st.one_of(
    st.builds(lambda slot, down, too: blind(slot, sees_down=down, others_see_down=too), SLOT, SOME, st.integers(0, 3)),
    st.builds(
        lambda slot, down, of, others: alone(slot, sees_down=down, of=of, others_have=others),
        SLOT, st.integers(6, 12), st.integers(9, 12), st.integers(7, 11),
    ),
    st.builds(lambda slot, down: [Trouble(slot, range(3), ALL[:down])], SLOT, SOME),
    st.builds(Trouble, SLOT, VALIDATORS, SOME_DEVICES, KINDS).map(lambda one: [one]),
)  # fmt: skip
REFERENCES = st.builds(Reference, st.integers(0, 2), SLOT, st.integers(0, 2), st.integers(2, 5))


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    shape=st.sampled_from(SHAPES),
    troubles=st.lists(TROUBLES, max_size=8),
    references=st.lists(REFERENCES, max_size=3, unique_by=lambda one: one[:2]),
)
def test_random_outages(
    shape: Callable[[TinyEpoch], None], troubles: list[list[Trouble]], references: list[Reference]
) -> None:
    settle_both(shape, [trouble for some in troubles for trouble in some], references)
