"""Numbers that JSON keeps exactly, and rows of tables as JSON.

In: values with integers of any size; Arrow record batches. Out: the same with integers beyond 2^53-1 as decimal text.
Rule: scoring and rewards, 11.1. Invariant: no number is rounded by any reader, and every text has a form in UTF-8:
half a surrogate pair, which JSON can state, is written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depinverify.canonical import LARGEST_INTEGER

if TYPE_CHECKING:
    from arro3.core import RecordBatch

    from depinverify.canonical import Json

__all__ = ["exact", "rows_of"]


def exact(value: object) -> Json:
    """A value whose large integers are decimal text, however deep they stand."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else str(value)
    if isinstance(value, dict):
        return {str(name): exact(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(element) for element in value]
    raise TypeError(f"expected a value that JSON has, found {type(value).__name__}")


def rows_of(batch: RecordBatch) -> list[dict[str, Any]]:
    """The rows of a batch by the names of its columns."""
    names = batch.schema.names
    columns = [batch.column(name).to_pylist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
