"""Every public vector of Filecoin's Merkle paths and of Poseidon through the Python surface, and their corners."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin import window_post
from depinverify.networks.filecoin.window_post import Reason
from public_vectors import public_vectors

VANILLA = "window_post_vanilla.json"
POSEIDON = "poseidon.json"

#: The order of the field of scalars.
R = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
TOO_LARGE = R.to_bytes(32, "little")
GIB32 = 13


def vector(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((public_vectors("filecoin") / name).read_text())
    return file


def test_vanilla_proof() -> None:
    file = vector(VANILLA)
    proof = base64.b64decode(file["proof_base64"])
    randomness = bytes.fromhex(file["randomness_hex"])
    sector = (file["sector_number"], bytes.fromhex(file["comm_r_hex"]))
    read = window_post.decode_vanilla(proof)
    assert not isinstance(read, Reason)
    assert (read.sector, read.comm_r) == sector
    assert (read.comm_c.hex(), read.comm_r_last.hex()) == (file["comm_c_hex"], file["comm_r_last_hex"])
    assert [path.leaf.hex() for path in read.paths] == file["leaves_hex"]
    assert window_post.challenges(GIB32, randomness, sector[0]) == file["expected_challenges"]
    assert [number_of(path) for path in read.paths] == file["expected_challenges"]
    found = window_post.check_vanilla(GIB32, randomness, sector, proof)
    assert (found is None) is file["expected_valid"]
    # Each path climbs to the root with the hash alone.
    assert window_post.poseidon([read.comm_c, read.comm_r_last]) == read.comm_r
    for path in read.paths:
        node = path.leaf
        for siblings, index in path.levels:
            children = [siblings[at : at + 32] for at in range(0, len(siblings), 32)]
            node = window_post.poseidon([*children[:index], node, *children[index:]])
        assert node == path.root == read.comm_r_last
    print(f"{VANILLA}: 1 case ran")


def number_of(path: window_post.Path) -> int:
    """The leaf that a path of arity 8 leads to."""
    assert path.shape == (9, 1, 0)
    return sum(index * 8**level for level, (_, index) in enumerate(path.levels))


def test_falsified_paths() -> None:
    file = vector(VANILLA)
    proof = base64.b64decode(file["proof_base64"])
    randomness = bytes.fromhex(file["randomness_hex"])
    number, comm_r = sector = (file["sector_number"], bytes.fromhex(file["comm_r_hex"]))

    def found(
        proof: bytes = proof,
        post: int = GIB32,
        randomness: bytes = randomness,
        sector: tuple[int, bytes] = sector,
        place: int = 0,
    ) -> tuple[str, str] | None:
        return window_post.check_vanilla(post, randomness, sector, proof, place)

    def altered(at: int, value: bytes) -> bytes:
        return proof[:at] + value + proof[at + len(value) :]

    start = 8 + 32 + 8 + 8
    cases = [
        (found(sector=(2, comm_r)), "COMMITMENT_MISMATCH", "expected sector 2, found 1"),
        (found(sector=(number, bytes(32))), "COMMITMENT_MISMATCH", "is not the sector's"),
        (found(altered(8, b"\0" * 32)), "COMMITMENT_MISMATCH", "is not the sector's"),
        (found(altered(len(proof) - 64, bytes(32))), "COMMITMENT_MISMATCH", "is not the hash of comm_c"),
        (found(altered(len(proof) - 64, TOO_LARGE)), "COMMITMENT_MISMATCH", "comm_c is not below the order"),
        (found(altered(len(proof) - 32, TOO_LARGE)), "COMMITMENT_MISMATCH", "comm_r_last is not below"),
        (found(randomness=b"\1" * 32), "PATH_MISMATCH", "path 0: expected leaf"),
        (found(post=3), "PATH_MISMATCH", "expected 66 paths, found 10"),
        (found(post=14), "PATH_MISMATCH", r"levels in base, sub and top tree"),
        (found(post=8, place=1), "PATH_MISMATCH", "path 0: expected leaf"),
        (
            found(altered(start + 12 + 8 + 224, b"\x08")),
            "PATH_MISMATCH",
            "level 0: expected an index up to 7",
        ),
        (found(altered(start + 12 + 8, b"\x55" * 32)), "PATH_MISMATCH", "do not hash to its root"),
        (found(altered(start + 12 + 8, b"\xff" * 32)), "PATH_MISMATCH", "path 0: a node is not below"),
        (found(altered(40, b"\2")), "PROOF_MALFORMED", "expected the paths of 1 sector, found those of 2"),
        (found(altered(start, b"\3")), "PROOF_MALFORMED", "expected path kind 0, 1 or 2"),
        (found(proof + b"\0"), "PROOF_MALFORMED", "found 1 more bytes"),
        (found(b""), "PROOF_MALFORMED", "expected 8 more bytes at byte 0, found 0"),
    ]
    for reason, expected, text in cases:
        assert reason is not None
        assert reason[0] == expected, reason
        assert text in reason[1], reason
    assert found(post=8) is None
    # No length that a file states is believed before its bytes are there.
    for at in (48, 60, 68):
        huge = found(altered(at, b"\xff" * 8))
        assert huge is not None
        assert huge[0] == "PROOF_MALFORMED"
    for length in range(0, len(proof), 251):
        cut = window_post.decode_vanilla(proof[:length])
        assert isinstance(cut, Reason)
        assert (cut.code, found(proof[:length])) == ("PROOF_MALFORMED", cut)


@given(data=st.binary(max_size=400))
def test_any_bytes_as_paths_are_a_verdict(data: bytes) -> None:
    reason = window_post.check_vanilla(GIB32, bytes(32), (0, bytes(32)), data)
    assert reason is not None
    assert reason.code in {"PROOF_MALFORMED", "COMMITMENT_MISMATCH"}


def test_poseidon() -> None:
    file, count = vector(POSEIDON), 0
    for case in [*file["known"], *file["computed"]["cases"]]:
        elements = [bytes.fromhex(element) for element in case["inputs_le_hex"]]
        assert len(elements) == case["arity"]
        assert window_post.poseidon(elements).hex() == case["output_le_hex"]
        count += 1
    computed = file["computed"]
    for name, arity in [("first_round_constants_t9_hex", 8), ("first_round_constants_t3_hex", 2)]:
        constants, _ = _native.filecoin_poseidon_constants(arity)
        expected = [int(constant, 16) for constant in computed[name]]
        assert constants[: len(expected)] == expected
        count += len(expected)
    assert _native.filecoin_poseidon_constants(8)[0][-1] == int(computed["last_round_constant_t9_hex"], 16)
    row = [int(element, 16) for element in computed["mds_t3_row0_hex"]]
    assert _native.filecoin_poseidon_constants(2)[1][: len(row)] == row
    print(f"{POSEIDON}: {count + 1 + len(row)} cases ran")


@pytest.mark.parametrize(("arity", "partial"), [(2, 55), (4, 56), (8, 57), (11, 57)])
def test_poseidon_step_by_step(arity: int, partial: int) -> None:
    width = arity + 1
    constants, matrix = _native.filecoin_poseidon_constants(arity)
    assert constants == grain(width, partial, (8 + partial) * width)
    assert matrix == [pow(i + width + j, -1, R) for i in range(width) for j in range(width)]

    @settings(max_examples=10)
    @given(st.lists(st.integers(0, R - 1), min_size=arity, max_size=arity))
    def agrees(elements: list[int]) -> None:
        state = [2**arity - 1, *elements]
        for number in range(8 + partial):
            state = [(a + b) % R for a, b in zip(state, constants[number * width :][:width], strict=True)]
            boxes = 1 if 4 <= number < 4 + partial else width
            state = [pow(a, 5, R) if at < boxes else a for at, a in enumerate(state)]
            state = [
                sum(a * matrix[row * width + column] for row, a in enumerate(state)) % R
                for column in range(width)
            ]
        given_elements = [element.to_bytes(32, "little") for element in elements]
        assert int.from_bytes(window_post.poseidon(given_elements), "little") == state[1]

    agrees()


def grain(width: int, partial: int, count: int) -> list[int]:
    """Constants of the rounds, from the rule alone (Filecoin, B7)."""
    fields = [(1, 2), (1, 4), (255, 12), (width, 12), (8, 10), (partial, 10), (2**30 - 1, 30)]
    bits = [int(bit) for value, length in fields for bit in f"{value:0{length}b}"]

    def shift() -> int:
        new = bits[62] ^ bits[51] ^ bits[38] ^ bits[23] ^ bits[13] ^ bits[0]
        bits.append(new)
        del bits[0]
        return new

    for _ in range(160):
        shift()
    found: list[int] = []
    while len(found) < count:
        number = 0
        for _ in range(255):
            while True:
                first, second = shift(), shift()
                if first:
                    break
            number = number << 1 | second
        if number < R:
            found.append(number)
    return found


def test_no_hash_of_other_elements() -> None:
    for elements, message in [
        ([bytes(32)] * 3, "arity: expected 2, 4, 8 or 11, found 3"),
        ([], "arity: expected 2, 4, 8 or 11, found 0"),
        ([bytes(32), bytes(31)], r"elements\[1\]: expected 32 bytes, found 31"),
        ([bytes(32), TOO_LARGE], r"elements\[1\]: it is not below the order"),
    ]:
        with pytest.raises(InputError, match=message):
            window_post.poseidon(elements)
    with pytest.raises(InputError, match="arity: expected 2, 4, 8 or 11, found 3"):
        _native.filecoin_poseidon_constants(3)
