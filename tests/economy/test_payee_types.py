"""Payees that are no addresses: who is paid, the tree's leaves, and whoever checks them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from depinverify import _native, explain
from depinverify.audit import audit
from depinverify.audit.dispute import make_dispute
from depinverify.audit.recheck import check_bundle
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.ruleset import Ruleset
from economy.worlds import Funded, entries, falsified, settled
from reward_cases import Adjustment, Device, pay, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement

Run = tuple[int, str, str]
ACCOUNT = f"0x{'a5' * 32}"
OTHER = f"0x{'5a' * 32}"
ADDRESS = f"0x{'11' * 20}"
TABLE = {"payee_type": "bytes32", "validators": {"share_bp": 1000}}


def name_payees(epoch: Funded) -> None:
    """The devices of two owners name accounts, one an address, one nobody."""
    named = (ACCOUNT, ACCOUNT, OTHER, ADDRESS, None)
    for device, payee in zip(epoch.devices, named, strict=True):
        epoch.event("set_payee", epoch.authority, device=device, payee=payee)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return settled(tmp_path_factory.mktemp("accounts"), TABLE, bend=name_payees)


def test_accounts_are_paid_and_addresses_are_not(accounts: Settlement) -> None:
    found = entries(accounts)
    assert [entry["payee"] for entry in found] == [ACCOUNT, ACCOUNT, OTHER, None, None]
    assert [entry["reasons"] for entry in found] == [[], [], [], ["NO_PAYEE"], ["NO_PAYEE"]]
    # The validators name addresses, so that their share stays with the devices.
    assert accounts.rewards["to_validators"] == "0"
    assert {line["reasons"][0] for line in accounts.rewards["validators"]} == {"NO_PAYEE"}
    paid = {line["payee"]: line["amount"] for line in accounts.rewards["payees"]}
    assert {ACCOUNT, OTHER} == set(paid)
    assert sum(map(int, paid.values())) == 1_000_000


def test_the_tree_has_leaves_of_accounts(accounts: Settlement) -> None:
    assert accounts.rewards["merkle"]["leafEncoding"] == ["bytes32", "uint256"]
    tree = _native.ClaimTree.load((accounts.folder / "tree.json").read_bytes())
    amount = tree.amount(bytes.fromhex(ACCOUNT[2:]))
    assert tree.verify(bytes.fromhex(ACCOUNT[2:]), amount, tree.proof(bytes.fromhex(ACCOUNT[2:])))
    assert not tree.verify(bytes.fromhex(OTHER[2:]), amount, tree.proof(bytes.fromhex(ACCOUNT[2:])))


def test_whoever_checks_it_agrees(accounts: Settlement, tmp_path: Path, run: Callable[..., Run]) -> None:
    epoch = accounts.folder.parent / "epoch"
    assert audit(accounts.folder).is_clean
    assert audit(accounts.folder, epoch).is_clean
    for entry in entries(accounts):
        assert explain(entry["device"], accounts, epoch).findings == []
        (tmp_path / "bundle.zip").write_bytes(make_dispute(entry["device"], accounts, epoch).content)
        assert check_bundle(tmp_path / "bundle.zip").agrees
    _, said, _ = run("claim", "prove", accounts.folder, f"0x{ACCOUNT[2:].upper()}", "--json")
    (tmp_path / "proof.json").write_text(said)
    assert run("claim", "verify", json.loads(said)["root"], "--proof", tmp_path / "proof.json")[0] == 0


def test_another_leaf_encoding_is_found(accounts: Settlement, tmp_path: Path) -> None:
    def lie(rewards: dict[str, Any]) -> None:
        rewards["merkle"]["leafEncoding"] = ["address", "uint256"]

    found = audit(falsified(accounts, tmp_path / "lie", lie)).findings
    assert any("leafEncoding" in str(finding) for finding in found)


def test_a_correction_names_a_payee_of_the_type() -> None:
    correction = Adjustment(payee=ADDRESS, amount="5")
    with pytest.raises(InputError, match=f"adjustment: expected a payee of type bytes32, found {ADDRESS}"):
        pay(Device(b"d", payee=bytes(32)), ruleset=rules(payee_type="bytes32"), adjustments=[correction])


def test_addresses_are_the_default(tmp_path: Path) -> None:
    settlement = settled(tmp_path, {}, bend=name_payees)
    assert [entry["payee"] for entry in entries(settlement)] == [None, None, None, ADDRESS, None]
    said = Ruleset.from_table({"name": "ours", "version": "1", "payee_type": "address"})
    assert said == Ruleset.from_table({"name": "ours", "version": "1"})
    assert "payee_type" not in said.params(slot_seconds=900, chain_hash=bytes(32))
    with pytest.raises(
        ConfigurationError, match=r"ruleset\.payee_type: expected 'address' or 'bytes32', found"
    ):
        Ruleset.from_table({"name": "ours", "version": "1", "payee_type": "bytes20"})
