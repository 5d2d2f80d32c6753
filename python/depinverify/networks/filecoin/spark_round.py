"""A round of retrieval checks: what checkers were asked to do.

In: tasks, how many a station may do, and randomness or the beacon that gives it; as objects or as JSON. Out: a
:class:`Round`. Rule: Filecoin, C3 and D1. Invariant: randomness that comes from a beacon is the hash of a signature
that was checked, of the one round that was current at the start; what is stated of it is only compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.lines import DECODER, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BEACON", "Round", "Task", "randomness_time"]

_BEACON: Final = "quicknet"
#: The beacon of rounds.
BEACON: Final = _native.BeaconChain.named(_BEACON)


@dataclass(frozen=True, slots=True)
class Task:
    """Content that one storage provider must serve.

    Attributes:
        cid: The content's identifier.
        miner_id: The storage provider.
        clients: Who pays for the storage.
        allocators: Who allowed the client its storage.
    """

    cid: str
    miner_id: str
    clients: tuple[str, ...] = ()
    allocators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """What checkers were asked to do.

    Attributes:
        tasks: The tasks.
        max_tasks_per_node: How many of them a station may do.
        randomness: The randomness of the round's start, 32 bytes; ``None`` where it is not known, which is enough for
            rules that do not detect fraud.
    """

    tasks: tuple[Task, ...]
    max_tasks_per_node: int
    randomness: bytes | None = None

    @classmethod
    def from_json(cls, source: bytes | str | Mapping[str, object]) -> Round:
        """Read a round.

        Args:
            source: An object, or its JSON: ``tasks`` (objects with ``cid, minerId`` and optionally ``clients`` and
                ``allocators``), ``maxTasksPerNode``, and optionally ``randomness`` (64 hex digits), or ``startEpoch``
                and ``beacon``, which has ``round, signature`` and optionally ``randomness``.

        Raises:
            InputError: A member is absent or wrong, or the beacon does not hold.
        """
        members = _object(source, "round")
        if not isinstance(found := members.get("tasks"), (list, tuple)):
            raise _wrong("round, tasks", "a list", found)
        tasks = tuple(_task(task, f"round, tasks[{place}]") for place, task in enumerate(found))
        most = _integer(members, "maxTasksPerNode", "round")
        if members.get("beacon") is None:
            randomness = members.get("randomness")
            return cls(tasks, most, None if randomness is None else _hash(randomness, "round, randomness"))
        return cls.at_epoch(
            tasks, most, start_epoch=_integer(members, "startEpoch", "round"), beacon=members["beacon"]
        )

    @classmethod
    def at_epoch(
        cls, tasks: Iterable[Task], max_tasks_per_node: int, *, start_epoch: int, beacon: object
    ) -> Round:
        """Make a round whose randomness is that of the beacon at its start; the beacon's signature is checked.

        Args:
            tasks: The tasks.
            max_tasks_per_node: How many of them a station may do.
            start_epoch: The Filecoin epoch at which the round starts.
            beacon: The round of the beacon that was current then: an object with ``round, signature`` and optionally
                ``randomness``, as drand's interface gives it.

        Raises:
            InputError: It is another round, or not signed, or its randomness is another.
        """
        members = _object(beacon, "beacon")
        expected = BEACON.round_at(randomness_time(start_epoch))
        number = _integer(members, "round", "beacon")
        if number != expected:
            raise InputError(
                f"beacon, round: expected {expected} of {_BEACON}, which is current at the start of epoch "
                f"{start_epoch}, found {number}"
            )
        signature = _hex(members.get("signature"), "beacon, signature")
        if not BEACON.verify_round(number, signature):
            raise InputError(
                f"beacon, signature: expected that of round {number} of {_BEACON}, found another"
            )
        randomness = hashlib.sha256(signature).digest()
        stated = members.get("randomness")
        if stated is not None and _hash(stated, "beacon, randomness") != randomness:
            raise InputError("beacon, randomness: expected the SHA-256 of the signature, found another")
        return cls(tuple(tasks), max_tasks_per_node, randomness)


def randomness_time(start_epoch: int) -> int:
    """The moment whose round of :data:`BEACON` gives the randomness of a round, in Unix seconds.

    Args:
        start_epoch: The Filecoin epoch at which the round starts.

    Raises:
        InputError: The moment has more than 64 bits.
    """
    return _native.filecoin_spark_randomness_time(start_epoch)


def _wrong(where: str, expected: str, found: object) -> InputError:
    return InputError(
        f"{where}: expected {expected}, found {'none' if found is None else type(found).__name__}"
    )


def _object(source: object, where: str) -> Mapping[str, object]:
    if isinstance(source, (bytes, str)):
        try:
            source = DECODER.decode(source if isinstance(source, str) else source.decode())
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where}: expected JSON, found otherwise ({error})") from error
    if not isinstance(source, Mapping):
        raise _wrong(where, "an object", source)
    return source


def _integer(members: Mapping[str, object], name: str, where: str) -> int:
    found = members.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise _wrong(f"{where}, {name}", "an integer from 0", found)
    return found


def _hex(found: object, where: str) -> bytes:
    try:
        return bytes.fromhex(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _wrong(where, "hex digits", found) from None


def _hash(found: object, where: str) -> bytes:
    value = _hex(found, where)
    if len(value) != 32:  # noqa: PLR2004
        raise InputError(f"{where}: expected 64 hex digits, found {2 * len(value)}")
    return value


def _task(found: object, where: str) -> Task:
    members = _object(found, where)
    cid, miner_id = members.get("cid"), members.get("minerId")
    if not isinstance(cid, str) or not isinstance(miner_id, str):
        raise _wrong(where, "texts cid and minerId", cid if isinstance(miner_id, str) else miner_id)
    cid, miner_id = as_text(cid, f"{where}, cid"), as_text(miner_id, f"{where}, minerId")
    return Task(cid, miner_id, _names(members, "clients", where), _names(members, "allocators", where))


def _names(members: Mapping[str, object], name: str, where: str) -> tuple[str, ...]:
    found = members.get(name)
    if found is None:
        return ()
    if not isinstance(found, (list, tuple)) or not all(isinstance(party, str) for party in found):
        raise _wrong(f"{where}, {name}", "a list of texts", found)
    return tuple(as_text(party, f"{where}, {name}") for party in found)
