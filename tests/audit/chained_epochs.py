"""Epochs made by hand: two in a row with remainder, carried amount and adjustment, and ones with further tables."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from depinverify import Epoch, settle
from economy.worlds import Funded, always
from oracle.conftest import SLOT, START, TinyEpoch, canonical

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Chained", "adjustment", "make_chained", "make_funded", "make_modelled"]

#: The payee whose first epoch is below the minimum payout, and who is owed a correction.
CORRECTED = f"0x{3:040x}"
RULESET = {
    "name": "generic", "version": "1", "window_s": 1800, "tracking_s": 3600, "allocation": "carry", "min_payout": "300",
}  # fmt: skip


@dataclass(frozen=True)
class Chained:
    """Two epochs and their settlements."""

    first: Path
    before: Path
    second: Path
    settlement: Path
    maker: TinyEpoch


def adjustment(epoch: TinyEpoch, amount: str = "7", signed_amount: str | None = None) -> str:
    """A table ``[[adjustment]]``; the authority may have signed another amount."""
    signed = {
        "amount": signed_amount or amount,
        "epoch": epoch.index,
        "payee": CORRECTED,
        "reason": "wrong cell",
        "reference": "ab" * 32,
    }
    table = {name: value for name, value in signed.items() if name != "epoch"} | {
        "amount": amount,
        "jws": epoch.authority.jws(canonical(signed)).decode(),
    }
    return "[[adjustment]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in table.items())


def _epoch(folder: Path, **options: Any) -> TinyEpoch:
    epoch = TinyEpoch(folder, devices=("ed25519", "p256", "secp256k1"), **options)
    epoch.pool = "1001"
    epoch.ruleset = dict(RULESET)
    heavier = next(iter(epoch.device_keys))
    epoch.event("set_weight", epoch.authority, device=heavier.hex(), weight="2")
    return epoch


def make_chained(folder: Path) -> Chained:
    """Make and settle both."""
    first = _epoch(folder / "first")
    first.honest()
    before = settle(first.write(), folder / "before")
    second = _epoch(folder / "second", start=START + 4 * SLOT, index=8)
    second.previous_toml = f'[previous]\npath = "../before"\nsha256 = "{before.manifest_sha256}"'
    second.extra_toml = adjustment(second)
    second.honest()
    settled = settle(second.write(), folder / "settlement")
    # A liar knows what stood in the ledger before.
    shutil.copyfile(before.folder / "ledger.json", settled.folder / "ledger-before.json")
    return Chained(first.folder, before.folder, second.folder, settled.folder, second)


def make_modelled(folder: Path) -> tuple[Path, Path]:
    """An epoch whose ruleset has a standing, a streak, withholding and tracks, and its settlement."""
    epoch = TinyEpoch(folder / "epoch")
    epoch.ruleset |= {
        "name": "own",
        "models": {
            "standing": {"min_age_s": 0, "min_observations": 3},
            "streak": {"levels": [[0, 0], [1, 100_000_000_000]]},
            "withholding": {"percents": [25]},
            "tracks": {"order": ["availability", "correctness", "latency"]},
        },
    }
    epoch.write_toml()
    epoch._params_hash = Epoch.open(epoch.folder).params_hash
    epoch.honest()
    return epoch.write(), settle(epoch.folder, folder / "settlement").folder


def make_funded(folder: Path) -> tuple[Path, Path]:
    """An epoch whose ruleset has every table about money, and its settlement."""
    tables = {
        "emission": {"first": "1000000", "numerator": 9, "denominator": 10, "period_epochs": 1},
        "utilisation": {"floor_e12": 250_000_000_000},
        "validators": {"share_bp": 1000},
        "levels": {"class_shares": {"gold": 3, "iron": 1}, "others": 2},
    }
    epoch = Funded(folder / "epoch", tables)
    epoch.pool = None
    epoch.work = [{"device": device, "paid": "3", "capacity": "4"} for device in epoch.devices[:4]]
    return epoch.fill(always), settle(epoch.folder, folder / "settlement").folder
