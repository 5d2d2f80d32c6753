"""How the command line speaks: tables and JSON to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, Self

import rich_click as click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

__all__ = ["EXIT_FINDINGS", "Steps", "emit_json", "emit_table", "note", "printable"]

#: Columns of a table that goes into a file or a pipe.
_PIPE_WIDTH: Final = 4000

#: Exit code of a command that worked and has something to say about its input.
EXIT_FINDINGS: Final = 1


def emit_json(value: object) -> None:
    """Print a value as JSON to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def emit_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table to stdout; numbers are aligned to the right.

    Values may come from strangers, so nothing in them is taken as markup or as a control sequence.
    """
    from rich import box  # noqa: PLC0415 - not needed for --json
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = [tuple(row) for row in rows]
    table = Table(title=title, box=box.SIMPLE, title_justify="left")
    for position, column in enumerate(columns):
        is_number = all(isinstance(row[position], int) or _is_decimal(row[position]) for row in rows)
        table.add_column(column, justify="right" if is_number and rows else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(value)) for value in row))
    # Into a file or a pipe every row is one line, however long.
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    Console(highlight=False, width=width).print(table)


def note(message: str) -> None:
    """Print a message to stderr."""
    click.echo(printable(message), err=True)


def _is_decimal(value: object) -> bool:
    return isinstance(value, str) and value.lstrip("-").isdecimal()


def printable(value: object) -> str:
    """A value as text without control sequences."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in str(value))


class Steps:
    """Progress of a run on stderr: rate and time left, after two seconds; nothing where stderr is no terminal.

    Args:
        rows: Rows of the run, where they are known.
    """

    def __init__(self, rows: int | None = None) -> None:
        self._rows = rows
        self._bar: Any = None
        self._task: Any = None
        self._name = ""
        self._started = 0.0

    def __enter__(self) -> Self:
        """Start the clock."""
        import time  # noqa: PLC0415

        self._clock = time.monotonic
        self._started = self._clock()
        return self

    def update(self, name: str, done: int) -> None:
        """Show how far a step is."""
        if self._bar is None:
            if not sys.stderr.isatty() or self._clock() - self._started < 2:  # noqa: PLR2004 - seconds
                return
            self._bar = _bar()
            self._bar.start()
        if name != self._name:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(name, total=self._rows)
            self._name = name
        self._bar.update(self._task, completed=done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:  # noqa: ANN401 - rich is imported only here
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    class Rate(TextColumn):
        def __init__(self) -> None:
            super().__init__("")

        def render(self, task: Any) -> Any:  # noqa: ANN401
            from rich.text import Text  # noqa: PLC0415

            return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
