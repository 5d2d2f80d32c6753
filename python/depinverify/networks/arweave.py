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

from typing import TYPE_CHECKING, Literal, TypeAlias

from depinverify import _native
from depinverify.networks import Code, catalogue_of
from depinverify.networks.evidence_file import EvidenceReader

if TYPE_CHECKING:
    from arro3.core import Table

__all__ = ["Ruleset", "network", "validate_path", "verify"]

Ruleset: TypeAlias = Literal["basic", "strict_borders", "strict_data_split", "offset_rebase_support"]


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
        source: Path of a ``.jsonl``, ``.jsonl.gz`` or ``.parquet`` file, or anything that hands over Arrow record
            batches.
        block_rules: Check as nodes check a block, without the stronger rules for taking a chunk in: exact
            length, positive leaf, no spare markers, the place inside the proved range.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        One row per record, in the order of the records. ``record`` is the line of a file, from 1, or the row
        of a table, from 0.

    Raises:
        InputError: The file cannot be read or is of another kind, or a column has another type.
    """
    return EvidenceReader(
        lambda lines, first: _native.arweave_verify_lines(
            lines, first, block_rules=block_rules, threads=threads
        ),
        lambda batch, first: _native.arweave_verify_batch(
            batch, first, block_rules=block_rules, threads=threads
        ),
    ).verify(source)


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
