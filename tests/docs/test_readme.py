"""The README's examples, run in the order in which they stand, in an empty folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from documents import ROOT, Block, blocks, place, run

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / "README.md"
BLOCKS = blocks(README)


def test_blocks_run(tmp_path: Path) -> None:
    assert [block.language for block in BLOCKS].count("bash") >= 4
    assert [block.language for block in BLOCKS].count("python") >= 2
    place(tmp_path)
    for block in BLOCKS:
        run(block, tmp_path)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for page in (README, ROOT / "CONTRIBUTING.md"):
        targets = re.findall(r"^make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
        assert {"demo", "test"} <= set(targets)
        assert not [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


def test_a_failing_block_is_seen(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="line 7"):
        run(Block(7, "bash", "false | true\ntrue"), tmp_path)
    with pytest.raises(AssertionError, match="line 8"):
        run(Block(8, "python", "raise SystemExit(3)"), tmp_path)
