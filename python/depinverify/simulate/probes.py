"""What validators record: the rows of a slot, and the code that a settlement must give each of them.

In: a fleet, its schedule, a slot and a range of devices. Out: rows as :class:`Row`, each with the expected
first failing check. Which device cheats how is decided here and nowhere else; all of it follows from the
seed, row by row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from depinverify.device import Claims, answer
from depinverify.simulate.behaviours import Behaviour, ValidatorBehaviour
from depinverify.simulate.places import chord_km
from depinverify.simulate.schedule import COUNTER_GRACE_S, DEADLINE_MS, SKEW_S
from depinverify.simulate.timeline import CHANGING, Timeline, timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.simulate.fleet import Device, Fleet, Validator
    from depinverify.simulate.schedule import Probe, Schedule

__all__ = ["Prober", "Row", "outage_slots"]

_ANSWERED, _TIMEOUT, _NO_CONNECTION = 0, 1, 2
#: Two contradicting uptimes lie this far apart; the skew that is forgiven is 120 s.
_STORY_SECONDS = 1000
_STORY_EVERY = 8
_MICROSECONDS_PER_KM = 14
_STORY_DELAY_MS = 40


class Row(NamedTuple):
    """One line of a validator's observations, and what it is in truth."""

    device: int
    slot: int
    sent_ms: int
    received_ms: int | None
    transport: int
    proof: bytes | None
    rtt_ns: int | None
    code: str


class Timing(NamedTuple):
    """One probe on its way; ``device_s`` is the second that the device's own clock shows."""

    transport: int
    sent_ms: int
    delay_ms: int
    rtt_ns: int
    device_s: int


def outage_slots(fleet: Fleet) -> range:
    """The slots in which the validator without uplink sees nothing: an hour, or a quarter of the epoch."""
    settings = fleet.settings
    length = min(3600 // settings.slot_seconds, settings.slots // 4)
    first = settings.slots // 4 + fleet.seed.chance("outage", settings.index).below(settings.slots // 2)
    return range(first, min(first + length, settings.slots))


class Prober:
    """All validators of one epoch, at work."""

    def __init__(self, fleet: Fleet, schedule: Schedule) -> None:
        self._fleet = fleet
        self._schedule = schedule
        self._outage = outage_slots(fleet)
        self._timelines: dict[int, Timeline] = {}
        self._tokens: dict[int, bytes] = {}
        self._boot_first: dict[int, int] = {}
        self._chords = [
            {device.place: chord_km(device.place, validator.place) for device in fleet.devices}
            for validator in fleet.validators
        ]

    def rows(self, slot: int, devices: Sequence[Device]) -> list[list[Row]]:
        """The rows of one slot and some devices, by validator."""
        recorded: list[list[Row]] = [[] for _ in self._fleet.validators]
        is_troubled = self._is_friend_in_trouble(slot)
        for device in devices:
            has_story = device.behaviour is Behaviour.TWO_STORIES and slot % _STORY_EVERY == 1
            for probe in self._probes(slot, device):
                validator = self._fleet.validators[probe.validator]
                if is_troubled and self._hides(validator, device):
                    continue
                timing = self._timing(slot, device, validator, probe)
                recorded[probe.validator].append(self._row(slot, device, probe, timing))
                if has_story and timing.transport == _ANSWERED:
                    recorded[probe.validator].append(self._second_story(slot, device, probe, timing))
                    has_story = False
        return recorded

    def hidden(self, slot: int, validator: Validator, devices: Sequence[Device]) -> int:
        """How many probes this validator keeps to itself."""
        if not self._is_friend_in_trouble(slot):
            return 0
        mine = (d for d in devices if self._hides(validator, d))
        return sum(probe.validator == validator.index for d in mine for probe in self._probes(slot, d))

    def _probes(self, slot: int, device: Device) -> list[Probe]:
        return self._schedule.probes(slot, device.id, self._fleet.exclusions[device.index])

    def _hides(self, validator: Validator, device: Device) -> bool:
        return validator.behaviour is ValidatorBehaviour.HIDES_DOWNTIME and device.owner is self._fleet.friend

    def _is_friend_in_trouble(self, slot: int) -> bool:
        """Whether a friend's device is silent when probed; the hider then says nothing of that owner."""
        friend = self._fleet.friend
        if friend is None:
            return False
        return any(
            self._timeline(device).is_down(probe.moment_ms)
            for device in self._fleet.devices
            if device.owner is friend and device.behaviour is not Behaviour.HONEST
            for probe in self._probes(slot, device)
        )

    def _timeline(self, device: Device) -> Timeline:
        lived = self._timelines.get(device.index)
        if lived is None:
            lived = timeline(self._fleet, device)
            if device.behaviour in CHANGING:
                self._timelines[device.index] = lived
        return lived

    def _timing(self, slot: int, device: Device, validator: Validator, probe: Probe) -> Timing:
        """When one probe leaves and what becomes of it on the way."""
        settings = self._fleet.settings
        chance = self._fleet.seed.chance("probe", settings.index, slot, device.index, validator.index)
        sent_ms = probe.moment_ms + chance.below(900)
        behaviour = validator.behaviour
        is_blind = (behaviour is ValidatorBehaviour.NO_UPLINK and slot in self._outage) or (
            behaviour is ValidatorBehaviour.INVENTS_OFFLINE and device.owner is self._fleet.rival
        )
        transport = _ANSWERED
        if is_blind or self._timeline(device).is_down(sent_ms):
            transport = _NO_CONNECTION if is_blind or chance.happens(3, 4) else _TIMEOUT
        wire_us = self._chords[validator.index][device.place] * _MICROSECONDS_PER_KM
        rtt_us = 4_000 + wire_us + chance.below(9_000)
        if device.behaviour is Behaviour.SLOW or (
            device.behaviour is Behaviour.FLAKY and chance.happens(1, 20)
        ):
            rtt_us += chance.between(1_000, 22_000) * 1_000
        device_s = (sent_ms + rtt_us // 2000) // 1000 + device.clock_offset_s
        return Timing(transport, sent_ms, -(-rtt_us // 1000), rtt_us * 1000 + chance.below(1000), device_s)

    def _row(self, slot: int, device: Device, probe: Probe, timing: Timing) -> Row:
        """What one probe brings."""
        if timing.transport != _ANSWERED:
            return Row(device.index, slot, timing.sent_ms, None, timing.transport, None, None, "NO_ANSWER")
        proof, code = self._answer(slot, device, probe, timing)
        if code == "VALID" and timing.delay_ms > DEADLINE_MS:
            code = "LATE"
        received_ms = timing.sent_ms + timing.delay_ms
        return Row(device.index, slot, timing.sent_ms, received_ms, _ANSWERED, proof, timing.rtt_ns, code)

    def _second_story(self, slot: int, device: Device, probe: Probe, timing: Timing) -> Row:
        """Another answer to the same challenge at the same second, with a lower uptime."""
        claims = self._claims(slot, device, timing)
        claims = replace(claims, uptime=(claims.uptime or 0) - _STORY_SECONDS)
        proof = self._sign(device, probe.challenge, claims, timing.sent_ms)
        received_ms = timing.sent_ms + timing.delay_ms + _STORY_DELAY_MS
        rtt_ns = timing.rtt_ns + _STORY_DELAY_MS * 1_000_000
        return Row(device.index, slot, timing.sent_ms, received_ms, _ANSWERED, proof, rtt_ns, "VALID")

    def _answer(self, slot: int, device: Device, probe: Probe, timing: Timing) -> tuple[bytes, str]:
        """The bytes that come back, and the code that they deserve, time aside."""
        behaviour = device.behaviour
        if slot > 0 and behaviour is Behaviour.REPLAY:
            return self._first_token(device), "NONCE_MISMATCH"
        if slot > 0 and behaviour is Behaviour.BORROWED_TOKEN and device.partner is not None:
            return self._first_token(self._fleet.devices[device.partner]), "DEVICE_MISMATCH"
        claims = self._claims(slot, device, timing)
        if behaviour is Behaviour.WRONG_KEY:
            key = self._fleet.key(device, "wrong")
            is_named = slot % 2 == 0
            kid = self._fleet.key(device).kid if is_named else key.kid
            proof = answer(
                key, probe.challenge, device=device.id, claims=claims, envelope=device.envelope, kid=kid
            )
            return proof, "BAD_SIGNATURE" if is_named else "UNKNOWN_KEY"
        code = "VALID"
        if behaviour is Behaviour.FALSE_LOCATION:
            code = "LOCATION_MISMATCH"
        elif behaviour is Behaviour.FAST_COUNTER and self._runs_ahead(device, claims):
            code = "COUNTER_REGRESSION"
        return self._sign(device, probe.challenge, claims, timing.sent_ms), code

    def _sign(self, device: Device, challenge: bytes, claims: Claims, sent_ms: int) -> bytes:
        has_rotated = device.rotates and sent_ms >= self._fleet.settings.rotation_ms
        key = self._fleet.key(device, "second" if has_rotated else "first")
        return answer(key, challenge, device=device.id, claims=claims, envelope=device.envelope)

    def _first_token(self, device: Device) -> bytes:
        """The answer that a device gave to its first probe of the epoch: recorded then, presented later."""
        token = self._tokens.get(device.index)
        if token is None:
            probe = self._probes(0, device)[0]
            timing = self._timing(0, device, self._fleet.validators[probe.validator], probe)
            token = self._tokens[device.index] = self._answer(0, device, probe, timing)[0]
        return token

    def _claims(self, slot: int, device: Device, timing: Timing) -> Claims:
        boot = self._timeline(device).boot(timing.sent_ms)
        uptime = max(0, timing.device_s - boot.since_s)
        if device.behaviour is Behaviour.FAST_COUNTER:
            uptime += (timing.device_s - self._fleet.settings.world_start + 60) * device.pace // 1000
        metrics = {"bytes_served": slot * 65_536 + device.index, "jobs_done": slot}
        return Claims(
            iat=timing.device_s,
            uptime=uptime if device.states_uptime else None,
            bootcount=boot.starts if device.states_bootcount else None,
            location=device.location,
            hwmodel=device.hwmodel,
            oemid=device.oemid,
            swname=device.swname,
            swversion=device.swversion,
            metrics=metrics if device.states_metrics else None,
        )

    def _runs_ahead(self, device: Device, claims: Claims) -> bool:
        """Whether a fast counter has crossed the limit of check 14 with this answer."""
        boot_first = self._boot_first.get(device.index)
        if boot_first is None:
            boot_first = self._boot_first[device.index] = self._first_boot(device)
        return claims.iat - (claims.uptime or 0) < boot_first - 2 * max(COUNTER_GRACE_S, SKEW_S)

    def _first_boot(self, device: Device) -> int:
        """``boot_first``: the boot time that the earliest answer of the world's first slot states.

        In later epochs the state carries it. The counter has then gained at least half an hour, which no
        answer of the first slot can have, so that the true start serves as well.
        """
        settings = self._fleet.settings
        if settings.index > settings.first_index:
            return device.booted_s
        stated = []
        for probe in self._probes(0, device):
            timing = self._timing(0, device, self._fleet.validators[probe.validator], probe)
            claims = self._claims(0, device, timing)
            stated.append((claims.iat, claims.iat - (claims.uptime or 0)))
        return min(stated)[1]
