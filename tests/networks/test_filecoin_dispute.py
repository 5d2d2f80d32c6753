"""Evidence of a wrong window proof: written, read, found again, and falsified in every member."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.networks.filecoin import window_post
from depinverify.networks.filecoin.dispute_evidence import (
    DisputeEvidence,
    contradictions,
    make_evidence,
    read_evidence,
    write_evidence,
)
from depinverify.networks.filecoin.window_post import Accepted, Reason, Sector, Verifier
from reference.groth16 import MadeKey

if TYPE_CHECKING:
    from pathlib import Path

KIB2 = 10
SECTORS = [Sector(7, b"\1" * 32), Sector(2**64 - 1, b"\2" * 32)]
RANDOMNESS = bytes(range(32))


@cache
def key() -> Verifier:
    return Verifier.from_bytes(MadeKey(22).file(), trust="anyone")


@cache
def proof(randomness: bytes) -> bytes:
    inputs = window_post.public_inputs(KIB2, randomness, SECTORS)
    assert isinstance(inputs, list)
    return MadeKey(22).prove(inputs[0])


def wrong() -> Accepted:
    """The proof of another epoch."""
    return Accepted(1, RANDOMNESS, SECTORS, proof(bytes(32)))


def test_evidence_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "dispute.json"
    digest = write_evidence(path, key(), KIB2, wrong())
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest
    assert canonical_json(json.loads(content)) + b"\n" == content
    inputs = window_post.public_inputs(KIB2, RANDOMNESS, SECTORS)
    assert isinstance(inputs, list)
    assert json.loads(content) == {
        "format": "depinverify-filecoin-dispute-v1",
        "key": {"id": None, "check_value": key().check_value.hex()},
        "post_type": KIB2,
        "partition": "1",
        "randomness": RANDOMNESS.hex(),
        "sectors": [{"number": str(number), "comm_r": comm_r.hex()} for number, comm_r in SECTORS],
        "proof": proof(bytes(32)).hex(),
        "inputs_sha256": hashlib.sha256(inputs[0]).hexdigest(),
        "reason": {"code": "PROOF_INVALID", "text": "the pairing equation does not hold"},
    }
    evidence = read_evidence(path)
    assert evidence == make_evidence(key(), KIB2, wrong())
    assert evidence.to_bytes() == content
    assert contradictions(evidence, key()) == []
    assert write_evidence(str(path), key(), KIB2, wrong()) == digest


@pytest.mark.parametrize(
    ("accepted", "code", "has_inputs"),
    [
        (wrong()._replace(proof=b"short"), "PROOF_MALFORMED", True),
        (wrong()._replace(proof=b""), "PROOF_MALFORMED", True),
        (wrong()._replace(sectors=[]), "INPUTS_REFUSED", False),
        (wrong()._replace(sectors=[(1, b"\xff" * 32)]), "INPUTS_REFUSED", False),
        (wrong()._replace(sectors=[*SECTORS, (1, bytes(32))]), "INPUTS_REFUSED", False),
        (wrong()._replace(partition=2**64 - 1), "PROOF_INVALID", True),
    ],
)
def test_evidence_of_every_kind(tmp_path: Path, accepted: Accepted, code: str, has_inputs: bool) -> None:
    write_evidence(tmp_path / "dispute.json", key(), KIB2, accepted)
    evidence = read_evidence(tmp_path / "dispute.json")
    assert evidence.reason.code == code
    assert (evidence.inputs_sha256 is not None) is has_inputs
    assert contradictions(evidence, key()) == []


def test_nothing_to_dispute(tmp_path: Path) -> None:
    good = Accepted(1, RANDOMNESS, SECTORS, proof(RANDOMNESS))
    with pytest.raises(InputError, match="partition 1: expected a wrong proof, found one that holds"):
        write_evidence(tmp_path / "dispute.json", key(), KIB2, good)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="cannot be written"):
        write_evidence(tmp_path / "missing" / "dispute.json", key(), KIB2, wrong())
    with pytest.raises(InputError, match=r"expected a window proof of version 1\.1"):
        write_evidence(tmp_path / "dispute.json", key(), 0, wrong())


def test_what_is_not_so_is_found() -> None:
    evidence = make_evidence(key(), KIB2, wrong())

    def found(**changes: Any) -> str:
        (sentence,) = contradictions(dataclasses.replace(evidence, **changes), key())
        return sentence

    good = wrong()._replace(proof=proof(RANDOMNESS))
    assert found(accepted=good) == "proof: expected a wrong one, found one that holds"
    assert found(check_value=bytes(16)).startswith(f"key: expected check value {key().check_value.hex()}")
    assert found(key_id="0" * 64).startswith("key id: expected None")
    assert found(inputs_sha256=bytes(32)).startswith("inputs_sha256: expected ")
    assert found(inputs_sha256=None).endswith("found None")
    assert found(reason=Reason("PROOF_MALFORMED", evidence.reason.text)).startswith("reason: expected")
    moved = contradictions(
        dataclasses.replace(evidence, accepted=wrong()._replace(randomness=b"\5" * 32)), key()
    )
    assert [sentence.partition(":")[0] for sentence in moved] == ["inputs_sha256"]
    other = Verifier.from_bytes(MadeKey(23).file(), trust="anyone")
    assert len(contradictions(evidence, other)) == 1
    with pytest.raises(InputError, match="expected a key of 25839 inputs"):
        contradictions(dataclasses.replace(evidence, post_type=13), key())


def altered(**changes: Any) -> bytes:
    members = json.loads(make_evidence(key(), KIB2, wrong()).to_bytes())
    return canonical_json(members | changes) + b"\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "another"}, "format: expected depinverify-filecoin-dispute-v1"),
        ({"more": 1}, "and no other member"),
        ({"post_type": 15}, "post_type: expected 0 to 14, found 15"),
        ({"post_type": "10"}, "found something else"),
        ({"post_type": True}, "and no other member"),
        ({"partition": 1}, "partition: expected text, found int"),
        ({"partition": "-1"}, r"partition: expected a number below 2\^64"),
        ({"partition": str(2**64)}, r"partition: expected a number below 2\^64"),
        ({"partition": "01"}, "and no other member"),
        ({"partition": "9" * 5000}, "found something else"),
        ({"randomness": "00" * 31}, "randomness: expected 32 bytes, found 31"),
        ({"randomness": RANDOMNESS.hex().upper()}, "and no other member"),
        ({"randomness": "0" * 63}, "found something else"),
        ({"sectors": [{"number": "1"}]}, "found something else"),
        ({"sectors": [{"number": "1", "comm_r": ""}]}, "comm_r: expected 32 bytes, found 0"),
        ({"sectors": {"number": "1", "comm_r": ""}}, "found something else"),
        ({"sectors": None}, "found something else"),
        ({"proof": 7}, "found something else"),
        ({"inputs_sha256": "00"}, "inputs_sha256: expected 32 bytes, found 1"),
        ({"key": None}, "found something else"),
        ({"key": {"id": 1, "check_value": "00" * 16}}, "key, id: expected text"),
        ({"reason": {"code": "PROOF_INVALID"}}, "found something else"),
        ({"reason": {"code": "PROOF_INVALID", "text": 1}}, "reason, text: expected text"),
    ],
)
def test_files_that_are_no_evidence(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = tmp_path / "dispute.json"
    path.write_bytes(altered(**changes))
    with pytest.raises(InputError, match=rf"dispute\.json: .*{message}"):
        read_evidence(path)


def test_one_form_in_bytes(tmp_path: Path) -> None:
    content = make_evidence(key(), KIB2, wrong()).to_bytes()
    assert DisputeEvidence.from_bytes(content).to_bytes() == content
    for other in (content[:-1], content + b"\n", b" " + content, content.replace(b":", b": ", 1), b"", b"7"):
        with pytest.raises(InputError):
            DisputeEvidence.from_bytes(other)
    for deep in (b"[" * 200_000, b'{"format":' * 100_000):
        with pytest.raises(InputError, match="found something else"):
            DisputeEvidence.from_bytes(deep)
    with pytest.raises(InputError, match=r"missing\.json: cannot be read"):
        read_evidence(tmp_path / "missing.json")


@given(
    data=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["format", "key", "sectors", "proof"]), inner, max_size=4)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_bytes_are_refused_by_one_exception(data: bytes) -> None:
    with pytest.raises(InputError):
        DisputeEvidence.from_bytes(data)
