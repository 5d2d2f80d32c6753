"""Random registries: both servers hold the same bytes, and the fold agrees with a simple model."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depinverify.exceptions import RegistryError
from depinverify.registry import Registry, Scheme, Signer, events, generate_private_key
from depinverify.registry.exports import device_rows

SIGNERS = [Signer(generate_private_key(Scheme(1 + at % 3))) for at in range(12)]
OWNERS = [SIGNERS[0], SIGNERS[1], None]
CELLS = ["8928308280fffff", "85080003fffffff", None]
DAY_MS = 86_400_000
START_MS = 1_800_000_000_000


def owner_text(owner):
    return "somebody" if owner is None else owner.public.did


class Fleet:
    """The model: a dictionary of devices with histories, and nothing of the registry's own code."""

    def __init__(self, registries, authority, clock, seed):
        self.registries = registries
        self.authority = authority
        self.clock = clock
        self.random = random.Random(seed)
        self.devices = {}
        self.history = []
        self.validators = set()

    def append(self, event, *signers, effective_ms):
        """Take an event in all registries; whether they took it, on which they must agree."""
        signed = events.sign(event, *[self.authority if one is None else one for one in signers])
        answers = []
        for registry in self.registries:
            try:
                answers.append(registry.append(signed, effective_ms=effective_ms))
            except RegistryError as error:
                answers.append(str(error))
        assert answers[0] == answers[1]
        return not isinstance(answers[0], str)

    def step(self, action):
        self.clock.now_ms += self.random.choice([0, 1, DAY_MS // 4])
        effective_ms = self.clock.now_ms + self.random.choice([0, 0, 1, DAY_MS])
        device = self.random.choice([*self.devices, f"01{self.random.randrange(6):014x}"])
        known = self.devices.get(device)
        getattr(self, action)(device, known, effective_ms)

    def note(self, device, effective_ms, **changes):
        self.history.append((self.clock.now_ms, effective_ms, device, changes))

    def enroll(self, device, known, effective_ms):
        key, owner, cell = self.random.choice(SIGNERS), self.random.choice(OWNERS), self.random.choice(CELLS)
        proves = owner is not None and self.random.random() < 0.5
        event = events.enroll(
            device=device, key=key.public, owner=owner_text(owner), cell=cell, nonce=self.random.randbytes(32)
        )
        taken = self.append(event, None, *([owner] if proves else []), effective_ms=effective_ms)
        assert taken is (known is None)
        if taken:
            self.devices[device] = {"owner": owner, "keys": [key], "retired": False, "ended": set()}
            self.note(
                device,
                effective_ms,
                enrolled=True,
                owner=owner_text(owner),
                cell=cell,
                weight="1",
                proved=proves,
            )

    def alive(self, known):
        return known is not None and not known["retired"]

    def set_weight(self, device, known, effective_ms):
        weight = str(self.random.randrange(100))
        taken = self.append(events.set_weight(device=device, weight=weight), None, effective_ms=effective_ms)
        assert taken is self.alive(known)
        if taken:
            self.note(device, effective_ms, weight=weight)

    def relocate(self, device, known, effective_ms):
        cell = self.random.choice(CELLS)
        signer = known["owner"] if known else None
        taken = self.append(events.relocate(device=device, cell=cell), signer, effective_ms=effective_ms)
        assert taken is self.alive(known)
        if taken:
            self.note(device, effective_ms, cell=cell)

    def transfer(self, device, known, effective_ms):
        owner = self.random.choice(OWNERS)
        signers = {id(one): one for one in (known["owner"] if known else None, owner)}.values()
        signers = [one for one in signers if one is not None] or [None]
        if known and known["owner"] is None:
            signers = list({id(one): one for one in (*signers, None)}.values())
            if owner is not None:
                signers = [owner, None]
        event = events.transfer(device=device, owner=owner_text(owner))
        taken = self.append(event, *signers, effective_ms=effective_ms)
        assert taken is self.alive(known)
        if taken:
            known["owner"] = owner
            self.note(device, effective_ms, owner=owner_text(owner), proved=owner is not None)

    def retire(self, device, known, effective_ms):
        taken = self.append(events.retire(device=device), None, effective_ms=effective_ms)
        assert taken is self.alive(known)
        if taken:
            known["retired"] = True

    def enroll_validator(self, _device, _known, effective_ms):
        key = self.random.choice(SIGNERS)
        validator = key.kid.hex()
        event = events.enroll_validator(validator=validator, key=key.public, owner="v")
        assert self.append(event, key, effective_ms=effective_ms) is (validator not in self.validators)
        self.validators.add(validator)

    def as_of(self, at_ms):
        """Devices that an epoch starting at this time sees."""
        seen = {}
        for recorded_ms, effective_ms, device, changes in self.history:
            counts = effective_ms < at_ms if "enrolled" in changes else effective_ms <= at_ms
            if recorded_ms < at_ms and counts and (device in seen or "enrolled" in changes):
                seen.setdefault(device, {}).update(changes)
        return {
            device: (state["owner"], state["proved"], state["weight"], state["cell"])
            for device, state in seen.items()
        }


ACTIONS = ["enroll", "enroll", "enroll", "set_weight", "relocate", "transfer", "retire", "enroll_validator"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=25), seed=st.integers(0, 2**32))
def test_random_registries_are_the_same_on_both_servers_and_as_the_model_says(
    tmp_path_factory, new_postgresql_url, authority, clock, actions, seed
):  # fmt: skip
    folder = tmp_path_factory.mktemp("registry")
    clock.now_ms = START_MS
    urls = [f"sqlite:///{folder}/r.db", new_postgresql_url()]
    registries = [Registry.create(url, authority=[authority.public], clock=clock) for url in urls]
    try:
        fleet = Fleet(registries, authority, clock, seed)
        for action in actions:
            fleet.step(action)
        exports = [b"".join(registry.lines()) for registry in registries]
        assert exports[0] == exports[1]
        for at_ms in (
            START_MS,
            clock.now_ms,
            clock.now_ms + 1,
            clock.now_ms + DAY_MS,
            clock.now_ms + DAY_MS + 1,
        ):
            snapshots = [registry.snapshot(start_ms=at_ms) for registry in registries]
            rows = [list(device_rows(snapshot, at_ms)) for snapshot in snapshots]
            assert rows[0] == rows[1]
            assert [snapshot.content_hash for snapshot in snapshots[1:]] == [snapshots[0].content_hash]
            found = {
                row["device"]: (row["owner"], row["owner_key_proved"], row["weight"], row["cell"])
                for row in rows[0]
            }
            assert found == fleet.as_of(at_ms)
            assert list(found) == sorted(found)
    finally:
        for registry in registries:
            registry.close()


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet"])
def test_devices_as_of_a_time_are_the_same_file_from_both_servers(
    kind, tmp_path, new_postgresql_url, authority, clock
):  # fmt: skip
    written = []
    key, names = Signer(generate_private_key()), ["b", "A", 'ä,"x"\n', "did", "Ω"]
    run = [
        events.sign(
            events.enroll(device=f"0{3 - at % 3}{at:014x}", key=key.public, owner=name, cell=CELLS[at % 3],
                          hwmodel=b"m", nonce=f"{at:064x}"),
            authority,
        )
        for at, name in enumerate(names)
    ]  # fmt: skip
    for at, url in enumerate((f"sqlite:///{tmp_path}/r.db", new_postgresql_url())):
        with Registry.create(url, authority=[authority.public], clock=clock) as registry:
            registry.append_many(run)
            path = tmp_path / f"devices{at}{kind}"
            assert registry.export_devices(path, as_of_ms=clock.now_ms) == 0
            assert registry.export_devices(path, as_of_ms=clock.now_ms + 1) == len(names)
            written.append(path.read_bytes())
    assert written[0] == written[1]
    if kind == ".jsonl":
        rows = [json.loads(line) for line in written[0].splitlines()]
        assert [row["device"] for row in rows] == sorted(event["device"] for event in run)
        assert {row["owner"] for row in rows} == set(names)
        assert all(row["key"] == key.public.did for row in rows)
