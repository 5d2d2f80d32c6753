"""A Filecoin settlement held against itself: sums, rates and conservation, from its files alone.

In: a settlement folder, which may be anybody's. Out: findings. Rule: Filecoin, A7, C6, C7 and F2; scoring and
rewards, 9.2 and 11.2. Invariant: nothing is taken from the manifest but what is held against it; a file that is not
of its form is a finding and never an error.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from depinverify import _native
from depinverify.exceptions import DepinverifyError
from depinverify.networks import catalogue_of
from depinverify.networks.filecoin.audit_findings import ABSENT, Finding, first_difference
from depinverify.networks.filecoin.audit_providers import provider_subject, provider_sums
from depinverify.networks.filecoin.conservation import CONSERVED
from depinverify.networks.filecoin.exact import exact
from depinverify.networks.filecoin.period_history import Terms
from depinverify.networks.filecoin.pool import claim_tree
from depinverify.networks.filecoin.retrieval_book import ROUND_REWARD
from depinverify.networks.filecoin.rulesets import Rules
from depinverify.networks.filecoin.spark import ROUND_SCORE, reward, scores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depinverify.networks.filecoin.result_folder import FilecoinSettlement

__all__ = ["sums"]

_MILLION: Final = 10**6
#: What a file that is not of its form does to code that reads it.
_STRANGE: Final = (
    *(KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError),
    *(OSError, DepinverifyError),
)


def sums(settlement: FilecoinSettlement) -> list[Finding]:
    """What does not add up in a settlement."""
    checks: dict[str, Callable[[FilecoinSettlement], Iterator[Finding]]] = {
        "manifest.json": _manifest,
        "verdicts.parquet": _verdicts,
        "data_sets.json": _data_sets,
        "payments.json": _payments,
        "spark.json": _retrievals,
        "spark_labels.parquet": _labels,
        "providers.json": provider_sums,
        "pool.json": _pool,
        "refusals.json": _refusals,
    }
    found: list[Finding] = []
    for file, check in checks.items():
        try:
            found += check(settlement)
        except _STRANGE as error:
            found.append(Finding("sums", file, "", "", _strangeness(error), "a file of its form"))
    return found


def _strangeness(error: Exception) -> str:
    """What is wrong with a file that is not of its form, in words."""
    if isinstance(error, DepinverifyError):
        return str(error)
    return f"no member {error}" if isinstance(error, KeyError) else f"a value of another kind ({error})"


def _differs(file: str, subject: str, field: str, published: object, recomputed: object) -> Iterator[Finding]:
    if (found := first_difference(published, recomputed, field)) is not None:
        yield Finding("sums", file, subject, *found)


def _manifest(settlement: FilecoinSettlement) -> Iterator[Finding]:
    ruleset, totals = settlement.manifest["ruleset"], settlement.manifest["totals"]
    rules = Rules.from_params(ruleset["params"])
    yield from _differs(
        "manifest.json", "ruleset", "params_hash", ruleset["params_hash"], rules.params_hash.hex()
    )
    for kind, balances in CONSERVED.items():
        if kind == "pool" and kind not in totals:
            continue
        for whole, parts in balances:
            total = sum(int(totals[kind][part]) for part in parts)
            yield from _differs("manifest.json", kind, whole, totals[kind][whole], str(total))


def _verdicts(settlement: FilecoinSettlement) -> Iterator[Finding]:
    names = {code.number: code.name for code in catalogue_of("filecoin")}
    codes: Counter[str] = Counter()
    for batch in settlement.batches("verdicts.parquet", ("code",)):
        codes.update(names[code] for code in batch.column("code").to_pylist())
    published = settlement.manifest["counts"]["verdicts"]
    yield from _differs("manifest.json", "counts", "verdicts", published, dict(sorted(codes.items())))


def _data_sets(settlement: FilecoinSettlement) -> Iterator[Finding]:
    every: Counter[str] = Counter()
    sets = settlement.json("data_sets.json")["data_sets"]
    for line in sets:
        states: Counter[str] = Counter()
        for period in line["periods"]:
            states[period["state"]] += int(period["count"])
        every += states
        over = states["proven"] + states["faulted"]
        for field, recomputed in (("periods_proven", states["proven"]), ("periods_over", over)):
            yield from _differs("data_sets.json", line["set_id"], field, line[field], exact(recomputed))
    counts = settlement.manifest["counts"]
    yield from _differs("manifest.json", "counts", "data_sets", counts["data_sets"], len(sets))
    periods = {state: exact(every[state]) for state in ("proven", "faulted", "open")}
    yield from _differs("manifest.json", "counts", "periods", counts["periods"], periods)
    yield from _shown_periods(settlement)


def _shown_periods(settlement: FilecoinSettlement) -> Iterator[Finding]:
    """What was shown for periods, and what contradicts the chain, counted again."""
    found = settlement.json("data_sets.json")
    shown = [
        period["shown"]
        for line in found["data_sets"]
        for period in line["periods"]
        if period["shown"] is not None
    ]
    counts = settlement.manifest["counts"]
    findings = dict(sorted(Counter(one["finding"] for one in shown).items()))
    yield from _differs("manifest.json", "counts", "periods_shown", counts["periods_shown"], findings)
    strays = len(found["strays"]) + int(found.get("strays_left_out", 0))
    contradictions = sum(len(one["contradictions"]) for one in shown) + strays
    yield from _differs("manifest.json", "counts", "contradictions", counts["contradictions"], contradictions)


def _refusals(settlement: FilecoinSettlement) -> Iterator[Finding]:
    refused = sum(settlement.json("refusals.json")["counts"].values())
    published = settlement.manifest["counts"]["refusals"]
    yield from _differs("manifest.json", "counts", "refusals", published, refused)


def _payments(settlement: FilecoinSettlement) -> Iterator[Finding]:
    every: Counter[str] = Counter()
    payments = settlement.json("payments.json")["payments"]
    for place, line in enumerate(payments):
        amounts = {name: int(line[name]) for name in ("amount", "paid", "withheld", "left")}
        every.update(amounts)
        subject = payment_subject(place, line)
        total = amounts["paid"] + amounts["withheld"] + amounts["left"]
        yield from _differs("payments.json", subject, "amount", line["amount"], str(total))
        yield from _differs("payments.json", subject, "paid", line["paid"], str(_paid(line)))
        yield from _differs("payments.json", subject, "left", line["left"], str(_left(line)))
        for name, amount in amounts.items():
            yield from _differs("payments.json", subject, name, str(amount), str(max(0, amount)))
    yield from _settled_once(payments)
    yield from _proven_epochs(settlement, payments)
    counts = settlement.manifest["counts"]
    refused = sum(line["is_refused"] for line in payments)
    for field, recomputed in (("payments", len(payments)), ("payments_refused", refused)):
        yield from _differs("manifest.json", "counts", field, counts[field], recomputed)
    totals = {name: str(every[name]) for name in ("amount", "paid", "withheld", "left")}
    yield from _differs(
        "manifest.json", "totals", "payments", settlement.manifest["totals"]["payments"], totals
    )


def _paid(line: dict[str, Any]) -> int:
    """What a payment's proven epochs are worth; nothing of one that is refused."""
    if line["is_refused"]:
        return 0
    return int(line["amount"]) * int(line["proven_epochs"]) // (int(line["to"]) - int(line["from"]))


def _left(line: dict[str, Any]) -> int:
    """What a payment leaves: the part of the epochs behind those that are settled."""
    start, amount = int(line["from"]), int(line["amount"])
    if line["is_refused"]:
        return amount
    return amount - amount * (int(line["settled_up_to"]) - start) // (int(line["to"]) - start)


def _settled_once(payments: list[dict[str, Any]]) -> Iterator[Finding]:
    """Epochs of a data set that two payments settle."""
    settled: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for place, line in enumerate(payments):
        if not line["is_refused"]:
            epochs = int(line["from"]), int(line["settled_up_to"])
            settled[str(line["set_id"])].append((*epochs, payment_subject(place, line)))
    for ranges in settled.values():
        end = 0
        for start, up_to, subject in sorted(one for one in ranges if one[0] < one[1]):
            if start < end:
                yield Finding("sums", "payments.json", subject, "from", str(start), f"{end} or later")
            end = max(end, up_to)


def _proven_epochs(settlement: FilecoinSettlement, payments: list[dict[str, Any]]) -> Iterator[Finding]:
    """The epochs that are paid for, from the proofs that the data sets have."""
    length = Terms.of(settlement.manifest["chain"]).period
    sets = {line["set_id"]: line for line in settlement.json("data_sets.json")["data_sets"]}
    for place, line in enumerate(payments):
        if line["is_refused"]:
            continue
        start, end = int(line["from"]), int(line["settled_up_to"])
        of, found = sets.get(line["set_id"], {"activation": None, "periods": []}), 0
        if of["activation"] is not None:
            blocks = (period["proven_at"] for period in of["periods"] if period["proven_at"] is not None)
            first = int(of["activation"])
            opened = {int(block) - (int(block) - first - 1) % length - 1 for block in blocks}
            found = sum(max(0, min(end, at + length) - max(start, first, at)) for at in opened)
        subject = payment_subject(place, line)
        yield from _differs("payments.json", subject, "proven_epochs", line["proven_epochs"], exact(found))


def payment_subject(place: int, line: dict[str, Any]) -> str:
    """How a payment is called: by its place, as ids are given by strangers."""
    return f"payment {place} of set {line['set_id']}"


def _retrievals(settlement: FilecoinSettlement) -> Iterator[Finding]:
    found = settlement.json("spark.json")
    earned: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    rules = Rules.from_params(settlement.manifest["ruleset"]["params"]).retrieval
    burnt = rewarded = paid_in_all = 0
    for line in found["rounds"]:
        subject = f"round {line['round']}"
        start = None if line["start_epoch"] is None else int(line["start_epoch"])
        is_rewarded = line["scores"] is not None
        yield from _differs("spark.json", subject, "is_rewarded", is_rewarded, rules.at(start).detects_fraud)
        if not is_rewarded:
            continue
        rewarded += 1
        score = paid = 0
        for one in line["scores"]:
            own, given = int(one["score"]), int(one["reward_attofil"])
            due = str(reward(own))
            yield from _differs(
                "spark.json", f"{subject}, {one['participant']}", "reward_attofil", str(given), due
            )
            score, paid = score + own, paid + given
            sums_of = earned[one["participant"]]
            sums_of[:] = [sums_of[0] + 1, sums_of[1] + own, sums_of[2] + given]
        recomputed = {
            "burnt": ROUND_SCORE - score,
            "rewards_attofil": str(paid),
            "unpaid_attofil": str(ROUND_REWARD - paid),
        }
        for field, value in recomputed.items():
            yield from _differs("spark.json", subject, field, line[field], value)
        burnt, paid_in_all = burnt + line["burnt"], paid_in_all + paid
    participants = [
        {"rounds": rounds, "participant": name, "score": exact(score), "reward_attofil": str(earned_of)}
        for name, (rounds, score, earned_of) in sorted(earned.items())
    ]
    yield from _differs("spark.json", "participants", "participants", found["participants"], participants)
    totals = {
        "rounds": len(found["rounds"]),
        "rounds_rewarded": rewarded,
        "measurements": sum(line["measurements"] for line in found["rounds"]),
        "dropped": sum(sum(line["dropped"].values()) for line in found["rounds"]),
        "whole": str(rewarded * ROUND_SCORE),
        "scores": str(sum(score for _, score, _ in earned.values())),
        "burnt": str(burnt),
        "due_attofil": str(rewarded * ROUND_REWARD),
        "rewards_attofil": str(paid_in_all),
        "unpaid_attofil": str(rewarded * ROUND_REWARD - paid_in_all),
    }
    yield from _differs("spark.json", "totals", "totals", found["totals"], totals)
    yield from _differs(
        "manifest.json", "totals", "retrievals", settlement.manifest["totals"]["retrievals"], totals
    )
    yield from _tree(settlement, "spark_tree.json", [(name, one[2]) for name, one in sorted(earned.items())])


def _labels(settlement: FilecoinSettlement) -> Iterator[Finding]:
    """The scores of each round again, from the labels of its measurements."""
    names = ("round", "participant", "tasking", "consensus")
    accepted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rows: Counter[str] = Counter()
    for batch in settlement.batches("spark_labels.parquet", names):
        columns = (batch.column(column).to_pylist() for column in names)
        for name, participant, tasking, consensus in zip(*columns, strict=True):
            rows[name] += 1
            if (tasking, consensus) == ("OK", "MAJORITY_RESULT"):
                accepted[name][participant] += 1
    for line in settlement.json("spark.json")["rounds"]:
        name = line["round"]
        yield from _differs("spark.json", f"round {name}", "measurements", line["measurements"], rows[name])
        if line["scores"] is None:
            continue
        shares, _ = scores(accepted[name])
        published = {one["participant"]: int(one["score"]) for one in line["scores"]}
        yield from _differs("spark.json", f"round {name}", "scores", published, shares)


def _pool(settlement: FilecoinSettlement) -> Iterator[Finding]:
    if "pool.json" not in settlement.manifest["results"]:
        return
    pool = settlement.json("pool.json")
    rules = Rules.from_params(settlement.manifest["ruleset"]["params"])
    weights = {}
    for line in settlement.json("providers.json")["providers"]:
        work = int(line["proven_bytes"])
        if rules.weight == "retrievals":
            work = 0 if line["retrieval"] is None else int(line["retrieval"]["successes"])
        weights[provider_subject(line)] = (line["provider"], int(line["score_e12"]) * work)
    ids = sorted(weights)
    amounts, remainder = _native.allocate(
        int(pool["amount"]),
        [one.encode() for one in ids],
        [weights[one][1] for one in ids],
        mode=rules.allocation,
    )
    published = {share["id"]: share for share in pool["shares"]}
    for name, amount in zip(ids, amounts, strict=True):
        payee, weight = weights[name]
        recomputed = {"id": name, "payee": payee, "weight": str(weight), "amount": str(amount)}
        yield from _differs("pool.json", name, "", published.get(name, ABSENT), recomputed)
    yield from _differs("pool.json", "pool", "shares", len(pool["shares"]), len(ids))
    claims = [(weights[name][0], amount) for name, amount in zip(ids, amounts, strict=True)]
    claimable = sum(amount for payee, amount in claims if payee is not None)
    recomputed = {
        "allocated": str(sum(amounts)),
        "remainder": str(remainder),
        "claimable": str(claimable),
        "unclaimable": str(sum(amounts) - claimable),
    }
    for field, value in recomputed.items():
        yield from _differs("pool.json", "pool", field, pool[field], value)
    yield from _differs(
        "manifest.json",
        "totals",
        "pool",
        settlement.manifest["totals"]["pool"],
        {
            "amount": pool["amount"],
            "allocated": recomputed["allocated"],
            "remainder": recomputed["remainder"],
        },
    )
    entries = [(payee, amount) for payee, amount in claims if payee is not None]
    tree = claim_tree(entries)
    root = None if tree is None else f"0x{tree.root.hex()}"
    yield from _differs("pool.json", "pool", "root", pool["root"], root)
    yield from _tree(settlement, "pool_tree.json", entries)


def _tree(settlement: FilecoinSettlement, name: str, entries: list[tuple[str, int]]) -> Iterator[Finding]:
    """A claim tree's file against the claims that it should hold."""
    tree = claim_tree(entries)
    expected = ABSENT if tree is None else tree.dump_sha256().hex()
    yield from _differs(name, "", "sha256", settlement.manifest["results"].get(name, ABSENT), expected)
