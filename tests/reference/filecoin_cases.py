"""A data set that answers a round of the main network's beacon, and every way to falsify its proof."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from reference.filecoin import Piece, possession

VECTORS = Path(__file__).parent.parent / "vectors"
PUBLISHED = VECTORS / "filecoin.jsonl"
WINNING_KEY = VECTORS / "filecoin_winning_32gib_v27.vk"
WINNING_CHECK = bytes.fromhex("2306247a1e616dbe07f01b88196c2044")


def published() -> list[dict[str, Any]]:
    return [json.loads(line) for line in PUBLISHED.read_text("utf-8").splitlines()]


def named(record_id: str) -> dict[str, Any]:
    return next(record for record in published() if record["id"] == record_id)


ROUND = named("drand_schemes_pedersen-bls-chained_2634945")
EPOCH: int = ROUND["challenge_epoch"]
SEED = hashlib.blake2b(bytes.fromhex(ROUND["signature"]), digest_size=32).digest()
OF_ROUND = {name: ROUND[name] for name in ("round", "signature", "previous_signature")}
PIECES: list[Piece | None] = [
    Piece([bytes([0, place]) + bytes(30) for place in range(5)]),
    None,
    Piece([bytes([1, place]) + bytes(30) for place in range(8)]),
    Piece([bytes([2, place]) + bytes(30) for place in range(64)]),
]
GOOD: dict[str, Any] = {
    **possession(PIECES, seed=SEED),
    "challenge_epoch": EPOCH,
    "block": EPOCH + 10,
    "opens": EPOCH,
    "deadline": EPOCH + 60,
    "sender": "0x" + "11" * 20,
    "provider": "0x" + "11" * 20,
    "leaves_at_start": 77,
    "seed": SEED.hex(),
    **OF_ROUND,
}

#: Changes of the good proof, and the code that each must have.
FALSIFIED: list[tuple[dict[str, Any], str]] = [
    ({"sender": "0x" + "22" * 20}, "NOT_PROVIDER"),
    ({"leaves": [], "paths": [], "challenged_pieces": [], "challenged_offsets": []}, "EMPTY_PROOF"),
    ({"block": EPOCH - 1}, "PREMATURE_PROOF"),
    ({"challenge_epoch": 0}, "NO_CHALLENGE"),
    ({"round": OF_ROUND["round"] - 1}, "WRONG_ROUND"),
    ({"challenge_epoch": EPOCH + 1}, "WRONG_ROUND"),
    ({"previous_signature": "00" * 96}, "ROUND_NOT_SIGNED"),
    ({"seed": "77" * 32}, "SEED_MISMATCH"),
    ({"pieces": [GOOD["pieces"][0], None, GOOD["pieces"][2][:-1], None]}, "PIECE_REFUSED"),
    ({"range": 76}, "RANGE_MISMATCH"),
    ({"leaves_at_start": 76}, "RANGE_MISMATCH"),
    ({"range": 0, "leaves_at_start": 0}, "RANGE_MISMATCH"),
    ({"range": 78, "leaves_at_start": 78}, "RANGE_MISMATCH"),
    ({"challenged_offsets": [9] * 5}, "OTHER_LEAF"),
    ({"paths": [path[:-64] for path in GOOD["paths"]]}, "PROOF_LENGTH_MISMATCH"),
    ({"leaves": [leaf[:-2] + "01" for leaf in GOOD["leaves"]]}, "PROOF_ROOT_MISMATCH"),
    ({"block": EPOCH + 61}, "LATE_PROOF"),
    ({"opens": EPOCH + 11}, "TOO_EARLY"),
]
#: Changes of the round, likewise.
FALSIFIED_ROUNDS: list[tuple[dict[str, Any], str]] = [
    ({"randomness": "00" * 32}, "RANDOMNESS_MISMATCH"),
    ({"challenge_epoch": EPOCH - 1}, "WRONG_ROUND"),
    ({"beacon": "quicknet"}, "WRONG_ROUND"),
    ({"beacon": "somebody"}, "WRONG_ROUND"),
    ({"signature": ROUND["signature"][:-2]}, "ROUND_NOT_SIGNED"),
    ({"signature": "00" * 96, "randomness": None}, "ROUND_NOT_SIGNED"),
    ({"previous_signature": None}, "ROUND_NOT_SIGNED"),
    ({"round": 0}, "WRONG_ROUND"),
    ({"seen_at": 1595431050}, "FUTURE_ROUND"),
]


def few_challenges() -> dict[str, Any]:
    return {**GOOD, **possession(PIECES, seed=SEED, challenges=4)}


def bent() -> list[dict[str, Any]]:
    """Records that between them fail every check of a record."""
    vanilla, bls = named("window_post_vanilla_golden"), named("bls_message_0")
    winning = named("winning_post_32gib_v27")
    return [
        GOOD,
        {"kind": "nothing"},
        *({**GOOD, **change} for change, _ in FALSIFIED),
        *({**ROUND, **change} for change, _ in FALSIFIED_ROUNDS),
        few_challenges(),
        {
            **GOOD,
            **possession([PIECES[0]], seed=SEED),
            "pieces": GOOD["pieces"],
            "range": 5,
            "leaves_at_start": 5,
        },
        *published(),
        {**winning, "inputs": winning["inputs"][:-1]},
        {**winning, "proof": winning["proof"][:-2]},
        {**vanilla, "sector": 2},
        {**vanilla, "randomness": "00" * 31 + "01"},
        {**bls, "signature": "07"},
    ]
