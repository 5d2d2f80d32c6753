"""A reward file as columns, with every value checked before it is used.

In: ``rewards.json`` of anybody. Out: :class:`RewardFile`. Rule: scoring specification, section 11.9. Invariant:
devices and payees ascend and stand once each, so columns of two files can be laid beside each other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from depinverify.audit import forms
from depinverify.audit.forms import MalformedError
from depinverify.audit.shares import ValidatorPaid, read_classes, read_validators
from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.models.tracks import TrackScore
from depinverify.payee import leaf_encoding
from depinverify.reward import Multiplier
from depinverify.reward.columns import STATES
from depinverify.reward.publish import FORMAT
from depinverify.ruleset import ONE, Ruleset

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify.models.settings import TrackName
    from depinverify.reward.division import ClassLine

__all__ = [
    "INPUTS",
    "MONEY",
    "OPTIONAL_INPUTS",
    "OPTIONAL_MONEY",
    "Entries",
    "EpochTerms",
    "Merkle",
    "Payees",
    "RewardFile",
    "input_names",
]

FILE: Final = "rewards.json"
#: Hashes that manifest and reward file name.
INPUTS: Final = (
    "observations", "annotations", "registry", "beacon", "secrets", "references", "exclusions", "previous",
)  # fmt: skip
#: Hashes that only a ruleset with the right table has.
OPTIONAL_INPUTS: Final = ("work",)
#: Terms of the balance.
MONEY: Final = (
    "pool", "carried_in", "missed_pools", "adjustments", "allocated", "paid", "carried_delta", "sink", "burned",
    "withheld", "remainder",
)  # fmt: skip
#: Terms that only a ruleset with the right table has; 0 where there are none.
OPTIONAL_MONEY: Final = ("to_validators",)
_SIGNED: Final = frozenset({"adjustments", "carried_delta"})
_MEMBERS: Final = frozenset(
    {
        "format", "ruleset", "params", "params_hash", "epoch", "inputs", "registry_head", "entries", "payees",
        "indicators", "exclusions", "transitions", "merkle", *MONEY,
    }
)  # fmt: skip
_ENTRY: Final = frozenset(
    {"device", "payee", "score_e12", "state", "multipliers", "weight", "amount", "reasons"}
)
_WITHHELD: Final = frozenset({"withheld"})
_CLASS: Final = frozenset({"class"})
_TRACKS: Final = frozenset({"tracks"})
_TRACK: Final = frozenset({"track", "score_e12", "cost_e12"})
_MULTIPLIER: Final = frozenset({"name", "value", "reason"})
_PAYEE: Final = frozenset({"payee", "amount", "paid", "carried", "cumulative"})
_INDICATOR: Final = frozenset({"code", "severity", "subjects", "numbers", "evidence"})
_TRANSITION: Final = frozenset({"device", "at", "from", "to", "rule", "numbers"})
_EXCLUSION: Final = frozenset({"slot", "validator", "reason", "n", "f", "n2", "f2", "ok", "total"})


@dataclass(frozen=True, slots=True)
class EpochTerms:
    """Which epoch it is."""

    index: int
    start: int
    end: int
    epochs_covered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """The devices' lines, ascending by device.

    Nothing is withheld where the ruleset has no models, classes are unknown where it has no levels, and where it has
    no tracks there are none.
    """

    device: list[str]
    payee: list[str | None]
    score_e12: list[int]
    state: list[str]
    multipliers: list[tuple[Multiplier, ...]]
    weight: list[int]
    amount: list[int]
    reasons: list[tuple[str, ...]]
    withheld: list[int]
    class_name: list[str | None]
    tracks: list[tuple[TrackScore, ...]]


@dataclass(frozen=True, slots=True)
class Payees:
    """The payees' lines, ascending by payee."""

    payee: list[str]
    amount: list[int]
    paid: list[int]
    carried: list[int]
    cumulative: list[int]


@dataclass(frozen=True, slots=True)
class Merkle:
    """What the reward file says about the claim tree."""

    root: str | None
    file: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RewardFile:
    """The content of ``rewards.json``.

    Attributes:
        is_canonical: Whether the bytes are the one canonical form of the content.
        ruleset_name: Name and version of the ruleset.
        ruleset: The rules.
        params: All parameters.
        params_hash: Their hash, as published.
        epoch: Which epoch it is.
        inputs: Content hashes of everything that went in.
        registry_head: Hash of the last event before the epoch.
        money: Terms of the balance.
        entries: The devices.
        payees: The payees.
        indicators: Findings of the settlement.
        exclusions: The exclusion log.
        transitions: Changes of standing.
        merkle: The claim tree.
        validators: The validators; none where the ruleset has no share for them.
        classes: The classes of devices; none where the ruleset has no levels.
    """

    is_canonical: bool
    ruleset_name: str
    ruleset: Ruleset
    params: dict[str, Any]
    params_hash: str
    epoch: EpochTerms
    inputs: dict[str, str | None]
    registry_head: str
    money: dict[str, int]
    entries: Entries
    payees: Payees
    indicators: list[dict[str, Any]]
    exclusions: list[dict[str, Any]]
    transitions: list[dict[str, Any]]
    merkle: Merkle
    validators: tuple[ValidatorPaid, ...]
    classes: tuple[ClassLine, ...]

    @classmethod
    def read(cls, path: Path) -> RewardFile:
        """Read a reward file.

        Raises:
            MalformedError: It is none.
        """
        content, document = forms.load(path)
        if not isinstance(document, dict):
            raise MalformedError(FILE, "$", "an object", document)
        if document.get("format") != FORMAT:
            raise MalformedError(FILE, "format", FORMAT, document.get("format"))
        rules, params = _params(document.get("params"))
        optional = _optional(rules)
        forms.members(document, FILE, "$", _MEMBERS | optional)
        return cls(
            is_canonical=_canonical_sha256(document) == hashlib.sha256(content).digest(),
            ruleset_name=forms.text(document["ruleset"], FILE, "ruleset"),
            ruleset=rules,
            params=params,
            params_hash=forms.hash_hex(document["params_hash"], FILE, "params_hash"),
            epoch=_epoch(document["epoch"]),
            inputs=input_names(document["inputs"], FILE, has_work=rules.utilisation is not None),
            registry_head=forms.hash_hex(document["registry_head"], FILE, "registry_head"),
            money={
                name: forms.amount(document.get(name, "0"), FILE, name, is_signed=name in _SIGNED)
                for name in MONEY + OPTIONAL_MONEY
            },
            entries=_entries(document["entries"], rules),
            payees=_payees(document["payees"]),
            indicators=_indicators(document["indicators"]),
            exclusions=_exclusions(document["exclusions"]),
            transitions=_transitions(document["transitions"], has_models=rules.models is not None),
            merkle=_merkle(document["merkle"], rules),
            validators=read_validators(document["validators"], FILE) if "validators" in optional else (),
            classes=read_classes(document["classes"], FILE) if "classes" in optional else (),
        )


def input_names(value: Any, file: str, *, has_work: bool | None = None) -> dict[str, str | None]:  # noqa: ANN401
    """The object ``inputs`` of reward file or manifest.

    Args:
        value: The object.
        file: Which file it stands in.
        has_work: Whether paid work is an input, ``None`` where the file does not say under which ruleset.
    """
    if has_work is None:
        has_work = isinstance(value, dict) and "work" in value
    names = INPUTS + OPTIONAL_INPUTS if has_work else INPUTS
    given = forms.members(value, file, "inputs", names)
    return {
        name: None if given[name] is None else forms.hash_hex(given[name], file, f"inputs.{name}")
        for name in names
    }


def _canonical_sha256(document: dict[str, Any]) -> bytes:
    """Hash of the canonical form, an element of a long array at a time."""
    digest = hashlib.sha256()
    before = "{"
    try:
        for name in sorted(document):
            digest.update((before + _dumps(name) + ":").encode())
            value = document[name]
            if isinstance(value, list):
                comma = "["
                for element in value:
                    digest.update((comma + _dumps(element)).encode())
                    comma = ","
                digest.update(b"]" if value else b"[]")
            else:
                digest.update(_dumps(value).encode())
            before = ","
    except UnicodeEncodeError:
        return b""  # a lone surrogate has no canonical form
    digest.update(b"}")
    return digest.digest()


def _dumps(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _params(value: Any) -> tuple[Ruleset, dict[str, Any]]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise MalformedError(FILE, "params", "an object", value)
    try:
        rules = Ruleset.from_params(value)
        slot_seconds = forms.count(value.get("slot_seconds"), FILE, "params.slot_seconds")
        chain_hash = forms.hash_hex(value.get("chain_hash"), FILE, "params.chain_hash")
        rules.params(slot_seconds=slot_seconds, chain_hash=bytes.fromhex(chain_hash))
        canonical_json(value)
    except InputError as error:
        raise MalformedError(FILE, "params", "the parameters of an epoch", str(error)) from None
    return rules, value


def _optional(rules: Ruleset) -> frozenset[str]:
    """Members that only a ruleset with the right table has."""
    classes = frozenset() if rules.levels is None else frozenset({"classes"})
    return classes if rules.validators is None else classes | {"validators", *OPTIONAL_MONEY}


def _epoch(value: Any) -> EpochTerms:  # noqa: ANN401
    given = forms.members(value, FILE, "epoch", ("index", "start", "end", "epochs_covered"))
    index, start, end = (
        forms.count(given[name], FILE, f"epoch.{name}") for name in ("index", "start", "end")
    )
    if start >= end:
        raise MalformedError(FILE, "epoch.end", f"a time after {start}", end)
    covered = forms.array(given["epochs_covered"], FILE, "epoch.epochs_covered")
    return EpochTerms(
        index, start, end, tuple(forms.count(one, FILE, "epoch.epochs_covered") for one in covered)
    )


def _entries(value: Any, rules: Ruleset) -> Entries:  # noqa: ANN401
    columns = Entries([], [], [], [], [], [], [], [], [], [], [])
    has_models, has_levels = rules.models is not None, rules.levels is not None
    order = () if rules.models is None or rules.models.tracks is None else rules.models.tracks.order
    expected = _ENTRY | (_WITHHELD if has_models else set()) | (_CLASS if has_levels else set())
    expected |= _TRACKS if order else set()
    # Few different chains, reasons and tracks stand in many entries: each is kept once.
    chains: dict[tuple[Multiplier, ...], tuple[Multiplier, ...]] = {}
    reasons: dict[tuple[str, ...], tuple[str, ...]] = {}
    known: dict[tuple[TrackScore, ...], tuple[TrackScore, ...]] = {}
    for position, entry in enumerate(forms.array(value, FILE, "entries")):
        where = f"entries[{position}]"
        forms.members(entry, FILE, where, expected)
        if entry["state"] not in STATES:
            raise MalformedError(FILE, f"{where}.state", f"one of {', '.join(STATES)}", entry["state"])
        chain = _chain(entry["multipliers"], where)
        named = tuple(
            forms.text(one, FILE, f"{where}.reasons")
            for one in forms.array(entry["reasons"], FILE, f"{where}.reasons")
        )
        payee, class_name = entry["payee"], entry.get("class")
        columns.device.append(forms.hex_bytes(entry["device"], FILE, f"{where}.device"))
        columns.payee.append(None if payee is None else forms.payee(payee, FILE, f"{where}.payee"))
        columns.score_e12.append(forms.count(entry["score_e12"], FILE, f"{where}.score_e12", ONE))
        columns.state.append(entry["state"])
        columns.multipliers.append(chains.setdefault(chain, chain))
        columns.weight.append(forms.amount(entry["weight"], FILE, f"{where}.weight"))
        columns.amount.append(forms.amount(entry["amount"], FILE, f"{where}.amount"))
        columns.reasons.append(reasons.setdefault(named, named))
        columns.withheld.append(
            forms.amount(entry["withheld"], FILE, f"{where}.withheld") if has_models else 0
        )
        columns.class_name.append(
            None if class_name is None else forms.text(class_name, FILE, f"{where}.class")
        )
        tracks = _tracks(entry["tracks"], order, f"{where}.tracks") if order else ()
        columns.tracks.append(known.setdefault(tracks, tracks))
    _refuse_disorder(columns.device, "entries")
    return columns


def _chain(value: Any, where: str) -> tuple[Multiplier, ...]:  # noqa: ANN401
    chain = []
    for one in forms.array(value, FILE, f"{where}.multipliers"):
        forms.members(one, FILE, f"{where}.multipliers", _MULTIPLIER)
        name, reason = one["name"], one["reason"]
        chain.append(
            Multiplier(
                forms.text(name, FILE, f"{where}.multipliers.name"),
                forms.count(one["value"], FILE, f"{where}.multipliers.value"),
                None if reason is None else forms.text(reason, FILE, f"{where}.multipliers.reason"),
            )
        )
    return tuple(chain)


def _tracks(value: Any, order: tuple[TrackName, ...], where: str) -> tuple[TrackScore, ...]:  # noqa: ANN401
    given = forms.array(value, FILE, where)
    if [one.get("track") if isinstance(one, dict) else None for one in given] != list(order):
        raise MalformedError(FILE, where, f"the tracks {', '.join(order)}", given)
    found = []
    for track, one in zip(order, given, strict=True):
        forms.members(one, FILE, where, _TRACK)
        score = forms.count(one["score_e12"], FILE, f"{where}.score_e12", ONE)
        found.append(TrackScore(track, score, forms.count(one["cost_e12"], FILE, f"{where}.cost_e12")))
    return tuple(found)


def _payees(value: Any) -> Payees:  # noqa: ANN401
    columns = Payees([], [], [], [], [])
    for position, line in enumerate(forms.array(value, FILE, "payees")):
        where = f"payees[{position}]"
        forms.members(line, FILE, where, _PAYEE)
        columns.payee.append(forms.payee(line["payee"], FILE, f"{where}.payee"))
        columns.amount.append(forms.amount(line["amount"], FILE, f"{where}.amount", is_signed=True))
        columns.paid.append(forms.amount(line["paid"], FILE, f"{where}.paid"))
        columns.carried.append(forms.amount(line["carried"], FILE, f"{where}.carried"))
        columns.cumulative.append(forms.amount(line["cumulative"], FILE, f"{where}.cumulative"))
    _refuse_disorder(columns.payee, "payees")
    return columns


def _indicators(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    for position, one in enumerate(forms.array(value, FILE, "indicators")):
        where = f"indicators[{position}]"
        forms.members(one, FILE, where, _INDICATOR)
        forms.text(one["code"], FILE, f"{where}.code")
        forms.text(one["severity"], FILE, f"{where}.severity")
        for subject in forms.array(one["subjects"], FILE, f"{where}.subjects"):
            kind, _, name = forms.text(subject, FILE, f"{where}.subjects").partition(":")
            if kind not in {"device", "validator"}:
                raise MalformedError(FILE, f"{where}.subjects", "a device or a validator", subject)
            forms.hex_bytes(name, FILE, f"{where}.subjects")
        if not isinstance(one["numbers"], dict):
            raise MalformedError(FILE, f"{where}.numbers", "an object", one["numbers"])
        for name, number in one["numbers"].items():
            forms.text(name, FILE, f"{where}.numbers")
            if type(number) is not int:
                raise MalformedError(FILE, f"{where}.numbers.{name}", "an integer", number)
        for row_id in forms.array(one["evidence"], FILE, f"{where}.evidence"):
            forms.hash_hex(row_id, FILE, f"{where}.evidence")
    return list(value)


def _exclusions(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    for position, one in enumerate(forms.array(value, FILE, "exclusions")):
        where = f"exclusions[{position}]"
        forms.members(one, FILE, where, _EXCLUSION)
        forms.hex_bytes(one["validator"], FILE, f"{where}.validator")
        forms.text(one["reason"], FILE, f"{where}.reason")
        for name in _EXCLUSION - {"validator", "reason"}:
            forms.count(one[name], FILE, f"{where}.{name}")
    return list(value)


def _transitions(value: Any, *, has_models: bool) -> list[dict[str, Any]]:  # noqa: ANN401
    given = forms.array(value, FILE, "transitions")
    if given and not has_models:
        raise MalformedError(FILE, "transitions", "none, since the ruleset has no models", given[0])
    for position, one in enumerate(given):
        where = f"transitions[{position}]"
        forms.members(one, FILE, where, _TRANSITION)
        forms.hex_bytes(one["device"], FILE, f"{where}.device")
        forms.count(one["at"], FILE, f"{where}.at")
        for name in ("from", "to", "rule"):
            if one[name] is not None:
                forms.text(one[name], FILE, f"{where}.{name}")
        try:
            canonical_json(one["numbers"])
        except InputError as error:
            raise MalformedError(FILE, f"{where}.numbers", "integers by name", str(error)) from None
    return given


def _merkle(value: Any, rules: Ruleset) -> Merkle:  # noqa: ANN401
    given = forms.members(value, FILE, "merkle", ("root", "leafEncoding", "file", "sha256"))
    expected = leaf_encoding(rules.type_of_payees)
    if given["leafEncoding"] != expected:
        raise MalformedError(FILE, "merkle.leafEncoding", repr(expected), given["leafEncoding"])
    root, file, sha256 = given["root"], given["file"], given["sha256"]
    if root is not None:
        if not forms.text(root, FILE, "merkle.root").startswith("0x"):
            raise MalformedError(FILE, "merkle.root", "0x and 64 hex digits", root)
        forms.hash_hex(root[2:], FILE, "merkle.root")
    return Merkle(
        root,
        None if file is None else forms.text(file, FILE, "merkle.file"),
        None if sha256 is None else forms.hash_hex(sha256, FILE, "merkle.sha256"),
    )


def _refuse_disorder(names: list[str], where: str) -> None:
    """Hex of ids sorts as their bytes do."""
    for position, (before, after) in enumerate(pairwise(names), 1):
        if before >= after:
            raise MalformedError(FILE, f"{where}[{position}]", f"one after {before}", after)
