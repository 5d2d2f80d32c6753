"""Falsified settlements and forged inputs: the audit names what, where and in which stage, and nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from chained_epochs import make_chained, make_funded, make_modelled
from forged_inputs import FORGERIES, back_date_an_event
from liar import Liar
from lies import LIES

from depinverify import settle
from depinverify.audit import FindingCode, Stage, audit
from depinverify.audit.findings import STAGES

if TYPE_CHECKING:
    from pathlib import Path

    from chained_epochs import Chained
    from device_cases import Chapter

    from depinverify.audit import Audit

#: Found only with something that was published elsewhere; a test of its own shows each.
ELSEWHERE = {"HEAD_ELSEWHERE_DIFFERS", "ROOT_ELSEWHERE_DIFFERS"}


class World(NamedTuple):
    """An honest settlement, its epoch, and the settlement before."""

    settlement: Path
    epoch: Path
    before: Path | None


@pytest.fixture(scope="session")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Chained:
    """Two epochs, the second with a ledger before it."""
    return make_chained(tmp_path_factory.mktemp("chained"))


@pytest.fixture(scope="session")
def worlds(chapter: Chapter, chained: Chained, tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """Honest settlements by name."""
    epoch, settlement = make_modelled(tmp_path_factory.mktemp("modelled"))
    funded = make_funded(tmp_path_factory.mktemp("funded"))
    return {
        "simulated": World(chapter.settlement.folder, chapter.epoch, None),
        "chained": World(chained.settlement, chained.second, chained.before),
        "modelled": World(settlement, epoch, None),
        "funded": World(funded[1], funded[0], None),
    }


def codes(found: Audit) -> frozenset[str]:
    """Names of everything that was found."""
    return frozenset(finding.code.name for finding in found.findings)


def in_order(found: Audit) -> bool:
    """Whether findings ascend by stage, one a subject."""
    stages = [STAGES.index(finding.stage) for finding in found.findings]
    subjects = [finding.subject for finding in found.findings]
    return stages == sorted(stages) and len(subjects) == len(set(subjects))


def test_the_truth_is_clean(worlds: dict[str, World], chapter: Chapter, chained: Chained, later: Any) -> None:
    epoch, settlement = later
    for settled, inputs, before in (
        *worlds.values(),
        World(chained.before, chained.first, None),
        World(settlement.folder, epoch, chapter.settlement.folder),
    ):
        assert audit(settled, inputs).findings == ()
        assert audit(settled, previous=before).findings == ()
        assert audit(settled).findings == ()


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_named(name: str, worlds: dict[str, World], tmp_path: Path) -> None:
    told = LIES[name]
    world = worlds[told.world]
    liar = Liar(world.settlement, tmp_path / "settlement")
    told.tell(liar)

    with_inputs = audit(liar.folder, world.epoch)
    assert codes(with_inputs) == told.found, with_inputs.findings
    assert with_inputs.findings[0].code.name == told.first
    assert with_inputs.first_stage is FindingCode[told.first].stage
    assert in_order(with_inputs)

    alone = audit(liar.folder, previous=world.before)
    assert codes(alone) == told.alone, alone.findings
    assert in_order(alone)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_input_is_named(name: str, chapter: Chapter, chained: Chained, tmp_path: Path) -> None:
    forged = FORGERIES[name]
    world: Any = chained if forged.world == "chained" else chapter
    settlement = chained.settlement if world is chained else chapter.settlement.folder
    honest = chained.second if world is chained else chapter.epoch
    shutil.copytree(honest.parent, tmp_path / "copy")
    epoch = tmp_path / "copy" / honest.name
    forged.forge(epoch, world)

    found = audit(settlement, epoch)
    named = tuple((finding.code.name, finding.subject) for finding in found.findings)
    assert named[: len(forged.begins)] == forged.begins
    assert (named == forged.begins) is forged.is_all
    assert found.first_stage is FindingCode[forged.begins[0][0]].stage
    assert in_order(found)


def test_a_rewritten_registry_shows_in_a_head_that_was_published_elsewhere(
    chapter: Chapter, tmp_path: Path
) -> None:
    """Evidence, registry and settlement fit each other; the history is another."""
    epoch = tmp_path / "epoch"
    shutil.copytree(chapter.epoch, epoch)
    back_date_an_event(epoch)
    settled = settle(epoch, tmp_path / "settlement")
    head = chapter.settlement.rewards["registry_head"]
    assert audit(settled.folder, epoch).is_clean
    found = audit(settled.folder, epoch, head=head)
    assert codes(found) == {"HEAD_ELSEWHERE_DIFFERS"}
    assert found.first_stage is Stage.INPUTS
    assert (found.findings[0].published, found.findings[0].recomputed) == (
        settled.rewards["registry_head"],
        head,
    )
    assert audit(chapter.settlement.folder, chapter.epoch, head=head).is_clean


def test_another_settlement_shows_in_a_root_that_was_published_elsewhere(chapter: Chapter) -> None:
    root = str(chapter.settlement.root)
    assert audit(chapter.settlement.folder, root=root).is_clean
    assert audit(chapter.settlement.folder, root=root.removeprefix("0x").upper()).is_clean
    found = audit(chapter.settlement.folder, root="cd" * 32)
    assert codes(found) == {"ROOT_ELSEWHERE_DIFFERS"}
    assert (found.first_stage, found.findings[0].published) == (Stage.ROOT, root)


def test_every_code_of_the_catalogue_is_found_somewhere() -> None:
    shown = {code for lie in LIES.values() for code in lie.found | lie.alone}
    shown |= {code for forged in FORGERIES.values() for code, _ in forged.begins}
    assert shown | ELSEWHERE == {code.name for code in FindingCode}
    assert len({code.sentence for code in FindingCode}) == len(FindingCode)
    assert len(LIES) >= 20
