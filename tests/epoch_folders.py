"""Epoch folders made of other ones: their rows in other files, other rows in their files, always signed."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from depinverify import Options, _native, settle
from depinverify.exceptions import DepinverifyError
from depinverify.simulate.evidence import sign_file
from depinverify.simulate.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from depinverify import Settlement
    from depinverify.simulate.settings import Settings

Row = dict[str, Any]

#: Everything that the promise covers, beside what only the manifest sees.
RESULTS = (
    "verdicts.parquet",
    "scores.parquet",
    "rewards.json",
    "tree.json",
    "state.jsonl",
    "ledger.json",
    "manifest.json",
)

SCHEMA = pa.schema(
    [
        pa.field("validator", pa.binary(), nullable=False),
        pa.field("device", pa.binary(), nullable=False),
        pa.field("slot", pa.uint64(), nullable=False),
        pa.field("sent_ms", pa.int64(), nullable=False),
        pa.field("received_ms", pa.int64()),
        pa.field("transport", pa.uint8(), nullable=False),
        pa.field("proof", pa.binary()),
        pa.field("address", pa.binary()),
        pa.field("asn", pa.uint32()),
        pa.field("rtt_ns", pa.uint64()),
    ]
)


def bytes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of the bytes of every result that is there, by file name."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in RESULTS
        if (folder / name).exists()
    }


def rows_of(epoch: Path) -> dict[bytes, list[Row]]:
    """All rows of an epoch's files, by validator."""
    rows: dict[bytes, list[Row]] = {}
    for path in sorted((epoch / "observations").iterdir()):
        if path.suffix != ".jws":
            for row in pa.table(_native.read_observations(path)).to_pylist():
                rows.setdefault(row["validator"], []).append(row)
    return rows


@dataclass
class World:
    """A simulated epoch whose keys are at hand."""

    epoch: Path
    settings: Settings

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.settings)
        self.validators = {validator.id: validator for validator in self.fleet.validators}

    def sign(self, path: Path, validator: bytes) -> None:
        """Sign a file anew."""
        sign_file(path, self.fleet, self.validators[validator])

    def write(self, path: Path, validator: bytes, rows: Iterable[Row]) -> Path:
        """Write and sign one file of observations of the kind that its name says."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _native.write_observations(pa.Table.from_pylist(list(rows), schema=SCHEMA), path)
        self.sign(path, validator)
        return path

    def copy(self, out: Path, *, is_bare: bool = False) -> Path:
        """The epoch in another folder; bare: without its observations."""
        left_out = shutil.ignore_patterns("observations") if is_bare else None
        shutil.copytree(self.epoch, out, ignore=left_out)
        return out

    def rewrite(
        self,
        out: Path,
        *,
        name: Callable[[int], str],
        files: int = 1,
        seed: int | None = None,
        repeats: int = 0,
    ) -> Path:
        """The same rows in other files.

        Args:
            out: Where to.
            name: File name of a validator's file by its number.
            files: Files of each validator.
            seed: Shuffles rows, if given.
            repeats: Rows that stand twice.
        """
        self.copy(out, is_bare=True)
        number = 0
        chance = random.Random(seed)
        for validator, once in rows_of(self.epoch).items():
            rows = once + chance.sample(once, repeats)
            if seed is not None:
                chance.shuffle(rows)
            for part in range(files):
                self.write(out / "observations" / name(number), validator, rows[part::files])
                number += 1
        return out


def parquet_of(rows: Iterable[Row], **options: Any) -> bytes:
    """The rows as polars writes them: string views, its own encodings."""
    sink = io.BytesIO()
    pl.from_arrow(pa.Table.from_pylist(list(rows), schema=SCHEMA)).write_parquet(sink, **options)
    return sink.getvalue()


def json_of(path: Path) -> Any:
    """A JSON file's content."""
    return json.loads(path.read_bytes())


def compare(epoch: Path, out: Path, **options: Any) -> Settlement | None:
    """Settle with the product and with the plain verifier; both say the same, be it that they refuse.

    Returns:
        The product's settlement, or ``None`` where both refuse.
    """
    from benches.plain_verifier.canonical import InputError as Refused  # noqa: PLC0415 - from the project's root
    from benches.plain_verifier.settle import settle as settle_plain  # noqa: PLC0415

    allow_unsigned = options.get("allow_unsigned", False)
    plain = mine = None
    refusals = []
    try:
        plain = settle_plain(epoch, None, out / "plain", allow_unsigned)
    except Refused as error:
        refusals.append(f"plain: {error}")
    try:
        mine = settle(epoch, out / "mine", options=Options(**options))
    except DepinverifyError as error:
        refusals.append(f"mine: {error}")
    if plain is None or mine is None:
        assert plain is mine, refusals
        return None
    quarantined = sorted(
        (Path(q["name"]).name, q["quarantine"]["reason"]) for q in mine.provenance["quarantined"]
    )
    assert quarantined == sorted(plain.quarantined)
    if mine.manifest != plain.manifest:
        raise AssertionError("\n".join(_differences(mine, out / "plain")))
    return mine


def _differences(mine: Settlement, plain: Path) -> list[str]:
    """What a person wants to see of two settlements that differ."""
    expected = json_of(plain / "manifest.json")
    found = []
    for part in ("inputs", "results", "counts"):
        names = mine.manifest[part].keys() | expected[part].keys()
        found += [
            f"{part}.{name}: plain {expected[part].get(name)}, mine {mine.manifest[part].get(name)}"
            for name in sorted(names)
            if mine.manifest[part].get(name) != expected[part].get(name)
        ]
    for name in ("verdicts.parquet", "scores.parquet"):
        theirs, ours = (pq.read_table(folder / name).to_pylist() for folder in (plain, mine.folder))
        found += [
            f"{name}: plain {a}\n{' ' * len(name)}   mine {b}"
            for a, b in zip(theirs, ours, strict=False)
            if a != b
        ][:4]
    theirs, ours = json_of(plain / "rewards.json"), mine.rewards
    for name in ("entries", "payees", "indicators", "exclusions"):
        found += [f"rewards.{name}: only plain {entry}" for entry in theirs[name] if entry not in ours[name]][
            :4
        ]
        found += [f"rewards.{name}: only mine  {entry}" for entry in ours[name] if entry not in theirs[name]][
            :4
        ]
    lines = zip(
        (plain / "state.jsonl").read_text().splitlines(),
        (mine.folder / "state.jsonl").read_text().splitlines(),
        strict=False,
    )
    found += [f"state: plain {a}\n        mine {b}" for a, b in lines if a != b][:4]
    return found
