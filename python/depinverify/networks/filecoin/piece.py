"""Pieces: the commitment to a payload, and the identifiers that state it.

In: payloads in any buffer of bytes, roots, identifiers as text or bytes. Out: :class:`CommP` and :class:`PieceId`.
Rule: Filecoin, A1 to A3. Invariant: a commitment depends on the payload alone, neither on how it was cut nor on
threads; an identifier that is read is printed as it was.

Example:
    >>> from depinverify.networks.filecoin import piece
    >>> found = piece.commp(bytes(127))
    >>> found.root == piece.zero_root(2), found.height, found.padding
    (True, 2, 0)
    >>> str(found.piece_id)
    'bafkzcibcaabdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy'
    >>> piece.PieceId.parse(str(found.piece_id)).raw_size
    127
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

__all__ = [
    "CommP",
    "CommPHasher",
    "PieceId",
    "commp",
    "commp_of_chunks",
    "commp_of_file",
    "raw_upper_bound",
    "zero_root",
]

#: Bytes of a file that are read at a time.
_CHUNK = 1 << 24

#: The identifier of a piece in version 1 or 2, or of a sealed sector.
PieceId = _native.FilecoinPieceId

#: Root of a tree of this height whose leaves are all zero.
zero_root = _native.filecoin_zero_root

#: The most bytes of payload that so many leaves can hold.
raw_upper_bound = _native.filecoin_raw_upper_bound


class CommP(NamedTuple):
    """The commitment to a payload.

    Attributes:
        root: Root of the tree, 32 bytes.
        height: Height of the tree; it has two to this power leaves.
        padding: Zero bytes between the payload and the end of the tree, before Fr32.
        raw_size: Bytes of the payload.
    """

    root: bytes
    height: int
    padding: int
    raw_size: int

    @property
    def piece_id(self) -> PieceId:
        """The identifier of version 2, which states the size too."""
        return PieceId.v2(self.root, self.height, self.padding)

    @property
    def piece_id_v1(self) -> PieceId:
        """The identifier of version 1, which states the root alone."""
        return PieceId.v1(self.root)


class CommPHasher:
    """The commitment to a payload, as it comes; in constant memory.

    Example:
        >>> hasher = CommPHasher()
        >>> hasher.update(bytes(100))
        >>> hasher.update(bytes(27))
        >>> hasher.finish() == commp(bytes(127))
        True
    """

    def __init__(self) -> None:
        self._hasher = _native.FilecoinCommP()

    def update(self, data: Buffer, *, threads: int | None = 1) -> None:
        """Add bytes.

        Args:
            data: Bytes, or any C-contiguous buffer of bytes; it must not change meanwhile.
            threads: Number of threads, or ``None`` for all processors; more than one pay from a megabyte on.

        Raises:
            InputError: ``data`` is no such buffer, or ``threads`` is 0.
        """
        self._hasher.update(data, threads=threads)

    @property
    def raw_size(self) -> int:
        """Bytes so far."""
        return self._hasher.raw_size

    def finish(self) -> CommP:
        """The commitment to the bytes so far; more can be added afterwards.

        Raises:
            InputError: The payload is longer than any tree has room for, 127 * 2^48 bytes.
        """
        return CommP(*self._hasher.finish())


def commp(payload: Buffer, *, threads: int | None = None) -> CommP:
    """The commitment to a payload in memory.

    Args:
        payload: Bytes, or any C-contiguous buffer of bytes; it must not change meanwhile. An empty payload is one of
            127 bytes of padding.
        threads: Number of threads, or ``None`` for all processors.

    Raises:
        InputError: ``payload`` is no such buffer, or ``threads`` is 0.
    """
    return CommP(*_native.filecoin_commp(payload, threads=threads))


def commp_of_chunks(chunks: Iterable[Buffer], *, threads: int | None = None) -> CommP:
    """The commitment to a payload that comes in chunks of any size.

    Args:
        chunks: The chunks, in their order.
        threads: Number of threads for each chunk, or ``None`` for all processors.

    Raises:
        InputError: A chunk is no buffer of bytes, or ``threads`` is 0.
    """
    hasher = CommPHasher()
    for chunk in chunks:
        hasher.update(chunk, threads=threads)
    return hasher.finish()


def commp_of_file(path: Path | str, *, threads: int | None = None) -> CommP:
    """The commitment to a file, in constant memory.

    Args:
        path: Path of the file.
        threads: Number of threads, or ``None`` for all processors.

    Raises:
        InputError: The file cannot be read, or ``threads`` is 0.
    """
    try:
        with Path(path).open("rb", buffering=0) as file:
            return commp_of_chunks(iter(lambda: file.read(_CHUNK), b""), threads=threads)
    except OSError as error:
        raise InputError(f"{path}: expected a file that can be read, found {error.strerror}") from error
