"""How a challenge travels over HTTP (section 1.6): the device that serves it and the client that asks.

In: ``POST /.well-known/depin/uptime`` with ``{"eat_nonce": base64url, "deadline_ms": n}``. Out: the envelope,
as ``application/eat+cwt`` or ``application/eat+jwt``. Bodies are bounded on both sides.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from depinverify.device.proof import Claims, Envelope, answer, base64url
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.device.key import DeviceKey

__all__ = ["PATH", "Answer", "ask", "serve"]

PATH = "/.well-known/depin/uptime"

_CHALLENGE_LIMIT = 1024
_ENVELOPE_LIMIT = 4608
_SOCKET_TIMEOUT_SECONDS = 10


class Answer(NamedTuple):
    """What came back to one challenge, and when, in Unix milliseconds of the asking side."""

    proof: bytes
    sent_ms: int
    received_ms: int
    rtt_ns: int


def read_challenge(body: bytes) -> bytes:
    """The ``eat_nonce`` of a challenge in JSON form."""
    try:
        members = json.loads(body)
        text = members["eat_nonce"]
        nonce = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise InputError('challenge: expected {"eat_nonce": base64url, "deadline_ms": n}') from error
    return nonce


def serve(
    key: DeviceKey,
    *,
    device: bytes,
    claims: Callable[[], Claims],
    envelope: Envelope | str = Envelope.JWS,
    host: str = "127.0.0.1",
    port: int = 0,
) -> ThreadingHTTPServer:
    """An HTTP server that answers challenges; the caller runs ``serve_forever()`` and closes it.

    Args:
        key: The device's key.
        device: Its id.
        claims: Called for each challenge: the claims of this moment.
        envelope: How answers are wrapped.
        host: Address to listen on.
        port: Port to listen on; 0 lets the system choose, see ``server_port``.
    """
    wrapped = Envelope(envelope)

    class Handler(BaseHTTPRequestHandler):
        timeout = _SOCKET_TIMEOUT_SECONDS
        server_version = "depinverify-device"
        sys_version = ""

        def do_POST(self) -> None:
            if self.path != PATH:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit() and int(length) <= _CHALLENGE_LIMIT):
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            try:
                nonce = read_challenge(self.rfile.read(int(length)))
                proof = answer(key, nonce, device=device, claims=claims(), envelope=wrapped)
            except InputError as error:
                self.send_error(HTTPStatus.BAD_REQUEST, str(error))
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", wrapped.media_type)
            self.send_header("Content-Length", str(len(proof)))
            self.end_headers()
            self.wfile.write(proof)

        def log_message(self, *_: object) -> None:
            """Say nothing: the caller decides what is printed."""

    return ThreadingHTTPServer((host, port), Handler)


def ask(url: str, challenge: bytes, *, deadline_ms: int = 5000) -> Answer:
    """Put one challenge to a device over HTTP.

    Args:
        url: Address of the device, such as ``http://192.0.2.7:8080``; the path is added.
        challenge: ``eat_nonce``, 32 bytes.
        deadline_ms: How long the device has.

    Raises:
        InputError: The address is no HTTP address, or no answer came.
    """
    if not url.startswith(("http://", "https://")):
        raise InputError(f"url: expected http:// or https://, found {url!r}")
    body = json.dumps({"eat_nonce": base64url(challenge), "deadline_ms": deadline_ms}).encode()
    request = urllib.request.Request(  # noqa: S310
        url.rstrip("/") + PATH, body, {"Content-Type": "application/json"}, method="POST"
    )
    sent_ms, started = time.time_ns() // 1_000_000, time.perf_counter_ns()
    try:
        with urllib.request.urlopen(request, timeout=deadline_ms / 1000) as response:  # noqa: S310
            proof = response.read(_ENVELOPE_LIMIT + 1)
    except (urllib.error.URLError, TimeoutError) as error:
        raise InputError(f"{url}: no answer: {error}", hint="is the device serving?") from error
    rtt_ns = time.perf_counter_ns() - started
    return Answer(proof, sent_ms, sent_ms + rtt_ns // 1_000_000, rtt_ns)
