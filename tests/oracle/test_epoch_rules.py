"""Rules of a whole epoch, one bent thing at a time."""

import base64
import gzip
import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from benches.plain_verifier import settle
from benches.plain_verifier.canonical import InputError


def indicators(result, code):
    return [entry for entry in result.rewards["indicators"] if entry["code"] == code]


def entry_of(result, device):
    (entry,) = [entry for entry in result.rewards["entries"] if entry["device"] == device.hex()]
    return entry


def raw(text):
    return text.encode() if "." in text else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def table(rows):
    columns = {
        "validator": pa.array([bytes.fromhex(row["validator"]) for row in rows], pa.binary()),
        "device": pa.array([bytes.fromhex(row["device"]) for row in rows], pa.large_binary()),
        "slot": pa.array([row["slot"] for row in rows], pa.uint64()),
        "sent_ms": pa.array([row["sent_ms"] for row in rows], pa.int64()),
        "received_ms": pa.array([row.get("received_ms") for row in rows], pa.int64()),
        "transport": pa.array([row["transport"] for row in rows], pa.uint8()),
        "proof": pa.array([raw(row["proof"]) if "proof" in row else None for row in rows], pa.binary()),
        "note": pa.array(["extra"] * len(rows)),
    }
    return pa.table(columns)


def test_every_container_says_the_same(tiny):
    epoch = tiny()
    epoch.honest()
    folder = epoch.write()
    expected = settle(folder).manifest
    rows = [row for row in epoch.rows if row["validator"] == b"val-1".hex()]
    plain = folder / "observations" / "val-1.jsonl"
    data = plain.read_bytes()
    plain.unlink()
    plain.with_name("val-1.jsonl.jws").unlink()

    def arrow(path):
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table(rows).schema) as writer:
            writer.write_table(table(rows))

    forms = {
        "a.jsonl.gz": lambda path: path.write_bytes(gzip.compress(data[:300]) + gzip.compress(data[300:])),
        "a.jsonl.zst": lambda path: path.write_bytes(zstandard.compress(data)),
        "a.parquet": lambda path: pq.write_table(table(rows), path, row_group_size=3),
        "a.arrow": arrow,
    }
    for name, write in forms.items():
        path = folder / "observations" / name
        write(path)
        epoch.sign_file(path, b"val-1")
        result = settle(folder)
        assert result.quarantined == []
        assert result.manifest == expected, name
        path.unlink()
        path.with_name(name + ".jws").unlink()
    path = folder / "observations" / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(data)[:-9])
    epoch.sign_file(path, b"val-1")
    other = folder / "observations" / "cut.parquet"
    forms["a.parquet"](other)
    other.write_bytes(other.read_bytes()[:-9])
    epoch.sign_file(other, b"val-1")
    assert settle(folder).quarantined == [("cut.jsonl.gz", "TRUNCATED"), ("cut.parquet", "UNREADABLE")]


def test_selection_and_assignment(tiny):
    epoch = tiny(validators=5, slots=8)
    epoch.ruleset |= {"select_num": 1, "select_den": 2, "validators_per_probe": 3}
    epoch.honest()
    result = settle(epoch.write())
    scheduled = sum(row[6] for row in result.scores)
    assert 0 < scheduled < 16
    assert result.manifest["counts"] == {"VALID": 3 * scheduled, "OFF_SCHEDULE": 80 - 3 * scheduled}
    assert {row[10] for row in result.verdicts if row[5] == 8} == {3}
    assert indicators(result, "VALIDATOR_SILENT") == []


def test_conflicts_leave_a_slot_under_assigned(tiny):
    epoch = tiny()
    first, second = epoch.device_keys
    v0, v1, _ = epoch.validator_keys
    epoch.event(
        "declare_conflict", epoch.validator_keys[v0], validator=v0.hex(), device=first.hex(), owner=None
    )
    epoch.event("set_payee", epoch.authority, device=second.hex(), payee=None)
    epoch.event(
        "declare_conflict", epoch.validator_keys[v1], validator=v1.hex(), device=first.hex(), owner=None
    )
    epoch.honest()
    result = settle(epoch.write())
    (found,) = indicators(result, "UNDER_ASSIGNED")
    assert (found["subjects"], found["numbers"]) == ([f"device:{first.hex()}"], {"rows": 0, "slots": 4})
    assert entry_of(result, first)["reasons"] == ["NO_DATA"]
    assert entry_of(result, second)["reasons"] == ["NO_PAYEE"]
    assert result.rewards["remainder"] == "1000"


def test_one_witness(tiny):
    epoch = tiny(validators=1)
    first, _ = epoch.device_keys
    (v0,) = epoch.validator_keys
    epoch.honest(skip={(v0, first, 3)})
    epoch.silence(v0, first, 3, transport=2)
    result = settle(epoch.write())
    assert [row[4:6] for row in result.scores] == [(3, 1), (4, 0)]
    assert [entry["numbers"]["slots"] for entry in indicators(result, "SINGLE_WITNESS")] == [4, 4]


def test_money_goes_where_the_mode_says(tiny):
    for mode, sink, left in (("floor_to_sink", "1", "0"), ("carry", "0", "1")):
        epoch = tiny(mode)
        epoch.pool = "1001"
        epoch.ruleset["allocation"] = mode
        epoch.honest()
        rewards = settle(epoch.write()).rewards
        assert (rewards["sink"], rewards["remainder"]) == (sink, left)
        assert rewards["allocated"] == rewards["paid"] == "1000"


def test_weights_classes_and_caps(tiny):
    epoch = tiny(devices=("ed25519", "p256", "ed25519"))
    first, second, third = epoch.device_keys
    epoch.ruleset |= {"class_multipliers": {"indoor": 5 * 10**11, "big": 2 * 10**12}, "max_per_cell": 2}
    epoch.event("set_weight", epoch.authority, device=first.hex(), weight="3")
    epoch.event("set_class", epoch.authority, device=first.hex(), **{"class": "indoor"})
    epoch.event("set_class", epoch.authority, device=second.hex(), **{"class": "big"})
    epoch.honest()
    result = settle(epoch.write())
    assert entry_of(result, first)["weight"] == str(3 * 5 * 10**11)
    assert entry_of(result, first)["reasons"] == ["CLASS"]
    assert entry_of(result, second)["weight"] == str(2 * 10**12)
    assert entry_of(result, second)["multipliers"][-1] == {
        "name": "class",
        "value": 2 * 10**12,
        "reason": None,
    }
    assert entry_of(result, third)["reasons"] == ["CAPACITY"]
    assert [entry["amount"] for entry in result.rewards["entries"]] == ["429", "571", "0"]


def test_adjustments_and_missed_pools(tiny):
    epoch = tiny()
    payee = "0x" + "ef" * 20
    statement = {
        "amount": "-5",
        "epoch": 7,
        "payee": f"0x{1:040x}",
        "reason": "paid twice",
        "reference": "ab" * 32,
    }
    given = {**statement, "amount": "30", "payee": payee}
    tables = []
    for one in (statement, given):
        data = json.dumps(one, sort_keys=True, separators=(",", ":")).encode()
        fields = {name: value for name, value in one.items() if name != "epoch"}
        fields["jws"] = epoch.authority.jws(data).decode()
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
        tables.append("[[adjustment]]\n" + lines)
    epoch.extra_toml = '[missed]\nepochs = [5, 6]\npool = "11"\n' + "".join(tables)
    epoch.honest()
    rewards = settle(epoch.write()).rewards
    assert rewards["epoch"]["epochs_covered"] == [5, 6, 7]
    assert (rewards["missed_pools"], rewards["adjustments"], rewards["allocated"]) == ("11", "25", "1011")
    assert {line["payee"]: line["amount"] for line in rewards["payees"]} == {
        f"0x{1:040x}": "501",
        f"0x{2:040x}": "505",
        payee: "30",
    }
    epoch.extra_toml = epoch.extra_toml.replace('"30"', '"31"')
    epoch.write_toml()
    with pytest.raises(InputError, match="jws"):
        settle(epoch.folder)


def test_two_words_of_a_validator(tiny):
    epoch = tiny()
    first, _ = epoch.device_keys
    v0 = next(iter(epoch.validator_keys))
    epoch.honest()
    row = epoch.silence(v0, first, 0)
    later = dict(epoch.silence(v0, first, 1))
    epoch.rows[-1]["sent_ms"] = later["sent_ms"] + 1
    result = settle(epoch.write())
    (found,) = indicators(result, "EQUIVOCATION")
    assert (found["subjects"], found["numbers"]) == ([f"validator:{v0.hex()}"], {"rows": 2})
    (found,) = indicators(result, "DUPLICATE_CONFLICT")
    assert (found["subjects"], found["numbers"]) == ([f"validator:{v0.hex()}"], {"rows": 4})
    assert row["transport"] == 1
    assert result.scores[0][4] == 4


def test_a_broken_uplink_costs_nobody(tiny):
    epoch = tiny(devices=("ed25519",) * 12)
    before = tiny("before", devices=("ed25519",) * 12, start=epoch.start - 3600, index=6)
    before.honest()
    first = settle(before.write(), out=epoch.folder.parent / "settled")
    digest = hashlib.sha256(first.files["manifest.json"]).hexdigest()
    epoch.previous_toml = f'[previous]\npath = "../settled"\nsha256 = "{digest}"'
    v0, v1, v2 = epoch.validator_keys
    down = {(v0, device, 2) for device in epoch.device_keys}
    epoch.honest(skip=down)
    for validator, device, slot in down:
        epoch.silence(validator, device, slot, transport=2)
    folder = epoch.write()
    path = epoch.write_lines(
        "reference/v1.jsonl",
        [
            {"validator": v1.hex(), "slot": 1, "ok": 1, "total": 3},
            {"validator": v1.hex(), "slot": 1, "ok": 3, "total": 3},
            {"validator": v1.hex(), "slot": 99, "ok": 0, "total": 3},
        ],
    )
    epoch.sign_file(path, v1)
    result = settle(folder)
    numbers = {"n": 12, "n2": 12, "f2": 0}
    assert result.rewards["exclusions"] == [
        {
            "slot": 1,
            "validator": v1.hex(),
            "reason": "VALIDATOR_REFERENCE_FAILED",
            "f": 0,
            "ok": 1,
            "total": 3,
            **numbers,
        },
        {
            "slot": 2,
            "validator": v0.hex(),
            "reason": "VALIDATOR_CORRELATED",
            "f": 12,
            "ok": 0,
            "total": 0,
            **numbers,
        },
    ]
    assert {row[7] for row in result.scores} == {1}
    assert {row[4:6] for row in result.scores} == {(4, 0)}
    assert {entry["subjects"][0] for entry in indicators(result, "UNRELIABLE")} == {
        f"validator:{v0.hex()}",
        f"validator:{v1.hex()}",
    }
    assert v2


@pytest.mark.parametrize(("policy", "decided"), [("count", (3, 1)), ("exclude", (3, 0))])
def test_a_network_event(tiny, policy, decided):
    epoch = tiny(devices=("ed25519",) * 12)
    epoch.ruleset["network_event"] = policy
    validators = list(epoch.validator_keys)
    down = {(one, device, 2) for device in epoch.device_keys for one in validators}
    epoch.honest(skip=down)
    for validator, device, slot in down:
        epoch.silence(validator, device, slot, transport=1)
    result = settle(epoch.write())
    (found,) = indicators(result, "NETWORK_EVENT")
    assert found["numbers"] == {"rows": 0, "slot": 2, "n_all": 12, "f_all": 12}
    assert {row[4:6] for row in result.scores} == {decided}


def test_clusters_by_address_are_capped(tiny):
    epoch = tiny(devices=("ed25519",) * 4)
    epoch.ruleset["max_per_cluster"] = 1
    epoch.honest()
    addresses = ["c0000201", "00" * 10 + "ffff" + "c00002fe", "c0000301", "20010db8" + "00" * 12]
    devices = list(epoch.device_keys)
    for row in epoch.rows:
        row["address"] = addresses[devices.index(bytes.fromhex(row["device"]))]
    result = settle(epoch.write())
    assert [entry["reasons"] for entry in result.rewards["entries"]] == [[], ["CAPACITY"], [], []]
    for row in epoch.rows:
        if row["validator"] != b"val-0".hex():
            row["address"] = None
    result = settle(epoch.write())
    assert [entry["reasons"] for entry in result.rewards["entries"]] == [[], [], [], []]
