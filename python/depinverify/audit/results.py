"""The result files of a settlement, each read when it is needed and only in the form that it must have.

In: a settlement folder of anybody. Out: :class:`Results`. Rule: uptime proof, sections 4.4 and 9.3. Invariant: only
the known names of a settlement's files are opened, whatever a manifest says; tables are read a few thousand rows at a
time, so memory depends on devices and not on rows.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify import _native
from depinverify.audit import forms
from depinverify.audit.forms import MalformedError
from depinverify.audit.reward_file import RewardFile, input_names
from depinverify.catalogue import Code
from depinverify.exceptions import DepinverifyError, InputError
from depinverify.reward import Ledger
from depinverify.reward.columns import STATES
from depinverify.reward.publish import MODELS_FILE, TREE_FILE
from depinverify.settlement import MANIFEST, TABLES, Settlement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arro3.core import Schema

__all__ = ["REQUIRED", "DeviceState", "Manifest", "Results", "Scores", "VerdictRow", "code_name"]

#: Results that every settlement has.
REQUIRED: Final = ("verdicts.parquet", "scores.parquet", "rewards.json", "state.jsonl", "ledger.json")

_SCORE_COLUMNS: Final = {
    "device": "binary",
    "state": "uint8",
    "score_e12": "uint64",
    "windows_used": "uint64",
    "up": "uint64",
    "down": "uint64",
    "scheduled": "uint64",
    "excluded": "uint64",
    "payout_e12": "uint64",
    "reasons": "binary",
}
_VERDICT_COLUMNS: Final = {
    "row_id": "binary",
    "validator": "binary",
    "device": "binary",
    "slot": "uint64",
    "sent_ms": "int64",
    "code": "uint8",
    "failed": "uint32",
    "not_run": "uint32",
    "outcome": "uint8",
    "proof_hash": "binary",
    "e1": "int64",
    "e2": "int64",
    "e_bytes": "binary",
}
_NULLABLE: Final = frozenset({"proof_hash", "e1", "e2", "e_bytes"})
_STATE_MEMBERS: Final = ("boot_first", "bootcount", "device", "prior_up", "windows")
_LARGEST_COUNT: Final = 2**32 - 1


class Manifest(NamedTuple):
    """The content of ``manifest.json``."""

    inputs: dict[str, str | None]
    results: dict[str, str]
    params_hash: str
    counts: dict[str, int]


class VerdictRow(NamedTuple):
    """One row of ``verdicts.parquet``; columns in the table's order."""

    row_id: bytes
    validator: bytes
    device: bytes
    slot: int
    sent_ms: int
    code: int
    failed: int
    not_run: int
    outcome: int
    proof_hash: bytes | None
    e1: int | None
    e2: int | None
    e_bytes: bytes | None

    @property
    def order(self) -> tuple[bytes, int, bytes, bytes]:
        """What rows ascend by."""
        return self.device, self.slot, self.validator, self.row_id


class DeviceState(NamedTuple):
    """One line of ``state.jsonl``."""

    device: str
    prior_up: bool | None
    bootcount: int | None
    boot_first: int | None
    windows: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """The columns of ``scores.parquet``, ascending by device."""

    device: list[str]
    state: list[int]
    score_e12: list[int]
    windows_used: list[int]
    up: list[int]
    down: list[int]
    scheduled: list[int]
    excluded: list[int]
    payout_e12: list[int]
    reasons: list[bytes]


@dataclass(frozen=True)
class Results:
    """A settlement's files.

    Attributes:
        settlement: The settlement.
        manifest: Its manifest.
    """

    settlement: Settlement
    manifest: Manifest
    _hashes: dict[str, str | None] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Open a settlement folder.

        Raises:
            SettlementError: There is no manifest.
            MalformedError: The manifest is not of its form.
        """
        settlement = Settlement.open(folder)
        given = forms.members(
            settlement.manifest, MANIFEST, "$", ("format", "inputs", "results", "params_hash", "counts")
        )
        results = given["results"]
        known = {*REQUIRED, TREE_FILE, MODELS_FILE}
        if not isinstance(results, dict) or not set(REQUIRED) <= results.keys() <= known:
            raise MalformedError(MANIFEST, "results", f"hashes of {', '.join(REQUIRED)}", results)
        counts = given["counts"]
        if not isinstance(counts, dict):
            raise MalformedError(MANIFEST, "counts", "an object", counts)
        manifest = Manifest(
            inputs=input_names(given["inputs"], MANIFEST),
            results={
                name: forms.hash_hex(value, MANIFEST, f"results.{name}") for name, value in results.items()
            },
            params_hash=forms.hash_hex(given["params_hash"], MANIFEST, "params_hash"),
            counts={name: forms.count(value, MANIFEST, f"counts.{name}") for name, value in counts.items()},
        )
        return cls(settlement, manifest)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.settlement.folder

    def content_hash(self, name: str) -> str | None:
        """Content hash of a result as 64 hex digits, ``None`` where there is no such file.

        Raises:
            MalformedError: It cannot be read.
        """
        if name not in self._hashes:
            self._hashes[name] = self._hash(name)
        return self._hashes[name]

    def _hash(self, name: str) -> str | None:
        path = self.folder / name
        if not path.is_file():
            return None
        if name in TABLES:
            try:
                return _native.content_hash(_native.read_parquet(path)).hex()
            except InputError as error:
                raise MalformedError(name, "file", "a table of results", str(error)) from None
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise MalformedError(name, "file", "a file that can be read", str(error.strerror)) from None

    @cached_property
    def rewards(self) -> RewardFile:
        """The reward file."""
        return RewardFile.read(self.folder / "rewards.json")

    @cached_property
    def scores(self) -> Scores:
        """The score table."""
        columns: dict[str, list[Any]] = {name: [] for name in _SCORE_COLUMNS}
        for batch in _batches(self.folder / "scores.parquet", _SCORE_COLUMNS):
            for name, values in batch.items():
                columns[name] += values
        columns["device"] = [device.hex() for device in columns["device"]]
        devices = columns["device"]
        if any(after <= before for before, after in pairwise(devices)):
            raise MalformedError("scores.parquet", "device", "ascending ids, each once", "others")
        if max(columns["state"], default=0) >= len(STATES):
            raise MalformedError("scores.parquet", "state", "0, 1 or 2", max(columns["state"]))
        return Scores(**columns)

    def verdicts(self) -> Iterator[VerdictRow]:
        """The rows of the verdict table."""
        for batch in _batches(self.folder / "verdicts.parquet", _VERDICT_COLUMNS):
            yield from map(VerdictRow._make, zip(*batch.values(), strict=True))

    def verdict_counts(self) -> Counter[str]:
        """Rows of the verdict table by name of code."""
        counts: Counter[int] = Counter()
        for batch in _batches(self.folder / "verdicts.parquet", _VERDICT_COLUMNS, only="code"):
            counts.update(batch["code"])
        return Counter({code_name(code): rows for code, rows in counts.items()})

    def states(self) -> Iterator[DeviceState]:
        """The lines of ``state.jsonl``."""
        path = self.folder / "state.jsonl"
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    yield _state(line, f"line {number}")
        except OSError as error:
            raise MalformedError(path.name, "file", "a file that can be read", str(error.strerror)) from None

    def models(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The lines of ``models.jsonl`` with their devices; none where there is no such file."""
        path = self.folder / MODELS_FILE
        if not path.exists():
            return
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    value = _line(line, path.name, f"line {number}")
                    yield forms.hex_bytes(value.get("device"), path.name, f"line {number}.device"), value
        except OSError as error:
            raise MalformedError(path.name, "file", "a file that can be read", str(error.strerror)) from None

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger for the next epoch."""
        content, _ = forms.load(self.folder / "ledger.json")
        try:
            return Ledger.from_json(content)
        except InputError as error:
            raise MalformedError("ledger.json", "file", "payees and a remainder", str(error)) from None

    @property
    def is_ledger_canonical(self) -> bool:
        """Whether the ledger's bytes are the one canonical form of its content."""
        return b"".join(self.ledger.chunks()) == (self.folder / "ledger.json").read_bytes()

    def tree(self) -> bytes | None:
        """The bytes of the claim tree's file, ``None`` where there is none."""
        path = self.folder / TREE_FILE
        return path.read_bytes() if path.is_file() else None

    @cached_property
    def sources(self) -> dict[str, Any]:
        """Files and caveats of ``provenance.json``, empty where it is absent or not of its form."""
        try:
            found = self.settlement.sources
            files = [dict(file) for file in found["files"]]
            return {**found, "files": files} if all("quarantine" in file for file in files) else {}
        except (DepinverifyError, KeyError, TypeError, ValueError, RecursionError):
            return {}


def code_name(code: int) -> str:
    """Name of a verdict's code, its number where it is none."""
    try:
        return Code(code).name
    except ValueError:
        return str(code)


def _batches(path: Path, columns: dict[str, str], only: str | None = None) -> Iterator[dict[str, list[Any]]]:
    """The columns of a table, some rows at a time."""
    from arro3.core import RecordBatchReader  # noqa: PLC0415 - heavy

    try:
        reader = RecordBatchReader.from_arrow(_native.read_parquet(path))
        _refuse_other_columns(reader.schema, columns, path.name)
        for batch in reader:
            names = columns if only is None else [only]
            values: dict[str, list[Any]] = {name: list(batch.column(name).to_pylist()) for name in names}
            _refuse_nulls(values, path.name)
            yield values
    except MalformedError:
        raise
    except Exception as error:  # noqa: BLE001 - the reader raises that very class, and the file is anybody's
        raise MalformedError(path.name, "file", "a table of results", str(error)) from None


def _refuse_other_columns(schema: Schema, columns: dict[str, str], file: str) -> None:
    from arro3.core import DataType  # noqa: PLC0415 - heavy

    found = {schema.field(at).name: schema.field(at).type for at in range(len(schema))}
    is_expected = list(found) == list(columns) and all(
        found[name] == getattr(DataType, kind)() for name, kind in columns.items()
    )
    if not is_expected:
        described = ", ".join(f"{name} {kind}" for name, kind in found.items())
        raise MalformedError(file, "columns", ", ".join(columns), described)


def _refuse_nulls(values: dict[str, list[Any]], file: str) -> None:
    for name, column in values.items():
        if name not in _NULLABLE and None in column:
            raise MalformedError(file, name, "a value", "null")


def _line(line: bytes, file: str, where: str) -> dict[str, Any]:
    """A line of canonical JSON that holds an object."""
    try:
        value = json.loads(line)
        canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise MalformedError(file, where, "a line of JSON", str(error)) from None
    if not isinstance(value, dict) or canonical + b"\n" != line:
        found = line[:100].decode("utf-8", "replace")
        raise MalformedError(file, where, "an object in its canonical form", found)
    return value


def _state(line: bytes, where: str) -> DeviceState:
    file = "state.jsonl"
    given = forms.members(_line(line, file, where), file, where, _STATE_MEMBERS)
    for name in ("boot_first", "bootcount"):
        if given[name] is not None and type(given[name]) is not int:
            raise MalformedError(file, f"{where}.{name}", "an integer or null", given[name])
    if given["prior_up"] not in (True, False, None) or type(given["prior_up"]) is int:
        raise MalformedError(file, f"{where}.prior_up", "true, false or null", given["prior_up"])
    windows = tuple(
        _four(window, file, where) for window in forms.array(given["windows"], file, f"{where}.windows")
    )
    return DeviceState(
        forms.hex_bytes(given["device"], file, f"{where}.device"),
        given["prior_up"],
        given["bootcount"],
        given["boot_first"],
        windows,
    )


def _four(window: Any, file: str, where: str) -> tuple[int, int, int, int]:  # noqa: ANN401
    """One window: start, up, total, scheduled."""
    is_window = (
        isinstance(window, list)
        and len(window) == 4  # noqa: PLR2004
        and all(type(number) is int and 0 <= number <= 2**53 for number in window)
        and window[1] <= window[2] <= _LARGEST_COUNT
    )
    if not is_window:
        raise MalformedError(file, f"{where}.windows", "[start, up, total, scheduled]", window)
    return window[0], window[1], window[2], window[3]
