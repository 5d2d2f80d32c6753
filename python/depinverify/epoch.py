"""One epoch on disk: ``epoch.toml`` and the files beside it.

In: an epoch folder. Out: a frozen :class:`Epoch` with every parameter checked. Rule: uptime proof, sections 3
and 9.1. Invariant: whatever is absent gets its default here and nowhere else; floats, unknown keys and wrong
types are errors that name the key's path.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from depinverify import _native
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.models.economy import LARGEST_AMOUNT, decimal_amount
from depinverify.payee import DIGITS, is_payee
from depinverify.ruleset import Ruleset, params_hash
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.canonical import Json
    from depinverify.models.economy import Emission

__all__ = ["Adjustment", "Epoch", "ObservationFile"]

#: Endings of the kinds of observation files, in the order in which messages list them.
OBSERVATION_ENDINGS: Final = (".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".jsonl.zst")


def _signed_decimal(text: str) -> str:
    if not re.fullmatch(r"0|-?[1-9][0-9]{0,77}", text, re.ASCII) or abs(int(text)) > LARGEST_AMOUNT:
        raise ValueError("expected a decimal amount, negative with a minus sign, without leading zeros")
    return text


def _hex(text: str) -> str:
    if not re.fullmatch(r"(?:[0-9a-f]{2})*", text, re.ASCII):
        raise ValueError("expected lower-case hex")
    return text


def _hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII):
        raise ValueError("expected 64 lower-case hex digits")
    return text


def _payee(text: str) -> str:
    if not is_payee(text.lower()):
        raise ValueError(f"expected {DIGITS}")
    return text.lower()


def _ascending(rounds: list[int]) -> list[int]:
    if any(after <= before for before, after in pairwise(rounds)):
        raise ValueError("expected rounds in ascending order, each once")
    return rounds


_Seconds = Annotated[int, Field(ge=0, le=2**53 - 1)]
_Index = Annotated[int, Field(ge=0, le=2**53 - 1)]
_Amount = Annotated[str, AfterValidator(decimal_amount)]
_Hash = Annotated[str, AfterValidator(_hash)]
_Hex = Annotated[str, AfterValidator(_hex)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class _Beacon(_Table):
    chain: str | None = None
    scheme: str | None = None
    public_key: _Hex | None = None
    genesis_time: _Seconds | None = None
    period: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = None
    genesis_seed: _Hex | None = None
    beacon_id: str | None = None
    pinned: bool = False
    missing_rounds: Annotated[
        list[Annotated[int, Field(ge=0, le=2**53 - 1)]], AfterValidator(_ascending)
    ] = []


class _Registry(_Table):
    path: str | None = None
    url: str | None = None
    head: _Hash
    authority: list[str] = []


class _Previous(_Table):
    path: str
    sha256: _Hash


class _Missed(_Table):
    epochs: list[_Index] = []
    pool: _Amount | None = None


class Adjustment(_Table):
    """A signed correction of an earlier epoch (scoring and rewards, 10.4).

    Attributes:
        payee: Whom it concerns, ``0x`` and 40 or 64 lower-case hex digits.
        amount: Decimal, negative with a minus sign.
        reason: Why, as text.
        reference: Hash of the corrected reward file, 64 hex digits.
        jws: Compact JWS of a registry authority over ``{amount, epoch, payee, reason, reference}``.
    """

    payee: Annotated[str, AfterValidator(_payee)]
    amount: Annotated[str, AfterValidator(_signed_decimal)]
    reason: str
    reference: _Hash
    jws: str


class _File(_Table):
    format: Annotated[int, Field(ge=1, le=1)]
    index: _Index
    start: _Seconds
    end: _Seconds
    pool: _Amount | None = None
    slot_seconds: Annotated[int, Field(ge=1, le=2**31)] = 900
    genesis: bool = False
    require_signed_observations: bool = True
    beacon: _Beacon
    registry: _Registry
    previous: _Previous | None = None
    ruleset: dict[str, Any]
    missed: _Missed = _Missed()
    adjustment: list[Adjustment] = []


@dataclass(frozen=True)
class ObservationFile:
    """One file of observations or reference probes.

    Attributes:
        name: Its path below the epoch folder, with ``/``.
        path: Where it lies.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class Epoch:
    """The parameters of one epoch and where its files lie.

    Attributes:
        folder: The epoch folder.
        index: The epoch's index.
        start: First second.
        end: First second after it.
        pool: Amount to divide, in base units.
        slot_seconds: Length of a slot.
        require_signed_observations: Whether unsigned files are quarantined.
        chain: The beacon's chain.
        is_pinned: Whether the beacon's signatures are taken as they are.
        missing_rounds: Rounds that may be absent.
        registry: Path or URL of the registry.
        registry_head: Hash of the last event before the start.
        authority: Keys of the registry authority, as ``did:key``.
        previous: Folder of the previous settlement, ``None`` for the first epoch.
        previous_sha256: SHA-256 of its ``manifest.json``.
        ruleset: The rules.
        params: The flat object of all parameters.
        params_hash: SHA-256 of its canonical JSON.
        missed_epochs: Indices whose pools come in here.
        missed_pool: Their pools in sum.
        adjustments: Corrections of earlier epochs.
    """

    folder: Path
    index: int
    start: int
    end: int
    pool: int
    slot_seconds: int
    require_signed_observations: bool
    chain: _native.BeaconChain
    is_pinned: bool
    missing_rounds: tuple[int, ...]
    registry: str
    registry_head: bytes
    authority: tuple[str, ...]
    previous: Path | None
    previous_sha256: str | None
    ruleset: Ruleset
    params: Mapping[str, Json]
    params_hash: bytes
    missed_epochs: tuple[int, ...]
    missed_pool: int
    adjustments: tuple[Adjustment, ...]

    @classmethod
    def open(cls, folder: str | Path) -> Epoch:
        """Read ``epoch.toml`` of an epoch folder.

        Args:
            folder: The folder, or the path of its ``epoch.toml``.

        Raises:
            InputError: There is no such file, or it cannot be read.
            ConfigurationError: A key is unknown, missing, of a wrong type or contradicts another.
        """
        folder = Path(folder)
        if folder.name == "epoch.toml":
            folder = folder.parent
        path = folder / "epoch.toml"
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise InputError(
                f"{path}: expected the parameters of an epoch, found no such file",
                hint="`depinverify simulate --out epoch` makes a complete epoch folder to look at; evidence of another "
                "network takes `--network` and its name.",
            ) from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: {error}") from None
        try:
            parsed = _File.model_validate(table)
        except ValidationError as error:
            raise ConfigurationError(f"{path}: {explain(error)}") from None
        return cls._from_file(folder, path, parsed)

    @classmethod
    def _from_file(cls, folder: Path, path: Path, parsed: _File) -> Epoch:
        for key in ("start", "end"):
            if getattr(parsed, key) % parsed.slot_seconds:
                raise ConfigurationError(
                    f"{path}: {key}: expected a multiple of slot_seconds {parsed.slot_seconds}, "
                    f"found {getattr(parsed, key)}"
                )
        if parsed.start >= parsed.end:
            raise ConfigurationError(
                f"{path}: end: expected a time after start {parsed.start}, found {parsed.end}"
            )
        if parsed.genesis == (parsed.previous is not None):
            raise ConfigurationError(
                f"{path}: previous: expected {'no' if parsed.genesis else 'a'} table with genesis = "
                f"{str(parsed.genesis).lower()}",
                hint="The first epoch has `genesis = true` and no [previous]; later ones name the settlement before.",
            )
        if (parsed.registry.path is None) == (parsed.registry.url is None):
            raise ConfigurationError(f"{path}: registry: expected exactly one of path and url")
        ruleset = Ruleset.from_table(parsed.ruleset, path=f"{path}: ruleset")
        chain = _chain(path, parsed.beacon)
        params = ruleset.params(slot_seconds=parsed.slot_seconds, chain_hash=chain.hash)
        covered = (*parsed.missed.epochs, parsed.index)
        if any(after <= before for before, after in pairwise(covered)):
            raise ConfigurationError(
                f"{path}: missed.epochs: expected ascending indices below {parsed.index}, found {parsed.missed.epochs}"
            )
        pool, missed_pool = _pools(path, parsed, ruleset)
        return cls(
            folder=folder,
            index=parsed.index,
            start=parsed.start,
            end=parsed.end,
            pool=pool,
            slot_seconds=parsed.slot_seconds,
            require_signed_observations=parsed.require_signed_observations,
            chain=chain,
            is_pinned=parsed.beacon.pinned,
            missing_rounds=tuple(parsed.beacon.missing_rounds),
            registry=parsed.registry.url or str(folder / (parsed.registry.path or "")),
            registry_head=bytes.fromhex(parsed.registry.head),
            authority=tuple(parsed.registry.authority),
            previous=None if parsed.previous is None else folder / parsed.previous.path,
            previous_sha256=None if parsed.previous is None else parsed.previous.sha256,
            ruleset=ruleset,
            params=params,
            params_hash=params_hash(params),
            missed_epochs=tuple(parsed.missed.epochs),
            missed_pool=missed_pool,
            adjustments=tuple(parsed.adjustment),
        )

    def under(self, ruleset: Ruleset) -> Epoch:
        """The same epoch under other rules; what is published, and the hash that is in every draw, stay as they are.

        Raises:
            ConfigurationError: The other ruleset's emission knows no pool for this epoch.
        """
        if ruleset.emission in (None, self.ruleset.emission):
            return replace(self, ruleset=ruleset)
        pool, missed_pool = _emitted(ruleset.emission, self.index, self.missed_epochs)
        if missed_pool is None:
            missed_pool = self.missed_pool
        return replace(self, ruleset=ruleset, pool=pool, missed_pool=missed_pool)

    @property
    def slots(self) -> int:
        """Number of slots."""
        return (self.end - self.start) // self.slot_seconds

    def observation_files(self) -> list[ObservationFile]:
        """The files of ``observations/`` that are neither signatures nor folders, ascending by name."""
        return self._files("observations")

    def reference_files(self) -> list[ObservationFile]:
        """The files of ``reference/`` that are neither signatures nor folders, ascending by name."""
        return self._files("reference")

    def _files(self, below: str) -> list[ObservationFile]:
        folder = self.folder / below
        if not folder.is_dir():
            return []
        found = (path for path in folder.iterdir() if path.suffix != ".jws" and not path.is_dir())
        # A name that is no UTF-8 is one bad file and stops nobody's pay, so names are compared as their bytes.
        names = sorted((os.fsencode(path.name), path) for path in found)
        return [ObservationFile(f"{below}/{name.decode('utf-8', 'replace')}", path) for name, path in names]

    def read(self, name: str, *, is_required: bool = True) -> bytes:
        """The bytes of a file of the epoch folder.

        Args:
            name: File name, such as ``beacon.jsonl``.
            is_required: Whether an absent file is an error; otherwise it is empty.

        Raises:
            InputError: The file cannot be read.
        """
        path = self.folder / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            if not is_required:
                return b""
            raise InputError(f"{path}: expected a file of the epoch, found none") from None
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None


def _pools(path: Path, parsed: _File, ruleset: Ruleset) -> tuple[int, int]:
    """The pool of the epoch and that of the missed ones: as stated, or as the ruleset's emission has them."""
    pool, missed = parsed.pool, parsed.missed.pool
    if ruleset.emission is None:
        if pool is None:
            raise ConfigurationError(
                f"{path}: pool: expected a decimal amount, found none",
                hint="Only a ruleset with a table [ruleset.emission] says by itself what an epoch's pool is.",
            )
        return int(pool), int(missed or 0)
    try:
        expected = _emitted(ruleset.emission, parsed.index, parsed.missed.epochs)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: ruleset.{error}") from None
    for key, stated, emitted in (("pool", pool, expected[0]), ("missed.pool", missed, expected[1])):
        if stated is not None and emitted is not None and int(stated) != emitted:
            raise ConfigurationError(
                f"{path}: {key}: expected {emitted} by ruleset.emission, found {stated}",
                hint="Without this key the pool is what the emission says.",
            )
    return expected[0], int(missed or 0) if expected[1] is None else expected[1]


def _emitted(emission: Emission, index: int, missed: Sequence[int]) -> tuple[int, int | None]:
    """The pool of an epoch and that of the missed ones; ``None`` where one of these is older than the emission."""
    if any(one < emission.first_epoch for one in missed):
        return emission.pools([index])[0], None
    *before, pool = emission.pools([*missed, index])
    return pool, sum(before)


def _chain(path: Path, beacon: _Beacon) -> _native.BeaconChain:
    inline = ("scheme", "public_key", "genesis_time", "period", "genesis_seed", "beacon_id")
    given = [key for key in inline if getattr(beacon, key) is not None]
    if beacon.chain is not None:
        if given:
            raise ConfigurationError(
                f"{path}: beacon: expected either chain or an inline chain, found both ({given[0]})"
            )
        try:
            return _native.BeaconChain.named(beacon.chain)
        except InputError as error:
            raise ConfigurationError(f"{path}: beacon.chain: {error}") from None
    if len(given) != len(inline):
        missing = next(key for key in inline if key not in given)
        raise ConfigurationError(f"{path}: beacon.{missing}: expected a value, found none")
    try:
        return _native.BeaconChain(
            scheme=beacon.scheme or "",
            public_key=bytes.fromhex(beacon.public_key or ""),
            genesis_time=beacon.genesis_time or 0,
            period=beacon.period or 0,
            genesis_seed=bytes.fromhex(beacon.genesis_seed or ""),
            beacon_id=beacon.beacon_id or "",
        )
    except InputError as error:
        raise ConfigurationError(f"{path}: beacon: {error}") from None
