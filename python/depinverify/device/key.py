"""A party's own key: made, stored, named, used; of a device, a validator, an owner or an authority.

In: a scheme (``ed25519``, ``p256``, ``secp256k1``), a seed or a PEM file. Out: public key and kid (uptime
proof, 1.5) and signatures in the one form of proofs, events and JWS files: 64 bytes, ECDSA as r, then s.
Invariant: signatures are deterministic (ECDSA by RFC 6979), so equal input gives equal bytes.
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from depinverify.exceptions import InputError
from depinverify.registry.keys import (
    PrivateKey,
    PublicKey,
    Scheme,
    Signer,
    generate_private_key,
    read_private_key,
)

__all__ = ["SCHEMES", "DeviceKey"]

#: The schemes of the uptime proof, section 1.4, by the name that the command line has for them.
SCHEMES = {scheme.label: scheme for scheme in Scheme}

_CURVES = {Scheme.P256: ec.SECP256R1(), Scheme.SECP256K1: ec.SECP256K1()}
_ORDERS = {
    Scheme.P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    Scheme.SECP256K1: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class DeviceKey:
    """One private key and what follows from it.

    Attributes:
        private: Key of the ``cryptography`` package.
        public: Its public key; ``public.did`` is the text that registries hold.
        kid: The name that proofs give the key, unless the registry knows another.
    """

    def __init__(self, private: PrivateKey) -> None:
        self.private = private
        self.public = PublicKey.from_cryptography(private.public_key())
        self.kid = self.public.kid

    @classmethod
    def generate(cls, scheme: str = "ed25519") -> DeviceKey:
        """A new key from the operating system's random source."""
        return cls(generate_private_key(_scheme(scheme)))

    @classmethod
    def from_seed(cls, scheme: str, seed: bytes) -> DeviceKey:
        """The key that a seed of at least 32 secret bytes determines; the same seed gives the same key."""
        kind = _scheme(scheme)
        material = hashlib.sha512(b"depinverify/device-key/v1\0" + scheme.encode() + b"\0" + seed).digest()
        if kind is Scheme.ED25519:
            return cls(ed25519.Ed25519PrivateKey.from_private_bytes(material[:32]))
        scalar = int.from_bytes(material) % (_ORDERS[kind] - 1) + 1
        return cls(ec.derive_private_key(scalar, _CURVES[kind]))

    @classmethod
    def load(cls, path: str | Path) -> DeviceKey:
        """Read an unencrypted private key from a PEM file.

        Raises:
            InputError: The file cannot be read or holds no key of an accepted scheme.
        """
        try:
            pem = Path(path).read_bytes()
        except OSError as error:
            raise InputError(
                f"{path}: {error.strerror}", hint="depinverify device keygen makes one"
            ) from None
        return cls(read_private_key(pem, source=str(path)))

    def save(self, path: str | Path) -> None:
        """Write the private key as PKCS#8 PEM, readable by its owner alone.

        Raises:
            InputError: The file is there already, or cannot be written.
        """
        pem = self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise InputError(
                f"{path}: cannot write the key: {error.strerror}",
                hint="a key file is never overwritten; move the old one away first",
            ) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)

    @cached_property
    def signer(self) -> Signer:
        """The key as the signer of registry events."""
        return Signer(self.private)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of a signature."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        r, s = decode_dss_signature(self.private.sign(message, _ECDSA))
        return r.to_bytes(32) + s.to_bytes(32)


def _scheme(name: str) -> Scheme:
    if name not in SCHEMES:
        raise InputError(f"scheme: expected one of {', '.join(SCHEMES)}, found {name!r}")
    return SCHEMES[name]
