"""Options and output that the commands of ``depinverify registry`` share."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depinverify.registry import Appended, Registry, Signer

    Command = Callable[..., None]

__all__ = [
    "DEVICE",
    "THE_DEVICE",
    "THE_VALIDATOR",
    "VALIDATOR",
    "TimeMs",
    "effective_option",
    "json_option",
    "opened",
    "print_appended",
    "print_json",
    "progress",
    "public_key",
    "readable_time",
    "signer",
    "url_option",
]

_URL = "sqlite:///devices.db"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class TimeMs(click.ParamType[int]):
    """A time: Unix milliseconds, or ISO 8601 such as ``2026-11-21T12:00Z``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """Milliseconds since the Unix epoch."""
        if isinstance(value, int):
            return value
        try:
            return int(value)
        except ValueError:
            pass
        try:
            time = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"expected Unix milliseconds or ISO 8601, found {value!r}", param, ctx)
        if time.tzinfo is None:
            self.fail(f"expected a time zone, such as {value}Z", param, ctx)
        return (time - _EPOCH) // dt.timedelta(milliseconds=1)


DEVICE = click.option("--device", help="Device id, hex.")
VALIDATOR = click.option("--validator", help="Validator id, hex.")
THE_DEVICE = click.option("--device", required=True, help="Device id, hex.")
THE_VALIDATOR = click.option("--validator", required=True, help="Validator id, hex.")


def url_option(command: Command) -> Command:
    """Where the registry lies."""
    return click.option(
        "--url",
        default=_URL,
        envvar="DEPINVERIFY_REGISTRY",
        show_default=True,
        show_envvar=True,
        help="sqlite:///path or postgresql://user@host/database.",
    )(command)


def json_option(command: Command) -> Command:
    """Output for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def effective_option(command: Command) -> Command:
    """From when on an event holds."""
    return click.option(
        "--effective",
        "effective_ms",
        type=TimeMs(),
        help="From when on it holds (Unix milliseconds or ISO 8601); default: now.",
    )(command)


@contextmanager
def opened(url: str) -> Iterator[Registry]:
    """The registry at a URL."""
    from depinverify.registry import Registry  # noqa: PLC0415

    with Registry.open(url) as registry:
        yield registry


def signer(path: Path) -> Signer:
    """The private key of a PEM file."""
    from depinverify.registry import Signer, read_private_key  # noqa: PLC0415

    try:
        return Signer(read_private_key(path.read_bytes(), source=str(path)))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def public_key(text: str) -> str:
    """The did:key of a text in any accepted form, or of a file that holds one or a private key."""
    from depinverify.registry import PublicKey  # noqa: PLC0415

    path = Path(text)
    if not text.startswith("did:") and path.is_file():
        content = path.read_bytes()
        if b"PRIVATE KEY" in content:
            return signer(path).public.did
        return PublicKey.parse(content if content[:1] == b"0" else content.decode("utf-8", "replace")).did
    return PublicKey.parse(text).did


def readable_time(time_ms: int | None) -> str:
    """A time for people."""
    if time_ms is None:
        return "-"
    try:
        return (
            (_EPOCH + dt.timedelta(milliseconds=time_ms))
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )
    except OverflowError:
        return f"{time_ms} ms"


def print_json(value: object) -> None:
    """One JSON value, readable, on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_appended(taken: Appended, *, as_json: bool) -> None:
    """Say what became of an event."""
    if as_json:
        print_json(taken._asdict())
    else:
        click.echo(
            f"event {taken.seq} taken at {readable_time(taken.recorded_ms)}, "
            f"holds from {readable_time(taken.effective_ms)}\nhead {taken.hash}"
        )


@contextmanager
def progress(noun: str) -> Iterator[Callable[[int], None]]:
    """A line on stderr that counts, where somebody is watching."""
    from time import monotonic  # noqa: PLC0415

    began, said, watched = monotonic(), False, sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def tell(count: int) -> None:
        nonlocal said
        if watched:
            rate = count / max(monotonic() - began, 1e-3)
            click.echo(f"\r{count:,} {noun}, {rate:,.0f} a second ", err=True, nl=False)
            said = True

    try:
        yield tell
    finally:
        if said:
            click.echo("", err=True)
