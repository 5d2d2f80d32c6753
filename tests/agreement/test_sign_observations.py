"""Files that a validator signs with our own command are taken by the settlement."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import Settlement, settle
from depinverify.agreement import RegisteredKey
from depinverify.device import DeviceKey
from depinverify.registry import events
from depinverify.simulate.events import EventLog, registry
from epoch_folders import bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from epoch_folders import World

Run = Any


def files_of(epoch: Path, validator: str) -> list[Path]:
    """A validator's files of observations and reference probes."""
    return [
        path
        for folder in ("observations", "reference")
        for path in sorted((epoch / folder).glob(f"{validator}*"))
        if path.suffix != ".jws"
    ]


def test_an_epoch_settles_with_files_signed_by_the_command(
    run: Run, world: World, settled: Settlement, pems: list[Path], tmp_path: Path
) -> None:
    epoch = world.copy(tmp_path / "epoch")
    for path in epoch.rglob("*.jws"):
        path.unlink()
    unsigned = settle(epoch, tmp_path / "unsigned")
    assert {one["quarantine"]["reason"] for one in unsigned.provenance["quarantined"]} == {"UNSIGNED"}
    for validator, pem in zip(world.fleet.validators, pems, strict=True):
        files = files_of(epoch, validator.id.decode())
        assert {path.parent.name for path in files} == {"observations", "reference"}
        code, out, err = run("sign-observations", *files, "--key", pem, "--epoch", epoch)
        assert code == 0
        assert out.splitlines() == [f"{path}.jws" for path in files]
        assert f"signed as {validator.id.hex()} for epoch 0" in err
    signed = settle(epoch, tmp_path / "signed")
    assert signed.provenance["quarantined"] == []
    assert bytes_of(signed.folder) == bytes_of(settled.folder)
    for path in epoch.rglob("*.jws"):
        assert path.read_bytes() == (world.epoch / path.relative_to(epoch)).read_bytes()


def test_the_payload_is_the_one_of_the_specification(
    run: Run, world: World, pems: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl.gz"
    path.write_bytes(b"anything")
    assert run("sign-observations", path, "--key", pems[0], "--epoch", world.epoch)[0] == 0
    text = (tmp_path / "mine.jsonl.gz.jws").read_text()
    assert text.count("\n") == 1
    header, payload, _ = (base64.urlsafe_b64decode(part + "==") for part in text.rstrip("\n").split("."))
    assert payload.decode() == (
        '{"epoch":0,"sha256":"ee0874170b7f6f32b8c2ac9573c428d35b575270a66b757c2c0185d2bd09718d",'
        f'"start":{world.settings.start}}}'
    )
    assert set(json.loads(header)) == {"alg", "kid"}


def test_bad_calls(run: Run, world: World, pems: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    path.write_bytes(b"")
    stranger = tmp_path / "stranger.pem"
    DeviceKey.generate().save(stranger)
    wrong_name = tmp_path / "mine.csv"
    wrong_name.write_bytes(b"")
    for arguments, expected in (
        ((path, "--key", stranger), "is not registered"),
        ((path, "--key", pems[0], "--validator", b"val-1".hex()), "is not registered"),
        ((wrong_name, "--key", pems[0]), "ends in one of"),
        ((path, wrong_name, "--key", pems[0]), "ends in one of"),
        ((tmp_path / "none.parquet", "--key", pems[0]), "does not exist"),
    ):
        code, out, err = run("sign-observations", *arguments, "--epoch", world.epoch)
        assert (code, out) == (2, "")
        assert expected in " ".join(err.replace("│", " ").split())
    assert not list(tmp_path.glob("*.jws"))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_signing_for_another_validator_is_seen_in_the_settlement(
    run: Run, world: World, pems: list[Path], tmp_path: Path, number: int
) -> None:
    """The key is a validator's, but the rows are another one's."""
    epoch = world.copy(tmp_path / "epoch")
    path = files_of(epoch, f"val-{(number + 1) % 3}")[0]
    assert run("sign-observations", path, "--key", pems[number], "--epoch", epoch)[0] == 0
    quarantined = settle(epoch, tmp_path / "s").provenance["quarantined"]
    assert [(one["name"].rpartition("/")[2], one["quarantine"]["reason"]) for one in quarantined] == [
        (path.name, "WRONG_SIGNER")
    ]


def test_old_and_new_key_of_a_rotation_sign_by_their_names(
    run: Run, rotated: Callable[..., Path], pems: list[Path], tmp_path: Path
) -> None:
    """A key signs files of every epoch that its interval meets, under the name that the registry gave it."""
    new = DeviceKey.from_seed("p256", b"n" * 32)
    new.save(tmp_path / "new.pem")
    epoch = rotated(new, before_end_ms=1000, overlap_ms=0)
    observations, reference = files_of(epoch, "val-0")
    for path, pem in ((observations, tmp_path / "new.pem"), (reference, pems[0])):
        path.with_name(path.name + ".jws").unlink()
        assert run("sign-observations", path, "--key", pem, "--epoch", epoch)[0] == 0
    header = (observations.parent / f"{observations.name}.jws").read_text().partition(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    assert base64.urlsafe_b64decode(kid + "==") == b"new-key"
    assert settle(epoch, tmp_path / "s").provenance["quarantined"] == []


@pytest.mark.parametrize(
    ("first", "last", "signs"),
    [
        (0, None, True),
        (0, 1_000, False),
        (0, 1_001, True),
        (1_999, None, True),
        (2_000, None, False),
        (1_500, 1_500, False),
        (1_500, 1_400, False),
    ],
)
def test_a_key_signs_files_iff_its_interval_meets_the_epoch(
    first: int, last: int | None, signs: bool
) -> None:
    key = DeviceKey.from_seed("ed25519", b"k" * 32)
    assert RegisteredKey(key.kid, key.public, first, last).meets(1_000, 2_000) is signs


def test_a_key_that_ended_before_the_epoch_does_not_sign(
    run: Run, world: World, pems: list[Path], tmp_path: Path
) -> None:
    epoch, log = world.copy(tmp_path / "epoch"), EventLog()
    validator = world.fleet.validators[0]
    is_enrolled = False
    for line in registry(world.fleet).lines:
        event = json.loads(line)
        recorded_ms = event["recorded_ms"]
        if is_enrolled and event["type"] == "commit_challenge":
            # The key ends before the epoch; what it signed until then holds.
            ends = events.revoke(validator=validator.id, kid=validator.key.kid)
            log.append(world.settings.start * 1000 - 1, ends, world.fleet.authority)
            break
        is_enrolled = is_enrolled or event.get("validator") == validator.id.hex()
        placed = ("seq", "recorded_ms", "effective_ms", "prev_hash")
        log.append(recorded_ms, {name: value for name, value in event.items() if name not in placed})
    (epoch / "registry.jsonl").write_bytes(b"".join(log.lines))
    text = (epoch / "epoch.toml").read_text()
    head = text.split('head = "')[1][:64]
    (epoch / "epoch.toml").write_text(text.replace(head, log.head_before(world.settings.start * 1000)))
    path = files_of(epoch, "val-0")[0]
    code, out, err = run("sign-observations", path, "--key", pems[0], "--epoch", epoch)
    assert (code, out) == (2, "")
    assert "is not valid at that time" in err
