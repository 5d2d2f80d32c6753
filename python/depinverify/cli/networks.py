"""``depinverify networks``: list networks, or verify the evidence of one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.network_steps import of_network, trusted_keys
from depinverify.cli.output import emit_json, note, printable
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arro3.core import RecordBatch, Table

    from depinverify.networks import Code, Network


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def networks(ctx: click.Context, as_json: bool) -> None:
    """List the networks whose evidence can be verified.

    Example: depinverify networks verify arweave proofs.jsonl
    """
    if ctx.invoked_subcommand is not None:
        return
    found = _all_that_load()
    if as_json:
        rows = [
            {
                "name": network.name,
                "description": network.description,
                "codes": [
                    {
                        "number": code.number,
                        "name": code.name,
                        "sentence": code.sentence,
                        "evidence": code.evidence,
                    }
                    for code in network.catalogue
                ],
            }
            for network in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for network in found:
        click.echo(printable(f"{network.name:<12}{network.description}"))


def _all_that_load() -> list[Network]:
    """All networks; those of other packages that cannot be loaded are named on stderr."""
    from depinverify.networks import get, names  # noqa: PLC0415 - heavy

    found = []
    for name in names():
        try:
            found.append(get(name))
        except InputError as error:
            note(str(error))
    return found


@networks.command(epilog="Exit codes: 0 fine; 1 with --fail-on-invalid where a proof is invalid; 2 bad call.")
@click.argument("network")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per proof instead of a table.")
@click.option("--fail-on-invalid", is_flag=True, help="Exit with 1 if a proof is invalid.")
@click.option("--threads", type=click.IntRange(min=1), help="Number of threads; default: all processors.")
def verify(network: str, file: Path, as_json: bool, fail_on_invalid: bool, threads: int | None) -> None:
    """Give each proof of FILE its verdict under the rules of NETWORK.

    Example: depinverify networks verify arweave proofs.jsonl --fail-on-invalid
    """
    verify_evidence(network, file, as_json=as_json, fail_on_invalid=fail_on_invalid, threads=threads)


def verify_evidence(
    network: str,
    file: Path,
    *,
    keys: Sequence[Path] = (),
    pins: Sequence[str] = (),
    out: Path | None = None,
    as_json: bool = False,
    fail_on_invalid: bool = False,
    threads: int | None = None,
) -> None:
    """Print the verdict of each proof of a file, and count them on stderr.

    Args:
        network: Whose rules.
        file: The evidence.
        keys: Verification keys, for networks that have such proofs.
        pins: Check values of keys that are trusted beside the network's own, hex.
        out: Write the verdicts to this Parquet file instead of printing them.
        as_json: One JSON object per proof.
        fail_on_invalid: Exit with 1 if a proof is invalid.
        threads: Number of threads.
    """
    from depinverify.networks import get  # noqa: PLC0415 - heavy

    if not file.exists():
        raise InputError(f"{file}: expected a file or folder of evidence, found none")
    rules = get(network)
    codes = {code.number: code for code in rules.catalogue}
    counts: Counter[int] = Counter()
    with of_network(network):
        verdicts = _table(_with_keys(rules, keys, pins)(file, threads=threads), network)
        for batch in verdicts.to_batches():
            counts.update(_codes_of(batch, network, codes))
            if out is None:
                _print(batch, codes, as_json=as_json)
        if out is not None:
            _write(verdicts, out)
    if out is not None and as_json:
        emit_json({"counts": {codes[number].name: count for number, count in sorted(counts.items())}})
    for number, count in sorted(counts.items(), reverse=True):
        note(f"{codes[number].name}: {count}")
    if fail_on_invalid and any(codes[number].is_failure for number in counts):
        raise SystemExit(1)


def _table(verdicts: object, network: str) -> Table:
    """The verdicts, by whatever Arrow library a network of another package made them."""
    from arro3.core import RecordBatch, Table  # noqa: PLC0415 - heavy

    if isinstance(verdicts, Table):
        return verdicts
    if hasattr(verdicts, "__arrow_c_stream__"):
        return Table.from_arrow(verdicts)
    if hasattr(verdicts, "__arrow_c_array__"):
        return Table.from_batches([RecordBatch.from_arrow(verdicts)])
    raise InputError(f"network {network!r}: expected an Arrow table of verdicts, found {verdicts!r:.80}")


def _codes_of(batch: RecordBatch, network: str, codes: dict[int, Code]) -> list[int]:
    """The code of each verdict; a network of another package may have forgotten what it promised."""
    names = batch.schema.names
    for wanted in ("code", "failed", "not_run", "outcome"):
        if names.count(wanted) != 1:
            raise InputError(
                f"network {network!r}: expected verdicts with one column {wanted!r}, found {', '.join(names)}"
            )
    found: list[int] = [*batch.column("code").to_pylist()]
    for number in dict.fromkeys(found):
        if type(number) is not int or number not in codes:
            raise InputError(
                f"network {network!r}: expected the number of a code of its catalogue, found {number!r}",
                hint=f"it has {', '.join(map(str, sorted(codes)))}",
            )
    return found


def _with_keys(rules: Network, keys: Sequence[Path], pins: Sequence[str]) -> Callable[..., Table]:
    from depinverify.networks import TakesKeys  # noqa: PLC0415 - heavy

    trusted = trusted_keys(rules, keys, pins)
    return rules.with_keys(keys, trusted) if keys and isinstance(rules, TakesKeys) else rules.verify


def _print(batch: RecordBatch, codes: dict[int, Code], *, as_json: bool) -> None:
    names = batch.schema.names
    columns = [batch.column(name).to_pylist() for name in names]
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        click.echo(_json_row(row, codes) if as_json else _text_row(row, codes))


def _write(verdicts: Table, out: Path) -> None:
    from depinverify import _native  # noqa: PLC0415 - heavy
    from depinverify.workspace import writing_to  # noqa: PLC0415 - heavy

    with writing_to(out):
        _native.write_parquet(out, verdicts)


def _json_row(row: dict[str, Any], codes: dict[int, Code]) -> str:
    return json.dumps({**row, "code_name": codes[row["code"]].name}, default=_shown)


def _text_row(row: dict[str, Any], codes: dict[int, Code]) -> str:
    code = codes[row["code"]]
    lines = [f"{code.name:<22}{_called(row)}"]
    if code.is_failure:
        lines.append(f"    {code.sentence}")
    if code.is_failure and _has(row, "device", "slot", "validator"):
        lines.append(
            f"    device {_shown(row['device'])}, slot {row['slot']}, validator {_shown(row['validator'])}"
        )
    if _has(row, "kind"):
        epoch = f", epoch {row['epoch']}" if _has(row, "epoch") else ""
        lines.append(f"    {row['kind']} of {row.get('subject') or 'no subject'}{epoch}")
    if row.get("detail"):
        lines.append(f"    {row['detail']}")
    if _has(row, "data_root", "ruleset"):
        lines.append(f"    data root {_shown(row['data_root'])}, ruleset {row['ruleset']}")
    if _has(row, "weave_start", "weave_end"):
        lines.append(f"    bytes {row['weave_start']} to {row['weave_end']} of the weave")
    return "\n".join(map(printable, lines))


def _shown(value: object) -> str:
    """A value that JSON has no form for."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _called(row: dict[str, Any]) -> str:
    """What a person calls the row."""
    if _has(row, "row_id"):
        return _shown(row["row_id"])
    return str(row.get("id") or f"record {row.get('record', 'without a number')}")


def _has(row: dict[str, Any], *names: str) -> bool:
    return all(row.get(name) is not None for name in names)
