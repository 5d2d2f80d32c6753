"""The ruleset of an epoch: every parameter that reaches a result, and its hash.

In: the table ``[ruleset]`` of ``epoch.toml``, or the ``params`` object of a published reward file. Out: a
frozen :class:`Ruleset`, the canonical ``params`` object, and ``params_hash``. Rule: uptime proof, section
3. Invariant: an absent key gets the default of the named ruleset *before* anything is hashed, so two files
that mean the same have one hash; floats, unknown keys and wrong types are errors that name the key's path.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from depinverify.canonical import LARGEST_INTEGER, Json, canonical_sha256
from depinverify.exceptions import ConfigurationError
from depinverify.models.economy import (
    LARGEST_AMOUNT,
    Emission,
    Levels,
    Utilisation,
    ValidatorShare,
    decimal_amount,
)
from depinverify.models.settings import Models  # noqa: TC001 - pydantic reads the annotation
from depinverify.rulesets import READY
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULTS", "LARGEST_AMOUNT", "ONE", "SUSPECT_CODES", "Ruleset", "params_hash"]

#: One in fixed point: scores, ratios and multipliers are integers in this scale.
ONE: Final = 10**12

#: Statistical indicators: they change pay only where ``zero_on_suspect`` names them.
SUSPECT_CODES: Final = frozenset(
    {
        "CLIQUE_INSULARITY",
        "CLOCK_SKEW",
        "CLONE_TIMING",
        "CONSTANT_DATA",
        "COUNTER_AHEAD",
        "DUPLICATE_CONFLICT",
        "FAVOURITISM",
        "MINORITY_REPORTER",
        "OFF_SCHEDULE",
        "REPLAY",
        "SHARED_OUTAGE",
        "TOO_REGULAR",
        "UNKNOWN_DEVICE",
        "VALIDATOR_SILENT",
        "WITNESS_CONCENTRATION",
        "WITNESS_RECIPROCITY",
    }
)

_GENERIC: Final[dict[str, Any]] = {
    "validators_per_probe": 3,
    "quorum": 2,
    "select_num": 1,
    "select_den": 1,
    "deadline_ms": 5000,
    "late_limit_ms": 30000,
    "skew_s": 120,
    "window_s": 43200,
    "tracking_s": 2592000,
    "pay_no_data": False,
    "pay_provisional": True,
    "curve": [[0, 0], [799999999999, 0], [800000000000, 500000000000], [995000000000, ONE], [ONE, ONE]],
    "counter_grace_s": 60,
    "location_tolerance_m": 1000,
    "require_location": False,
    "network_event": "count",
    "max_per_cluster": 0,
    "max_per_cell": 0,
    "allocation": "largest_remainder",
    "min_payout": "0",
    "class_multipliers": {},
    "zero_on_suspect": [],
    "filler": False,
}

#: Defaults by the ruleset's name. A name that is not here starts from ``generic``. ``min_data_windows`` is
#: absent where it follows from the window and the tracking period.
DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "generic": _GENERIC,
    "simulation": {
        **_GENERIC,
        "window_s": 3600,
        "tracking_s": 86400,
        "min_data_windows": 12,
        "max_per_cluster": 2,
    },
}


def _suspect_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Accept ascending, distinct codes of statistical indicators."""
    for code in codes:
        if code not in SUSPECT_CODES:
            raise ValueError(f"{code!r} is no indicator of severity SUSPECT")
    if list(codes) != sorted(set(codes)):
        raise ValueError("expected distinct codes in ascending order")
    return codes


def _payout_curve(knots: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Accept a curve over the whole range of scores that never falls."""
    if len(knots) < 2 or knots[0][0] != 0 or knots[-1][0] != ONE:  # noqa: PLR2004 - a line needs two points
        raise ValueError(f"expected knots from x = 0 to x = {ONE}")
    for (x0, y0), (x1, y1) in pairwise(knots):
        if x1 <= x0 or y1 < y0:
            raise ValueError(f"expected x rising and y never falling, found [{x0}, {y0}] before [{x1}, {y1}]")
    return knots


def _payee_type(name: str | None) -> str | None:
    """Addresses are what every ruleset pays that says nothing else."""
    return None if name == "address" else name


#: What a ruleset may do without; then it is no parameter.
OPTIONAL: Final = frozenset({"payee_type", "models", "emission", "utilisation", "validators", "levels"})

Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Positive = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
Name = Annotated[str, Field(min_length=1)]


class Ruleset(BaseModel):
    """All parameters of one ruleset, complete and checked. Immutable: a change is a new version."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: Name
    version: Name
    validators_per_probe: Positive
    quorum: Positive
    select_num: Positive
    select_den: Positive
    deadline_ms: Count
    late_limit_ms: Count
    skew_s: Count
    window_s: Positive
    tracking_s: Positive
    min_data_windows: Positive
    pay_no_data: bool
    pay_provisional: bool
    curve: Annotated[tuple[tuple[Count, Count], ...], AfterValidator(_payout_curve)]
    counter_grace_s: Count
    location_tolerance_m: Count
    require_location: bool
    network_event: Literal["count", "exclude"]
    max_per_cluster: Count
    max_per_cell: Count
    allocation: Literal["largest_remainder", "floor_to_sink", "carry"]
    min_payout: Annotated[str, AfterValidator(decimal_amount)]
    class_multipliers: dict[str, Count]
    zero_on_suspect: Annotated[tuple[str, ...], AfterValidator(_suspect_codes)]
    filler: bool
    payee_type: Annotated[Literal["address", "bytes32"] | None, AfterValidator(_payee_type)] = None
    models: Models | None = None
    emission: Emission | None = None
    utilisation: Utilisation | None = None
    validators: ValidatorShare | None = None
    levels: Levels | None = None

    @property
    def type_of_payees(self) -> str:
        """Type of the payees in the leaves of the claim tree; others are not paid."""
        return self.payee_type or "address"

    @model_validator(mode="after")
    def _parameters_fit_together(self) -> Self:
        """Refuse parameters that contradict each other."""
        k = self.validators_per_probe
        if k % 2 == 0:
            raise ValueError(f"validators_per_probe: expected an odd number, found {k}")
        for key, limit in (
            ("quorum", "validators_per_probe"),
            ("select_num", "select_den"),
        ):
            value, largest = getattr(self, key), getattr(self, limit)
            if value > largest:
                raise ValueError(f"{key}: expected at most {limit} = {largest}, found {value}")
        if self.tracking_s % self.window_s:
            raise ValueError(
                f"tracking_s: expected a multiple of window_s = {self.window_s}, found {self.tracking_s}"
            )
        return self

    @classmethod
    def from_table(cls, table: Mapping[str, object], *, path: str = "ruleset") -> Self:
        """Read the table ``[ruleset]`` of ``epoch.toml``; absent keys get the defaults of the named ruleset.

        Args:
            table: The table as a TOML reader gives it.
            path: How messages call the table.

        Raises:
            ConfigurationError: An unknown key, a missing ``name`` or ``version``, a float, a wrong type
                or a value that contradicts another; the message holds the key's path.
        """
        defaults = _defaults(table, path)
        found = cls._complete({**defaults, **table}, path)
        if found.name in READY:
            _refuse_changes(found, cls._complete(defaults, path), path)
        return found

    @classmethod
    def _complete(cls, given: Mapping[str, object], path: str) -> Self:
        complete = dict(given)
        if "min_data_windows" not in complete:
            complete["min_data_windows"] = _half_of_the_windows(complete["tracking_s"], complete["window_s"])
        complete = {key: _frozen(value) for key, value in complete.items()}
        try:
            return cls.model_validate(complete)
        except ValidationError as error:
            raise ConfigurationError(explain(error, path)) from None

    @classmethod
    def from_params(cls, params: Mapping[str, object], *, path: str = "params") -> Self:
        """Read a complete ``params`` object, as published; nothing is filled in.

        Args:
            params: The object; ``slot_seconds`` and ``chain_hash`` belong to the epoch, not to the ruleset.
            path: How messages call the object.

        Raises:
            ConfigurationError: A key is absent, unknown or wrong.
        """
        own = {key: value for key, value in params.items() if key not in {"slot_seconds", "chain_hash"}}
        missing = sorted(set(cls.model_fields) - OPTIONAL - set(own))
        if missing:
            raise ConfigurationError(f"{path}: expected the key {missing[0]}, found none")
        return cls.from_table(own, path=path)

    def params(self, *, slot_seconds: int, chain_hash: bytes) -> dict[str, Json]:
        """The flat object that is published and hashed.

        Args:
            slot_seconds: Length of a slot; windows must hold whole slots.
            chain_hash: Hash of the beacon's chain, 32 bytes.

        Raises:
            ConfigurationError: A window is not a multiple of the slot.
        """
        if slot_seconds < 1 or self.window_s % slot_seconds:
            raise ConfigurationError(
                f"ruleset.window_s: expected a multiple of slot_seconds {slot_seconds}, found {self.window_s}"
            )
        # What is not used is no parameter, so rulesets from before it was known keep their hash.
        values: dict[str, Json] = self.model_dump(mode="json", exclude_none=True)
        values["slot_seconds"] = slot_seconds
        values["chain_hash"] = chain_hash.hex()
        return dict(sorted(values.items()))


def _refuse_changes(found: Ruleset, ready: Ruleset, path: str) -> None:
    """Refuse rules that call themselves by the name of a ready ruleset and differ from it."""
    for key in Ruleset.model_fields:
        expected, value = getattr(ready, key), getattr(found, key)
        if value != expected:
            raise ConfigurationError(
                f"{path}.{key}: expected {expected!r}, which {ready.name} {ready.version} fixes, found {value!r}",
                hint="A changed rule is a ruleset of its own: give it another name, and state its keys.",
            )


def _defaults(table: Mapping[str, object], path: str) -> Mapping[str, object]:
    """Parameters that the table may leave out."""
    name, version = table.get("name"), table.get("version")
    if not isinstance(name, str):
        return _GENERIC
    if name not in READY:
        defaults: Mapping[str, object] = DEFAULTS.get(name, _GENERIC)
        return defaults
    ready = READY[name].get(version if isinstance(version, str) else "")
    if ready is None:
        raise ConfigurationError(
            f"{path}.version: expected a version of {name} ({', '.join(READY[name])}), found {version!r}"
        )
    return {**_GENERIC, **ready, "name": name, "version": version}


def params_hash(params: Mapping[str, Json]) -> bytes:
    """SHA-256 of the canonical JSON of ``params``: the name under which an epoch's rules are known."""
    return canonical_sha256(params)


def _half_of_the_windows(tracking_s: object, window_s: object) -> int:
    """``ceil(T / 2W)``; wrong types are left for the model to refuse by name."""
    if isinstance(tracking_s, int) and isinstance(window_s, int) and tracking_s > 0 and window_s > 0:
        return -(-tracking_s // (2 * window_s))
    return 0


def _frozen(value: object) -> object:
    """Lists as the tuples that a frozen model keeps, however deep."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    return {key: _frozen(inner) for key, inner in value.items()} if isinstance(value, dict) else value
