"""Filecoin: proofs of possession and of spacetime, retrieval checks, beacon rounds and signatures.

In: records of evidence, one JSON object a line or one row of an Arrow table. Out: one verdict per record, in the
columns ``record, id, kind, code, failed, not_run, outcome, subject, epoch, is_proved, in_time, detail``.
Rule: Filecoin, A to F. Invariant: seeds, challenges and public inputs are derived here; what a record states of them is
only compared. ``is_proved`` says whether the mathematics of a proof hold, ``in_time`` whether it came in its window: a
late proof can be right.

A record's member ``kind`` says what it is:

=================  ========================================================================================
``possession``     ``set_id, pieces, challenge_epoch, block, leaves, paths``; ``seed`` or a round or both; and
                   optionally ``range, leaves_at_start, sender`` and ``provider``, ``opens`` and ``deadline``,
                   ``challenged_pieces`` and ``challenged_offsets``
``round``          ``round, signature``; optionally ``beacon, previous_signature, randomness, challenge_epoch, seen_at``
``window_post``    ``proof_type, sectors, comm_rs, proof``; ``randomness``, or ``miner, challenge_epoch`` and a
                   round; optionally ``partition, key``
``groth16``        ``inputs, proof``; optionally ``key``
``vanilla_post``   ``proof_type, sector, comm_r, proof``; randomness as above; optionally ``partition``
``signature``      ``signer, message, signature``
=================  ========================================================================================

A round is ``round, signature`` and, where it is chained, ``previous_signature``; which round an epoch has is the main
network's rule. Byte members are hex in JSON and binary in columns; ``pieces`` are version 2 identifiers in the order of
their ids, null where one was removed; a path is its nodes, joined from the leaf's sibling up.

Example:
    >>> from depinverify.networks import filecoin
    >>> filecoin.verify("proofs.jsonl")["code"]  # doctest: +SKIP
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify._native import FilecoinVerifier as Verifier
from depinverify.exceptions import InputError
from depinverify.networks import Code, catalogue_of
from depinverify.networks.evidence_file import EvidenceReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from arro3.core import Table

    from depinverify.check import Explanation
    from depinverify.networks.filecoin.audit import FilecoinAudit
    from depinverify.networks.filecoin.result_folder import FilecoinSettlement

__all__ = ["LONGEST_RECORD", "Verifier", "evidence_reader", "network", "verify"]

#: Bytes of the longest JSON line that is read: one proof of a data set of some 250,000 pieces.
LONGEST_RECORD: Final = 16 << 20


def verify(source: object, *, keys: Sequence[Verifier] = (), threads: int | None = None) -> Table:
    """Give each record of evidence its verdict.

    Args:
        source: Path of a ``.jsonl``, ``.jsonl.gz`` or ``.parquet`` file, or anything that hands over Arrow record
            batches. A line has at most :data:`LONGEST_RECORD` bytes; a longer record can be a row of a table.
        keys: Verification keys for window, winning and other Groth16 proofs; a proof whose key is not among them is
            ``NOT_CHECKED``.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        One row per record, in the order of the records. ``record`` is the line of a JSON file, from 1, or the row
        of a table, from 0.

    Raises:
        InputError: The file cannot be read or is of another kind, or a column has another type.
    """
    return evidence_reader(keys=keys, threads=threads).verify(source)


def evidence_reader(*, keys: Sequence[Verifier] = (), threads: int | None = None) -> EvidenceReader:
    """How :func:`verify` judges records, for a caller that takes the verdicts batch by batch."""
    known = list(keys)
    return EvidenceReader(
        lambda lines, first: _native.filecoin_verify_lines(lines, first, keys=known, threads=threads),
        lambda batch, first: _native.filecoin_verify_batch(batch, first, keys=known, threads=threads),
        LONGEST_RECORD,
    )


class _Filecoin:
    """Filecoin as one of the networks."""

    name = "filecoin"
    description = "Possession and window proofs, retrieval checks, beacon rounds and signatures of Filecoin."

    @property
    def catalogue(self) -> tuple[Code, ...]:
        """Every code that a verdict can have."""
        return catalogue_of(self.name)

    def verify(self, source: object, *, threads: int | None = None) -> Table:
        """Give each record of evidence its verdict, without verification keys; see :func:`verify`."""
        return verify(source, threads=threads)

    def with_keys(self, keys: Sequence[Path], pins: Sequence[bytes]) -> Callable[..., Table]:
        """``verify`` with verification keys from files: the network's own, or those with these check values."""
        return partial(verify, keys=[_key(path, pins) for path in keys])

    def explain(self, record: bytes, keys: Sequence[Path], pins: Sequence[bytes]) -> Explanation:
        """Every check of a record, and every value derived on the way."""
        from depinverify.networks.filecoin.explain import explain  # noqa: PLC0415 - which imports this module

        return explain(record, keys=[_key(path, pins) for path in keys])

    def settle(
        self,
        source: str | Path,
        out: str | Path,
        *,
        keys: Sequence[Path] = (),
        pins: Sequence[bytes] = (),
        threads: int | None = None,
        progress: Callable[[str, int], None] | None = None,
    ) -> FilecoinSettlement:
        """Settle a folder of evidence; see :func:`depinverify.networks.filecoin.settle.settle`."""
        from depinverify.networks.filecoin.settle import settle  # noqa: PLC0415 - which imports this module

        found = [_key(path, pins) for path in keys]
        return settle(source, out, keys=found, threads=threads, progress=progress)

    def audit(
        self,
        settlement: str | Path,
        evidence: str | Path | None = None,
        *,
        keys: Sequence[Path] = (),
        pins: Sequence[bytes] = (),
        threads: int | None = None,
        progress: Callable[[str, int], None] | None = None,
    ) -> FilecoinAudit:
        """Hold a settlement against itself, and against its evidence."""
        from depinverify.networks.filecoin.audit import audit  # noqa: PLC0415 - which imports this module

        found = [_key(path, pins) for path in keys]
        return audit(settlement, evidence, keys=found, threads=threads, progress=progress)

    def report(self, settlement: str | Path, path: str | Path) -> tuple[str, ...]:
        """Write a settlement as one HTML file."""
        from depinverify.networks.filecoin.page import write_page  # noqa: PLC0415 - which imports this module

        return write_page(settlement, path)


def _key(path: Path, pins: Sequence[bytes]) -> Verifier:
    if pins and (found := _native.filecoin_key_check_value(path.read_bytes())) in pins:
        return Verifier.from_file(path, trust=found)
    try:
        return Verifier.from_file(path)
    except InputError as error:
        raise InputError(
            str(error),
            hint="A key that the network does not publish is taken where `--pin` names its check value; whoever "
            "brings the key decides which proofs are good.",
        ) from None


#: The network, for the list of networks.
network = _Filecoin()
