"""``depinverify device``: key, enrolment and answers as a maker types them."""

import base64
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from depinverify.cli.device import device
from depinverify.device import DeviceKey
from depinverify.exceptions import InputError
from depinverify.registry import PublicKey, event_message

CHALLENGE = "ab" * 32


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "device.pem"
    made = run("keygen", "--scheme", "p256", "--out", str(path), "--json")
    assert json.loads(made)["path"] == str(path)
    return str(path)


def run(*arguments):
    result = CliRunner().invoke(device, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_keygen_says_what_it_made(tmp_path):
    shown = json.loads(run("keygen", "--out", str(tmp_path / "k"), "--json"))
    assert shown["device"] == "01" + shown["kid"]
    assert shown["key"].startswith("did:key:z6Mk")
    assert DeviceKey.load(tmp_path / "k").public.did == shown["key"]


def test_enroll_prints_an_event_that_the_device_signed(key):
    arguments = ("--nonce", "cd" * 32, "--owner", "alice", "--payee", "0x" + "Ab" * 20, "--hwmodel", "01ff")
    event = json.loads(run("enroll", "--key", key, *arguments))
    public = PublicKey.from_did(event["key"])
    assert event["payee"] == "0x" + "ab" * 20
    assert [sig["kid"] for sig in event["sigs"]] == [event["kid"]] == [public.kid.hex()]
    assert public.verify(event_message(event), bytes.fromhex(event["sigs"][0]["sig"]))


def test_an_owner_with_a_key_signs_too(key, tmp_path):
    owner = DeviceKey.generate("secp256k1")
    owner.save(tmp_path / "owner.pem")
    event = json.loads(
        run("enroll", "--key", key, "--nonce", "cd" * 32, "--owner-key", str(tmp_path / "owner.pem"))
    )
    assert event["owner"] == owner.public.did
    assert {sig["kid"] for sig in event["sigs"]} == {event["kid"], owner.kid.hex()}


def test_answer_as_text_and_as_json(key):
    text = run("answer", "--key", key, "--challenge", CHALLENGE, "--location", "48.1,-3.5,10", "--iat", "7")
    claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    assert claims["location"] == {"latitude": 48.1, "longitude": -3.5, "accuracy": 10}
    shown = json.loads(
        run("answer", "--key", key, "--challenge", CHALLENGE, "--envelope", "cwt", "--json", "--iat", "7")
    )
    assert shown["media_type"] == "application/eat+cwt"
    assert base64.urlsafe_b64decode(shown["proof"] + "==")[:3] == b"\xd8\x3d\xd2"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--challenge", "zz", "32 bytes"), ("--location", "north", "LAT,LON"), ("--location", "1", "LAT,LON")],
)
def test_a_bad_value_is_named(key, option, value, message):
    arguments = {"--challenge": CHALLENGE} | {option: value}
    flat = [part for pair in arguments.items() for part in pair]
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(device, ["answer", "--key", key, *flat], catch_exceptions=False)


def test_serve_and_ask_in_two_processes(key):
    command = [sys.executable, "-m", "depinverify", "device"]
    serving = subprocess.Popen(
        [*command, "serve", "--key", key, "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        url = json.loads(serving.stdout.readline())["url"]
        asked = [*command, "ask", url, "--challenge", CHALLENGE, "--json"]
        got = json.loads(subprocess.run(asked, stdout=subprocess.PIPE, check=True).stdout)
    finally:
        serving.terminate()
        serving.wait(10)
        serving.stdout.close()
    claims = json.loads(base64.urlsafe_b64decode(got["proof"].split(".")[1] + "=="))
    assert base64.urlsafe_b64decode(claims["eat_nonce"] + "=") == bytes.fromhex(CHALLENGE)
