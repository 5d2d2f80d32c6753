"""Who may sign a result: the validators of an epoch with their owners and keys.

In: the registry as it holds for the epoch. Out: a :class:`Roster`. Rule: uptime proof, section 5: key intervals are
half-open, a rotation may overlap, a revocation ends. Invariant: who was retired at the epoch's start is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from depinverify.exceptions import InputError
from depinverify.registry.keys import PublicKey, Scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from depinverify._native import RegistrySnapshot

__all__ = ["Member", "RegisteredKey", "Roster"]


class RegisteredKey(NamedTuple):
    """A validator's key, valid from ``valid_from_ms`` to before ``valid_to_ms``."""

    kid: bytes
    key: PublicKey
    valid_from_ms: int
    valid_to_ms: int | None

    def is_valid_at(self, at_ms: int) -> bool:
        """Whether the key's interval holds this moment."""
        return self.valid_from_ms <= at_ms and not self._has_ended(at_ms)

    def meets(self, start_ms: int, end_ms: int) -> bool:
        """Whether the key's interval meets ``[start_ms, end_ms)``."""
        is_empty = self._has_ended(self.valid_from_ms)
        return not is_empty and self.valid_from_ms < end_ms and not self._has_ended(start_ms)

    def _has_ended(self, at_ms: int) -> bool:
        return self.valid_to_ms is not None and self.valid_to_ms <= at_ms


class Member(NamedTuple):
    """A validator that is enrolled."""

    owner: str
    keys: tuple[RegisteredKey, ...]


@dataclass(frozen=True)
class Roster:
    """The validators of an epoch.

    Attributes:
        members: By id, ascending.
        end_ms: End of the epoch: a result is signed with a key that is valid then.
    """

    members: Mapping[bytes, Member]
    end_ms: int

    @classmethod
    def of(cls, snapshot: RegistrySnapshot, end_ms: int) -> Self:
        """The validators that were enrolled, and not retired, at the start of the snapshot's epoch."""
        keys: dict[bytes, list[RegisteredKey]] = {}
        names = ("validator", "kid", "scheme", "public_key", "valid_from_ms", "valid_to_ms")
        table = snapshot.validator_keys()
        for validator, kid, scheme, key, first, last in zip(
            *(table[name].to_pylist() for name in names), strict=True
        ):
            registered = RegisteredKey(bytes(kid), PublicKey(Scheme(scheme), bytes(key)), first, last)
            keys.setdefault(bytes(validator), []).append(registered)
        table = snapshot.validators()
        members = {
            bytes(validator): Member(owner, tuple(keys.get(bytes(validator), ())))
            for validator, owner, retired_ms in zip(
                *(table[name].to_pylist() for name in ("validator", "owner", "retired_ms")), strict=True
            )
            if retired_ms is None
        }
        return cls(members, end_ms)

    @property
    def owners(self) -> frozenset[str]:
        """All owners."""
        return frozenset(member.owner for member in self.members.values())

    def holder(
        self, public: PublicKey, validator: bytes | None, is_valid: Callable[[RegisteredKey], bool]
    ) -> tuple[bytes, bytes]:
        """The validator that has a key, and the key's name.

        Args:
            public: The key.
            validator: Who is meant; ``None`` finds out.
            is_valid: Which interval will do.

        Raises:
            InputError: Nobody has the key at that time, the validator has another, or it is not clear who is meant.
        """
        if validator is not None and validator not in self.members:
            raise InputError(
                f"validator: expected one that is enrolled in this epoch, found {validator.hex()}"
            )
        holders = [
            (name, registered)
            for name, member in self.members.items()
            for registered in member.keys
            if registered.key == public and validator in (None, name)
        ]
        valid = [(name, registered.kid) for name, registered in holders if is_valid(registered)]
        if not valid:
            whose = "a validator" if validator is None else validator.hex()
            state = "is not valid at that time" if holders else "is not registered"
            raise InputError(
                f"key: expected one of {whose} that is valid for this epoch; {public.did} {state}",
                hint="`depinverify registry rotate` registers a new key; earlier epochs keep the old one.",
            )
        if len({name for name, _ in valid}) > 1:
            names = ", ".join(name.hex() for name, _ in valid)
            raise InputError(f"validator: expected one id, since several have this key: {names}")
        return valid[0]
