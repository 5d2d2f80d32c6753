"""What an audit of a Filecoin settlement finds, and the first difference between two values.

In: values that were published and values that were recomputed. Out: :class:`Finding`. Rule: this project's own words.
Invariant: of each subject the first difference is named, in the order of the file; the rest of it may follow from
that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["ABSENT", "Finding", "Stage", "by_subject", "first_difference"]

#: Where something was found: in the files against the manifest, in sums, or against the evidence.
Stage: TypeAlias = Literal["files", "sums", "evidence"]

#: A member, line or file that is not there.
ABSENT = "absent"


class Finding(NamedTuple):
    """One difference.

    Attributes:
        stage: Where it was found.
        file: Name of the result or input.
        subject: The data set, payment, round, participant or provider; empty for a whole file.
        field: Path of the member.
        published: What the settlement says.
        recomputed: What follows.
    """

    stage: Stage
    file: str
    subject: str
    field: str
    published: str
    recomputed: str


def first_difference(published: object, recomputed: object, path: str = "") -> tuple[str, str, str] | None:
    """Path, published and recomputed value of the first difference; ``None`` where there is none."""
    if isinstance(published, dict) and isinstance(recomputed, dict):
        keys = [*recomputed, *(key for key in published if key not in recomputed)]
        pairs = [(f"{path}.{key}" if path else str(key), key) for key in keys]
        found = (
            first_difference(published.get(key, ABSENT), recomputed.get(key, ABSENT), inner)
            for inner, key in pairs
        )
        return next((one for one in found if one is not None), None)
    if isinstance(published, list) and isinstance(recomputed, list):
        for place, (one, other) in enumerate(zip(published, recomputed, strict=False)):
            if (found_there := first_difference(one, other, f"{path}[{place}]")) is not None:
                return found_there
        if len(published) != len(recomputed):
            return f"{path}.length" if path else "length", str(len(published)), str(len(recomputed))
        return None
    if type(published) is type(recomputed) and published == recomputed:
        return None
    return path, _shown(published), _shown(recomputed)


def by_subject(
    file: str, published: object, recomputed: Iterable[Any], subject: Callable[[Any], str]
) -> Iterator[Finding]:
    """The first difference of each line of two lists, matched by what the lines are about.

    Args:
        file: Name of the result.
        published: The list of the settlement.
        recomputed: The list that follows from the evidence.
        subject: What a line is about; a line of the settlement may be anything.
    """
    ours = {subject(line): line for line in recomputed}
    theirs: dict[str, object] = {}
    if not isinstance(published, list):
        yield Finding("evidence", file, "", "", _shown(published), "a list")
        return
    for line in published:
        try:
            name = subject(line)
        except (KeyError, TypeError):
            yield Finding("evidence", file, "", "", _shown(line), ABSENT)
            continue
        if name in theirs:
            yield Finding("evidence", file, name, "", "twice", "once")
        theirs[name] = line
    for name in sorted(ours.keys() | theirs.keys()):
        found = first_difference(theirs.get(name, ABSENT), ours.get(name, ABSENT))
        if found is not None:
            yield Finding("evidence", file, name, *found)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    return f"a list of {len(value)}" if isinstance(value, list) else str(value)
