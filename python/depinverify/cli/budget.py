"""``budget``: a whole network's emission, price of service and concentration, against limits."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.output import EXIT_FINDINGS, emit_json, emit_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.reward.budget import Breach, Concentration, Measures

_DECIMALS = 12


class Amount(click.ParamType[int]):
    """A whole number of base units, of any size."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """The integer."""
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"[0-9]{1,100}", value, re.ASCII):
            self.fail(f"expected a decimal integer of at least 0, found {value[:100]!r}", param, ctx)
        return int(value)


class Ratio(click.ParamType[int]):
    """A ratio as a decimal, such as ``1.5``; kept exactly in the scale of 10^12."""

    name = "ratio"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """The ratio in the scale of 10^12."""
        if isinstance(value, int):
            return value
        parts = re.fullmatch(r"([0-9]{1,30})(?:\.([0-9]{1,12}))?", value, re.ASCII)
        if parts is None:
            self.fail(
                f"expected a decimal with at most {_DECIMALS} places, found {value[:100]!r}", param, ctx
            )
        return int(parts[1] + (parts[2] or "").ljust(_DECIMALS, "0"))


@click.command(epilog="Exit codes: 0 fine; 1 a given limit is broken; 2 bad call.")
@click.argument("settlement", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--epoch",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="An epoch folder, one per settlement, for owners of devices; without it only payees are measured.",
)
@click.option("--fees", type=Amount(), help="What users paid in all these epochs, in base units.")
@click.option(
    "--max-emission-ratio", type=Ratio(), help="Most emission over fees, such as 1.5; needs --fees."
)
@click.option("--max-per-hour", type=Amount(), help="Most base units paid for a proven hour of service.")
@click.option("--max-gini", type=Ratio(), help="Largest Gini coefficient, 0 to 1.")
@click.option("--max-hhi", type=Ratio(), help="Largest Herfindahl-Hirschman index, 0 to 1.")
@click.option(
    "--min-nakamoto", type=click.IntRange(0), help="Fewest holders that may have more than half together."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def budget(
    settlement: tuple[Path, ...],
    epoch: tuple[Path, ...],
    fees: int | None,
    max_emission_ratio: int | None,
    max_per_hour: int | None,
    max_gini: int | None,
    max_hhi: int | None,
    min_nakamoto: int | None,
    as_json: bool,
) -> None:
    """Measure the epochs of one or more SETTLEMENTs together, and hold them against limits.

    Emission against fees, what a proven hour of service cost, and how the amounts are spread over payees and owners.
    Limits of concentration hold for payees, and for owners where --epoch is given.

    Example: depinverify budget settlement --fees 1000000 --max-emission-ratio 1.5 --min-nakamoto 3
    """
    from depinverify.reward.budget import Limits, measure  # noqa: PLC0415 - heavy
    from depinverify.settlement import Settlement  # noqa: PLC0415

    limits = Limits(max_emission_ratio, max_per_hour, max_gini, max_hhi, min_nakamoto)
    owners = _owners(epoch) if epoch else None
    measures = measure([Settlement.open(folder) for folder in settlement], fees=fees, owners=owners)
    broken = limits.broken_by(measures)
    if as_json:
        emit_json(_as_json(measures, broken))
    else:
        _show(measures, broken)
    if broken:
        sys.exit(EXIT_FINDINGS)


def _owners(folders: tuple[Path, ...]) -> Mapping[int, Mapping[str, str]]:
    """Owners of devices by epoch."""
    from depinverify.epoch import Epoch  # noqa: PLC0415 - heavy
    from depinverify.ingest import read_registry  # noqa: PLC0415

    found = {}
    for folder in folders:
        epoch = Epoch.open(folder)
        devices = read_registry(epoch).devices()
        names = (bytes(device).hex() for device in devices["device"].to_pylist())
        found[epoch.index] = dict(zip(names, devices["owner"].to_pylist(), strict=True))
    return found


def _as_json(measures: Measures, broken: list[Breach]) -> dict[str, Any]:
    rate = measures.per_hour
    return {
        "epochs": measures.epochs,
        "emission": str(measures.emission),
        "paid": str(measures.paid),
        "fees": None if measures.fees is None else str(measures.fees),
        "emission_over_fees_e12": _text(measures.emission_over_fees_e12),
        "up_seconds": measures.up_seconds,
        "per_hour": None if rate is None else {name: str(value) for name, value in rate._asdict().items()},
        "payees": _spread(measures.payees),
        "owners": None if measures.owners is None else _spread(measures.owners),
        "broken": [
            {
                "code": one.code,
                "found": _text(one.found),
                "limit": str(one.limit),
                "excess": _text(one.excess),
            }
            for one in broken
        ],
    }


def _spread(spread: Concentration) -> dict[str, int]:
    from depinverify.reward.economics import floor_e12  # noqa: PLC0415 - heavy

    return {
        "holders": spread.holders,
        "gini_e12": floor_e12(spread.gini),
        "hhi_e12": floor_e12(spread.hhi),
        "nakamoto": spread.nakamoto,
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _show(measures: Measures, broken: list[Breach]) -> None:
    rate = measures.per_hour
    rows: list[tuple[str, object]] = [
        ("epochs", ", ".join(map(str, measures.epochs))),
        ("emission", measures.emission),
        ("fees", "not given" if measures.fees is None else measures.fees),
        ("emission over fees", _decimal(measures.emission_over_fees_e12)),
        ("paid", measures.paid),
        ("proven hours of service", _fraction(measures.up_seconds)),
        ("paid for a proven hour", "none proven" if rate is None else rate.floor),
    ]
    emit_table("Budget", ("what", "value"), rows)
    spreads = {"payees": measures.payees, "owners": measures.owners}
    emit_table(
        "Concentration",
        ("of", "holders", "Gini", "HHI", "Nakamoto"),
        [_row(whose, _spread(spread)) for whose, spread in spreads.items() if spread is not None],
    )
    if broken:
        emit_table(
            "Broken limits",
            ("limit", "allowed", "found", "above it by"),
            [(one.code, *_shown(one), "" if one.excess is None else one.excess) for one in broken],
        )


def _row(whose: str, spread: dict[str, int]) -> tuple[object, ...]:
    return (
        whose,
        spread["holders"],
        _decimal(spread["gini_e12"]),
        _decimal(spread["hhi_e12"]),
        spread["nakamoto"],
    )


def _shown(breach: Breach) -> tuple[str, str]:
    """Limit and number in the unit of the option."""
    is_ratio = breach.code.startswith(("EMISSION", "GINI", "HHI"))
    limit = _decimal(breach.limit) if is_ratio else str(breach.limit)
    if breach.found is None:
        return limit, "beyond any number"
    return limit, _decimal(breach.found) if is_ratio else str(breach.found)


def _decimal(ratio_e12: int | None) -> str:
    """A ratio as a decimal with all its places, by integers alone."""
    if ratio_e12 is None:
        return "-"
    whole, places = divmod(abs(ratio_e12), 10**_DECIMALS)
    return f"{'-' if ratio_e12 < 0 else ''}{whole}.{places:0{_DECIMALS}}"


def _fraction(seconds: int) -> str:
    """Hours to two places, rounded down."""
    return f"{seconds // 3600}.{seconds % 3600 // 36:02}"
