"""How fast epochs are made; section 7 of the uptime proof asks for 100,000 proofs a minute on one core.

Run it with ``pytest benches/bench_simulate.py -s``. One process signs; each line says how many a minute of
processor time, so that a busy machine does not blur the picture.
"""

import itertools
import time

import pytest

from depinverify.device import SCHEMES, Claims, DeviceKey, answer
from depinverify.simulate import simulate
from depinverify.simulate.beacon import Beacon
from depinverify.simulate.chance import Seed
from depinverify.simulate.schedule import Schedule

pytestmark = pytest.mark.benchmark(timer=time.process_time)

ASKED_A_MINUTE = 100_000
START = 1_800_000_000


def a_minute(benchmark, count):
    rate = 60 * count / benchmark.stats.stats.median
    benchmark.extra_info["a_minute"] = round(rate)
    print(f"\n{benchmark.name}: {rate:,.0f} a minute")
    return rate


def test_epoch(benchmark, tmp_path):
    number = itertools.count()
    made = benchmark.pedantic(
        lambda: simulate(devices=60, hours=6, seed=1, out=tmp_path / str(next(number))), rounds=3
    )
    assert a_minute(benchmark, made.proofs) > ASKED_A_MINUTE


@pytest.mark.parametrize("envelope", ["cose", "jws"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_answer(benchmark, scheme, envelope):
    key, claims = DeviceKey.from_seed(scheme, bytes(32)), Claims(iat=START, uptime=5, bootcount=2)
    benchmark(lambda: answer(key, bytes(32), device=b"\1" + bytes(16), claims=claims, envelope=envelope))
    a_minute(benchmark, 1)


@pytest.mark.parametrize("validators", [3, 50])
def test_schedule(benchmark, validators):
    beacon = Beacon(Seed(1), START)
    schedule = Schedule(
        chain_hash=beacon.chain_hash,
        start=START,
        slot_seconds=900,
        rounds=[beacon.round_for(START)],
        validators=[(b"val-%d" % number, bytes(32)) for number in range(validators)],
    )
    device = b"\1" + bytes(16)
    assert len(benchmark(lambda: schedule.probes(0, device))) == 3
    a_minute(benchmark, 3)
