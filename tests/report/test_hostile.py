"""Whatever strangers write into names, it stays text: no element, attribute, script or hidden character comes of it."""

from __future__ import annotations

import html
import json
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Page, amend_provenance, check, quarantined

from depinverify import settle
from depinverify.report import write_report
from depinverify.report.markup import Markup, element, foreign, visible
from depinverify.report.material import truncated
from depinverify.simulate import fleet, simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCRIPT = "</style></script><script>alert(1)</script>"
HANDLER = '"onmouseover="alert(1)" style="position:fixed'
REVERSED = "safe\u202egnp.exe\u2066\u200f"
CONTROL = "a\x00b\x1b[31mred\x07\r\nnext"
LONG = "x" * 5000
HOSTILE = (
    SCRIPT,
    HANDLER,
    REVERSED,
    CONTROL,
    LONG,
    "<img src=//evil.example/x onerror=alert(1)>",
    "&lt;b&gt;",
    "'><svg/onload=x>",
)


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_text_is_one_text_in_content_and_attributes(text: str) -> None:
    page = Page(element("p", foreign(text), title=visible(text), class_="x"))
    assert page.elements == {"p": 1, "bdi": 1}
    assert [name for _, name, _ in page.attributes] == ["title", "class"]
    assert page.of("title") == [visible(text)]
    assert "".join(page.texts) == visible(text)
    assert visible(text).isprintable()


@given(st.text(string.printable))
def test_nothing_that_can_be_shown_is_lost_before_the_cut(text: str) -> None:
    shown = visible(text, limit=len(text))
    assert [char for char in shown if char.isprintable()][: len(shown)] == list(shown)
    if text.isprintable():
        assert shown == text


def test_a_cut_is_said() -> None:
    assert visible(LONG, 10) == "xxxxxxxxxx… (+4,990 characters)"
    assert visible("\u202eab\x00\U000e0001") == "\\u202eab\\x00\\U000e0001"


def test_only_markup_is_markup() -> None:
    assert element("p", "<b>") == "<p>&lt;b&gt;</p>"
    assert element("p", Markup("<b></b>")) == "<p><b></b></p>"


def hostile_lines(rewards: dict[str, Any]) -> None:
    """Every text of the reward file that a reader takes as it is."""
    rewards["ruleset"] = SCRIPT
    rewards["params_hash"] = HANDLER
    rewards["merkle"]["root"] = REVERSED
    for entry, text in zip(rewards["entries"], HOSTILE * 9, strict=False):
        entry["payee"] = text
        entry["reasons"] = [text, HANDLER]
        entry["multipliers"] = [{"name": text, "value": 0, "reason": text}]
    for line, text in zip(rewards["payees"], HOSTILE * 9, strict=False):
        line["payee"] = text
    for line, text in zip(rewards["indicators"], HOSTILE * 9, strict=False):
        line |= {"code": text, "severity": text, "subjects": [text, SCRIPT], "numbers": {text: 5}}
    for line, text in zip(rewards["exclusions"], HOSTILE * 9, strict=False):
        line["reason"] = text


def test_a_hostile_settlement_is_text(changed: Callable[..., Path], tmp_path: Path) -> None:
    folder = changed()
    rewards = json.loads((folder / "rewards.json").read_text())
    hostile_lines(rewards)
    (folder / "rewards.json").write_text(json.dumps(rewards))
    amend_provenance(
        folder,
        software=SCRIPT,
        void_validators=list(HOSTILE),
        quarantined=[quarantined(text, text, text, text) | {"signer": text} for text in HOSTILE],
    )
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["counts"] |= dict.fromkeys(HOSTILE, 3)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert len(write_report(folder, tmp_path / "page.html")) == 2
    written = (tmp_path / "page.html").read_text()
    page = check(written)
    assert html.escape(SCRIPT) in written
    assert "\\u202e" in page.text
    assert "a\\x00b\\x1b[31mred" in page.text
    assert "(+4,904 characters)" in page.text
    assert len(written) < 1_000_000


def test_hostile_devices_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that come in as a device's own claims and as registered owners, all of them signed."""
    monkeypatch.setattr(
        fleet, "MODELS", ((SCRIPT.encode()[:40], b'"onload="x'), (b"\x00\xff<b>", b"&amp;<i>"))
    )
    monkeypatch.setattr(fleet, "SOFTWARE", ((SCRIPT, HANDLER), (REVERSED, LONG[:500])))
    owner = fleet.Fleet._owner
    names = iter(HOSTILE[:3] * 100)
    monkeypatch.setattr(fleet.Fleet, "_owner", lambda self, name=None: owner(self, name or next(names)))
    epoch = simulate(out=tmp_path / "epoch", devices=24, hours=2, seed=3).path
    settlement = settle(epoch, tmp_path / "settlement")
    assert write_report(settlement, tmp_path / "page.html", epoch) == ()
    page = check((tmp_path / "page.html").read_text())
    assert "<script>alert(1)" in page.text
    assert '"onload="x' in page.text
    assert "0x00ff3c623e" in page.text
    assert "\\u202e" in page.text
    assert "characters)" in page.text


def test_redacted_pages_show_no_owner_and_no_address(
    changed: Callable[..., Path], epoch: Path, tmp_path: Path
) -> None:
    folder = changed()
    said = "sent by 2001:db8:1:2::9, see 198.51.100.4"
    file = quarantined("observations/from-203.0.113.77.parquet", "UNREADABLE", said)
    amend_provenance(folder, quarantined=[file])
    write_report(folder, tmp_path / "open.html", epoch)
    write_report(folder, tmp_path / "redacted.html", epoch, is_redacted=True)
    shown, hidden = (check((tmp_path / name).read_text()).text for name in ("open.html", "redacted.html"))
    assert "operator-0" in shown
    assert "203.0.113.77" in shown
    assert "operator-0" not in hidden
    assert "203.0.113.0/24" in hidden
    assert "203.0.113.77" not in hidden
    assert "2001:db8:1::/48, see 198.51.100.0/24" in hidden
    assert "Cells finer than resolution 7 are joined to it." in hidden


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1.2.3", "10.1.2.0/24"),
        ("peer 10.1.2.3:8080", "peer 10.1.2.0/24:8080"),
        ("::1.", "::/48."),
        ("[2001:db8:7::9]:443", "[2001:db8:7::/48]:443"),
        ("at 12:30:45, byte 12: 34", "at 12:30:45, byte 12: 34"),
        ("999.1.1.1", "999.1.1.1"),
        ("version 4.2.1", "version 4.2.1"),
        ("2001:DB8::1", "2001:db8::/48"),
    ],
)
def test_addresses_are_cut(text: str, expected: str) -> None:
    assert truncated(text) == expected
