"""``depinverify report``: the file it writes, what it says and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from pages import check

from depinverify.cli import app
from depinverify.exceptions import DepinverifyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from depinverify import Settlement


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["report", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_it_writes_what_the_library_writes(
    settlement: Settlement, epoch: Path, full_page: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    result = run(settlement.folder, "--epoch", epoch, "--out", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote {out}\n")
    assert out.read_bytes() == full_page.read_bytes()


def test_the_file_has_a_name_by_default(
    settlement: Settlement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(settlement.folder).exit_code == 0
    check((tmp_path / "report.html").read_text())


def test_redacted(settlement: Settlement, epoch: Path, tmp_path: Path) -> None:
    assert (
        run(settlement.folder, "--epoch", epoch, "--out", tmp_path / "page.html", "--redact").exit_code == 0
    )
    assert "Redacted: addresses shortened" in check((tmp_path / "page.html").read_text()).text


def test_a_changed_result_is_exit_code_one(changed: Callable[..., Path], tmp_path: Path) -> None:
    folder = changed()
    rewards = json.loads((folder / "rewards.json").read_text())
    (folder / "rewards.json").write_text(json.dumps(rewards))
    result = run(folder, "--out", tmp_path / "page.html")
    assert result.exit_code == 1
    assert "changed: rewards.json is not the file that the manifest names." in result.stderr


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_what_is_no_settlement_is_a_bad_call(folder: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DepinverifyError, match="expected a settlement, found no manifest"):
        run(tmp_path / folder, "--out", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_place_that_cannot_be_written_is_a_bad_call(settlement: Settlement, tmp_path: Path) -> None:
    with pytest.raises(DepinverifyError, match="expected to write the report there"):
        run(settlement.folder, "--out", tmp_path / "absent" / "page.html")
