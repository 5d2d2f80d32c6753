"""A simulated fleet: complete epochs with real signatures and known truth (section 7 of the uptime proof)."""

from __future__ import annotations

from depinverify.simulate.behaviours import BEHAVIOURS, Behaviour, Expectation, ValidatorBehaviour
from depinverify.simulate.epoch import Simulated, simulate
from depinverify.simulate.evidence import FORMATS

__all__ = [
    "BEHAVIOURS",
    "FORMATS",
    "Behaviour",
    "Expectation",
    "Simulated",
    "ValidatorBehaviour",
    "simulate",
]
