"""Changes of standing on the page: those that take pay first, all of them counted, whatever they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pages import Page, check

from depinverify.exceptions import SettlementError
from depinverify.report import write_report
from models.worlds import DOWN, UP, WRONG, settled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ONE = 10**12
SCRIPT = "</style><script>alert(1)</script>\u202e"


def change(device: int, rule: str, **members: Any) -> dict[str, Any]:
    line = {
        "device": f"{device:032x}", "at": 1_800_000_000, "from": "ACTIVE", "to": "ACTIVE", "rule": rule,
        "numbers": {"value": 61 * ONE // 100, "limit": 60 * ONE // 100},
    }  # fmt: skip
    return line | members


def page_of(folder: Path, changes: list[dict[str, Any]]) -> str:
    rewards = json.loads((folder / "rewards.json").read_text())
    (folder / "rewards.json").write_text(json.dumps(rewards | {"transitions": changes}))
    write_report(folder, folder / "page.html")
    return (folder / "page.html").read_text()


def section(html: str) -> str:
    check(html)
    inner = html.partition('<section id="standing"')[2].partition("</section>")[0]
    return Page(f"<section{inner}").text


def test_what_the_status_machine_did_is_on_the_page(tmp_path: Path) -> None:
    """A settled epoch: one device lies, one is down, and probation ends for the others."""
    track = {"alpha0_e12": ONE, "lambda_e12": 9 * 10**11, "threshold_e12": 5 * 10**11}
    rules = {"models": {"standing": {"min_age_s": 0, "min_observations": 1, "correctness": track}}}

    def deed(device: int, slot: int) -> str:
        return WRONG if device == 2 and slot else DOWN if device == 1 else UP

    settlement = settled(tmp_path, rules, deed)
    write_report(settlement, tmp_path / "page.html", tmp_path / "epoch-7")
    html = (tmp_path / "page.html").read_text()
    text = section(html)
    assert f"{len(settlement.rewards['transitions'])} changes by device" in text
    assert "CORRECTNESS 1 Too many answers were provably wrong" in text
    assert "DISQUALIFIED" in text
    assert text.index("DISQUALIFIED") < text.index("SUSPENDED_OFFLINE")
    assert html.index('href="#findings"') < html.index('href="#standing"') < html.index('href="#money"')


def test_where_nothing_happened_it_says_so(full_page: Path) -> None:
    assert "No device changed its standing" in section(full_page.read_text())


def test_what_is_not_listed_is_counted(changed: Callable[..., Path]) -> None:
    many = [change(number, "WARNING_AVAILABILITY") for number in range(150)]
    last = change(999, "OFFLINE", to="SUSPENDED_OFFLINE")
    text = section(page_of(changed(), [*many, last]))
    assert "WARNING_AVAILABILITY 150" in text
    assert "51 changes more in rewards.json" in text
    assert f"{999:032x} ACTIVE SUSPENDED_OFFLINE OFFLINE 61.0000 %, limit 60.0000 %" in text
    assert f"{98:032x}" in text
    assert f"{99:032x}" not in text


def test_an_age_is_no_score(changed: Callable[..., Path]) -> None:
    numbers = {"value": 22 * 86400, "limit": 21 * 86400}
    assert "22 days, limit 21 days" in section(
        page_of(changed(), [change(1, "PROBATION_OVER", numbers=numbers)])
    )


def test_hostile_changes_are_text(changed: Callable[..., Path]) -> None:
    words = dict.fromkeys(("device", "from", "to", "rule"), SCRIPT)
    html = page_of(changed(), [change(1, "OFFLINE") | words | {"numbers": {SCRIPT: -5}, "at": 2**63}])
    assert SCRIPT not in html
    text = section(html)
    assert "others 1 Rules that this version does not know." in text
    assert "<script>alert(1)</script>\\u202e" in text
    assert "9223372036854775808 s" in text


@pytest.mark.parametrize("bad", [{"at": "now"}, {"rule": 5}, {"numbers": {"value": 0.5}}, {"device": None}])
def test_what_is_no_change_is_refused(changed: Callable[..., Path], bad: dict[str, Any]) -> None:
    with pytest.raises(SettlementError):
        page_of(changed(), [change(1, "OFFLINE") | bad])
