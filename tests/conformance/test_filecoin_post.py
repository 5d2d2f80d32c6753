"""Every public vector of Filecoin's Groth16 proofs and public inputs through the Python surface.

The corners that no vector has stand beside them; windows and disputes run under keys whose secrets are known.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks import catalogue_of
from depinverify.networks.filecoin import window_post
from depinverify.networks.filecoin.window_post import Reason, Sector, Verifier
from public_vectors import public_vectors
from reference import groth16 as plain

if TYPE_CHECKING:
    from pathlib import Path

WINNING = "groth16_winning_post_32gib_v27.json"
SEAL = "groth16_seal_32gib_v27_batch.json"
INPUTS = "window_post_public_inputs.json"

#: The order of the field of scalars.
R = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
TOO_LARGE = R.to_bytes(32, "little")
KIB2, GIB32 = 10, 13


def vector(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((public_vectors("filecoin") / name).read_text())
    return file


def key_file(key: dict[str, Any]) -> bytes:
    """The ``.vk`` file that the points of a vector stand for."""
    names = ("alpha_g1", "beta_g1", "beta_g2", "gamma_g2", "delta_g1", "delta_g2")
    points = [bytes.fromhex(key[name]) for name in names]
    return b"".join(
        [*points, len(key["ic"]).to_bytes(4, "big"), *(bytes.fromhex(point) for point in key["ic"])]
    )


def key_of(file: dict[str, Any]) -> Verifier:
    check = bytes.fromhex(file["vk_file_blake2b512_prefix"])
    return Verifier.from_bytes(key_file(file["verifying_key"]), trust=check)


def little(scalars: bytes) -> bytes:
    """Scalars of a vector are big endian."""
    return b"".join(scalars[at : at + 32][::-1] for at in range(0, len(scalars), 32))


def code(found: tuple[str, str] | None) -> str | None:
    return None if found is None else found[0]


def codes(found: list[Any]) -> list[str | None]:
    return [code(one) for one in found]


# ------------------------------------------------------------------ Groth16


def test_winning_proof() -> None:
    file = vector(WINNING)
    content = key_file(file["verifying_key"])
    key = key_of(file)
    assert len(content) == file["vk_file_size"]
    assert key.inputs == len(file["public_inputs_hex"]) == window_post.post_type(3).inputs
    assert key.check_value == _native.filecoin_key_check_value(content)
    assert key.check_value == hashlib.blake2b(content, digest_size=64).digest()[:16]
    assert (key.published_id, key.file_name, key.sector_size, key.table_bytes) == (None, None, None, 0)
    proof = bytes.fromhex(file["proof_hex"])
    given_inputs = [little(bytes.fromhex(scalar)) for scalar in file["public_inputs_hex"]]
    assert (key.verify(proof, b"".join(given_inputs)) is None) is file["expected_valid"]
    altered = []
    for case in file["negative_cases"]:
        inputs, expected = list(given_inputs), "PROOF_INVALID"
        if "replace_input" in case:
            place, scalar = case["replace_input"]
            inputs[place] = little(bytes.fromhex(scalar))
        elif "swap_inputs" in case:
            one, other = case["swap_inputs"]
            inputs[one], inputs[other] = inputs[other], inputs[one]
        else:
            del inputs[case["drop_input"]]
            expected = "INPUTS_REFUSED"
            assert case["expected_error"] == "input count does not match key"
        assert code(key.verify(proof, b"".join(inputs))) == expected, case["name"]
        altered.append((b"".join(inputs), expected))
    # The same all together, the good one among them.
    column = [b"".join(given_inputs), *(inputs for inputs, _ in altered)]
    assert codes(window_post.verify_groth16(key, [proof] * len(column), column)) == [
        None,
        *(expected for _, expected in altered),
    ]
    print(f"{WINNING}: {1 + len(altered)} cases ran")


def test_batch_of_seal_proofs() -> None:
    file = vector(SEAL)
    key = key_of(file)
    proofs = [bytes.fromhex(case["proof_hex"]) for case in file["proofs"]]
    inputs = [little(bytes.fromhex(case["public_inputs_hex"])) for case in file["proofs"]]
    expected = [None if is_valid else "PROOF_INVALID" for is_valid in file["expected"]]
    assert codes([key.verify(*entry) for entry in zip(proofs, inputs, strict=True)]) == expected
    array = np.frombuffer(b"".join(proofs), np.uint8).reshape(-1, 192)
    for column in (proofs, array, pa.array(proofs, pa.binary(192)), pa.array(proofs, pa.large_binary())):
        for threads in (1, 2, 7, None):
            assert codes(window_post.verify_groth16(key, column, inputs, threads=threads)) == expected
    swapped = [proofs[1], proofs[0], *proofs[2:]]
    assert file["batch_negative"].startswith("swap the proofs of entries 0 and 1")
    for threads in (1, 3):
        found = window_post.verify_groth16(key, swapped, inputs, threads=threads)
        assert codes(found) == ["PROOF_INVALID"] * 2 + expected[2:]
    print(f"{SEAL}: {len(expected) + 1} cases ran")


def test_the_one_bad_entry_is_named_wherever_it_is() -> None:
    file = vector(SEAL)
    key = key_of(file)
    proofs = [bytes.fromhex(case["proof_hex"]) for case in file["proofs"]]
    inputs = [little(bytes.fromhex(case["public_inputs_hex"])) for case in file["proofs"]]
    for place in range(len(proofs)):
        altered = list(inputs)
        altered[place] = bytes([altered[place][0] ^ 1]) + altered[place][1:]
        found = window_post.verify_groth16(key, proofs, altered, threads=1)
        assert [at for at, reason in enumerate(found) if reason] == [place]


def test_each_entry_has_its_own_reason_and_none_disturbs_another() -> None:
    file = vector(SEAL)
    key = key_of(file)
    proofs = [bytes.fromhex(case["proof_hex"]) for case in file["proofs"]]
    inputs = [little(bytes.fromhex(case["public_inputs_hex"])) for case in file["proofs"]]
    infinity = b"\xc0" + bytes(47)
    bad = [
        (proofs[0][:-1], inputs[0], "PROOF_MALFORMED", "proof: expected 192 bytes, found 191"),
        (b"", inputs[0], "PROOF_MALFORMED", "found 0"),
        (proofs[0] + b"\0", inputs[0], "PROOF_MALFORMED", "found 193"),
        (bytes(192), inputs[0], "PROOF_MALFORMED", "point A: its flags name the other form"),
        (_flags(proofs[0], 0, 0x80), inputs[0], "PROOF_MALFORMED", "point A: its flags name the other form"),
        (_flags(proofs[0], 48, 0x40), inputs[0], "PROOF_MALFORMED", "point B: it is the point at infinity"),
        (infinity + proofs[0][48:], inputs[0], "PROOF_MALFORMED", "point A: it is the point at infinity"),
        (proofs[0][:144] + infinity, inputs[0], "PROOF_MALFORMED", "point C: it is the point at infinity"),
        (b"\x9f" + b"\xff" * 47 + proofs[0][48:], inputs[0], "PROOF_MALFORMED", "below the prime"),
        (_outside_subgroup() + proofs[0][48:], inputs[0], "PROOF_MALFORMED", "outside the subgroup"),
        (_flags(proofs[0], 0, 0x20), inputs[0], "PROOF_INVALID", "equation"),
        (proofs[0], inputs[0][:-32], "INPUTS_REFUSED", "expected 327 for this key, found 326"),
        (proofs[0], inputs[0] + bytes(32), "INPUTS_REFUSED", "found 328"),
        (proofs[0], b"", "INPUTS_REFUSED", "found 0"),
        (proofs[0], inputs[0][:-1], "INPUTS_REFUSED", "expected 32 bytes for each"),
        (proofs[0], TOO_LARGE + inputs[0][32:], "INPUTS_REFUSED", "public input 0: it is not below"),
        (proofs[0], inputs[0][:-32] + b"\xff" * 32, "INPUTS_REFUSED", "public input 326: it is not below"),
    ]
    column: list[tuple[bytes, bytes, str | None, str]] = []
    for place, entry in enumerate(bad):
        good = place % len(proofs)
        column += [entry, (proofs[good], inputs[good], None, "")]
    for threads in (1, 4):
        found = key.verify_batch(
            [entry[0] for entry in column], [entry[1] for entry in column], threads=threads
        )
        for (proof, scalars, expected, text), answer in zip(column, found, strict=True):
            assert code(answer) == expected
            assert answer is None or text in answer[1], answer
            assert key.verify(proof, scalars) == answer
    known = {entry.name for entry in catalogue_of("filecoin")}
    assert {expected for *_, expected, _ in bad} <= known


def _flags(proof: bytes, at: int, flags: int) -> bytes:
    return proof[:at] + bytes([proof[at] ^ flags]) + proof[at + 1 :]


def _outside_subgroup() -> bytes:
    point = plain.on_curve((1, 0), plain.B1)
    assert plain.times(point, R) is not None
    return plain.compressed(point, is_g2=False)


def test_no_entries_no_answers() -> None:
    key = made(22)
    assert key.verify_batch([], []) == []
    assert key.verify_batch(np.zeros((0, 192), np.uint8), pa.array([], pa.binary())) == []
    assert key.wrong_proofs(KIB2, []) == []


def test_bad_calls_of_a_batch() -> None:
    key = made(22)
    with pytest.raises(InputError, match=r"1 of \"proofs\", 2 of \"inputs\""):
        key.verify_batch([b""], [b"", b""])
    with pytest.raises(InputError, match='column "proofs": expected a value in every row'):
        key.verify_batch([None], [b""])
    with pytest.raises(InputError, match='column "inputs"'):
        key.verify_batch([b""], 7)
    with pytest.raises(InputError, match="threads: expected 1 or more"):
        key.verify_batch([], [], threads=0)


# ------------------------------------------------------------------ keys


def test_keys_that_are_none(tmp_path: Path) -> None:
    file = vector(WINNING)
    good, check = key_file(file["verifying_key"]), file["vk_file_blake2b512_prefix"]

    def refused(content: bytes, message: str, **options: Any) -> None:
        with pytest.raises(InputError, match=message):
            Verifier.from_bytes(content, **{"trust": "anyone", **options})

    refused(good, f"its check value {check} is not one that the network publishes", trust="published")
    with pytest.raises(InputError, match="is not one that the network publishes"):
        Verifier.from_bytes(good)
    refused(good, f"expected check value {'07' * 16}, found {check}", trust=b"\7" * 16)
    flipped = good[:900] + bytes([good[900] ^ 1]) + good[901:]
    refused(flipped, f"expected check value {check}", trust=bytes.fromhex(check))
    refused(b"", "expected at least 868 bytes, found 0")
    refused(good[:867], "expected at least 868 bytes, found 867")
    refused(good[:-1], f"expected {len(good)} bytes for its 133 IC points, found {len(good) - 1}")
    refused(good + b"\0", f"found {len(good) + 1}")
    refused(good[:864] + bytes(4), "expected at least one IC point, found none")
    refused(good[:864] + b"\xff" * 4 + good[868:], "for its 4294967295 IC points")
    for start, name in [(0, "alpha in G1"), (192, "beta in G2"), (868, "IC 0"), (868 + 96 * 132, "IC 132")]:
        for flag, fault in [(0x80, "the other form"), (0x40, "infinity"), (0x20, "the larger y")]:
            refused(_flags(good, start, flag), f"{name}: .*{fault}")
        point = good[:start] + good[start : start + 47] + bytes([good[start + 47] ^ 1]) + good[start + 48 :]
        refused(point, f"{name}: it does not lie on the curve")
    refused(good, "trust: expected .*, found 15 bytes", trust=bytes(15))
    refused(good, 'trust: expected .*, found "all"', trust="all")
    refused(good, "trust: expected .*, found .*int", trust=3)
    refused(good, "tables_for: expected the bytes of a sector, .*, found 7", tables_for=7)
    with pytest.raises(InputError, match=r"missing\.vk: cannot be read"):
        Verifier.from_file(tmp_path / "missing.vk")
    path = tmp_path / "key.vk"
    path.write_bytes(good[:-1])
    with pytest.raises(InputError, match=r"key\.vk: verification key: expected"):
        Verifier.from_file(path, trust="anyone")
    path.write_bytes(good)
    key = Verifier.from_file(str(path), trust=bytes.fromhex(check), threads=1)
    assert (key.inputs, key.check_value.hex()) == (132, check)
    assert repr(key) == f"<FilecoinVerifier {check} of 132 inputs>"


def test_a_key_of_no_inputs() -> None:
    made_key = plain.MadeKey(0)
    key = Verifier.from_bytes(made_key.file(), trust="anyone")
    proof = made_key.prove(b"")
    assert key.inputs == 0
    assert key.verify(proof, b"") is None
    assert code(key.verify(proof, bytes(32))) == "INPUTS_REFUSED"
    assert codes(key.verify_batch([proof] * 5, [b""] * 5)) == [None] * 5


# ------------------------------------------------------------------ public inputs


def test_inputs_of_windows() -> None:
    file, count = vector(INPUTS), 0
    for case in file["cases"]:
        number = next(
            post.number
            for post in window_post.POST_TYPES
            if (post.kind, post.sector_size) == ("window_v1_1", case["sector_size"])
        )
        randomness, comm_r = bytes.fromhex(case["randomness_hex"]), bytes.fromhex(case["comm_r_hex"])
        expected = case["challenges"]
        assert window_post.challenges(number, randomness, case["sector_number"]) == expected
        assert int.from_bytes(comm_r, "little") == int(case["comm_r_as_fr_be_hex"], 16)
        inputs = window_post.public_inputs(number, randomness, [(case["sector_number"], comm_r)])
        block = comm_r + b"".join(leaf.to_bytes(32, "little") for leaf in expected)
        assert inputs == [block * case["partition_sector_count"]]
        # The key itself is nowhere but beside the proving parameters; its check value is in the case's words.
        assert any(
            key.check_value.hex() in case["verifying_key"] and key.inputs * 32 == len(inputs[0])
            for key in window_post.published_keys()
        )
        count += 1
    rule = file["challenge_index_rule_computed"]
    randomness = bytes.fromhex(rule["randomness_hex"])
    for number, name in [(10, "v1p1"), (5, "v1")]:
        sectors = [Sector(sector, b"\3" * 32) for sector in rule["sectors"]]
        partitions = window_post.public_inputs(number, randomness, sectors[::-1])
        assert isinstance(partitions, list)
        blocks = [inputs[at : at + 352] for inputs in partitions for at in range(0, len(inputs), 352)]
        # The second partition has one sector, whose block comes twice.
        assert (len(partitions), len(blocks), blocks[2]) == (2, 4, blocks[3])
        for place, (sector, expected) in enumerate(zip(rule["sectors"], rule[name], strict=True)):
            assert window_post.challenges(number, randomness, sector, place) == expected
            assert blocks[place] == b"\3" * 32 + b"".join(leaf.to_bytes(32, "little") for leaf in expected)
            count += 1
    published = window_post.published_keys()
    for case, key in zip(file["parameter_ids"]["cases"], published, strict=True):
        assert (key.sector_size, key.challenges, key.sectors, key.id, key.check_value.hex()) == (
            case["sector_size"],
            case["challenge_count"],
            case["sector_count"],
            case["id"],
            case["vk_digest_v28"],
        )
        assert key.file_name.startswith("v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-")
        assert key.file_name.endswith(f"-{key.id}.vk")
        assert key.inputs == key.sectors * (1 + key.challenges)
        count += 1
    print(f"{INPUTS}: {count} cases ran")


def test_types_of_proofs() -> None:
    sizes = [2 << 10, 8 << 20, 512 << 20, 32 << 30, 64 << 30]
    partitions = [2, 2, 2, 2349, 2300]
    for post in window_post.POST_TYPES:
        kind, size = divmod(post.number, 5)
        assert post.kind == ("winning", "window_v1", "window_v1_1")[kind]
        assert post.sector_size == sizes[size]
        assert (post.partition_sectors, post.inputs) == (
            (1, 132) if kind == 0 else (partitions[size], 11 * partitions[size])
        )
        assert window_post.post_type(post.number) == post
    assert len(window_post.POST_TYPES) == 15
    for number in (-1, 15):
        with pytest.raises(InputError, match="post_type: expected 0 to 14"):
            window_post.post_type(number)


def plain_challenges(post: int, randomness: bytes, sector: int, place: int) -> list[int]:
    """Filecoin, B3, from the rule alone."""
    cleared = randomness[:31] + bytes([randomness[31] & 0x3F])
    leaves = window_post.POST_TYPES[post].sector_size // 32
    first, count = [(0, 66), (10 * place, 10), (0, 10)][post // 5]
    drawn = (
        hashlib.sha256(cleared + sector.to_bytes(8, "little") + index.to_bytes(8, "little")).digest()
        for index in range(first, first + count)
    )
    return [int.from_bytes(digest[:8], "little") % leaves for digest in drawn]


@given(
    post=st.integers(0, 14),
    randomness=st.binary(min_size=32, max_size=32),
    sector=st.integers(0, 2**64 - 1),
    place=st.integers(0, 2**32),
)
def test_challenges_as_the_rule_says(post: int, randomness: bytes, sector: int, place: int) -> None:
    assert window_post.challenges(post, randomness, sector, place) == plain_challenges(
        post, randomness, sector, place
    )


@given(
    randomness=st.binary(min_size=32, max_size=32),
    numbers=st.sets(st.integers(0, 2**64 - 1), min_size=1, max_size=9),
    seed=st.randoms(use_true_random=False),
    post=st.sampled_from([5, 6, 7, 10, 11, 12]),
)
def test_inputs_are_those_of_the_set_of_sectors(
    randomness: bytes, numbers: set[int], seed: Any, post: int
) -> None:
    sectors = [(number, (number % R).to_bytes(32, "little")) for number in sorted(numbers)]
    blocks = [
        comm_r
        + b"".join(leaf.to_bytes(32, "little") for leaf in plain_challenges(post, randomness, number, place))
        for place, (number, comm_r) in enumerate(sectors)
    ]
    if len(blocks) % 2:
        blocks.append(blocks[-1])
    expected = [one + other for one, other in zip(blocks[::2], blocks[1::2], strict=True)]
    given_sectors = sectors + seed.sample(sectors, seed.randrange(len(sectors) + 1))
    seed.shuffle(given_sectors)
    assert window_post.public_inputs(post, randomness, given_sectors) == expected


def test_sectors_about_which_nothing_can_be_proved() -> None:
    zero = bytes(32)
    cases: list[tuple[int, list[tuple[int, bytes]], str]] = [
        (KIB2, [], "expected at least one, found none"),
        (KIB2, [(4, TOO_LARGE)], "sector 4: its replica commitment is not below the order"),
        (KIB2, [(4, b"\xff" * 32)], "sector 4: its replica commitment is not below the order"),
        (KIB2, [(4, zero), (4, b"\1" + bytes(31))], "sector 4: it comes twice"),
        (3, [(4, zero), (5, zero)], "expected the one that won, found 2"),
    ]
    for post, sectors, text in cases:
        refused = window_post.public_inputs(post, zero, sectors)
        assert isinstance(refused, Reason)
        assert refused.code == "INPUTS_REFUSED"
        assert text in refused.text
        assert str(refused) == f"INPUTS_REFUSED: {refused.text}"
        if post == KIB2:
            assert window_post.verify(made(22), post, zero, sectors, bytes(192)) == [refused]
            accepted = window_post.Accepted(7, zero, sectors, bytes(192))
            (wrong,) = window_post.wrong_proofs(made(22), post, [accepted])
            assert wrong == (0, 7, refused)
    below = (R - 1).to_bytes(32, "little")
    assert isinstance(window_post.public_inputs(KIB2, zero, [(4, below)]), list)


def test_arguments_of_another_shape() -> None:
    zero = bytes(32)
    calls: list[tuple[Any, str]] = [
        (lambda: window_post.public_inputs(15, zero, []), "post_type: expected 0 to 14, found 15"),
        (lambda: window_post.public_inputs(-1, zero, []), "post_type: expected an integer"),
        (lambda: window_post.public_inputs(13, zero[1:], []), "randomness: expected 32 bytes, found 31"),
        (lambda: window_post.public_inputs(13, zero, [(1, zero[1:])]), r"sectors\[0\], comm_r: expected 32"),
        (lambda: window_post.public_inputs(13, zero, [(2**64, zero)]), r"sectors\[0\], number: expected an"),
        (lambda: window_post.public_inputs(13, zero, [(1, zero), 7]), r"sectors\[1\]: expected a pair"),  # type: ignore[list-item]
        (lambda: window_post.public_inputs(13, zero, 7), "sectors: expected pairs"),  # type: ignore[arg-type]
        (lambda: window_post.challenges(13, zero, -1), "sector: expected an integer"),
        (lambda: window_post.challenges(13, zero, 1, 2**64), "place: expected an integer"),
        (lambda: window_post.proof_randomness(b""), "drawn: expected 32 bytes, found 0"),
        (lambda: window_post.verify(made(22), 13, zero, [], b""), "expected one of 22 inputs .* found 25839"),
        (lambda: made(22).wrong_proofs(KIB2, [7]), r"accepted\[0\]: expected partition, randomness"),  # type: ignore[list-item]
        (lambda: made(22).wrong_proofs(13, []), "expected a key of 25839 inputs .* found 22"),
        (lambda: made(22).wrong_proofs(0, []), "expected a window proof of version 1.1"),
        (lambda: made(22).wrong_proofs(5, []), "expected a window proof of version 1.1"),
    ]
    for call, message in calls:
        with pytest.raises(InputError, match=message):
            call()


@given(drawn=st.binary(min_size=32, max_size=32))
def test_randomness_becomes_an_element_of_the_field(drawn: bytes) -> None:
    cleared = window_post.proof_randomness(drawn)
    assert int.from_bytes(cleared, "little") == int.from_bytes(drawn, "little") % 2**254
    assert window_post.proof_randomness(cleared) == cleared


# ------------------------------------------------------------------ windows under made keys


@cache
def made(inputs: int) -> Verifier:
    return Verifier.from_bytes(plain.MadeKey(inputs).file(), trust="anyone")


def inputs_of(post: int, randomness: bytes, sectors: list[tuple[int, bytes]]) -> list[bytes]:
    inputs = window_post.public_inputs(post, randomness, sectors)
    assert isinstance(inputs, list)
    return inputs


def test_a_proof_of_several_partitions() -> None:
    secrets, key = plain.MadeKey(22), made(22)
    sectors = [(number, bytes([number]) + bytes(31)) for number in (9, 2, 5, 30, 7)]
    randomness = b"\xff" * 32
    for post in (5, 6, 7, 10, 11, 12):
        partitions = inputs_of(post, randomness, sectors)
        proofs = [secrets.prove(inputs, number) for number, inputs in enumerate(partitions)]
        whole = b"".join(proofs)

        def verdicts(proof: bytes, post: int = post, drawn: bytes = randomness) -> list[str | None]:
            return codes(window_post.verify(key, post, drawn, sectors, proof))

        assert verdicts(whole) == [None] * 3
        # The two top bits are none of the randomness.
        assert verdicts(whole, drawn=b"\xff" * 31 + b"\x3f") == [None] * 3
        assert verdicts(whole, drawn=b"\xfe" + b"\xff" * 31) == ["PROOF_INVALID"] * 3
        assert verdicts(proofs[0] + proofs[2] + proofs[1]) == [None, "PROOF_INVALID", "PROOF_INVALID"]
        assert verdicts(whole[:-1]) == [None, None, "PROOF_MALFORMED"]
        assert verdicts(whole + b"\0") == [None, None, "PROOF_MALFORMED"]
        assert verdicts(whole[:192]) == [None, "PROOF_MALFORMED", "PROOF_MALFORMED"]
        assert verdicts(b"") == ["PROOF_MALFORMED"] * 3
    # Where partitions are independent, each of the older version's but the first is wrong.
    old = b"".join(secrets.prove(inputs) for inputs in inputs_of(5, randomness, sectors))
    assert codes(window_post.verify(key, 10, randomness, sectors, old))[0] == "PROOF_INVALID"


def test_wrong_ones_among_accepted_proofs() -> None:
    secrets, key = plain.MadeKey(22), made(22)
    sectors = [(4, b"\1" * 32), (9, b"\2" * 32)]
    good = []
    for number in range(4):
        randomness = bytes([number]) * 32
        (inputs,) = inputs_of(KIB2, randomness, sectors)
        good.append(window_post.Accepted(number % 3, randomness, sectors, secrets.prove(inputs, number)))
    # Enough for several tasks.
    accepted = good * 20
    assert window_post.wrong_proofs(key, KIB2, accepted) == []
    accepted[3] = accepted[3]._replace(randomness=b"\x11" * 32)
    accepted[31] = accepted[31]._replace(proof=good[0].proof)
    accepted[32] = accepted[32]._replace(proof=good[0].proof[:96])
    accepted[64] = accepted[64]._replace(sectors=[])
    accepted[79] = accepted[79]._replace(sectors=[*sectors, (11, bytes(32))])
    expected = [
        (3, 0, "PROOF_INVALID", "the pairing equation does not hold"),
        (31, 0, "PROOF_INVALID", "the pairing equation does not hold"),
        (32, 0, "PROOF_MALFORMED", "proof: expected 192 bytes, found 96"),
        (64, 0, "INPUTS_REFUSED", "sectors: expected at least one, found none"),
        (79, 0, "INPUTS_REFUSED", "sectors: expected at most 2 in a partition, found 3"),
    ]
    for threads in (1, 3):
        found = window_post.wrong_proofs(key, KIB2, accepted, threads=threads)
        assert [(place, partition, *reason) for place, partition, reason in found] == expected


def test_the_window_of_disputes() -> None:
    for closed in (0, 1000, 4_000_000):
        for now, expected in [(-1, False), (0, True), (1799, True), (1800, False), (2000, False)]:
            assert window_post.is_disputable(closed, closed + now) is expected
    assert not window_post.is_disputable(2**63 - 1, 2**63 - 1)
    with pytest.raises(InputError, match="now: expected an integer"):
        window_post.is_disputable(0, 2**63)


def test_a_full_window_key_with_and_without_tables() -> None:
    """The published sector, under a made key of the network's size: the network's own is in no public place."""
    case = vector(INPUTS)["cases"][0]
    secrets = plain.MadeKey(window_post.post_type(GIB32).inputs)
    content = secrets.file()
    randomness = bytes.fromhex(case["randomness_hex"])
    sectors = [(case["sector_number"], bytes.fromhex(case["comm_r_hex"]))]
    (inputs,) = inputs_of(GIB32, randomness, sectors)
    proof = secrets.prove(inputs)
    assert len(content) == 2_481_508
    for tables_for in (None, 32 << 30):
        key = Verifier.from_bytes(content, trust="anyone", tables_for=tables_for)
        assert (key.table_bytes > 0) <= (tables_for is not None)
        assert window_post.verify(key, GIB32, randomness, sectors, proof) == [None]
        wrong = window_post.verify(key, GIB32, bytes(32), sectors, proof)
        assert codes(wrong) == ["PROOF_INVALID"]
        # The published proof is one under the network's key, not under this one.
        other = window_post.verify(key, GIB32, randomness, sectors, bytes.fromhex(case["proof_hex"]))
        assert codes(other) == ["PROOF_INVALID"]
