"""The device's side of the open uptime proof: a key, an enrolment, answers to challenges, an HTTP loop.

In: a private key and what the device knows about itself. Out: registry events, and proofs in the envelopes of
the uptime proof, section 1. These are reference tools for a maker who tries the whole loop, not firmware.

Example:
    >>> key = DeviceKey.generate("ed25519")
    >>> proof = answer(key, challenge, device=default_device(key), claims=Claims(iat=1800000000))
"""

from __future__ import annotations

from depinverify.device.enrolment import default_device, enrolment
from depinverify.device.exchange import Answer, ask, serve
from depinverify.device.key import SCHEMES, DeviceKey
from depinverify.device.proof import PROFILE, Claims, Envelope, Location, answer

__all__ = [
    "PROFILE",
    "SCHEMES",
    "Answer",
    "Claims",
    "DeviceKey",
    "Envelope",
    "Location",
    "answer",
    "ask",
    "default_device",
    "enrolment",
    "serve",
]
