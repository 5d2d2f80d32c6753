"""Commands of ``depinverify registry`` that make, sign and append one event each."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.cli.registry_options import (
    DEVICE,
    THE_DEVICE,
    THE_VALIDATOR,
    VALIDATOR,
    effective_option,
    json_option,
    opened,
    print_appended,
    public_key,
    signer,
    url_option,
)
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.registry.lines import Event

__all__ = ["COMMANDS"]

_FILE = click.Path(path_type=Path)
_SECRET_BYTES = 32
COMMANDS: list[click.Command] = []


def _event_command(name: str, *, signed_by: str | None) -> Callable[[Callable[..., Event]], click.Command]:
    """A command whose function makes the event; it is signed by the keys of ``--signer`` and appended."""

    def decorate(make: Callable[..., Event]) -> click.Command:
        def run(url: str, effective_ms: int | None, *, as_json: bool, **values: Any) -> None:  # noqa: ANN401
            from depinverify.registry.events import sign  # noqa: PLC0415

            paths = values.pop("signers", ())
            event = make(**values)
            with opened(url) as registry:
                signed = sign(event, *(signer(path) for path in paths)) if paths else event
                print_appended(registry.append(signed, effective_ms=effective_ms), as_json=as_json)

        run.__doc__ = make.__doc__
        command: Any = url_option(effective_option(json_option(run)))
        command.__click_params__ += getattr(make, "__click_params__", [])
        if signed_by is not None:
            command = click.option(
                "--signer",
                "signers",
                type=_FILE,
                multiple=True,
                required=True,
                help=f"PEM file of the private key of {signed_by}.",
            )(command)
        made = click.command(name)(command)
        COMMANDS.append(made)
        return made

    return decorate


@_event_command("enroll-validator", signed_by=None)
@THE_VALIDATOR
@click.option("--key", type=_FILE, required=True, help="PEM file of the validator's private key.")
@click.option(
    "--owner", help="Whose it is; default: the did:key of --owner-key, else of the validator's key."
)
@click.option("--owner-key", type=_FILE, help="PEM file of the owner's private key, which signs too.")
@click.option("--payee", help="0x and 40 or 64 hex digits.")
@click.option("--location", metavar="LAT,LON", help="Place in degrees.")
def _enroll_validator(
    validator: str,
    key: Path,
    owner: str | None,
    owner_key: Path | None,
    payee: str | None,
    location: str | None,
) -> Event:
    """Enrol a validator.

    Example: depinverify registry enroll-validator --validator 76616c2d30 --key validator.pem --owner alice
    """
    from depinverify.registry.events import enroll_validator, sign  # noqa: PLC0415

    own = signer(key)
    owning = own if owner_key is None else signer(owner_key)
    lat_e7, lon_e7 = _location(location)
    event = enroll_validator(
        validator=validator,
        key=own.public,
        owner=owning.public.did if owner is None else owner,
        payee=payee,
        lat_e7=lat_e7,
        lon_e7=lon_e7,
    )
    return sign(event, own, *([] if owner_key is None else [owning]))


@_event_command("commit", signed_by="the validator")
@THE_VALIDATOR
@click.option("--epoch", type=click.IntRange(min=0), required=True, help="Index of the epoch.")
@click.option("--commitment", help="SHA-256 of the secret, hex.")
@click.option(
    "--secret",
    type=_FILE,
    help="File with the secret as hex; made if it is not there. Reveal it after the epoch.",
)
def _commit(validator: str, epoch: int, commitment: str | None, secret: Path | None) -> Event:
    """Commit to the challenge secret of an epoch, before it starts.

    Example: depinverify registry commit --validator 76616c2d30 --epoch 123 --secret epoch-123.secret --signer
    validator.pem
    """
    from depinverify.registry.events import commit_challenge  # noqa: PLC0415

    if (commitment is None) == (secret is None):
        raise InputError("commit: expected exactly one of --commitment and --secret")
    if commitment is None and secret is not None:
        commitment = _commitment_of(secret)
    return commit_challenge(validator=validator, epoch=epoch, commitment=str(commitment))


@_event_command("conflict", signed_by="the validator")
@THE_VALIDATOR
@DEVICE
@click.option("--owner", help="Owner whose devices it will not probe.")
def _conflict(validator: str, device: str | None, owner: str | None) -> Event:
    """Declare that a validator will not probe a device, or the devices of an owner.

    Example: depinverify registry conflict --validator 76616c2d30 --owner alice --signer validator.pem
    """
    from depinverify.registry.events import declare_conflict  # noqa: PLC0415

    return declare_conflict(validator=validator, device=device, owner=owner)


@_event_command("rotate", signed_by=None)
@DEVICE
@VALIDATOR
@click.option("--old-key", type=_FILE, required=True, help="PEM file of the old private key.")
@click.option("--old-kid", help="Its kid, if it is not the usual one, hex.")
@click.option("--new-key", type=_FILE, required=True, help="PEM file of the new private key.")
@click.option(
    "--overlap-ms", type=click.IntRange(min=0), default=3_600_000, show_default=True, help="Both hold."
)
def _rotate(
    device: str | None,
    validator: str | None,
    old_key: Path,
    old_kid: str | None,
    new_key: Path,
    overlap_ms: int,
) -> Event:
    """Replace the key of a device or validator.

    Example: depinverify registry rotate --device 0100.. --old-key old.pem --new-key new.pem
    """
    from depinverify.registry import Signer  # noqa: PLC0415
    from depinverify.registry.events import rotate, sign  # noqa: PLC0415

    old, new = signer(old_key), signer(new_key)
    if old_kid is not None:
        old = Signer(old.private, bytes.fromhex(old_kid))
    event = rotate(device=device, validator=validator, old_kid=old.kid, key=new.public, overlap_ms=overlap_ms)
    return sign(event, old, new)


@_event_command("revoke", signed_by="the owner or the registry authority")
@DEVICE
@VALIDATOR
@click.option("--kid", required=True, help="Which key, hex; see depinverify registry show.")
def _revoke(device: str | None, validator: str | None, kid: str) -> Event:
    """End a key from a time on; proofs from before stay valid.

    Example: depinverify registry revoke --device 0100.. --kid 9f.. --signer authority.pem
    """
    from depinverify.registry.events import revoke  # noqa: PLC0415

    return revoke(device=device, validator=validator, kid=kid)


@_event_command("retire", signed_by="the owner or the registry authority")
@DEVICE
@VALIDATOR
def _retire(device: str | None, validator: str | None) -> Event:
    """Retire a device or a validator: no more challenges.

    Example: depinverify registry retire --device 0100.. --signer owner.pem
    """
    from depinverify.registry.events import retire, retire_validator  # noqa: PLC0415

    if (device is None) == (validator is None):
        raise InputError("retire: expected exactly one of --device and --validator")
    return retire_validator(validator=str(validator)) if device is None else retire(device=device)


@_event_command("set-payee", signed_by="the owner (or the authority, if the owner has no key)")
@THE_DEVICE
@click.option("--payee", help="0x and 40 or 64 hex digits; without it the device has no payee.")
def _set_payee(device: str, payee: str | None) -> Event:
    """Send a device's pay elsewhere.

    Example: depinverify registry set-payee --device 0100.. --payee 0x52908400098527886E0F7030069857D2E4169EE7
    --signer owner.pem
    """
    from depinverify.registry.events import set_payee  # noqa: PLC0415

    return set_payee(device=device, payee=payee)


@_event_command("set-weight", signed_by="the registry authority")
@THE_DEVICE
@click.option("--weight", required=True, help="Base weight, a whole number; 1 if never set.")
def _set_weight(device: str, weight: str) -> Event:
    """Set a device's base weight.

    Example: depinverify registry set-weight --device 0100.. --weight 3 --signer authority.pem
    """
    from depinverify.registry.events import set_weight  # noqa: PLC0415

    return set_weight(device=device, weight=weight)


@_event_command("set-class", signed_by="the registry authority")
@THE_DEVICE
@click.option("--class", "device_class", help="Name of the class; without it the device has none.")
def _set_class(device: str, device_class: str | None) -> Event:
    """Set a device's class.

    Example: depinverify registry set-class --device 0100.. --class outdoor --signer authority.pem
    """
    from depinverify.registry.events import set_class  # noqa: PLC0415

    return set_class(device=device, device_class=device_class)


@_event_command("certify", signed_by="the registry authority")
@THE_DEVICE
@click.option("--chain", type=_FILE, required=True, help="PEM file of the device's certificates, leaf first.")
def _certify(device: str, chain: Path) -> Event:
    """Record a device's X.509 chain, checked against the manufacturers' roots.

    Example: depinverify registry certify --device 0100.. --chain device-chain.pem --signer authority.pem
    """
    from depinverify.registry.certificates import read_certificates  # noqa: PLC0415
    from depinverify.registry.events import certify  # noqa: PLC0415

    return certify(device=device, chain=read_certificates(chain))


@_event_command("relocate", signed_by="the owner (or the authority, if the owner has no key)")
@THE_DEVICE
@click.option("--cell", help="H3 cell of resolution 5 to 12; without it the device has no place.")
def _relocate(device: str, cell: str | None) -> Event:
    """Say that a device stands elsewhere.

    Example: depinverify registry relocate --device 0100.. --cell 8928308280fffff --signer owner.pem
    """
    from depinverify.registry.events import relocate  # noqa: PLC0415

    return relocate(device=device, cell=cell)


@_event_command("transfer", signed_by="the old owner, and another of the new")
@THE_DEVICE
@click.option("--owner", required=True, help="The new owner: any text, or a key in any form or file.")
def _transfer(device: str, owner: str) -> Event:
    """Hand a device to another owner.

    Example: depinverify registry transfer --device 0100.. --owner new.pem --signer old.pem --signer
    new.pem
    """
    from depinverify.registry.events import transfer  # noqa: PLC0415

    is_key = owner.startswith("did:") or Path(owner).is_file()
    return transfer(device=device, owner=public_key(owner) if is_key else owner)


def _location(text: str | None) -> tuple[int | None, int | None]:
    """Degrees as whole 10^-7 degrees."""
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415

    if text is None:
        return None, None
    try:
        lat, lon = (int((Decimal(part.strip()) * 10_000_000).to_integral_value()) for part in text.split(","))
    except (ValueError, InvalidOperation, OverflowError):
        raise InputError(f"--location: expected LAT,LON in degrees, found {text!r}") from None
    return lat, lon


def _commitment_of(path: Path) -> str:
    """Hash of the secret in a file, which is made first if it is not there."""
    import hashlib  # noqa: PLC0415
    import os  # noqa: PLC0415

    try:
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(_SECRET_BYTES) + "\n")
        secret = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{path}: expected a secret of {_SECRET_BYTES} bytes as hex") from None
    if len(secret) != _SECRET_BYTES:
        raise InputError(f"{path}: expected a secret of {_SECRET_BYTES} bytes, found {len(secret)}")
    return hashlib.sha256(secret).hexdigest()
