"""The folder of public vectors, which is not part of a clone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


def public_vectors(network_or_scheme: str) -> Path:
    """The folder of one network or scheme; skips the test where there is none."""
    base = os.environ.get("DEPINVERIFY_VECTORS")
    folder = (Path(base) if base else ROOT / ".." / "shared" / "vectors") / network_or_scheme
    if not folder.is_dir():
        pytest.skip(f"no public vectors at {folder}; DEPINVERIFY_VECTORS names their folder")
    return folder


def cases(path: Path) -> list[dict[str, Any]]:
    """All cases of a file, whatever their number."""
    found: list[dict[str, Any]] = json.loads(path.read_text())["cases"]
    return found
