"""Rounds of retrieval checks as they lie in a folder.

In: ``spark/rounds.jsonl``, one round a line, and beside it the files of measurements that the lines name. Out: rounds,
and refusals. Rule: Filecoin, C1 and C3; the folder is this project's own. Invariant: a line that is no round, and one
whose measurements are not there, costs that round alone; a name of a file never leads out of the folder; a round is
called once, and a file of measurements is of one round.

A line has the members of :meth:`depinverify.networks.filecoin.spark.Round.from_json`, and beside them ``round``, a name
or number; ``measurements``, names of files ``.json``, ``.jsonl`` or either with ``.gz``; and optionally
``requiredCommitteeSize``. ``startEpoch`` is wanted where rules change with time, and where a beacon is given.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from depinverify.exceptions import InputError
from depinverify.networks.filecoin import spark
from depinverify.networks.filecoin.lines import read_lines
from depinverify.networks.filecoin.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depinverify.networks.filecoin.lines import Members
    from depinverify.networks.filecoin.refusals import Refusals

__all__ = ["FILE_NAME", "ListedRound", "read_rounds"]

_LISTS: Final = ("rounds.jsonl", "rounds.jsonl.gz")
#: What a file of a round can be called.
FILE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\.jsonl?(?:\.gz)?", re.ASCII)
#: Characters of the longest name of a round.
_LONGEST_NAME: Final = 200


@dataclass(frozen=True)
class ListedRound:
    """One round of a folder.

    Attributes:
        name: How it is called.
        place: File and line.
        round: Tasks, limit and randomness.
        is_derived: Whether the randomness was derived from a round that the beacon signed.
        start_epoch: The Filecoin epoch at which it starts; ``None`` where its line does not say.
        files: Its measurements.
        required_committee_size: Members without which a committee decides nothing; ``None`` for that of the ruleset.
    """

    name: str
    place: str
    round: spark.Round
    is_derived: bool
    start_epoch: int | None
    files: tuple[Path, ...]
    required_committee_size: int | None


def read_rounds(folder: Path, refusals: Refusals) -> Iterator[ListedRound]:
    """The rounds of a folder in the order of their lines.

    Args:
        folder: The folder.
        refusals: Where lines go that are no rounds.

    Raises:
        InputError: The folder has no list of rounds, or two.
    """
    lists = [folder / name for name in _LISTS if (folder / name).exists()]
    if len(lists) != 1:
        raise InputError(f"{folder}: expected one file rounds.jsonl or rounds.jsonl.gz, found {len(lists)}")
    known: set[str] = set()
    taken: dict[Path, str] = {}
    for number, line in read_lines(lists[0]):
        place = f"{folder.name}/{lists[0].name}:{number}"
        try:
            found = _round(folder, line, place)
        except InputError as error:
            refusals.add(Refusal(place, "not a round", str(error)))
            continue
        if found.name in known:
            refusals.add(Refusal(place, "round stands twice", ascii(found.name)))
            continue
        if again := next((file for file in found.files if file in taken), None):
            # Whoever is in it would be paid by both rounds.
            what = f"expected files of its own, found {again.name} of round {taken[again]!a}"
            refusals.add(Refusal(place, "measurements of another round", what))
            continue
        known.add(found.name)
        taken |= dict.fromkeys(found.files, found.name)
        yield found


def _round(folder: Path, line: Members | InputError, place: str) -> ListedRound:
    if isinstance(line, InputError):
        raise line
    _refuse_half_characters(line.values)
    name = line.values.get("round")
    if isinstance(name, bool) or not isinstance(name, (int, str)) or not 0 < len(str(name)) <= _LONGEST_NAME:
        raise InputError(f"round: expected a name or number of at most {_LONGEST_NAME} characters")
    size = line.number("requiredCommitteeSize", bits=32) if line.has("requiredCommitteeSize") else None
    if size == 0:
        raise InputError("requiredCommitteeSize: expected at least 1, found 0")
    return ListedRound(
        name=str(name),
        place=place,
        round=spark.Round.from_json(line.values),
        is_derived=line.has("beacon"),
        start_epoch=line.number("startEpoch") if line.has("startEpoch") else None,
        files=_files(folder, line.items("measurements")),
        required_committee_size=size,
    )


def _refuse_half_characters(values: Any) -> None:  # noqa: ANN401 - whatever a line holds
    """JSON can state half a surrogate pair, which no UTF-8 has."""
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"expected text in Unicode, found {error.object[error.start : error.end]!a}"
        ) from None
    except RecursionError:
        # What could just be read is too deep to be written.
        raise InputError("nested too deeply") from None


def _files(folder: Path, names: list[Any]) -> tuple[Path, ...]:
    """Files of measurements, each once: whoever is in one twice would be counted twice."""
    files = tuple(_file(folder, name) for name in names)
    if len(set(files)) < len(files):
        raise InputError("measurements: expected each file once, found one twice")
    return files


def _file(folder: Path, name: object) -> Path:
    if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
        found = ascii(name)[:60] if isinstance(name, str) else type(name).__name__
        raise InputError(f"measurements: expected names of .json or .jsonl files, found {found}")
    path = folder / name
    if not path.is_file():
        raise InputError(f"measurements: expected a file {name}, found none")
    return path
