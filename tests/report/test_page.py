"""The page says what the settlement says: same numbers, same order, same bytes."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arro3.core import RecordBatchReader
from pages import amend_provenance, check, quarantined

from depinverify import _native, settle
from depinverify.exceptions import DepinverifyError, InputError, SettlementError
from depinverify.report import write_report
from depinverify.report.evidence import read_evidence
from depinverify.report.facts import read_facts
from depinverify.reward.economics import nakamoto
from depinverify.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement

SECTIONS = (
    "Key figures", "Uptime by device and time", "Coverage", "Scores and rewards", "Verdicts by reason",
    "Outages of validators", "Findings", "Where the money went", "Lowest pay",
)  # fmt: skip


def test_sections_stand_in_their_order_after_the_caveats(full_page: Path) -> None:
    text = check(full_page.read_text()).text
    places = [text.rindex(title) for title in ("Before the first number", *SECTIONS)]
    assert [text.index("Before the first number"), *places] == sorted(
        [text.index("Before the first number"), *places]
    )


def test_the_same_folders_give_the_same_bytes(
    full_page: Path, settlement: Settlement, epoch: Path, tmp_path: Path
) -> None:
    write_report(settlement.folder, tmp_path / "again.html", str(epoch))
    assert (tmp_path / "again.html").read_bytes() == full_page.read_bytes()


def test_identity_and_money_are_those_of_the_settlement(full_page: Path, settlement: Settlement) -> None:
    page = check(full_page.read_text())
    assert settlement.root in page.text
    assert settlement.manifest_sha256 in page.text
    for term in ("pool", "paid"):
        assert f"{int(settlement.rewards[term]):,}" in "".join(page.texts)
    assert "Nothing to hold against these numbers" in page.text


def test_uptime_is_exact_and_rounded_down(full_page: Path, settlement: Settlement) -> None:
    scores = pq.read_table(settlement.folder / "scores.parquet").to_pydict()
    up, down = sum(scores["up"]), sum(scores["down"])
    units = up * 10**6 // (up + down)
    page = check(full_page.read_text())
    assert f"{units // 10**4}.{units % 10**4:04} %" in page.text
    assert f"{up:,} of {up + down:,} decided slots up" in page.text


def test_the_map_of_uptime_decides_as_the_score_does(settlement: Settlement) -> None:
    """One row a device and one column a slot: its rows add up to the slots that scoring counted."""
    facts = read_facts(settlement)
    evidence = read_evidence(settlement, facts)
    scores = pq.read_table(settlement.folder / "scores.parquet").to_pylist()
    assert evidence.up.shape == (len(scores), facts.slots)
    for position, score in enumerate(scores):
        row = evidence.row_of[position]
        assert (evidence.up[row].sum(), evidence.down[row].sum()) == (score["up"], score["down"])
    shares = [
        up.sum() / max(up.sum() + down.sum(), 1) for up, down in zip(evidence.up, evidence.down, strict=True)
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1]


def test_batches_may_end_inside_a_slot(settlement: Settlement, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = read_facts(settlement)
    whole = read_evidence(settlement, facts)
    table = pq.read_table(settlement.folder / "verdicts.parquet")
    monkeypatch.setattr(_native, "read_parquet", lambda _: RecordBatchReader.from_stream(table.to_reader(7)))
    pieces = read_evidence(settlement, facts)
    assert (pieces.up == whole.up).all()
    assert (pieces.down == whole.down).all()
    assert (pieces.codes == whole.codes).all()
    assert pieces.witnesses == whole.witnesses
    assert pieces.good_proof == whole.good_proof


def test_large_maps_are_joined_to_a_bounded_number_of_fields(
    settlement: Settlement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = read_facts(settlement)
    whole = read_evidence(settlement, facts)
    monkeypatch.setattr("depinverify.report.evidence.MOST_ROWS", 7)
    monkeypatch.setattr("depinverify.report.evidence.MOST_COLUMNS", 5)
    joined = read_evidence(settlement, facts)
    assert joined.up.shape == (7, 5)
    assert [len(members) for members in joined.devices_of] == [1, 1, 1, 9, 9, 9, 10]
    assert (joined.up.sum(), joined.down.sum()) == (whole.up.sum(), whole.down.sum())
    assert sorted(at for members in joined.devices_of for at in members) == list(range(40))
    write_report(settlement, tmp_path / "page.html")
    text = check((tmp_path / "page.html").read_text()).text
    assert (
        "40 devices are drawn as 7 rows, the lowest 3 alone and the others in rows of about 9 and 24 slots as 5 columns"
        in text
    )


def test_verdicts_are_explained_by_the_catalogue(full_page: Path, settlement: Settlement) -> None:
    text = check(full_page.read_text()).text
    for name, rows in settlement.counts.items():
        assert re.search(rf"\b{name} {rows:,} ", text), name
    assert "The device did not answer this probe." in text


def test_makers_models_and_firmware_need_the_epoch(
    full_page: Path, settlement: Settlement, tmp_path: Path
) -> None:
    text = check(full_page.read_text()).text
    assert "Relay Mini" in text
    assert "hotspotd 4.2.1" in text
    changed = write_report(settlement, tmp_path / "bare.html")
    bare = check((tmp_path / "bare.html").read_text())
    assert changed == ()
    assert "Relay Mini" not in bare.text
    assert bare.text.count("--epoch") >= 2
    assert "polygon" in full_page.read_text()


def test_concentration_is_that_of_the_payees(full_page: Path, settlement: Settlement) -> None:
    amounts = [int(payee["amount"]) for payee in settlement.rewards["payees"]]
    assert f"{nakamoto(amounts)} payees together have more than half" in check(full_page.read_text()).text


def test_lowest_pay_lists_every_device_below_full_pay(full_page: Path, settlement: Settlement) -> None:
    page = check(full_page.read_text())
    below = [entry for entry in settlement.rewards["entries"] if entry["reasons"]]
    assert below
    listed = full_page.read_text().partition('id="lowest"')[2]
    assert all(entry["device"] in listed for entry in below)
    assert f"{len(below)} devices of 40 got less than full pay" in page.text
    assert {f"#reason-{reason}" for entry in below for reason in entry["reasons"]} <= set(page.of("href"))


def test_findings_and_outages_are_listed(full_page: Path, settlement: Settlement) -> None:
    text = check(full_page.read_text()).text
    assert settlement.rewards["exclusions"]
    assert f"Exclusion log: {len(settlement.rewards['exclusions'])} lines" in text
    for code in {finding["code"] for finding in settlement.rewards["indicators"]}:
        assert code in text


def test_a_changed_result_is_said_first(changed: Callable[..., Path], tmp_path: Path) -> None:
    folder = changed()
    rewards = json.loads((folder / "rewards.json").read_text())
    rewards["paid"] = str(int(rewards["paid"]) + 1)
    (folder / "rewards.json").write_text(json.dumps(rewards))
    said = write_report(folder, tmp_path / "page.html")
    assert said == ("rewards.json is not the file that the manifest names.",)
    text = check((tmp_path / "page.html").read_text()).text
    assert text.index(said[0]) < text.index("Epoch 0, ")


def test_caveats_come_before_every_number(changed: Callable[..., Path], tmp_path: Path) -> None:
    folder = changed()
    amend_provenance(
        folder,
        unsigned_allowed=True,
        beacon_pinned=True,
        missing_rounds=[7, 9],
        void_validators=["76616c2d30"],
        quarantined=[quarantined("observations/x.parquet", "TRUNCATED", "ends at byte 3", "byte 3")],
    )
    assert write_report(folder, tmp_path / "page.html") == ()
    text = check((tmp_path / "page.html").read_text()).text
    for words in (
        "Unsigned files were allowed", "Pinned beacon", "2 beacon rounds missing", "(7, 9)", "1 void validator",
        "1 file quarantined", "TRUNCATED", "The file ends too early.", "byte 3: ends at byte 3",
    ):  # fmt: skip
        assert text.index(words) < text.index("Network uptime"), words


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("pool",), 5),
        (("pool",), "1e9"),
        (("entries", 0, "weight"), "x"),
        (("entries", 0, "device"), "00"),
        (("entries", 0, "multipliers"), 7),
        (("epoch", "start"), 2**70),
        (("epoch",), None),
        (("exclusions", 0, "slot"), -1),
        (("exclusions", 0, "validator"), "<b>"),
        (("indicators", 0, "numbers"), [1]),
        (("params", "slot_seconds"), 0),
        (("merkle",), []),
        (("payees",), {"a": 1}),
    ],
)
def test_what_is_no_settlement_is_refused_by_name(
    changed: Callable[..., Path], tmp_path: Path, where: tuple[str | int, ...], value: object
) -> None:
    folder = changed()
    rewards = json.loads((folder / "rewards.json").read_text())
    inner = rewards
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    (folder / "rewards.json").write_text(json.dumps(rewards))
    with pytest.raises(SettlementError, match="expected the files of a settlement"):
        write_report(folder, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_verdicts_of_another_layout_are_refused(changed: Callable[..., Path], tmp_path: Path) -> None:
    folder = changed()
    path = folder / "verdicts.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["outcome"]), path)
    with pytest.raises(SettlementError, match="found no outcome"):
        write_report(folder, tmp_path / "page.html")
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError):
        write_report(folder, tmp_path / "page.html")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("validator", pa.nulls(1, pa.binary())),
        ("device", pa.nulls(1, pa.binary())),
        ("slot", pa.array(["x"])),
        ("code", pa.nulls(1, pa.uint8())),
        ("outcome", pa.array([1.5])),
    ],
)
def test_values_that_verdicts_do_not_have_are_refused(
    changed: Callable[..., Path], tmp_path: Path, column: str, values: pa.Array
) -> None:
    path = changed() / "verdicts.parquet"
    table = pq.read_table(path)
    other = pa.concat_arrays([values] * len(table))
    pq.write_table(table.set_column(table.column_names.index(column), column, other), path)
    with pytest.raises(SettlementError, match="expected verdicts"):
        write_report(path.parent, tmp_path / "page.html")


@pytest.mark.parametrize("name", ["verdicts.parquet", "scores.parquet"])
@pytest.mark.parametrize("part", range(1, 8))
def test_a_damaged_table_is_said_or_refused(
    changed: Callable[..., Path], tmp_path: Path, name: str, part: int
) -> None:
    path = changed() / name
    original = pq.read_table(path)
    content = bytearray(path.read_bytes())
    place = len(content) * part // 8
    content[place : place + 200] = bytes(200)
    path.write_bytes(content)
    with contextlib.suppress(DepinverifyError):
        changes = write_report(path.parent, tmp_path / "page.html")
        # Verdicts are compared by their counts; zeros may also have hit what was zero before.
        assert changes or name == "verdicts.parquet" or pq.read_table(path).equals(original)


def test_fewer_verdicts_than_counted_are_said(changed: Callable[..., Path], tmp_path: Path) -> None:
    folder = changed()
    path = folder / "verdicts.parquet"
    pq.write_table(pq.read_table(path).slice(5), path)
    assert write_report(folder, tmp_path / "page.html") == (
        "verdicts.parquet holds other rows than the manifest counted.",
    )


def test_another_epoch_folder_is_refused(settlement: Settlement, tmp_path: Path) -> None:
    other = simulate(out=tmp_path / "other", devices=4, hours=1, seed=1).path
    with pytest.raises(InputError, match="expected the epoch of the settlement"):
        write_report(settlement, tmp_path / "page.html", other)


def test_an_epoch_without_a_device_that_anybody_reached_is_a_page(tmp_path: Path) -> None:
    """No rows, no scores, no money: nothing is divided by nothing."""
    epoch = simulate(out=tmp_path / "epoch", devices=3, hours=1, seed=2).path
    for file in (epoch / "observations").iterdir():
        file.unlink()
    made = settle(epoch, tmp_path / "settlement")
    write_report(made, tmp_path / "page.html", epoch)
    text = check((tmp_path / "page.html").read_text()).text
    assert "Nobody earned anything in this epoch." in text
    assert "3 devices of 3 got less than full pay" in text
