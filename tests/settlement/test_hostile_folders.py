"""Files, keys and sizes that somebody chose to hurt: they cost at most themselves, and nobody waits for them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import settle
from depinverify.epoch import Epoch
from depinverify.estimate import estimate
from depinverify.exceptions import DepinverifyError, InputError
from depinverify.ingest import Options, fingerprint
from depinverify.registry import Registry
from epoch_folders import compare
from oracle.conftest import SLOT, Signer, TinyEpoch, canonical

if TYPE_CHECKING:
    from depinverify.canonical import Json


def honest(folder: Path) -> TinyEpoch:
    """A small epoch in which everybody does what they should."""
    epoch = TinyEpoch(folder)
    epoch.honest()
    return epoch


def test_findings_of_several_blocks_add_up(tmp_path: Path) -> None:
    epoch = honest(tmp_path / "e")
    validator = next(iter(epoch.validator_keys)).hex()
    for device in epoch.device_keys:
        for at in range(1100):
            row = {"validator": validator, "device": device.hex(), "slot": 10**6 + at, "sent_ms": at}
            epoch.rows.append({**row, "transport": 1})
    settled = compare(epoch.write(), tmp_path / "s")
    assert settled is not None
    found = [entry for entry in settled.rewards["indicators"] if entry["code"] == "OFF_SCHEDULE"]
    assert [entry["numbers"]["rows"] for entry in found] == [2200]


def test_a_kid_of_another_validator_takes_nothing_from_it(tmp_path: Path) -> None:
    epoch = honest(tmp_path / "e")
    victim = epoch.validator_keys[b"val-0"]
    thief = Signer("ed25519", b"thief")
    epoch.event(
        "enroll_validator",
        SimpleNamespace(kid=victim.kid, sign=thief.sign),
        validator=b"aaa".hex(),
        key=thief.did,
        kid=victim.kid.hex(),
        owner="thief",
        payee=None,
        lat_e7=None,
        lon_e7=None,
    )
    settled = compare(epoch.write(), tmp_path / "s")
    assert settled is not None
    assert settled.provenance["quarantined"] == []


@pytest.mark.parametrize("is_signed", [True, False])
def test_rows_that_nobody_signed_are_no_word_of_a_validator(tmp_path: Path, *, is_signed: bool) -> None:
    epoch = honest(tmp_path / "e")
    answer = epoch.rows[0]
    denied = {name: answer[name] for name in ("validator", "device", "slot", "sent_ms")} | {"transport": 2}
    folder = epoch.write()
    path = epoch.write_lines("observations/also.jsonl", [denied])
    if is_signed:
        epoch.sign_file(path, bytes.fromhex(answer["validator"]))
    settled = compare(folder, tmp_path / "s", allow_unsigned=True)
    assert settled is not None
    found = {entry["code"] for entry in settled.rewards["indicators"]}
    assert ({"EQUIVOCATION", "DUPLICATE_CONFLICT"} <= found) == is_signed
    assert ({"EQUIVOCATION", "DUPLICATE_CONFLICT"} & found == set()) != is_signed


@pytest.mark.parametrize("kind", ["pipe", "device", "pipe as signature", "device as signature", "dead link"])
def test_what_is_no_file_is_set_aside_at_once(tmp_path: Path, kind: str) -> None:
    epoch = honest(tmp_path / "e")
    folder = epoch.write() / "observations"
    name = folder / "z.jsonl"
    if kind.endswith("signature"):
        epoch.write_lines("observations/z.jsonl", [])
        name = folder / "z.jsonl.jws"
    if kind.startswith("pipe"):
        os.mkfifo(name)
    elif kind.startswith("device"):
        name.symlink_to("/dev/zero")
    else:
        name.symlink_to(folder / "nowhere")
    assert estimate(epoch.folder, tmp_path / "s", Options()).files == 4
    settled = settle(epoch.folder, tmp_path / "s")
    reason = "BAD_SIGNATURE" if kind.endswith("signature") else "UNREADABLE"
    found = [(file["name"], file["quarantine"]["reason"]) for file in settled.provenance["quarantined"]]
    assert found == [("observations/z.jsonl", reason)]


def test_a_name_that_is_no_utf8_is_one_bad_file(tmp_path: Path) -> None:
    epoch = honest(tmp_path / "e")
    folder = epoch.write() / "observations"
    with Path(os.fsdecode(os.fsencode(folder) + b"/\xff.jsonl")).open("wb") as file:
        file.write(b"{}\n")
    settled = settle(epoch.folder, tmp_path / "s")
    assert [file["name"] for file in settled.provenance["quarantined"]] == ["observations/\ufffd.jsonl"]
    assert [file["quarantine"]["reason"] for file in settled.provenance["quarantined"]] == ["UNSIGNED"]


@pytest.mark.parametrize("slots", [5, 10**9, 10**12])
def test_an_epoch_with_more_slots_than_rounds_is_refused(tmp_path: Path, slots: int) -> None:
    epoch = honest(tmp_path / "e")
    folder = epoch.write()
    epoch.slots = slots
    epoch.write_toml()
    with pytest.raises(InputError, match="which a slot needs, is absent"):
        settle(folder, tmp_path / "s")


@pytest.mark.parametrize("line", ["start = " + "9" * 5000, "start = " + "[" * 5000])
def test_absurd_parameters_are_errors_of_the_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "epoch.toml").write_text(line + "\n")
    with pytest.raises(InputError, match=r"epoch\.toml"):
        Epoch.open(tmp_path)


def test_a_distant_index_costs_nothing(tmp_path: Path) -> None:
    before = honest(tmp_path / "e0")
    first = settle(before.write(), tmp_path / "s0")
    epoch = TinyEpoch(tmp_path / "e1", start=before.start + before.slots * SLOT, index=2**53 - 1)
    epoch.previous_toml = f'[previous]\npath = "../s0"\nsha256 = "{first.manifest_sha256}"'
    epoch.honest()
    settled = settle(epoch.write(), tmp_path / "s1")
    assert settled.rewards["epoch"]["epochs_covered"] == [2**53 - 1]
    epoch.extra_toml = f"[missed]\nepochs = [{before.index}]\n"
    epoch.write_toml()
    with pytest.raises(DepinverifyError, match=r"missed\.epochs"):
        settle(epoch.folder, tmp_path / "s2")


def test_a_tree_of_a_stopped_run_does_not_stay(tmp_path: Path) -> None:
    epoch = honest(tmp_path / "e")
    epoch.pool = "0"
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "tree.json").write_text("{}")
    settled = settle(epoch.write(), tmp_path / "s")
    assert settled.root is None
    assert not (settled.folder / "tree.json").exists()


class NamedKeys(TinyEpoch):
    """An epoch whose registry names every kid and no made-up place, as a database wants it."""

    def event(self, kind: str, *signers: Signer, **members: Any) -> None:
        if "kid" in members and members["kid"] is None:
            members["kid"] = signers[0].kid.hex()
        members |= dict.fromkeys({"cell", "lat_e7", "lon_e7", "radius_m"} & members.keys())
        super().event(kind, *signers, **members)


def test_another_registry_of_the_same_head_makes_other_pieces(tmp_path: Path) -> None:
    """A revocation inside the epoch changes verdicts, but not the head that ``epoch.toml`` names."""
    epoch = NamedKeys(tmp_path / "e")
    database = tmp_path / "registry.db"
    device, key = next(iter(epoch.device_keys.items()))

    def fingerprint_now() -> dict[str, Json]:
        database.unlink(missing_ok=True)
        epoch.write()
        with Registry.create(f"sqlite:///{database}", authority=[epoch.authority.did]) as registry:
            registry.restore(canonical(event) + b"\n" for event in epoch.events)
        toml = epoch.folder / "epoch.toml"
        toml.write_text(toml.read_text().replace('path = "registry.jsonl"', f'url = "sqlite:///{database}"'))
        opened = Epoch.open(epoch.folder)
        return fingerprint(opened, Options())

    before = fingerprint_now()
    at = (epoch.start + 1) * 1000
    epoch.event("revoke", epoch.authority, at=at, device=device.hex(), validator=None, kid=key.kid.hex())
    after = fingerprint_now()
    assert before["epoch"] == after["epoch"]
    assert before["registry"] != after["registry"]


def test_a_file_of_other_content_and_equal_time_makes_other_pieces(tmp_path: Path) -> None:
    epoch = honest(tmp_path / "e")
    folder = epoch.write()
    secrets = folder / "validators.jsonl"
    before, stat = fingerprint(Epoch.open(folder), Options()), secrets.stat()
    lines = secrets.read_bytes().splitlines(keepends=True)
    secrets.write_bytes(b"".join(reversed(lines)))
    os.utime(secrets, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert secrets.stat().st_size == stat.st_size
    assert fingerprint(Epoch.open(folder), Options()) != before
