"""Small epochs under rulesets of one's own, one after the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from depinverify import Epoch, Settlement, settle
from oracle.conftest import SLOT, START, TinyEpoch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify.ingest import Options

#: What a device does in a slot.
UP, DOWN, WRONG, LATE, ERROR = "up", "down", "wrong", "late", "error"
#: Transport of a probe whose error is not the device's.
_NOT_ITS_ERROR = 3
#: Behind the deadline, and before the answer is too late to count.
_LATE_MS = 10_000
SLOTS = 8
WINDOWS = {"window_s": 2 * SLOT, "tracking_s": SLOTS * SLOT, "min_data_windows": 1}


def settled(
    folder: Path,
    ruleset: dict[str, Any],
    deed: Callable[[int, int], str],
    *,
    devices: int = 5,
    previous: Settlement | None = None,
    index: int = 7,
    options: Options | None = None,
) -> Settlement:
    """Settle an epoch in which each device does in each slot what ``deed(device, slot)`` says."""
    start = START + (index - 7) * SLOTS * SLOT
    epoch = TinyEpoch(
        folder / f"epoch-{index}", devices=("ed25519",) * devices, slots=SLOTS, start=start, index=index
    )
    epoch.ruleset = {"name": "tiny", "version": "1", **WINDOWS, **ruleset}
    epoch.pool = "1000000"
    if previous is not None:
        path = json.dumps(str(previous.folder))
        epoch.previous_toml = f'[previous]\npath = {path}\nsha256 = "{previous.manifest_sha256}"'
    epoch.write_toml()
    epoch._params_hash = Epoch.open(epoch.folder).params_hash
    for slot in range(SLOTS):
        for at, device in enumerate(epoch.device_keys):
            for validator in epoch.validator_keys:
                what = deed(at, slot)
                if what == DOWN:
                    epoch.silence(validator, device, slot)
                elif what == ERROR:
                    epoch.silence(validator, device, slot, transport=_NOT_ITS_ERROR)
                elif what == LATE:
                    epoch.answer(validator, device, slot, delay=_LATE_MS)
                else:
                    # A device that has been up for longer than it was before is provably wrong.
                    claims = {"uptime": 10**6} if what == WRONG else {}
                    epoch.answer(validator, device, slot, **claims)
    return settle(epoch.write(), folder / f"settlement-{index}", options=options)


def entries(settlement: Settlement) -> list[dict[str, Any]]:
    """Entries of the reward file."""
    return settlement.rewards["entries"]


def chain(entry: dict[str, Any]) -> dict[str, int]:
    """Multipliers of an entry by name."""
    return {multiplier["name"]: multiplier["value"] for multiplier in entry["multipliers"]}


def states(settlement: Settlement) -> list[dict[str, Any]]:
    """Lines of ``models.jsonl``."""
    return [json.loads(line) for line in (settlement.folder / "models.jsonl").read_bytes().splitlines()]
