"""``settle``, ``verify``, ``score``, ``reward``: the steps of an epoch on the command line."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.network_steps import (
    key_options,
    network_option,
    refuse_keys,
    refuse_others,
    settle_evidence,
)
from depinverify.cli.output import EXIT_FINDINGS, Steps, emit_json, emit_table, note
from depinverify.cli.run_options import options_of, run_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.ingest import Options
    from depinverify.settlement import Settlement

_EPOCH = click.argument("epoch", type=click.Path(path_type=Path, exists=True))


def _step_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every step has."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table."),
        click.option("--strict", is_flag=True, help="Stop at the first file that would be quarantined."),
        run_options,
    ):
        command = option(command)
    return command


def _options(given: dict[str, Any]) -> Options:
    return options_of(given, is_strict=given["strict"])


@click.command(epilog="Exit codes: 0 fine; 1 files were quarantined, or lines refused; 2 bad call.")
@click.argument("epoch", metavar="EVIDENCE", type=click.Path(path_type=Path, exists=True))
@network_option
@key_options
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the results (default: EVIDENCE/settlement)."
)
@click.option("--dry-run", is_flag=True, help="Say what would be read, and what time and disk it would take.")
@_step_options
def settle(
    epoch: Path,
    network: str,
    keys: tuple[Path, ...],
    pins: tuple[str, ...],
    out: Path | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Verify, score and pay one epoch: evidence in, Merkle root out.

    A run that was stopped goes on where it was when it is started again, and ends with the same bytes.

    Example: depinverify settle epoch --out settlement

    Example: depinverify settle evidence --network filecoin --key window.vk
    """
    if network != "generic":
        settle_evidence(
            network,
            epoch,
            out,
            keys=keys,
            pins=pins,
            threads=given["threads"],
            as_json=as_json,
        )
        return
    refuse_keys(keys, pins)
    from depinverify import pipeline  # noqa: PLC0415 - heavy
    from depinverify.estimate import estimate  # noqa: PLC0415 - heavy

    options = _options(given)
    out = out or epoch / "settlement"
    plan = estimate(epoch, out, options)
    if dry_run:
        emit_json(plan.to_json()) if as_json else emit_table("Plan", ("what", "value"), plan.to_rows())
        return
    plan.warn(note)
    with Steps(plan.rows) as steps:
        settlement = pipeline.settle(epoch, out, options=options, progress=steps.update)
    _report(settlement, as_json=as_json)


def _report(settlement: Settlement, *, as_json: bool) -> None:
    provenance, rewards = settlement.sources, settlement.rewards
    quarantined = provenance["quarantined"]
    money = {
        name: rewards[name]
        for name in (
            "pool", "carried_in", "missed_pools", "adjustments", "allocated", "paid", "carried_delta", "sink",
            "burned", "withheld", "remainder", "to_validators",
        )
        if name in rewards
    }  # fmt: skip
    if as_json:
        emit_json(
            {
                "folder": str(settlement.folder),
                "root": settlement.root,
                "counts": settlement.counts,
                "money": money,
                "devices": len(rewards["entries"]),
                "payees": len(rewards["payees"]),
                "quarantined": quarantined,
                "unsigned_allowed": provenance["unsigned_allowed"],
                "beacon_pinned": provenance["beacon_pinned"],
                "missing_rounds": provenance["missing_rounds"],
                "manifest_sha256": settlement.manifest_sha256,
            }
        )
    else:
        caveats(provenance)
        emit_table("Verdicts", ("code", "rows"), by_count(settlement.counts))
        emit_table("Where the pool went", ("term", "amount"), list(money.items()))
        click.echo(f"devices {len(rewards['entries'])}, payees {len(rewards['payees'])}")
        click.echo(f"root {settlement.root}")
        click.echo(f"manifest {settlement.manifest_sha256}")
    _list_quarantined(quarantined)


def by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Counts as rows of a table, the largest first."""
    return sorted(counts.items(), key=lambda item: -item[1])


def caveats(provenance: dict[str, Any]) -> None:
    """What a reader must know before the first number."""
    if provenance["unsigned_allowed"]:
        click.echo("UNSIGNED FILES WERE ALLOWED: nobody vouches for their rows.")
    if provenance["beacon_pinned"]:
        click.echo("PINNED BEACON: its signatures were not checked.")
    if provenance["missing_rounds"]:
        rounds = ", ".join(map(str, provenance["missing_rounds"]))
        click.echo(
            f"{len(provenance['missing_rounds'])} beacon rounds are missing; their slots count for nobody: {rounds}"
        )
    if provenance["void_validators"]:
        click.echo(
            f"Void validators, whose rows count for nobody: {', '.join(provenance['void_validators'])}"
        )


def _list_quarantined(quarantined: list[dict[str, Any]]) -> None:
    from depinverify.ingest.quarantine import describe  # noqa: PLC0415 - heavy

    for file in quarantined:
        note(f"quarantined {describe(file)}")
    if quarantined:
        sys.exit(EXIT_FINDINGS)


@click.command(
    epilog="Exit codes: 0 fine; 1 files were quarantined, or with --check proofs are invalid; 2 bad call."
)
@click.argument("epoch", metavar="EVIDENCE", type=click.Path(path_type=Path, exists=True))
@network_option
@key_options
@click.option("--out", type=click.Path(path_type=Path), help="Write the verdict table to this Parquet file.")
@click.option("--check", is_flag=True, help="Exit with 1 if any proof is invalid.")
@_step_options
def verify(
    epoch: Path,
    network: str,
    keys: tuple[Path, ...],
    pins: tuple[str, ...],
    out: Path | None,
    check: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Give each proof of an epoch folder, or of another network's evidence, its verdict.

    Example: depinverify verify epoch --out verdicts.parquet

    Example: depinverify verify proofs.jsonl --network filecoin --key window.vk
    """
    if network != "generic":
        from depinverify.cli.networks import verify_evidence  # noqa: PLC0415 - heavy

        refuse_others({"network", "epoch", "keys", "pins", "out", "check", "as_json", "threads"}, network)
        verify_evidence(
            network,
            epoch,
            keys=keys,
            pins=pins,
            out=out,
            as_json=as_json,
            fail_on_invalid=check,
            threads=given["threads"],
        )
        return
    refuse_keys(keys, pins)
    from depinverify import pipeline  # noqa: PLC0415 - heavy
    from depinverify.workspace import writing_to  # noqa: PLC0415 - heavy

    with (
        Steps() as steps,
        pipeline.verify_epoch(epoch, options=_options(given), progress=steps.update) as verdicts,
    ):
        if out is not None:
            with writing_to(out):
                shutil.copyfile(verdicts.table, out)
    if as_json:
        emit_json({"counts": verdicts.counts, "files": verdicts.files, **verdicts.caveats})
    else:
        caveats(verdicts.caveats)
        emit_table("Verdicts", ("code", "rows"), by_count(verdicts.counts))
    _list_quarantined(verdicts.quarantined)
    if check and set(verdicts.counts) - {"VALID", "NO_ANSWER"}:
        sys.exit(EXIT_FINDINGS)


@click.command(epilog="Exit codes: 0 fine; 1 files were quarantined; 2 bad call.")
@_EPOCH
@click.option("--worst", type=click.IntRange(1), help="Show the devices with the lowest scores only.")
@_step_options
def score(epoch: Path, worst: int | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Score each device of an epoch.

    Example: depinverify score epoch --worst 20
    """
    from arro3.core import Table  # noqa: PLC0415 - heavy

    from depinverify import pipeline  # noqa: PLC0415 - heavy

    with (
        Steps() as steps,
        pipeline.score_epoch(epoch, options=_options(given), progress=steps.update) as found,
    ):
        verdicts, scores = found
        table = Table.from_batches([scores.table])
    names = ("device", "state", "score_e12", "windows_used", "up", "down", "scheduled", "excluded")
    columns = [table[name].to_pylist() for name in names]
    rows = [(device.hex(), *rest) for device, *rest in zip(*columns, strict=True)]
    if worst is not None:
        rows = sorted(rows, key=lambda row: (row[2], row[0]))[:worst]
    if as_json:
        emit_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        caveats(verdicts.caveats)
        emit_table("Scores", names, rows)
    _list_quarantined(verdicts.quarantined)


@click.command(epilog="Exit codes: 0 fine; 1 files were quarantined; 2 bad call.")
@_EPOCH
@_step_options
def reward(epoch: Path, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Divide the pool of an epoch and print what each payee is owed, without publishing anything.

    Example: depinverify reward epoch --json
    """
    from depinverify import pipeline  # noqa: PLC0415 - heavy

    with (
        Steps() as steps,
        pipeline.reward_epoch(epoch, options=_options(given), progress=steps.update) as found,
    ):
        verdicts, rewards = found
        document = json.loads(b"".join(rewards.rewards_chunks()))
    if as_json:
        emit_json(document)
    else:
        caveats(verdicts.caveats)
        names = ("payee", "amount", "paid", "carried", "cumulative")
        emit_table("Payees", names, [tuple(payee[name] for name in names) for payee in document["payees"]])
        click.echo(f"root {document['merkle']['root']}")
    _list_quarantined(verdicts.quarantined)
