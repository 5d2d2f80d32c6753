"""The provider view as an Arrow table.

In: provider rows. Out: one row per provider in the same order, a column per number. Rule: as
:mod:`~depinverify.networks.filecoin.providers`. Invariant: what was not measured is null and never 0; bytes may have
more than 64 bits and are decimal text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from arro3.core import Array, DataType, Field, Schema, Table

from depinverify.networks.filecoin.provider_scores import lower_ppm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from depinverify.networks.filecoin.providers import Provider
    from depinverify.networks.filecoin.spark import Rate

__all__ = ["provider_table"]

_TEXT: Final = DataType.string()
_COUNT: Final = DataType.uint64()
_TIME: Final = DataType.int64()


def _ppm(rate: Rate | None) -> int | None:
    return None if rate is None else rate.rate_ppm


def _lower(rate: Rate | None) -> int | None:
    return None if rate is None else lower_ppm(rate)


def _all(rate: Rate | None) -> int | None:
    return None if rate is None else rate.total


def _successes(rate: Rate | None) -> int | None:
    return None if rate is None else rate.successes


#: Name, type and value of each column.
_COLUMNS: Final[tuple[tuple[str, DataType, Callable[[Provider], object]], ...]] = (
    ("provider", _TEXT, lambda row: row.provider),
    ("miner_id", _TEXT, lambda row: row.miner_id),
    ("name", _TEXT, lambda row: row.name),
    ("data_sets", _COUNT, lambda row: len(row.data_sets)),
    ("periods_proven", _COUNT, lambda row: row.proving.successes),
    ("periods_faulted", _COUNT, lambda row: row.faulted_periods),
    ("periods_open", _COUNT, lambda row: row.open_periods),
    ("challenges", _COUNT, lambda row: row.challenges),
    ("fault_ppm", _COUNT, lambda row: row.fault_ppm),
    ("pass_lower_ppm", _COUNT, lambda row: lower_ppm(row.proving)),
    ("detects_1_percent_ppm", _COUNT, lambda row: row.detection_ppm["lost_1_percent"]),
    ("detects_5_percent_ppm", _COUNT, lambda row: row.detection_ppm["lost_5_percent"]),
    ("detects_20_percent_ppm", _COUNT, lambda row: row.detection_ppm["lost_20_percent"]),
    ("periods_confirmed", _COUNT, lambda row: row.shown.confirmed),
    ("periods_refuted", _COUNT, lambda row: row.shown.refuted),
    ("periods_unshown", _COUNT, lambda row: row.shown.unshown),
    ("proven_bytes", _TEXT, lambda row: str(row.proven_bytes)),
    ("window_good", _COUNT, lambda row: row.window.good),
    ("window_bad", _COUNT, lambda row: row.window.bad),
    ("window_unchecked", _COUNT, lambda row: row.window.unchecked),
    ("sectors", _COUNT, lambda row: _all(row.health)),
    ("health_ppm", _COUNT, lambda row: _ppm(row.health)),
    ("retrievals", _COUNT, lambda row: _all(row.retrieval)),
    ("retrievals_successful", _COUNT, lambda row: _successes(row.retrieval)),
    ("rsr_ppm", _COUNT, lambda row: _ppm(row.retrieval)),
    ("rsr_lower_ppm", _COUNT, lambda row: _lower(row.retrieval)),
    ("first_byte_median_ms", _TIME, lambda row: row.first_byte_ms(1, 2)),
    ("first_byte_p90_ms", _TIME, lambda row: row.first_byte_ms(9, 10)),
    ("uploads", _COUNT, lambda row: _all(row.uploads)),
    ("uploads_successful", _COUNT, lambda row: _successes(row.uploads)),
    ("reputation", _COUNT, lambda row: row.reputation),
    ("score_e12", _COUNT, lambda row: row.score_e12),
    ("objective_health", _TEXT, lambda row: row.objectives["health"]),
    ("objective_retrieval", _TEXT, lambda row: row.objectives["retrieval"]),
    ("approval_uploads", _TEXT, lambda row: row.objectives["approval_uploads"]),
    ("approval_retrievals", _TEXT, lambda row: row.objectives["approval_retrievals"]),
    ("approval_faults", _TEXT, lambda row: row.objectives["approval_faults"]),
)
_NULLABLE: Final = frozenset(
    {
        *("provider", "miner_id", "name", "fault_ppm", "sectors", "health_ppm", "retrievals"),
        *("retrievals_successful", "rsr_ppm", "rsr_lower_ppm", "first_byte_median_ms", "first_byte_p90_ms"),
        *("uploads", "uploads_successful"),
    }
)


def provider_table(rows: Sequence[Provider]) -> Table:
    """The rows as a table."""
    arrays = [Array([value(row) for row in rows], type=kind) for _, kind, value in _COLUMNS]
    fields = [Field(name, kind, nullable=name in _NULLABLE) for name, kind, _ in _COLUMNS]
    return Table.from_arrays(arrays, schema=Schema(fields))
