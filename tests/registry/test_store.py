"""The store: what it takes, what it refuses, and that both servers hold the same bytes."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import create_engine, text

from depinverify.exceptions import InputError, RegistryError
from depinverify.registry import Registry, Scheme, Signer, events, generate_private_key
from depinverify.registry.lines import GENESIS, event_message, read_event

DEVICE = "01" + "0a" * 16
OTHER_DEVICE = "02" + "0b" * 7
VALIDATOR = "76616c2d30"
PAYEE = "0x" + "ab" * 20
CELL = "8928308280fffff"


@pytest.fixture(params=list(Scheme), ids=lambda scheme: scheme.label)
def any_signer(request):
    return Signer(generate_private_key(request.param))


@pytest.fixture
def key():
    return Signer(generate_private_key())


@pytest.fixture
def owner():
    return Signer(generate_private_key(Scheme.SECP256K1))


@pytest.fixture
def enrolled(registry, key, owner):
    """A registry with a device whose owner has a key, and with a validator."""
    device = events.enroll(
        device=DEVICE, key=key.public, owner=owner.public.did, payee=PAYEE, nonce=registry.issue_nonce()
    )
    registry.append(events.sign(device, key, owner))
    validator = events.enroll_validator(validator=VALIDATOR, key=owner.public, owner="somebody")
    registry.append(events.sign(validator, owner))
    return registry


def test_an_enrolment_is_signed_placed_and_found_again(registry, any_signer, clock):
    event = events.enroll(
        device=DEVICE,
        key=any_signer.public,
        owner="alice",
        payee=PAYEE.upper().replace("X", "x"),
        cell=CELL,
        hwmodel=b"m1",
        oemid="00ff",
        capacity=12,
        nonce=registry.issue_nonce(),
    )
    taken = registry.append(events.sign(event, any_signer))
    assert (taken.seq, taken.recorded_ms, taken.effective_ms) == (0, clock.now_ms, clock.now_ms)
    (line,) = registry.lines()
    assert registry.head() == taken.hash == hashlib.sha256(line[:-1]).hexdigest()
    stored = json.loads(line)
    assert stored["prev_hash"] == GENESIS
    assert stored["payee"] == PAYEE
    state = registry.state(device=DEVICE)
    assert (state["owner"], state["owner_proved"], state["weight"]) == ("alice", False, "1")
    assert (state["hwmodel"], state["oemid"], state["capacity"]) == ("6d31", "00ff", "12")
    assert state["keys"] == [
        {
            "kid": any_signer.kid.hex(),
            "key": any_signer.public.did,
            "valid_from_ms": clock.now_ms,
            "valid_to_ms": None,
        }
    ]
    assert registry.state(device=OTHER_DEVICE) is None


def test_the_message_is_the_hash_of_the_event_without_what_the_registry_adds(enrolled):
    line = next(enrolled.lines())
    event = read_event(line[:-1])
    signed = {
        k: v for k, v in event.items() if k not in {"seq", "recorded_ms", "effective_ms", "prev_hash", "sigs"}
    }
    by_hand = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert event_message(event) == hashlib.sha256(by_hand.encode()).digest()


def test_every_event_type_is_taken_and_changes_its_state(enrolled, key, owner, authority, clock):
    registry = enrolled
    new_owner, new_key = Signer(generate_private_key(Scheme.P256)), Signer(generate_private_key())
    commitment = hashlib.sha256(b"secret").digest()
    for event, signers in (
        (events.commit_challenge(validator=VALIDATOR, epoch=7, commitment=commitment), [owner]),
        (events.declare_conflict(validator=VALIDATOR, device=DEVICE), [owner]),
        (events.declare_conflict(validator=VALIDATOR, owner="carol"), [owner]),
        (events.rotate(device=DEVICE, old_kid=key.kid, key=new_key.public, overlap_ms=500), [key, new_key]),
        (events.relocate(device=DEVICE, cell=CELL), [owner]),
        (events.set_payee(device=DEVICE, payee=None), [owner]),
        (events.transfer(device=DEVICE, owner=new_owner.public.did), [owner, new_owner]),
        (events.set_weight(device=DEVICE, weight=2**255), [authority]),
        (events.set_class(device=DEVICE, device_class="indoor"), [authority]),
        (events.revoke(device=DEVICE, kid=key.kid), [new_owner]),
        (events.retire(device=DEVICE), [authority]),
        (events.retire_validator(validator=VALIDATOR), [authority]),
    ):
        clock.now_ms += 1
        registry.append(events.sign(event, *signers))
    state = registry.state(device=DEVICE)
    assert state["owner"] == new_owner.public.did
    assert state["owner_proved"]
    assert state["payee"] is None
    assert (state["cell"], state["lat_e7"], state["lon_e7"], state["radius_m"]) == (
        CELL, 377_767_023, -1_224_184_593, 210,
    )  # fmt: skip
    assert (state["weight"], state["class"]) == (str(2**255), "indoor")
    assert state["retired_ms"] == clock.now_ms - 1
    old, new = state["keys"]
    assert (old["kid"], old["valid_to_ms"]) == (key.kid.hex(), clock.now_ms - 2)
    assert (new["kid"], new["valid_from_ms"], new["valid_to_ms"]) == (
        new_key.kid.hex(),
        clock.now_ms - 8,
        None,
    )
    assert registry.state(validator=VALIDATOR)["retired_ms"] == clock.now_ms
    assert registry.count() == {"events": 14, "devices": 1, "validators": 1}


def test_a_rotation_ends_the_old_key_after_the_overlap(enrolled, key, clock):
    new = Signer(generate_private_key())
    event = events.rotate(device=DEVICE, old_kid=key.kid, key=new.public)
    enrolled.append(events.sign(event, key, new), effective_ms=clock.now_ms + 10)
    old, _ = enrolled.state(device=DEVICE)["keys"]
    assert old["valid_to_ms"] == clock.now_ms + 10 + 3_600_000


def refused(registry, event, *signers, because, **options):
    before = list(registry.lines())
    with pytest.raises(RegistryError, match=because):
        registry.append(events.sign(event, *signers), **options)
    assert list(registry.lines()) == before


def enrolment(registry, signer, **changes):
    members = {"device": OTHER_DEVICE, "key": signer.public, "owner": "bob", "nonce": registry.issue_nonce()}
    return events.enroll(**{**members, **changes})


def test_an_enrolment_needs_proof_of_possession(enrolled, owner):
    new = Signer(generate_private_key())
    refused(enrolled, enrolment(enrolled, new), owner, because="nobody who may sign")
    stolen = Signer(generate_private_key(), named_kid=new.kid)
    refused(enrolled, enrolment(enrolled, new), stolen, because=r"\(the device's key\) is wrong")
    with pytest.raises(RegistryError, match="1 to 8 signatures"):
        enrolled.append({**enrolment(enrolled, new), "sigs": []})


def test_a_signature_covers_every_member(enrolled):
    new = Signer(generate_private_key())
    event = events.sign(enrolment(enrolled, new), new)
    for name, value in (("owner", "mallory"), ("payee", PAYEE), ("device", "0300000000000000")):
        with pytest.raises(RegistryError, match="is wrong"):
            enrolled.append({**event, name: value})
    enrolled.append(event)


def test_a_nonce_is_issued_here_and_used_once(enrolled):
    new, newer = Signer(generate_private_key()), Signer(generate_private_key())
    refused(enrolled, enrolment(enrolled, new, nonce="11" * 32), new, because="was not issued")
    first = enrolment(enrolled, new)
    enrolled.append(events.sign(first, new))
    again = enrolment(enrolled, newer, device="0300000000000000", nonce=first["nonce"])
    refused(enrolled, again, newer, because="was used already, by event 2")


def test_a_key_belongs_to_one_device_unless_existing_data_is_imported(enrolled, key, authority):
    refused(enrolled, enrolment(enrolled, key), key, because=f"bound to device {DEVICE} already")
    enrolled.append(events.sign(enrolment(enrolled, key, nonce="22" * 32), authority))
    assert enrolled.state(device=OTHER_DEVICE)["keys"][0]["key"] == key.public.did


def test_a_device_is_enrolled_once(enrolled, authority):
    new = Signer(generate_private_key())
    refused(enrolled, enrolment(enrolled, new, device=DEVICE), new, because="is enrolled already")
    enrolled.append(events.sign(events.retire(device=DEVICE), authority))
    refused(enrolled, enrolment(enrolled, new, device=DEVICE), new, because="is enrolled already")


def test_the_owner_counts_as_proved_only_if_its_key_signed(registry, owner):
    for device, signs_too in (("0101010101010101", True), ("0102020202020202", False)):
        new = Signer(generate_private_key())
        event = enrolment(registry, new, device=device, owner=owner.public.did)
        registry.append(events.sign(event, new, *([owner] if signs_too else [])))
        assert registry.state(device=device)["owner_proved"] is signs_too


def test_an_owner_must_not_raise_its_own_pay(enrolled, owner, key):
    refused(enrolled, events.set_weight(device=DEVICE, weight="5"), owner, because="nobody who may sign")
    refused(enrolled, events.set_class(device=DEVICE, device_class="x"), key, because="nobody who may sign")


def test_a_transfer_needs_both_owners(enrolled, owner):
    new = Signer(generate_private_key())
    event = events.transfer(device=DEVICE, owner=new.public.did)
    refused(enrolled, event, owner, because="the new owner is missing")
    refused(enrolled, event, new, because="the old owner is missing")


def test_where_the_owner_has_no_key_the_authority_signs(enrolled, authority):
    new = Signer(generate_private_key())
    enrolled.append(events.sign(enrolment(enrolled, new), new))
    refused(enrolled, events.set_payee(device=OTHER_DEVICE, payee=PAYEE), new, because="nobody who may sign")
    enrolled.append(events.sign(events.set_payee(device=OTHER_DEVICE, payee=PAYEE), authority))
    refused(enrolled, events.set_payee(device=DEVICE, payee=PAYEE), authority, because="nobody who may sign")


def test_a_revoked_key_names_no_successor(enrolled, key, owner, clock):
    enrolled.append(
        events.sign(events.revoke(device=DEVICE, kid=key.kid), owner), effective_ms=clock.now_ms + 100
    )
    new = Signer(generate_private_key())
    event = events.rotate(device=DEVICE, old_kid=key.kid, key=new.public)
    refused(enrolled, event, key, new, because="ended at", effective_ms=clock.now_ms + 100)
    enrolled.append(events.sign(event, key, new), effective_ms=clock.now_ms + 99)


def test_rotations_that_make_no_sense_are_refused(enrolled, key):
    new = Signer(generate_private_key())
    unknown = events.rotate(device=DEVICE, old_kid="ff", key=new.public)
    refused(enrolled, unknown, key, new, because="no key of device")
    same = events.rotate(device=DEVICE, old_kid=key.kid, key=key.public)
    refused(enrolled, same, key, because="is a key of device .* already")
    one_sided = events.rotate(device=DEVICE, old_kid=key.kid, key=new.public)
    refused(enrolled, one_sided, key, because="the new key is missing")
    refused(enrolled, one_sided, new, because="the old key is missing")


def test_a_retired_device_takes_only_a_revocation(enrolled, key, owner):
    enrolled.append(events.sign(events.retire(device=DEVICE), owner))
    refused(enrolled, events.set_payee(device=DEVICE, payee=None), owner, because="is retired")
    refused(enrolled, events.retire(device=DEVICE), owner, because="is retired")
    enrolled.append(events.sign(events.revoke(device=DEVICE, kid=key.kid), owner))


@pytest.mark.parametrize(
    "event",
    [
        events.set_payee(device=OTHER_DEVICE, payee=None),
        events.set_weight(device=OTHER_DEVICE, weight="1"),
        events.retire(device=OTHER_DEVICE),
        events.revoke(device=OTHER_DEVICE, kid="ff"),
        events.retire_validator(validator="ff"),
        events.commit_challenge(validator="ff", epoch=0, commitment="00" * 32),
        events.declare_conflict(validator=VALIDATOR, device=OTHER_DEVICE),
    ],
    ids=lambda event: event["type"],
)
def test_an_unknown_device_or_validator_is_refused(enrolled, authority, event):
    refused(enrolled, event, authority, because="is not enrolled")


def test_a_place_that_is_not_the_cells_is_refused(enrolled, owner):
    event = events.relocate(device=DEVICE, cell=CELL)
    refused(enrolled, {**event, "radius_m": 10**6}, owner, because="radius_m: expected 210, the cell's own")
    refused(enrolled, {**event, "cell": "89283082fffffff"}, owner, because="no cell of the H3 grid")
    refused(enrolled, {**event, "cell": None}, owner, because="all of them or none")


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"type": "enrol"}, "type: expected one of"),
        ({"extra": 1}, "unknown extra"),
        ({"seq": 0}, "unknown seq"),
        ({"owner": ""}, "owner: expected"),
        ({"owner": "ä" * 65}, "owner: expected"),
        ({"owner": "\ud800"}, "owner: expected"),
        ({"owner": "did:key:z6Mk"}, "owner: expected"),
        ({"device": DEVICE.upper()}, "device: expected"),
        ({"device": "04" + "00" * 8}, "device: expected"),
        ({"device": "01" * 34}, "device: expected"),
        ({"payee": "0x" + "AB" * 20}, "payee: expected"),
        ({"capacity": 1.5}, "capacity: expected"),
        ({"kid": ""}, "kid: expected"),
        ({"kid": "00" * 65}, "kid: expected"),
        ({"nonce": "00" * 31}, "nonce: expected"),
        ({"lat_e7": True}, "lat_e7: expected"),
        ({"sigs": [{"kid": "00", "sig": "00" * 63}]}, "expected 64 bytes"),
        ({"sigs": [{"kid": "01", "sig": "00" * 64}, {"kid": "00", "sig": "00" * 64}]}, "ascending"),
        ({"sigs": [{"kid": "00", "sig": "00" * 64}] * 2}, "ascending"),
        ({"sigs": [{"kid": "00"}]}, "expected objects"),
        ({"sigs": None}, "expected an array"),
    ],
)
def test_members_must_be_exact(enrolled, change, because):
    new = Signer(generate_private_key())
    event = events.sign(enrolment(enrolled, new), new)
    with pytest.raises(RegistryError, match=because):
        enrolled.append({**event, **change})
    with pytest.raises(RegistryError, match="missing owner"):
        enrolled.append({name: value for name, value in event.items() if name != "owner"})


def test_builders_refuse_what_no_registry_would_take():
    with pytest.raises(InputError, match="payee: expected 0x"):
        events.set_payee(device=DEVICE, payee="0x12")
    with pytest.raises(InputError, match="resolution 4"):
        events.relocate(device=DEVICE, cell="8428309ffffffff")


def test_times_never_fall_and_nothing_is_backdated(enrolled, owner, clock):
    payee = events.set_payee(device=DEVICE, payee=None)
    refused(enrolled, payee, owner, because="cannot be backdated", effective_ms=clock.now_ms - 1)
    last = clock.now_ms
    clock.now_ms -= 1000
    assert enrolled.append(events.sign(payee, owner)).recorded_ms == last
    clock.now_ms -= 3_600_000
    refused(enrolled, payee, owner, because="the clock says")


def test_a_run_of_events_is_taken_whole_or_not_at_all(enrolled, authority):
    run = [
        events.sign(enrolment(enrolled, authority, device=f"01{at:032x}", nonce=f"{at:064x}"), authority)
        for at in range(2500)
    ]
    bad = {**run[-1], "device": run[7]["device"]}
    before = enrolled.count()
    with pytest.raises(RegistryError, match="event 2500: "):
        enrolled.append_many([*run, bad])
    assert enrolled.count() == before
    seen = []
    taken = enrolled.append_many(iter(run), progress=seen.append)
    assert seen == [1000, 2000, 2500]
    assert [one.seq for one in taken] == list(range(2, 2502))
    assert enrolled.head() == taken[-1].hash


def test_lines_are_selected_by_time_and_party(enrolled, owner, clock):
    clock.now_ms += 10
    enrolled.append(events.sign(events.set_payee(device=DEVICE, payee=None), owner))
    everything = list(enrolled.lines())
    assert list(enrolled.lines(before_ms=clock.now_ms)) == everything[:2]
    assert list(enrolled.lines(before_ms=clock.now_ms + 1)) == everything
    assert list(enrolled.lines(device=DEVICE)) == [everything[0], everything[2]]
    assert list(enrolled.lines(validator=VALIDATOR)) == [everything[1]]
    assert enrolled.head(before_ms=0) == GENESIS
    assert enrolled.head(before_ms=clock.now_ms) == hashlib.sha256(everything[1][:-1]).hexdigest()


def test_both_servers_hold_the_same_bytes(tmp_path, postgresql_url, clock, authority):
    exports = []
    run = [
        events.sign(enrolment_of(f"01{at:032x}", f"{name}", nonce=f"{at:064x}"), authority)
        for at, name in enumerate(["a", "B", "ä", "\U0001f600", "￿", '\x7f\n"\\', "Zürich"])
    ]
    for url in (f"sqlite:///{tmp_path}/one.db", postgresql_url):
        with Registry.create(url, authority=[authority.public], clock=clock) as registry:
            registry.append_many(run)
            path = tmp_path / "lines.jsonl"
            registry.export_lines(path)
            exports.append(path.read_bytes())
            states = [registry.state(device=event["device"]) for event in run]
            exports.append(json.dumps(states))
    assert exports[:2] == exports[2:]
    assert exports[0].count(b"\n") == len(run)


def enrolment_of(device, owner, nonce):
    return events.enroll(device=device, key=Signer(generate_private_key()).public, owner=owner, nonce=nonce)


def test_a_backup_is_restored_to_the_same_bytes(enrolled, tmp_path, authority, clock):
    lines = list(enrolled.lines())
    with Registry.create(f"sqlite:///{tmp_path}/copy.db", authority=[authority.public], clock=clock) as copy:
        assert copy.restore(lines).hash == enrolled.head()
        assert list(copy.lines()) == lines
        assert copy.state(device=DEVICE) == enrolled.state(device=DEVICE)
        with pytest.raises(RegistryError, match="holds 2 events already"):
            copy.restore(lines)


def test_a_changed_backup_is_refused(enrolled, tmp_path, authority, owner):
    enrolled.append(events.sign(events.set_payee(device=DEVICE, payee=None), owner))
    lines = list(enrolled.lines())
    changed = [line.replace(b"somebody", b"somebodx") for line in lines]
    spaced = [lines[0].replace(b",", b", ", 1), *lines[1:]]
    for bad, because in (
        (lines[1:], "event 0: expected seq 0"),
        ([lines[0], lines[2]], "event 1: expected seq 1"),
        (changed, r"event 1: signature of kid .* is wrong"),
        (spaced, "not in canonical form"),
        ([lines[0][:-20]], "event 0: not JSON"),
        ([], "holds no event"),
    ):
        with Registry.create(f"sqlite:///{tmp_path}/copy.db", authority=[authority.public]) as copy:
            with pytest.raises(RegistryError, match=because):
                copy.restore(bad)
            assert copy.count()["events"] == 0


def test_events_cannot_be_changed_behind_the_registrys_back(enrolled, url):
    enrolled.close()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    for statement in ("UPDATE events SET type = 'retire'", "DELETE FROM events"):
        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()


def test_a_registry_must_be_made_before_it_is_opened(url):
    with pytest.raises(RegistryError, match=r"no such file|no registry here") as refusal:
        Registry.open(url)
    assert "registry init" in refusal.value.hint
    Registry.create(url).close()
    Registry.open(url).close()


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("devices.db", "expected sqlite:///"),
        ("mysql://x/y", "expected sqlite:///"),
        ("sqlite://", "expected the path of a file"),
        ("sqlite:////no/such/folder/x.db", "unable to open"),
        ("postgresql://u:hunter2@127.0.0.1:1/x", "connection"),
    ],
)
def test_a_bad_url_is_one_clear_error_without_the_password(url, because):
    with pytest.raises(RegistryError, match=because) as refusal:
        Registry.create(url)
    assert "hunter2" not in str(refusal.value)


def test_the_authority_can_be_replaced(enrolled, authority):
    new = Signer(generate_private_key(Scheme.P256))
    enrolled.set_authority([new.public])
    assert enrolled.authority == (new.public,)
    refused(enrolled, events.retire(device=DEVICE), authority, because="nobody who may sign")
    enrolled.append(events.sign(events.retire(device=DEVICE), new))
