"""Settlements of Filecoin evidence audited: honest, falsified with and without a fitting manifest, hostile."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pytest

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.networks.filecoin.audit import audit
from depinverify.networks.filecoin.result_folder import FilecoinSettlement
from filecoin_folders import ALICE, ALICE_MINER, AMOUNT, CAROL_MINER, SET_A, SET_B

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")), "utf-8")


def _change(name: str, member: str, place: int, field: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rewritten(folder / name, lambda document: document[member][place].__setitem__(field, value))

    return change


FALSIFIED: list[tuple[Callable[[Path], None], tuple[str, str, str]]] = [
    (_change("payments.json", "payments", 0, "paid", "1"), ("sums", f"payment 0 of set {SET_A}", "amount")),
    (_change("data_sets.json", "data_sets", 0, "periods_proven", 3), ("sums", str(SET_A), "periods_proven")),
    (_change("spark.json", "rounds", 0, "burnt", 0), ("sums", "round 1", "burnt")),
    (_change("spark.json", "rounds", 0, "scores", None), ("sums", "round 1", "is_rewarded")),
    (_change("spark.json", "participants", 1, "score", 1), ("sums", "participants", "participants[1].score")),
    (_change("providers.json", "providers", 0, "fault_ppm", 0), ("sums", ALICE, "fault_ppm")),
    (_change("providers.json", "providers", 0, "score_e12", 1), ("sums", ALICE, "score_e12")),
    (_change("providers.json", "providers", 0, "reputation", 1), ("sums", ALICE, "reputation")),
    (_change("providers.json", "providers", 0, "proven_bytes", "1"), ("sums", ALICE, "proven_bytes")),
    (_change("providers.json", "providers", 0, "objectives", {}), ("sums", ALICE, "objectives.health")),
    (
        _change("providers.json", "providers", 0, "periods_shown", {}),
        ("sums", ALICE, "periods_shown.confirmed"),
    ),
    (_change("providers.json", "providers", 0, "first_byte", None), ("sums", ALICE, "first_byte")),
    (_change("providers.json", "providers", 0, "retrieval", None), ("sums", ALICE, "retrieval")),
    (_change("providers.json", "providers", 0, "miner_id", None), ("sums", ALICE_MINER, "")),
    (_change("pool.json", "shares", 0, "amount", "0"), ("sums", ALICE, "amount")),
]


def _moves_what_is_paid(folder: Path) -> None:
    """All of the amount is paid and nothing withheld, in sums that fit."""

    def payments(document: dict[str, Any]) -> None:
        document["payments"][0] |= {"paid": str(AMOUNT), "withheld": "0"}

    def manifest(document: dict[str, Any]) -> None:
        document["totals"]["payments"] |= {"paid": str(AMOUNT + 1000), "withheld": "0"}

    rewritten(folder / "payments.json", payments)
    rewritten(folder / "manifest.json", manifest)


FALSIFIED.append((_moves_what_is_paid, ("sums", f"payment 0 of set {SET_A}", "paid")))
FALSIFIED.append(
    (
        _change("payments.json", "payments", 1, "withheld", "-1000"),
        ("sums", f"payment 1 of set {SET_B}", "withheld"),
    )
)


@pytest.mark.parametrize(("change", "expected"), FALSIFIED)
@pytest.mark.parametrize("is_resealed", [False, True])
def test_a_falsified_result_is_found_without_the_evidence(
    settled: FilecoinSettlement,
    tmp_path: Path,
    change: Callable[[Path], None],
    expected: tuple[str, str, str],
    *,
    is_resealed: bool,
) -> None:
    """Also where the manifest was made to fit."""
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    change(folder)
    if is_resealed:
        reseal(folder)
    found = audit(folder)
    assert expected in {(one.stage, one.subject, one.field) for one in found.findings}
    assert any(one.stage == "files" for one in found.findings) != is_resealed


def test_names_that_are_no_files_are_findings(settled: FilecoinSettlement, tmp_path: Path) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    names = {"../filecoin.toml": "00", "": "00", "nul\0": "00", "absent.json": "00"}
    rewritten(folder / "manifest.json", lambda manifest: manifest["results"].update(names))
    found = audit(folder).findings
    assert len(found) == len(names)
    assert {one.stage for one in found} == {"files"}


def test_a_manifest_that_leaves_out_a_result_is_found(settled: FilecoinSettlement, tmp_path: Path) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    rewritten(folder / "manifest.json", lambda manifest: manifest["results"].pop("payments.json"))
    found = [(one.stage, one.file, one.field) for one in audit(folder).findings]
    assert found == [("files", "payments.json", "results")]


def test_a_table_of_providers_that_is_another_is_found_with_evidence(
    settled: FilecoinSettlement, evidence: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    table = settled.table("providers.parquet")
    _native.write_parquet(folder / "providers.parquet", table.slice(0, 1))
    reseal(folder)
    assert audit(folder).is_clean
    found = [(one.stage, one.file, one.field) for one in audit(folder, evidence).findings]
    assert found == [("evidence", "providers.parquet", "content")]


_Rows: TypeAlias = "list[dict[str, Any]]"

#: Changes of a table of four rows about four subjects, and what an audit says: field, published, recomputed.
VERDICTS: list[tuple[Callable[[_Rows], _Rows], list[tuple[str, str, str | None]]]] = [
    (lambda rows: rows, []),
    (lambda rows: rows[1:], [("", "absent", "a list of 1")]),
    (lambda rows: [rows[0], *rows], [("length", "2", "1")]),
    (
        lambda rows: [{**row, "detail": "x"} for row in rows[:2]] + rows[2:],
        [("[0].detail", "x", None)] * 2,
    ),
    (lambda rows: [*rows, {**rows[-1], "id": "z"}], [("", "a list of 1", "absent")]),
    (
        lambda rows: [{**row, "id": None} for row in rows[-1:]],
        [*[("", "absent", "a list of 1")] * 4, ("", "a list of 1", "absent")],
    ),
    (
        lambda rows: [{name: row[name] for name in row if name != "epoch"} for row in rows],
        [("", "expected a column epoch, found none", "4 rows")],
    ),
    (
        lambda rows: rows[::-1],
        [("", "expected rows in their order", "4 rows")],
    ),
    (lambda rows: [{**row, "subject": 7} for row in rows[:1]], [("", "not supported between", "4 rows")]),
]


@pytest.mark.parametrize(("change", "expected"), VERDICTS)
def test_tables_of_verdicts_are_compared_row_by_row(
    settled: FilecoinSettlement,
    evidence: Path,
    tmp_path: Path,
    change: Callable[[_Rows], _Rows],
    expected: list[tuple[str, str, str | None]],
) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    table = pa.table(settled.table("verdicts.parquet"))
    rows = change(table.to_pylist())
    kinds = dict(zip(table.schema.names, table.schema.types, strict=True))
    if isinstance(rows[0]["subject"], int):
        kinds["subject"] = pa.uint64()
    schema = pa.schema([(name, kinds[name]) for name in rows[0]])
    _native.write_parquet(folder / "verdicts.parquet", pa.Table.from_pylist(rows, schema=schema))
    reseal(folder)
    found = [
        one
        for one in audit(folder, evidence).findings
        if (one.stage, one.file) == ("evidence", "verdicts.parquet")
    ]
    assert len(found) == len(expected)
    for one, (field, published, recomputed) in zip(found, expected, strict=True):
        assert one.field == field
        assert published in one.published
        assert recomputed in (None, one.recomputed)


def reseal(folder: Path) -> None:
    """Write the hashes of the results into the manifest again."""
    opened = FilecoinSettlement.open(folder)
    for name in opened.manifest["results"]:
        opened.manifest["results"][name] = opened.content(name)
    (folder / "manifest.json").write_bytes(canonical_json(opened.manifest))


def test_an_honest_settlement_is_clean(settled: FilecoinSettlement, evidence: Path) -> None:
    assert audit(settled).findings == ()
    assert audit(settled.folder, evidence).findings == ()


@pytest.mark.parametrize(
    ("file", "member", "place", "field", "subject"),
    [
        ("data_sets.json", "data_sets", 1, "leaves", f"set {SET_B}"),
        ("payments.json", "payments", 1, "why", f"payment 1 of set {SET_B}"),
        ("spark.json", "rounds", 1, "randomness", "round 2"),
        ("spark.json", "participants", 0, "rounds", "0x" + "0" * 39 + "1"),
        ("providers.json", "providers", 2, "reputation", CAROL_MINER),
        ("pool.json", "shares", 0, "weight", ALICE),
    ],
)
def test_the_first_difference_of_each_subject_is_named(
    settled: FilecoinSettlement,
    evidence: Path,
    tmp_path: Path,
    file: str,
    member: str,
    place: int,
    field: str,
    subject: str,
) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    recomputed = str(settled.json(file)[member][place][field])
    _change(file, member, place, field, "something else")(folder)
    reseal(folder)
    found = [one for one in audit(folder, evidence).findings if one.stage == "evidence" and one.file == file]
    assert [(one.subject, one.field, one.published, one.recomputed) for one in found] == [
        (subject, field, "something else", recomputed)
    ]


def test_changed_evidence_is_named(settled: FilecoinSettlement, own: Path) -> None:
    lines = (own / "proofs.jsonl").read_text("utf-8").splitlines(keepends=True)
    (own / "proofs.jsonl").write_text("".join(lines[:-1]), "utf-8")
    found = audit(settled, own).findings
    assert {one.stage for one in found} == {"evidence"}
    fields = [one.field for one in found if one.file == "manifest.json"]
    assert fields == ["inputs.proofs.jsonl.rows", "counts.contradictions"]
    assert any(one.file == "verdicts.parquet" and str(SET_B) in one.subject for one in found)
    assert any((one.file, one.subject) == ("data_sets.json", f"set {SET_B}") for one in found)


def test_hostile_settlements_are_findings_and_not_errors(
    settled: FilecoinSettlement, evidence: Path, tmp_path: Path
) -> None:
    for number, content in enumerate(
        (b"", b"[]", b"{}", b'{"payments": 5}', b"\xff", b'{"rounds": [{}], "providers": [7]}')
    ):
        folder = shutil.copytree(settled.folder, tmp_path / f"out {number}")
        for name in settled.manifest["results"]:
            (folder / name).write_bytes(content)
        found = audit(folder, evidence)
        assert {one.file for one in found.findings if one.stage == "files"} == set(
            settled.manifest["results"]
        )
        assert {"payments.json", "spark.json", "verdicts.parquet"} <= {
            one.file for one in found.findings if one.stage == "sums"
        }
        for name in settled.manifest["results"]:
            (folder / name).unlink()
        assert not audit(folder, evidence).is_clean


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[]", "expected an object, found another value"),
        (b"{}", "no member 'counts'"),
        (b'{"counts": 5, "refusals": 7}', "a value of another kind"),
    ],
)
def test_a_result_of_another_form_is_told_in_words(
    settled: FilecoinSettlement, tmp_path: Path, content: bytes, sentence: str
) -> None:
    folder = shutil.copytree(settled.folder, tmp_path / "out")
    (folder / "refusals.json").write_bytes(content)
    published = [one.published for one in audit(folder).findings if one.file == "refusals.json"]
    assert any(sentence in str(told) for told in published)
    assert not any("Error" in str(told) for told in published)
