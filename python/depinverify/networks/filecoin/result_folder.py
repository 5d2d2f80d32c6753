"""The folder that a Filecoin settlement leaves behind.

In: a folder with a manifest. Out: its tables as Arrow, its files as Python objects. Rule: this project's own format,
``depinverify-filecoin-manifest-v1``. Invariant: every file is written under a temporary name, synced and renamed, and
the manifest last, so a folder with a manifest is complete; the manifest names the content of every other file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.exceptions import SettlementError
from depinverify.settlement import MANIFEST, publish_file, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arro3.core import RecordBatch, Table
    from arro3.core.types import ArrowStreamExportable

    from depinverify.canonical import Json
    from depinverify.networks.steps import ShownTable

__all__ = ["FORMAT", "FilecoinSettlement", "ResultWriter", "content_hash"]

#: What a manifest calls itself.
FORMAT: Final = "depinverify-filecoin-manifest-v1"
_TABLE: Final = ".parquet"


@dataclass(frozen=True)
class FilecoinSettlement:
    """A complete settlement of Filecoin evidence.

    Attributes:
        folder: Where it lies.
        manifest: Ruleset, hashes of inputs and results, counts and totals.
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a settlement folder.

        Raises:
            SettlementError: The folder has no manifest, or the manifest is not of this format.
        """
        folder = Path(folder)
        path = folder / MANIFEST
        if not path.is_file():
            raise SettlementError(
                f"{folder}: expected a settlement of Filecoin evidence, found no {MANIFEST}",
                hint="A run that was stopped leaves none: start `depinverify settle` with --network filecoin again.",
            )
        manifest = _load(path)
        if (found := manifest.get("format")) != FORMAT:
            raise SettlementError(
                f"{path}: expected the format {FORMAT}, found {found!r:.60}",
                hint="The settlement of an epoch takes no `--network`." if isinstance(found, str) else None,
            )
        expected = {"ruleset": dict, "inputs": dict, "results": dict, "counts": dict, "totals": dict}
        for key, kind in expected.items():
            if not isinstance(manifest.get(key), kind):
                raise SettlementError(f"{path}: {key}: expected an object, found another value")
        return cls(folder, manifest)

    @property
    def manifest_sha256(self) -> str:
        """SHA-256 of ``manifest.json``."""
        return hashlib.sha256((self.folder / MANIFEST).read_bytes()).hexdigest()

    def json(self, name: str) -> dict[str, Any]:
        """A result that is JSON.

        Raises:
            SettlementError: It is absent, or no object.
        """
        return _load(self.folder / name)

    def table(self, name: str) -> Table:
        """A result that is a table."""
        return _native.read_table(self.folder / name)

    def batches(self, name: str, columns: Sequence[str] = ()) -> Iterator[RecordBatch]:
        """A result that is a table, some thousand rows at a time.

        Args:
            name: The table.
            columns: Columns that it must have.

        Raises:
            InputError: It cannot be read.
            SettlementError: A column is absent.
        """
        reader = _native.read_parquet(self.folder / name)
        if absent := [column for column in columns if column not in reader.schema.names]:
            raise SettlementError(f"{self.folder / name}: expected a column {absent[0]}, found none")
        yield from reader

    @property
    def refused(self) -> int:
        """How many lines and events of the evidence were refused."""
        return int(self.manifest["counts"]["refusals"])

    def tables(self) -> list[ShownTable]:
        """Counts, amounts and providers for a person."""
        counts, totals = self.manifest["counts"], self.manifest["totals"]
        amounts = [(kind, name, value) for kind, line in totals.items() for name, value in line.items()]
        others = [(name, value) for name, value in counts.items() if not isinstance(value, dict)]
        shown: list[ShownTable] = [
            ("Verdicts", ("code", "records"), list(counts["verdicts"].items())),
            ("Proving periods", ("state", "periods"), list(counts["periods"].items())),
            ("Found", ("what", "number"), others),
            ("Amounts", ("of", "term", "amount"), amounts),
        ]
        lines = self.json("providers.json")["providers"]
        columns = ("provider", "proven", "of", "at least ppm", "RSR ppm", "of", "at least ppm", "reputation")
        rows = [_provider_row(line) for line in lines]
        return [*shown, ("Providers", columns, rows)]

    def to_json(self) -> dict[str, Json]:
        """The manifest and where it lies."""
        return {"folder": str(self.folder), **self.manifest, "manifest_sha256": self.manifest_sha256}

    def content(self, name: str) -> str:
        """Content hash of a result as it lies there, 64 hex digits.

        Raises:
            InputError: A table that cannot be read.
            OSError: A file that cannot be read.
        """
        path = self.folder / name
        if name.endswith(_TABLE):
            return content_hash(_native.read_parquet(path))
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _provider_row(line: dict[str, Any]) -> tuple[object, ...]:
    def shown(rate: dict[str, Any] | None) -> tuple[object, ...]:
        return ("-", "-", "-") if rate is None else (rate["ppm"], rate["total"], rate["lower_ppm"])

    proving = line["proving"]
    called = " ".join(name for name in (line["provider"], line["miner_id"], line["name"]) if name)
    return (
        called,
        *(proving["successes"], proving["total"], proving["lower_ppm"]),
        *shown(line["retrieval"]),
        line["reputation"],
    )


class ResultWriter:
    """Writes results into a folder, the manifest last.

    Args:
        out: The folder. A manifest in it must have been taken away before: what it says is about to change.

    Attributes:
        results: Content hash of what was written, by name.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self.results: dict[str, Json] = {}

    def json(self, name: str, value: Json) -> None:
        """Write a result as canonical JSON."""
        self.bytes(name, canonical_json(value))

    def pieces(self, name: str, content: Iterator[bytes]) -> None:
        """Write a result as it comes."""
        self.results[name] = write_file(self._out / name, content)

    def table(self, name: str, table: Table) -> None:
        """Write a result as Parquet."""
        temporary = self._out / f"{name}.tmp"
        writer = _native.TableWriter(temporary, table.schema)
        for batch in table.to_batches():
            writer.write(batch)
        self.written(name, temporary, writer.finish())

    def written(self, name: str, path: Path, content: bytes) -> None:
        """Take a table that is written and synced already.

        Args:
            name: The result.
            path: Where it lies, on the same file system.
            content: Its content hash.
        """
        publish_file(path, self._out / name)
        self.results[name] = content.hex()

    def bytes(self, name: str, content: bytes) -> None:
        """Write a result as it is."""
        self.results[name] = write_file(self._out / name, content)

    def absent(self, name: str) -> None:
        """Take away a result that this settlement does not have; a run of other inputs may have left it."""
        (self._out / name).unlink(missing_ok=True)

    def manifest(self, value: dict[str, Json]) -> None:
        """Write the manifest: from here on the folder is complete."""
        write_file(self._out / MANIFEST, canonical_json({"format": FORMAT, **value, "results": self.results}))


def content_hash(table: ArrowStreamExportable) -> str:
    """Content hash of a table, 64 hex digits: texts as their UTF-8, truth values as 0 and 1 (uptime proof, 9.3)."""
    return _native.content_hash(table, texts=True).hex()


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SettlementError(f"{path}: {error}") from None
    if not isinstance(loaded, dict):
        raise SettlementError(f"{path}: expected an object, found another value")
    return loaded
