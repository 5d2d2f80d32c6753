"""What each check of a proof compared, in words.

In: a row, the native checks' numbers and the decoded proof. Out: one line per check. Rule: uptime proof, 4.1, 4.2
and 4.4. Invariant: bytes of a proof appear as hex or escaped, since they are anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from depinverify.catalogue import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.check import Row
    from depinverify.ruleset import Ruleset

__all__ = ["Evidence", "short", "time_text"]

#: How long after its moment a probe is on time (uptime proof, 1.6).
PUNCTUALITY_MS: Final = 60_000
#: Accuracy above which a location says nothing (uptime proof, 4.1).
MAX_ACCURACY_M: Final = 1000
_ALGORITHMS: Final = {0: "an unknown algorithm", 1: "Ed25519", 2: "P-256", 3: "secp256k1"}
_NAMES: Final = {"ed25519": "Ed25519", "p256": "P-256", "secp256k1": "secp256k1"}
_SHOWN: Final = 16

_AFTER_SIGNATURE: Final = frozenset({9, 10, 13, 14, 15, 16})
#: Which checks a failed one stops (uptime proof, 4.2); 1 does so only where the algorithm is unknown.
_STOPS: Final = {
    0: frozenset({1, 3, 4, 5, 6, 7}) | _AFTER_SIGNATURE,
    1: frozenset({6, 7}) | _AFTER_SIGNATURE,
    2: frozenset({3, 4, 5, 6, 7, 8}) | _AFTER_SIGNATURE,
    3: frozenset({14, 15, 16}),
    4: frozenset({5, 6, 7}) | _AFTER_SIGNATURE,
    6: frozenset({7}) | _AFTER_SIGNATURE,
    7: _AFTER_SIGNATURE,
    8: frozenset({9, 10, 14}),
    5: frozenset({14}),
    9: frozenset({14}),
    12: frozenset({14}),
    13: frozenset({14}),
}


def short(value: bytes | None) -> str:
    """Bytes as hex, shortened so that a line stays a line."""
    if value is None:
        return "none"
    text = value.hex()
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}…{text[-4:]}"


def time_text(ms: int | None) -> str:
    """A time as people read it."""
    if ms is None:
        return "open end"
    try:
        moment = datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _size(value: bytes | None) -> str:
    return f"{len(value or b''):,} bytes"


def _optional(value: bytes | None) -> str:
    return "none" if value is None else short(value)


@dataclass(frozen=True)
class Evidence:
    """Everything that lines are made of.

    Attributes:
        row: What the validator recorded.
        facts: Numbers of the native checks.
        decoded: The decoded proof; empty for a probe without an answer.
        rules: Limits.
        failed: Mask of the failed checks that are shown.
    """

    row: Row
    facts: Mapping[str, Any]
    decoded: Mapping[str, Any]
    rules: Ruleset
    failed: int

    def describe(self, number: int, *, is_failed: bool) -> str:
        """What a check that ran compared."""
        line: str = getattr(self, f"_{Code(number).name.lower()}")(is_failed)
        return line

    def is_unanswered(self, number: int) -> bool:
        """Whether the check looks at an answer and there is none."""
        return self.row.transport != 0 and number not in {Code.UNKNOWN_DEVICE, Code.OFF_SCHEDULE}

    def stopped_by(self, number: int) -> str | None:
        """The failed check that stopped this one, in words."""
        for by, stopped in _STOPS.items():
            if (
                self.failed >> by & 1
                and number in stopped
                and (by != Code.UNSUPPORTED or self._has_no_algorithm)
            ):
                return f"stopped by {Code(by).name}"
        return None

    def why_not_run(self, number: int) -> str:
        """Why a check did not run."""
        if self.is_unanswered(number):
            return "no answer"
        return self.stopped_by(number) or "a check before it could not run"

    def absent(self, number: int) -> str | None:
        """Which optional value is not there, for a check that then neither fails nor passes."""
        claims, device = self.decoded.get("claims") or {}, self.facts["device"] or {}
        reason = None
        if number == Code.COUNTER_REGRESSION and claims["uptime"] is None and claims["bootcount"] is None:
            reason = "the proof has neither uptime nor bootcount"
        elif number == Code.LOCATION_MISMATCH and device.get("place") is None:
            reason = "no place is registered"
        elif number == Code.LOCATION_MISMATCH and claims["location"] is None:
            reason = "the proof has no location, and none is required"
        elif number == Code.LOCATION_MISMATCH and claims["location"][2] > MAX_ACCURACY_M:
            reason = f"accuracy {claims['location'][2]} m: above {MAX_ACCURACY_M} m it counts as no location"
        elif number == Code.MODEL_MISMATCH and not any(
            claims[name] is not None and device.get(name) is not None for name in ("hwmodel", "oemid")
        ):
            reason = "neither hwmodel nor oemid is both claimed and registered"
        return reason

    @property
    def claims(self) -> Mapping[str, Any]:
        """The proof's claims."""
        claims: Mapping[str, Any] = self.decoded["claims"]
        return claims

    @property
    def _has_no_algorithm(self) -> bool:
        return self.decoded.get("algorithm") is None

    def _malformed(self, is_failed: bool) -> str:
        if not is_failed:
            envelope = "COSE_Sign1" if self.decoded["envelope"] == "cose" else "JWS"
            return f"{envelope} of {_size(self.row.proof)}"
        fault = self.decoded["malformed"]
        return f"stage {fault['stage']} {fault['stage_name']}, byte {fault['offset']}: {fault['message']}"

    def _unsupported(self, is_failed: bool) -> str:
        if is_failed:
            return f"asks for what this format does not have: {', '.join(self.decoded['unsupported'])}"
        return (
            f"algorithm {_NAMES[self.decoded['algorithm']]}, the profile of uptime proofs, no critical header"
        )

    def _unknown_device(self, is_failed: bool) -> str:
        device = self.facts["device"]
        if device is None:
            return f"device {short(self.row.device)} is not registered"
        retired = device["retired_ms"]
        until = "" if retired is None else f", retired at {time_text(retired)}"
        return f"device {short(self.row.device)} is {'registered' if not until or not is_failed else 'no more'}{until}"

    def _device_mismatch(self, is_failed: bool) -> str:
        if is_failed:
            return f"proof of {short(self.claims['ueid'])}, probed {short(self.row.device)}"
        return f"ueid {short(self.claims['ueid'])} is the probed device"

    def _unknown_key(self, is_failed: bool) -> str:
        kids = [short(key[0]) for key in self.facts["device"]["keys"]]
        if is_failed:
            return f"kid {short(self.decoded['kid'])}; the device has {', '.join(kids[:3]) or 'no key'}"
        return f"kid {short(self.decoded['kid'])} is one of the device's {len(kids)}"

    def _key_not_valid(self, _: bool) -> str:
        first, end = self.facts["key_interval"]
        return f"sent {time_text(self.row.sent_ms)}, key {time_text(first)} to {time_text(end)}"

    def _algorithm_mismatch(self, is_failed: bool) -> str:
        header, key = _ALGORITHMS[self.facts["header_algorithm"]], _ALGORITHMS[self.facts["key_algorithm"]]
        return f"header {header}, key {key}" if is_failed else f"header and key {key}"

    def _bad_signature(self, is_failed: bool) -> str:
        key = _ALGORITHMS[self.facts["key_algorithm"]]
        covered = f"{_size(self.decoded['signed'])} signed, signature of {_size(self.decoded['signature'])}"
        return f"{key}: {'does not verify' if is_failed else 'verifies'} ({covered})"

    def _off_schedule(self, is_failed: bool) -> str:
        moment, slot = self.facts["moment_ms"], self.row.slot
        if is_failed:
            reason = self.facts["off_schedule"][0]
            assigned = ", ".join(short(one) for one in self.facts["assigned"]) or "nobody"
            return {
                1: f"slot {slot} is not in the epoch",
                2: f"the beacon round {self.facts['round']} of slot {slot} is missing",
                3: f"slot {slot} is for {assigned}, not for {short(self.row.validator)}",
                4: f"validator {short(self.row.validator)} is void: no secret that fits its commitment",
                5: f"sent {time_text(self.row.sent_ms)}, to be sent {time_text(moment)} or up to 60 s later",
            }.get(reason, "not on schedule")
        late = (self.row.sent_ms - moment) / 1000
        return f"slot {slot}, sent {late:.3f} s after its moment {time_text(moment)} (at most 60 s)"

    def _nonce_mismatch(self, is_failed: bool) -> str:
        found = short(self.claims["nonce"])
        return (
            f"expected {short(self.facts['expected_nonce'])}, found {found}"
            if is_failed
            else f"found {found}"
        )

    def _replayed(self, is_failed: bool) -> str:
        if not is_failed:
            return f"the row answers its own challenge ({self.facts['rows']} rows of the device looked at)"
        rightful = self.facts["rightful"]
        whose = "none rightful" if rightful is None else f"rightful is row {short(rightful)}"
        return f"the same challenge in {self.facts['same_nonce']} other rows, {whose}"

    def _late(self, _: bool) -> str:
        return f"delay {self.facts['delay_ms']:,} ms, deadline {self.rules.deadline_ms:,} ms"

    def _expired(self, _: bool) -> str:
        return f"delay {self.facts['delay_ms']:,} ms, limit {self.rules.late_limit_ms:,} ms"

    def _clock_skew(self, _: bool) -> str:
        skew = 1000 * self.rules.skew_s
        received = self.row.received_ms or 0
        if received < self.row.sent_ms:
            return f"answered {self.row.sent_ms - received:,} ms before the challenge was sent"
        first, last = time_text(self.row.sent_ms - skew), time_text(received + skew)
        return f"iat {time_text(1000 * self.claims['iat'])}, allowed {first} to {last}"

    def _counter_regression(self, _: bool) -> str:
        bootcount, boot_first = self.facts["counters"] or (None, None)
        parts = []
        if self.claims["bootcount"] is not None:
            parts.append(
                f"bootcount {self.claims['bootcount']}, before {'none' if bootcount is None else bootcount}"
            )
        if self.claims["uptime"] is not None:
            boot = 1000 * (self.claims["iat"] - self.claims["uptime"])
            grace = 2 * max(self.rules.counter_grace_s, self.rules.skew_s)
            first = (
                "none known before"
                if boot_first is None
                else f"first {time_text(1000 * boot_first)} - {grace} s"
            )
            parts.append(f"boot {time_text(boot)}, {first}")
        return "; ".join(parts)

    def _location_mismatch(self, _: bool) -> str:
        place = self.facts["device"]["place"]
        allowed = place[2] + self.rules.location_tolerance_m
        location = self.claims["location"]
        if location is None or location[2] > MAX_ACCURACY_M:
            return "a location is required, and the proof has none"
        limit = (
            f"limit {allowed + location[2]:,} m = radius {place[2]:,} + {self.rules.location_tolerance_m:,}"
        )
        return (
            f"{self.facts['distance_m']:,} m from the registered centre, {limit} + accuracy {location[2]:,}"
        )

    def _model_mismatch(self, _: bool) -> str:
        device = self.facts["device"]
        return ", ".join(
            f"{name} {_optional(self.claims[name])}, registered {_optional(device[name])}"
            for name in ("hwmodel", "oemid")
            if self.claims[name] is not None or device[name] is not None
        )
