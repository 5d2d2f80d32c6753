"""Verdicts for rows of an Arrow table: ``python examples/verify_table.py [EPOCH]``.

The table may come from any Arrow library. Here it is read with pyarrow, one proof is spoiled, and the same rows are
verified again.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import depinverify
from depinverify.simulate import simulate


def main(epoch: Path) -> None:
    """Count verdicts by name before and after one bit was flipped in one proof."""
    rows = pa.concat_tables(
        pq.read_table(file) for file in sorted((epoch / "observations").glob("*.parquet"))
    )
    print(names(rows, epoch))
    proofs = rows["proof"].to_pylist()
    first = next(position for position, proof in enumerate(proofs) if proof is not None)
    proofs[first] = proofs[first][:-1] + bytes([proofs[first][-1] ^ 1])
    spoiled = rows.set_column(rows.schema.get_field_index("proof"), "proof", pa.array(proofs, pa.binary()))
    print(names(spoiled, epoch))


def names(rows: pa.Table, epoch: Path) -> dict[str, int]:
    """Rows by name of code."""
    codes = depinverify.verify(rows, epoch)["code"].to_pylist()
    return dict(Counter(code_name(code) for code in codes).most_common())


def code_name(number: int) -> str:
    """Name of a code of the open uptime proof."""
    return depinverify.Code(number).name


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(simulate(30, 3, 1, Path(folder) / "epoch").path)
