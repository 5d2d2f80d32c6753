"""A settlement held against itself: what follows from one published number must be the other published number.

In: the results of one settlement, and the one before where it is known. Out: findings. Rule: scoring specification,
sections 3.3, 5.1, 5.10, 8, 9, 10 and 11. Invariant: nothing here needs the evidence, so anybody can do it with the
folder alone; what only the registry knows (base weight, class, retirement) is checked for its form.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from depinverify import _native
from depinverify.audit.availability import Window, evaluate, judge, payout
from depinverify.audit.findings import Basis, FindingCode
from depinverify.audit.share_rules import compare_class_lines
from depinverify.canonical import canonical_json
from depinverify.catalogue import CATALOGUE
from depinverify.exceptions import InputError
from depinverify.payee import payee_from_text, payee_text
from depinverify.reward import Account, Ledger
from depinverify.reward.columns import STATES
from depinverify.reward.division import divide_pool
from depinverify.reward.publish import TREE_FILE

if TYPE_CHECKING:
    from depinverify.audit.findings import Findings
    from depinverify.audit.results import Results
    from depinverify.audit.reward_file import RewardFile

__all__ = [
    "check_adjustments",
    "check_division",
    "check_exclusions",
    "check_ledger",
    "check_payees",
    "check_root",
    "check_scores",
    "check_tree",
    "check_unexplained",
]

_SEVERITY: Final = {entry.name: entry.severity for entry in CATALOGUE if entry.family == "indicator"}
_NOBODY: Final = Account(0, 0)
_LARGEST_POOL: Final = 2**256


def check_exclusions(found: Findings, rewards: RewardFile) -> None:
    """Each exclusion's reason against its numbers, and the log against its hash."""
    for one in rewards.exclusions:
        reason = _reason_of(one)
        if one["reason"] != reason:
            found.add(
                FindingCode.EXCLUSION_UNFOUNDED,
                f"validator:{one['validator']}",
                f"slot {one['slot']}: reason",
                one["reason"],
                reason,
            )
    digest = hashlib.sha256(canonical_json(rewards.exclusions)).hexdigest()
    if rewards.inputs["exclusions"] != digest:
        found.add(
            FindingCode.EXCLUSIONS_HASH_DIFFERS,
            "input:exclusions",
            "sha256",
            rewards.inputs["exclusions"],
            digest,
        )


def _reason_of(one: dict[str, Any]) -> str | None:
    """The first condition of section 3.3 that an exclusion's numbers fulfil."""
    n, f, n2, f2 = one["n"], one["f"], one["n2"], one["f2"]
    enough, others = n >= 10, n2 >= 10  # noqa: PLR2004 - the constants of section 3.3
    if one["total"] >= 3 and 2 * one["ok"] < one["total"]:  # noqa: PLR2004
        return "VALIDATOR_REFERENCE_FAILED"
    if enough and others and 100 * f >= 50 * n and 100 * f2 < 10 * n2:
        return "VALIDATOR_CORRELATED"
    if enough and not others and 100 * f >= 80 * n:
        return "VALIDATOR_ALONE_CORRELATED"
    return None


def check_scores(found: Findings, results: Results) -> None:
    """Score tables against the windows of the state, the payout curve, and the reward file's entries."""
    scores, end, rules = results.scores, results.rewards.epoch.end, results.rewards.ruleset
    position = {device: at for at, device in enumerate(scores.device)}
    # A line holds all windows of a device, so one at a time is looked at.
    for line in results.states():
        at = position.pop(line.device, None)
        if at is None:
            found.add(FindingCode.STATE_DIFFERS, f"device:{line.device}", "state line", "a line", None)
            continue
        follows = evaluate(judge([Window(*window) for window in line.windows], end, rules), rules)
        for name, value in (
            ("state", follows.state),
            ("score_e12", follows.score_e12),
            ("windows_used", follows.windows_used),
            ("payout_e12", payout(rules.curve, follows.score_e12).value),
        ):
            published = getattr(scores, name)[at]
            if published != value:
                found.add(
                    FindingCode.SCORE_DIFFERS, f"device:{line.device}", f"scores.{name}", published, value
                )
    for device in position:
        found.add(FindingCode.STATE_DIFFERS, f"device:{device}", "state line", None, "a line")
    _check_entries(found, results)
    _check_indicators(found, results.rewards)


def _check_entries(found: Findings, results: Results) -> None:
    """Score and state of the reward file's entries are those of the table."""
    scores, entries = results.scores, results.rewards.entries
    known = set(entries.device), set(scores.device)
    for device in sorted(known[0] ^ known[1]):
        sides = ["a line" if device in side else None for side in known]
        found.add(FindingCode.SCORE_DIFFERS, f"device:{device}", "rewards.json", sides[0], sides[1])
    if scores.device != entries.device:
        return
    states = [STATES[state] for state in scores.state]
    for at, device in enumerate(entries.device):
        subject, state, score = f"device:{device}", entries.state[at], entries.score_e12[at]
        if score != scores.score_e12[at]:
            found.add(FindingCode.SCORE_DIFFERS, subject, "rewards.score_e12", score, scores.score_e12[at])
        if state != states[at]:
            found.add(FindingCode.SCORE_DIFFERS, subject, "rewards.state", state, states[at])


def _check_indicators(found: Findings, rewards: RewardFile) -> None:
    """Codes and severities are those of the catalogue, since a severity decides about pay."""
    for one in rewards.indicators:
        severity = _SEVERITY.get(one["code"])
        if one["severity"] != severity:
            subject = " ".join([f"indicator:{one['code']}", *one["subjects"]])
            found.add(
                FindingCode.INDICATOR_DIFFERS,
                subject,
                f"{one['code']}.severity",
                one["severity"],
                severity,
            )


def check_division(found: Findings, rewards: RewardFile) -> None:
    """The pool divided anew by the published weights, and both invariants of section 9.1."""
    money, entries, mode = rewards.money, rewards.entries, rewards.ruleset.allocation
    divided = money["pool"] + money["carried_in"] + money["missed_pools"]
    kept = money["sink"] + money["burned"] + money["withheld"] + money["remainder"]
    given = money["allocated"] + money["to_validators"]
    shares = "allocated" if rewards.ruleset.validators is None else "allocated + to_validators"
    if divided != given + kept or divided >= _LARGEST_POOL:
        found.add(
            FindingCode.POOL_UNBALANCED,
            "balance of the pool",
            f"{shares} + sink + burned + withheld + remainder",
            str(given + kept),
            str(divided),
        )
    spent = money["paid"] + money["carried_delta"] + kept
    if divided + money["adjustments"] != spent:
        found.add(
            FindingCode.EPOCH_UNBALANCED,
            "balance of the epoch",
            "paid + carried_delta + sink + burned + withheld + remainder",
            str(spent),
            str(divided + money["adjustments"]),
        )
    try:
        division = divide_pool(
            max(0, divided - money["to_validators"]),
            [bytes.fromhex(device) for device in entries.device],
            entries.weight,
            entries.class_name,
            rewards.ruleset,
        )
    except InputError as error:
        found.add(FindingCode.POOL_UNBALANCED, "division of the pool", "weights", None, str(error))
        return
    compare_class_lines(found, rewards.classes, division.classes)
    rows = zip(entries.device, entries.amount, entries.withheld, division.amounts, strict=True)
    for device, published, withheld, amount in rows:
        if published + withheld != amount:
            follows = str(amount - withheld)
            found.add(FindingCode.AMOUNT_DIFFERS, f"device:{device}", "amount", str(published), follows)
    goes_to_sink, left = mode == "floor_to_sink", division.remainder
    expected = {
        "allocated": sum(entries.amount),
        "sink": left if goes_to_sink else 0,
        "burned": 0,
        "withheld": sum(entries.withheld),
        "remainder": 0 if goes_to_sink else left,
    }
    for name, value in expected.items():
        if money[name] != value:
            found.add(FindingCode.MONEY_DIFFERS, f"money:{name}", name, str(money[name]), str(value))


def check_payees(found: Findings, rewards: RewardFile, previous: Ledger | None) -> None:
    """What each payee earned, is paid and has in all.

    Args:
        found: Where findings go.
        rewards: The reward file.
        previous: The ledger of the settlement before, ``None`` where it is not known.
    """
    earned = _earned(rewards)
    payees, money, least = rewards.payees, rewards.money, int(rewards.ruleset.min_payout)
    named = set(payees.payee)
    before = {} if previous is None else {payee_text(one): line for one, line in previous.accounts.items()}
    for payee in sorted((earned.keys() | before.keys()) - named):
        found.add(FindingCode.PAYEE_MISSING, f"payee:{payee}", "amount", None, str(earned.get(payee, 0)))
    if previous is not None:
        _check_continuity(found, rewards, before, least)
        if money["carried_in"] != previous.remainder:
            found.add(
                FindingCode.MONEY_DIFFERS,
                "money:carried_in",
                "carried_in",
                str(money["carried_in"]),
                str(previous.remainder),
                Basis.PREVIOUS,
            )
        delta = sum(payees.carried) - sum(line.carried for line in before.values())
        if money["carried_delta"] != delta:
            found.add(
                FindingCode.CARRIED_DIFFERS,
                "money:carried_delta",
                "carried_delta",
                str(money["carried_delta"]),
                str(delta),
                Basis.PREVIOUS,
            )
    if money["paid"] != sum(payees.paid):
        found.add(FindingCode.PAID_DIFFERS, "money:paid", "paid", str(money["paid"]), str(sum(payees.paid)))


def check_unexplained(found: Findings, rewards: RewardFile) -> None:
    """Payees' amounts where no adjustments are published; those that cancel out stand in the epoch's file alone."""
    if rewards.money["adjustments"] != 0:
        return
    earned, payees = _earned(rewards), rewards.payees
    for payee, amount in zip(payees.payee, payees.amount, strict=True):
        if amount != earned.get(payee, 0):
            found.add(
                FindingCode.PAYEE_UNEXPLAINED,
                f"payee:{payee}",
                "amount",
                str(amount),
                str(earned.get(payee, 0)),
            )


def _check_continuity(found: Findings, rewards: RewardFile, before: dict[str, Account], least: int) -> None:
    payees = rewards.payees
    lines = zip(payees.payee, payees.amount, payees.paid, payees.carried, payees.cumulative, strict=True)
    for payee, amount, paid, carried, cumulative in lines:
        account = before.get(payee, _NOBODY)
        due = account.carried + amount
        pays = due if due >= least else 0
        for code, field, published, follows in (
            (FindingCode.PAID_DIFFERS, "paid", paid, pays),
            (FindingCode.CARRIED_DIFFERS, "carried", carried, due - pays),
            (FindingCode.CUMULATIVE_DIFFERS, "cumulative", cumulative, account.cumulative + pays),
        ):
            if published != follows:
                found.add(code, f"payee:{payee}", field, str(published), str(follows), Basis.PREVIOUS)


def check_ledger(found: Findings, results: Results) -> None:
    """The ledger for the next epoch against the payees' lines and the remainder."""
    payees, ledger = results.rewards.payees, results.ledger
    accounts = {payee_text(payee): account for payee, account in ledger.accounts.items()}
    published = {
        payee: Account(carried, cumulative)
        for payee, carried, cumulative in zip(payees.payee, payees.carried, payees.cumulative, strict=True)
    }
    for payee in sorted(accounts.keys() | published.keys()):
        mine, theirs = accounts.get(payee), published.get(payee)
        for field in ("carried", "cumulative"):
            a, b = (None if line is None else str(getattr(line, field)) for line in (mine, theirs))
            if a != b:
                found.add(FindingCode.LEDGER_DIFFERS, f"payee:{payee}", f"ledger.{field}", a, b)
    if ledger.remainder != results.rewards.money["remainder"]:
        found.add(
            FindingCode.LEDGER_DIFFERS,
            "ledger:remainder",
            "ledger.remainder",
            str(ledger.remainder),
            str(results.rewards.money["remainder"]),
        )


def check_adjustments(found: Findings, rewards: RewardFile) -> None:
    """What payees have beyond their devices' pay, in sum."""
    beyond = sum(rewards.payees.amount) - sum(_earned(rewards).values())
    if rewards.money["adjustments"] != beyond:
        found.add(
            FindingCode.ADJUSTMENTS_DIFFER,
            "money:adjustments",
            "adjustments",
            str(rewards.money["adjustments"]),
            str(beyond),
        )


def check_tree(found: Findings, results: Results) -> None:
    """The tree re-hashed, its leaves against the cumulative amounts, its file against the reward file."""
    rewards, content = results.rewards, results.tree()
    owed = {
        payee: amount
        for payee, amount in zip(rewards.payees.payee, rewards.payees.cumulative, strict=True)
        if amount > 0
    }
    digest = None if content is None else hashlib.sha256(content).hexdigest()
    named = (rewards.merkle.file, rewards.merkle.sha256)
    if named != (None if content is None else TREE_FILE, digest):
        found.add(
            FindingCode.TREE_HASH_DIFFERS, f"file:{TREE_FILE}", "merkle.sha256", rewards.merkle.sha256, digest
        )
    if content is None and f"file:{TREE_FILE}" in found:
        return  # the file is missing, and with it all leaves
    leaves: dict[str, int] = {}
    if content is not None:
        try:
            tree = _native.ClaimTree.load(content)
        except InputError as error:
            found.add(FindingCode.TREE_BROKEN, "tree", "nodes and leaves", str(error), None)
            return
        leaves = {payee_text(payee): amount for payee, amount in tree.entries() if amount > 0}
    for payee in sorted(leaves.keys() | owed.keys()):
        a, b = leaves.get(payee), owed.get(payee)
        if a != b:
            found.add(
                FindingCode.LEAF_DIFFERS,
                f"leaf:{payee}",
                "amount",
                None if a is None else str(a),
                None if b is None else str(b),
            )


def check_root(found: Findings, rewards: RewardFile) -> None:
    """The root against a tree that is built anew from the cumulative amounts."""
    payees = rewards.payees
    owed = [
        (payee_from_text(payee), amount)
        for payee, amount in zip(payees.payee, payees.cumulative, strict=True)
        if amount > 0
    ]
    root = None
    if owed:
        try:
            tree = _native.ClaimTree.from_entries(owed, filler=rewards.ruleset.filler)
        except InputError as error:
            found.add(FindingCode.ROOT_DIFFERS, "root", "cumulative", None, str(error))
            return
        root = "0x" + tree.root.hex()
    if rewards.merkle.root != root:
        found.add(FindingCode.ROOT_DIFFERS, "root", "merkle.root", rewards.merkle.root, root)


def _earned(rewards: RewardFile) -> dict[str, int]:
    """What the devices and validators of each payee earned."""
    earned: defaultdict[str, int] = defaultdict(int)
    for payee, amount in zip(rewards.entries.payee, rewards.entries.amount, strict=True):
        if payee is not None:
            earned[payee] += amount
    for line in rewards.validators:
        if line.payee is not None:
            earned[line.payee] += line.amount
    return dict(earned)
