"""State of the devices, validators, keys and nonces that a run of events speaks of.

In: events. Out: rows of the look-up tables, before and after. A :class:`WorkingSet` is loaded with what the
events need, changed by ``rules`` event by event, and written back in one go, so that a hundred thousand
enrolments cost a few hundred statements. Invariant: what is written equals what a replay of all events from
the first gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, bindparam, insert, select, tuple_, update

from depinverify.registry import tables
from depinverify.registry.tables import DEVICE, VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depinverify.registry.lines import Event

__all__ = ["BoundKey", "Nonce", "Party", "WorkingSet"]

_IDS_PER_QUERY = 500


@dataclass(slots=True)
class BoundKey:
    """A key of a device or validator, valid from ``valid_from_ms`` to before ``valid_to_ms``."""

    kid: str
    key: str
    valid_from_ms: int
    valid_to_ms: int | None = None
    stored: bool = False
    changed: bool = True

    def end(self, at_ms: int) -> None:
        """No longer valid from ``at_ms`` on, if that is earlier than it would be otherwise."""
        if self.valid_to_ms is None or at_ms < self.valid_to_ms:
            self.valid_to_ms = at_ms
            self.changed = True


@dataclass(slots=True)
class Party:
    """A device or validator; ``party`` says which, ``row`` has its columns, bytes as hex."""

    party: int
    id: str
    row: dict[str, Any]
    keys: dict[str, BoundKey] = field(default_factory=dict)
    stored: bool = False
    changed: bool = True

    @property
    def retired_ms(self) -> int | None:
        """From when on it is retired, if an event says so."""
        retired: int | None = self.row["retired_ms"]
        return retired

    @property
    def owner(self) -> str:
        """Owner by the last event that named one."""
        owner: str = self.row["owner"]
        return owner

    def set(self, **columns: object) -> None:
        """Change columns."""
        self.row.update(columns)
        self.changed = True


@dataclass(slots=True)
class Nonce:
    """A nonce: whether the registry issued it, and the event that used it."""

    issued_ms: int | None
    used_seq: int | None = None
    stored: bool = False


class WorkingSet:
    """What a run of events reads and writes.

    Without a connection it starts empty, which is the state before the first event.
    """

    def __init__(self) -> None:
        self._parties: dict[tuple[int, str], Party] = {}
        self._holders: dict[tuple[int, str], set[str]] = {}
        self._nonces: dict[str, Nonce] = {}

    def load(self, connection: Connection, events: Iterable[Mapping[str, Any]]) -> None:
        """Read all that these events speak of and that is not here yet."""
        wanted: dict[int, set[str]] = {DEVICE: set(), VALIDATOR: set()}
        new_keys: set[str] = set()
        new_nonces: set[str] = set()
        for event in events:
            wanted[DEVICE].update(_texts(event, "device"))
            wanted[VALIDATOR].update(_texts(event, "validator"))
            new_keys.update(_texts(event, "key"))
            new_nonces.update(_texts(event, "nonce"))
        for ids in _portions(new_keys):
            query = select(tables.keys.c.party, tables.keys.c.id, tables.keys.c.key).where(
                tables.keys.c.key.in_(ids)
            )
            for party, identifier, key in connection.execute(query):
                self._holders.setdefault((party, key), set()).add(identifier.hex())
        for party, identifiers in wanted.items():
            self._load_parties(connection, party, {i for i in identifiers if (party, i) not in self._parties})
        for ids in _portions(new_nonces - self._nonces.keys()):
            query = select(tables.nonces).where(tables.nonces.c.nonce.in_(_to_bytes(ids)))
            for row in connection.execute(query):
                self._nonces[row.nonce.hex()] = Nonce(row.issued_ms, row.used_seq, stored=True)

    def _load_parties(self, connection: Connection, party: int, identifiers: set[str]) -> None:
        table, name = _table(party)
        for ids in _portions(identifiers):
            for row in connection.execute(select(table).where(table.c[name].in_(_to_bytes(ids)))).mappings():
                columns = {key: _from_column(value) for key, value in row.items()}
                identifier = str(columns.pop(name))
                self._parties[party, identifier] = Party(
                    party, identifier, columns, stored=True, changed=False
                )
            held = select(tables.keys).where(
                tables.keys.c.party == party, tables.keys.c.id.in_(_to_bytes(ids))
            )
            for row in connection.execute(held).mappings():
                kid = row["kid"].hex()
                self._parties[party, row["id"].hex()].keys[kid] = BoundKey(
                    kid, row["key"], row["valid_from_ms"], row["valid_to_ms"], stored=True, changed=False
                )

    def party(self, party: int, identifier: str) -> Party | None:
        """The device or validator, if it was ever enrolled."""
        return self._parties.get((party, identifier))

    def parties(self) -> Iterable[Party]:
        """All that are here."""
        return self._parties.values()

    def holders(self, party: int, key: str) -> set[str]:
        """Ids of the devices (or validators) that this key was ever bound to."""
        return self._holders.get((party, key), set())

    def add(self, party: Party) -> None:
        """A new device or validator."""
        self._parties[party.party, party.id] = party

    def bind(self, party: Party, key: BoundKey) -> None:
        """A new key of a device or validator."""
        party.keys[key.kid] = key
        self._holders.setdefault((party.party, key.key), set()).add(party.id)

    def nonce(self, nonce: str) -> Nonce | None:
        """What is known of a nonce."""
        return self._nonces.get(nonce)

    def use_nonce(self, nonce: str, seq: int, recorded_ms: int) -> None:
        """Mark a nonce as used by this event."""
        known = self._nonces.setdefault(nonce, Nonce(recorded_ms))
        known.used_seq = seq

    def store(self, connection: Connection, lines: Iterable[tuple[Event, bytes, str]]) -> None:
        """Write events and all that changed.

        Args:
            connection: In the transaction that holds the registry's lock.
            lines: Event, canonical line and hash, in order of their number.
        """
        rows = [
            {
                "seq": event["seq"],
                "type": event["type"],
                "recorded_ms": event["recorded_ms"],
                "effective_ms": event["effective_ms"],
                "device": _to_column(event, "device"),
                "validator": _to_column(event, "validator"),
                "hash": bytes.fromhex(digest),
                "line": line,
            }
            for event, line, digest in lines
        ]
        if rows:
            connection.execute(insert(tables.events), rows)
        for party in (DEVICE, VALIDATOR):
            self._store_parties(connection, party)
        self._store_keys(connection)
        self._store_nonces(connection)

    def _store_parties(self, connection: Connection, party: int) -> None:
        table, name = _table(party)
        changed = [p for p in self._parties.values() if p.party == party and p.changed]
        blobs = {column.key for column in table.columns if column.type.python_type is bytes}
        values = [
            {name: bytes.fromhex(p.id)}
            | {
                key: bytes.fromhex(value) if key in blobs and value is not None else value
                for key, value in p.row.items()
            }
            for p in changed
        ]
        new = [value for p, value in zip(changed, values, strict=True) if not p.stored]
        old = [{"at": value.pop(name), **value} for p, value in zip(changed, values, strict=True) if p.stored]
        if new:
            connection.execute(insert(table), new)
        if old:
            connection.execute(update(table).where(table.c[name] == bindparam("at")), old)
        for p in changed:
            p.stored, p.changed = True, False

    def _store_keys(self, connection: Connection) -> None:
        changed = [(p, key) for p in self._parties.values() for key in p.keys.values() if key.changed]
        new = [
            {
                "party": p.party,
                "id": bytes.fromhex(p.id),
                "kid": bytes.fromhex(key.kid),
                "key": key.key,
                "valid_from_ms": key.valid_from_ms,
                "valid_to_ms": key.valid_to_ms,
            }
            for p, key in changed
            if not key.stored
        ]
        old = [
            {
                "p": p.party,
                "i": bytes.fromhex(p.id),
                "k": bytes.fromhex(key.kid),
                "valid_to_ms": key.valid_to_ms,
            }
            for p, key in changed
            if key.stored
        ]
        if new:
            connection.execute(insert(tables.keys), new)
        if old:
            same = tuple_(tables.keys.c.party, tables.keys.c.id, tables.keys.c.kid) == tuple_(
                bindparam("p"), bindparam("i"), bindparam("k")
            )
            connection.execute(update(tables.keys).where(same), old)
        for _, key in changed:
            key.stored, key.changed = True, False

    def _store_nonces(self, connection: Connection) -> None:
        used = [(nonce, state) for nonce, state in self._nonces.items() if state.used_seq is not None]
        new = [
            {"nonce": bytes.fromhex(nonce), "issued_ms": state.issued_ms, "used_seq": state.used_seq}
            for nonce, state in used
            if not state.stored
        ]
        old = [
            {"n": bytes.fromhex(nonce), "used_seq": state.used_seq} for nonce, state in used if state.stored
        ]
        if new:
            connection.execute(insert(tables.nonces), new)
        if old:
            mine = tables.nonces.c.nonce == bindparam("n")
            connection.execute(update(tables.nonces).where(mine), old)
        for _, state in used:
            state.stored = True


def _table(party: int) -> tuple[Table, str]:
    return (tables.devices, "device") if party == DEVICE else (tables.validators, "validator")


def _texts(event: Mapping[str, Any], name: str) -> list[str]:
    value = event.get(name)
    return [value] if isinstance(value, str) else []


def _portions(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[at : at + _IDS_PER_QUERY] for at in range(0, len(ordered), _IDS_PER_QUERY))


def _to_bytes(values: Iterable[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def _to_column(event: Event, name: str) -> bytes | None:
    value = event.get(name)
    return None if value is None else bytes.fromhex(value)


def _from_column(value: object) -> object:
    return value.hex() if isinstance(value, bytes | memoryview) else value
