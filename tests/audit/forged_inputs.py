"""Forged inputs of an epoch, one function each, with what an audit of the honest settlement finds: exactly that.

In: a copy of an epoch folder and its makers, whose keys are at hand where a forger has them. Out: the copy, bent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chained_epochs import adjustment

from depinverify._native import event_hash
from depinverify.canonical import canonical_json
from epoch_folders import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chained_epochs import Chained
    from device_cases import Chapter

__all__ = ["FORGERIES", "Forgery", "back_date_an_event"]


@dataclass(frozen=True)
class Forgery:
    """A forged input, and what is found first, as code and subject; ``is_all`` where nothing else is found."""

    forge: Callable[[Path, Any], object]
    world: str
    begins: tuple[tuple[str, str], ...]
    is_all: bool


FORGERIES: dict[str, Forgery] = {}
VALIDATOR = f"validator:{b'val-1'.hex()}"
FILE = "file:observations/val-1-00000.parquet"


def forgery(
    *begins: tuple[str, str], is_all: bool = False, world: str = "simulated"
) -> Callable[[Callable[[Path, Any], object]], Callable[[Path, Any], object]]:
    """Name what an audit finds first, about what, in order."""

    def keep(forge: Callable[[Path, Any], object]) -> Callable[[Path, Any], object]:
        FORGERIES[forge.__name__] = Forgery(forge, world, begins, is_all)
        return forge

    return keep


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    """The lines, canonical."""
    path.write_bytes(b"".join(canonical_json(line) + b"\n" for line in lines))


def back_date_an_event(epoch: Path) -> None:
    """A key that was rotated in the middle of the epoch was rotated before it: chain and head follow."""
    path = epoch / "registry.jsonl"
    events = lines_of(path)
    text = (epoch / "epoch.toml").read_text()
    start_ms = 1000 * int(text.split("start = ")[1].split()[0])
    at = next(number for number, event in enumerate(events) if event["type"] == "rotate")
    events[at] |= {"recorded_ms": start_ms - 1, "effective_ms": start_ms - 1}
    head = old_head = text.split('head = "')[1][:64]
    before = "0" * 64
    for event in events:
        event["prev_hash"] = before
        before = event_hash(canonical_json(event)).hex()
        if event["recorded_ms"] < start_ms:
            head = before
    write_lines(path, events)
    (epoch / "epoch.toml").write_text(text.replace(old_head, head))


@forgery(("REGISTRY_HEAD_DIFFERS", "registry head"), ("INPUT_DIFFERS", "input:registry"))
def a_registry_event_that_was_back_dated(epoch: Path, _chapter: Chapter) -> None:
    back_date_an_event(epoch)


@forgery(("EPOCH_REFUSED", "input:registry"), is_all=True)
def a_registry_without_an_event(epoch: Path, _chapter: Chapter) -> None:
    path = epoch / "registry.jsonl"
    write_lines(path, lines_of(path)[:-7] + lines_of(path)[-6:])


@forgery(("EPOCH_REFUSED", "input:beacon"), is_all=True)
def a_beacon_round_that_was_replaced(epoch: Path, _chapter: Chapter) -> None:
    """Another round's signature is no signature of this round."""
    path = epoch / "beacon.jsonl"
    rounds = lines_of(path)
    rounds[3] = rounds[4] | {"round": rounds[3]["round"]}
    write_lines(path, rounds)


@forgery(("INPUT_DIFFERS", "input:secrets"), ("SILENCE_DIFFERS", VALIDATOR))
def a_secret_that_was_replaced(epoch: Path, _chapter: Chapter) -> None:
    """It does not fit its commitment, so the validator's rows count for nobody."""
    path = epoch / "validators.jsonl"
    secrets = lines_of(path)
    secrets[1]["secret"] = "ab" * 32
    write_lines(path, secrets)


@forgery(
    ("INPUT_DIFFERS", "input:observations"),
    ("INPUT_DIFFERS", "input:annotations"),
    ("FILE_QUARANTINED", FILE),
    ("SILENCE_DIFFERS", VALIDATOR),
)
def a_file_without_its_signature(epoch: Path, _chapter: Chapter) -> None:
    next((epoch / "observations").glob("*val-1*.jws")).unlink()


@forgery(
    ("INPUT_DIFFERS", "input:observations"),
    ("INPUT_DIFFERS", "input:annotations"),
    ("FILE_QUARANTINED", FILE),
    ("SILENCE_DIFFERS", VALIDATOR),
)
def a_file_with_another_signature(epoch: Path, _chapter: Chapter) -> None:
    one, other = sorted((epoch / "observations").glob("*.jws"))[:2]
    other.write_bytes(one.read_bytes())


@forgery(
    ("INPUT_DIFFERS", "input:observations"),
    ("INPUT_DIFFERS", "input:annotations"),
    ("EVIDENCE_FILE_DIFFERS", FILE),
    ("SILENCE_DIFFERS", VALIDATOR),
    ("VERDICT_DIFFERS", "device:0178c9079335804401dddbd7801b9dddd9"),
    is_all=True,
)
def an_observation_that_was_dropped(epoch: Path, chapter: Chapter) -> None:
    """The validator itself signs the file again, without one good answer."""
    validator = b"val-1"
    rows = rows_of(epoch)[validator]
    path = next(path for path in (epoch / "observations").glob("*val-1*.parquet"))
    chapter.world.write(path, validator, [row for number, row in enumerate(rows) if number != 5])


@forgery(
    ("INPUT_DIFFERS", "input:references"),
    ("EVIDENCE_FILE_DIFFERS", "file:reference/val-0.jsonl"),
    ("EXCLUSION_DIFFERS", f"validator:{b'val-0'.hex()}"),
    is_all=True,
)
def reference_probes_that_went_well(epoch: Path, chapter: Chapter) -> None:
    """The validator without uplink says that its references answered."""
    path = epoch / "reference" / "val-0.jsonl"
    write_lines(path, [line | {"ok": line["total"]} for line in lines_of(path)])
    chapter.world.sign(path, b"val-0")


@forgery(("PARAMETER_DIFFERS", "parameter:min_payout"), world="chained")
def a_ruleset_that_was_changed(epoch: Path, _chained: Chained) -> None:
    """Its hash is in every draw, so the whole schedule is another."""
    text = (epoch / "epoch.toml").read_text()
    (epoch / "epoch.toml").write_text(text.replace('min_payout = "300"', 'min_payout = "200"'))


@forgery(("ADJUSTMENT_REFUSED", "adjustments"), is_all=True, world="chained")
def an_adjustment_of_another_amount(epoch: Path, chained: Chained) -> None:
    """The authority signed 7."""
    text = (epoch / "epoch.toml").read_text()
    honest = text[text.index("[[adjustment]]") :]
    (epoch / "epoch.toml").write_text(
        text.replace(honest, adjustment(chained.maker, amount="700", signed_amount="7") + "\n")
    )


@forgery(("EPOCH_REFUSED", "input:previous"), is_all=True, world="chained")
def a_settlement_before_that_was_changed(epoch: Path, _chained: Chained) -> None:
    path = epoch.parent / "before" / "ledger.json"
    path.write_bytes(path.read_bytes().replace(b'"cumulative":"0"', b'"cumulative":"9"', 1))
