"""Epochs of every version of a ruleset, settled again: a root stays what it was (scoring and rewards, 10.2)."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from depinverify import settle
from depinverify.ruleset import DEFAULTS
from depinverify.rulesets import READY

FOLDER = Path(__file__).parent / "old_roots"
PUBLISHED: dict[str, dict[str, str]] = json.loads((FOLDER / "roots.json").read_bytes())


def archive(ruleset: str) -> Path:
    return FOLDER / f"{ruleset.replace(' ', '-')}.tar.xz"


def test_every_version_has_an_epoch() -> None:
    ready = {f"{name} {version}" for name, versions in READY.items() for version in versions}
    assert PUBLISHED.keys() >= ready | {f"{name} 1" for name in DEFAULTS}
    assert {archive(ruleset) for ruleset in PUBLISHED} == set(FOLDER.glob("*.tar.xz"))


@pytest.mark.parametrize("ruleset", PUBLISHED)
def test_its_root_is_the_one_that_was_published(ruleset: str, tmp_path: Path) -> None:
    published = PUBLISHED[ruleset]
    assert hashlib.sha256(archive(ruleset).read_bytes()).hexdigest() == published["archive_sha256"]
    with tarfile.open(archive(ruleset)) as kept:
        kept.extractall(tmp_path / "epoch", filter="data")
    settlement = settle(tmp_path / "epoch", tmp_path / "settlement")
    rewards: dict[str, Any] = settlement.rewards
    assert rewards["ruleset"] == ruleset
    assert rewards["params_hash"] == published["params_hash"]
    assert rewards["merkle"]["root"] == published["root"]
    assert settlement.manifest["results"]["rewards.json"] == published["rewards_sha256"]
    states = {entry["state"] for entry in rewards["entries"]}
    assert states <= {"FULL", "PROVISIONAL"}, "an epoch without a score shows nothing"
