"""The main job on real signed input: an epoch verified, scored, paid and published; then real Arweave proofs.

Run it with ``make demo``, or ``python examples/demo.py [DEVICES] [HOURS]``. It writes into ``demo-out/``.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import depinverify
from depinverify import networks
from depinverify.catalogue import sentence
from depinverify.cli.output import emit_table
from depinverify.report import write_report
from depinverify.simulate import simulate

HERE = Path(__file__).parent
OUT = Path("demo-out")
MAINNET_PROOFS = HERE.parent / "tests" / "vectors" / "arweave_mainnet.jsonl"


def main(devices: int = 500, hours: int = 24) -> None:
    """Settle a simulated day of a small network, then check storage proofs of a real one."""
    shutil.rmtree(OUT, ignore_errors=True)
    settle_a_day(devices, hours)
    check_storage_proofs()


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


def check_storage_proofs() -> None:
    """Proofs of access that Arweave's mainnet published, and one with a single byte changed."""
    print("== Arweave: real storage proofs of mainnet, and a tampered one, through the same engine")
    arweave = networks.get("arweave")
    lines = MAINNET_PROOFS.read_text("utf-8").splitlines()
    tampered = json.loads(next(line for line in lines if '"chunk"' in line))
    chunk = tampered["chunk"]
    tampered["chunk"] = chunk[:100] + ("A" if chunk[100] != "A" else "B") + chunk[101:]
    tampered["id"] = f"{tampered.get('id', 'proof')} (one byte changed)"
    source = OUT / "arweave.jsonl"
    source.write_text("\n".join([*lines, json.dumps(tampered)]) + "\n", "utf-8")
    verdicts = arweave.verify(source)
    columns = [verdicts[name].to_pylist() for name in ("id", "code", "detail")]
    names = {code.number: code for code in arweave.catalogue}
    emit_table(
        "Storage proofs",
        ("proof", "code", "meaning", "detail"),
        [
            (proof, names[code].name, names[code].sentence, detail)
            for proof, code, detail in zip(*columns, strict=True)
        ],
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
