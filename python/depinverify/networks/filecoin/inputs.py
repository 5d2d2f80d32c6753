"""What a settlement was made from: a hash and a number of rows per file of evidence.

In: the evidence folder. Out: for each file ``sha256`` and ``rows``. Rule: this project's own format. Invariant: files
whose lines mean the same in any order (``proofs``, ``beacons``, ``posts``) have one hash in any order: SHA-256 over
the ascending SHA-256 hashes of their lines, as every line of theirs has a verdict, also an empty one; every other
file has the SHA-256 of its bytes, and empty lines are none of its rows. Memory does not grow with the lines.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.evidence import PARAMETERS
from depinverify.networks.filecoin.pool import POOL
from depinverify.networks.filecoin.retrieval_rounds import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.evidence import Evidence

__all__ = ["PROVIDERS", "input_lines"]

#: Who providers are, beside what the evidence says.
PROVIDERS: Final = "providers.jsonl"
_PIECE: Final = 1 << 20
#: Bytes of memory for sorting the hashes of lines.
_BUDGET: Final = 4 << 20
_LINES: Final = (".jsonl", ".jsonl.gz")


def input_lines(evidence: Evidence, work: Path) -> dict[str, Json]:
    """The files of a folder by name, with hash and rows.

    Args:
        evidence: The folder.
        work: A folder for what is too much for memory.

    Raises:
        InputError: A file cannot be read.
        SettlementError: The work folder cannot be written.
    """
    unordered = {evidence.proofs, evidence.beacons, evidence.posts}
    return {
        path.relative_to(evidence.folder).as_posix(): _input(path, None if path not in unordered else work)
        for path in _files(evidence)
    }


def _files(evidence: Evidence) -> Iterator[Path]:
    yield evidence.folder / PARAMETERS
    named = (evidence.events, evidence.sets, evidence.proofs, evidence.beacons, evidence.posts)
    for path in (*named, evidence.settlements):
        if path is not None:
            yield path
    for name in (PROVIDERS, POOL):
        if (evidence.folder / name).exists():
            yield evidence.folder / name
    if evidence.spark is not None:
        # A file of another name belongs to no round.
        yield from sorted(
            path for path in evidence.spark.iterdir() if path.is_file() and FILE_NAME.fullmatch(path.name)
        )


def _input(path: Path, work: Path | None) -> dict[str, Json]:
    """Hash and rows of a file; with a work folder those of its lines in any order."""
    if not path.is_file():
        # A device or a pipe may have no end.
        raise InputError(f"{path}: expected a file, found something else")
    has_lines = path.name.endswith(_LINES)
    try:
        if has_lines and work is not None:
            return _in_any_order(path, work)
        rows = sum(not is_empty for _, is_empty in _line_hashes(path)) if has_lines else _rows_of_table(path)
        with path.open("rb") as file:
            return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "rows": rows}
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _in_any_order(path: Path, work: Path) -> dict[str, Json]:
    sorter = _native.Sorter(work, path.name, budget=_BUDGET)
    rows = 0
    for digest, _ in _line_hashes(path):
        sorter.push(digest, b"")
        rows += 1
    whole = hashlib.sha256()
    for hashes in sorter.walk():
        whole.update(b"".join(digest for digest, _ in hashes))
    return {"sha256": whole.hexdigest(), "rows": rows}


def _rows_of_table(path: Path) -> int | None:
    if not path.name.endswith(".parquet"):
        return None
    return sum(batch.num_rows for batch in _native.read_parquet(path))


def _line_hashes(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The hash of each line, however long it is, and whether the line is empty."""
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
        digest, is_empty, is_ended = hashlib.sha256(), True, True
        while piece := file.readline(_PIECE):
            content = piece.rstrip(b"\r\n")
            digest.update(content)
            is_empty = is_empty and not content.strip()
            is_ended = piece.endswith(b"\n")
            if is_ended:
                yield digest.digest(), is_empty
                digest, is_empty = hashlib.sha256(), True
        if not is_ended:
            yield digest.digest(), is_empty
