"""Networks of other packages: what they get wrong is said in a sentence, and costs nobody else anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from depinverify import networks
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from pathlib import Path

#: A network that gives every line of a file the same verdict.
NETWORK = """
import pyarrow as pa
from depinverify.networks import Code

class Constant:
    name = "constant"
    description = "Every record is fine."
    catalogue = (Code(0, "WRONG", "It is wrong.", "nothing"), Code(32, "VALID", "It is fine.", "nothing"))

    def verify(self, source, *, threads=None):
        count = len(source.read_bytes().splitlines())
        columns = {name: pa.array([value] * count, pa.uint32()) for name, value in VERDICT.items()}
        return pa.table({"record": pa.array(range(1, count + 1), pa.uint64()), **columns})

network = Constant()
"""
#: What makes it one that also settles and explains; the steps themselves are never reached.
SETTLES = "Constant.settle = Constant.audit = Constant.explain = lambda *given, **named: None\n"
VERDICT = {"code": 32, "failed": 0, "not_run": 0, "outcome": 0}


def install(
    folder: Path, content: str, name: str = "constant", value: str = "constant_network:network"
) -> None:
    """Lay a package into a folder, as an installer does."""
    (folder / "constant_network.py").write_text(content)
    metadata = folder / "constant_network-1.0.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(f"[depinverify.networks]\n{name} = {value}\n")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, where the packages of a folder are installed."""
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-m", "depinverify", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )


def network_of(verdict: dict[str, int]) -> str:
    return f"VERDICT = {verdict!r}\n{NETWORK}"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.txt"
    path.write_text("one\ntwo\n")
    return path


def test_a_network_of_another_package_is_one_like_any(tmp_path: Path, evidence: Path) -> None:
    install(tmp_path, network_of(VERDICT))
    assert "constant    Every record is fine." in run(tmp_path, "networks").stdout.splitlines()
    done = run(tmp_path, "verify", str(evidence), "--network", "constant", "--check")
    assert (done.returncode, done.stdout.split(), done.stderr) == (
        0,
        ["VALID", "record", "1", "VALID", "record", "2"],
        "VALID: 2\n",
    )
    done = run(tmp_path, "settle", str(tmp_path), "--network", "constant")
    assert done.returncode == 2
    assert "expected a network that settles its evidence, found constant" in done.stderr


def test_a_failed_check_is_an_exit_code(tmp_path: Path, evidence: Path) -> None:
    install(tmp_path, network_of(VERDICT | {"code": 0, "failed": 1}))
    done = run(tmp_path, "verify", str(evidence), "--network", "constant", "--check")
    assert done.returncode == 1
    assert done.stdout.count("    It is wrong.\n") == 2


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        ({**VERDICT, "code": 7}, "expected the number of a code of its catalogue, found 7"),
        ({"code": 32}, "expected verdicts with one column 'failed', found record, code"),
    ],
)
def test_verdicts_that_are_none(
    tmp_path: Path, evidence: Path, verdict: dict[str, int], message: str
) -> None:
    install(tmp_path, network_of(verdict))
    done = run(tmp_path, "verify", str(evidence), "--network", "constant")
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import no_such_package", "its package cannot be loaded (ModuleNotFoundError"),
        ("raise SystemExit(0)", "its package cannot be loaded (SystemExit: 0)"),
        (NETWORK.replace('"constant"', '"other"'), "expected the name of its entry point, found 'other'"),
        (
            NETWORK.replace("Code(32,", "Code(0,"),
            "expected codes with distinct numbers from 0 to 255, found [0, 0]",
        ),
        (NETWORK.replace("Constant()", "Constant"), "expected an object with name, description, catalogue"),
        ("network = 3", "expected an object with name, description, catalogue and verify, found 3"),
    ],
)
def test_a_broken_package_is_named_and_the_others_are_listed(
    tmp_path: Path, content: str, message: str
) -> None:
    install(tmp_path, content)
    listed = run(tmp_path, "networks")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["generic", "arweave", "filecoin"]
    assert message in listed.stderr
    done = run(tmp_path, "verify", str(tmp_path), "--network", "constant")
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


def test_two_packages_cannot_bring_one_network(tmp_path: Path) -> None:
    install(tmp_path, network_of(VERDICT))
    other = tmp_path / "other-1.0.dist-info"
    other.mkdir()
    (other / "entry_points.txt").write_text("[depinverify.networks]\nconstant = other:network\n")
    assert "expected one package that brings it, found" in run(tmp_path, "networks").stderr


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("[]", "expected an Arrow table of verdicts, found []"),
        ("1 // 0", "its package failed (ZeroDivisionError"),
        (
            'pa.table({name: ["32"] for name in VERDICT})',
            "expected the number of a code of its catalogue, found '32'",
        ),
        (
            "pa.table({name: pa.array([None], pa.uint8()) for name in VERDICT})",
            "expected the number of a code of its catalogue, found None",
        ),
    ],
)
def test_what_is_no_table_of_verdicts(tmp_path: Path, evidence: Path, returned: str, message: str) -> None:
    install(tmp_path, network_of(VERDICT).replace("return pa.table", f"return {returned}\n        pa.table"))
    done = run(tmp_path, "verify", str(evidence), "--network", "constant", "--check")
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    "returned", ["pl.DataFrame(columns)", "pa.RecordBatch.from_pydict(columns)", "pa.table(columns)"]
)
def test_any_arrow_library_will_do(tmp_path: Path, evidence: Path, returned: str) -> None:
    columns = {
        **{name: [value] for name, value in VERDICT.items()},
        "id": ["\x1b[2Jone"],
        "kind": ["\x1b[1m"],
    }
    before = (
        f"import polars as pl\n        columns = {columns!r}\n        return {returned}\n        pa.table"
    )
    install(tmp_path, network_of(VERDICT).replace("return pa.table", before))
    done = run(tmp_path, "verify", str(evidence), "--network", "constant")
    assert done.stdout == "VALID                 \\x1b[2Jone\n    \\x1b[1m of no subject\n"
    done = run(
        tmp_path, "verify", str(evidence), "--network", "constant", "--json", "--out", "verdicts.parquet"
    )
    assert json.loads(done.stdout) == {"counts": {"VALID": 1}}


def test_keys_that_a_network_has_no_use_for_are_refused(tmp_path: Path, evidence: Path) -> None:
    install(tmp_path, network_of(VERDICT) + SETTLES)
    for command in ("verify", "settle", "check"):
        done = run(tmp_path, command, str(evidence), "--network", "constant", "--key", str(evidence))
        assert done.returncode == 2, command
        assert "--key: expected a network whose proofs need keys" in done.stderr, command


def test_a_built_in_name_is_not_taken_over(tmp_path: Path) -> None:
    install(tmp_path, network_of(VERDICT), name="filecoin")
    assert "Every record is fine." not in run(tmp_path, "networks").stdout


def test_no_such_network() -> None:
    with pytest.raises(InputError, match="expected one of generic, arweave, filecoin, found 'nobody'"):
        networks.get("nobody")
