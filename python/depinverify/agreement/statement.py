"""What a validator says when it signs a result: this epoch, these rules, this root, these files.

In: a settlement folder, or the payload of a signature. Out: a :class:`Statement`. Rule: the payload is the canonical
JSON of ``{epoch, format, manifest, params_hash, rewards, root, start, validator}``, ``rewards`` being the file hash of
the scoring specification, section 11.9. Invariant: equal statements have equal payloads, and a settlement that is not
what its manifest says has no statement.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from depinverify import _native
from depinverify.canonical import LARGEST_INTEGER, canonical_json
from depinverify.exceptions import DepinverifyError, InputError, SettlementError
from depinverify.reward.publish import TREE_FILE

if TYPE_CHECKING:
    from depinverify.epoch import Epoch
    from depinverify.settlement import Settlement

__all__ = ["FORMAT", "Statement"]

FORMAT: Final = "depinverify-result-v1"

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ROOT = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
#: An id of the registry: 1 to 64 bytes.
_ID = re.compile(r"(?:[0-9a-f]{2}){1,64}", re.ASCII)
_REWARDS: Final = "rewards.json"


class Statement(NamedTuple):
    """One result of one epoch; two validators agree iff their statements are equal.

    Attributes:
        epoch: Index of the epoch.
        start: Its first second: an index alone could be that of another world.
        params_hash: Hash of all parameters.
        root: The claim tree's root, ``None`` while nobody has a cumulative amount.
        rewards: SHA-256 of ``rewards.json``.
        manifest: SHA-256 of ``manifest.json``, which names the content of every result and input.
    """

    epoch: int
    start: int
    params_hash: str
    root: str | None
    rewards: str
    manifest: str

    @classmethod
    def of(cls, settlement: Settlement) -> Self:
        """What whoever signs this settlement says.

        Raises:
            SettlementError: The folder is not what its manifest says; nobody should sign it.
        """
        try:
            faults = settlement.check() or _contradictions(settlement)
            if faults:
                raise SettlementError(
                    f"not what its manifest says: {faults[0]}",
                    hint="Settle the epoch again; a broken result is never signed.",
                )
            rewards, manifest = settlement.rewards, settlement.manifest
            statement = cls(
                epoch=rewards["epoch"]["index"],
                start=rewards["epoch"]["start"],
                params_hash=manifest["params_hash"],
                root=rewards["merkle"]["root"],
                rewards=manifest["results"][_REWARDS],
                manifest=settlement.manifest_sha256,
            )
        except DepinverifyError as error:
            raise SettlementError(f"{settlement.folder}: {error}", hint=error.hint) from None
        except (KeyError, TypeError, AttributeError, ValueError, OSError) as error:
            raise SettlementError(f"{settlement.folder}: expected a settlement; {error!r}") from None
        if not statement.is_well_formed():
            raise SettlementError(
                f"{settlement.folder}: expected a settlement; epoch, root or hashes are not of their form"
            )
        return statement

    def is_well_formed(self) -> bool:
        """Whether each member has its type and form."""
        numbers, hashes = (self.epoch, self.start), (self.params_hash, self.rewards, self.manifest)
        return (
            all(type(number) is int and 0 <= number <= LARGEST_INTEGER for number in numbers)
            and all(isinstance(text, str) and _HASH.fullmatch(text) for text in hashes)
            and (self.root is None or (isinstance(self.root, str) and bool(_ROOT.fullmatch(self.root))))
        )

    def payload(self, validator: bytes) -> bytes:
        """The bytes that this validator signs."""
        return canonical_json({"format": FORMAT, "validator": validator.hex(), **self._asdict()})

    @classmethod
    def read(cls, payload: bytes) -> tuple[bytes, Self]:
        """The validator that a payload names, and what it says.

        Raises:
            InputError: The payload is no statement in its one canonical form.
        """
        try:
            members: dict[str, Any] = json.loads(payload)
            validator = members["validator"]
            statement = cls(**{name: members[name] for name in cls._fields})
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(f"expected a payload of the format {FORMAT}") from None
        if not (isinstance(validator, str) and _ID.fullmatch(validator) and statement.is_well_formed()):
            raise InputError(f"expected the members of {FORMAT} in their form")
        if statement.payload(bytes.fromhex(validator)) != payload:
            raise InputError(f"expected the canonical JSON of {FORMAT}, and no other member")
        return bytes.fromhex(validator), statement

    def refuse_other_epoch(self, epoch: Epoch) -> None:
        """Refuse a result that was not made from this epoch.

        Raises:
            InputError: Index, start or parameters differ.
        """
        found = (self.epoch, self.start, self.params_hash)
        expected = (epoch.index, epoch.start, epoch.params_hash.hex())
        for name, here, there in zip(("index", "start", "params_hash"), expected, found, strict=True):
            if here != there:
                raise InputError(
                    f"{epoch.folder}: expected the epoch of the settlement, whose {name} is {there}, found {here}"
                )


def _contradictions(settlement: Settlement) -> list[str]:
    """Sentences for what hashes alone do not show: files of a settlement that do not fit each other."""
    rewards, manifest = settlement.rewards, settlement.manifest
    found = []
    content = (settlement.folder / _REWARDS).read_bytes()
    if _native.canonical_json(content) != content:
        found.append(f"{_REWARDS}: expected canonical JSON, whose hash is the file hash")
    if rewards["params_hash"] != manifest["params_hash"]:
        found.append(f"{_REWARDS}: expected params_hash {manifest['params_hash']}")
    root = None
    if TREE_FILE in manifest["results"]:
        root = "0x" + _native.ClaimTree.load((settlement.folder / TREE_FILE).read_bytes()).root.hex()
    if rewards["merkle"]["root"] != root:
        found.append(f"{_REWARDS}: expected the root of {TREE_FILE}, {root}")
    return found
