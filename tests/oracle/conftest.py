"""A tiny epoch, made by hand with ``cryptography``, and the public vectors."""

import base64
import hashlib
import json
import sys
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from public_vectors import public_vectors

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

START = 1_800_000_000
SLOT = 900
PROFILE = "tag:github.com,2026:depinverify/uptime-proof/1"
#: A point of the right group (its generator); the rounds are pinned, so nobody signs with it.
BEACON_KEY = (
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def lp(value):
    return len(value).to_bytes(4, "big") + value


def tagged(domain, *parts):
    return hashlib.sha256(domain.encode() + b"\0" + b"".join(parts)).digest()


class Signer:
    """A private key with the names it has in a registry, in COSE and in JOSE."""

    def __init__(self, scheme, seed):
        self.scheme = scheme
        number = int.from_bytes(hashlib.sha256(seed).digest(), "big") >> 1
        if scheme == "ed25519":
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed).digest())
            self.raw = self.private.public_key().public_bytes_raw()
            prefix, self.cose, self.jose, self.number = b"\xed\x01", -8, "EdDSA", 1
        else:
            curve = ec.SECP256R1() if scheme == "p256" else ec.SECP256K1()
            self.private = ec.derive_private_key(number, curve)
            self.raw = self.private.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
            )
            prefix = b"\x80\x24" if scheme == "p256" else b"\xe7\x01"
            self.cose, self.jose, self.number = (-7, "ES256", 2) if scheme == "p256" else (-47, "ES256K", 3)
        self.kid = hashlib.sha256(prefix + self.raw).digest()[:16]
        alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        value, text = int.from_bytes(prefix + self.raw, "big"), ""
        while value:
            value, digit = divmod(value, 58)
            text = alphabet[digit] + text
        self.did = "did:key:z" + text

    def sign(self, message):
        if self.scheme == "ed25519":
            return self.private.sign(message)
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def jws(self, payload, **header):
        head = {"alg": self.jose, "kid": b64(self.kid)} | header
        signed = f"{b64(canonical(head))}.{b64(payload)}".encode()
        return signed + b"." + b64(self.sign(signed)).encode()

    def cose_sign1(self, payload, tags=(18,), protected=None):
        protected = cbor2.dumps({1: self.cose}) if protected is None else protected
        signature = self.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
        item = [protected, {4: self.kid}, payload, signature]
        for tag in tags:
            item = cbor2.CBORTag(tag, item)
        return cbor2.dumps(item)


class TinyEpoch:
    """Two devices and three validators by default; everything can be bent before ``write``."""

    def __init__(self, folder, *, devices=("ed25519", "p256"), validators=3, slots=4, start=START, index=7):
        self.folder, self.slots, self.start, self.index = folder, slots, start, index
        self.authority = Signer("ed25519", b"authority")
        self.device_keys = {
            bytes([1]) + bytes(14) + bytes([at]): Signer(scheme, b"device %d" % at)
            for at, scheme in enumerate(devices)
        }
        self.validator_keys = {
            b"val-%d" % at: Signer("ed25519", b"validator %d" % at) for at in range(validators)
        }
        self.secrets = {one: hashlib.sha256(b"secret" + one).digest() for one in self.validator_keys}
        self.ruleset = {
            "name": "generic",
            "version": "1",
            "window_s": 1800,
            "tracking_s": 3600,
        }
        self.pool = "1000"
        self.genesis = start - 10 * 30
        self.extra_toml = ""
        self.previous_toml = ""
        self.events = []
        self.enrolments()
        self.rows = []
        self.missing = []

    # ----------------------------------------------------------------------------------------------- registry

    def event(self, kind, *signers, at=None, effective=None, **members):
        recorded = (self.start - 86400) * 1000 + len(self.events) if at is None else at
        body = {"type": kind, **members}
        message = hashlib.sha256(canonical(body)).digest()
        sigs = sorted(
            ({"kid": one.kid.hex(), "sig": one.sign(message).hex()} for one in signers),
            key=lambda sig: sig["kid"],
        )
        previous = hashlib.sha256(canonical(self.events[-1])).hexdigest() if self.events else "0" * 64
        self.events.append(
            body
            | {
                "seq": len(self.events),
                "recorded_ms": recorded,
                "effective_ms": recorded if effective is None else effective,
                "prev_hash": previous,
                "sigs": sigs,
            }
        )

    def enrolments(self):
        for one, key in self.validator_keys.items():
            self.event(
                "enroll_validator",
                key,
                validator=one.hex(),
                key=key.did,
                kid=None,
                owner=f"owner of {one.decode()}",
                payee=None,
                lat_e7=None,
                lon_e7=None,
            )
            self.event(
                "commit_challenge",
                key,
                validator=one.hex(),
                epoch=self.index,
                commitment=hashlib.sha256(self.secrets[one]).hexdigest(),
            )
        for at, (device, key) in enumerate(self.device_keys.items()):
            self.enroll(device, key, payee=f"0x{at + 1:040x}")

    def enroll(self, device, key, *, payee, signer=None, **members):
        fields = {
            "device": device.hex(),
            "key": key.did,
            "kid": None,
            "owner": "somebody",
            "payee": payee,
            "cell": "8928308280fffff",
            "lat_e7": 485000000,
            "lon_e7": 22000000,
            "radius_m": 200,
            "hwmodel": None,
            "oemid": None,
            "capacity": None,
            "nonce": hashlib.sha256(b"nonce" + device).hexdigest(),
        }
        self.event("enroll", signer or key, **(fields | members))

    # ------------------------------------------------------------------------------------------------- beacon

    def round_of(self, slot):
        return -(-(self.start + slot * SLOT - self.genesis) // 30) + 1

    def signature_of(self, number):
        return hashlib.sha256(b"round %d" % number).digest() + bytes(16)

    @property
    def chain(self):
        return {
            "scheme": "bls-unchained-g1-rfc9380",
            "public_key": BEACON_KEY,
            "genesis_time": self.genesis,
            "period": 30,
            "genesis_seed": "02" * 32,
            "beacon_id": "tiny",
        }

    @property
    def chain_hash(self):
        return hashlib.sha256(
            (30).to_bytes(4, "big")
            + self.genesis.to_bytes(8, "big")
            + bytes.fromhex(BEACON_KEY)
            + b"\2" * 32
            + b"tiny"
        ).digest()

    def probe(self, validator, device, slot):
        """(moment ms, challenge)."""
        from benches.plain_verifier.config import Epoch  # noqa: PLC0415

        if not hasattr(self, "_params_hash"):
            self.write_toml()
            self._params_hash = Epoch(self.folder / "epoch.toml").params_hash
        number = self.round_of(slot)
        randomness = hashlib.sha256(self.signature_of(number)).digest()
        u64 = lambda value: value.to_bytes(8, "big")  # noqa: E731
        seed = tagged(
            "depinverify/slot-seed/v1", self.chain_hash, u64(number), randomness, u64(slot), self._params_hash
        )
        nonce = tagged("depinverify/nonce/v1", seed, lp(device), lp(validator))
        salt = tagged("depinverify/salt/v1", self.secrets[validator], u64(slot), lp(device))
        round_time = self.genesis + (number - 1) * 30
        late_limit = self.ruleset.get("late_limit_ms", 30000)
        span = 1000 * (SLOT - (round_time - (self.start + slot * SLOT))) - late_limit
        first = int.from_bytes(tagged("depinverify/moment/v1", nonce, salt)[:8], "big")
        return 1000 * round_time + (first * span >> 64), tagged("depinverify/challenge/v1", nonce, salt)

    # --------------------------------------------------------------------------------------------------- rows

    def answer(
        self, validator, device, slot, *, envelope="cose", delay=100, late_by=0, signer=None, **claims
    ):
        """Appends the row of one answer and returns it."""
        moment, challenge = self.probe(validator, device, slot)
        sent = moment + late_by
        fields = {
            "eat_nonce": challenge,
            "ueid": device,
            "iat": sent // 1000,
            "eat_profile": PROFILE,
            "uptime": sent // 1000 - (self.start - 5000),
            "bootcount": 3,
        } | claims
        fields = {name: value for name, value in fields.items() if value is not None}
        signer = signer or self.device_keys[device]
        proof = make_envelope(signer, fields, envelope)
        row = {
            "validator": validator.hex(),
            "device": device.hex(),
            "slot": slot,
            "sent_ms": sent,
            "received_ms": sent + delay,
            "transport": 0,
            "proof": proof.decode() if envelope == "jws" else b64(proof),
        }
        self.rows.append(row)
        return row

    def silence(self, validator, device, slot, transport=1):
        moment, _ = self.probe(validator, device, slot)
        row = {
            "validator": validator.hex(),
            "device": device.hex(),
            "slot": slot,
            "sent_ms": moment,
            "transport": transport,
        }
        self.rows.append(row)
        return row

    def honest(self, skip=()):
        """Every scheduled probe answered, envelopes in turn."""
        for slot in range(self.slots):
            if self.round_of(slot) in self.missing:
                continue
            for device in self.device_keys:
                for at, validator in enumerate(self.validator_keys):
                    if (validator, device, slot) not in skip:
                        envelope = "jws" if (slot + at) % 2 else "cose"
                        self.answer(validator, device, slot, envelope=envelope)

    # -------------------------------------------------------------------------------------------------- files

    def write_toml(self):
        head = "0" * 64
        for event in self.events:
            if event["recorded_ms"] < self.start * 1000:
                head = hashlib.sha256(canonical(event)).hexdigest()

        def text(value):
            if isinstance(value, dict):
                return "{" + ", ".join(f'"{name}" = {text(item)}' for name, item in value.items()) + "}"
            return json.dumps(value)

        lines = [
            "format = 1",
            f"index = {self.index}",
            f"start = {self.start}",
            f"end = {self.start + self.slots * SLOT}",
            f'pool = "{self.pool}"',
            f"genesis = {text(not self.previous_toml)}",
            "[beacon]",
            "pinned = true",
            f"missing_rounds = {self.missing}",
            *(f"{name} = {text(value)}" for name, value in self.chain.items()),
            "[registry]",
            'path = "registry.jsonl"',
            f'head = "{head}"',
            f'authority = ["{self.authority.did}"]',
            self.previous_toml,
            "[ruleset]",
            *(f"{name} = {text(value)}" for name, value in self.ruleset.items()),
            self.extra_toml,
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "epoch.toml").write_text("\n".join(lines) + "\n")

    def sign_file(self, path, validator, **changed):
        statement = {
            "epoch": self.index,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "start": self.start,
        }
        jws = self.validator_keys[validator].jws(canonical(statement | changed))
        path.with_name(path.name + ".jws").write_bytes(jws + b"\n")

    def write(self):
        self.write_toml()
        (self.folder / "registry.jsonl").write_bytes(
            b"".join(canonical(event) + b"\n" for event in self.events)
        )
        rounds = {self.round_of(slot) for slot in range(self.slots)} - set(self.missing)
        self.write_lines(
            "beacon.jsonl",
            [{"round": number, "signature": self.signature_of(number).hex()} for number in sorted(rounds)],
        )
        self.write_lines(
            "validators.jsonl",
            [{"validator": one.hex(), "secret": secret.hex()} for one, secret in self.secrets.items()],
        )
        for validator in self.validator_keys:
            rows = [row for row in self.rows if row["validator"] == validator.hex()]
            if rows:
                path = self.write_lines(f"observations/{validator.decode()}.jsonl", rows)
                self.sign_file(path, validator)
        return self.folder

    def write_lines(self, name, lines):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
        return path


CBOR_KEYS = {
    "eat_nonce": 10,
    "ueid": 256,
    "iat": 6,
    "eat_profile": 265,
    "uptime": 261,
    "bootcount": 267,
    "location": 264,
    "swname": 270,
    "swversion": 271,
    "hwmodel": 259,
    "oemid": 258,
    "depin_metrics": -70001,
}
PLACE_KEYS = {"latitude": 1, "longitude": 2, "altitude": 3, "accuracy": 4}


def make_envelope(signer, fields, envelope):
    if envelope == "jws":
        claims = {name: b64(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        return signer.jws(json.dumps(claims).encode())
    claims = {CBOR_KEYS[name]: value for name, value in fields.items()}
    if 264 in claims:
        claims[264] = {PLACE_KEYS[name]: value for name, value in claims[264].items()}
    return signer.cose_sign1(cbor2.dumps(claims))


@pytest.fixture
def tiny(tmp_path):
    """Makes tiny epochs: ``tiny(devices=(..), validators=3, slots=4)``."""

    def make(name="epoch", **options):
        return TinyEpoch(tmp_path / name, **options)

    return make


@pytest.fixture(scope="session")
def vectors():
    """Reads one public vector file; the test is skipped where they are not at hand."""

    def read(name):
        folder, file = name.split("/")
        return json.loads((public_vectors(folder) / file).read_text())

    return read
