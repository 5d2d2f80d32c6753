"""Every result of an epoch against the plain verifier, which was written from the specification alone."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depinverify.simulate import simulate
from epoch_folders import compare
from epoch_mutations import MUTATIONS, mutate
from oracle.conftest import Signer, TinyEpoch, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from epoch_folders import World

#: More of them for a longer look: DEPINVERIFY_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("DEPINVERIFY_EXAMPLES", "60"))
SCHEMES = ("ed25519", "p256", "secp256k1")


LIARS = ["no-uplink", "invents-offline", "hides-downtime"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"seed": 2, "file_format": "jsonl.zst"},
        {
            "seed": 3,
            "file_format": "arrow",
            "validator_behaviours": ["no-uplink", "invents-offline", "hides-downtime"],
        },
        {"validators": 5, "seed": 4},
        {"devices": 90, "hours": 4, "seed": 10},
        {"validators": 1, "seed": 5, "validator_behaviours": ["honest"]},
        {"validators": 2, "seed": 6, "hours": 2, "validator_behaviours": ["hides-downtime"]},
        {
            "devices": 60,
            "hours": 2,
            "seed": 7,
            "shares": {"two-stories": 0.1, "cloned-key": 0.1, "replay": 0.1},
        },
    ],
    ids=lambda arguments: ",".join(map(str, arguments.values())) or "default",
)
def test_simulated_epochs(
    make_world: Callable[..., World], tmp_path: Path, arguments: dict[str, Any]
) -> None:
    assert compare(make_world(**arguments).epoch, tmp_path) is not None


def test_epochs_of_one_world(make_world: Callable[..., World], tmp_path: Path) -> None:
    """Three in a row: state and ledger are carried, and the results stay equal."""
    arguments: dict[str, Any] = {"devices": 24, "hours": 2, "seed": 8}
    epoch, previous = make_world(**arguments).epoch, None
    for number in range(3):
        if previous is not None:
            epoch = tmp_path / f"epoch-{number}"
            simulate(out=epoch, previous=previous, **arguments)
        settled = compare(epoch, tmp_path / f"s{number}")
        assert settled is not None
        if previous is not None:
            before = json.loads((previous / "ledger.json").read_bytes())["payees"]
            after = settled.ledger["payees"]
            assert all(int(after[p]["cumulative"]) >= int(before[p]["cumulative"]) for p in before)
            assert any(int(after[p]["cumulative"]) > int(before[p]["cumulative"]) > 0 for p in before)
        previous = settled.folder


def plain_shape(_epoch: TinyEpoch) -> None:
    pass


def half_selected(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"select_num": 1, "select_den": 2}


def hardly_selected(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"select_num": 1, "select_den": 2**40}


def five_per_probe(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"validators_per_probe": 5, "quorum": 3}


def one_per_probe(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"validators_per_probe": 1, "quorum": 1}


def missing_rounds(epoch: TinyEpoch) -> None:
    epoch.missing = [epoch.round_of(1), epoch.round_of(3)]


def late_rounds(epoch: TinyEpoch) -> None:
    epoch.genesis += 17


def silent_secret(epoch: TinyEpoch) -> None:
    del epoch.secrets[b"val-0"]


def wrong_secret(epoch: TinyEpoch) -> None:
    epoch.secrets[b"val-1"] = bytes(32)


def little_pay(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"min_payout": "400"}


def to_sink(epoch: TinyEpoch) -> None:
    epoch.pool = "1001"
    epoch.ruleset |= {"allocation": "floor_to_sink"}


def carry(epoch: TinyEpoch) -> None:
    epoch.pool = str(2**255 + 11)
    epoch.ruleset |= {"allocation": "carry"}


def no_pool(epoch: TinyEpoch) -> None:
    epoch.pool = "0"


def pay_no_data(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"pay_no_data": True, "pay_provisional": False}


def place_required(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"require_location": True, "location_tolerance_m": 0}


def zero_on_suspect(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"zero_on_suspect": ["CLOCK_SKEW", "COUNTER_AHEAD", "REPLAY"]}


def strict_times(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"deadline_ms": 100, "late_limit_ms": 101, "skew_s": 0, "counter_grace_s": 0}


def other_curve(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"curve": [[0, 1], [500_000_000_000, 3 * 10**12], [10**12, 3 * 10**12]], "filler": True}


def other_windows(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"window_s": 900, "tracking_s": 5400, "min_data_windows": 2}


def weights(epoch: TinyEpoch) -> None:
    first, second, *rest = epoch.device_keys
    epoch.ruleset |= {"class_multipliers": {"indoor": 5 * 10**11, "big": 2 * 10**12, "nought": 0}}
    epoch.event("set_weight", epoch.authority, device=first.hex(), weight="3")
    epoch.event("set_class", epoch.authority, device=first.hex(), **{"class": "indoor"})
    epoch.event("set_class", epoch.authority, device=second.hex(), **{"class": "big"})
    for device, name in zip(rest, ("nought", "unknown"), strict=False):
        epoch.event("set_class", epoch.authority, device=device.hex(), **{"class": name})


def caps(epoch: TinyEpoch) -> None:
    epoch.ruleset |= {"max_per_cluster": 1, "max_per_cell": 2}


def one_payee(epoch: TinyEpoch) -> None:
    for device in epoch.device_keys:
        epoch.event("set_payee", epoch.authority, device=device.hex(), payee=f"0x{9:040x}")


def no_payee(epoch: TinyEpoch) -> None:
    epoch.event("set_payee", epoch.authority, device=next(iter(epoch.device_keys)).hex(), payee=None)


def owners(epoch: TinyEpoch) -> None:
    """Same owner with a key on both sides, a payee in common, and declared conflicts."""
    first, second, *_ = epoch.device_keys
    owner = Signer("p256", b"an owner")
    at = 1000 * epoch.start - 5000
    epoch.event("transfer", epoch.authority, owner, device=first.hex(), owner=owner.did, at=at)
    one = b"late"
    key = epoch.validator_keys[one] = Signer("secp256k1", b"late validator")
    epoch.secrets[one] = hashlib.sha256(b"late secret").digest()
    place = {"lat_e7": None, "lon_e7": None}
    enrolled = {
        "validator": one.hex(),
        "key": key.did,
        "kid": None,
        "owner": owner.did,
        "payee": f"0x{2:040x}",
    }
    epoch.event("enroll_validator", key, owner, at=at, **enrolled, **place)
    commitment = hashlib.sha256(epoch.secrets[one]).hexdigest()
    for promised in ("00" * 32, commitment):
        epoch.event(
            "commit_challenge", key, validator=one.hex(), epoch=epoch.index, commitment=promised, at=at + 1
        )
    speaker = next(iter(epoch.validator_keys))
    conflict = {"validator": speaker.hex(), "device": second.hex(), "owner": None}
    epoch.event("declare_conflict", epoch.validator_keys[speaker], at=at + 2, **conflict)
    conflict = {"validator": speaker.hex(), "device": None, "owner": "somebody"}
    epoch.event("declare_conflict", epoch.validator_keys[speaker], at=at + 2, effective=at + 9000, **conflict)


def keys_change(epoch: TinyEpoch) -> None:
    """Rotation with and without overlap, revocations, before the epoch and in it."""
    first, second, *_ = epoch.device_keys
    start = 1000 * epoch.start
    new = Signer("secp256k1", b"new key")
    common = {"validator": None, "kid": None}
    old = epoch.device_keys[first]
    epoch.event(
        "rotate",
        old,
        new,
        device=first.hex(),
        old_kid=old.kid.hex(),
        key=new.did,
        overlap_ms=600_000,
        at=start + 900_000,
        **common,
    )
    revoked = {"device": second.hex(), "validator": None, "kid": epoch.device_keys[second].kid.hex()}
    epoch.event("revoke", epoch.authority, at=start + 950_000, effective=start + 1_900_000, **revoked)
    speaker = list(epoch.validator_keys)[-1]
    held = epoch.validator_keys[speaker]
    next_key = Signer("p256", b"next validator key")
    epoch.event(
        "rotate",
        held,
        next_key,
        device=None,
        validator=speaker.hex(),
        old_kid=held.kid.hex(),
        key=next_key.did,
        kid=None,
        overlap_ms=0,
        at=start + 950_001,
    )


def departures(epoch: TinyEpoch) -> None:
    """Retirements before, in and after the epoch; late enrolments; changes that count only later."""
    devices = list(epoch.device_keys)
    start = 1000 * epoch.start
    epoch.event(
        "retire", epoch.authority, device=devices[0].hex(), at=start - 100, effective=start + 1_800_000
    )
    later = b"\1" + bytes(14) + b"\xee"
    key = epoch.device_keys[later] = Signer("p256", b"later device")
    epoch.event(
        "enroll",
        key,
        at=start - 90,
        effective=start,
        device=later.hex(),
        key=key.did,
        kid=None,
        owner="somebody",
        payee=f"0x{7:040x}",
        cell=None,
        lat_e7=None,
        lon_e7=None,
        radius_m=None,
        hwmodel=None,
        oemid=None,
        capacity=None,
        nonce="77" * 32,
    )
    speaker = next(iter(epoch.validator_keys))
    epoch.event(
        "retire_validator", epoch.authority, validator=speaker.hex(), at=start - 80, effective=start + 1
    )
    epoch.event(
        "set_weight", epoch.authority, device=devices[1].hex(), weight="5", at=start - 70, effective=start
    )
    epoch.event(
        "set_weight", epoch.authority, device=devices[1].hex(), weight="9", at=start - 60, effective=start + 1
    )
    epoch.event("set_weight", epoch.authority, device=devices[1].hex(), weight="8", at=start + 5)
    epoch.event("retire", epoch.authority, device=devices[1].hex(), at=start + 6, effective=start + 2_000_000)
    epoch.event("set_payee", epoch.authority, device=devices[1].hex(), payee=None, at=start + 10**8)


def gone_already(epoch: TinyEpoch) -> None:
    device, speaker = next(iter(epoch.device_keys)), next(iter(epoch.validator_keys))
    start = 1000 * epoch.start
    epoch.event("retire", epoch.authority, device=device.hex(), at=start - 10, effective=start)
    epoch.event("retire_validator", epoch.authority, validator=speaker.hex(), at=start - 9, effective=start)


def models(epoch: TinyEpoch) -> None:
    """Registered models, and two ids with one key that came with an import."""
    start = 1000 * epoch.start
    key = next(iter(epoch.device_keys.values()))
    clone = b"\1" + bytes(14) + b"\xcc"
    epoch.device_keys[clone] = key
    epoch.event(
        "enroll",
        epoch.authority,
        at=start - 50,
        device=clone.hex(),
        key=key.did,
        kid=None,
        owner="somebody",
        payee=f"0x{7:040x}",
        cell=None,
        lat_e7=None,
        lon_e7=None,
        radius_m=None,
        hwmodel=b"HX-2".hex(),
        oemid="00a110",
        capacity=5,
        nonce="78" * 32,
    )


def corrections(epoch: TinyEpoch) -> None:
    statement = {"amount": "-5", "payee": f"0x{1:040x}", "reason": "paid twice", "reference": "ab" * 32}
    tables = ['[missed]\nepochs = [5, 6]\npool = "11"\n']
    for one in (statement, statement | {"amount": "30", "payee": "0x" + "ef" * 20, "reason": 'zu "wenig" ä'}):
        signed = epoch.authority.jws(canonical(one | {"epoch": epoch.index})).decode()
        lines = (
            f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
            for name, value in (one | {"jws": signed}).items()
        )
        tables.append("[[adjustment]]\n" + "".join(lines))
    epoch.extra_toml = "".join(tables)


SHAPES = (
    plain_shape,
    half_selected,
    hardly_selected,
    five_per_probe,
    one_per_probe,
    missing_rounds,
    late_rounds,
    silent_secret,
    wrong_secret,
    little_pay,
    to_sink,
    carry,
    no_pool,
    pay_no_data,
    place_required,
    zero_on_suspect,
    strict_times,
    other_curve,
    other_windows,
    weights,
    caps,
    one_payee,
    no_payee,
    owners,
    keys_change,
    departures,
    gone_already,
    models,
    corrections,
)


@contextlib.contextmanager
def all_secrets(epoch: TinyEpoch) -> Iterator[None]:
    """Probes need a secret even where it will not be revealed."""
    kept = epoch.secrets
    epoch.secrets = {one: kept.get(one, bytes(32)) for one in epoch.validator_keys}
    try:
        yield
    finally:
        epoch.secrets = kept


def some_trouble(epoch: TinyEpoch, seed: int) -> None:
    """A bit of every mutation, the same for the same seed."""
    state = hashlib.sha256(b"%d" % seed).digest()
    for at, name in enumerate(MUTATIONS):
        mutate(epoch, name, state[at] * 7 + at, state[at + 1], state[at + 2])


@pytest.mark.parametrize("validators", [3, 5])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_shapes(tmp_path: Path, shape: Callable[[TinyEpoch], None], validators: int) -> None:
    epoch = TinyEpoch(tmp_path / "e", devices=SCHEMES, validators=validators, slots=6)
    shape(epoch)
    with all_secrets(epoch):
        epoch.honest()
        some_trouble(epoch, validators)
    settled = compare(epoch.write(), tmp_path)
    assert settled is not None
    assert len(settled.counts) >= 4 or shape is hardly_selected


@pytest.mark.parametrize("seed", range(6))
def test_bent_epochs_follow_each_other(tmp_path: Path, seed: int) -> None:
    """What an epoch of every trouble leaves behind is what the next one starts from: counters, windows, accounts."""
    previous = ""
    for number in range(3):
        start = 1_800_000_000 + 3600 * number
        epoch = TinyEpoch(tmp_path / f"e{number}", devices=SCHEMES, index=7 + number, start=start)
        epoch.ruleset |= {"min_payout": "300", "window_s": 900, "tracking_s": 5400, "allocation": "carry"}
        epoch.pool = "1001"
        epoch.previous_toml = previous
        epoch.honest()
        for at in range(3):
            some_trouble(epoch, 100 * seed + 10 * number + at)
        settled = compare(epoch.write(), tmp_path / f"s{number}")
        assert settled is not None
        previous = f'[previous]\npath = "../s{number}/mine"\nsha256 = "{settled.manifest_sha256}"'


@pytest.mark.parametrize("both", [False, True])
def test_unsigned_words_are_nobodys(tmp_path: Path, both: bool) -> None:
    """Where unsigned files are allowed, what they say is held against no validator; a signed copy is."""
    epoch = TinyEpoch(tmp_path / "e", devices=SCHEMES)
    epoch.honest()
    v0 = next(iter(epoch.validator_keys))
    for device in epoch.device_keys:
        epoch.silence(v0, device, 1)
    folder = epoch.write()
    observed = folder / "observations" / f"{v0.decode()}.jsonl"
    if both:
        lines = observed.read_bytes().splitlines(keepends=True)
        observed.with_name("more.jsonl").write_bytes(b"".join(lines[::2]))
    else:
        observed.with_name(observed.name + ".jws").unlink()
    settled = compare(folder, tmp_path, allow_unsigned=True)
    assert settled is not None
    subjects = {
        subject
        for indicator in settled.rewards["indicators"]
        if indicator["code"] in {"EQUIVOCATION", "DUPLICATE_CONFLICT"}
        for subject in indicator["subjects"]
    }
    assert (f"validator:{v0.hex()}" in subjects) == both


def down(epoch: TinyEpoch, chosen: set[tuple[bytes, bytes, int]], transport: int = 2) -> None:
    epoch.honest(skip=chosen)
    for validator, device, slot in sorted(chosen):
        epoch.silence(validator, device, slot, transport=transport)


@pytest.mark.parametrize("policy", ["count", "exclude"])
@pytest.mark.parametrize("who", ["one", "one-and-some", "alone", "all", "references", "most-of-two"])
def test_outages(tmp_path: Path, who: str, policy: str) -> None:
    """Two epochs: in the first everybody is up, in the second some validator sees nobody."""
    devices = ("ed25519",) * 11
    before = TinyEpoch(tmp_path / "before", devices=devices, slots=2, index=6, start=1_800_000_000 - 3600)
    before.honest()
    first = compare(before.write(), tmp_path / "s0")
    assert first is not None
    epoch = TinyEpoch(tmp_path / "e", devices=devices, slots=4)
    epoch.ruleset["network_event"] = policy
    epoch.previous_toml = f'[previous]\npath = "../s0/mine"\nsha256 = "{first.manifest_sha256}"'
    v0, v1, v2 = epoch.validator_keys
    ids = list(epoch.device_keys)
    chosen = {(v0, device, slot) for device in ids for slot in (1, 2)}
    if who == "one-and-some":
        chosen |= {(v1, ids[0], 1), (v2, ids[0], 1), (v1, ids[1], 3)}
    if who == "alone":
        chosen = {(v0, device, 1) for device in ids[:9]}
    if who == "all":
        chosen = {(v, device, 2) for device in ids for v in (v0, v1, v2)} | {(v0, ids[0], 3)}
    if who == "most-of-two":
        chosen = {(v, device, 1) for device in ids[:6] for v in (v0, v1)} | {(v2, ids[10], 1)}
    down(epoch, chosen)
    if who == "alone":
        epoch.rows = [
            row
            for row in epoch.rows
            if row["validator"] == v0.hex() or row["device"] in {i.hex() for i in ids[:9]}
        ]
    folder = epoch.write()
    if who == "references":
        told = [(v1, 1, 1, 3), (v1, 1, 3, 3), (v1, 3, 1, 2), (v1, 99, 0, 3), (v0, 0, 1, 4)]
        for at, validator in enumerate((v0, v1)):
            lines = [
                {"validator": v.hex(), "slot": slot, "ok": ok, "total": total}
                for v, slot, ok, total in told
                if v == validator
            ]
            epoch.sign_file(epoch.write_lines(f"reference/{at}.jsonl", lines + lines[:1]), validator)
    settled = compare(folder, tmp_path / "s1")
    assert settled is not None
    reasons = {entry["reason"] for entry in settled.rewards["exclusions"]}
    events = [entry for entry in settled.rewards["indicators"] if entry["code"] == "NETWORK_EVENT"]
    assert bool(events) == (who == "all")
    if who == "references":
        assert "VALIDATOR_REFERENCE_FAILED" in reasons
    if who in {"one", "one-and-some"}:
        assert reasons == {"VALIDATOR_CORRELATED"}


_BASE: dict[tuple[int, tuple[int, ...]], TinyEpoch] = {}


def base(validators: int, shapes: tuple[int, ...]) -> TinyEpoch:
    """An honest epoch of some shapes; its rows are kept, since signing is what takes time."""
    if (validators, shapes) not in _BASE:
        folder = Path(tempfile.mkdtemp(prefix="differential-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        epoch = TinyEpoch(folder / "e", devices=SCHEMES[:2], validators=validators)
        for shape in shapes:
            SHAPES[shape](epoch)
        with all_secrets(epoch):
            epoch.honest()
        _BASE[validators, shapes] = epoch
    return _BASE[validators, shapes]


NUMBERS = st.integers(0, 2**16)
STEPS = st.lists(st.tuples(st.sampled_from(sorted(MUTATIONS)), NUMBERS, NUMBERS, NUMBERS), max_size=12)
SOME_SHAPES = st.lists(st.integers(0, len(SHAPES) - 1), max_size=2, unique=True).map(sorted).map(tuple)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(validators=st.sampled_from([1, 3, 4]), shapes=SOME_SHAPES, steps=STEPS)
def test_bent_epochs(
    validators: int, shapes: tuple[int, ...], steps: list[tuple[str, int, int, int]]
) -> None:
    """Shapes that do not go together, such as events out of order, are refused by both."""
    epoch = base(validators, shapes)
    kept = [dict(row) for row in epoch.rows]
    try:
        with all_secrets(epoch):
            for step in steps:
                mutate(epoch, *step)
        shutil.rmtree(epoch.folder / "observations", ignore_errors=True)
        epoch.write()
        with tempfile.TemporaryDirectory() as out:
            compare(epoch.folder, Path(out))
    finally:
        epoch.rows = kept
