"""`audit` on the command line: exit codes, tables, JSON, and calls that are wrong."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from liar import Liar

from depinverify import Options
from depinverify.audit import FindingCode, audit
from depinverify.exceptions import InputError, SettlementError
from depinverify.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device_cases import Chapter

Run = Any


@pytest.fixture
def falsified(chapter: Chapter, tmp_path: Path) -> Path:
    """A unit of pay is moved between two devices."""
    liar = Liar(chapter.settlement.folder, tmp_path / "falsified")
    one, other = liar.paid_entries()
    one["amount"], other["amount"] = str(int(one["amount"]) - 1), str(int(other["amount"]) + 1)
    liar.pay()
    liar.publish()
    return liar.folder


def test_a_clean_settlement(depinverify_command: Run, chapter: Chapter) -> None:
    code, out, err = depinverify_command("audit", chapter.settlement.folder, "--epoch", chapter.epoch)
    assert (code, err) == (0, "")
    assert "Nothing was found." in out
    assert "needs a head published elsewhere" in out
    assert "not looked at" in out
    code, out, err = depinverify_command("audit", chapter.settlement.folder)
    assert (code, err) == (0, "")
    signatures = next(line for line in out.splitlines() if line.strip().startswith("signatures"))
    assert "not looked at" in signatures


def test_findings_as_a_table(depinverify_command: Run, chapter: Chapter, falsified: Path) -> None:
    code, out, err = depinverify_command("audit", falsified, "--epoch", chapter.epoch)
    assert (code, err) == (1, "")
    assert f"AMOUNT_DIFFERS: {FindingCode.AMOUNT_DIFFERS.sentence}" in out
    assert "Look first at: allocation." in out


def test_findings_as_json(depinverify_command: Run, chapter: Chapter, falsified: Path) -> None:
    code, out, err = depinverify_command("audit", falsified, "--epoch", chapter.epoch, "--json")
    assert (code, err) == (1, "")
    said = json.loads(out)
    assert said == json.loads(json.dumps(audit(falsified, chapter.epoch).to_json()))
    assert said["clean"] is False
    assert said["first_stage"] == "allocation"
    assert (said["stages"]["allocation"], said["stages"]["payees"], said["stages"]["files"]) == (2, 2, 0)
    honest = {entry["device"]: entry["amount"] for entry in chapter.settlement.rewards["entries"]}
    first = said["findings"][0]
    assert first["code"] == "AMOUNT_DIFFERS"
    assert first["recomputed"] == honest[first["subject"].removeprefix("device:")]
    assert int(first["published"]) == int(first["recomputed"]) - 1
    assert {one["basis"] for one in said["findings"]} == {"epoch"}
    assert not [one for one in said["not_checked"] if one["whole_stage"]]


def test_many_findings_are_cut_in_the_table(depinverify_command: Run, tmp_path: Path) -> None:
    from depinverify import settle  # noqa: PLC0415

    simulate(60, 1, 5, tmp_path / "epoch", shares={"flaky": 0})
    settled = settle(tmp_path / "epoch", tmp_path / "settlement")
    liar = Liar(settled.folder, tmp_path / "falsified")
    liar.rewards["pool"] = "7" + liar.rewards["pool"]
    liar.divide()
    liar.publish()
    _, out, _ = depinverify_command("audit", liar.folder, "--epoch", tmp_path / "epoch")
    found = audit(liar.folder, tmp_path / "epoch")
    assert f"{len(found.findings) - 50} more; --json has all of them." in out


def test_a_head_and_a_root_on_the_command_line(depinverify_command: Run, chapter: Chapter) -> None:
    folder, rewards = chapter.settlement.folder, chapter.settlement.rewards
    good = ("--head", rewards["registry_head"], "--root", chapter.settlement.root)
    assert depinverify_command("audit", folder, *good)[0] == 0
    code, out, _ = depinverify_command("audit", folder, "--head", "ab" * 32)
    assert (code, "HEAD_ELSEWHERE_DIFFERS" in out) == (1, True)
    code, _, err = depinverify_command("audit", folder, "--root", "0xabc")
    assert (code, "64 hex digits" in err) == (2, True)


def test_the_settlement_before(
    depinverify_command: Run, chapter: Chapter, later: Any, tmp_path: Path
) -> None:
    _, settlement = later
    folder = settlement.folder
    _, out, _ = depinverify_command("audit", folder, "--json")
    assert [one for one in json.loads(out)["not_checked"] if one["stage"] == "payees"]
    code, out, _ = depinverify_command("audit", folder, "--previous", chapter.settlement.folder, "--json")
    assert code == 0
    assert not [one for one in json.loads(out)["not_checked"] if one["stage"] == "payees"]
    code, out, _ = depinverify_command("audit", folder, "--previous", folder)
    assert code == 1
    assert "input:previous" in out
    broken = tmp_path / "before"
    shutil.copytree(chapter.settlement.folder, broken)
    (broken / "ledger.json").write_bytes(b'{"payees":{},"remainder":"0"}')
    code, _, err = depinverify_command("audit", folder, "--previous", broken)
    assert (code, "ledger.json" in err) == (2, True)


def test_wrong_calls(depinverify_command: Run, chapter: Chapter, later: Any, tmp_path: Path) -> None:
    epoch, _ = later
    folder = chapter.settlement.folder
    for arguments, said in (
        ((tmp_path,), "manifest.json"),
        ((folder, "--epoch", tmp_path), "epoch.toml"),
        ((folder, "--epoch", epoch), "epoch 1"),
    ):
        code, out, err = depinverify_command("audit", *arguments)
        assert (code, out) == (2, "")
        assert said in err
        assert "Traceback" not in err
    with pytest.raises(SettlementError):
        audit(tmp_path)
    with pytest.raises(InputError, match="head"):
        audit(folder, head="7")


def test_unsigned_files_are_named_unless_they_are_allowed(
    depinverify_command: Run, chapter: Chapter, tmp_path: Path
) -> None:
    from depinverify import settle  # noqa: PLC0415

    epoch = chapter.world.copy(tmp_path / "epoch")
    next((epoch / "observations").glob("*val-1*.jws")).unlink()
    settled = settle(epoch, tmp_path / "settlement", options=Options(allow_unsigned=True))
    code, out, _ = depinverify_command("audit", settled.folder, "--epoch", epoch)
    assert code == 1
    assert "The settlement says: unsigned files were allowed" in out
    assert "UNSIGNED" in out
    code, out, _ = depinverify_command("audit", settled.folder, "--epoch", epoch, "--allow-unsigned")
    assert code == 0
    assert out.startswith("The settlement says: unsigned files were allowed")


def test_a_file_that_both_set_aside_is_no_finding(chapter: Chapter, tmp_path: Path) -> None:
    from depinverify import settle  # noqa: PLC0415

    epoch = chapter.world.copy(tmp_path / "epoch")
    next((epoch / "observations").glob("*val-1*.jws")).unlink()
    settled = settle(epoch, tmp_path / "settlement")
    found = audit(settled.folder, epoch)
    assert found.is_clean
    assert found.caveats == ("1 files were set aside",)


def test_texts_of_strangers_are_shown_without_control_sequences(
    depinverify_command: Callable[..., tuple[int, str, str]], chapter: Chapter, tmp_path: Path
) -> None:
    liar = Liar(chapter.settlement.folder, tmp_path / "falsified")
    liar.rewards["ruleset"] = "\x1b[31msimulation 1"
    liar.publish()
    code, out, _ = depinverify_command("audit", liar.folder)
    assert code == 1
    assert "\x1b[31m" not in out
    assert "\\x1b" in out
