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
    from depinverify.registry.keys import PublicKey, Scheme, Signer, generate_private_key, read_private_key
    from depinverify.registry.lines import event_hash, event_message
    from depinverify.registry.store import DEFAULT_URL, Appended, Registry

__all__ = [
    "DEFAULT_URL",
    "Appended",
    "CertificatePolicy",
    "PublicKey",
    "Registry",
    "Scheme",
    "Signer",
    "event_hash",
    "event_message",
    "generate_private_key",
    "read_private_key",
]

_MODULES = {
    "DEFAULT_URL": "store",
    "Appended": "store",
    "CertificatePolicy": "certificates",
    "PublicKey": "keys",
    "Registry": "store",
    "Scheme": "keys",
    "Signer": "keys",
    "event_hash": "lines",
    "event_message": "lines",
    "generate_private_key": "keys",
    "read_private_key": "keys",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
