"""A real PostgreSQL server, a clock that tests set, and a registry of either kind."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

from absent import absent
from depinverify.registry import Registry, Signer, generate_private_key

NOON_MS = 1_800_000_000_000


class SetClock:
    """A clock that shows what it was set to."""

    def __init__(self, now_ms=NOON_MS):
        self.now_ms = now_ms

    def __call__(self):
        return self.now_ms


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture(scope="session")
def authority():
    return Signer(generate_private_key())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/devices.db"
    return request.getfixturevalue("postgresql_url")


@pytest.fixture
def registry(url, clock, authority):
    with Registry.create(url, authority=[authority.public], clock=clock) as opened:
        yield opened


@pytest.fixture
def new_postgresql_url(postgresql_server):
    """Makes empty databases on the server; they vanish with it."""

    def make():
        name = f"registry_{uuid.uuid4().hex}"
        postgresql_server.run("createdb", "--host", postgresql_server.folder, "--username", "registrar", name)
        return f"postgresql://registrar@/{name}?host={postgresql_server.folder}"

    return make


@pytest.fixture
def postgresql_url(new_postgresql_url):
    return new_postgresql_url()


@pytest.fixture(scope="session")
def postgresql_server():
    """A server of its own for this test process, reachable by a Unix socket only."""
    binaries = _binaries()
    if binaries is None:
        absent("PostgreSQL's server programs are absent (Debian: apt-get install postgresql)")
    # Not below pytest's own folders, which only their owner may enter; short, for the socket's name.
    folder = Path(tempfile.mkdtemp(prefix="dpv-pg-", dir="/tmp"))
    server = _Server(binaries, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class _Server:
    """initdb refuses root, so as root everything is run as an unprivileged user."""

    def __init__(self, binaries, folder):
        self.binaries = binaries
        self.folder = folder
        self._as_user = {}
        if os.geteuid() == 0:
            user = _unprivileged_user()
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(folder, user.pw_uid, user.pw_gid)

    def run(self, program, *arguments):
        done = subprocess.run(
            [self.binaries / program, *map(str, arguments)],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
            **self._as_user,
        )
        assert done.returncode == 0, f"{program} failed:\n{done.stdout}"

    def start(self):
        data = self.folder / "data"
        # An ICU locale orders "a" before "B": what the registry's C collation is there to undo.
        self.run(
            "initdb", "--pgdata", data, "--username", "registrar", "--auth", "trust", "--encoding", "UTF8",
            "--locale-provider", "icu", "--icu-locale", "en", "--locale", "C", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self.run("pg_ctl", "start", "--wait", "--pgdata", data, "--log", self.folder / "log", "-o", options)

    def stop(self):
        if (self.folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", self.folder / "data")


def _binaries():
    named = os.environ.get("DEPINVERIFY_POSTGRESQL")
    if named:
        return Path(named)
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
    )
    return versions[-1] if versions else None


def _unprivileged_user():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pytest.fail("neither the user postgres nor nobody exists, and PostgreSQL refuses to run as root")
