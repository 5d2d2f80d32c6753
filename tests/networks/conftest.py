"""A folder of Filecoin evidence and its settlement, for the tests of this folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from depinverify.networks.filecoin.settle import settle
from filecoin_folders import write_folder

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify.networks.filecoin.result_folder import FilecoinSettlement


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("filecoin") / "evidence")


@pytest.fixture(scope="module")
def settled(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> FilecoinSettlement:
    return settle(evidence, tmp_path_factory.mktemp("settled") / "out")


@pytest.fixture
def own(evidence: Path, tmp_path: Path) -> Path:
    """The evidence, to be changed."""
    return shutil.copytree(evidence, tmp_path / "evidence")
