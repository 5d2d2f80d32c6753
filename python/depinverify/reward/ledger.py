"""The ledger: what each payee has been paid so far, what waits for the minimum payout, and the epoch's money.

In: the ledger of the epoch before, amounts per payee, adjustments. Out: one account per payee that ever stood
here, the next ledger, and every term of the balance. Rule: scoring specification, sections 9.1, 9.7, 10 and
11.9. Invariant: ``pool + carried_in + missed_pools + adjustments = paid + carried_delta + sink + burned +
withheld + remainder``, checked at the end of each run.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from depinverify.exceptions import InputError, SettlementError
from depinverify.payee import payee_from_text, payee_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Account", "Ledger", "Money", "PayeeLine"]

_AMOUNT = re.compile(r"0|[1-9][0-9]{0,99}", re.ASCII)


class Account(NamedTuple):
    """What a payee has at the end of an epoch.

    Attributes:
        carried: Earned but below the minimum payout.
        cumulative: Paid in all; the amount under the root.
    """

    carried: int
    cumulative: int


class PayeeLine(NamedTuple):
    """One payee's line of the reward file."""

    payee: bytes
    amount: int
    paid: int
    carried: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one epoch hands to the next.

    Attributes:
        accounts: Every payee that ever stood here.
        remainder: What the last pool left over; it comes in with the next pool.
    """

    accounts: Mapping[bytes, Account] = field(default_factory=dict)
    remainder: int = 0

    @classmethod
    def from_json(cls, document: bytes) -> Self:
        """Read ``ledger.json``.

        Raises:
            InputError: The document is no ledger.
        """
        try:
            content = json.loads(document)
            accounts = {
                payee_from_text(payee): Account(_amount(line["carried"]), _amount(line["cumulative"]))
                for payee, line in content["payees"].items()
            }
            return cls(accounts, _amount(content["remainder"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"ledger.json: expected payees and a remainder; {error}") from None

    def chunks(self) -> Iterator[bytes]:
        """The canonical JSON of the ledger, piece by piece."""
        yield b'{"payees":{'
        comma = ""
        for payee, account in sorted(self.accounts.items()):
            yield (
                f'{comma}"{payee_text(payee)}":'
                f'{{"carried":"{account.carried}","cumulative":"{account.cumulative}"}}'
            ).encode()
            comma = ","
        yield f'}},"remainder":"{self.remainder}"}}'.encode()


@dataclass(frozen=True, slots=True)
class Money:
    """Every term of an epoch's balance, also where it is 0. Names are those of the reward file.

    ``to_validators`` is what validators get of the divided pool; ``None`` where the ruleset has no share for them.
    """

    pool: int
    carried_in: int
    missed_pools: int
    adjustments: int
    allocated: int
    paid: int
    carried_delta: int
    sink: int
    burned: int
    withheld: int
    remainder: int
    to_validators: int | None = None

    def terms(self) -> dict[str, int]:
        """The terms by name; one that belongs to a table of the ruleset only where the ruleset has it."""
        terms = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in terms.items() if value is not None}

    def check(self) -> None:
        """Check both invariants.

        Raises:
            SettlementError: The terms do not balance; the message shows each of them.
        """
        divided = self.pool + self.carried_in + self.missed_pools
        given = "" if self.to_validators is None else f"to_validators {self.to_validators} + "
        kept = self.sink + self.burned + self.withheld + self.remainder
        _balance(
            "division of the pool",
            divided,
            self.allocated + (self.to_validators or 0) + kept,
            f"pool {self.pool} + carried_in {self.carried_in} + missed_pools {self.missed_pools}",
            f"allocated {self.allocated} + {given}{self._kept()}",
        )
        _balance(
            "epoch",
            divided + self.adjustments,
            self.paid + self.carried_delta + kept,
            f"pool {self.pool} + carried_in {self.carried_in} + missed_pools {self.missed_pools} "
            f"+ adjustments {self.adjustments}",
            f"paid {self.paid} + carried_delta {self.carried_delta} + {self._kept()}",
        )

    def _kept(self) -> str:
        return (
            f"sink {self.sink} + burned {self.burned} + withheld {self.withheld} + remainder {self.remainder}"
        )


def settle_accounts(
    previous: Ledger, amounts: Mapping[bytes, int], min_payout: int
) -> tuple[list[PayeeLine], int]:
    """Pay or carry what each payee has earned.

    Args:
        previous: The ledger before.
        amounts: This epoch's amount of each payee, adjustments included.
        min_payout: What must come together before anything is paid.

    Returns:
        A line for every payee that ever stood here, ascending, and the change of all that is carried.

    Raises:
        InputError: An adjustment takes more from a payee than it has carried and earned.
    """
    lines: list[PayeeLine] = []
    delta = 0
    nobody = Account(0, 0)
    for payee in sorted(previous.accounts.keys() | amounts.keys()):
        before = previous.accounts.get(payee, nobody)
        amount = amounts.get(payee, 0)
        due = before.carried + amount
        if due < 0:
            raise InputError(
                f"adjustment: {payee_text(payee)} has carried {before.carried} and this epoch's amount is "
                f"{amount} with its adjustments; together they are below 0",
                hint="A negative adjustment takes at most what is not paid yet.",
            )
        paid = due if due >= min_payout else 0
        carried = due - paid
        delta += carried - before.carried
        lines.append(PayeeLine(payee, amount, paid, carried, before.cumulative + paid))
    return lines, delta


def _balance(what: str, left: int, right: int, left_terms: str, right_terms: str) -> None:
    if left != right:
        raise SettlementError(
            f"the {what} does not balance: {left_terms} = {left}, but {right_terms} = {right}"
        )


def _amount(text: Any) -> int:  # noqa: ANN401 - a value of foreign JSON
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise ValueError(f"expected a decimal string, found {str(text)[:100]!r}")
    return int(text)
