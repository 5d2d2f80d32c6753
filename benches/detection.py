"""Precision and recall of every kind of cheat, over simulated epochs of several seeds.

A kind is what the simulator made a device or validator do; it is caught by an indicator, reason or verdict about it.
Precision: of those so accused, the share that did it. Recall: of those that did it, the share accused.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from depinverify import Code, settle
from depinverify.catalogue import check_names
from depinverify.simulate import simulate

if TYPE_CHECKING:
    from depinverify import Settlement


class Sign(NamedTuple):
    """What shows a kind of cheat."""

    kind: str
    words: tuple[str, ...]
    party: str = "device"


SIGNS = (
    Sign("cloned-key", ("KEY_REUSE",)),
    Sign("two-stories", ("EQUIVOCATION",)),
    Sign("fast-counter", ("COUNTER_AHEAD",)),
    Sign("replay", ("REPLAYED",)),
    Sign("borrowed-token", ("DEVICE_MISMATCH",)),
    Sign("wrong-key", ("UNKNOWN_KEY", "BAD_SIGNATURE")),
    Sign("false-location", ("LOCATION_MISMATCH",)),
    # The best two of each cluster are paid, so half of a group of four is not accused.
    Sign("sybil", ("CAPACITY",)),
    # Who contradicts a liar looks as if it favoured the liar's victim.
    Sign("invents-offline", ("FAVOURITISM",), "validator"),
    Sign("invents-offline", ("MINORITY_REPORTER",), "validator"),
    Sign("hides-downtime", ("VALIDATOR_SILENT",), "validator"),
    Sign("hides-downtime", ("UNRELIABLE",), "validator"),
)


def accused(settlement: Settlement) -> dict[str, set[str]]:
    """Devices and validators by each word that accuses them."""
    found: dict[str, set[str]] = {}
    for indicator in settlement.rewards["indicators"]:
        for subject in indicator["subjects"]:
            found.setdefault(indicator["code"], set()).add(subject.partition(":")[2])
    for entry in settlement.rewards["entries"]:
        for reason in entry["reasons"]:
            found.setdefault(reason, set()).add(entry["device"])
    verdicts = settlement.verdicts
    columns = (verdicts[name].to_pylist() for name in ("device", "code", "failed"))
    for device, code, failed in zip(*columns, strict=True):
        if code not in {Code.VALID, Code.NO_ANSWER}:
            # A replay is never the first check that fails.
            for name in {Code(code).name, *check_names(failed)} & {Code(code).name, "REPLAYED"}:
                found.setdefault(name, set()).add(device.hex())
    return found


def honest_proofs(settlement: Settlement, kinds: dict[str, str]) -> int:
    """Honest parties that a finding of severity PROOF is about."""
    proofs = (found for found in settlement.rewards["indicators"] if found["severity"] == "PROOF")
    subjects = {subject.partition(":")[2] for found in proofs for subject in found["subjects"]}
    return sum(kinds[subject] == "honest" for subject in subjects)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--devices", type=int, default=400)
    parser.add_argument("--hours", type=int, default=24)
    asked = parser.parse_args()
    right, told, did = Counter[Sign](), Counter[Sign](), Counter[Sign]()
    honest = proofs = 0
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory(prefix="detection-") as folder:
            made = simulate(
                asked.devices, asked.hours, seed, Path(folder) / "epoch", validators=5,
                validator_behaviours=("no-uplink", "invents-offline", "hides-downtime"),
            )  # fmt: skip
            truth = json.loads((made.path / "truth.json").read_bytes())
            settlement = settle(made.path, Path(folder) / "settlement")
            found = accused(settlement)
            parties = {
                party: {one[party]: one["behaviour"] for one in truth[f"{party}s"]}
                for party in ("device", "validator")
            }
            everybody = parties["device"] | parties["validator"]
            proofs += honest_proofs(settlement, everybody)
            honest += sum(kind == "honest" for kind in everybody.values())
        for sign in SIGNS:
            by = set().union(*(found.get(word, set()) for word in sign.words)) & parties[sign.party].keys()
            of = {one for one, kind in parties[sign.party].items() if kind == sign.kind}
            right[sign] += len(by & of)
            told[sign] += len(by)
            did[sign] += len(of)
    print(f"{'kind':16} {'caught by':28} {'did it':>7} {'accused':>8} {'precision':>10} {'recall':>7}")
    for sign in SIGNS:
        precision = f"{right[sign] / told[sign]:.3f}" if told[sign] else "-"
        recall = f"{right[sign] / did[sign]:.3f}" if did[sign] else "-"
        words = " or ".join(sign.words)
        print(f"{sign.kind:16} {words:28} {did[sign]:7} {told[sign]:8} {precision:>10} {recall:>7}")
    print(f"honest devices and validators: {honest}; with a finding of severity PROOF: {proofs}")


if __name__ == "__main__":
    main()
