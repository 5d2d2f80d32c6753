"""The correction that settles a dispute: a signed entry for a later epoch.

In: a bundle's reward file, an amount, a reason, a later epoch, the registry authority's key. Out: the table
``[[adjustment]]`` for that epoch's ``epoch.toml``. Rule: scoring specification, section 10.4, and uptime proof, section
9.1. Invariant: what is given out has been checked as the later epoch will check it.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

from pydantic import ValidationError

from depinverify.audit.recheck import read_dispute
from depinverify.audit.toml_text import toml_text
from depinverify.canonical import canonical_json
from depinverify.device import DeviceKey
from depinverify.device.proof import jws
from depinverify.epoch import Adjustment
from depinverify.exceptions import InputError
from depinverify.reward import check_adjustments
from depinverify.validation import explain

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["adjustment_toml", "settle_dispute", "sign_adjustment"]


def settle_dispute(
    bundle: str | Path,
    *,
    amount: str,
    reason: str,
    epoch_index: int,
    key: str | Path | DeviceKey,
    payee: str | None = None,
) -> tuple[Adjustment, bool]:
    """Sign the correction that settles a dispute.

    Args:
        bundle: The bundle of the dispute.
        amount: Decimal, negative with a minus sign.
        reason: Why.
        epoch_index: Index of the later epoch that brings it in.
        key: A key of the registry authority, or its PEM file.
        payee: Whom it concerns; by default the payee of the device.

    Returns:
        The correction, and whether the key was the registry authority's in the disputed epoch.

    Raises:
        InputError: The bundle is none, nobody is to be paid, or a value is not of its form.
    """
    files, _ = read_dispute(bundle)
    try:
        index = int(json.loads(files["settlement/rewards.json"])["epoch"]["index"])
        entry = json.loads(files["settlement/rewards.json"])["entries"][0]
        reference = json.loads(files["settlement/manifest.json"])["results"]["rewards.json"]
        authority = tomllib.loads(files["epoch.toml"].decode())["registry"].get("authority", [])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise InputError(f"{bundle}: expected a bundle of `depinverify dispute make`; {error!r}") from None
    if epoch_index <= index:
        raise InputError(f"epoch index: expected one after the disputed epoch {index}, found {epoch_index}")
    payee = entry.get("payee") if payee is None else payee
    if payee is None:
        raise InputError(
            f"{bundle}: the device has no payee", hint="Name the one that is to be paid with --payee."
        )
    signer = key if isinstance(key, DeviceKey) else DeviceKey.load(key)
    signed = sign_adjustment(
        signer, epoch=epoch_index, payee=payee, amount=amount, reason=reason, reference=reference
    )
    return signed, signer.public.did in authority


def sign_adjustment(
    key: DeviceKey, *, epoch: int, payee: str, amount: str, reason: str, reference: str
) -> Adjustment:
    """Sign a correction.

    Args:
        key: A key of the registry authority.
        epoch: Index of the later epoch that brings it in.
        payee: Whom it concerns.
        amount: Decimal, negative with a minus sign.
        reason: Why.
        reference: SHA-256 of the reward file that it corrects, 64 hex digits.

    Raises:
        InputError: A value has not the form that ``epoch.toml`` has for it.
    """
    try:
        unsigned = Adjustment(payee=payee, amount=amount, reason=reason, reference=reference, jws="")
    except ValidationError as error:
        raise InputError(explain(error)) from None
    payload = canonical_json(
        {
            "amount": unsigned.amount,
            "epoch": epoch,
            "payee": unsigned.payee,
            "reason": unsigned.reason,
            "reference": unsigned.reference,
        }
    )
    signed = unsigned.model_copy(update={"jws": jws(key, payload).decode()})
    check_adjustments([signed], epoch, [key.public.did])
    return signed


def adjustment_toml(adjustment: Adjustment) -> str:
    """The table of a correction, to be appended to ``epoch.toml``."""
    return toml_text({"adjustment": [adjustment.model_dump()]})
