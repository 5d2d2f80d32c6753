"""The registry: an append-only chain of signed events in SQLite or PostgreSQL.

In: signed events (``events`` builds and signs them). Out: their canonical lines in order, which is all that a
settlement reads (uptime proof, section 5). Invariants: numbers have no gaps, ``recorded_ms`` never falls,
each ``prev_hash`` is the hash of the line before, and the lines are the same bytes on both servers. Several
processes may write at once.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from depinverify.canonical import LARGEST_INTEGER, canonical_json
from depinverify.exceptions import InputError, RegistryError
from depinverify.registry import tables
from depinverify.registry.certificates import CertificatePolicy
from depinverify.registry.chain import EVENTS_PER_RUN, Appended, Chain, authority_of, policy_of, runs
from depinverify.registry.database import Database
from depinverify.registry.keys import PublicKey
from depinverify.registry.lines import GENESIS
from depinverify.registry.state import WorkingSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from depinverify._native import RegistrySnapshot
    from depinverify.canonical import Json

__all__ = ["DEFAULT_URL", "Appended", "Registry", "system_clock_ms"]

DEFAULT_URL = "sqlite:///devices.db"
_NONCE_BYTES = 32


def system_clock_ms() -> int:
    """Milliseconds since the Unix epoch by this machine's clock."""
    return time.time_ns() // 1_000_000


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

    # settings

    @property
    def authority(self) -> tuple[PublicKey, ...]:
        """Keys that may sign as the registry authority."""
        with self._database.reading() as connection:
            return authority_of(connection)

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
            return policy_of(connection)

    def set_roots(self, roots: Sequence[bytes]) -> None:
        """Name the manufacturers' root certificates (DER), instead of those before."""
        CertificatePolicy(roots)
        self._set("roots", [der.hex() for der in roots])

    def _set(self, name: str, value: Json) -> None:
        with self._database.writing() as connection:
            connection.execute(tables.settings.delete().where(tables.settings.c.name == name))
            connection.execute(insert(tables.settings), {"name": name, "value": canonical_json(value)})

    def _set_all(self, settings: Sequence[Mapping[str, Any]]) -> None:
        with self._database.writing() as connection:
            connection.execute(tables.settings.delete())
            if settings:
                connection.execute(insert(tables.settings), settings)

    # taking events

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
        with self.appending(effective_ms=effective_ms) as chain:
            chain.is_single = True
            return chain.take([event])[0]

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
        taken: list[Appended] = []
        with self.appending(effective_ms=effective_ms) as chain:
            for run in runs(events):
                taken += chain.take(run)
                if progress is not None:
                    progress(len(taken))
        return taken

    @contextmanager
    def appending(self, *, effective_ms: int | None = None) -> Iterator[Chain]:
        """A transaction that takes events: ``with registry.appending() as chain: chain.take(run)``.

        After an error in the block, nothing of it was taken.
        """
        with self._database.writing() as connection:
            yield Chain(connection, self._clock, effective_ms=effective_ms)

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
                raise RegistryError(
                    f"registry {self.url} holds {chain.next_seq} events already",
                    hint="a backup is restored into an empty registry",
                )
            last = None
            for run in runs(lines):
                last = chain.replay(run)[-1]
                if progress is not None:
                    progress(chain.seen)
        if last is None:
            raise RegistryError("the backup holds no event")
        return last

    @classmethod
    def migrate(cls, url: str = DEFAULT_URL, *, wait_seconds: float = 60.0) -> bool:
        """Bring the tables of an older registry to the newest version; whether anything was done."""
        database = Database(url, wait_seconds=wait_seconds)
        with closing(database):
            if database.path is not None:
                _require_file(database.path, database.shown)
            return database.migrate()

    def verify(self, *, head: str | None = None, progress: Callable[[int], None] | None = None) -> int:
        """Check all events again, as if they were taken now; how many there are.

        Args:
            head: A head that was published elsewhere, which must be the hash of one of the events.
            progress: Called with the number of events so far.

        Raises:
            RegistryError: The chain is broken, a signature is wrong, or the head is not in it.
        """
        with self._database.reading() as connection:
            settings = [dict(row) for row in connection.execute(select(tables.settings)).mappings()]
            if head is not None:
                known = select(tables.events.c.seq).where(tables.events.c.hash == _identifier(head, "head"))
                if connection.execute(known).first() is None:
                    raise RegistryError(
                        f"registry {self.url}: no event has the hash {head}",
                        hint="the history was rewritten, or the head is that of another registry",
                    )
        count = self.count()["events"]
        if count:
            with (
                tempfile.TemporaryDirectory(prefix="depinverify-") as folder,
                Registry.create(f"sqlite:///{folder}/replayed.db") as replayed,
            ):
                replayed._set_all(settings)  # noqa: SLF001 -- a registry like this one
                replayed.restore(self.lines(), progress=progress)
            # What a settlement will say of it, by code that shares nothing with the replay.
            self.snapshot(start_ms=LARGEST_INTEGER)
        return count

    # reading

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
            streaming = connection.execution_options(yield_per=EVENTS_PER_RUN)
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

    def snapshot(
        self, *, start_ms: int, end_ms: int | None = None, epoch: int = 0, head: str | None = None
    ) -> RegistrySnapshot:
        """What holds for an epoch; chain, signatures and rules are checked on the way.

        Args:
            start_ms: Start of the epoch, or the time as of which the registry is asked for.
            end_ms: Its end; the start, if not given.
            epoch: Its index, which says which commitments count.
            head: ``[registry] head`` of its ``epoch.toml``, to be compared.

        Raises:
            RegistryError: The registry is invalid, or has another head.
        """
        from depinverify._native import RegistrySnapshot  # noqa: PLC0415 -- only who asks for one loads it

        end_ms = start_ms if end_ms is None else end_ms
        # By way of a file, so that memory depends on the devices and not on the number of events.
        with tempfile.TemporaryDirectory(prefix="depinverify-") as folder:
            path = Path(folder) / "registry.jsonl"
            self.export_lines(path, before_ms=end_ms)
            return RegistrySnapshot.read(
                path,
                epoch=epoch,
                start_ms=start_ms,
                end_ms=end_ms,
                authority=[key.did for key in self.authority],
                head=None if head is None else _identifier(head, "head"),
            )

    def export_devices(self, path: Path, *, as_of_ms: int) -> int:
        """Write the devices as of a time to a CSV, JSON lines or Parquet file; how many there are."""
        from depinverify.registry.exports import export_devices  # noqa: PLC0415 -- as above

        return export_devices(self.snapshot(start_ms=as_of_ms), path, as_of_ms)

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
            raise InputError("state: expected a device or a validator")
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


def _identifier(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InputError(f"{name}: expected hex, found {text[:80]!r}") from None


@contextmanager
def _closed_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


def _require_file(path: str, shown: str) -> None:
    if not Path(path).is_file():
        raise RegistryError(
            f"registry {shown}: there is no such file",
            hint=f"make one: depinverify registry init --url {shown}",
        )
