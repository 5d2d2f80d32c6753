"""The main job on real signed input: an epoch verified, scored, paid and published; then real proofs of other networks.

Run it with ``make demo``, or ``python examples/demo.py [DEVICES] [HOURS]``. It writes into ``demo-out/``.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import depinverify
from depinverify.catalogue import sentence
from depinverify.cli.output import emit_table
from depinverify.networks import arweave, filecoin
from depinverify.report import write_report
from depinverify.simulate import simulate

if TYPE_CHECKING:
    from arro3.core import Table

    from depinverify.networks import Network

HERE = Path(__file__).parent
OUT = Path("demo-out")
VECTORS = HERE.parent / "tests" / "vectors"
ARWEAVE = VECTORS / "arweave_mainnet.jsonl"
FILECOIN = VECTORS / "filecoin.jsonl"
#: The key that the network published in 2020 for proofs of block winners with sectors of 32 GiB, and its check value.
WINNING_KEY = VECTORS / "filecoin_winning_32gib_v27.vk"
WINNING_CHECK = bytes.fromhex("2306247a1e616dbe07f01b88196c2044")


def main(devices: int = 500, hours: int = 24) -> None:
    """Settle a simulated day of a small network, then check proofs of real ones."""
    shutil.rmtree(OUT, ignore_errors=True)
    settle_a_day(devices, hours)
    check_arweave()
    check_filecoin()


def settle_a_day(devices: int, hours: int) -> None:
    """Evidence in, Merkle root out."""
    print(f"== {devices} devices sign {hours} hours of uptime proofs; three validators record them")
    started = time.perf_counter()
    made = simulate(devices, hours, 1, OUT / "epoch", processes=os.cpu_count() or 1)
    print(f"   {made.rows:,} observations in {made.path} ({time.perf_counter() - started:.0f} s)\n")

    print("== settle: every proof verified, every device scored, the pool divided, one root")
    started = time.perf_counter()
    settlement = depinverify.settle(OUT / "epoch", OUT / "settlement")
    print(f"   {sum(settlement.counts.values()):,} rows in {time.perf_counter() - started:.1f} s\n")
    counts = sorted(settlement.counts.items(), key=lambda item: -item[1])
    emit_table(
        "Verdicts", ("code", "rows", "meaning"), [(code, rows, sentence(code)) for code, rows in counts]
    )

    rewards = settlement.rewards
    worst = sorted(
        rewards["entries"], key=lambda entry: (int(entry["amount"]), entry["score_e12"], entry["device"])
    )
    emit_table(
        "The ten devices that earn least, and why",
        ("device", "score %", "amount", "reasons"),
        [
            (e["device"], f"{e['score_e12'] / 1e10:.2f}", e["amount"], ", ".join(e["reasons"]) or "-")
            for e in worst[:10]
        ],
    )
    proofs = [found for found in rewards["indicators"] if found["severity"] == "PROOF"]
    emit_table(
        "Contradictions that need no trust",
        ("finding", "subjects", "rows"),
        [(found["code"], ", ".join(found["subjects"]), found["numbers"]["rows"]) for found in proofs],
    )
    terms = (
        "pool",
        "carried_in",
        "missed_pools",
        "adjustments",
        "allocated",
        "paid",
        "carried_delta",
        "sink",
        "burned",
    )
    emit_table(
        "Where every unit of the pool went",
        ("term", "amount"),
        [(term, rewards[term]) for term in (*terms, "withheld", "remainder")],
    )
    print(f"   {len(rewards['payees'])} payees; Merkle root {settlement.root}\n")
    page = OUT / "report.html"
    write_report(settlement, page, OUT / "epoch")
    print(f"   All of it as a page to look at: {page}; and why a device earned what it earned:")
    print(f"   depinverify explain {worst[0]['device']} {OUT}/settlement --epoch {OUT}/epoch\n")


def check_arweave() -> None:
    """Proofs of access that Arweave's mainnet published, and one with a single byte changed."""
    print("== Arweave: real storage proofs of mainnet, and a tampered one, through the same engine")
    lines = ARWEAVE.read_text("utf-8").splitlines()
    tampered = json.loads(next(line for line in lines if '"chunk"' in line))
    tampered["chunk"] = flipped(tampered["chunk"], 100)
    source = with_tampered(lines, tampered, "arweave.jsonl")
    show_verdicts(arweave.network, arweave.verify(source))


def check_filecoin() -> None:
    """Proofs that Filecoin's contracts, beacons and nodes published, and one with a single digit changed."""
    print("== Filecoin: proofs of possession and of spacetime, beacon rounds and signatures")
    lines = FILECOIN.read_text("utf-8").splitlines()
    tampered = json.loads(next(line for line in lines if '"real_data_pieces_5_challenges"' in line))
    tampered["paths"][2] = flipped(tampered["paths"][2], 100)
    source = with_tampered(lines, tampered, "filecoin.jsonl")
    key = filecoin.Verifier.from_file(WINNING_KEY, trust=WINNING_CHECK)
    show_verdicts(filecoin.network, filecoin.verify(source, keys=[key]))


def flipped(text: str, place: int) -> str:
    """A text of bytes with another character at a place."""
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]


def with_tampered(lines: list[str], tampered: dict[str, Any], name: str) -> Path:
    """A file of the records and the tampered one."""
    tampered["id"] = f"{tampered.get('id', 'proof')} (one byte changed)"
    source = OUT / name
    source.write_text("\n".join([*lines, json.dumps(tampered)]) + "\n", "utf-8")
    return source


def show_verdicts(network: Network, verdicts: Table) -> None:
    """The verdict of each record, with what it means."""
    columns = [verdicts[name].to_pylist() for name in ("id", "code", "detail")]
    names = {code.number: code for code in network.catalogue}
    emit_table(
        f"Proofs of {network.name}",
        ("proof", "code", "meaning", "detail"),
        [
            (proof, names[code].name, names[code].sentence, detail)
            for proof, code, detail in zip(*columns, strict=True)
        ],
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
