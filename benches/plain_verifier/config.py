"""``epoch.toml`` and the parameters: uptime proof, sections 3 and 9.1.

In: the file. Out: an :class:`Epoch` whose every value is checked, and the flat ``params`` object with its
hash. Floats, unknown keys and wrong types are errors that name the key.
"""

from __future__ import annotations

import re
import tomllib
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

from .beacon import DEFAULT, QUICKNET, SCHEMES, Chain
from .canonical import DECIMAL, JSON_LIMIT, ONE, SIGNED_DECIMAL, InputError, canonical, from_hex
from .keys import PublicKey, parse_did_key

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_CURVE = [[0, 0], [799999999999, 0], [800000000000, 500000000000], [995000000000, ONE], [ONE, ONE]]
SUSPECT = frozenset(
    (
        "CLOCK_SKEW",
        "COUNTER_AHEAD",
        "DUPLICATE_CONFLICT",
        "FAVOURITISM",
        "MINORITY_REPORTER",
        "OFF_SCHEDULE",
        "REPLAY",
        "SHARED_OUTAGE",
        "UNKNOWN_DEVICE",
        "VALIDATOR_SILENT",
    )
)

_GENERIC = {
    "validators_per_probe": 3,
    "quorum": 2,
    "select_num": 1,
    "select_den": 1,
    "deadline_ms": 5000,
    "late_limit_ms": 30000,
    "skew_s": 120,
    "window_s": 43200,
    "tracking_s": 2592000,
    "min_data_windows": None,
    "pay_no_data": False,
    "pay_provisional": True,
    "curve": DEFAULT_CURVE,
    "counter_grace_s": 60,
    "location_tolerance_m": 1000,
    "require_location": False,
    "network_event": "count",
    "max_per_cluster": 0,
    "max_per_cell": 0,
    "allocation": "largest_remainder",
    "min_payout": "0",
    "class_multipliers": {},
    "zero_on_suspect": [],
    "filler": False,
}
PRESETS = {
    "generic": _GENERIC,
    "simulation": _GENERIC | {"window_s": 3600, "tracking_s": 86400, "max_per_cluster": 2},
}
_PAYEE = re.compile(r"0x[0-9a-fA-F]{40}")


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


def _integer(table: dict, key: str, path: str, low: int = 0, high: int = JSON_LIMIT) -> int:
    value = table.get(key)
    _need(type(value) is int and low <= value <= high, f"{path}{key}: expected an integer, found {value!r}")
    return value


def _only(table: object, allowed: str, path: str) -> dict:
    _need(type(table) is dict, f"{path}: expected a table")
    for key in table:
        _need(key in allowed.split(), f"{path}{key}: unknown key")
    return table


def _curve(value: object) -> None:
    path = "ruleset.curve"
    _need(type(value) is list and len(value) >= 2, f"{path}: expected at least two knots")
    for knot in value:
        _need(type(knot) is list and len(knot) == 2, f"{path}: expected [x, y], found {knot!r}")
        _need(
            all(type(x) is int and 0 <= x <= JSON_LIMIT for x in knot),
            f"{path}: expected integers, found {knot!r}",
        )
    _need(value[0][0] == 0 and value[-1][0] == ONE, f"{path}: runs from 0 to 10^12")
    for (x0, y0), (x1, y1) in pairwise(value):
        _need(x0 < x1 and y0 <= y1, f"{path}: x must rise and y must not fall at {[x1, y1]}")


def make_params(ruleset: dict, slot_seconds: int, chain_hash: bytes) -> dict:
    """The flat object of section 3, defaults filled in."""
    path = "ruleset."
    for key in ("name", "version"):
        _need(type(ruleset.get(key)) is str, f"{path}{key}: expected text")
    defaults = PRESETS.get(ruleset["name"], _GENERIC)
    params = dict(defaults)
    for key, value in ruleset.items():
        if key in ("name", "version"):
            params[key] = value
            continue
        _need(key in defaults, f"{path}{key}: unknown key")
        default = 1 if key == "min_data_windows" else defaults[key]
        _need(
            type(value) is type(default), f"{path}{key}: expected {type(default).__name__}, found {value!r}"
        )
        _need(type(value) is not int or 0 <= value <= JSON_LIMIT, f"{path}{key}: out of range")
        params[key] = value
    for key in ("validators_per_probe", "quorum", "select_num", "select_den", "window_s", "tracking_s"):
        _need(params[key] > 0, f"{path}{key}: expected more than 0")
    _need(params["validators_per_probe"] & 1 == 1, f"{path}validators_per_probe: expected an odd number")
    _need(params["quorum"] <= params["validators_per_probe"], f"{path}quorum: above validators_per_probe")
    _need(params["select_num"] <= params["select_den"], f"{path}select_num: above select_den")
    _need(params["window_s"] % slot_seconds == 0, f"{path}window_s: expected a multiple of slot_seconds")
    _need(
        params["tracking_s"] % params["window_s"] == 0, f"{path}tracking_s: expected a multiple of window_s"
    )
    _need(params["network_event"] in ("count", "exclude"), f"{path}network_event: expected count or exclude")
    modes = ("largest_remainder", "floor_to_sink", "carry")
    _need(params["allocation"] in modes, f"{path}allocation: expected one of {modes}")
    _need(DECIMAL.fullmatch(params["min_payout"]) is not None, f"{path}min_payout: expected a decimal string")
    _curve(params["curve"])
    for name, value in params["class_multipliers"].items():
        _need(
            type(value) is int and 0 <= value <= JSON_LIMIT,
            f"{path}class_multipliers.{name}: expected an integer",
        )
    codes = params["zero_on_suspect"]
    _need(
        all(code in SUSPECT for code in codes),
        f"{path}zero_on_suspect: expected SUSPECT codes, found {codes}",
    )
    _need(codes == sorted(set(codes)), f"{path}zero_on_suspect: expected ascending codes")
    if params["min_data_windows"] is None:
        params["min_data_windows"] = -(-params["tracking_s"] // (2 * params["window_s"]))
    _need(params["min_data_windows"] > 0, f"{path}min_data_windows: expected more than 0")
    params["slot_seconds"] = slot_seconds
    params["chain_hash"] = chain_hash.hex()
    return params


class Epoch:
    """What ``epoch.toml`` says."""

    def __init__(self, path: Path) -> None:
        try:
            table = tomllib.loads(path.read_bytes().decode(), parse_float=self._no_float)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path}: {error}") from None
        _only(
            table,
            "format index start end pool slot_seconds genesis require_signed_observations "
            "beacon registry previous ruleset missed adjustment",
            "",
        )
        _need(table.get("format") == 1 and type(table["format"]) is int, "format: expected 1")
        self.index = _integer(table, "index", "")
        self.start = _integer(table, "start", "")
        self.end = _integer(table, "end", "")
        table.setdefault("slot_seconds", 900)
        self.slot_seconds = _integer(table, "slot_seconds", "", 1)
        _need(self.start % self.slot_seconds == 0, "start: expected a multiple of slot_seconds")
        _need(self.end % self.slot_seconds == 0, "end: expected a multiple of slot_seconds")
        _need(self.start < self.end, "end: expected after start")
        self.start_ms, self.end_ms = 1000 * self.start, 1000 * self.end
        self.slots = (self.end - self.start) // self.slot_seconds
        self.pool = self._decimal(table.get("pool"), "pool")
        genesis = table.get("genesis", False)
        _need(type(genesis) is bool, "genesis: expected true or false")
        self.require_signed = table.get("require_signed_observations", True)
        _need(type(self.require_signed) is bool, "require_signed_observations: expected true or false")
        self._beacon(table.get("beacon"))
        self._registry(table.get("registry"))
        _need(("previous" not in table) == genesis, "previous: absent exactly where genesis is true")
        self.previous_path = self.previous_sha256 = None
        if not genesis:
            previous = _only(table["previous"], "path sha256", "previous.")
            self.previous_path, self.previous_sha256 = previous.get("path"), previous.get("sha256")
            _need(type(self.previous_path) is str, "previous.path: expected text")
            _need(from_hex(self.previous_sha256, 32) is not None, "previous.sha256: expected 64 hex")
        ruleset = table.get("ruleset")
        _need(type(ruleset) is dict, "ruleset: expected a table")
        self.params = make_params(ruleset, self.slot_seconds, self.chain.hash)
        self.params_hash = sha256(canonical(self.params)).digest()
        self._money(table)

    @staticmethod
    def _no_float(text: str) -> None:
        raise InputError(f"{text}: floats are not allowed")

    @staticmethod
    def _decimal(value: object, path: str) -> int:
        _need(
            type(value) is str and DECIMAL.fullmatch(value),
            f"{path}: expected a decimal string, found {value!r}",
        )
        _need(int(value) < 2**256, f"{path}: above 2^256-1")
        return int(value)

    def _beacon(self, table: object) -> None:
        inline = "scheme public_key genesis_time period genesis_seed beacon_id"
        table = _only(table, f"chain pinned missing_rounds {inline}", "beacon.")
        if "chain" in table:
            _need(not set(inline.split()) & set(table), "beacon.chain: stands alone")
            _need(table["chain"] in ("quicknet", "default"), "beacon.chain: expected quicknet or default")
            self.chain = QUICKNET if table["chain"] == "quicknet" else DEFAULT
        else:
            _need(table.get("scheme") in SCHEMES, f"beacon.scheme: expected one of {SCHEMES}")
            raw = {}
            for key in ("public_key", "genesis_seed"):
                raw[key] = from_hex(table.get(key))
                _need(bool(raw[key]), f"beacon.{key}: expected hex")
            _need(type(table.get("beacon_id")) is str, "beacon.beacon_id: expected text")
            self.chain = Chain(
                table["scheme"],
                raw["public_key"],
                _integer(table, "genesis_time", "beacon."),
                _integer(table, "period", "beacon.", 1, 2**32 - 1),
                raw["genesis_seed"],
                table["beacon_id"],
            )
        self.pinned = table.get("pinned", False)
        _need(type(self.pinned) is bool, "beacon.pinned: expected true or false")
        missing = table.get("missing_rounds", [])
        _need(
            type(missing) is list and all(type(item) is int for item in missing),
            "beacon.missing_rounds: integers",
        )
        _need(missing == sorted(set(missing)), "beacon.missing_rounds: expected ascending")
        self.missing_rounds = frozenset(missing)

    def _registry(self, table: object) -> None:
        table = _only(table, "path url head authority", "registry.")
        _need("url" not in table, "registry.url: the plain verifier reads files only")
        self.registry_path = table.get("path")
        _need(type(self.registry_path) is str, "registry.path: expected text")
        self.registry_head = table.get("head")
        _need(from_hex(self.registry_head, 32) is not None, "registry.head: expected 64 hex")
        authority = table.get("authority", [])
        _need(type(authority) is list, "registry.authority: expected an array")
        self.authority = [parse_did_key(text) for text in authority]

    def _money(self, table: dict) -> None:
        missed = _only(table.get("missed", {}), "epochs pool", "missed.")
        self.missed_epochs = missed.get("epochs", [])
        _need(type(self.missed_epochs) is list, "missed.epochs: expected an array")
        _need(
            all(type(item) is int and 0 <= item < self.index for item in self.missed_epochs), "missed.epochs"
        )
        _need(self.missed_epochs == sorted(set(self.missed_epochs)), "missed.epochs: expected ascending")
        self.missed_pool = self._decimal(missed.get("pool", "0"), "missed.pool")
        self.adjustments: list[tuple[str, int]] = []
        adjustments = table.get("adjustment", [])
        _need(type(adjustments) is list, "adjustment: expected an array of tables")
        for number, entry in enumerate(adjustments):
            path = f"adjustment[{number}]."
            _only(entry, "payee amount reason reference jws", path)
            payee, amount, reason = entry.get("payee"), entry.get("amount"), entry.get("reason")
            _need(type(payee) is str and _PAYEE.fullmatch(payee), f"{path}payee: expected 0x and 40 hex")
            _need(
                type(amount) is str and SIGNED_DECIMAL.fullmatch(amount),
                f"{path}amount: expected a decimal string",
            )
            _need(type(reason) is str, f"{path}reason: expected text")
            _need(from_hex(entry.get("reference"), 32) is not None, f"{path}reference: expected 64 hex")
            signed = {
                "amount": amount,
                "epoch": self.index,
                "payee": payee.lower(),
                "reason": reason,
                "reference": entry["reference"],
            }
            self._signed_by_authority(entry.get("jws"), canonical(signed), path)
            self.adjustments.append((payee.lower(), int(amount)))

    def _signed_by_authority(self, jws: object, payload: bytes, path: str) -> None:
        from .files import open_jws  # noqa: PLC0415 - files.py reads the epoch, the epoch opens one JWS

        _need(type(jws) is str, f"{path}jws: expected text")
        opened = open_jws(jws.encode())
        _need(opened is not None and opened.payload == payload, f"{path}jws: not over this adjustment")
        keys: list[PublicKey] = self.authority
        good = any(
            key.kid == opened.kid
            and key.scheme == opened.algorithm
            and key.verifies(opened.signature, opened.signed)
            for key in keys
        )
        _need(good, f"{path}jws: not signed by a registry authority")
