"""Arweave: storage proofs of chunks, from the block's root to the chunk's bytes.

In: records of evidence, one JSON object a line or one row of an Arrow table. Out: one verdict per record, in
the columns ``record, id, code, failed, not_run, outcome, data_root, chunk_start, chunk_end,
weave_start, weave_end, ruleset, detail``; ranges are half open, ``weave_*`` counts the weave's bytes from 0.
Rule: Arweave, A1 to A5 and C. Invariant: ``VALID`` means that the chunk's own bytes were hashed here.
``PATHS_VALID`` means that the paths are right, but that no unpacked chunk was shown.

A record's members are ``data_path``; then either ``tx_path, tx_root, block_start, offset`` (and
``block_size``), where ``offset`` counts from 1 as in ``GET /chunk/{offset}``, or ``data_root, data_size,
relative_offset`` (and ``tx_start, block_start``); ``chunk`` (with ``padded`` if zeros fill it up to 256 KiB), or
``chunk_size, chunk_sha256``; and optionally ``packing, ruleset, id``. Byte members are base64url without
padding in JSON and binary in columns. Others are ignored.

Example:
    >>> from depinverify.networks import arweave
    >>> arweave.verify("proofs.jsonl")["code"]  # doctest: +SKIP
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from arro3.core import RecordBatch, RecordBatchReader, Table

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks import Code, catalogue_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["Ruleset", "network", "validate_path", "verify"]

Ruleset: TypeAlias = Literal["basic", "strict_borders", "strict_data_split", "offset_rebase_support"]

#: A longer line holds no chunk of this network; it is judged by its first bytes, and its rest is skipped.
_MAX_LINE = 4 << 20
_SLICE = 16 << 20


def validate_path(
    root: bytes, dest: int, size: int, path: bytes, ruleset: Ruleset
) -> tuple[bytes, int, int] | None:
    """Follow a path from a root to the leaf that holds a byte.

    Args:
        root: 32 bytes.
        dest: The byte, counted from 0; moved into the tree first, as nodes do.
        size: Bytes of the tree.
        path: The path.
        ruleset: Which borders a leaf may have.

    Returns:
        The leaf's value and the half-open range of bytes that it proves, or ``None``.

    Raises:
        InputError: The ruleset is unknown.
    """
    return _native.arweave_validate_path(root, dest, size, path, ruleset)[0]


def verify(source: object, *, block_rules: bool = False, threads: int | None = None) -> Table:
    """Give each storage proof its verdict.

    Args:
        source: Path of a ``.jsonl`` or ``.jsonl.gz`` file, or anything that hands over Arrow record batches.
        block_rules: Check as nodes check a block, without the stronger rules for taking a chunk in: exact
            length, positive leaf, no spare markers, the place inside the proved range.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        One row per record, in the order of the records. ``record`` is the line of a file, from 1, or the row
        of a table, from 0.

    Raises:
        InputError: The file cannot be read or is of another kind, or a column has another type.
    """
    if isinstance(source, (str, os.PathLike)):
        batches = list(_verify_file(Path(source), block_rules=block_rules, threads=threads))
    elif hasattr(source, "__arrow_c_stream__"):
        batches = list(_verify_stream(source, block_rules=block_rules, threads=threads))
    elif hasattr(source, "__arrow_c_array__"):
        batch = RecordBatch.from_arrow(source)
        batches = [_native.arweave_verify_batch(batch, block_rules=block_rules, threads=threads)]
    else:
        raise InputError(
            f"source: expected a path or Arrow record batches, found {type(source).__name__}",
            hint="a pyarrow table, a polars frame and a duckdb relation are Arrow producers",
        )
    return Table.from_batches(batches)


def _verify_stream(source: object, *, block_rules: bool, threads: int | None) -> Iterator[RecordBatch]:
    first = 0
    for batch in RecordBatchReader.from_stream(source):  # type: ignore[arg-type]
        yield _native.arweave_verify_batch(batch, first, block_rules=block_rules, threads=threads)
        first += batch.num_rows
    if not first:
        yield _native.arweave_verify_lines(b"")


def _verify_file(path: Path, *, block_rules: bool, threads: int | None) -> Iterator[RecordBatch]:
    first = 1
    try:
        with _open(path) as file:
            for lines, count in _slices(file):
                yield _native.arweave_verify_lines(lines, first, block_rules=block_rules, threads=threads)
                first += count
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    if first == 1:
        yield _native.arweave_verify_lines(b"")


def _open(path: Path) -> BinaryIO:
    if path.name.endswith(".jsonl"):
        return path.open("rb")
    if path.name.endswith(".jsonl.gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    raise InputError(
        f"{path}: expected a name ending in .jsonl or .jsonl.gz, found another",
        hint="read other kinds with an Arrow library and hand over the table",
    )


def _slices(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Some lines at a time, each ended by a line feed, with their number."""
    held: list[bytes] = []
    size = 0
    while line := file.readline(_MAX_LINE):
        rest = line
        while len(rest) == _MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(_MAX_LINE)
        held.append(line if line.endswith(b"\n") else line + b"\n")
        size += len(line)
        if size >= _SLICE:
            yield b"".join(held), len(held)
            held, size = [], 0
    if held:
        yield b"".join(held), len(held)


class _Arweave:
    """Arweave as one of the networks."""

    name = "arweave"
    description = "Storage proofs of Arweave: transaction path, data path, rulesets and the chunk itself."

    @property
    def catalogue(self) -> tuple[Code, ...]:
        """Every code that a verdict can have."""
        return catalogue_of(self.name)

    def verify(self, source: object, *, threads: int | None = None) -> Table:
        """Give each storage proof its verdict, by the rules for taking a chunk in; see :func:`verify`."""
        return verify(source, threads=threads)


#: The network, for the list of networks.
network = _Arweave()
