"""An epoch folder where a settlement is wanted: the message says so, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def epoch(tmp_path: Path) -> Path:
    folder = tmp_path / "epoch"
    folder.mkdir()
    (folder / "epoch.toml").write_text("format = 1\n")
    return folder


@pytest.mark.parametrize("command", ["diff", "report"])
def test_an_epoch_folder_is_no_settlement(
    command: str, epoch: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, said = run(command, *([epoch] * (2 if command == "diff" else 1)))
    words = " ".join(said.split())
    assert (code, out) == (2, "")
    assert f"error: {epoch}: expected a settlement, found an epoch folder" in words
    assert f"Settle it first: `depinverify settle {epoch}`." in words


def test_where_its_settlement_lies_in_it_that_is_said(
    epoch: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    (epoch / "settlement").mkdir()
    (epoch / "settlement" / "manifest.json").write_text("{}")
    _, _, said = run("diff", epoch, epoch)
    assert f"Its settlement is {epoch / 'settlement'}." in " ".join(said.split())


def test_a_run_that_was_stopped(tmp_path: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, _, said = run("diff", tmp_path, tmp_path)
    assert code == 2
    assert "found no manifest.json" in said
    assert "start `depinverify settle` again" in said


@pytest.mark.parametrize(
    ("options", "found", "expected", "hint"),
    [
        ((), "depinverify-filecoin-manifest-v1", "depinverify-manifest-v1", "takes `--network`"),
        (
            ("--network", "filecoin"),
            "depinverify-manifest-v1",
            "depinverify-filecoin-manifest-v1",
            "takes no",
        ),
    ],
)
def test_the_settlement_of_another_kind_is_told(
    options: tuple[str, ...],
    found: str,
    expected: str,
    hint: str,
    tmp_path: Path,
    run: Callable[..., tuple[int, str, str]],
) -> None:
    (tmp_path / "manifest.json").write_text(f'{{"format":"{found}"}}')
    code, _, said = run("audit", tmp_path, *options)
    words = " ".join(said.split())
    assert code == 2
    assert f"expected the format {expected}, found '{found}'" in words
    assert hint in words
