"""Filecoin evidence and settlements made to mislead, to be paid twice, or to stop whoever reads them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError, SettlementError
from depinverify.networks import evidence_file, filecoin
from depinverify.networks.filecoin.audit import audit
from depinverify.networks.filecoin.page import write_page
from depinverify.networks.filecoin.piece import PieceId, commp
from depinverify.networks.filecoin.settle import settle
from filecoin_folders import TASKS, measurement, round_line, write_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.networks.filecoin.result_folder import FilecoinSettlement

PROVIDER = "0x" + "11" * 20
#: The epoch of a published round of the main network, and its set of one piece of one leaf in four.
EPOCH = 2_539_100
PUBLISHED = Path(__file__).parents[1] / "vectors" / "filecoin.jsonl"
DATA = bytes(range(127))


def node(left: bytes, right: bytes) -> bytes:
    digest = bytearray(hashlib.sha256(left + right).digest())
    digest[31] &= 0x3F
    return bytes(digest)


def leaves() -> list[bytes]:
    number = int.from_bytes(DATA, "little")
    return [(number >> 254 * place & (1 << 254) - 1).to_bytes(32, "little") for place in range(4)]


def path(place: int) -> bytes:
    level, nodes = leaves(), b""
    while len(level) > 1:
        nodes += level[place ^ 1]
        level = [node(*level[at : at + 2]) for at in range(0, len(level), 2)]
        place >>= 1
    return nodes


ROOT, HEIGHT, PADDING, _ = commp(DATA)
CID = str(PieceId.v2(ROOT, HEIGHT, PADDING))


def published_round() -> dict[str, Any]:
    lines = PUBLISHED.read_text("utf-8").splitlines()
    found = next(line for line in map(json.loads, lines) if line.get("challenge_epoch") == EPOCH)
    return {name: found[name] for name in ("round", "signature", "previous_signature")}


def challenges(seed: bytes) -> list[int]:
    return _native.filecoin_possession_challenges(seed, 9, 4, count=5)


def proof(seed: bytes | None = None, **changed: object) -> dict[str, Any]:
    """A proof for the published round, or for a seed that is stated."""
    shown = published_round() if seed is None else {"seed": seed.hex()}
    asked = challenges(
        _native.filecoin_beacon_digest(bytes.fromhex(shown["signature"])) if seed is None else seed
    )
    return {
        "kind": "possession",
        "set_id": 9,
        "pieces": [CID],
        "range": 4,
        "challenge_epoch": EPOCH,
        "block": EPOCH + 1,
        "leaves": [leaves()[place].hex() for place in asked],
        "paths": [path(place).hex() for place in asked],
        **shown,
        **changed,
    }


def events(seed: bytes | None = None) -> list[dict[str, Any]]:
    if seed is None:
        seed = _native.filecoin_beacon_digest(bytes.fromhex(published_round()["signature"]))
    start = EPOCH - 230
    rows: list[dict[str, Any]] = [
        {"event": "DataSetCreated", "block": start - 9, "provider": PROVIDER},
        {"event": "PiecesAdded", "block": start - 8, "first_piece_id": 0, "pieces": [CID]},
        {"event": "NextProvingPeriod", "block": start, "challenge_epoch": EPOCH, "leaf_count": 4},
        {
            "event": "PossessionProven",
            "block": EPOCH + 1,
            "challenges": [{"piece_id": 0, "offset": place} for place in challenges(seed)],
        },
    ]
    return [{"set_id": 9, **row} for row in rows]


def write(
    folder: Path, *, chain: str = "calibration", more: str = "", now: int = EPOCH + 20, **files: Any
) -> Path:
    folder.mkdir()
    (folder / "filecoin.toml").write_text(f'[filecoin]\nchain = "{chain}"\nnow = {now}\n{more}')
    for name, rows in files.items():
        write_lines(folder / f"{name}.jsonl", rows)
    return folder


def write_table(path: Path, record: dict[str, Any]) -> None:
    """A record as a table of one row."""
    row = {
        **record,
        **{name: [bytes.fromhex(value) for value in record[name]] for name in ("leaves", "paths")},
        **{name: bytes.fromhex(record[name]) for name in ("signature", "previous_signature")},
    }
    pq.write_table(pa.table({name: [value] for name, value in row.items()}), path)


def shown(settled: FilecoinSettlement) -> dict[str, Any]:
    found: dict[str, Any] = settled.json("data_sets.json")["data_sets"][0]["periods"][0]["shown"]
    return found


def test_a_round_of_the_main_network_shows_no_seed_of_another_chain(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=events(), proofs=[proof()])
    found = shown(settle(folder, tmp_path / "out"))
    assert (found["finding"], found["is_seed_derived"]) == ("unshown", None)


def test_nor_does_it_speak_against_one(tmp_path: Path) -> None:
    own = b"\1" * 32
    rounds = [{"kind": "round", "beacon": "default", "challenge_epoch": EPOCH, **published_round()}]
    folder = write(tmp_path / "in", events=events(own), proofs=[proof(own)], beacons=rounds)
    found = shown(settle(folder, tmp_path / "out"))
    assert (found["finding"], found["contradictions"]) == ("unshown", [])


@pytest.mark.parametrize("name", ["proofs.jsonl", "proofs.parquet"])
@pytest.mark.parametrize(("answers", "finding"), [(5, "confirmed"), (4, "refuted"), (1, "refuted")])
def test_a_proof_answers_all_challenges_of_its_period(
    tmp_path: Path, name: str, answers: int, finding: str
) -> None:
    """Whoever still has the first challenged leaf alone has not shown the others."""
    asked = proof()
    asked = {**asked, "leaves": asked["leaves"][:answers], "paths": asked["paths"][:answers]}
    started = EPOCH - 2850
    rows = [
        {**row, "block": row["block"] - 2620 if row["block"] < EPOCH else row["block"]} for row in events()
    ]
    assert rows[2]["block"] == started
    folder = write(tmp_path / "in", chain="mainnet", events=rows)
    if name.endswith(".parquet"):
        write_table(folder / name, asked)
    else:
        write_lines(folder / name, [asked])
    found = settle(folder, tmp_path / "out")
    assert found.manifest["counts"]["verdicts"] == {"VALID": 1}
    assert shown(found)["finding"] == finding


def test_half_a_character_in_a_piece_costs_its_line_alone(tmp_path: Path) -> None:
    wrong = {
        "event": "PiecesAdded",
        "set_id": 9,
        "block": EPOCH + 2,
        "first_piece_id": 1,
        "pieces": ["\ud800"],
    }
    folder = write(tmp_path / "in", events=[*events(), wrong], proofs=[proof(), proof(pieces=["\ud800"])])
    found = settle(folder, tmp_path / "out")
    assert found.json("refusals.json")["counts"] == {"unreadable line": 1}
    assert found.manifest["counts"]["verdicts"] == {"MALFORMED": 1, "VALID": 1}


def test_no_depth_of_a_round_stops_a_settlement(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=[])
    (folder / "spark").mkdir()
    lines = [
        f'{{"round":"{depth}","tasks":[],"maxTasksPerNode":1,"measurements":[{"[" * depth}{"]" * depth}]}}'
        for depth in range(1, 1100)
    ]
    (folder / "spark" / "rounds.jsonl").write_text("\n".join(lines))
    assert settle(folder, tmp_path / "out").json("refusals.json")["counts"] == {"not a round": len(lines)}


def test_an_empty_line_of_records_changes_the_inputs_as_it_changes_the_verdicts(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=events(), proofs=[proof()])
    first = settle(folder, tmp_path / "first").manifest
    with (folder / "proofs.jsonl").open("a") as file:
        file.write("\n")
    second = settle(folder, tmp_path / "second").manifest
    assert first["counts"]["verdicts"] != second["counts"]["verdicts"]
    assert first["inputs"]["proofs.jsonl"] != second["inputs"]["proofs.jsonl"]
    assert second["inputs"]["proofs.jsonl"]["rows"] == 2


def test_ids_that_a_stated_set_leaves_out_are_bounded(tmp_path: Path) -> None:
    line = {"set_id": 3, "provider": PROVIDER, "activation": 1, "periods": []}
    rows = [
        {**line, "pieces": [{"id": (1 << 16) + 1, "cid": CID}]},
        {**line, "pieces": [{"id": 1 << 15, "cid": CID}, {"id": (1 << 16) + 2, "cid": CID}]},
        {**line, "pieces": [{"id": 1 << 15, "cid": CID}, {"id": (1 << 16) + 1, "cid": CID}]},
    ]
    found = settle(write(tmp_path / "in", sets=rows), tmp_path / "out")
    assert found.json("refusals.json")["counts"] == {"unreadable line": 2}
    assert found.json("data_sets.json")["data_sets"][0]["pieces_removed"] == 1 << 16


def test_a_stated_period_has_no_more_leaves_than_its_pieces(tmp_path: Path) -> None:
    """Leaves are what a pool is divided by."""
    start = EPOCH - 230
    line = {"provider": PROVIDER, "activation": start, "pieces": [{"id": 0, "cid": CID}]}
    period = {"challenge_epoch": EPOCH, "opened_at": start, "proven_at": EPOCH + 1}
    rows = [
        {**line, "set_id": leaf_count, "periods": [{**period, "range": leaf_count}]} for leaf_count in (4, 5)
    ]
    found = settle(write(tmp_path / "in", sets=rows), tmp_path / "out")
    assert [one["periods_proven"] for one in found.json("data_sets.json")["data_sets"]] == [1, 0]
    # As no period began, the activation that is stated is none either.
    assert found.json("refusals.json")["counts"] == {"leaf count": 1, "activation": 1}


def test_a_record_of_many_pieces_has_one_verdict_in_both_forms(tmp_path: Path) -> None:
    asked = proof(pieces=[CID] * 80_000)
    write_lines(tmp_path / "proofs.jsonl", [asked])
    assert (tmp_path / "proofs.jsonl").stat().st_size > 4 << 20
    write_table(tmp_path / "proofs.parquet", asked)
    codes = [
        filecoin.verify(tmp_path / name)["code"].to_pylist() for name in ("proofs.jsonl", "proofs.parquet")
    ]
    # The proof is drawn among the first piece alone, which no record can show to have been the whole set.
    assert codes[0] == codes[1] == [37]


def test_a_period_of_the_sample_service_is_paid_where_its_proof_was(tmp_path: Path) -> None:
    """It begins a new rhythm after the set was empty; payments count periods from the activation."""

    def proven(block: int, piece: int) -> dict[str, Any]:
        asked = [{"piece_id": piece, "offset": 0}] * 5
        return {"event": "PossessionProven", "block": block, "challenges": asked}

    rows: list[dict[str, Any]] = [
        {"event": "DataSetCreated", "block": 100, "provider": PROVIDER},
        {"event": "PiecesAdded", "block": 101, "first_piece_id": 0, "pieces": [CID]},
        {"event": "NextProvingPeriod", "block": 110, "challenge_epoch": 345, "leaf_count": 4},
        proven(346, 0),
        {"event": "PiecesRemoved", "block": 351, "piece_ids": [0]},
        {"event": "NextProvingPeriod", "block": 351, "challenge_epoch": 0, "leaf_count": 0},
        {"event": "PiecesAdded", "block": 3000, "first_piece_id": 1, "pieces": [CID]},
        {"event": "NextProvingPeriod", "block": 3001, "challenge_epoch": 3241, "leaf_count": 4},
        proven(3241, 1),
    ]
    proposed = [
        {"set_id": 9, "from": 110 + 240 * number, "to": 350 + 240 * number, "amount": 240}
        for number in range(15)
    ]
    folder = write(
        tmp_path / "in",
        more='service = "sample"\n',
        now=4000,
        events=[{"set_id": 9, **row} for row in rows],
        settlements=proposed,
    )
    found = settle(folder, tmp_path / "out")
    paid = [
        place for place, line in enumerate(found.json("payments.json")["payments"]) if line["paid"] != "0"
    ]
    # The proof in block 3241 lies in the period that covers (3230, 3470].
    assert paid == [0, 13]
    assert audit(found, folder).is_clean


def test_a_miner_with_the_name_of_an_address_is_another_provider(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=events())
    (folder / "pool.toml").write_text('id = "pool"\namount = "1000"\n')
    (folder / "spark").mkdir()
    tasks = [{"cid": "cid", "minerId": PROVIDER}]
    write_lines(folder / "spark" / "rounds.jsonl", [round_line("1", ["m.jsonl"], tasks=tasks)])
    write_lines(folder / "spark" / "m.jsonl", [measurement(("cid", PROVIDER), 0)])
    found = settle(folder, tmp_path / "out")
    assert [share["id"] for share in found.json("pool.json")["shares"]] == [PROVIDER, f"miner {PROVIDER}"]
    assert audit(found, folder).is_clean


def test_a_file_of_measurements_counts_once_in_a_round(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=[])
    (folder / "spark").mkdir()
    write_lines(folder / "spark" / "rounds.jsonl", [round_line("1", ["m.jsonl", "m.jsonl"])])
    write_lines(folder / "spark" / "m.jsonl", [measurement(TASKS[0], 0)])
    assert settle(folder, tmp_path / "out").json("refusals.json")["counts"] == {"not a round": 1}


def copied(settled: FilecoinSettlement, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A settlement with another manifest."""
    shutil.copytree(settled.folder, folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    (folder / "manifest.json").write_bytes(canonical_json(manifest))
    return folder


def falsified(
    settled: FilecoinSettlement,
    folder: Path,
    name: str,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
) -> Path:
    """A settlement with another result, and a manifest that fits it."""

    def both(manifest: dict[str, Any]) -> None:
        result = json.loads((folder / name).read_bytes())
        change(result, manifest)
        content = canonical_json(result)
        (folder / name).write_bytes(content)
        manifest["results"][name] = hashlib.sha256(content).hexdigest()

    return copied(settled, folder, both)


def test_a_file_that_is_no_evidence_is_no_input(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=events())
    (folder / "spark").mkdir()
    write_lines(folder / "spark" / "rounds.jsonl", [])
    for name in (b"\xff.jsonl", b"\x1b[2J.jsonl.gz", b"notes.txt"):
        Path(os.fsdecode(bytes(folder / "spark") + b"/" + name)).write_bytes(b"x")
    inputs = settle(folder, tmp_path / "out").manifest["inputs"]
    assert sorted(inputs) == ["events.jsonl", "filecoin.toml", "spark/rounds.jsonl"]


def test_evidence_that_is_no_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", events=events())
    (folder / "posts.jsonl").symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"posts.jsonl: expected a file"):
        settle(folder, tmp_path / "out")


def test_a_manifest_has_one_form(evidence: Path, settled: FilecoinSettlement, tmp_path: Path) -> None:
    more = copied(settled, tmp_path / "more", lambda manifest: manifest.update(approved="by everybody"))
    assert [finding.field for finding in audit(more, evidence).findings] == ["sha256"]
    twice = copied(settled, tmp_path / "twice", lambda _manifest: None)
    content = (twice / "manifest.json").read_bytes()
    (twice / "manifest.json").write_bytes(b'{"height":1,' + content[1:])
    assert [finding.field for finding in audit(twice).findings] == ["form"]
    (twice / "manifest.json").write_bytes(content)
    assert audit(twice, evidence).is_clean


def test_an_audit_of_half_a_character_can_be_written(settled: FilecoinSettlement, tmp_path: Path) -> None:
    folder = copied(settled, tmp_path / "out", lambda _manifest: None)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["results"]["payments.json"] = "\ud800"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = audit(folder).to_json()
    assert "payments.json" in json.dumps(found, ensure_ascii=False).encode().decode()


def _more_left(payments: dict[str, Any], manifest: dict[str, Any]) -> None:
    line, totals = payments["payments"][0], manifest["totals"]["payments"]
    for values in (line, totals):
        values["withheld"], values["left"] = str(int(values["withheld"]) - 1), str(int(values["left"]) + 1)


def _paid_for_all(payments: dict[str, Any], manifest: dict[str, Any]) -> None:
    line, totals = payments["payments"][0], manifest["totals"]["payments"]
    withheld = int(line["withheld"])
    line.update(proven_epochs=line["proven_epochs"] + line["faulted_epochs"], faulted_epochs=0)
    for values in (line, totals):
        values["paid"], values["withheld"] = (
            str(int(values["paid"]) + withheld),
            str(int(values["withheld"]) - withheld),
        )


def _paid_twice(payments: dict[str, Any], manifest: dict[str, Any]) -> None:
    line = payments["payments"][0]
    payments["payments"].append(line)
    manifest["counts"]["payments"] += 1
    totals = manifest["totals"]["payments"]
    totals.update({name: str(int(value) + int(line[name])) for name, value in totals.items()})


def _other_provider(sets: dict[str, Any], _manifest: dict[str, Any]) -> None:
    sets["data_sets"][0]["provider"] = "0x" + "66" * 20


def _confirmed(sets: dict[str, Any], _manifest: dict[str, Any]) -> None:
    sets["data_sets"][0]["periods"][0]["shown"]["finding"] = "confirmed"


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("payments.json", _more_left, "left"),
        ("payments.json", _paid_for_all, "proven_epochs"),
        ("payments.json", _paid_twice, "from"),
        ("data_sets.json", _other_provider, "data_sets.length"),
        ("data_sets.json", _confirmed, "periods_shown.confirmed"),
    ],
)
def test_a_settlement_is_held_against_itself(
    settled: FilecoinSettlement,
    tmp_path: Path,
    name: str,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
    field: str,
) -> None:
    findings = audit(falsified(settled, tmp_path / "out", name, change)).findings
    assert field in [finding.field for finding in findings]
    assert {finding.stage for finding in findings} == {"sums"}


@pytest.mark.parametrize("count", ["payments", "payments_refused", "refusals", "contradictions", "providers"])
def test_counts_are_counted_again(settled: FilecoinSettlement, tmp_path: Path, count: str) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["counts"][count] += 1

    findings = audit(copied(settled, tmp_path / "out", change)).findings
    assert [finding.field for finding in findings] == [count]


def test_no_text_of_a_manifest_turns_a_page_round(settled: FilecoinSettlement, tmp_path: Path) -> None:
    def named(manifest: dict[str, Any]) -> None:
        manifest["results"]["\x1b[31m\u202e"] = "0"

    found = write_page(copied(settled, tmp_path / "named", named), tmp_path / "page.html")
    assert found == ("'\\x1b[31m\\u202e' is not what the manifest says.",)
    assert not {"\x1b", "\u202e"} & set((tmp_path / "page.html").read_text("utf-8"))
    tall = copied(settled, tmp_path / "tall", lambda manifest: manifest.update(height="\u202e"))
    with pytest.raises(SettlementError, match="not of its form"):
        write_page(tall, tmp_path / "page.html")


def test_one_record_of_a_packed_file_is_read_a_line_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_file, "_MOST_OF_RECORD", 1 << 10)
    found = tmp_path / "proofs.jsonl.gz"
    with gzip.open(found, "wb") as file:
        file.write(b"\n" * 5 + b"x" * 5000 + b'\n{"id":"b"}\n')
    assert evidence_file.one_record(found, None, "b") == b'{"id":"b"}'
    assert evidence_file.one_record(found, None, "7") == b'{"id":"b"}'
    assert evidence_file.one_record(found, None, "6") == b"x" * 1024 + b"\0"
    with pytest.raises(InputError, match="at most 1024 bytes"):
        evidence_file.one_record(found, None, None)


def test_no_id_takes_the_place_of_a_line(tmp_path: Path) -> None:
    found = tmp_path / "proofs.jsonl"
    found.write_bytes(b'{"id":"2"}\n{"id":"x"}\n{"id":"9"}\n')
    assert [evidence_file.one_record(found, None, called) for called in ("2", "x", "9")] == [
        b'{"id":"x"}',
        b'{"id":"x"}',
        b'{"id":"9"}',
    ]
    with pytest.raises(InputError, match="found a table"):
        evidence_file.one_record(tmp_path / "proofs.parquet", None, "1")


def test_an_id_that_stands_twice_names_no_record(tmp_path: Path) -> None:
    found = tmp_path / "proofs.jsonl"
    found.write_bytes(b'{"id":"x"}\n{"id":"3"}\n\n{"id":"3"}\n{"id":"x","n":1}\n{"id":"x"}\n')
    assert evidence_file.one_record(found, None, "3") == b""
    assert evidence_file.one_record(found, None, "5") == b'{"id":"x","n":1}'
    with pytest.raises(InputError, match="one record 'x', by its line or id, found lines 1 and 5"):
        evidence_file.one_record(found, None, "x")
    with pytest.raises(InputError, match="found none"):
        evidence_file.one_record(found, None, "y")
