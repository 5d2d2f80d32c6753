"""Networks: whose evidence can be verified, and by which words each one judges it.

In: the name of a network. Out: a :class:`Network`, whose ``verify`` turns evidence into one verdict per
proof. Built-in networks are listed here; others come as entry points of the group ``depinverify.networks``,
each an object with the attributes of :class:`Network`.
Invariant: a built-in name is never taken over by an entry point.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from arro3.core import Table

    from depinverify.check import Explanation

__all__ = ["GROUP", "Code", "Explains", "Network", "TakesKeys", "catalogue_of", "get", "is_built_in", "names"]

#: Entry point group of networks outside this package.
GROUP = "depinverify.networks"

#: Built-in networks, in the order of their list.
_BUILT_IN = {
    "generic": "depinverify.networks.generic:network",
    "arweave": "depinverify.networks.arweave:network",
    "filecoin": "depinverify.networks.filecoin:network",
}

#: Codes from here on are no failures.
FIRST_GOOD_CODE = 32
#: Numbers that a code can have.
_NUMBERS = 256


@dataclass(frozen=True)
class Code:
    """One word of a network's catalogue.

    Attributes:
        number: Its stable number; below 32 it is the bit of a check that failed.
        name: Its stable name.
        sentence: What it means, for the owner of a device.
        evidence: Which facts stand beside it in a verdict.
    """

    number: int
    name: str
    sentence: str
    evidence: str

    @property
    def is_failure(self) -> bool:
        """Whether a proof with this code is invalid."""
        return self.number < FIRST_GOOD_CODE


@runtime_checkable
class Network(Protocol):
    """What a network brings."""

    @property
    def name(self) -> str:
        """Its name in commands and files."""
        ...

    @property
    def description(self) -> str:
        """One line for the list of networks."""
        ...

    @property
    def catalogue(self) -> tuple[Code, ...]:
        """Every code that a verdict can have, ascending by number."""
        ...

    def verify(self, source: object, *, threads: int | None = None) -> Table:
        """Give each proof its verdict.

        Args:
            source: A file or folder of evidence, or anything that hands over Arrow record batches.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            One row per proof, at least with ``code``, ``failed``, ``not_run`` and ``outcome``.
        """
        ...


@runtime_checkable
class TakesKeys(Protocol):
    """A network some of whose proofs are checked under verification keys."""

    def with_keys(self, keys: Sequence[Path], pins: Sequence[bytes]) -> Callable[..., Table]:
        """``verify`` with these keys.

        Args:
            keys: Files of keys.
            pins: Check values of keys that are trusted beside those that the network publishes.

        Raises:
            InputError: A file is no key, or not a trusted one.
        """
        ...


@runtime_checkable
class Explains(Protocol):
    """A network that explains one record of its evidence."""

    def explain(self, record: bytes, keys: Sequence[Path], pins: Sequence[bytes]) -> Explanation:
        """Every check of a record, with what it compared.

        Args:
            record: The record.
            keys: Files of keys.
            pins: Check values of keys that are trusted beside those that the network publishes.
        """
        ...


def catalogue_of(name: str) -> tuple[Code, ...]:
    """The codes of a built-in network, ascending by number.

    Args:
        name: Its name.
    """
    codes = (
        Code(entry["number"], entry["name"], entry["sentence"], entry["evidence"])
        for entry in _native.catalogue()
        if (entry["family"], entry["network"]) == ("code", name)
    )
    return tuple(sorted(codes, key=lambda code: code.number))


def names() -> list[str]:
    """Names of all networks: the built-in ones, then entry points in the order of their names."""
    others = {point.name for point in entry_points(group=GROUP)} - _BUILT_IN.keys()
    return [*_BUILT_IN, *sorted(others)]


def is_built_in(name: str) -> bool:
    """Whether a network is part of this package."""
    return name in _BUILT_IN


def get(name: str) -> Network:
    """The network of this name.

    Args:
        name: One of :func:`names`.

    Raises:
        InputError: There is no such network, its package cannot be loaded, or its entry point is something else.
    """
    if name not in _BUILT_IN:
        return _of_entry_point(name)
    module, _, attribute = _BUILT_IN[name].partition(":")
    network: Network = getattr(importlib.import_module(module), attribute)
    return network


def _of_entry_point(name: str) -> Network:
    """The network that another package brings, if it keeps to the protocol."""
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if not points:
        raise InputError(f"network: expected one of {', '.join(names())}, found {name!r}")
    values = ", ".join(point.value for point in points)
    if len(points) > 1:
        raise InputError(f"network {name!r}: expected one package that brings it, found {values}")
    try:
        found = points[0].load()
        complaint = _complaint(found, name)
    except (Exception, SystemExit) as error:
        raise InputError(
            f"network {name!r}: its package cannot be loaded ({type(error).__name__}: {error})",
            hint=f"the entry point of the group {GROUP} is {values}",
        ) from error
    if complaint is not None:
        raise InputError(
            f"network {name!r}: expected {complaint}",
            hint=f"the entry point of the group {GROUP} is {values}",
        )
    network: Network = found
    return network


def _complaint(found: object, name: str) -> str | None:
    """What a network of this name should have, and what it has instead."""
    if isinstance(found, type) or not isinstance(found, Network) or not callable(found.verify):
        return f"an object with name, description, catalogue and verify, found {found!r:.80}"
    if found.name != name:
        return f"the name of its entry point, found {found.name!r:.80}"
    if not isinstance(found.description, str):
        return f"a description, found {found.description!r:.80}"
    codes: object = found.catalogue
    if not isinstance(codes, tuple) or not all(isinstance(code, Code) for code in codes):
        return f"a tuple of codes as its catalogue, found {codes!r:.80}"
    numbers = [code.number for code in codes]
    is_fine = all(type(number) is int and 0 <= number < _NUMBERS for number in numbers)
    if is_fine and len(set(numbers)) == len(numbers):
        return None
    return f"codes with distinct numbers from 0 to {_NUMBERS - 1}, found {numbers}"
