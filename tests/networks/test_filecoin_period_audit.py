"""Periods against proofs: what confirms them, what contradicts them, and what decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from depinverify.networks import filecoin
from depinverify.networks.filecoin.evidence import Evidence
from depinverify.networks.filecoin.period_audit import Contradiction, PeriodAudit, audit_periods
from depinverify.networks.filecoin.proof_statements import read_seeds, read_statements
from reference.filecoin import Piece, challenge, find, possession
from reference.filecoin_service import identifier, text_of

if TYPE_CHECKING:
    from pathlib import Path

PROVIDER, PAYER = "0x" + "11" * 20, "0x" + "22" * 20
SMALL = text_of(identifier(2, 0))


def write(path: Path, now: int, **files: list[dict[str, Any]]) -> Evidence:
    (path / "filecoin.toml").write_text(f'[filecoin]\nchain = "mainnet"\nnow = {now}\n')
    for name, lines in files.items():
        (path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Evidence.open(path)


def event(block: int, name: str, set_id: int = 1, **members: Any) -> dict[str, Any]:
    return {"event": name, "block": block, "set_id": set_id, **members}


SEED = bytes(range(32))
SET = [
    Piece([bytes([number, place]) + bytes(30) for place in range(size)])
    for number, size in enumerate((5, 8, 64))
]


def audited(
    tmp_path: Path, record: dict[str, Any], *, proven: dict[str, Any] | None, **options: Any
) -> tuple[PeriodAudit, list[Contradiction]]:
    """One period of a set of three pieces, and one record about it."""
    places = [find(SET, challenge(SEED, 7, number, 77)) for number in range(5)]
    events = [
        event(900, "DataSetCreated", 7, provider=PROVIDER),
        event(950, "PiecesAdded", 7, first_piece_id=0, pieces=[piece.cid for piece in SET]),
        event(1000, "NextProvingPeriod", 7, challenge_epoch=3820, leaf_count=77),
    ]
    if proven is not None:
        challenges = [{"piece_id": piece, "offset": offset} for piece, offset in places]
        events.append(event(3830, "PossessionProven", 7, **{"challenges": challenges, **proven}))
    evidence = write(tmp_path, 4000, events=events, proofs=[record])
    replay = evidence.replay()
    assert not list(replay.refusals)
    assert evidence.proofs is not None
    (found,), strays = audit_periods(
        replay.histories(),
        pa.table(filecoin.verify(evidence.proofs)).to_pylist(),
        statements=read_statements(evidence.proofs),
        **options,
    )
    return found, strays


def record(**members: Any) -> dict[str, Any]:
    return {
        **possession(list(SET), seed=SEED),
        "challenge_epoch": 3820,
        "block": 3830,
        "seed": SEED.hex(),
        **members,
    }


def labels(found: PeriodAudit) -> list[str]:
    return [one.label for one in found.contradictions]


def test_a_proof_that_confirms_its_period(tmp_path: Path) -> None:
    found, strays = audited(tmp_path, record(), proven={}, seeds={3820: SEED})
    assert (found.finding, found.code, found.records) == ("confirmed", "SEED_UNPROVEN", (1,))
    assert (found.is_seed_derived, found.are_challenges_derived) == (True, True)
    assert (found.are_paths_valid, found.is_in_time, found.contradictions) == (True, True, ())
    assert strays == []


def test_a_seed_that_nobody_signed_decides_nothing(tmp_path: Path) -> None:
    found, _ = audited(tmp_path, record(), proven={})
    assert (found.finding, found.is_seed_derived, found.are_challenges_derived) == ("unshown", None, True)
    found, _ = audited(tmp_path, record(), proven={}, seeds={3820: bytes(32)})
    assert (found.finding, found.is_seed_derived) == ("refuted", False)
    assert labels(found) == ["seed not of the beacon", "challenge not derived"]


def test_an_event_whose_proof_does_not_verify(tmp_path: Path) -> None:
    wrong = record()
    wrong["leaves"][0] = "ff" * 32
    found, _ = audited(tmp_path, wrong, proven={}, seeds={3820: SEED})
    assert (found.finding, found.code, found.are_paths_valid) == ("refuted", "PROOF_ROOT_MISMATCH", False)
    assert labels(found) == ["proof does not verify"]
    form = found.to_json()
    assert json.loads(json.dumps(form)) == form


def test_an_event_with_another_leaf_than_the_derived_one(tmp_path: Path) -> None:
    other = [{"piece_id": 0, "offset": 0}] * 5
    found, _ = audited(tmp_path, record(), proven={"challenges": other}, seeds={3820: SEED})
    assert (found.finding, found.are_challenges_derived) == ("refuted", False)
    (contradiction,) = found.contradictions
    first = challenge(SEED, 7, 0, 77)
    assert contradiction.label == "challenge not derived"
    assert f"expected leaf {first} of the set, found leaf 0" in contradiction.detail


@pytest.mark.parametrize(
    ("members", "label"),
    [
        ({"block": 3831}, "proof of another block"),
        ({"sender": PAYER, "provider": PAYER}, "proof of another provider"),
        ({"opens": 3819, "deadline": 3880}, "proof of another window"),
        ({"pieces": [piece.cid for piece in (SET[0], SET[2], SET[1])]}, "proof of other pieces"),
        ({"pieces": [piece.cid for piece in SET[:2]]}, "proof of other pieces"),
        ({"range": 76}, "proof of another range"),
    ],
)
def test_proofs_about_something_else(tmp_path: Path, members: dict[str, Any], label: str) -> None:
    found, _ = audited(tmp_path, record(**members), proven={}, seeds={3820: SEED})
    assert found.finding == "refuted"
    assert label in labels(found)


def test_pieces_that_came_later_do_not_matter(tmp_path: Path) -> None:
    more = [*(piece.cid for piece in SET), SMALL]
    found, _ = audited(tmp_path, record(pieces=more), proven={}, seeds={3820: SEED})
    assert found.finding == "confirmed"
    among_all = {name: value for name, value in record(pieces=more).items() if name != "range"}
    found, _ = audited(tmp_path, among_all, proven={}, seeds={3820: SEED})
    assert (found.finding, "proof of another range" in labels(found)) == ("refuted", True)


def test_a_proof_that_the_chain_does_not_have(tmp_path: Path) -> None:
    found, _ = audited(tmp_path, record(), proven=None, seeds={3820: SEED})
    assert (found.state, found.finding, labels(found)) == ("faulted", "unproven", ["proof not on chain"])
    assert found.is_in_time is True
    late, _ = audited(tmp_path, record(block=3881, opens=3820, deadline=3880), proven=None)
    assert (late.is_in_time, late.are_paths_valid, labels(late)) == (False, True, [])


def test_a_proof_confirms_nothing_unless_it_says_what_it_is_about(tmp_path: Path) -> None:
    good, _ = audited(tmp_path, record(), proven={}, seeds={3820: SEED})
    assert good.finding == "confirmed"
    replay = Evidence.open(tmp_path).replay()
    verdicts = pa.table(filecoin.verify(tmp_path / "proofs.jsonl")).to_pylist()
    for statements, expected in (((), "refuted"), (None, "unshown")):
        (found,), _ = audit_periods(replay.histories(), verdicts, statements=statements, seeds={3820: SEED})
        assert (found.finding, found.is_in_time) == (expected, True)
        assert labels(found) == (["unreadable statement"] if statements == () else [])


def test_proofs_for_no_period(tmp_path: Path) -> None:
    found, (stray,) = audited(tmp_path, record(challenge_epoch=3819), proven={})
    assert (found.finding, found.records, found.are_paths_valid) == ("unshown", (), None)
    assert (stray.label, stray.record, stray.challenge_epoch) == ("no such period", 1, 3819)


def test_an_event_alone_is_held_against_the_beacon(tmp_path: Path) -> None:
    found, _ = audited(tmp_path, {"kind": "possession"}, proven={}, seeds={3820: SEED})
    assert (found.finding, found.is_seed_derived, found.are_challenges_derived) == ("unshown", True, True)


def test_statements_of_a_table(tmp_path: Path) -> None:
    lines = [record(), record(challenge_epoch=3821), {**record(), "set_id": 8, "range": None}]
    path = tmp_path / "proofs.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    raw = {"seed", "leaves", "paths"}
    pq.write_table(
        pa.Table.from_pylist(
            [
                {
                    name: value
                    if name not in raw
                    else [bytes.fromhex(one) for one in value]
                    if isinstance(value, list)
                    else bytes.fromhex(value)
                    for name, value in line.items()
                }
                for line in lines
            ]
        ),
        tmp_path / "proofs.parquet",
    )
    from_lines, from_table = list(read_statements(path)), list(read_statements(tmp_path / "proofs.parquet"))
    assert [one.record for one in from_lines] == [1, 2, 3]
    assert [one.record for one in from_table] == [0, 1, 2]
    for line, row in zip(from_lines, from_table, strict=True):
        assert (line.set_id, line.challenge_epoch, line.pieces, line.seed, line.range) == (
            *(row.set_id, row.challenge_epoch, row.pieces, row.seed, row.range),
        )


def test_seeds_are_those_of_the_epochs_that_somebody_asks_for(tmp_path: Path) -> None:
    rounds = [
        {"kind": "round", "round": 1, "signature": "0x" + "ab" * 96, "challenge_epoch": 3820},
        {"kind": "round", "round": 2, "signature": "cd" * 96, "challenge_epoch": 3821},
        {"kind": "round", "round": 3, "signature": "ef" * 96},
        {"kind": "round", "round": 4, "signature": "odd", "challenge_epoch": 3820},
    ]
    path = tmp_path / "beacons.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in rounds))
    assert [(one.record, one.challenge_epoch) for one in read_seeds(path, {3820})] == [(1, 3820)]
    assert [one.record for one in read_seeds(path, {3820, 3821})] == [1, 2]
