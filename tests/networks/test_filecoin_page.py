"""The page of a Filecoin settlement: nothing from outside, every text escaped, the same bytes, and its command."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from depinverify.exceptions import SettlementError
from depinverify.networks.filecoin.page import write_page
from depinverify.networks.filecoin.settle import settle
from filecoin_folders import ALICE, BOB, SET_B, write_folder, write_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify.networks.filecoin.result_folder import FilecoinSettlement

HOSTILE = "<script>alert(1)</script>\u202e&\"'"


class Reader(HTMLParser):
    """Names of elements, attributes that load something, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.loads: set[str | None] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.loads |= {value for name, value in attrs if name in {"src", "href", "action", "data"}}

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> FilecoinSettlement:
    folder = write_folder(tmp_path_factory.mktemp("page") / "evidence")
    write_lines(
        folder / "providers.jsonl",
        [{"provider": ALICE, "miner_id": "f01000", "name": HOSTILE}, {"provider": BOB, "miner_id": HOSTILE}],
    )
    return settle(folder, folder.parent / "out")


def test_the_page_says_what_the_folder_says(settled: FilecoinSettlement, tmp_path: Path) -> None:
    assert write_page(settled, tmp_path / "one.html") == ()
    write_page(settled.folder, tmp_path / "two.html")
    page = (tmp_path / "one.html").read_text("utf-8")
    assert page == (tmp_path / "two.html").read_text("utf-8")
    read = Reader(page)
    assert "script" not in read.elements
    assert all(value is not None and value.startswith(("#", "data:")) for value in read.loads)
    assert "<script>alert(1)</script>\\u202e&\"'" in read.text
    assert "0 of 4 proven periods are confirmed" in read.text
    assert "1 contradiction between" in read.text
    assert "66.66\u00a0% of 3" in read.text
    assert "not enough samples" in read.text
    assert str(SET_B) in read.text
    assert "666,666,666,666,666,671" in read.text
    assert "not a provider" in read.text


def _change(name: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        document = json.loads((folder / name).read_bytes())
        change(document)
        (folder / name).write_text(json.dumps(document), "utf-8")

    return changed


def test_a_changed_result_is_said_first(settled: FilecoinSettlement, tmp_path: Path) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    _change("payments.json", lambda document: document["payments"][0].__setitem__("paid", "7"))(folder)
    assert write_page(folder, tmp_path / "page.html") == ("payments.json is not what the manifest says.",)
    assert "<li>payments.json is not what the manifest says.</li>" in (tmp_path / "page.html").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    "change",
    [
        _change("providers.json", lambda document: document.pop("providers")),
        _change(
            "providers.json", lambda document: document["providers"][0].__setitem__("proven_bytes", "much")
        ),
        _change("data_sets.json", lambda document: document["data_sets"].__setitem__(0, 5)),
        _change("spark.json", lambda document: document["rounds"][0].__setitem__("committees", None)),
        _change("manifest.json", lambda document: document["counts"].__setitem__("periods", [])),
    ],
)
def test_a_folder_of_another_form_is_an_error(
    settled: FilecoinSettlement, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    change(folder)
    with pytest.raises(SettlementError, match="not of its form"):
        write_page(folder, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_the_command_knows_whose_settlement_it_is(
    settled: FilecoinSettlement, tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    code, _, warned = run("report", settled.folder, "--out", tmp_path / "page.html")
    assert (code, f"wrote {tmp_path / 'page.html'}" in warned) == (0, True)
    write_page(settled, tmp_path / "own.html")
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / "own.html").read_bytes()
    code, _, warned = run("report", settled.folder, "--redact", "--out", tmp_path / "page.html")
    assert (code, "--redact: expected no such option with --network filecoin" in warned) == (2, True)
