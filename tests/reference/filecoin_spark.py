"""The evaluation of retrieval checks in plain Python, from the rules alone: dictionaries, hashlib and whole numbers.

In: measurements as dictionaries of good members. Out: labels, committees, scores and counts. Rule: Filecoin, C2 to C7.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import comb
from typing import Any

WHOLE = 10**15
BURN = "0x000000000000000000000000000000000000dead"
Task = tuple[str, str]

STATUSES = {
    600: "UNKNOWN_FETCH_ERROR",
    801: "HOSTNAME_DNS_ERROR",
    802: "CONNECTION_REFUSED",
    901: "UNSUPPORTED_CID_HASH_ALGO",
    902: "CONTENT_VERIFICATION_FAILED",
    903: "UNEXPECTED_CAR_BLOCK",
    904: "CANNOT_PARSE_CAR_FILE",
}


def result(measurement: dict[str, Any]) -> str:
    """C2: the first line that fits."""
    indexer, status = measurement.get("indexer_result"), measurement.get("status_code") or 0
    protocol = "HTTP" if measurement.get("protocol") == "http" else "LASSIE"
    lines = [
        (indexer not in {None, "OK", "HTTP_NOT_ADVERTISED"}, f"IPNI_{indexer}"),
        (measurement.get("timeout"), "TIMEOUT"),
        (measurement.get("car_too_large"), "CAR_TOO_LARGE"),
        (status // 100 == 7, "UNSUPPORTED_MULTIADDR_FORMAT"),
        (status in STATUSES, STATUSES.get(status)),
        (status >= 300, f"{protocol}_{status}"),
        (status >= 200 and measurement.get("end_at"), "OK"),
        (True, "UNKNOWN_ERROR"),
    ]
    return next(str(name) for fits, name in lines if fits)


def key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


def task_key(task: Task, randomness: bytes) -> int:
    return key("\n".join((*task, randomness.hex())))


def allowed(tasks: list[Task], randomness: bytes, station: str, most: int) -> list[Task]:
    """C3: all tasks by their distance, and the first of them."""
    own = key(station)
    return sorted(tasks, key=lambda task: own ^ task_key(task, randomness))[:most]


def moment(text: str) -> str:
    """A time as it is hashed."""
    time = datetime.fromisoformat(text).astimezone(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def tasking(tasks: list[Task], randomness: bytes, most: int, measurements: list[dict[str, Any]]) -> list[str]:
    """C4."""
    labels = [""] * len(measurements)
    subnets = defaultdict(list)
    for at, one in enumerate(measurements):
        task = (one.get("cid"), one.get("miner_id"))
        if task not in tasks:
            labels[at] = "TASK_NOT_IN_ROUND"
        elif task not in allowed(tasks, randomness, one.get("station_id") or "", most):
            labels[at] = "TASK_WRONG_NODE"
        else:
            digest = hashlib.sha256(moment(one["finished_at"]).encode()).hexdigest()
            subnets[one["inet_group"]].append((digest, at, task))
    for candidates in subnets.values():
        taken: set[Any] = set()
        for _, at, task in sorted(candidates, key=lambda one: one[0]):
            if task in taken:
                labels[at] = "DUP_INET_GROUP"
            elif len(taken) == most:
                labels[at] = "TOO_MANY_TASKS"
            else:
                labels[at] = "OK"
                taken.add(task)
    return labels


def majority(votes: list[Any]) -> Any:
    value, count = Counter(votes).most_common(1)[0]
    return value if 2 * count > len(votes) else None


@dataclass
class Found:
    """What a round comes to."""

    tasking: list[str]
    consensus: list[str | None]
    committees: dict[Task, tuple[int, str, str]] = field(default_factory=dict)
    totals: dict[str, list[int]] = field(default_factory=dict)
    scores: dict[str, int] = field(default_factory=dict)
    burnt: int = WHOLE


def evaluate(
    tasks: list[Task], randomness: bytes, most: int, required: int, measurements: list[dict[str, Any]]
) -> Found:
    """C4 to C7 with fraud rules, every measurement counted."""
    found = Found(tasking(tasks, randomness, most, measurements), [None] * len(measurements))
    members = defaultdict(list)
    for at, one in enumerate(measurements):
        if found.tasking[at] == "OK":
            members[one["cid"], one["miner_id"]].append(at)
    names = ("provider_id", "indexer_result", "provider_address", "protocol")
    for task in sorted(members):
        places = members[task]
        index = [tuple(measurements[at].get(name) for name in names) for at in places]
        retrieval = [
            (
                *value,
                result(measurements[at]),
                *(measurements[at].get(n) for n in ("byte_length", "car_checksum")),
            )
            for value, at in zip(index, places, strict=True)
        ]
        won_index, won = majority(index), majority(retrieval)
        texts = [won_index and won_index[1], won and won[4]]
        if len(places) < required:
            texts = ["COMMITTEE_TOO_SMALL"] * 2
        found.committees[task] = (len(places), *(text or "MAJORITY_NOT_FOUND" for text in texts))
        for at, value in zip(places, retrieval, strict=True):
            label = "MAJORITY_RESULT" if value == won else "MINORITY_RESULT"
            if won is None:
                label = "MAJORITY_NOT_FOUND"
            found.consensus[at] = "COMMITTEE_TOO_SMALL" if len(places) < required else label
            totals = found.totals.setdefault(task[1], [0, 0, 0, 0])
            is_ok = result(measurements[at]) == "OK"
            is_http = is_ok and measurements[at].get("protocol") == "http"
            head = measurements[at].get("head_status_code") or 0
            for column, counts in enumerate((True, is_ok, is_http, is_http and 200 <= head < 300)):
                totals[column] += counts
    own = Counter(
        one["participant_address"]
        for one, label in zip(measurements, found.consensus, strict=True)
        if label == "MAJORITY_RESULT"
    )
    for who, count in own.items():
        if who != BURN:
            found.scores[who] = count * WHOLE // own.total()
            found.burnt -= found.scores[who]
    return found


def lower_ppm(successes: int, total: int) -> int:
    """F2: the largest number of millionths under which so many successes, in one trial more, come once in 20 times."""
    trials, million = total + 1, 10**6
    low, high = 0, million
    while high - low > 1:
        k = (low + high) // 2
        tail = sum(
            comb(trials, j) * k**j * (million - k) ** (trials - j) for j in range(successes + 1, trials + 1)
        )
        low, high = (k, high) if 20 * tail <= million**trials else (low, k)
    return low
