"""The Python surface of RSA-PSS, against signatures that another library makes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from depinverify.exceptions import InputError
from depinverify.signature import (
    RsaKeyRegistry,
    SignatureVerdict,
    rsa_pss_verify,
    rsa_pss_verify_codes,
    rsa_pss_verify_one,
)

PROFILES = ("sha256-salt32", "sha256-salt0", "sha256-any_salt")


def big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class Signer:
    def __init__(self, bits: int, exponent: int = 65537) -> None:
        self.secret = rsa.generate_private_key(exponent, bits)
        numbers = self.secret.public_key().public_numbers()
        self.key = (big_endian(numbers.n), big_endian(numbers.e))

    def sign(self, message: bytes, salt: int, hashed: hashes.HashAlgorithm | None = None) -> bytes:
        mask = padding.MGF1(hashed or hashes.SHA256())
        return self.secret.sign(message, padding.PSS(mask, salt), hashes.SHA256())


@pytest.fixture(scope="module")
def signers() -> list[Signer]:
    # A modulus of 2049 bits encodes in a byte less than it has.
    return [Signer(2048), Signer(2049), Signer(2048, 3)]


@pytest.mark.parametrize("salt", [0, 1, 20, 32, 33, 222])
def test_the_profile_fixes_the_salt(signers: list[Signer], salt: int) -> None:
    accepted = {f"sha256-salt{salt}", "sha256-any_salt"}
    for signer in signers:
        signature = signer.sign(b"message", salt)
        for profile in PROFILES:
            verdict = rsa_pss_verify_one(profile, *signer.key, b"message", signature)
            assert (verdict is SignatureVerdict.GOOD) is (profile in accepted)
            other = rsa_pss_verify_one(profile, *signer.key, b"massage", signature)
            assert other is SignatureVerdict.EQUATION


def test_another_hash_in_the_mask_is_refused(signers: list[Signer]) -> None:
    signature = signers[0].sign(b"message", 32, hashes.SHA384())
    for profile in PROFILES:
        verdict = rsa_pss_verify_one(profile, *signers[0].key, b"message", signature)
        assert verdict is SignatureVerdict.EQUATION


@pytest.mark.parametrize("profile", PROFILES)
def test_columns_and_their_verdicts(signers: list[Signer], profile: str) -> None:
    registry = RsaKeyRegistry()
    ids = [registry.register(*signer.key) for signer in signers]
    small = registry.register(b"\x0f" * 255, b"\x03")
    modulus, exponent = signers[0].key
    assert registry.register(b"\0" + modulus, b"\0" + exponent) == ids[0] == registry.find(*signers[0].key)
    assert registry.find(modulus, b"\x05") is None
    assert (registry.is_usable(ids[0]), registry.is_usable(small)) == (True, False)
    assert repr(registry) == "<RsaKeyRegistry of 4 keys>"
    salt = 0 if profile == "sha256-salt0" else 32
    signatures = [signers[at % 3].sign(bytes([at]), salt) for at in range(30)]
    key_ids: list[int | None] = [ids[at % 3] for at in range(30)]
    expected = [SignatureVerdict.GOOD] * 30
    signatures[3], expected[3] = modulus, SignatureVerdict.SCALAR_RANGE
    signatures[4], expected[4] = signatures[4][1:], SignatureVerdict.BAD_ENCODING
    signatures[6], expected[6] = signatures[9], SignatureVerdict.EQUATION
    key_ids[7], expected[7] = small, SignatureVerdict.BAD_KEY
    key_ids[8], expected[8] = None, SignatureVerdict.UNKNOWN_KEY_ID
    messages = np.arange(30, dtype=np.uint8).reshape(30, 1)
    for threads in (1, 2):
        column = pa.array(signatures, pa.binary())
        codes = rsa_pss_verify_codes(profile, registry, key_ids, messages, column, threads=threads)
        assert codes.tolist() == expected
    good = rsa_pss_verify(profile, registry, key_ids, messages, signatures)
    assert good.tolist() == [verdict is SignatureVerdict.GOOD for verdict in expected]
    absent = rsa_pss_verify_codes(profile, registry, [ids[0], small], [b"", b""], [None, None])
    assert absent.tolist() == [SignatureVerdict.BAD_ENCODING, SignatureVerdict.BAD_KEY]


def test_bad_calls() -> None:
    registry = RsaKeyRegistry()
    with pytest.raises(InputError, match='expected "sha256-salt32", "sha256-salt0" or'):
        rsa_pss_verify("sha256", registry, [], [], [])
    with pytest.raises(InputError, match="expected 1 rows in column signatures, found 0"):
        rsa_pss_verify("sha256-salt32", registry, [0], [b""], [])
    with pytest.raises(InputError, match="expected an id that was given out, found 0"):
        registry.is_usable(0)


def test_progress() -> None:
    seen = []
    rsa_pss_verify(
        "sha256-salt32",
        RsaKeyRegistry(),
        [0] * 3000,
        [b""] * 3000,
        [b""] * 3000,
        threads=1,
        progress=lambda *done: seen.append(done),
    )
    assert len(seen) > 1
    assert seen[-1] == (3000, 3000)
