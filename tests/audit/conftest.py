"""Small epochs, simulated and settled once for all tests of a session."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
for needed in (ROOT, ROOT / "tests", ROOT / "tests" / "audit"):
    if str(needed) not in sys.path:
        sys.path.insert(0, str(needed))

from device_cases import Chapter, command  # noqa: E402 - found through the path above

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def chapter(tmp_path_factory: pytest.TempPathFactory) -> Chapter:
    """A first epoch with devices of every behaviour."""
    return Chapter(tmp_path_factory.mktemp("chapter"))


@pytest.fixture(scope="session")
def later(chapter: Chapter, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The epoch after it: folder and settlement."""
    return chapter.next(tmp_path_factory.mktemp("later"))


@pytest.fixture
def depinverify_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """The command line in this process: exit code, stdout, stderr."""
    return lambda *arguments: command(capsys, monkeypatch, *arguments)
