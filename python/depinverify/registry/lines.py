"""An event and its line: reading one, its hash in the chain, and the message that its signers sign.

In: an event as a mapping, or its line. Out: bytes (scoring and rewards, section 11.1; uptime proof,
section 9.2). Invariant: equal events give equal bytes, whatever the order of their members.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GENESIS", "UNSIGNED", "Event", "event_hash", "event_message", "read_event"]

#: An event: its type, its members, and as far as they are known already its place in the chain and its
#: signatures.
Event: TypeAlias = dict[str, Any]

#: ``prev_hash`` of the first event.
GENESIS = "0" * 64
#: Members that the registry adds and that no signer signs.
UNSIGNED = frozenset({"seq", "recorded_ms", "effective_ms", "prev_hash", "sigs"})


def event_hash(line: bytes) -> str:
    """Hash of an event's canonical line (without line feed), as the next event's ``prev_hash`` has it."""
    return hashlib.sha256(line).hexdigest()


def event_message(event: Mapping[str, Any]) -> bytes:
    """The 32 bytes that every signer of the event signs."""
    return hashlib.sha256(
        canonical_json({name: value for name, value in event.items() if name not in UNSIGNED})
    ).digest()


def read_event(line: bytes) -> Event:
    """The event of one JSON line.

    Raises:
        InputError: Not UTF-8, not one JSON object, a member twice, or a number that is no integer.
    """
    try:
        value = json.loads(
            line.decode(), object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float
        )
    except RecursionError:
        raise InputError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}") from None
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"expected a JSON object, found {type(value).__name__}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> Event:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"member {twice!r} stands twice")
    return members


def _no_float(text: str) -> None:
    raise InputError(f"expected an integer, found {text[:40]}")
