"""``check``: one proof, every check on one screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from depinverify.cli.network_steps import (
    key_options,
    network_option,
    of_network,
    refuse_keys,
    refuse_others,
    trusted_keys,
)
from depinverify.cli.output import EXIT_FINDINGS, emit_json, printable

if TYPE_CHECKING:
    from depinverify.check import Explanation, Row
    from depinverify.ingest import Inputs

_COLOURS = {"pass": "green", "FAIL": "red"}
#: A file that is larger holds no proof: an envelope has at most 4608 bytes, hex doubles it.
_MOST_BYTES = 1 << 16


@click.command(epilog="Exit codes: 0 no check failed; 1 a check failed; 2 bad call.")
@click.argument("token", required=False)
@click.option("--registry", help="Events of the registry: a file of event lines, or a database URL.")
@click.option("--authority", multiple=True, help="Key of the registry authority, did:key; may be repeated.")
@click.option("--device", help="Id of the probed device, hex (default: the one that the proof names).")
@click.option("--epoch", type=click.Path(path_type=Path, exists=True), help="Epoch folder: every check runs.")
@click.option("--validator", help="With --epoch: id of the validator that probed, hex.")
@click.option("--slot", type=click.IntRange(0), help="With --epoch: slot number.")
@click.option("--sent-ms", type=int, help="When the challenge left, Unix milliseconds.")
@click.option("--received-ms", type=int, help="When the answer was complete, Unix milliseconds.")
@click.option("--row", help="With --epoch, instead of TOKEN: id of a row of its observations, 64 hex digits.")
@network_option
@key_options
@click.option(
    "--record", help="With another network: line or id of the record, where TOKEN is a file of many."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def check(
    token: str | None,
    registry: str | None,
    authority: tuple[str, ...],
    device: str | None,
    epoch: Path | None,
    validator: str | None,
    slot: int | None,
    sent_ms: int | None,
    received_ms: int | None,
    row: str | None,
    network: str,
    record: str | None,
    keys: tuple[Path, ...],
    pins: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Explain one proof: every check and what it compared.

    TOKEN is a JWS, hex or base64url of a COSE_Sign1, a file that holds one of them or the raw bytes, or `-` for stdin.

    Example: depinverify check proof.jws --registry registry.jsonl

    Example: depinverify check proofs.jsonl --network filecoin --record 7

    Example: depinverify check --epoch epoch --row 68a4fdde819879f456fd4d8f260ab73cd8dba3f611bc5116e5866fad13c232fd
    """
    from depinverify.check import check_proof  # noqa: PLC0415 - heavy

    if (token is None) == (row is None):
        raise click.UsageError("expected either TOKEN or --row")
    _refuse_misplaced(network, record, keys, pins)
    if network != "generic":
        explained = _explain_record(network, token or "", record, keys, pins)
    elif row is not None:
        explained = _explain_row(epoch, row)
    elif epoch is not None:
        explained = _explain_asked(epoch, token or "", device, validator, slot, sent_ms, received_ms)
    elif validator is not None or slot is not None:
        raise click.UsageError("--validator and --slot say nothing without --epoch")
    else:
        explained = check_proof(
            _read(token or ""),
            registry=None if registry is None else _registry_lines(registry),
            authority=authority or _authority_of(registry),
            device=None if device is None else _hex(device, "--device"),
            sent_ms=sent_ms,
            received_ms=received_ms,
        )
    if as_json:
        emit_json(explained.to_json())
    else:
        _show(explained)
    if not explained.is_valid:
        sys.exit(EXIT_FINDINGS)


def _refuse_misplaced(
    network: str, record: str | None, keys: tuple[Path, ...], pins: tuple[str, ...]
) -> None:
    """Refuse options that say nothing about a proof of this network."""
    if network != "generic":
        refuse_others({"token", "network", "record", "keys", "pins", "as_json"}, network)
        return
    refuse_keys(keys, pins)
    if record is not None:
        raise click.UsageError("--record says nothing without --network; a row of an epoch is --row")


def _explain_asked(
    epoch: Path,
    token: str,
    device: str | None,
    validator: str | None,
    slot: int | None,
    sent_ms: int | None,
    received_ms: int | None,
) -> Explanation:
    from depinverify.check import Row, check_in_epoch  # noqa: PLC0415 - heavy

    probe = {"--validator": validator, "--slot": slot, "--sent-ms": sent_ms, "--received-ms": received_ms}
    missing = [name for name, value in probe.items() if value is None]
    if missing or validator is None or slot is None or sent_ms is None or received_ms is None:
        raise click.UsageError(f"--epoch says who asked and when: expected {', '.join(missing)} as well")
    inputs = _open(epoch)
    proof = _read(token)
    probed = _device_of(proof) if device is None else _hex(device, "--device")
    asked = Row(_hex(validator, "--validator"), probed, slot, sent_ms, received_ms, 0, proof)
    return check_in_epoch(inputs, asked)


def _explain_record(
    network: str, token: str, record: str | None, keys: tuple[Path, ...], pins: tuple[str, ...]
) -> Explanation:
    from depinverify.exceptions import InputError  # noqa: PLC0415
    from depinverify.networks import Explains, get  # noqa: PLC0415 - heavy
    from depinverify.networks.evidence_file import one_record  # noqa: PLC0415 - heavy

    rules = get(network)
    if not isinstance(rules, Explains):
        raise InputError(
            f"--network: expected one that explains single records, found {network}",
            hint=f"`depinverify verify FILE --network {network}` says what each failed check compared",
        )
    trusted = trusted_keys(rules, keys, pins)
    content = sys.stdin.buffer.read() if token == "-" else None  # noqa: S105 - stdin
    with of_network(network):
        return rules.explain(one_record(Path(token), content, record), keys, trusted)


def _open(epoch: Path) -> Inputs:
    from depinverify import ingest  # noqa: PLC0415 - heavy
    from depinverify.epoch import Epoch  # noqa: PLC0415 - heavy

    return ingest.read(Epoch.open(epoch))


def _explain_row(epoch: Path | None, row: str) -> Explanation:
    from dataclasses import replace  # noqa: PLC0415 - only here

    from depinverify.check import check_in_epoch, find_row  # noqa: PLC0415 - heavy

    if epoch is None:
        raise click.UsageError("--row needs --epoch, whose observations hold the row")
    inputs = _open(epoch)
    found: Row
    found, others, notes = find_row(inputs.epoch, _hex(row, "--row"))
    explained = check_in_epoch(inputs, found, others=others)
    return replace(explained, notes=(*explained.notes, *notes))


def _show(explained: Explanation) -> None:
    is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for one in explained.checks:
        status = f"{one.status:<8}"
        if is_coloured:
            status = click.style(status, fg=_COLOURS.get(str(one.status), "yellow"))
        click.echo(f"{one.number:>2} {one.name:<19} {status} {printable(one.compared)}")
    click.echo()
    click.echo(f"{explained.code or 'nothing failed'}: {explained.meaning}")
    click.echo(f"{explained.outcome or 'no outcome'}: {explained.outcome_meaning}")
    for note in explained.notes:
        click.echo(f"note: {printable(note)}")


def _read(token: str) -> bytes:
    from depinverify.check import read_token  # noqa: PLC0415 - heavy
    from depinverify.exceptions import InputError  # noqa: PLC0415

    if token == "-":  # noqa: S105 - stdin
        return read_token(sys.stdin.buffer.read(_MOST_BYTES))
    try:
        path = Path(token)
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        if "/" in token or token.endswith((".jws", ".cose", ".cbor", ".txt")):
            raise InputError(f"{token}: expected a file with a proof, found none")
        return read_token(token)
    try:
        with path.open("rb") as file:
            return read_token(file.read(_MOST_BYTES))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


def _device_of(proof: bytes) -> bytes:
    from depinverify import _native  # noqa: PLC0415 - heavy
    from depinverify.exceptions import InputError  # noqa: PLC0415

    claims = _native.decode_proof(proof).get("claims")
    if claims is None:
        raise InputError(
            "--device: expected the id of the probed device, found none",
            hint="the proof is malformed and names none",
        )
    ueid: bytes = claims["ueid"]
    return ueid


def _registry_lines(registry: str) -> bytes:
    from depinverify.ingest.inputs import registry_lines  # noqa: PLC0415 - heavy

    return registry_lines(registry)


def _authority_of(registry: str | None) -> tuple[str, ...]:
    """A database knows its authority; a file of event lines does not."""
    if registry is None or "://" not in registry:
        return ()
    from depinverify.registry import Registry  # noqa: PLC0415 - heavy

    with Registry.open(registry) as opened:
        return tuple(key.did for key in opened.authority)


def _hex(text: str, option: str) -> bytes:
    from depinverify.exceptions import InputError  # noqa: PLC0415

    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(f"{option}: expected hex digits, found {text!r}") from None
