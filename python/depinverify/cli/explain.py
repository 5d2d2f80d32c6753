"""``explain``: why a device earned what it earned."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from depinverify.cli.output import EXIT_FINDINGS, emit_json


@click.command(
    epilog="Exit codes: 0 fine; 1 the published result does not follow from the verdicts; 2 bad call."
)
@click.argument("device")
@click.argument("settlement", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--epoch",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Epoch folder that was settled; its observations are not read.",
)
@click.option(
    "--slots",
    type=click.Choice(["all", "lost", "none"]),
    help="Slots to list (default: lost as text, all as JSON).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def explain(device: str, settlement: Path, epoch: Path, slots: str | None, *, as_json: bool) -> None:
    """Explain what a DEVICE (hex) earned in a SETTLEMENT: observations, score, cost of each multiplier.

    Example: depinverify explain 01000102030405060708090a0b0c0d0e settlement --epoch epoch --slots all
    """
    from depinverify.audit.explain import explain as explain_device  # noqa: PLC0415 - heavy

    explained = explain_device(device, settlement, epoch)
    if as_json:
        emit_json(explained.to_json(slots or "all"))
    else:
        click.echo(explained.to_text(slots or "lost"), nl=False)
    if not explained.agrees:
        sys.exit(EXIT_FINDINGS)
