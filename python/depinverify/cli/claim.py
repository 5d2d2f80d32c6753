"""``depinverify claim``: prove or verify one payee's amount under a published root.

In: a settlement folder, or the numbers of one claim. Out: a proof that any ``standard-v1`` contract takes, or
whether a claim holds. Rule: scoring specification, section 11. Invariant: a proof is given out only from a
tree that has been re-hashed in full.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from depinverify.exceptions import InputError, SettlementError

if TYPE_CHECKING:
    from depinverify._native import ClaimTree

_CODES = "Exit codes: 0 fine; 1 {}; 2 bad call."
_LARGEST_AMOUNT = 2**256 - 1


@click.group()
def claim() -> None:
    """Prove or verify one payee's amount under a published root.

    Example: depinverify claim prove settlement 0x1111111111111111111111111111111111111111
    """


@claim.command(epilog=_CODES.format("the payee has nothing to claim"))
@click.argument("settlement", type=click.Path(path_type=Path))
@click.argument("payee")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def prove(ctx: click.Context, settlement: Path, payee: str, *, as_json: bool) -> None:
    """Print amount, leaf and proof of PAYEE in a SETTLEMENT (a folder, or its tree.json).

    Example: depinverify claim prove settlement 0x1111111111111111111111111111111111111111 --json
    """
    from depinverify import _native  # noqa: PLC0415 - not needed for the help page
    from depinverify.payee import payee_from_text  # noqa: PLC0415

    address = payee_from_text(payee)
    tree = _read_tree(settlement)
    if tree is None or address not in tree:
        click.echo(f"0x{address.hex()} has nothing to claim in {settlement}", err=True)
        ctx.exit(1)
    amount = tree.amount(address)
    content = {
        "root": "0x" + tree.root.hex(),
        "payee": "0x" + address.hex(),
        "amount": str(amount),
        "leaf": "0x" + _native.claim_leaf(address, amount).hex(),
        "proof": ["0x" + node.hex() for node in tree.proof(address)],
    }
    if as_json:
        click.echo(json.dumps(content))
        return
    for name in ("root", "payee", "amount", "leaf"):
        click.echo(f"{name:7} {content[name]}")
    if not content["proof"]:
        click.echo("proof   empty: the leaf is the root")
    for step, node in enumerate(content["proof"]):
        click.echo(f"{'proof' if step == 0 else '':7} {node}")


@claim.command("prove-all")
@click.argument("settlement", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
def prove_all(settlement: Path, out: Path) -> None:
    """Write the proof of every payee of a SETTLEMENT to OUT, one JSON object a line.

    Example: depinverify claim prove-all settlement proofs.jsonl
    """
    tree = _read_tree(settlement)
    if tree is None:
        raise SettlementError(f"{settlement}: nobody has a cumulative amount yet, so there is no claim tree")
    try:
        tree.proofs_to(out)
    except OSError as error:
        raise InputError(f"{out}: {error.strerror or error}") from None
    click.echo(f"{len(tree)} proofs under root 0x{tree.root.hex()}", err=True)


@claim.command(epilog=_CODES.format("the claim does not hold"))
@click.argument("root")
@click.argument("payee", required=False)
@click.argument("amount", required=False)
@click.argument("node", nargs=-1)
@click.option(
    "--proof",
    "proof_file",
    type=click.File("rb"),
    help="Read payee, amount and proof from the JSON of `claim prove`; - is stdin.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    ctx: click.Context,
    root: str,
    payee: str | None,
    amount: str | None,
    node: tuple[str, ...],
    *,
    proof_file: Any,  # noqa: ANN401 - a binary file of click
    as_json: bool,
) -> None:
    """Say whether PAYEE may claim AMOUNT under ROOT; NODE... is the proof.

    Take ROOT from where it was published, such as the contract, not from the file that holds the proof.

    Example: depinverify claim prove settlement 0x1111111111111111111111111111111111111111 --json
    | depinverify claim verify 0x8c68... --proof -
    """
    from depinverify import _native  # noqa: PLC0415 - not needed for the help page
    from depinverify.payee import payee_from_text  # noqa: PLC0415

    if proof_file is not None:
        if payee is not None:
            raise InputError("expected either PAYEE, AMOUNT and NODE... or --proof, found both")
        payee, amount, node = _read_proof(proof_file.read())
    if payee is None or amount is None:
        raise InputError("expected PAYEE and AMOUNT, or --proof FILE")
    holds = _native.verify_claim(
        _node(root, "root"),
        payee_from_text(payee),
        _amount(amount),
        [_node(text, f"node {step}") for step, text in enumerate(node)],
    )
    if as_json:
        click.echo(json.dumps({"root": root, "payee": payee, "amount": amount, "valid": holds}))
    else:
        click.echo(f"{payee} {'may' if holds else 'may NOT'} claim {amount} in all under root {root}")
    ctx.exit(0 if holds else 1)


def _read_tree(settlement: Path) -> ClaimTree | None:
    """The tree of a settlement, ``None`` where a complete settlement has none yet."""
    from depinverify import _native  # noqa: PLC0415 - not needed for the help page

    wanted: str | None = None
    path = settlement
    if settlement.is_dir():
        path = settlement / "tree.json"
        wanted = _hash_in_manifest(settlement)
        if wanted is None:
            return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    found = hashlib.sha256(content).hexdigest()
    if wanted is not None and found != wanted:
        raise SettlementError(f"{path}: expected SHA-256 {wanted} by the manifest, found {found}")
    try:
        return _native.ClaimTree.load(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _hash_in_manifest(settlement: Path) -> str | None:
    """What the manifest says of the tree's file; ``None`` where the settlement has no tree."""
    path = settlement / "manifest.json"
    try:
        results = json.loads(path.read_bytes())["results"]
        wanted = results.get("tree.json")
    except FileNotFoundError:
        raise SettlementError(
            f"{settlement}: expected a settlement, found no manifest.json",
            hint="A settlement that was interrupted has none; run it again to continue it.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettlementError(f"{path}: expected a manifest of a settlement; {error}") from None
    return None if wanted is None else str(wanted)


def _read_proof(document: bytes) -> tuple[str, str, tuple[str, ...]]:
    """Payee, amount and nodes of a proof's JSON."""
    try:
        content = json.loads(document)
        payee, amount, proof = content["payee"], content["amount"], content["proof"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"proof: expected JSON with payee, amount and proof; {error!r}") from None
    if not isinstance(proof, list) or not all(isinstance(text, str) for text in (payee, amount, *proof)):
        raise InputError("proof: expected payee and amount as text and proof as an array of text")
    return payee, amount, tuple(proof)


def _node(text: str, what: str) -> bytes:
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text, re.ASCII):
        raise InputError(f"{what}: expected 0x and 64 hex digits, found {text[:100]!r}")
    return bytes.fromhex(text[2:])


def _amount(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,78}", text, re.ASCII) or int(text) > _LARGEST_AMOUNT:
        raise InputError(f"amount: expected a decimal integer below 2^256, found {text[:100]!r}")
    return int(text)
