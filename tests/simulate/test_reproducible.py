"""The same seed and settings give the same bytes; what differs is what was asked to differ."""

import pytest

from depinverify.exceptions import InputError
from depinverify.simulate import FORMATS, simulate
from depinverify.simulate import epoch as epoch_module
from depinverify.simulate.chance import Seed

TINY = {"devices": 12, "hours": 1, "seed": 3}


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_same_bytes_and_another_seed_other_keys(tmp_path):
    for name in ("one", "two"):
        simulate(out=tmp_path / name, **TINY)
    simulate(out=tmp_path / "other", **(TINY | {"seed": 4}))
    assert content(tmp_path / "one") == content(tmp_path / "two")
    one, other = content(tmp_path / "one"), content(tmp_path / "other")
    assert one.keys() == other.keys()
    same = {path.as_posix() for path in one if one[path] == other[path]}
    assert same == {f"reference/val-{number}.jsonl" for number in range(3)}


@pytest.mark.parametrize("file_format", FORMATS)
def test_one_process_and_two_write_the_same(tmp_path, monkeypatch, file_format):
    monkeypatch.setattr(epoch_module, "_ROWS_PER_PART", 20)
    seen = []
    for processes in (1, 2):
        simulate(
            out=tmp_path / str(processes),
            processes=processes,
            file_format=file_format,
            progress=lambda done, parts: seen.append((done, parts)),
            **TINY,
        )
    assert content(tmp_path / "1") == content(tmp_path / "2")
    parts = seen[0][1]
    assert parts > 4
    assert seen == [(done, parts) for done in range(1, parts + 1)] * 2
    assert len(list((tmp_path / "1" / "observations").glob(f"*.{file_format}"))) == parts * 3


def test_outage_rows_are_all_that_is_dropped(make):
    kept, dropped = (content(make(outage_rows=choice)) for choice in ("keep", "drop"))
    differing = {path.as_posix() for path in kept if kept[path] != dropped[path]}
    assert {path for path in differing if "val-0" not in path} == {"truth.json"}
    assert any(path.startswith("observations/val-0") for path in differing)


def test_chance_is_even_and_independent_of_order():
    chance = Seed(1).chance("dice")
    throws = [chance.between(1, 6) for _ in range(6000)]
    assert all(850 < throws.count(face) < 1150 for face in range(1, 7))
    assert Seed(1).derive("a", 1) == Seed(1).derive("a", 1) != Seed(1).derive("a1")
    assert Seed(1).derive("a", "b") != Seed(1).derive("ab") != Seed(2).derive("ab")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"devices": 0}, "devices: expected 1 or more"),
        ({"hours": 0}, "hours: expected 1 or more"),
        ({"slot_seconds": 700}, "slot_seconds: expected a part"),
        ({"slot_seconds": 1800}, "found 1800 and 2"),
        ({"start": 1_800_000_001}, "start: expected a multiple"),
        ({"pool": "1e18"}, "pool: expected a decimal"),
        ({"file_format": "csv"}, "format: expected one of"),
        ({"outage_rows": "hide"}, "keep or drop"),
        ({"shares": {"honest": 1}}, "share honest"),
        ({"shares": {"sybil": 2}}, "from 0 to 1"),
        ({"shares": {"lazy": 0.1}}, "expected one of honest, flaky"),
        ({"shares": {"sybil": 0.9, "dead": 0.9}}, "are left"),
        ({"validator_behaviours": ["lazy"]}, "expected at most one"),
        ({"validator_behaviours": ["honest"] * 4}, "expected at most one"),
    ],
)
def test_bad_settings_are_named(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        simulate(out=tmp_path / "epoch", **(TINY | change))
    assert not (tmp_path / "epoch").exists()


def test_a_folder_with_content_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(InputError, match="empty or new folder"):
        simulate(out=tmp_path, **TINY)
    with pytest.raises(InputError, match="complete settlement"):
        simulate(out=tmp_path / "epoch", previous=tmp_path, **TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
