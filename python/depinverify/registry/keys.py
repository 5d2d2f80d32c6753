"""Public keys as text and bytes, their identifiers, and signatures under them.

In: a key in any form that people have (did:key, JWK, COSE_Key, PEM or DER SubjectPublicKeyInfo, raw bytes
with a named scheme). Out: one canonical key, written ``did:key:z...``, with its 16-byte ``kid`` (uptime
proof, section 1.5). Invariant: two texts name the same key exactly if their canonical forms are equal, so
keys compare as text.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from depinverify.exceptions import InputError
from depinverify.registry.cose_key import read_cose_key

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PrivateKey", "PublicKey", "Scheme", "Signer", "generate_private_key", "read_private_key"]

PrivateKey: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: Two digits at a time: half as many divisions of a long number.
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}
_PREFIX = "did:key:z"
#: Longest text that is looked at: a P-256 did:key has 58 characters, a JWK or PEM a few hundred.
_LONGEST_TEXT = 4096
_LONGEST_DID = 128
_KID_BYTES = 16
_ED25519_BYTES = 32
_COMPRESSED_BYTES = 33
_SCALAR_BYTES = 32
#: Verdict of a good signature.
_GOOD = 0
_DER_SEQUENCE = 0x30


class Scheme(IntEnum):
    """Signature scheme of a key; the numbers are those of a verdict's evidence."""

    ED25519 = 1
    P256 = 2
    SECP256K1 = 3

    @property
    def label(self) -> str:
        """Name on the command line and in messages."""
        return self.name.lower()


_MULTICODEC = {Scheme.ED25519: b"\xed\x01", Scheme.P256: b"\x80\x24", Scheme.SECP256K1: b"\xe7\x01"}
_CURVES: dict[Scheme, ec.EllipticCurve] = {Scheme.P256: ec.SECP256R1(), Scheme.SECP256K1: ec.SECP256K1()}
_CURVE_NAMES = {"secp256r1": Scheme.P256, "secp256k1": Scheme.SECP256K1}
_JWK_CURVES = {"Ed25519": Scheme.ED25519, "P-256": Scheme.P256, "secp256k1": Scheme.SECP256K1}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key in its canonical form.

    Attributes:
        scheme: What signatures it checks.
        data: 32 bytes for Ed25519, the compressed point of 33 bytes otherwise.
    """

    scheme: Scheme
    data: bytes

    @property
    def multicodec(self) -> bytes:
        """Multicodec prefix and key bytes."""
        return _MULTICODEC[self.scheme] + self.data

    @property
    def did(self) -> str:
        """``did:key`` text, the form in which registries hold keys."""
        return _did_of(self)

    @property
    def kid(self) -> bytes:
        """The kid that this key has where a registry names no other."""
        return hashlib.sha256(self.multicodec).digest()[:_KID_BYTES]

    @classmethod
    def from_did(cls, text: str) -> PublicKey:
        """The key of a canonical ``did:key`` text.

        Raises:
            InputError: The text is no did:key, is not canonical, or its key is of an unknown kind or not on
            its curve.
        """
        return _from_did(text)

    @classmethod
    def from_bytes(cls, scheme: Scheme, data: bytes) -> PublicKey:
        """The key of raw bytes: 32 for Ed25519, a SEC1 point otherwise.

        Raises:
            InputError: Wrong length, or no point of the curve.
        """
        if scheme is Scheme.ED25519:
            if len(data) != _ED25519_BYTES:
                raise InputError(f"an Ed25519 key has {_ED25519_BYTES} bytes, found {len(data)}")
            return cls(scheme, bytes(data))
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[scheme], data)
        except ValueError:
            raise InputError(f"{len(data)} bytes are no SEC1 point of {scheme.label}") from None
        return cls(scheme, _compressed(point))

    @classmethod
    def from_cryptography(cls, key: object) -> PublicKey:
        """The key of a public key object of the ``cryptography`` package."""
        if isinstance(key, ed25519.Ed25519PublicKey):
            return cls(Scheme.ED25519, key.public_bytes_raw())
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVE_NAMES:
            return cls(_CURVE_NAMES[key.curve.name], _compressed(key))
        curve = getattr(getattr(key, "curve", None), "name", type(key).__name__)
        raise InputError(f"expected an Ed25519, P-256 or secp256k1 key, found {curve}")

    @classmethod
    def parse(cls, value: str | bytes | Mapping[str, Any], scheme: Scheme | None = None) -> PublicKey:
        """The key in any accepted form.

        Args:
            value: did:key, JWK (text or mapping), PEM, or raw hex as text; DER, COSE_Key or raw key as bytes.
            scheme: Names the scheme of raw bytes; other forms say it themselves.

        Raises:
            InputError: None of these forms, or not a usable key.
        """
        if isinstance(value, bytes):
            return _from_binary(value, scheme)
        if not isinstance(value, str):
            return _from_jwk(value)
        text = value.strip()
        if len(text) > _LONGEST_TEXT:
            raise InputError(
                f"a public key as text has at most {_LONGEST_TEXT} characters, found {len(text)}"
            )
        if text.startswith("did:"):
            return cls.from_did(text)
        if text.startswith("{"):
            return _from_jwk(_json_object(text))
        if text.startswith("-----BEGIN"):
            return _from_spki(text.encode(), pem=True)
        try:
            data = bytes.fromhex(text)
        except ValueError:
            shown = text if len(text) <= _KID_BYTES * 2 else text[: _KID_BYTES * 2] + "..."
            raise InputError(f"expected a public key as did:key, JWK, PEM or hex, found {shown!r}") from None
        return _from_binary(data, scheme)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature (64 bytes; r and s for the ECDSA schemes) over the message is good.

        The rule is that of proofs: profile ``strict`` for Ed25519, ``p1363-any_s`` otherwise.
        """
        from depinverify._native import verify_signature  # noqa: PLC0415 -- whoever only reads keys needs it not

        profile = "strict" if self.scheme is Scheme.ED25519 else "p1363-any_s"
        return verify_signature(self.scheme.label, profile, self.data, message, signature) == _GOOD


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and the kid under which its signatures stand.

    Attributes:
        private: Key of the ``cryptography`` package.
        named_kid: Kid that the registry gave to the key, if it is not the usual one.
    """

    private: PrivateKey
    named_kid: bytes | None = None

    @property
    def public(self) -> PublicKey:
        """The public key."""
        return PublicKey.from_cryptography(self.private.public_key())

    @property
    def kid(self) -> bytes:
        """The kid under which signatures of this key stand."""
        return self.public.kid if self.named_kid is None else self.named_kid

    def sign(self, message: bytes) -> bytes:
        """Signature of 64 bytes over the message."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        r, s = decode_dss_signature(
            self.private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        return r.to_bytes(_SCALAR_BYTES) + s.to_bytes(_SCALAR_BYTES)


def generate_private_key(scheme: Scheme = Scheme.ED25519) -> PrivateKey:
    """A fresh private key."""
    if scheme is Scheme.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_CURVES[scheme])


def read_private_key(pem: bytes, *, source: str = "private key") -> PrivateKey:
    """The private key of an unencrypted PEM text.

    Args:
        pem: PEM, as ``depinverify device keygen`` and OpenSSL write it.
        source: Where the text comes from, for the message.

    Raises:
        InputError: No PEM private key of an accepted scheme.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"{source}: expected an unencrypted private key in PEM form ({error})",
            hint="depinverify device keygen makes one",
        ) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVE_NAMES:
        return key
    raise InputError(f"{source}: expected an Ed25519, P-256 or secp256k1 key, found {type(key).__name__}")


@functools.lru_cache(maxsize=65536)
def _did_of(key: PublicKey) -> str:
    return _PREFIX + _base58_encode(key.multicodec)


@functools.lru_cache(maxsize=65536)
def _from_did(text: str) -> PublicKey:
    if not text.startswith(_PREFIX) or len(text) > _LONGEST_DID:
        raise InputError(f"expected a key as {_PREFIX}..., found {text[:_LONGEST_DID]!r}")
    coded = _base58_decode(text[len(_PREFIX) :])
    for scheme, prefix in _MULTICODEC.items():
        if coded.startswith(prefix):
            data = coded[len(prefix) :]
            if scheme is not Scheme.ED25519 and len(data) != _COMPRESSED_BYTES:
                raise InputError(
                    f"{text}: expected a compressed point of {_COMPRESSED_BYTES} bytes, found {len(data)}"
                )
            return PublicKey.from_bytes(scheme, data)
    raise InputError(
        f"{text}: expected an Ed25519, P-256 or secp256k1 key, found multicodec {coded[:2].hex()}"
    )


def _compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def _from_binary(data: bytes, scheme: Scheme | None) -> PublicKey:
    if scheme is not None:
        return PublicKey.from_bytes(scheme, data)
    if len(data) > _LONGEST_TEXT:
        raise InputError(f"a public key has at most {_LONGEST_TEXT} bytes, found {len(data)}")
    # A raw Ed25519 key may begin with any byte; the other two forms are longer.
    is_raw = len(data) == _ED25519_BYTES
    if data[:1] == bytes([_DER_SEQUENCE]) and not is_raw:
        return _from_spki(data, pem=False)
    if data and data[0] >> 5 == 5 and not is_raw:  # noqa: PLR2004 -- CBOR major type 5, a map
        name, x, y = read_cose_key(data)
        return _from_coordinates(name, x, y)
    raise InputError(
        f"{len(data)} raw key bytes need a named scheme",
        hint="name one of " + ", ".join(scheme.label for scheme in Scheme),
    )


def _from_spki(data: bytes, *, pem: bool) -> PublicKey:
    try:
        key = serialization.load_pem_public_key(data) if pem else serialization.load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"expected a SubjectPublicKeyInfo ({error})") from None
    return PublicKey.from_cryptography(key)


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"expected a JWK ({error})") from None
    if not isinstance(value, dict):
        raise InputError("expected a JWK, which is a JSON object")
    return value


def _from_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    curve = jwk.get("crv")
    if not isinstance(curve, str) or curve not in _JWK_CURVES:
        raise InputError(f"JWK member crv: expected one of {', '.join(_JWK_CURVES)}, found {curve!r}")
    expected_kty = "OKP" if curve == "Ed25519" else "EC"
    if jwk.get("kty") != expected_kty:
        raise InputError(f"JWK member kty: expected {expected_kty} for {curve}, found {jwk.get('kty')!r}")
    x = _jwk_bytes(jwk, "x")
    return _from_coordinates(curve, x, None if curve == "Ed25519" else _jwk_bytes(jwk, "y"))


def _jwk_bytes(jwk: Mapping[str, Any], member: str) -> bytes:
    value = str(jwk.get(member))
    try:
        padded = value.encode("ascii") + b"=" * (-len(value) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        raise InputError(f"JWK member {member}: expected base64url text") from None


def _from_coordinates(curve: str, x: bytes, y: bytes | bool | None) -> PublicKey:
    """Key of affine coordinates; ``y`` is its bytes or, as in COSE, its lowest bit."""
    scheme = _JWK_CURVES[curve]
    if scheme is Scheme.ED25519:
        return PublicKey.from_bytes(scheme, x)
    if len(x) != _SCALAR_BYTES or (isinstance(y, bytes) and len(y) != _SCALAR_BYTES):
        raise InputError(f"coordinates of {curve} have {_SCALAR_BYTES} bytes")
    if isinstance(y, bytes):
        return PublicKey.from_bytes(scheme, b"\x04" + x + y)
    return PublicKey.from_bytes(scheme, (b"\x03" if y else b"\x02") + x)


def _base58_encode(data: bytes) -> str:
    number = int.from_bytes(data)
    pairs = []
    while number:
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(pairs)).lstrip("1")


def _base58_decode(text: str) -> bytes:
    number = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            raise InputError(f"did:key: {character!r} is no base58 digit")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
