"""Several validators vouch for one result: each signs what it computed, anybody counts who agrees.

In: a settlement, validators' keys, the registry of its epoch. Out: signatures, and an :class:`Agreement`. Reading
order: :mod:`.statement` (what is signed), :mod:`.roster` (who may sign, with which key), :mod:`.sign`, :mod:`.votes`
(M of N). Rule: scoring specification, section 11.9: a validator may sign the file hash, several compare them.
Invariant: signatures lie outside the promise of the manifest and change nothing in a settlement.
"""

from __future__ import annotations

from depinverify.agreement.roster import Member, RegisteredKey, Roster
from depinverify.agreement.sign import SIGNATURES, SignedResult, sign_result, write_signature
from depinverify.agreement.statement import Statement
from depinverify.agreement.votes import Agreement, Equivocation, Refused, Vote, verify_signatures

__all__ = [
    "SIGNATURES",
    "Agreement",
    "Equivocation",
    "Member",
    "Refused",
    "RegisteredKey",
    "Roster",
    "SignedResult",
    "Statement",
    "Vote",
    "sign_result",
    "verify_signatures",
    "write_signature",
]
