"""A few small epochs, simulated once for all tests, and the two ways to settle them."""

import json
import subprocess
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


def settle_plainly(epoch, out, previous=None):
    """Settle with the plain verifier, which was written from the specification alone."""
    from benches.plain_verifier.settle import settle as run  # noqa: PLC0415 -- from the project's root

    run(str(epoch), None if previous is None else str(previous), str(out), allow_unsigned=False)


def settle_by_command(epoch, out, previous=None):  # noqa: ARG001 -- epoch.toml names it
    """Settle with the product, as a user does."""
    command = [sys.executable, "-m", "depinverify", "settle", str(epoch), "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=[settle_plainly, settle_by_command], ids=["plain", "product"])
def settle(request):
    return request.param


@pytest.fixture
def both():
    return settle_plainly, settle_by_command
