"""Who a storage provider is: its address in data sets, its miner id in retrieval checks, and what it states.

In: ``providers.jsonl``, one object a line: ``provider`` or ``miner_id`` or both, and optionally ``name``,
``sectors_active`` with ``sectors_faulty``, ``uploads`` with ``uploads_successful``. Out: identities, and refusals.
Rule: this project's own format; F1 for what is stated. Invariant: an address and a miner id each stand in one
identity; whoever is in no line is a provider of its own under the name that the evidence has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.exceptions import InputError
from depinverify.networks.filecoin.lines import read_lines
from depinverify.networks.filecoin.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from depinverify.networks.filecoin.lines import Members
    from depinverify.networks.filecoin.refusals import Refusals

__all__ = ["Identities", "Identity", "Stated", "read_identities"]

_MINER: Final = re.compile(r"[ft]0(?:0|[1-9][0-9]{0,18})", re.ASCII)
#: Characters of the longest name.
_LONGEST_NAME: Final = 200


class Stated(NamedTuple):
    """Numbers that nobody proves.

    Attributes:
        successes: Sectors without a fault, or uploads that succeeded.
        total: Active sectors, or uploads.
    """

    successes: int
    total: int


class Identity(NamedTuple):
    """One storage provider.

    Attributes:
        provider: Its address, ``0x`` and 40 lower-case hex digits.
        miner_id: Its miner id, such as ``f01000``.
        name: How it is called.
        health: Its sectors, as stated.
        uploads: Its uploads, as stated.
    """

    provider: str | None
    miner_id: str | None
    name: str | None = None
    health: Stated | None = None
    uploads: Stated | None = None


class Identities:
    """Identities by address and by miner id."""

    def __init__(self, known: Iterable[Identity] = ()) -> None:
        self._known = tuple(known)
        self._by_provider = {one.provider: one for one in self._known if one.provider is not None}
        self._by_miner = {one.miner_id: one for one in self._known if one.miner_id is not None}

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._known)

    def of_provider(self, provider: str) -> Identity:
        """Whose address it is."""
        return self._by_provider.get(provider) or Identity(provider, None)

    def of_miner(self, miner_id: str) -> Identity:
        """Whose miner id it is."""
        return self._by_miner.get(miner_id) or Identity(None, miner_id)


def read_identities(path: Path, refusals: Refusals) -> Identities:
    """Read a file of identities.

    Args:
        path: The file; without it nobody is joined.
        refusals: Where lines go that are none, or speak of somebody who stands in an earlier one.
    """
    if not path.exists():
        return Identities()
    known: list[Identity] = []
    taken: set[str] = set()
    for number, line in read_lines(path):
        place = f"{path.name}:{number}"
        try:
            identity = _identity(line)
        except InputError as error:
            refusals.add(Refusal(place, "not a provider", str(error)))
            continue
        names = {name for name in identity[:2] if name is not None}
        if names & taken:
            refusals.add(Refusal(place, "provider stands twice", ", ".join(sorted(names & taken))))
            continue
        taken |= names
        known.append(identity)
    return Identities(known)


def _identity(line: Members | InputError) -> Identity:
    if isinstance(line, InputError):
        raise line
    provider = line.address("provider") if line.has("provider") else None
    miner_id = line.text("miner_id") if line.has("miner_id") else None
    if provider is None and miner_id is None:
        raise InputError("provider: expected an address or a miner_id, found neither")
    if miner_id is not None and not _MINER.fullmatch(miner_id):
        raise InputError(
            f"miner_id: expected f0 or t0 and a number without zeros before it, found {ascii(miner_id)[:60]}"
        )
    name = line.text("name") if line.has("name") else None
    if name is not None and len(name) > _LONGEST_NAME:
        raise InputError(f"name: expected at most {_LONGEST_NAME} characters, found {len(name)}")
    return Identity(provider, miner_id, name, _health(line), _uploads(line))


def _health(line: Members) -> Stated | None:
    if not (line.has("sectors_active") or line.has("sectors_faulty")):
        return None
    active, faulty = line.number("sectors_active"), line.number("sectors_faulty")
    if faulty > active:
        raise InputError(f"sectors_faulty: expected at most {active}, found {faulty}")
    return Stated(active - faulty, active)


def _uploads(line: Members) -> Stated | None:
    if not (line.has("uploads") or line.has("uploads_successful")):
        return None
    uploads, successful = line.number("uploads"), line.number("uploads_successful")
    if successful > uploads:
        raise InputError(f"uploads_successful: expected at most {uploads}, found {successful}")
    return Stated(successful, uploads)
