"""Keys of devices, validators, owners and authorities: made, stored, named, used.

In: a scheme (``ed25519``, ``p256``, ``secp256k1``). Out: the public key as ``did:key``, its kid (section 1.5
of the uptime proof) and signatures in the one form that proofs, registry events and JWS files use: 64 bytes,
ECDSA as r followed by s. Invariant: ECDSA signatures are deterministic (RFC 6979), so equal input gives equal
bytes.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from depinverify.exceptions import InputError

__all__ = ["SCHEMES", "DeviceKey", "Scheme", "base58btc"]

_KID_BYTES = 16
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Scheme(NamedTuple):
    """What a signature scheme is called where, and how its public keys are marked."""

    name: str
    number: int
    cose: int
    jose: str
    multicodec: bytes
    order: int


#: The three schemes of section 1.4 by name. ``number`` is the one that verdicts carry as evidence.
SCHEMES = {
    "ed25519": Scheme("ed25519", 1, -8, "EdDSA", b"\xed\x01", 0),
    "p256": Scheme(
        "p256",
        2,
        -7,
        "ES256",
        b"\x80\x24",
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    "secp256k1": Scheme(
        "secp256k1",
        3,
        -47,
        "ES256K",
        b"\xe7\x01",
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
}
_CURVES: dict[str, type[ec.EllipticCurve]] = {"p256": ec.SECP256R1, "secp256k1": ec.SECP256K1}
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def base58btc(data: bytes) -> str:
    """Text of bytes in base 58, Bitcoin's alphabet, leading zero bytes as ``1``."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


class DeviceKey:
    """One private key and what is derived from it.

    Attributes:
        scheme: Names and numbers of the key's scheme.
        public_key: 32 bytes for Ed25519, else the compressed point.
        kid: First 16 bytes of SHA-256 over the multicodec bytes.
    """

    def __init__(self, private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        encoding, layout = serialization.Encoding, serialization.PublicFormat
        if isinstance(private, ed25519.Ed25519PrivateKey):
            self.scheme = SCHEMES["ed25519"]
            self.public_key = private.public_key().public_bytes_raw()
        else:
            names: dict[Any, str] = {curve.name: name for name, curve in _CURVES.items()}
            if private.curve.name not in names:
                expected = ", ".join(SCHEMES)
                raise InputError(f"key: expected one of {expected}, found curve {private.curve.name}")
            self.scheme = SCHEMES[names[private.curve.name]]
            self.public_key = private.public_key().public_bytes(encoding.X962, layout.CompressedPoint)
        self.kid = hashlib.sha256(self.scheme.multicodec + self.public_key).digest()[:_KID_BYTES]

    @classmethod
    def generate(cls, scheme: str = "ed25519") -> DeviceKey:
        """A new key from the operating system's random source."""
        return cls.from_seed(scheme, os.urandom(64))

    @classmethod
    def from_seed(cls, scheme: str, seed: bytes) -> DeviceKey:
        """The key that a seed of at least 32 secret bytes determines; the same seed gives the same key."""
        if scheme not in SCHEMES:
            raise InputError(f"scheme: expected one of {', '.join(SCHEMES)}, found {scheme!r}")
        material = hashlib.sha512(b"depinverify/device-key/v1\0" + scheme.encode() + b"\0" + seed).digest()
        if scheme == "ed25519":
            return cls(ed25519.Ed25519PrivateKey.from_private_bytes(material[:32]))
        scalar = int.from_bytes(material) % (SCHEMES[scheme].order - 1) + 1
        return cls(ec.derive_private_key(scalar, _CURVES[scheme]()))

    @classmethod
    def load(cls, path: str | Path, *, password: bytes | None = None) -> DeviceKey:
        """Read a private key from a PEM file (PKCS#8 or SEC1)."""
        try:
            private = serialization.load_pem_private_key(Path(path).read_bytes(), password)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise InputError(f"{path}: expected a private key in PEM form: {error}") from error
        if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            expected = ", ".join(SCHEMES)
            raise InputError(f"{path}: expected one of {expected}, found {type(private).__name__}")
        return cls(private)

    def save(self, path: str | Path, *, password: bytes | None = None) -> None:
        """Write the private key as PKCS#8 PEM, readable by its owner alone; never over an existing file."""
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            protection = serialization.BestAvailableEncryption(password)
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise InputError(
                f"{path}: cannot write the key: {error.strerror}",
                hint="a key file is never overwritten; move the old one away first",
            ) from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)

    @property
    def did(self) -> str:
        """The public key as ``did:key``."""
        return "did:key:z" + base58btc(self.scheme.multicodec + self.public_key)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of a signature: Ed25519, or r followed by s."""
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(message)
        r, s = decode_dss_signature(self._private.sign(message, _ECDSA))
        return r.to_bytes(32) + s.to_bytes(32)
