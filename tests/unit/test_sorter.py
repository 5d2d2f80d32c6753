"""Records sorted beyond memory: their order, whatever the budget, and errors with the file that they are about."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from depinverify import _native
from depinverify.exceptions import InputError, SettlementError

if TYPE_CHECKING:
    from pathlib import Path


def some_records(count: int) -> list[tuple[bytes, bytes]]:
    numbers = random.Random(1)
    return [
        (numbers.randbytes(numbers.randrange(4)), numbers.randbytes(numbers.randrange(300)))
        for _ in range(count)
    ]


def walked(sorter: _native.Sorter) -> list[tuple[bytes, bytes]]:
    return [record for records in sorter.walk() for record in records]


@pytest.mark.parametrize(("budget", "has_files"), [(1 << 14, True), (64 << 20, False)])
def test_records_come_in_the_order_of_key_then_payload(
    tmp_path: Path, budget: int, *, has_files: bool
) -> None:
    records = some_records(20_000)
    sorter = _native.Sorter(tmp_path, "rows", budget=budget)
    for key, payload in records:
        sorter.push(key, payload)
    names = {path.name for path in tmp_path.iterdir()}
    assert walked(sorter) == sorted(records)
    assert bool(names) == has_files
    assert all(name.startswith("rows-") for name in names)


def test_records_are_handed_over_some_at_a_time(tmp_path: Path) -> None:
    many, long = (_native.Sorter(tmp_path, name, budget=1 << 20) for name in ("many", "long"))
    for number in range(10_000):
        many.push(number.to_bytes(2, "big"), b"")
    for number in range(10):
        long.push(bytes([number]), bytes(1 << 19))
    assert [len(records) for records in many.walk()] == [4096, 4096, 1808]
    assert [len(records) for records in long.walk()] == [2] * 5


def test_a_sorter_without_records_gives_none(tmp_path: Path) -> None:
    assert walked(_native.Sorter(tmp_path, "rows", budget=0)) == []


def test_records_are_walked_once(tmp_path: Path) -> None:
    sorter = _native.Sorter(tmp_path, "rows", budget=1 << 20)
    sorter.push(b"a", b"")
    walk = sorter.walk()
    assert list(walk) == [[(b"a", b"")]]
    assert list(walk) == []
    with pytest.raises(InputError, match="found them walked"):
        sorter.push(b"b", b"")
    with pytest.raises(InputError, match="found them walked"):
        sorter.walk()


def test_errors_name_the_file(tmp_path: Path) -> None:
    absent = _native.Sorter(tmp_path / "absent", "rows", budget=1 << 12)
    absent.push(b"a", bytes(1 << 13))
    with pytest.raises(SettlementError, match=r"absent/rows-000000\.run") as error:
        absent.push(b"b", bytes(1 << 13))
    assert error.value.hint is not None
    torn = _native.Sorter(tmp_path, "torn", budget=1 << 12)
    for key, payload in some_records(1000):
        torn.push(key, payload)
    (tmp_path / "torn-000000.run").write_bytes(b"")
    with pytest.raises(SettlementError, match=r"torn-000000\.run"):
        walked(torn)
