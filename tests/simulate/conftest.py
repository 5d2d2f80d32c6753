"""A few small epochs, simulated once for all tests."""

import json
import sys
from pathlib import Path

import pytest

from depinverify.simulate import simulate

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

#: Enough devices for every behaviour, enough hours for a full score.
SMALL = {"devices": 40, "hours": 12}


@pytest.fixture(scope="session")
def make(tmp_path_factory):
    """Make an epoch folder; the same arguments give the same folder."""
    made = {}

    def make(**arguments):
        name = json.dumps(arguments, sort_keys=True, default=str)
        if name not in made:
            made[name] = tmp_path_factory.mktemp("epoch") / "epoch"
            simulate(out=made[name], **(SMALL | {"seed": 1} | arguments))
        return made[name]

    return make


@pytest.fixture(scope="session")
def epoch(make):
    return make()


@pytest.fixture(scope="session")
def truth(epoch):
    return json.loads((epoch / "truth.json").read_text())
