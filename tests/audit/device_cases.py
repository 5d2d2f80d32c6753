"""Epochs of the tests about single devices, and the command line in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

import depinverify
from depinverify import cli, settle
from depinverify.audit.dispute import make_dispute
from depinverify.audit.recheck import check_bundle
from depinverify.simulate import simulate
from depinverify.simulate.settings import Settings
from epoch_folders import World

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify import Settlement
    from depinverify.audit.explain import Explanation

#: Enough devices for every behaviour.
SMALL: dict[str, Any] = {"devices": 30, "hours": 3, "seed": 1}


def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object
) -> tuple[int, str, str]:
    """Call the command line: exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["depinverify", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = capsys.readouterr()
    code = stopped.value.code
    return (0 if code is None else int(code)), said.out, said.err


class Chapter:
    """An epoch of a simulated world with its settlement, and the one after it."""

    def __init__(self, folder: Path, **arguments: Any) -> None:
        arguments = SMALL | arguments
        self.folder = folder
        simulate(out=folder / "epoch", **arguments)
        self.world = World(folder / "epoch", Settings(**arguments))
        self.epoch = self.world.epoch
        self.settlement = settle(self.epoch, folder / "settlement")
        self.arguments = arguments

    def next(self, out: Path, toml: str = "") -> tuple[Path, Settlement]:
        """The epoch that follows, with more text in its ``epoch.toml``, and its settlement."""
        simulate(out=out / "epoch", previous=self.settlement.folder, **self.arguments)
        path = out / "epoch" / "epoch.toml"
        path.write_text(path.read_text() + toml)
        return out / "epoch", settle(out / "epoch", out / "settlement")

    @property
    def devices(self) -> list[str]:
        """Ids of all devices, hex."""
        return [entry["device"] for entry in self.settlement.rewards["entries"]]

    def entry(self, device: str) -> dict[str, Any]:
        """The device's entry of the reward file."""
        return next(entry for entry in self.settlement.rewards["entries"] if entry["device"] == device)

    def with_reason(self, reason: str) -> str:
        """The first device that has a reason and is paid something all the same."""
        entries = self.settlement.rewards["entries"]
        return next(e["device"] for e in entries if reason in e["reasons"] and e["amount"] != "0")


def told(settlement: Settlement, epoch: Path, scratch: Path) -> dict[str, Explanation]:
    """Every device of a settlement, explained and disputed."""
    explained = {}
    rows: dict[bytes, set[bytes]] = {}
    table = settlement.verdicts
    for device, row_id in zip(table["device"].to_pylist(), table["row_id"].to_pylist(), strict=True):
        rows.setdefault(device, set()).add(row_id)
    for entry in settlement.rewards["entries"]:
        device = entry["device"]
        made = make_dispute(device, settlement, epoch)
        one = explained[device] = made.explanation
        assert one.findings == []
        shown = [row.row_id for slot in one.slots for row in slot.observations]
        assert len(shown) == len(set(shown))
        assert set(shown) == rows.get(bytes.fromhex(device), set())
        assert one.to_text("all").endswith("Yes: decisions, windows, score, weight and amount follow "
                                           "from the verdicts of this device.\n")  # fmt: skip
        assert one.to_json() == depinverify.explain(device, settlement, epoch).to_json()
        assert (one.entry.amount < one.full_amount) <= bool(one.entry.reasons)
        (scratch / "bundle.zip").write_bytes(made.content)
        found = check_bundle(scratch / "bundle.zip")
        assert found.agrees, [statement for statement in found.statements if statement.agrees is False]
    return explained
