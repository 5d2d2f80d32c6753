"""Public keys and signatures: uptime proof, sections 1.4 and 1.5; signature rules ``strict`` and ``p1363
any_s``.

In: key bytes, message, signature. Out: true or false, never an exception. One OpenSSL key object per public
key is kept for the whole run. OpenSSL's Ed25519 is the cofactorless rule; ``strict`` adds the refusal of
small-order A and R.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from .canonical import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

ED25519, P256, SECP256K1 = 1, 2, 3

_PREFIXES = {ED25519: b"\xed\x01", P256: b"\x80\x24", SECP256K1: b"\xe7\x01"}
_KEY_LENGTH = {ED25519: 32, P256: 33, SECP256K1: 33}
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ORDER = {
    P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    SECP256K1: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
_CURVE = {P256: ec.SECP256R1(), SECP256K1: ec.SECP256K1()}
_ECDSA = ec.ECDSA(SHA256())


def _small_order() -> frozenset[bytes]:
    """All encodings of the eight points of small order, canonical or not."""
    p = 2**255 - 19
    eighth = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
    ys = (0, 1, p - 1, p, p + 1, eighth, p - eighth)
    return frozenset((y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1))


SMALL_ORDER = _small_order()


def _ed25519(raw: bytes) -> Callable[[bytes, bytes], bool]:
    if len(raw) != 32 or raw in SMALL_ORDER:
        return _never
    verify_with = Ed25519PublicKey.from_public_bytes(raw).verify

    def verify(signature: bytes, message: bytes) -> bool:
        if len(signature) != 64 or signature[:32] in SMALL_ORDER:
            return False
        try:
            verify_with(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


def _ecdsa(scheme: int, raw: bytes) -> Callable[[bytes, bytes], bool]:
    if (len(raw), raw[:1]) not in ((33, b"\x02"), (33, b"\x03"), (65, b"\x04")):
        return _never
    try:
        verify_with = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE[scheme], raw).verify
    except ValueError:
        return _never
    order = _ORDER[scheme]
    integer = int.from_bytes

    def verify(signature: bytes, message: bytes) -> bool:
        if len(signature) != 64:
            return False
        r = integer(signature[:32], "big")
        s = integer(signature[32:], "big")
        if not (0 < r < order and 0 < s < order):
            return False
        try:
            verify_with(encode_dss_signature(r, s), message, _ECDSA)
        except InvalidSignature:
            return False
        return True

    return verify


def _never(_signature: bytes, _message: bytes) -> bool:
    return False


_verifiers: dict[tuple[int, bytes], Callable[[bytes, bytes], bool]] = {}


def verifier(scheme: int, raw: bytes) -> Callable[[bytes, bytes], bool]:
    """``verify(signature, message) -> bool`` of one public key, made once."""
    found = _verifiers.get((scheme, raw))
    if found is None:
        found = _ed25519(raw) if scheme == ED25519 else _ecdsa(scheme, raw)
        _verifiers[scheme, raw] = found
    return found


class PublicKey:
    """A key as the registry writes it."""

    __slots__ = ("kid", "raw", "scheme", "text")

    def __init__(self, scheme: int, raw: bytes, text: str) -> None:
        self.scheme = scheme
        self.raw = raw
        self.text = text
        self.kid = sha256(_PREFIXES[scheme] + raw).digest()[:16]

    def verifies(self, signature: bytes, message: bytes) -> bool:
        return verifier(self.scheme, self.raw)(signature, message)


def did_key(scheme: int, raw: bytes) -> str:
    data = _PREFIXES[scheme] + raw
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "did:key:z" + text


def parse_did_key(text: object) -> PublicKey:
    """The key behind ``did:key:z...``; only the canonical form, only the three algorithms of a proof."""
    if type(text) is not str or not text.startswith("did:key:z"):
        raise InputError(f"expected did:key:z..., found {text!r}")
    number = 0
    for letter in text[9:]:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            raise InputError(f"{text!r} holds {letter!r}, which is not base58btc")
        number = number * 58 + digit
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    for scheme, prefix in _PREFIXES.items():
        if data.startswith(prefix) and len(data) == 2 + _KEY_LENGTH[scheme]:
            raw = data[2:]
            if text != did_key(scheme, raw) or (scheme != ED25519 and raw[0] not in (2, 3)):
                break
            return PublicKey(scheme, raw, text)
    raise InputError(f"{text!r} is no Ed25519, P-256 or secp256k1 key")
