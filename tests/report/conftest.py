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
