"""The rules under which a Filecoin settlement is made: every parameter that reaches a number, and their hash.

In: the table ``[ruleset]`` of ``filecoin.toml``, or the ``params`` of a published manifest. Out: frozen
:class:`Rules`, the canonical ``params`` and their hash. Rule: Filecoin, C3 to C7, F1 and F2; the constants of the
network itself (leaves, challenges, prices, the reward of a round) are no parameters. Invariant: a version of a ready
ruleset never changes, and a table that calls itself by its name states nothing else; an absent key has its default
before anything is hashed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from depinverify.canonical import LARGEST_INTEGER, Json, canonical_sha256
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.networks.filecoin import spark
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["READY", "Objectives", "Reputation", "RetrievalRules", "Rules", "Windows"]

_MILLION: Final = 10**6

_Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
_Positive = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
_Millionths = Annotated[int, Field(ge=0, le=_MILLION)]
_Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Objectives(_Table):
    """What a provider should reach (F1). Rates are in millionths.

    Attributes:
        health_ppm: Active sectors without a fault, at least.
        retrieval_ppm: Retrievals that succeed, at least.
        transfer_ppm: Uploads and retrievals that succeed for approval, at least.
        transfer_samples: How many it takes to tell.
        fault_ppm: Challenges that fail, at most.
        fault_samples: How many challenges it takes to tell.
    """

    health_ppm: _Millionths = 950_000
    retrieval_ppm: _Millionths = 900_000
    transfer_ppm: _Millionths = 970_000
    transfer_samples: _Positive = 200
    fault_ppm: _Millionths = 2_000
    fault_samples: _Positive = 500


class Reputation(_Table):
    """Weights of the parts of a reputation, in hundredths (F2). A part that is missing counts nothing."""

    proving: _Count = 40
    retrieval: _Count = 35
    storage: _Count = 25

    @model_validator(mode="after")
    def _hundred(self) -> Self:
        total = self.proving + self.retrieval + self.storage
        if total != 100:  # noqa: PLR2004
            raise ValueError(f"expected weights that are 100 together, found {total}")
        return self


class RetrievalRules(_Table):
    """How a round of retrieval checks is evaluated (C1, C4, C5, C7).

    Attributes:
        detects_fraud: Whether measurements must be of tasks that the station was given, one per task and subnet; and
            whether they are rewarded.
        required_committee_size: Members without which a committee decides nothing, where a round does not say it.
        validity: What a measurement must say: as it was while strangers were paid, or as it is now.
        outages: Whether measurements that met an indexer out of order count in the rates.
        unrewarded_from: The Filecoin epoch from which on rounds have the network's later rules instead of these: nobody
            is rewarded, fraud is not looked for, and a committee may be one measurement. ``None``: never.
    """

    detects_fraud: bool = True
    required_committee_size: _Positive = 30
    validity: Literal["historical", "current"] = "historical"
    outages: Literal["counted", "left_out"] = "counted"
    unrewarded_from: _Count | None = None

    def at(self, start_epoch: int | None) -> spark.Rules:
        """The rules of a round that starts at this Filecoin epoch.

        Raises:
            InputError: They depend on the start, and it is not known.
        """
        if self.unrewarded_from is not None:
            if start_epoch is None:
                raise InputError(
                    f"startEpoch: expected a number, as the rules change at epoch {self.unrewarded_from}, found none"
                )
            if start_epoch >= self.unrewarded_from:
                return spark.Rules.of("unrewarded")
        return spark.Rules(self.detects_fraud, self.required_committee_size, self.validity, self.outages)


class Windows(_Table):
    """Windows of a score by availability; a proving period is a slot that is up when it was proven.

    Attributes:
        window_s: Seconds of a window.
        tracking_s: Seconds that a score looks back.
        min_data_windows: Windows from which a score is more than provisional.
    """

    window_s: _Positive = 86_400
    tracking_s: _Positive = 30 * 86_400
    min_data_windows: _Positive = 7

    @model_validator(mode="after")
    def _whole_windows(self) -> Self:
        if self.tracking_s % self.window_s:
            raise ValueError(
                f"tracking_s: expected a multiple of window_s = {self.window_s}, found {self.tracking_s}"
            )
        return self


class Rules(_Table):
    """All parameters of one ruleset.

    Attributes:
        name: How it is called.
        version: Its version.
        score: What a provider's score is: ``proving``, the lower bound of its rate of proven periods; ``windows``, its
            windowed availability over periods; ``retrieval``, the lower bound of its rate of retrievals.
        weight: What a score is multiplied with where a pool is divided: ``proven_bytes`` or ``retrievals``, those
            that succeeded.
        allocation: How the units are given that a division leaves.
        windows: For ``score = "windows"``.
        objectives: What a provider should reach.
        reputation: What a reputation is made of.
        retrieval: How retrieval checks are evaluated.
    """

    name: _Name
    version: _Name
    score: Literal["proving", "windows", "retrieval"]
    weight: Literal["proven_bytes", "retrievals"]
    allocation: Literal["largest_remainder", "floor_to_sink", "carry"] = "largest_remainder"
    windows: Windows = Windows()
    objectives: Objectives = Objectives()
    reputation: Reputation = Reputation()
    retrieval: RetrievalRules = RetrievalRules()

    @classmethod
    def from_table(cls, table: Mapping[str, object], *, path: str = "ruleset") -> Self:
        """Read the table ``[ruleset]``; absent keys get the defaults of the named ruleset.

        Args:
            table: The table as a TOML reader gives it. A name that is not ready starts from ``filecoin-pdp`` 1.
            path: How messages call it.

        Raises:
            ConfigurationError: An unknown key, a wrong type, an unknown version of a ready ruleset, or a ready one
                with a changed key.
        """
        ready = _defaults(table, path)
        found = cls._read({**ready, **table}, path)
        if found.name in READY:
            _refuse_changes(found, cls._read(ready, path), path)
        return found

    @classmethod
    def from_params(cls, params: Mapping[str, object], *, path: str = "params") -> Self:
        """Read complete parameters, as published; nothing is filled in.

        Raises:
            ConfigurationError: A key is absent, unknown or wrong, or a ready ruleset is changed.
        """
        missing = sorted(cls.model_fields.keys() - params.keys())
        if missing:
            raise ConfigurationError(f"{path}: expected the key {missing[0]}, found none")
        found = cls.from_table(params, path=path)
        if found.params() != params:
            raise ConfigurationError(f"{path}: expected every key of every table, found a table without some")
        return found

    @classmethod
    def _read(cls, given: Mapping[str, object], path: str) -> Self:
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            raise ConfigurationError(explain(error, path)) from None

    def params(self) -> dict[str, Json]:
        """Every parameter, as it is published and hashed; one that is ``None`` is left out."""
        return dict(self.model_dump(mode="json", exclude_none=True))

    @property
    def params_hash(self) -> bytes:
        """SHA-256 of the canonical JSON of the parameters."""
        return canonical_sha256(self.params())


_PDP: Final[dict[str, Any]] = {
    "score": "proving",
    "weight": "proven_bytes",
}
_SPARK: Final[dict[str, Any]] = {
    "score": "retrieval",
    "weight": "retrievals",
}

#: Name -> version -> parameters that have no default of their own. Neither these nor the defaults ever change.
READY: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "filecoin-pdp": {"1": _PDP},
    "filecoin-spark": {"1": _SPARK},
}


def _defaults(table: Mapping[str, object], path: str) -> dict[str, Any]:
    """Parameters that the table may leave out; ``name`` and ``version`` only with a ready ruleset."""
    name, version = table.get("name"), table.get("version")
    if not isinstance(name, str) or name not in READY:
        return _PDP
    ready = READY[name].get(version if isinstance(version, str) else "")
    if ready is None:
        raise ConfigurationError(
            f"{path}.version: expected a version of {name} ({', '.join(READY[name])}), found {version!r}"
        )
    return {**ready, "name": name, "version": version}


def _refuse_changes(found: Rules, ready: Rules, path: str) -> None:
    """Refuse rules that call themselves by the name of a ready ruleset and differ from it."""
    for key in Rules.model_fields:
        expected, value = getattr(ready, key), getattr(found, key)
        if value != expected:
            raise ConfigurationError(
                f"{path}.{key}: expected what {ready.name} {ready.version} fixes, found another value",
                hint="A changed rule is a ruleset of its own: give it another name, and state its keys.",
            )
