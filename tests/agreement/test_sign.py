"""A validator signs what it computed: what is signed, with which key, and what is never signed."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from depinverify import Settlement, settle
from depinverify.agreement import Roster, Statement, sign_result
from depinverify.agreement.sign import read_signature
from depinverify.canonical import canonical_json
from depinverify.device import DeviceKey
from depinverify.epoch import Epoch
from depinverify.exceptions import InputError, SettlementError
from depinverify.ingest import read_registry
from epoch_folders import RESULTS, bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from epoch_folders import World

Run = Any


@pytest.fixture
def copied(settled: Settlement, tmp_path: Path) -> Path:
    """The settlement in a folder that may be written to."""
    shutil.copytree(settled.folder, tmp_path / "settlement", ignore=shutil.ignore_patterns("signatures"))
    return tmp_path / "settlement"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_signature_says_what_was_computed(
    run: Run, world: World, copied: Path, pems: list[Path], number: int
) -> None:
    """Once for each algorithm."""
    before = bytes_of(copied)
    code, out, err = run("sign", copied, "--key", pems[number], "--epoch", world.epoch, "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    validator = world.fleet.validators[number]
    path = copied / "signatures" / f"{validator.id.hex()}.jws"
    assert said["file"] == str(path)
    assert said["registered"]

    jws, named, statement = read_signature(path.read_bytes())
    assert validator.key.public.verify(jws.signed, jws.signature)
    assert named == validator.id
    rewards = (copied / "rewards.json").read_bytes()
    assert json.loads(jws.payload) == {
        "format": "depinverify-result-v1",
        "validator": validator.id.hex(),
        "epoch": 0,
        "start": world.settings.start,
        "root": json.loads(rewards)["merkle"]["root"],
        "rewards": hashlib.sha256(rewards).hexdigest(),
        "manifest": hashlib.sha256((copied / "manifest.json").read_bytes()).hexdigest(),
        "params_hash": json.loads(rewards)["params_hash"],
    }
    assert canonical_json(json.loads(jws.payload)) == jws.payload == statement.payload(named)

    settlement = Settlement.open(copied)
    assert settlement.check() == []
    assert bytes_of(copied) == before
    assert settle(world.epoch, copied).manifest == settlement.manifest
    code, again, err = run("sign", copied, "--key", pems[number], "--epoch", world.epoch, "--json")
    assert (code, again, err) == (0, out, "")


def test_without_the_epoch_the_id_must_be_given(run: Run, copied: Path, pems: list[Path]) -> None:
    code, out, err = run("sign", copied, "--key", pems[0])
    assert (code, out) == (2, "")
    assert "validator: expected its id" in err
    path = copied.parent / "mine.jws"
    code, out, err = run("sign", copied, "--key", pems[0], "--validator", b"val-0".hex(), "--out", path)
    assert code == 0
    assert out.splitlines()[-1] == str(path)
    assert "--epoch" in err
    assert read_signature(path.read_bytes())[1] == b"val-0"
    for wrong in ("", "xyz", "abc"):
        code, _, err = run("sign", copied, "--key", pems[0], "--validator", wrong)
        assert (code, "expected hex digits" in err) == (2, True), wrong


def test_the_key_must_be_the_validators(run: Run, world: World, copied: Path, pems: list[Path]) -> None:
    stranger = copied.parent / "stranger.pem"
    DeviceKey.generate("p256").save(stranger)
    for key, validator, expected in (
        (stranger, None, "is not registered"),
        (pems[0], b"val-1", "is not registered"),
        (pems[0], b"val-9", "expected one that is enrolled"),
    ):
        chosen = [] if validator is None else ["--validator", validator.hex()]
        code, out, err = run("sign", copied, "--key", key, "--epoch", world.epoch, *chosen)
        assert (code, out) == (2, "")
        assert expected in err
    assert not (copied / "signatures").exists()
    code, _, err = run("sign", copied, "--key", copied.parent / "none.pem", "--epoch", world.epoch)
    assert (code, "keygen" in err) == (2, True)


@pytest.mark.parametrize("name", [name for name in RESULTS if name != "manifest.json"])
def test_a_broken_settlement_is_not_signed(
    run: Run, world: World, copied: Path, pems: list[Path], name: str
) -> None:
    if name.endswith(".parquet"):
        # What counts is the content of a table, not how it was written.
        table = pq.read_table(copied / name)
        pq.write_table(table, copied / name, compression="none")
        Statement.of(Settlement.open(copied))
        pq.write_table(table.slice(1), copied / name)
    else:
        content = bytearray((copied / name).read_bytes())
        content[len(content) // 2] ^= 1
        (copied / name).write_bytes(content)
    code, out, err = run("sign", copied, "--key", pems[0], "--epoch", world.epoch)
    assert (code, out) == (2, "")
    assert "settlement" in err
    (copied / name).unlink()
    code, out, err = run("sign", copied, "--key", pems[0], "--epoch", world.epoch)
    assert (code, out) == (2, "")
    assert f"{name}: expected by the manifest, absent" in err
    assert not (copied / "signatures").exists()


def repaired(folder: Path, name: str, content: bytes) -> Settlement:
    """The settlement with another file, whose hash stands in the manifest."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["results"][name] = hashlib.sha256(content).hexdigest()
    (folder / name).write_bytes(content)
    (folder / "manifest.json").write_bytes(canonical_json(manifest))
    return Settlement.open(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rewards: rewards["merkle"].update(root="0x" + "ab" * 32), "expected the root of tree.json"),
        (lambda rewards: rewards["merkle"].update(root=None), "expected the root of tree.json"),
        (lambda rewards: rewards.update(params_hash="ab" * 32), "expected params_hash"),
        (lambda rewards: rewards["epoch"].update(index="0"), "not of their form"),
        (lambda rewards: rewards["epoch"].update(index=-1), "not of their form"),
        (lambda rewards: rewards["epoch"].update(start=True), "not of their form"),
        (lambda rewards: rewards.pop("epoch"), "expected a settlement"),
        (lambda rewards: rewards.update(merkle=[]), "expected a settlement"),
    ],
)
def test_files_that_contradict_each_other_are_not_signed(copied: Path, change: Any, expected: str) -> None:
    """The manifest alone does not show it: whoever changed the file has written its hash there."""
    rewards = json.loads((copied / "rewards.json").read_bytes())
    change(rewards)
    settlement = repaired(copied, "rewards.json", canonical_json(rewards))
    assert settlement.check() == []
    with pytest.raises(SettlementError, match=expected):
        Statement.of(settlement)


def test_a_deep_file_is_an_error_like_any_other(copied: Path) -> None:
    deep = b'{"epoch":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    with pytest.raises(SettlementError):
        Statement.of(repaired(copied, "rewards.json", deep))
    (copied / "manifest.json").write_bytes(deep)
    with pytest.raises(SettlementError):
        Settlement.open(copied)


def test_what_is_signed_is_the_hash_of_canonical_json(copied: Path) -> None:
    rewards = json.loads((copied / "rewards.json").read_bytes())
    settlement = repaired(copied, "rewards.json", json.dumps(rewards).encode())
    with pytest.raises(SettlementError, match="expected canonical JSON"):
        Statement.of(settlement)


@pytest.mark.parametrize(
    "manifest", [{}, {"results": {}}, {"results": [1]}, {"results": {"rewards.json": 5}}]
)
def test_a_manifest_that_is_none_is_not_signed(copied: Path, manifest: dict[str, Any]) -> None:
    whole = {"format": "depinverify-manifest-v1", "params_hash": "ab" * 32, **manifest}
    (copied / "manifest.json").write_bytes(canonical_json(whole))
    with pytest.raises(SettlementError):
        Statement.of(Settlement.open(copied))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("index = 0", "index = 5", "index"),
        ("quorum = 2", "quorum = 1", "params_hash"),
    ],
)
def test_a_settlement_of_another_epoch_is_not_signed(
    world: World, settled: Settlement, tmp_path: Path, old: str, new: str, expected: str
) -> None:
    epoch = world.copy(tmp_path / "epoch")
    text = (epoch / "epoch.toml").read_text()
    (epoch / "epoch.toml").write_text(text.replace(old, new, 1))
    validator = world.fleet.validators[0]
    with pytest.raises(InputError, match=f"whose {expected} is"):
        sign_result(settled, validator.key, epoch=Epoch.open(epoch))


def test_a_validator_is_kept_from_signing_two_results(
    run: Run, world: World, copied: Path, other_settled: Settlement, pems: list[Path]
) -> None:
    assert run("sign", copied, "--key", pems[0], "--epoch", world.epoch)[0] == 0
    path = copied / "signatures" / f"{b'val-0'.hex()}.jws"
    before = path.read_bytes()
    code, out, err = run(
        "sign", other_settled.folder, "--key", pems[0], "--validator", b"val-0".hex(), "--out", path
    )
    assert (code, out) == (2, "")
    assert "signed another result of epoch 0 before" in err
    assert "equivocation" in err
    assert path.read_bytes() == before
    note = copied.parent / "note.txt"
    note.write_text("keep me")
    code, _, err = run("sign", copied, "--key", pems[0], "--epoch", world.epoch, "--out", note)
    assert (code, "expected a signature or no file" in err) == (2, True)
    assert note.read_text() == "keep me"


@pytest.mark.parametrize(("overlap_ms", "old_signs"), [(59_999, False), (60_000, False), (60_001, True)])
def test_a_rotated_key_signs_until_its_overlap_ends(
    world: World, rotated: Callable[..., Path], tmp_path: Path, overlap_ms: int, old_signs: bool
) -> None:
    new = DeviceKey.from_seed("p256", b"n" * 32)
    folder = rotated(new, before_end_ms=60_000, overlap_ms=overlap_ms)
    epoch = Epoch.open(folder)
    settlement = settle(folder, tmp_path / "s")
    signed = sign_result(settlement, new, epoch=epoch)
    assert signed.validator == b"val-0"
    assert read_signature(signed.jws)[0].kid == b"new-key"
    old = world.fleet.validators[0].key
    if old_signs:
        assert sign_result(settlement, old, epoch=epoch).validator == b"val-0"
    else:
        with pytest.raises(InputError, match="is not valid at that time"):
            sign_result(settlement, old, epoch=epoch)


def test_one_key_of_two_validators_needs_the_id(world: World) -> None:
    roster = Roster.of(read_registry(Epoch.open(world.epoch)), world.settings.end * 1000)
    first = roster.members[b"val-0"]
    shared = Roster({**roster.members, b"val-1": first}, roster.end_ms)
    public = first.keys[0].key
    with pytest.raises(InputError, match="several have this key"):
        shared.holder(public, None, lambda key: key.is_valid_at(shared.end_ms))
    assert shared.holder(public, b"val-1", lambda key: key.is_valid_at(shared.end_ms))[0] == b"val-1"
