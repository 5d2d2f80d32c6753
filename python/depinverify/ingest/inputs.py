"""Everything that a run reads beside observations, read once and checked.

In: an :class:`Epoch`. Out: the native context that the checks use, the registry snapshot, the settlement before.
Invariant: nothing else enters verification, scoring or rewards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.ingest.previous import Previous
from depinverify.ingest.work import WORK_FILE, read_work
from depinverify.reward import check_adjustments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.canonical import Json
    from depinverify.epoch import Epoch
    from depinverify.ingest.options import Options
    from depinverify.reward.utilisation import Work

__all__ = ["Inputs", "context_of", "fingerprint", "read", "read_registry"]


@dataclass(frozen=True)
class Inputs:
    """One epoch, ready to be verified.

    Attributes:
        epoch: Parameters and files.
        snapshot: Devices and validators.
        context: What the checks use.
        previous: State and ledger of the settlement before.
        work: Paid work of the devices, ``None`` where the ruleset does not ask for it, or nobody else did.
    """

    epoch: Epoch
    snapshot: _native.RegistrySnapshot
    context: _native.EpochContext
    previous: Previous
    work: Mapping[bytes, Work] | None = None


def read(epoch: Epoch, *, with_work: bool = False) -> Inputs:
    """Read registry, beacon, secrets and the settlement before.

    Args:
        epoch: Parameters and files.
        with_work: Read paid work too, where the ruleset asks for it. Only rewards need it, and it is known last.

    Raises:
        DepinverifyError: One of them is absent, malformed, or does not fit the epoch.
    """
    check_adjustments(epoch.adjustments, epoch.index, epoch.authority)
    previous = Previous.of(epoch)
    snapshot = read_registry(epoch)
    work = None
    if with_work and epoch.ruleset.utilisation is not None:
        work = read_work(epoch.read(WORK_FILE), snapshot.devices()["device"].to_pylist())
    return Inputs(epoch, snapshot, context_of(epoch, snapshot, previous.state), previous, work)


def context_of(epoch: Epoch, snapshot: _native.RegistrySnapshot, state: bytes) -> _native.EpochContext:
    """What the checks of an epoch use.

    Args:
        epoch: Parameters, beacon and secrets.
        snapshot: Devices and validators.
        state: ``state.jsonl`` of the settlement before.

    Raises:
        InputError: A file is absent, malformed, or does not fit the epoch.
    """
    return _native.EpochContext(
        {
            **epoch.ruleset.model_dump(),
            "index": epoch.index,
            "start": epoch.start,
            "end": epoch.end,
            "slot_seconds": epoch.slot_seconds,
            "params_hash": epoch.params_hash,
        },
        epoch.chain,
        epoch.read("beacon.jsonl"),
        snapshot,
        epoch.read("validators.jsonl", is_required=False),
        state,
        pinned=epoch.is_pinned,
        missing_rounds=list(epoch.missing_rounds),
    )


def read_registry(epoch: Epoch) -> _native.RegistrySnapshot:
    """Devices and validators as they hold for an epoch.

    Raises:
        DepinverifyError: The registry cannot be read, is invalid, or has another head.
    """
    return _native.RegistrySnapshot(
        registry_lines(epoch.registry, before_ms=epoch.end * 1000),
        epoch=epoch.index,
        start_ms=epoch.start * 1000,
        end_ms=epoch.end * 1000,
        authority=list(epoch.authority),
        head=epoch.registry_head,
    )


def registry_lines(registry: str, *, before_ms: int | None = None) -> bytes:
    """Event lines from a file, or from a database by URL.

    Args:
        registry: Path or URL.
        before_ms: Of a database, only events recorded before this time.
    """
    if _is_url(registry):
        from depinverify.registry import Registry  # noqa: PLC0415 - SQLAlchemy is loaded only when it is used

        with Registry.open(registry) as opened:
            return b"".join(opened.lines(before_ms=before_ms))
    try:
        return Path(registry).read_bytes()
    except OSError as error:
        raise InputError(f"{registry}: expected registry events: {error.strerror}") from None


def _is_url(registry: str) -> bool:
    return "://" in registry


def fingerprint(epoch: Epoch, options: Options) -> dict[str, Json]:
    """What a run's pieces depend on.

    The content of the epoch's own files and the head of the registry up to the epoch's end; names, sizes and times of
    all files of observations, which may be large; limits, and the software.
    """
    files = [(file.name, file.path) for file in (*epoch.observation_files(), *epoch.reference_files())]
    files += [(name + ".jws", path.with_name(path.name + ".jws")) for name, path in files]
    stats: list[Json] = []
    for name, path in files:
        # Names below the folder, not paths: a run may be continued from another working directory.
        if path.exists():
            stat = path.stat()
            stats.append([name, stat.st_size, stat.st_mtime_ns])
    names = ["epoch.toml", "beacon.jsonl", "validators.jsonl"]
    if epoch.ruleset.utilisation is not None:
        names.append(WORK_FILE)
    own: list[Json] = [_sha256(epoch.folder / name) for name in names]
    return {
        "files": stats,
        "epoch": own,
        "registry": _registry_head(epoch),
        "previous": epoch.previous_sha256,
        "allow_unsigned": options.allow_unsigned,
        "limits": [options.row_group_bytes, options.ratio, options.rows],
        "version": _native.__version__,
    }


def _registry_head(epoch: Epoch) -> str | None:
    """What changes whenever an event before the epoch's end does."""
    if not _is_url(epoch.registry):
        return _sha256(Path(epoch.registry))
    from depinverify.registry import Registry  # noqa: PLC0415 - SQLAlchemy is loaded only when it is used

    with Registry.open(epoch.registry) as opened:
        return opened.head(before_ms=epoch.end * 1000)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
