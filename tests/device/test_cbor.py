"""The deterministic CBOR encoder against cbor2 and the examples of RFC 8949, appendix A."""

import math

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.device.cbor import Tag, encode
from depinverify.exceptions import InputError

INTEGERS = st.integers(-(2**64), 2**64 - 1)
FLOATS = st.one_of(st.floats(), st.floats(width=32), st.floats(width=16))
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, st.binary(), st.text())
#: Keys of one kind: there cbor2's older order (shorter first) and that of RFC 8949 agree.
KEYS = (st.integers(0, 2**64 - 1), st.text(max_size=40), st.binary(max_size=40))
ITEMS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), *(st.dictionaries(keys, inner, max_size=5) for keys in KEYS)
    ),
    max_leaves=20,
)

EXAMPLES = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-1000, "3903e7"),
    (0.0, "f90000"),
    (-0.0, "f98000"),
    (1.1, "fb3ff199999999999a"),
    (65504.0, "f97bff"),
    (100000.0, "fa47c35000"),
    (3.4028234663852886e38, "fa7f7fffff"),
    (1.0e300, "fb7e37e43c8800759c"),
    (5.960464477539063e-8, "f90001"),
    (math.inf, "f97c00"),
    (-math.inf, "f9fc00"),
    (math.nan, "f97e00"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (Tag(1, 1363896240), "c11a514b67b0"),
    (Tag(32, "http://www.example.com"), "d82076687474703a2f2f7777772e6578616d706c652e636f6d"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("\u00fc", "62c3bc"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    ({1: 2, 3: 4}, "a201020304"),
]


@pytest.mark.parametrize(("item", "expected"), EXAMPLES)
def test_examples_of_the_standard(item, expected):
    assert encode(item).hex() == expected


@given(ITEMS)
def test_equals_cbor2_canonical(item):
    assert encode(item) == cbor2.dumps(item, canonical=True)


@given(st.dictionaries(st.one_of(INTEGERS, st.text(max_size=30)), st.integers(0, 9), max_size=12))
def test_map_keys_ascend_by_their_encoded_bytes(item):
    encoded = encode(item)
    found = list(cbor2.loads(encoded).items())
    assert dict(found) == item
    assert [encode(key) for key, _ in found] == sorted(encode(key) for key in item)


@pytest.mark.parametrize("item", [2**64, -(2**64) - 1, object(), {1, 2}])
def test_refuses_what_has_no_plain_form(item):
    with pytest.raises(InputError):
        encode(item)
