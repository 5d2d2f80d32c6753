"""Contract events replayed: public vectors, a plain model of the service, packed words, queues, broken lines."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absent import absent
from depinverify.networks.filecoin.contract_events import read_event
from depinverify.networks.filecoin.events import Replay
from depinverify.networks.filecoin.evidence import Evidence
from depinverify.networks.filecoin.lines import Members
from depinverify.networks.filecoin.packing import pack_identifier
from depinverify.networks.filecoin.period_history import Terms
from public_vectors import public_vectors
from reference.filecoin_service import NETWORKS, PlainSet, identifier, leaves_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from depinverify.networks.filecoin.data_sets import DataSetHistory

PROVIDER = "0x" + "11" * 20
#: Pieces by text, with their leaves.
SIZES = {
    text_of(identifier(height, padding)): leaves_of(height, padding)
    for height, padding in ((2, 0), (2, 31), (3, 100), (5, 504), (10, 127), (20, 1 << 24))
}
PIECES = list(SIZES)
CREATED = {"event": "DataSetCreated", "block": 900, "set_id": 1, "provider": PROVIDER}


def replayed(
    events: list[dict[str, Any]], *, now: int = 2**53 - 1, terms: Terms | None = None
) -> tuple[Replay, list[str | None]]:
    """Events replayed, and the label that each one got."""
    replay = Replay(terms or Terms.of("mainnet"), now)
    labels: list[str | None] = []
    for number, event in enumerate(events, 1):
        before = len(replay.refusals)
        replay.run([read_event(Members(json.loads(json.dumps(event))), f"events.jsonl:{number}")])
        after = list(replay.refusals)[before:]
        assert len(after) <= 1
        labels.append(after[0].label if after else None)
    return replay, labels


def history(replay: Replay, set_id: int = 1) -> DataSetHistory:
    return next(found for found in replay.histories() if found.set_id == set_id)


def at(block: int, name: str, **members: Any) -> dict[str, Any]:
    return {"event": name, "block": block, "set_id": 1, **members}


def added(block: int, first: int, *pieces: Any) -> dict[str, Any]:
    return at(block, "PiecesAdded", first_piece_id=first, pieces=list(pieces))


def started(block: int, challenge_epoch: int, leaves: int) -> dict[str, Any]:
    return at(block, "NextProvingPeriod", challenge_epoch=challenge_epoch, leaf_count=leaves)


def proven(block: int, count: int = 5) -> dict[str, Any]:
    return at(block, "PossessionProven", challenges=[{"piece_id": 0, "offset": 0}] * count)


FIRST = [CREATED, added(950, 0, PIECES[0])]


def fault_cases() -> list[dict[str, Any]]:
    path = public_vectors("filecoin") / "pdp_fault_periods.json"
    if not path.is_file():
        absent(f"no vectors at {path}")
    file = json.loads(path.read_text("utf-8"))
    assert (file["max_proving_period"], file["challenge_window"]) == NETWORKS["mainnet"][:2]
    cases: list[dict[str, Any]] = file["cases"]
    return cases


@pytest.mark.parametrize("service", ["warm_storage", "sample"])
def test_fault_periods_as_events(service: Any) -> None:
    found = fault_cases()
    for case in found:
        events = list(FIRST)
        expected: list[dict[str, Any]] = []
        for (kind, block, number), outcome in zip(case["events"], case["expected"], strict=True):
            if kind == "prove":
                events.append(proven(block, number))
            elif number == 0:
                events += [at(block, "PiecesRemoved", piece_ids=[0]), started(block, 0, 0)]
                expected.append({})
            else:
                events.append(started(block, number, 4))
            expected.append(outcome)
        replay, labels = replayed(events, terms=Terms.of("mainnet", service), now=events[-1]["block"])
        labels = labels[len(FIRST) :]
        assert labels == [outcome.get("error") for outcome in expected], case["name"]
        result = history(replay)
        deadlines = [outcome["deadline"] for outcome in expected if "deadline" in outcome]
        assert (result.deadline or 0) == (deadlines or [0])[-1], case["name"]
        assert [(record.periods, record.deadline) for record in result.fault_records] == [
            (outcome["faults"], outcome["fault_deadline"]) for outcome in expected if outcome.get("faults")
        ], case["name"]
    print(f"pdp_fault_periods: {len(found)} cases ran as events")  # noqa: T201
    assert found


def test_deadlines_after_each_event() -> None:
    for case in fault_cases():
        replay, _ = replayed(FIRST)
        for (kind, block, number), outcome in zip(case["events"], case["expected"], strict=True):
            if kind == "next" and number:
                replay.run([read_event(Members(started(block, number, 4)), "line")])
                assert (history(replay).deadline or 0) == outcome.get("deadline", 0), case["name"]


# What a set holds


@pytest.mark.parametrize("form", ["text", "cid", "packed", "packed with 0x"])
def test_forms_of_pieces(form: str) -> None:
    raw = identifier(5, 504)
    header, root = pack_identifier(raw)
    piece = {
        "text": text_of(raw),
        "cid": {"cid": text_of(raw)},
        "packed": {"header": header.hex(), "root": root.hex().upper()},
        "packed with 0x": {"header": "0x" + header.hex(), "root": "0x" + root.hex()},
    }[form]
    replay, labels = replayed([CREATED, added(950, 0, piece)])
    assert labels == [None, None]
    assert (history(replay).pieces_live, history(replay).leaves) == (1, 17)
    assert history(replay).raw_bytes == 17 * 32 * 127 // 128


@pytest.mark.parametrize(
    "piece",
    [
        text_of(identifier(51, 0)),
        text_of(identifier(10, 1 << 20)),
        "baga6ea4seaq",
        text_of(identifier(2, 0)).upper(),
        {"header": "00" * 32, "root": "11" * 32},
        {"header": "00" * 28 + "01559121", "root": "11" * 32},
    ],
)
def test_pieces_that_no_set_takes(piece: Any) -> None:
    replay, labels = replayed([CREATED, added(950, 0, PIECES[0], piece)])
    assert labels == [None, "piece refused"]
    assert "pieces[1]" in next(iter(replay.refusals)).detail
    assert history(replay).pieces_live == 0


def test_ids_go_on_and_are_never_reused() -> None:
    events = [
        *FIRST,
        added(960, 0, PIECES[1]),
        added(960, 2, PIECES[1]),
        added(960, 1, PIECES[1]),
        at(970, "PiecesRemoved", piece_ids=[1]),
        started(1000, 3820, 4),
        added(1001, 1, PIECES[1]),
        added(1001, 2, PIECES[1]),
    ]
    replay, labels = replayed(events)
    assert labels == [
        *(None, None, "piece ids out of order", "piece ids out of order"),
        *(None, None, None, "piece ids out of order", None),
    ]
    assert (history(replay).pieces_live, history(replay).pieces_removed) == (2, 1)


def test_batches_have_limits() -> None:
    _, labels = replayed([CREATED, added(950, 0), added(950, 0, *[PIECES[0]] * 101)])
    assert labels == [None, "batch size", "batch size"]
    _, labels = replayed([CREATED, added(950, 0, *[PIECES[0]] * 100)])
    assert labels == [None, None]


def filled(count: int) -> Iterator[dict[str, Any]]:
    yield CREATED
    for first in range(0, count, 100):
        yield added(950, first, *[PIECES[0]] * min(100, count - first))


def test_at_most_2000_removals_wait() -> None:
    def scheduled(block: int, *ids: int) -> dict[str, Any]:
        return at(block, "RemovalsScheduled", piece_ids=list(ids))

    def removed(first: int, end: int) -> dict[str, Any]:
        return at(1000, "PiecesRemoved", piece_ids=list(range(first, end)))

    too_many = "too many removals queued"
    steps = [
        (scheduled(960, *range(1999)), None),
        (scheduled(960, 1999, 2000), too_many),
        (scheduled(960, 1999), None),
        (scheduled(960, 2000), too_many),
        (started(1000, 3820, 8400), "removals unprocessed"),
        (removed(0, 1000), None),
        (scheduled(1000, 2000), too_many),
        (started(1000, 3820, 4400), "removals unprocessed"),
        (removed(1000, 2000), None),
        (started(1000, 3820, 400), None),
        (scheduled(1001, 2000), None),
    ]
    replay, labels = replayed([*filled(2100), *(event for event, _ in steps)])
    assert labels[-len(steps) :] == [label for _, label in steps]
    assert (history(replay).pieces_live, history(replay).removals_queued) == (100, 1)


def test_a_log_without_the_queue_has_its_limit_too() -> None:
    events = [
        *filled(2100),
        at(1000, "PiecesRemoved", piece_ids=list(range(2001))),
        at(1000, "PiecesRemoved", piece_ids=[7, 7]),
        at(1000, "PiecesRemoved", piece_ids=[2100]),
        at(1000, "PiecesRemoved", piece_ids=list(range(2000))),
    ]
    _, labels = replayed(events)
    assert labels[-4:] == ["too many removals queued", "removal queued before", "no such piece", None]


def test_removals_take_effect_with_the_next_period() -> None:
    events = [
        CREATED,
        added(950, 0, PIECES[0], PIECES[0]),
        started(1000, 3820, 8),
        at(1001, "RemovalsScheduled", piece_ids=[0]),
        proven(3821),
        at(3881, "PiecesRemoved", piece_ids=[0]),
        started(3881, 6700, 4),
        proven(6701),
    ]
    replay, labels = replayed(events, now=6800)
    assert labels == [*[None] * 7, "leaf outside the challenge range"]
    assert [period.range for period in history(replay).periods] == [8, 4]


def test_challenged_leaves_count_over_the_pieces_of_the_start() -> None:
    def shown(block: int, *places: tuple[int, int]) -> dict[str, Any]:
        challenges = [{"piece_id": piece, "offset": str(offset)} for piece, offset in places]
        return at(block, "PossessionProven", challenges=challenges)

    events = [
        CREATED,
        added(950, 0, PIECES[0], PIECES[3], PIECES[0]),
        started(1000, 3820, 25),
        at(3881, "PiecesRemoved", piece_ids=[1]),
        started(3881, 6700, 8),
        added(6700, 3, PIECES[0]),
        shown(6701, (0, 0), (0, 3), (2, 0), (2, 3), (3, 0)),
        shown(6701, (0, 0), (0, 3), (2, 0), (2, 3), (1, 0)),
        shown(6701, (0, 0), (0, 3), (2, 0), (2, 4), (2, 0)),
        shown(6701, (0, 0), (0, 3), (2, 0), (2, 3), (2**256 - 1, 0)),
        shown(6701, (0, 0), (0, 3), (2, 0), (2, 3), (2, 1)),
    ]
    replay, labels = replayed(events, now=6800)
    assert labels == [*[None] * 6, *["leaf outside the challenge range"] * 4, None]
    details = [refusal.detail for refusal in replay.refusals]
    assert details[0] == "challenge 4: expected one of 8 leaves, found leaf 8"
    assert details[1] == "challenge 4: expected one of 8 leaves, found none of the set's"
    assert history(replay).periods[-1].challenged == (0, 3, 4, 7, 5)


def test_a_removal_is_queued_once() -> None:
    def of(name: str, *ids: int) -> dict[str, Any]:
        return at(960, name, piece_ids=list(ids))

    steps = [
        (of("RemovalsScheduled", 0), None),
        (of("RemovalsScheduled", 0), "removal queued before"),
        (of("RemovalsScheduled", 1, 1), "removal queued before"),
        (of("PiecesRemoved", 1), "removal not scheduled"),
        (of("PiecesRemoved", 0, 0), "removal not scheduled"),
        (of("PiecesRemoved", 0), None),
        (of("PiecesRemoved", 0), "removal not scheduled"),
        (of("RemovalsScheduled", 0), "removal queued before"),
        (of("RemovalsScheduled"), "batch size"),
        (of("RemovalsScheduled", 2), "no such piece"),
        (started(1000, 3820, 4), None),
        (at(1001, "RemovalsScheduled", piece_ids=[0]), "no such piece"),
    ]
    _, labels = replayed([CREATED, added(950, 0, PIECES[0], PIECES[0]), *(event for event, _ in steps)])
    assert labels[2:] == [label for _, label in steps]


def test_periods_of_the_sample_service_are_counted() -> None:
    events = [
        *FIRST,
        started(1000, 3820, 4),
        started(9641, 12_500, 4),
        at(12_501, "PiecesRemoved", piece_ids=[0]),
        started(12_501, 0, 0),
        added(12_600, 1, PIECES[0]),
        started(12_700, 15_560, 4),
    ]
    replay, labels = replayed(events, now=12_800, terms=Terms.of("mainnet", "sample"))
    assert labels == [None] * len(events)
    assert [(period.number, period.count) for period in history(replay).periods] == [
        (0, 1),
        (1, 2),
        (3, 1),
        (4, 1),
    ]


def test_a_leaf_count_that_does_not_follow_is_reported() -> None:
    replay, labels = replayed([*FIRST, started(1000, 3820, 5)])
    assert labels == [None, None, "leaf count"]
    assert (history(replay).deadline, history(replay).periods[0].range) == (3880, 4)


def test_a_set_that_is_emptied_starts_again() -> None:
    events = [
        *FIRST,
        started(1000, 3820, 4),
        proven(3820),
        at(3830, "PiecesRemoved", piece_ids=[0]),
        at(3830, "DataSetEmpty"),
        started(3830, 6700, 0),
        started(3900, 6780, 0),
        added(4000, 1, PIECES[2]),
        at(4001, "DataSetEmpty"),
    ]
    for service, challenge, deadline in (("warm_storage", 9600, 9640), ("sample", 6950, 7000)):
        replay, labels = replayed(
            [*events, started(4120, challenge, 5)], terms=Terms.of("mainnet", service), now=4200
        )
        assert labels == [*[None] * 7, "no leaves", None, "set not empty", None]
        result = history(replay)
        assert (result.activation, result.deadline) == (1000, deadline)
        numbers = [period.number for period in result.periods]
        assert numbers == ([0, 2] if service == "warm_storage" else [0, 1])
        assert [period.state for period in result.periods] == ["proven", "open"]


# What an order of events can be


def test_events_without_or_after_their_set() -> None:
    events = [
        added(900, 0, PIECES[0]),
        CREATED,
        {**CREATED, "block": 901},
        at(902, "DataSetDeleted"),
        added(903, 0, PIECES[0]),
        {**CREATED, "block": 904},
        {**CREATED, "block": 905, "set_id": str(2**256 - 1)},
    ]
    replay, labels = replayed(events)
    assert labels == [
        *("no such data set", None, "data set exists", None),
        *("data set deleted", "data set deleted", None),
    ]
    assert [found.set_id for found in replay.histories()] == [1, 2**256 - 1]
    assert history(replay).refused == 3


def test_blocks_and_places_in_them_ascend() -> None:
    events = [
        {**CREATED, "log_index": 4},
        {**added(900, 0, PIECES[0]), "log_index": 4},
        {**added(900, 0, PIECES[0]), "log_index": "0x5"},
        added(899, 1, PIECES[0]),
        added(1001, 1, PIECES[0]),
        added(1000, 1, PIECES[0]),
    ]
    _, labels = replayed(events, now=1000)
    assert labels == [None, "events out of order", None, "events out of order", "event in the future", None]


# Random events against the plain model

#: Blocks to wait for; or where to be before or behind the deadline or the challenge epoch.
WAITS = st.one_of(
    st.sampled_from([0, 0, 1, 20, 219, 220, 240, 241, 481, 1000]).map(lambda blocks: ("blocks", blocks)),
    st.integers(-21, 2).map(lambda behind: ("deadline", behind)),
    st.integers(-1, 9).map(lambda behind: ("challenge_epoch", behind)),
)
IDS = st.lists(st.integers(1, 6), max_size=3)
PLACES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=6)
ACTIONS = st.one_of(
    st.tuples(st.just("add"), st.lists(st.sampled_from(PIECES), max_size=4), st.sampled_from([0, 0, 0, -1])),
    st.tuples(st.sampled_from(["schedule", "remove"]), IDS, st.just(0)),
    st.tuples(st.sampled_from(["flush", "clear", "prove well"]), st.just([]), st.just(0)),
    st.tuples(st.just("start"), st.sampled_from([0, 9, 10, 220, 240, 43_201]), st.sampled_from([0, 0, 1])),
    st.tuples(st.just("start early"), st.integers(0, 21), st.just(0)),
    st.tuples(st.just("start well"), st.integers(0, 21), st.sampled_from([0, 0, 0, 1])),
    st.tuples(st.just("prove well"), st.just([]), st.just(0)),
    st.tuples(st.just("prove well"), st.just([]), st.just(0)),
    st.tuples(st.just("prove"), PLACES, st.just(0)),
    st.tuples(st.just("delete"), st.sampled_from([0] * 19 + [1]), st.just(0)),
)


def concrete(action: tuple[str, Any, int], block: int, model: PlainSet) -> list[dict[str, Any]]:
    """An action as events in a block of a set."""
    kind, value, shift = action
    leaves = sum(model.pieces) - sum(model.pieces[piece] for piece in model.taken)
    live = [piece for piece, size in enumerate(model.pieces) if size]
    waiting = [piece for piece in live if piece not in model.queue + model.taken]

    def ids(name: str, found: list[int]) -> dict[str, Any]:
        return at(block, name, piece_ids=list(found))

    def shown(places: list[tuple[int, int]]) -> dict[str, Any]:
        challenges = [{"piece_id": piece, "offset": offset} for piece, offset in places]
        return at(block, "PossessionProven", challenges=challenges)

    made: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "add": lambda: [added(block, max(0, len(model.pieces) + shift), *value)],
        "schedule": lambda: [ids("RemovalsScheduled", value)],
        "remove": lambda: [ids("PiecesRemoved", value)],
        "flush": lambda: [ids("PiecesRemoved", model.queue)],
        "clear": lambda: [
            ids("RemovalsScheduled", waiting),
            ids("PiecesRemoved", [*model.queue, *waiting]),
            started(block, 0, 0),
        ],
        "start": lambda: [started(block, block + value, leaves + shift)],
        "start early": lambda: [started(block, model.next_deadline(block) - value, leaves)],
        "start well": lambda: [
            ids("PiecesRemoved", model.queue),
            started(
                block,
                model.next_deadline(block) - value,
                leaves + shift - sum(map(model.pieces.__getitem__, model.queue)),
            ),
        ],
        "prove": lambda: [shown(value)],
        "prove well": lambda: [shown([(piece, 0) for piece in live[:1]] * 5)],
        "delete": lambda: [at(block, "DataSetDeleted")] * value,
    }
    return made[kind]()


@settings(max_examples=500)
@given(
    steps=st.lists(st.tuples(ACTIONS, WAITS), max_size=25),
    service=st.sampled_from(["warm_storage", "sample"]),
    is_emptied=st.booleans(),
    after=st.integers(0, 1000),
)
def test_as_the_plain_model(steps: list[Any], service: Any, is_emptied: bool, after: int) -> None:
    model = PlainSet("calibration", service, SIZES)
    # A log that shows the queue's events, which the model takes for granted.
    events = [
        CREATED,
        added(900, 0, PIECES[0]),
        at(900, "RemovalsScheduled", piece_ids=[0]),
        at(900, "PiecesRemoved", piece_ids=[0]),
        added(900, 1, PIECES[1], PIECES[2]),
        started(900, 1140, SIZES[PIECES[1]] + SIZES[PIECES[2]]),
    ]
    if is_emptied:
        events += [
            at(901, "RemovalsScheduled", piece_ids=[1, 2]),
            at(901, "PiecesRemoved", piece_ids=[1, 2]),
            started(901, 0, 0),
            added(902, 3, PIECES[0]),
        ]
    expected = [None, *map(model.apply, events[1:])]
    block = events[-1]["block"]
    for action, (kind, value) in steps:
        block = block + value if kind == "blocks" else max(block, (getattr(model, kind) or block) + value)
        for event in concrete(action, block, model):
            events.append(event)
            expected.append(model.apply(event))
    now = block + after
    replay, labels = replayed(events, terms=Terms.of("calibration", service), now=now)
    assert labels == expected
    result = history(replay)
    end = block_of_deletion(events) if model.is_deleted else now
    records = [(record.block, record.periods, record.deadline) for record in result.fault_records]
    assert records == model.faults
    assert result.overdue_periods == model.overdue(end)
    assert one_by_one(result) == model.at(end)
    assert result.activation == model.activation
    if not model.is_deleted:
        assert result.deadline == model.deadline
        assert result.leaves == sum(model.pieces)
        assert result.pieces_live == sum(size > 0 for size in model.pieces)
    unstarted = [period.count for period in result.periods if period.why == "nobody started it"]
    recorded = sum(record.periods for record in result.fault_records)
    assert result.faulted_periods == recorded + (result.overdue_periods or sum(unstarted))
    if service == "warm_storage" and model.activation is not None:
        marks = {
            256 * number + bit
            for number, word in result.proven_words
            for bit in range(256)
            if word >> bit & 1
        }
        first = model.activation + 240
        assert marks == {(deadline - first) // 240 for deadline, state in model.at(end) if state == "proven"}
        assert [period.number for period in result.periods] == [
            (period.deadline - first) // 240 - (period.count - 1) for period in result.periods
        ]


def block_of_deletion(events: list[dict[str, Any]]) -> int:
    return next(event["block"] for event in events if event["event"] == "DataSetDeleted")


def one_by_one(result: DataSetHistory) -> list[tuple[int, str]]:
    """Deadline and state of every period, those in a row that nobody started one by one."""
    return [
        (period.deadline - result.period_length * later, period.state)
        for period in result.periods
        for later in reversed(range(period.count))
    ]


# Lines


def folder(path: Path, lines: list[bytes], *, name: str = "events.jsonl", now: int = 10_000) -> Evidence:
    path.mkdir(exist_ok=True)
    (path / "filecoin.toml").write_text(f'[filecoin]\nchain = "mainnet"\nnow = {now}\n')
    text = b"".join(line + b"\n" for line in lines)
    (path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return Evidence.open(path)


BROKEN = [
    (b"{", "unreadable line", "not JSON"),
    (b"\xff", "unreadable line", "not UTF-8"),
    (b"[1]", "unreadable line", "expected a JSON object"),
    (b"[" * 100_000, "unreadable line", "nested too deeply"),
    (b'{"event": NaN}', "unreadable line", "NaN"),
    (b'{"block": 1, "block": 1}', "unreadable line", "'block' stands twice"),
    (b"{}", "unreadable line", "event: expected a value, found none"),
    (b'{"event": "Nothing"}', "unknown event", "found 'Nothing'"),
    (b'{"event": "\\ud800"}', "unreadable line", "Unicode"),
    (
        b'{"event": "DataSetEmpty", "set_id": 1.0, "block": 1}',
        "unreadable line",
        "set_id: expected an integer",
    ),
    (b'{"event": "DataSetEmpty", "set_id": true, "block": 1}', "unreadable line", "found True"),
    (b'{"event": "DataSetEmpty", "set_id": -1, "block": 1}', "unreadable line", "found -1"),
    (b'{"event": "DataSetEmpty", "set_id": "01", "block": 1}', "unreadable line", "found '01'"),
    (b'{"event": "DataSetEmpty", "set_id": %d, "block": 1}' % 2**256, "unreadable line", "2^256-1"),
    (b'{"event": "DataSetEmpty", "set_id": 1, "block": %d}' % 2**64, "unreadable line", "2^64-1"),
    (b'{"event": "DataSetEmpty", "set_id": %s, "block": 1}' % (b"9" * 5000), "unreadable line", "not JSON"),
    (b'{"event": "PiecesAdded", "set_id": 1, "block": 1, "first_piece_id": 0}', "unreadable line", "pieces"),
    (
        b'{"event": "PossessionProven", "set_id": 1, "block": 1, "challenges": [7]}',
        "unreadable line",
        "challenges[0]: expected an object, found 7",
    ),
    (
        b'{"event": "DataSetCreated", "set_id": 1, "block": 1, "provider": "0x12"}',
        "unreadable line",
        "provider: expected 40 hex digits",
    ),
]


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_broken_lines_are_reported_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    lines = [
        json.dumps(CREATED).encode(),
        b"",
        *(line for line, _, _ in BROKEN),
        json.dumps(FIRST[1]).encode(),
    ]
    replay = folder(tmp_path, lines, name=name).replay()
    found = list(replay.refusals)
    assert [refusal.label for refusal in found] == [label for _, label, _ in BROKEN]
    for place, (refusal, (_, _, words)) in enumerate(zip(found, BROKEN, strict=True)):
        assert words in refusal.detail, (words, refusal.detail)
        assert refusal.place == f"{name}:{place + 3}"
        assert len(refusal.detail) < 400
        json.dumps(refusal.to_json()).encode()
    assert replay.refusals.counts["unreadable line"] == len(BROKEN) - 1
    assert replay.events == len(BROKEN) + 2
    assert history(replay).leaves == 4


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_compressed_file_that_breaks_off(tmp_path: Path, damage: str) -> None:
    events = [json.dumps(event).encode() for event in [CREATED, *filled(300)][:1]]
    events += [json.dumps(event).encode() for event in list(filled(3000))[1:]]
    evidence = folder(tmp_path, events, name="events.jsonl.gz")
    path = tmp_path / "events.jsonl.gz"
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        del raw[-20:]
    else:
        raw[len(raw) // 2 :] = b"\xff" * (len(raw) - len(raw) // 2)
    path.write_bytes(raw)
    replay = evidence.replay()
    (refusal,) = replay.refusals
    assert (refusal.label, "cannot be read on" in refusal.detail) == ("unreadable line", True)


@given(st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=60)
def test_bytes_of_any_kind(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    replay = folder(tmp_path_factory.mktemp("bytes"), lines).replay()
    assert list(replay.histories()) == []
    assert len(replay.refusals) == replay.events


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    *("DataSetCreated", "PiecesAdded", "RemovalsScheduled", "PiecesRemoved"),
    *("NextProvingPeriod", "PossessionProven", "DataSetEmpty", "DataSetDeleted"),
]
MEMBERS = [
    *("provider", "payer", "first_piece_id", "pieces", "piece_ids"),
    *("challenge_epoch", "leaf_count", "challenges", "log_index"),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.integers(0, 2**64 - 1),
            st.dictionaries(st.sampled_from(MEMBERS), JSON | st.integers(0, 2**64 - 1), max_size=5),
        ),
        max_size=6,
    )
)
@settings(max_examples=200)
def test_members_of_any_kind(events: list[Any]) -> None:
    replay = Replay(Terms.of("mainnet"), 2**64 - 1)
    for event in (CREATED, FIRST[1]):
        replay.run([read_event(Members(event), "line")])
    for name, block, members in events:
        replay.run([read_event(Members({**members, "event": name, "block": block, "set_id": 1}), "line")])
    for found in replay.histories():
        json.dumps(found.to_json()).encode()
    for refusal in replay.refusals:
        json.dumps(refusal.to_json()).encode()
