"""The open uptime proof: epoch folders of signed observations.

In: an epoch folder. Out: its verdict table, one row per distinct observation: ``row_id, validator, device, slot,
sent_ms, code, failed, not_run, outcome, proof_hash, e1, e2, e_bytes``. Rule: uptime proof, section 4. Invariant: the
verdicts are those of ``depinverify settle``.

Example:
    >>> from depinverify.networks import generic
    >>> generic.verify("epoch")["code"]  # doctest: +SKIP
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks import Code, catalogue_of

if TYPE_CHECKING:
    from arro3.core import Table

__all__ = ["network", "verify"]


def verify(source: object, *, threads: int | None = None) -> Table:
    """Give each proof of an epoch its verdict.

    Args:
        source: The epoch folder. Rows without one go through :func:`depinverify.verify`, which says whose epoch they
            belong to.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        The verdict table.

    Raises:
        DepinverifyError: The folder is no epoch, or its parts do not fit each other.
    """
    from depinverify.ingest import Options  # noqa: PLC0415 - heavy
    from depinverify.pipeline import verify_epoch  # noqa: PLC0415 - heavy

    if not isinstance(source, (str, os.PathLike)):
        raise InputError(
            f"source: expected the path of an epoch folder, found {type(source).__name__}",
            hint="depinverify.verify(rows, epoch) takes rows from any Arrow producer",
        )
    with verify_epoch(os.fspath(source), options=Options(threads=threads)) as verdicts:
        return _native.read_table(verdicts.table)


class _Generic:
    """The open uptime proof as one of the networks."""

    name = "generic"
    description = (
        "Uptime proofs that devices sign and validators record: claims, keys, schedule, clocks, places."
    )

    @property
    def catalogue(self) -> tuple[Code, ...]:
        """Every code that a verdict can have."""
        return catalogue_of(self.name)

    def verify(self, source: object, *, threads: int | None = None) -> Table:
        """Give each proof of an epoch its verdict; see :func:`verify`."""
        return verify(source, threads=threads)


#: The network, for the list of networks.
network = _Generic()
