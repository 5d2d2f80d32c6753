"""Verdicts do not depend on how they are reached: tables, order, threads, vector unit, budget."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from depinverify.signature import KeyRegistry, verify_codes, verify_one

KEYS = 21
SCHEMES = {
    "ed25519": ("strict", "zip215", "cofactorless", "compact"),
    "p256": ("p1363-any_s", "p1363-low_s"),
    "secp256k1": ("p1363-any_s", "p1363-low_s-keccak256"),
}


def signed(scheme: str, count: int) -> tuple[list[bytes], np.ndarray, list[bytes], list[bytes]]:
    """Items of a few keys in mixed order; every third is wrong in one bit somewhere."""
    rng = np.random.default_rng(7)
    key_of = rng.integers(0, KEYS, count) ** 2 // KEYS
    messages = [rng.bytes(int(length)) for length in rng.integers(0, 300, count)]
    if scheme == "ed25519":
        private = [ed25519.Ed25519PrivateKey.from_private_bytes(bytes([at + 1]) * 32) for at in range(KEYS)]
        public = [key.public_key().public_bytes_raw() for key in private]
        signatures = [private[key].sign(message) for key, message in zip(key_of, messages, strict=True)]
    else:
        curve = ec.SECP256R1() if scheme == "p256" else ec.SECP256K1()
        secret = [ec.derive_private_key(at + 1, curve) for at in range(KEYS)]
        form = (Encoding.X962, PublicFormat.CompressedPoint)
        public = [key.public_key().public_bytes(*form) for key in secret]
        signatures = []
        for key, message in zip(key_of, messages, strict=True):
            r, s = decode_dss_signature(
                secret[key].sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
            )
            signatures.append(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    for at in range(0, count, 3):
        bit = int(rng.integers(0, 512))
        changed = bytearray(signatures[at])
        changed[bit // 8] ^= 1 << bit % 8
        signatures[at] = bytes(changed)
    return public, key_of, messages, signatures


def codes(scheme: str, profile: str, registry: KeyRegistry, made: Any, **options: Any) -> list[int]:
    public, key_of, messages, signatures = made
    ids = registry.register_many(scheme, public)[key_of]
    return verify_codes(scheme, profile, registry, ids, messages, signatures, **options).tolist()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tables_order_and_threads_change_no_verdict(scheme: str) -> None:
    made = signed(scheme, 1500)
    public, key_of, messages, signatures = made
    for profile in SCHEMES[scheme]:
        alone = [
            int(verify_one(scheme, profile, public[key], message, signature))
            for key, message, signature in zip(key_of, messages, signatures, strict=True)
        ]
        assert len(set(alone)) > 1
        registry = KeyRegistry()
        for threads in (1, 2, 8):
            assert codes(scheme, profile, registry, made, threads=threads) == alone
        assert registry.table_bytes > 0
        small = KeyRegistry(table_bytes=100_000)
        assert codes(scheme, profile, small, made) == alone
        assert small.table_bytes <= 100_000
        for size in (1, 2, 5, 33, 300):
            for at in range(0, 600, size):
                part = slice(at, at + size)
                cut = (public, key_of[part], messages[part], signatures[part])
                assert codes(scheme, profile, registry, cut) == alone[part]


PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_engine import SCHEMES, codes, signed
from depinverify.signature import KeyRegistry
print(json.dumps([codes(s, p, KeyRegistry(), signed(s, 400)) for s in SCHEMES for p in SCHEMES[s]]))
"""


def test_the_vector_unit_changes_no_verdict() -> None:
    found = []
    for unit in ("portable", "avx2", "avx512"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)],
            env={**os.environ, "DEPINVERIFY_SIMD": unit},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(run.stdout))
    assert found[0] == found[1] == found[2]
