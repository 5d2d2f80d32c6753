"""Every script of ``examples/`` runs in an empty folder and prints something; the demo on a small fleet."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from documents import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
ARGUMENTS = {"demo.py": ["20", "2"]}


def test_scripts_were_found() -> None:
    assert {"demo.py", "device_answers.py", "read_settlement.py", "verify_table.py"} <= {
        path.name for path in SCRIPTS
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example_runs(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), *ARGUMENTS.get(script.name, [])],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip()
