"""The seventeen checks: uptime proof, section 4.

In: the rows of one device, its registry record and the schedule. Out: on every row its code, masks,
evidence and outcome, and the device's counters after the epoch. A broken proof is a verdict, never an
error.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from .decode import decode
from .geography import chord_metres
from .keys import verifier
from .schedule import make_challenge, make_nonce, make_offset, make_salt

if TYPE_CHECKING:
    from .config import Epoch
    from .observations import Row
    from .registry import Device
    from .schedule import Schedule

NAMES = (
    "MALFORMED",
    "UNSUPPORTED",
    "UNKNOWN_DEVICE",
    "DEVICE_MISMATCH",
    "UNKNOWN_KEY",
    "KEY_NOT_VALID",
    "ALGORITHM_MISMATCH",
    "BAD_SIGNATURE",
    "OFF_SCHEDULE",
    "NONCE_MISMATCH",
    "REPLAYED",
    "LATE",
    "EXPIRED",
    "CLOCK_SKEW",
    "COUNTER_REGRESSION",
    "LOCATION_MISMATCH",
    "MODEL_MISMATCH",
)
VALID, NO_ANSWER = 32, 33
CODE_NAMES = dict(enumerate(NAMES)) | {VALID: "VALID", NO_ANSWER: "NO_ANSWER"}

PASS, LATE, FAIL, TIMEOUT, OFFLINE, UNKNOWN, INVALID, NOT_ATTEMPTED, NONE = range(9)

ON_TIME_MS = 60_000
NO_LOCATION_M = 1000
INT64 = 2**63 - 1


def _bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


_AFTER_SIGNATURE = _bits(9, 10, 13, 14, 15, 16)
_STOPPED_BY_0 = _bits(1, 3, 4, 5, 6, 7) | _AFTER_SIGNATURE
_STOPPED_BY_2 = _bits(3, 4, 5, 6, 7, 8) | _AFTER_SIGNATURE
_UNCLEAN = _bits(3, 5, 12, 13)
_NOT_THIS_ANSWER = _bits(0, 1, 3, 4, 5, 6, 7, 9, 10, 12)
_PROVABLY_WRONG = _bits(14, 15, 16)
_BY_TRANSPORT = (None, TIMEOUT, OFFLINE, UNKNOWN, NOT_ATTEMPTED)

_B2, _B3, _B5, _B7, _B8, _B9, _B10, _B14 = (1 << number for number in (2, 3, 5, 7, 8, 9, 10, 14))


class Checker:
    """Runs the checks of one epoch by device; ``ahead`` collects rows whose uptime counter runs ahead."""

    def __init__(self, epoch: Epoch, schedule: Schedule) -> None:
        params = epoch.params
        self.start_ms = epoch.start_ms
        self.deadline_ms = params["deadline_ms"]
        self.late_limit_ms = params["late_limit_ms"]
        self.skew_ms = 1000 * params["skew_s"]
        self.boot_tolerance = 2 * max(params["counter_grace_s"], params["skew_s"])
        self.location_tolerance_m = params["location_tolerance_m"]
        self.require_location = params["require_location"]
        self.schedule = schedule
        self.slots = schedule.slots
        self.ahead: list[Row] = []

    def device(self, rows: list[Row], device: Device | None, counters: tuple) -> tuple:  # noqa: C901
        """Checks all rows of one device; returns (bootcount, boot_first) after them."""
        if device is None or (device.retired_ms is not None and device.retired_ms <= self.start_ms):
            device = None
        keys = {} if device is None else {key.kid: key for key in device.keys}
        mismatched, passed = [], []
        for row in rows:
            row.e1 = row.e2 = row.e_bytes = row.key = row.decoded = row.proof_hash = None
            if row.transport:
                self.unanswered(row, device)
                continue
            self.answered(row, device, keys)
            if row.failed & _B9:
                row.not_run |= _B14
                mismatched.append(row)
            elif not row.not_run & _B9:
                passed.append(row)
        if mismatched:
            self.replayed(rows, mismatched, passed)
        clean = []
        for row in passed:
            if row.failed & _UNCLEAN:
                row.not_run |= _B14
            else:
                clean.append(row)
        if clean:
            counters = self.counters(clean, *counters)
        for row in rows:
            if not row.transport:
                row.code = (row.failed & -row.failed).bit_length() - 1 if row.failed else VALID
                row.outcome = self.outcome(row)
        return counters

    # --------------------------------------------------------------------------------------------- row by row

    def scheduled(self, row: Row, device: Device) -> tuple[int, int | None, bytes | None]:
        """(reason of check 8 or 0, moment, challenge)."""
        slot = row.slot
        if slot >= len(self.slots):
            return 1, None, None
        facts = self.slots[slot]
        if facts is None:
            return 2, None, None
        assigned = self.schedule.assigned(slot, device)
        validator = row.validator
        if assigned is None or validator not in assigned:
            return 3, None, None
        secret = self.schedule.secrets.get(validator)
        if secret is None:
            return 4, None, None
        nonce = make_nonce(facts.seed, row.device, validator)
        salt = make_salt(secret, slot, row.device)
        moment = facts.first_ms + make_offset(nonce, salt, facts.span_ms)
        sent = row.sent_ms
        if not (moment <= sent <= moment + ON_TIME_MS and facts.start_ms <= sent < facts.end_ms):
            return 5, moment, None
        return 0, moment, make_challenge(nonce, salt)

    def unanswered(self, row: Row, device: Device | None) -> None:
        row.code = NO_ANSWER
        row.not_run = 0
        if device is None:
            row.failed, row.not_run, row.outcome = _B2, _B8, NONE
        elif self.scheduled(row, device)[0]:
            row.failed, row.outcome = _B8, NONE
        else:
            row.failed, row.outcome = 0, _BY_TRANSPORT[row.transport]

    def answered(self, row: Row, device: Device | None, keys: dict) -> None:  # noqa: C901, PLR0912, PLR0915
        row.proof_hash = sha256(row.proof).digest()
        proof = row.decoded = decode(row.proof)
        failed = not_run = 0
        # (e1, e2, e_bytes) of the checks that failed, in ascending order: the first is the row's evidence.
        evidence = []
        if type(proof) is int:
            failed, not_run = 1, _STOPPED_BY_0
            evidence.append((proof, None, None))
            row.decoded = None
        elif proof.unsupported:
            failed = 2
            evidence.append(((proof.unsupported & -proof.unsupported).bit_length(), None, None))
        challenge = None
        if device is None:
            failed |= _B2
            not_run |= _STOPPED_BY_2
            evidence.append((None, None, None))
        elif row.decoded is None:
            reason, moment, _ = self.scheduled(row, device)
            if reason:
                failed |= _B8
        else:
            if proof.ueid != device.id:
                failed |= _B3
                not_run |= 0b111 << 14
                evidence.append((None, None, proof.ueid))
            key = keys.get(proof.kid)
            if key is None:
                failed |= 1 << 4
                not_run |= 0b111 << 5
                evidence.append((None, None, proof.kid))
            else:
                sent = row.sent_ms
                if sent < key.valid_from or (key.valid_to is not None and sent >= key.valid_to):
                    failed |= _B5
                    evidence.append((key.valid_from, key.valid_to, None))
                public = key.public
                if proof.algorithm is None:
                    not_run |= 0b11 << 6
                elif proof.algorithm != public.scheme:
                    failed |= 1 << 6
                    not_run |= _B7
                    evidence.append((proof.algorithm, public.scheme, None))
                elif verifier(public.scheme, public.raw)(proof.signature, proof.signed):
                    row.key = public
                else:
                    failed |= _B7
                    evidence.append((public.scheme, None, None))
            reason, moment, challenge = self.scheduled(row, device)
            if reason:
                failed |= _B8
                not_run |= _B9 | _B10
                evidence.append((reason, moment if reason == 5 else None, None))
            if row.key is None:
                not_run |= _AFTER_SIGNATURE
            elif not reason and proof.nonce != challenge:
                failed |= _B9
                evidence.append((None, None, None))
        delay = row.received_ms - row.sent_ms
        if delay > self.late_limit_ms:
            failed |= 1 << 12
            evidence.append((min(delay, INT64), None, None))
        elif delay > self.deadline_ms:
            failed |= 1 << 11
            evidence.append((min(delay, INT64), None, None))
        if row.key is not None:
            if (
                delay < 0
                or not row.sent_ms - self.skew_ms <= 1000 * proof.iat <= row.received_ms + self.skew_ms
            ):
                failed |= 1 << 13
                evidence.append((proof.iat, None, None))
            if not failed & _B3:
                failed |= self.place(proof.location, device, evidence)
                failed |= self.model(proof, device, evidence)
            if reason:
                not_run |= _B14
        row.failed, row.not_run = failed, not_run & ~failed
        if failed:
            row.e1, row.e2, row.e_bytes = evidence[0]

    def place(self, location: tuple | None, device: Device, evidence: list) -> int:
        if device.place is None:
            return 0
        latitude, longitude, radius = device.place
        limit = radius + self.location_tolerance_m
        if location is None or location[2] > NO_LOCATION_M:
            if not self.require_location:
                return 0
            evidence.append((-1, limit, None))
            return 1 << 15
        limit += location[2]
        metres = chord_metres((latitude, longitude), location[:2])
        if metres <= limit:
            return 0
        evidence.append((metres, limit, None))
        return 1 << 15

    @staticmethod
    def model(proof, device: Device, evidence: list) -> int:
        wrong = 0
        if proof.hwmodel is not None and device.hwmodel is not None and proof.hwmodel != device.hwmodel:
            wrong = 1
        if proof.oemid is not None and device.oemid is not None and proof.oemid != device.oemid:
            wrong |= 2
        if not wrong:
            return 0
        evidence.append((wrong, None, None))
        return 1 << 16

    # ----------------------------------------------------------------------------------- all rows of a device

    @staticmethod
    def replayed(rows: list[Row], mismatched: list[Row], passed: list[Row]) -> None:
        carriers: dict[bytes, int] = {}
        for row in rows:
            if row.decoded is not None:
                carriers[row.decoded.nonce] = carriers.get(row.decoded.nonce, 0) + 1
        rightful: dict[bytes, bytes] = {}
        for row in passed:
            nonce = row.decoded.nonce
            rightful[nonce] = min(rightful.get(nonce, row.id), row.id)
        for row in mismatched:
            nonce = row.decoded.nonce
            if carriers[nonce] > 1:
                row.failed |= _B10
                if row.failed & (_B9 - 1) == 0:
                    row.e_bytes = rightful.get(nonce)

    def counters(  # noqa: C901
        self, clean: list[Row], bootcount: int | None, boot_first: int | None
    ) -> tuple:
        """Check 14 over the clean rows in the order of the device's own clock; absent before present."""
        clean.sort(key=_by_own_clock)
        for row in clean:
            proof = row.decoded
            evidence = None
            rose = False
            if proof.bootcount is not None:
                if bootcount is not None:
                    if proof.bootcount < bootcount:
                        evidence = (bootcount, proof.bootcount, b"\x01")
                    rose = proof.bootcount > bootcount
                bootcount = proof.bootcount
            if proof.uptime is not None:
                boot = proof.iat - proof.uptime
                if boot_first is None:
                    boot_first = boot
                elif boot < boot_first - self.boot_tolerance:
                    self.ahead.append(row)
                    if evidence is None:
                        evidence = (boot_first, boot, b"\x02")
                elif rose and boot > boot_first:
                    boot_first = boot
            if evidence is not None:
                if row.failed & (_B14 - 1) == 0:
                    row.e1, row.e2, row.e_bytes = evidence
                row.failed |= _B14
        return bootcount, boot_first

    @staticmethod
    def outcome(row: Row) -> int:
        failed = row.failed
        if failed == 0:
            return PASS
        if failed & (_B2 | _B8):
            return NONE
        if failed & _NOT_THIS_ANSWER:
            return TIMEOUT
        if failed & 1 << 13 and row.received_ms < row.sent_ms:
            return UNKNOWN
        if failed & _PROVABLY_WRONG:
            return FAIL
        return LATE if failed & 1 << 11 else PASS


def _by_own_clock(row: Row) -> tuple:
    proof = row.decoded
    bootcount = -1 if proof.bootcount is None else proof.bootcount
    uptime = -1 if proof.uptime is None else proof.uptime
    return proof.iat, bootcount, uptime, row.id
