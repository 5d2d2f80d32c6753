"""A data set under its service in plain Python: lists and integers, from the rule alone (Filecoin, A4 and A6).

In: events as JSON objects. Out: the label of a refusal, or ``None``. Rules are in the order of the rule book's
sentences; the index over pieces is a walk over all of them.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from reference.filecoin import uvarint

#: Epochs of a period, of its window, and those that a challenge must lie ahead.
NETWORKS = {"mainnet": (2880, 60, 150), "calibration": (240, 20, 10)}
MOST_AHEAD = 43_200


def identifier(height: int, padding: int, name: str = "") -> bytes:
    """Bytes of a version 2 identifier with a root of its own."""
    root = hashlib.sha256(f"{height}/{padding}/{name}".encode()).digest()
    body = uvarint(padding) + bytes([height]) + root
    return bytes.fromhex("01559120") + uvarint(len(body)) + body


def text_of(raw: bytes) -> str:
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def leaves_of(height: int, padding: int) -> int:
    return 2**height - 128 * padding // 127 // 32


def first(*rules: tuple[object, str]) -> str | None:
    """The label of the first rule that is broken."""
    return next((label for is_broken, label in rules if is_broken), None)


@dataclass
class PlainSet:
    """One data set. ``sizes`` maps the text of a piece to its leaves."""

    network: str
    service: str
    sizes: dict[str, int]
    pieces: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    activation: int | None = None
    deadline: int | None = None
    challenge_epoch: int | None = None
    range: int = 0
    proven: bool = False
    faults: list[tuple[int, int, int]] = field(default_factory=list)
    outcomes: list[tuple[int, str]] = field(default_factory=list)
    is_deleted: bool = False

    def apply(self, event: dict[str, Any]) -> str | None:
        if self.is_deleted:
            return "data set deleted"
        label: str | None = getattr(self, f"_{event['event']}")(event)
        return label

    def _PiecesAdded(self, event: dict[str, Any]) -> str | None:  # noqa: N802
        if not 1 <= len(event["pieces"]) <= 100:
            return "batch size"
        if event["first_piece_id"] != len(self.pieces):
            return "piece ids out of order"
        self.pieces += [self.sizes[piece] for piece in event["pieces"]]
        return None

    def _RemovalsScheduled(self, event: dict[str, Any]) -> str | None:  # noqa: N802
        ids = event["piece_ids"]
        if len(self.queue) + len(self.taken) + len(ids) > 2000:
            return "too many removals queued"
        if not ids:
            return "batch size"
        for place, piece in enumerate(ids):
            if piece >= len(self.pieces) or not self.pieces[piece]:
                return "no such piece"
            if piece in self.queue + self.taken + ids[:place]:
                return "removal queued before"
        self.queue += ids
        return None

    def _PiecesRemoved(self, event: dict[str, Any]) -> str | None:  # noqa: N802
        ids = event["piece_ids"]
        if any(piece not in self.queue for piece in ids) or len(set(ids)) < len(ids):
            return "removal not scheduled"
        self.queue = [piece for piece in self.queue if piece not in ids]
        self.taken += ids
        return None

    def _NextProvingPeriod(self, event: dict[str, Any]) -> str | None:  # noqa: N802
        block, leaves = event["block"], sum(self.pieces) - sum(self.pieces[piece] for piece in self.taken)
        challenge = event["challenge_epoch"] if leaves else 0
        if label := self._start_refusal(block, challenge, leaves):
            return label
        if self.deadline is None:
            self.activation = block if self.activation is None else self.activation
        else:
            self._end_period(block, self.deadline)
        self.deadline = self.next_deadline(block) if challenge else None
        self.challenge_epoch = challenge
        self.proven, self.range = False, leaves
        for piece in self.taken:
            self.pieces[piece] = 0
        self.taken = []
        return None if event["leaf_count"] == leaves else "leaf count"

    def _start_refusal(self, block: int, challenge: int, leaves: int) -> str | None:
        period, window, finality = NETWORKS[self.network]
        is_running, new = self.deadline is not None, self.next_deadline(block)
        is_again = not is_running and self.activation is not None and self.service == "warm_storage"
        return first(
            (bool(self.queue), "removals unprocessed"),
            (not is_running and not leaves, "no leaves"),
            (leaves and challenge - block < finality, "challenge epoch too soon"),
            (leaves and challenge - block > MOST_AHEAD, "challenge epoch too far ahead"),
            (is_again and challenge <= (self.activation or 0), "challenge epoch not after activation"),
            (is_running and block <= (self.deadline or 0) - period, "already called this period"),
            (challenge and not new - window <= challenge <= new, "challenge epoch outside window"),
        )

    def next_deadline(self, block: int) -> int:
        """The deadline that a start in this block leads to."""
        period = NETWORKS[self.network][0]
        new = block + period
        if self.deadline is not None:
            skipped = 0 if block <= self.deadline else (block - self.deadline - 1) // period
            new = self.deadline + period * (skipped + 1)
        elif self.activation is not None and self.service == "warm_storage":
            new = self.activation
            while new < block + period:
                new += period
        return new

    def _end_period(self, block: int, deadline: int) -> None:
        period = NETWORKS[self.network][0]
        skipped = (self.next_deadline(block) - deadline) // period - 1
        self.outcomes.append((deadline, "proven" if self.proven else "faulted"))
        self.outcomes += [(deadline + period * number, "faulted") for number in range(1, skipped + 1)]
        if (faults := skipped + (not self.proven)) > 0:
            self.faults.append((block, faults, deadline))

    def _PossessionProven(self, event: dict[str, Any]) -> str | None:  # noqa: N802
        block, shown = event["block"], event["challenges"]
        is_running, deadline = self.deadline is not None, self.deadline or 0
        label = first(
            (is_running and block < (self.challenge_epoch or 0), "premature proof"),
            (is_running and not all(map(self._is_leaf, shown)), "leaf outside the challenge range"),
            (not shown, "empty proof"),
            (self.proven, "already proven"),
            (len(shown) < 5, "too few challenges"),
            (not is_running, "proving not started"),
            (block > deadline, "period passed"),
            (block < deadline - NETWORKS[self.network][1], "too early"),
        )
        self.proven = self.proven or label is None
        return label

    def _is_leaf(self, challenge: dict[str, int]) -> bool:
        piece, offset = challenge["piece_id"], challenge["offset"]
        size = self.pieces[piece] if piece < len(self.pieces) else 0
        return offset < size and sum(self.pieces[:piece]) + offset < self.range

    def _DataSetDeleted(self, _event: dict[str, Any]) -> str | None:  # noqa: N802
        self.is_deleted = True
        return None

    def overdue(self, now: int) -> int:
        period = NETWORKS[self.network][0]
        if self.deadline is None or self.proven or now <= self.deadline:
            return 0
        return (now - self.deadline - 1) // period + 1

    def at(self, now: int) -> list[tuple[int, str]]:
        """Deadline and state of every period, those in the past one by one."""
        found = list(self.outcomes)
        if self.deadline is not None:
            state = "proven" if self.proven else "faulted" if self.deadline < now else "open"
            found.append((self.deadline, state))
            deadline = self.deadline + NETWORKS[self.network][0]
            while deadline < now:
                found.append((deadline, "faulted"))
                deadline += NETWORKS[self.network][0]
        return found
