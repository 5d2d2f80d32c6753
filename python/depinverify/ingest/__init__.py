"""Everything that enters a run: options, the epoch's files, the registry, the settlement before."""

from __future__ import annotations

from depinverify.ingest.inputs import Inputs, context_of, fingerprint, read, read_registry
from depinverify.ingest.options import Options
from depinverify.ingest.previous import Previous
from depinverify.ingest.quarantine import refuse_quarantined

__all__ = [
    "Inputs",
    "Options",
    "Previous",
    "context_of",
    "fingerprint",
    "read",
    "read_registry",
    "refuse_quarantined",
]
