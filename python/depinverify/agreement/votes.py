"""M of N: which validators signed exactly this result, and who signed something else.

In: a settlement, the registry of its epoch, folders of signatures. Out: an :class:`Agreement`. Rule: one vote per
validator; a signature counts if the key is the validator's and valid at the epoch's end, so that a rotated or revoked
key does not; as in the scoring specification, section 2.5, validators of one owner do not make a quorum. Invariant: no
file can make the count fail, and neither names nor order of files change it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from depinverify.agreement.roster import Roster
from depinverify.agreement.sign import SIGNATURES, read_signature
from depinverify.agreement.statement import Statement
from depinverify.exceptions import InputError
from depinverify.ingest import read_registry
from depinverify.signature.jws import LONGEST_JWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from depinverify.agreement.roster import Member
    from depinverify.epoch import Epoch
    from depinverify.settlement import Settlement
    from depinverify.signature.jws import CompactJws

__all__ = ["Agreement", "Equivocation", "Refused", "Vote", "count_votes", "verify_signatures"]


class Vote(NamedTuple):
    """One validator's good signature.

    Attributes:
        validator: Who signed.
        owner: Its owner, as the registry has it.
        statement: The result that it vouches for.
    """

    validator: bytes
    owner: str
    statement: Statement


class Equivocation(NamedTuple):
    """Good signatures of one validator over different results of one epoch.

    Attributes:
        validator: Who signed them.
        owner: Its owner.
        statements: The results, ascending by their hashes.
    """

    validator: bytes
    owner: str
    statements: tuple[Statement, ...]


class Refused(NamedTuple):
    """A file that is no vote.

    Attributes:
        file: Its path.
        reason: ``MALFORMED``, ``UNKNOWN_SIGNER``, ``UNKNOWN_KEY``, ``KEY_NOT_VALID``, ``BAD_SIGNATURE`` or
            ``WRONG_EPOCH``.
        detail: What was expected and found.
    """

    file: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Agreement:
    """Who vouches for one result.

    Attributes:
        statement: The result.
        roster: The validators of the epoch.
        threshold: Validators that must have signed it.
        owner_threshold: Different owners that they must have.
        votes: The votes, ascending by validator. An equivocating validator has none.
        equivocations: Who signed two things, ascending by validator.
        refused: Files that are no vote, in the order in which they came.
    """

    statement: Statement
    roster: Roster
    threshold: int
    owner_threshold: int
    votes: tuple[Vote, ...]
    equivocations: tuple[Equivocation, ...]
    refused: tuple[Refused, ...]

    @property
    def agreeing(self) -> tuple[Vote, ...]:
        """Votes for exactly this result."""
        return tuple(vote for vote in self.votes if vote.statement == self.statement)

    @property
    def agreeing_owners(self) -> frozenset[str]:
        """Their owners."""
        return frozenset(vote.owner for vote in self.agreeing)

    @property
    def others(self) -> Mapping[Statement, tuple[Vote, ...]]:
        """Votes for other results of the epoch, by what was signed, most votes first."""
        groups: dict[Statement, list[Vote]] = defaultdict(list)
        for vote in self.votes:
            if vote.statement != self.statement:
                groups[vote.statement].append(vote)
        ranked = sorted(groups.items(), key=lambda group: (-len(group[1]), _by_hash(group[0])))
        return {statement: tuple(votes) for statement, votes in ranked}

    @property
    def silent(self) -> tuple[bytes, ...]:
        """Enrolled validators of whom there is no good signature."""
        heard = {vote.validator for vote in self.votes} | {one.validator for one in self.equivocations}
        return tuple(validator for validator in self.roster.members if validator not in heard)

    @property
    def is_reached(self) -> bool:
        """Whether enough validators of enough owners signed exactly this result."""
        return len(self.agreeing) >= self.threshold and len(self.agreeing_owners) >= self.owner_threshold

    @property
    def is_contradicted(self) -> bool:
        """Whether a validator signed this result and another one too."""
        return any(self.statement in equivocation.statements for equivocation in self.equivocations)


def verify_signatures(
    settlement: Settlement,
    epoch: Epoch,
    folders: Sequence[Path] = (),
    *,
    threshold: int,
    owner_threshold: int | None = None,
) -> Agreement:
    """Count the validators that vouch for a settlement.

    Args:
        settlement: The result; it is checked against its manifest first.
        epoch: Its epoch, whose registry says who may sign.
        folders: Where signatures lie; by default ``signatures`` below the settlement.
        threshold: Validators that must have signed exactly this result.
        owner_threshold: Different owners that they must have; by default as many.

    Raises:
        SettlementError: The settlement is not what its manifest says.
        InputError: The epoch is another one, a folder cannot be read, or so many can never agree.
    """
    statement = Statement.of(settlement)
    statement.refuse_other_epoch(epoch)
    roster = Roster.of(read_registry(epoch), epoch.end * 1000)
    own = settlement.folder / SIGNATURES
    places = list(folders) or ([own] if own.is_dir() else [])
    files = ((str(path), content) for folder in places for path, content in _signatures(folder))
    return count_votes(statement, roster, files, threshold=threshold, owner_threshold=owner_threshold)


def count_votes(
    statement: Statement,
    roster: Roster,
    files: Iterable[tuple[str, bytes | str]],
    *,
    threshold: int,
    owner_threshold: int | None = None,
) -> Agreement:
    """Count votes for a statement.

    Args:
        statement: The result.
        roster: Who may sign.
        files: Name and content of each signature; a text says why there is no content.
        threshold: Validators that must have signed exactly this result.
        owner_threshold: Different owners that they must have; by default as many.

    Raises:
        InputError: There are not as many validators, or owners.
    """
    owners = threshold if owner_threshold is None else owner_threshold
    _refuse_out_of_reach("threshold", threshold, len(roster.members), "enrolled validators")
    _refuse_out_of_reach("owners", owners, len(roster.owners), "owners of validators")
    said: dict[bytes, set[Statement]] = defaultdict(set)
    refused = []
    for name, content in files:
        try:
            vote = _vote(content, statement, roster)
        except _NoVoteError as fault:
            refused.append(Refused(name, fault.reason, fault.detail))
        else:
            said[vote.validator].add(vote.statement)
    votes, equivocations = [], []
    for validator, statements in sorted(said.items()):
        owner = roster.members[validator].owner
        if len(statements) == 1:
            votes.append(Vote(validator, owner, *statements))
        else:
            equivocations.append(Equivocation(validator, owner, tuple(sorted(statements, key=_by_hash))))
    return Agreement(statement, roster, threshold, owners, tuple(votes), tuple(equivocations), tuple(refused))


class _NoVoteError(Exception):
    """Why a file is no vote: the reason, and what was expected and found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def _vote(content: bytes | str, expected: Statement, roster: Roster) -> Vote:
    """What one file says."""
    if isinstance(content, str):
        raise _NoVoteError("MALFORMED", content)
    try:
        jws, validator, statement = read_signature(content)
    except InputError as error:
        raise _NoVoteError("MALFORMED", str(error)) from None
    name, member = validator.hex(), roster.members.get(validator)
    if member is None:
        raise _NoVoteError("UNKNOWN_SIGNER", f"{name} is not enrolled in this epoch, or retired")
    _check_signature(name, member, jws, roster.end_ms)
    if (statement.epoch, statement.start) != (expected.epoch, expected.start):
        raise _NoVoteError("WRONG_EPOCH", f"signed for epoch {statement.epoch} starting at {statement.start}")
    return Vote(validator, member.owner, statement)


def _check_signature(name: str, member: Member, jws: CompactJws, end_ms: int) -> None:
    keys = [one for one in member.keys if one.kid == jws.kid and one.key.scheme == jws.scheme]
    if not keys:
        raise _NoVoteError(
            "UNKNOWN_KEY", f"{name} has no key {jws.kid_text[:100]!r} for {jws.algorithm[:20]!r}"
        )
    valid = [one for one in keys if one.is_valid_at(end_ms)]
    if not valid:
        interval = f"[{keys[0].valid_from_ms}, {keys[0].valid_to_ms})"
        detail = f"the key of {name} is valid in {interval} ms, and the epoch ends at {end_ms}"
        raise _NoVoteError("KEY_NOT_VALID", detail)
    if not any(one.key.verify(jws.signed, jws.signature) for one in valid):
        raise _NoVoteError("BAD_SIGNATURE", f"the signature is not of the key of {name}")


def _signatures(folder: Path) -> Iterator[tuple[Path, bytes | str]]:
    """The ``.jws`` files of a folder, ascending by name."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".jws")
    except OSError as error:
        raise InputError(f"{folder}: expected a folder of signatures: {error.strerror or error}") from None
    for path in paths:
        yield path, _content(path)


def _content(path: Path) -> bytes | str:
    if not path.is_file():
        return "expected a regular file"
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_JWS + 1)
    except OSError as error:
        return error.strerror or str(error)
    return content if len(content) <= LONGEST_JWS else f"expected at most {LONGEST_JWS} bytes"


def _by_hash(statement: Statement) -> tuple[str, str, str, str]:
    return statement.rewards, statement.root or "", statement.manifest, statement.params_hash


def _refuse_out_of_reach(name: str, wanted: int, most: int, what: str) -> None:
    if not 1 <= wanted <= most:
        raise InputError(
            f"{name}: expected 1 to {most}, the number of {what} in this epoch, found {wanted}",
            hint="Where validators share owners, `--owners` says how many different ones are asked for."
            if name == "owners"
            else None,
        )
