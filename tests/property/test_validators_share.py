"""Validators' share of a pool: by delivery, with reasons, and without losing a unit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.reward.validators import ValidatorLine, ValidatorWork, pay_validators
from reward_cases import payee

COUNTS = st.integers(0, 2**40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
WORK = st.dictionaries(
    st.binary(min_size=1, max_size=3),
    st.tuples(st.none() | st.integers(1, 3).map(payee), COUNTS, st.booleans()),
    max_size=6,
).map(lambda found: [ValidatorWork(v, who, *counts, bad) for v, (who, counts, bad) in found.items()])
POOLS = st.one_of(st.integers(0, 100), st.integers(0, 2**256 - 1))


@given(POOLS, st.integers(0, 10_000), WORK, st.randoms(use_true_random=False))
def test_the_pool_is_divided_and_order_changes_nothing(
    pool: int, share: int, work: list, dice: object
) -> None:
    pay = pay_validators(pool, share, work)
    paid = sum(line.amount for line in pay.lines)
    assert paid + pay.for_devices == pool
    assert paid in (0, pay.share)
    assert pay.share * 10_000 <= pool * share < (pay.share + 1) * 10_000
    assert sum(pay.payees.values()) == paid
    mixed = list(work)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert pay_validators(pool, share, mixed) == pay


@given(POOLS, WORK)
def test_nobody_gets_less_without_a_reason(pool: int, work: list) -> None:
    given_work = {one.validator: one for one in work}
    lines = pay_validators(pool, 1000, work).lines
    total = sum(line.weight for line in lines)
    for line in lines:
        one = given_work[line.validator]
        assert line.reasons or line.weight == one.scheduled
        assert line.weight == (
            0 if {"NO_PAYEE", "UNRELIABLE"} & {*line.reasons} else one.scheduled - one.missing
        )
        exact = Fraction(pool // 10 * line.weight, total) if total else Fraction(0)
        assert abs(line.amount - exact) < 1


def test_by_hand() -> None:
    work = [
        ValidatorWork(b"v3", payee(2), 100, 100),
        ValidatorWork(b"v1", payee(1), 100, 0),
        ValidatorWork(b"v2", payee(1), 100, 50),
        ValidatorWork(b"v4", payee(2), 100, 11, is_unreliable=True),
        ValidatorWork(b"v5", None, 100),
    ]
    pay = pay_validators(3001, 1000, work)
    assert pay.share == 300
    assert pay.for_devices == 2701
    assert pay.lines == (
        ValidatorLine(b"v1", payee(1), 100, 0, 100, 200, ()),
        ValidatorLine(b"v2", payee(1), 100, 50, 50, 100, ("VALIDATOR_SILENT",)),
        ValidatorLine(b"v3", payee(2), 100, 100, 0, 0, ("VALIDATOR_SILENT",)),
        ValidatorLine(b"v4", payee(2), 100, 11, 0, 0, ("UNRELIABLE", "VALIDATOR_SILENT")),
        ValidatorLine(b"v5", None, 100, 0, 0, 0, ("NO_PAYEE",)),
    )
    assert pay.payees == {payee(1): 300}


def test_what_nobody_earned_stays_with_the_devices() -> None:
    idle = [ValidatorWork(b"v1", payee(1), 10, 10), ValidatorWork(b"v2", payee(2), 10, 0, is_unreliable=True)]
    pay = pay_validators(1000, 1000, idle)
    assert (pay.share, pay.for_devices, pay.payees) == (100, 1000, {})
    assert pay_validators(1000, 0, [ValidatorWork(b"v1", payee(1), 10)]).for_devices == 1000
    assert pay_validators(1000, 10_000, [ValidatorWork(b"v1", payee(1), 10)]).for_devices == 0
    assert pay_validators(1000, 1000, []).for_devices == 1000


@pytest.mark.parametrize(
    ("pool", "share", "work", "expected"),
    [
        (-1, 1, [], "pool"),
        (2**256, 1, [], "pool"),
        (1, -1, [], "validator_share_bp"),
        (1, 10_001, [], "validator_share_bp"),
        (1, 0.5, [], "validator_share_bp"),
        (1, 1, [ValidatorWork(b"v", None, -1)], "76: scheduled"),
        (1, 1, [ValidatorWork(b"v", None, 1, 2)], "76: missing: expected 0 to 1"),
        (1, 1, [ValidatorWork(b"v", None, 1), ValidatorWork(b"v", None, 1)], "76"),
    ],
)
def test_bad_calls(pool: int, share: int, work: list, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        pay_validators(pool, share, work)
