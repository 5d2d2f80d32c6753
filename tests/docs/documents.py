"""Code blocks of the documentation, and an environment in which they run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Blocks that are shown and not run: sessions of the whole project, diagrams, layouts.
_SHOWN = {"console", "text", "toml", "json"}


@dataclass(frozen=True)
class Block:
    """A block of code that is run."""

    line: int
    language: str
    code: str


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that are run; a block without a language is an error."""
    text = page.read_text("utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        language = match[1]
        assert language in {"bash", "python", *_SHOWN}, f"{page.name}, line {line}: language {language!r}"
        if language not in _SHOWN:
            found.append(Block(line, language, match[2]))
    return found


def environment(folder: Path) -> dict[str, str]:
    """The environment with the commands `depinverify` and `python3` of this interpreter."""
    commands = folder / ".commands"
    if not commands.exists():
        commands.mkdir()
        for name, arguments in (("depinverify", "-m depinverify"), ("python3", "")):
            script = commands / name
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            script.chmod(0o755)
    paths = [str(ROOT / "python"), *filter(None, [os.environ.get("PYTHONPATH")])]
    is_installed = "site-packages" in str(Path(__import__("depinverify").__file__ or ""))
    inherited = os.environ if is_installed else os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return {**inherited, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}


def place(folder: Path) -> None:
    """Lay the cases and examples of the clone into a folder."""
    for name in ("tests", "examples"):
        (folder / name).symlink_to(ROOT / name)


def run(block: Block, folder: Path) -> None:
    """Run a block in a folder; what it prints is shown if it fails."""
    command = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-W", "error", "-c"]}
    done = subprocess.run(
        [*command[block.language], block.code],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"line {block.line}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
