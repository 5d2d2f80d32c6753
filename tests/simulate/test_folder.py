"""The folder, checked from scratch: chain, signatures, commitments, challenges, moments, proofs.

Nothing of the simulator is used here: keys are read from the registry, hashes are computed from the
specification's formulas, and signatures are checked by the ``cryptography`` package.
"""

import base64
import hashlib
import json
import tomllib

import cbor2
import h3
import pyarrow.parquet as pq
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from depinverify.simulate.places import PLACES, chord_km

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
UNSIGNED = {"seq", "recorded_ms", "effective_ms", "prev_hash", "sigs"}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def domain(purpose, *parts):
    return hashlib.sha256(b"depinverify/" + purpose + b"/v1\0" + b"".join(parts)).digest()


def lp(data):
    return len(data).to_bytes(4, "big") + data


def unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_of(did):
    number = 0
    for character in did.removeprefix("did:key:z"):
        number = number * 58 + ALPHABET.index(character)
    code = number.to_bytes((number.bit_length() + 7) // 8, "big")
    prefix, data = code[:2], code[2:]
    if prefix == b"\xed\x01":
        return ed25519.Ed25519PublicKey.from_public_bytes(data)
    curve = {b"\x80\x24": ec.SECP256R1(), b"\xe7\x01": ec.SECP256K1()}[prefix]
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, data)


def is_good(key, signature, message):
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def open_proof(proof):
    """Header, payload and signed bytes of either envelope: kid, nonce, ueid, signature."""
    if proof.count(b".") == 2 and proof.isascii():
        head, body, signature = proof.decode().split(".")
        header, claims = json.loads(unpad(head)), json.loads(unpad(body))
        signed = f"{head}.{body}".encode()
        return (
            unpad(header["kid"]),
            unpad(claims["eat_nonce"]),
            unpad(claims["ueid"]),
            unpad(signature),
            signed,
        )
    item = cbor2.loads(proof)
    while isinstance(item, cbor2.CBORTag):
        item = item.value
    protected, _, payload, signature = item
    claims = cbor2.loads(payload)
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    return cbor2.loads(protected)[4], claims[10], claims[256], signature, signed


class Folder:
    """An epoch folder as a stranger reads it."""

    def __init__(self, path):
        self.path = path
        self.toml = tomllib.loads((path / "epoch.toml").read_text())
        self.lines = (path / "registry.jsonl").read_bytes().splitlines()
        self.events = [json.loads(line) for line in self.lines]
        self.secrets = self.records("validators.jsonl", "validator", "secret")
        self.rounds = [json.loads(line) for line in (path / "beacon.jsonl").read_bytes().splitlines()]
        self.truth = json.loads((path / "truth.json").read_text())
        self.enrolled = {e["device"]: e for e in self.events if e["type"] == "enroll"}
        self.validators = {e["validator"]: e for e in self.events if e["type"] == "enroll_validator"}
        self.rotations = {e["device"]: e for e in self.events if e["type"] == "rotate"}

    def records(self, name, key, value):
        lines = (self.path / name).read_bytes().splitlines()
        return {record[key]: record[value] for record in map(json.loads, lines)}

    def rows(self):
        for path in sorted((self.path / "observations").glob("*.parquet")):
            yield from pq.read_table(path).to_pylist()

    def chain_hash(self):
        beacon = self.toml["beacon"]
        parts = (
            beacon["period"].to_bytes(4, "big"),
            beacon["genesis_time"].to_bytes(8, "big"),
            bytes.fromhex(beacon["public_key"]),
            bytes.fromhex(beacon["genesis_seed"]),
            beacon["beacon_id"].encode(),
        )
        return hashlib.sha256(b"".join(parts)).digest()

    def params_hash(self):
        extra = {"slot_seconds": self.toml["slot_seconds"], "chain_hash": self.chain_hash().hex()}
        return hashlib.sha256(canonical(self.toml["ruleset"] | extra)).digest()


@pytest.fixture(scope="module")
def folder(epoch):
    return Folder(epoch)


def test_ruleset_is_the_column_of_the_specification(folder):
    ruleset = folder.toml["ruleset"]
    assert ruleset["name"] == "simulation"
    assert len(ruleset) == 26
    assert (ruleset["window_s"], ruleset["tracking_s"]) == (3600, 86400)
    assert (ruleset["min_data_windows"], ruleset["max_per_cluster"]) == (12, 2)


def test_events_form_a_chain_with_the_stated_head(folder):
    previous, recorded = "0" * 64, 0
    for seq, (line, event) in enumerate(zip(folder.lines, folder.events, strict=True)):
        assert line == canonical(event)
        assert (event["seq"], event["prev_hash"]) == (seq, previous)
        assert recorded <= event["recorded_ms"] <= event["effective_ms"]
        recorded, previous = event["recorded_ms"], hashlib.sha256(line).hexdigest()
    start_ms, end_ms = 1000 * folder.toml["start"], 1000 * folder.toml["end"]
    before = [
        line
        for line, event in zip(folder.lines, folder.events, strict=True)
        if event["recorded_ms"] < start_ms
    ]
    assert folder.toml["registry"]["head"] == hashlib.sha256(before[-1]).hexdigest()
    assert recorded < end_ms
    assert {e["type"] for e in folder.events[len(before) :]} == {"rotate", "commit_challenge"}


def signers_of(folder, event):
    """The keys that must sign, by the table of events."""
    authority = folder.toml["registry"]["authority"]
    match event["type"]:
        case "enroll":
            truth = next(d for d in folder.truth["devices"] if d["device"] == event["device"])
            bound = [e["device"] for e in folder.events if e["type"] == "enroll" and e["key"] == event["key"]]
            if truth["behaviour"] == "cloned-key" and bound[0] != event["device"]:
                return authority
            owner = [event["owner"]] if event["owner"].startswith("did:key:") else []
            return [event["key"], *owner]
        case "enroll_validator":
            return [event["key"]]
        case "commit_challenge":
            return [folder.validators[event["validator"]]["key"]]
        case "rotate":
            return [folder.enrolled[event["device"]]["key"], event["key"]]
        case _:
            return authority


def test_events_are_signed_by_whom_the_table_names(folder):
    for event in folder.events:
        message = hashlib.sha256(canonical({n: v for n, v in event.items() if n not in UNSIGNED})).digest()
        keys = [key_of(did) for did in signers_of(folder, event)]
        assert len(event["sigs"]) == len(keys)
        assert [sig["kid"] for sig in event["sigs"]] == sorted(sig["kid"] for sig in event["sigs"])
        for key in keys:
            assert any(is_good(key, bytes.fromhex(sig["sig"]), message) for sig in event["sigs"]), event
    assert len({event["nonce"] for event in folder.enrolled.values()}) == len(folder.enrolled)


def test_commitments_are_to_the_revealed_secrets(folder):
    committed = {
        e["validator"]: e["commitment"]
        for e in folder.events
        if e["type"] == "commit_challenge" and e["epoch"] == folder.toml["index"]
    }
    revealed = {v: hashlib.sha256(bytes.fromhex(s)).hexdigest() for v, s in folder.secrets.items()}
    assert committed == revealed
    assert len(revealed) == 3


def test_files_are_signed_by_their_validator(folder):
    paths = [*folder.path.glob("observations/*.parquet"), *folder.path.glob("reference/*.jsonl")]
    assert len(paths) >= 6
    for path in paths:
        head, body, signature = (path.parent / f"{path.name}.jws").read_text().removesuffix("\n").split(".")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        expected = {"epoch": folder.toml["index"], "sha256": digest, "start": folder.toml["start"]}
        assert unpad(body) == canonical(expected)
        signer = next(
            v for v, e in folder.validators.items() if e["kid"] == unpad(json.loads(unpad(head))["kid"]).hex()
        )
        assert is_good(key_of(folder.validators[signer]["key"]), unpad(signature), f"{head}.{body}".encode())
        if path.suffix == ".parquet":
            assert set(pq.read_table(path)["validator"].to_pylist()) == {bytes.fromhex(signer)}
        else:
            assert {json.loads(line)["validator"] for line in path.read_bytes().splitlines()} == {signer}


def test_rounds_are_the_first_at_or_after_each_slot(folder):
    beacon, starts = folder.toml["beacon"], range(folder.toml["start"], folder.toml["end"], 900)
    for start, line in zip(starts, folder.rounds, strict=True):
        time = beacon["genesis_time"] + (line["round"] - 1) * beacon["period"]
        assert start <= time < start + beacon["period"]
        signature = bytes.fromhex(line["signature"])
        assert len(signature) == 48
        assert hashlib.sha256(signature).hexdigest() == line["randomness"]


class Schedule:
    """Slot seeds, challenges and moments from the specification's formulas."""

    def __init__(self, folder):
        self.folder, self.start = folder, folder.toml["start"]
        chain_hash, params_hash = folder.chain_hash(), folder.params_hash()
        self.seeds = [
            domain(
                b"slot-seed",
                chain_hash,
                line["round"].to_bytes(8, "big"),
                bytes.fromhex(line["randomness"]),
                slot.to_bytes(8, "big"),
                params_hash,
            )
            for slot, line in enumerate(folder.rounds)
        ]

    def probe(self, device, validator, slot):
        """Challenge and moment of one probe."""
        beacon = self.folder.toml["beacon"]
        nonce = domain(b"nonce", self.seeds[slot], lp(device), lp(validator))
        secret = bytes.fromhex(self.folder.secrets[validator.hex()])
        salt = domain(b"salt", secret, slot.to_bytes(8, "big"), lp(device))
        shown = beacon["genesis_time"] + (self.folder.rounds[slot]["round"] - 1) * beacon["period"]
        span_ms = 1000 * (900 - (shown - (self.start + 900 * slot))) - 30000
        offset = int.from_bytes(domain(b"moment", nonce, salt)[:8], "big") * span_ms >> 64
        return domain(b"challenge", nonce, salt), 1000 * shown + offset


def test_every_row_is_on_schedule(folder):
    schedule = Schedule(folder)
    rows = 0
    for row in folder.rows():
        slot = row["slot"]
        _, moment = schedule.probe(row["device"], row["validator"], slot)
        assert moment <= row["sent_ms"] <= moment + 60_000
        assert row["sent_ms"] < 1000 * (folder.toml["start"] + 900 * (slot + 1))
        answered = {row[name] is not None for name in ("received_ms", "proof", "address", "asn", "rtt_ns")}
        assert answered == {row["transport"] == 0}
        if row["transport"] == 0:
            delay_ms = row["received_ms"] - row["sent_ms"]
            assert row["rtt_ns"] // 1_000_000 <= delay_ms <= 30_000
        rows += 1
    stories = sum(d["codes"]["VALID"] for d in folder.truth["devices"] if d["behaviour"] == "two-stories")
    slots = len(folder.rounds)
    assert rows == 3 * slots * len(folder.enrolled) + (stories + 4 - 3 * slots)


def code_of(row, keys, challenge):
    """The first failing check that concerns identity, key, signature, challenge or time."""
    if row["transport"] != 0:
        return "NO_ANSWER"
    kid, asked, ueid, signature, signed = open_proof(row["proof"])
    known = keys.get(kid.hex())
    if ueid != row["device"]:
        return "DEVICE_MISMATCH"
    if known is None or not is_good(known, signature, signed):
        return "UNKNOWN_KEY" if known is None else "BAD_SIGNATURE"
    if asked != challenge:
        return "NONCE_MISMATCH"
    return "LATE" if row["received_ms"] - row["sent_ms"] > 5000 else "VALID"


def test_proofs_are_signed_and_answer_what_was_asked_unless_the_truth_says_so(folder):
    schedule = Schedule(folder)
    keys = {}
    for device, event in folder.enrolled.items():
        named = [event, folder.rotations[device]] if device in folder.rotations else [event]
        keys[device] = {e["kid"]: key_of(e["key"]) for e in named}
    counted = {device: {} for device in folder.enrolled}
    for row in folder.rows():
        device = row["device"].hex()
        challenge, _ = schedule.probe(row["device"], row["validator"], row["slot"])
        code = code_of(row, keys[device], challenge)
        counted[device][code] = counted[device].get(code, 0) + 1
    lies = {"LOCATION_MISMATCH", "COUNTER_REGRESSION"}
    for device in folder.truth["devices"]:
        codes = dict(device["codes"])
        for lie in lies & codes.keys():
            codes["VALID"] = codes.get("VALID", 0) + codes.pop(lie)
        assert counted[device["device"]] == codes, device


def test_places_are_real_cells_and_light_is_fast_enough():
    assert len({place.cell for place in PLACES}) == len(PLACES)
    for place in PLACES:
        assert h3.get_resolution(place.cell) == 7
        latitude, longitude = h3.cell_to_latlng(place.cell)
        assert (place.lat_e7, place.lon_e7) == (round(latitude * 10**7), round(longitude * 10**7))
    lisbon = PLACES[0]
    for place in PLACES:
        arc = h3.great_circle_distance(h3.cell_to_latlng(lisbon.cell), h3.cell_to_latlng(place.cell))
        assert chord_km(lisbon, place) <= arc + 2


def test_rtts_obey_light(folder):
    """Twice the straight way at light's speed in vacuum is a bound that no row breaks."""
    where = {d: (e["lat_e7"], e["lon_e7"]) for d, e in folder.enrolled.items() if e["cell"]}
    places = {(p.lat_e7, p.lon_e7): p for p in PLACES}
    for row in folder.rows():
        centre = where.get(row["device"].hex())
        if centre is None or row["rtt_ns"] is None:
            continue
        validator = folder.validators[row["validator"].hex()]
        near = min(PLACES, key=lambda p: abs(p.lat_e7 - centre[0]) + abs(p.lon_e7 - centre[1]))
        metres = 1000 * chord_km(near, places[validator["lat_e7"], validator["lon_e7"]])
        assert row["rtt_ns"] * 299_792_458 >= 2 * metres * 10**9
