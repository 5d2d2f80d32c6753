"""Storage proofs of Arweave."""

from arro3.core import RecordBatch

def arweave_verify_lines(
    lines: bytes, first: int = 1, *, block_rules: bool = False, threads: int | None = None
) -> RecordBatch:
    """Give each storage proof, one JSON object a line, its verdict; ``first`` numbers the first line."""

def arweave_verify_batch(
    batch: object, first: int = 0, *, block_rules: bool = False, threads: int | None = None
) -> RecordBatch:
    """Give each storage proof, one row of an Arrow record batch, its verdict.

    Raises:
        InputError: A column of another type.
    """

def arweave_validate_path(
    root: bytes, dest: int, size: int, path: bytes, ruleset: str
) -> tuple[tuple[bytes, int, int] | None, str | None]:
    """Return value, start and end that a path proves, or the reason why it proves nothing."""

def arweave_data_tree(data: bytes, *, as_node: bool = False) -> tuple[bytes, list[int], list[bytes]]:
    """Return root, leaf ends and paths of a transaction's data tree."""

def arweave_transaction_tree(
    height: int, transactions: list[tuple[int, bytes, bytes | None, int]]
) -> tuple[bytes, list[int], list[bytes]]:
    """Return root, leaf ends and paths of a block's tree over (format, id, data root, data size)."""

def arweave_recall_ranges(h0: bytes, partition: int, upper: int) -> tuple[int, int] | None:
    """Return the starts of both recall ranges, or ``None`` where they do not exist."""

def arweave_recall_byte(range_start: int, nonce: int, packing_difficulty: int) -> tuple[int, int] | None:
    """Return recall byte and sub-chunk index, -1 where chunks are not divided."""

def arweave_max_nonce(packing_difficulty: int) -> int:
    """Return the largest nonce of a recall range."""

def arweave_padded_offset(offset: int) -> int | None:
    """Return the end of the 256 KiB bucket that ends at or after ``offset``."""

def arweave_seek_byte(byte: int) -> int | None:
    """Return the byte by which the chunk at ``byte`` is looked up."""
