"""A run that is killed, torn or refused: it goes on to the same bytes, or says what is wrong."""

from __future__ import annotations

import fcntl
import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import Options, Settlement, pipeline, settle
from depinverify.exceptions import SettlementError
from epoch_folders import bytes_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from epoch_folders import World

#: Settles again and again, each time in a process of its own that is killed somewhere; the answer is its exit status.
NURSERY = """
import json, os, signal, sys, time
from depinverify import Options
from depinverify.pipeline import settle
from depinverify.estimate import estimate

def run(epoch, out, stop, memory):
    seen = 0
    def look(event, arguments):
        nonlocal seen
        if event in ("open", "os.rename", "os.remove", "os.rmdir") and out in str(arguments[0]):
            seen += 1
            if seen == stop:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(look)
    settle(epoch, out, options=Options(threads=2, memory_bytes=memory))
    return seen

for line in sys.stdin:
    told = json.loads(line)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        seen = run(told["epoch"], told["out"], told.get("stop"), told.get("memory", 1 << 28))
        os.write(write, str(seen).encode())
        os._exit(0)
    os.close(write)
    start = time.monotonic()
    if "seconds" in told:
        time.sleep(told["seconds"])
        os.kill(child, signal.SIGKILL)
    if "file" in told:
        while not os.path.exists(told["file"]) and time.monotonic() < start + 60:
            pass
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    took = time.monotonic() - start
    with os.fdopen(read) as pipe:
        seen = int(pipe.read() or 0)
    print(json.dumps({"killed": os.WIFSIGNALED(status), "status": status, "seen": seen, "seconds": took}), flush=True)
"""


@pytest.fixture(scope="module")
def attempt(world: World) -> Iterator[Callable[..., dict[str, Any]]]:
    """Settle in a process that may be killed."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", NURSERY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None

        def run(out: Path, **how: Any) -> dict[str, Any]:
            told = {"epoch": str(world.epoch), "out": str(out)} | how
            print(json.dumps(told), file=nursery.stdin, flush=True)
            answer: dict[str, Any] = json.loads(nursery.stdout.readline())
            assert answer["killed"] or answer["status"] == 0
            return answer

        yield run
        nursery.stdin.close()
        nursery.wait(60)


def is_whole_or_unfinished(out: Path) -> None:
    """A folder with a manifest is complete, one without is no settlement."""
    if (out / "manifest.json").exists():
        assert Settlement.open(out).check() == []
    else:
        with pytest.raises(SettlementError, match="manifest"):
            Settlement.open(out)


def test_killed_at_every_file_that_python_touches(
    attempt: Callable[..., dict[str, Any]], settled: Settlement, tmp_path: Path
) -> None:
    whole = attempt(tmp_path / "whole", stop=0)
    assert bytes_of(tmp_path / "whole") == bytes_of(settled.folder)
    stops = range(1, whole["seen"] + 1)
    assert len(stops) > 30
    for stop in stops:
        # Every third stop has a folder of its own; the others are one more kill of the run before.
        out = tmp_path / f"s{stop // 3}"
        attempt(out, stop=stop)
        is_whole_or_unfinished(out)
    for number in range(len(stops) // 3 + 1):
        out = tmp_path / f"s{number}"
        assert not attempt(out)["killed"]
        assert bytes_of(out) == bytes_of(settled.folder)
        assert not (out / ".work").exists()


def test_killed_at_random_moments(
    attempt: Callable[..., dict[str, Any]], settled: Settlement, tmp_path: Path
) -> None:
    seconds = min(attempt(tmp_path / f"whole{at}", memory=1 << 14)["seconds"] for at in range(2))
    chance = random.Random(5)
    killed = 0
    for number in range(3):
        out = tmp_path / f"s{number}"
        for _ in range(4):
            killed += attempt(out, seconds=chance.random() * seconds * 0.8, memory=1 << 14)["killed"]
            is_whole_or_unfinished(out)
        attempt(out, memory=chance.choice([1 << 14, 1 << 28]))
        assert bytes_of(out) == bytes_of(settled.folder)
    assert killed > 0


@pytest.mark.parametrize(
    "name",
    [
        "rows.list",
        "rows.json",
        "shard-0000000.tmp",
        "shard-0000000",
        "verdicts.parquet",
        "origins.json",
        "../rewards.json",
    ],
)
def test_killed_when_a_piece_appears(
    attempt: Callable[..., dict[str, Any]], settled: Settlement, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "s"
    attempt(out, file=str(out / ".work" / name))
    is_whole_or_unfinished(out)
    attempt(out)
    assert bytes_of(out) == bytes_of(settled.folder)


@pytest.fixture
def stopped(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was stopped just before it published anything."""

    def stop(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pipeline.publish, "publish", stop)
        with pytest.raises(KeyboardInterrupt):
            settle(world.epoch, tmp_path / "s")
    assert (tmp_path / "s" / ".work" / "shard-0000000").exists()
    return tmp_path / "s"


def test_pieces_are_taken_again(world: World, settled: Settlement, stopped: Path) -> None:
    kept = {
        path.name: path.stat().st_mtime_ns
        for path in (stopped / ".work").iterdir()
        if path.name.startswith(("rows", "shard"))
    }
    seen: dict[str, int] = {}

    def look(*_arguments: Any) -> None:
        seen.update({name: (stopped / ".work" / name).stat().st_mtime_ns for name in kept})
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.publish, "publish", look)
        with pytest.raises(KeyboardInterrupt):
            settle(world.epoch, stopped)
    assert seen == kept
    assert bytes_of(settle(world.epoch, stopped).folder) == bytes_of(settled.folder)


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def nothing(_data: bytes) -> bytes:
    return b""


def zeros(data: bytes) -> bytes:
    """What a file system may leave of a file after a power cut."""
    return bytes(len(data))


@pytest.mark.parametrize("damage", [cut, nothing, zeros, None], ids=lambda d: getattr(d, "__name__", "gone"))
def test_torn_pieces_are_made_again(
    world: World, settled: Settlement, stopped: Path, damage: Callable[[bytes], bytes] | None
) -> None:
    names = sorted(
        path.name for path in (stopped / ".work").iterdir() if path.is_file() and path.name != "lock"
    )
    assert len(names) > 4
    aside = {name: (stopped / ".work" / name).read_bytes() for name in names}
    for name in names:
        (stopped / ".work").mkdir(exist_ok=True)
        for other, data in aside.items():
            (stopped / ".work" / other).write_bytes(data)
        path = stopped / ".work" / name
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage(aside[name]))
        assert bytes_of(settle(world.epoch, stopped).folder) == bytes_of(settled.folder), name
        (stopped / "manifest.json").unlink()


#: Bytes in front of a shard: the lengths of its head and of four runs.
FRONT = 40


def in_the_middle(data: bytes) -> int:
    return len(data) // 2


def in_the_head(_data: bytes) -> int:
    return FRONT + 20


def in_the_seal(data: bytes) -> int:
    return FRONT + int.from_bytes(data[:8], "little")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("shard-0000000", in_the_middle),
        ("shard-0000000", in_the_head),
        ("shard-0000000", in_the_seal),
        ("verdicts.parquet", in_the_middle),
        ("rows-held-000000.run", in_the_middle),
    ],
)
def test_one_changed_bit_is_never_taken(
    world: World, settled: Settlement, stopped: Path, name: str, place: Callable[[bytes], int]
) -> None:
    """A piece that nobody tore but a bad disk changed: made again, or an error that says what to do."""
    path = stopped / ".work" / name
    data = bytearray(path.read_bytes())
    data[place(data)] ^= 4
    path.write_bytes(data)
    refused = None
    try:
        settle(world.epoch, stopped)
    except SettlementError as error:
        refused = error
    if refused is None:
        assert bytes_of(stopped) == bytes_of(settled.folder)
    else:
        assert name in str(refused)
        assert refused.hint is not None
        assert ".work" in refused.hint


def test_two_runs_in_one_folder_refuse(world: World, settled: Settlement, tmp_path: Path) -> None:
    found = []

    def second(*_arguments: Any) -> None:
        if not found:
            with pytest.raises(SettlementError, match="another run") as raised:
                settle(world.epoch, tmp_path / "s")
            found.append(raised)

    with pytest.MonkeyPatch.context() as patch:
        real = pipeline.publish.publish
        patch.setattr(pipeline.publish, "publish", lambda *a: (second(), real(*a)))
        settle(world.epoch, tmp_path / "s")
    assert found
    assert bytes_of(tmp_path / "s") == bytes_of(settled.folder)


def test_the_lock_of_a_dead_run_holds_nobody(world: World, settled: Settlement, stopped: Path) -> None:
    with (stopped / ".work" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert bytes_of(settle(world.epoch, stopped).folder) == bytes_of(settled.folder)


def test_a_complete_folder_is_left_as_it_is(world: World, tmp_path: Path) -> None:
    settle(world.epoch, tmp_path / "s")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()}
    again = settle(world.epoch, tmp_path / "s", options=Options(threads=1, memory_bytes=1 << 20))
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "s").iterdir()} == before
    assert again.check() == []


def test_a_run_goes_on_from_another_working_directory(
    world: World, stopped: Path, settled: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.epoch.parent)
    made = (stopped / ".work" / "shard-0000000").stat().st_mtime_ns
    seen = []
    real = pipeline.publish.publish

    def look(*arguments: Any) -> None:
        seen.append((stopped / ".work" / "shard-0000000").stat().st_mtime_ns)
        real(*arguments)

    monkeypatch.setattr(pipeline.publish, "publish", look)
    settle(world.epoch.name, stopped)
    assert seen == [made]
    settle(world.epoch, stopped)
    assert bytes_of(stopped) == bytes_of(settled.folder)


def test_other_inputs_are_refused_and_nothing_is_lost(
    world: World, settled: Settlement, tmp_path: Path
) -> None:
    epoch = world.copy(tmp_path / "e")
    out = settle(epoch, tmp_path / "s").folder
    validator, rows = next(iter(rows_of(epoch).items()))
    world.write(epoch / "observations" / "more.jsonl", validator, rows[:3])
    with pytest.raises(SettlementError, match="other inputs") as raised:
        settle(epoch, out)
    assert raised.value.hint is not None
    assert "--out" in raised.value.hint
    assert bytes_of(out) == bytes_of(settled.folder)


def test_pieces_of_other_inputs_are_not_taken(world: World, settled: Settlement, tmp_path: Path) -> None:
    """A run is stopped, its epoch's files change, and it is started again."""
    epoch = world.copy(tmp_path / "e")
    path = min((epoch / "observations").glob("*.parquet"))
    kept, signature = path.read_bytes(), path.with_name(path.name + ".jws").read_bytes()
    validator, rows = next((v, r) for v, r in rows_of(epoch).items() if path.name.startswith(v.decode()))
    world.write(path, validator, rows[:50])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.publish, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            settle(epoch, tmp_path / "s")
    path.write_bytes(kept)
    path.with_name(path.name + ".jws").write_bytes(signature)
    assert bytes_of(settle(epoch, tmp_path / "s").folder) == bytes_of(settled.folder)


def test_a_settlement_without_its_provenance_is_not_written_over(world: World, tmp_path: Path) -> None:
    settle(world.epoch, tmp_path / "s")
    (tmp_path / "s" / "provenance.json").unlink()
    with pytest.raises(SettlementError, match="other inputs"):
        settle(world.epoch, tmp_path / "s")


def test_a_folder_that_cannot_be_made(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(SettlementError, match="file") as raised:
        settle(world.epoch, tmp_path / "file" / "s")
    assert raised.value.hint is not None


FULL = """
import resource, sys
from depinverify import settle
from depinverify.exceptions import SettlementError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    settle(sys.argv[1], sys.argv[2])
except SettlementError as error:
    print(error)
    print(error.hint)
"""


@pytest.mark.parametrize("limit", [10, 3000, 60_000, 80_000])
def test_no_room_on_the_disk(world: World, settled: Settlement, tmp_path: Path, limit: int) -> None:
    """A limit of the size of files stands for a full disk: writes fail somewhere in the middle."""
    sizes = sorted(path.stat().st_size for path in settled.folder.iterdir())
    assert limit < sizes[-1]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(world.epoch), str(tmp_path / "s"), str(limit)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    message, hint = done.stdout.splitlines()
    assert "large" in message.lower() or "space" in message.lower(), message
    assert hint != "None"
    assert not (tmp_path / "s" / "manifest.json").exists()
    assert bytes_of(settle(world.epoch, tmp_path / "s").folder) == bytes_of(settled.folder)
