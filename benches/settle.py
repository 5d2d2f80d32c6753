"""Settling against the plain verifier: speed, scaling over threads, memory, and the cost of the schedule.

Run with ``python -m benches.settle [--rows N]`` in an environment where the package is built with optimisation. Every
figure is a ratio to a baseline that is measured in the same minute; baselines are the plain Python verifier of
``benches/plain_verifier`` and processes that check signatures with ``cryptography``.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric import ed25519

from depinverify import ingest
from depinverify.canonical import canonical_json
from depinverify.device.proof import jws
from depinverify.epoch import Epoch
from depinverify.simulate import simulate
from depinverify.simulate.fleet import Fleet
from depinverify.simulate.settings import SCHEMES, Settings

ROOT = Path(__file__).parent.parent
DEVICES, HOURS = 500, 8


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="stored proofs in the larger epochs")
    parser.add_argument("--repeats", type=int, default=3, help="pairs of runs behind a ratio")
    parser.add_argument("--work", type=Path, help="folder that keeps the epochs (default: a temporary one)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = given.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        large = stored_proofs(work, given.rows)
        against_plain(large, given.repeats)
        scaling(large, given.repeats)
        for validators in (3, 50):
            of_one_scheme(
                stored_proofs(work, given.rows, ("ed25519",), validators), given.repeats, validators
            )
        memory(large, stored_proofs(work, 4 * given.rows))
        assignment(work)


def stored_proofs(work: Path, rows: int, schemes: tuple[str, ...] = SCHEMES, validators: int = 3) -> Path:
    """An epoch of about this many rows of 500 devices; with all algorithms, a third each.

    Signing a million proofs in Python takes long, so some hours are signed and their answers are stored more than once,
    as if each had been complete a millisecond later: every row is a row of its own, decoded, its signature checked.
    """
    kind = f"{'-'.join(schemes)}-{validators}"
    options = {"schemes": schemes, "validators": validators, "validator_behaviours": ()}
    settings = Settings(devices=DEVICES, hours=HOURS, seed=1, **options)
    day = work / f"signed-{kind}"
    if not day.exists():
        simulate(DEVICES, HOURS, 1, day, processes=os.cpu_count() or 1, **options)
    epoch = work / f"epoch-{kind}-{rows}"
    if epoch.exists():
        return epoch
    shutil.copytree(day, epoch)
    files = sorted((epoch / "observations").glob("*.parquet"))
    copies = max(1, round(rows / sum(pq.read_metadata(file).num_rows for file in files)))
    signers = {validator.id.decode(): validator for validator in Fleet(settings).validators}
    for file in files:
        table = pq.read_table(file)
        answered = table.filter(pc.is_valid(table["received_ms"]))
        column = answered.column_names.index("received_ms")
        later = [
            answered.set_column(
                column, "received_ms", pc.add(answered["received_ms"], pa.scalar(ms, pa.int64()))
            )
            for ms in range(1, copies)
        ]
        pq.write_table(pa.concat_tables([table, *later]), file, row_group_size=65536)
        validator = next(found for name, found in signers.items() if file.name.startswith(f"{name}-"))
        payload = {
            "epoch": 0,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "start": settings.start,
        }
        file.with_name(file.name + ".jws").write_bytes(jws(validator.key, canonical_json(payload)))
    return epoch


#: The command line in a process that says at its end how much memory it had at most.
MEASURED = """
import atexit, sys
from benches.memory import peak_mib
from depinverify import cli
atexit.register(lambda: print("peak", peak_mib(), file=sys.stderr))
cli.main()
"""


class Run(NamedTuple):
    """One finished command."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def run(*command: str) -> Run:
    """Run a command to its end; wall and processor time, and its peak memory where it says so."""
    # An installed package is compiled once; where a variable forbids it, every run of both sides would pay for it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, cwd=ROOT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        said.seek(0)
        lines = said.read().decode().splitlines()
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed: {' '.join(lines)}")
    peak = next((float(line.split()[1]) for line in reversed(lines) if line.startswith("peak ")), 0.0)
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak)


def settle(epoch: Path, threads: int) -> Run:
    """Settle an epoch in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="settled-", dir=epoch.parent) as out:
        command = (
            sys.executable,
            "-c",
            MEASURED,
            "settle",
            str(epoch),
            "--out",
            out,
            "--threads",
            str(threads),
        )
        return run(*command, "--json")


def rows_of(epoch: Path) -> int:
    """Stored rows of an epoch."""
    return sum(pq.read_metadata(file).num_rows for file in (epoch / "observations").glob("*.parquet"))


def against_plain(epoch: Path, repeats: int) -> None:
    """One thread of ours against the plain Python verifier, in turns; processor time, since neither waits."""
    ratios, ours, plain = [], [], []
    for _ in range(repeats):
        ours.append(settle(epoch, 1).cpu_seconds)
        plain.append(run(sys.executable, "-m", "benches.plain_verifier", str(epoch)).cpu_seconds)
        ratios.append(plain[-1] / ours[-1])
    rows = rows_of(epoch)
    print(f"{rows:,} stored proofs, one thread, against plain Python: {statistics.median(ratios):.1f}x")
    print(
        f"  ours {rows / statistics.median(ours):,.0f} rows/s, plain {rows / statistics.median(plain):,.0f} rows/s"
    )


def of_one_scheme(epoch: Path, repeats: int, validators: int) -> None:
    """Rows a second of an Ed25519 fleet on one thread."""
    rows = rows_of(epoch)
    seconds = statistics.median(settle(epoch, 1).cpu_seconds for _ in range(repeats))
    print(f"{rows:,} Ed25519 proofs of {validators} validators, one thread: {rows / seconds:,.0f} rows/s")


def _openssl(seconds: float) -> int:
    key = ed25519.Ed25519PrivateKey.generate()
    public, message = key.public_key(), b"x" * 128
    signature, done, end = key.sign(message), 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(100):
            public.verify(signature, message)
        done += 100
    return done


def scaling(epoch: Path, repeats: int) -> None:
    """Two threads against one, as a share of what two processes of `cryptography` reach in the same minute."""
    shares = []
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_openssl, [0.2, 0.2])
        for _ in range(repeats):
            one = settle(epoch, 1).seconds
            single = pool.apply(_openssl, (3.0,))
            both = sum(pool.map(_openssl, [3.0, 3.0], chunksize=1))
            two = settle(epoch, 2).seconds
            shares.append((one / two) / (both / single))
            print(f"  threads {one / two:.2f}x, processes of cryptography {both / single:.2f}x")
    print(f"two threads against one, as a share of two processes: {statistics.median(shares):.2f}")


def memory(smaller: Path, larger: Path) -> None:
    """Peak memory for two numbers of proofs of the same devices."""
    few, many = settle(smaller, 2), settle(larger, 2)
    more = 100 * (many.peak_mib / few.peak_mib - 1)
    for peak, epoch in ((few.peak_mib, smaller), (many.peak_mib, larger)):
        print(f"  {rows_of(epoch):,} rows: {peak:.0f} MiB")
    print(f"peak memory for four times the proofs of the same devices: {more:+.0f} %")


def assignment(work: Path) -> None:
    """Cost of the whole schedule with 3 and with 50 validators."""
    for validators in (3, 50):
        epoch = work / f"schedule-{validators}"
        if not epoch.exists():
            simulate(200, 1, 1, epoch, validators=validators, validator_behaviours=())
        inputs = ingest.read(Epoch.open(epoch))
        times, probes = [], 0
        # The first of these few milliseconds warm the processor up.
        for _ in range(9):
            started = time.perf_counter()
            probes = sum(batch.num_rows for batch in inputs.context.schedule())
            times.append(time.perf_counter() - started)
        each = 1e6 * statistics.median(times) / (200 * inputs.context.slots)
        print(f"schedule with {validators} validators: {each:.2f} us per slot and device, {probes} probes")


if __name__ == "__main__":
    main()
