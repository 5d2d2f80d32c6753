"""The inputs of an epoch as far as one device needs them.

In: an epoch folder, a device, and the hash of the registry that was settled. Out: :class:`DeviceInputs`. Rule: uptime
proof, sections 3, 5 and 9. Invariant: only events about the device and about validators are folded, and only from a
registry whose content is the one that was settled and so has been checked as a whole; any other is folded in full.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from depinverify import _native, ingest
from depinverify.audit.registry_extract import chained, events_for, head_before, until
from depinverify.exceptions import SettlementError
from depinverify.ingest.inputs import registry_lines
from depinverify.ingest.work import WORK_FILE, read_work, work_sha256
from depinverify.reward import Ledger
from depinverify.reward.publish import MODELS_FILE
from depinverify.settlement import Settlement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.epoch import Epoch

__all__ = ["DeviceInputs", "read_for_device", "state_line"]


class DeviceInputs(NamedTuple):
    """What a device's decisions and score depend on, besides observations.

    Attributes:
        inputs: The epoch; registry and earlier state may hold this device alone.
        hashes: Content hashes of what the epoch folder holds, by their name in the reward file.
    """

    inputs: ingest.Inputs
    hashes: Mapping[str, str | None]


def read_for_device(epoch: Epoch, device: bytes, settled_registry: str | None) -> DeviceInputs:
    """Read registry, beacon, secrets, paid work and earlier state of one device.

    Args:
        epoch: The epoch.
        device: The device's id.
        settled_registry: ``inputs.registry`` of the reward file.

    Raises:
        DepinverifyError: One of them is absent, malformed, or does not fit the epoch.
    """
    snapshot, content = _registry(epoch, device, settled_registry)
    state, models = _states_before(epoch, device)
    work = None if epoch.ruleset.utilisation is None else read_work(epoch.read(WORK_FILE))
    context = ingest.context_of(epoch, snapshot, state)
    previous = ingest.Previous(epoch.previous_sha256, state, Ledger(), models)
    hashes: dict[str, str | None] = {
        "registry": content,
        "beacon": context.beacon_hash.hex(),
        "secrets": context.secrets_hash.hex(),
        "previous": epoch.previous_sha256,
    }
    if work is not None:
        hashes["work"] = work_sha256(work)
        work = {name: one for name, one in work.items() if name == device}
    return DeviceInputs(ingest.Inputs(epoch, snapshot, context, previous, work), hashes)


def _registry(epoch: Epoch, device: bytes, settled: str | None) -> tuple[_native.RegistrySnapshot, str]:
    end_ms = epoch.end * 1000
    lines = until(registry_lines(epoch.registry, before_ms=end_ms), end_ms)
    content = hashlib.sha256(lines).hexdigest()
    # A rank in a map cell is the only thing that needs the other devices.
    if content != settled or epoch.ruleset.max_per_cell:
        snapshot = ingest.read_registry(epoch)
        return snapshot, snapshot.content_hash.hex()
    chain = chained(events_for(lines, device, epoch=epoch.index, before_ms=end_ms))
    snapshot = _native.RegistrySnapshot(
        b"".join(line + b"\n" for line in chain),
        epoch=epoch.index,
        start_ms=epoch.start * 1000,
        end_ms=end_ms,
        authority=list(epoch.authority),
        head=bytes.fromhex(head_before(chain, epoch.start * 1000)),
    )
    return snapshot, content


def _states_before(epoch: Epoch, device: bytes) -> tuple[bytes, bytes]:
    """The device's lines of state and models in the settlement that the epoch names; empty where there is none."""
    if epoch.previous is None:
        return b"", b""
    settlement = Settlement.open(epoch.previous)
    if settlement.manifest_sha256 != epoch.previous_sha256:
        raise SettlementError(
            f"{epoch.previous}: expected a manifest with SHA-256 {epoch.previous_sha256}, "
            f"found {settlement.manifest_sha256}",
            hint="[previous] of epoch.toml names the settlement that was published before this epoch.",
        )
    return _line_before(settlement, "state.jsonl", device), _line_before(settlement, MODELS_FILE, device)


def _line_before(settlement: Settlement, name: str, device: bytes) -> bytes:
    expected = settlement.manifest["results"].get(name)
    if expected is None and name == MODELS_FILE:
        return b""
    path = settlement.folder / name
    try:
        lines = path.read_bytes()
    except OSError as error:
        raise SettlementError(f"{path}: {error.strerror}") from None
    found = hashlib.sha256(lines).hexdigest()
    if found != expected:
        raise SettlementError(f"{path}: expected content {expected}, found {found}")
    line = state_line(lines, device)
    return b"" if line is None else line + b"\n"


def state_line(lines: bytes, device: bytes) -> bytes | None:
    """The line of a device in ``state.jsonl`` or ``models.jsonl``, without its line feed."""
    at = lines.find(f'"device":"{device.hex()}"'.encode())
    if at < 0:
        return None
    begin = lines.rfind(b"\n", 0, at) + 1
    end = lines.find(b"\n", at)
    return lines[begin : end if end >= 0 else len(lines)]
