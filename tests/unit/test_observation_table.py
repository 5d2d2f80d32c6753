"""The one table of observations: with and without the columns that a validator may leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depinverify import _native
from depinverify.observations import observation_table

if TYPE_CHECKING:
    from pathlib import Path

PROBES = [(b"val", b"dev", 3, 10, 12, 0, b"proof"), (b"val", b"dev", 4, 20, None, 1, None)]
ORIGINS = [(bytes([198, 51, 100, 4]), 64500, 2_000_000), (None, None, None)]
REQUIRED = ["validator", "device", "slot", "sent_ms", "received_ms", "transport", "proof"]


@pytest.mark.parametrize("number", [0, 2])
def test_columns_are_those_of_the_file(number: int, tmp_path: Path) -> None:
    whole = observation_table(PROBES[:number], ORIGINS[:number])
    assert observation_table(PROBES[:number]).column_names == REQUIRED
    assert whole.column_names == [*REQUIRED, "address", "asn", "rtt_ns"]
    assert [one.nullable for one in whole.schema] == [False] * 4 + [True, False] + [True] * 4
    assert _native.write_observations(whole, tmp_path / "rows.parquet") == number
    read = [
        tuple(column.to_pylist())
        for batch in _native.read_observations(tmp_path / "rows.parquet")
        for column in batch.columns
    ]
    expected = [(*probe, *origin) for probe, origin in zip(PROBES, ORIGINS, strict=True)][:number]
    assert read == list(zip(*expected, strict=True))


def test_each_row_has_an_origin() -> None:
    with pytest.raises(ValueError, match="zip"):
        observation_table(PROBES, ORIGINS[:1])
