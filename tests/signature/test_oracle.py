"""Verdicts against the slow reference, and against other libraries, on signatures made to be difficult."""

from __future__ import annotations

import hashlib

import coincurve
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify.signature import explain, recover_key, verify_one
from reference import signatures as reference
from reference.libraries import libsecp256k1, libsodium, openssl_ecdsa, openssl_ed25519

ED25519_PROFILES = ["zip215", "cofactorless", "strict", "compact", "compact-canonical_points"]

Item = tuple[bytes, bytes, bytes]


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


def loosely(encoded: bytes, *, canonical: bool, sign: bool) -> bytes:
    """Another encoding of the same point, where there is one."""
    y = int.from_bytes(encoded, "little") % 2**255
    top = int.from_bytes(encoded, "little") >> 255
    if y in {1, reference.P - 1} and sign:
        top = 1
    if y < 19 and not canonical:
        y += reference.P
    return (y | top << 255).to_bytes(32, "little")


@st.composite
def ed25519_items(draw: st.DrawFn) -> Item:
    scalar = st.one_of(st.just(0), st.integers(1, 10), st.integers(0, reference.L - 1))
    torsion = st.one_of(st.just(0), st.integers(0, 7))
    a, r = draw(scalar), draw(scalar)
    points = [
        reference.edwards_add(
            reference.edwards_multiply(number, reference.B),
            reference.edwards_multiply(draw(torsion), reference.TORSION),
        )
        for number in (a, r)
    ]
    key, r_bytes = (
        loosely(reference.encode(point), canonical=draw(st.booleans()), sign=draw(st.booleans()))
        for point in points
    )
    message = draw(st.binary(max_size=40))
    k = int.from_bytes(hashlib.sha512(r_bytes + key + message).digest(), "little")
    signature = r_bytes + ((r + k * a) % reference.L).to_bytes(32, "little")
    match draw(st.sampled_from(["none", "none", "S + l", "flip S", "flip R", "flip A", "cut", "grow", "A"])):
        case "S + l":
            s = int.from_bytes(signature[32:], "little") + reference.L
            signature = signature[:32] + s.to_bytes(32, "little")
        case "flip S":
            signature = signature[:32] + flip(signature[32:], draw(st.integers(0, 255)))
        case "flip R":
            signature = flip(signature[:32], draw(st.integers(0, 255))) + signature[32:]
        case "flip A":
            key = flip(key, draw(st.integers(0, 255)))
        case "cut":
            signature = signature[: draw(st.integers(0, 63))]
        case "grow":
            signature += b"\0"
        case "A":
            key = reference.encode(reference.B)
    return key, message, signature


@settings(max_examples=150)
@given(ed25519_items())
def test_ed25519(item: Item) -> None:
    for profile in ED25519_PROFILES:
        found = verify_one("ed25519", profile, *item) == 0
        assert found == reference.ed25519(profile, *item), profile
        # What only the cofactor forgives is noted.
        key, message, signature = item
        a, r = reference.decode_permissively(key), reference.decode_permissively(signature[:32])
        is_plain = a is not None and reference.commitment(a, key, message, signature) == r
        assert explain("ed25519", profile, *item) == (
            0 if found else verify_one("ed25519", profile, *item),
            ("torsion_residue",) if found and not is_plain else (),
        )
    if len(item[2]) == 64:
        assert (verify_one("ed25519", "cofactorless", *item) == 0) == openssl_ed25519(*item)
        assert (verify_one("ed25519", "strict", *item) == 0) == libsodium(*item)


def sec1(point: tuple[int, int], form: int) -> bytes:
    x, y = (number.to_bytes(32, "big") for number in point)
    return bytes([2 + point[1] % 2]) + x if form == 2 else bytes([form + (point[1] % 2) * (form > 4)]) + x + y


@st.composite
def ecdsa_items(draw: st.DrawFn, scheme: str) -> tuple[str, str, Item]:
    """An honest signature of chosen numbers, then changed; small ones reach the exceptional additions."""
    curve = reference.CURVES[scheme]
    number = st.one_of(st.integers(1, 8), st.integers(1, curve.n - 1))
    secret, nonce = draw(number), draw(number)
    message = draw(st.binary(max_size=40))
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    q, x = reference.multiply(curve, secret, curve.g), reference.multiply(curve, nonce, curve.g)
    assert q is not None
    assert x is not None
    r = x[0] % curve.n
    s = pow(nonce, -1, curve.n) * (e + r * secret) % curve.n
    if draw(st.booleans()):
        s = curve.n - s
    numbers = draw(
        st.sampled_from(
            [*[(r, s)] * 4, (0, s), (r, 0), (curve.n, s), (r, curve.n), (r + curve.n, s), (1, 1), (r, s + 1)]
        )
    )
    key = sec1(q, draw(st.sampled_from([2, 4, 4, 6])))
    encoding = draw(st.sampled_from(["der", "p1363"]))
    if encoding == "der":
        signature = reference.der(*numbers)
    else:
        size = max(32, *((number.bit_length() + 7) // 8 for number in numbers))
        signature = b"".join(number.to_bytes(size, "big") for number in numbers)
    match draw(st.sampled_from(["none", "none", "none", "flip", "header", "cut", "grow", "key", "zero"])):
        case "flip":
            signature = flip(signature, draw(st.integers(0, 8 * len(signature) - 1)))
        case "header":
            at = draw(st.integers(0, 5))
            signature = signature[:at] + draw(st.binary(min_size=1, max_size=2)) + signature[at + 1 :]
        case "cut":
            signature = signature[: draw(st.integers(0, len(signature) - 1))]
        case "grow":
            signature += draw(st.binary(min_size=1, max_size=8))
        case "zero":
            signature = signature[:4] + b"\0" + signature[4:]
            signature = (
                bytes([signature[0], (signature[1] + 1) % 256, signature[2], (signature[3] + 1) % 256])
                + signature[4:]
            )
        case "key":
            key = flip(key, draw(st.integers(0, 8 * len(key) - 1)))
    return scheme, encoding, (key, message, signature)


@settings(max_examples=250)
@given(st.sampled_from(sorted(reference.CURVES)).flatmap(ecdsa_items))
def test_ecdsa(case: tuple[str, str, Item]) -> None:
    scheme, encoding, (key, message, signature) = case
    digest = hashlib.sha256(message).digest()
    for policy in ("any_s", "low_s"):
        found = verify_one(scheme, f"{encoding}-{policy}", key, message, signature) == 0
        assert found == reference.ecdsa(scheme, encoding, policy, key, digest, signature), policy
        given_digest = verify_one(scheme, f"{encoding}-{policy}-digest", key, digest, signature) == 0
        assert given_digest == found
        if encoding == "der" and key[0] in {2, 3, 4}:
            if policy == "any_s":
                assert found == openssl_ecdsa(scheme, key, message, signature)
            elif scheme == "secp256k1":
                assert found == libsecp256k1(key, message, signature)


@settings(max_examples=60)
@given(
    digest=st.binary(min_size=32, max_size=32),
    secret=st.integers(1, 2**64),
    policy=st.sampled_from(["any_s", "low_s"]),
    change=st.one_of(st.none(), st.integers(0, 519)),
    other_half=st.booleans(),
)
def test_recovery(digest: bytes, secret: int, policy: str, change: int | None, other_half: bool) -> None:
    signer = coincurve.PrivateKey.from_int(secret)
    signature = signer.sign_recoverable(digest, hasher=None)
    if other_half:
        s = reference.SECP256K1.n - int.from_bytes(signature[32:64], "big")
        signature = signature[:32] + s.to_bytes(32, "big") + bytes([signature[64] ^ 1])
    if change is not None:
        signature = flip(signature, change)
    expected = reference.recover(digest, signature, policy)
    assert recover_key(digest, signature, s=policy) == expected
    profile = f"recoverable-{policy}-digest"
    if expected is not None:
        assert verify_one("secp256k1", profile, expected, digest, signature) == 0
    own = signer.public_key.format(compressed=True)
    is_own = expected == signer.public_key.format(compressed=False)
    assert (verify_one("secp256k1", profile, own, digest, signature) == 0) == is_own
