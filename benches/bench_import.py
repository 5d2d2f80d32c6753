"""How long it takes until a command says something: fresh interpreters, the bare interpreter beside them.

The limits are those of a quiet machine: 150 ms for the import, 250 ms for the overview of commands.
"""

import subprocess
import sys

import pytest

PROGRAMS = {
    "bare interpreter": ("-c", "pass"),
    "import depinverify": ("-c", "import depinverify"),
    "depinverify --help": ("-m", "depinverify", "--help"),
    "depinverify settle --help": ("-m", "depinverify", "settle", "--help"),
    "import of all public names": (
        "-c",
        "import depinverify; [getattr(depinverify, name) for name in depinverify.__all__]",
    ),
}


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def bench_start(benchmark, program):
    """One start; the median of fifteen counts."""
    benchmark.group = "start"
    command = [sys.executable, *PROGRAMS[program]]
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "capture_output": True}, rounds=15)
