"""The plain verifier against the check values of the specifications and against whole tiny epochs."""

import hashlib
import json

import pyarrow.parquet as pq
import pytest
from benches.plain_verifier import settle
from benches.plain_verifier.canonical import InputError, JsonError, base64url, canonical, read_json
from benches.plain_verifier.config import make_params
from benches.plain_verifier.geography import chord_metres
from benches.plain_verifier.observations import row_id
from benches.plain_verifier.outages import decide, judge_slot
from benches.plain_verifier.tables import VERDICTS, content_hash

VALID, NO_ANSWER = 32, 33


def verdicts(result, **wanted):
    rows = [dict(zip((name for name, _ in VERDICTS), row, strict=True)) for row in result.verdicts]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def indicators(result, code):
    return [entry for entry in result.rewards["indicators"] if entry["code"] == code]


# ----------------------------------------------------------------------------------------------- check values


def test_params_hash_of_the_generic_ruleset():
    chain_hash = bytes.fromhex("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971")
    params = make_params({"name": "generic", "version": "1"}, 900, chain_hash)
    expected = "19a5e1d8b07e8804f9cb2c17d3142aca5127ea8ead89425776af8942b24ca51e"
    assert hashlib.sha256(canonical(params)).hexdigest() == expected


def test_row_ids():
    device = bytes.fromhex("01000102030405060708090a0b0c0d0e0f")
    silent = row_id(b"val-0", device, 7, 1800006300123, None, 2, None)
    assert silent.hex() == "bbc03c10838eff730bef2d57e723497a942a5f81dc929ece3f24cf8cb685319b"
    answered = row_id(b"val-0", device, 7, 1800006300123, 1800006300223, 0, b"a.b.c")
    assert answered.hex() == "68a4fdde819879f456fd4d8f260ab73cd8dba3f611bc5116e5866fad13c232fd"


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((485000000, 22000000), (485100000, 22000000), 1111),
        ((0, 0), (900000000, 0), 9009964),
        ((-338688000, 1512093000), (407128000, -740060000), 12111150),
        ((1, 1), (1, 1), 0),
        ((0, 1800000000), (0, -1800000000), 0),
    ],
)
def test_chord(a, b, metres):
    assert chord_metres(a, b) == chord_metres(b, a) == metres


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":1e3}',
        '{"a":-0}',
        '{"a":01}',
        '["\\ud800"]',
        "[NaN]",
        "\ufeff[]",
        "[1,]",
        "[" * 40,
    ],
)
def test_strict_json_refuses(text):
    with pytest.raises(JsonError):
        read_json(text.encode())


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA=", "AA==", "A+AA", "A/AA", "A AA", "é"])
def test_strict_base64url_refuses(text):
    assert base64url(text) is None


def test_strict_base64url_reads():
    assert base64url("") == b""
    assert base64url("AQ") == b"\1"
    assert base64url("-_8") == b"\xfb\xff"


def test_content_hash_of_a_row():
    expected = hashlib.sha256(
        b"\1"
        + (2).to_bytes(4, "big")
        + b"ab"
        + b"\1"
        + (2**64 - 1).to_bytes(8, "big")
        + b"\0"
        + b"\1"
        + bytes(8)
    ).hexdigest()
    assert content_hash([(b"ab", -1, None, 0)]) == expected


def test_down_needs_different_owners():
    owners = {"v1": "a", "v2": "a", "v3": "b"}
    assert decide([("v1", 2), ("v2", 2)], frozenset(), 2, owners) == 0
    assert decide([("v1", 2), ("v3", 2)], frozenset(), 2, owners) == 2
    assert decide([("v1", 2), ("v3", 2)], {"v3"}, 2, owners) == 0
    assert decide([("v1", 1), ("v3", 1)], {"v3"}, 2, owners) == 2
    assert decide([("v1", 0), ("v3", 2)], frozenset(), 2, owners) == 0


def test_clusters_not_devices_make_an_outage():
    observations = [("v", f"d{at:02}", 2) for at in range(12)]
    alike = dict.fromkeys((device for _, device, _ in observations), "one")
    up = dict.fromkeys(alike, True)
    assert judge_slot(observations, alike, up, {}) == ([], None)
    (line,), event = judge_slot(observations, {device: device for device in alike}, up, {})
    assert (line.reason, line.n, line.f, event) == ("VALIDATOR_ALONE_CORRELATED", 12, 12, None)


# ---------------------------------------------------------------------------------------------- a whole epoch


def test_an_honest_epoch(tiny):
    epoch = tiny()
    epoch.honest()
    out = epoch.folder.parent / "settlement"
    result = settle(epoch.write(), out=out)
    assert result.quarantined == []
    assert result.manifest["counts"] == {"VALID": 24}
    assert {row["outcome"] for row in verdicts(result)} == {0}
    assert [entry["amount"] for entry in result.rewards["entries"]] == ["500", "500"]
    assert result.rewards["indicators"] == []
    assert result.rewards["entries"][0]["multipliers"] == [
        {"name": "payout", "value": 10**12, "reason": None},
    ]
    state = [json.loads(line) for line in result.state.splitlines()]
    assert state[0]["windows"] == [[1800000000, 2, 2, 2], [1800001800, 2, 2, 2]]
    assert (state[0]["prior_up"], state[0]["bootcount"]) == (True, 3)
    assert result.root.startswith("0x")
    for name, digest in result.manifest["results"].items():
        if not name.endswith(".parquet"):
            assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    table = pq.read_table(out / "verdicts.parquet")
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert content_hash(rows) == result.hashes["verdicts.parquet"]


def test_order_and_form_of_files_change_nothing(tiny):
    epoch = tiny()
    epoch.honest()
    expected = settle(epoch.write()).manifest
    epoch.rows.reverse()
    epoch.rows += epoch.rows[:3]
    assert settle(epoch.write()).manifest == expected


def test_codes_masks_and_evidence(tiny):
    epoch = tiny(devices=("ed25519", "p256", "secp256k1"), slots=2)
    first, second, third = epoch.device_keys
    v0, v1, v2 = epoch.validator_keys
    stranger = epoch.device_keys[second]
    key = epoch.device_keys[first]
    cases = {}

    def case(name, row):
        cases[name] = row

    case("late", epoch.answer(v0, first, 0, delay=5001))
    case("expired", epoch.answer(v1, first, 0, delay=30001))
    case("skew", epoch.answer(v2, first, 0, iat=1))
    case("mismatch", epoch.answer(v0, second, 0, ueid=first))
    case("unknown key", epoch.answer(v1, second, 0, signer=key))
    case("far", epoch.answer(v2, second, 0, location={"latitude": 49, "longitude": 2, "accuracy": 0.5}))
    case("garbage", epoch.answer(v0, third, 0) | {"proof": "AAAA"})
    epoch.rows[-1]["proof"] = "AAAA"
    case("offline", epoch.silence(v1, third, 0, transport=2))
    case("early", epoch.answer(v2, third, 0, late_by=-1))
    case("profile", epoch.answer(v0, first, 1, eat_profile="another"))
    case("nonce", epoch.answer(v1, first, 1, eat_nonce=bytes(32)))
    case("claims", epoch.answer(v2, first, 1, iat=-1))
    case("backwards", epoch.answer(v0, second, 1, delay=-1))
    case("stranger", epoch.answer(v1, third, 1, signer=stranger) | {"device": "02" * 8})
    epoch.rows[-1]["device"] = "02" * 8
    result = settle(epoch.write())
    found = {}
    for name, row in cases.items():
        (verdict,) = verdicts(
            result,
            validator=bytes.fromhex(row["validator"]),
            device=bytes.fromhex(row["device"]),
            slot=row["slot"],
            sent_ms=row["sent_ms"],
        )
        found[name] = (verdict["code"], verdict["outcome"], verdict["e1"], verdict["e2"], verdict["e_bytes"])
    moment, _ = epoch.probe(v2, third, 0)
    metres = chord_metres((485000000, 22000000), (490000000, 20000000))
    assert found == {
        "late": (11, 1, 5001, None, None),
        "expired": (12, 3, 30001, None, None),
        "skew": (13, 0, 1, None, None),
        "mismatch": (3, 3, None, None, first),
        "unknown key": (4, 3, None, None, key.kid),
        "far": (15, 2, metres, 1201, None),
        "garbage": (0, 3, 1, None, None),
        "offline": (NO_ANSWER, 4, None, None, None),
        "early": (8, 8, 5, moment, None),
        "profile": (1, 3, 4, None, None),
        "nonce": (9, 3, None, None, None),
        "claims": (0, 3, 4, None, None),
        "backwards": (13, 5, cases["backwards"]["sent_ms"] // 1000, None, None),
        "stranger": (2, 8, None, None, None),
    }
    assert indicators(result, "CLOCK_SKEW")[0]["severity"] == "SUSPECT"
    assert {tuple(entry["subjects"]) for entry in indicators(result, "CLOCK_SKEW")} == {
        (f"device:{first.hex()}", f"validator:{v2.hex()}"),
        (f"validator:{v0.hex()}",),
    }


def test_a_replayed_answer(tiny):
    epoch = tiny(slots=2)
    first, second = epoch.device_keys
    v0, v1, _ = epoch.validator_keys
    honest = epoch.answer(v0, first, 0)
    copied = epoch.silence(v1, first, 1)
    copied.update(transport=0, proof=honest["proof"], received_ms=copied["sent_ms"] + 5)
    foreign = epoch.silence(v1, second, 1)
    foreign.update(transport=0, proof=honest["proof"], received_ms=foreign["sent_ms"] + 5)
    result = settle(epoch.write())
    (rightful,) = verdicts(result, code=VALID)
    (replay,) = verdicts(result, code=9)
    assert replay["failed"] == 1 << 9 | 1 << 10 | 1 << 13
    assert replay["e_bytes"] == rightful["row_id"]
    (other,) = verdicts(result, code=3)
    assert other["failed"] == 1 << 3 | 1 << 4
    assert other["not_run"] == 0b111 << 5 | 0b11 << 9 | 0b1111 << 13
    assert {tuple(entry["subjects"]) for entry in indicators(result, "REPLAY")} == {
        (f"device:{first.hex()}", f"validator:{v1.hex()}"),
        (f"device:{second.hex()}", f"validator:{v1.hex()}"),
    }


def test_counters_and_two_stories(tiny):
    epoch = tiny(slots=4)
    first, second = epoch.device_keys
    v0, v1, v2 = epoch.validator_keys
    for slot in range(4):
        epoch.answer(v0, first, slot, bootcount=3 if slot < 3 else 2)
        epoch.answer(v1, second, slot, uptime=1000 if slot < 3 else 9_000_000)
    twice = epoch.answer(v2, first, 1, uptime=5000, bootcount=3)
    again = epoch.answer(v2, first, 1, uptime=4000, bootcount=3)
    assert twice["sent_ms"] == again["sent_ms"]
    result = settle(epoch.write())
    fell, ahead = verdicts(result, code=14, outcome=2)
    assert (fell["e1"], fell["e2"], fell["e_bytes"]) == (3, 2, b"\1")
    assert ahead["e_bytes"] == b"\2"
    (entry,) = indicators(result, "EQUIVOCATION")
    assert entry["subjects"] == [f"device:{first.hex()}"]
    assert entry["numbers"] == {"rows": 2}
    assert result.rewards["entries"][0]["reasons"][-1] == "EQUIVOCATION"
    assert result.rewards["entries"][0]["amount"] == "0"
    (entry,) = indicators(result, "COUNTER_AHEAD")
    assert entry["subjects"] == [f"device:{second.hex()}"]


def test_one_key_for_two_ids(tiny):
    epoch = tiny(devices=("ed25519",))
    (first,) = epoch.device_keys
    clone = bytes([1]) + bytes(14) + b"\x77"
    epoch.enroll(clone, epoch.device_keys[first], payee="0x" + "ab" * 20, signer=epoch.authority)
    epoch.device_keys[clone] = epoch.device_keys[first]
    epoch.honest()
    result = settle(epoch.write())
    (entry,) = indicators(result, "KEY_REUSE")
    assert entry["numbers"] == {"rows": 24}
    assert len(entry["evidence"]) == 16
    assert indicators(result, "KEY_SHARED")[0]["numbers"] == {"rows": 0}
    assert {entry["amount"] for entry in result.rewards["entries"]} == {"0"}
    assert result.tree is None
    assert result.rewards["remainder"] == "1000"


def test_a_void_and_a_silent_validator(tiny):
    epoch = tiny()
    v0, v1, v2 = epoch.validator_keys
    first, second = epoch.device_keys
    epoch.honest(skip={(v1, first, 0)})
    folder = epoch.write()
    kept = [{"validator": one.hex(), "secret": epoch.secrets[one].hex()} for one in (v0, v1)]
    epoch.write_lines("validators.jsonl", kept)
    result = settle(folder)
    assert {row["e1"] for row in verdicts(result, validator=v2)} == {4}
    found = {entry["subjects"][0]: entry["numbers"] for entry in indicators(result, "UNRELIABLE")}
    assert found == {
        f"validator:{v1.hex()}": {
            "rows": 0,
            "slots_probed": 4,
            "slots_excluded": 0,
            "scheduled": 8,
            "missing": 1,
        },
        f"validator:{v2.hex()}": {"rows": 0, "void": 1},
    }
    found = {entry["subjects"][0]: entry["numbers"] for entry in indicators(result, "VALIDATOR_SILENT")}
    assert found == {
        f"validator:{v1.hex()}": {"rows": 0, "scheduled": 8, "missing": 1},
        f"validator:{v2.hex()}": {"rows": 0, "scheduled": 8, "missing": 8},
    }
    assert second


def test_one_bad_file_stops_nobody(tiny):
    epoch = tiny()
    epoch.honest()
    folder = epoch.write()
    path = folder / "observations" / "val-2.jsonl"
    good = path.read_bytes()
    for data, change, reason in (
        (good, {"epoch": 8}, "WRONG_EPOCH"),
        (good + b"\n", {}, "SCHEMA"),
        (good.replace(b'"transport":0', b'"transport":1', 1), {}, "SCHEMA"),
        (good.replace(b"76616c2d32", b"76616c2d31"), {}, "WRONG_SIGNER"),
    ):
        path.write_bytes(data)
        epoch.sign_file(path, b"val-2", **change)
        result = settle(folder)
        assert result.quarantined == [("val-2.jsonl", reason)]
        assert result.manifest["counts"] == {"VALID": 16}
    (folder / "observations" / "val-2.jsonl.jws").unlink()
    assert settle(folder).quarantined == [("val-2.jsonl", "UNSIGNED")]
    path.write_bytes(good)
    assert settle(folder, allow_unsigned=True).manifest["counts"] == {"VALID": 24}


def test_the_next_epoch_continues(tiny):
    one = tiny("one")
    one.honest()
    first = settle(one.write(), out=one.folder.parent / "settled")
    two = tiny("two", start=one.start + 3600, index=8)
    two.pool = "7"
    two.ruleset["min_payout"] = "4"
    digest = hashlib.sha256(first.files["manifest.json"]).hexdigest()
    two.previous_toml = f'[previous]\npath = "../settled"\nsha256 = "{digest}"'
    two.honest()
    second = settle(two.write())
    assert [line["paid"] for line in second.rewards["payees"]] == ["4", "0"]
    assert [line["carried"] for line in second.rewards["payees"]] == ["0", "3"]
    assert [line["cumulative"] for line in second.rewards["payees"]] == ["504", "500"]
    assert second.rewards["carried_delta"] == "3"
    assert second.manifest["inputs"]["previous"] == digest
    windows = json.loads(second.state.splitlines()[0])["windows"]
    assert [window[0] for window in windows] == [1800003600, 1800005400]
    other = f"{int(digest[-1], 16) ^ 1:x}"
    two.previous_toml = f'{two.previous_toml[:-2]}{other}"'
    two.write_toml()
    with pytest.raises(InputError, match="previous"):
        settle(two.folder)


def test_a_retired_device_is_prorated(tiny):
    epoch = tiny()
    first, _ = epoch.device_keys
    half = (epoch.start + 1800) * 1000
    epoch.event("retire", epoch.authority, at=half, device=first.hex())
    epoch.honest()
    result = settle(epoch.write())
    assert len(verdicts(result, device=first, code=8)) == 6
    entry = result.rewards["entries"][0]
    assert entry["multipliers"][1:] == [{"name": "proration", "value": 5 * 10**11, "reason": "PRORATED"}]
    assert entry["amount"] == "333"


def test_a_rotated_key(tiny):
    epoch = tiny()
    first, _ = epoch.device_keys
    old = epoch.device_keys[first]
    new = type(old)("secp256k1", b"the new one")
    moment = (epoch.start + 900) * 1000
    epoch.event(
        "rotate",
        old,
        new,
        at=moment - 1000,
        effective=moment,
        device=first.hex(),
        validator=None,
        old_kid=old.kid.hex(),
        key=new.did,
        kid=None,
        overlap_ms=900_000,
    )
    v0, v1, v2 = epoch.validator_keys
    for slot in range(4):
        epoch.answer(v0, first, slot)
        epoch.answer(v1, first, slot, signer=new)
    result = settle(epoch.write())
    assert [row["code"] for row in verdicts(result, validator=v0)] == [VALID, VALID, 5, 5]
    assert [row["code"] for row in verdicts(result, validator=v1)] == [5, VALID, VALID, VALID]
    (bad, _) = verdicts(result, validator=v0, code=5)
    assert (bad["e1"], bad["e2"]) == ((epoch.start - 86400) * 1000 + 6, moment + 900_000)
    assert v2


def test_a_broken_registry_is_refused(tiny):
    epoch = tiny()
    epoch.honest()
    epoch.event("set_weight", epoch.device_keys[next(iter(epoch.device_keys))], device="00", weight="5")
    with pytest.raises(InputError, match="line 9"):
        settle(epoch.write())
    epoch.events.pop()
    epoch.write()
    lines = (epoch.folder / "registry.jsonl").read_bytes()
    (epoch.folder / "registry.jsonl").write_bytes(lines.replace(b'"owner of val-1"', b'"owner of val-9"'))
    with pytest.raises(InputError, match="signature"):
        settle(epoch.folder)


def test_a_missing_round_must_be_named(tiny):
    epoch = tiny()
    epoch.missing = [epoch.round_of(2)]
    epoch.honest()
    result = settle(epoch.write())
    assert [row[6] for row in result.scores] == [3, 3]
    epoch.missing, wanted = [], epoch.missing[0]
    epoch.write_toml()
    with pytest.raises(InputError, match=str(wanted)):
        settle(epoch.folder)
