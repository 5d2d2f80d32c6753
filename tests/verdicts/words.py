"""Epochs and proofs that between them make every word of the catalogue; each maker says which it is to show."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl

from depinverify import _native, networks, settle
from depinverify.catalogue import CATALOGUE, Code, Outcome, State, check_names
from depinverify.networks import filecoin
from depinverify.signature import KeyRegistry, verify_codes
from economy.worlds import Funded, always
from models.worlds import DOWN, ERROR, LATE, UP, WRONG
from models.worlds import settled as settled_under
from oracle.conftest import SLOT, START, Signer, TinyEpoch, b64, canonical
from reference import filecoin_cases
from reference.arweave import CHUNK, Node, digest

VECTORS = Path(__file__).parent.parent / "vectors"
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "filecoin"
PLACE = {"latitude": 10.0, "longitude": 10.0}
MS = 1000

Word = tuple[str, str, str]


def seen_in(folder: Path, out: Path) -> set[Word]:
    """Every word that a settlement says."""
    made = settle(folder, out)
    verdicts = pl.read_parquet(made.folder / "verdicts.parquet")
    words: set[Word] = {("code", "generic", Code(code).name) for code in verdicts["code"].unique()}
    for mask in verdicts["failed"].unique():
        words |= {("code", "generic", name) for name in check_names(mask)}
    words |= {("outcome", "", Outcome(outcome).name) for outcome in verdicts["outcome"].unique()}
    scores = pl.read_parquet(made.folder / "scores.parquet")
    words |= {("state", "", State(state).name) for state in scores["state"].unique()}
    rewards = made.rewards
    words |= {("indicator", "", found["code"]) for found in rewards["indicators"]}
    words |= {("exclusion", "", found["reason"]) for found in rewards["exclusions"]}
    words |= {("reason", "", reason) for one in rewards["entries"] for reason in one["reasons"]}
    return words | {
        ("quarantine", "", file["quarantine"]["reason"]) for file in made.provenance["quarantined"]
    }


def _named(base: Signer, scheme: str) -> Signer:
    """Somebody else's key that calls itself by the name of ``base``."""
    other = Signer(scheme, b"somebody else")
    other.kid = base.kid
    return other


def bent(folder: Path) -> Path:
    """One row for every check that can fail, for every kind of silence, and for most indicators."""
    e = TinyEpoch(folder, slots=12)
    e.ruleset |= {"tracking_s": 36000}
    (d0, d1), (v0, v1, v2) = e.device_keys, e.validator_keys
    k0, k1 = e.device_keys[d0], e.device_keys[d1]
    d2, d3 = bytes([1]) + bytes(14) + b"\x22", bytes([1]) + bytes(14) + b"\x33"
    e.device_keys[d2], e.device_keys[d3] = Signer("secp256k1", b"third"), k0
    e.enroll(d2, e.device_keys[d2], payee=None, hwmodel="aa")
    e.enroll(d3, k0, payee=f"0x{9:040x}", signer=e.authority)
    begun = (START + 6 * SLOT) * MS
    ends = {"device": d2.hex(), "validator": None, "kid": e.device_keys[d2].kid.hex()}
    e.event("revoke", e.authority, at=begun, **ends)

    first = e.answer(v0, d0, 0)
    e.answer(v1, d0, 0)["proof"] = b64(b"no proof")
    e.answer(v2, d0, 0, eat_profile="tag:example.com,2026:another")
    e.answer(v0, d1, 0, ueid=d0)
    e.answer(v1, d1, 0, signer=Signer("p256", b"stranger"))
    e.answer(v2, d1, 0, signer=_named(k1, "ed25519"))

    e.answer(v0, d0, 1, signer=_named(k0, "ed25519"))
    e.answer(v1, d0, 1, late_by=61_000)
    e.answer(v2, d0, 1)["proof"] = first["proof"]
    e.answer(v0, d1, 1, delay=6_000)
    e.answer(v1, d1, 1, delay=31_000)
    e.answer(v2, d1, 1, iat=e.probe(v2, d1, 1)[0] // MS - 500)

    e.answer(v0, d0, 2, bootcount=1)
    e.answer(v1, d0, 2, location=PLACE)
    e.answer(v0, d2, 2, hwmodel=b"\xbb")
    for transport, (validator, slot) in enumerate([(v0, 2), (v1, 2), (v2, 2), (v0, 3)], 1):
        e.silence(validator, d1, slot, transport)

    e.answer(v0, bytes([1]) + bytes(14) + b"\x44", 3, signer=k0)
    e.answer(v0, d2, 7)

    retried = e.answer(v0, d0, 4)
    e.silence(v0, d0, 4, 2)["sent_ms"] = retried["sent_ms"] + 1
    moment = e.probe(v1, d0, 4)[0] // MS
    e.answer(v1, d0, 4, uptime=moment - START + 6000)
    e.answer(v2, d0, 4)
    e.answer(v2, d0, 4, uptime=moment - START + 3000)
    for validator in (v0, v1, v2):
        e.answer(validator, d0, 5)
        e.answer(validator, d3, 5)
    return e.write()


def outages(folder: Path) -> Path:
    """Twelve devices: seen by all, unseen by one, by all, by one with a bad uplink, by the only one that looked."""
    e = TinyEpoch(folder, devices=("ed25519",) * 12, slots=6)
    v0, v1, v2 = e.validator_keys
    for slot in range(e.slots):
        for device in e.device_keys:
            for validator in (v0, v1, v2):
                if slot == 2 or (validator == v0 and slot in {1, 3, 4}):
                    e.silence(validator, device, slot, 2)
                elif slot != 4:
                    e.answer(validator, device, slot)
    e.write()
    probes = [{"validator": v0.hex(), "slot": 3, "ok": 0, "total": 5}]
    e.sign_file(e.write_lines("reference/probes.jsonl", probes), v0)
    return folder


def alone(folder: Path) -> Path:
    """Of three validators only one looks at slot 1, and sees nothing."""
    e = TinyEpoch(folder, devices=("ed25519",) * 12, slots=2)
    for device in e.device_keys:
        for validator in e.validator_keys:
            e.answer(validator, device, 0)
        e.silence(next(iter(e.validator_keys)), device, 1, 2)
    return e.write()


def event(folder: Path) -> Path:
    """The whole network is down for everybody."""
    e = TinyEpoch(folder, devices=("ed25519",) * 12, slots=2)
    for device in e.device_keys:
        for validator in e.validator_keys:
            e.answer(validator, device, 0)
            e.silence(validator, device, 1, 2)
    return e.write()


def paid(folder: Path) -> Path:
    """Everybody honest, but of another class, unpaid, leaving early, never asked, one too many in a cell."""
    e = TinyEpoch(folder, devices=("ed25519",) * 6)
    e.ruleset |= {"class_multipliers": {"lite": 500_000_000_000}, "max_per_cell": 2}
    devices = list(e.device_keys)
    e.event("set_class", e.authority, device=devices[0].hex(), **{"class": "lite"})
    devices.append(bytes([1]) + bytes(14) + b"\x55")
    e.device_keys[devices[-1]] = Signer("ed25519", b"unpaid")
    e.enroll(devices[-1], e.device_keys[devices[-1]], payee=None, cell="8928308280bffff")
    e.event(
        "retire",
        e.authority,
        at=(START + SLOT) * MS,
        effective=(START + 2 * SLOT) * MS,
        device=devices[2].hex(),
    )
    skipped = {(validator, devices[5], slot) for validator in e.validator_keys for slot in range(e.slots)}
    late = {(validator, devices[2], slot) for validator in e.validator_keys for slot in (2, 3)}
    e.honest(skip=skipped | late)
    return e.write()


def idle(folder: Path) -> Path:
    """A device that did no paid work, where that is a reason for less pay."""
    e = Funded(folder, {"utilisation": {"floor_e12": 500_000_000_000}})
    e.work = []
    return e.fill(always)


def single(folder: Path) -> Path:
    """One validator takes part."""
    e = TinyEpoch(folder, validators=1)
    e.honest()
    return e.write()


def conflicts(folder: Path) -> Path:
    """Two of three validators may not judge a device."""
    e = TinyEpoch(folder)
    device, (v0, v1, _) = next(iter(e.device_keys)), e.validator_keys
    for validator in (v0, v1):
        key = e.validator_keys[validator]
        e.event("declare_conflict", key, validator=validator.hex(), device=device.hex(), owner=None)
    e.honest(skip={(validator, device, slot) for validator in (v0, v1) for slot in range(e.slots)})
    return e.write()


def disagreements(folder: Path) -> Path:
    """Two devices of different cells answer one validator alone, for twenty slots."""
    e = TinyEpoch(folder, devices=("ed25519",), slots=20)
    far = bytes([1]) + bytes(14) + b"\x66"
    e.device_keys[far] = Signer("ed25519", b"far")
    e.enroll(far, e.device_keys[far], payee=f"0x{9:040x}", cell="8928308280bffff")
    friend, *others = e.validator_keys
    for slot in range(e.slots):
        for device in e.device_keys:
            e.answer(friend, device, slot)
            for validator in others:
                e.silence(validator, device, slot, 2)
    return e.write()


def of_models(folder: Path) -> set[Word]:
    """Devices that are paid less by each of the models that a ruleset can choose."""
    one = 10**12
    unlucky = lambda at, slot: DOWN if at == 0 and slot < 4 else UP  # noqa: E731
    threshold = {"reward_share_bp": 5000, "most_strikes": 1}
    tables: list[dict[str, Any]] = [
        {"availability": "relative", "relative": {}},
        {"availability": "threshold", "threshold": threshold, "withholding": {"percents": [50]}},
        {"availability": "lower_bound", "lower_bound": {}},
        {"availability": "objective", "objective": {}},
        {"standing": {"probation_e12": 1}},
        {"standing": {"min_age_s": 0, "offline_threshold_e12": 9 * 10**11}},
        {
            "standing": {
                "min_age_s": 0,
                "correctness": {"alpha0_e12": 1, "lambda_e12": 1, "threshold_e12": one},
            }
        },
    ]
    words: set[Word] = set()
    for number, models in enumerate(tables):
        made = settled_under(folder / str(number), {"models": models}, unlucky)
        words |= {("reason", "", reason) for entry in made.rewards["entries"] for reason in entry["reasons"]}
    for track, deed in (("correctness", WRONG), ("unknown", ERROR), ("latency", LATE)):
        models = {"standing": {"min_age_s": 0}, "tracks": {"order": [track]}}
        made = settled_under(
            folder / track,
            {"models": models},
            lambda at, slot, deed=deed: deed if at == 0 and 0 < slot < 4 else UP,
        )
        words |= {("reason", "", reason) for entry in made.rewards["entries"] for reason in entry["reasons"]}
    return words


def set_aside(folder: Path) -> Path:
    """A bad file for every reason."""
    e = TinyEpoch(folder, slots=1)
    e.honest()
    e.write()
    v0, v1, _ = e.validator_keys
    below = folder / "observations"
    good = (below / f"{v0.decode()}.jsonl").read_bytes()

    def put(name: str, content: bytes, signer: bytes | None = v0, **changed: Any) -> Path:
        path = below / name
        path.write_bytes(content)
        if signer is not None:
            e.sign_file(path, signer, **changed)
        return path

    put("unsigned.jsonl", good, None)
    put("changed.jsonl", good).write_bytes(good + good)
    put("stolen.jsonl", good, v1)
    put("old.jsonl", good, epoch=e.index - 1)
    put("schema.jsonl", b'{"slot":"x"}\n')
    put("cut.jsonl.gz", gzip.compress(good)[:-9])
    put("bomb.jsonl.gz", gzip.compress(b" " * (64 << 20)))
    put("other.csv", b"a,b\n")
    return folder


def of_signatures(_: Path) -> set[Word]:
    """The project's own cases of signatures, and an id that no key has."""
    cases = json.loads((VECTORS / "signatures.json").read_text("utf-8"))["cases"]
    words: set[Word] = set()
    for case in cases:
        for profile in case["verdicts"] if case["scheme"] in {"ed25519", "p256", "secp256k1"} else ():
            items = (bytes.fromhex(case[name]) for name in ("key", "message", "signature"))
            number = _native.verify_signature(case["scheme"], profile, *items)
            words.add(("signature", "", NUMBERED["signature", number]))
    nobody = verify_codes("ed25519", "strict", KeyRegistry(), [7], [b"m"], [bytes(64)])
    return words | {("signature", "", NUMBERED["signature", number]) for number in nobody}


NUMBERED = {
    (entry.family, entry.number): entry.name
    for entry in CATALOGUE
    if entry.number is not None and not entry.network
}


def _tree_record(tree: Node, size: int, leaf: int, at: int, chunk: bytes, **members: Any) -> dict[str, Any]:
    return {
        "data_root": b64(tree.id),
        "data_size": size,
        "relative_offset": at,
        "data_path": b64(tree.paths()[leaf]),
        "chunk": b64(chunk),
    } | members


def of_arweave(folder: Path) -> set[Word]:
    """A real storage proof, bent; and small trees with leaves that no client makes."""
    real = json.loads((VECTORS / "arweave_mainnet.jsonl").read_text("utf-8").splitlines()[0])
    records = [
        real,
        real | {"data_path": None},
        real | {"tx_path": "A" + real["tx_path"][1:]},
        real | {"data_size": real["data_size"] + 1},
        real | {"data_path": "A" + real["data_path"][1:]},
        real | {"chunk": real["chunk"][:-2]},
        real | {"chunk": "A" + real["chunk"][1:]},
        {name: value for name, value in real.items() if name != "chunk"},
        *_small_trees(),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "records.jsonl"
    path.write_bytes(b"".join(canonical(record) + b"\n" for record in records))
    network = networks.get("arweave")
    names = {code.number: code.name for code in network.catalogue}
    table = network.verify(path)
    words: set[Word] = {("code", "arweave", names[code]) for code in table["code"].to_pylist()}
    for mask in table["failed"].to_pylist():
        words |= {("code", "arweave", name) for name in check_names(mask, "arweave")}
    return words | {("outcome", "", Outcome(number).name) for number in table["outcome"].to_pylist()}


def of_filecoin(folder: Path) -> set[Word]:
    """Evidence of every kind, bent; and a round of retrieval checks in crowded subnets."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "records.jsonl"
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in filecoin_cases.bent()))
    names = {code.number: code.name for code in networks.get("filecoin").catalogue}
    key = filecoin.Verifier.from_file(filecoin_cases.WINNING_KEY, trust=filecoin_cases.WINNING_CHECK)
    table = filecoin.verify(path, keys=[key])
    words: set[Word] = {("code", "filecoin", names[code]) for code in table["code"].to_pylist()}
    for mask in table["failed"].to_pylist():
        words |= {("code", "filecoin", name) for name in check_names(mask, "filecoin")}
    made = filecoin.network.settle(EXAMPLE, folder / "settlement")
    labels = pl.read_parquet(made.folder / "spark_labels.parquet")
    said = {*labels["tasking"].to_list(), *labels["consensus"].to_list()}
    return words | {("code", "filecoin", name) for name in said & set(names.values())}


def _small_trees() -> list[dict[str, Any]]:
    data = bytes(range(256)) * (CHUNK // 256)
    short = Node(1024, digest(data[:1024]))
    padded = data[:1024] + bytes(CHUNK - 1025) + b"\1"
    early = Node(100, children=(Node(100, digest(data[:100])), Node(CHUNK, digest(data[100:]))))
    root, _, paths = _native.arweave_data_tree(data)
    whole = Node(CHUNK, digest(data))
    twice = Node(CHUNK, children=(whole, whole), marked=True)
    return [
        _tree_record(short, 1024, 0, 0, padded, padded=True),
        _tree_record(early, CHUNK, 0, 0, data[:100], ruleset="strict_data_split"),
        # The empty tail of a multiple of 256 KiB, in a transaction that claims one byte more.
        _tree_record(whole, CHUNK + 1, 0, CHUNK, b"", ruleset="strict_borders")
        | {"data_root": b64(root), "data_path": b64(paths[1])},
        _tree_record(twice, 2 * CHUNK, 0, 0, data),
    ]


def settled(make: Any) -> Any:
    """The words of an epoch that ``make`` writes."""

    def words(folder: Path) -> set[Word]:
        return seen_in(make(folder / "epoch"), folder / "settlement")

    words.__name__ = make.__name__
    return words
