"""Pools that decay: iterated floors, filled in where nothing is stated, refused where something else is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import Epoch
from depinverify.audit import audit, what_if
from depinverify.exceptions import ConfigurationError
from depinverify.models.economy import MOST_PERIODS, Emission
from depinverify.ruleset import Ruleset
from economy.worlds import Funded, always, balance, settled

if TYPE_CHECKING:
    from pathlib import Path

#: 1000 * (9/10)^n, rounded down each time: 1000, 900, 810, 729, 656, 590, ...
TABLE = {"first": "1000", "numerator": 9, "denominator": 10, "period_epochs": 2}
Run = Any


def test_every_period_rounds_the_one_before() -> None:
    emission = Emission(**TABLE)
    assert emission.pools(range(12)) == [1000, 1000, 900, 900, 810, 810, 729, 729, 656, 656, 590, 590]
    assert emission.pools([9]) == [656]
    late = Emission(**TABLE, first_epoch=5)
    assert late.pools([5, 6, 7]) == [1000, 1000, 900]
    assert emission.pools([]) == []


@given(
    st.integers(0, 2**256 - 1),
    st.tuples(st.integers(0, 50), st.integers(1, 50)).map(sorted),
    st.integers(1, 4),
    st.lists(st.integers(0, 300), max_size=6, unique=True).map(sorted),
)
def test_it_is_the_floor_of_each_period(
    first: int, ratio: list[int], length: int, indices: list[int]
) -> None:
    numerator, denominator = ratio[0], max(ratio[1], 1)
    emission = Emission(first=str(first), numerator=numerator, denominator=denominator, period_epochs=length)
    expected = []
    for index in indices:
        amount = first
        for _ in range(index // length):
            amount = amount * numerator // denominator
        expected.append(amount)
    assert emission.pools(indices) == expected


def test_periods_are_counted_as_far_as_they_can_be() -> None:
    endless = Emission(first="7", numerator=10**6 - 1, denominator=10**6, period_epochs=1)
    assert endless.pools([MOST_PERIODS]) == [0]
    with pytest.raises(ConfigurationError, match=r"expected epochs from 0 to 1000000, found 1000001"):
        endless.pools([MOST_PERIODS + 1])
    with pytest.raises(ConfigurationError, match=r"expected epochs from 5 to \d+, found 4"):
        Emission(**TABLE, first_epoch=5).pools([4])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"numerator": 11}, r"ruleset\.emission.*numerator: expected at most denominator = 10, found 11"),
        ({"denominator": 0}, r"ruleset\.emission\.denominator"),
        ({"first": "01"}, r"ruleset\.emission\.first: expected a decimal amount"),
        ({"first": 1000}, r"ruleset\.emission\.first"),
        ({"numerator": 0.9}, r"ruleset\.emission\.numerator"),
        ({"half_life": 4}, r"ruleset\.emission\.half_life: unknown key"),
    ],
)
def test_messages_name_the_path(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    epoch = Funded(tmp_path / "epoch", {"emission": {**TABLE, **changed}})
    epoch.write_toml()
    with pytest.raises(ConfigurationError, match=message):
        Epoch.open(epoch.folder)


def test_a_ready_ruleset_has_no_such_table() -> None:
    with pytest.raises(ConfigurationError, match=r"ruleset\.emission: expected None, which default 1 fixes"):
        Ruleset.from_table({"name": "default", "version": "1", "emission": TABLE})


def opened(folder: Path, pool: str | None, toml: str = "", **table: object) -> Epoch:
    """Epoch 7 of the table's emission: period 3."""
    epoch = Funded(folder / "epoch", {"emission": {**TABLE, **table}})
    epoch.pool, epoch.extra_toml = pool, toml
    epoch.write_toml()
    return Epoch.open(epoch.folder)


def test_a_pool_is_filled_in_or_must_be_the_one(tmp_path: Path) -> None:
    assert opened(tmp_path, None).pool == 729
    assert opened(tmp_path, "729").pool == 729
    with pytest.raises(ConfigurationError, match=r"pool: expected 729 by ruleset\.emission, found 730"):
        opened(tmp_path, "730")
    with pytest.raises(ConfigurationError, match=r"ruleset\.emission: expected epochs from 8 to"):
        opened(tmp_path, None, first_epoch=8)


def test_pools_of_missed_epochs_too(tmp_path: Path) -> None:
    # Epochs 5 and 6 are of the periods 2 and 3.
    assert opened(tmp_path, None, "[missed]\nepochs = [5, 6]").missed_pool == 810 + 729
    stated = '[missed]\nepochs = [5, 6]\npool = "1539"'
    assert opened(tmp_path, None, stated).missed_pool == 1539
    with pytest.raises(
        ConfigurationError, match=r"missed\.pool: expected 1539 by ruleset\.emission, found 1"
    ):
        opened(tmp_path, None, '[missed]\nepochs = [5, 6]\npool = "1"')
    # What is older than the emission has a pool of its own.
    own = opened(tmp_path, None, '[missed]\nepochs = [5, 6]\npool = "1"', first_epoch=6)
    assert (own.pool, own.missed_pool) == (1000, 1)
    assert opened(tmp_path, None, "[missed]\nepochs = [5]", first_epoch=6).missed_pool == 0


def test_without_a_table_a_pool_is_needed(tmp_path: Path) -> None:
    epoch = Funded(tmp_path / "epoch", {})
    epoch.pool = None
    epoch.write_toml()
    with pytest.raises(ConfigurationError, match=r"epoch\.toml: pool: expected a decimal amount, found none"):
        Epoch.open(epoch.folder)


def without_pool(epoch: Funded) -> None:
    epoch.pool = None


def test_it_settles_and_audits(tmp_path: Path, run: Run) -> None:
    settlement = settled(tmp_path, {"emission": TABLE}, bend=without_pool)
    assert settlement.rewards["pool"] == "729"
    assert settlement.rewards["params"]["emission"] == {**TABLE, "first_epoch": 0}
    balance(settlement)
    code, _, _ = run("audit", settlement.folder, "--epoch", tmp_path / "epoch")
    assert code == 0
    assert audit(settlement.folder).is_clean
    # The next epoch is of the next period, and takes over what this one left.
    second = settled(
        tmp_path / "second",
        {"emission": TABLE},
        bend=lambda epoch: (without_pool(epoch), epoch.follow(settlement)),
        index=8,
    )
    assert second.rewards["pool"] == "656"


def test_what_if_changes_the_pool(tmp_path: Path, run: Run) -> None:
    settlement = settled(tmp_path, {"emission": TABLE}, bend=without_pool)
    halving = {"emission": {**TABLE, "numerator": 1, "denominator": 2, "first_epoch": 0}}
    found = what_if(tmp_path / "epoch", halving, against=settlement.folder)
    assert found.totals["pool"] == (729, 125)
    assert found.totals["allocated"] == (729, 125)
    assert len(found.devices) == 5
    same = what_if(tmp_path / "epoch", {"emission": {**TABLE, "first_epoch": 0}})
    assert ("pool" in same.totals, same.devices) == (False, ())
    code, out, _ = run(
        "what-if", tmp_path / "epoch", "--json",
        "--set", 'emission={first="2000",numerator=1,denominator=1,period_epochs=1}',
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["totals"]["pool"] == {"before": "729", "after": "2000"}


def test_the_command_names_what_was_expected(tmp_path: Path, run: Run) -> None:
    epoch = Funded(tmp_path / "epoch", {"emission": TABLE})
    epoch.pool = None
    epoch.fill(always)
    path = epoch.folder / "epoch.toml"
    path.write_text(re.sub(r"^index", 'pool = "1"\nindex', path.read_text(), flags=re.MULTILINE))
    code, out, err = run("settle", epoch.folder, "--out", tmp_path / "settlement")
    assert (code, out) == (2, "")
    assert "pool: expected 729 by ruleset.emission, found 1" in err
