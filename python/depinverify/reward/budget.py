"""Checks of a whole network: what settlements put into circulation, what an hour of service cost, who holds how much.

In: complete settlements, and the owners of devices where the registry is at hand. Out: :class:`Measures`, and a
:class:`Breach` for every given limit that does not hold. Rule: scoring specification, sections 1.4 and 11.9. Invariant:
settlements are only read, sums do not depend on their order, and no epoch is counted twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from depinverify.exceptions import InputError, SettlementError
from depinverify.reward.economics import (
    HourlyReward,
    check_budget,
    emission_over_fees,
    gini,
    hhi,
    nakamoto,
    reward_per_service_hour,
)
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depinverify.settlement import Settlement

__all__ = ["Breach", "Concentration", "Limits", "Measures", "measure"]

_AMOUNT = re.compile(r"-?[0-9]{1,100}", re.ASCII)


class Concentration(NamedTuple):
    """How the amounts of some holders are spread.

    Attributes:
        holders: Who has a device, also those whose amount is 0.
        gini: See :func:`gini`.
        hhi: See :func:`hhi`.
        nakamoto: See :func:`nakamoto`.
    """

    holders: int
    gini: Fraction
    hhi: Fraction
    nakamoto: int

    @classmethod
    def of(cls, amounts: Iterable[int]) -> Self:
        """The measures of these amounts."""
        held = list(amounts)
        return cls(len(held), gini(held), hhi(held), nakamoto(held))


@dataclass(frozen=True, slots=True)
class Measures:
    """What some epochs of one network did together.

    Attributes:
        epochs: Their indices, ascending.
        emission: Pools, pools of missed epochs and adjustments, less what was burned. What was carried in came into
            circulation with the epoch before and is not counted again.
        paid: What was paid.
        up_seconds: Proven service: slots decided ``UP``, over all devices, in seconds.
        per_hour: What a proven hour cost, ``None`` where none was proven.
        fees: What users paid, ``None`` where nobody said.
        emission_over_fees_e12: Ratio of both, ``None`` without fees.
        payees: Spread of the devices' amounts over payees.
        owners: The same over owners, ``None`` where they are not known.
    """

    epochs: tuple[int, ...]
    emission: int
    paid: int
    up_seconds: int
    per_hour: HourlyReward | None
    fees: int | None
    emission_over_fees_e12: int | None
    payees: Concentration
    owners: Concentration | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network sets itself; ``None`` sets no limit.

    Attributes:
        emission_ratio_e12: Most emission over fees.
        per_hour: Most base units for a proven hour.
        gini_e12: Largest Gini coefficient, of payees and of owners.
        hhi_e12: Largest Herfindahl-Hirschman index, of payees and of owners.
        nakamoto: Least Nakamoto coefficient, of payees and of owners.
    """

    emission_ratio_e12: int | None = None
    per_hour: int | None = None
    gini_e12: int | None = None
    hhi_e12: int | None = None
    nakamoto: int | None = None

    def broken_by(self, measures: Measures) -> list[Breach]:
        """The limits that do not hold, in the order of their attributes.

        Raises:
            InputError: A limit needs fees that are not known.
        """
        found = [self._emission(measures), self._hour(measures)]
        for whose, spread in (("PAYEES", measures.payees), ("OWNERS", measures.owners)):
            if spread is not None:
                found += self._spread(whose, spread)
        return [breach for breach in found if breach is not None]

    def _emission(self, measures: Measures) -> Breach | None:
        if self.emission_ratio_e12 is None:
            return None
        if measures.fees is None:
            raise InputError("emission ratio: expected the fees of the same time, found none")
        check = check_budget(measures.emission, measures.fees, self.emission_ratio_e12)
        if check.is_within:
            return None
        return Breach("EMISSION_RATIO", check.ratio_e12, self.emission_ratio_e12, check.excess)

    def _hour(self, measures: Measures) -> Breach | None:
        """Paid for nothing is above any price; nothing paid is below any."""
        rate = measures.per_hour
        if self.per_hour is None:
            return None
        if rate is None:
            return Breach("REWARD_PER_HOUR", None, self.per_hour) if measures.paid else None
        is_within = rate.numerator <= self.per_hour * rate.denominator
        return None if is_within else Breach("REWARD_PER_HOUR", rate.floor, self.per_hour)

    def _spread(self, whose: str, spread: Concentration) -> list[Breach | None]:
        fewest, found = self.nakamoto, spread.nakamoto
        return [
            _above(f"GINI_{whose}", spread.gini, self.gini_e12),
            _above(f"HHI_{whose}", spread.hhi, self.hhi_e12),
            None if fewest is None or found >= fewest else Breach(f"NAKAMOTO_{whose}", found, fewest),
        ]


class Breach(NamedTuple):
    """A limit that does not hold.

    Attributes:
        code: Which one.
        found: The number; ``None`` where nothing was there to divide by, so that no number is large enough.
        limit: What was allowed.
        excess: Of an emission, what is above the largest that is allowed.
    """

    code: str
    found: int | None
    limit: int
    excess: int | None = None


def measure(
    settlements: Sequence[Settlement],
    *,
    fees: int | None = None,
    owners: Mapping[int, Mapping[str, str]] | None = None,
) -> Measures:
    """Measure some epochs together.

    Args:
        settlements: One per epoch.
        fees: What users paid in all these epochs.
        owners: Epoch index -> device (hex) -> owner.

    Raises:
        InputError: No settlement, an epoch twice, or owners that are missing for a device.
        SettlementError: A file is not what a settlement has.
    """
    if not settlements:
        raise InputError("settlements: expected one or more, found none")
    sums: dict[str, int] = defaultdict(int)
    payees: dict[str, int] = defaultdict(int)
    holders: dict[str, int] = defaultdict(int)
    epochs: set[int] = set()
    for settlement in settlements:
        try:
            index = _index(settlement.rewards["epoch"]["index"])
            if index in epochs:
                raise InputError(f"{settlement.folder}: expected each epoch once, found epoch {index} again")
            epochs.add(index)
            _add(settlement, sums, payees)
            if owners is not None:
                _add_owners(settlement, owners.get(index, {}), holders)
        except (KeyError, TypeError, AttributeError) as error:
            raise SettlementError(f"{settlement.folder}: expected a settlement; {error!r}") from None
    return Measures(
        epochs=tuple(sorted(epochs)),
        emission=sums["emission"],
        paid=sums["paid"],
        up_seconds=sums["up_seconds"],
        per_hour=reward_per_service_hour(sums["paid"], sums["up_seconds"], 1),
        fees=fees,
        emission_over_fees_e12=None if fees is None else emission_over_fees(sums["emission"], fees),
        payees=Concentration.of(payees.values()),
        owners=None if owners is None else Concentration.of(holders.values()),
    )


def _index(value: Any) -> int:  # noqa: ANN401 - a value of foreign JSON
    if type(value) is not int:
        raise TypeError(f"expected the index of an epoch, found {value!r}")
    return value


def _add(settlement: Settlement, sums: dict[str, int], payees: dict[str, int]) -> None:
    """Add one epoch's money, service and amounts."""
    rewards = settlement.rewards
    brought = (rewards[name] for name in ("pool", "missed_pools", "adjustments"))
    sums["emission"] += sum(map(_decimal, brought)) - _decimal(rewards["burned"])
    sums["paid"] += _decimal(rewards["paid"])
    slots = sum(settlement.scores["up"].to_pylist())
    sums["up_seconds"] += slots * rewards["params"]["slot_seconds"]
    for entry in rewards["entries"]:
        if entry["payee"] is not None:
            payees[entry["payee"]] += _decimal(entry["amount"])


def _add_owners(settlement: Settlement, owners: Mapping[str, str], holders: dict[str, int]) -> None:
    """Add one epoch's amounts of devices to those of their owners."""
    for entry in settlement.rewards["entries"]:
        owner = owners.get(entry["device"])
        if owner is None:
            raise InputError(
                f"{settlement.folder}: expected the owner of device {entry['device']}, found none",
                hint="Name the epoch folder of every settlement.",
            )
        holders[owner] += _decimal(entry["amount"])


def _above(code: str, found: Fraction, limit_e12: int | None) -> Breach | None:
    """Whether an exact ratio is above a limit; it is shown rounded up, so that it looks it too."""
    if limit_e12 is None or found <= Fraction(limit_e12, ONE):
        return None
    return Breach(code, -(-found.numerator * ONE // found.denominator), limit_e12)


def _decimal(text: Any) -> int:  # noqa: ANN401 - a value of foreign JSON
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise TypeError(f"expected a decimal string, found {str(text)[:100]!r}")
    return int(text)
