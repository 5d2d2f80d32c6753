"""Two tables of verdicts held against each other, in the order that both have.

In: a settlement, which may be anybody's, and the one that follows from the evidence. Out: the first difference of each
subject: of the records that say the same of part, kind, subject, epoch and id. Rule: this project's own order of rows.
Invariant: neither table is held; a table that is not in the order is a finding, and its rows are not compared.
"""

from __future__ import annotations

from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from depinverify.exceptions import DepinverifyError, SettlementError
from depinverify.networks.filecoin.audit_findings import ABSENT, Finding, first_difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.networks.filecoin.result_folder import FilecoinSettlement

__all__ = ["differing_verdicts"]

_FILE: Final = "verdicts.parquet"
#: Columns that say what a record is about, and that rows are sorted by before all others.
_ABOUT: Final = ("part", "kind", "subject", "epoch", "id")

_Row: TypeAlias = dict[str, Any]
#: What rows are about, nothing behind everything.
_Key: TypeAlias = tuple[tuple[bool, Any], ...]
_Group: TypeAlias = tuple[_Key, "Iterator[_Row]"]


def differing_verdicts(settlement: FilecoinSettlement, anew: FilecoinSettlement) -> Iterator[Finding]:
    """Records whose verdict is another.

    Args:
        settlement: What is published.
        anew: What follows from the evidence.
    """
    ours, theirs = _groups(anew), _groups(settlement)
    try:
        # Rows that are only in another place would seem to be absent.
        for _ in _groups(settlement):
            pass
        one, other = next(theirs, None), next(ours, None)
        while one is not None or other is not None:
            is_theirs = one is not None and (other is None or one[0] <= other[0])
            is_ours = other is not None and (one is None or other[0] <= one[0])
            published = one[1] if one is not None and is_theirs else None
            recomputed = other[1] if other is not None and is_ours else None
            key = one[0] if one is not None and is_theirs else other[0] if other is not None else ()
            if (found := _difference(published, recomputed)) is not None:
                yield Finding("evidence", _FILE, _subject(key), *found)
            one = next(theirs, None) if is_theirs else one
            other = next(ours, None) if is_ours else other
    except (DepinverifyError, OSError, ValueError, TypeError) as error:
        rows = sum(anew.manifest["counts"]["verdicts"].values())
        yield Finding("evidence", _FILE, "", "", str(error), f"{rows} rows")


def _groups(settlement: FilecoinSettlement) -> Iterator[_Group]:
    """Rows by what they are about; those of one group must be taken before the next one is asked for."""
    last: _Key | None = None
    for key, rows in groupby(_rows(settlement), key=_key):
        if last is not None and key <= last:
            raise SettlementError(
                f"{_subject(key)}: expected rows in their order, found them behind {_subject(last)}"
            )
        last = key
        yield key, rows


def _rows(settlement: FilecoinSettlement) -> Iterator[_Row]:
    for batch in settlement.batches(_FILE, _ABOUT):
        names = batch.schema.names
        for values in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
            yield dict(zip(names, values, strict=True))


def _key(row: _Row) -> _Key:
    return tuple((row[name] is None, "" if row[name] is None else row[name]) for name in _ABOUT)


def _subject(key: _Key) -> str:
    return " ".join(str(value) for is_absent, value in key if not is_absent)


def _difference(
    published: Iterator[_Row] | None, recomputed: Iterator[_Row] | None
) -> tuple[str, str, str] | None:
    """The first difference between rows about the same, as that of two lists; all rows are taken."""
    if published is None or recomputed is None:
        shown = [
            ABSENT if rows is None else f"a list of {sum(1 for _ in rows)}"
            for rows in (published, recomputed)
        ]
        return "", shown[0], shown[1]
    found: tuple[str, str, str] | None = None
    theirs = ours = 0
    for place, (one, other) in enumerate(zip_longest(published, recomputed)):
        theirs, ours = theirs + (one is not None), ours + (other is not None)
        if found is None and one is not None and other is not None:
            found = first_difference(one, other, f"[{place}]")
    if found is None and theirs != ours:
        return "length", str(theirs), str(ours)
    return found
