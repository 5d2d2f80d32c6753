"""Whatever a settlement folder holds, an audit ends with findings or a message, never with an exception of Python."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liar import Liar

from depinverify.audit import audit
from depinverify.exceptions import DepinverifyError

if TYPE_CHECKING:
    from device_cases import Chapter

FILES = ("rewards.json", "ledger.json", "tree.json", "state.jsonl", "scores.parquet", "verdicts.parquet")
#: Values that are of no form, or of one that only looks right.
STRANGE = (
    None, True, -1, 2**53, 2**80, 1.5, "", "-0", "01", "1" * 200, "ab", "0x" + "00" * 20, "\ud800", [], [[]], {},
    {"a": 1}, "device:zz", "9" * 155, "\x1b[31m",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    found = [path] if path else []
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        found += places(member, (*path, name))
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value in one place."""
    document = copy.deepcopy(document)
    at = document
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return document


@pytest.fixture(scope="module")
def honest(chapter: Chapter) -> Path:
    return chapter.settlement.folder


@given(data=st.data())
@settings(max_examples=150)
def test_a_strange_value_in_the_reward_file(honest: Path, chapter: Chapter, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        liar = Liar(honest, Path(folder) / "settlement")
        path = data.draw(st.sampled_from(places(liar.rewards)))
        value = data.draw(st.sampled_from(STRANGE))
        document = replaced(liar.rewards, path, value)
        content = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        (liar.folder / "rewards.json").write_bytes(content)
        try:
            liar.hash_again()
            found = audit(liar.folder)
        except DepinverifyError:
            raise AssertionError("a falsified result is no bad call") from None
        if document != liar.rewards:
            # The folder alone may not show it; the raw inputs do.
            assert not found.is_clean or not audit(liar.folder, chapter.epoch).is_clean


@given(data=st.data())
@settings(max_examples=40)
def test_a_strange_value_in_the_manifest(honest: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        liar = Liar(honest, Path(folder) / "settlement")
        manifest = liar.manifest()
        changed = replaced(
            manifest, data.draw(st.sampled_from(places(manifest))), data.draw(st.sampled_from(STRANGE))
        )
        (liar.folder / "manifest.json").write_text(json.dumps(changed))
        try:
            found = audit(liar.folder)
        except DepinverifyError:
            return  # it is not even called a manifest
        assert changed == manifest or not found.is_clean


@given(data=st.data())
@settings(max_examples=60)
def test_broken_bytes(honest: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "settlement"
        shutil.copytree(honest, copied)
        path = copied / data.draw(st.sampled_from(FILES))
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            del content[at:]
        else:
            content[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        found = audit(copied)
        # A byte of a table that says nothing about its content changes nothing.
        assert not found.is_clean or path.suffix == ".parquet"


@pytest.mark.parametrize(
    "content",
    [b"", b"[" * 100_000, b"{}", b"null", b"\xff\xfe", b'{"a":' + b"1" * 5000 + b"}", b'{"entries":NaN}'],
    ids=["empty", "deep", "no members", "null", "no text", "long number", "no number"],
)
@pytest.mark.parametrize(
    "name", ["rewards.json", "ledger.json", "tree.json", "state.jsonl", "scores.parquet"]
)
def test_a_file_of_something_else(honest: Path, tmp_path: Path, name: str, content: bytes) -> None:
    copied = tmp_path / "settlement"
    shutil.copytree(honest, copied)
    (copied / name).write_bytes(content)
    found = audit(copied)
    assert any(finding.subject == f"file:{name}" for finding in found.findings)


@pytest.mark.parametrize("name", ["rewards.json", "ledger.json", "state.jsonl", "scores.parquet"])
def test_a_folder_in_the_place_of_a_file(honest: Path, tmp_path: Path, name: str) -> None:
    copied = tmp_path / "settlement"
    shutil.copytree(honest, copied)
    (copied / name).unlink()
    (copied / name).mkdir()
    assert not audit(copied).is_clean


def test_a_provenance_of_something_else_is_left_aside(honest: Path, tmp_path: Path) -> None:
    """It is outside the promise."""
    for number, content in enumerate(
        (b"", b"[]", b'{"files":[3]}', b'{"files":{}}', b'{"files":[{"quarantine":7}]}')
    ):
        copied = tmp_path / str(number)
        shutil.copytree(honest, copied)
        (copied / "provenance.json").write_bytes(content)
        assert audit(copied).is_clean
