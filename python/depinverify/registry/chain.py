"""The end of the chain: signed events in, numbered and hashed lines out, in the caller's transaction.

Each event is checked for form, then against the state and the rules, then gets its number, its times and the
hash of the line before (uptime proof, sections 5 and 9.2). Invariant: what was refused has changed neither
the chain nor the state.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import Connection, select

from depinverify.canonical import canonical_json
from depinverify.exceptions import DepinverifyError, RegistryError
from depinverify.registry import tables
from depinverify.registry.certificates import CertificatePolicy
from depinverify.registry.keys import PublicKey
from depinverify.registry.lines import GENESIS, event_hash, read_event
from depinverify.registry.members import check_members
from depinverify.registry.rules import Rules, apply_event
from depinverify.registry.state import WorkingSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from depinverify.registry.lines import Event

__all__ = ["EVENTS_PER_RUN", "Appended", "Chain", "authority_of", "policy_of", "runs"]

#: Events that are read, checked and written together.
EVENTS_PER_RUN = 1000
#: How far the machine's clock may lie behind the last event before the registry stops taking events.
_CLOCK_FALL_MS = 60_000

_T = TypeVar("_T")


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


class Chain:
    """Takes events at the end of the chain, inside a transaction that holds the registry's lock.

    Attributes:
        next_seq: Number of the next event.
        recorded_ms: When the events of this transaction are recorded.
        seen: How many events were handed in so far, taken or refused.
        is_single: Whether messages need no number, since one event is all there is.
    """

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
        self._rules = Rules(authority_of(connection), policy_of(connection), is_replay)
        last = connection.execute(
            select(tables.events.c.seq, tables.events.c.recorded_ms, tables.events.c.hash)
            .order_by(tables.events.c.seq.desc())
            .limit(1)
        ).first()
        self.next_seq = 0 if last is None else last.seq + 1
        self._last_recorded_ms = 0 if last is None else last.recorded_ms
        self._head = GENESIS if last is None else bytes(last.hash).hex()
        self.seen = 0
        self.is_single = False
        now = clock()
        if not is_replay and now < self._last_recorded_ms - _CLOCK_FALL_MS:
            raise RegistryError(
                f"the clock says {now}, which is long before the last event at {self._last_recorded_ms}",
                hint="set this machine's clock; the times of a registry never fall",
            )
        self.recorded_ms = max(now, self._last_recorded_ms)
        if effective_ms is not None and effective_ms < self.recorded_ms:
            raise RegistryError(
                f"effective_ms {effective_ms} is before now, {self.recorded_ms}: events cannot be backdated"
            )

    def take(
        self, run: Sequence[Mapping[str, Any]], *, refused: dict[int, DepinverifyError] | None = None
    ) -> list[Appended]:
        """Check a run of signed events, give them their places, write them.

        Args:
            run: Signed events without a place in the chain.
            refused: Gets the errors of events that are refused, by their place in the run; the others are
            taken.
                Without it the first error is raised.
        """
        return self._write([dict(event) for event in run], refused)

    def replay(self, run: Sequence[bytes]) -> list[Appended]:
        """Check a run of lines that have their places already, and write them."""
        return self._write([self._read(at, line) for at, line in enumerate(run)], None)

    def _read(self, at: int, line: bytes) -> Event:
        line = line.rstrip(b"\n")
        try:
            event = read_event(line)
            check_members(event, chained=True)
            if canonical_json(event) != line:
                raise RegistryError("the line is not in canonical form")
        except DepinverifyError as error:
            raise self._named(at, error) from None
        return event

    def _write(self, run: list[Event], refused: dict[int, DepinverifyError] | None) -> list[Appended]:
        state = WorkingSet()
        well_formed = []
        for at, event in enumerate(run):
            try:
                if not self._is_replay:
                    check_members(event, chained=False)
                well_formed.append((at, event))
            except DepinverifyError as error:
                self._refuse(at, error, refused)
        state.load(self._connection, [event for _, event in well_formed])
        rows, taken = [], []
        for at, event in well_formed:
            try:
                self._place(event)
                apply_event(event, state, self._rules)
            except DepinverifyError as error:
                self._refuse(at, error, refused)
                continue
            line = canonical_json(event)
            self._head = event_hash(line)
            self._last_recorded_ms = event["recorded_ms"]
            self.next_seq += 1
            rows.append((event, line, self._head))
            taken.append(Appended(event["seq"], event["recorded_ms"], event["effective_ms"], self._head))
        state.store(self._connection, rows)
        self.seen += len(run)
        return taken

    def _place(self, event: Event) -> None:
        """Give an event its place, or check the one that it has."""
        if not self._is_replay:
            event["seq"] = self.next_seq
            event["recorded_ms"] = self.recorded_ms
            event["effective_ms"] = self.recorded_ms if self._effective_ms is None else self._effective_ms
            event["prev_hash"] = self._head
        elif event["seq"] != self.next_seq or event["prev_hash"] != self._head:
            found = f"seq {event['seq']} after {event['prev_hash']}"
            raise RegistryError(
                f"expected seq {self.next_seq} after {self._head}; found {found}",
                hint="a line is missing, doubled, moved or changed",
            )
        elif event["recorded_ms"] < self._last_recorded_ms:
            raise RegistryError(
                f"recorded_ms {event['recorded_ms']} is before {self._last_recorded_ms} of the event before"
            )

    def _refuse(self, at: int, error: DepinverifyError, refused: dict[int, DepinverifyError] | None) -> None:
        if refused is None:
            raise self._named(at, error) from None
        refused[at] = error

    def _named(self, at: int, error: DepinverifyError) -> RegistryError:
        number = "" if self.is_single else f"event {self.seen + at}: "
        return RegistryError(f"{number}{error}", hint=error.hint)


def runs(items: Iterable[_T], size: int = EVENTS_PER_RUN) -> Iterator[list[_T]]:
    """Items in runs of bounded length."""
    iterator = iter(items)
    while run := list(islice(iterator, size)):
        yield run


def _setting(connection: Connection, name: str) -> Any:  # noqa: ANN401 -- a JSON value
    value = connection.execute(select(tables.settings.c.value).where(tables.settings.c.name == name)).scalar()
    return None if value is None else read_event(b'{"value":' + bytes(value) + b"}")["value"]


def authority_of(connection: Connection) -> tuple[PublicKey, ...]:
    """Keys that may sign as the registry authority."""
    return tuple(PublicKey.from_did(did) for did in _setting(connection, "authority") or ())


def policy_of(connection: Connection) -> CertificatePolicy | None:
    """Policy for certificates, or ``None`` where no root is known."""
    roots = _setting(connection, "roots")
    return CertificatePolicy([bytes.fromhex(root) for root in roots]) if roots else None
