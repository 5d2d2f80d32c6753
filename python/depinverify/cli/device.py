"""``depinverify device``: act as a device, to try the whole loop from key to answer."""

from __future__ import annotations

import base64
import json
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.device import Claims, Location

_SCHEMES = ("ed25519", "p256", "secp256k1")
_ENVELOPES = ("cose", "cose-tagged", "cwt", "jws")
_NONCE_BYTES = 32
_E7 = 10_000_000


class HexBytes(click.ParamType[bytes]):
    """Bytes written as hex."""

    name = "hex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:  # noqa: ANN401
        """The bytes of a hex text."""
        if isinstance(value, bytes):
            return value
        try:
            return bytes.fromhex(value)
        except ValueError:
            self.fail(f"expected hex digits, found {value!r}", param, ctx)


def _key_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--key", type=click.Path(path_type=Path), required=True, help="The device's private key, a PEM file."
    )(command)


def _device_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--device", type=HexBytes(), help="Device id (UEID) in hex; default: 01 and the key's kid."
    )(command)


def _envelope_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--envelope",
        type=click.Choice(_ENVELOPES),
        default="jws",
        show_default=True,
        help="How it is wrapped.",
    )(command)


def _claim_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--swversion", help="Version of the software."),
        click.option("--swname", help="Name of the software."),
        click.option("--oemid", type=HexBytes(), help="Manufacturer, hex."),
        click.option("--hwmodel", type=HexBytes(), help="Hardware model, hex."),
        click.option("--location", metavar="LAT,LON[,METRES]", help="Place in degrees, and its accuracy."),
        click.option("--bootcount", type=click.IntRange(min=0), help="How often the device has started."),
    ):
        command = option(command)
    return command


def _json_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


@click.group()
def device() -> None:
    """Act as a device: make a key, enrol, answer challenges.

    Example: depinverify device keygen --out device.pem
    """


@device.command()
@click.option(
    "--scheme", type=click.Choice(_SCHEMES), default="ed25519", show_default=True, help="Kind of key."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="PEM file to write; never overwritten."
)
@_json_option
def keygen(scheme: str, out: Path, *, as_json: bool) -> None:
    """Make a private key.

    Example: depinverify device keygen --scheme p256 --out device.pem
    """
    from depinverify.device import DeviceKey, default_device  # noqa: PLC0415

    key = DeviceKey.generate(scheme)
    key.save(out)
    made = {
        "path": str(out),
        "scheme": scheme,
        "key": key.public.did,
        "kid": key.kid.hex(),
        "device": default_device(key).hex(),
    }
    _show(made, as_json=as_json)


@device.command()
@_key_option
@_device_option
@click.option("--nonce", type=HexBytes(), required=True, help="32 bytes that the registry gave, hex.")
@click.option("--owner", help="Whose it is; default: the did:key of --owner-key, else of the device's key.")
@click.option(
    "--owner-key", type=click.Path(path_type=Path), help="The owner's private key, which signs too."
)
@click.option("--payee", help="0x and 40 or 64 hex digits.")
@click.option("--cell", help="H3 cell of the place, resolution 5 to 12.")
@click.option("--hwmodel", type=HexBytes(), help="Hardware model as the proofs will state it, hex.")
@click.option("--oemid", type=HexBytes(), help="Manufacturer as the proofs will state it, hex.")
def enroll(key: Path, owner_key: Path | None, **members: Any) -> None:  # noqa: ANN401
    """Print the signed enrolment of a device, one line of JSON, for the registry to take.

    Example: depinverify device enroll --key device.pem --owner alice --nonce 5f.. > enroll.json
    """
    from depinverify.canonical import canonical_json  # noqa: PLC0415
    from depinverify.device import DeviceKey, enrolment  # noqa: PLC0415

    signer = None if owner_key is None else DeviceKey.load(owner_key)
    event = enrolment(DeviceKey.load(key), owner_key=signer, **members)
    click.echo(canonical_json(event))


@device.command()
@_key_option
@_device_option
@_envelope_option
@click.option("--challenge", required=True, help="eat_nonce, 32 bytes in hex or base64url.")
@click.option("--iat", type=int, help="Time of the answer, Unix seconds; default: now.")
@click.option("--uptime", type=click.IntRange(min=0), help="Seconds since the device started.")
@_claim_options
@_json_option
def answer(
    key: Path,
    device: bytes | None,
    envelope: str,
    *,
    challenge: str,
    as_json: bool,
    **claims: Any,  # noqa: ANN401
) -> None:
    """Answer one challenge: a JWS as it is, a CBOR envelope as base64url.

    Example: depinverify device answer --key device.pem --challenge 00112233.. --uptime 3600
    """
    from depinverify.device import DeviceKey, Envelope, default_device  # noqa: PLC0415
    from depinverify.device import answer as sign  # noqa: PLC0415
    from depinverify.device.proof import base64url  # noqa: PLC0415

    secret = DeviceKey.load(key)
    device = default_device(secret) if device is None else device
    proof = sign(secret, _challenge(challenge), device=device, claims=_claims(**claims), envelope=envelope)
    text = proof.decode() if envelope == "jws" else base64url(proof)
    if as_json:
        shown = {"device": device.hex(), "media_type": Envelope(envelope).media_type, "proof": text}
        click.echo(json.dumps(shown, sort_keys=True))
    else:
        click.echo(text)


@device.command()
@_key_option
@_device_option
@_envelope_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: a free one.")
@_claim_options
@_json_option
def serve(
    key: Path,
    device: bytes | None,
    envelope: str,
    *,
    host: str,
    port: int,
    as_json: bool,
    **claims: Any,  # noqa: ANN401
) -> None:
    """Answer challenges over HTTP until interrupted.

    Example: depinverify device serve --key device.pem --port 8080
    """
    from depinverify.device import DeviceKey, default_device  # noqa: PLC0415
    from depinverify.device import serve as listen  # noqa: PLC0415

    secret = DeviceKey.load(key)
    device = default_device(secret) if device is None else device
    started = time.monotonic()

    def now() -> Claims:
        return _claims(uptime=int(time.monotonic() - started), **claims)

    now()
    with listen(secret, device=device, claims=now, envelope=envelope, host=host, port=port) as server:
        _show({"device": device.hex(), "url": f"http://{host}:{server.server_port}"}, as_json=as_json)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


@device.command()
@click.argument("url")
@click.option("--challenge", help="eat_nonce, 32 bytes in hex or base64url; default: random.")
@click.option("--deadline-ms", type=int, default=5000, show_default=True, help="How long the device has.")
@_json_option
def ask(url: str, challenge: str | None, deadline_ms: int, *, as_json: bool) -> None:
    """Put one challenge to a device that serves, as a validator would, and print its answer.

    Example: depinverify device ask http://127.0.0.1:8080
    """
    from depinverify.device import ask as put  # noqa: PLC0415
    from depinverify.device.proof import base64url, is_jws  # noqa: PLC0415

    nonce = secrets.token_bytes(_NONCE_BYTES) if challenge is None else _challenge(challenge)
    got = put(url, nonce, deadline_ms=deadline_ms)
    text = got.proof.decode() if is_jws(got.proof) else base64url(got.proof)
    if as_json:
        shown = got._asdict() | {"proof": text, "challenge": nonce.hex()}
        click.echo(json.dumps(shown, sort_keys=True))
    else:
        click.echo(text)


def _show(members: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(members, sort_keys=True))
        return
    for name, value in members.items():
        click.echo(f"{name:<8} {value}")


def _challenge(text: str) -> bytes:
    try:
        if len(text) == 2 * _NONCE_BYTES:
            return bytes.fromhex(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InputError(f"challenge: expected 32 bytes in hex or base64url, found {text!r}") from None


def _claims(*, location: str | None, iat: int | None = None, **claims: Any) -> Claims:  # noqa: ANN401
    from depinverify.device import Claims  # noqa: PLC0415

    moment = int(time.time()) if iat is None else iat
    return Claims(iat=moment, location=None if location is None else _location(location), **claims)


def _location(text: str) -> Location:
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415

    from depinverify.device import Location  # noqa: PLC0415

    try:
        latitude, longitude, *accuracy = (Decimal(part) for part in text.split(","))
        metres = int(accuracy[0]) if accuracy else 0
        return Location(round(latitude * _E7), round(longitude * _E7), metres)
    except (ValueError, InvalidOperation, OverflowError):
        raise InputError(f"location: expected LAT,LON or LAT,LON,METRES, found {text!r}") from None
