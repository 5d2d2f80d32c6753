"""The registry: an append-only chain of signed events in SQLite or PostgreSQL.

In: signed events (``events`` builds and signs them). Out: their canonical lines in order, which is all that a
settlement reads (uptime proof, section 5). Invariants: numbers have no gaps, ``recorded_ms`` never falls,
each ``prev_hash`` is the hash of the line before, and the lines are the same bytes on both servers. Several
processes may write at once.
"""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError, RegistryError
from depinverify.registry import tables
from depinverify.registry.certificates import CertificatePolicy
from depinverify.registry.database import Database
from depinverify.registry.keys import PublicKey
from depinverify.registry.lines import GENESIS, event_hash, read_event
from depinverify.registry.members import check_members
from depinverify.registry.rules import Rules, apply_event
from depinverify.registry.state import WorkingSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from depinverify.canonical import Json
    from depinverify.registry.lines import Event

__all__ = ["DEFAULT_URL", "Appended", "Registry", "system_clock_ms"]

DEFAULT_URL = "sqlite:///devices.db"
#: Events that are read, checked and written together.
_EVENTS_PER_RUN = 1000
#: How far the machine's clock may lie behind the last event before the registry stops taking events.
_CLOCK_FALL_MS = 60_000
_NONCE_BYTES = 32


def system_clock_ms() -> int:
    """Milliseconds since the Unix epoch by this machine's clock."""
    return time.time_ns() // 1_000_000


class Appended(NamedTuple):
    """Place of an event in the chain.

    Attributes:
        seq: Its number.
        recorded_ms: When the registry took it.
        effective_ms: From when on it holds.
        hash: Hash of its line, which is the registry's head if it is the last.
    """

    seq: int
    recorded_ms: int
    effective_ms: int
    hash: str


class Registry:
    """A registry of devices and validators.

    Example:
        >>> with Registry.open("sqlite:///devices.db") as registry:
        ...     event = enroll(device=ueid, key=key, owner="alice", nonce=registry.issue_nonce())
        ...     registry.append(sign(event, private_key))
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    def create(
        cls,
        url: str = DEFAULT_URL,
        *,
        authority: Iterable[PublicKey | str] = (),
        clock: Callable[[], int] = system_clock_ms,
        wait_seconds: float = 60.0,
    ) -> Self:
        """Make the tables of a new registry and open it; an existing one is brought to the newest version.

        Args:
            url: ``sqlite:///path`` or ``postgresql://...``.
            authority: Keys that may sign as the registry authority.
            clock: The registry's clock; tests pass their own.
            wait_seconds: How long to wait for another writer.
        """
        database = Database(url, wait_seconds=wait_seconds)
        with _closed_on_error(database):
            database.migrate()
        registry = cls(database, clock)
        keys = [key if isinstance(key, PublicKey) else PublicKey.parse(key) for key in authority]
        if keys:
            registry.set_authority(keys)
        return registry

    @classmethod
    def open(
        cls,
        url: str = DEFAULT_URL,
        *,
        clock: Callable[[], int] = system_clock_ms,
        wait_seconds: float = 60.0,
    ) -> Self:
        """Open an existing registry.

        Args:
            url: ``sqlite:///path`` or ``postgresql://...``.
            clock: The registry's clock; tests pass their own.
            wait_seconds: How long to wait for another writer.

        Raises:
            RegistryError: There is none, it cannot be reached, or its tables have another version.
        """
        database = Database(url, wait_seconds=wait_seconds)
        with _closed_on_error(database):
            if database.path is not None:
                _require_file(database.path, database.shown)
            database.check_version()
        return cls(database, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()

    @property
    def url(self) -> str:
        """Where it lies, without the password."""
        return self._database.shown

    # --- settings
    # -------------------------------------------------------------------------------------------------

    @property
    def authority(self) -> tuple[PublicKey, ...]:
        """Keys that may sign as the registry authority."""
        with self._database.reading() as connection:
            return _authority(connection)

    def set_authority(self, keys: Iterable[PublicKey]) -> None:
        """Name the keys that may sign as the registry authority from now on, instead of those before.

        ``[registry] authority`` of an epoch names the keys that count when it is settled, so keep old keys
        there.
        """
        self._set("authority", [key.did for key in keys])

    @property
    def roots(self) -> CertificatePolicy | None:
        """Policy for certificates: the manufacturers' roots, or ``None`` if there are none."""
        with self._database.reading() as connection:
            return _policy(connection)

    def set_roots(self, roots: Sequence[bytes]) -> None:
        """Name the manufacturers' root certificates (DER), instead of those before."""
        CertificatePolicy(roots)
        self._set("roots", [der.hex() for der in roots])

    def _set(self, name: str, value: Json) -> None:
        with self._database.writing() as connection:
            connection.execute(tables.settings.delete().where(tables.settings.c.name == name))
            connection.execute(insert(tables.settings), {"name": name, "value": canonical_json(value)})

    # --- taking events
    # --------------------------------------------------------------------------------------------

    def issue_nonce(self) -> str:
        """A fresh nonce for one enrolment, as hex."""
        return self.issue_nonces(1)[0]

    def issue_nonces(self, count: int) -> list[str]:
        """Fresh nonces, each for one enrolment, as hex."""
        issued = [secrets.token_bytes(_NONCE_BYTES) for _ in range(count)]
        now = self._clock()
        with self._database.writing() as connection:
            if issued:
                connection.execute(
                    insert(tables.nonces),
                    [{"nonce": nonce, "issued_ms": now, "used_seq": None} for nonce in issued],
                )
        return [nonce.hex() for nonce in issued]

    def append(self, event: Mapping[str, Any], *, effective_ms: int | None = None) -> Appended:
        """Take one signed event.

        Args:
            event: Signed, without a place in the chain.
            effective_ms: From when on it holds; now, if not given.

        Raises:
            RegistryError: It is refused; the message says why.
        """
        return self.append_many([event], effective_ms=effective_ms)[0]

    def append_many(
        self,
        events: Iterable[Mapping[str, Any]],
        *,
        effective_ms: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Appended]:
        """Take signed events in one transaction: all of them, or none.

        Args:
            events: Signed, without a place in the chain; may be a generator.
            effective_ms: From when on they hold; now, if not given.
            progress: Called with the number of events so far.

        Raises:
            RegistryError: One is refused; the message has its number in this call, from 0.
        """
        with self._database.writing() as connection:
            chain = Chain(connection, self._clock, effective_ms=effective_ms)
            return chain.take(events, progress)

    def restore(self, lines: Iterable[bytes], *, progress: Callable[[int], None] | None = None) -> Appended:
        """Fill an empty registry with a backup's lines; chain, signatures and rules are checked again.

        Args:
            lines: Lines of :meth:`lines` or of an export, in order.
            progress: Called with the number of events so far.

        Raises:
            RegistryError: This registry holds events, or a line is not what it was when it was taken.
        """
        with self._database.writing() as connection:
            chain = Chain(connection, self._clock, is_replay=True)
            if chain.next_seq:
                msg = f"registry {self.url} holds {chain.next_seq} events already"
                raise RegistryError(msg, hint="a backup is restored into an empty registry")
            last = None
            for taken in chain.replay(lines, progress):
                last = taken
        if last is None:
            msg = "the backup holds no event"
            raise RegistryError(msg)
        return last

    # --- reading
    # --------------------------------------------------------------------------------------------------

    def lines(
        self,
        *,
        before_ms: int | None = None,
        device: str | None = None,
        validator: str | None = None,
    ) -> Iterator[bytes]:
        """Canonical lines in order, each with its line feed.

        Args:
            before_ms: Only events recorded before this time, such as an epoch's end.
            device: Only events of this device (hex).
            validator: Only events of this validator (hex).
        """
        query = select(tables.events.c.line).order_by(tables.events.c.seq)
        if before_ms is not None:
            query = query.where(tables.events.c.recorded_ms < before_ms)
        if device is not None:
            query = query.where(tables.events.c.device == _identifier(device, "device"))
        if validator is not None:
            query = query.where(tables.events.c.validator == _identifier(validator, "validator"))
        with self._database.reading() as connection:
            streaming = connection.execution_options(yield_per=_EVENTS_PER_RUN)
            with streaming.execute(query) as found:
                for (line,) in found:
                    yield bytes(line) + b"\n"

    def head(self, *, before_ms: int | None = None) -> str:
        """Hash of the last event (recorded before a time), 64 zeros if there is none.

        Args:
            before_ms: Such as an epoch's start, for ``[registry] head`` of its ``epoch.toml``.
        """
        query = select(tables.events.c.hash).order_by(tables.events.c.seq.desc()).limit(1)
        if before_ms is not None:
            query = query.where(tables.events.c.recorded_ms < before_ms)
        with self._database.reading() as connection:
            found = connection.execute(query).scalar()
        return GENESIS if found is None else bytes(found).hex()

    def count(self) -> dict[str, int]:
        """How many events, devices and validators there are."""
        with self._database.reading() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in (
                    ("events", tables.events),
                    ("devices", tables.devices),
                    ("validators", tables.validators),
                )
            }

    def state(self, *, device: str | None = None, validator: str | None = None) -> dict[str, Any] | None:
        """State of a device or validator after the last event, with its keys, or ``None``."""
        name, kind = ("device", tables.DEVICE) if device is not None else ("validator", tables.VALIDATOR)
        identifier = device if device is not None else validator
        if identifier is None:
            msg = "state: expected a device or a validator"
            raise InputError(msg)
        _identifier(identifier, name)
        working = WorkingSet()
        with self._database.reading() as connection:
            working.load(connection, [{name: identifier}])
        party = working.party(kind, identifier)
        if party is None:
            return None
        row = {("class" if key == "device_class" else key): value for key, value in party.row.items()}
        keys = [
            {
                "kid": key.kid,
                "key": key.key,
                "valid_from_ms": key.valid_from_ms,
                "valid_to_ms": key.valid_to_ms,
            }
            for key in sorted(party.keys.values(), key=lambda key: (key.valid_from_ms, key.kid))
        ]
        return {name: identifier, **row, "keys": keys}

    def export_lines(self, path: Path, *, before_ms: int | None = None) -> int:
        """Write the lines to a file, which appears complete or not at all; how many there were."""
        from depinverify.registry.files import written_whole  # noqa: PLC0415 -- files imports nothing heavy

        count = 0
        with written_whole(path) as file:
            for line in self.lines(before_ms=before_ms):
                file.write(line)
                count += 1
        return count


class Chain:
    """The end of the chain inside a writing transaction: gives events their places and writes them."""

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], int],
        *,
        effective_ms: int | None = None,
        is_replay: bool = False,
    ) -> None:
        self._connection = connection
        self._effective_ms = effective_ms
        self._is_replay = is_replay
        self.rules = Rules(_authority(connection), _policy(connection), is_replay)
        last = connection.execute(
            select(tables.events.c.seq, tables.events.c.recorded_ms, tables.events.c.hash)
            .order_by(tables.events.c.seq.desc())
            .limit(1)
        ).first()
        self.next_seq = 0 if last is None else last.seq + 1
        self._last_recorded_ms = 0 if last is None else last.recorded_ms
        self._head = GENESIS if last is None else bytes(last.hash).hex()
        now = clock()
        if not is_replay and now < self._last_recorded_ms - _CLOCK_FALL_MS:
            msg = f"the clock says {now}, which is long before the last event at {self._last_recorded_ms}"
            raise RegistryError(msg, hint="set this machine's clock; the times of a registry never fall")
        #: When the events of this transaction are recorded.
        self.recorded_ms = max(now, self._last_recorded_ms)
        if effective_ms is not None and effective_ms < self.recorded_ms:
            msg = f"effective_ms {effective_ms} is before now, {self.recorded_ms}: events cannot be backdated"
            raise RegistryError(msg)

    def take(
        self, events: Iterable[Mapping[str, Any]], progress: Callable[[int], None] | None = None
    ) -> list[Appended]:
        """Check events, give them their places, write them."""
        taken: list[Appended] = []
        for run in _runs(events):
            placed = [self._taken(event, at) for at, event in enumerate(run, len(taken))]
            taken.extend(self._write(placed, first=len(taken)))
            if progress is not None:
                progress(len(taken))
        return taken

    def replay(
        self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None
    ) -> Iterator[Appended]:
        """Check lines that have their places already, and write them."""
        count = 0
        for run in _runs(lines):
            yield from self._write(
                [self._replayed(line, at) for at, line in enumerate(run, count)], first=count
            )
            count += len(run)
            if progress is not None:
                progress(count)

    def _taken(self, event: Mapping[str, Any], at: int) -> Event:
        with _named(at):
            check_members(event, chained=False)
        effective_ms = self.recorded_ms if self._effective_ms is None else self._effective_ms
        return {**event, "recorded_ms": self.recorded_ms, "effective_ms": effective_ms}

    def _replayed(self, line: bytes, at: int) -> Event:
        with _named(at):
            event = read_event(line.rstrip(b"\n"))
            check_members(event, chained=True)
            if canonical_json(event) != line.rstrip(b"\n"):
                msg = "the line is not in canonical form"
                raise RegistryError(msg)
        return event

    def _write(self, events: list[Event], *, first: int) -> list[Appended]:
        state = WorkingSet()
        state.load(self._connection, events)
        rows, taken = [], []
        for at, event in enumerate(events, first):
            with _named(at):
                if self._is_replay:
                    self._check_place(event)
                event["seq"], event["prev_hash"] = self.next_seq, self._head
                apply_event(event, state, self.rules)
            line = canonical_json(event)
            self._head = event_hash(line)
            self._last_recorded_ms = event["recorded_ms"]
            self.next_seq += 1
            rows.append((event, line, self._head))
            taken.append(Appended(event["seq"], event["recorded_ms"], event["effective_ms"], self._head))
        state.store(self._connection, rows)
        return taken

    def _check_place(self, event: Event) -> None:
        if event["seq"] != self.next_seq or event["prev_hash"] != self._head:
            found = f"seq {event['seq']} after {event['prev_hash']}"
            msg = f"expected seq {self.next_seq} after {self._head}; found {found}"
            raise RegistryError(msg, hint="a line is missing, doubled, moved or changed")
        if event["recorded_ms"] < self._last_recorded_ms:
            msg = f"recorded_ms {event['recorded_ms']} is before {self._last_recorded_ms} of the event before"
            raise RegistryError(msg)


class _named:  # noqa: N801 -- reads as a statement
    """Names the event in the message of an error."""

    def __init__(self, at: int) -> None:
        self._at = at

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, RegistryError | InputError):
            msg = f"event {self._at}: {error}"
            raise RegistryError(msg, hint=error.hint) from None


def _runs(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while run := list(islice(iterator, _EVENTS_PER_RUN)):
        yield run


def _setting(connection: Connection, name: str) -> Any:  # noqa: ANN401 -- a JSON value
    value = connection.execute(select(tables.settings.c.value).where(tables.settings.c.name == name)).scalar()
    return None if value is None else read_event(b'{"value":' + bytes(value) + b"}")["value"]


def _authority(connection: Connection) -> tuple[PublicKey, ...]:
    return tuple(PublicKey.from_did(did) for did in _setting(connection, "authority") or ())


def _policy(connection: Connection) -> CertificatePolicy | None:
    roots = _setting(connection, "roots")
    return CertificatePolicy([bytes.fromhex(root) for root in roots]) if roots else None


def _identifier(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        msg = f"{name}: expected hex, found {text[:80]!r}"
        raise InputError(msg) from None


@contextmanager
def _closed_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


def _require_file(path: str, shown: str) -> None:
    if not Path(path).is_file():
        msg = f"registry {shown}: there is no such file"
        raise RegistryError(msg, hint=f"make one: depinverify registry init --url {shown}")
