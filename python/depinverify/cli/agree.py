"""``sign``, ``sign-observations``, ``verify-signatures``: what validators vouch for, and how many of them agree."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.output import EXIT_FINDINGS, emit_json, emit_table, note
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from depinverify.agreement import Agreement, Statement

_KEY = click.option(
    "--key", required=True, type=click.Path(path_type=Path), help="The validator's private key (PEM)."
)
_VALIDATOR = click.option(
    "--validator", help="The validator's id, hex (default: whose key it is, by the registry)."
)


@click.command(epilog="Exit codes: 0 signed; 2 bad call, or a settlement that must not be signed.")
@click.argument("settlement", type=click.Path(path_type=Path))
@_KEY
@_VALIDATOR
@click.option(
    "--epoch",
    type=click.Path(path_type=Path, exists=True),
    help="The epoch folder: check that the key is registered, and that the settlement is of this epoch.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the signature (default: SETTLEMENT/signatures/VALIDATOR.jws).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sign(
    settlement: Path, key: Path, validator: str | None, epoch: Path | None, out: Path | None, as_json: bool
) -> None:
    """Sign a SETTLEMENT as a validator: its root, its reward file, its manifest.

    All files are checked against the manifest first. Signatures are no part of the settlement: the manifest does not
    name them, and they change no hash.

    Example: depinverify sign settlement --key validator.pem --epoch epoch
    """
    from depinverify.agreement import SIGNATURES, sign_result, write_signature  # noqa: PLC0415 - heavy
    from depinverify.device import DeviceKey  # noqa: PLC0415
    from depinverify.epoch import Epoch  # noqa: PLC0415
    from depinverify.settlement import Settlement  # noqa: PLC0415

    opened = Settlement.open(settlement)
    signed = sign_result(
        opened,
        DeviceKey.load(key),
        validator=_id(validator),
        epoch=None if epoch is None else Epoch.open(epoch),
    )
    path = out or opened.folder / SIGNATURES / signed.file_name
    write_signature(signed, path)
    if as_json:
        emit_json(
            {
                "file": str(path),
                "validator": signed.validator.hex(),
                "registered": epoch is not None,
                **_members(signed.statement),
            }
        )
        return
    if epoch is None:
        note("the registry was not asked whether the key is the validator's; --epoch does that")
    emit_table("Signed", ("what", "value"), list(_members(signed.statement).items()))
    click.echo(f"{path}")


@click.command("sign-observations", epilog="Exit codes: 0 signed; 2 bad call.")
@click.argument("file", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_KEY
@click.option(
    "--epoch",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="The epoch folder: index, start, and the registry that must know the key.",
)
@_VALIDATOR
def sign_observations(file: tuple[Path, ...], key: Path, epoch: Path, validator: str | None) -> None:
    """Sign FILEs of observations or reference probes as the validator that recorded them.

    Writes FILE.jws beside each, over the file as it lies there, so compress first. Every row must name this validator.

    Example: depinverify sign-observations epoch/observations/mine.parquet --key validator.pem --epoch epoch
    """
    from depinverify.agreement import Roster  # noqa: PLC0415 - heavy
    from depinverify.device import DeviceKey  # noqa: PLC0415
    from depinverify.device.file_signature import sign_file  # noqa: PLC0415
    from depinverify.epoch import OBSERVATION_ENDINGS, Epoch  # noqa: PLC0415
    from depinverify.ingest import read_registry  # noqa: PLC0415

    for path in file:
        if not path.name.endswith(OBSERVATION_ENDINGS):
            raise InputError(f"{path}: expected a file that ends in one of {', '.join(OBSERVATION_ENDINGS)}")
    opened, own = Epoch.open(epoch), DeviceKey.load(key)
    start_ms, end_ms = opened.start * 1000, opened.end * 1000
    roster = Roster.of(read_registry(opened), end_ms)
    signer, kid = roster.holder(
        own.public, _id(validator), lambda registered: registered.meets(start_ms, end_ms)
    )
    for path in file:
        click.echo(str(sign_file(path, own, epoch=opened.index, start=opened.start, kid=kid)))
    note(f"signed as {signer.hex()} for epoch {opened.index}")


@click.command(
    "verify-signatures",
    epilog="Exit codes: 0 enough validators signed exactly this result, and none of them another one too; 1 not so; "
    "2 bad call.",
)
@click.argument("settlement", type=click.Path(path_type=Path))
@click.option(
    "--epoch",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="The epoch folder, whose registry says who may sign.",
)
@click.option(
    "--threshold", required=True, type=click.IntRange(1), help="Validators that must have signed this result."
)
@click.option(
    "--owners",
    type=click.IntRange(1),
    help="Different owners that they must have (default: as many as the threshold).",
)
@click.option(
    "--signatures",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of signatures, repeatable (default: SETTLEMENT/signatures).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_signatures(
    settlement: Path,
    epoch: Path,
    threshold: int,
    owners: int | None,
    signatures: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Count the validators that signed exactly this SETTLEMENT.

    One vote per validator, by a key that is valid at the epoch's end. Whoever signed two results of the epoch has no
    vote and is named with both.

    Example: depinverify verify-signatures settlement --epoch epoch --threshold 2
    """
    from depinverify import agreement  # noqa: PLC0415 - heavy
    from depinverify.epoch import Epoch  # noqa: PLC0415
    from depinverify.settlement import Settlement  # noqa: PLC0415

    found = agreement.verify_signatures(
        Settlement.open(settlement),
        Epoch.open(epoch),
        signatures,
        threshold=threshold,
        owner_threshold=owners,
    )
    emit_json(_as_json(found)) if as_json else _show(found)
    if found.is_contradicted or not found.is_reached:
        sys.exit(EXIT_FINDINGS)


def _id(text: str | None) -> bytes | None:
    """The bytes of a validator's id."""
    try:
        found = None if text is None else bytes.fromhex(text)
    except ValueError:
        found = b""
    if found == b"":
        raise InputError(f"--validator: expected hex digits, found {str(text)[:100]!r}")
    return found


def _members(statement: Statement) -> dict[str, Any]:
    return statement._asdict()


def _as_json(found: Agreement) -> dict[str, Any]:
    return {
        "reached": found.is_reached,
        "contradicted": found.is_contradicted,
        "threshold": found.threshold,
        "owner_threshold": found.owner_threshold,
        "enrolled": len(found.roster.members),
        "enrolled_owners": len(found.roster.owners),
        "result": _members(found.statement),
        "agreeing": [{"validator": vote.validator.hex(), "owner": vote.owner} for vote in found.agreeing],
        "agreeing_owners": sorted(found.agreeing_owners),
        "others": [
            {
                "result": _members(statement),
                "validators": [{"validator": vote.validator.hex(), "owner": vote.owner} for vote in votes],
            }
            for statement, votes in found.others.items()
        ],
        "equivocations": [
            {
                "validator": one.validator.hex(),
                "owner": one.owner,
                "results": [_members(statement) for statement in one.statements],
            }
            for one in found.equivocations
        ],
        "silent": [validator.hex() for validator in found.silent],
        "refused": [refused._asdict() for refused in found.refused],
    }


def _show(found: Agreement) -> None:
    emit_table("This result", ("what", "value"), list(_members(found.statement).items()))
    rows = [(vote.validator.hex(), vote.owner, "this result", "") for vote in found.agreeing]
    rows += [
        (vote.validator.hex(), vote.owner, "another result", _short(statement))
        for statement, votes in found.others.items()
        for vote in votes
    ]
    rows += [
        (one.validator.hex(), one.owner, "EQUIVOCATION", _short(statement))
        for one in found.equivocations
        for statement in one.statements
    ]
    members = found.roster.members
    rows += [(validator.hex(), members[validator].owner, "nothing", "") for validator in found.silent]
    emit_table("Who signed what", ("validator", "owner", "signed", "instead"), rows)
    if found.refused:
        emit_table("No votes", ("file", "reason", "detail"), found.refused)
    click.echo(
        f"signed by {len(found.agreeing)} of {len(members)} validators, of {len(found.agreeing_owners)} of "
        f"{len(found.roster.owners)} owners; expected {found.threshold} validators of {found.owner_threshold} owners"
    )
    if found.is_contradicted:
        click.echo("CONTRADICTED: a validator signed this result and another one")
    click.echo("agreed" if found.is_reached else "NOT AGREED")


def _short(statement: Statement) -> str:
    return f"rewards {statement.rewards}, root {statement.root}, manifest {statement.manifest}"
