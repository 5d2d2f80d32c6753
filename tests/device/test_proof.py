"""Proofs, taken apart by other libraries: claims, headers and signatures of both envelopes."""

import base64
import json

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.device import PROFILE, SCHEMES, Claims, DeviceKey, Envelope, Location, answer
from depinverify.device.proof import is_jws
from depinverify.exceptions import InputError

CHALLENGE = bytes(range(32))
DEVICE = b"\x01" + bytes(16)
COSE_ALGORITHMS = {"ed25519": -8, "p256": -7, "secp256k1": -47}
JOSE_ALGORITHMS = {"ed25519": "EdDSA", "p256": "ES256", "secp256k1": "ES256K"}
KEYS = {scheme: DeviceKey.from_seed(scheme, bytes(32)) for scheme in SCHEMES}

COUNTS = st.one_of(st.none(), st.integers(0, 2**53 - 1))
NAMES = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=20))
BYTES = st.one_of(st.none(), st.binary(max_size=12))
PLACES = st.one_of(
    st.none(),
    st.builds(
        Location,
        st.integers(-900_000_000, 900_000_000),
        st.integers(-1_800_000_000, 1_800_000_000),
        st.integers(0, 5000),
    ),
)
CLAIMS = st.builds(
    Claims,
    iat=st.integers(0, 2**53 - 1),
    uptime=COUNTS,
    bootcount=COUNTS,
    location=PLACES,
    hwmodel=BYTES,
    oemid=BYTES,
    swname=NAMES,
    swversion=NAMES,
    metrics=st.one_of(st.none(), st.dictionaries(st.text(max_size=5), st.integers(-(2**63), 2**63 - 1))),
)


def unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_cose(proof, envelope):
    item = cbor2.loads(proof)
    for tag in {"cose": [], "cose-tagged": [18], "cwt": [61, 18]}[envelope]:
        assert item.tag == tag
        item = item.value
    protected, unprotected, payload, signature = item
    assert unprotected == {}
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    return cbor2.loads(protected), cbor2.loads(payload), signed, signature


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("envelope", ["cose", "cose-tagged", "cwt"])
def test_cose_is_signed_over_its_structure(scheme, envelope):
    key = KEYS[scheme]
    proof = answer(key, CHALLENGE, device=DEVICE, claims=Claims(iat=7), envelope=envelope)
    header, claims, signed, signature = open_cose(proof, envelope)
    assert header == {1: COSE_ALGORITHMS[scheme], 4: key.kid}
    assert claims == {10: CHALLENGE, 256: DEVICE, 6: 7, 265: PROFILE}
    assert len(signature) == 64
    assert key.public.verify(signed, signature)
    assert not key.public.verify(signed + b"\0", signature)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_jws_is_signed_over_its_text(scheme):
    key = KEYS[scheme]
    proof = answer(key, CHALLENGE, device=DEVICE, claims=Claims(iat=7), envelope=Envelope.JWS, kid=b"named")
    head, body, signature = proof.decode().split(".")
    assert json.loads(unpad(head)) == {"alg": JOSE_ALGORITHMS[scheme], "kid": "bmFtZWQ"}
    claims = json.loads(unpad(body))
    assert unpad(claims.pop("eat_nonce")) == CHALLENGE
    assert unpad(claims.pop("ueid")) == DEVICE
    assert claims == {"iat": 7, "eat_profile": PROFILE}
    assert key.public.verify(f"{head}.{body}".encode(), unpad(signature))
    assert b"=" not in proof


@given(CLAIMS)
def test_both_envelopes_say_the_same(claims):
    key = KEYS["ed25519"]
    _, binary, _, _ = open_cose(answer(key, CHALLENGE, device=DEVICE, claims=claims), "cose")
    text = answer(key, CHALLENGE, device=DEVICE, claims=claims, envelope="jws")
    said = json.loads(unpad(text.decode().split(".")[1]))
    names = {
        261: "uptime",
        267: "bootcount",
        270: "swname",
        271: "swversion",
        6: "iat",
        -70001: "depin_metrics",
    }
    for label, name in names.items():
        assert binary.get(label) == said.get(name)
    for label, name in {259: "hwmodel", 258: "oemid"}.items():
        assert binary.get(label) == (unpad(said[name]) if name in said else None)
    if claims.location is None:
        assert 264 not in binary
        assert "location" not in said
    else:
        place = binary[264]
        assert (place[1], place[2], place[4]) == tuple(said["location"].values())
        assert (round(place[1] * 10**7), round(place[2] * 10**7)) == claims.location[:2]


@given(st.integers(-1_800_000_000, 1_800_000_000))
def test_places_survive_json_and_binary_floats(e7):
    text = json.dumps(e7 / 10**7)
    assert round(float(text) * 10**7) == e7
    assert len(text) <= 64


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_challenge_of_another_length_is_refused(length):
    with pytest.raises(InputError, match="expected 32 bytes"):
        answer(KEYS["ed25519"], bytes(length), device=DEVICE, claims=Claims(iat=1))


def test_telling_a_jws_from_cbor():
    assert is_jws(b"a-_.b.c")
    assert not any(is_jws(proof) for proof in (b"a.b", b"a.b.c.d", b"a..c", b"a.b.c=", b"a.b.\xff", b""))
