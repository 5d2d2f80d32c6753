"""Histories, amounts and the audit of periods: what follows from a folder of evidence, and what contradicts it."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absent import absent
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.networks.filecoin.data_sets import DataSetHistory, Payment
from depinverify.networks.filecoin.evidence import Evidence
from depinverify.networks.filecoin.payments import Proposal, settle, settle_all
from depinverify.networks.filecoin.refusals import Refusal, Refusals
from public_vectors import public_vectors
from reference.filecoin_service import identifier, text_of

if TYPE_CHECKING:
    from pathlib import Path

PROVIDER, PAYER = "0x" + "11" * 20, "0x" + "22" * 20
SMALL = text_of(identifier(2, 0))


def write(path: Path, now: int, **files: list[dict[str, Any]]) -> Evidence:
    path.mkdir(exist_ok=True)
    (path / "filecoin.toml").write_text(f'[filecoin]\nchain = "mainnet"\nnow = {now}\n')
    for name, lines in files.items():
        (path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Evidence.open(path)


def event(block: int, name: str, set_id: int = 1, **members: Any) -> dict[str, Any]:
    return {"event": name, "block": block, "set_id": set_id, **members}


def opening(set_id: int = 1) -> list[dict[str, Any]]:
    return [
        event(900, "DataSetCreated", set_id, provider=PROVIDER, payer=PAYER),
        event(950, "PiecesAdded", set_id, first_piece_id=0, pieces=[SMALL]),
        event(1000, "NextProvingPeriod", set_id, challenge_epoch=3820, leaf_count=4),
    ]


def proof(block: int, set_id: int = 1) -> dict[str, Any]:
    return event(block, "PossessionProven", set_id, challenges=[{"piece_id": 0, "offset": 0}] * 5)


def next_period(block: int, challenge_epoch: int) -> dict[str, Any]:
    return event(block, "NextProvingPeriod", challenge_epoch=challenge_epoch, leaf_count=4)


def only(evidence: Evidence) -> DataSetHistory:
    replay = evidence.replay()
    assert not list(replay.refusals)
    (found,) = replay.histories()
    return found


def states(history: DataSetHistory) -> list[tuple[int, int, int, str]]:
    return [(period.number, period.count, period.deadline, period.state) for period in history.periods]


# Histories


def test_a_history_with_everything_in_it(tmp_path: Path) -> None:
    events = [
        *opening(),
        proof(3830),
        next_period(3881, 6700),
        next_period(6770, 9600),
        event(9641, "PossessionProven", challenges=[{"piece_id": 0, "offset": 3}] * 5),
        next_period(9641 + 2 * 2880, 18_250),
        proof(18_260),
    ]
    replay = write(tmp_path, 18_270, events=events).replay()
    (late,) = replay.refusals
    assert (late.label, late.place, late.block) == ("period passed", "events.jsonl:7", 9641)
    (history,) = replay.histories()
    assert states(history) == [
        (0, 1, 3880, "proven"),
        (1, 1, 6760, "faulted"),
        (2, 1, 9640, "faulted"),
        (3, 2, 15_400, "faulted"),
        (5, 1, 18_280, "proven"),
    ]
    assert [period.why for period in history.periods] == [
        "proved at block 3830",
        "no proof came",
        "a proof came at block 9641, after the deadline",
        "nobody started it until block 15401",
        "proved at block 18260",
    ]
    assert [(record.block, record.periods, record.deadline) for record in history.fault_records] == [
        (6770, 1, 6760),
        (15_401, 3, 9640),
    ]
    assert (history.pass_rate, history.overdue_periods, history.last_action) == ((2, 6), 0, 18_260)
    assert history.proven_words == ((0, 0b100001),)
    assert (history.provider, history.payer, history.refused) == (PROVIDER, PAYER, 1)


@pytest.mark.parametrize(
    ("now", "overdue", "expected"),
    [
        (3879, 0, [(0, 1, 3880, "open")]),
        (3880, 0, [(0, 1, 3880, "open")]),
        (3881, 1, [(0, 1, 3880, "faulted")]),
        (6760, 1, [(0, 1, 3880, "faulted")]),
        (6761, 2, [(0, 1, 3880, "faulted"), (1, 1, 6760, "faulted")]),
        (2**53 - 1, (2**53 - 1 - 3881) // 2880 + 1, None),
    ],
)
def test_periods_of_a_provider_who_stopped_calling(
    tmp_path: Path, now: int, overdue: int, expected: list[Any] | None
) -> None:
    history = only(write(tmp_path, now, events=opening()))
    assert history.overdue_periods == overdue == history.faulted_periods
    assert history.fault_records == ()
    assert expected in (None, states(history))
    assert len(history.periods) <= 2


def test_periods_that_nobody_started_after_a_proof(tmp_path: Path) -> None:
    history = only(write(tmp_path, 9641, events=[*opening(), proof(3880)]))
    assert states(history) == [(0, 1, 3880, "proven"), (1, 2, 9640, "faulted")]
    assert (history.overdue_periods, history.pass_rate) == (0, (1, 3))


def test_a_set_whose_provider_is_gone_for_long(tmp_path: Path) -> None:
    for now, is_abandoned in ((1000 + 86_400, False), (1000 + 86_401, True)):
        assert only(write(tmp_path, now, events=opening())).is_abandoned is is_abandoned
    deleted = [*opening(), event(1001, "DataSetDeleted")]
    assert only(write(tmp_path, 200_000, events=deleted)).is_abandoned is False


@pytest.mark.parametrize(
    ("block", "expected", "overdue"),
    [(3880, [(0, 1, 3880, "open")], 0), (6761, [(0, 1, 3880, "faulted"), (1, 1, 6760, "faulted")], 2)],
)
def test_a_deleted_set(tmp_path: Path, block: int, expected: list[Any], overdue: int) -> None:
    history = only(write(tmp_path, 100_000, events=[*opening(), event(block, "DataSetDeleted")]))
    assert states(history) == expected
    assert (history.deleted_at, history.deadline, history.overdue_periods) == (block, None, overdue)
    assert (history.pieces_live, history.leaves, history.rate) == (0, 0, 0)
    if not overdue:
        assert history.periods[0].why == f"the data set was deleted in block {block}"


def test_a_set_without_pieces_owes_nothing(tmp_path: Path) -> None:
    history = only(write(tmp_path, 1000, events=opening()[:1]))
    assert (history.activation, history.deadline, history.periods) == (None, None, ())
    assert (history.leaves, history.raw_bytes, history.rate, history.pass_rate) == (0, 0, 0, (0, 0))
    assert [entry.ppm for entry in history.detection] == [0, 0, 0]


def test_rates_of_the_public_vectors(tmp_path: Path) -> None:
    path = public_vectors("filecoin") / "fwss_rates.json"
    if not path.is_file():
        absent(f"no vectors at {path}")
    # Pieces of powers of two leaves add up to any count.
    cases = json.loads(path.read_text("utf-8"))["cases"]
    for case in cases:
        heights = [bit for bit in range(50) if case["leaf_count"] >> bit & 1]
        pieces = [text_of(identifier(height, 0)) for height in heights]
        events = [event(1, "DataSetCreated", provider=PROVIDER)]
        if pieces:
            events.append(event(2, "PiecesAdded", first_piece_id=0, pieces=pieces))
        history = only(write(tmp_path, 10, events=events))
        assert history.leaves == case["leaf_count"]
        assert history.raw_bytes == case["raw_bytes"]
        assert history.rate == case["rate_per_epoch_base_units"]
    assert cases


@pytest.mark.parametrize(
    ("periods", "expected"),
    [(1, (49_009, 226_219, 672_320)), (30, None)],
)
def test_detection_power_beside_the_pass_rate(
    tmp_path: Path, periods: int, expected: tuple[int, ...] | None
) -> None:
    events = opening()
    for number in range(periods):
        deadline = 3880 + 2880 * number
        events += [proof(deadline), next_period(deadline + 1, deadline + 2880)]
    history = only(write(tmp_path, events[-1]["block"], events=events))
    exact = [int(10**6 * (1 - Fraction(100 - percent, 100) ** (5 * periods))) for percent in (1, 5, 20)]
    assert [entry.ppm for entry in history.detection] == exact
    assert expected in (None, tuple(exact))
    assert history.pass_rate == (periods, periods)
    assert history.to_json()["detection_ppm"] == dict(
        zip(("lost_1_percent", "lost_5_percent", "lost_20_percent"), exact, strict=True)
    )


def test_json_keeps_every_integer(tmp_path: Path) -> None:
    set_id = 2**255 + 1
    large = text_of(identifier(50, 0))
    events = opening(set_id)
    events[1]["pieces"] = [large] * 16
    events[2]["leaf_count"] = str(2**54)
    evidence = write(tmp_path, 4000, events=events)
    form = only(evidence).to_json()
    assert (form["set_id"], form["leaves"], form["deadline"]) == (str(set_id), str(2**54), 3880)
    assert form["raw_bytes"] == str(2**54 * 32 * 127 // 128)
    (period,) = form["periods"]  # type: ignore[misc]
    assert (period["range"], period["number"]) == (str(2**54), 0)  # type: ignore[index, call-overload]
    assert json.loads(json.dumps(form)) == form


# Sets that are stated whole


def stated(**members: Any) -> dict[str, Any]:
    return {
        "set_id": "1",
        "provider": PROVIDER,
        "activation": 1000,
        "pieces": [
            {"id": 0, "cid": SMALL},
            {"id": 1, "cid": text_of(identifier(3, 0)), "removed": True},
            {"id": 4, "cid": text_of(identifier(5, 504))},
        ],
        "periods": [
            {"challenge_epoch": 3820, "range": 12, "opened_at": 1000, "proven_at": 3825},
            {"challenge_epoch": 6700, "range": 21, "opened_at": 3890},
        ],
        **members,
    }


def test_a_set_that_is_stated_whole(tmp_path: Path) -> None:
    history = only(write(tmp_path, 6761, sets=[stated()]))
    assert states(history) == [(0, 1, 3880, "proven"), (1, 1, 6760, "faulted")]
    assert [period.range for period in history.periods] == [12, 21]
    assert (history.pieces_live, history.pieces_removed, history.leaves) == (2, 3, 21)
    assert (history.overdue_periods, history.created_at, history.last_action) == (1, 1000, 3890)


PERIOD = {"challenge_epoch": 3820, "range": 12, "opened_at": 1000}


@pytest.mark.parametrize(
    ("members", "label", "words"),
    [
        ({"activation": 1001}, "activation", "expected the first start at block 1001, found block 1000"),
        ({"periods": [{**PERIOD, "challenge_epoch": 9}]}, "challenge epoch too soon", "periods[0]"),
        ({"periods": [{**PERIOD, "challenge_epoch": 3881}]}, "challenge epoch outside window", "periods[0]"),
        ({"periods": [{**PERIOD, "range": 0}]}, "no leaves", "periods[0]"),
        ({"periods": [{**PERIOD, "proven_at": 3819}]}, "premature proof", "periods[0]: block 3819"),
        ({"periods": [{**PERIOD, "proven_at": 3881}]}, "period passed", "periods[0]"),
        ({"periods": [{**PERIOD, "proven_at": 6762}]}, "events out of order", "found 6762"),
        ({"periods": [PERIOD, {**PERIOD, "opened_at": 999}]}, "events out of order", "periods[1]"),
        ({"periods": [PERIOD, PERIOD]}, "already called this period", "periods[1]"),
        ({"periods": 7}, "unreadable line", "periods: expected a list, found 7"),
        ({"pieces": [{"id": 1, "cid": "b"}]}, "unreadable line", "pieces[0].cid"),
        ({"pieces": [{"id": 1, "cid": SMALL}, {"id": 1, "cid": SMALL}]}, "unreadable line", "pieces[1].id"),
        ({"pieces": [{"id": 2**40, "cid": SMALL}]}, "unreadable line", "pieces[0].id"),
        ({"provider": "f01"}, "unreadable line", "provider"),
    ],
)
def test_what_stated_sets_get_wrong(tmp_path: Path, members: dict[str, Any], label: str, words: str) -> None:
    replay = write(tmp_path, 6761, sets=[stated(**members)]).replay()
    refusals = list(replay.refusals)
    assert label in [refusal.label for refusal in refusals]
    found = next(refusal for refusal in refusals if refusal.label == label)
    assert found.place == "sets.jsonl:1"
    assert words in found.detail


def test_a_set_stands_in_one_place(tmp_path: Path) -> None:
    replay = write(
        tmp_path, 6761, events=opening(), sets=[stated(), stated(set_id=2), stated(set_id=2)]
    ).replay()
    assert [(refusal.place, refusal.label) for refusal in replay.refusals] == [
        ("sets.jsonl:1", "data set exists"),
        ("sets.jsonl:3", "data set exists"),
    ]
    assert [found.set_id for found in replay.histories()] == [1, 2]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2**64)
    | st.floats(allow_nan=False)
    | st.sampled_from([PROVIDER, SMALL]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "cid", "removed", "challenge_epoch", "range", "opened_at", "proven_at"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    st.lists(st.dictionaries(st.sampled_from([*stated(), "payer", "from", "to", "amount"]), JSON), max_size=4)
)
def test_lines_of_any_kind(tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]]) -> None:
    lines = [{**stated(set_id=number), **line} for number, line in enumerate(lines)]
    evidence = write(tmp_path_factory.mktemp("lines"), 2**53 - 1, sets=lines, settlements=lines)
    replay = evidence.replay()
    histories = {found.set_id: found for found in replay.histories()}
    assert len(histories) <= len(lines)
    proposals = [one for one in evidence.read_proposals() if isinstance(one, Proposal)]
    forms = [one.to_json() for one in (*histories.values(), *settle_all(histories, proposals, evidence.now))]
    assert json.loads(json.dumps(forms)) == forms


# Amounts


def history_of(activation: int, proven: list[int], period: int) -> DataSetHistory:
    words: dict[int, int] = {}
    for number in proven:
        words[number >> 8] = words.get(number >> 8, 0) | 1 << (number & 255)
    return DataSetHistory(
        set_id=1,
        provider=PROVIDER,
        payer=PAYER,
        activation=activation or None,
        deadline=None,
        periods=(),
        fault_records=(),
        pieces_live=0,
        leaves=0,
        raw_bytes=0,
        rate=0,
        refusals=(),
        refused=0,
        overdue_periods=0,
        proven_words=tuple(sorted(words.items())),
        period_length=period,
        created_at=0,
        deleted_at=None,
        last_action=0,
        pieces_removed=0,
        removals_queued=0,
    )


def test_settlements_of_the_public_vectors() -> None:
    path = public_vectors("filecoin") / "fwss_settlement.json"
    if not path.is_file():
        absent(f"no vectors at {path}")
    cases = json.loads(path.read_text("utf-8"))["cases"]
    for case in cases:
        history = history_of(case["activation_epoch"], case["proven_periods"], case["max_proving_period"])
        proposal = Proposal(1, case["from_epoch"], case["to_epoch"], case["proposed_amount"])
        payment = settle(history, proposal, case["current_block"])
        assert not payment.is_refused
        assert payment.paid == case["expected_amount"], case["name"]
        assert payment.settled_up_to == case["expected_settle_upto"], case["name"]
        assert payment.paid + payment.withheld + payment.left == payment.amount
    print(f"fwss_settlement: {len(cases)} cases ran as payments")  # noqa: T201
    assert cases


@settings(max_examples=300)
@given(
    activation=st.integers(0, 40),
    proven=st.sets(st.integers(0, 12)),
    start=st.integers(0, 120),
    length=st.integers(1, 120),
    behind=st.integers(0, 30),
    amount=st.integers(0, 10**6) | st.integers(0, 2**256 - 1),
)
def test_payments_as_a_walk_over_epochs(
    activation: int, proven: set[int], start: int, length: int, behind: int, amount: int
) -> None:
    period, end = 10, start + length
    now = end + behind
    payment = settle(history_of(activation, sorted(proven), period), Proposal(1, start, end, amount), now)
    paid_for = faulted = 0
    up_to = end
    if activation and end > activation:
        up_to = max(start, activation)
        for epoch in range(up_to + 1, end + 1):
            number = (epoch - activation - 1) // period
            if number in proven:
                paid_for += 1
            elif activation + (number + 1) * period < now:
                faulted += 1
            else:
                break
            up_to = epoch
    assert (payment.proven_epochs, payment.faulted_epochs, payment.settled_up_to) == (
        paid_for,
        faulted,
        up_to,
    )
    assert payment.paid == amount * paid_for // length
    assert payment.paid + payment.withheld == amount * (up_to - start) // length
    assert payment.paid + payment.withheld + payment.left == amount
    assert min(payment.paid, payment.withheld, payment.left) >= 0
    if up_to == end:
        assert payment.left == 0


def refused(payment: Payment) -> str:
    assert payment.is_refused
    assert (payment.paid, payment.withheld, payment.left) == (0, 0, payment.amount)
    assert payment.settled_up_to == payment.from_epoch
    return payment.why


def test_proposals_that_cannot_be_settled() -> None:
    history = history_of(1000, [0], 2880)
    assert "empty range" in refused(settle(history, Proposal(1, 2000, 2000, 5), 9000))
    assert "empty range" in refused(settle(history, Proposal(1, 2000, 1999, 5), 9000))
    assert "range not over" in refused(settle(history, Proposal(1, 2000, 9001, 5), 9000))
    assert refused(settle(None, Proposal(1, 2000, 9000, 5), 9000)) == "no such data set"


def test_no_epoch_is_settled_twice() -> None:
    histories = {1: history_of(1000, [0, 1, 2], 2880)}
    proposals = [
        Proposal(1, 2000, 3000, 1000, "a"),
        Proposal(1, 2999, 3500, 501, "b"),
        Proposal(1, 3000, 3500, 500, "c"),
        Proposal(1, 1000, 2001, 1001, "d"),
        Proposal(1, 1500, 1500, 0, "e"),
        Proposal(1, 1000, 9000, 8000, "f"),
        Proposal(1, 1000, 2000, 1000, "g"),
        Proposal(2, 1000, 2000, 1000, "h"),
    ]
    payments = list(settle_all(histories, proposals, 9000))
    assert {payment.id: payment.paid for payment in payments if not payment.is_refused} == {
        "a": 1000,
        "c": 500,
        "g": 1000,
    }
    assert "epochs behind 2000 up to 3000" in payments[1].why
    assert "epochs behind 2000 up to 3000" in payments[3].why


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=12))
def test_payments_of_a_set_never_overlap(ranges: list[tuple[int, int]]) -> None:
    histories = {1: history_of(5, [0, 2, 3, 5], 10)}
    proposals = [Proposal(1, start, start + length, 7 * length) for start, length in ranges]
    seen: set[int] = set()
    for payment in settle_all(histories, proposals, 90):
        epochs = set(range(payment.from_epoch + 1, payment.to_epoch + 1))
        assert payment.is_refused == bool(seen & epochs)
        if not payment.is_refused:
            seen |= {epoch for epoch in epochs if epoch <= payment.settled_up_to}


def test_proposals_of_a_folder(tmp_path: Path) -> None:
    lines = [
        {"set_id": 1, "from": 1000, "to": "3880", "amount": str(2**200), "id": "x", "why": "ignored"},
        {"set_id": 1, "from": 1000, "to": 3880},
        {"set_id": 1, "from": 1000, "to": 3880, "amount": 1.5},
        {"set_id": 1, "from": 3880, "to": 6000, "amount": 2120},
    ]
    evidence = write(tmp_path, 6000, events=[*opening(), proof(3830)], settlements=lines)
    found = list(evidence.read_proposals())
    bad = [one for one in found if isinstance(one, Refusal)]
    assert [(one.place, one.label) for one in bad] == [
        ("settlements.jsonl:2", "unreadable line"),
        ("settlements.jsonl:3", "unreadable line"),
    ]
    histories = {1: only(evidence)}
    first, second = settle_all(histories, [one for one in found if isinstance(one, Proposal)], evidence.now)
    assert (first.paid, first.why) == (2**200, "2880 of 2880 settled epochs lie in proven periods")
    form = first.to_json()
    assert (form["amount"], form["payer"], form["settled_up_to"]) == (str(2**200), PAYER, 3880)
    assert (second.paid, second.left, second.settled_up_to) == (0, 2120, 3880)
    assert "the period behind epoch 3880 can still be proved" in second.why


# The folder


def test_a_folder_of_parameters_alone(tmp_path: Path) -> None:
    evidence = write(tmp_path, 7)
    assert Evidence.open(tmp_path / "filecoin.toml") == evidence
    assert (evidence.chain, evidence.now, evidence.service) == ("mainnet", 7, "warm_storage")
    assert (evidence.terms.period, evidence.terms.window) == (2880, 60)
    assert (evidence.events, evidence.proofs, evidence.spark, evidence.ruleset) == (None, None, None, {})
    assert list(evidence.replay().histories()) == []
    assert list(evidence.read_proposals()) == []


def test_files_are_found(tmp_path: Path) -> None:
    for name in ("events.jsonl.gz", "sets.jsonl", "proofs.parquet", "beacons.jsonl", "posts.jsonl.gz"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "spark").mkdir()
    (tmp_path / "filecoin.toml").write_text(
        '[filecoin]\nchain = "calibration"\nnow = 1\nservice = "sample"\n[ruleset]\nname = "x"\nversion = 3\n'
    )
    evidence = Evidence.open(tmp_path)
    files = (
        evidence.events,
        evidence.sets,
        evidence.proofs,
        evidence.beacons,
        evidence.posts,
        evidence.spark,
    )
    assert [path and path.name for path in files] == [
        *("events.jsonl.gz", "sets.jsonl", "proofs.parquet", "beacons.jsonl", "posts.jsonl.gz", "spark"),
    ]
    assert (evidence.terms.period, evidence.terms.service) == (240, "sample")
    assert evidence.ruleset == {"name": "x", "version": 3}
    (tmp_path / "proofs.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match=r"one file of proofs, found proofs\.jsonl and proofs\.parquet"):
        Evidence.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "filecoin: expected a value, found none"),
        ("[filecoin]\nnow = 1", "filecoin.chain: expected a value, found none"),
        ('[filecoin]\nchain = "main"\nnow = 1', "filecoin.chain: expected 'mainnet' or 'calibration'"),
        ('[filecoin]\nchain = "mainnet"\nnow = "1"', "filecoin.now: expected an integer"),
        ('[filecoin]\nchain = "mainnet"\nnow = -1', "filecoin.now: expected at least 0"),
        ('[filecoin]\nchain = "mainnet"\nnow = 1.0', "filecoin.now: expected an integer"),
        ('[filecoin]\nchain = "mainnet"\nnow = 1\nperiod = 2', "filecoin.period: unknown key"),
        ('[filecoin]\nchain = "mainnet"\nnow = 1\n[more]', "more: unknown key"),
        (
            '[filecoin]\nchain = "mainnet"\nnow = 1\nservice = "x"',
            "filecoin.service: expected 'warm_storage'",
        ),
        ("[filecoin", "filecoin.toml: "),
    ],
)
def test_parameters_that_are_wrong(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "filecoin.toml").write_text(text)
    with pytest.raises(InputError, match=r"filecoin\.toml") as caught:
        Evidence.open(tmp_path)
    assert words in str(caught.value)
    assert isinstance(caught.value, ConfigurationError) == (text != "[filecoin")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no such file") as caught:
        Evidence.open(tmp_path / "nowhere")
    assert caught.value.hint is not None


def test_refusals_are_all_counted_and_some_are_kept() -> None:
    refusals = Refusals(limit=2)
    for number in range(5):
        refusals.add(Refusal(f"line {number}", "a" if number % 2 else "b", ""))
    assert ([one.place for one in refusals], len(refusals)) == (["line 0", "line 1"], 5)
    assert refusals.counts == {"a": 2, "b": 3}
