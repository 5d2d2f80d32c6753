"""Every period of a data set held against the proofs that are shown for it.

In: histories of data sets, the verdicts of :func:`depinverify.networks.filecoin.verify` about proofs of
possession, what those proofs say they are about, and seeds that the beacon is shown to have signed. Out: one
:class:`PeriodAudit` per started period, and every contradiction between what the chain recorded and what was
shown. Rule: Filecoin, A8. Invariant: a proof confirms a period only if it verifies, for a seed of the beacon,
about the pieces, the range and the block that the history has; what was not shown is neither confirmed nor
refuted. Memory grows with periods, and not with the proofs that are about them.

A verdict is a mapping with at least ``record, subject`` (the data set's id in decimal), ``epoch`` (the
challenge epoch), ``code`` (name or number), ``failed``, ``not_run``, ``is_proved`` and ``in_time``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from depinverify import _native
from depinverify.networks import catalogue_of
from depinverify.networks.filecoin.proof_statements import PieceHashes
from depinverify.networks.filecoin.proving_period import CHALLENGES_PER_PROOF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.data_sets import DataSetHistory, PeriodOutcome, PeriodState
    from depinverify.networks.filecoin.proof_statements import ProofStatement

__all__ = ["Contradiction", "Finding", "PeriodAudit", "PeriodBook", "Stated", "audit_periods"]

#: ``confirmed``: a proof in time was shown and holds. ``refuted``: the chain says proven, what was shown says
#: otherwise. ``unshown``: the chain says proven, nothing shown decides it. ``unproven``: the chain has no proof.
Finding: TypeAlias = Literal["confirmed", "refuted", "unshown", "unproven"]

_NAMES: Final = {code.number: code.name for code in catalogue_of("filecoin")}


def _mask(*names: str) -> int:
    """Checks as a verdict's masks have them."""
    return sum(1 << number for number, name in _NAMES.items() if name in names)


#: Checks whose failure says that the seed is another one than the beacon's.
_OF_SEED: Final = _mask("WRONG_ROUND", "ROUND_NOT_SIGNED", "SEED_MISMATCH")
_OTHER_LEAF: Final = _mask("OTHER_LEAF")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things that cannot both be.

    Attributes:
        set_id: The data set.
        challenge_epoch: The challenge epoch of the period, or the one that a proof states.
        label: What contradicts, in a few words that never change.
        detail: What was expected and what was found.
        record: The proof's record; ``None`` if it is about the events alone.
    """

    set_id: int
    challenge_epoch: int
    label: str
    detail: str
    record: int | None = None

    def to_json(self) -> dict[str, Json]:
        """The contradiction as JSON."""
        return {
            "set_id": str(self.set_id),
            "challenge_epoch": str(self.challenge_epoch),
            "label": self.label,
            "detail": self.detail,
            "record": self.record,
        }


@dataclass(frozen=True, slots=True)
class PeriodAudit:
    """One period, and what was shown for it.

    Attributes:
        set_id: The data set.
        number: The period.
        challenge_epoch: Its challenge epoch.
        state: What follows from the events.
        finding: What follows from the proofs.
        records: Records that are about it.
        code: Code of the record that speaks for it best; ``None`` without one.
        is_seed_derived: Whether the seed was derived from a round that the beacon signed; ``None`` if none was shown.
        are_challenges_derived: Whether the leaves on record are those that the seed asks for; ``None`` without either.
        are_paths_valid: Whether every challenged leaf leads to its piece's root; ``None`` if no proof was shown.
        is_in_time: Whether the transaction's block lies in the window; ``None`` if there is no transaction.
        contradictions: What cannot both be.
    """

    set_id: int
    number: int
    challenge_epoch: int
    state: PeriodState
    finding: Finding
    records: Sequence[int]
    code: str | None
    is_seed_derived: bool | None
    are_challenges_derived: bool | None
    are_paths_valid: bool | None
    is_in_time: bool | None
    contradictions: tuple[Contradiction, ...]

    def to_json(self) -> dict[str, Json]:
        """The period as JSON."""
        return {
            "set_id": str(self.set_id),
            "number": self.number,
            "challenge_epoch": str(self.challenge_epoch),
            "state": self.state,
            "finding": self.finding,
            "records": list(self.records),
            "code": self.code,
            "is_seed_derived": self.is_seed_derived,
            "are_challenges_derived": self.are_challenges_derived,
            "are_paths_valid": self.are_paths_valid,
            "is_in_time": self.is_in_time,
            "contradictions": [one.to_json() for one in self.contradictions],
        }


@dataclass(frozen=True, slots=True)
class Stated:
    """What is kept of a proof's statement: the rest was held against its period.

    Attributes:
        block: Block of the transaction.
        seed: The seed that is shown or stated.
        wrong: Where the proof is about something else than its period: a label and what was expected and found.
    """

    block: int | None = None
    seed: bytes | None = None
    wrong: tuple[tuple[str, str], ...] = ()


_UNREADABLE = Stated(
    wrong=(("unreadable statement", "expected what the proof is about, found it unreadable"),)
)


@dataclass(frozen=True, slots=True)
class _Proof:
    """One verdict, in the words of the catalogue."""

    record: int
    code: str
    is_other_leaf: bool
    is_seed_derived: bool | None
    is_proved: bool | None
    in_time: bool | None
    stated: Stated

    @property
    def holds(self) -> bool:
        """Whether it proves the period, whenever it came."""
        return bool(self.is_proved) and self.is_seed_derived is not False and not self.stated.wrong

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """How well it speaks for its period."""
        return self.holds, self.is_seed_derived is True, self.in_time is not False


@dataclass(slots=True)
class _Shown:
    """A started period and the proofs that are about it."""

    history: DataSetHistory
    period: PeriodOutcome
    challenge_epoch: int
    best: _Proof | None = None
    first: int = 0
    count: int = 0

    @property
    def records(self) -> range:
        """The records that are about it, where they follow each other."""
        return range(self.first, self.first + self.count)

    def add(self, proof: _Proof) -> None:
        """Count a proof, and keep it if it speaks for the period better than those before."""
        if not self.count:
            self.first = proof.record
        self.count += 1
        if self.best is None or proof.rank > self.best.rank:
            self.best = proof


class PeriodBook:
    """The started periods of all data sets, and the best of the proofs that are about each.

    Args:
        histories: The data sets.
        are_rounds_of_chain: Whether the rounds that records are held against are those of the sets' chain; elsewhere
            a round neither shows a seed nor speaks against one.

    Attributes:
        sets: Decimal ids of the data sets.
    """

    def __init__(self, histories: Iterable[DataSetHistory], *, are_rounds_of_chain: bool = True) -> None:
        self._are_rounds_of_chain = are_rounds_of_chain
        self._hashes = PieceHashes()
        self._shown: dict[tuple[int, int], _Shown] = {}
        sets: set[str] = set()
        for history in histories:
            sets.add(str(history.set_id))
            for period in history.periods:
                if period.challenge_epoch is not None:
                    key = history.set_id, period.challenge_epoch
                    self._shown[key] = _Shown(history, period, period.challenge_epoch)

        self.sets: Final = frozenset(sets)

    @property
    def epochs(self) -> frozenset[int]:
        """The challenge epochs of all periods."""
        return frozenset(epoch for _, epoch in self._shown)

    def hold(self, statement: ProofStatement) -> Stated | None:
        """Hold what a proof says that it is about against its period; ``None`` if that is none of these."""
        shown = self._shown.get((statement.set_id, statement.challenge_epoch))
        if shown is None:
            return None
        wrong = tuple(_about_another(shown, statement, self._hashes))
        return Stated(statement.block, statement.seed, wrong)

    def add(self, verdict: Mapping[str, Any], stated: Stated | None) -> Contradiction | None:
        """Take the verdict of a proof.

        Args:
            verdict: As the table of verdicts has it.
            stated: What is kept of the proof's statement; ``None`` where that could not be read.

        Returns:
            What is wrong with a proof that is about none of the periods.
        """
        about = _about(verdict)
        if about is None:
            return None
        if about not in self._shown:
            detail = "expected the challenge epoch of a started period, found that of none"
            return Contradiction(*about, "no such period", detail, int(verdict["record"]))
        proof = _proof(verdict, _UNREADABLE if stated is None else stated)
        self._shown[about].add(proof if self._are_rounds_of_chain else replace(proof, is_seed_derived=None))
        return None

    def audits(self, seeds: Mapping[int, bytes]) -> list[PeriodAudit]:
        """The started periods, by data set and in their order, whose records are taken to follow each other."""
        return [_audited(one, seeds.get(one.challenge_epoch)) for one in self._shown.values()]


def audit_periods(
    histories: Iterable[DataSetHistory],
    verdicts: Iterable[Mapping[str, Any]],
    *,
    statements: Iterable[ProofStatement] | None = None,
    seeds: Mapping[int, bytes] | None = None,
    are_rounds_of_chain: bool = True,
) -> tuple[list[PeriodAudit], list[Contradiction]]:
    """Hold periods against proofs.

    Args:
        histories: The data sets.
        verdicts: About the records of proofs, as their table has them.
        statements: What those records are about, in any order; a record that is not among them confirms nothing.
            Without any, proofs are taken to be about the periods' own pieces, ranges and blocks.
        seeds: Seeds of challenge epochs that beacon rounds of their own show.
        are_rounds_of_chain: Whether the rounds that records are held against are those of the sets' chain; elsewhere
            a round neither shows a seed nor speaks against one.

    Returns:
        The started periods, by data set and in their order; and what is wrong with proofs that are about none of them.
    """
    book = PeriodBook(histories, are_rounds_of_chain=are_rounds_of_chain)
    stated = {statement.record: book.hold(statement) for statement in statements or ()}
    unstated = Stated() if statements is None else None
    strays: list[Contradiction] = []
    records: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for verdict in verdicts:
        about, record = _about(verdict), int(verdict["record"])
        if (stray := book.add(verdict, stated.get(record, unstated))) is not None:
            strays.append(stray)
        elif about is not None:
            records[about].append(record)
    audits = [
        replace(one, records=tuple(records[one.set_id, one.challenge_epoch]))
        for one in book.audits(seeds or {})
    ]
    return audits, strays


def _about(verdict: Mapping[str, Any]) -> tuple[int, int] | None:
    """Data set and challenge epoch of a verdict; ``None`` if the record could not be read or is of another kind."""
    subject, epoch = verdict.get("subject"), verdict.get("epoch")
    if subject is None or epoch is None or verdict.get("kind", "possession") != "possession":
        return None
    return int(subject), int(epoch)


def _proof(verdict: Mapping[str, Any], stated: Stated) -> _Proof:
    failed, not_run, code = int(verdict["failed"]), int(verdict["not_run"]), verdict["code"]
    is_seed_derived: bool | None = not failed & _OF_SEED
    if is_seed_derived and not_run & _OF_SEED:
        is_seed_derived = None
    return _Proof(
        record=int(verdict["record"]),
        code=code if isinstance(code, str) else _NAMES.get(int(code), str(code)),
        is_other_leaf=bool(failed & _OTHER_LEAF),
        is_seed_derived=is_seed_derived,
        is_proved=verdict["is_proved"],
        in_time=verdict["in_time"],
        stated=stated,
    )


def _about_another(
    shown: _Shown, statement: ProofStatement, hashes: PieceHashes
) -> Iterator[tuple[str, str]]:
    """Where a proof is about something else than the period."""
    period, history = shown.period, shown.history
    if statement.provider not in (None, history.provider):
        yield "proof of another provider", f"expected {history.provider}, found {statement.provider}"
    if statement.range not in (None, period.range):
        yield "proof of another range", f"expected {period.range} leaves, found {statement.range}"
    if period.pieces_hash:
        ids = period.piece_ids
        if hashes.of(statement, ids) != period.pieces_hash:
            yield "proof of other pieces", f"expected the {ids} pieces of the period's start, found others"
        # Without a range, challenges are drawn among all pieces that the proof names.
        elif statement.range is None and any(piece is not None for piece in statement.pieces[ids:]):
            yield "proof of another range", f"expected {period.range} leaves, found those of later pieces too"
    if period.proven_at is not None and statement.block != period.proven_at:
        yield "proof of another block", f"expected block {period.proven_at}, found {statement.block}"
    # The event of a proof has all of its challenges; where none is known, the service has its own number.
    asked, answered = len(period.challenged), statement.answers
    if answered is not None and (answered != asked if asked else answered < CHALLENGES_PER_PROOF):
        yield (
            "proof of other challenges",
            f"expected answers to {asked or CHALLENGES_PER_PROOF}, found {answered}",
        )
    window = period.opens, period.deadline
    if statement.window not in (None, window):
        yield "proof of another window", f"expected {window[0]} to {window[1]}, found {statement.window}"


def _audited(shown: _Shown, known_seed: bytes | None) -> PeriodAudit:
    period, history = shown.period, shown.history
    best = shown.best
    seed, is_seed_derived = _seed(best, known_seed)
    found = [] if best is None else [*best.stated.wrong, *_against(period, best, is_seed_derived)]
    contradictions = [
        Contradiction(
            history.set_id, shown.challenge_epoch, label, detail, None if best is None else best.record
        )
        for label, detail in found
    ]
    are_challenges_derived: bool | None = None
    if best is not None and best.is_other_leaf:
        are_challenges_derived = False
    if seed is not None and period.challenged:
        wrong = _wrong_challenge(history.set_id, period, seed)
        are_challenges_derived = wrong is None and are_challenges_derived is not False
        if wrong is not None:
            contradictions.append(
                Contradiction(history.set_id, shown.challenge_epoch, "challenge not derived", wrong)
            )
    return PeriodAudit(
        set_id=history.set_id,
        number=period.number,
        challenge_epoch=shown.challenge_epoch,
        state=period.state,
        finding=_finding(period, best, is_seed_derived, contradictions),
        records=shown.records,
        code=None if best is None else best.code,
        is_seed_derived=is_seed_derived,
        are_challenges_derived=are_challenges_derived,
        are_paths_valid=None if best is None else best.is_proved,
        is_in_time=_in_time(period, best),
        contradictions=tuple(contradictions),
    )


def _seed(best: _Proof | None, known: bytes | None) -> tuple[bytes | None, bool | None]:
    """The seed of a period, and whether it is the beacon's: by the proof's own round, else by one shown apart."""
    if best is None:
        return known, None if known is None else True
    if best.is_seed_derived is None and best.stated.seed is not None and known is not None:
        return known, best.stated.seed == known
    return known or best.stated.seed, best.is_seed_derived


def _against(period: PeriodOutcome, best: _Proof, is_seed_derived: bool | None) -> Iterator[tuple[str, str]]:
    """What the best proof and the chain say against each other."""
    if is_seed_derived is False:
        yield "seed not of the beacon", f"record {best.record}: {best.code}"
    if period.state == "proven":
        if best.is_proved is False:
            taken = f"the event in block {period.proven_at} says that it does"
            yield "proof does not verify", f"{taken}, record {best.record}: {best.code}"
    elif best.holds and _in_time(period, best):
        yield "proof not on chain", f"expected an event in block {best.stated.block}, found none"


def _wrong_challenge(set_id: int, period: PeriodOutcome, seed: bytes) -> str | None:
    """The first leaf on record that the seed does not ask for."""
    derived = _native.filecoin_possession_challenges(
        seed, set_id, period.range or 0, count=len(period.challenged)
    )
    for number, (leaf, found) in enumerate(zip(derived, period.challenged, strict=True)):
        if leaf != found:
            return f"challenge {number}: expected leaf {leaf} of the set, found leaf {found}"
    return None


def _in_time(period: PeriodOutcome, best: _Proof | None) -> bool | None:
    """Whether the transaction came in the period's window, by the chain, else by what the proof says of itself."""
    if period.state == "proven":
        return True
    if best is None or best.stated.block is None:
        return None
    return period.opens <= best.stated.block <= period.deadline


def _finding(
    period: PeriodOutcome,
    best: _Proof | None,
    is_seed_derived: bool | None,
    contradictions: list[Contradiction],
) -> Finding:
    if period.state != "proven":
        return "unproven"
    if contradictions:
        return "refuted"
    return "confirmed" if best is not None and best.holds and is_seed_derived else "unshown"
