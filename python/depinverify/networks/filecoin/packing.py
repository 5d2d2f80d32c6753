"""How the contracts pack what they know of a piece into words of 256 bits.

In: a piece's numbers, or its identifier. Out: the word of storage, or the pair of words in an event; and back.
Rule: Filecoin, A4: in storage, from the low bits, padding 55, height 6, leaf count 51 and sum 143, and the
removal flag at bit 255; in events, the identifier's bytes before the root, right-aligned in a word, and the
root. Invariant: unpacking what was packed gives what there was, and no word is unpacked that packing would not
have made.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from depinverify.exceptions import InputError

__all__ = ["PieceWord", "pack_identifier", "pack_piece", "unpack_identifier", "unpack_piece"]

_WORD_BITS: Final = 256
_WORD: Final = 32
_REMOVED: Final = 1 << 255
#: Bits of each number, from the low end.
_WIDTHS: Final = {"padding": 55, "height": 6, "leaf_count": 51, "sum": 143}


class PieceWord(NamedTuple):
    """A piece as the contract stores it.

    Attributes:
        padding: Zero bytes behind the payload.
        height: Height of the tree.
        leaf_count: Leaves that the payload reaches into.
        sum: The piece's sum in the index over pieces.
        is_removed: Whether the removal flag is set.
    """

    padding: int
    height: int
    leaf_count: int
    sum: int
    is_removed: bool = False


def pack_piece(piece: PieceWord) -> int:
    """The word of storage of a piece.

    Raises:
        InputError: A number has more bits than its field.
    """
    word, shift = 0, 0
    for (name, width), number in zip(_WIDTHS.items(), piece, strict=False):
        if not 0 <= number < 1 << width:
            raise InputError(f"{name}: expected a number of {width} bits, found {number}")
        word |= number << shift
        shift += width
    return word | (_REMOVED if piece.is_removed else 0)


def unpack_piece(word: int) -> PieceWord:
    """The piece of a word of storage.

    Raises:
        InputError: The word has more than 256 bits.
    """
    if not 0 <= word < 1 << _WORD_BITS:
        raise InputError(f"word: expected a number of {_WORD_BITS} bits, found {word:#x}")
    numbers = []
    rest = word
    for width in _WIDTHS.values():
        numbers.append(rest & ((1 << width) - 1))
        rest >>= width
    padding, height, leaf_count, total = numbers
    return PieceWord(padding, height, leaf_count, total, bool(rest))


def pack_identifier(identifier: bytes) -> tuple[bytes, bytes]:
    """The pair of words that an event has for a piece.

    Args:
        identifier: Bytes of an identifier, which end with its root.

    Returns:
        The header word and the root, 32 bytes each.

    Raises:
        InputError: The identifier is shorter than a root, or has more than 32 bytes before it.
    """
    header, root = identifier[:-_WORD], identifier[-_WORD:]
    if not 0 < len(header) <= _WORD:
        raise InputError(
            f"identifier: expected 33 to 64 bytes, found {len(identifier)}",
            hint="An event has one word for what stands before the root.",
        )
    return header.rjust(_WORD, b"\0"), root


def unpack_identifier(header: bytes, root: bytes) -> bytes:
    """The bytes of the identifier that an event has as a pair of words.

    Args:
        header: The header word, 32 bytes.
        root: The root, 32 bytes.

    Raises:
        InputError: A word has another length, or the header is empty.
    """
    for name, word in (("header", header), ("root", root)):
        if len(word) != _WORD:
            raise InputError(f"{name}: expected {_WORD} bytes, found {len(word)}")
    # Every identifier begins with its version, which is not zero.
    before = header.lstrip(b"\0")
    if not before:
        raise InputError("header: expected the bytes before the root, found zeros only")
    return before + root
