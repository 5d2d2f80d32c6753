"""Idle hardware earns less: a file that anybody may have written, a multiplier with a reason, and whoever checks it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import Epoch, Options, explain, settle
from depinverify.audit import audit, diff, what_if
from depinverify.audit.dispute import make_dispute
from depinverify.audit.recheck import check_bundle
from depinverify.exceptions import ConfigurationError, InputError, SettlementError
from depinverify.ingest.work import read_work, work_lines, work_sha256
from depinverify.pipeline import reward_epoch, schedule, score_epoch
from depinverify.reward.utilisation import Work
from economy.worlds import ONE, REFUSED, SLOTS, Funded, balance, chain, entries, falsified, settled, stopped
from epoch_folders import bytes_of
from reward_cases import Device, document, pay, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement

Run = Any
TABLE = {"floor_e12": 4 * 10**11}
RULES = {"utilisation": TABLE, "class_multipliers": {"gold": 2 * ONE}}


def line(device: str, paid: object, capacity: object) -> dict[str, object]:
    return {"device": device, "paid": paid, "capacity": capacity}


def with_work(epoch: Funded) -> None:
    """Full, half, nothing, without capacity; the last device has no line."""
    rows = ((30, "30"), ("10", 20), (0, 7), (5, 0))
    epoch.work = [line(name, *row) for name, row in zip(epoch.devices, rows, strict=False)]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """An epoch with paid work, beside its folder ``epoch``."""
    return settled(tmp_path_factory.mktemp("busy"), RULES, bend=with_work)


def test_multipliers_and_reasons(busy: Settlement) -> None:
    found = entries(busy)
    assert [chain(entry)["utilisation"] for entry in found] == [
        ONE, 7 * 10**11, 4 * 10**11, 4 * 10**11, 4 * 10**11,
    ]  # fmt: skip
    assert [entry["reasons"] for entry in found] == [[], *[["UTILISATION"]] * 4]
    assert [*chain(found[0])] == ["payout", "class", "utilisation"]
    assert [int(entry["weight"]) for entry in found] == [
        2 * ONE, 7 * 10**11, 4 * 10**11, 4 * 10**11, 4 * 10**11,
    ]  # fmt: skip
    balance(busy)
    work = {bytes.fromhex(found[at]["device"]): one for at, one in enumerate(
        (Work(30, 30), Work(10, 20), Work(0, 7), Work(5, 0))
    )}  # fmt: skip
    assert busy.rewards["inputs"]["work"] == busy.manifest["inputs"]["work"] == work_sha256(work)


def test_a_device_without_a_line_may_count_as_busy(tmp_path: Path) -> None:
    rules = {"utilisation": {**TABLE, "unlisted": "busy"}}
    found = entries(settled(tmp_path, rules, bend=lambda epoch: setattr(epoch, "work", [])))
    assert [chain(entry)["utilisation"] for entry in found] == [ONE] * 5
    assert all(entry["reasons"] == [] for entry in found)


def test_without_the_table_the_file_is_nothing(tmp_path: Path) -> None:
    plain = settled(tmp_path / "plain", {})
    beside = settled(tmp_path / "beside", {}, bend=with_work)
    assert plain.manifest == beside.manifest
    assert "work" not in plain.manifest["inputs"]


# ------------------------------------------------------------------------------------------------------------ the file


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"", r"line 2: not JSON"),
        (b"[]", r"line 2: expected a JSON object"),
        (b"\xff", r"line 2: not UTF-8"),
        (b'{"capacity":1,"device":"01"}', r"line 2: .* found none called 'paid'"),
        (b'{"capacity":1,"device":"01","paid":1,"x":1}', r"line 2: .* found one more called 'x'"),
        (b'{"capacity":1,"capacity":1,"device":"01","paid":1}', r"line 2: member 'capacity' stands twice"),
        (b'{"capacity":1.0,"device":"01","paid":1}', r"line 2: expected an integer, found 1\.0"),
        (b'{"capacity":true,"device":"01","paid":1}', r"line 2: capacity: expected an integer"),
        (b'{"capacity":-1,"device":"01","paid":1}', r"line 2: capacity: expected an integer"),
        (b'{"capacity":"01","device":"01","paid":1}', r"line 2: capacity: expected an integer"),
        (b'{"capacity":1,"device":"01","paid":"' + b"9" * 78 + b'"}', r"line 2: paid: expected an integer"),
        (b'{"capacity":1,"device":"0A","paid":1}', r"line 2: device: expected lower-case hex"),
        (b'{"capacity":1,"device":"","paid":1}', r"line 2: device: expected lower-case hex"),
        (b'{"capacity":1,"device":"aa","paid":1}', r"line 2: expected each device once, found aa again"),
        (b'{"capacity":1,"device":"bb","paid":1}', r"line 2: expected a device of this epoch, found bb"),
        (b'{"capacity":1,"device":"' + b"ab" * 3000 + b'","paid":1}', r"line 2: expected at most 4096 bytes"),
        (b'{"a":' * 2000, r"line 2: "),
    ],
)
def test_a_line_that_is_none_is_named(bad: bytes, message: str) -> None:
    good = b'{"capacity":"3","device":"aa","paid":1}\n'
    assert read_work(good, [b"\xaa"]) == {b"\xaa": Work(1, 3)}
    with pytest.raises(InputError, match="^work.jsonl " + message):
        read_work(good + bad + b"\n", [b"\xaa", b"\x01"])


@given(st.binary(max_size=200))
def test_any_bytes_are_work_or_an_error_with_a_line(content: bytes) -> None:
    try:
        read_work(content)
    except InputError as error:
        assert str(error).startswith("work.jsonl line ")  # noqa: PT017 - either may happen


NUMBERS = st.one_of(st.integers(0, 3), st.integers(0, 2**256 - 1))


@given(st.dictionaries(st.binary(min_size=1, max_size=4), st.tuples(NUMBERS, NUMBERS)), st.randoms())
def test_spelling_and_order_change_no_hash(given_work: dict[bytes, tuple[int, int]], dice: Any) -> None:
    work = {device: Work(*numbers) for device, numbers in given_work.items()}
    lines = [
        json.dumps(line(device.hex(), *(str(one) if dice.random() < 0.5 else one for one in numbers)))
        for device, numbers in given_work.items()
    ]
    dice.shuffle(lines)
    read = read_work("\n".join(lines).encode() + b"\n" * bool(lines), work)
    assert read == work
    assert work_sha256(read) == work_sha256(work)
    assert read_work(b"".join(work_lines(read))) == read


def test_an_epoch_without_the_file_is_refused(tmp_path: Path) -> None:
    """But only by what pays: who is to be probed is known before anybody has done anything."""
    with pytest.raises(InputError, match=r"work\.jsonl: expected a file of the epoch, found none"):
        settled(tmp_path, RULES)
    epoch = tmp_path / "epoch"
    with pytest.raises(InputError, match=r"work\.jsonl"), reward_epoch(epoch):
        pass
    assert sum(batch.num_rows for batch in schedule(epoch)) == 5 * 3 * SLOTS
    with score_epoch(epoch) as (verdicts, _):
        assert verdicts.counts == {"VALID": 5 * 3 * SLOTS}


@pytest.mark.parametrize("table", [{}, {"floor_e12": ONE + 1}, {"floor_e12": 0, "unlisted": "full"}])
def test_messages_name_the_path(tmp_path: Path, table: dict[str, object]) -> None:
    epoch = Funded(tmp_path / "epoch", {"utilisation": table})
    epoch.write_toml()
    with pytest.raises(ConfigurationError, match=r"ruleset\.utilisation\.(floor_e12|unlisted)"):
        Epoch.open(epoch.folder)


# -------------------------------------------------------------------------------------------------------- the promise


DEVICES = st.dictionaries(
    st.binary(min_size=1, max_size=2),
    st.tuples(
        st.integers(0, 2**64), st.sampled_from([0, ONE // 3, ONE]), st.none() | st.tuples(NUMBERS, NUMBERS)
    ),
    min_size=1,
    max_size=6,
)


@given(DEVICES, st.integers(0, 2**200), st.integers(0, ONE), st.sampled_from(["idle", "busy"]))
def test_no_unit_is_lost_and_no_loss_is_without_a_reason(
    facts: dict[bytes, tuple[int, int, tuple[int, int] | None]], pool: int, floor: int, unlisted: str
) -> None:
    devices = [Device(name, weight=row[0], payout=row[1]) for name, row in sorted(facts.items())]
    work = {name: Work(*row[2]) for name, row in facts.items() if row[2] is not None}
    table = {"floor_e12": floor, "unlisted": unlisted}
    content = document(pay(*devices, pool=pool, ruleset=rules(utilisation=table), work=work))
    assert sum(int(entry["amount"]) for entry in content["entries"]) == int(content["allocated"])
    assert int(content["allocated"]) + int(content["remainder"]) == pool
    for entry in content["entries"]:
        base, payout, done = facts[bytes.fromhex(entry["device"])]
        value = chain(entry)["utilisation"]
        assert floor <= value <= ONE
        if done is not None and done[1]:
            paid = min(*done)
            assert value == floor + (ONE - floor) * paid // done[1]
        expected = base * ONE * payout // ONE * value // ONE
        assert int(entry["weight"]) == expected
        assert int(entry["weight"]) == base * ONE or entry["reasons"]
        assert ("UTILISATION" in entry["reasons"]) == (value < ONE)


def test_the_reward_step_asks_for_it() -> None:
    with pytest.raises(InputError, match=r"work: expected the paid work of the devices"):
        pay(Device(b"a"), ruleset=rules(utilisation=TABLE))


def test_a_run_that_goes_on_ends_with_the_same_bytes(busy: Settlement, tmp_path: Path) -> None:
    epoch = busy.folder.parent / "epoch"
    stopped(epoch, tmp_path / "out")
    again = settle(epoch, tmp_path / "out", options=Options(threads=2))
    assert bytes_of(again.folder) == bytes_of(busy.folder)
    # Other work is another run, and no continuation.
    changed = tmp_path / "changed"
    shutil.copytree(epoch, changed)
    (changed / "work.jsonl").write_bytes(b"")
    stopped(changed, tmp_path / "other")
    shutil.copy(epoch / "work.jsonl", changed / "work.jsonl")
    assert bytes_of(settle(changed, tmp_path / "other").folder) == bytes_of(busy.folder)
    (changed / "work.jsonl").write_bytes(b"")
    with pytest.raises(SettlementError, match="other inputs"):
        settle(changed, tmp_path / "other")


# ----------------------------------------------------------------------------------------------------- whoever checks


def test_audit_is_clean(busy: Settlement, run: Run) -> None:
    epoch = busy.folder.parent / "epoch"
    code, out, _ = run("audit", busy.folder, "--epoch", epoch)
    assert (code, "Nothing was found." in out) == (0, True)
    code, out, _ = run("audit", busy.folder, "--json")
    assert code == 0
    assert [one for one in json.loads(out)["not_checked"] if "paid work" in one["what"]]


@pytest.mark.parametrize(
    ("change", "alone", "with_inputs"),
    [
        # Between the bounds the folder alone cannot know it; that the weight does not follow, it can.
        (lambda one: one.update(value=5 * 10**11), None, "MULTIPLIER_DIFFERS"),
        (lambda one: one.update(value=10**11), "MULTIPLIER_DIFFERS", "MULTIPLIER_DIFFERS"),
        (lambda one: one.update(value=2 * ONE, reason=None), "MULTIPLIER_DIFFERS", "MULTIPLIER_DIFFERS"),
        (lambda one: one.update(reason=None), "REASON_DIFFERS", "REASON_DIFFERS"),
        (lambda one: one.update(reason="CLASS"), "REASON_DIFFERS", "REASON_DIFFERS"),
        (lambda one: one.update(name="class", reason="CLASS"), "MULTIPLIER_DIFFERS", "MULTIPLIER_DIFFERS"),
    ],
)
def test_audit_names_a_changed_multiplier(
    busy: Settlement, tmp_path: Path, change: Callable[[Any], object], alone: str | None, with_inputs: str
) -> None:
    folder = falsified(
        busy, tmp_path / "changed", lambda rewards: change(rewards["entries"][2]["multipliers"][-1])
    )
    subject = "device:" + entries(busy)[2]["device"]
    found = audit(folder, busy.folder.parent / "epoch").findings
    assert (found[0].code.name, found[0].subject) == (with_inputs, subject)
    codes = [one.code.name for one in audit(folder).findings if one.subject == subject]
    assert codes == ([] if alone is None else [alone]) or alone is None


def test_audit_and_diff_name_other_work(busy: Settlement, tmp_path: Path) -> None:
    epoch = tmp_path / "epoch"
    shutil.copytree(busy.folder.parent / "epoch", epoch)
    work = (epoch / "work.jsonl").read_bytes()
    (epoch / "work.jsonl").write_bytes(work.replace(b'"paid":0', b'"paid":1'))
    first = audit(busy.folder, epoch).findings[0]
    assert (first.code.name, first.subject) == ("INPUT_DIFFERS", "input:work")
    other = diff(busy.folder, settle(epoch, tmp_path / "other").folder)
    assert [one.subject for one in other.inputs] == ["input:work"]
    assert {one.field for one in other.results} >= {"multipliers.utilisation.value", "amount"}
    (epoch / "work.jsonl").write_bytes(work + b"{}\n")
    first = audit(busy.folder, epoch).findings[0]
    assert (first.code.name, first.subject) == ("EPOCH_REFUSED", "input:work")
    assert "work.jsonl line 5" in str(first.recomputed)
    folder = falsified(busy, tmp_path / "without", lambda rewards: rewards["inputs"].pop("work"))
    assert [one.subject for one in audit(folder).findings] == ["file:rewards.json"]


def test_explain_and_dispute(busy: Settlement, tmp_path: Path, run: Run) -> None:
    epoch = busy.folder.parent / "epoch"
    for entry in entries(busy):
        told = explain(entry["device"], busy, epoch)
        assert told.findings == []
        (cost,) = (cost for one, cost in told.costs if one.name == "utilisation")
        assert (cost > 0) == bool(entry["reasons"])
        made = make_dispute(entry["device"], busy, epoch)
        (tmp_path / "bundle.zip").write_bytes(made.content)
        found = check_bundle(tmp_path / "bundle.zip")
        assert found.agrees, [one for one in found.statements if one.agrees is False]
        assert [one for one in found.statements if one.subject == "paid work"]
    call = ("explain", entries(busy)[1]["device"], busy.folder, "--epoch", epoch)
    code, out, _ = run(*call)
    assert code == 0
    assert "utilisation 0.7 (UTILISATION): cost " in out
    assert "UTILISATION: 10 of a capacity of 20 was paid work" in out
    _, out, _ = run(*call, "--json")
    assert json.loads(out)["work"] == {"paid": "10", "capacity": "20"}


def test_explain_names_other_work(busy: Settlement, tmp_path: Path) -> None:
    epoch = tmp_path / "epoch"
    shutil.copytree(busy.folder.parent / "epoch", epoch)
    work = (epoch / "work.jsonl").read_bytes()
    (epoch / "work.jsonl").write_bytes(work.replace(b'"paid":0', b'"paid":7'))
    found = explain(entries(busy)[2]["device"], busy, epoch).findings
    assert any(text.startswith("inputs.work: the settlement was made from") for text in found)
    assert any("published weight 400000000000, recomputed 1000000000000" in text for text in found)


def test_what_if(busy: Settlement, tmp_path: Path, run: Run) -> None:
    epoch = busy.folder.parent / "epoch"
    found = what_if(epoch, {"utilisation": {"floor_e12": ONE}}, against=busy.folder)
    assert dict(found.multipliers) == {"utilisation": 4}
    assert (found.gainers, found.losers) == (3, 2)
    # A network that thinks of adopting it lays the file into the folder.
    plain = settled(tmp_path, {}, lambda at, _v, slot: REFUSED if at == 3 and slot > SLOTS // 2 else 0)
    code, _, err = run("what-if", tmp_path / "epoch", "--set", "utilisation={floor_e12=0}")
    assert (code, "work.jsonl" in err) == (2, True)
    (tmp_path / "epoch" / "work.jsonl").write_bytes(b"")
    code, out, _ = run("what-if", tmp_path / "epoch", "--set", "utilisation={floor_e12=0}", "--json")
    assert code == 0
    assert json.loads(out)["totals"]["allocated"]["after"] == "0"
    assert plain.rewards["pool"] == json.loads(out)["totals"]["remainder"]["after"]
