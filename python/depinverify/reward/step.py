"""The reward step as one function: scores and terms in, everything that is published out.

In: scores, device facts, findings, the epoch's terms, the ledger before. Out: :class:`Rewards`. Rule: scoring
specification, sections 7.5 to 11. Invariant: nothing but the arguments reaches the result, and the result's
balance has been checked.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.payee import payee_from_text, payee_of_type
from depinverify.reward.columns import DeviceColumns, ScoreColumns, refuse_other_devices
from depinverify.reward.division import divide_pool
from depinverify.reward.ledger import Account, Ledger, Money, settle_accounts
from depinverify.reward.publish import Rewards
from depinverify.reward.utilisation import utilisation_of
from depinverify.reward.validators import pay_validators
from depinverify.reward.weights import codes_against_devices, weigh

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.canonical import Json
    from depinverify.models.judge import Judgement
    from depinverify.reward.columns import ArrowBatch, ArrowTable
    from depinverify.reward.multiplier import Multiplier
    from depinverify.reward.utilisation import Work
    from depinverify.reward.validators import ValidatorPay, ValidatorWork
    from depinverify.ruleset import Ruleset

__all__ = ["AdjustmentTerms", "EpochTerms", "reward"]


class AdjustmentTerms(Protocol):
    """A correction of an earlier epoch; its signature has been checked (see :func:`check_adjustments`)."""

    @property
    def payee(self) -> str:
        """Whom it concerns, ``0x`` and 40 or 64 hex digits."""

    @property
    def amount(self) -> str:
        """Decimal, negative with a minus sign."""


class EpochTerms(Protocol):
    """What the reward step needs to know of an epoch."""

    @property
    def index(self) -> int:
        """The epoch's index."""

    @property
    def start(self) -> int:
        """First second."""

    @property
    def end(self) -> int:
        """First second after it."""

    @property
    def pool(self) -> int:
        """What is divided."""

    @property
    def ruleset(self) -> Ruleset:
        """The rules."""

    @property
    def params(self) -> Mapping[str, Json]:
        """The flat object of all parameters."""

    @property
    def params_hash(self) -> bytes:
        """SHA-256 of its canonical JSON."""

    @property
    def missed_epochs(self) -> Sequence[int]:
        """Indices of epochs whose pools come in here."""

    @property
    def missed_pool(self) -> int:
        """Their pools in sum."""

    @property
    def adjustments(self) -> Sequence[AdjustmentTerms]:
        """Corrections of earlier epochs."""


def reward(
    scores: ArrowTable | ArrowBatch | ScoreColumns,
    devices: ArrowTable | ArrowBatch | DeviceColumns,
    *,
    indicators: Sequence[Mapping[str, Json]],
    exclusions: Sequence[Mapping[str, Json]],
    epoch: EpochTerms,
    inputs: Mapping[str, str | None],
    registry_head: bytes,
    previous_ledger: Ledger | None = None,
    clusters: Sequence[int] | None = None,
    judgement: Judgement | None = None,
    work: Mapping[bytes, Work] | None = None,
    validator_work: Sequence[ValidatorWork] | None = None,
) -> Rewards:
    """Divide an epoch's pool and settle the accounts of its payees.

    Args:
        scores: The table ``scores``; its column ``reasons`` is not read, since it comes from here.
        devices: Facts of the same devices, see :meth:`DeviceColumns.from_arrow`.
        indicators: Findings as the reward file has them.
        exclusions: The exclusion log as the reward file has it.
        epoch: The epoch's terms; the signatures of its adjustments have been checked.
        inputs: Content hashes of everything that went in, by name.
        registry_head: Hash of the last registry event before the epoch.
        previous_ledger: The ledger of the epoch before, ``None`` for the first epoch.
        clusters: For each device the name of its cluster by observed addresses; ``None``: each on its own.
        judgement: What the ruleset's further models say of the same devices; ``None`` without models.
        work: Paid work by device, where the ruleset's table ``utilisation`` asks for it.
        validator_work: What validators delivered, where the ruleset's table ``validators`` pays for it.

    Raises:
        InputError: The columns do not fit each other, the money does not fit 256 bits, or an adjustment takes
            more than a payee has.
        SettlementError: The result does not balance, which is a defect of this program.
    """
    score_columns = scores if isinstance(scores, ScoreColumns) else ScoreColumns.from_arrow(scores)
    facts = (
        devices
        if isinstance(devices, DeviceColumns)
        else DeviceColumns.from_arrow(devices, payee_type=epoch.ruleset.type_of_payees)
    )
    refuse_other_devices(score_columns.device, facts.device)
    ledger = previous_ledger or Ledger()
    rules = epoch.ruleset
    weights = weigh(
        score_columns,
        facts,
        codes_against_devices(indicators, rules.zero_on_suspect),
        rules,
        start=epoch.start,
        end=epoch.end,
        clusters=clusters,
        judgement=judgement,
        utilisation=_utilisation(rules, work, facts.device),
    )
    divided = epoch.pool + ledger.remainder + epoch.missed_pool
    validators = _pay_validators(rules, divided, validator_work)
    for_devices = divided if validators is None else validators.for_devices
    division = divide_pool(for_devices, facts.device, weights.weight, facts.class_name, rules)
    amounts, left = division.amounts, division.remainder
    withheld = None
    if judgement is not None:
        amounts, withheld = _withhold(facts.device, amounts, judgement)
    earned: defaultdict[bytes, int] = defaultdict(int)
    for payee, amount in zip(facts.payee, amounts, strict=True):
        if payee is not None:
            earned[payee] += amount
    for payee, amount in {} if validators is None else validators.payees.items():
        earned[payee] += amount
    for adjustment in epoch.adjustments:
        earned[_payee_of(adjustment, rules)] += int(adjustment.amount)
    lines, carried_delta = settle_accounts(ledger, earned, int(rules.min_payout))
    goes_to_sink = rules.allocation == "floor_to_sink"
    money = Money(
        pool=epoch.pool,
        carried_in=ledger.remainder,
        missed_pools=epoch.missed_pool,
        adjustments=sum(int(adjustment.amount) for adjustment in epoch.adjustments),
        allocated=sum(amounts),
        paid=sum(line.paid for line in lines),
        carried_delta=carried_delta,
        sink=left if goes_to_sink else 0,
        burned=0,
        withheld=sum(withheld or ()),
        remainder=0 if goes_to_sink else left,
        to_validators=None if validators is None else validators.paid,
    )
    money.check()
    owed = [(line.payee, line.cumulative) for line in lines if line.cumulative > 0]
    return Rewards(
        epoch=epoch,
        money=money,
        scores=score_columns,
        devices=facts,
        weights=weights,
        amounts=amounts,
        payees=lines,
        ledger=Ledger(
            {line.payee: Account(line.carried, line.cumulative) for line in lines}, money.remainder
        ),
        tree=_native.ClaimTree.from_entries(owed, filler=rules.filler) if owed else None,
        indicators=indicators,
        exclusions=exclusions,
        inputs=inputs,
        registry_head=registry_head,
        judgement=judgement,
        withheld=withheld,
        validators=validators,
        classes=None if rules.levels is None else division.classes,
    )


def _utilisation(
    rules: Ruleset, work: Mapping[bytes, Work] | None, devices: Sequence[bytes]
) -> list[Multiplier] | None:
    """The multipliers by paid work, where the ruleset has them."""
    if rules.utilisation is None:
        return None
    if work is None:
        raise InputError(
            "work: expected the paid work of the devices, for which the ruleset asks, found none"
        )
    return utilisation_of(rules.utilisation, work, devices)


def _pay_validators(
    rules: Ruleset, divided: int, work: Sequence[ValidatorWork] | None
) -> ValidatorPay | None:
    """The validators' share, where the ruleset has one."""
    if rules.validators is None:
        return None
    if work is None:
        raise InputError(
            "validator_work: expected what validators delivered, for which the ruleset pays, found none"
        )
    paid = [one._replace(payee=payee_of_type(one.payee, rules.type_of_payees)) for one in work]
    return pay_validators(divided, rules.validators.share_bp, paid)


def _payee_of(adjustment: AdjustmentTerms, rules: Ruleset) -> bytes:
    """Whom an adjustment concerns; he must be one whom the tree can hold."""
    payee = payee_of_type(payee_from_text(adjustment.payee), rules.type_of_payees)
    if payee is None:
        raise InputError(
            f"adjustment: expected a payee of type {rules.type_of_payees}, found {adjustment.payee}"
        )
    return payee


def _withhold(
    devices: Sequence[bytes], amounts: Sequence[int], judgement: Judgement
) -> tuple[list[int], list[int]]:
    """Keep back a part of each amount, and remember it as the device's own."""
    paid, withheld = [], []
    for device, amount, percent in zip(devices, amounts, judgement.withheld_percent, strict=True):
        now, later = _native.withheld_of(amount, 0, [percent])
        judgement.states[device].withheld += later
        paid.append(now)
        withheld.append(later)
    return paid, withheld
