"""Verdicts of the libraries whose rules the profiles name: OpenSSL, libsodium, libsecp256k1."""

from __future__ import annotations

import coincurve
import nacl.bindings
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def openssl_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def libsodium(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
    except Exception:  # noqa: BLE001 - every refusal has an exception of its own
        return False
    return True


def openssl_ecdsa(scheme: str, key: bytes, message: bytes, signature: bytes) -> bool:
    curve = ec.SECP256R1() if scheme == "p256" else ec.SECP256K1()
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(curve, key)
        point.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def libsecp256k1(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return coincurve.PublicKey(key).verify(signature, message)
    except Exception:  # noqa: BLE001 - the library raises a bare Exception where it cannot parse
        return False
