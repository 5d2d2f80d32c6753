"""Filecoin's pieces: the commitment to a payload, and the identifiers that state it (Filecoin, A1 to A3)."""

from typing import Literal, final

from typing_extensions import Buffer

def filecoin_zero_root(height: int) -> bytes:
    """Return the root of a tree whose leaves are all zero, 32 bytes (Filecoin, A1).

    Args:
        height: 0 to 50; the tree has two to this power leaves of 32 bytes.

    Raises:
        depinverify.exceptions.InputError: The height is out of range.
    """

def filecoin_commp(payload: Buffer, *, threads: int | None = None) -> tuple[bytes, int, int, int]:
    """Return the commitment to a payload (Filecoin, A2), with the interpreter lock released.

    Args:
        payload: Bytes, or any C-contiguous buffer of bytes, which is read without copying and must not change
            meanwhile. One to 64 bytes count too; an empty payload is one of 127 bytes of padding.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        Root of the tree, 32 bytes; its height; zero bytes between the payload and the end of the tree, before Fr32;
        bytes of the payload.

    Raises:
        depinverify.exceptions.InputError: ``payload`` is no such buffer, or ``threads`` is 0.
    """

@final
class FilecoinCommP:
    """The commitment to a payload, as it comes (Filecoin, A2). Memory is constant, the result that of the whole."""

    def __new__(cls) -> FilecoinCommP: ...
    def update(self, data: Buffer, *, threads: int | None = 1) -> None:
        """Add bytes, with the interpreter lock released.

        Args:
            data: Bytes, or any C-contiguous buffer of bytes, as in :func:`filecoin_commp`.
            threads: Number of threads, or ``None`` for all processors; more than one pay from a megabyte on.

        Raises:
            depinverify.exceptions.InputError: ``data`` is no such buffer, or ``threads`` is 0.
        """

    @property
    def raw_size(self) -> int:
        """Bytes so far."""

    def finish(self) -> tuple[bytes, int, int, int]:
        """Return root, height, padding and size of the bytes so far, as :func:`filecoin_commp` does.

        More can be added afterwards.

        Raises:
            depinverify.exceptions.InputError: The payload is longer than any tree has room for, 127 * 2^48 bytes.
        """

@final
class FilecoinPieceId:
    """The identifier of a piece or of a sealed sector (Filecoin, A3).

    Every identifier that is read is printed as it was. Equal ones are equal and hash alike.
    """

    @staticmethod
    def parse(text: str) -> FilecoinPieceId:
        """Read an identifier as text: the letter ``b`` and base32 in lower case without padding.

        Raises:
            depinverify.exceptions.InputError: The text is none; the message says which rule it breaks.
        """

    @staticmethod
    def from_bytes(data: bytes) -> FilecoinPieceId:
        """Read an identifier as bytes.

        Raises:
            depinverify.exceptions.InputError: The bytes are none; the message says which rule they break.
        """

    @staticmethod
    def v1(root: bytes) -> FilecoinPieceId:
        """Make an identifier of version 1, which states the root of a piece alone.

        Args:
            root: 32 bytes.

        Raises:
            depinverify.exceptions.InputError: The root has another length.
        """

    @staticmethod
    def v2(root: bytes, height: int, padding: int) -> FilecoinPieceId:
        """Make an identifier of version 2, which states the size too.

        Args:
            root: 32 bytes.
            height: Height of the tree, 0 to 255; a data set takes at most 50.
            padding: Zero bytes between the payload and the end of the tree, before Fr32, up to 256 bits.

        Raises:
            depinverify.exceptions.InputError: The root has another length, or a number is out of range.
        """

    @staticmethod
    def sealed(comm_r: bytes) -> FilecoinPieceId:
        """Make the identifier of a sealed sector.

        Args:
            comm_r: Root of its replica, 32 bytes.

        Raises:
            depinverify.exceptions.InputError: The root has another length.
        """

    @property
    def kind(self) -> Literal["v1", "v2", "sealed"]:
        """What it identifies: a piece in version 1 or 2, or a sealed sector."""

    @property
    def root(self) -> bytes:
        """Root of the piece or of the sector's replica, 32 bytes."""

    @property
    def height(self) -> int | None:
        """Height of the piece's tree; in version 2 alone, as all that follows."""

    @property
    def padding(self) -> int | None:
        """Zero bytes between the payload and the end of the tree, before Fr32; up to 256 bits."""

    @property
    def leaf_count(self) -> int | None:
        """Leaves of 32 bytes that the payload reaches into.

        ``None``, as of the other sizes, where the padding is longer than the tree or the number exceeds 64 bits.
        """

    @property
    def padded_size(self) -> int | None:
        """Bytes of the tree's leaves, less those of the padding."""

    @property
    def raw_size(self) -> int | None:
        """Bytes of the payload; ``None`` also of a tree with fewer than four leaves."""

    @property
    def refusal(self) -> str | None:
        """Why no data set takes such a piece, or ``None`` if one does.

        Data sets take version 2 alone, a height of at most 50 and a padding that leaves something of the tree.
        """

    def admit(self) -> None:
        """Do nothing where a data set takes such a piece.

        Raises:
            depinverify.exceptions.InputError: None does; the message is :attr:`refusal`.
        """

    def to_bytes(self) -> bytes:
        """Return the identifier's bytes."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def filecoin_raw_upper_bound(leaves: int) -> int:
    """Return the most bytes of payload that so many leaves can hold, by which services charge (Filecoin, A3).

    Args:
        leaves: Up to 256 bits.

    Raises:
        depinverify.exceptions.InputError: The number is out of range, or its product exceeds 256 bits.
    """
