"""The device's side of the open uptime proof: a key, an enrolment, an answer to a challenge, an HTTP loop.

In: a private key and what the device knows about itself. Out: registry events and proofs in the envelopes of
section 1 of the uptime proof's specification. These are reference tools for a maker who tries the whole loop,
not firmware.
"""

from __future__ import annotations

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
    "serve",
]
