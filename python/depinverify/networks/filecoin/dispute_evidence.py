"""The evidence that a dispute of a window proof needs, as a file.

In: an accepted proof that is wrong, and the key that it is wrong under. Out: a file; and from a file, what in it does
not hold. Rule: Filecoin, B1, B4 and B5; canonical JSON, scoring and rewards, 11.1. Numbers of partitions and sectors
are decimal strings, bytes are lower-case hex.
Invariant: a file has one form in bytes, and all that it says follows from proof, sectors, randomness and key; whoever
has the key finds the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.window_post import (
    Accepted,
    Reason,
    Sector,
    post_type,
    public_inputs,
    wrong_proofs,
)
from depinverify.settlement import write_file

if TYPE_CHECKING:
    import os

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.window_post import Verifier

__all__ = ["FORMAT", "DisputeEvidence", "contradictions", "make_evidence", "read_evidence", "write_evidence"]

#: Name of the file's format.
FORMAT: Final = "depinverify-filecoin-dispute-v1"


@dataclass(frozen=True)
class DisputeEvidence:
    """What is said about one wrong proof.

    Attributes:
        key_id: Id of the circuit, where the network publishes the key.
        check_value: Check value of the key, 16 bytes.
        post_type: Number of the proof's type.
        accepted: The proof and what it is about.
        inputs_sha256: SHA-256 of its public inputs, joined; ``None`` where nothing can be proved about the sectors.
        reason: What is wrong.
    """

    key_id: str | None
    check_value: bytes
    post_type: int
    accepted: Accepted
    inputs_sha256: bytes | None
    reason: Reason

    def to_bytes(self) -> bytes:
        """The file's content."""
        partition, randomness, sectors, proof = self.accepted
        value: Json = {
            "format": FORMAT,
            "key": {"id": self.key_id, "check_value": self.check_value.hex()},
            "post_type": self.post_type,
            "partition": str(partition),
            "randomness": randomness.hex(),
            "sectors": [{"number": str(number), "comm_r": comm_r.hex()} for number, comm_r in sectors],
            "proof": proof.hex(),
            "inputs_sha256": None if self.inputs_sha256 is None else self.inputs_sha256.hex(),
            "reason": {"code": self.reason.code, "text": self.reason.text},
        }
        return canonical_json(value) + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read a file's content.

        Args:
            content: The bytes.

        Raises:
            InputError: They are no evidence in its one form.
        """
        try:
            members = json.loads(content)
            if members["format"] != FORMAT:
                raise InputError(f"format: expected {FORMAT}, found another")
            evidence = cls._of(members)
            is_that_form = evidence.to_bytes() == content
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"expected canonical JSON of the format {FORMAT}, found something else"
            ) from None
        if not is_that_form:
            raise InputError(f"expected canonical JSON of the format {FORMAT}, and no other member")
        return evidence

    @classmethod
    def _of(cls, members: dict[str, Any]) -> Self:
        key, inputs, reason = members["key"], members["inputs_sha256"], members["reason"]
        sectors = [
            Sector(_number(sector["number"], "sector"), _bytes(sector["comm_r"], 32, "comm_r"))
            for sector in members["sectors"]
        ]
        accepted = Accepted(
            _number(members["partition"], "partition"),
            _bytes(members["randomness"], 32, "randomness"),
            sectors,
            bytes.fromhex(members["proof"]),
        )
        return cls(
            None if key["id"] is None else _text(key["id"], "key, id"),
            _bytes(key["check_value"], 16, "check_value"),
            post_type(members["post_type"]).number,
            accepted,
            None if inputs is None else _bytes(inputs, 32, "inputs_sha256"),
            Reason(_text(reason["code"], "reason, code"), _text(reason["text"], "reason, text")),
        )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}: expected text, found {type(value).__name__}")
    return value


def _number(value: object, name: str) -> int:
    number = int(_text(value, name))
    if not 0 <= number < 1 << 64:
        raise InputError(f"{name}: expected a number below 2^64, found another")
    return number


def _bytes(value: object, length: int, name: str) -> bytes:
    found = bytes.fromhex(_text(value, name))
    if len(found) != length:
        raise InputError(f"{name}: expected {length} bytes, found {len(found)}")
    return found


def make_evidence(key: Verifier, post_type: int, accepted: Accepted) -> DisputeEvidence:
    """Gather the evidence about an accepted proof.

    Args:
        key: The key of the circuit.
        post_type: Number of the proof's type, one of version 1.1.
        accepted: The proof and what it is about.

    Raises:
        InputError: The proof holds, so that there is nothing to dispute; or as :func:`window_post.wrong_proofs`.
    """
    found = wrong_proofs(key, post_type, [accepted])
    if not found:
        raise InputError(
            f"partition {accepted.partition}: expected a wrong proof, found one that holds under the key",
            hint="window_post.wrong_proofs names the wrong ones",
        )
    inputs = public_inputs(post_type, accepted.randomness, accepted.sectors)
    # More sectors than a partition takes have inputs for several, and none for the one that this proof is of.
    has_inputs = not isinstance(inputs, Reason) and len(inputs) == 1
    digest = hashlib.sha256(inputs[0]).digest() if has_inputs else None  # type: ignore[arg-type]
    return DisputeEvidence(key.published_id, key.check_value, post_type, accepted, digest, found[0].reason)


def write_evidence(path: str | os.PathLike[str], key: Verifier, post_type: int, accepted: Accepted) -> str:
    """Write the evidence about an accepted proof; the file is absent or whole.

    Args:
        path: Where to.
        key: The key of the circuit.
        post_type: Number of the proof's type, one of version 1.1.
        accepted: The proof and what it is about.

    Returns:
        SHA-256 of the file, 64 hex digits.

    Raises:
        InputError: As :func:`make_evidence`, or the file cannot be written.
    """
    content = make_evidence(key, post_type, accepted).to_bytes()
    try:
        return write_file(Path(path), content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error})") from error


def read_evidence(path: str | os.PathLike[str]) -> DisputeEvidence:
    """Read an evidence file; whether what it says is so, :func:`contradictions` finds out.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, or is no evidence in its one form.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    try:
        return DisputeEvidence.from_bytes(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def contradictions(evidence: DisputeEvidence, key: Verifier) -> list[str]:
    """Find out again what the evidence says.

    Args:
        evidence: What was read.
        key: The reader's own key of the circuit.

    Returns:
        A sentence for each thing that is not so; none where the dispute stands.

    Raises:
        InputError: The type of proof is another circuit's than the key, or cannot be disputed.
    """
    if evidence.check_value != key.check_value:
        expected, found = key.check_value.hex(), evidence.check_value.hex()
        return [f"key: expected check value {expected}, found {found}"]
    if not wrong_proofs(key, evidence.post_type, [evidence.accepted]):
        return ["proof: expected a wrong one, found one that holds"]
    again = make_evidence(key, evidence.post_type, evidence.accepted)
    return [
        f"{name}: expected {expected}, found {found}"
        for name, expected, found in (
            ("key id", again.key_id, evidence.key_id),
            ("inputs_sha256", _hex(again.inputs_sha256), _hex(evidence.inputs_sha256)),
            ("reason", again.reason, evidence.reason),
        )
        if expected != found
    ]


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()
