"""Proof envelopes and canonical JSON."""

from typing import Any

def decode_proof(envelope: bytes) -> dict[str, Any]:
    """Read one proof without verifying anything.

    Args:
        envelope: A ``COSE_Sign1`` or JWS.

    Returns:
        ``malformed`` is ``None`` beside ``envelope`` (``cose`` or ``jws``), ``unsupported`` (names of what
        this format does not have), ``algorithm`` (``None`` for an unknown one), ``kid``, ``signature``,
        ``signed`` (the bytes that the signature covers) and ``claims``. Otherwise ``malformed`` stands
        alone, with ``stage``, ``stage_name``, ``message`` and ``offset``.
    """

def canonical_json(text: bytes) -> bytes:
    """Rewrite a JSON text as canonical JSON.

    Args:
        text: Strict JSON.

    Raises:
        depinverify.exceptions.InputError: No strict JSON, a member name twice, or a number that is no
            integer within +-(2^53-1).
    """
