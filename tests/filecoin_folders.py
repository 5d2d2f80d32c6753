"""Folders of Filecoin evidence to settle: data sets with proofs, proposed payments, rounds of retrieval checks."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from reference.filecoin import Piece, possession

if TYPE_CHECKING:
    from pathlib import Path

#: Lengths of the main network.
PERIOD, WINDOW = 2880, 60
ALICE, BOB, PAYER = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "99" * 20
ALICE_MINER, CAROL_MINER = "f01000", "f02000"
#: First starts of the two data sets, and the height of the chain.
SET_A, SET_B = 7, 2**200 + 1
ACTIVATION = 1_000
NOW = ACTIVATION + 3 * PERIOD + 100
AMOUNT = 10**18 + 7
POOL = 10**21 + 3

PIECES_A = [Piece([bytes([1, place]) + bytes(30) for place in range(size)]) for size in (5, 8)]
PIECES_B = [Piece([bytes([2, place]) + bytes(30) for place in range(16)])]
TASKS = [("bafyone", ALICE_MINER), ("bafytwo", ALICE_MINER), ("bafythree", CAROL_MINER)]


def seed_of(epoch: int) -> bytes:
    """The seed that somebody states for an epoch; no round shows it."""
    return hashlib.sha256(b"seed %d" % epoch).digest()


def set_events(
    set_id: int,
    provider: str,
    pieces: list[Piece],
    activation: int,
    periods: dict[int, dict[str, Any] | None],
) -> list[dict[str, Any]]:
    """Events of a data set.

    Args:
        set_id: The data set.
        provider: Whose it is.
        pieces: What it holds.
        activation: Block of the first start.
        periods: By challenge epoch the proof that was sent, which is on chain in its block; or nothing.
    """
    leaves = sum(len(piece.leaves) for piece in pieces)
    listed = [piece.cid for piece in pieces]
    events: list[dict[str, Any]] = [
        {"event": "DataSetCreated", "block": activation - 2, "provider": provider, "payer": PAYER},
        {"event": "PiecesAdded", "block": activation - 1, "first_piece_id": 0, "pieces": listed},
    ]
    start = activation
    for epoch, sent in periods.items():
        events.append(
            {"event": "NextProvingPeriod", "block": start, "challenge_epoch": epoch, "leaf_count": leaves}
        )
        if sent is not None:
            answered = zip(sent["challenged_pieces"], sent["challenged_offsets"], strict=True)
            answers = [{"piece_id": piece, "offset": offset} for piece, offset in answered]
            events.append({"event": "PossessionProven", "block": sent["block"], "challenges": answers})
        start = epoch + WINDOW
    return [{**event, "set_id": str(set_id)} for event in events]


def proof(set_id: int, pieces: list[Piece], epoch: int, **changes: Any) -> dict[str, Any]:
    """The record of a right proof for a challenge epoch."""
    record = possession(list(pieces), seed=seed_of(epoch), set_id=set_id)
    deadline = ACTIVATION + -(-(epoch - ACTIVATION) // PERIOD) * PERIOD
    return {
        "id": f"proof of {epoch}",
        **record,
        "set_id": str(set_id),
        "seed": seed_of(epoch).hex(),
        "challenge_epoch": epoch,
        "block": epoch + 10,
        "opens": deadline - WINDOW,
        "deadline": deadline,
        **changes,
    }


def challenge_epoch(period: int) -> int:
    """The challenge epoch of a period, as both data sets have it: when the window opens."""
    return ACTIVATION + (period + 1) * PERIOD - WINDOW


def measurement(task: tuple[str, str], checker: int, *, is_ok: bool = True, **changes: Any) -> dict[str, Any]:
    """What a checker says of a retrieval; every checker has a participant, a station and a subnet of its own."""
    return {
        "participant_address": f"0x{checker:040x}",
        "station_id": f"{checker:088x}",
        "inet_group": f"subnet {checker}",
        "finished_at": f"2024-02-01T00:00:{checker % 60:02}.000Z",
        "start_at": "2024-02-01T00:00:00.000Z",
        "first_byte_at": f"2024-02-01T00:00:00.{100 + 10 * checker:03}Z",
        "end_at": "2024-02-01T00:00:02.000Z",
        "status_code": 200 if is_ok else 502,
        "timeout": False,
        "indexer_result": "OK",
        "cid": task[0],
        "miner_id": task[1],
        "provider_id": "peer",
        "provider_address": "/dns/host/tcp/80/http",
        "protocol": "http",
        "byte_length": 200 if is_ok else 0,
        "car_checksum": "1220" + "ab" * 32 if is_ok else None,
        "head_status_code": 200,
        **changes,
    }


def round_line(name: int | str, files: list[str], **changes: Any) -> dict[str, Any]:
    """A round with all tasks, that every station may do."""
    return {
        "round": name,
        "tasks": [{"cid": cid, "minerId": miner, "clients": ["f0500"]} for cid, miner in TASKS],
        "maxTasksPerNode": len(TASKS),
        "randomness": "5a" * 32,
        "requiredCommitteeSize": 3,
        "measurements": files,
        **changes,
    }


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def write_folder(
    folder: Path, *, ruleset: str = 'name = "filecoin-pdp"\nversion = "1"', with_pool: bool = True
) -> Path:
    """A folder with a bit of everything.

    Set A has a proven, a faulted and a proven period; set B, of another provider, two proven ones and a faulted one. A
    proof of set B leads nowhere. One round's file has a broken line, and one of its committees is too small.
    """
    folder.mkdir()
    if with_pool:
        (folder / "pool.toml").write_text(f'id = "usdfc"\namount = "{POOL}"\ndecimals = 18\n', "utf-8")
    (folder / "filecoin.toml").write_text(
        f'[filecoin]\nchain = "mainnet"\nnow = {NOW}\n\n[ruleset]\n{ruleset}\n', "utf-8"
    )
    first, second, third = (challenge_epoch(period) for period in range(3))
    of_a = {epoch: proof(SET_A, PIECES_A, epoch) for epoch in (first, third)}
    of_b = {epoch: proof(SET_B, PIECES_B, epoch) for epoch in (first, second)}
    events = set_events(
        SET_A, ALICE, PIECES_A, ACTIVATION, {first: of_a[first], second: None, third: of_a[third]}
    )
    events += set_events(SET_B, BOB, PIECES_B, ACTIVATION, {**of_b, third: None})
    write_lines(folder / "events.jsonl", sorted(events, key=lambda event: event["block"]))
    wrong = {**of_b[second], "leaves": ["00" * 32, *of_b[second]["leaves"][1:]]}
    write_lines(folder / "proofs.jsonl", [*of_a.values(), of_b[first], wrong])
    write_lines(
        folder / "settlements.jsonl",
        [
            {"id": "a", "set_id": str(SET_A), "from": ACTIVATION, "to": NOW - 100, "amount": str(AMOUNT)},
            {"id": "b", "set_id": str(SET_B), "from": ACTIVATION, "to": ACTIVATION + 100, "amount": "1000"},
            {"id": "nobody's", "set_id": "99", "from": 1, "to": 2, "amount": "5"},
        ],
    )
    write_lines(
        folder / "providers.jsonl",
        [
            {
                "provider": ALICE,
                "miner_id": ALICE_MINER,
                "name": "Älice",
                "sectors_active": 100,
                "sectors_faulty": 6,
                "uploads": 300,
                "uploads_successful": 295,
            }
        ],
    )
    _write_rounds(folder / "spark")
    return folder


def _write_rounds(spark: Path) -> None:
    spark.mkdir()
    write_lines(spark / "rounds.jsonl", [round_line(1, ["one.jsonl"]), round_line("2", ["two.json"])])
    ones = [measurement(TASKS[0], checker, is_ok=checker != 4) for checker in range(1, 5)]
    ones += [measurement(TASKS[2], checker) for checker in (1, 2)]
    write_lines(spark / "one.jsonl", ones)
    with (spark / "one.jsonl").open("a") as file:
        file.write("{broken\n")
    twos = [measurement(TASKS[1], checker) for checker in (1, 2, 3)]
    (spark / "two.json").write_text(json.dumps(twos), "utf-8")
