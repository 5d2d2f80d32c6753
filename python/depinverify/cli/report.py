"""``depinverify report``: a settlement as one HTML file to look at.

In: a settlement folder of any network, and for the generic one the epoch folder it was made from. Out: ``report.html``,
complete or not at all. Rule: uptime proof, sections 3 and 8. Invariant: the file loads nothing and runs nothing.
"""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from depinverify.cli.network_steps import report_of_network
from depinverify.cli.output import EXIT_FINDINGS, note


@click.command(epilog="Exit codes: 0 fine; 1 a result is not what the manifest says; 2 bad call.")
@click.argument("settlement", type=click.Path(path_type=Path))
@click.option(
    "--epoch",
    type=click.Path(path_type=Path, exists=True),
    help="The epoch folder: adds the map, makers, models, firmware and owners.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="For publication: cut network addresses in texts to /24 and /48, leave out owners, join map cells finer than "
    "resolution 7. Ids stay: they are in the settlement.",
)
@click.pass_context
def report(ctx: click.Context, settlement: Path, epoch: Path | None, out: Path, *, redact: bool) -> None:
    """Write a SETTLEMENT as one HTML file: figures, maps, findings and money to look at.

    The file needs nothing from outside and holds no script; it can be mailed, archived and printed.

    Example: depinverify report settlement --epoch epoch --out report.html
    """
    from depinverify.networks.steps import network_of  # noqa: PLC0415 - heavy

    network = network_of(settlement)
    if network == "generic":
        from depinverify.report import write_report  # noqa: PLC0415 - heavy

        changed = write_report(settlement, out, epoch, is_redacted=redact)
    else:
        changed = report_of_network(network, settlement, out)
    for sentence in changed:
        note(f"changed: {sentence}")
    note(f"wrote {out}")
    ctx.exit(EXIT_FINDINGS if changed else 0)
