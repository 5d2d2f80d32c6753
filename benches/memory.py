"""How much memory a process had at most.

What the operating system counts for a child (``ru_maxrss``) begins with the peak of whoever started it.
"""

from __future__ import annotations

from pathlib import Path


def peak_mib() -> float:
    """Peak of this program alone, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
