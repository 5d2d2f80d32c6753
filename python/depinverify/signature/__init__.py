"""Signatures in columns: keys are parsed once, every item gets a verdict with its reason.

In: a registry of keys, key ids, messages and signatures as arrays, Arrow columns or lists. Out: numpy arrays.
Rule: signature verification, sections 1 to 4 and 9. A profile is part of a network's rules:

* Ed25519: ``zip215``, ``cofactorless``, ``strict``, ``compact``, ``compact-canonical_points``;
* P-256: ``p1363`` or ``der``, then ``any_s`` or ``low_s``, joined by ``-``: ``p1363-any_s``;
* secp256k1: the same, or ``recoverable`` in front; a digest other than SHA-256 may follow: ``keccak256``,
  ``ethereum_message``, or ``digest`` where the messages are 32-byte digests: ``recoverable-low_s-keccak256``;
* BLS over BLS12-381: the variant of the :class:`BlsKeyRegistry` and the domain tag, for :func:`bls_verify_many`;
* RSA-PSS: ``sha256-salt32``, ``sha256-salt0``, ``sha256-any_salt``, for :func:`rsa_pss_verify`.

Invariant: a bad item is a verdict, never an exception, and its verdict depends on nothing but itself.

Example:
    >>> from depinverify.signature import KeyRegistry, verify
    >>> keys = KeyRegistry()
    >>> key_id = keys.register("ed25519", public_key)  # doctest: +SKIP
    >>> verify("ed25519", "strict", keys, [key_id], [b"proof"], [signature])  # doctest: +SKIP
    array([ True])
"""

from __future__ import annotations

from depinverify.signature.bls import (
    BlsKeyRegistry,
    bls_aggregate_verify,
    bls_fast_aggregate_verify,
    bls_public_key,
    bls_secret_key,
    bls_sign,
    bls_verify,
    bls_verify_codes,
    bls_verify_many,
)
from depinverify.signature.items import (
    Explained,
    KeyRegistry,
    Scheme,
    SignatureVerdict,
    ethereum_message_digest,
    explain,
    recover_address,
    recover_key,
    residue_order,
    verify,
    verify_codes,
    verify_one,
)
from depinverify.signature.rsa_pss import (
    RsaKeyRegistry,
    rsa_pss_verify,
    rsa_pss_verify_codes,
    rsa_pss_verify_one,
)

__all__ = [
    "BlsKeyRegistry",
    "Explained",
    "KeyRegistry",
    "RsaKeyRegistry",
    "Scheme",
    "SignatureVerdict",
    "bls_aggregate_verify",
    "bls_fast_aggregate_verify",
    "bls_public_key",
    "bls_secret_key",
    "bls_sign",
    "bls_verify",
    "bls_verify_codes",
    "bls_verify_many",
    "ethereum_message_digest",
    "explain",
    "recover_address",
    "recover_key",
    "residue_order",
    "rsa_pss_verify",
    "rsa_pss_verify_codes",
    "rsa_pss_verify_one",
    "verify",
    "verify_codes",
    "verify_one",
]
