"""A small epoch with everything in it, settled once, and the pages that are made of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depinverify import Settlement, settle
from depinverify.report import write_report
from depinverify.simulate import simulate
from economy.worlds import ANSWERED, NO_ROW, REFUSED, Funded

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough devices for every behaviour, and an outage of a validator."""
    folder = tmp_path_factory.mktemp("report") / "epoch"
    simulate(out=folder, devices=40, hours=6, seed=5)
    return folder


@pytest.fixture(scope="session")
def settlement(epoch: Path, tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return settle(epoch, tmp_path_factory.mktemp("report") / "settlement")


@pytest.fixture(scope="session")
def full_page(settlement: Settlement, epoch: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report with the epoch folder."""
    path = tmp_path_factory.mktemp("report") / "full.html"
    assert write_report(settlement, path, epoch) == ()
    return path


@pytest.fixture
def changed(settlement: Settlement, tmp_path: Path) -> Callable[..., Path]:
    """Copies the settlement's folder so that a test may change it."""

    def copy() -> Path:
        return Path(shutil.copytree(settlement.folder, tmp_path / "changed"))

    return copy


class _Accounts(Funded):
    """Payees of 32 bytes; the last validator names none."""

    def payee_of(self, number: int) -> str | None:
        return f"0x{0xA0 + number:064x}" if number < self.payees else None


@pytest.fixture(scope="session")
def funded(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """A settlement under all tables about money; its epoch folder lies beside it."""
    folder = tmp_path_factory.mktemp("funded")
    tables = {
        "emission": {
            "first": "999999000000000000000000",
            "numerator": 2,
            "denominator": 3,
            "period_epochs": 5,
            "first_epoch": 2,
        },
        "utilisation": {"floor_e12": 333_333_333_333, "unlisted": "busy"},
        "validators": {"share_bp": 777},
        "levels": {"class_shares": {"gold": 3, "silver": 1, "iron": 2}},
        "class_multipliers": {"iron": 500_000_000_000},
        "payee_type": "bytes32",
        "allocation": "carry",
        "models": {"withholding": {"percents": [10]}},
    }
    epoch = _Accounts(folder / "epoch", tables, payees=2, device_payee="0x" + "cd" * 32)
    epoch.pool = None
    epoch.work = [
        {"device": device, "paid": paid, "capacity": 3}
        for device, paid in zip(epoch.devices, (2, 1, 0), strict=False)
    ]

    def deed(device: int, validator: int, slot: int) -> int | None:
        if (device, validator) == (2, 1) and slot < 2:
            return NO_ROW
        return REFUSED if device != 0 and (device + slot) % 5 == 0 else ANSWERED

    return settle(epoch.fill(deed), folder / "settlement")


@pytest.fixture(scope="session")
def funded_page(funded: Settlement) -> Path:
    path = funded.folder.parent / "page.html"
    assert write_report(funded, path, funded.folder.parent / "epoch") == ()
    return path
