"""A device's answer to a challenge: the claims in one of the two envelopes (uptime proof, 1.1 to 1.3).

In: a key, the challenge (32 bytes), the device id and claims. Out: a ``COSE_Sign1`` in deterministic CBOR, or
a JWS in compact form. Invariant: equal claims say the same in both envelopes, with places in whole 10^-7
degrees.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from depinverify.device.cbor import Tag, encode
from depinverify.exceptions import InputError
from depinverify.registry.keys import Scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.device.key import DeviceKey

__all__ = ["PROFILE", "Claims", "Envelope", "Location", "answer", "base64url", "is_jws", "jws"]

PROFILE = "tag:github.com,2026:depinverify/uptime-proof/1"

_NONCE_BYTES = 32
_COSE_ALGORITHMS = {Scheme.ED25519: -8, Scheme.P256: -7, Scheme.SECP256K1: -47}
_JOSE_ALGORITHMS = {Scheme.ED25519: "EdDSA", Scheme.P256: "ES256", Scheme.SECP256K1: "ES256K"}
_COSE_SIGN1, _CWT = 18, 61
_E7 = 10_000_000
_JWS = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")


class Envelope(StrEnum):
    """How a proof is wrapped; the value is its name on the command line."""

    COSE = "cose"
    COSE_TAGGED = "cose-tagged"
    CWT = "cwt"
    JWS = "jws"

    @property
    def media_type(self) -> str:
        """Content type of an answer over HTTP."""
        return "application/eat+jwt" if self is Envelope.JWS else "application/eat+cwt"


class Location(NamedTuple):
    """A place in whole 10^-7 degrees, with its accuracy in metres."""

    lat_e7: int
    lon_e7: int
    accuracy_m: int = 0


@dataclass(frozen=True, slots=True)
class Claims:
    """What a device says besides nonce, id and profile; only ``iat`` is required."""

    iat: int
    uptime: int | None = None
    bootcount: int | None = None
    location: Location | None = None
    hwmodel: bytes | None = None
    oemid: bytes | None = None
    swname: str | None = None
    swversion: str | None = None
    metrics: Mapping[str, int] | None = None


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def is_jws(proof: bytes) -> bool:
    """Whether the bytes are read as a JWS: three parts of base64url with two dots between."""
    return _JWS.fullmatch(proof) is not None


def _cbor_payload(nonce: bytes, device: bytes, claims: Claims) -> bytes:
    members: dict[int, Any] = {6: claims.iat, 10: nonce, 256: device, 265: PROFILE}
    if claims.uptime is not None:
        members[261] = claims.uptime
    if claims.bootcount is not None:
        members[267] = claims.bootcount
    if claims.location is not None:
        place = claims.location
        members[264] = {1: place.lat_e7 / _E7, 2: place.lon_e7 / _E7, 4: place.accuracy_m}
    if claims.hwmodel is not None:
        members[259] = claims.hwmodel
    if claims.oemid is not None:
        members[258] = claims.oemid
    if claims.swname is not None:
        members[270] = claims.swname
    if claims.swversion is not None:
        members[271] = [claims.swversion]
    if claims.metrics is not None:
        members[-70001] = claims.metrics
    return encode(members)


def _json_payload(nonce: bytes, device: bytes, claims: Claims) -> bytes:
    members: dict[str, Any] = {
        "eat_nonce": base64url(nonce),
        "ueid": base64url(device),
        "iat": claims.iat,
        "eat_profile": PROFILE,
    }
    if claims.uptime is not None:
        members["uptime"] = claims.uptime
    if claims.bootcount is not None:
        members["bootcount"] = claims.bootcount
    if claims.location is not None:
        place = claims.location
        members["location"] = {
            "latitude": place.lat_e7 / _E7,
            "longitude": place.lon_e7 / _E7,
            "accuracy": place.accuracy_m,
        }
    if claims.hwmodel is not None:
        members["hwmodel"] = base64url(claims.hwmodel)
    if claims.oemid is not None:
        members["oemid"] = base64url(claims.oemid)
    if claims.swname is not None:
        members["swname"] = claims.swname
    if claims.swversion is not None:
        members["swversion"] = [claims.swversion]
    if claims.metrics is not None:
        members["depin_metrics"] = dict(claims.metrics)
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


def answer(
    key: DeviceKey,
    challenge: bytes,
    *,
    device: bytes,
    claims: Claims,
    envelope: Envelope | str = Envelope.COSE,
    kid: bytes | None = None,
) -> bytes:
    """The signed answer to one challenge.

    Args:
        key: The device's key.
        challenge: ``eat_nonce``, the 32 bytes that were asked.
        device: The device id of the registry (the proof's ``ueid``).
        claims: What the device says about itself.
        envelope: One of ``cose`` (the bare array), ``cose-tagged``, ``cwt`` and ``jws``.
        kid: The key's name in the registry where it is not the default one.

    Raises:
        InputError: The challenge has not 32 bytes.
    """
    if len(challenge) != _NONCE_BYTES:
        raise InputError(f"challenge: expected {_NONCE_BYTES} bytes, found {len(challenge)}")
    kid = key.kid if kid is None else kid
    envelope = Envelope(envelope)
    if envelope is Envelope.JWS:
        return jws(key, _json_payload(challenge, device, claims), kid=kid)
    protected = encode({1: _COSE_ALGORITHMS[key.public.scheme], 4: kid})
    payload = _cbor_payload(challenge, device, claims)
    signature = key.sign(encode(["Signature1", protected, b"", payload]))
    message: Any = [protected, {}, payload, signature]
    if envelope is not Envelope.COSE:
        message = Tag(_COSE_SIGN1, message)
    if envelope is Envelope.CWT:
        message = Tag(_CWT, message)
    return encode(message)


def jws(key: DeviceKey, payload: bytes, *, kid: bytes | None = None) -> bytes:
    """Compact JWS over a payload, its header holding ``alg`` and ``kid`` (section 1.3)."""
    header = {"alg": _JOSE_ALGORITHMS[key.public.scheme], "kid": base64url(key.kid if kid is None else kid)}
    signed = f"{base64url(json.dumps(header, separators=(',', ':')).encode())}.{base64url(payload)}".encode()
    return signed + b"." + base64url(key.sign(signed)).encode()
