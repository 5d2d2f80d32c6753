"""Two processes that write at once, and one that is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives import serialization

from depinverify.registry import Registry

#: Enrols ``argv[4]`` devices, ``argv[5]`` in each transaction; says so when the first run is written.
WRITER = """
import sys
from depinverify.registry import Registry, Signer, events, read_private_key

url, pem, first, count, per_transaction = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
authority = Signer(read_private_key(pem.encode()))


def enrolment(at):
    names = {"device": f"01{at:032x}", "owner": f"owner {at}", "nonce": f"{at:064x}"}
    event = events.enroll(key=authority.public, **names)
    return events.sign(event, authority)


def told(done):
    print(done, flush=True)


with Registry.open(url) as registry:
    told(0)
    sys.stdin.readline()
    for start in range(first, first + count, per_transaction):
        registry.append_many(map(enrolment, range(start, start + per_transaction)), progress=told)
"""


@pytest.fixture
def write(url, authority):
    pem = authority.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    started = []

    def start(first, count, per_transaction):
        arguments = [url, pem, *map(str, (first, count, per_transaction))]
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        started.append(process)
        return process

    Registry.create(url, authority=[authority.public]).close()
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def begin(*writers):
    """Let writers begin together, once all are ready."""
    for writer in writers:
        assert writer.stdout.readline() == "0\n"
    for writer in writers:
        writer.stdin.write("begin\n")
        writer.stdin.flush()


def test_two_processes_write_one_chain(url, write, tmp_path, authority):
    writers = [write(first, 60, 3) for first in (0, 10_000)]
    begin(*writers)
    for writer in writers:
        writer.stdout.read()
        assert writer.wait() == 0
    with Registry.open(url) as registry:
        lines = list(registry.lines())
        assert registry.count() == {"events": 120, "devices": 120, "validators": 0}
    # A restore checks numbers, times, hashes and signatures.
    with Registry.create(f"sqlite:///{tmp_path}/copy.db", authority=[authority.public]) as copy:
        copy.restore(lines)
    # Both were at it at the same time: neither's events stand in one block.
    sides = [b'"device":"0100000000000000000000000000000027' in line for line in lines]
    assert sum(a != b for a, b in pairwise(sides)) > 0


def test_a_killed_import_leaves_nothing_and_blocks_nobody(url, write):
    killed = write(0, 100_000, 100_000)
    begin(killed)
    while killed.stdout.readline().strip() != "2000":
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    with Registry.open(url, wait_seconds=30) as registry:
        assert registry.count() == {"events": 0, "devices": 0, "validators": 0}
        after = write(0, 5, 5)
        begin(after)
        assert after.wait(timeout=30) == 0
        assert registry.count()["events"] == 5
        assert registry.state(device=f"01{4:032x}")["owner"] == "owner 4"


def test_a_writer_waits_only_as_long_as_it_was_told(url, write):
    busy = write(0, 100_000, 100_000)
    begin(busy)
    while busy.stdout.readline().strip() != "1000":
        assert busy.poll() is None
    with Registry.open(url, wait_seconds=0.2) as registry:
        began = time.monotonic()
        with pytest.raises(Exception, match="lock") as refusal:
            registry.issue_nonce()
        assert time.monotonic() - began < 10
        assert "another process has been writing" in refusal.value.hint
        # Readers are never in the way.
        assert list(registry.lines()) == []
