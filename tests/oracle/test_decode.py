"""What the plain verifier reads as a proof, and at which stage it refuses."""

import base64
import json
import struct

import cbor2
import pytest
from benches.plain_verifier import cbor
from benches.plain_verifier.decode import _payload, decode
from hypothesis import given
from hypothesis import strategies as st

PROFILE = "tag:github.com,2026:depinverify/uptime-proof/1"
UEID = bytes([1]) + bytes(15) + b"\x09"
CLAIMS = {10: bytes(32), 256: UEID, 6: 1_800_000_000, 265: PROFILE}
JSON_CLAIMS = {
    "eat_nonce": "A" * 43,
    "ueid": base64.urlsafe_b64encode(UEID).rstrip(b"=").decode(),
    "iat": 1_800_000_000,
    "eat_profile": PROFILE,
}
KID = b"kid"
HEADER = {"alg": "EdDSA", "kid": "a2lk"}


def cose(payload=None, protected=None, unprotected=None, signature=bytes(64), tags=(18,)):
    item = [
        cbor2.dumps({1: -8}) if protected is None else protected,
        {4: KID} if unprotected is None else unprotected,
        cbor2.dumps(CLAIMS) if payload is None else payload,
        signature,
    ]
    for tag in tags:
        item = cbor2.CBORTag(tag, item)
    return cbor2.dumps(item)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jws(claims=None, header=None, raw=None):
    payload = raw if raw is not None else json.dumps(JSON_CLAIMS if claims is None else claims).encode()
    head = json.dumps(HEADER if header is None else header).encode()
    return f"{b64(head)}.{b64(payload)}.{b64(bytes(64))}".encode()


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "envelope",
    [
        cose(),
        cose(tags=()),
        cose(tags=(18, 61)),
        cose(protected=cbor2.dumps({1: -8, 4: KID}), unprotected={}),
        cose(protected=b"\xb8\x01\x18\x01\x27"),
        cose(payload=cbor2.dumps(CLAIMS | {-5: nested(7)})),
        cose(payload=cbor2.dumps(CLAIMS | {"x": [1.5, None, True, cbor2.undefined]})),
        cose(payload=cbor2.dumps(CLAIMS | {271: ["1.2", 3]})),
        cose(signature=b""),
        jws(),
        jws(JSON_CLAIMS | {"x": nested(7)}),
        jws(JSON_CLAIMS | {"x": 1.5e300, "swversion": ["1"]}),
        jws(JSON_CLAIMS | {"depin_metrics": {"bytes": -(2**63)}}),
    ],
)
def test_accepted(envelope):
    proof = decode(envelope)
    assert not isinstance(proof, int), proof
    assert (proof.unsupported, proof.algorithm, proof.kid, proof.ueid) == (0, 1, KID, UEID)


@pytest.mark.parametrize(
    ("stage", "envelope"),
    [
        (1, b""),
        (1, b"a.b"),
        (1, cose() + b"\0"),
        (1, cose(tags=(61,))),
        (1, cose(tags=(61, 18))),
        (1, cose(tags=(98,))),
        (1, cose(payload=b"").replace(b"\x40", b"\xf6", 1)),
        (1, cose(unprotected=[])),
        (1, cose(signature=None)),
        (1, b"\xd2\x9f" + cose()[2:] + b"\xff"),
        (1, cose(payload=cbor2.dumps(CLAIMS | {"x": bytes(4600)}))),
        (2, cose(protected=b"")),
        (2, cose(protected=b"\xa0")),
        (2, cose(protected=b"\xbf\x01\x27\xff")),
        (2, cose(protected=b"\xa2\x01\x27\x18\x01\x27")),
        (2, cose(protected=b"\xa1\x01\xf9\xc8\x00")),
        (2, cose(unprotected={})),
        (2, cose(unprotected={4: b""})),
        (2, cose(unprotected={4: bytes(65)})),
        (2, cose(unprotected={4: KID, 1: -8})),
        (2, cose(protected=cbor2.dumps({1: -8, 4: KID}))),
        (3, cose(payload=b"")),
        (3, cose(payload=b"\x80")),
        (3, cose(payload=cbor2.dumps(CLAIMS | {"x": bytes(3072)}))),
        (3, cose(payload=cbor2.dumps(CLAIMS | {"x": nested(8)}))),
        (3, cose(payload=b"\xa2\x0a\x01\x18\x0a\x01")),
        (3, cose(payload=b"\xa1\x61\xff\x01")),
        (3, cose(payload=b"\xa1\x01\xf8\x10")),
        (4, cose(payload=b"\xa0")),
        (4, cose(payload=cbor2.dumps(CLAIMS | {10: bytes(31)}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {256: b"\4" + bytes(15)}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {6: 1.0}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {6: True}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {6: 2**53}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {261: None}))),
        (
            4,
            cose(
                payload=cbor2.dumps(CLAIMS)[:-1].replace(b"\xa4", b"\xa5", 1)
                + b"1"
                + b"\x19\x01\x05\xc2\x41\x05"
            ),
        ),
        (4, cose(payload=cbor2.dumps(CLAIMS | {264: {1: 91, 2: 0}}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {264: {1: 9}}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {264: {1: 9, 2: 0, 3: float("nan")}}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {271: ["a", "b", "c"]}))),
        (4, cose(payload=cbor2.dumps(CLAIMS | {-70001: {"a": 2**63}}))),
        (1, jws()[:-1] + b"B"),
        (2, jws(header={"alg": "EdDSA"})),
        (2, jws(header={"alg": 1, "kid": "a2lk"})),
        (2, jws(header={"alg": "EdDSA", "kid": "a2l"})),
        (2, jws(header=[])),
        (3, jws(raw=b"{} ,")),
        (3, jws(raw=b"[]")),
        (3, jws(raw=b'{"a":1,"\\u0061":2}')),
        (3, jws(raw=b'{"a":"\\ud800"}')),
        (3, jws(JSON_CLAIMS | {"x": nested(8)})),
        (4, jws(raw=json.dumps(JSON_CLAIMS).replace("1800000000", "1.8e9").encode())),
        (4, jws(raw=json.dumps(JSON_CLAIMS).replace("1800000000", "-0").encode())),
        (4, jws(JSON_CLAIMS | {"uptime": None})),
        (4, jws(JSON_CLAIMS | {"eat_nonce": "A" * 42 + "B"})),
        (4, jws(JSON_CLAIMS | {"location": {"latitude": 1, "longitude": 180.0000001}})),
    ],
)
def test_malformed(stage, envelope):
    assert decode(envelope) == stage


@pytest.mark.parametrize(
    ("bits", "envelope"),
    [
        (1, cose(protected=cbor2.dumps({1: -8, 2: [4]}))),
        (1, cose(unprotected={4: KID, 2: 0})),
        (4, cose(protected=cbor2.dumps({1: -37}))),
        (4, cose(protected=cbor2.dumps({1: "EdDSA"}))),
        (8, cose(payload=cbor2.dumps(CLAIMS | {265: ""}))),
        (1, jws(header=HEADER | {"crit": []})),
        (2, jws(header=HEADER | {"b64": False})),
        (0, jws(header=HEADER | {"b64": True})),
        (4, jws(header=HEADER | {"alg": "none"})),
        (8, jws(JSON_CLAIMS | {"eat_profile": "x"})),
    ],
)
def test_unsupported(bits, envelope):
    assert decode(envelope).unsupported == bits


@pytest.mark.parametrize(
    ("latitude", "longitude", "accuracy", "expected"),
    [
        ("48.50000005", "-0", "0.1", (485000000, 0, 1)),
        ("48.50000015", "2e0", "1000", (485000002, 20000000, 1000)),
        ("-48.50000005", "1e-8", "1e399", (-485000000, 0, 10**399)),
        ("90", "-180", "0", (900000000, -1800000000, 0)),
    ],
)
def test_location_in_json(latitude, longitude, accuracy, expected):
    place = f'"location":{{"latitude":{latitude},"longitude":{longitude},"accuracy":{accuracy}}}'
    proof = decode(jws(raw=(json.dumps(JSON_CLAIMS)[:-1] + "," + place + "}").encode()))
    assert proof.location == expected


def test_location_in_cbor():
    half = struct.unpack(">e", struct.pack(">e", 0.1))[0]
    payload = cbor2.dumps(CLAIMS | {264: {1: half, 2: -7, 3: -1.5, 4: 2.25}}, canonical=True)
    assert decode(cose(payload=payload)).location == (round(half * 10**7), -70000000, 3)


scalars = st.one_of(
    st.integers(-(2**64), 2**64 - 1),
    st.binary(max_size=12),
    st.text(max_size=6),
    st.floats(),
    st.booleans(),
    st.none(),
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers(-9, 300) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def strict(data):
    try:
        found = cbor.decode(data)
    except cbor.CborError:
        return None
    return found if type(found) is dict else None


def plain(value):
    """Without the wrappers that keep kinds apart."""
    if isinstance(value, cbor.Simple):
        return {20: False, 21: True, 22: None}.get(value.number, ("simple", value.number))
    if isinstance(value, cbor.Tag):
        return ("tag", value.number, plain(value.value))
    if isinstance(value, dict):
        return {repr(name): plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return repr(value) if isinstance(value, float) else value


@given(
    st.dictionaries(st.integers(-9, 300) | st.text(max_size=3), trees, max_size=5),
    st.integers(0, 400),
    st.binary(max_size=3),
)
def test_the_short_cut_says_what_the_strict_reader_says(claims, at, change):
    data = cbor2.dumps(claims)
    for candidate in (
        data,
        data[:at] + change + data[at + len(change) :],
        cbor2.dumps(claims, canonical=True),
    ):
        expected, found = strict(candidate), _payload(candidate)
        assert (expected is None) == (found is None)
        if expected is not None:
            assert plain(expected) == plain(found)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_verdict(data):
    decode(data)
    decode(cose(payload=data))
    decode(jws(raw=data))
