"""The claim tree ``standard-v1``: scoring sections 11.2 to 11.8.

In: payees and cumulative amounts. Out: the root and the dump's exact bytes. Keccak-256 is written out here;
a settlement hashes a few values per payee, so speed plays no part.
"""

from __future__ import annotations

_MASK = 2**64 - 1
_RATE = 136


def _constants() -> list[int]:
    """The 24 round constants, from the shift register of the Keccak reference."""
    found, state = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if state & 1:
                constant |= 1 << ((1 << power) - 1)
            state <<= 1
            if state & 0x100:
                state ^= 0x171
        found.append(constant)
    return found


def _steps() -> list[tuple[int, int]]:
    """(lane, rotation) along the path of the pi step, starting from lane 1."""
    found, x, y = [], 1, 0
    for t in range(24):
        found.append((x + 5 * y, (t + 1) * (t + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return found


_ROUNDS = _constants()
_PATH = _steps()


def _permute(lanes: list[int]) -> None:
    for constant in _ROUNDS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        for x in range(5):
            turned = columns[(x + 1) % 5]
            mixed = columns[x - 1] ^ (turned << 1 & _MASK | turned >> 63)
            for y in range(x, 25, 5):
                lanes[y] ^= mixed
        moving = lanes[1]
        for at, (_, turn) in enumerate(_PATH):
            target = _PATH[(at + 1) % 24][0]
            kept = lanes[target]
            lanes[target] = moving << turn & _MASK | moving >> (64 - turn)
            moving = kept
        for y in range(0, 25, 5):
            row = lanes[y : y + 5]
            for x in range(5):
                lanes[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        lanes[0] ^= constant


def keccak256(data: bytes) -> bytes:
    padded = bytearray(data)
    padded.append(1)
    padded.extend(bytes(-len(padded) % _RATE))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for at in range(_RATE // 8):
            lanes[at] ^= int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def leaf_hash(payee: str, amount: int) -> bytes:
    """Leaf of ``["address", "uint256"]``."""
    return keccak256(keccak256(bytes(12) + bytes.fromhex(payee[2:]) + amount.to_bytes(32, "big")))


def node_hash(a: bytes, b: bytes) -> bytes:
    return keccak256(a + b if a < b else b + a)


def build(leaves: list[bytes]) -> tuple[list[bytes], list[int]]:
    """The array of ``2n - 1`` nodes and the tree index of every leaf."""
    if not leaves:
        raise ValueError("a tree has at least one leaf")
    n = len(leaves)
    tree = [b""] * (2 * n - 1)
    where = [0] * n
    for rank, leaf in enumerate(sorted(range(n), key=lambda at: leaves[at])):
        tree[2 * n - 2 - rank] = leaves[leaf]
        where[leaf] = 2 * n - 2 - rank
    for at in range(n - 2, -1, -1):
        tree[at] = node_hash(tree[2 * at + 1], tree[2 * at + 2])
    return tree, where


def proof(tree: list[bytes], at: int) -> list[bytes]:
    found = []
    while at > 0:
        found.append(tree[at + 1 if at & 1 else at - 1])
        at = (at - 1) // 2
    return found


def dump(values: list[tuple[str, int]]) -> tuple[str, bytes]:
    """The root as text and the bytes of ``tree.json`` for (payee, amount) in ascending order."""
    tree, where = build([leaf_hash(payee, amount) for payee, amount in values])
    nodes = ",".join(f'"0x{node.hex()}"' for node in tree)
    lines = ",".join(
        f'{{"value":["{payee}","{amount}"],"treeIndex":{at}}}'
        for (payee, amount), at in zip(values, where, strict=True)
    )
    text = (
        f'{{"format":"standard-v1","leafEncoding":["address","uint256"],"tree":[{nodes}],"values":[{lines}]}}'
    )
    return f"0x{tree[0].hex()}", text.encode()


def claim_values(payees: list[dict], filler: bool) -> list[tuple[str, int]]:
    """Every payee with a cumulative amount, and the filler where there is only one (11.5)."""
    values = [(line["payee"], line["cumulative"]) for line in payees if line["cumulative"] > 0]
    if filler and len(values) == 1:
        values.append(("0x" + "0" * 40, 0))
        values.sort()
    return values
