"""``what-if``: an epoch under another ruleset."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.audit import short
from depinverify.cli.output import Steps, emit_json, emit_table
from depinverify.cli.run_options import options_of, run_options
from depinverify.exceptions import ConfigurationError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depinverify.audit import WhatIf
    from depinverify.audit.alternative import TrackChange

#: Devices and payees that are shown as text; ``--json`` has all of them.
_SHOWN = 30


@click.command("what-if", epilog="Exit codes: 0 fine; 2 bad call. Nothing is published.")
@click.argument("epoch", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--ruleset",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The other ruleset: a TOML file with the table [ruleset], as in epoch.toml.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="One parameter; may be repeated.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True),
    help="Compare with this settlement (default: the epoch under its own ruleset).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@run_options
def what_if(
    epoch: Path,
    ruleset: Path | None,
    settings: tuple[str, ...],
    against: Path | None,
    *,
    as_json: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Score and pay an EPOCH under another ruleset: who gains, who loses. Nothing is published.

    Evidence is judged under the published parameters; those that decide whom to probe, or a proof's verdict, stay.

    Example: depinverify what-if epoch --set min_data_windows=6 --set max_per_cluster=0
    """
    from depinverify.audit import what_if as compare  # noqa: PLC0415 - heavy
    from depinverify.epoch import Epoch  # noqa: PLC0415

    if ruleset is None and not settings:
        raise InputError("expected another ruleset, found neither --ruleset nor --set")
    own = Epoch.open(epoch).ruleset.model_dump(mode="json")
    rules = {} if ruleset is None else _read(ruleset)
    rules |= dict(_setting(text, own) for text in settings)
    with Steps() as steps:
        found = compare(epoch, rules, against=against, options=options_of(given), progress=steps.update)
    emit_json(found.to_json()) if as_json else _show(found)


def _read(path: Path) -> dict[str, Any]:
    """The whole ruleset of a file, with its own defaults."""
    from depinverify.ruleset import Ruleset  # noqa: PLC0415 - heavy

    try:
        table = tomllib.loads(path.read_text("utf-8")).get("ruleset")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from None
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: ruleset: expected a table [ruleset], found none")
    return Ruleset.from_table(table, path=f"{path}: ruleset").model_dump(mode="json")


def _setting(text: str, rules: dict[str, Any]) -> tuple[str, object]:
    """``KEY=VALUE`` with the value as TOML has it; text needs no quotes."""
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set: expected KEY=VALUE, found {text!r}")
    try:
        parsed: object = tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        parsed = value
    return key, value if isinstance(rules.get(key), str) and not isinstance(parsed, str) else parsed


def _costs(changes: Sequence[TrackChange]) -> Iterator[tuple[str, int | None, int | None]]:
    """What tracks take of the payout, by a name that no multiplier has."""
    return ((f"cost of {one.track}", one.before, one.after) for one in changes)


def _show(found: WhatIf) -> None:
    click.echo(f"Nothing is published: epoch {found.epoch} under another ruleset.")
    for caveat in found.caveats:
        click.echo(f"Note: {caveat}.")
    emit_table(
        "Parameters",
        ("parameter", "before", "after"),
        [(name, short(before), short(after)) for name, (before, after) in found.parameters.items()],
    )
    emit_table(
        "Totals",
        ("term", "before", "after", "difference"),
        [(name, str(a), str(b), str(b - a)) for name, (a, b) in found.totals.items()],
    )
    click.echo(f"devices: {found.losers} lose, {found.gainers} gain, {found.unchanged} stay as they are")
    if found.multipliers:
        emit_table("Multipliers that change", ("multiplier", "devices"), list(found.multipliers.items()))
    if found.devices:
        emit_table(
            "Devices, the largest loss first",
            ("device", "before", "after", "difference", "multipliers"),
            [
                (
                    one.device,
                    str(one.before),
                    str(one.after),
                    str(one.difference),
                    "; ".join(
                        f"{name} {short(before)} -> {short(after)}"
                        for name, before, after in (*one.multipliers, *_costs(one.tracks))
                    ),
                )
                for one in found.devices[:_SHOWN]
            ],
        )
    if found.payees:
        emit_table(
            "Payees, the largest loss first",
            ("payee", "before", "after", "difference"),
            [
                (one.payee, str(one.before), str(one.after), str(one.difference))
                for one in found.payees[:_SHOWN]
            ],
        )
    more = max(len(found.devices), len(found.payees)) - _SHOWN
    if more > 0:
        click.echo(f"At most {_SHOWN} lines a table; --json has all of them.")
