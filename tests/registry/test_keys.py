"""Public keys in every form that people have, against the examples of did:key and other implementations."""

from __future__ import annotations

import base64
import json

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.registry import PublicKey, Scheme, Signer, generate_private_key, read_private_key
from depinverify.registry.cose_key import read_cose_key

#: Texts that the did:key specification prints.
PUBLISHED = [
    (Scheme.ED25519, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
    (Scheme.ED25519, "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"),
    (Scheme.P256, "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"),
    (Scheme.P256, "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"),
    (Scheme.SECP256K1, "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"),
    (Scheme.SECP256K1, "did:key:zQ3shtxV1FrJfhqE1dvxYRcCknWNjHc3c5X1y3ZSoPDi2aur2"),
]
JWK_CURVES = {Scheme.ED25519: "Ed25519", Scheme.P256: "P-256", Scheme.SECP256K1: "secp256k1"}


@pytest.mark.parametrize(("scheme", "text"), PUBLISHED)
def test_published_did_keys_are_read_and_written_back(scheme, text):
    key = PublicKey.from_did(text)
    assert key.scheme is scheme
    assert key.did == text
    assert PublicKey.from_bytes(scheme, key.data) == key


@pytest.fixture(params=list(Scheme), ids=lambda scheme: scheme.label)
def private(request):
    return generate_private_key(request.param)


def coordinates(public):
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers = public.public_numbers()
        return numbers.x.to_bytes(32), numbers.y.to_bytes(32)
    return public.public_bytes_raw(), None


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_every_form_of_a_key_is_the_same_key(private):
    public = private.public_key()
    key = PublicKey.from_cryptography(public)
    x, y = coordinates(public)
    jwk = {"kty": "EC" if y else "OKP", "crv": JWK_CURVES[key.scheme], "x": base64url(x), "use": "sig"}
    cose = {1: 2 if y else 1, -1: {1: 6, 2: 1, 3: 8}[key.scheme], -2: x, 3: -7, 2: b"kid"}
    forms = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        key.did,
        f"  {key.did}\n",
        {**jwk, **({"y": base64url(y)} if y else {})},
        json.dumps({**jwk, **({"y": base64url(y)} if y else {})}),
        cbor2.dumps({**cose, **({-3: y} if y else {})}),
    ]
    if y:
        forms.append(cbor2.dumps({**cose, -3: bool(y[-1] & 1)}))
    assert [PublicKey.parse(form) for form in forms] == [key] * len(forms)
    assert PublicKey.parse(key.data.hex(), key.scheme) == key
    if y:
        assert PublicKey.parse((b"\x04" + x + y).hex(), key.scheme) == key


def test_the_kid_is_the_beginning_of_the_hash_of_the_multicodec_bytes():
    # SHA-256 of ed01 and the 32 bytes, computed with sha256sum.
    key = PublicKey.from_bytes(Scheme.ED25519, bytes(range(32)))
    assert key.multicodec.hex() == "ed01" + bytes(range(32)).hex()
    assert key.kid.hex() == "ccefc204cc0cace39a13ec30b64394d4"


def test_signatures_are_64_bytes_and_cover_the_message(private):
    signer = Signer(private)
    signature = signer.sign(b"message")
    assert len(signature) == 64
    assert signer.public.verify(b"message", signature)
    assert not signer.public.verify(b"massage", signature)
    assert not signer.public.verify(b"message", signature[:-1])
    assert not signer.public.verify(b"message", bytes(64))
    assert not signer.public.verify(b"message", b"\xff" * 64)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "zebra",
        "did:web:example.org",
        "did:key:",
        "did:key:z",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do0",
        "did:key:z16MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:z" + "1" * 5000,
        "did:key:zUC7K4ndUaGZgV7Cp2yJy6JtMoUHY6u7tkcSYUvPrEidqBmLCTLmi6d5WvwnUqejscAkERJ3bfjEiSYtdPkRSE8kSa11hFBr4sTgnbZ95SJj19PN2jdvJjyzpSZgxkyyxNnBNnY",
        "{}",
        '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}',
        '{"kty":"OKP","crv":"P-256","x":"AA","y":"AA"}',
        '{"kty":"OKP","crv":"Ed25519","x":"*"}',
        '{"kty":"OKP","crv":"Ed25519"}',
        "[" * 4000,
        "{" * 4000,
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "00" * 32,
        "x" * 100_000,
    ],
)
def test_what_is_no_key_is_one_clear_error(bad):
    with pytest.raises(InputError) as refusal:
        PublicKey.parse(bad)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("first", range(256))
def test_raw_bytes_are_never_taken_for_another_form(first):
    """A raw key may begin as DER or a CBOR map does."""
    with pytest.raises(InputError, match="32 raw key bytes need a named scheme"):
        PublicKey.parse(bytes([first]) + bytes(31))


def test_a_key_that_is_not_canonical_is_refused():
    key = PublicKey.from_cryptography(generate_private_key(Scheme.P256).public_key())
    with pytest.raises(InputError, match="no SEC1 point"):
        PublicKey.from_bytes(Scheme.P256, b"\x02" + b"\xff" * 32)
    with pytest.raises(InputError, match="no SEC1 point"):
        PublicKey.from_bytes(Scheme.P256, b"\x00")
    with pytest.raises(InputError, match="32 bytes, found 31"):
        PublicKey.from_bytes(Scheme.ED25519, bytes(31))
    assert PublicKey.from_bytes(Scheme.P256, key.data) == key
    with pytest.raises(InputError, match="expected an Ed25519, P-256 or secp256k1 key"):
        PublicKey.from_cryptography(rsa.generate_private_key(65537, 2048).public_key())


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader_of_cose_keys(data):
    for candidate in (data, b"\xa5" + data):
        try:
            curve, x, _ = read_cose_key(candidate)
        except InputError:
            continue
        assert cbor2.loads(candidate)[-2] == x
        assert curve in JWK_CURVES.values()


@given(st.text(max_size=90))
def test_no_text_breaks_the_reader_of_did_keys(text):
    for candidate in (text, "did:key:z" + text):
        try:
            key = PublicKey.from_did(candidate)
        except InputError:
            continue
        assert key.did == candidate


def test_a_private_key_is_read_from_pem_or_refused():
    with pytest.raises(InputError, match=r"device\.pem: expected an unencrypted private key"):
        read_private_key(b"nothing", source="device.pem")
