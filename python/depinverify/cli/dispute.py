"""``dispute``: the evidence about one device in one file, its check by a third party, and the correction."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from depinverify.cli.output import EXIT_FINDINGS, emit_json, note, printable

_BUNDLE = click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group()
def dispute() -> None:
    """Gather the evidence about one device, check it, and sign what settles the dispute.

    Example: depinverify dispute make 01000102030405060708090a0b0c0d0e settlement --epoch epoch --out bundle.zip
    """


@dispute.command(
    epilog="Exit codes: 0 fine; 1 observations are missing, or the published result does not follow; 2 bad call."
)
@click.argument("device")
@click.argument("settlement", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--epoch",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Epoch folder that was settled, with its observations.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def make(device: str, settlement: Path, epoch: Path, out: Path, *, as_json: bool) -> None:
    """Write the evidence about a DEVICE (hex) of a SETTLEMENT into one file; equal inputs give equal bytes.

    Example: depinverify dispute make 01000102030405060708090a0b0c0d0e settlement --epoch epoch --out bundle.zip
    """
    import hashlib  # noqa: PLC0415 - not needed for the help page

    from depinverify.audit.dispute import make_dispute  # noqa: PLC0415 - heavy
    from depinverify.settlement import write_file  # noqa: PLC0415 - heavy
    from depinverify.workspace import writing_to  # noqa: PLC0415 - heavy

    made = make_dispute(device, settlement, epoch)
    with writing_to(out):
        write_file(out, made.content)
    findings = [*made.explanation.findings, *made.found.notes]
    findings += [f"row {row.hex()}: no file of observations holds it" for row in made.found.missing]
    digest = hashlib.sha256(made.content).hexdigest()
    if as_json:
        emit_json({"bundle": str(out), "sha256": digest, "rows": len(made.found.rows), "findings": findings})
    else:
        click.echo(f"{len(made.found.rows)} observations in {out}, {len(made.content):,} bytes")
        click.echo(f"sha256 {digest}")
        for finding in findings:
            note(finding)
    if findings:
        sys.exit(EXIT_FINDINGS)


@dispute.command(
    epilog="Exit codes: 0 everything agrees that can be shown; 1 something does not; 2 bad call."
)
@_BUNDLE
@click.option(
    "--unpack",
    type=click.Path(path_type=Path),
    help="Leave the epoch folder of the bundle there, for `check --row`, `verify` and `schedule`.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def check(bundle: Path, unpack: Path | None, *, as_json: bool) -> None:
    """Judge the rows of a BUNDLE again, recompute decisions and score, and verify the claim.

    Example: depinverify dispute check bundle.zip --unpack evidence
    """
    from depinverify.audit.recheck import check_bundle  # noqa: PLC0415 - heavy

    found = check_bundle(bundle, unpack=unpack)
    if as_json:
        emit_json(found.to_json())
    else:
        click.echo(f"device {found.device.hex()}")
        for one in found.statements:
            mark = {True: "agrees", False: "DIFFERS", None: "not shown"}[one.agrees]
            click.echo(f"{mark:<9} {one.subject}: {printable(one.text)}")
        for source in found.about["sources"]:
            words = [f"{name} {source.get(name)}" for name in ("rows", "sha256", "signer")]
            click.echo(f"source    {printable(source.get('file'))}: {printable(', '.join(words))}")
    if not found.agrees:
        sys.exit(EXIT_FINDINGS)


@dispute.command(epilog="Exit codes: 0 fine; 2 bad call.")
@_BUNDLE
@click.option("--amount", required=True, help="What the payee gets, in base units; negative takes.")
@click.option("--reason", required=True, help="Why, as text; it is published.")
@click.option(
    "--epoch-index", type=click.IntRange(0), required=True, help="Index of the later epoch that brings it in."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Private key of the registry authority, a PEM file.",
)
@click.option("--payee", help="Whom it concerns (default: the device's payee in the disputed epoch).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of TOML.")
def settle(bundle: Path, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Print the signed adjustment that settles the dispute of a BUNDLE, to be appended to a later epoch.toml.

    Example: depinverify dispute settle bundle.zip --amount 1200 --reason outage --epoch-index 8 --key authority.pem
    """
    from depinverify.audit.adjustment import adjustment_toml, settle_dispute  # noqa: PLC0415 - heavy

    adjustment, is_authority = settle_dispute(bundle, **given)
    if not is_authority:
        note(
            "this key is none of the registry authority's in the disputed epoch; the later epoch must name it"
        )
    if as_json:
        emit_json(adjustment.model_dump())
    else:
        click.echo(adjustment_toml(adjustment), nl=False)
