"""Filecoin's proofs on one thread, beside what a Python program would call: ``python -m benches.filecoin``.

Paths and commitments are held against the same rules over ``hashlib``, and against the rate of SHA-256 itself; batches
of beacon rounds against single checks; a window proof against the same without tables. The key of the window proof is
made here, with points of the right groups and no circuit behind it: the network's own 32 GiB key is not public, and the
work of a check does not depend on whether it holds.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pyarrow as pa

from depinverify import _native

if TYPE_CHECKING:
    from collections.abc import Callable

HEIGHT = 30
MIB = 1 << 20
#: Generators of BLS12-381's two groups, affine; in G2 both coordinates with their second part first.
P = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
G1 = (
    0x17F1D3A73197D7942695638C4FA9AC0FC3688C4F9774B905A14E3A3F171BAC586C55E83FF97A1AEFFB3AF00ADB22C6BB,
    0x08B3F481E3AAA0F1A09E30ED741D8AE4FCF5E095D5D00AF600DB18CB2C04B3EDD03CC744A2888AE40CAA232946C5E7E1,
)
G2 = (
    0x13E02B6052719F607DACD3A088274F65596BD0D09920B61AB5DA61BBDC7F5049334CF11213945D57E5AC7D055D042B7E,
    0x024AA2B2F08F0A91260805272DC51051C6E47AD4FA403B02B4510B647AE3D1770BAC0326A805BBEFD48056C8C121BDB8,
    0x0606C4A02EA734CC32ACD2B02BC28B99CB3E287E85A763AF267492AB572E99AB3F370D275CEC1DA1AAA9075FF05F79BE,
    0x0CE5D527727D6E118CC9CDC6DA2E351AADFD9BAA8CBDD3A76D429A695160D12C923AC9CC3BACA289E193548608B82801,
)


def timed(work: Callable[[], Any], turns: int = 3) -> float:
    """Seconds of the fastest of some turns."""
    times = []
    for _ in range(turns):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two nodes over ``hashlib``."""
    digest = bytearray(hashlib.sha256(left + right).digest())
    digest[31] &= 0x3F
    return bytes(digest)


def climbed(leaf: bytes, siblings: list[bytes], offset: int) -> bytes:
    """Where a path leads, over ``hashlib``."""
    for sibling in siblings:
        leaf = node(sibling, leaf) if offset & 1 else node(leaf, sibling)
        offset >>= 1
    return leaf


def paths(count: int) -> None:
    """Merkle paths of pieces of 32 GiB."""
    chance = random.Random(1)  # noqa: S311 - the same paths each time
    few = 2000
    rows = []
    for _ in range(few):
        leaf = chance.randbytes(31) + b"\0"
        siblings = [chance.randbytes(31) + b"\0" for _ in range(HEIGHT)]
        offset = chance.randrange(1 << HEIGHT)
        rows.append((leaf, siblings, offset))
    roots: list[bytes] = []
    plain = timed(lambda: roots.extend(climbed(*row) for row in rows), turns=1) / few
    times = count // few
    columns = (
        pa.array([leaf for leaf, _, _ in rows] * times, pa.binary()),
        pa.array([b"".join(siblings) for _, siblings, _ in rows] * times, pa.binary()),
        pa.array([offset for _, _, offset in rows] * times, pa.uint64()),
        pa.array([HEIGHT] * count, pa.uint64()),
        pa.array(roots * times, pa.binary()),
    )
    if _native.filecoin_check_paths(*columns, threads=1).any():
        raise SystemExit("a right path was refused")
    ours = timed(lambda: _native.filecoin_check_paths(*columns, threads=1)) / count
    print(f"paths of height {HEIGHT}: {1 / ours:,.0f} a second, {plain / ours:.1f}x a loop over hashlib")


def plain_commp(payload: bytes) -> bytes:
    """CommP of a payload that fills its tree, over ``hashlib``."""
    level = []
    for place in range(0, len(payload), 127):
        number = int.from_bytes(payload[place : place + 127], "little")
        level += [(number >> shift & (1 << 254) - 1).to_bytes(32, "little") for shift in (0, 254, 508, 762)]
    while len(level) > 1:
        level = [node(level[place], level[place + 1]) for place in range(0, len(level), 2)]
    return level[0]


def commitments() -> None:
    """CommP of a payload, Fr32 inside."""
    chance = random.Random(2)  # noqa: S311
    small, large = chance.randbytes(127 << 10), chance.randbytes(127 << 19)
    roots: list[bytes] = []
    plain = timed(lambda: roots.append(plain_commp(small)), turns=1) / len(small)
    if _native.filecoin_commp(small, threads=1)[0] != roots[0]:
        raise SystemExit("the commitments differ")
    ours = timed(lambda: _native.filecoin_commp(large, threads=1)) / len(large)
    sha = timed(lambda: hashlib.sha256(large).digest()) / len(large)
    print(
        f"CommP: {1e-6 / ours:,.0f} MB/s, {plain / ours:.0f}x the same over hashlib; "
        f"SHA-256 alone hashes {1e-6 / sha:,.0f} MB/s here"
    )


class Beacon(NamedTuple):
    """How a beacon signs."""

    name: str
    scheme: str
    variant: Literal["min-pk", "min-sig"]
    domain_tag: bytes
    is_chained: bool

    @property
    def secret(self) -> bytes:
        return _native.bls_secret_key(hashlib.sha256(self.name.encode()).digest())

    def chain(self) -> _native.BeaconChain:
        """The chain, its key not looked at yet."""
        return _native.BeaconChain(
            scheme=self.scheme,
            public_key=_native.bls_public_key(self.variant, self.secret),
            genesis_time=0,
            period=3,
            genesis_seed=bytes(32),
            beacon_id="bench",
        )

    def signed(self, count: int) -> list[tuple[int, bytes, bytes | None, bytes | None]]:
        """The first rounds."""
        found: list[tuple[int, bytes, bytes | None, bytes | None]] = []
        before = bytes(32)
        for number in range(1, count + 1):
            previous = before if self.is_chained else b""
            message = hashlib.sha256(previous + number.to_bytes(8)).digest()
            before = _native.bls_sign(self.variant, self.domain_tag, self.secret, message)
            found.append((number, before, previous or None, None))
        return found


BEACONS = (
    Beacon(
        "quicknet",
        "bls-unchained-g1-rfc9380",
        "min-sig",
        b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_",
        is_chained=False,
    ),
    Beacon(
        "default",
        "pedersen-bls-chained",
        "min-pk",
        b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_",
        is_chained=True,
    ),
)


def rounds(beacon: Beacon, count: int) -> None:
    """Rounds of a cold key, in one batch and one by one."""
    signed = beacon.signed(count)
    if any(verdict != "signed" for verdict, *_ in beacon.chain().verify_rounds(signed, threads=1)):
        raise SystemExit("a right round was refused")
    together = timed(lambda: beacon.chain().verify_rounds(signed, threads=1))
    few, chain = signed[:100], beacon.chain()
    single = timed(lambda: [chain.verify_round(*row[:3]) for row in few]) / len(few) * count
    print(
        f"{count:,} rounds like {beacon.name}'s: {count / together:,.0f} a second, "
        f"{single / together:.1f}x single checks"
    )


def added(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Sum of two points of the curve whose x differ."""
    slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def made_key(inputs: int) -> bytes:
    """A key file with points of the right groups."""
    slope = 3 * G1[0] * G1[0] * pow(2 * G1[1], -1, P) % P
    x = (slope * slope - 2 * G1[0]) % P
    point = (x, (slope * (G1[0] - x) - G1[1]) % P)
    ic = []
    for _ in range(inputs + 1):
        ic.append(point)
        point = added(point, G1)
    g1 = b"".join(number.to_bytes(48) for number in G1)
    g2 = b"".join(number.to_bytes(48) for number in G2)
    # alpha, beta in both groups, gamma, delta in both groups.
    head = g1 + g1 + g2 + g2 + g1 + g2
    return head + len(ic).to_bytes(4) + b"".join(x.to_bytes(48) + y.to_bytes(48) for x, y in ic)


def compressed(coordinates: tuple[int, ...], y: int) -> bytes:
    """A point as proofs have it."""
    first, *rest = coordinates
    flags = 0x80 | (0x20 if y > P // 2 else 0)
    head = first.to_bytes(48)
    return bytes([head[0] | flags]) + head[1:] + b"".join(number.to_bytes(48) for number in rest)


def window_proofs() -> None:
    """A full partition of 32 GiB sectors: 2349 of them, 25,839 public inputs."""
    chance = random.Random(3)  # noqa: S311
    key = made_key(25_839)
    proof = compressed((G1[0],), G1[1]) + compressed((G2[0], G2[1]), G2[2]) + compressed((G1[0],), G1[1])
    sectors = [(number, chance.randbytes(31) + b"\0") for number in range(2349)]
    randomness = chance.randbytes(32)

    def check(verifier: _native.FilecoinVerifier) -> None:
        (answer,) = verifier.verify_post(13, randomness, sectors, proof, threads=1)
        if answer is None or answer[0] != "PROOF_INVALID":
            raise SystemExit(f"expected a proof of nothing to be refused by the equation, found {answer}")

    started = time.perf_counter()
    plain = _native.FilecoinVerifier.from_bytes(key, trust="anyone", threads=1)
    read = time.perf_counter() - started
    tables = _native.FilecoinVerifier.from_bytes(key, trust="anyone", tables_for=32 << 30, threads=1)
    check(plain)
    without, with_tables = timed(lambda: check(plain), 5), timed(lambda: check(tables), 5)
    print(
        f"window partition of 32 GiB sectors: {with_tables * 1e3:.1f} ms warm with tables of "
        f"{tables.table_bytes / MIB:.0f} MiB, {without * 1e3:.1f} ms without; the key is read in {read * 1e3:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=1000)
    asked = parser.parse_args()
    paths(asked.paths)
    commitments()
    for beacon in BEACONS:
        rounds(beacon, asked.rounds)
    window_proofs()


if __name__ == "__main__":
    main()
