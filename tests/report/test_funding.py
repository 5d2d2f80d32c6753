"""Tables about money on the page: exact, only where the ruleset has them, and text whatever they say."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pages import Page, check, rows
from test_hostile import HOSTILE, SCRIPT

from depinverify.exceptions import SettlementError
from depinverify.report import write_report
from depinverify.report.figures import ABSENT
from economy.worlds import balance, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify import Settlement

ONE = 10**12
PARTS = ("Emission", "Division over classes", "Utilisation", "Pay of validators")


def whole(text: str) -> int:
    return int(text.replace(",", ""))


def heads(html: str) -> list[str]:
    page = Page(html)
    return [name for name in PARTS if f"<h3>{name}</h3>" in page.html]


def changed_page(settlement: Settlement, folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """The page of a copy whose reward file says something else."""
    copy = Path(shutil.copytree(settlement.folder, folder / "copy"))
    rewards = json.loads((copy / "rewards.json").read_text())
    change(rewards)
    (copy / "rewards.json").write_text(json.dumps(rewards))
    write_report(copy, folder / "page.html")
    return (folder / "page.html").read_text()


def test_a_page_has_only_the_tables_of_its_ruleset(
    full_page: Path, funded_page: Path, tmp_path: Path
) -> None:
    plain = full_page.read_text()
    assert heads(plain) == []
    for word in ("What was divided", "Validators share", ">Class<", "<dt>Payees<", "rate of its own"):
        assert word not in plain
        assert word in funded_page.read_text()
    assert heads(funded_page.read_text()) == list(PARTS)
    for table, part in (
        ({"utilisation": {"floor_e12": 0}}, "Utilisation"),
        ({"validators": {"share_bp": 0}}, "Pay of validators"),
        ({"levels": {"class_shares": {"gold": 1}}}, "Division over classes"),
    ):
        made = settled(tmp_path / part, table, bend=lambda epoch: setattr(epoch, "work", []))
        write_report(made, tmp_path / "page.html")
        assert heads((tmp_path / "page.html").read_text()) == [part]


def test_the_page_is_whole_with_and_without_the_epoch_folder(funded: Settlement, funded_page: Path) -> None:
    balance(funded)
    check(funded_page.read_text())
    bare = funded.folder.parent / "bare.html"
    write_report(funded, bare)
    check(bare.read_text())
    assert heads(bare.read_text()) == list(PARTS)
    # All base weights are 1, so nothing is missing for an exact worth.
    for name in ("Division over classes", "What each reason cost"):
        assert rows(bare.read_text(), name) == rows(funded_page.read_text(), name)


def test_both_steps_of_the_money_add_up(funded: Settlement, funded_page: Path) -> None:
    rewards, html = funded.rewards, funded_page.read_text()
    for title in ("What was divided", "What was paid"):
        left, right = sums(html, title)
        assert left == right > 0
    divided = {row[1]: whole(row[2]) for row in rows(html, "What was divided")}
    assert divided["Validators"] == int(rewards["to_validators"]) > 0
    assert divided["Devices"] == int(rewards["allocated"]) > 0
    assert divided["Withheld"] == int(rewards["withheld"]) > 0
    assert f"Validators {int(rewards['to_validators']):,}" in Page(html).text
    assert {row[1]: whole(row[2]) for row in rows(html, "What was paid")}["Paid"] == int(rewards["paid"])


def sums(html: str, title: str) -> list[int]:
    """Sums of both sides of a step, as their terms have them."""
    found = rows(html, title)
    sides = [[whole(row[2]) for row in found if row[0] == side] for side in ("in", "out")]
    assert [sum(terms) for *terms, _ in sides] == [total for *_, total in sides]
    return [total for *_, total in sides]


def test_one_step_adds_up_without_validators(full_page: Path, settlement: Settlement) -> None:
    left, right = sums(full_page.read_text(), "Balance of the epoch")
    assert left == right == int(settlement.rewards["pool"])


def test_what_was_carried_is_in_the_second_step(tmp_path: Path) -> None:
    """An epoch below the least payout, and one that pays it out together with its own."""
    rules = {"validators": {"share_bp": 5000}, "min_payout": "2000"}
    little = settled(tmp_path / "7", rules, bend=lambda epoch: setattr(epoch, "pool", "1000"))
    much = settled(tmp_path / "8", rules, index=8, bend=lambda epoch: epoch.follow(little))
    for made, term, amount in (
        (little, "Carried to the next epoch", 1000),
        (much, "Paid of what was carried", 1000),
    ):
        balance(made)
        write_report(made, tmp_path / "page.html")
        html = (tmp_path / "page.html").read_text()
        for title in ("What was divided", "What was paid"):
            left, right = sums(html, title)
            assert left == right > 0
        assert {row[1]: whole(row[2]) for row in rows(html, "What was paid")}[term] == amount


def test_emission_names_this_period_and_the_next(funded: Settlement, funded_page: Path) -> None:
    this, following = rows(funded_page.read_text(), "Emission by period")
    # 999999 * 2/3 and again, each rounded down; epoch 7 is the first of the second five.
    assert this == ["this period", "1", "7", "11", f"{666666 * 10**18:,}", "", "66.66 %"]
    assert following == ["next period", "2", "12", "16", f"{444444 * 10**18:,}", "", "44.44 %"]
    assert whole(this[4]) == int(funded.rewards["pool"])
    assert "4 epochs of this period still to come." in Page(funded_page.read_text()).text


def test_an_emission_ends(funded: Settlement, tmp_path: Path) -> None:
    def at(index: int) -> Callable[[dict[str, Any]], object]:
        rules = {"first": "7", "numerator": 1, "denominator": 1, "period_epochs": 1, "first_epoch": 0}

        def change(rewards: dict[str, Any]) -> None:
            rewards["epoch"]["index"] = index
            rewards["params"]["emission"] = rules

        return change

    html = changed_page(funded, tmp_path, at(1_000_000))
    assert [row[:2] for row in rows(html, "Emission by period")] == [["this period", "1,000,000"]]
    text = check(html).text
    assert "counts no further period" in text
    assert "is not the one of the emission" in text
    assert "This epoch is the last one of its period." in text
    (tmp_path / "later").mkdir()
    with pytest.raises(SettlementError, match=r"params\.emission: expected epochs from 0 to 1000000"):
        changed_page(funded, tmp_path / "later", at(1_000_001))


def test_validators_are_paid_by_what_they_delivered(funded: Settlement, funded_page: Path) -> None:
    found = rows(funded_page.read_text(), "Pay of validators")
    lines = sorted(funded.rewards["validators"], key=lambda line: -int(line["amount"]))
    assert [row[0] for row in found] == [line["validator"] for line in lines]
    assert [row[1] for row in found] == ["40 of 40", "38 of 40", "40 of 40"]
    assert [row[3] for row in found] == ["0", "2", "0"]
    assert [whole(row[4]) for row in found] == [int(line["amount"]) for line in lines]
    assert [row[5] for row in found] == ["51.28 %", "48.71 %", "0 %"]
    assert found[1][6] == "VALIDATOR_SILENT : probes without a usable report are not paid"
    assert found[2][6] == "NO_PAYEE : it names nobody who could be paid"
    assert [row[7] for row in found] == [f"0x{0xA0:064x}", f"0x{0xA1:064x}", ABSENT]
    text = Page(funded_page.read_text()).text
    share = int(funded.rewards["pool"]) * 777 // 10_000
    assert f"Validators share 7.77 % of what was divided, {share:,}, by the probes" in text
    assert "accounts of 32 bytes; addresses are not paid: bytes32" in text
    assert "0x" + "cd" * 32 in text


def test_a_share_that_nobody_earned_stayed_with_the_devices(tmp_path: Path) -> None:
    made = settled(tmp_path, {"validators": {"share_bp": 500}}, payees=0)
    write_report(made, tmp_path / "page.html")
    text = check((tmp_path / "page.html").read_text()).text
    assert "They got 0. Nobody earned the other 50,000, which stayed with the devices." in text


def test_classes_have_their_shares(funded: Settlement, funded_page: Path) -> None:
    html, rewards = funded_page.read_text(), funded.rewards
    found = {row[0]: row[1:] for row in rows(html, "Division over classes")}
    assert list(found) == ["gold", "iron", "silver"]
    for line in rewards["classes"]:
        row, members = (
            found[line["class"]],
            [one for one in rewards["entries"] if one["class"] == line["class"]],
        )
        assert row[0] == f"{line['share']} of 6"
        assert (whole(row[2]), whole(row[3])) == (int(line["amount"]), int(line["remainder"]))
        assert whole(row[4]) == len(members)
        weight = sum(int(one["weight"]) for one in members)
        assert whole(row[5]) == sum(int(one["weight"]) > 0 for one in members)
        earned = int(line["amount"]) - int(line["remainder"])
        assert row[6] == (f"{earned * ONE // weight:,}" if weight else ABSENT)
    total = int(rewards["pool"]) - int(rewards["to_validators"])
    assert f"{total:,} was divided over the classes" in Page(html).text
    assert "3 devices of other classes, or of none, have no part." in Page(html).text


def test_utilisation_counts_every_device_once(funded_page: Path) -> None:
    html = funded_page.read_text()
    found = {row[0]: whole(row[2]) for row in rows(html, "Devices by utilisation")}
    # 2/3, 1/3 and none of the capacity over a floor of 1/3; two devices have no line.
    assert {name: count for name, count in found.items() if count} == {
        "100 %": 2, "from 70 %": 1, "from 50 %": 1, "from 30 %": 1,
    }  # fmt: skip
    text = Page(html).text
    assert "keeps 33.33 % of its weight" in text
    assert "1 of 5 devices are at that floor" in text
    assert "counts as busy" in text


def lost_by_class(rewards: dict[str, Any], reason: str) -> dict[str | None, int]:
    """What a reason took of devices with base weight 1, again."""
    lost: dict[str | None, int] = {}
    for entry in rewards["entries"]:
        weight = ONE
        for factor in entry["multipliers"]:
            after = weight * factor["value"] // ONE
            if factor["reason"] == reason:
                lost[entry["class"]] = lost.get(entry["class"], 0) + weight - after
            weight = after
    return {name: weight for name, weight in lost.items() if weight}


def test_worth_is_exact_by_class(funded: Settlement, funded_page: Path) -> None:
    rewards = funded.rewards
    rates = {
        line["class"]: Fraction(
            int(line["amount"]) - int(line["remainder"]),
            sum(int(entry["weight"]) for entry in rewards["entries"] if entry["class"] == line["class"]),
        )
        for line in rewards["classes"]
        if line["class"] != "silver"
    }
    found = {row[0]: row[4] for row in rows(funded_page.read_text(), "What each reason cost")}
    for reason in ("AVAILABILITY", "UTILISATION"):
        lost = lost_by_class(rewards, reason)
        expected = sum(weight * rates.get(name, 0) for name, weight in lost.items())
        assert whole(found[reason]) == int(expected) > 0
    assert set(lost_by_class(rewards, "UTILISATION")) >= {"gold", "iron"}
    assert rates["gold"] != rates["iron"]
    # Devices without a share lost all of it, and nobody can say what a share would have been worth.
    assert found["CLASS"] == ABSENT
    assert whole(found["WITHHELD"]) == int(rewards["withheld"])


def test_no_worth_where_a_class_earned_nothing(tmp_path: Path) -> None:
    """The device of class gold is up and idle, and an idle device gets nothing."""
    tables = {"utilisation": {"floor_e12": 0}, "levels": {"class_shares": {"gold": 1}, "others": 1}}

    def idle(epoch: Any) -> None:
        busy = [{"device": device, "paid": 1, "capacity": 2} for device in epoch.devices[1:]]
        epoch.work = [{"device": epoch.devices[0], "paid": 0, "capacity": 2}, *busy]

    made = settled(tmp_path, tables, bend=idle)
    write_report(made, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text()
    assert {row[0]: row[7] for row in rows(html, "Division over classes")} == {
        "all others": f"{500_000 // 2:,}",
        "gold": ABSENT,
    }
    assert {row[0]: row[4] for row in rows(html, "What each reason cost")}["UTILISATION"] == ABSENT


def test_what_a_class_leaves_over_was_earned_by_nobody(tmp_path: Path) -> None:
    """Four half-busy devices share 7 units, and 3 are left; the other class has one device."""
    tables = {
        "utilisation": {"floor_e12": 0},
        "levels": {"class_shares": {"gold": 1}, "others": 1},
        "allocation": "carry",
    }

    def half(epoch: Any) -> None:
        epoch.pool = "14"
        epoch.work = [{"device": device, "paid": 1, "capacity": 2} for device in epoch.devices]

    made = settled(tmp_path, tables, bend=half)
    write_report(made, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text()
    found = {row[0]: row[3:] for row in rows(html, "Division over classes")}
    assert found == {"all others": ["7", "3", "4", "4", "2"], "gold": ["7", "0", "1", "1", "14"]}
    # Half of the weight is lost: twice 2 in one class, and once 7 in the other.
    assert {row[0]: row[4] for row in rows(html, "What each reason cost")} == {"UTILISATION": "11"}


def test_worth_without_classes_is_that_of_all(full_page: Path, settlement: Settlement) -> None:
    rewards = settlement.rewards
    total = sum(int(entry["weight"]) for entry in rewards["entries"])
    lost = 0
    for entry in rewards["entries"]:
        weight = ONE
        for factor in entry["multipliers"]:
            after = weight * factor["value"] // ONE
            lost += weight - after if factor["reason"] == "AVAILABILITY" else 0
            weight = after
    found = {row[0]: row[4] for row in rows(full_page.read_text(), "What each reason cost")}
    assert whole(found["AVAILABILITY"]) == lost * int(rewards["allocated"]) // total


def test_lines_that_are_not_listed_are_counted(funded: Settlement, tmp_path: Path) -> None:
    def many(rewards: dict[str, Any]) -> None:
        validator, share = rewards["validators"][0], rewards["classes"][0]
        rewards["validators"] = [
            {**validator, "validator": f"{at:04x}", "amount": str(1000 - at)} for at in range(150)
        ]
        rewards["classes"] = [
            {**share, "class": f"c{at}", "amount": str(1000 - at), "remainder": "0"} for at in range(51)
        ]

    html = changed_page(funded, tmp_path, many)
    validators, classes = rows(html, "Pay of validators"), rows(html, "Division over classes")
    assert [row[0] for row in validators] == [f"{at:04x}" for at in range(50)]
    assert [row[0] for row in classes] == [f"c{at}" for at in range(50)]
    text = check(html).text
    assert "100 validators more with smaller amounts." in text
    assert "1 class more with smaller amounts." in text


def test_hostile_tables_are_text(funded: Settlement, tmp_path: Path) -> None:
    def hostile(rewards: dict[str, Any]) -> None:
        validator, share = rewards["validators"][0], rewards["classes"][0]
        rewards["validators"] = [
            {**validator, "payee": text, "reasons": [text], "scheduled": 2**64 - 1, "weight": "9" * 99}
            for text in HOSTILE
        ]
        rewards["classes"] = [
            {**share, "class": text, "amount": "9" * 99, "share": 2**60} for text in HOSTILE
        ]
        rewards["params"]["payee_type"] = SCRIPT
        rewards["inputs"]["work"] = SCRIPT
        rewards["params"]["emission"]["first"] = str(2**256 - 1)
        for entry, text in zip(rewards["entries"], HOSTILE, strict=False):
            entry["class"], entry["withheld"] = text, "9" * 99
            entry["multipliers"].append({"name": "utilisation", "value": 2**64 - 1, "reason": text})

    html = changed_page(funded, tmp_path, hostile)
    text = check(html).text
    assert SCRIPT not in html
    assert "\\u202e" in text
    assert "(+4,904 characters)" in text
    assert not [value for value in Page(html).of("width") if value.startswith("-")]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("to_validators",), "-5", "without a sign, found '-5'"),
        (("to_validators",), None, "expected a decimal amount, found None"),
        (("validators", 0, "missing"), 41, "expected missing of at most 40, found 41"),
        (("validators", 0, "validator"), "<b>", "expected lower-case hex, found '<b>'"),
        (("validators", 0, "amount"), 5, "expected a decimal amount, found 5"),
        (("validators", 0, "reasons"), [5], "expected text, found 5"),
        (("validators",), 7, "not iterable"),
        (("classes", 1, "class"), "gold", "expected each class once, found 'gold' twice"),
        (("classes", 0, "remainder"), "9" * 60, "expected a remainder of at most"),
        (("classes", 0, "share"), -1, "of at least 0, found -1"),
        (("classes",), None, "not iterable"),
        (("entries", 0, "class"), 5, "expected text, found 5"),
        (("entries", 0, "withheld"), "-1", "without a sign, found '-1'"),
        (("params", "emission", "denominator"), 0, r"params\.emission\.denominator: expected at least 1, found 0"),
        (("params", "emission", "numerator"), 4, r"params\.emission\.numerator: expected at most denominator = 3"),
        (("params", "utilisation"), 5, r"params\.utilisation: expected a table, found 5"),
        (("params", "validators", "share_bp"), 10_001, r"share_bp: expected at most 10000, found 10001"),
        (("params", "payee_type"), 5, "expected text, found 5"),
    ],
)  # fmt: skip
def test_what_no_ruleset_writes_is_refused_by_name(
    funded: Settlement, tmp_path: Path, where: tuple[str | int, ...], value: object, said: str
) -> None:
    def change(rewards: dict[str, Any]) -> None:
        inner: Any = rewards
        for step in where[:-1]:
            inner = inner[step]
        inner[where[-1]] = value

    with pytest.raises(SettlementError, match=f"expected the files of a settlement; .*{said}"):
        changed_page(funded, tmp_path, change)


@pytest.mark.parametrize("name", ["to_validators", "validators", "classes"])
def test_a_table_without_its_members_is_refused(funded: Settlement, tmp_path: Path, name: str) -> None:
    with pytest.raises(SettlementError, match=f"the key '{name}'"):
        changed_page(funded, tmp_path, lambda rewards: rewards.pop(name))
