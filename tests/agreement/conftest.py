"""One small epoch with four validators, its settlement, another settlement of it, and everybody's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from depinverify import settle
from depinverify.registry import Signer, events
from depinverify.simulate import simulate
from depinverify.simulate.events import registry
from depinverify.simulate.settings import Settings
from epoch_folders import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement
    from depinverify.device import DeviceKey

SMALL: dict[str, Any] = {"devices": 6, "hours": 1, "seed": 3, "validators": 4}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("agreement") / "epoch"
    simulate(out=folder, **SMALL)
    return World(folder, Settings(**SMALL))


@pytest.fixture(scope="session")
def settled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return settle(world.epoch, tmp_path_factory.mktemp("settled") / "settlement")


@pytest.fixture(scope="session")
def other_settled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """Another result of the same epoch under the same parameters: somebody had another pool in mind."""
    epoch = world.copy(tmp_path_factory.mktemp("other") / "epoch")
    text = (epoch / "epoch.toml").read_text()
    assert 'pool = "1000000000000000000000000"' in text
    (epoch / "epoch.toml").write_text(text.replace("1000000000000000000000000", "7000000"))
    return settle(epoch, epoch.with_name("settlement"))


@pytest.fixture(scope="session")
def pems(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every validator's private key as a file."""
    folder = tmp_path_factory.mktemp("keys")
    paths = [folder / f"{validator.id.decode()}.pem" for validator in world.fleet.validators]
    for path, validator in zip(paths, world.fleet.validators, strict=True):
        validator.key.save(path)
    return paths


@pytest.fixture
def rotated(world: World, tmp_path: Path) -> Callable[..., Path]:
    """Makes a copy of the epoch in which the first validator changed its key to one that has a name of its own."""

    def make(new: DeviceKey, *, before_end_ms: int, overlap_ms: int) -> Path:
        epoch, log, old = world.copy(tmp_path / "rotated"), registry(world.fleet), world.fleet.validators[0]
        event = events.rotate(
            old_kid=old.key.kid, key=new.public, kid=b"new-key", validator=old.id, overlap_ms=overlap_ms
        )
        signed = events.sign(event, old.key.signer, Signer(new.private, b"new-key"))
        log.append(world.settings.end * 1000 - before_end_ms, signed)
        (epoch / "registry.jsonl").write_bytes(b"".join(log.lines))
        return epoch

    return make
