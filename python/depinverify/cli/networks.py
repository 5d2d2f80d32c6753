"""``depinverify networks``: list networks, or verify the evidence of one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.output import printable
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
    from depinverify.networks import get, names  # noqa: PLC0415 - heavy

    found = [get(name) for name in names()]
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
        click.echo(f"{network.name:<12}{network.description}")


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
    verdicts = _with_keys(rules, keys, pins)(file, threads=threads)
    counts: Counter[int] = Counter()
    for batch in verdicts.to_batches():
        counts.update(batch.column("code").to_pylist())
        if out is None:
            _print(batch, codes, as_json=as_json)
    if out is not None:
        _write(verdicts, out)
    for number, count in sorted(counts.items(), reverse=True):
        click.echo(f"{codes[number].name}: {count}", err=True)
    if fail_on_invalid and any(codes[number].is_failure for number in counts):
        raise SystemExit(1)


def _with_keys(rules: Network, keys: Sequence[Path], pins: Sequence[str]) -> Callable[..., Table]:
    if pins and not keys:
        raise InputError("--pin: expected --key beside it, the file of the key to trust, found none")
    if not keys:
        return rules.verify
    from depinverify.networks import TakesKeys  # noqa: PLC0415 - heavy

    if not isinstance(rules, TakesKeys):
        raise InputError(f"--key: expected a network whose proofs need keys, found {rules.name}")
    return rules.with_keys(keys, [pin(text) for text in pins])


def pin(text: str) -> bytes:
    """The check value of a key, from an option."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(f"--pin: expected hex digits, found {text!r}") from None


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
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    return json.dumps({**shown, "code_name": codes[row["code"]].name})


def _at_epoch(row: dict[str, Any]) -> str:
    return "" if row["epoch"] is None else f", epoch {row['epoch']}"


def _text_row(row: dict[str, Any], codes: dict[int, Code]) -> str:
    code = codes[row["code"]]
    called = row["row_id"].hex() if "row_id" in row else row.get("id") or f"record {row['record']}"
    called = printable(called)
    lines = [f"{code.name:<22}{called}"]
    if code.is_failure:
        lines.append(f"    {code.sentence}")
    if row.get("device") is not None and code.is_failure:
        lines.append(
            f"    device {row['device'].hex()}, slot {row['slot']}, validator {row['validator'].hex()}"
        )
    if row.get("kind") is not None:
        lines.append(f"    {row['kind']} of {row['subject'] or 'no subject'}{_at_epoch(row)}")
    if row.get("detail"):
        lines.append(f"    {printable(row['detail'])}")
    if row.get("data_root") is not None:
        lines.append(f"    data root {row['data_root'].hex()}, ruleset {row['ruleset']}")
    if row.get("weave_start") is not None:
        lines.append(f"    bytes {row['weave_start']} to {row['weave_end']} of the weave")
    return "\n".join(lines)
