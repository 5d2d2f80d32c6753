"""What the contracts would have refused, and lines that are no evidence.

In: one refusal after the other, in the order of the evidence. Out: the first of them whole, all of them counted
by label. Rule: Filecoin, A4 to A8; this project's own words where the rule has none. Invariant: memory does not
grow with the number of refusals, and no refusal is left out of the counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.canonical import Json

__all__ = ["Refusal", "Refusals"]

#: Refusals that are kept whole unless somebody asks for fewer; later ones are counted only.
KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line or event that changes nothing, or that states something else than follows from the events before.

    Attributes:
        place: File and line, such as ``events.jsonl:12``.
        label: The reason in a few words that never change.
        detail: What was expected and what was found.
        set_id: The data set, where one is named.
        event: Name of the event, where the line is one.
        block: Block of the event, where it has one.
    """

    place: str
    label: str
    detail: str
    set_id: int | None = None
    event: str | None = None
    block: int | None = None

    def to_json(self) -> dict[str, Json]:
        """The refusal as JSON; a set's id is decimal text."""
        return {
            "place": self.place,
            "label": self.label,
            "detail": self.detail,
            "set_id": None if self.set_id is None else str(self.set_id),
            "event": self.event,
            "block": self.block,
        }


@dataclass(slots=True)
class Refusals:
    """Refusals as they come.

    Attributes:
        limit: How many are kept.
        kept: The first of them.
        counts: How many have each label.
    """

    limit: int = KEPT
    kept: list[Refusal] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, refusal: Refusal) -> None:
        """Count a refusal, and keep it while there is room."""
        self.counts[refusal.label] += 1
        if len(self.kept) < self.limit:
            self.kept.append(refusal)

    def __iter__(self) -> Iterator[Refusal]:
        return iter(self.kept)

    def __len__(self) -> int:
        """How many there were, kept or not."""
        return self.counts.total()
