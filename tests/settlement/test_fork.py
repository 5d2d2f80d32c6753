"""A child that was forked after its parent used every thread does the same work, and waits for nobody."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from epoch_folders import World

WORK = """
import os
import sys

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from depinverify import Options, _native, settle
from depinverify.signature import KeyRegistry, verify

epoch, out = sys.argv[1:]

def tables_of_keys():
    secrets = [Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in range(40)]
    registry = KeyRegistry()
    ids = registry.register_many("ed25519", [key.public_key().public_bytes_raw() for key in secrets], threads=1)
    signatures = [key.sign(b"message") for key in secrets]
    columns = np.repeat(ids, 50), [b"message"] * 2000, [each for each in signatures for _ in range(50)]
    assert verify("ed25519", "strict", registry, *columns, threads=1).all()

def division():
    ids = [at.to_bytes(20, "big") for at in range(5000)]
    amounts, left = _native.allocate(1_000_000, ids, list(range(5000)), [at * 100 for at in range(5000)])
    assert sum(amounts) + left == 1_000_000
    tree = _native.ClaimTree.from_entries(list(zip(ids, range(1, 5001), strict=True)))
    assert _native.ClaimTree.load(tree.dump()).root == tree.root

def sorted_records():
    sorter = _native.Sorter(f"{out}-{os.getpid()}", "records", budget=1 << 24)
    for at in range(40_000):
        sorter.push(at.to_bytes(8, "little"), b"")
    assert sum(len(records) for records in sorter.walk()) == 40_000

def whole():
    settle(epoch, f"{out}-{os.getpid()}-settled", options=Options(threads=2))

for work in (tables_of_keys, division, sorted_records, whole):
    work()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, work.__name__
    print(work.__name__, flush=True)
"""


def test_a_forked_child_waits_for_no_thread_of_its_parent(world: World, tmp_path: Path) -> None:
    arguments = [str(world.epoch), str(tmp_path / "out")]
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", WORK, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == ["tables_of_keys", "division", "sorted_records", "whole"]
