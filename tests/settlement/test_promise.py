"""The promise of section 3 of the uptime proof: the same inputs give the same results, to the byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from depinverify import Options, Registry, settle
from depinverify.workspace import Workspace
from epoch_folders import bytes_of, parquet_of, rows_of
from oracle.conftest import TinyEpoch

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify import Settlement
    from epoch_folders import World


@pytest.mark.parametrize("threads", [1, 2, 8, 64])
def test_threads_change_nothing(world: World, settled: Settlement, tmp_path: Path, threads: int) -> None:
    settle(world.epoch, tmp_path / "s", options=Options(threads=threads))
    assert bytes_of(tmp_path / "s") == bytes_of(settled.folder)


@pytest.mark.parametrize(("threads", "memory"), [(1, 16 << 20), (2, 1 << 16), (8, 1 << 12), (2, 1)])
def test_little_memory_changes_nothing(
    world: World, settled: Settlement, tmp_path: Path, threads: int, memory: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "remove", lambda *_: None)
        settle(world.epoch, tmp_path / "s", options=Options(threads=threads, memory_bytes=memory))
    assert bytes_of(tmp_path / "s") == bytes_of(settled.folder)
    runs = [path.name for path in (tmp_path / "s" / ".work").glob("rows-*.run")]
    assert any("held" not in name for name in runs) == (memory < 1 << 20), runs


@pytest.mark.parametrize("kind", ["parquet", "arrow", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_kinds_of_files_change_nothing(world: World, settled: Settlement, tmp_path: Path, kind: str) -> None:
    epoch = world.rewrite(tmp_path / "e", name=lambda number: f"{9 - number}.{kind}")
    assert bytes_of(settle(epoch, tmp_path / "s").folder) == bytes_of(settled.folder)


@pytest.mark.parametrize("seed", range(3))
def test_order_cut_and_repeats_change_nothing(
    world: World, settled: Settlement, tmp_path: Path, seed: int
) -> None:
    kinds = ("parquet", "jsonl.zst", "arrow", "jsonl", "jsonl.gz")
    epoch = world.rewrite(
        tmp_path / "e",
        name=lambda number: f"{number * 7 % 10}-{number}.{kinds[(number + seed) % 5]}",
        files=3,
        seed=seed,
        repeats=50,
    )
    made = settle(epoch, tmp_path / "s", options=Options(threads=1 + seed, memory_bytes=1 << 14))
    assert bytes_of(made.folder) == bytes_of(settled.folder)


def test_another_writer_changes_nothing(world: World, settled: Settlement, tmp_path: Path) -> None:
    epoch = world.copy(tmp_path / "e", is_bare=True)
    for number, (validator, rows) in enumerate(rows_of(world.epoch).items()):
        path = epoch / "observations" / f"{number}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(parquet_of(rows, compression="snappy", row_group_size=100, statistics=False))
        world.sign(path, validator)
    assert bytes_of(settle(epoch, tmp_path / "s").folder) == bytes_of(settled.folder)


def test_order_of_beacon_secrets_and_references_changes_nothing(
    world: World, settled: Settlement, tmp_path: Path
) -> None:
    epoch = world.copy(tmp_path / "e")
    for name in ("beacon.jsonl", "validators.jsonl"):
        lines = (epoch / name).read_bytes().splitlines(keepends=True)
        # Spaces and another order of members say nothing else.
        loose = [json.dumps(dict(reversed(json.loads(line).items()))).encode() + b"\n" for line in lines]
        (epoch / name).write_bytes(b"".join(reversed(loose)))
    references = sorted((epoch / "reference").glob("*.jsonl"))
    for path, validator in zip(references, sorted(world.validators), strict=True):
        lines = path.read_bytes().splitlines(keepends=True)
        path.unlink()
        path.with_name(path.name + ".jws").unlink()
        for half in (0, 1):
            part = path.with_name(f"{half}-{path.name}")
            part.write_bytes(b"".join(reversed(lines[half::2] + lines[:3])))
            world.sign(part, validator)
    assert bytes_of(settle(epoch, tmp_path / "s").folder) == bytes_of(settled.folder)


def test_a_folder_of_another_name_changes_nothing(world: World, settled: Settlement, tmp_path: Path) -> None:
    epoch = world.copy(tmp_path / "another name äöü")
    assert bytes_of(settle(epoch, tmp_path / "s").folder) == bytes_of(settled.folder)


def test_annotations_are_inputs(world: World, settled: Settlement, tmp_path: Path) -> None:
    """Another round trip is another input, and only the inputs name it."""
    epoch = world.copy(tmp_path / "e", is_bare=True)
    for validator, rows in rows_of(world.epoch).items():
        for row in rows:
            row["rtt_ns"] = 7
        world.write(epoch / "observations" / f"{validator.decode()}.parquet", validator, rows)
    made = settle(epoch, tmp_path / "s").manifest
    before = settled.manifest
    assert {n for n in before["inputs"] if before["inputs"][n] != made["inputs"][n]} == {"annotations"}
    assert {n for n in before["results"] if before["results"][n] != made["results"][n]} == {"rewards.json"}


def test_the_smallest_annotation_of_equal_rows_stays(world: World, tmp_path: Path) -> None:
    """Of rows with one id the one with the smallest (address, asn, rtt_ns) stays, null after every value."""
    later = [(b"\xff" * 4, 1, 1), (None, 0, 0), (b"\x0a\0\0\1", None, 0), (b"\x0a\0\0\1", 5, None)]
    hashes = set()
    for number, notes in enumerate([[], *([note] for note in later), later]):
        epoch = world.copy(tmp_path / f"e{number}", is_bare=True)
        for validator, rows in rows_of(world.epoch).items():
            for row in rows:
                row |= {"address": b"\x0a\0\0\1", "asn": 5, "rtt_ns": 3}
            more = [
                row | dict(zip(("address", "asn", "rtt_ns"), n, strict=True))
                for row in rows[::7]
                for n in notes
            ]
            world.write(epoch / "observations" / f"{validator.decode()}.arrow", validator, more + rows)
        hashes.add(settle(epoch, tmp_path / f"s{number}").manifest["inputs"]["annotations"])
    assert len(hashes) == 1


def tell(epoch: TinyEpoch, envelope: str) -> None:
    """The same claims in one envelope: honest ones, late, lying, repeated and contradictory ones."""
    place = {"latitude": 48.5, "longitude": 2.2, "accuracy": 3}
    for slot in range(epoch.slots):
        for at, device in enumerate(epoch.device_keys):
            for number, validator in enumerate(epoch.validator_keys):
                here = place | {"latitude": (485_000_123 + 1000 * slot) / 10**7}
                claims: dict[str, Any] = {"location": here, "swname": "relay", "swversion": ["1.2", 1]}
                match (slot + at + number) % 9:
                    case 1:
                        claims["location"] = here | {"latitude": -33.8688, "longitude": 151.2093}
                    case 2:
                        claims["uptime"] = 400_000 + slot
                    case 3:
                        claims["bootcount"] = 1
                    case 4:
                        claims["eat_nonce"] = bytes(32)
                    case 5:
                        claims["hwmodel"] = b"HX-2"
                        epoch.answer(validator, device, slot, envelope=envelope, delay=90, bootcount=9)
                    case 6:
                        claims["iat"] = 1_800_000_000 - 4000
                delay = 100 + 6000 * ((slot + number) % 6)
                epoch.answer(validator, device, slot, envelope=envelope, delay=delay, **claims)


def told(settlement: Settlement) -> dict[str, Any]:
    columns = ["device", "slot", "validator", "sent_ms", "code", "failed", "not_run", "outcome", "e1", "e2"]
    rows = pq.read_table(settlement.folder / "verdicts.parquet", columns=columns).to_pylist()
    rewards = settlement.rewards
    return {
        "rows": sorted(map(repr, rows)),
        "scores": settlement.manifest["results"]["scores.parquet"],
        "state": settlement.manifest["results"]["state.jsonl"],
        "ledger": settlement.ledger,
        "entries": rewards["entries"],
        "codes": sorted((i["code"], i["subjects"], i["numbers"]) for i in rewards["indicators"]),
        "root": settlement.root,
        "counts": settlement.counts,
    }


def test_both_envelopes_say_the_same(tmp_path: Path) -> None:
    found = {}
    for envelope in ("cose", "jws"):
        epoch = TinyEpoch(tmp_path / envelope, devices=("ed25519", "p256", "secp256k1"), slots=9)
        tell(epoch, envelope)
        found[envelope] = told(settle(epoch.write(), tmp_path / f"s-{envelope}"))
    assert len(found["cose"]["counts"]) > 6
    assert found["cose"] == found["jws"]


def test_a_registry_in_a_database_changes_nothing(world: World, settled: Settlement, tmp_path: Path) -> None:
    """Events after the epoch's end are in the database too, and are not seen."""
    epoch = world.copy(tmp_path / "e")
    lines = (epoch / "registry.jsonl").read_bytes().splitlines(keepends=True)
    (epoch / "registry.jsonl").unlink()
    url = f"sqlite:///{tmp_path}/registry.db"
    with Registry.create(url, authority=[world.fleet.authority.public.did]) as registry:
        registry.restore(lines)
    toml = epoch / "epoch.toml"
    toml.write_text(toml.read_text().replace('path = "registry.jsonl"', f'url = "{url}"'))
    assert bytes_of(settle(epoch, tmp_path / "s").folder) == bytes_of(settled.folder)
