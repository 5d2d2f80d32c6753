"""A pool, divided among storage providers by what they proved, and the claim tree of those who can claim.

In: ``pool.toml`` with ``id``, ``amount`` and ``decimals``, provider rows, the rules. Out: an amount per provider, what
is left, and the tree over payees that are addresses. Rule: scoring and rewards, 9.2 and 11.2; weight is score times
proven bytes, or times retrievals that succeeded, as the ruleset says. Invariant: allocated and remainder are the pool,
claimable and unclaimable are what is allocated.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from depinverify import _native
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.models.economy import decimal_amount
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.providers import Provider
    from depinverify.networks.filecoin.rulesets import Rules

__all__ = ["POOL", "Division", "Pool", "Share", "claim_tree", "divide", "read_pool"]


#: The file of a pool, beside the evidence.
POOL: Final = "pool.toml"


class Pool(BaseModel):
    """What is divided.

    Attributes:
        amount: In base units, decimal text.
        decimals: How many of its digits stand behind the point.
        id: How it is called.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    amount: Annotated[str, AfterValidator(decimal_amount)]
    decimals: Annotated[int, Field(ge=0, le=255)] = 18
    id: Annotated[str, Field(min_length=1, max_length=200)]

    @classmethod
    def from_table(cls, table: Mapping[str, object], *, path: str = "pool") -> Self:
        """Read the parameters of a pool.

        Raises:
            ConfigurationError: A key is absent, unknown or wrong.
        """
        try:
            return cls.model_validate(dict(table))
        except ValidationError as error:
            raise ConfigurationError(explain(error, path)) from None


class Share(NamedTuple):
    """What one provider gets.

    Attributes:
        id: The provider.
        payee: Its address; ``None`` where only a miner id is known, so that nobody can claim.
        weight: Its part of all weights.
        amount: In base units.
    """

    id: str
    payee: str | None
    weight: int
    amount: int


@dataclass(frozen=True)
class Division:
    """A divided pool.

    Attributes:
        pool: What was divided.
        shares: A line per provider, ascending by id.
        remainder: What is left.
        tree: The claims of those who have an address and an amount; ``None`` where nobody has.
    """

    pool: Pool
    shares: tuple[Share, ...]
    remainder: int
    tree: _native.ClaimTree | None

    @property
    def allocated(self) -> int:
        """What all providers get together."""
        return sum(share.amount for share in self.shares)

    def to_json(self) -> dict[str, Json]:
        """The division as JSON; amounts and weights are decimal text."""
        unclaimable = sum(share.amount for share in self.shares if share.payee is None)
        return {
            "id": self.pool.id,
            "decimals": self.pool.decimals,
            "amount": self.pool.amount,
            "allocated": str(self.allocated),
            "remainder": str(self.remainder),
            "claimable": str(self.allocated - unclaimable),
            "unclaimable": str(unclaimable),
            "root": None if self.tree is None else f"0x{self.tree.root.hex()}",
            "shares": [
                {**share._asdict(), "weight": str(share.weight), "amount": str(share.amount)}
                for share in self.shares
            ],
        }


def read_pool(path: Path) -> Pool | None:
    """The pool of a folder of evidence; ``None`` where it has none.

    Args:
        path: Its ``pool.toml``.

    Raises:
        InputError: The file cannot be read.
        ConfigurationError: A key is absent, unknown or wrong.
    """
    if not path.exists():
        return None
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from None
    return Pool.from_table(table, path=path.name)


def divide(pool: Pool, rows: Sequence[Provider], rules: Rules) -> Division:
    """Divide a pool among providers."""
    rows = sorted(rows, key=lambda row: row.id)
    weights = [row.score_e12 * _amount_of_work(row, rules) for row in rows]
    amounts, remainder = _native.allocate(
        int(pool.amount), [row.id.encode() for row in rows], weights, mode=rules.allocation
    )
    shares = tuple(
        Share(row.id, row.provider, weight, amount)
        for row, weight, amount in zip(rows, weights, amounts, strict=True)
    )
    tree = claim_tree((share.payee, share.amount) for share in shares if share.payee is not None)
    return Division(pool, shares, remainder, tree)


def claim_tree(entries: Iterable[tuple[str, int]]) -> _native.ClaimTree | None:
    """The claim tree over addresses with an amount; ``None`` where there is none."""
    claims = [(bytes.fromhex(payee[2:]), amount) for payee, amount in entries if amount]
    return _native.ClaimTree.from_entries(claims) if claims else None


def _amount_of_work(row: Provider, rules: Rules) -> int:
    if rules.weight == "proven_bytes":
        return row.proven_bytes
    return 0 if row.retrievals is None else row.retrievals.successful
