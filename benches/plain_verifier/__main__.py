"""``python -m benches.plain_verifier EPOCH``: settle one folder, print root and counts; made for timing
whole processes.
"""

from __future__ import annotations

import argparse
import sys
import time

from .canonical import InputError
from .settle import settle


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.plain_verifier", description=__doc__)
    parser.add_argument("epoch", help="folder with epoch.toml")
    parser.add_argument("--previous", help="folder of the previous settlement")
    parser.add_argument("--out", help="folder for the result files")
    parser.add_argument("--allow-unsigned", action="store_true", help="take files that nobody signed")
    parser.add_argument("--threads", help="ignored: plain Python runs on one")
    options = parser.parse_args()
    started = time.perf_counter()
    try:
        result = settle(options.epoch, options.previous, options.out, options.allow_unsigned)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    seconds = time.perf_counter() - started
    print(f"root {result.root}")
    for name, digest in sorted(result.hashes.items()):
        print(f"{digest}  {name}")
    for name, number in sorted(result.manifest["counts"].items()):
        print(f"{number:>10}  {name}")
    for name, reason in result.quarantined:
        print(f"quarantined {name}: {reason}", file=sys.stderr)
    print(f"{len(result.verdicts)} rows, {seconds:.3f} s", file=sys.stderr)
    return 1 if result.quarantined else 0


if __name__ == "__main__":
    raise SystemExit(main())
