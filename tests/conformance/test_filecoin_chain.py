"""Every public vector of Filecoin's addresses and messages through the Python surface.

Beside them stand the corners that no vector has, and the same rules in plain Python: hashlib, base64 and cbor2.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.networks.filecoin import chain
from depinverify.networks.filecoin.chain import Address, Message
from public_vectors import public_vectors
from reference.filecoin_chain import base32, blake2b, uvarint

NETWORKS = ("main", "test")


def vector(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((public_vectors("filecoin") / name).read_text())
    return file


# ------------------------------------------------------------------ addresses


def made(case: dict[str, Any]) -> Address:
    """The address as it is made from what the case names."""
    match case["kind"]:
        case "id":
            return Address.from_id(int(case["id"]))
        case "secp256k1":
            return Address.from_secp256k1_key(bytes.fromhex(case["public_key_hex"]))
        case "actor":
            return Address.from_actor_data(bytes.fromhex(case["input_hex"]))
        case "bls":
            return Address.from_bls_key(bytes.fromhex(case["public_key_hex"]))
        case "delegated":
            return Address.delegated(int(case["namespace"]), bytes.fromhex(case["subaddress_hex"]))
        case _:
            assert case["kind"] == "ethereum_delegated"
            return Address.from_ethereum(bytes.fromhex(case["eth_address"][2:]))


def test_addresses() -> None:
    file = vector("fil_address.json")
    for case in file["valid"]:
        data = bytes.fromhex(case["bytes_hex"])
        address = Address.from_bytes(data)
        assert address.to_bytes() == data
        assert address == made(case)
        for member, network in [("mainnet", "main"), ("testnet", "test")]:
            if member not in case:
                continue
            text = case[member]
            assert address.to_text(network) == text
            parsed = chain.parse_address(text, network=network)
            assert parsed == (address, network, False)
            assert (parsed.text, parsed.warning) == (text, None)
            assert chain.parse_address(text) == parsed
            other = "test" if network == "main" else "main"
            with pytest.raises(InputError, match=f"expected one of the network [ft], found {text[0]}"):
                chain.parse_address(text, network=other)
        account = case.get("eth_address")
        assert (None if address.ethereum is None else "0x" + address.ethereum.hex()) == (
            account and account.lower()
        )
    reasons = {
        "unknown network": "expected the network letter f or t",
        "unknown protocol": "expected a protocol from 0 to 4",
        "bad length": "expected (3 to 115 characters|1 to 19 decimal digits)",
        "bad payload": "actor id: expected decimal digits",
        "upper-case character": "expected lower case",
    }
    for case in file["invalid"]:
        with pytest.raises(InputError, match=reasons[case["why"]]):
            chain.parse_address(case["text"])
    print(f"fil_address.json: {len(file['valid']) + len(file['invalid'])} cases ran")


@st.composite
def addresses(draw: st.DrawFn) -> tuple[bytes, str]:
    """Bytes of an address, and what stands behind the network's letter in its text: Filecoin, E1, in plain Python."""
    protocol = draw(st.integers(0, 4))
    number = draw(st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1)))
    if protocol == 0:
        return b"\0" + uvarint(number), f"0{number}"
    if protocol == 4:
        subaddress = draw(st.binary(max_size=54))
        data = b"\4" + uvarint(number) + subaddress
        return data, f"4{number}f{base32(subaddress + blake2b(data, 4))}"
    payload = draw(st.binary(min_size=48 if protocol == 3 else 20, max_size=48 if protocol == 3 else 20))
    data = bytes([protocol]) + payload
    return data, f"{protocol}{base32(payload + blake2b(data, 4))}"


@given(written=addresses(), network=st.sampled_from(NETWORKS))
def test_an_address_has_one_form(written: tuple[bytes, str], network: Any) -> None:
    data, body = written
    text = network[0].replace("m", "f") + body
    address = Address.from_bytes(data)
    assert address.to_bytes() == data
    assert address.to_text(network) == text
    assert str(address) == "f" + body
    assert repr(address) == f"<FilecoinAddress f{body}>"
    assert chain.parse_address(text) == (address, network, False)
    assert address.protocol == data[0]
    assert (address.id is None) is (data[0] != 0)
    assert address.bls_key == (data[1:] if data[0] == 3 else None)
    assert hash(address) == hash(Address.from_bytes(data))
    assert chain.actor_entropy(address) == cbor2.dumps(data)


@given(one=addresses(), other=addresses())
def test_addresses_are_equal_by_their_bytes(one: tuple[bytes, str], other: tuple[bytes, str]) -> None:
    first, second = Address.from_bytes(one[0]), Address.from_bytes(other[0])
    assert (first == second) is (one[0] == other[0])
    assert (first != second) is (one[0] != other[0])
    assert (first < second) + (first > second) + (first == second) == 1


@given(written=addresses(), data=st.data())
def test_a_changed_text_is_no_address_or_another(written: tuple[bytes, str], data: st.DataObject) -> None:
    text = "f" + written[1]
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789ABC-é"))
    changed = text[:at] + letter + text[at + 1 :]
    try:
        parsed = chain.parse_address(changed, network="main")
    except InputError:
        return
    if changed != text:
        # Only a number without a checksum can change into another one.
        assert parsed.address.protocol == 0
    assert parsed.text == changed or parsed.has_leading_zeros


@given(data=st.binary(max_size=70))
def test_bytes_are_an_address_in_its_one_form_or_none(data: bytes) -> None:
    try:
        address = Address.from_bytes(data)
    except InputError:
        return
    assert address.to_bytes() == data


def test_numbers_of_addresses() -> None:
    largest = 2**63 - 1
    assert chain.parse_address(f"f0{largest}").address.id == largest
    for text, message in [
        ("f0" + "1" * 20, "actor id: expected 1 to 19 decimal digits, found 20"),
        ("f0" + "0" * 20, "actor id: expected 1 to 19 decimal digits, found 20"),
        (f"f0{2**63}", r"actor id: expected less than 2\^63"),
        (f"f0{2**64}", "actor id: expected 1 to 19 decimal digits, found 20"),
        ("f0-1", "actor id: expected decimal digits, found '-'"),
        ("f0", "expected 3 to 115 characters, found 2"),
        ("", "expected 3 to 115 characters, found 0"),
        ("f4" + f"{2**63}f" + "a" * 40, r"namespace: expected less than 2\^63"),
        ("f4" + "9" * 20 + "f" + "a" * 40, "namespace: expected 1 to 19 decimal digits, found 20"),
        ("f4f" + "a" * 40, "namespace: expected 1 to 19 decimal digits, found 0"),
        ("f410" + "a" * 40, "expected an f after the namespace"),
        ("f5aaa", "expected a protocol from 0 to 4, found '5'"),
        ("m01", "expected the network letter f or t, found 'm'"),
        ("f" * 116, "expected 3 to 115 characters, found 116"),
    ]:
        with pytest.raises(InputError, match=message):
            chain.parse_address(text)
    padded = chain.parse_address("t0" + "0" * 17 + "12", network="test")
    assert (padded.address, padded.has_leading_zeros) == (Address.from_id(12), True)
    assert padded.warning == "address: a number has leading zeros; the same address is t012"
    delegated = Address.delegated(32, b"abc")
    body = str(delegated)[4:]
    assert chain.parse_address("f4032" + body) == (delegated, "main", True)
    for call, message in [
        (lambda: Address.from_id(2**63), r"actor id: expected less than 2\^63"),
        (lambda: Address.from_id(2**64), "actor: expected an integer"),
        (lambda: Address.from_id(-1), "actor: expected an integer"),
        (lambda: Address.delegated(2**63, b""), r"namespace: expected less than 2\^63"),
        (lambda: Address.delegated(10, bytes(55)), "expected at most 54 bytes"),
        (lambda: Address.from_secp256k1_key(bytes(33)), "key: expected 65 bytes, found 33"),
        (lambda: Address.from_bls_key(bytes(47)), "key: expected 48 bytes, found 47"),
        (lambda: Address.from_ethereum(bytes(21)), "account: expected 20 bytes, found 21"),
        (lambda: Address.from_bytes(b""), "expected a protocol byte"),
        (lambda: Address.from_bytes(b"\5"), "expected a protocol byte from 0 to 4, found 5"),
        (lambda: Address.from_bytes(b"\0\x80\0"), "expected the shortest uvarint"),
        (lambda: Address.from_bytes(b"\0" + b"\xff" * 8), "expected the end of a uvarint"),
        (lambda: Address.from_bytes(b"\4" + b"\xff" * 9 + b"\1"), r"namespace: expected less than 2\^63"),
        (lambda: Address.from_bytes(b"\0\1\1"), "expected the end of the address, found 1 bytes more"),
        (lambda: Address.from_bytes(b"\1" + bytes(21)), "expected 20 bytes of payload, found 21"),
        (lambda: Address.from_id(1).to_text("f"), 'network: expected "main" or "test", found "f"'),
        (lambda: chain.parse_address("f01", network="x"), 'network: expected "main" or "test"'),
    ]:
        with pytest.raises(InputError, match=message):
            call()  # type: ignore[no-untyped-call]


def test_falsified_texts() -> None:
    file, count = vector("fil_address.json"), 0
    for case in file["valid"]:
        text = case["mainnet"]
        if text[1] == "0":
            continue
        for letter in set("abcdefghijklmnopqrstuvwxyz234567") - {text[-1]}:
            with pytest.raises(InputError, match=r"expected (zero bits after|checksum)"):
                chain.parse_address(text[:-1] + letter)
        with pytest.raises(InputError):
            chain.parse_address(text.upper())
        count += 1
    print(f"fil_address.json: {count} cases falsified")


# ------------------------------------------------------------------ messages


def message_of(case: dict[str, Any]) -> Message:
    return Message(
        to=chain.parse_address(case["To"]).address,
        sender=chain.parse_address(case["From"]).address,
        nonce=case["Nonce"],
        value=int(case["Value"]),
        gas_limit=case["GasLimit"],
        gas_fee_cap=int(case["GasFeeCap"]),
        gas_premium=int(case["GasPremium"]),
        method=case["Method"],
        params=base64.b64decode(case["Params"]),
    )


def test_encodings_of_messages() -> None:
    found = vector("fil_signature.json")["message_encoding"]["cases"]
    for case in found:
        encoded = bytes.fromhex(case["cbor_hex"])
        message = message_of(case["message"])
        assert message.encode() == encoded, case["description"]
        assert Message.decode(encoded) == message
        assert message.cid() == chain.message_cid(encoded) == bytes.fromhex("0171a0e40220") + blake2b(encoded)
        for end in range(len(encoded)):
            with pytest.raises(InputError):
                Message.decode(encoded[:end])
    print(f"fil_signature.json, encodings: {len(found)} cases ran")


amounts = st.one_of(st.integers(-3, 300), st.integers(-(2**1016) + 1, 2**1016 - 1))


def amount_bytes(amount: int) -> bytes:
    if not amount:
        return b""
    size = abs(amount)
    return bytes([amount < 0]) + size.to_bytes((size.bit_length() + 7) // 8, "big")


@given(
    to=addresses(),
    sender=addresses(),
    nonce=st.integers(0, 2**64 - 1),
    value=amounts,
    gas_limit=st.integers(-(2**63), 2**63 - 1),
    gas_fee_cap=amounts,
    gas_premium=amounts,
    method=st.integers(0, 2**64 - 1),
    params=st.binary(max_size=300),
)
def test_messages_there_and_back(
    to: tuple[bytes, str], sender: tuple[bytes, str], params: bytes, **numbers: int
) -> None:
    message = Message(
        to=Address.from_bytes(to[0]), sender=Address.from_bytes(sender[0]), params=params, **numbers
    )
    encoded = message.encode()
    assert encoded == cbor2.dumps(
        [
            0,
            to[0],
            sender[0],
            numbers["nonce"],
            amount_bytes(numbers["value"]),
            numbers["gas_limit"],
            amount_bytes(numbers["gas_fee_cap"]),
            amount_bytes(numbers["gas_premium"]),
            numbers["method"],
            params,
        ]
    )
    again = Message.decode(encoded)
    assert again == message
    assert again.encode() == encoded
    assert {name: getattr(again, name) for name in numbers} == numbers
    assert (again.to.to_bytes(), again.sender.to_bytes(), again.params) == (to[0], sender[0], params)


@given(data=st.binary(max_size=80), head=st.sampled_from([b"", b"\x8a\0", b"\x8a\0\x42\0\1\x42\0\2"]))
def test_any_bytes_are_a_message_in_its_one_form_or_none(data: bytes, head: bytes) -> None:
    try:
        message = Message.decode(head + data)
    except InputError:
        return
    assert message.encode() == head + data


def test_messages_that_are_none() -> None:
    good = Message(
        to=Address.from_id(1),
        sender=Address.from_id(2),
        nonce=3,
        value=4,
        gas_limit=5,
        gas_fee_cap=6,
        gas_premium=7,
    )
    assert (good.method, good.params) == (0, b"")
    assert repr(good) == "<FilecoinMessage 3 of f02 to f01, method 0>"
    with pytest.raises(TypeError):
        hash(good)
    encoded = good.encode()
    assert encoded.hex() == "8a0042000142000203420004054200064200070040"
    for changed, text in [
        ("8a0142000142000203420004054200064200070040", "message, version: .*version 0"),
        ("890042000142000203420004054200064200070040", "message, array: .*an array of 10"),
        ("8a0042050142000203420004054200064200070040", "message, to: address: expected a protocol byte"),
        ("8a0042000142000220420004054200064200070040", "message, nonce: .*an integer from 0 on"),
        ("8a0042000142000203420204054200064200070040", "message, value: expected the sign byte"),
        ("8a0042000142000203420000054200064200070040", "message, value: expected no leading zero"),
        ("8a00420001420002034100054200064200070040", "message, value: expected no leading zero"),
        ("8a004200014200021803420004054200064200070040", "expected the shortest encoding"),
        (encoded.hex() + "00", "message, end"),
    ]:
        with pytest.raises(InputError, match=text):
            Message.decode(bytes.fromhex(changed))
    parts: dict[str, Any] = {
        "to": Address.from_id(1),
        "sender": Address.from_id(2),
        "nonce": 0,
        "value": 0,
        "gas_limit": 0,
        "gas_fee_cap": 0,
        "gas_premium": 0,
    }
    for name, value, text in [
        ("nonce", -1, "nonce: expected an integer"),
        ("nonce", 2**64, "nonce: expected an integer"),
        ("value", 2**1016, r"value: expected an integer below 2\^1016 in size, found one of 1017 bits"),
        ("gas_fee_cap", -(2**1016), r"gas_fee_cap: expected an integer below 2\^1016"),
        ("gas_premium", 1.0, "gas_premium: expected an integer"),
        ("value", True, "value: expected an integer"),
        ("gas_limit", 2**63, "gas_limit: expected an integer"),
        ("method", 2**64, "method: expected an integer"),
    ]:
        with pytest.raises(InputError, match=text):
            Message(**{**parts, name: value})
