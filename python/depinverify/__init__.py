"""Verifier of proof-of-coverage and uptime proofs for decentralised device networks.

The steps are functions: :func:`settle` runs all of them over an epoch folder, :func:`verify_epoch`,
:func:`score_epoch` and :func:`reward_epoch` run the first ones, :func:`verify` takes rows from any Arrow producer.
Names are imported when they are used, so that ``import depinverify`` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from depinverify._native import __opt_level__, __version__

if __opt_level__ == "0":
    import warnings

    warnings.warn(
        "depinverify's extension was compiled without optimisation and is many times slower than a release build",
        RuntimeWarning,
        stacklevel=2,
    )

if TYPE_CHECKING:
    from depinverify.audit.explain import explain
    from depinverify.catalogue import CATALOGUE, Code, Outcome, State
    from depinverify.epoch import Epoch
    from depinverify.exceptions import DepinverifyError
    from depinverify.ingest import Options
    from depinverify.pipeline import reward_epoch, schedule, score_epoch, settle, verify, verify_epoch
    from depinverify.registry import Registry
    from depinverify.settlement import Settlement

__all__ = [
    "CATALOGUE",
    "Code",
    "DepinverifyError",
    "Epoch",
    "Options",
    "Outcome",
    "Registry",
    "Settlement",
    "State",
    "__version__",
    "explain",
    "reward_epoch",
    "schedule",
    "score_epoch",
    "settle",
    "verify",
    "verify_epoch",
]

_MODULES = {
    "CATALOGUE": "catalogue",
    "Code": "catalogue",
    "DepinverifyError": "exceptions",
    "Epoch": "epoch",
    "Options": "ingest",
    "Outcome": "catalogue",
    "Registry": "registry",
    "Settlement": "settlement",
    "State": "catalogue",
    "explain": "audit.explain",
    "reward_epoch": "pipeline",
    "schedule": "pipeline",
    "score_epoch": "pipeline",
    "settle": "pipeline",
    "verify": "pipeline",
    "verify_epoch": "pipeline",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
