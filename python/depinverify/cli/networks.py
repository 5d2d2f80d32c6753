"""``depinverify networks``: list networks, or verify the evidence of one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from depinverify.networks import Code


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
    from depinverify.networks import get  # noqa: PLC0415 - heavy

    if not file.exists():
        raise InputError(f"{file}: expected a file or folder of evidence, found none")
    rules = get(network)
    codes = {code.number: code for code in rules.catalogue}
    verdicts = rules.verify(file, threads=threads)
    counts: Counter[int] = Counter()
    for batch in verdicts.to_batches():
        columns = [batch.column(name).to_pylist() for name in verdicts.schema.names]
        for values in zip(*columns, strict=True):
            row = dict(zip(verdicts.schema.names, values, strict=True))
            counts[row["code"]] += 1
            click.echo(_json_row(row, codes) if as_json else _text_row(row, codes))
    for number, count in sorted(counts.items(), reverse=True):
        click.echo(f"{codes[number].name}: {count}", err=True)
    if fail_on_invalid and any(codes[number].is_failure for number in counts):
        raise SystemExit(1)


def _json_row(row: dict[str, Any], codes: dict[int, Code]) -> str:
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    return json.dumps({**shown, "code_name": codes[row["code"]].name})


def _text_row(row: dict[str, Any], codes: dict[int, Code]) -> str:
    code = codes[row["code"]]
    called = row["row_id"].hex() if "row_id" in row else row.get("id") or f"record {row['record']}"
    lines = [f"{code.name:<22}{called}"]
    if code.is_failure:
        lines.append(f"    {code.sentence}")
    if row.get("device") is not None and code.is_failure:
        lines.append(
            f"    device {row['device'].hex()}, slot {row['slot']}, validator {row['validator'].hex()}"
        )
    if row.get("detail"):
        lines.append(f"    {row['detail']}")
    if row.get("data_root") is not None:
        lines.append(f"    data root {row['data_root'].hex()}, ruleset {row['ruleset']}")
    if row.get("weave_start") is not None:
        lines.append(f"    bytes {row['weave_start']} to {row['weave_end']} of the weave")
    return "\n".join(lines)
