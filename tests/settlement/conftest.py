"""Small epochs, simulated and settled once for all tests of a session."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import settle
from depinverify.simulate import simulate
from depinverify.simulate.settings import Settings
from epoch_folders import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify import Settlement

ROOT = Path(__file__).resolve().parents[2]
for needed in (ROOT, ROOT / "tests"):
    if str(needed) not in sys.path:
        sys.path.insert(0, str(needed))

#: Enough devices for every behaviour.
SMALL: dict[str, Any] = {"devices": 30, "hours": 3, "seed": 1}


@pytest.fixture(scope="session")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., World]:
    """Makes simulated epochs; the same arguments give the same one."""
    made: dict[str, World] = {}

    def make(**arguments: Any) -> World:
        arguments = SMALL | arguments
        name = json.dumps(arguments, sort_keys=True)
        if name not in made:
            folder = tmp_path_factory.mktemp("world") / "epoch"
            simulate(out=folder, **arguments)
            given = {key: value for key, value in arguments.items() if key != "processes"}
            if "validator_behaviours" in given:
                given["validator_behaviours"] = tuple(given["validator_behaviours"])
            if "shares" in given:
                given["shares"] = {key: str(value) for key, value in given["shares"].items()}
            made[name] = World(folder, Settings(**given))
        return made[name]

    return make


@pytest.fixture(scope="session")
def world(make_world: Callable[..., World]) -> World:
    """The epoch that most tests bend."""
    return make_world()


@pytest.fixture(scope="session")
def settled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    """Its settlement."""
    return settle(world.epoch, tmp_path_factory.mktemp("settled") / "settlement")
