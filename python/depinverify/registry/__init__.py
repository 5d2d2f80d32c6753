"""The registry of devices and validators: signed events in a chain, kept in SQLite or PostgreSQL.

Reading order: ``events`` builds and signs, ``members`` and ``rules`` say what is taken, ``store`` keeps it,
``imports`` and ``exports`` move it in bulk. Names are imported when they are used, so that ``import
depinverify`` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depinverify.registry.certificates import CertificatePolicy
    from depinverify.registry.chain import Appended
    from depinverify.registry.imports import ImportRefusedError, ImportReport, import_devices
    from depinverify.registry.keys import PublicKey, Scheme, Signer, generate_private_key, read_private_key
    from depinverify.registry.lines import event_hash, event_message
    from depinverify.registry.store import DEFAULT_URL, Registry

__all__ = [
    "DEFAULT_URL",
    "Appended",
    "CertificatePolicy",
    "ImportRefusedError",
    "ImportReport",
    "PublicKey",
    "Registry",
    "Scheme",
    "Signer",
    "event_hash",
    "event_message",
    "generate_private_key",
    "import_devices",
    "read_private_key",
]

_MODULES = {
    "DEFAULT_URL": "store",
    "Appended": "chain",
    "CertificatePolicy": "certificates",
    "ImportRefusedError": "imports",
    "ImportReport": "imports",
    "PublicKey": "keys",
    "Registry": "store",
    "Scheme": "keys",
    "Signer": "keys",
    "event_hash": "lines",
    "event_message": "lines",
    "generate_private_key": "keys",
    "import_devices": "imports",
    "read_private_key": "keys",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
