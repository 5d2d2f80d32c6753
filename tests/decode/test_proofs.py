"""The proof decoder against the plain verifier, and its CBOR rules against ``cbor2``.

Both verifiers were written from the same pages by different hands, so they must name the same stage for every
bad envelope and read the same claims from every good one.
"""

import base64
import json
import random

import cbor2
import pytest
from benches.plain_verifier import cbor as plain_cbor
from benches.plain_verifier import decode as plain
from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native

PROFILE = "tag:github.com,2026:depinverify/uptime-proof/1"
UEID = bytes.fromhex("01000102030405060708090a0b0c0d0e0f")
NONCE = bytes(range(32))
KID = bytes(range(16))
SCHEMES = {None: None, "ed25519": 1, "p256": 2, "secp256k1": 3}
BITS = {"crit": plain.CRIT, "b64": plain.B64, "alg": plain.ALG, "profile": plain.PROFILE}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_map(**more):
    return {6: 1_800_000_000, 10: NONCE, 256: UEID, 265: PROFILE} | more.get("pairs", {})


def json_claims(**more):
    return {"eat_nonce": b64(NONCE), "ueid": b64(UEID), "iat": 1_800_000_000, "eat_profile": PROFILE} | more


def cose(payload, protected=None, unprotected=None, signature=b"\5" * 64):
    protected = {1: -8, 4: KID} if protected is None else protected
    return cbor2.dumps([cbor2.dumps(protected), unprotected or {}, payload, signature])


def jws(payload, header=None):
    header = {"alg": "ES256", "kid": b64(KID)} if header is None else header
    parts = [json.dumps(header).encode(), payload, b"\5" * 64]
    return ".".join(b64(part) for part in parts).encode()


def ours(envelope):
    found = _native.decode_proof(envelope)
    if found["malformed"] is not None:
        return found["malformed"]["stage"]
    claims = found["claims"]
    return (
        sum(BITS[name] for name in found["unsupported"]),
        SCHEMES[found["algorithm"]],
        found["kid"],
        found["signature"],
        found["signed"],
        *(claims[name] for name in ("nonce", "ueid", "iat", "uptime", "bootcount")),
        _saturated(claims["location"]),
        claims["hwmodel"],
        claims["oemid"],
    )


def theirs(envelope):
    found = plain.decode(envelope)
    if isinstance(found, int):
        return found
    return (
        found.unsupported,
        found.algorithm,
        found.kid,
        found.signature,
        found.signed,
        found.nonce,
        found.ueid,
        found.iat,
        found.uptime,
        found.bootcount,
        _saturated(found.location),
        found.hwmodel,
        found.oemid,
    )


def _saturated(location):
    """An accuracy beyond 64 bits is kept as the largest; both are far above what counts as a location."""
    return location if location is None else (*location[:2], min(location[2], 2**64 - 1))


RICH = [
    cose(cbor2.dumps(claims_map())),
    cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, cbor2.loads(cose(cbor2.dumps(claims_map())))))),
    cose(
        cbor2.dumps(
            claims_map(
                pairs={
                    261: 5,
                    267: 2,
                    264: {1: 48.5, 2: -3, 3: -1.5, 4: 12.25},
                    270: "os",
                    271: ["1", 2],
                    259: b"m",
                    258: b"o",
                    -70001: {"jobs": -5},
                    "other": [1.5, {"a": None}],
                }
            )
        ),
        protected={1: -47},
        unprotected={4: KID, 3: "x"},
    ),
    jws(json.dumps(json_claims()).encode()),
    jws(
        json.dumps(
            json_claims(
                uptime=5,
                bootcount=2,
                location={"latitude": 48.5, "longitude": -3, "altitude": 1e3, "accuracy": 12.25},
                swname="o\u00e9",
                swversion=["1", {}],
                hwmodel=b64(b"m"),
                oemid=b64(b"o"),
                depin_metrics={"jobs": -5},
                other=[1.5, {"a": None}, "\U0001f600"],
            )
        ).encode(),
        header={"alg": "none", "kid": b64(KID), "b64": False, "crit": ["b64"]},
    ),
]


@pytest.mark.parametrize("envelope", RICH)
def test_good_proofs_are_read_alike(envelope):
    assert isinstance(ours(envelope), tuple)
    assert ours(envelope) == theirs(envelope)


def mutated(envelope, chance):
    data = bytearray(envelope)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        place = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                data[place] ^= 1 << chance.randrange(8)
            case 2:
                del data[place]
            case 3:
                data.insert(place, chance.randrange(256))
            case _:
                end = min(len(data), place + chance.randrange(1, 12))
                data[place:place] = data[place:end]
    return bytes(data)


@pytest.mark.parametrize("seed", range(8))
def test_changed_envelopes_fail_at_the_same_stage(seed):
    chance = random.Random(seed)
    stages = set()
    for _ in range(1500):
        envelope = mutated(chance.choice(RICH), chance)
        found = ours(envelope)
        assert found == theirs(envelope), envelope.hex()
        stages.add(found if isinstance(found, int) else 0)
    assert stages == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("seed", range(8))
def test_changed_headers_and_payloads_fail_at_the_same_stage(seed):
    """The layers inside are changed before they are wrapped, so that the envelope itself stays right."""
    chance = random.Random(seed)
    payloads = [cbor2.loads(envelope)[2] for envelope in (RICH[0], RICH[2])]
    texts = [base64.urlsafe_b64decode(envelope.split(b".")[1] + b"==") for envelope in RICH[3:]]
    for _ in range(1500):
        if chance.randrange(2):
            headers = [cbor2.dumps(header) for header in ({1: -8, 4: KID}, {1: "x", 4: KID, 2: [1]})]
            header = chance.choice(headers)
            header = mutated(header, chance) if chance.randrange(2) else header
            envelope = cbor2.dumps([header, {}, mutated(chance.choice(payloads), chance), b""])
        else:
            header = json.dumps({"alg": "EdDSA", "kid": b64(KID)}).encode()
            header = mutated(header, chance) if chance.randrange(2) else header
            parts = (header, mutated(chance.choice(texts), chance), b"s")
            envelope = ".".join(b64(part) for part in parts).encode()
        assert ours(envelope) == theirs(envelope), envelope


numbers = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.floats(-200, 200).map(repr),
    st.integers(-200, 200).map(str),
    st.sampled_from(
        [
            "90.00000000000000001",
            "-0",
            "-0.0",
            "89.99999995",
            "0.00000005",
            "0.00000015",
            "5e-8",
            "1e400",
            "01",
            "1.",
        ]
    ),
)


@given(latitude=numbers, longitude=numbers, accuracy=numbers)
def test_decimal_locations_are_converted_alike(latitude, longitude, accuracy):
    place = f'{{"latitude":{latitude},"longitude":{longitude},"accuracy":{accuracy}}}'
    text = json.dumps(json_claims(location=None)).replace("null", place)
    envelope = jws(text.encode())
    assert ours(envelope) == theirs(envelope)


@given(st.floats(width=16), st.floats(width=32), st.floats(-181, 181))
def test_binary_locations_are_converted_alike(half, single, double):
    for value in (half, single, double, round(double * 256) / 256):
        for canonical in (False, True):
            place = {1: value, 2: value, 4: abs(value)}
            payload = cbor2.dumps(claims_map(pairs={264: place}), canonical=canonical)
            assert ours(cose(payload)) == theirs(cose(payload))


leaves = st.one_of(
    st.integers(-(2**64), 2**64 - 1),
    st.binary(max_size=40),
    st.text(max_size=20),
    st.booleans(),
    st.none(),
    st.floats(),
)
items = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.one_of(st.integers(-1000, 1000), st.text(max_size=5)), inner, max_size=5),
    ),
    max_leaves=20,
)


@given(items, st.booleans())
def test_what_cbor2_writes_is_an_unknown_claim_and_what_is_cut_is_none(item, canonical):
    encoded = cbor2.dumps(item, canonical=canonical)
    payload = cbor2.dumps({**claims_map(), 9999: 0})[:-1] + encoded
    envelope = cose(payload)
    found = ours(envelope)
    assert found == theirs(envelope)
    if isinstance(found, int):
        assert found == 3  # deeper than eight
        with pytest.raises(plain_cbor.CborError):
            plain_cbor.decode(payload)
    assert ours(cose(payload[:-1])) == 3
    assert ours(cose(payload + b"\0")) == 3


def test_hostile_tokens_of_four_kilobytes_are_refused():
    for head in (b"\x81", b"\xa1", b"\xc1", b"\xd8", b"\x9f", b"\x5f", b"\x84"):
        assert ours(head * 4096) == 1
        assert ours(cose(head * 3000)) == 3
    many_keys = b"\xb9\x03\xe8" + b"".join(
        b"\x19" + number.to_bytes(2, "big") + b"\0" for number in range(1000, 0, -1)
    )
    assert ours(cose(many_keys[:3072])) == 3


def test_messages_name_expectation_finding_and_place():
    found = _native.decode_proof(jws(json.dumps(json_claims(uptime=-1)).encode()))["malformed"]
    assert found["stage_name"] == "claims"
    assert found["message"].startswith(
        "expected uptime, an integer from 0 to 2^53-1, found another number at byte "
    )
