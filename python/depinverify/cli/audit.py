"""``audit``: a published settlement, held against itself and against what it was made from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.network_steps import audit_settlement, key_options, network_option, refuse_keys
from depinverify.cli.output import EXIT_FINDINGS, Steps, emit_json, emit_table, printable
from depinverify.cli.run_options import options_of, run_options

if TYPE_CHECKING:
    from depinverify.audit import Audit, Finding

#: Findings that are shown as text; ``--json`` has all of them.
_SHOWN = 50
#: A value in a table is cut here.
_WIDTH = 68


@click.command(epilog="Exit codes: 0 nothing was found; 1 findings; 2 bad call.")
@click.argument("settlement", type=click.Path(path_type=Path, exists=True))
@network_option
@key_options
@click.option(
    "--epoch",
    type=click.Path(path_type=Path, exists=True),
    help="Folder with the raw inputs: everything is made anew from them, in a temporary folder.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path, exists=True),
    help="The settlement before, where no epoch folder names it.",
)
@click.option("--head", help="The registry's head before the epoch as published elsewhere, 64 hex digits.")
@click.option(
    "--root", help="The root as published elsewhere, such as in the contract, 0x and 64 hex digits."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@run_options
def audit(
    settlement: Path,
    network: str,
    keys: tuple[Path, ...],
    pins: tuple[str, ...],
    epoch: Path | None,
    previous: Path | None,
    head: str | None,
    root: str | None,
    *,
    as_json: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Check a published SETTLEMENT, and name the first thing that differs for each device and payee.

    With --epoch everything is made anew from the raw inputs; without it the folder is held against itself.

    Example: depinverify audit settlement --epoch epoch --root 0x8c68...

    Example: depinverify audit settlement --network filecoin --epoch evidence
    """
    if network != "generic":
        audit_settlement(
            network,
            settlement,
            epoch,
            keys=keys,
            pins=pins,
            threads=given["threads"],
            as_json=as_json,
        )
        return
    refuse_keys(keys, pins)
    from depinverify.audit import audit as audit_epoch  # noqa: PLC0415 - heavy

    with Steps() as steps:
        outcome = audit_epoch(
            settlement,
            epoch,
            previous=previous,
            head=head,
            root=root,
            options=options_of(given),
            progress=steps.update,
        )
    if as_json:
        emit_json(outcome.to_json())
    else:
        _show(outcome)
    if not outcome.is_clean:
        sys.exit(EXIT_FINDINGS)


def _show(outcome: Audit) -> None:
    for caveat in outcome.caveats:
        click.echo(f"The settlement says: {caveat}.")
    rows = []
    for stage, number in outcome.by_stage().items():
        gaps = [one for one in outcome.not_checked if one.stage is stage]
        nothing = "not looked at" if any(one.is_whole for one in gaps) else "nothing found"
        rows.append(
            (
                stage.value,
                f"{number} found" if number else nothing,
                "; ".join(f"{one.what} (needs {one.needs})" for one in gaps),
            )
        )
    emit_table("Stages", ("stage", "outcome", "not looked at"), rows)
    if outcome.is_clean:
        click.echo("Nothing was found.")
        return
    emit_table(
        "Findings, the first of each subject",
        ("stage", "code", "subject", "field", "published", "recomputed"),
        [finding_row(finding) for finding in outcome.findings[:_SHOWN]],
    )
    if len(outcome.findings) > _SHOWN:
        click.echo(f"{len(outcome.findings) - _SHOWN} more; --json has all of them.")
    for code in dict.fromkeys(finding.code for finding in outcome.findings):
        click.echo(f"{code.name}: {code.sentence}")
    click.echo(f"Look first at: {outcome.first_stage}.")


def finding_row(finding: Finding) -> tuple[str, ...]:
    """A finding as a line of a table; long values are cut."""
    return (
        finding.stage.value,
        finding.code.name,
        finding.subject,
        finding.field,
        short(finding.published),
        short(finding.recomputed),
    )


def short(value: object) -> str:
    """A value of any kind, cut to what fits a line."""
    text = "-" if value is None else printable(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
