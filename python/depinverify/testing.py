"""For tests of code that embeds depinverify: Hypothesis strategies of signed evidence, and assertions.

Needs Hypothesis (``pip install 'depinverify[testing]'``). What the strategies make is really signed, with keys that
follow from a drawn seed, so a failing example is the same the next time.

Example:
    >>> from hypothesis import given
    >>> from depinverify import testing
    >>> @given(testing.proofs())
    ... def test_my_reader(proof):
    ...     assert my_reader(proof.envelope).device == proof.device  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from depinverify import _native
from depinverify.check import Row
from depinverify.device import Claims, DeviceKey, Envelope, Location, answer
from depinverify.observations import observation_table
from depinverify.settlement import Settlement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arro3.core import Table

__all__ = [
    "SignedProof",
    "assert_settlement_sound",
    "assert_settlements_equal",
    "claims",
    "device_ids",
    "device_keys",
    "epoch_settings",
    "locations",
    "observations",
    "proofs",
    "table_of",
]

_SCHEMES = ("ed25519", "p256", "secp256k1")
_LARGEST = (1 << 53) - 1
#: Unix seconds in which drawn proofs are made: long after the public beacon's genesis.
_EARLIEST, _LATEST = 1_750_000_000, 1_900_000_000


class SignedProof(NamedTuple):
    """A proof and everything that went into it."""

    key: DeviceKey
    device: bytes
    challenge: bytes
    claims: Claims
    envelope: bytes


def device_keys(scheme: str | None = None) -> st.SearchStrategy[DeviceKey]:
    """Keys of devices.

    Args:
        scheme: ``ed25519``, ``p256`` or ``secp256k1``; any of them if ``None``.
    """
    schemes = st.sampled_from(_SCHEMES) if scheme is None else st.just(scheme)
    return st.builds(DeviceKey.from_seed, schemes, st.binary(min_size=32, max_size=32))


def device_ids() -> st.SearchStrategy[bytes]:
    """Device ids: a type of UEID (1 to 3) and 6 to 32 more bytes (uptime proof, 1.1)."""
    return st.builds(
        lambda kind, rest: bytes([kind]) + rest, st.integers(1, 3), st.binary(min_size=6, max_size=32)
    )


def locations() -> st.SearchStrategy[Location]:
    """Places in whole 10^-7 degrees, all over the globe, the poles and the date line among them."""
    latitude, longitude = st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000)
    return st.builds(Location, latitude, longitude, st.integers(0, 5000))


def claims() -> st.SearchStrategy[Claims]:
    """What devices say about themselves, each optional claim there or not."""
    text = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    number = st.none() | st.integers(0, _LARGEST)
    return st.builds(
        Claims,
        iat=st.integers(_EARLIEST, _LATEST),
        uptime=number,
        bootcount=number,
        location=st.none() | locations(),
        hwmodel=st.none() | st.binary(max_size=16),
        oemid=st.none() | st.binary(max_size=16),
        swname=text,
        swversion=text,
        metrics=st.none()
        | st.dictionaries(st.text("abc_.", max_size=8), st.integers(-(1 << 63), (1 << 63) - 1), max_size=3),
    )


@st.composite
def proofs(draw: st.DrawFn, scheme: str | None = None, envelope: str | None = None) -> SignedProof:
    """Well-formed signed proofs.

    Args:
        draw: Given by Hypothesis.
        scheme: One scheme only.
        envelope: ``cose``, ``cose-tagged``, ``cwt`` or ``jws`` only.
    """
    key, device, said = draw(device_keys(scheme)), draw(device_ids()), draw(claims())
    challenge = draw(st.binary(min_size=32, max_size=32))
    wrapped = draw(st.sampled_from(Envelope)) if envelope is None else Envelope(envelope)
    made = answer(key, challenge, device=device, claims=said, envelope=wrapped)
    return SignedProof(key, device, challenge, said, made)


@st.composite
def observations(draw: st.DrawFn, max_size: int = 10) -> list[Row]:
    """Rows as validators record them: answers with signed proofs, with bytes that are none, and silences.

    Args:
        draw: Given by Hypothesis.
        max_size: Most rows.
    """
    answers = st.builds(
        Row,
        validator=st.binary(min_size=1, max_size=8),
        device=device_ids(),
        slot=st.integers(0, (1 << 64) - 1),
        sent_ms=st.integers(-(1 << 63), (1 << 63) - 1),
        received_ms=st.integers(-(1 << 63), (1 << 63) - 1),
        transport=st.just(0),
        proof=proofs().map(lambda proof: proof.envelope) | st.binary(max_size=200),
    )
    silences = st.builds(
        lambda row, transport: row._replace(received_ms=None, transport=transport, proof=None),
        answers,
        st.integers(1, 4),
    )
    return draw(st.lists(answers | silences, max_size=max_size))


def table_of(rows: Iterable[Row]) -> Table:
    """Rows as an Arrow table with the columns of observations.

    Args:
        rows: The rows.
    """
    return observation_table(rows)


@st.composite
def epoch_settings(draw: st.DrawFn, max_devices: int = 12, max_hours: int = 2) -> dict[str, Any]:
    """Arguments of :func:`depinverify.simulate`, beside ``out``: small epochs with liars of every kind.

    Args:
        draw: Given by Hypothesis.
        max_devices: Largest fleet.
        max_hours: Longest epoch.
    """
    return {
        "devices": draw(st.integers(1, max_devices)),
        "hours": draw(st.integers(1, max_hours)),
        "seed": draw(st.integers(0, (1 << 32) - 1)),
        "validators": draw(st.integers(3, 5)),
        "file_format": draw(st.sampled_from(["parquet", "arrow", "jsonl", "jsonl.gz", "jsonl.zst"])),
    }


def _opened(settlement: Settlement | str | Path) -> Settlement:
    return settlement if isinstance(settlement, Settlement) else Settlement.open(settlement)


def assert_settlements_equal(one: Settlement | str | Path, other: Settlement | str | Path) -> None:
    """Assert that two settlements have equal contents: all that the promise of determinism covers.

    Args:
        one: A settlement or its folder.
        other: Another.

    Raises:
        AssertionError: They differ; the message names inputs, results and counts that do.
    """
    first, second = _opened(one), _opened(other)
    found = [
        f"{part}.{name}: {left.get(name)} and {right.get(name)}"
        for part in ("inputs", "results", "counts")
        for left, right in [(first.manifest[part], second.manifest[part])]
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]
    if first.manifest["params_hash"] != second.manifest["params_hash"]:
        found.insert(0, "params_hash")
    if found:
        raise AssertionError(f"{first.folder} and {second.folder} differ:\n" + "\n".join(found))
    for settlement in (first, second):
        assert_settlement_sound(settlement)


def assert_settlement_sound(settlement: Settlement | str | Path) -> None:
    """Assert that a settlement's files have the contents that its manifest names, and that no unit was lost.

    Args:
        settlement: The settlement or its folder.

    Raises:
        AssertionError: A file is absent or changed, or the sums of the reward file do not fit each other.
    """
    opened = _opened(settlement)
    found = opened.check()
    rewards = opened.rewards
    allocated = sum(int(entry["amount"]) for entry in rewards["entries"])
    if allocated != int(rewards["allocated"]):
        found.append(f"rewards.json: entries sum to {allocated}, expected {rewards['allocated']}")
    to_validators = sum(int(line["amount"]) for line in rewards.get("validators", ()))
    if to_validators != int(rewards.get("to_validators", "0")):
        expected = rewards.get("to_validators", "0")
        found.append(f"rewards.json: validators sum to {to_validators}, expected {expected}")
    rows = sum(opened.counts.values())
    if rows != opened.verdicts.num_rows:
        found.append(f"verdicts.parquet: {opened.verdicts.num_rows} rows, counted {rows}")
    hashed = _native.content_hash(opened.scores).hex()
    if hashed != opened.manifest["results"]["scores.parquet"]:
        found.append("scores.parquet: another content than its manifest says")
    if found:
        raise AssertionError(f"{opened.folder}:\n" + "\n".join(found))
