"""Another layout of reward trees: each leaf is one hash of packed bytes, padded with zero leaves to a power of two.

In: what each address has of two tokens. Out: the root, a proof for each address, and whether a proof holds. Rule:
scoring specification, section 11.9 (vector ``rocketpool_packed_leaf.json``): a leaf is ``keccak256(address ||
network || rpl || eth)``, 20 bytes and three times 32; leaves ascend by their hash, zero leaves stand behind them, and a
node is the hash of its children, the smaller one first. For importers: a settlement has the tree of section 11.5.
Invariant: an address stands once; a leaf has 116 bytes and a node 64, so neither can be taken for the other.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["MOST_SHARES", "PackedShare", "PackedTree", "packed_leaf", "verify_packed"]

#: More than that is refused: all of them are held at once.
MOST_SHARES: Final = 1 << 20

#: No proof is longer: ``log2(MOST_SHARES)``.
_MOST_NODES: Final = 20
_NOTHING: Final = bytes(32)
_ADDRESS_BYTES: Final = 20
_LARGEST: Final = 2**256 - 1
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)
_MEMBERS: Final = frozenset({"network", "amountRPL", "amountETH"})


class PackedShare(NamedTuple):
    """What one address has.

    Attributes:
        address: 20 bytes.
        network: Where it is paid.
        rpl: Amount of the first token.
        eth: Amount of the second one.
    """

    address: bytes
    network: int
    rpl: int
    eth: int


def packed_leaf(share: PackedShare) -> bytes:
    """Hash one share.

    Raises:
        InputError: The address has not 20 bytes, or a number is out of range.
    """
    if not isinstance(share.address, bytes) or len(share.address) != _ADDRESS_BYTES:
        raise InputError(f"address: expected {_ADDRESS_BYTES} bytes, found {str(share.address)[:100]!r}")
    packed = [share.address]
    for name, value in zip(share._fields[1:], share[1:], strict=True):
        if type(value) is not int or not 0 <= value <= _LARGEST:
            found = value if type(value) is not int else "a number out of range"
            raise InputError(f"{name}: expected an integer from 0 to 2^256-1, found {str(found)[:100]!r}")
        packed.append(value.to_bytes(32, "big"))
    return _native.keccak256(b"".join(packed))


def verify_packed(root: bytes, share: PackedShare, proof: Sequence[bytes]) -> bool:
    """Whether a share stands under a root.

    Args:
        root: 32 bytes.
        share: The share.
        proof: The sibling at each level, from the leaf up.

    Raises:
        InputError: The share is none; a proof that is none is just not valid.
    """
    node = packed_leaf(share)
    if len(proof) > _MOST_NODES or any(len(sibling) != len(_NOTHING) for sibling in proof):
        return False
    for sibling in proof:
        node = _node(node, sibling)
    return node == root


class PackedTree:
    """The tree over all shares.

    Example:
        >>> tree = PackedTree([PackedShare(bytes(20), 0, 5, 7)])
        >>> verify_packed(tree.root, tree.share(bytes(20)), tree.proof(bytes(20)))
        True
    """

    def __init__(self, shares: Iterable[PackedShare]) -> None:
        """Build the tree.

        Args:
            shares: At least one and at most :data:`MOST_SHARES`, in any order.

        Raises:
            InputError: A share is wrong, an address stands twice, or there are none or too many.
        """
        self._shares: dict[bytes, PackedShare] = {}
        hashed: list[tuple[bytes, bytes]] = []
        for share in shares:
            leaf = packed_leaf(share)
            if share.address in self._shares:
                raise InputError(f"address 0x{share.address.hex()} stands twice")
            self._shares[share.address] = share
            hashed.append((leaf, share.address))
            if len(self._shares) > MOST_SHARES:
                raise InputError(f"expected at most {MOST_SHARES} addresses, found more")
        if not self._shares:
            raise InputError("expected at least one address, found none")
        leaves = sorted(hashed)
        self._places = {address: place for place, (_, address) in enumerate(leaves)}
        level = [leaf for leaf, _ in leaves]
        level += [_NOTHING] * ((1 << (len(level) - 1).bit_length()) - len(level))
        self._levels = [level]
        while len(level) > 1:
            level = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
            self._levels.append(level)

    @classmethod
    def from_json(cls, document: bytes) -> Self:
        """Read an object of addresses, each with ``network``, ``amountRPL`` and ``amountETH`` (decimal strings).

        Raises:
            InputError: The document is something else.
        """
        try:
            content = json.loads(document, object_pairs_hook=_distinct)
        except (ValueError, RecursionError) as error:
            raise InputError(f"expected a JSON object of addresses; {error}") from None
        if not isinstance(content, dict):
            raise InputError(f"expected a JSON object of addresses, found {type(content).__name__}")
        return cls(_share(address, members) for address, members in content.items())

    @property
    def root(self) -> bytes:
        """32 bytes."""
        return self._levels[-1][0]

    @property
    def leaves(self) -> tuple[bytes, ...]:
        """Hashes of the shares, ascending; the zero leaves behind them are left out."""
        return tuple(self._levels[0][: len(self._shares)])

    def __len__(self) -> int:
        return len(self._shares)

    def share(self, address: bytes) -> PackedShare:
        """What an address has.

        Raises:
            InputError: The address is not in the tree.
        """
        if address not in self._shares:
            raise InputError(f"address 0x{address.hex()[:100]} is not in the tree")
        return self._shares[address]

    def proof(self, address: bytes) -> list[bytes]:
        """The sibling at each level, from the leaf up.

        Raises:
            InputError: The address is not in the tree.
        """
        self.share(address)
        place = self._places[address]
        return [level[place >> height ^ 1] for height, level in enumerate(self._levels[:-1])]


def _node(left: bytes, right: bytes) -> bytes:
    return _native.keccak256(min(left, right) + max(left, right))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are distinct; a reader that keeps the last of two would hide the first."""
    names = sorted(name for name, _ in pairs)
    for one, other in pairwise(names):
        if one == other:
            raise ValueError(f"{one[:100]!r} stands twice")
    return dict(pairs)


def _share(address: str, members: Any) -> PackedShare:  # noqa: ANN401 - a value of foreign JSON
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"expected 0x and 40 hex digits, found {address[:100]!r}")
    if not isinstance(members, dict) or members.keys() != _MEMBERS:
        raise InputError(f"{address}: expected the members amountETH, amountRPL and network")
    network = members["network"]
    if type(network) is not int:
        raise InputError(f"{address}.network: expected an integer, found {str(network)[:100]!r}")
    rpl, eth = (_amount(f"{address}.{name}", members[name]) for name in ("amountRPL", "amountETH"))
    return PackedShare(bytes.fromhex(address[2:]), network, rpl, eth)


def _amount(where: str, text: Any) -> int:  # noqa: ANN401 - a value of foreign JSON
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise InputError(f"{where}: expected a decimal string, found {str(text)[:100]!r}")
    return int(text)
