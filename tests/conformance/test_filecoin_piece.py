"""Filecoin's pieces through the Python surface: every public vector, a plain implementation, and corners."""

from __future__ import annotations

import hashlib
import json
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin import piece
from public_vectors import public_vectors

if TYPE_CHECKING:
    from pathlib import Path

LEAF = 32
QUAD = 127


def vectors(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((public_vectors("filecoin") / name).read_text())
    return found


def node(left: bytes, right: bytes) -> bytes:
    digest = bytearray(hashlib.sha256(left + right).digest())
    digest[31] &= 0x3F
    return bytes(digest)


def plain_commp(payload: bytes) -> tuple[bytes, int, int]:
    """Root, height and padding by whole integers and the whole tree."""
    units = 1
    while QUAD * units < len(payload):
        units *= 2
    padding = QUAD * units - len(payload)
    padded = payload + bytes(padding)
    level: list[bytes] = []
    for at in range(0, len(padded), QUAD):
        number = int.from_bytes(padded[at : at + QUAD], "little")
        level += [(number >> 254 * part & (1 << 254) - 1).to_bytes(LEAF, "little") for part in range(4)]
    height = 0
    while len(level) > 1:
        level = [node(level[at], level[at + 1]) for at in range(0, len(level), 2)]
        height += 1
    return level[0], height, padding


def payload_of(case: dict[str, Any]) -> bytes:
    if isinstance(case.get("payload_hex"), str):
        return bytes.fromhex(case["payload_hex"])
    size = case["payload_size"]
    if "fill_byte" in case:
        return bytes([case["fill_byte"]]) * size
    index = np.arange(size, dtype=np.uint64)
    pattern = {"sq": index * index + np.uint64(7), "lin": index * np.uint64(31) + np.uint64(5)}
    return pattern[case["pattern"]].astype(np.uint8).tobytes()


def test_zero_roots() -> None:
    roots = vectors("commp.json")["zero_roots"]["roots"]
    assert [piece.zero_root(height).hex() for height in range(len(roots))] == roots
    with pytest.raises(InputError, match=r"height: expected at most 50, found 51"):
        piece.zero_root(len(roots))
    print(f"commp.json, zero_roots: {len(roots)} ran")


@pytest.mark.parametrize("group", ["fill_byte_cases", "frc0069", "pattern_cases"])
def test_commitments(group: str) -> None:
    found = vectors("commp.json")[group]["cases"]
    for case in found:
        payload = payload_of(case)
        expected = (bytes.fromhex(case["root"]), case["height"], case["padding"], case["payload_size"])
        for threads in (1, 2, None):
            assert piece.commp(payload, threads=threads) == expected, (group, threads)
        chunks = [payload[at : at + 100_003] for at in range(0, len(payload), 100_003)]
        commitment = piece.commp_of_chunks(chunks, threads=1)
        assert commitment == expected
        assert (str(commitment.piece_id_v1), str(commitment.piece_id)) == (
            case["piece_cid_v1"],
            case["piece_cid_v2"],
        )
        assert piece.PieceId.parse(case["piece_cid_v2"]) == commitment.piece_id
        assert piece.PieceId.parse(case["piece_cid_v1"]) == commitment.piece_id_v1
        assert commitment.piece_id.raw_size == case["payload_size"]
        if "padded_piece_size" in case:
            assert case["padded_piece_size"] == LEAF << commitment.height
    print(f"commp.json, {group}: {len(found)} cases ran")
    assert found


def test_identifiers() -> None:
    file = vectors("piece_cid.json")
    for case in file["valid"]:
        data = bytes.fromhex(case["cid_hex"])
        found = piece.PieceId.from_bytes(data)
        root = bytes.fromhex(case["root"])
        assert found == piece.PieceId.v2(root, case["height"], case["padding"])
        assert (found.kind, found.root, found.height, found.padding) == (
            "v2",
            root,
            case["height"],
            case["padding"],
        )
        assert found.to_bytes() == data
        assert piece.PieceId.parse(str(found)) == found
        if "cid" in case:
            assert str(found) == case["cid"]
        if "leaf_count" in case:
            assert (found.leaf_count, found.raw_size) == (case["leaf_count"], case["raw_size"])
        if "padding_excessive" in case:
            assert (found.refusal is not None) is case["padding_excessive"], case
        if "padding_uvarint_len" in case:
            # Prefix, multihash length, height and root take the other bytes.
            assert len(data) - 38 == case["padding_uvarint_len"]
    for case in file["invalid"]:
        with pytest.raises(InputError):
            piece.PieceId.from_bytes(bytes.fromhex(case["cid_hex"]))
    print(f"piece_cid.json: {len(file['valid'])} valid and {len(file['invalid'])} invalid ones ran")


def test_sizes() -> None:
    file = vectors("piece_cid.json")
    root = bytes(32)
    groups = {
        "leaf_count": ("leaf_count", "leaf_count"),
        "padded_data_size": ("size", "padded_size"),
        "raw_size": ("raw", "raw_size"),
    }
    ran = 0
    for group, (member, attribute) in groups.items():
        for case in file[group]:
            found = piece.PieceId.v2(root, case["height"], case["padding"])
            assert getattr(found, attribute) == case[member], (group, case)
            ran += 1
    for case in file["padding_excessive"]:
        found = piece.PieceId.v2(root, case["height"], case["padding"])
        assert (found.refusal is not None) is case["excessive"], case
        ran += 1
    for case in file["leaf_count_to_raw_upper_bound"]:
        assert piece.raw_upper_bound(case["leaves"]) == case["raw"]
        ran += 1
    print(f"piece_cid.json, sizes: {ran} cases ran")


@settings(max_examples=60)
@given(data=st.data())
def test_any_chunking_equals_the_plain_tree(data: st.DataObject) -> None:
    """Runs of zeros and of other bytes, cut anywhere, one thread or two."""
    runs = data.draw(
        st.lists(st.tuples(st.integers(0, 9000), st.sampled_from([0, 0, 1, 255, None])), max_size=6)
    )
    payload = b"".join(
        bytes([fill]) * size if fill is not None else hashlib.shake_128(bytes([size % 251])).digest(size)
        for size, fill in runs
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(payload)), max_size=8)))
    hasher = piece.CommPHasher()
    for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True):
        hasher.update(payload[start:end], threads=data.draw(st.sampled_from([1, 2])))
        # Asking in between changes nothing.
        assert hasher.finish().raw_size == hasher.raw_size == end
    found = hasher.finish()
    assert found[:3] == plain_commp(payload)
    assert found == piece.commp(payload)


@pytest.mark.parametrize(
    "size", [0, 1, 64, 65, 126, 127, 128, 254, 255, 32_511, 32_512, 32_513, 65_024, 65_025]
)
def test_sizes_around_the_powers(size: int) -> None:
    payload = hashlib.shake_256(b"payload").digest(size)
    assert piece.commp(payload)[:3] == plain_commp(payload)


def test_payload_in_any_buffer(tmp_path: Path) -> None:
    payload = hashlib.shake_256(b"buffer").digest(100_000)
    expected = piece.commp(payload)
    array = np.frombuffer(payload, dtype=np.uint8)
    for held in (bytearray(payload), memoryview(payload), array, array.reshape(1000, 100)):
        assert piece.commp(held) == expected
    path = tmp_path / "payload"
    path.write_bytes(payload)
    assert piece.commp_of_file(path) == expected
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert piece.commp(mapped) == expected
    assert piece.commp(memoryview(payload)[10:50]) == piece.commp(payload[10:50])
    assert piece.commp(bytearray()) == piece.commp(b"") == (piece.zero_root(2), 2, 127, 0)


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (np.arange(10, dtype=np.uint8)[::2], "one with strides"),
        (np.arange(10, dtype=np.uint8).reshape(2, 5).T, "one with strides"),
        (memoryview(b"0123456789")[::3], "one with strides"),
        (np.arange(10, dtype=np.uint32), "numpy.ndarray"),
        ("text", "str"),
        (None, "NoneType"),
        ([1, 2], "list"),
    ],
)
def test_what_is_no_payload(held: Any, found: str) -> None:
    with pytest.raises(InputError, match=rf"payload: expected a C-contiguous buffer of bytes, found {found}"):
        piece.commp(held)
    hasher = piece.CommPHasher()
    with pytest.raises(InputError, match=r"data: expected a C-contiguous buffer"):
        hasher.update(held)
    assert hasher.raw_size == 0


def test_bad_calls() -> None:
    with pytest.raises(InputError, match="threads"):
        piece.commp(b"", threads=0)
    with pytest.raises(InputError, match="expected a file that can be read"):
        piece.commp_of_file("/nowhere/at/all")
    with pytest.raises(InputError, match=r"root: expected 32 bytes, found 31"):
        piece.PieceId.v1(bytes(31))
    with pytest.raises(InputError, match=r"comm_r: expected 32 bytes, found 33"):
        piece.PieceId.sealed(bytes(33))
    with pytest.raises(InputError, match=r"height: expected an integer from 0 to 255, found 256"):
        piece.PieceId.v2(bytes(32), 256, 0)
    with pytest.raises(
        InputError, match=r"padding: expected an integer from 0 to 2\^256-1, found one of 257"
    ):
        piece.PieceId.v2(bytes(32), 1, 1 << 256)
    with pytest.raises(InputError, match=r"padding: .* found -1"):
        piece.PieceId.v2(bytes(32), 1, -1)
    with pytest.raises(InputError, match=r"padding: .* found a boolean"):
        piece.PieceId.v2(bytes(32), 1, True)
    with pytest.raises(InputError, match=r"leaves: "):
        piece.raw_upper_bound((1 << 256) - 1)
    assert piece.raw_upper_bound(np.uint64(4)) == 127


@given(
    height=st.integers(0, 255),
    padding=st.one_of(st.integers(0, 1 << 62), st.integers(0, (1 << 256) - 1)),
    root=st.binary(min_size=32, max_size=32),
)
def test_identifiers_come_back_and_sizes_follow(height: int, padding: int, root: bytes) -> None:
    found = piece.PieceId.v2(root, height, padding)
    for again in (piece.PieceId.parse(str(found)), piece.PieceId.from_bytes(found.to_bytes())):
        assert again == found
        assert hash(again) == hash(found)
        assert (again.height, again.padding, again.root) == (height, padding, root)
    expanded = 128 * padding // 127
    is_excessive = expanded >= 1 << height + 5
    assert (found.refusal is not None) is (height > 50 or is_excessive)
    leaves = (1 << height) - expanded // 32
    assert found.leaf_count == (leaves if leaves >= 0 and 1 << height < 1 << 64 else None)
    if found.refusal is None:
        assert found.padded_size == (1 << height + 5) - expanded
        raw = (1 << height - 2) * 127 - padding if height >= 2 else None
        assert found.raw_size == raw
        found.admit()
    else:
        with pytest.raises(InputError) as refused:
            found.admit()
        assert str(refused.value) == found.refusal


@given(root=st.binary(min_size=32, max_size=32))
def test_identifiers_that_state_a_root_alone(root: bytes) -> None:
    v1, sealed = piece.PieceId.v1(root), piece.PieceId.sealed(root)
    assert str(v1).startswith("baga6ea4seaq")
    assert v1.to_bytes() == bytes.fromhex("0181e203922020") + root
    assert sealed.to_bytes() == bytes.fromhex("0182e20381e80220") + root
    for found, kind in ((v1, "v1"), (sealed, "sealed")):
        assert piece.PieceId.parse(str(found)) == found
        assert (found.kind, found.root) == (kind, root)
        assert (found.height, found.padding, found.leaf_count, found.padded_size, found.raw_size) == (
            None,
        ) * 5
        assert found.refusal is not None
        assert "expected a version 2 identifier" in found.refusal
    assert v1 != sealed


def test_corners_of_identifiers() -> None:
    low = piece.PieceId.v2(bytes(32), 0, 0)
    assert (low.leaf_count, low.padded_size, low.raw_size, low.refusal) == (1, 32, None, None)
    assert piece.PieceId.v2(bytes(32), 50, 0).refusal is None
    assert "at most 50, found 51" in (piece.PieceId.v2(bytes(32), 51, 0).refusal or "")
    text = str(piece.PieceId.v2(bytes(32), 4, 3))
    for wrong in (
        text.upper(),
        text[1:],
        "z" + text[1:],
        text + "=",
        text + "a",
        text[:-1],
        "",
        "b",
        "\N{SNOWMAN}",
    ):
        with pytest.raises(InputError):
            piece.PieceId.parse(wrong)
    data = piece.PieceId.v2(bytes(32), 4, 3).to_bytes()
    for wrong_bytes in (data + b"\0", data[:-1], b"\x02" + data[1:], data.replace(b"\x03", b"\x83\x00", 1)):
        with pytest.raises(InputError):
            piece.PieceId.from_bytes(wrong_bytes)


@given(data=st.binary(max_size=90))
def test_any_bytes_are_an_identifier_or_a_bad_call(data: bytes) -> None:
    for candidate in (data, bytes.fromhex("01559120") + data):
        try:
            found = _native.FilecoinPieceId.from_bytes(candidate)
        except InputError:
            continue
        assert found.to_bytes() == candidate
