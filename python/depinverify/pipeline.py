"""The way of the data: ingest, decode, verify, score, reward, publish. Read this file first.

In: an epoch folder. Out: a settlement folder. Each step reads what the step before left and nothing else; registry,
parameters, beacon and secrets enter once, at the start. Invariant: what is published is a function of the inputs
that the manifest names, whatever the machine, the number of threads or the moment of a kill.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from depinverify import _native, ingest, publish
from depinverify.epoch import Epoch
from depinverify.models.facts import facts_of
from depinverify.models.judge import judge
from depinverify.models.state import read as read_models
from depinverify.reward import Rewards, reward
from depinverify.reward.delivery import work_of_validators
from depinverify.settlement import Settlement
from depinverify.workspace import Workspace, writing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arro3.core import RecordBatch, Table
    from arro3.core.types import ArrowStreamExportable

    from depinverify.ingest import Inputs
    from depinverify.models.judge import Judgement
    from depinverify.reward.validators import ValidatorWork

__all__ = [
    "Scores",
    "Verdicts",
    "reward_epoch",
    "schedule",
    "score_epoch",
    "settle",
    "verify",
    "verify_epoch",
]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Verdicts:
    """The verify step in sum.

    Attributes:
        files: One report per file: name, sha256, signer, rows, quarantine.
        counts: Rows by name of code.
        hashes: Content hashes of the inputs and of the table, by name.
        table: The verdict table's Parquet file.
        origins: JSON text file: file and row of each row of the table.
        caveats: What a reader must know before the first number: unsigned files allowed, beacon pinned, rounds
            missing, validators void.
    """

    files: list[dict[str, Any]]
    counts: dict[str, int]
    hashes: dict[str, bytes]
    table: Path
    origins: Path
    caveats: dict[str, Any]

    @property
    def quarantined(self) -> list[dict[str, Any]]:
        """Reports of the files that were left out."""
        return [file for file in self.files if file["quarantine"] is not None]


@dataclass(frozen=True)
class Scores:
    """The score step in sum.

    Attributes:
        table: One row per eligible device; ``reasons`` is filled by the reward step.
        state: ``state.jsonl``.
        exclusions: The exclusion log, canonical JSON.
        indicators: The indicators, canonical JSON.
        clusters: Address cluster of each device, named by its smallest member's position.
        outcomes: How often each of these devices showed each outcome.
    """

    table: RecordBatch
    state: bytes
    exclusions: bytes
    indicators: bytes
    clusters: list[int]
    outcomes: RecordBatch


def settle(
    source: str | Path,
    out: str | Path,
    *,
    options: ingest.Options | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Settlement:
    """Settle an epoch: evidence in, Merkle root out.

    Args:
        source: The epoch folder.
        out: Folder of the results. A run that was killed continues in it and ends with the same bytes.
        options: Threads, memory, limits, and what to do with unsigned files.
        progress: Called with the name of a step and the rows done so far; an exception from it stops the run.

    Returns:
        The complete settlement.

    Raises:
        DepinverifyError: The inputs do not fit each other, or ``out`` holds something else. A bad proof or a bad
            file is no error: it is in the verdicts, or listed as quarantined.
    """
    options = options or ingest.Options()
    epoch = Epoch.open(source)
    out = Path(out)
    with Workspace(out, ingest.fingerprint(epoch, options)) as work:
        if work.is_complete:
            work.remove()
            settlement = Settlement.open(out)
            ingest.refuse_quarantined(settlement.sources["files"], options)
            return settlement
        inputs = ingest.read(epoch, with_work=True)
        run = _native.Verification(
            inputs.context, work.folder, threads=options.threads, memory_bytes=options.memory_bytes
        )
        verdicts = _verify(run, inputs, options, work.folder, progress)
        scores = _score(run)
        rewards = _reward(inputs, verdicts, scores)
        with writing_to(out):
            publish.publish(inputs, work, verdicts, scores, rewards)
        work.remove(options.threads)
    return Settlement.open(out)


def verify_epoch(
    source: str | Path,
    *,
    options: ingest.Options | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> contextlib.AbstractContextManager[Verdicts]:
    """Give each proof of an epoch its verdict; the table lives as long as the context.

    Example:
        >>> with verify_epoch("epoch") as verdicts:  # doctest: +SKIP
        ...     print(verdicts.counts)
    """
    return _steps(source, options, progress, _verify_only)


def score_epoch(
    source: str | Path,
    *,
    options: ingest.Options | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> contextlib.AbstractContextManager[tuple[Verdicts, Scores]]:
    """Verify an epoch and score its devices."""
    return _steps(source, options, progress, lambda run, _, verdicts: (verdicts, _score(run)))


def reward_epoch(
    source: str | Path | Epoch,
    *,
    options: ingest.Options | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> contextlib.AbstractContextManager[tuple[Verdicts, Rewards]]:
    """Verify an epoch, score its devices and divide its pool, without publishing anything.

    An epoch that was opened before may come with other rules than those of its folder.
    """

    def rewards(run: _native.Verification, inputs: Inputs, verdicts: Verdicts) -> tuple[Verdicts, Rewards]:
        return verdicts, _reward(inputs, verdicts, _score(run))

    return _steps(source, options, progress, rewards, with_work=True)


def verify(
    rows: ArrowStreamExportable, source: str | Path, *, options: ingest.Options | None = None
) -> Table:
    """Give rows from any Arrow producer their verdicts.

    Args:
        rows: A pyarrow, polars, duckdb or other table or stream with the columns of observations, or a dict of numpy
            arrays by column; columns of the right type are not copied.
        source: The epoch folder; its own observations are not read.
        options: Threads and memory.

    Returns:
        The verdict table, one row per distinct observation.

    Raises:
        InputError: A column is missing or of a wrong type, or a value is out of its range.
    """
    options = options or ingest.Options()
    inputs = ingest.read(Epoch.open(source))
    with tempfile.TemporaryDirectory(prefix="depinverify-") as folder:
        run = _native.Verification(
            inputs.context, folder, threads=options.threads, memory_bytes=options.memory_bytes
        )
        run.intake_stream(_native.normalise_observations(rows))
        table = Path(folder) / "verdicts.parquet"
        run.verify(table, Path(folder) / "origins.json")
        return _native.read_table(table)


def schedule(source: str | Path, *, validator: bytes | None = None, slot: int | None = None) -> Any:  # noqa: ANN401
    """Who is to be probed when, and with which nonce.

    Args:
        source: The epoch folder; ``validators.jsonl`` may be absent, then challenges and moments are null.
        validator: One validator only.
        slot: One slot only.

    Returns:
        An Arrow stream with the columns slot, device, validator, round, nonce, eat_nonce, moment_ms.
    """
    return ingest.read(Epoch.open(source)).context.schedule(validator, slot)


def _verify_only(_run: _native.Verification, _inputs: Inputs, verdicts: Verdicts) -> Verdicts:
    return verdicts


@contextlib.contextmanager
def _steps(
    source: str | Path | Epoch,
    options: ingest.Options | None,
    progress: Callable[[str, int], None] | None,
    then: Callable[[_native.Verification, Inputs, Verdicts], _T],
    *,
    with_work: bool = False,
) -> Iterator[_T]:
    options = options or ingest.Options()
    epoch = source if isinstance(source, Epoch) else Epoch.open(source)
    inputs = ingest.read(epoch, with_work=with_work)
    with tempfile.TemporaryDirectory(prefix="depinverify-") as folder:
        run = _native.Verification(
            inputs.context, folder, threads=options.threads, memory_bytes=options.memory_bytes
        )
        verdicts = _verify(run, inputs, options, Path(folder), progress)
        yield then(run, inputs, verdicts)


def _verify(
    run: _native.Verification,
    inputs: Inputs,
    options: ingest.Options,
    work: Path,
    progress: Callable[[str, int], None] | None,
) -> Verdicts:
    def step(name: str) -> Callable[[int], None] | None:
        return None if progress is None else lambda done: progress(name, done)

    files = run.intake(
        [(file.name, file.path) for file in inputs.epoch.observation_files()],
        [(file.name, file.path) for file in inputs.epoch.reference_files()],
        require_signed=inputs.epoch.require_signed_observations and not options.allow_unsigned,
        row_group_bytes=options.row_group_bytes,
        ratio=options.ratio,
        rows=options.rows,
        progress=step("ingest"),
    )
    ingest.refuse_quarantined(files, options)
    table, origins = work / "verdicts.parquet", work / "origins.json"
    run.verify(table, origins, step("verify"))
    sums = run.collect()
    hashes = {name.removesuffix("_hash"): value for name, value in sums.items() if name.endswith("_hash")}
    caveats = publish.caveats(inputs, options)
    return Verdicts(files, sums["counts"], hashes, table, origins, caveats)


def _score(run: _native.Verification) -> Scores:
    scored = run.score()
    return Scores(
        scored["scores"],
        scored["state"],
        scored["exclusions"],
        scored["indicators"],
        scored["clusters"],
        scored["outcomes"],
    )


def _reward(inputs: Inputs, verdicts: Verdicts, scores: Scores) -> Rewards:
    epoch = inputs.epoch
    return reward(
        scores.table,
        inputs.snapshot.devices(),
        indicators=json.loads(scores.indicators),
        exclusions=json.loads(scores.exclusions),
        epoch=epoch,
        inputs=publish.input_hashes(inputs, verdicts, scores),
        registry_head=inputs.snapshot.head_at_start,
        previous_ledger=inputs.previous.ledger,
        clusters=scores.clusters,
        judgement=_judge(inputs, scores),
        work=inputs.work,
        validator_work=_validator_work(inputs, verdicts, scores),
    )


def _validator_work(inputs: Inputs, verdicts: Verdicts, scores: Scores) -> list[ValidatorWork] | None:
    """What validators delivered, where the ruleset pays for it."""
    if inputs.epoch.ruleset.validators is None:
        return None
    context = inputs.context
    return work_of_validators(
        context.participants,
        inputs.snapshot.validators(),
        context.schedule(),
        _native.read_parquet(verdicts.table),
        json.loads(scores.indicators),
    )


def _judge(inputs: Inputs, scores: Scores) -> Judgement | None:
    """What the ruleset's models say beside windowed availability."""
    rules = inputs.epoch.ruleset
    if rules.models is None:
        return None
    return judge(
        rules.models,
        facts_of(scores.table, scores.outcomes, inputs.snapshot.devices()),
        read_models(inputs.previous.models),
        end=inputs.epoch.end,
        windows=rules.tracking_s // rules.window_s,
        tracking_s=rules.tracking_s,
        curve=rules.curve,
    )
