"""The HTTP loop: a device that serves, a client that asks, and what happens to bad requests."""

import http.client
import json
import threading
from contextlib import contextmanager

import cbor2
import pytest

from depinverify.device import Claims, DeviceKey, ask, serve
from depinverify.device.exchange import PATH
from depinverify.exceptions import InputError

KEY = DeviceKey.from_seed("p256", bytes(32))
DEVICE = b"\x01" + bytes(16)
CHALLENGE = bytes(range(32))


@contextmanager
def serving(envelope="jws"):
    with serve(KEY, device=DEVICE, claims=lambda: Claims(iat=7), envelope=envelope) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def post(port, body, path=PATH):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", path, body)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("envelope", ["jws", "cwt"])
def test_an_answer_comes_back_for_the_challenge_that_was_asked(envelope):
    with serving(envelope) as port:
        got = ask(f"http://127.0.0.1:{port}/", CHALLENGE)
    if envelope == "jws":
        assert got.proof.count(b".") == 2
    else:
        assert cbor2.loads(cbor2.loads(got.proof).value.value[2])[10] == CHALLENGE
    assert got.received_ms >= got.sent_ms
    assert got.rtt_ns > 0


def test_the_media_type_names_the_envelope():
    body = json.dumps({"eat_nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "deadline_ms": 5000})
    with serving("jws") as port:
        assert post(port, body)[:2] == (200, "application/eat+jwt")
    with serving("cose") as port:
        assert post(port, body)[:2] == (200, "application/eat+cwt")


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (b"{}", "/elsewhere", 404),
        (b"x" * 2000, PATH, 413),
        (b"no json", PATH, 400),
        (b"[" * 1000, PATH, 400),
        (b"{}", PATH, 400),
        (b'{"eat_nonce": 5}', PATH, 400),
        (b'{"eat_nonce": "AA"}', PATH, 400),
        (b'{"eat_nonce": "***"}', PATH, 400),
    ],
)
def test_bad_requests_get_an_answer_and_harm_nobody(body, path, status):
    with serving() as port:
        assert post(port, body, path)[0] == status
        assert ask(f"http://127.0.0.1:{port}", CHALLENGE).proof


def test_nobody_there_is_said_plainly():
    with serving() as port:
        pass
    with pytest.raises(InputError, match="no answer"):
        ask(f"http://127.0.0.1:{port}", CHALLENGE, deadline_ms=500)
    with pytest.raises(InputError, match="expected http"):
        ask("file:///etc/passwd", CHALLENGE)
