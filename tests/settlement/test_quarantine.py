"""One bad file stops nobody's pay: it is set aside whole, with its reason, and adds nothing to any result."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from depinverify import Options, settle
from depinverify.canonical import canonical_json
from depinverify.cli import app
from depinverify.device.proof import jws
from depinverify.exceptions import InputError
from epoch_folders import bytes_of, parquet_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement
    from epoch_folders import Row, World

V0, V1 = b"val-0", b"val-1"


def rows(world: World, validator: bytes = V0) -> list[Row]:
    """Rows that no file holds: a minute later, which is on nobody's schedule, so that they would be seen."""
    return [
        row
        | {
            "sent_ms": row["sent_ms"] + 90_000,
            "received_ms": row["received_ms"] and row["received_ms"] + 90_000,
        }
        for row in rows_of(world.epoch)[validator][:40]
    ]


def statement(world: World, path: Path, **changed: Any) -> dict[str, Any]:
    said = {"epoch": world.settings.index, "start": world.settings.start}
    return said | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()} | changed


def signed(world: World, path: Path, validator: bytes = V0, **changed: Any) -> None:
    text = jws(world.validators[validator].key, canonical_json(statement(world, path, **changed)))
    path.with_name(path.name + ".jws").write_bytes(text)


def unsigned(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.parquet", V0, rows(world))
    path.with_name(path.name + ".jws").unlink()
    return path


def changed_after_signing(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.jsonl", V0, rows(world))
    path.write_bytes(path.read_bytes().replace(b'"transport":0', b'"transport":0 ', 1))
    return path


def no_jws(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.jsonl", V0, rows(world))
    path.with_name(path.name + ".jws").write_bytes(b"not a signature")
    return path


def loose_text(world: World, folder: Path) -> Path:
    """The right statement with a space in it is another text."""
    path = world.write(folder / "bad.arrow", V0, rows(world))
    text = json.dumps(statement(world, path), sort_keys=True).encode()
    path.with_name(path.name + ".jws").write_bytes(jws(world.validators[V0].key, text))
    return path


def two_line_feeds(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.arrow", V0, rows(world))
    beside = path.with_name(path.name + ".jws")
    beside.write_bytes(beside.read_bytes() + b"\n")
    return path


def another_row_in_it(world: World, folder: Path) -> Path:
    """One row of another validator, at the end of a long file."""
    return world.write(folder / "bad.jsonl.zst", V0, rows(world) + rows(world, V1)[:1])


def signed_by_another(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.parquet", V0, rows(world))
    signed(world, path, V1)
    return path


def signed_by_a_device(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.parquet", V0, rows(world))
    text = jws(world.fleet.key(world.fleet.devices[0]), canonical_json(statement(world, path)))
    path.with_name(path.name + ".jws").write_bytes(text)
    return path


def other_epoch(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.parquet", V0, rows(world))
    signed(world, path, epoch=world.settings.index + 1)
    return path


def other_start(world: World, folder: Path) -> Path:
    path = world.write(folder / "bad.parquet", V0, rows(world))
    signed(world, path, start=world.settings.start - 900)
    return path


def content(name: str, data: Callable[[World], bytes]) -> Callable[[World, Path], Path]:
    def make(world: World, folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data(world))
        signed(world, path)
        return path

    return make


def lines(world: World, *last: bytes) -> bytes:
    made = []
    for row in rows(world):
        if row["proof"] is None:
            kept = {"validator": V0.hex(), "device": row["device"].hex(), "slot": row["slot"]}
            made.append(json.dumps(kept | {"sent_ms": row["sent_ms"], "transport": 2}).encode())
    made = made or [
        json.dumps(
            {"validator": V0.hex(), "device": "01" * 16, "slot": 0, "sent_ms": 5, "transport": 2}
        ).encode()
    ]
    return b"\n".join([*made, *last]) + b"\n"


def parquet(world: World, **changed: Any) -> bytes:
    return parquet_of([row | changed for row in rows(world)])


CASES: dict[str, tuple[str, Callable[[World, Path], Path]]] = {
    "unsigned": ("UNSIGNED", unsigned),
    "changed after signing": ("BAD_SIGNATURE", changed_after_signing),
    "no jws": ("BAD_SIGNATURE", no_jws),
    "loose text": ("BAD_SIGNATURE", loose_text),
    "two line feeds": ("BAD_SIGNATURE", two_line_feeds),
    "another row in it": ("WRONG_SIGNER", another_row_in_it),
    "signed by another": ("WRONG_SIGNER", signed_by_another),
    "signed by a device": ("WRONG_SIGNER", signed_by_a_device),
    "other epoch": ("WRONG_EPOCH", other_epoch),
    "other start": ("WRONG_EPOCH", other_start),
    "empty line": ("SCHEMA", content("bad.jsonl", lambda w: lines(w, b"", b"{}"))),
    "member twice": ("SCHEMA", content("bad.jsonl", lambda w: lines(w, b'{"slot":1,"slot":1}'))),
    "no object": ("SCHEMA", content("bad.jsonl.gz", lambda w: gzip.compress(lines(w, b"[]")))),
    "transport 5": ("SCHEMA", content("bad.parquet", lambda w: parquet(w, transport=5))),
    "address of five bytes": ("SCHEMA", content("bad.parquet", lambda w: parquet(w, address=b"12345"))),
    "answer without bytes": ("SCHEMA", content("bad.parquet", lambda w: parquet(w, transport=0, proof=None))),
    "silence with bytes": ("SCHEMA", content("bad.parquet", lambda w: parquet(w, transport=1, proof=b"x"))),
    "cut gzip": ("TRUNCATED", content("bad.jsonl.gz", lambda w: gzip.compress(lines(w))[:-5])),
    "cut line": ("TRUNCATED", content("bad.jsonl", lambda w: lines(w)[:-30])),
    "bomb": ("LIMIT", content("bad.jsonl.gz", lambda _: gzip.compress(b" " * (64 << 20)))),
    "not parquet": ("UNREADABLE", content("bad.parquet", lambda _: b"PAR1" + bytes(100) + b"PAR1")),
    "another name": ("UNREADABLE", content("bad.csv", lambda _: b"validator,device\n")),
}


@pytest.mark.parametrize("case", CASES)
def test_every_reason(world: World, settled: Settlement, tmp_path: Path, case: str) -> None:
    reason, make = CASES[case]
    epoch = world.copy(tmp_path / "e")
    path = make(world, epoch / "observations")
    made = settle(epoch, tmp_path / "s")
    (found,) = made.provenance["quarantined"]
    assert (found["name"], found["quarantine"]["reason"]) == (f"observations/{path.name}", reason), found
    assert found["quarantine"]["message"]
    # It adds nothing: every result is the one of the epoch without the file.
    assert bytes_of(made.folder) == bytes_of(settled.folder)
    assert {file["name"] for file in made.provenance["files"]} > {found["name"]}


@pytest.mark.parametrize("damage", ["unsigned", "schema", "signer", "name"])
def test_reference_probes_are_set_aside_too(
    world: World, settled: Settlement, tmp_path: Path, damage: str
) -> None:
    epoch = world.copy(tmp_path / "e")
    path = epoch / "reference" / ("more.json" if damage == "name" else "more.jsonl")
    said = {"validator": V0.hex(), "slot": 3, "ok": 9 if damage == "schema" else 0, "total": 5}
    path.write_bytes(canonical_json(said) + b"\n")
    if damage != "unsigned":
        signed(world, path, V1 if damage == "signer" else V0)
    made = settle(epoch, tmp_path / "s")
    (found,) = made.provenance["quarantined"]
    expected = {"unsigned": "UNSIGNED", "schema": "SCHEMA", "signer": "WRONG_SIGNER", "name": "UNREADABLE"}
    assert (found["name"], found["quarantine"]["reason"]) == (f"reference/{path.name}", expected[damage])
    assert bytes_of(made.folder) == bytes_of(settled.folder)


@pytest.mark.parametrize("limit", [{"rows": 100}, {"ratio": 1}, {"row_group_bytes": 1000}])
def test_limits_can_be_set(world: World, tmp_path: Path, limit: dict[str, int]) -> None:
    made = settle(world.epoch, tmp_path / "s", options=Options(**limit))
    found = {file["quarantine"]["reason"] for file in made.provenance["quarantined"]}
    assert found == {"LIMIT"}
    assert len(made.provenance["quarantined"]) == 3
    assert made.counts == {}
    assert made.root is None


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def flawed(world: World, tmp_path: Path) -> Path:
    """An epoch with one file too many."""
    epoch = world.copy(tmp_path / "e")
    another_row_in_it(world, epoch / "observations")
    unsigned(world, epoch / "observations")
    return epoch


def test_settling_goes_on_with_exit_code_1(flawed: Path, settled: Settlement, tmp_path: Path) -> None:
    done = run("settle", flawed, "--out", tmp_path / "s")
    assert done.exit_code == 1
    assert "observations/bad.jsonl.zst: WRONG_SIGNER" in done.stderr
    assert "observations/bad.parquet: UNSIGNED" in done.stderr
    assert "quarantined" not in done.stdout
    assert bytes_of(tmp_path / "s") == bytes_of(settled.folder)
    done = run("settle", flawed, "--out", tmp_path / "s", "--json")
    assert done.exit_code == 1
    assert [file["name"] for file in json.loads(done.stdout)["quarantined"]] == [
        "observations/bad.jsonl.zst",
        "observations/bad.parquet",
    ]


def test_a_strict_run_writes_nothing(flawed: Path, tmp_path: Path) -> None:
    done = run("settle", flawed, "--out", tmp_path / "s", "--strict")
    assert isinstance(done.exception, InputError)
    assert "WRONG_SIGNER" in str(done.exception)
    assert "1 more" in str(done.exception)
    assert not (tmp_path / "s" / "manifest.json").exists()
    assert [path.name for path in (tmp_path / "s").glob("*") if path.name != ".work"] == []


def test_a_strict_run_after_a_lenient_one_is_as_strict(flawed: Path, tmp_path: Path) -> None:
    """What is already settled has a file set aside, so a strict run must not call it fine."""
    settle(flawed, tmp_path / "s")
    with pytest.raises(InputError, match="WRONG_SIGNER"):
        settle(flawed, tmp_path / "s", options=Options(is_strict=True))


def test_unsigned_files_are_named_first(world: World, tmp_path: Path) -> None:
    epoch = world.copy(tmp_path / "e")
    unsigned(world, epoch / "observations")
    done = run("settle", epoch, "--out", tmp_path / "s", "--allow-unsigned")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].startswith("UNSIGNED FILES WERE ALLOWED")
    assert done.stdout.count("UNSIGNED") == 1
    assert json.loads((tmp_path / "s" / "manifest.json").read_bytes())["counts"]["OFF_SCHEDULE"] > 0
    found = json.loads(run("settle", epoch, "--out", tmp_path / "s", "--allow-unsigned", "--json").stdout)
    assert found["unsigned_allowed"] is True


@pytest.mark.parametrize("command", ["verify", "score", "reward"])
def test_every_report_names_unsigned_files_first(world: World, command: str) -> None:
    done = run(command, world.epoch, "--allow-unsigned")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].startswith("UNSIGNED FILES WERE ALLOWED")


@pytest.mark.parametrize("command", ["verify", "score", "reward"])
def test_every_step_lists_what_was_set_aside(flawed: Path, command: str) -> None:
    done = run(command, flawed, "--json")
    assert done.exit_code == 1
    assert "observations/bad.parquet: UNSIGNED" in done.stderr
    json.loads(done.stdout)


def test_a_bad_signature_is_bad_even_where_none_is_asked_for(
    world: World, settled: Settlement, tmp_path: Path
) -> None:
    epoch = world.copy(tmp_path / "e")
    no_jws(world, epoch / "observations")
    made = settle(epoch, tmp_path / "s", options=Options(allow_unsigned=True))
    assert [file["quarantine"]["reason"] for file in made.provenance["quarantined"]] == ["BAD_SIGNATURE"]
    assert bytes_of(made.folder) == bytes_of(settled.folder)
