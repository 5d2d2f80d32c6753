"""``epoch.toml`` of a simulated epoch, and the settlement that it follows (uptime proof, 9.1)."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from depinverify.exceptions import InputError
from depinverify.simulate.schedule import RULESET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.simulate.beacon import Beacon
    from depinverify.simulate.events import EventLog
    from depinverify.simulate.fleet import Fleet

__all__ = ["Previous", "epoch_toml", "read_previous"]


class Previous(NamedTuple):
    """A settlement that a simulated epoch follows."""

    path: Path
    manifest_sha256: str
    number: int
    start: int
    end: int
    registry_head: str
    chain_hash: str

    def check_continues(self, chain_hash: bytes, log: EventLog) -> None:
        """Refuse a settlement of another world.

        Raises:
            InputError: Another beacon, or a registry that does not begin with the one settled.
        """
        if chain_hash.hex() != self.chain_hash or log.head_before(self.start * 1000) != self.registry_head:
            raise InputError(
                f"{self.path}: expected a settlement of the same world, found another beacon or registry",
                hint="give the devices, hours, seed, validators, shares and first index of the epochs before",
            )


def read_previous(path: Path) -> Previous:
    """What a settlement says about itself.

    Raises:
        InputError: The folder holds no complete settlement.
    """
    try:
        manifest = (path / "manifest.json").read_bytes()
        rewards = json.loads((path / "rewards.json").read_bytes())
        epoch = rewards["epoch"]
        return Previous(
            path=path,
            manifest_sha256=hashlib.sha256(manifest).hexdigest(),
            number=int(epoch["index"]),
            start=int(epoch["start"]),
            end=int(epoch["end"]),
            registry_head=str(rewards["registry_head"]),
            chain_hash=str(rewards["params"]["chain_hash"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a complete settlement: {error}") from error


def epoch_toml(fleet: Fleet, beacon: Beacon, head: str, previous: Previous | None, out: Path) -> str:
    """The text of ``epoch.toml``; every key of the ruleset is written, so no default is left open."""
    settings = fleet.settings
    top = {
        "format": 1,
        "index": settings.index,
        "start": settings.start,
        "end": settings.end,
        "pool": settings.pool,
        "slot_seconds": settings.slot_seconds,
        "genesis": previous is None,
    }
    tables: dict[str, Mapping[str, object]] = {
        "beacon": beacon.table(),
        "registry": {"path": "registry.jsonl", "head": head, "authority": [fleet.authority.public.did]},
    }
    if previous is not None:
        path = os.path.relpath(previous.path.resolve(), out.resolve())
        tables["previous"] = {"path": Path(path).as_posix(), "sha256": previous.manifest_sha256}
    tables["ruleset"] = RULESET
    parts = [_members(top)]
    parts += [f"[{name}]\n{_members(table)}" for name, table in tables.items()]
    return "\n".join(parts)


def _members(table: Mapping[str, object]) -> str:
    """Keys and values; JSON's forms of text, integers, booleans and arrays are TOML's too."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in table.items())
