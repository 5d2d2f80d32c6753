"""Checks of retrievals by strangers: what a round of them is worth.

In: a round (its tasks, how many a station may do, its randomness), files of measurements, the rules. Out: a label for
each measurement, what each committee agreed on and how broadly, rates of providers, clients and allocators, scores and
rewards, as Arrow tables of integers and texts. Rule: Filecoin, C1 to C8 and F2. Invariant: the same round and files
give the same tables. A rate is never shown without its total and the bound that so small a sample supports.

Nothing here proves a retrieval: measurements carry no signature, ids of stations are free to make, and a provider that
knows a round's public tasks can serve just those. The numbers of subnets, participants and the margin of each committee
say how much stands behind its decision.

Example:
    >>> from depinverify.networks.filecoin import spark
    >>> print(spark.Rate(3, 3))
    3 of 3, at least 47.2870 %
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.spark_round import BEACON, Round, Task, randomness_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import BinaryIO

    from arro3.core import RecordBatch

__all__ = [
    "BEACON",
    "BURN_ADDRESS",
    "ROUND_SCORE",
    "Evaluation",
    "Rate",
    "Round",
    "RoundSize",
    "RuleVersion",
    "Rules",
    "Source",
    "Task",
    "allowed_tasks",
    "evaluate",
    "inet_group",
    "next_round",
    "percentile",
    "randomness_time",
    "rates",
    "reputation",
    "retrieval_result",
    "reward",
    "scores",
    "signed_text",
    "signer",
    "station_key",
    "task_key",
]

#: All scores of a round together.
ROUND_SCORE: Final = 10**15
#: Where the score of nobody goes.
BURN_ADDRESS: Final = "0x000000000000000000000000000000000000dEaD"

Evaluation: TypeAlias = _native.FilecoinSparkEvaluation
RuleVersion: TypeAlias = Literal["rewarded", "unrewarded"]
#: Measurements: JSON lines or one JSON array, plain or as gzip; bytes, or the path of a file.
Source: TypeAlias = "bytes | bytearray | memoryview | str | os.PathLike[str]"

_GZIP: Final = b"\x1f\x8b"
_MOST_BYTES: Final = 2**31 - 1
_SLICE: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Rules:
    """How a round is evaluated; the network changed these one by one.

    Attributes:
        detects_fraud: Whether measurements must be of tasks that the station was given, one per task and subnet, and
            whether they are rewarded.
        required_committee_size: Members without which a committee decides nothing.
        validity: What a measurement must say about a retrieval that succeeded: ``current`` asks for its times, in
            order, and for the status of a HEAD request over HTTP alone.
        indexer_outages: Whether outages of the indexer count in rates as failures, or not at all.
    """

    detects_fraud: bool
    required_committee_size: int
    validity: Literal["historical", "current"]
    indexer_outages: Literal["counted", "left_out"]

    @classmethod
    def of(cls, version: RuleVersion) -> Rules:
        """The rules of one version: ``rewarded`` (committees of 30), or ``unrewarded`` (of one, without fraud rules).

        Raises:
            InputError: There is no such version.
        """
        detects_fraud, size, validity, outages = _native.filecoin_spark_rules(version)
        return cls(detects_fraud, size, validity, outages)


def evaluate(
    of: Round, measurements: Source | Iterable[Source], rules: RuleVersion | Rules = "rewarded"
) -> Evaluation:
    """Evaluate one round.

    Args:
        of: The round.
        measurements: One file, or several in their order: paths, or bytes; gzip is recognised by its first bytes.
        rules: A version of the rules, or each of them.

    Returns:
        Tables: ``labels``, ``dropped``, ``committees``, ``miners``, ``clients``, ``allocators``, ``first_byte`` and
        ``scores``, and how much is ``burnt``. A broken line is a row of ``dropped``, and the others count.

    Raises:
        InputError: A file cannot be opened or unpacked, or all have 2^31 bytes or more; or fraud is to be detected and
            the round has no randomness.
    """
    rules = Rules.of(rules) if isinstance(rules, str) else rules
    if of.randomness is None and rules.detects_fraud:
        raise InputError(
            "round, randomness: expected 32 bytes, as fraud is to be detected, found none",
            hint="give it, or the start epoch and the beacon; the rules `unrewarded` do without",
        )
    sources = [measurements] if isinstance(measurements, _SOURCES) else list(measurements)
    return _native.filecoin_spark_evaluate(
        [_contents(source) for source in sources],
        [(task.cid, task.miner_id, task.clients, task.allocators) for task in of.tasks],
        of.max_tasks_per_node,
        bytes(32) if of.randomness is None else of.randomness,
        detects_fraud=rules.detects_fraud,
        required_committee_size=rules.required_committee_size,
        validity=rules.validity,
        indexer_outages=rules.indexer_outages,
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many, and what so small a sample supports.

    Attributes:
        successes: Of them.
        total: Trials.

    Raises:
        InputError: There are more successes than trials.
    """

    successes: int
    total: int

    def __post_init__(self) -> None:
        _native.filecoin_spark_rate(self.successes, self.total)

    @property
    def rate_ppm(self) -> int | None:
        """The rate in millionths, rounded down; ``None`` without trials."""
        return _native.filecoin_spark_rate(self.successes, self.total)[0]

    @property
    def lower_ppm(self) -> int | None:
        """What is behind it is higher with 19 chances of 20, in millionths; ``None`` beyond 10^8 trials."""
        return _native.filecoin_spark_rate(self.successes, self.total)[1]

    @property
    def upper_ppm(self) -> int | None:
        """What is behind it is lower with 19 chances of 20, in millionths; ``None`` beyond 10^8 trials."""
        return _native.filecoin_spark_rate(self.successes, self.total)[2]

    def __str__(self) -> str:
        lower = self.lower_ppm
        bound = "no bound" if lower is None else f"at least {lower // 10_000}.{lower % 10_000:04} %"
        return f"{self.successes} of {self.total}, {bound}"


def rates(table: RecordBatch, of: Literal["successful", "http", "head"] = "successful") -> dict[str, Rate]:
    """Rates of all parties of one table.

    Args:
        table: ``miners``, ``clients`` or ``allocators`` of an evaluation.
        of: Which successes: all, those over HTTP, or those of them whose HEAD request succeeded too.
    """
    columns = (table[name].to_pylist() for name in ("party", of, "total"))
    return {party: Rate(successes, total) for party, successes, total in zip(*columns, strict=True)}


def reputation(
    *, proving: Rate | None = None, retrieval: Rate | None = None, storage: Rate | None = None
) -> int:
    """A provider's score from 0 to 100 points, in millionths of a point: lower bounds, weighted 40, 35 and 25.

    Args:
        proving: Proofs in time, of all that were due. What is missing counts nothing.
        retrieval: Retrievals that succeeded, of all.
        storage: Uploads that succeeded, of all.
    """
    given = {"proving": proving, "retrieval": retrieval, "storage": storage}
    return _native.filecoin_spark_reputation(
        **{name: (rate.successes, rate.total) for name, rate in given.items() if rate is not None}
    )


def retrieval_result(measurement: Mapping[str, object]) -> str:
    """The result of one retrieval, as the network writes it.

    Args:
        measurement: A measurement's members by their names; what does not bear on the result may be missing.

    Raises:
        InputError: It is nothing that JSON can write.
    """
    try:
        written = json.dumps(measurement, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"measurement: expected what JSON can write, found otherwise ({error})") from error
    return _native.filecoin_spark_retrieval_result(written)


def task_key(task: Task, randomness: bytes) -> int:
    """Where a task stands among the keys of a round with this randomness."""
    return int.from_bytes(_native.filecoin_spark_task_key(task.cid, task.miner_id, randomness))


def station_key(station_id: str) -> int:
    """Where a station stands among the keys."""
    return int.from_bytes(_native.filecoin_spark_station_key(station_id))


def allowed_tasks(of: Round, station_id: str) -> list[Task]:
    """The tasks that a station may do, nearest first.

    Raises:
        InputError: The round has no randomness.
    """
    if of.randomness is None:
        raise InputError("round, randomness: expected 32 bytes, found none")
    tasks = [(task.cid, task.miner_id) for task in of.tasks]
    places = _native.filecoin_spark_allowed_tasks(tasks, of.randomness, station_id, of.max_tasks_per_node)
    return [of.tasks[place] for place in places]


def inet_group(address: str) -> str:
    """The subnet that measurements from an IP address are grouped by: ``192.0.2.0/24``, or ``ipv6`` for all others.

    Raises:
        InputError: It is no IP address.
    """
    return _native.filecoin_spark_inet_group(address)


def percentile(values: Sequence[int], place: Fraction) -> Fraction | None:
    """A percentile by linear interpolation between ranks, exactly.

    Args:
        values: Integers of 64 bits, in any order.
        place: From 0 to 1, such as ``Fraction(9, 10)``.

    Returns:
        ``None`` without values.

    Raises:
        InputError: The place is none from 0 to 1, or has more than 32 bits.
    """
    found = _native.filecoin_spark_percentile(values, place.numerator, place.denominator)
    return None if found is None else Fraction(*found)


class RoundSize(NamedTuple):
    """The size of a round: most tasks of one station, and all tasks."""

    max_tasks_per_node: int
    tasks: int


def next_round(max_tasks_per_node: int, measurements: int) -> RoundSize:
    """The size of the round after one with this limit, in which so many measurements came in."""
    return RoundSize(*_native.filecoin_spark_next_round(max_tasks_per_node, measurements))


def scores(accepted: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Share a round by accepted measurements.

    Args:
        accepted: How many of each participant, by any name; :data:`BURN_ADDRESS` is nobody.

    Returns:
        The score of each participant, and what is burnt: :data:`ROUND_SCORE` together.
    """
    shares, burnt = _native.filecoin_spark_scores(dict(accepted))
    return dict(shares), burnt


def reward(score: int) -> int:
    """What a score of a round is worth, in attoFIL, rounded down."""
    return _native.filecoin_spark_reward(score)


def signed_text(of: Sequence[tuple[str, int]]) -> str:
    """The text that is signed for a list of addresses and scores: ``0x`` and 64 hex digits.

    Raises:
        InputError: An address is none, or a score has more than 128 bits.
    """
    return _native.filecoin_spark_signed_text(of)


def signer(of: Sequence[tuple[str, int]], signature: bytes) -> str | None:
    """Who signed a list of addresses and scores as a message of an Ethereum wallet.

    Args:
        of: The list.
        signature: 65 bytes: r, s, v.

    Returns:
        The signer's address, or ``None`` if nobody made this signature.

    Raises:
        InputError: An address is none, or a score has more than 128 bits.
    """
    return _native.filecoin_spark_signer(of, signature)


_SOURCES: Final = (bytes, bytearray, memoryview, str, os.PathLike)


def _contents(source: Source) -> bytes:
    """Bytes of a source, unpacked."""
    if isinstance(source, bytes) and not source.startswith(_GZIP):
        return source
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _unpacked(io.BytesIO(source), "measurements")
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(f"measurements: expected bytes or paths, found {type(source).__name__}")
    path = Path(source)
    try:
        with path.open("rb") as file:
            return _unpacked(file, str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _unpacked(file: BinaryIO, name: str) -> bytes:
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    plain: BinaryIO = gzip.GzipFile(fileobj=file) if is_packed else file  # type: ignore[assignment]
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := plain.read(_SLICE):
            size += len(piece)
            if size > _MOST_BYTES:
                raise InputError(f"{name}: expected at most {_MOST_BYTES} bytes of measurements, found more")
            pieces.append(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name}: cannot be read ({error})") from error
    return b"".join(pieces)
