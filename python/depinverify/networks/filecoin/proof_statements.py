"""What records say that they are about: the part of them that an audit holds against a set's history.

In: ``proofs.jsonl``, ``.jsonl.gz`` or ``.parquet``; ``beacons.jsonl`` or ``.jsonl.gz``. Out: one
:class:`ProofStatement` or :class:`RoundSeed` per readable record, in their order. Rule: this project's own format of
records (:mod:`depinverify.networks.filecoin`). Invariant: nothing of it is believed; a record that cannot be read here
has its own verdict and no statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.holdings import hash_of_pieces
from depinverify.networks.filecoin.lines import Members, as_text, read_lines

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

__all__ = ["PieceHashes", "ProofStatement", "RoundSeed", "read_seeds", "read_statements"]

_COLUMNS: Final = (
    *("kind", "set_id", "challenge_epoch", "block", "range", "pieces"),
    *("seed", "signature", "provider", "opens", "deadline", "leaves"),
)


@dataclass(frozen=True, slots=True)
class ProofStatement:
    """What one record says that it is about.

    Attributes:
        record: Line of the file, from 1, or row of the table, from 0.
        set_id: The data set.
        challenge_epoch: The challenge epoch.
        block: Block of the transaction.
        range: Leaves among which challenges were drawn, if stated.
        pieces: Identifiers by id, ``None`` for a removed piece.
        seed: Digest of the round that is shown, else the seed that is stated.
        provider: The set's provider, if stated.
        window: The challenge window, if stated.
        answers: Challenges that it answers, if that is known.
    """

    record: int
    set_id: int
    challenge_epoch: int
    block: int
    range: int | None
    pieces: tuple[str | None, ...]
    seed: bytes | None
    provider: str | None
    window: tuple[int, int] | None
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class RoundSeed:
    """The seed that one round of a beacon shows for the epoch that it names.

    Attributes:
        record: Line of the file, from 1.
        challenge_epoch: The epoch.
        seed: Digest of the round.
    """

    record: int
    challenge_epoch: int
    seed: bytes


class PieceHashes:
    """Hashes of the pieces that proofs name, as periods keep them.

    Most proofs of a set name the pieces of the one before, which are hashed once.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, tuple[str | None, ...], bytes | None]] = {}

    def of(self, statement: ProofStatement, ids: int) -> bytes | None:
        """SHA-256 over the live pieces among the first ``ids``; ``None`` if one is unreadable or too few are named."""
        pieces = statement.pieces[:ids]
        last = self._last.get(statement.set_id)
        if last is None or last[:2] != (ids, pieces):
            last = ids, pieces, _hash(pieces) if len(pieces) == ids else None
            self._last[statement.set_id] = last
        return last[2]


def _hash(pieces: tuple[str | None, ...]) -> bytes | None:
    try:
        return hash_of_pieces(
            {
                number: _native.FilecoinPieceId.parse(text).to_bytes()
                for number, text in enumerate(pieces)
                if text is not None
            }
        )
    except InputError:
        return None


def read_statements(path: Path) -> Iterator[ProofStatement]:
    """The statements of a file of proofs.

    Args:
        path: The file.

    Raises:
        InputError: The file cannot be opened.
    """
    for record, members in _records(path):
        try:
            if members.text("kind") == "possession":
                yield _statement(record, members)
        except InputError:
            # The verdict of the record says what is wrong with it.
            continue


def read_seeds(path: Path, epochs: Container[int]) -> Iterator[RoundSeed]:
    """Seeds of challenge epochs, from rounds that name their epoch. Whether a round is good, its verdict says.

    Args:
        path: The file.
        epochs: Challenge epochs that somebody asks for.

    Raises:
        InputError: The file cannot be opened.
    """
    for record, members in _records(path):
        if members.has("challenge_epoch"):
            try:
                epoch, signature = members.number("challenge_epoch"), members.hex("signature")
            except InputError:
                continue
            if epoch in epochs:
                yield RoundSeed(record, epoch, _native.filecoin_beacon_digest(signature))


def _records(path: Path) -> Iterator[tuple[int, Members]]:
    if path.name.endswith(".parquet"):
        yield from _rows(path)
        return
    for number, found in read_lines(path):
        if isinstance(found, Members):
            yield number, found


def _rows(path: Path) -> Iterator[tuple[int, Members]]:
    """Rows of a table, with bytes as the hex that lines have."""
    first = 0
    for batch in _native.read_parquet(path):
        names = [name for name in _COLUMNS if name in batch.schema.names]
        columns = [batch.column(name).to_pylist() for name in names]
        for place in range(batch.num_rows):
            row: dict[str, Any] = {
                name: _as_line(column[place]) for name, column in zip(names, columns, strict=True)
            }
            yield first + place, Members(row)
        first += batch.num_rows


def _as_line(value: Any) -> Any:  # noqa: ANN401 - whatever a table holds
    return value.hex() if isinstance(value, bytes) else value


def _statement(record: int, members: Members) -> ProofStatement:
    seed: bytes | None = None
    if members.has("signature"):
        seed = _native.filecoin_beacon_digest(members.hex("signature"))
    elif members.has("seed"):
        seed = members.word("seed")
    window = None
    if members.has("opens") and members.has("deadline"):
        window = members.number("opens"), members.number("deadline")
    pieces = [None if piece is None else as_text(piece, "pieces") for piece in members.items("pieces")]
    return ProofStatement(
        record=record,
        set_id=members.number("set_id", bits=256),
        challenge_epoch=members.number("challenge_epoch"),
        block=members.number("block"),
        range=members.number("range", bits=128) if members.has("range") else None,
        pieces=tuple(pieces),
        seed=seed,
        provider=members.address("provider") if members.has("provider") else None,
        window=window,
        answers=len(members.items("leaves")),
    )
