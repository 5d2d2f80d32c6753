"""Signed adjustments: what an authority signed comes in, anything else is an error."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.registry.keys import Scheme, Signer, generate_private_key
from depinverify.reward import check_adjustments
from reward_cases import Adjustment

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = Adjustment("0x" + "ab" * 20, "-5", "score of epoch 3 was wrong", "cd" * 32)
ALGORITHM = {Scheme.ED25519: "EdDSA", Scheme.P256: "ES256", Scheme.SECP256K1: "ES256K"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(
    signer: Signer, *, epoch: int = 9, header: dict[str, Any] | None = None, **changes: Any
) -> Adjustment:
    content = {
        "amount": PLAIN.amount, "epoch": epoch, "payee": PLAIN.payee, "reason": PLAIN.reason,
        "reference": PLAIN.reference, **changes,
    }  # fmt: skip
    members = {"alg": ALGORITHM[signer.public.scheme], "kid": b64(signer.public.kid), **(header or {})}
    text = f"{b64(json.dumps(members).encode())}.{b64(canonical_json(content))}"
    return replace(PLAIN, jws=f"{text}.{b64(signer.sign(text.encode()))}")


@pytest.fixture(params=list(Scheme), ids=lambda scheme: scheme.name)
def signer(request: pytest.FixtureRequest) -> Signer:
    return Signer(generate_private_key(request.param))


def test_what_an_authority_signed_is_good(signer: Signer) -> None:
    other = Signer(generate_private_key(Scheme.ED25519))
    check_adjustments([signed(signer)], 9, [other.public.did, signer.public.did])
    check_adjustments([signed(signer, header={"typ": "JWT"})], 9, [signer.public.did])
    check_adjustments([replace(signed(signer), payee="0x" + "AB" * 20)], 9, [signer.public.did])
    check_adjustments([], 9, [])


def flipped(adjustment: Adjustment) -> Adjustment:
    head, _, signature = adjustment.jws.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[5] ^= 1
    return replace(adjustment, jws=f"{head}.{b64(bytes(raw))}")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: PLAIN, "expected a compact JWS"),
        (lambda s: replace(signed(s), jws="a.b.c"), "zero trailing bits"),
        (lambda s: replace(signed(s), jws=signed(s).jws + "\n"), "expected a compact JWS"),
        (lambda s: replace(signed(s), jws=signed(s).jws + "="), "expected a compact JWS"),
        (lambda s: replace(signed(s), amount="-4"), "expected the payload .*-4.*, found .*-5"),
        (lambda s: replace(signed(s), payee="0x" + "ac" * 20), "expected the payload"),
        (lambda s: replace(signed(s), reason="other"), "expected the payload"),
        (lambda s: replace(signed(s), reference="ce" * 32), "expected the payload"),
        (lambda s: signed(s, epoch=8), "expected the payload"),
        (lambda s: signed(s, more=1), "expected the payload"),
        (lambda s: signed(s, header={"kid": b64(bytes(16))}), "kid of a registry authority"),
        (lambda s: signed(s, header={"kid": "!"}), "kid of a registry authority"),
        (lambda s: signed(s, header={"alg": "none"}), "expected an algorithm of the key"),
        (lambda s: signed(s, header={"crit": []}), "expected a header"),
        (lambda s: signed(s, header={"b64": False}), "expected a header"),
        (lambda s: signed(s, header={"kid": 5}), "expected a header"),
        (lambda s: flipped(signed(s)), "the signature does not match"),
    ],
)
def test_anything_else_is_an_error(
    signer: Signer, make: Callable[[Signer], Adjustment], message: str
) -> None:
    good = signed(signer)
    with pytest.raises(InputError, match=rf"adjustment\[1\]\.jws: .*{message}"):
        check_adjustments([good, make(signer)], 9, [signer.public.did])


def test_a_key_that_is_no_authority_is_refused(signer: Signer) -> None:
    with pytest.raises(InputError, match="kid of a registry authority"):
        check_adjustments([signed(signer)], 9, [Signer(generate_private_key(Scheme.P256)).public.did])
