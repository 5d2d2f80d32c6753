"""One folder of evidence about Filecoin: ``filecoin.toml`` and the files beside it.

In: the folder. Out: a frozen :class:`Evidence`, whose files are read a line at a time. Rule: Filecoin, A6 for
what a chain and a service ask of providers, A8 for what an audit is given. Invariant: what is wrong with the
parameters is an error that names the key's path; what is wrong with a line of evidence is a refusal that names
file and line, and the rest is read.

=====================  ================================================================================
``filecoin.toml``      ``[filecoin]`` with ``chain``, ``now`` and ``service``; ``[ruleset]``
``events.jsonl``       contract events; :mod:`~depinverify.networks.filecoin.contract_events`
``sets.jsonl``         data sets stated whole; :mod:`~depinverify.networks.filecoin.stated_sets`
``proofs.jsonl``       proofs of possession, as :func:`depinverify.networks.filecoin.verify` reads them
``beacons.jsonl``      beacon rounds, likewise
``posts.jsonl``        window proofs, likewise
``settlements.jsonl``  proposed payments: ``set_id, from, to, amount``, optionally ``id``
``spark/``             rounds of retrieval checks
=====================  ================================================================================

A ``.jsonl`` file may be compressed, as ``.jsonl.gz``; proofs may be a table, ``proofs.parquet``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from depinverify.exceptions import ConfigurationError, InputError
from depinverify.networks.filecoin.contract_events import read_event
from depinverify.networks.filecoin.events import Replay
from depinverify.networks.filecoin.lines import read_lines
from depinverify.networks.filecoin.payments import read_proposal
from depinverify.networks.filecoin.period_history import Terms
from depinverify.networks.filecoin.refusals import Refusal
from depinverify.networks.filecoin.stated_sets import restore
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from depinverify.networks.filecoin.contract_events import Event
    from depinverify.networks.filecoin.lines import Members
    from depinverify.networks.filecoin.payments import Proposal

__all__ = ["Chain", "Evidence", "Service"]

T = TypeVar("T")

Chain: TypeAlias = Literal["mainnet", "calibration"]
Service: TypeAlias = Literal["warm_storage", "sample"]

#: Name of the file of parameters.
PARAMETERS: Final = "filecoin.toml"
_LINES: Final = (".jsonl", ".jsonl.gz")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class _Filecoin(_Table):
    chain: Chain
    now: Annotated[int, Field(ge=0, le=2**53 - 1)]
    service: Service = "warm_storage"


class _File(_Table):
    filecoin: _Filecoin
    ruleset: dict[str, Any] = {}


@dataclass(frozen=True)
class Evidence:
    """The parameters of an audit and where its files lie. A file that is not there is ``None``.

    Attributes:
        folder: The folder.
        chain: The network.
        now: Height of the chain at which the audit stands.
        service: The service that holds the deadlines.
        terms: What the two ask of providers.
        ruleset: The table of rules, as it stands in the file.
        events: Contract events.
        sets: Data sets that are stated whole.
        proofs: Proofs of possession.
        beacons: Beacon rounds.
        posts: Window proofs.
        settlements: Proposed payments.
        spark: Folder of retrieval checks.
    """

    folder: Path
    chain: Chain
    now: int
    service: Service
    terms: Terms
    ruleset: Mapping[str, Any]
    events: Path | None
    sets: Path | None
    proofs: Path | None
    beacons: Path | None
    posts: Path | None
    settlements: Path | None
    spark: Path | None

    @classmethod
    def open(cls, folder: str | Path) -> Evidence:
        """Read ``filecoin.toml`` of a folder and look which files lie beside it.

        Args:
            folder: The folder, or the path of its ``filecoin.toml``.

        Raises:
            InputError: There is no such file, it cannot be read, or a file of evidence lies there twice.
            ConfigurationError: A key is unknown, missing or of a wrong type.
        """
        folder = Path(folder)
        if folder.name == PARAMETERS:
            folder = folder.parent
        parsed = _parsed(folder / PARAMETERS)
        spark = folder / "spark"
        return cls(
            folder=folder,
            chain=parsed.filecoin.chain,
            now=parsed.filecoin.now,
            service=parsed.filecoin.service,
            terms=Terms.of(parsed.filecoin.chain, parsed.filecoin.service),
            ruleset=parsed.ruleset,
            events=_file(folder, "events", _LINES),
            sets=_file(folder, "sets", _LINES),
            proofs=_file(folder, "proofs", (*_LINES, ".parquet")),
            beacons=_file(folder, "beacons", _LINES),
            posts=_file(folder, "posts", _LINES),
            settlements=_file(folder, "settlements", _LINES),
            spark=spark if spark.is_dir() else None,
        )

    def read_events(self) -> Iterator[Event | Refusal]:
        """The contract events in the order of their lines; a refusal for a line that is none."""
        yield from _read(self.events, read_event)

    def read_proposals(self) -> Iterator[Proposal | Refusal]:
        """The proposed payments in the order of their lines; a refusal for a line that is none."""
        yield from _read(self.settlements, read_proposal)

    def replay(self) -> Replay:
        """What follows from the events and from the sets that are stated whole.

        Raises:
            InputError: A file cannot be opened.
        """
        replay = Replay(self.terms, self.now)
        replay.run(self.read_events())
        for members, place in _objects(self.sets):
            restore(members, place, replay)
        return replay


def _objects(path: Path | None) -> Iterator[tuple[Members | Refusal, str]]:
    if path is None:
        return
    for number, found in read_lines(path):
        place = f"{path.name}:{number}"
        if isinstance(found, InputError):
            yield Refusal(place, "unreadable line", str(found)), place
        else:
            yield found, place


def _read(path: Path | None, read: Callable[[Members, str], T | Refusal]) -> Iterator[T | Refusal]:
    for found, place in _objects(path):
        yield found if isinstance(found, Refusal) else read(found, place)


def _parsed(path: Path) -> _File:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path}: expected the parameters of an audit, found no such file",
            hint='It has a table [filecoin] with chain = "mainnet" and now = the height of the chain.',
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from None
    try:
        return _File.model_validate(table)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {explain(error)}") from None


def _file(folder: Path, name: str, endings: tuple[str, ...]) -> Path | None:
    found = [path for ending in endings if (path := folder / f"{name}{ending}").exists()]
    if len(found) > 1:
        raise InputError(
            f"{folder}: expected one file of {name}, found {' and '.join(path.name for path in found)}"
        )
    return found[0] if found else None
