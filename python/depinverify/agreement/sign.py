"""A validator signs the result that it computed.

In: a settlement, the validator's key, its epoch where it is at hand. Out: a compact JWS, and the file that holds it.
Invariant: a settlement that is broken, of another epoch, or other than what the validator signed before in the same
place is not signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.agreement.roster import Roster
from depinverify.agreement.statement import Statement
from depinverify.device.proof import jws
from depinverify.exceptions import InputError
from depinverify.ingest import read_registry
from depinverify.settlement import write_file
from depinverify.signature.jws import CompactJws

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify.device.key import DeviceKey
    from depinverify.epoch import Epoch
    from depinverify.settlement import Settlement

__all__ = ["SIGNATURES", "SignedResult", "read_signature", "sign_result", "write_signature"]

#: Folder of the signatures below a settlement.
SIGNATURES: Final = "signatures"


class SignedResult(NamedTuple):
    """A signature with what it says.

    Attributes:
        validator: Who signs.
        statement: What it vouches for.
        jws: The signature, without a final line feed.
    """

    validator: bytes
    statement: Statement
    jws: bytes

    @property
    def file_name(self) -> str:
        """Name of the file in a folder of signatures."""
        return f"{self.validator.hex()}.jws"


def sign_result(
    settlement: Settlement, key: DeviceKey, *, validator: bytes | None = None, epoch: Epoch | None = None
) -> SignedResult:
    """Sign a settlement as a validator.

    Args:
        settlement: What the validator computed; all of it is checked against its manifest first.
        key: The validator's key.
        validator: Its id; may be left out where the epoch's registry knows the key.
        epoch: The epoch, for a check that the key is the validator's and that the settlement is of this epoch.

    Raises:
        SettlementError: The settlement is not what its manifest says.
        InputError: Neither validator nor epoch is given, the epoch is another one, or the key is not the validator's.
    """
    statement = Statement.of(settlement)
    kid = key.kid
    if epoch is not None:
        statement.refuse_other_epoch(epoch)
        roster = Roster.of(read_registry(epoch), epoch.end * 1000)
        validator, kid = roster.holder(
            key.public, validator, lambda registered: registered.is_valid_at(roster.end_ms)
        )
    if validator is None:
        raise InputError("validator: expected its id, or the epoch whose registry knows the key")
    return SignedResult(validator, statement, jws(key, statement.payload(validator), kid=kid))


def write_signature(signed: SignedResult, path: Path) -> None:
    """Write a signature to a file.

    Raises:
        InputError: There already is a signature of this validator over another result of the epoch, or the file cannot
            be written.
    """
    try:
        if path.exists():
            _refuse_equivocation(signed, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, signed.jws + b"\n")
    except OSError as error:
        raise InputError(f"{error.filename or path}: {error.strerror or error}") from None


def _refuse_equivocation(signed: SignedResult, path: Path) -> None:
    """Let a signature replace nothing but the same one, or that of another epoch."""
    try:
        _, validator, other = read_signature(path.read_bytes())
    except InputError as error:
        raise InputError(
            f"{path}: expected a signature or no file; {error}", hint="Nothing else is overwritten."
        ) from None
    mine = signed.statement
    is_same_epoch = (other.epoch, other.start) == (mine.epoch, mine.start)
    if validator == signed.validator and is_same_epoch and other != mine:
        raise InputError(
            f"{path}: {validator.hex()} signed another result of epoch {other.epoch} before, with rewards "
            f"{other.rewards} and root {other.root}",
            hint="Signatures over two results of one epoch are an equivocation, and anybody can show it.",
        )


def read_signature(content: bytes) -> tuple[CompactJws, bytes, Statement]:
    """A signature of a result, not yet checked: the JWS, the validator that it names, and what it says.

    Raises:
        InputError: The bytes are no such thing.
    """
    found = CompactJws.parse(content.removesuffix(b"\n").decode("ascii", "replace"))
    validator, statement = Statement.read(found.payload)
    return found, validator, statement
