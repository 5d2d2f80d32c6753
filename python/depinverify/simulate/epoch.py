"""A complete epoch folder with known truth: section 7 of the uptime proof, in the layout of section 3.

In: how many devices, hours and validators, a seed, shares of behaviours. Out: the folder, with real keys and
signatures. The work is cut into parts by slots and devices; the cut depends on the settings alone, so one
process and many write the same bytes, and memory holds one part at a time.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.simulate.beacon import Beacon, beacon_lines
from depinverify.simulate.behaviours import ValidatorBehaviour
from depinverify.simulate.events import registry, secret
from depinverify.simulate.evidence import write_observations, write_references
from depinverify.simulate.fleet import Fleet
from depinverify.simulate.layout import epoch_toml, read_previous
from depinverify.simulate.probes import Prober, outage_slots
from depinverify.simulate.schedule import VALIDATORS_PER_PROBE, Schedule
from depinverify.simulate.settings import DEFAULT_POOL, DEFAULT_START, SCHEMES, Settings
from depinverify.simulate.truth import Tally, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from depinverify.simulate.beacon import Round

__all__ = ["Simulated", "simulate"]

_ROWS_PER_PART = 24_000
#: In a smaller fleet few clusters cannot show an outage, so references are probed in every slot.
_SMALL_FLEET = 200


class Simulated(NamedTuple):
    """What was written."""

    path: Path
    rows: int
    proofs: int
    codes: dict[str, int]


class Part(NamedTuple):
    """A rectangle of work: some slots of some devices."""

    number: int
    slots: range
    devices: range


class _Worker:
    """One process's view of the epoch; the fleet is built from the settings, never sent."""

    def __init__(self, settings: Settings, rounds: Sequence[Round], folder: Path) -> None:
        self.fleet = Fleet(settings)
        beacon = Beacon(self.fleet.seed, settings.world_start)
        schedule = Schedule(
            chain_hash=beacon.chain_hash,
            start=settings.start,
            slot_seconds=settings.slot_seconds,
            rounds=rounds,
            validators=[(v.id, secret(self.fleet, v.index, settings.index)) for v in self.fleet.validators],
        )
        self._prober = Prober(self.fleet, schedule)
        self._folder = folder

    def write(self, part: Part) -> Tally:
        """Write one file a validator and count what is in truth in it."""
        fleet = self.fleet
        devices = fleet.devices[part.devices.start : part.devices.stop]
        codes: dict[int, Counter[str]] = {device.index: Counter() for device in devices}
        hidden: Counter[int] = Counter()
        blind = outage_slots(fleet) if fleet.settings.outage_rows == "drop" else range(0)
        files: list[list[Any]] = [[] for _ in fleet.validators]
        for slot in part.slots:
            for validator, rows in zip(fleet.validators, self._prober.rows(slot, devices), strict=True):
                hidden[validator.index] += self._prober.hidden(slot, validator, devices)
                if slot in blind and validator.behaviour is ValidatorBehaviour.NO_UPLINK:
                    continue
                files[validator.index] += rows
                for row in rows:
                    codes[row.device][row.code] += 1
        for validator, rows in zip(fleet.validators, files, strict=True):
            if rows:
                name = f"{validator.id.decode()}-{part.number:05}.{fleet.settings.file_format}"
                write_observations(self._folder / name, fleet, validator, rows)
        return Tally(codes, hidden)


_worker: _Worker | None = None


def _begin(settings: Settings, rounds: Sequence[Round], folder: Path) -> None:
    global _worker  # noqa: PLW0603
    _worker = _Worker(settings, rounds, folder)


def _write_part(part: Part) -> Tally:
    if _worker is None:
        raise RuntimeError("the worker process was not begun")
    return _worker.write(part)


def simulate(
    devices: int,
    hours: int,
    seed: int,
    out: str | Path,
    *,
    validators: int = 3,
    start: int | None = None,
    index: int | None = None,
    first_index: int = 0,
    slot_seconds: int = 900,
    pool: str = DEFAULT_POOL,
    previous: str | Path | None = None,
    shares: Mapping[str, float | str] | None = None,
    validator_behaviours: Iterable[str] = (ValidatorBehaviour.NO_UPLINK,),
    file_format: str = "parquet",
    outage_rows: str = "keep",
    schemes: Sequence[str] = SCHEMES,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Simulated:
    """Write a complete epoch folder.

    Args:
        devices: Size of the fleet.
        hours: Length of the epoch.
        seed: Equal seeds and settings give equal bytes.
        out: Folder to write; it must be empty or not exist.
        validators: How many probe.
        start: First second of the epoch, a multiple of ``slot_seconds``; a settlement before gives it.
        index: Number of the epoch; a settlement before gives it.
        first_index: Number of the world's first epoch, where a following one is made.
        slot_seconds: Length of a slot.
        pool: What is divided, in the token's smallest unit.
        previous: Folder of the settlement before, for a following epoch of the same world; devices, hours,
            seed, validators and shares must be those of the epochs before.
        shares: Share of the fleet by behaviour, where it is not the default one.
        validator_behaviours: What the first validators do, one each; the rest is honest.
        file_format: Kind of the files of observations.
        outage_rows: ``drop`` leaves out what the validator without uplink recorded meanwhile.
        schemes: Algorithms of the devices' keys, in turn.
        processes: How many processes sign.
        progress: Called with parts done and parts in all.

    Raises:
        InputError: An argument is out of its range, or the settlement before belongs to another world.
    """
    out = Path(out)
    before = None if previous is None else read_previous(Path(previous))
    if before is not None and not (start is None and index is None):
        raise InputError("previous: the settlement before gives start and index; leave them out")
    number = (first_index if index is None else index) if before is None else before.number + 1
    settings = Settings(
        devices=devices,
        hours=hours,
        seed=seed,
        validators=validators,
        start=(DEFAULT_START if start is None else start) if before is None else before.end,
        index=number,
        first_index=number if before is None else first_index,
        slot_seconds=slot_seconds,
        pool=pool,
        shares={name: str(value) for name, value in (shares or {}).items()},
        validator_behaviours=tuple(validator_behaviours),
        file_format=file_format,
        outage_rows=outage_rows,
        schemes=tuple(schemes),
    )
    settings.check()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: expected an empty or new folder, found one with content")
    fleet = Fleet(settings)
    beacon = Beacon(fleet.seed, settings.world_start)
    starts = range(settings.start, settings.end, settings.slot_seconds)
    rounds = [beacon.round_for(moment) for moment in starts]
    log = registry(fleet)
    if before is not None:
        before.check_continues(beacon.chain_hash, log)
    observations = out / "observations"
    observations.mkdir(parents=True)
    (out / "registry.jsonl").write_bytes(b"".join(log.lines))
    (out / "beacon.jsonl").write_bytes(beacon_lines(rounds))
    secrets = (
        {"validator": v.id.hex(), "secret": secret(fleet, v.index, settings.index).hex()}
        for v in fleet.validators
    )
    (out / "validators.jsonl").write_bytes(b"".join(canonical_json(line) + b"\n" for line in secrets))
    _write_references(out, fleet)
    tally = _write_parts(settings, rounds, observations, processes, progress)
    head = log.head_before(settings.start * 1000)
    (out / "epoch.toml").write_text(epoch_toml(fleet, beacon, head, before, out))
    (out / "truth.json").write_text(json.dumps(truth(fleet, tally), indent=1, sort_keys=True) + "\n")
    codes: Counter[str] = Counter()
    for counted in tally.codes.values():
        codes += counted
    rows = sum(codes.values())
    return Simulated(out, rows, rows - codes["NO_ANSWER"], dict(sorted(codes.items())))


def _write_references(out: Path, fleet: Fleet) -> None:
    settings, blind = fleet.settings, outage_slots(fleet)
    (out / "reference").mkdir()
    every = 1 if settings.devices < _SMALL_FLEET else 2
    for validator in fleet.validators:
        is_blind = validator.behaviour is ValidatorBehaviour.NO_UPLINK
        slots: Iterable[int] = range(0, settings.slots, every)
        if is_blind and settings.outage_rows == "drop":
            slots = (slot for slot in slots if slot not in blind)
        write_references(out / "reference", fleet, validator, blind if is_blind else range(0), slots)


def _parts(settings: Settings) -> Iterator[Part]:
    """The cut of the work: ranges of devices outside, so that a range's keys are made once."""
    probes = min(settings.validators, VALIDATORS_PER_PROBE)
    width = max(1, min(settings.devices, _ROWS_PER_PART // probes))
    length = max(1, _ROWS_PER_PART // (width * probes))
    number = 0
    for left in range(0, settings.devices, width):
        for first in range(0, settings.slots, length):
            slots = range(first, min(first + length, settings.slots))
            yield Part(number, slots, range(left, min(left + width, settings.devices)))
            number += 1


def _write_parts(
    settings: Settings,
    rounds: Sequence[Round],
    folder: Path,
    processes: int,
    progress: Callable[[int, int], None] | None,
) -> Tally:
    parts = list(_parts(settings))
    tally = Tally({}, Counter())

    def add(done: int, part: Tally) -> None:
        for device, codes in part.codes.items():
            tally.codes.setdefault(device, Counter()).update(codes)
        tally.hidden.update(part.hidden)
        if progress is not None:
            progress(done, len(parts))

    if processes <= 1 or len(parts) == 1:
        worker = _Worker(settings, rounds, folder)
        for done, part in enumerate(parts, 1):
            add(done, worker.write(part))
        return tally
    context = multiprocessing.get_context("spawn")
    begun = (settings, rounds, folder)
    with ProcessPoolExecutor(processes, context, _begin, begun) as pool:
        for done, counted in enumerate(pool.map(_write_part, parts), 1):
            add(done, counted)
    return tally
