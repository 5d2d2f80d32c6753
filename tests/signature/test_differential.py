"""The engine against OpenSSL, libsodium and libsecp256k1 on columns of difficult signatures."""

from __future__ import annotations

from tests.signature import differential


def test_the_engine_decides_as_the_libraries_do() -> None:
    makers = differential.makers_of(7)
    columns = [differential.differences(seed, makers) for seed in range(12)]
    assert sum(compared for compared, _ in columns) > 10_000
    assert [line for _, found in columns for line in found] == []
