"""The examples of every page in ``docs/``, run in the order in which they stand, each page in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from documents import ROOT, blocks, place, run

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md") if blocks(page))


def test_pages_were_found() -> None:
    assert len(PAGES) >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_run(page: Path, tmp_path: Path) -> None:
    place(tmp_path)
    for block in blocks(page):
        run(block, tmp_path)


def test_navigation_names_every_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    docs = ROOT / "docs"
    assert not [page for page in docs.rglob("*.md") if page.relative_to(docs).as_posix() not in navigation]
