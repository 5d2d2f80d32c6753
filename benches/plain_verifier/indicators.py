"""Indicators: scoring section 7.

In: all rows, the kept ones, the scoring. Out: the entries of ``indicators[]``, one per (code, subjects),
ascending by their canonical bytes, and the codes that zero a device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canonical import canonical
from .checks import LATE, PASS, UNKNOWN
from .geography import chord_metres
from .votes import find_shared_outages, find_votes

if TYPE_CHECKING:
    from .config import Epoch
    from .observations import Row
    from .registry import Snapshot
    from .score import Scoring

PROOF = frozenset(("EQUIVOCATION", "KEY_REUSE"))
INFO = frozenset(("KEY_SHARED", "NETWORK_EVENT", "SINGLE_WITNESS", "UNDER_ASSIGNED", "UNRELIABLE"))
EVIDENCE = 16
NO_LOCATION_M = 1000


def _device(device: bytes) -> str:
    return f"device:{device.hex()}"


def _validator(validator: bytes) -> str:
    return f"validator:{validator.hex()}"


class Indicators:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, tuple[str, ...]], set[bytes]] = {}
        self.without_rows: list[dict] = []

    def add(self, code: str, subjects: list[str], rows: list[bytes]) -> None:
        self.rows.setdefault((code, tuple(sorted(set(subjects)))), set()).update(rows)

    def note(self, code: str, subjects: list[str], **numbers: int) -> None:
        """A finding that no row stands behind."""
        self.without_rows.append(_entry(code, subjects, {"rows": 0, **numbers}, []))

    def entries(self) -> list[dict]:
        found = [
            _entry(code, list(subjects), {"rows": len(rows)}, [row.hex() for row in sorted(rows)[:EVIDENCE]])
            for (code, subjects), rows in self.rows.items()
        ]
        return sorted(found + self.without_rows, key=canonical)

    def zeroing(self, suspect: list[str]) -> dict[str, list[str]]:
        """Device subject -> ascending codes that set its weight to zero."""
        found: dict[str, set[str]] = {}
        told = [(entry["code"], entry["subjects"]) for entry in self.without_rows]
        for code, subjects in [*self.rows, *told]:
            if code in PROOF or code in suspect:
                for subject in subjects:
                    if subject.startswith("device:"):
                        found.setdefault(subject, set()).add(code)
        return {subject: sorted(codes) for subject, codes in found.items()}


def _entry(code: str, subjects: list[str], numbers: dict, evidence: list[str]) -> dict:
    severity = "PROOF" if code in PROOF else "INFO" if code in INFO else "SUSPECT"
    return {
        "code": code,
        "severity": severity,
        "subjects": sorted(subjects),
        "numbers": numbers,
        "evidence": evidence,
    }


def find_indicators(  # noqa: C901, PLR0912
    epoch: Epoch, snapshot: Snapshot, rows: list[Row], conflicts: dict, scoring: Scoring, ahead: list[Row]
) -> Indicators:
    found = Indicators()
    answers: dict[bytes, list[Row]] = {}
    statements: dict[tuple, list[Row]] = {}
    probes: dict[tuple, list[Row]] = {}
    for row in rows:
        failed = row.failed
        if failed:
            if failed & 1 << 8:
                found.add("OFF_SCHEDULE", [_validator(row.validator)], [row.id])
            elif failed & 1 << 2:
                found.add("UNKNOWN_DEVICE", [_validator(row.validator)], [row.id])
            elif failed & 1 << 13:
                _clock_skew(found, row)
        if row.proof_hash is not None:
            answers.setdefault(row.proof_hash, []).append(row)
        if row.key is not None and not failed & 1 << 3:
            proof = row.decoded
            statements.setdefault((row.device, proof.nonce, proof.iat), []).append(row)
        if row.signed:
            probes.setdefault((row.validator, row.device, row.slot, row.sent_ms), []).append(row)
    for row in ahead:
        found.add("COUNTER_AHEAD", [_device(row.device)], [row.id])
    for group in answers.values():
        _replay(found, group)
    for (device, _, _), group in statements.items():
        if len(group) > 1:
            said = _contradicting(group, epoch.params)
            if said:
                found.add("EQUIVOCATION", [_device(device)], said)
    for (validator, _, _, _), group in probes.items():
        if len(group) > 1 and len({row.transport == 0 for row in group}) > 1:
            found.add("EQUIVOCATION", [_validator(validator)], [row.id for row in group])
    for validator, group in conflicts.items():
        found.add("DUPLICATE_CONFLICT", [_validator(validator)], [row.id for row in group])
    _keys(found, snapshot, scoring.kept)
    _validators(found, scoring)
    _devices(found, scoring)
    name = {"device": _device, "validator": _validator}
    for code, subjects, numbers in find_votes(snapshot, scoring):
        found.note(code, [name[kind](subject) for kind, subject in subjects], **numbers)
    for devices, numbers in find_shared_outages(snapshot, scoring):
        found.note("SHARED_OUTAGE", [_device(device) for device in devices], **numbers)
    return found


def _clock_skew(found: Indicators, row: Row) -> None:
    """Only where the clock decided the outcome (4.3)."""
    if row.outcome == UNKNOWN:
        found.add("CLOCK_SKEW", [_validator(row.validator)], [row.id])
    elif row.outcome == PASS:
        found.add("CLOCK_SKEW", [_device(row.device), _validator(row.validator)], [row.id])


def _replay(found: Indicators, group: list[Row]) -> None:
    if len(group) == 1 or len({(row.slot, row.device, row.validator) for row in group}) == 1:
        return
    for row in group:
        if (row.failed | row.not_run) & (1 << 3 | 1 << 9):
            found.add("REPLAY", [_device(row.device), _validator(row.validator)], [row.id])


def _contradicting(group: list[Row], params: dict) -> list[bytes]:
    """Rows of one device, nonce and iat of which another one says the contrary."""
    said: dict[tuple, list[bytes]] = {}
    for row in group:
        proof = row.decoded
        claims = (proof.bootcount, proof.hwmodel, proof.oemid, proof.uptime, proof.location)
        said.setdefault(claims, []).append(row.id)
    if len(said) == 1:
        return []
    guilty = set()
    claims = list(said)
    for at, one in enumerate(claims):
        for other in claims[at + 1 :]:
            if _contradict(one, other, params):
                guilty.update(said[one])
                guilty.update(said[other])
    return list(guilty)


def _contradict(one: tuple, other: tuple, params: dict) -> bool:
    for at in (0, 1, 2):
        if one[at] is not None and other[at] is not None and one[at] != other[at]:
            return True
    if one[3] is not None and other[3] is not None and abs(one[3] - other[3]) > params["skew_s"]:
        return True
    here, there = one[4], other[4]
    if here is None or there is None or here[2] > NO_LOCATION_M or there[2] > NO_LOCATION_M:
        return False
    return chord_metres(here[:2], there[:2]) > params["location_tolerance_m"] + here[2] + there[2]


def _keys(found: Indicators, snapshot: Snapshot, kept: list[Row]) -> None:
    used: dict[tuple, dict[bytes, list[bytes]]] = {}
    for row in kept:
        if row.outcome <= LATE:
            used.setdefault((row.key.scheme, row.key.raw), {}).setdefault(row.device, []).append(row.id)
    for by_device in used.values():
        if len(by_device) > 1:
            rows = [row for ids in by_device.values() for row in ids]
            found.add("KEY_REUSE", [_device(device) for device in by_device], rows)
    registered: dict[tuple, set[bytes]] = {}
    for device in snapshot.devices:
        for key in device.keys:
            registered.setdefault((key.public.scheme, key.public.raw), set()).add(device.id)
    for devices in registered.values():
        if len(devices) > 1:
            found.add("KEY_SHARED", [_device(device) for device in devices], [])


def _validators(found: Indicators, scoring: Scoring) -> None:
    for validator, work in scoring.work.items():
        subject = [_validator(validator)]
        if work.silent:
            found.note("VALIDATOR_SILENT", subject, scheduled=work.scheduled, missing=work.silent)
        if not work.unreliable:
            continue
        if validator not in scoring.schedule.secrets:
            found.note("UNRELIABLE", subject, void=1)
        else:
            found.note(
                "UNRELIABLE",
                subject,
                slots_probed=len(work.slots_probed),
                slots_excluded=work.excluded_slots,
                scheduled=work.scheduled,
                missing=work.missing,
            )


def _devices(found: Indicators, scoring: Scoring) -> None:
    for slot, n_all, f_all in scoring.events:
        found.note("NETWORK_EVENT", [], slot=slot, n_all=n_all, f_all=f_all)
    for device, score in scoring.devices.items():
        if score.under_assigned:
            found.note("UNDER_ASSIGNED", [_device(device)], slots=score.under_assigned)
        if scoring.single and score.up + score.down:
            found.note("SINGLE_WITNESS", [_device(device)], slots=score.up + score.down)
