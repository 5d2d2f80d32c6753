"""Two settlements of one epoch laid beside each other, stage by stage.

In: a published settlement and one that was recomputed from the raw inputs, or those of two validators. Out: findings,
the first difference of each device, payee and validator. Rule: scoring specification, sections 12.3 and 12.4.
Invariant: content is compared by hash first, by columns next, and by rows only where those differ; both sides are
walked in their common order, so a row that is missing on one side does not shift the rest.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from depinverify.audit.findings import FindingCode
from depinverify.audit.results import code_name
from depinverify.audit.reward_file import OPTIONAL_INPUTS, OPTIONAL_MONEY, EpochTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from depinverify.audit.findings import Findings
    from depinverify.audit.results import Results, VerdictRow
    from depinverify.audit.reward_file import RewardFile
    from depinverify.canonical import Json
    from depinverify.epoch import Epoch
    from depinverify.models.tracks import TrackScore
    from depinverify.reward import Multiplier

__all__ = [
    "ADJUSTMENTS",
    "BROUGHT_IN",
    "DIVISION",
    "PAYMENTS",
    "RAW_INPUTS",
    "Terms",
    "chain_difference",
    "compare_amounts",
    "compare_device_payees",
    "compare_exclusions",
    "compare_indicators",
    "compare_inputs",
    "compare_models",
    "compare_money",
    "compare_payees",
    "compare_scheduled",
    "compare_scores",
    "compare_states",
    "compare_terms",
    "compare_verdicts",
    "compare_weights",
    "paired",
    "track_difference",
]

_Row = TypeVar("_Row")

#: Inputs that come from outside; the exclusion log is a result.
RAW_INPUTS: Final = (
    "observations", "annotations", "registry", "beacon", "secrets", "references", "previous", *OPTIONAL_INPUTS,
)  # fmt: skip
#: Verdicts that speak of the schedule.
_OFF_SCHEDULE: Final = frozenset({"OFF_SCHEDULE", "UNKNOWN_DEVICE"})
#: Indicators that are of an earlier stage than the other ones.
_INDICATOR_CODES: Final = {
    "VALIDATOR_SILENT": FindingCode.SILENCE_DIFFERS,
    "OFF_SCHEDULE": FindingCode.SCHEDULE_DIFFERS,
    "UNKNOWN_DEVICE": FindingCode.SCHEDULE_DIFFERS,
    "UNDER_ASSIGNED": FindingCode.SCHEDULE_DIFFERS,
}
_SCORE_FIELDS: Final = ("state", "score_e12", "windows_used", "up", "down", "excluded", "payout_e12")
_PAYEE_FIELDS: Final = {
    "amount": FindingCode.PAYEE_AMOUNT_DIFFERS,
    "paid": FindingCode.PAID_DIFFERS,
    "carried": FindingCode.CARRIED_DIFFERS,
    "cumulative": FindingCode.CUMULATIVE_DIFFERS,
}
#: Terms of the balance by the stage that they belong to.
DIVISION: Final = dict.fromkeys(
    ("carried_in", "allocated", "sink", "burned", "withheld", "remainder", *OPTIONAL_MONEY),
    FindingCode.MONEY_DIFFERS,
)
PAYMENTS: Final = {"paid": FindingCode.PAID_DIFFERS, "carried_delta": FindingCode.CARRIED_DIFFERS}
ADJUSTMENTS: Final = {"adjustments": FindingCode.ADJUSTMENTS_DIFFER}
#: Terms of the balance that stand in the epoch's file.
BROUGHT_IN: Final = ("pool", "missed_pools")


class Terms(NamedTuple):
    """What an epoch's file fixes, as far as a reward file repeats it."""

    epoch: EpochTerms
    pool: int
    missed_pools: int
    params: Mapping[str, Json]
    registry_head: str

    @classmethod
    def of(cls, rewards: RewardFile) -> Terms:
        """Those of a reward file."""
        money = rewards.money
        return cls(rewards.epoch, money["pool"], money["missed_pools"], rewards.params, rewards.registry_head)

    @classmethod
    def of_epoch(cls, epoch: Epoch) -> Terms:
        """Those of an epoch folder."""
        covered = (*epoch.missed_epochs, epoch.index)
        terms = EpochTerms(epoch.index, epoch.start, epoch.end, covered)
        return cls(terms, epoch.pool, epoch.missed_pool, epoch.params, epoch.registry_head.hex())


def paired(
    first: Iterable[_Row], second: Iterable[_Row], key: Callable[[_Row], Any]
) -> Iterator[tuple[_Row | None, _Row | None]]:
    """Rows of both sides with equal keys, ``None`` where a side has none; both sides ascend by the key."""
    left, right = iter(first), iter(second)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and key(a) < key(b)):
            yield a, None
            a = next(left, None)
        elif a is None or key(b) < key(a):
            yield None, b
            b = next(right, None)
        else:
            yield a, b
            a, b = next(left, None), next(right, None)


def compare_inputs(found: Findings, first: RewardFile, second: RewardFile, names: Sequence[str]) -> None:
    """Hashes of the inputs."""
    for name in names:
        a, b = first.inputs.get(name), second.inputs.get(name)
        if a != b:
            found.add(FindingCode.INPUT_DIFFERS, f"input:{name}", "sha256", a, b)


def compare_terms(found: Findings, first: Terms, second: Terms) -> None:
    """The registry's head, the terms of the epoch, and the parameters one by one."""
    if first.registry_head != second.registry_head:
        found.add(
            FindingCode.REGISTRY_HEAD_DIFFERS,
            "registry head",
            "registry_head",
            first.registry_head,
            second.registry_head,
        )
    for name in ("index", "start", "end", "epochs_covered"):
        a, b = _plain(getattr(first.epoch, name)), _plain(getattr(second.epoch, name))
        if a != b:
            found.add(FindingCode.TERM_DIFFERS, f"epoch:{name}", name, a, b)
    for name in BROUGHT_IN:
        brought = str(getattr(first, name)), str(getattr(second, name))
        if brought[0] != brought[1]:
            found.add(FindingCode.TERM_DIFFERS, f"money:{name}", name, *brought)
    for name in sorted(first.params.keys() | second.params.keys()):
        a, b = first.params.get(name), second.params.get(name)
        if a != b:
            found.add(FindingCode.PARAMETER_DIFFERS, f"parameter:{name}", name, a, b)


def compare_verdicts(found: Findings, first: Results, second: Results) -> None:
    """The first row of each device that differs; rows about the schedule are of the stage after signatures."""
    if first.content_hash("verdicts.parquet") == second.content_hash("verdicts.parquet"):
        return
    of_checks: dict[bytes, tuple[str, Json, Json]] = {}
    of_schedule: dict[bytes, tuple[str, Json, Json]] = {}
    for a, b in paired(first.verdicts(), second.verdicts(), lambda row: row.order):
        if a == b:
            continue
        row = a or b
        if row is None:
            continue
        codes = {code_name(side.code) for side in (a, b) if side is not None}
        seen = of_schedule if codes & _OFF_SCHEDULE else of_checks
        if row.device not in seen:
            seen[row.device] = _row_difference(row, a, b)
    for code, differences in (
        (FindingCode.VERDICT_DIFFERS, of_checks),
        (FindingCode.SCHEDULE_DIFFERS, of_schedule),
    ):
        for device, (field, published, recomputed) in sorted(differences.items()):
            found.add(code, f"device:{device.hex()}", field, published, recomputed)


def _row_difference(row: VerdictRow, a: VerdictRow | None, b: VerdictRow | None) -> tuple[str, Json, Json]:
    where = f"slot {row.slot}, validator {row.validator.hex()}, row {row.row_id.hex()}"
    if a is None or b is None:
        return (
            f"{where}: row",
            None if a is None else code_name(a.code),
            None if b is None else code_name(b.code),
        )
    column = next(name for name in a._fields if getattr(a, name) != getattr(b, name))
    if column == "code":
        return f"{where}: code", code_name(a.code), code_name(b.code)
    return f"{where}: {column}", _plain(getattr(a, column)), _plain(getattr(b, column))


def compare_exclusions(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """The exclusion logs, entry by entry."""
    logs = [
        sorted(side.exclusions, key=lambda one: (one["slot"], one["validator"])) for side in (first, second)
    ]
    for a, b in paired(logs[0], logs[1], lambda one: (one["slot"], one["validator"])):
        if a == b:
            continue
        known = a or b or {}
        subject, slot = f"validator:{known['validator']}", known["slot"]
        if a is None or b is None:
            code = FindingCode.EXCLUSION_MISSING if a is None else FindingCode.EXCLUSION_ADDED
            found.add(code, subject, f"slot {slot}", a and a["reason"], b and b["reason"])
        else:
            name = next(name for name in ("reason", *sorted(a)) if a[name] != b[name])
            found.add(FindingCode.EXCLUSION_DIFFERS, subject, f"slot {slot}: {name}", a[name], b[name])


def compare_indicators(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """Indicators by code and subjects; those about silence and schedule are of those stages."""
    sides = [
        sorted(side.indicators, key=lambda one: (one["code"], one["subjects"])) for side in (first, second)
    ]
    for a, b in paired(sides[0], sides[1], lambda one: (one["code"], one["subjects"])):
        if a == b:
            continue
        known = a or b or {}
        name, special = known["code"], _INDICATOR_CODES.get(known["code"])
        subject = " ".join([f"indicator:{name}", *known["subjects"]])
        if special is FindingCode.SILENCE_DIFFERS and len(known["subjects"]) == 1:
            subject = known["subjects"][0]
        if a is None or b is None:
            usual = FindingCode.INDICATOR_MISSING if a is None else FindingCode.INDICATOR_ADDED
            found.add(special or usual, subject, name, a and a["numbers"], b and b["numbers"])
        else:
            member = next(one for one in ("severity", "numbers", "evidence") if a[one] != b[one])
            code = special or FindingCode.INDICATOR_DIFFERS
            found.add(code, subject, f"{name}.{member}", a[member], b[member])


def compare_scheduled(found: Findings, first: Results, second: Results) -> None:
    """How many slots each device was scheduled in."""
    _compare_columns(found, first, second, ("scheduled",), FindingCode.SCHEDULE_DIFFERS)


def compare_scores(found: Findings, first: Results, second: Results) -> None:
    """Score tables, then score and state of the reward file's entries."""
    _only_on_one_side(found, first.scores.device, second.scores.device, "scores.parquet")
    _compare_columns(found, first, second, _SCORE_FIELDS, FindingCode.SCORE_DIFFERS)
    mine, theirs = first.rewards.entries, second.rewards.entries
    _only_on_one_side(found, mine.device, theirs.device, "rewards.json")
    for field in ("score_e12", "state"):
        _compare_lists(
            found,
            FindingCode.SCORE_DIFFERS,
            f"rewards.{field}",
            (mine.device, getattr(mine, field)),
            (theirs.device, getattr(theirs, field)),
        )


def _compare_columns(
    found: Findings, first: Results, second: Results, fields: Sequence[str], code: FindingCode
) -> None:
    mine, theirs = first.scores, second.scores
    for field in fields:
        _compare_lists(
            found,
            code,
            f"scores.{field}",
            (mine.device, getattr(mine, field)),
            (theirs.device, getattr(theirs, field)),
        )


def compare_states(found: Findings, first: Results, second: Results) -> None:
    """The lines that the next epoch reads, device by device."""
    if first.content_hash("state.jsonl") == second.content_hash("state.jsonl"):
        return
    for a, b in paired(first.states(), second.states(), lambda line: line.device):
        if a == b:
            continue
        known = a or b
        if known is None:
            continue
        subject = f"device:{known.device}"
        if a is None or b is None:
            found.add(FindingCode.STATE_DIFFERS, subject, "state line", a and "a line", b and "a line")
        else:
            name = next(name for name in a._fields if getattr(a, name) != getattr(b, name))
            found.add(
                FindingCode.STATE_DIFFERS,
                subject,
                f"state.{name}",
                _plain(getattr(a, name)),
                _plain(getattr(b, name)),
            )


def compare_models(found: Findings, first: Results, second: Results) -> None:
    """What the ruleset's models hand to the next epoch, and the changes of standing."""
    for a, b in paired(first.models(), second.models(), lambda line: line[0]):
        if a != b:
            left, right = a[1] if a else {}, b[1] if b else {}
            name = next(one for one in sorted({*left, *right}) if left.get(one) != right.get(one))
            device = (a or b or ("", {}))[0]
            found.add(
                FindingCode.MODEL_STATE_DIFFERS,
                f"device:{device}",
                f"models.{name}",
                left.get(name),
                right.get(name),
            )
    for was, becomes in zip_longest(first.rewards.transitions, second.rewards.transitions):
        if was != becomes:
            subject = f"transitions of device:{(was or becomes)['device']}"
            found.add(FindingCode.TRANSITION_DIFFERS, subject, "transition", was, becomes)


def compare_weights(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """Tracks one by one, then multipliers one by one, then reasons, then weights."""
    mine, theirs = first.entries, second.entries
    for device, tracks, others in _aligned((mine.device, mine.tracks), (theirs.device, theirs.tracks)):
        differs = track_difference(tracks, others)
        if differs is not None:
            found.add(FindingCode.TRACK_DIFFERS, f"device:{device}", *differs)
    for device, a, b in _aligned((mine.device, mine.multipliers), (theirs.device, theirs.multipliers)):
        difference = chain_difference(a, b)
        if difference is not None:
            found.add(difference[0], f"device:{device}", *difference[1:])
    for field, code in (("reasons", FindingCode.REASON_DIFFERS), ("weight", FindingCode.WEIGHT_DIFFERS)):
        _compare_lists(
            found,
            code,
            field,
            (mine.device, getattr(mine, field)),
            (theirs.device, getattr(theirs, field)),
        )


def track_difference(
    published: Sequence[TrackScore], recomputed: Sequence[TrackScore]
) -> tuple[str, Json, Json] | None:
    """The first track that differs: field and both values; ``None`` where none does, or rulesets list others."""
    if [one.track for one in published] != [one.track for one in recomputed]:
        return None
    for a, b in zip(published, recomputed, strict=True):
        for name in ("score_e12", "cost_e12"):
            values = getattr(a, name), getattr(b, name)
            if values[0] != values[1]:
                return f"tracks.{a.track}.{name}", *values
    return None


def chain_difference(
    published: Sequence[Multiplier], recomputed: Sequence[Multiplier]
) -> tuple[FindingCode, str, Json, Json] | None:
    """The first multiplier that differs: code, field and both values; ``None`` where none does."""
    for a, b in zip_longest(published, recomputed):
        if a == b:
            continue
        if a is None or b is None or a.name != b.name:
            # What stands on one side only is named by the side that has it.
            missing = a is None or (b is not None and all(one.name != b.name for one in published))
            name = b.name if missing and b is not None else a.name if a is not None else ""
            values = [
                next((one.value for one in side if one.name == name), None)
                for side in (published, recomputed)
            ]
            return FindingCode.MULTIPLIER_DIFFERS, f"multipliers.{name}", values[0], values[1]
        if a.value != b.value:
            return FindingCode.MULTIPLIER_DIFFERS, f"multipliers.{a.name}.value", a.value, b.value
        return FindingCode.REASON_DIFFERS, f"multipliers.{a.name}.reason", a.reason, b.reason
    return None


def compare_amounts(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """What each device gets, and what of it is withheld."""
    mine, theirs = first.entries, second.entries
    for field in ("amount", "withheld"):
        _compare_lists(
            found,
            FindingCode.AMOUNT_DIFFERS,
            field,
            (mine.device, getattr(mine, field)),
            (theirs.device, getattr(theirs, field)),
        )


def compare_money(
    found: Findings, first: RewardFile, second: RewardFile, terms: Mapping[str, FindingCode]
) -> None:
    """Terms of the balance, each under its code."""
    for name, code in terms.items():
        a, b = first.money[name], second.money[name]
        if a != b:
            found.add(code, f"money:{name}", name, str(a), str(b))


def compare_device_payees(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """Whose pay each device's amount is."""
    mine, theirs = first.entries, second.entries
    _compare_lists(
        found,
        FindingCode.DEVICE_PAYEE_DIFFERS,
        "payee",
        (mine.device, mine.payee),
        (theirs.device, theirs.payee),
    )


def compare_payees(found: Findings, first: RewardFile, second: RewardFile) -> None:
    """The payees' lines, field by field."""
    mine, theirs = first.payees, second.payees
    if mine == theirs:
        return
    positions = [{payee: at for at, payee in enumerate(side.payee)} for side in (mine, theirs)]
    for payee in sorted(positions[0].keys() | positions[1].keys()):
        a, b = (position.get(payee) for position in positions)
        if a is None or b is None:
            code = FindingCode.PAYEE_MISSING if a is None else FindingCode.PAYEE_ADDED
            values = [
                None if at is None else str(side.cumulative[at]) for at, side in ((a, mine), (b, theirs))
            ]
            found.add(code, f"payee:{payee}", "cumulative", values[0], values[1])
            continue
        for field, code in _PAYEE_FIELDS.items():
            published, recomputed = getattr(mine, field)[a], getattr(theirs, field)[b]
            if published != recomputed:
                found.add(code, f"payee:{payee}", field, str(published), str(recomputed))


def _aligned(
    first: tuple[list[str], list[_Row]], second: tuple[list[str], list[_Row]]
) -> Iterator[tuple[str, _Row, _Row]]:
    """Devices that both sides have, with values that differ."""
    if first[0] == second[0]:
        if first[1] == second[1]:
            return
        rows = zip(first[0], first[1], second[1], strict=True)
    else:
        other = dict(zip(*second, strict=True))
        rows = ((device, a, other[device]) for device, a in zip(*first, strict=True) if device in other)  # type: ignore[assignment]
    for device, a, b in rows:
        if a != b:
            yield device, a, b


def _compare_lists(
    found: Findings,
    code: FindingCode,
    field: str,
    first: tuple[list[str], list[Any]],
    second: tuple[list[str], list[Any]],
) -> None:
    for device, a, b in _aligned(first, second):
        found.add(code, f"device:{device}", field, _decimal(field, a), _decimal(field, b))


def _only_on_one_side(found: Findings, first: list[str], second: list[str], file: str) -> None:
    if first == second:
        return
    known = set(first), set(second)
    for device in sorted(known[0] ^ known[1]):
        sides = ["a line" if device in side else None for side in known]
        found.add(FindingCode.SCORE_DIFFERS, f"device:{device}", file, sides[0], sides[1])


def _decimal(field: str, value: Any) -> Json:  # noqa: ANN401
    """Weights and amounts do not fit a JSON number."""
    return str(value) if field in {"weight", "amount", "withheld"} else _plain(value)


def _plain(value: Any) -> Json:  # noqa: ANN401
    """A value as JSON has it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    plain: Json = value
    return plain
