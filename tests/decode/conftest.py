"""Where the plain verifier lies: another reading of the same pages, which the decoders are compared with."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
