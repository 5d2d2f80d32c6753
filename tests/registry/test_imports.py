"""Files of devices: every kind, every bad row at once, all or nothing."""

from __future__ import annotations

import csv
import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depinverify.exceptions import InputError, RegistryError
from depinverify.registry import (
    ImportRefusedError,
    PublicKey,
    Registry,
    Scheme,
    Signer,
    events,
    generate_private_key,
    import_devices,
)
from depinverify.registry.manifest import check_manifest, sign_manifest

KEYS = [PublicKey.from_cryptography(generate_private_key().public_key()) for _ in range(3)]
P256 = PublicKey.from_cryptography(generate_private_key(Scheme.P256).public_key())
ROWS = [
    {
        "device": f"01{at:032x}",
        "key": key.did,
        "owner": f"owner {at}",
        "payee": "0x" + "Ab" * 20,
        "cell": cell,
    }
    for at, (key, cell) in enumerate(zip(KEYS, ["8928308280fffff", None, "85080003fffffff"], strict=True))
]


@pytest.fixture
def registry(tmp_path, clock, authority):
    with Registry.create(f"sqlite:///{tmp_path}/r.db", authority=[authority.public], clock=clock) as opened:
        yield opened


def written(path, rows):
    """Write rows in the kind that the name says."""
    columns = list(rows[0])
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet"])
def test_every_kind_of_file_gives_the_same_devices(registry, tmp_path, authority, kind):
    told = []
    report = import_devices(
        registry, written(tmp_path / f"d{kind}", ROWS), authority=authority, progress=told.append
    )
    assert (report.rows, report.imported, report.bad_count) == (3, 3, 0)
    for row in ROWS:
        state = registry.state(device=row["device"])
        assert (state["owner"], state["cell"]) == (row["owner"], row["cell"])
        assert state["payee"] == row["payee"].lower()
        assert state["keys"][0]["key"] == row["key"]
    assert registry.verify() == 3


def test_binary_columns_and_large_types_of_parquet_are_read(registry, tmp_path, authority):
    table = pa.table(
        {
            "device": pa.array([bytes.fromhex(row["device"]) for row in ROWS], pa.binary()),
            "key": pa.array([row["key"] for row in ROWS], pa.large_string()),
            "owner": pa.array([row["owner"] for row in ROWS]).dictionary_encode(),
            "capacity": pa.array([1, None, 3], pa.uint32()),
        }
    )
    pq.write_table(table, tmp_path / "d.parquet")
    import_devices(registry, tmp_path / "d.parquet", authority=authority)
    assert [registry.state(device=row["device"])["capacity"] for row in ROWS] == ["1", None, "3"]


def test_raw_keys_need_a_scheme(registry, tmp_path, authority):
    rows = [
        {"device": "0100000000000000", "key": P256.data.hex(), "owner": "a", "scheme": "P256"},
        {"device": "0200000000000000", "key": KEYS[0].data.hex(), "owner": "a", "scheme": ""},
    ]
    path = written(tmp_path / "d.csv", rows)
    with pytest.raises(ImportRefusedError, match="line 3, column key: 32 raw key bytes need a named scheme"):
        import_devices(registry, path, authority=authority)
    import_devices(registry, path, authority=authority, scheme=Scheme.ED25519)
    assert registry.state(device="0100000000000000")["keys"][0]["key"] == P256.did
    assert registry.state(device="0200000000000000")["keys"][0]["key"] == KEYS[0].did


def test_signed_enrolments_prove_possession_in_bulk(registry, tmp_path):
    signers = [Signer(generate_private_key()) for _ in range(3)]
    rows = [
        events.sign(
            events.enroll(device=f"01{at:032x}", key=one.public, owner="maker", nonce=registry.issue_nonce()),
            one,
        )
        for at, one in enumerate(signers)
    ]
    event = events.enroll(
        device="0300000000000000", key=signers[0].public, owner="maker", nonce=registry.issue_nonce()
    )
    forged = events.sign(event, Signer(signers[1].private, signers[0].kid))
    path = tmp_path / "d.jsonl"
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in [*rows, forged, rows[0], {**rows[1], "seq": 1}])
    )
    with pytest.raises(ImportRefusedError) as refusal:
        import_devices(registry, path)
    assert [(bad.line, bad.reason.split(" of ")[0][:24]) for bad in refusal.value.report.bad_rows] == [
        (4, "signature"),
        (5, f"device {rows[0]['device']}"[:24]),
        (6, "members"),
    ]
    assert registry.count()["events"] == 0
    report = import_devices(registry, path, skip_bad=tmp_path / "bad.jsonl")
    assert (report.imported, report.bad_count) == (3, 3)


def test_every_bad_row_is_reported_with_line_and_reason_and_nothing_is_imported(
    registry, tmp_path, authority
):
    good = ROWS[0]
    text = "device,key,owner,payee,cell\n" + "\n".join(
        [
            f"{good['device']},{good['key']},alice,,",
            f"xyz,{good['key']},alice,,",
            f"0100000000000001,{good['key']},,,",
            "0100000000000002,nokey,alice,,",
            f"0100000000000003,{good['key']},alice,0x12,",
            f"0100000000000004,{good['key']},alice,,zz",
            f"0100000000000005,{good['key']},alice,,8428309ffffffff",
            f"0100000000000006,{good['key']}",
            "",
            f'0100000000000007,{good["key"]},"a\nb",,',
            f"{good['device']},{good['key']},again,,",
            f'0100000000000008,{good["key"]},"alice"x,,',
            f"0100000000000009,{good['key']},{'x' * 70000},,",
            f"010000000000000a,{good['key']},last,,",
        ]
    )
    path = tmp_path / "d.csv"
    path.write_text(text)
    with pytest.raises(ImportRefusedError) as refusal:
        import_devices(registry, path, authority=authority)
    report = refusal.value.report
    assert [(bad.line, bad.column) for bad in report.bad_rows] == [
        (3, "device"), (4, "owner"), (5, "key"), (6, "payee"), (7, "cell"), (8, "cell"), (9, None),
        (13, None), (14, None), (15, None),
    ]  # fmt: skip
    assert "resolution 4" in str(report.bad_rows[5])
    assert "is enrolled already" in str(report.bad_rows[7])
    assert str(refusal.value).startswith(f"nothing was imported. {path}: 10 of 13 rows are bad")
    assert registry.count() == {"events": 0, "devices": 0, "validators": 0}

    bad = tmp_path / "bad.jsonl"
    report = import_devices(registry, path, authority=authority, skip_bad=bad)
    assert (report.imported, report.bad_count) == (3, 10)
    assert registry.state(device="0100000000000007")["owner"] == "a\nb"
    kept = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [entry["line"] for entry in kept] == [3, 4, 5, 6, 7, 8, 9, 13, 14, 15]
    assert kept[2]["row"]["key"] == "nokey"


def test_ten_thousand_bad_rows_are_one_clear_and_bounded_report(registry, tmp_path, authority):
    path = tmp_path / "d.csv"
    lines = [f"{at:x},nokey,{'o' * (at % 300)}" for at in range(10_000)]
    path.write_text("device,key,owner\n" + "\n".join(lines))
    began = time.monotonic()
    with pytest.raises(ImportRefusedError) as refusal:
        import_devices(registry, path, authority=authority)
    assert time.monotonic() - began < 20
    message = str(refusal.value)
    assert "10000 of 10000 rows are bad" in message
    assert "9966 x key: expected a public key as did:key, JWK, PEM or hex" in message
    assert "34 x owner: expected a value" in message
    assert "... and 9980 more" in message
    assert len(message) < 4000
    assert len(refusal.value.report.bad_rows) == 10_000
    assert json.dumps(refusal.value.report.as_dict())


@pytest.mark.parametrize(
    ("name", "content", "because"),
    [
        ("d.csv", b"", "columns missing 'device', 'key', 'owner'"),
        ("d.csv", b"\xff\xfe\x00d", "columns missing"),
        ("d.csv", b"device,key,owner,color\n", "unknown 'color'"),
        ("d.csv", b"device,key,owner,key\n", "twice 'key'"),
        ("d.csv", b"device,key\n", "missing 'owner'"),
        ("d.csv", b'"' + b"x" * 200_000, "expected a header|columns missing"),
        ("d.csv", b"x," * 30_000 + b"\n", "unknown 'x', 'x'|missing"),
        ("d.parquet", b"PAR1garbagePAR1", "d.parquet"),
        ("d.parquet", b"", "d.parquet"),
        ("d.xlsx", b"", "expected a file of kind .csv"),
    ],
)
def test_a_file_that_is_no_table_of_devices_is_refused_as_a_whole(
    registry, tmp_path, authority, name, content, because
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=because) as refusal:
        import_devices(registry, tmp_path / name, authority=authority)
    assert len(str(refusal.value)) < 1000
    with pytest.raises(InputError, match="cannot be read"):
        import_devices(registry, tmp_path / "absent.csv", authority=authority)
    with pytest.raises(InputError, match="absent"):
        import_devices(registry, tmp_path / "absent.parquet", authority=authority)


def test_a_row_that_nobody_signs_is_bad(registry, tmp_path):
    with pytest.raises(ImportRefusedError, match="3 x the row is not signed, and no authority key was given"):
        import_devices(registry, written(tmp_path / "d.csv", ROWS))


def test_a_key_that_is_not_the_authoritys_imports_nothing(registry, tmp_path):
    stranger = Signer(generate_private_key())
    with pytest.raises(ImportRefusedError, match="nobody who may sign a enroll here has this kid"):
        import_devices(registry, written(tmp_path / "d.csv", ROWS), authority=stranger)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b",", b'"', b"\n", b"\r", b"\0", b"\xff", b"a", KEYS[0].did.encode()])).map(
            b"".join
        ),
    ),
    kind=st.sampled_from([".csv", ".jsonl"]),
)
def test_no_bytes_do_anything_but_be_imported_or_refused(registry, tmp_path, authority, data, kind):
    path = tmp_path / f"hostile{kind}"
    path.write_bytes((b"device,key,owner\n" if kind == ".csv" else b"") + data)
    bad = tmp_path / "bad.jsonl"
    report = import_devices(registry, path, authority=authority, skip_bad=bad)
    assert report.rows == report.bad_count
    assert len(bad.read_bytes().splitlines()) == report.bad_count


def test_nested_json_is_a_bad_row(registry, tmp_path, authority):
    path = tmp_path / "d.jsonl"
    path.write_text(
        "[" * 60_000
        + "\n"
        + '{"a":' * 10_000
        + "\n"
        + '{"device":{}}\n{"device":"x","device":"y"}\n{"owner":1.5}\n'
    )
    with pytest.raises(ImportRefusedError) as refusal:
        import_devices(registry, path, authority=authority)
    assert refusal.value.report.bad_count == 5


def test_a_manifest_holds_for_one_file_and_one_manufacturer(tmp_path):
    path = written(tmp_path / "d.csv", ROWS)
    for scheme in Scheme:
        maker = Signer(generate_private_key(scheme))
        with pytest.raises(InputError, match=r"cannot be read|not signed by|expected alg"):
            check_manifest(path, maker.public)
        signature = sign_manifest(path, maker)
        check_manifest(path, maker.public)
        good = signature.read_bytes()
        for bad, because in (
            (b"", "compact JWS"),
            (b"a.b", "compact JWS"),
            (b"!..", "base64url"),
            (good[:-5] + b"AAAA\n", "not signed by|base64url"),
        ):
            signature.write_bytes(bad)
            with pytest.raises(InputError, match=because):
                check_manifest(path, maker.public)
        signature.write_bytes(good)
    path.write_text(path.read_text() + "\n")
    with pytest.raises(InputError, match="signs another file"):
        check_manifest(path, maker.public)


def test_an_import_is_refused_while_the_registry_cannot_be_written(registry, tmp_path, authority):
    path = written(tmp_path / "d.csv", ROWS)
    with pytest.raises(RegistryError, match="cannot be backdated"):
        import_devices(registry, path, authority=authority, effective_ms=1)
