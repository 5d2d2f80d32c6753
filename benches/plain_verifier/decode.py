"""From envelope bytes to a proof: uptime proof, sections 1.2 and 1.3.

In: the bytes as recorded. Out: a :class:`Proof`, or the stage (1 envelope, 2 header, 3 payload, 4 claims)
at which they are MALFORMED. Invariant: what the short cut through ``cbor2`` accepts is exactly what the
strict reader of ``cbor.py`` accepts: its answer counts only if encoding it again gives the same bytes and
nothing in it could be nested too deep.
"""

from __future__ import annotations

import re

import cbor2

from . import cbor
from .canonical import JsonError, base64url, read_claims
from .claims import from_cbor, from_json

MAX_ENVELOPE = 4608
MAX_PAYLOAD = 3072

CRIT, B64, ALG, PROFILE = 1, 2, 4, 8

COSE_ALGORITHMS = {-8: 1, -19: 1, -7: 2, -9: 2, -47: 3}
JOSE_ALGORITHMS = {"EdDSA": 1, "Ed25519": 1, "ES256": 2, "ESP256": 2, "ES256K": 3}

_JWS = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SCALARS = frozenset((int, bytes, str, float, bool, type(None)))


class Proof:
    __slots__ = (
        "algorithm",
        "bootcount",
        "hwmodel",
        "iat",
        "kid",
        "location",
        "nonce",
        "oemid",
        "signature",
        "signed",
        "ueid",
        "unsupported",
        "uptime",
    )

    def __init__(self, unsupported, algorithm, kid, signature, signed, claims) -> None:
        self.algorithm = algorithm
        self.kid = kid
        self.signature = signature
        self.signed = signed
        (
            other,
            self.nonce,
            self.ueid,
            self.iat,
            self.uptime,
            self.bootcount,
            self.location,
            self.hwmodel,
            self.oemid,
        ) = claims
        if algorithm is None:
            unsupported |= ALG
        self.unsupported = unsupported | PROFILE if other else unsupported


def decode(envelope: bytes) -> Proof | int:
    if len(envelope) > MAX_ENVELOPE:
        return 1
    if _JWS.fullmatch(envelope):
        return _decode_jws(envelope)
    return _decode_cose(envelope)


# ------------------------------------------------------------------------------------------------ JWS compact


def _decode_jws(envelope: bytes) -> Proof | int:  # noqa: C901, PLR0911
    signed, _, last = envelope.rpartition(b".")
    header, payload = (base64url(part) for part in signed.decode("ascii").split("."))
    signature = base64url(last.decode("ascii"))
    if header is None or payload is None or signature is None:
        return 1
    try:
        fields = read_claims(header)
    except JsonError:
        return 2
    if type(fields) is not dict:
        return 2
    name, kid_text = fields.get("alg"), fields.get("kid")
    if type(name) is not str or type(kid_text) is not str:
        return 2
    kid = base64url(kid_text)
    if kid is None or not 1 <= len(kid) <= 64:
        return 2
    if len(payload) > MAX_PAYLOAD:
        return 3
    try:
        claims = read_claims(payload)
    except JsonError:
        return 3
    if type(claims) is not dict:
        return 3
    found = from_json(claims)
    if found is None:
        return 4
    unsupported = CRIT if "crit" in fields else 0
    if fields.get("b64") is False:
        unsupported |= B64
    return Proof(unsupported, JOSE_ALGORITHMS.get(name), kid, signature, signed, found)


# ------------------------------------------------------------------------------------------------- COSE_Sign1


def _length(major: int, size: int) -> bytes:
    if size < 24:
        return bytes((major | size,))
    if size < 256:
        return bytes((major | 24, size))
    return bytes((major | 25, size >> 8, size & 255))


def _parts(envelope: bytes) -> list:
    """The four members of ``[..]``, ``18([..])`` or ``61(18([..]))``."""
    major, argument, at = cbor.head(envelope, 0)
    if major == 6:
        if argument == 61:
            major, argument, at = cbor.head(envelope, at)
        if major != 6 or argument != 18:
            raise cbor.CborError("another tag")
        major, argument, at = cbor.head(envelope, at)
    if major != 4 or argument != 4:
        raise cbor.CborError("no array of four")
    protected, at = cbor.read(envelope, at, 1)
    unprotected, at = cbor.read(envelope, at, 1)
    payload, at = cbor.read(envelope, at, 1)
    signature, at = cbor.read(envelope, at, 1)
    if at != len(envelope):
        raise cbor.CborError("bytes behind the envelope")
    if (
        type(protected) is not bytes
        or type(payload) is not bytes
        or type(signature) is not bytes
        or type(unprotected) is not dict
    ):
        raise cbor.CborError("a member of another type")
    return [protected, unprotected, payload, signature]


_short_headers: dict[bytes, dict | None] = {}


def _protected(data: bytes) -> dict | None:
    """The protected header's map, or ``None``; those that name nothing but an algorithm are remembered."""
    if data in _short_headers:
        return _short_headers[data]
    try:
        fields = cbor.decode(data)
    except cbor.CborError:
        fields = None
    if type(fields) is not dict or not fields or type(fields.get(1)) not in (int, str):
        fields = None
    if len(data) <= 4:
        _short_headers[data] = fields
    return fields


def _flat(claims: dict) -> bool:
    """Whether every claim is a plain value or an array or map of plain values."""
    for key, value in claims.items():
        if type(key) is not int and type(key) is not str:
            return False
        kind = type(value)
        if kind in _SCALARS:
            continue
        if kind is dict:
            if not all(type(name) in (int, str) and type(item) in _SCALARS for name, item in value.items()):
                return False
        elif kind is not list or not all(type(item) in _SCALARS for item in value):
            return False
    return True


def _payload(data: bytes) -> dict | None:
    try:
        claims = cbor2.loads(data)
        if type(claims) is dict and _flat(claims) and cbor2.dumps(claims) == data:
            return claims
    except Exception:  # noqa: BLE001, S110 - whatever the short cut has against these bytes, the strict reader decides
        pass
    try:
        claims = cbor.decode(data)
    except cbor.CborError:
        return None
    return claims if type(claims) is dict else None


def _decode_cose(envelope: bytes) -> Proof | int:  # noqa: PLR0911
    try:
        protected, unprotected, payload, signature = _parts(envelope)
    except cbor.CborError:
        return 1
    fields = _protected(protected)
    if fields is None or 1 in unprotected or not fields.keys().isdisjoint(unprotected):
        return 2
    kid = fields.get(4) if 4 in fields else unprotected.get(4)
    if type(kid) is not bytes or not 1 <= len(kid) <= 64:
        return 2
    if len(payload) > MAX_PAYLOAD:
        return 3
    claims = _payload(payload)
    if claims is None:
        return 3
    found = from_cbor(claims)
    if found is None:
        return 4
    name = fields[1]
    signed = b"\x84\x6aSignature1%b%b\x40%b%b" % (
        _length(0x40, len(protected)),
        protected,
        _length(0x40, len(payload)),
        payload,
    )
    return Proof(
        CRIT if 2 in fields or 2 in unprotected else 0,
        COSE_ALGORITHMS.get(name),
        kid,
        signature,
        signed,
        found,
    )
