"""``depinverify simulate``: a complete epoch folder with known truth."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import rich_click as click
from click import progressbar

from depinverify.exceptions import InputError


def _shares(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    shares = {}
    for value in values:
        name, sign, number = value.partition("=")
        if not sign:
            raise InputError(f"--share {value}: expected BEHAVIOUR=SHARE, such as sybil=0.02")
        shares[name] = number
    return shares


@click.command()
@click.option("--devices", type=int, required=True, help="Size of the fleet.")
@click.option("--hours", type=int, required=True, help="Length of the epoch.")
@click.option("--seed", type=int, required=True, help="The same seed and options give the same bytes.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write; empty or not there yet."
)
@click.option("--validators", type=int, default=3, show_default=True, help="How many probe.")
@click.option("--start", type=int, help="First second of the epoch (Unix time); default 1800000000.")
@click.option("--index", type=int, help="Number of the epoch; default 0.")
@click.option(
    "--first-index", type=int, default=0, help="With --previous: number of the world's first epoch."
)
@click.option("--slot-seconds", type=int, default=900, show_default=True, help="Length of a slot.")
@click.option("--pool", default="1000000000000000000000000", show_default=True, help="What is divided.")
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    help="Settlement of the epoch before: makes the next epoch of the same world; repeat its other options.",
)
@click.option(
    "--share",
    "shares",
    multiple=True,
    callback=_shares,
    metavar="BEHAVIOUR=X",
    help="Share of the fleet with a behaviour, from 0 to 1; see the table in truth.json for the names.",
)
@click.option(
    "--validator-behaviour",
    "validator_behaviours",
    multiple=True,
    default=("no-uplink",),
    show_default=True,
    type=click.Choice(("honest", "no-uplink", "invents-offline", "hides-downtime")),
    help="What the first, second, .. validator does; the rest is honest.",
)
@click.option(
    "--format",
    "file_format",
    default="parquet",
    show_default=True,
    type=click.Choice(("parquet", "arrow", "jsonl", "jsonl.gz", "jsonl.zst")),
    help="Kind of the files of observations.",
)
@click.option(
    "--outage-rows",
    default="keep",
    show_default=True,
    type=click.Choice(("keep", "drop")),
    help="Whether the rows that the validator without uplink made meanwhile are in its files.",
)
@click.option(
    "--scheme",
    "schemes",
    multiple=True,
    default=("ed25519", "p256", "secp256k1"),
    show_default=True,
    type=click.Choice(("ed25519", "p256", "secp256k1")),
    help="Algorithm of the devices' keys; several take turns.",
)
@click.option("--processes", type=int, default=1, show_default=True, help="How many processes sign.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def simulate(*, as_json: bool, shares: dict[str, str], **options: Any) -> None:  # noqa: ANN401
    """Make a complete epoch with real keys, real signatures and known truth.

    The folder holds everything that `depinverify settle` needs, and `truth.json`: what each device and
    validator did, which code each of its rows must get and what becomes of its pay.

    \b
    Examples:
      depinverify simulate --devices 500 --hours 24 --seed 1 --out epoch-0
      depinverify simulate --devices 60 --hours 24 --seed 1 --share sybil=0.1 --out epoch-0
      depinverify simulate --devices 500 --hours 24 --seed 1 --previous settlement-0 --out epoch-1
    """  # noqa: D301
    from depinverify.simulate import simulate as run  # noqa: PLC0415

    with progressbar(length=1, label="signing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def advance(done: int, parts: int) -> None:
            bar.length = parts
            bar.update(done - bar.pos)

        made = run(shares=shares, progress=advance, **options)
    if as_json:
        summary = made._asdict() | {"path": str(made.path)}
        click.echo(json.dumps(summary, sort_keys=True))
        return
    click.echo(f"{made.path}: {made.rows} rows, {made.proofs} proofs")
    for code, rows in made.codes.items():
        click.echo(f"  {code:<20} {rows:>9}")
