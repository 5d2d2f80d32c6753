"""Checks of retrievals by strangers: rounds, rates, scores (Filecoin, C1 to C8 and F2).

A rate always comes as a count, a total and what so small a sample supports: a bound in millionths that is not above the
5th percentile of Beta(1 + successes, 1 + failures), and one that is not below its 95th. Participants are ``0x`` and 40
lower-case hex digits.
"""

from collections.abc import Sequence
from typing import Literal, final

from arro3.core import RecordBatch

@final
class FilecoinSparkEvaluation:
    """What was found about one round. The same round and files give the same tables, byte for byte."""

    @property
    def labels(self) -> RecordBatch:
        """One row per measurement that can be evaluated, in the order of the files.

        Texts are ``dictionary<int32, utf8>``, since they repeat.

        Columns: ``file`` (uint32, place among the given files, from 0), ``place`` (uint64, line or element, from 1),
        ``participant``, ``station`` (text or null), ``inet_group``, ``finished_at_ms`` (int64, Unix milliseconds),
        ``cid`` and ``miner`` (text or null), ``tasking`` (``OK, TASK_NOT_IN_ROUND, TASK_WRONG_NODE, DUP_INET_GROUP`` or
        ``TOO_MANY_TASKS``), ``consensus`` (``MAJORITY_RESULT, MINORITY_RESULT, MAJORITY_NOT_FOUND,
        COMMITTEE_TOO_SMALL``, or null outside of committees), ``result`` (of the retrieval, C2), ``protocol`` (text or
        null), ``head_status`` (uint64 or null), ``first_byte_ms`` (int64 or null, from the start of the retrieval).
        """

    @property
    def dropped(self) -> RecordBatch:
        """One row per record that cannot be evaluated, in the order of the files: the first 2^20.

        Columns: ``file`` and ``place`` as in :attr:`labels`, ``reason`` (a name that counts can stand under, such as
        ``JSON`` or ``FINISHED_AT``), ``detail`` (what was expected and found; texts of strangers are not repeated).
        """

    @property
    def dropped_counts(self) -> dict[str, int]:
        """How many records cannot be evaluated, by ``reason``; here all of them count."""

    @property
    def committees(self) -> RecordBatch:
        """One row per task with measurements that count, ascending by ``cid``, then ``miner``.

        Columns: ``cid``, ``miner``, ``size``, ``subnets``, ``participants`` (distinct ones), ``largest`` and
        ``second`` (members behind the two values that most have), ``margin``, ``index_majority`` and
        ``retrieval_majority`` (booleans), ``index`` and ``retrieval`` (the agreed value, ``MAJORITY_NOT_FOUND`` or
        ``COMMITTEE_TOO_SMALL``; ask the booleans which it is, as an indexer's answer may be any text), then ``total``,
        ``successful`` and its ``rate_ppm, lower_ppm, upper_ppm`` as in :attr:`miners`. Numbers are uint64.
        """

    @property
    def miners(self) -> RecordBatch:
        """One row per storage provider with retrievals that count, ascending.

        Columns: ``party``, then uint64 ``total, successful, rate_ppm, lower_ppm, upper_ppm``, the same four for
        successes over HTTP (``http, http_rate_ppm, ...``) and for those whose HEAD request succeeded too
        (``head, head_rate_ppm, ...``), all of ``total``. Rates are millionths, rounded down; ``lower_ppm`` and
        ``upper_ppm`` are null beyond 10^8 retrievals.
        """

    @property
    def clients(self) -> RecordBatch:
        """One row per client of the round's tasks, with the columns of :attr:`miners`."""

    @property
    def allocators(self) -> RecordBatch:
        """One row per allocator of the round's tasks, with the columns of :attr:`miners`."""

    @property
    def first_byte(self) -> RecordBatch:
        """One row per storage provider with a committee that agreed on success, ascending.

        Columns: ``miner``, ``medians_ms`` (list of int64: for each such committee the median of its majority, rounded
        up, in the order of the committees), ``committees`` (uint64, how many these are), and of them int64
        ``least_ms, median_ms, p90_ms, p99_ms, most_ms``, rounded up.
        """

    @property
    def scores(self) -> RecordBatch | None:
        """Shares of the round, ascending by participant; ``None`` where the rules reward nobody.

        Columns: ``participant``, uint64 ``score`` (of 10^15) and ``reward_attofil``. The burn address is not among
        them: all scores and :attr:`burnt` are 10^15 together.
        """

    @property
    def burnt(self) -> int | None:
        """What is missing to 10^15; ``None`` where the rules reward nobody."""

def filecoin_spark_evaluate(
    files: Sequence[bytes],
    tasks: Sequence[tuple[str, str, Sequence[str], Sequence[str]]],
    max_tasks_per_node: int,
    randomness: bytes,
    *,
    detects_fraud: bool,
    required_committee_size: int,
    validity: Literal["historical", "current"],
    indexer_outages: Literal["counted", "left_out"],
) -> FilecoinSparkEvaluation:
    """Evaluate one round on one thread.

    Args:
        files: Measurements: in each file one JSON object a line, or one JSON array. They are not copied.
        tasks: The round's list: content, storage provider, clients, allocators.
        max_tasks_per_node: How many of them a station may do.
        randomness: The round's randomness, 32 bytes; used where fraud is detected.
        detects_fraud: Whether measurements must be of tasks that the station was given, one per task and subnet (C4),
            and whether they are rewarded (C6).
        required_committee_size: Members without which a committee decides nothing.
        validity: What a measurement must say about a retrieval that succeeded (C1).
        indexer_outages: Whether outages of the indexer count in rates as failures, or not at all (C7).

    Raises:
        depinverify.exceptions.InputError: An argument is out of its range, or the files have 2^31 bytes together or
            more. What cannot be read in them is a row of ``dropped``.
    """

def filecoin_spark_rules(
    version: Literal["rewarded", "unrewarded"],
) -> tuple[bool, int, Literal["historical", "current"], Literal["counted", "left_out"]]:
    """Return what a version of the rules sets.

    Args:
        version: ``rewarded``: tasks are assigned, committees have 30 members, what is accepted is paid. ``unrewarded``:
            every measurement of a task counts, and a committee may be one measurement.

    Returns:
        ``detects_fraud, required_committee_size, validity, indexer_outages``.

    Raises:
        depinverify.exceptions.InputError: There is no such version.
    """

def filecoin_spark_randomness_time(start_epoch: int) -> int:
    """Return the moment whose drand round gives the randomness of a round (C3), in Unix seconds.

    Args:
        start_epoch: The Filecoin epoch at which the round starts. Note that the chain itself takes the beacon of the
            epoch before.

    Raises:
        depinverify.exceptions.InputError: The moment has more than 64 bits.
    """

def filecoin_spark_task_key(cid: str, miner_id: str, randomness: bytes) -> bytes:
    """Return where a task stands among the keys of a round: 32 bytes, a big-endian number (C3)."""

def filecoin_spark_station_key(station_id: str) -> bytes:
    """Return where a station stands among the keys: 32 bytes, a big-endian number (C3)."""

def filecoin_spark_allowed_tasks(
    tasks: Sequence[tuple[str, str]], randomness: bytes, station_id: str, most: int
) -> list[int]:
    """Return which tasks a station may do: places in the list, nearest first (C3).

    Args:
        tasks: The round's list: content, storage provider. Where a task stands twice its first place is given.
        randomness: The round's randomness, 32 bytes.
        station_id: The station.
        most: How many tasks a station may do.
    """

def filecoin_spark_retrieval_result(measurement: bytes) -> str:
    """Return the result of one retrieval as the network writes it (C2).

    Args:
        measurement: A measurement as one JSON object. What does not bear on the result may be missing or wrong.

    Raises:
        depinverify.exceptions.InputError: It is no JSON object.
    """

def filecoin_spark_inet_group(address: str) -> str:
    """Return the subnet that measurements from an IP address are grouped by: ``192.0.2.0/24`` or ``ipv6`` (C1).

    Raises:
        depinverify.exceptions.InputError: It is no IP address.
    """

def filecoin_spark_percentile(
    values: Sequence[int], numerator: int, denominator: int
) -> tuple[int, int] | None:
    """Return a percentile by linear interpolation between ranks, as an exact fraction that is not reduced (C7).

    Args:
        values: Integers of 64 bits, in any order.
        numerator: With the denominator the percentile, from 0 to 1; 32 bits each.
        denominator: See there.

    Returns:
        Numerator and denominator; ``None`` without values.

    Raises:
        depinverify.exceptions.InputError: The percentile is none from 0 to 1, or a number is out of its range.
    """

def filecoin_spark_next_round(max_tasks_per_node: int, measurements: int) -> tuple[int, int]:
    """Return the size of the next round: most tasks of a station, and tasks (C7).

    Args:
        max_tasks_per_node: Most tasks of a station in the round before.
        measurements: How many came in.
    """

def filecoin_spark_scores(accepted: dict[str, int]) -> tuple[list[tuple[str, int]], int]:
    """Share a round by accepted measurements (C6).

    Args:
        accepted: How many of each participant, who may have any name. The burn address is the one that is written
            ``0x000000000000000000000000000000000000dEaD``.

    Returns:
        The score of each participant but the burn address, ascending, and what is burnt: 10^15 together.
    """

def filecoin_spark_reward(score: int) -> int:
    """Return what a score of a round is worth, in attoFIL, rounded down (C6)."""

def filecoin_spark_signed_text(scores: Sequence[tuple[str, int]]) -> str:
    """Return the text that is signed for a list of participants and numbers: ``0x`` and 64 hex digits (C6).

    Args:
        scores: Addresses (``0x`` or ``f410``) and numbers of 128 signed bits, in the order of the list.

    Raises:
        depinverify.exceptions.InputError: An address is none, or a number is out of its range.
    """

def filecoin_spark_signer(scores: Sequence[tuple[str, int]], signature: bytes) -> str | None:
    """Return who signed a list of scores as a message of an Ethereum wallet (C6).

    Args:
        scores: As for :func:`filecoin_spark_signed_text`.
        signature: 65 bytes: r, s, v.

    Returns:
        The signer, or ``None`` if it is no signature; one with a high s is none.

    Raises:
        depinverify.exceptions.InputError: The list is wrong.
    """

def filecoin_spark_rate(successes: int, total: int) -> tuple[int | None, int | None, int | None]:
    """Return a rate and what the sample supports (C7, F2).

    Args:
        successes: Of them.
        total: Trials.

    Returns:
        The rate, its lower and its upper bound in millionths. The rate is rounded down and ``None`` without trials;
        the bounds are ``None`` beyond 10^8 trials.

    Raises:
        depinverify.exceptions.InputError: There are more successes than trials, or a number is out of its range.
    """

def filecoin_spark_reputation(
    *,
    proving: tuple[int, int] | None = None,
    retrieval: tuple[int, int] | None = None,
    storage: tuple[int, int] | None = None,
) -> int:
    """Return a provider's score from 0 to 100 points, in millionths of a point (F2).

    Args:
        proving: Proofs in time, and all that were due. What is missing counts nothing.
        retrieval: Retrievals that succeeded, and all.
        storage: Uploads that succeeded, and all.

    Returns:
        The lower bounds of the rates, weighted 40, 35 and 25.

    Raises:
        depinverify.exceptions.InputError: There are more successes than trials, or a number is out of its range.
    """
