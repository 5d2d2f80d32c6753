"""Every public vector of Filecoin's signatures and randomness through the Python surface.

Beside them stand the corners that no vector has, signatures of another library, and the same rules in plain Python.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import cbor2
import coincurve
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.networks import catalogue_of
from depinverify.networks.filecoin import chain
from depinverify.networks.filecoin.chain import Address, Message, Purpose, SignatureType
from depinverify.signature import bls_public_key, bls_secret_key, bls_sign
from public_vectors import public_vectors
from reference import groth16 as plain
from reference.filecoin_chain import blake2b, uvarint

BLS_TAG = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"


def vector(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((public_vectors("filecoin") / name).read_text())
    return file


def code(found: tuple[str, str] | None) -> str | None:
    return None if found is None else found[0]


def wire(case: dict[str, Any]) -> bytes:
    kind = {"secp256k1": SignatureType.SECP256K1, "bls": SignatureType.BLS}[case["type"]]
    return bytes([kind]) + bytes.fromhex(case["signature_hex"])


def test_signatures() -> None:
    found = vector("fil_signature.json")["cases"]
    rows, expected = [], []
    for case in found:
        encoded, signature = bytes.fromhex(case["message_cbor_hex"]), wire(case)
        cid = chain.message_cid(encoded)
        assert cid.hex() == case["message_cid_hex"], case["name"]
        signer = chain.parse_address(case["signer"]).address
        answer = chain.verify_signature(signer, cid, signature)
        assert (answer is None) is case["valid"], (case["name"], answer)
        if case["type"] == "secp256k1":
            assert blake2b(cid).hex() == case["digest_blake2b256_of_cid_hex"]
            key = chain.recover_key(cid, signature[1:])
            assert key is not None
            assert key.hex() == case["recovered_public_key_hex"]
            assert Address.from_secp256k1_key(key) == signer
        else:
            assert signer.bls_key == bytes.fromhex(case["public_key_hex"])
        if encoded[0] == 0x8A:
            message = Message.decode(encoded)
            assert message.sender == signer
            assert chain.verify_message(message, signature) == answer
            if isinstance(case.get("message"), dict):
                written = case["message"]
                assert message.sender == chain.parse_address(written["From"]).address
                assert message.to == chain.parse_address(written["To"]).address
                assert (message.nonce, message.value) == (written["Nonce"], int(written["Value"]))
                assert message.params == base64.b64decode(written["Params"])
        else:
            # A message from before the gas fee had two parts; it was signed all the same.
            with pytest.raises(InputError, match="message, array"):
                Message.decode(encoded)
        rows.append((signer.to_bytes(), cid, signature))
        expected.append(answer)
        falsified(signer, cid, signature)
    signers, signed, signatures = map(list, zip(*rows, strict=True))
    array = np.frombuffer(b"".join(signed), np.uint8).reshape(-1, 38)
    for threads in (1, 2, None):
        columns = (pa.array(signers, pa.binary()), array, signatures)
        assert chain.verify_signatures(*columns, threads=threads) == expected
    # Answers follow the rows, and a bad row is its own affair.
    backwards = chain.verify_signatures(signers[::-1], signed[::-1], signatures[::-1])
    assert backwards == expected[::-1]
    signatures[0] = signatures[0][:-1]
    signers[1] = b"\7"
    assert [code(one) for one in chain.verify_signatures(signers, signed, signatures)] == [
        "SIGNATURE_MALFORMED",
        "MALFORMED",
        *map(code, expected[2:]),
    ]
    print(f"fil_signature.json, signatures: {len(found)} cases ran")


def falsified(signer: Address, cid: bytes, signature: bytes) -> None:
    """No changed signature is valid, and none is valid for changed bytes or another signer."""
    assert chain.verify_signature(signer, cid[:-1] + bytes([cid[-1] ^ 1]), signature) is not None
    for other in (Address.from_bls_key(b"\7" * 48), Address.from_secp256k1_key(b"\4" * 65)):
        assert chain.verify_signature(other, cid, signature) is not None
    answer = chain.verify_signature(Address.from_id(100), cid, signature)
    assert answer == ("SIGNATURE_MALFORMED", "accounts of protocol 0 make no such signatures")
    for bit in range(8, 8 * len(signature), 41):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert chain.verify_signature(signer, cid, bytes(changed)) is not None, bit


def test_reasons_of_signatures() -> None:
    key = coincurve.PrivateKey(b"\x11" * 32)
    signer = Address.from_secp256k1_key(key.public_key.format(compressed=False))
    good = b"\1" + key.sign_recoverable(blake2b(b"signed"), hasher=None)
    bls = Address.from_bls_key(bls_public_key("min-pk", bls_secret_key(bytes(32))))
    cases = [
        (signer, good, None, ""),
        (signer, b"", "SIGNATURE_MALFORMED", "expected a type byte, found no bytes"),
        (signer, b"\0" + good[1:], "SIGNATURE_MALFORMED", "found 0"),
        (signer, b"\4" + good[1:], "SIGNATURE_MALFORMED", "expected type 1 (secp256k1), 2 (BLS) or 3"),
        (signer, good[:-1], "SIGNATURE_MALFORMED", "expected 65 bytes, found 64"),
        (signer, good + b"\0", "SIGNATURE_MALFORMED", "expected 65 bytes, found 66"),
        (signer, good[:-1] + b"\4", "SIGNATURE_MALFORMED", "not canonical or out of range"),
        (signer, b"\1" + bytes(65), "SIGNATURE_MALFORMED", "not canonical or out of range"),
        (signer, b"\1" + b"\xff" * 64 + b"\0", "SIGNATURE_MALFORMED", "not canonical or out of range"),
        (signer, b"\2" + bytes(96), "SIGNATURE_MALFORMED", "accounts of protocol 1 make no such"),
        (bls, good, "SIGNATURE_MALFORMED", "accounts of protocol 3 make no such"),
        (bls, b"\2" + bytes(95), "SIGNATURE_MALFORMED", "expected 96 bytes, found 95"),
        (bls, b"\2" + bytes(96), "SIGNATURE_MALFORMED", "not canonical or out of range"),
        (Address.from_bls_key(bytes(48)), b"\2" + bytes(96), "SIGNATURE_MALFORMED", ""),
        (Address.from_secp256k1_key(bytes(65)), good, "SIGNER_MISMATCH", f"it is by {signer}"),
        (signer, b"\3" + bytes(65), "NOT_CHECKED", "delegated signatures are not covered"),
        (Address.from_ethereum(bytes(20)), b"\3" + bytes(65), "NOT_CHECKED", "are not covered"),
        (signer, b"\3", "SIGNATURE_MALFORMED", "expected 1 to 200 bytes, found 0"),
        (signer, b"\3" + bytes(201), "SIGNATURE_MALFORMED", "expected 1 to 200 bytes, found 201"),
    ]
    known = {entry.name for entry in catalogue_of("filecoin")} | {None}
    for who, signature, expected, text in cases:
        answer = chain.verify_signature(who, b"signed", signature)
        assert code(answer) == expected, answer
        assert answer is None or text in answer.text, answer
        assert code(answer) in known


@given(secret=st.integers(1, 2**256 - 2**130), signed=st.binary(max_size=90))
def test_secp256k1_signatures_of_another_library(secret: int, signed: bytes) -> None:
    key = coincurve.PrivateKey.from_int(secret)
    public = key.public_key.format(compressed=False)
    signature = key.sign_recoverable(blake2b(signed), hasher=None)
    signer = Address.from_secp256k1_key(public)
    assert signer.to_bytes() == b"\1" + blake2b(public, 20)
    assert chain.verify_signature(signer, signed, b"\1" + signature) is None
    assert chain.recover_key(signed, signature) == public
    other = chain.verify_signature(signer, signed + b"\0", b"\1" + signature)
    assert other is not None
    assert other.code in {"SIGNER_MISMATCH", "SIGNATURE_MALFORMED"}


def test_a_long_column_is_judged_as_each_row_alone() -> None:
    """More rows than a task has, of both kinds, with bad ones in the first, the last and a middle place."""
    key = coincurve.PrivateKey(b"\x22" * 32)
    own = Address.from_secp256k1_key(key.public_key.format(compressed=False))
    rows: list[tuple[bytes, bytes, bytes]] = []
    for number in range(40):
        secret = bls_secret_key(bytes([number % 5]) * 32)
        signer = Address.from_bls_key(bls_public_key("min-pk", secret))
        signed = bytes([number]) * 40
        rows.append((signer.to_bytes(), signed, b"\2" + bls_sign("min-pk", BLS_TAG, secret, signed)))
        signature = key.sign_recoverable(blake2b(signed), hasher=None)
        rows.append((own.to_bytes(), signed, b"\1" + signature))
    rows *= 30
    bad = {
        0: (rows[0][0], b"another", rows[0][2]),
        1: (rows[1][0], b"another", rows[1][2]),
        777: (rows[0][0], rows[777][1], rows[777][2]),
        1024: (rows[1024][0], rows[1024][1], rows[1024][2][:-1]),
        1500: (b"\3" + b"\xff" * 48, rows[1500][1], rows[1500][2]),
        1502: (b"\3" + b"\xff" * 47, rows[1502][1], rows[1502][2]),
        2398: (rows[2398][0], rows[2398][1], rows[2396][2]),
        2399: (own.to_bytes(), rows[2399][1], b"\3\0"),
    }
    for place, row in bad.items():
        rows[place] = row
    for threads in (1, 2, 5):
        found = chain.verify_signatures(*map(list, zip(*rows, strict=True)), threads=threads)
        assert {place for place, reason in enumerate(found) if reason} == bad.keys()
        assert [code(found[place]) for place in bad] == [
            "SIGNER_MISMATCH",
            "SIGNER_MISMATCH",
            "SIGNATURE_MALFORMED",
            "SIGNATURE_MALFORMED",
            "SIGNATURE_MALFORMED",
            "MALFORMED",
            "SIGNER_MISMATCH",
            "NOT_CHECKED",
        ]


def test_bad_calls_of_columns() -> None:
    assert chain.verify_signatures([], [], []) == []
    with pytest.raises(InputError, match=r"0 of \"signers\", 1 of \"signed\", 0 of \"signatures\""):
        chain.verify_signatures([], [b""], [])
    with pytest.raises(InputError, match='column "signed": expected a value in every row'):
        chain.verify_signatures([b""], [None], [b""])
    with pytest.raises(InputError, match='column "signatures"'):
        chain.verify_signatures([b""], [b""], 3)
    assert chain.recover_key(b"", bytes(64)) is None
    assert chain.recover_key(b"", bytes(65)) is None


def test_aggregate() -> None:
    case = vector("fil_signature.json")["aggregate"]
    keys = [bytes.fromhex(key) for key in case["public_keys_hex"]]
    messages = [bytes.fromhex(cid) for cid in case["message_cids_hex"]]
    signature = bytes.fromhex(case["aggregate_signature_hex"])
    found = chain.verify_aggregate(keys, messages, signature)
    assert (found.reason is None) is case["valid"]
    rows: dict[bytes, list[int]] = {}
    for row, message in enumerate(messages):
        rows.setdefault(message, []).append(row)
    equal = [(same, len({keys[row] for row in same}) > 1) for same in rows.values() if len(same) > 1]
    assert [tuple(one) for one in found.equal_messages] == equal
    assert found.has_rogue_key_risk is any(differ for _, differ in equal)
    exchanged = [messages[-1], *messages[1:-1], messages[0]]
    for wrong in (
        chain.verify_aggregate(keys[:-1], messages[:-1], signature),
        chain.verify_aggregate(keys, exchanged, signature),
        chain.verify_aggregate([], [], signature),
    ):
        assert code(wrong.reason) == "SIGNER_MISMATCH"
    short = chain.verify_aggregate(keys, messages, signature[:-1])
    infinite = chain.verify_aggregate([b"\xc0" + bytes(47), *keys[1:]], messages, signature)
    assert code(short.reason) == code(infinite.reason) == "SIGNATURE_MALFORMED"
    with pytest.raises(InputError, match=r"expected one message of each of \d+ keys, found 0"):
        chain.verify_aggregate(keys, [], signature)
    print("fil_signature.json, aggregate: 1 case ran")


def test_a_rogue_key_is_reported() -> None:
    """Who sees another's key can choose his own so that he alone signs for both; without a proof it looks good."""
    victim = bls_public_key("min-pk", bls_secret_key(b"\1" * 32))
    secret = bls_secret_key(b"\2" * 32)
    chosen = plain.plus(
        plain.g1_from_compressed(bls_public_key("min-pk", secret)),
        plain.minus(plain.g1_from_compressed(victim)),
    )
    rogue = plain.compressed(plain.finite(chosen), is_g2=False)
    signature = bls_sign("min-pk", BLS_TAG, secret, b"both owe")
    found = chain.verify_aggregate([victim, rogue], [b"both owe"] * 2, signature)
    assert found.reason is None
    assert found.has_rogue_key_risk
    assert found.equal_messages == [([0, 1], True)]
    # The same key twice can cancel nobody.
    own = bls_public_key("min-pk", secret)
    same = chain.verify_aggregate([own, victim, own], [b"a", b"b", b"a"], signature)
    assert same.equal_messages == [([0, 2], False)]
    assert not same.has_rogue_key_risk


# ------------------------------------------------------------------ randomness


def test_randomness() -> None:
    file = vector("fil_randomness.json")
    for case in file["draw"]:
        digest, entropy = bytes.fromhex(case["digest_hex"]), bytes.fromhex(case["entropy_hex"])
        drawn = chain.draw(case["domain_tag"], digest, case["epoch"], entropy)
        assert drawn.hex() == case["randomness_hex"]
    case = file["window_post_challenge"]
    digest = chain.beacon_digest(bytes.fromhex(case["beacon_signature_hex"]))
    assert digest.hex() == case["beacon_digest_hex"]
    miner = Address.from_id(case["miner_actor_id"])
    assert chain.actor_entropy(miner).hex() == case["entropy_hex"]
    assert case["domain_tag"] == Purpose.WINDOW_POST
    drawn = chain.draw(Purpose.WINDOW_POST, digest, case["epoch"], chain.actor_entropy(miner))
    assert drawn.hex() == case["randomness_hex"]
    cleared = chain.window_randomness(digest, case["epoch"], case["miner_actor_id"])
    assert cleared.hex() == case["randomness_after_clearing_top_two_bits_hex"]
    seed = file["pdp_seed"]
    found = chain.beacon_digest(bytes.fromhex(seed["beacon_signature_hex"]))
    assert (found.hex(), str(int.from_bytes(found, "big"))) == (seed["seed_hex"], seed["seed_decimal"])
    count = len(file["draw"]) + 2
    quicknet = chain.mainnet_round(4_000_000).chain
    for case in file["epoch_to_quicknet_round"]["cases"]:
        assert chain.round_of_epoch(case["epoch"], quicknet) == case["round"], case
        count += 1
    default = chain.mainnet_round(51_000).chain
    for case in file["epoch_to_mainnet_chained_round"]["cases"]:
        for version, member in [(15, "before"), (16, "from"), (0, "before"), (99, "from")]:
            found_round = chain.round_of_epoch(case["epoch"], default, network_version=version)
            assert found_round == case[f"round_{member}_network_v16"], case
        count += 2
    print(f"fil_randomness.json: {count} cases ran")


i64 = st.integers(-(2**63), 2**63 - 1)


@given(tag=i64, digest=st.binary(min_size=32, max_size=32), epoch=i64, entropy=st.binary(max_size=70))
def test_draws_as_the_rule_says(tag: int, digest: bytes, epoch: int, entropy: bytes) -> None:
    parts = tag.to_bytes(8, "big", signed=True) + digest + epoch.to_bytes(8, "big", signed=True) + entropy
    assert chain.draw(tag, digest, epoch, entropy) == blake2b(parts)


@given(
    digest=st.binary(min_size=32, max_size=32), epoch=st.integers(0, 2**40), miner=st.integers(0, 2**63 - 1)
)
def test_window_randomness_is_the_draw_in_the_field(digest: bytes, epoch: int, miner: int) -> None:
    entropy = cbor2.dumps(b"\0" + uvarint(miner))
    drawn = chain.draw(Purpose.WINDOW_POST, digest, epoch, entropy)
    assert chain.window_randomness(digest, epoch, miner) == drawn[:31] + bytes([drawn[31] & 0x3F])


@given(epoch=st.integers(0, 2**40), version=st.integers(0, 40))
def test_rounds_of_the_main_network(epoch: int, version: int) -> None:
    """Filecoin, E5, from the rule alone."""
    name, genesis, period = "incentinet", 1595873820, 30
    if epoch >= 3_855_480:
        name, genesis, period = "quicknet", 1692803367, 3
    elif epoch >= 51_000:
        name, genesis, period = "default", 1595431050, 30
    time = 1598306400 + 30 * epoch - 30
    found = chain.mainnet_round(epoch, network_version=version)
    assert (found.beacon, found.chain.genesis_time, found.chain.period) == (name, genesis, period)
    assert found.round == (time - genesis) // period + (version >= 16)
    assert chain.epoch_time(epoch) == time + 30
    assert chain.round_of_epoch(epoch, found.chain, network_version=version) == found.round


def test_borders_of_the_beacons() -> None:
    hashes = {
        case["chain_hash_hex"]
        for case in json.loads((public_vectors("drand") / "networks.json").read_text())["networks"]
    }
    names = []
    for epoch in (0, 50_999, 51_000, 3_855_479, 3_855_480, 2**40):
        found = chain.mainnet_round(epoch)
        assert found.chain.hash.hex() in hashes
        names.append(found.beacon)
    assert names == ["incentinet"] * 2 + ["default"] * 2 + ["quicknet"] * 2


def test_numbers_out_of_range() -> None:
    digest = bytes(32)
    quicknet = chain.mainnet_round(4_000_000).chain
    for call, message in [
        (lambda: chain.draw(2**63, digest, 0, b""), "tag: expected an integer"),
        (lambda: chain.draw(1, digest, -(2**63) - 1, b""), "epoch: expected an integer"),
        (lambda: chain.draw(1, digest[1:], 0, b""), "digest: expected 32 bytes, found 31"),
        (lambda: chain.window_randomness(digest, 0, 2**63), r"actor id: expected less than 2\^63"),
        (lambda: chain.window_randomness(digest, 0, -1), "miner: expected an integer"),
        (lambda: chain.mainnet_round(-1), "epoch: expected 0 or more, found -1"),
        (lambda: chain.mainnet_round(2**62), "its time does not fit 64 bits"),
        (lambda: chain.mainnet_round(0, network_version=-1), "network_version: expected an integer"),
        (lambda: chain.epoch_time(-1), "epoch: expected 0 or more, found -1"),
        (lambda: chain.epoch_time(1, 2**63 - 1), "its time does not fit 64 bits"),
        # The older rule has no round before the beacon began; the newer one has the first.
        (lambda: chain.round_of_epoch(0, quicknet, network_version=15), "lies before the beacon's genesis"),
    ]:
        with pytest.raises(InputError, match=message):
            call()  # type: ignore[no-untyped-call]
    assert chain.round_of_epoch(0, quicknet) == 1
    assert chain.epoch_time(10, 0) == 300
