"""Options of commands that settle an epoch anew: threads, memory, limits, unsigned files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from depinverify.ingest import Options

__all__ = ["options_of", "run_options"]


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which takes them as keywords."""
    for option in (
        click.option("--allow-unsigned", is_flag=True, help="Take files without a signature beside them."),
        click.option("--max-rows", type=click.IntRange(1), help="Most rows of a file (default 10^9)."),
        click.option("--max-ratio", type=click.IntRange(1), help="Largest compression ratio (default 200)."),
        click.option(
            "--max-row-group", type=click.IntRange(1), help="Largest row group in MiB (default 1024)."
        ),
        click.option(
            "--memory", type=click.IntRange(16), default=256, show_default=True, help="MiB for sorting."
        ),
        click.option("--threads", type=click.IntRange(1), help="Threads (default: all processors)."),
    ):
        command = option(command)
    return command


def options_of(given: Mapping[str, Any], *, is_strict: bool = False) -> Options:
    """The options as the library takes them."""
    from depinverify.ingest import Options  # noqa: PLC0415 - heavy

    group = given["max_row_group"]
    return Options(
        threads=given["threads"],
        memory_bytes=given["memory"] << 20,
        allow_unsigned=given["allow_unsigned"],
        is_strict=is_strict,
        row_group_bytes=None if group is None else group << 20,
        ratio=given["max_ratio"],
        rows=given["max_rows"],
    )
