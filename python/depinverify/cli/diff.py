"""``diff``: two validators' settlements of one epoch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from depinverify.cli.audit import finding_row
from depinverify.cli.output import EXIT_FINDINGS, emit_json, emit_table

if TYPE_CHECKING:
    from depinverify.audit import Diff

#: Differences of one kind that are shown as text; ``--json`` has all of them.
_SHOWN = 50
_COLUMNS = ("stage", "code", "subject", "field", "A", "B")


@click.command(epilog="Exit codes: 0 both say the same; 1 they differ; 2 bad call.")
@click.argument("a", type=click.Path(path_type=Path, exists=True))
@click.argument("b", type=click.Path(path_type=Path, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def diff(a: Path, b: Path, *, as_json: bool) -> None:
    """Compare two settlements A and B of one epoch: which inputs differ, and then which results.

    Example: depinverify diff mine theirs
    """
    from depinverify.audit import diff as diff_settlements  # noqa: PLC0415 - heavy

    found = diff_settlements(a, b)
    if as_json:
        emit_json(found.to_json())
    else:
        _show(found)
    if not found.is_equal:
        sys.exit(EXIT_FINDINGS)


def _show(found: Diff) -> None:
    for title, findings in (("Inputs that differ", found.inputs), ("Results that differ", found.results)):
        if findings:
            emit_table(title, _COLUMNS, [finding_row(finding) for finding in findings[:_SHOWN]])
        if len(findings) > _SHOWN:
            click.echo(f"{len(findings) - _SHOWN} more; --json has all of them.")
    for side, files in (("A", found.only_a), ("B", found.only_b)):
        if files:
            emit_table(
                f"Files that only {side} counted or set aside",
                ("file", "sha256", "signer", "set aside"),
                [
                    (file.name, file.sha256, file.signer or "-", file.quarantine or "-")
                    for file in files[:_SHOWN]
                ],
            )
    if found.is_equal:
        click.echo(f"Both settlements of epoch {found.epoch} say the same.")
        return
    emit_table(
        "Totals",
        ("term", "A", "B", "B - A"),
        [(name, str(a), str(b), str(b - a)) for name, (a, b) in found.totals.items()],
    )
    what = "inputs and results" if found.inputs and found.results else "inputs" if found.inputs else "results"
    click.echo(f"The settlements of epoch {found.epoch} differ in their {what}.")
    if not found.inputs:
        click.echo(
            "Equal inputs with unequal results: one of them does not follow from its inputs; audit both."
        )
