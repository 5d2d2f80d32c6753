"""`diff`: two validators' settlements of one epoch, inputs before results."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from liar import Liar

from depinverify import settle
from depinverify.audit import FindingCode, Stage, diff
from depinverify.exceptions import InputError, SettlementError
from epoch_folders import rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from device_cases import Chapter

    from depinverify import Settlement

Run = Any
V1 = b"val-1"


@pytest.fixture(scope="module")
def without_a_file(chapter: Chapter, tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """What a validator makes that never got the files of one other."""
    folder = tmp_path_factory.mktemp("without")
    epoch = chapter.world.copy(folder / "epoch")
    for path in (epoch / "observations").glob("*val-1*"):
        path.unlink()
    return settle(epoch, folder / "settlement")


def test_equal_settlements(depinverify_command: Run, chapter: Chapter, tmp_path: Path) -> None:
    """The same rows in other files are the same."""
    other = chapter.world.rewrite(tmp_path / "epoch", name="{}.jsonl.zst".format, files=2, seed=3)
    settled = settle(other, tmp_path / "settlement")
    found = diff(chapter.settlement.folder, settled.folder)
    assert (found.is_equal, found.findings) == (True, ())
    assert (len(found.only_a), len(found.only_b)) == (3, 6)
    code, out, err = depinverify_command("diff", chapter.settlement.folder, settled.folder)
    assert (code, err) == (0, "")
    assert "say the same" in out


def test_other_evidence(depinverify_command: Run, chapter: Chapter, without_a_file: Settlement) -> None:
    mine, theirs = chapter.settlement.folder, without_a_file.folder
    found = diff(mine, theirs)
    assert [finding.subject for finding in found.inputs] == ["input:observations", "input:annotations"]
    assert {finding.stage for finding in found.inputs} == {Stage.INPUTS}
    assert {FindingCode.SILENCE_DIFFERS, FindingCode.VERDICT_DIFFERS} <= {one.code for one in found.results}
    assert [(file.name, file.signer) for file in found.only_a] == [
        ("observations/val-1-00000.parquet", V1.hex())
    ]
    assert found.only_b == ()
    subjects = [finding.subject for finding in found.findings]
    assert len(subjects) == len(set(subjects))
    code, out, err = depinverify_command("diff", mine, theirs)
    assert (code, err) == (1, "")
    assert out.index("Inputs that differ") < out.index("Results that differ") < out.index("Totals")
    assert found.only_a[0].sha256 in out
    code, out, err = depinverify_command("diff", mine, theirs, "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == json.loads(json.dumps(found.to_json()))
    assert json.loads(out)["files"]["only_b"] == []


def test_a_file_that_one_side_set_aside(chapter: Chapter, tmp_path: Path) -> None:
    epoch = chapter.world.copy(tmp_path / "epoch")
    next((epoch / "observations").glob("*val-1*.jws")).unlink()
    settled = settle(epoch, tmp_path / "settlement")
    found = diff(chapter.settlement.folder, settled.folder)
    assert [(file.name, file.quarantine) for file in found.only_a] == [
        ("observations/val-1-00000.parquet", None)
    ]
    assert [(file.name, file.quarantine) for file in found.only_b] == [
        ("observations/val-1-00000.parquet", "UNSIGNED")
    ]


def test_both_ways_say_the_same(chapter: Chapter, without_a_file: Settlement) -> None:
    one = diff(chapter.settlement.folder, without_a_file.folder)
    other = diff(without_a_file.folder, chapter.settlement.folder)
    assert {(f.subject, f.field) for f in one.findings} == {(f.subject, f.field) for f in other.findings}
    assert {(str(f.published), str(f.recomputed)) for f in one.findings} == {
        (str(f.recomputed), str(f.published)) for f in other.findings
    }


def test_one_row_less(chapter: Chapter, tmp_path: Path) -> None:
    """One device is named, not all that stand after it."""
    epoch = chapter.world.copy(tmp_path / "epoch")
    rows = rows_of(epoch)[V1]
    path = next((epoch / "observations").glob("*val-1*.parquet"))
    chapter.world.write(path, V1, rows[1:])
    settled = settle(epoch, tmp_path / "settlement")
    found = diff(chapter.settlement.folder, settled.folder)
    verdicts = [finding for finding in found.results if finding.code is FindingCode.VERDICT_DIFFERS]
    assert [finding.subject for finding in verdicts] == [f"device:{rows[0]['device'].hex()}"]
    assert verdicts[0].recomputed is None


def test_equal_inputs_with_other_results(depinverify_command: Run, chapter: Chapter, tmp_path: Path) -> None:
    liar = Liar(chapter.settlement.folder, tmp_path / "falsified")
    one, other = liar.paid_entries()
    one["amount"], other["amount"] = str(int(one["amount"]) - 1), str(int(other["amount"]) + 1)
    liar.pay()
    liar.publish()
    code, out, _ = depinverify_command("diff", chapter.settlement.folder, liar.folder)
    assert code == 1
    assert "audit both" in out
    assert "AMOUNT_DIFFERS" in out


def test_another_parameter_is_named_by_its_key(chapter: Chapter, tmp_path: Path) -> None:
    liar = Liar(chapter.settlement.folder, tmp_path / "other")
    liar.rewards["params"]["max_per_cluster"] = 3
    liar.publish()
    found = diff(chapter.settlement.folder, liar.folder)
    assert [(f.subject, f.published, f.recomputed) for f in found.inputs] == [
        ("parameter:max_per_cluster", 2, 3)
    ]


def test_two_epochs_are_refused(depinverify_command: Run, chapter: Chapter, later: Any) -> None:
    _, settlement = later
    code, out, err = depinverify_command("diff", chapter.settlement.folder, settlement.folder)
    assert (code, out) == (2, "")
    assert "epoch 0" in err
    assert "epoch 1" in err
    with pytest.raises(InputError):
        diff(chapter.settlement.folder, settlement.folder)


def test_what_is_no_settlement_is_refused(depinverify_command: Run, chapter: Chapter, tmp_path: Path) -> None:
    with pytest.raises(SettlementError):
        diff(chapter.settlement.folder, tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(chapter.settlement.folder, broken)
    (broken / "rewards.json").write_bytes(b"[]")
    code, out, err = depinverify_command("diff", chapter.settlement.folder, broken)
    assert (code, out) == (2, "")
    assert "rewards.json" in err
