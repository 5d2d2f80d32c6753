"""Files that lie about themselves end in a reason, in a short time and with little memory."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from samples import file_of, rows, stream_of, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

READER = """
import json, resource, sys, time
from depinverify import _native
def peak():
    # Of this program alone: what resource.getrusage tells begins with the peak of whoever started it.
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(status["VmHWM"].split()[0]) // 1024
import arro3.core
before, start, rows, reason = peak(), time.process_time(), 0, ""
limit = 8 << 30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    for batch in arro3.core.RecordBatchReader.from_stream(_native.read_observations(sys.argv[1])):
        rows += batch.num_rows
except Exception as error:
    reason = str(error)
seconds = time.process_time() - start
print(json.dumps({"rows": rows, "reason": reason, "seconds": seconds, "mib": peak() - before}))
"""


def read(path: Path) -> dict[str, Any]:
    """Reads a file in a process of its own, whose memory is measured."""
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def gzip_bomb() -> bytes:
    return gzip.compress(b" " * (256 << 20), 9)


def zstd_bomb() -> bytes:
    return bytes(pa.Codec("zstd").compress(b'{"x":"' + b"a" * (256 << 20), asbytes=True))


def zstd_window() -> bytes:
    # A frame that asks for a window of 2 GiB and holds nothing.
    return ZSTD_MAGIC + b"\x00" + bytes([21 << 3]) + b"\x01\x00\x00"


def parquet(made: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(made, sink, **options)
    return sink.getvalue()


def filled(count: int, proof: bytes) -> pa.Table:
    """Rows that differ in nothing."""
    one = table([rows(1)[0] | {"proof": proof, "slot": 1}])
    return pa.concat_tables([one] * count).combine_chunks()


def dictionary_bomb() -> bytes:
    # One value of a megabyte, and forty thousand rows that point to it: 40 GB.
    made = filled(1, b"x" * (1 << 20))
    indices = pa.array([0] * 40_000, pa.int32())
    columns = {
        name: pa.DictionaryArray.from_arrays(indices, made[name].combine_chunks().cast(pa.binary()))
        if name == "proof"
        else made[name].take(indices)
        for name in made.column_names
    }
    return parquet(pa.table(columns), compression="zstd", dictionary_pagesize_limit=4 << 20)


def run_bomb() -> bytes:
    # Twenty million equal rows in a few kilobytes of run lengths.
    made = filled(1, b"a.b.c").take(pa.array([0] * 1_000_000, pa.int32()))
    return parquet(pa.concat_tables([made] * 20), compression="zstd", row_group_size=100_000_000)


def page_bomb() -> bytes:
    return parquet(filled(60_000, b"\0" * 4000), compression="zstd", use_dictionary=False)


def footer_length(length: int) -> Callable[[], bytes]:
    def make() -> bytes:
        whole = parquet(table(rows(100)))
        return whole[:-8] + struct.pack("<I", length) + whole[-4:]

    return make


def ipc_bomb(make: Callable[..., bytes], codec: str) -> Callable[[], bytes]:
    return lambda: make(filled(50_000, b"\0" * 4000), compression=codec)


def ipc_claims(make: Callable[..., bytes]) -> Callable[[], bytes]:
    """A compressed buffer of 3000 bytes claims to be 512 MiB long."""

    def lie() -> bytes:
        whole = bytearray(make(table([rows(1)[0] | {"proof": b"x" * 3000}]), compression="zstd"))
        at = whole.find(struct.pack("<q", 3000) + ZSTD_MAGIC)
        assert at > 0
        whole[at : at + 8] = struct.pack("<q", 512 << 20)
        return bytes(whole)

    return lie


def body_length(length: int) -> Callable[[], bytes]:
    """The stream's record batch claims a longer body."""

    def lie() -> bytes:
        made = table(rows(50))
        whole = stream_of(made)
        with pa.ipc.open_stream(whole) as reader:
            reader.read_next_batch()
        message = pa.ipc.MessageReader.open_stream(io.BytesIO(whole))
        message.read_next_message()
        body = message.read_next_message().body.size
        assert whole.count(struct.pack("<q", body)) == 1
        return whole.replace(struct.pack("<q", body), struct.pack("<q", length))

    return lie


def first_message(length: int) -> Callable[[], bytes]:
    return lambda: b"\xff\xff\xff\xff" + struct.pack("<i", length) + b"\0" * 100


CASES = [
    ("a.jsonl.gz", gzip_bomb, "LIMIT"),
    ("a.jsonl.zst", zstd_bomb, "LIMIT"),
    ("a.jsonl.zst", zstd_window, "UNREADABLE"),
    ("a.parquet", dictionary_bomb, "LIMIT"),
    ("a.parquet", run_bomb, "LIMIT"),
    ("a.parquet", page_bomb, "LIMIT"),
    ("a.parquet", footer_length(0), "UNREADABLE"),
    ("a.parquet", footer_length(1), "UNREADABLE"),
    ("a.parquet", footer_length(5000), "UNREADABLE"),
    ("a.parquet", footer_length(2**31), "UNREADABLE"),
    ("a.parquet", footer_length(2**32 - 1), "UNREADABLE"),
    ("a.arrow", ipc_bomb(stream_of, "zstd"), "LIMIT"),
    ("a.arrow", ipc_bomb(file_of, "zstd"), "LIMIT"),
    ("a.arrow", ipc_claims(stream_of), "LIMIT"),
    ("a.arrow", ipc_claims(file_of), "LIMIT"),
    ("a.arrow", body_length(2**40), "TRUNCATED"),
    ("a.arrow", body_length(-1), "UNREADABLE"),
    ("a.arrow", body_length(0), "UNREADABLE"),
    ("a.arrow", first_message(2**31 - 1), "LIMIT"),
    ("a.arrow", first_message(-2), "LIMIT"),
    ("a.arrow", first_message(90), "UNREADABLE"),
]


@pytest.mark.parametrize(
    ("name", "make", "reason"), CASES, ids=[f"{at}-{name}" for at, (name, *_) in enumerate(CASES)]
)
def test_reason_memory_and_time(tmp_path: Path, name: str, make: Callable[[], bytes], reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    found = read(path)
    assert f"{reason}: " in found["reason"], found
    assert found["mib"] < 200, found
    assert found["seconds"] < 20, found


def numbers(whole: bytes, value: int) -> list[int]:
    """Where a number stands as a zigzag integer of two bytes in a footer or page header."""
    coded = bytes([(2 * value) & 0x7F | 0x80, (2 * value) >> 7])
    return [at for at in range(len(whole)) if whole[at : at + 2] == coded]


@pytest.mark.parametrize("lie", [0, 1, 99, 101, 4095, 8191])
@pytest.mark.parametrize(
    "options", [{}, {"use_dictionary": False, "compression": "none"}], ids=["usual", "plain"]
)
def test_a_wrong_number_of_rows_is_noticed(tmp_path: Path, lie: int, options: dict[str, Any]) -> None:
    """Whichever place says how many rows there are: the file, the group, a column, a page."""
    made = rows(100)
    whole = parquet(table(made), **options)
    places = numbers(whole, 100)
    assert len(places) > 20
    path = tmp_path / "a.parquet"
    from depinverify import _native  # noqa: PLC0415

    for at in places:
        path.write_bytes(whole[:at] + bytes([(2 * lie) & 0x7F | 0x80, (2 * lie) >> 7]) + whole[at + 2 :])
        try:
            read_rows = pa.table(_native.read_observations(path)).to_pylist()
        except (ValueError, OSError) as error:
            assert any(reason in str(error) for reason in ("UNREADABLE", "LIMIT", "SCHEMA")), error  # noqa: PT017
        else:
            # Some places only repeat what stands elsewhere, or are statistics.
            assert read_rows == made, at


def test_record_batches_that_share_bytes_are_refused(tmp_path: Path) -> None:
    whole = file_of(table(rows(200)))
    size = struct.unpack("<i", whole[-10:-6])[0]
    footer = bytearray(whole[-10 - size : -10])
    with pa.ipc.open_file(whole) as reader:
        assert reader.num_record_batches == 2
    # Both blocks have the same lengths; the second is made to point to the first.
    blocks = [at for at in range(len(footer) - 24) if footer[at + 8 : at + 24] == footer[-24 + 8 :]]
    for at in blocks[:1]:
        footer[-24:] = footer[at : at + 24]
    path = tmp_path / "a.arrow"
    path.write_bytes(whole[: -10 - size] + bytes(footer) + whole[-10:])
    found = read(path)
    assert found["rows"] in (0, 200), found
