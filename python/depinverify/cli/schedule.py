"""``schedule``: who is to be probed when, and with which nonce."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from depinverify.cli.output import emit_table


@click.command(epilog="Exit codes: 0 fine; 2 bad call.")
@click.argument("epoch", type=click.Path(path_type=Path, exists=True))
@click.option("--validator", help="Id of one validator, hex.")
@click.option("--slot", type=click.IntRange(0), help="One slot only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of a table.")
def schedule(epoch: Path, validator: str | None, slot: int | None, as_json: bool) -> None:
    """List who is to be probed when, and with which nonce.

    Challenge and moment need the validator's secret: they are empty where `validators.jsonl` does not hold it.

    Example: depinverify schedule epoch --validator 76616c2d30 --slot 7
    """
    from arro3.core import RecordBatchReader  # noqa: PLC0415 - heavy

    from depinverify import pipeline  # noqa: PLC0415 - heavy
    from depinverify.exceptions import InputError  # noqa: PLC0415

    try:
        chosen = None if validator is None else bytes.fromhex(validator)
    except ValueError:
        raise InputError(f"--validator: expected hex digits, found {validator!r}") from None
    names = ("slot", "device", "validator", "round", "nonce", "eat_nonce", "moment_ms")
    rows: list[tuple[object, ...]] = []
    reader = RecordBatchReader.from_arrow(pipeline.schedule(epoch, validator=chosen, slot=slot))
    for batch in reader:
        columns = [batch[name].to_pylist() for name in names]
        for row in zip(*columns, strict=True):
            shown = tuple(value.hex() if isinstance(value, bytes) else value for value in row)
            if as_json:
                emit_json_line(dict(zip(names, shown, strict=True)))
            else:
                rows.append((*shown[:4], _when(shown[6]), shown[5] or "secret"))
    if not as_json:
        emit_table("Schedule", ("slot", "device", "validator", "round", "moment", "challenge"), rows)


def emit_json_line(value: dict[str, object]) -> None:
    """Print one object a line: a schedule may be long."""
    import json  # noqa: PLC0415

    click.echo(json.dumps(value))


def _when(moment_ms: object) -> str:
    if not isinstance(moment_ms, int):
        return "secret"
    return (
        datetime.fromtimestamp(moment_ms / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
