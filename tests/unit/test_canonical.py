"""Canonical JSON: exact bytes, and refusal of what a reader could round."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.canonical import (
    LARGEST_INTEGER,
    canonical_json,
    pieces_of_list,
    pieces_of_numbers,
    pieces_of_object,
)
from depinverify.exceptions import InputError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(VALUES)
def test_what_is_written_reads_back(value: object) -> None:
    assert json.loads(canonical_json(value)) == value  # type: ignore[arg-type]


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.lists(VALUES) | VALUES))
def test_what_is_written_in_pieces_is_the_same(value: dict[str, Any]) -> None:
    """Lists an element at a time, everything else at once."""
    members = {
        name: pieces_of_list([canonical_json(element)] for element in member)
        if isinstance(member, list)
        else member
        for name, member in value.items()
    }
    assert b"".join(pieces_of_object(members)) == canonical_json(value)


@pytest.mark.parametrize("count", [0, 1, 4096, 4097, 20_000])
def test_numbers_are_written_in_pieces(count: int) -> None:
    pieces = list(pieces_of_numbers(range(7, 7 + count)))
    assert b"".join(pieces) == canonical_json(list(range(7, 7 + count)))
    assert max(map(len, pieces)) <= 6 * 4096


def test_members_are_sorted_by_code_point_not_by_utf16() -> None:
    assert canonical_json({"\U0001f600": 1, "\uff5e": 2}).decode() == '{"\uff5e":2,"\U0001f600":1}'


def test_only_the_needed_escapes() -> None:
    written = canonical_json('"\\/\b\t\n\f\r\x00\x1f\x7f\u2028é')
    assert written == b'"\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f' + "\x7f\u2028é".encode() + b'"'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, 2.0]}, r"\$\.a\[1\]: .*float"),
        (2**53, r"within \+-\(2\^53-1\)"),
        (-(2**53), r"within \+-\(2\^53-1\)"),
        ({1: 2}, "member names"),
        (b"x", "bytes"),
        ("\ud800", "lone surrogate"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        canonical_json(value)  # type: ignore[arg-type]
