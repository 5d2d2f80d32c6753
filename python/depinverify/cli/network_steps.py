"""``settle``, ``audit`` and ``report`` for networks that bring these steps themselves.

In: the options of the commands. Out: the network's tables or JSON on stdout, messages on stderr, exit codes 0
fine, 1 findings, 2 bad call. Invariant: an option that says nothing to the network is refused, never ignored.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import rich_click as click
from click import get_current_context
from click.core import ParameterSource

from depinverify.cli.output import EXIT_FINDINGS, Steps, emit_json, emit_table, note
from depinverify.exceptions import DepinverifyError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from depinverify.networks.steps import NetworkAudit, NetworkSettlement, Settles

__all__ = [
    "audit_settlement",
    "key_options",
    "network_option",
    "of_network",
    "refuse_keys",
    "refuse_others",
    "report_of_network",
    "settle_evidence",
    "trusted_keys",
]


def network_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--network``."""
    return click.option(
        "--network", default="generic", show_default=True, help="Whose rules: see `depinverify networks`."
    )(command)


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for verification keys."""
    from pathlib import Path  # noqa: PLC0415 - click reads it at run time

    for option in (
        click.option(
            "--pin",
            "pins",
            multiple=True,
            help="Check value of a key to trust that the network does not publish, 32 hex digits; may be repeated.",
        ),
        click.option(
            "--key",
            "keys",
            multiple=True,
            type=click.Path(path_type=Path, exists=True),
            help="With --network filecoin: file of a verification key; may be repeated.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def of_network(name: str) -> Iterator[None]:
    """Say in a sentence what a network of another package breaks on; the exit code of a traceback means findings."""
    from depinverify.networks import is_built_in  # noqa: PLC0415 - heavy

    try:
        yield
    except (DepinverifyError, click.ClickException, BrokenPipeError):
        raise
    except Exception as error:
        if is_built_in(name):
            raise
        raise InputError(
            f"network {name!r}: its package failed ({type(error).__name__}: {error})",
            hint=f"`depinverify.networks.get({name!r})` in Python shows where",
        ) from error


def trusted_keys(rules: object, keys: Sequence[Path], pins: Sequence[str]) -> list[bytes]:
    """Check values of keys to trust beside the network's own; an error where no proof of it needs a key."""
    from depinverify.networks import TakesKeys  # noqa: PLC0415 - heavy

    if pins and not keys:
        raise InputError("--pin: expected --key beside it, the file of the key to trust, found none")
    if keys and not isinstance(rules, TakesKeys):
        raise InputError("--key: expected a network whose proofs need keys, found one without")
    return [_pin(text) for text in pins]


def _pin(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(f"--pin: expected hex digits, found {text!r}") from None


def refuse_keys(keys: Sequence[Path], pins: Sequence[str]) -> None:
    """Refuse verification keys where no proof needs one."""
    if keys or pins:
        raise InputError(
            f"{'--key' if keys else '--pin'}: expected no such option without --network",
            hint="Keys are for networks whose proofs need them, such as --network filecoin.",
        )


def settle_evidence(
    network: str,
    evidence: Path,
    out: Path | None,
    *,
    keys: Sequence[Path],
    pins: Sequence[str],
    threads: int | None,
    as_json: bool,
) -> None:
    """Settle a folder of a network's evidence, and say what came of it."""
    rules = _network(network)
    folder = evidence if evidence.is_dir() else evidence.parent
    refuse_others({"network", "epoch", "out", "keys", "pins", "threads", "as_json"}, network)
    trusted = trusted_keys(rules, keys, pins)
    with of_network(network), Steps() as steps:
        settlement = rules.settle(
            evidence,
            out or folder / "settlement",
            keys=keys,
            pins=trusted,
            threads=threads,
            progress=steps.update,
        )
    with of_network(network):
        _show(settlement, as_json=as_json)
        if not as_json:
            click.echo(f"manifest {settlement.manifest_sha256}")
        note(f"wrote {settlement.folder}")
        if settlement.refused:
            lines = "1 line" if settlement.refused == 1 else f"{settlement.refused} lines"
            note(f"refused {lines} of the evidence")
            sys.exit(EXIT_FINDINGS)


def audit_settlement(
    network: str,
    settlement: Path,
    evidence: Path | None,
    *,
    keys: Sequence[Path],
    pins: Sequence[str],
    threads: int | None,
    as_json: bool,
) -> None:
    """Audit a settlement of a network's evidence, and say what was found."""
    rules = _network(network)
    refuse_others({"network", "settlement", "epoch", "keys", "pins", "threads", "as_json"}, network)
    trusted = trusted_keys(rules, keys, pins)
    with of_network(network), Steps() as steps:
        outcome = rules.audit(
            settlement, evidence, keys=keys, pins=trusted, threads=threads, progress=steps.update
        )
    with of_network(network):
        _show(outcome, as_json=as_json)
        if not outcome.is_clean:
            sys.exit(EXIT_FINDINGS)
    if not as_json:
        click.echo("Nothing was found.")


def report_of_network(network: str, settlement: Path, out: Path) -> tuple[str, ...]:
    """Write a settlement of a network as one HTML file; sentences about results that are not what they should be."""
    from depinverify.networks import get  # noqa: PLC0415 - heavy
    from depinverify.networks.steps import Reports  # noqa: PLC0415 - heavy

    rules = get(network)
    if not isinstance(rules, Reports):
        raise InputError(
            f"{settlement}: expected a settlement of a network with a page, found one of {network}"
        )
    refuse_others({"settlement", "out"}, network)
    with of_network(network):
        return tuple(rules.report(settlement, out))


def _network(name: str) -> Settles:
    from depinverify.networks import get  # noqa: PLC0415 - heavy
    from depinverify.networks.steps import Settles  # noqa: PLC0415 - heavy

    found = get(name)
    if not isinstance(found, Settles):
        raise InputError(
            f"--network: expected a network that settles its evidence, found {name}",
            hint="Its proofs can be verified: `depinverify verify EVIDENCE --network` and its name.",
        )
    return found


def refuse_others(known: Iterable[str], network: str) -> None:
    """Refuse options that somebody gave and the network has no use for."""
    context = get_current_context()
    for parameter in context.command.params:
        name = parameter.name
        if name is None or name in known:
            continue
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise InputError(f"{parameter.opts[0]}: expected no such option with --network {network}")


def _show(found: NetworkSettlement | NetworkAudit, *, as_json: bool) -> None:
    if as_json:
        emit_json(found.to_json())
        return
    for title, columns, rows in found.tables():
        emit_table(title, columns, rows)
