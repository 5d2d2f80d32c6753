"""Words of 256 bits: pieces as the contract stores them, identifiers as its events have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.networks.filecoin.packing import (
    PieceWord,
    pack_identifier,
    pack_piece,
    unpack_identifier,
    unpack_piece,
)
from reference.filecoin_service import identifier


@given(
    st.builds(
        PieceWord,
        *(st.integers(0, 2**width - 1) for width in (55, 6, 51, 143)),
        st.booleans(),
    )
)
def test_words_of_storage_come_back(piece: PieceWord) -> None:
    word = pack_piece(piece)
    assert unpack_piece(word) == piece
    assert word == (
        piece.padding
        + (piece.height << 55)
        + (piece.leaf_count << 61)
        + (piece.sum << 112)
        + (piece.is_removed << 255)
    )


@given(st.integers(0, 2**256 - 1))
def test_every_word_is_one_piece(word: int) -> None:
    assert pack_piece(unpack_piece(word)) == word


@pytest.mark.parametrize("field", range(4))
def test_numbers_beyond_their_field(field: int) -> None:
    numbers = [0, 0, 0, 0]
    numbers[field] = 1 << (55, 6, 51, 143)[field]
    with pytest.raises(InputError, match=("padding", "height", "leaf_count", "sum")[field]):
        pack_piece(PieceWord(*numbers))


@pytest.mark.parametrize("word", [-1, 2**256])
def test_numbers_that_are_no_word(word: int) -> None:
    with pytest.raises(InputError, match="256 bits"):
        unpack_piece(word)


@given(st.integers(0, 50), st.integers(0, 2**170 - 1))
def test_pairs_of_words_come_back(height: int, padding: int) -> None:
    raw = identifier(height, padding)
    header, root = pack_identifier(raw)
    assert len(header) == len(root) == 32
    assert header.endswith(raw[:-32])
    assert unpack_identifier(header, root) == raw


def test_what_no_pair_of_words_holds() -> None:
    with pytest.raises(InputError, match="33 to 64 bytes, found 69"):
        pack_identifier(identifier(50, 2**210))
    with pytest.raises(InputError, match="header: expected 32 bytes"):
        unpack_identifier(b"\1", bytes(32))
    with pytest.raises(InputError, match="root: expected 32 bytes"):
        unpack_identifier(bytes(32), b"\1")
