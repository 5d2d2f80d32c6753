"""What may be wrong with rows of observations, one mutation each, for epochs made by hand.

In: a :class:`~oracle.conftest.TinyEpoch` with rows, a mutation's name and a few numbers. Out: the same epoch, bent.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from oracle.conftest import Signer, b64

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.conftest import TinyEpoch

Row = dict[str, Any]

DELAYS: Final = (-1, 0, 4999, 5000, 5001, 30_000, 30_001, 10**9, -(10**12))
SHIFTS: Final = (1, -1, 59_999, 60_000, 60_001, -60_000, 900_000, 2**62, -(2**62))
SLOTS: Final = (0, 1, 3, 4, 5, 2**53, 2**64 - 1)
CLAIMS: Final[tuple[dict[str, Any], ...]] = (
    {"bootcount": 1},
    {"bootcount": 9},
    {"bootcount": None},
    {"bootcount": -1},
    {"bootcount": 2**53},
    {"uptime": None},
    {"uptime": 0},
    {"uptime": 10**6},
    {"uptime": 5000 + 240},
    {"uptime": 2**53 - 1},
    {"uptime": 1.5},
    {"iat": 1_800_000_000 - 121},
    {"iat": 0},
    {"iat": 2**53},
    {"iat": "1"},
    {"eat_nonce": bytes(32)},
    {"eat_nonce": bytes(31)},
    {"ueid": b"\1" + bytes(13) + b"\xff\1"},
    {"ueid": b"\4" + bytes(15)},
    {"ueid": b"\1" * 34},
    {"eat_profile": "tag:other"},
    {"eat_profile": None},
    {"location": {"latitude": 48.5, "longitude": 2.2, "accuracy": 10}},
    {"location": {"latitude": 48.5108, "longitude": 2.2}},
    {"location": {"latitude": 48.511, "longitude": 2.2}},
    {"location": {"latitude": 0, "longitude": 0, "accuracy": 1000.5}},
    {"location": {"latitude": 0, "longitude": 0, "accuracy": 1001}},
    {"location": {"latitude": 90.5, "longitude": 0}},
    {"location": {"latitude": -33.8688, "longitude": 151.2093, "altitude": -3.5}},
    {"location": {"latitude": 1}},
    {"hwmodel": b"HX-2"},
    {"hwmodel": b"other"},
    {"oemid": b"\0\xa1\x10"},
    {"swname": "relay\u00e4", "swversion": ["1", 1]},
    {"swname": 3},
    {"depin_metrics": {"bytes": 2**63 - 1}},
    {"depin_metrics": {"bytes": 2**63}},
    {"depin_metrics": {"bytes": -(2**63)}},
)
NOTES: Final = (
    {"address": "0a000001"},
    {"address": "00" * 10 + "ffff0a000002"},
    {"address": "20010db8" + "00" * 12, "asn": 2**32 - 1},
    {"rtt_ns": 2**64 - 1},
    {"asn": 0},
)


def _proof(row: Row) -> bytearray:
    text = row.get("proof", "")
    return bytearray(
        text.encode() if "." in text else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    )


def _set_proof(row: Row, proof: bytes) -> None:
    row["proof"] = b64(proof)


def _answered(epoch: TinyEpoch, a: int) -> Row | None:
    rows = [row for row in epoch.rows if row["transport"] == 0]
    return rows[a % len(rows)] if rows else None


def silence(_epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The answer did not come."""
    row.pop("proof", None)
    row.pop("received_ms", None)
    row["transport"] = 1 + a % 4


def delay(_epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """It came at another moment."""
    if row["transport"] == 0:
        row["received_ms"] = row["sent_ms"] + DELAYS[a % len(DELAYS)]


def shift(_epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The challenge left at another moment."""
    row["sent_ms"] += SHIFTS[a % len(SHIFTS)]
    if row["transport"] == 0:
        row["received_ms"] = min(row["sent_ms"] + 100, 2**63 - 1)


def other_slot(_epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """It is said to be of another slot."""
    row["slot"] = SLOTS[a % len(SLOTS)]


def other_device(epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """It is said to be of another device, perhaps of none that there is."""
    ids = [*epoch.device_keys, b"", b"\1" + bytes(13) + b"\xff\xff", b"\1" * 40]
    row["device"] = ids[a % len(ids)].hex()


def other_validator(epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """Another validator says it."""
    row["validator"] = list(epoch.validator_keys)[a % len(epoch.validator_keys)].hex()


def copy_proof(epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The bytes of another row's answer."""
    source = _answered(epoch, a)
    if source is not None and row["transport"] == 0:
        row["proof"] = source["proof"]


def cut_proof(_epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The answer's end is missing."""
    if row["transport"] == 0:
        proof = _proof(row)
        _set_proof(row, proof[: a % (len(proof) + 1)])


def flip_proof(_epoch: TinyEpoch, row: Row, a: int, b: int) -> None:
    """One bit of the answer is another."""
    if row["transport"] == 0 and row["proof"]:
        proof = _proof(row)
        proof[a % len(proof)] ^= 1 << b % 8
        _set_proof(row, proof)


def repeat(epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The row stands twice, with other annotations."""
    epoch.rows.append(row | NOTES[a % len(NOTES)])


def annotate(_epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The row has an address or a round trip."""
    row |= NOTES[a % len(NOTES)]


def retry(epoch: TinyEpoch, row: Row, a: int, b: int) -> None:
    """The device was asked again, with another end."""
    again = row | {"sent_ms": min(row["sent_ms"] + 1 + b % 3, 2**63 - 1)}
    silence(epoch, again, a, 0)
    epoch.rows.append(again)


def contradict(epoch: TinyEpoch, row: Row, a: int, _b: int) -> None:
    """The validator says two things about one challenge."""
    again = dict(row)
    silence(epoch, again, a, 0)
    epoch.rows.append(again)


def claim(epoch: TinyEpoch, row: Row, a: int, b: int) -> None:
    """The device answers again with other claims."""
    validator, device, slot = bytes.fromhex(row["validator"]), bytes.fromhex(row["device"]), row["slot"]
    if device in epoch.device_keys and slot < epoch.slots and epoch.round_of(slot) not in epoch.missing:
        changed = CLAIMS[a % len(CLAIMS)]
        epoch.answer(validator, device, slot, envelope=("cose", "jws")[b % 2], delay=100 + b % 3, **changed)


def sign_otherwise(epoch: TinyEpoch, row: Row, a: int, b: int) -> None:
    """Another key signs the answer: a stranger's, another device's, or one that lies about itself."""
    validator, device, slot = bytes.fromhex(row["validator"]), bytes.fromhex(row["device"]), row["slot"]
    if device not in epoch.device_keys or slot >= epoch.slots or epoch.round_of(slot) in epoch.missing:
        return
    own = epoch.device_keys[device]
    signers = [Signer(scheme, b"stranger") for scheme in ("ed25519", "p256", "secp256k1")]
    signers += epoch.device_keys.values()
    for scheme in ("ed25519", "p256", "secp256k1"):
        liar = Signer(scheme, b"liar")
        liar.kid = own.kid
        signers.append(liar)
    unknown = Signer(own.scheme, b"device 0")
    unknown.kid, unknown.cose, unknown.jose = own.kid, -999, "none"
    signers.append(unknown)
    epoch.answer(validator, device, slot, envelope=("cose", "jws")[b % 2], signer=signers[a % len(signers)])


def drop(epoch: TinyEpoch, row: Row, _a: int, _b: int) -> None:
    """The row is not there."""
    epoch.rows.remove(row)


MUTATIONS: Final[dict[str, Callable[[TinyEpoch, Row, int, int], None]]] = {
    function.__name__: function
    for function in (
        silence, delay, shift, other_slot, other_device, other_validator, copy_proof, cut_proof, flip_proof, repeat,
        annotate, retry, contradict, claim, sign_otherwise, drop,
    )
}  # fmt: skip


def mutate(epoch: TinyEpoch, name: str, at: int, a: int, b: int) -> None:
    """Bend one row; values that left their range are brought back."""
    if not epoch.rows:
        return
    MUTATIONS[name](epoch, epoch.rows[at % len(epoch.rows)], a, b)
    for row in epoch.rows:
        for column in ("sent_ms", "received_ms"):
            if column in row:
                row[column] = max(-(2**63), min(row[column], 2**63 - 1))
