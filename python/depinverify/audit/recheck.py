"""Check a bundle of evidence with nothing else at hand.

In: a bundle. Out: statements: what agrees, what does not, and what one device cannot show. Rule: scoring specification,
sections 11 and 12; uptime proof, section 4. Invariant: verdicts, decisions, score and weight are made again from the
rows; nothing that the bundle says about them is believed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify import _native, ingest
from depinverify.audit.bundle import read_bundle
from depinverify.audit.dispute import verdict_rows
from depinverify.audit.model import differences, model_of
from depinverify.audit.published import SCORE_COLUMNS, published_of
from depinverify.audit.registry_extract import links_of
from depinverify.audit.slots import read_slots
from depinverify.audit.unpack import unpack_epoch
from depinverify.audit.weight import weight_differences
from depinverify.canonical import canonical_sha256
from depinverify.epoch import Epoch
from depinverify.exceptions import DepinverifyError, InputError
from depinverify.payee import payee_from_text
from depinverify.pipeline import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arro3.core import Table

    from depinverify.ingest import Inputs

__all__ = ["Recheck", "Statement", "check_bundle", "read_dispute"]

#: What no bundle of one device can show, by what it would take.
_BEYOND: Final = (
    (
        "exclusions",
        "whether the rules of section 3 hold for each line of the log needs all rows of its slots",
    ),
    ("indicators", "findings that compare devices or validators need the rows of all of them"),
    ("amount", "the division of the pool and the cost of each multiplier need every entry of rewards.json"),
    ("capacity", "who earns in a cluster or cell needs the scores and addresses of all its devices"),
    ("further models", "what a ruleset's models beside windowed availability say is taken from the entry"),
    ("registry", "that no event about the device is missing needs the whole chain up to its published head"),
    ("paid work", "whether the settled work.jsonl has this line about the device needs all of it"),
    (
        "signatures of files",
        "validators sign whole files of observations; `sources` names them and their hashes",
    ),
)
_SHOWN_ROWS: Final = 5
_HASH_BYTES: Final = 32


class Statement(NamedTuple):
    """One thing that was looked at.

    Attributes:
        subject: What.
        agrees: Whether it agrees; ``None`` where the bundle cannot show it.
        text: The finding.
    """

    subject: str
    agrees: bool | None
    text: str


@dataclass(frozen=True)
class Recheck:
    """What a third party finds in a bundle.

    Attributes:
        device: The device's id.
        about: The bundle's manifest.
        statements: What was looked at, in order.
    """

    device: bytes
    about: Mapping[str, Any]
    statements: Sequence[Statement]

    @property
    def agrees(self) -> bool:
        """Whether nothing disagrees."""
        return all(one.agrees is not False for one in self.statements)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "device": self.device.hex(),
            "agrees": self.agrees,
            "manifest_sha256": self.about["manifest_sha256"],
            "sources": self.about["sources"],
            "statements": [one._asdict() for one in self.statements],
        }


def read_dispute(path: str | Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of a bundle and its manifest.

    Raises:
        InputError: The file is no bundle, or lacks a file of one.
    """
    path = Path(path)
    files, about = read_bundle(path)
    names = ("rewards.json", "manifest.json", "score.json", "state.jsonl", "claim.json", "verdicts.jsonl")
    missing = [name for name in names if f"settlement/{name}" not in files]
    if missing:
        raise InputError(f"{path}: expected settlement/{missing[0]}, found none")
    try:
        bytes.fromhex(about["device"])
        is_one = (
            isinstance(about["manifest_sha256"], str)
            and isinstance(about["caveats"], dict)
            and all(isinstance(source, dict) for source in about["sources"])
        )
    except (KeyError, TypeError, ValueError):
        is_one = False
    if not is_one:
        raise InputError(f"{path}: bundle.json: expected device, caveats, sources, manifest_sha256")
    return files, about


def check_bundle(path: str | Path, *, unpack: str | Path | None = None) -> Recheck:
    """Judge the evidence of a bundle again.

    Args:
        path: The bundle.
        unpack: Folder in which to leave the epoch folder of the bundle, for other commands.

    Raises:
        InputError: The file is no bundle, or the folder cannot be written.
    """
    files, about = read_dispute(path)
    device = bytes.fromhex(about["device"])
    with tempfile.TemporaryDirectory(prefix="depinverify-") as temporary:
        folder = Path(temporary) / "epoch" if unpack is None else Path(unpack)
        unpack_epoch(files, folder)
        try:
            inputs = ingest.read(Epoch.open(folder), with_work=True)
            rejudged = verify(_native.read_observations(folder / "observations" / "device.jsonl"), folder)
        except DepinverifyError as error:
            statement = Statement("epoch", False, f"the parts of the epoch do not fit each other: {error}")
            return Recheck(device, about, (statement,))
    try:
        bundle = _Bundle(files, about, device, inputs, rejudged)
        statements = tuple(bundle.statements())
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: expected a bundle of `depinverify dispute make`; {error!r}") from None
    return Recheck(device, about, statements)


class _Bundle:
    """A bundle whose epoch stands, and the verdicts that follow from its rows."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        about: Mapping[str, Any],
        device: bytes,
        inputs: Inputs,
        rejudged: Table,
    ) -> None:
        self.files, self.about = files, about
        self.inputs, self.rejudged = inputs, rejudged
        self.rewards = json.loads(files["settlement/rewards.json"])
        self.manifest = json.loads(files["settlement/manifest.json"])
        score = json.loads(files["settlement/score.json"])
        self.published = published_of(
            device,
            self.rewards,
            inputs,
            where="settlement/rewards.json",
            score={name: int(score[name]) for name in SCORE_COLUMNS},
            after=files["settlement/state.jsonl"],
            verdicts=rejudged,
            caveats=about["caveats"],
            models=files.get("settlement/models.jsonl", b""),
        )

    def statements(self) -> Iterator[Statement]:
        """Everything that was looked at."""
        yield from self._inputs()
        yield self._registry()
        yield self._verdicts()
        yield from self._decisions()
        yield self._claim()
        has_work = self.inputs.work is not None
        yield from (
            Statement(subject, None, text) for subject, text in _BEYOND if has_work or subject != "paid work"
        )

    def _inputs(self) -> Iterator[Statement]:
        epoch, context = self.inputs.epoch, self.inputs.context
        digest = hashlib.sha256(self.files["settlement/manifest.json"]).hexdigest()
        yield _equal("manifest", self.about["manifest_sha256"], digest)
        yield _equal("inputs of manifest and reward file", self.manifest["inputs"], self.rewards["inputs"])
        yield _equal("parameters", self.rewards["params_hash"], epoch.params_hash.hex())
        yield _equal("parameters by the manifest", self.manifest["params_hash"], epoch.params_hash.hex())
        inputs = self.rewards["inputs"]
        yield _equal("beacon", inputs["beacon"], context.beacon_hash.hex())
        yield _equal("secrets", inputs["secrets"], context.secrets_hash.hex())
        yield _equal(
            "exclusion log", inputs["exclusions"], canonical_sha256(self.rewards["exclusions"]).hex()
        )

    def _registry(self) -> Statement:
        links = links_of([line for line in self.files["registry.jsonl"].split(b"\n") if line])
        if links.broken:
            return Statement(
                "events", False, f"event {links.broken[0]} does not hold the hash of the one before"
            )
        text = f"every event is signed by whom the rules name; {links.kept} neighbours hold each other's hash"
        return Statement("events", True, text)

    def _verdicts(self) -> Statement:
        published = [
            json.loads(line) for line in self.files["settlement/verdicts.jsonl"].split(b"\n") if line
        ]
        before = {row["row_id"]: row for row in published}
        again = {row["row_id"]: row for row in verdict_rows(self.rejudged)}
        differing = sorted(key for key in before.keys() | again.keys() if before.get(key) != again.get(key))
        if not differing and len(before) == len(published):
            return Statement(
                "verdicts", True, f"{len(again)} rows judged again, all with the published verdict"
            )
        shown = "; ".join(_row_text(key, before.get(key), again.get(key)) for key in differing[:_SHOWN_ROWS])
        return Statement("verdicts", False, f"{len(differing)} rows differ: {shown}")

    def _decisions(self) -> Iterator[Statement]:
        published = self.published
        slots = read_slots(published)
        model = model_of(published, slots, (slot.decision for slot in slots))
        found = differences(model, published)
        text = f"{model.up} up and {model.down} down of {model.scheduled} slots, score {model.availability.score_e12}"
        yield Statement("decisions and score", not found, "; ".join(found) or text)
        found = weight_differences(model, published)
        yield Statement(
            "multipliers and weight", not found, "; ".join(found) or f"weight {published.entry.weight}"
        )

    def _claim(self) -> Statement:
        claim, line = json.loads(self.files["settlement/claim.json"]), self.published.payee
        root = self.rewards["merkle"]["root"]
        if claim is None:
            has_none = line is None or line.cumulative == 0
            text = "the payee has nothing to claim" if has_none else "expected a proof of the payee's amount"
            return Statement("claim", has_none, text)
        expected = (root, self.published.entry.payee, None if line is None else str(line.cumulative))
        if (claim["root"], claim["payee"], claim["amount"]) != expected:
            return Statement("claim", False, "root, payee or amount are not those of the reward file")
        holds = _native.verify_claim(
            _node(claim["root"]),
            payee_from_text(claim["payee"]),
            int(claim["amount"]),
            [_node(node) for node in claim["proof"]],
        )
        verb = "leads" if holds else "does NOT lead"
        text = f"the proof of {claim['amount']} for {claim['payee']} {verb} to the root {root}"
        return Statement("claim", holds, text)


def _equal(subject: str, published: object, found: object) -> Statement:
    if published == found:
        return Statement(subject, True, str(found) if isinstance(found, str) else "equal")
    return Statement(subject, False, f"published {published}, found {found}")


def _row_text(row_id: str, published: Mapping[str, Any] | None, again: Mapping[str, Any] | None) -> str:
    if published is None:
        return f"{row_id} has no published verdict"
    if again is None:
        return f"{row_id} has a verdict, and its observation is missing"
    names = [name for name in again if published.get(name) != again[name]]
    return f"{row_id}: " + ", ".join(f"{n} published {published.get(n)}, now {again[n]}" for n in names)


def _node(text: str) -> bytes:
    node = bytes.fromhex(text.removeprefix("0x"))
    if len(node) != _HASH_BYTES:
        raise ValueError(f"expected {_HASH_BYTES} bytes, found {len(node)}")
    return node
