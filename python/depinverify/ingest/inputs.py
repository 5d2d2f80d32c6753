"""Everything that a run reads beside observations, read once and checked.

In: an :class:`Epoch`. Out: the native context that the checks use, the registry snapshot, the settlement before.
Invariant: nothing else enters verification, scoring or rewards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.ingest.previous import Previous

if TYPE_CHECKING:
    from depinverify.canonical import Json
    from depinverify.epoch import Epoch
    from depinverify.ingest.options import Options

__all__ = ["Inputs", "fingerprint", "read"]


@dataclass(frozen=True)
class Inputs:
    """One epoch, ready to be verified.

    Attributes:
        epoch: Parameters and files.
        snapshot: Devices and validators.
        context: What the checks use.
        previous: State and ledger of the settlement before.
    """

    epoch: Epoch
    snapshot: _native.RegistrySnapshot
    context: _native.EpochContext
    previous: Previous


def read(epoch: Epoch) -> Inputs:
    """Read registry, beacon, secrets and the settlement before.

    Raises:
        DepinverifyError: One of them is absent, malformed, or does not fit the epoch.
    """
    previous = Previous.of(epoch)
    snapshot = _native.RegistrySnapshot(
        registry_lines(epoch.registry),
        epoch=epoch.index,
        start_ms=epoch.start * 1000,
        end_ms=epoch.end * 1000,
        authority=list(epoch.authority),
        head=epoch.registry_head,
    )
    rules = epoch.ruleset
    context = _native.EpochContext(
        {
            **rules.model_dump(),
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
        previous.state,
        pinned=epoch.is_pinned,
        missing_rounds=list(epoch.missing_rounds),
    )
    return Inputs(epoch, snapshot, context, previous)


def registry_lines(registry: str) -> bytes:
    """Event lines from a file, or from a database by URL."""
    if "://" in registry:
        from depinverify.registry import Registry  # noqa: PLC0415 - SQLAlchemy is loaded only when it is used

        with Registry.open(registry) as opened:
            return b"".join(opened.lines())
    try:
        return Path(registry).read_bytes()
    except OSError as error:
        raise InputError(f"{registry}: expected registry events: {error.strerror}") from None


def fingerprint(epoch: Epoch, options: Options) -> dict[str, Json]:
    """What a run's pieces depend on: parameters, names, sizes and times of all files, and the software."""
    files = [*epoch.observation_files(), *epoch.reference_files()]
    named = [(file.name, file.path) for file in files]
    named += [(name + ".jws", path.with_name(path.name + ".jws")) for name, path in named]
    named += [(name, epoch.folder / name) for name in ("epoch.toml", "beacon.jsonl", "validators.jsonl")]
    if "://" not in epoch.registry:
        named.append(("registry", Path(epoch.registry)))
    stats: list[Json] = []
    for name, path in named:
        # Names below the folder, not paths: a run may be continued from another working directory.
        if path.exists():
            stat = path.stat()
            stats.append([name, stat.st_size, stat.st_mtime_ns])
    return {
        "files": stats,
        "params": epoch.params_hash.hex(),
        "registry": epoch.registry_head.hex(),
        "previous": epoch.previous_sha256,
        "allow_unsigned": options.allow_unsigned,
        "limits": [options.row_group_bytes, options.ratio, options.rows],
        "version": _native.__version__,
    }
