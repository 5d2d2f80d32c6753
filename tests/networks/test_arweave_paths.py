"""Paths of Arweave against an independent reading of the rules, on random trees and on paths that somebody changed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.networks.arweave import validate_path
from reference.arweave import CHUNK, RULESETS, Node, digest, validate

# Sizes at which the rulesets differ.
SIZES = st.one_of(
    st.sampled_from([1, 100, 32_767, 32_768, CHUNK - 1, CHUNK, CHUNK, CHUNK, CHUNK + 1, 2 * CHUNK]),
    st.integers(1, 2 * CHUNK),
)


@st.composite
def trees(draw: st.DrawFn, start: int = 0, depth: int = 0) -> tuple[Node, int]:
    """A tree whose offsets begin at ``start``, and how many bytes it covers."""
    if depth == 4 or draw(st.integers(0, 3)) == 0:
        size = draw(SIZES)
        return Node(start + size, digest(draw(st.binary(max_size=4)))), size
    marked = draw(st.booleans())
    left, left_size = draw(trees(0 if marked else start, depth + 1))
    middle = start + left_size
    right, right_size = draw(trees(0 if marked else middle, depth + 1))
    return Node(middle, children=(left, right), marked=marked), left_size + right_size


@settings(max_examples=400)
@given(st.data(), trees())
def test_every_ruleset_agrees_with_the_plain_reading(data: st.DataObject, grown: tuple[Node, int]) -> None:
    tree, size = grown
    size += data.draw(st.sampled_from([0, 0, 0, -1, 1, CHUNK]))
    path = data.draw(st.sampled_from(tree.paths()))
    dest = data.draw(
        st.one_of(st.integers(-3, size + 3), st.sampled_from([0, CHUNK - 1, CHUNK, 2 * CHUNK, size - 1]))
    )
    for ruleset in RULESETS:
        expected = validate(tree.id, dest, size, path, ruleset)
        assert validate_path(tree.id, dest, max(size, 0), path, ruleset) == expected, ruleset


@settings(max_examples=300)
@given(st.data(), trees())
def test_changed_paths_agree_too(data: st.DataObject, grown: tuple[Node, int]) -> None:
    tree, size = grown
    path = bytearray(data.draw(st.sampled_from(tree.paths())))
    place = data.draw(st.integers(0, len(path) - 1))
    match data.draw(st.sampled_from(["change", "drop", "insert", "cut", "marker", "unmark"])):
        case "change":
            path[place] ^= data.draw(st.integers(1, 255))
        case "drop":
            del path[place]
        case "insert":
            path.insert(place, data.draw(st.integers(0, 255)))
        case "cut":
            del path[place:]
        case "marker":
            path[place // 96 * 96 : place // 96 * 96] = bytes(32)
        case _:
            path = bytearray(bytes(path).replace(bytes(32), b"", 1))
    dest = data.draw(st.integers(0, size))
    for ruleset in RULESETS:
        expected = validate(tree.id, dest, size, bytes(path), ruleset)
        assert validate_path(tree.id, dest, size, bytes(path), ruleset) == expected, ruleset


@settings(max_examples=60)
@given(st.integers(0, 3 * CHUNK), st.booleans())
def test_data_trees_prove_every_chunk(size: int, as_node: bool) -> None:
    data = bytes(size)
    root, ends, paths = _native.arweave_data_tree(data, as_node=as_node)
    start = 0
    for end, path in zip(ends, paths, strict=True):
        if end > start:
            assert validate(root, start, size, path, "basic") == (digest(data[start:end]), start, end)
        start = end
    assert start == size
