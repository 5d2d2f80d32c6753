"""The fold of the registry against the plain verifier's, on random histories of really signed events."""

import hashlib
import json
import random
import re

import pytest
from benches.plain_verifier import registry as plain
from benches.plain_verifier.canonical import InputError as PlainError
from benches.plain_verifier.keys import parse_did_key

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError, RegistryError
from depinverify.registry import events
from depinverify.registry.keys import Scheme, Signer, generate_private_key

START, END, INDEX = 10_000, 20_000, 7
SIGNERS = [Signer(generate_private_key(list(Scheme)[number % 3])) for number in range(14)]
AUTHORITY = SIGNERS[0]
OWNERS = ["alice", *(signer.public.did for signer in SIGNERS[1:4])]
OWNER_SIGNERS = SIGNERS[1:4]
DEVICES = [f"0{number % 3 + 1}" + f"{number:02x}" * 8 for number in range(4)]
VALIDATORS = [b"val-0".hex(), b"val-1".hex()]
CELLS = ["851fb467fffffff", "861fb4677ffffff", None]


class History:
    """Random events, most of them signed by the right parties."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.lines = []
        self.head = "0" * 64
        self.now = 1
        self.keys = {}  # id -> signers, the newest last
        self.owner = {}

    def owner_signers(self, name):
        return [signer for signer in OWNER_SIGNERS if signer.public.did == name]

    def right(self, subject):
        """The owner where it has a key, else the authority."""
        return self.owner_signers(self.owner[subject])[:1] or [AUTHORITY]

    def one(self):  # noqa: C901, PLR0911, PLR0912 - one branch for each type of event
        chance = self.chance
        device, validator = chance.choice(DEVICES), chance.choice(VALIDATORS)
        owner, signer = chance.choice(OWNERS), chance.choice(SIGNERS[4:])
        if device not in self.keys or chance.random() < 0.02:
            nonce = hashlib.sha256(str(len(self.lines)).encode()).digest()
            event = events.enroll(
                device=device,
                key=signer.public,
                owner=owner,
                nonce=nonce,
                payee=chance.choice([None, "0x" + "ab" * 20]),
                cell=chance.choice(CELLS),
                hwmodel=chance.choice([None, b"m"]),
            )
            own = [signer] if chance.random() < 0.6 else [AUTHORITY]
            self.keys.setdefault(device, []).append(signer)
            self.owner[device] = owner
            return event, own + (self.owner_signers(owner) if chance.random() < 0.5 else [])
        if validator not in self.keys:
            event = events.enroll_validator(validator=validator, key=signer.public, owner=owner)
            self.keys[validator] = [signer]
            self.owner[validator] = owner
            return event, [signer] + (self.owner_signers(owner) if chance.random() < 0.5 else [])
        subject = chance.choice([device, validator])
        holder = {"device" if subject == device else "validator": subject}
        own = self.keys[subject]
        match chance.randrange(14):
            case 0 | 1:
                commitment = chance.randbytes(32)
                epoch = chance.choice([INDEX, INDEX, INDEX + 1])
                event = events.commit_challenge(validator=validator, epoch=epoch, commitment=commitment)
                return event, self.keys[validator][-1:]
            case 2:
                conflict = {"device": device} if chance.randrange(2) else {"owner": owner}
                event = events.declare_conflict(validator=validator, **conflict)
                return event, self.keys[validator][-1:]
            case 3 | 4:
                old, new = own[-1], chance.choice([one for one in SIGNERS[4:] if one not in own] or SIGNERS)
                overlap = chance.choice([0, 500, 3_600_000])
                event = events.rotate(**holder, old_kid=old.kid, key=new.public, overlap_ms=overlap)
                own.append(new)
                return event, [old, new]
            case 5:
                event = events.revoke(**holder, kid=chance.choice(own).kid)
                return event, chance.choice([self.right(subject), [AUTHORITY]])
            case 6:
                return events.relocate(device=device, cell=chance.choice(CELLS)), self.right(device)
            case 7:
                signers = self.right(device) + self.owner_signers(owner)
                self.owner[device] = owner
                return events.transfer(device=device, owner=owner), signers
            case 8:
                payee = chance.choice([None, "0x" + "cd" * 20])
                return events.set_payee(device=device, payee=payee), self.right(device)
            case 9:
                return events.set_weight(device=device, weight=chance.choice([0, 1, 10**30])), [AUTHORITY]
            case 10:
                return events.set_class(device=device, device_class=chance.choice([None, "gold"])), [
                    AUTHORITY
                ]
            case 11:
                return events.certify(device=device, chain=[b"\x30\x00"]), [AUTHORITY]
            case 12:
                return events.retire(device=device), chance.choice([self.right(device), [AUTHORITY]])
            case _:
                event = events.retire_validator(validator=validator)
                return event, chance.choice([self.right(validator), [AUTHORITY]])

    def step(self):
        chance = self.chance
        event, signers = self.one()
        if chance.random() < 0.015:
            signers = chance.sample(SIGNERS, chance.randrange(3))
        event = events.sign(event, *{signer.kid: signer for signer in signers}.values())
        self.now += chance.choice([0, 1, 50, 400, 1500])
        effective = self.now + chance.choice([0, 0, 0, 1, 700, 5000])
        event |= {
            "seq": len(self.lines),
            "recorded_ms": self.now,
            "effective_ms": effective,
            "prev_hash": self.head,
        }
        if chance.random() < 0.01:
            name = chance.choice(sorted(event))
            event[name] = chance.choice([None, 0, "", "00", [], event.get("kid", 1)])
        line = canonical_json(event)
        self.lines.append(line)
        self.head = hashlib.sha256(line).hexdigest()


def ours(data):
    try:
        snapshot = _native.RegistrySnapshot(
            data, epoch=INDEX, start_ms=START, end_ms=END, authority=[AUTHORITY.public.did]
        )
    except RegistryError as error:
        return int(re.match(r"registry line (\d+)", str(error))[1])
    return snapshot


def theirs(data, head):
    try:
        return plain.fold(data, INDEX, START, END, [parse_did_key(AUTHORITY.public.did)], head)
    except PlainError as error:
        return int(re.match(r"registry, line (\d+)", str(error))[1])


def rows(batch):
    names = batch.schema.names
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*(batch[name].to_pylist() for name in names), strict=True)
    ]


def _keys(batch, name):
    found = {}
    for row in rows(batch):
        key = (row["kid"], row["scheme"], row["public_key"], row["valid_from_ms"], row["valid_to_ms"])
        found.setdefault(row[name], []).append(key)
    return found


def _their_keys(parties):
    def one(key):
        return (key.kid, key.public.scheme, key.public.raw, key.valid_from, key.valid_to)

    return {party.id: [one(key) for key in party.keys] for party in parties}


def _payee(payee):
    return None if payee is None else bytes.fromhex(payee[2:])


def assert_equal(snapshot, plain_snapshot):
    devices = [
        (
            one.id,
            one.owner,
            one.owner_proved,
            _payee(one.payee),
            str(one.weight),
            one.device_class,
            one.recorded_ms,
            one.effective_ms,
            one.retired_ms,
            one.cell,
            *(one.place or (None, None, None)),
            one.hwmodel,
            one.oemid,
        )
        for one in plain_snapshot.devices
    ]
    assert [tuple(row.values()) for row in rows(snapshot.devices())] == devices
    taking_part = {one.id for one in plain_snapshot.taking_part}
    validators = [
        (one.id, one.owner, one.owner_proved, _payee(one.payee), one.commitment, one.id in taking_part)
        for one in plain_snapshot.validators
    ]
    names = ("validator", "owner", "owner_key_proved", "payee", "commitment", "takes_part")
    assert [tuple(row[name] for name in names) for row in rows(snapshot.validators())] == validators
    assert _keys(snapshot.device_keys(), "device") == _their_keys(plain_snapshot.devices)
    assert _keys(snapshot.validator_keys(), "validator") == _their_keys(plain_snapshot.validators)
    assert snapshot.content_hash.hex() == plain_snapshot.hash


def test_random_histories_fold_alike():
    good = bad = 0
    for seed in range(160):
        history = History(seed)
        for _ in range(12 + seed % 40):
            history.step()
        data = b"".join(line + b"\n" for line in history.lines)
        snapshot = ours(data)
        if isinstance(snapshot, int):
            bad += 1
            # With the line taken away from which on it is bad, what stays is good.
            refused = theirs(data, "0" * 64)
            assert snapshot == refused, (seed, history.lines[min(snapshot, refused) - 1])
            data = b"".join(line + b"\n" for line in history.lines[: snapshot - 1])
            snapshot = ours(data)
        else:
            good += 1
        assert_equal(snapshot, theirs(data, snapshot.head_at_start.hex()))
        assert snapshot.events <= len(history.lines)
    assert good > 20
    assert bad > 20


def test_a_file_is_folded_as_its_bytes_are(tmp_path):
    history = History(3)
    for _ in range(20):
        history.step()
    data = b"".join(line + b"\n" for line in history.lines)
    path = tmp_path / "registry.jsonl"
    path.write_bytes(data)
    bounds = {"epoch": INDEX, "start_ms": START, "end_ms": END, "authority": [AUTHORITY.public.did]}
    one = _native.RegistrySnapshot.read(path, **bounds)
    other = _native.RegistrySnapshot(data, **bounds)
    assert (one.content_hash, one.head, one.head_at_start) == (
        other.content_hash,
        other.head,
        other.head_at_start,
    )
    assert rows(one.devices()) == rows(other.devices())
    assert "devices" in repr(one)
    with pytest.raises(InputError, match="expected a readable registry"):
        _native.RegistrySnapshot.read(tmp_path / "missing", **bounds)
    with pytest.raises(RegistryError, match="head: expected 0101") as raised:
        _native.RegistrySnapshot(data, **bounds, head=b"\1" * 32)
    assert raised.value.hint is not None
    with pytest.raises(InputError, match="head: expected 32 bytes, found 1"):
        _native.RegistrySnapshot(data, **bounds, head=b"\1")
    with pytest.raises(InputError, match="authority: expected did:key"):
        _native.RegistrySnapshot(data, **{**bounds, "authority": ["alice"]})


def test_hashes_of_an_event_are_those_of_the_package():
    event = events.sign(events.retire(device=DEVICES[0]), AUTHORITY)
    line = json.dumps(event, indent=1).encode()
    assert _native.event_message(line) == events.event_message(event)
    assert _native.event_hash(line) == hashlib.sha256(canonical_json(event)).digest()
    assert _native.canonical_json(line) == canonical_json(event)
    with pytest.raises(RegistryError, match="expected an object"):
        _native.event_hash(b"[]")
    with pytest.raises(InputError, match="a name twice"):
        _native.canonical_json(b'{"a":1,"a":2}')
