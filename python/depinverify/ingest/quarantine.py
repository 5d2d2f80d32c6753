"""What a strict run does with a file that would be set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.ingest.options import Options

__all__ = ["describe", "refuse_quarantined"]


def describe(file: dict[str, Any]) -> str:
    """One line about a quarantined file: name, reason, column, place, message."""
    why = file["quarantine"]
    column = "" if why["column"] is None else f' column "{why["column"]}":'
    place = "" if why["place"] is None else f" at {why['place']}"
    return f"{file['name']}: {why['reason']}{place}:{column} {why['message']}"


def refuse_quarantined(files: Sequence[dict[str, Any]], options: Options) -> None:
    """Stop a strict run before anything is written.

    Raises:
        InputError: A file would be set aside and the run is strict.
    """
    found = [describe(file) for file in files if file["quarantine"] is not None]
    if options.is_strict and found:
        more = "" if len(found) == 1 else f" (and {len(found) - 1} more)"
        raise InputError(
            f"{found[0]}{more}", hint="Without --strict the settlement goes on with the other files."
        )
