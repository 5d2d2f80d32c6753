"""The commands of ``depinverify registry``, as a user types them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import depinverify
from depinverify.registry import Registry, Scheme, Signer, events, generate_private_key

DEVICE = "01" + "0c" * 16
#: The package under test, also where the folder of a command is another.
PACKAGE = str(Path(depinverify.__file__).parents[1])


@pytest.fixture
def run(tmp_path):
    """Run a command in an empty folder; its standard output as JSON where it asks for it."""

    def call(*arguments, rc=0, stdin=None):
        done = subprocess.run(
            [sys.executable, "-m", "depinverify", "registry", *map(str, arguments)],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": PACKAGE,
                "NO_COLOR": "1",
                "DEPINVERIFY_REGISTRY": f"sqlite:///{tmp_path}/devices.db",
            },
        )
        assert done.returncode == rc, done.stderr + done.stdout
        if "Traceback" in done.stderr:
            pytest.fail(done.stderr)
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    return call


@pytest.fixture
def pem(tmp_path):
    def make(name, scheme=Scheme.ED25519):
        signer = Signer(generate_private_key(scheme))
        (tmp_path / name).write_bytes(
            signer.private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return signer

    return make


def test_a_registry_from_its_first_day_to_a_restored_backup(run, pem, tmp_path):
    authority, device, owner, other = (
        pem(f"{name}.pem") for name in ("authority", "device", "owner", "other")
    )
    pem("validator.pem", Scheme.P256)
    assert run("init", "--authority", "authority.pem", "--json")["authority"] == [authority.public.did]
    assert run("authority", "--json") == [authority.public.did]

    nonce = run("nonce").strip()
    event = events.enroll(device=DEVICE, key=device.public, owner=owner.public.did, nonce=nonce)
    (tmp_path / "enroll.json").write_text(json.dumps(events.sign(event, device, owner)))
    assert run("enroll", "enroll.json", "--json")["seq"] == 0
    named = ("--validator", "76616c2d30")
    assert (
        run("enroll-validator", *named, "--key", "validator.pem", "--location", "48.5,-2.25", "--json")["seq"]
        == 1
    )
    run("commit", *named, "--epoch", 3, "--secret", "secret.txt", "--signer", "validator.pem")
    secret = bytes.fromhex((tmp_path / "secret.txt").read_text())
    assert (tmp_path / "secret.txt").stat().st_mode & 0o077 == 0
    run("conflict", *named, "--device", DEVICE, "--signer", "validator.pem")
    on = ("--device", DEVICE)
    pem("new.pem", Scheme.SECP256K1)
    run("rotate", *on, "--old-key", "device.pem", "--new-key", "new.pem", "--overlap-ms", 0)
    run("revoke", *on, "--kid", device.kid.hex(), "--signer", "owner.pem")
    run("relocate", *on, "--cell", "8928308280fffff", "--signer", "owner.pem")
    run("set-payee", *on, "--payee", "0x" + "aB" * 20, "--signer", "owner.pem")
    run("set-weight", *on, "--weight", 7, "--signer", "authority.pem")
    run("set-class", *on, "--class", "roof", "--signer", "authority.pem")
    run("transfer", *on, "--owner", "other.pem", "--signer", "owner.pem", "--signer", "other.pem")
    run("retire", *on, "--signer", "other.pem", "--effective", "2999-01-01T00:00Z")
    run("retire", *named, "--signer", "authority.pem")

    shown = run("show", *on, "--json")
    assert (shown["owner"], shown["weight"], shown["class"]) == (other.public.did, "7", "roof")
    assert shown["payee"] == "0x" + "ab" * 20
    assert shown["retired_ms"] == 32_472_144_000_000
    assert len(shown["keys"]) == 2
    assert [entry["type"] for entry in shown["events"]][:2] == ["enroll", "declare_conflict"]
    assert "did:key:" in run("show", *on)
    total = run("show", "--json")
    assert (total["events"], total["devices"], total["validators"]) == (13, 1, 1)

    with Registry.open(f"sqlite:///{tmp_path}/devices.db") as registry:
        commit = json.loads(list(registry.lines(validator="76616c2d30"))[1])
        assert (commit["epoch"], commit["commitment"]) == (3, hashlib.sha256(secret).hexdigest())
        lines = b"".join(registry.lines())
    assert run("verify", "--head", total["head"], "--json") == {"events": 13, "head": total["head"]}
    assert "was rewritten" in run("verify", "--head", "ab" * 32, rc=2)
    assert total["head"] in run("backup", "backup.jsonl")
    assert (tmp_path / "backup.jsonl").read_bytes() == lines
    assert "0 events" in run("export", "early.jsonl", "--before", "2020-01-01T00:00Z")
    held = run("snapshot", "--as-of", "2900-01-01T00:00Z", "--json")
    assert (held["head"], held["events"], held["devices"]) == (total["head"], 13, 1)
    assert held["content_hash"] == hashlib.sha256(lines).hexdigest()
    assert "1 devices" in run("devices", "fleet.csv")
    assert (tmp_path / "fleet.csv").read_text().splitlines()[1].startswith(f"{DEVICE},did:key:zQ3s")
    copy = ("--url", f"sqlite:///{tmp_path}/copy.db")
    run("init", *copy, "--authority", authority.public.did)
    assert run("restore", "backup.jsonl", *copy, "--json")["hash"] == total["head"]
    assert "nothing to do" in run("migrate", *copy)


def test_an_import_tells_about_bad_rows_and_can_skip_them(run, pem, tmp_path):
    authority = pem("authority.pem")
    run("init", "--authority", "authority.pem")
    good = f"{DEVICE},{authority.public.did},alice\n"
    (tmp_path / "devices.csv").write_text("device,key,owner\n" + good + "nothing,x,\n")
    command = ("import", "devices.csv", "--authority", "authority.pem")
    told = run(*command, rc=2)
    assert "1 of 2 rows are bad" in told
    assert "line 3, column owner: expected a value" in told
    assert "--skip-bad" in told
    assert run(*command, "--json", rc=2)["bad_rows"][0]["line"] == 3
    assert run("show", "--json")["events"] == 0
    assert run(*command, "--skip-bad", "bad.jsonl", "--json", rc=1)["imported"] == 1
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 3
    assert run("show", "--json")["devices"] == 1


def test_a_manufacturers_signature_is_asked_for(run, pem, tmp_path):
    pem("authority.pem")
    maker = pem("maker.pem")
    run("init", "--authority", "authority.pem")
    (tmp_path / "devices.csv").write_text(f"device,key,owner\n{DEVICE},{maker.public.did},alice\n")
    command = ("import", "devices.csv", "--authority", "authority.pem", "--manufacturer", maker.public.did)
    assert "devices.csv.jws" in run(*command, rc=2)
    run("sign-manifest", "devices.csv", "--signer", "maker.pem")
    assert "1 devices enrolled, 0 rows skipped" in run(*command)


def test_bad_calls_are_one_clear_message(run, pem, tmp_path):
    assert "registry init" in run("show", rc=2)
    pem("key.pem")
    run("init")
    assert "expected exactly one of --device and --validator" in run("retire", "--signer", "key.pem", rc=2)
    assert "is not enrolled" in run("retire", "--device", DEVICE, "--signer", "key.pem", rc=2)
    assert "is not enrolled" in run("show", "--device", DEVICE, rc=2)
    assert "cannot be read" in run("retire", "--device", DEVICE, "--signer", "absent.pem", rc=2)
    assert "expected hex" in run("show", "--device", "zz", rc=2)
    assert "line 1: not JSON" in run("enroll", stdin="nothing\n", rc=2)
    assert "found none" in run("enroll", stdin="", rc=2)
    assert "expected a time zone" in run("export", "x.jsonl", "--before", "2026-01-01", rc=2)
    (tmp_path / "bad.jsonl").write_text("{}\n")
    assert "event 0: type: expected one of" in run("restore", "bad.jsonl", rc=2)


def test_every_command_has_help_with_an_example(run):
    listing = run("--help")
    from depinverify.cli.registry import registry  # noqa: PLC0415

    for name, command in registry.commands.items():
        assert name in listing
        assert f"Example: depinverify registry {name}" in command.help or name in {"enroll", "nonce"}


def test_importing_the_package_loads_no_database():
    code = "import sys, depinverify.registry; sys.exit(bool({'sqlalchemy', 'alembic'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
