"""``depinverify registry``: keep the register of devices and validators."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

import rich_click as click

from depinverify.cli.registry_events import COMMANDS
from depinverify.cli.registry_options import (
    DEVICE,
    VALIDATOR,
    TimeMs,
    effective_option,
    json_option,
    opened,
    print_appended,
    print_json,
    progress,
    public_key,
    readable_time,
    signer,
    url_option,
)
from depinverify.exceptions import InputError

_FILE = click.Path(path_type=Path)
_FINDINGS, _BAD_CALL = 1, 2
_BEFORE = click.option(
    "--before",
    "before_ms",
    type=TimeMs(),
    help="Only events recorded before this time, such as an epoch's end.",
)


@click.group(epilog="Exit codes: 0 fine; 1 findings, such as skipped rows; 2 bad call or invalid registry.")
def registry() -> None:
    """Keep the register of devices and validators: signed events in a chain, in SQLite or PostgreSQL.

    Example: depinverify registry init --authority authority.pem
    """


@registry.command()
@click.option(
    "--authority",
    multiple=True,
    help="Key of the registry authority, in any form, or its file.",
)
@url_option
@json_option
def init(url: str, authority: tuple[str, ...], *, as_json: bool) -> None:
    """Make a registry.

    Example: depinverify registry init --authority authority.pem --url postgresql://me@localhost/devices
    """
    from depinverify.registry import Registry  # noqa: PLC0415

    with Registry.create(url, authority=[public_key(text) for text in authority]) as made:
        told = {"url": made.url, "authority": [key.did for key in made.authority], **made.count()}
    if as_json:
        print_json(told)
    else:
        click.echo(f"registry {told['url']} is ready, with {told['events']} events")


@registry.command()
@click.argument("keys", nargs=-1)
@url_option
@json_option
def authority(url: str, keys: tuple[str, ...], *, as_json: bool) -> None:
    """Show the keys of the registry authority, or name new ones instead.

    Example: depinverify registry authority did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
    """
    from depinverify.registry import PublicKey  # noqa: PLC0415

    with opened(url) as registry:
        if keys:
            registry.set_authority([PublicKey.from_did(public_key(text)) for text in keys])
        found = [key.did for key in registry.authority]
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(found) if found else "no key may sign as the registry authority")


@registry.command()
@click.argument("files", nargs=-1, type=_FILE, required=True)
@url_option
def roots(url: str, files: tuple[Path, ...]) -> None:
    """Name the manufacturers' root certificates (PEM or DER), instead of those before.

    Example: depinverify registry roots acme-root.pem
    """
    from depinverify.registry.certificates import read_certificates  # noqa: PLC0415

    found = [der for path in files for der in read_certificates(path)]
    with opened(url) as registry:
        registry.set_roots(found)
    click.echo(f"{len(found)} manufacturer roots")


@registry.command()
@click.option("--count", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="How many.")
@url_option
@json_option
def nonce(url: str, count: int, *, as_json: bool) -> None:
    """Issue nonces; each enrolment needs one of its own.

    Example: depinverify device enroll --key device.pem --owner alice --nonce $(depinverify registry nonce)
    """
    with opened(url) as registry:
        issued = registry.issue_nonces(count)
    if as_json:
        print_json(issued)
    else:
        click.echo("\n".join(issued))


@registry.command()
@click.argument("file", type=click.File("rb"), default="-")
@url_option
@effective_option
@json_option
def enroll(url: str, file: IO[bytes], effective_ms: int | None, *, as_json: bool) -> None:
    """Take signed events, one JSON object a line: all of them or none.

    Enrolments are made and signed by the device: depinverify device enroll.

    Example: depinverify device enroll --key device.pem --nonce 5f.. | depinverify registry enroll
    """
    from depinverify.registry.lines import read_event  # noqa: PLC0415

    events = []
    for line, data in enumerate(file, 1):
        try:
            events.append(read_event(data.strip()))
        except InputError as error:
            raise InputError(f"{file.name}, line {line}: {error}") from None
    if not events:
        raise InputError(f"{file.name}: expected one signed event a line, found none")
    with opened(url) as registry:
        taken = registry.append_many(events, effective_ms=effective_ms)
    if len(taken) == 1 or not as_json:
        print_appended(taken[-1], as_json=as_json)
    else:
        print_json([one._asdict() for one in taken])


@registry.command("import")
@click.argument("file", type=_FILE)
@click.option("--authority", type=_FILE, help="PEM file of the authority's key, which signs unsigned rows.")
@click.option(
    "--scheme", type=click.Choice(["ed25519", "p256", "secp256k1"]), help="Scheme of keys that are raw hex."
)
@click.option(
    "--skip-bad", type=_FILE, metavar="FILE", help="Import the good rows; write the bad ones to this file."
)
@click.option(
    "--manufacturer",
    help="Key that must have signed the file (FILE.jws), in any form, or its file.",
)
@url_option
@effective_option
@json_option
def import_(
    url: str,
    file: Path,
    authority: Path | None,
    scheme: str | None,
    skip_bad: Path | None,
    manufacturer: str | None,
    effective_ms: int | None,
    *,
    as_json: bool,
) -> None:
    """Enrol all devices of a CSV, JSON lines or Parquet file, one event each, all or nothing.

    Columns: device, key, owner (required), scheme, kid, payee, cell, hwmodel, oemid, capacity. JSON lines may
    hold signed enrolments instead.

    Example: depinverify registry import devices.csv --authority authority.pem
    """
    from depinverify.registry import ImportRefusedError, PublicKey, Scheme, import_devices  # noqa: PLC0415
    from depinverify.registry.manifest import check_manifest  # noqa: PLC0415

    if manufacturer is not None:
        check_manifest(file, PublicKey.from_did(public_key(manufacturer)))
    with opened(url) as registry, progress("rows") as tell:
        try:
            report = import_devices(
                registry,
                file,
                authority=None if authority is None else signer(authority),
                scheme=None if scheme is None else Scheme[scheme.upper()],
                skip_bad=skip_bad,
                effective_ms=effective_ms,
                progress=tell,
            )
        except ImportRefusedError as refusal:
            if not as_json:
                raise
            print_json(refusal.report.as_dict())
            sys.exit(_BAD_CALL)
    if as_json:
        print_json(report.as_dict())
    else:
        click.echo(f"{report.imported} devices enrolled, {report.bad_count} rows skipped")
    if report.bad_count:
        click.echo(report.summary(), err=True)
        sys.exit(_FINDINGS)


@registry.command("sign-manifest")
@click.argument("file", type=_FILE)
@click.option(
    "--signer", "key", type=_FILE, required=True, help="PEM file of the manufacturer's private key."
)
def sign_manifest(file: Path, key: Path) -> None:
    """Sign a file of devices, as a manufacturer: writes FILE.jws beside it.

    Example: depinverify registry sign-manifest devices.csv --signer manufacturer.pem
    """
    from depinverify.registry import manifest  # noqa: PLC0415

    click.echo(str(manifest.sign_manifest(file, signer(key))))


@registry.command()
@click.argument("file", type=_FILE)
@_BEFORE
@url_option
def export(url: str, file: Path, before_ms: int | None) -> None:
    """Write the events as JSON lines: what a settlement reads as registry.jsonl.

    Example: depinverify registry export epoch-000123/registry.jsonl --before 2026-11-21T00:00Z
    """
    with opened(url) as registry:
        count = registry.export_lines(file, before_ms=before_ms)
        head = registry.head(before_ms=before_ms)
    click.echo(f"{count} events\nhead {head}")


@registry.command()
@click.argument("file", type=_FILE)
@click.option("--as-of", "as_of_ms", type=TimeMs(), help="The time; default: now.")
@url_option
def devices(url: str, file: Path, as_of_ms: int | None) -> None:
    """Write the devices as of a time to a CSV, JSON lines or Parquet file.

    It holds what an epoch that starts at this time sees, in the columns that an import reads and some more.

    Example: depinverify registry devices fleet.csv --as-of 2026-11-21T00:00Z
    """
    from depinverify.registry.store import system_clock_ms  # noqa: PLC0415

    with opened(url) as registry:
        count = registry.export_devices(
            file, as_of_ms=system_clock_ms() + 1 if as_of_ms is None else as_of_ms
        )
    click.echo(f"{count} devices")


@registry.command()
@click.option("--as-of", "start_ms", type=TimeMs(), required=True, help="The time, or the start of an epoch.")
@click.option("--end", "end_ms", type=TimeMs(), help="End of the epoch; default: its start.")
@click.option("--epoch", type=click.IntRange(min=0), default=0, show_default=True, help="Index of the epoch.")
@url_option
@json_option
def snapshot(url: str, start_ms: int, end_ms: int | None, epoch: int, *, as_json: bool) -> None:
    """Check the registry, and show what of it holds for an epoch: heads, content hash, validators.

    Example: depinverify registry snapshot --as-of 2026-11-21T00:00Z --end 2026-11-22T00:00Z --epoch 123
    """
    with opened(url) as registry:
        made = registry.snapshot(start_ms=start_ms, end_ms=end_ms, epoch=epoch)
    validators = made.validators()
    found = {
        "head_at_start": made.head_at_start.hex(),
        "head": made.head.hex(),
        "content_hash": made.content_hash.hex(),
        "events": made.events,
        "devices": made.devices().num_rows,
        "validators": validators.num_rows,
        "taking_part": sum(validators.column("takes_part").to_pylist()),
    }
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            click.echo(f"{name:14} {value}")


@registry.command()
@click.argument("file", type=_FILE)
@url_option
def backup(url: str, file: Path) -> None:
    """Copy all event lines to a file, from which the whole registry can be restored.

    Example: depinverify registry backup devices-2026-11-21.jsonl
    """
    with opened(url) as registry:
        count = registry.export_lines(file)
        head = registry.head()
    click.echo(f"{count} events\nhead {head}")


@registry.command()
@click.argument("file", type=click.File("rb"))
@url_option
@json_option
def restore(url: str, file: IO[bytes], *, as_json: bool) -> None:
    """Fill an empty registry from a backup; chain, signatures and rules are checked again.

    The registry must have been made with the authority keys that signed.

    Example: depinverify registry restore devices-2026-11-21.jsonl --url sqlite:///copy.db
    """
    with opened(url) as registry, progress("events") as tell:
        print_appended(registry.restore(file, progress=tell), as_json=as_json)


@registry.command()
@DEVICE
@VALIDATOR
@url_option
@json_option
def show(url: str, device: str | None, validator: str | None, *, as_json: bool) -> None:
    """Show a device or validator with its keys and events, or the registry as a whole.

    Example: depinverify registry show --device 0100..
    """
    with opened(url) as registry:
        if device is None and validator is None:
            found = {"url": registry.url, **registry.count(), "head": registry.head()}
            found["authority"] = [key.did for key in registry.authority]
        else:
            state = registry.state(device=device, validator=validator)
            if state is None:
                raise InputError(f"{device or validator} is not enrolled in registry {registry.url}")
            found = {**state, "events": _history(registry.lines(device=device, validator=validator))}
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if not isinstance(value, list):
            click.echo(f"{name:14} {_cell(name, value)}")
            continue
        click.echo(f"{name}:")
        for entry in value:
            line = (
                entry
                if isinstance(entry, str)
                else "  ".join(_cell(key, item) for key, item in entry.items())
            )
            click.echo(f"  {line}")


@registry.command()
@click.option("--head", help="Head that was published elsewhere, hex; the registry must contain it.")
@url_option
@json_option
def verify(url: str, head: str | None, *, as_json: bool) -> None:
    """Check the whole chain again: hashes, times, members, signatures, rules.

    Whoever runs a registry alone can rewrite its history; only a head that was published elsewhere shows it.

    Example: depinverify registry verify --head 6f2c..
    """
    with opened(url) as registry, progress("events") as tell:
        count = registry.verify(head=head, progress=tell)
        found = {"events": count, "head": registry.head()}
    if as_json:
        print_json(found)
    else:
        click.echo(f"{count} events are as they were taken\nhead {found['head']}")


@registry.command()
@url_option
def migrate(url: str) -> None:
    """Bring the tables of an older registry to the version that this software reads.

    Example: depinverify registry migrate --url sqlite:///devices.db
    """
    from depinverify.registry import Registry  # noqa: PLC0415

    click.echo("tables brought to the newest version" if Registry.migrate(url) else "nothing to do")


for _command in COMMANDS:
    registry.add_command(_command)


def _history(lines: object) -> list[dict[str, object]]:
    import json  # noqa: PLC0415

    names = ("seq", "type", "recorded_ms", "effective_ms")
    return [{name: event[name] for name in names} for event in map(json.loads, lines)]  # type: ignore[call-overload]


def _cell(name: str, value: object) -> str:
    if name.endswith("_ms") and (value is None or isinstance(value, int)):
        return readable_time(value)
    return "-" if value is None else str(value)
