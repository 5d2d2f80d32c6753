"""The settlement of a folder of evidence: what was proved, retrieved and owed, and how each provider stands.

In: a folder of evidence (:mod:`~depinverify.networks.filecoin.evidence`). Out: a folder of results, the manifest
last. Rule: Filecoin, A6 to A8, C and F. Invariant: the same evidence gives the same bytes, whatever the number of
threads and the order of records; everything that is divided or paid adds up, and is checked before the manifest is
written. A run that is stopped leaves no manifest, and starts again.

=======================  ===========================================================================================
``verdicts.parquet``     one row per record of proofs, rounds and window proofs
``data_sets.json``       the history of every data set: periods, faults, and which verdicts each period's proofs have
``payments.json``        every proposed payment recomputed
``spark_labels.parquet`` one row per measurement: its label, consensus and result
``spark.json``           rounds: committees, rates, scores, rewards, what is burnt; participants in sum
``providers.json``       the provider view
``providers.parquet``    the same as a table
``pool.json``            a pool, divided; where the evidence has one
``pool_tree.json``       its claim tree; where somebody can claim
``spark_tree.json``      the claim tree of the participants' rewards; where somebody earned
``refusals.json``        what contracts would have refused, and lines that are no evidence
``manifest.json``        ruleset, keys, hashes of inputs and results, counts, totals
=======================  ===========================================================================================
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depinverify.exceptions import InputError, SettlementError
from depinverify.networks import catalogue_of
from depinverify.networks.filecoin.conservation import imbalances
from depinverify.networks.filecoin.evidence import Evidence
from depinverify.networks.filecoin.exact import exact
from depinverify.networks.filecoin.identities import read_identities
from depinverify.networks.filecoin.inputs import PROVIDERS, input_lines
from depinverify.networks.filecoin.payments import settle_all
from depinverify.networks.filecoin.period_audit import audit_periods
from depinverify.networks.filecoin.pool import POOL, Division, claim_tree, divide, read_pool
from depinverify.networks.filecoin.proof_statements import read_seeds
from depinverify.networks.filecoin.provider_table import provider_table
from depinverify.networks.filecoin.providers import Provider, provider_rows
from depinverify.networks.filecoin.refusals import Refusal, Refusals
from depinverify.networks.filecoin.result_folder import FilecoinSettlement, ResultWriter
from depinverify.networks.filecoin.retrieval_book import RetrievalBook
from depinverify.networks.filecoin.retrieval_rounds import read_rounds
from depinverify.networks.filecoin.rulesets import Rules
from depinverify.networks.filecoin.verdict_rows import VerdictRows
from depinverify.settlement import MANIFEST
from depinverify.workspace import writing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from depinverify import _native
    from depinverify.canonical import Json
    from depinverify.networks.filecoin.data_sets import DataSetHistory, Payment
    from depinverify.networks.filecoin.period_audit import Contradiction, PeriodAudit

__all__ = ["DEFAULT_RULESET", "RESULTS", "settle"]

#: What a folder without a table ``[ruleset]`` is settled under.
DEFAULT_RULESET: Final = {"name": "filecoin-pdp", "version": "1"}

#: Results that every settlement has.
RESULTS: Final = frozenset(
    {
        *("verdicts.parquet", "data_sets.json", "payments.json", "spark_labels.parquet", "spark.json"),
        *("providers.json", "providers.parquet", "refusals.json"),
    }
)

#: Results that not every settlement has.
_OPTIONAL: Final = ("pool.json", "pool_tree.json", "spark_tree.json")


@dataclass(frozen=True)
class _Found:
    """Everything that results are written from."""

    evidence: Evidence
    rules: Rules
    keys: list[str]
    inputs: dict[str, Json]
    verdicts: VerdictRows
    histories: list[DataSetHistory]
    periods: dict[tuple[int, int], PeriodAudit]
    strays: list[Contradiction]
    payments: list[Payment]
    retrievals: RetrievalBook
    providers: list[Provider]
    division: Division | None
    refusals: Refusals


def settle(
    source: str | Path,
    out: str | Path,
    *,
    keys: Sequence[_native.FilecoinVerifier] = (),
    threads: int | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> FilecoinSettlement:
    """Settle a folder of evidence.

    Args:
        source: The folder, or its ``filecoin.toml``.
        out: The folder of the results; made if absent. One that holds a settlement already is settled anew.
        keys: Verification keys for window proofs; without them those are not checked.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with the name of each step and how much of it is done.

    Raises:
        DepinverifyError: The folder is no evidence, its parameters are wrong, a file cannot be read, or the results
            cannot be written.
    """
    out = Path(out)
    found = _examine(Evidence.open(source), keys, threads, progress or (lambda _name, _done: None))
    _refuse_other_settlement(out, found)
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
        # From here on the folder is no settlement until its manifest is back.
        (out / MANIFEST).unlink(missing_ok=True)
        _write(out, found)
    return FilecoinSettlement.open(out)


def _refuse_other_settlement(out: Path, found: _Found) -> None:
    """Refuse to write over a settlement of other evidence, or under other keys."""
    if not (out / MANIFEST).exists():
        return
    manifest = FilecoinSettlement.open(out).manifest
    if (manifest["inputs"], manifest.get("keys")) != (found.inputs, found.keys):
        raise SettlementError(
            f"{out}: expected an empty folder or an unfinished run, found a settlement of other inputs",
            hint="Choose another folder with --out, or remove this one.",
        )


def _examine(
    evidence: Evidence,
    keys: Sequence[_native.FilecoinVerifier],
    threads: int | None,
    progress: Callable[[str, int], None],
) -> _Found:
    rules = Rules.from_table(evidence.ruleset or DEFAULT_RULESET, path="filecoin.toml: ruleset")
    pool = read_pool(evidence.folder / POOL)
    inputs = input_lines(evidence)
    progress("records", 0)
    verdicts = VerdictRows.of_evidence(evidence, keys=keys, threads=threads)
    progress("events", len(verdicts.rows))
    replay = evidence.replay()
    refusals = replay.refusals
    histories = sorted(replay.histories(), key=lambda history: history.set_id)
    # Records are held against the main network's beacons and its epochs: on another chain its rounds show no seed.
    is_main = evidence.chain == "mainnet"
    seeds = read_seeds(evidence.beacons, verdicts.good_rounds) if evidence.beacons and is_main else None
    periods, strays = audit_periods(
        histories,
        verdicts.of_proofs,
        statements=verdicts.statements,
        seeds=seeds,
        are_rounds_of_chain=is_main,
    )
    payments = _payments(evidence, histories, refusals)
    progress("retrievals", 0)
    book = _retrievals(evidence, rules, refusals, progress)
    identities = read_identities(evidence.folder / PROVIDERS, refusals)
    rows = provider_rows(
        histories,
        periods,
        book.retrievals,
        verdicts.possession,
        verdicts.window,
        identities,
        rules,
        height=evidence.now,
    )
    return _Found(
        evidence=evidence,
        rules=rules,
        keys=sorted({key.check_value.hex() for key in keys}),
        inputs=inputs,
        verdicts=verdicts,
        histories=histories,
        periods={(one.set_id, one.challenge_epoch): one for one in periods},
        strays=strays,
        payments=payments,
        retrievals=book,
        providers=rows,
        division=None if pool is None else divide(pool, rows, rules),
        refusals=refusals,
    )


def _payments(evidence: Evidence, histories: list[DataSetHistory], refusals: Refusals) -> list[Payment]:
    proposals = []
    for proposal in evidence.read_proposals():
        if isinstance(proposal, Refusal):
            refusals.add(proposal)
        else:
            proposals.append(proposal)
    known = {history.set_id: history for history in histories}
    return list(settle_all(known, proposals, evidence.now))


def _retrievals(
    evidence: Evidence, rules: Rules, refusals: Refusals, progress: Callable[[str, int], None]
) -> RetrievalBook:
    book = RetrievalBook(rules.retrieval)
    if evidence.spark is None:
        return book
    for number, one in enumerate(read_rounds(evidence.spark, refusals), 1):
        try:
            book.add(one)
        except InputError as error:
            refusals.add(Refusal(one.place, "round not evaluated", str(error)))
        progress("retrievals", number)
    return book


def _write(out: Path, found: _Found) -> None:
    totals = _totals(found)
    if wrong := next(imbalances(totals), None):
        raise SettlementError(wrong)
    writer = ResultWriter(out)
    for name in _OPTIONAL:
        writer.absent(name)
    writer.table("verdicts.parquet", found.verdicts.table)
    writer.json("data_sets.json", _data_sets(found))
    writer.json("payments.json", {"payments": [exact(payment.to_json()) for payment in found.payments]})
    writer.table("spark_labels.parquet", found.retrievals.labels)
    writer.json("spark.json", found.retrievals.to_json())
    writer.table("providers.parquet", provider_table(found.providers))
    writer.json("providers.json", {"providers": [exact(row.to_json()) for row in found.providers]})
    _write_division(writer, found.division)
    if (tree := claim_tree(found.retrievals.rewards)) is not None:
        writer.bytes("spark_tree.json", tree.dump())
    writer.json(
        "refusals.json",
        {
            "counts": exact(dict(found.refusals.counts)),
            "refusals": [exact(refusal.to_json()) for refusal in found.refusals],
        },
    )
    writer.manifest(
        {
            "network": "filecoin",
            "chain": found.evidence.chain,
            "height": found.evidence.now,
            "service": found.evidence.service,
            "ruleset": {"params": found.rules.params(), "params_hash": found.rules.params_hash.hex()},
            "keys": found.keys,
            "inputs": found.inputs,
            "counts": _counts(found),
            "totals": totals,
        }
    )


def _write_division(writer: ResultWriter, division: Division | None) -> None:
    if division is None:
        return
    writer.json("pool.json", division.to_json())
    if division.tree is not None:
        writer.bytes("pool_tree.json", division.tree.dump())


def _data_sets(found: _Found) -> dict[str, Json]:
    """Histories whose periods have what was shown for them, and proofs that are about no period."""
    sets: list[Json] = []
    for history in found.histories:
        line = dict(history.to_json())
        line["periods"] = [
            {**period.to_json(), "shown": _shown(found, history.set_id, period.challenge_epoch)}
            for period in history.periods
        ]
        sets.append(exact(line))
    return {"data_sets": sets, "strays": [exact(stray.to_json()) for stray in found.strays]}


def _shown(found: _Found, set_id: int, challenge_epoch: int | None) -> Json:
    """What the proofs say of one period; nothing of one that nobody started."""
    if challenge_epoch is None:
        return None
    line = found.periods[set_id, challenge_epoch].to_json()
    # These stand in the period and its data set already.
    known = {"set_id", "number", "challenge_epoch", "state"}
    return {name: value for name, value in line.items() if name not in known}


def _counts(found: _Found) -> dict[str, Json]:
    names = {code.number: code.name for code in catalogue_of("filecoin")}
    verdicts = Counter(names[row.code] for row in found.verdicts.rows)
    return {
        "verdicts": exact(dict(sorted(verdicts.items()))),
        "data_sets": len(found.histories),
        "periods": {
            "proven": exact(sum(history.proven_periods for history in found.histories)),
            "faulted": exact(sum(history.faulted_periods for history in found.histories)),
            "open": exact(sum(history.open_periods for history in found.histories)),
        },
        "periods_shown": exact(dict(sorted(Counter(one.finding for one in found.periods.values()).items()))),
        "contradictions": sum(len(one.contradictions) for one in found.periods.values()) + len(found.strays),
        "payments": len(found.payments),
        "payments_refused": sum(payment.is_refused for payment in found.payments),
        "providers": len(found.providers),
        "rounds": found.retrievals.totals["rounds"],
        "measurements": found.retrievals.totals["measurements"],
        "refusals": len(found.refusals),
    }


def _totals(found: _Found) -> dict[str, Json]:
    """Sums of everything that is divided or paid, decimal text."""
    payments = {
        name: str(sum(getattr(payment, name) for payment in found.payments))
        for name in ("amount", "paid", "withheld", "left")
    }
    totals: dict[str, Json] = {"payments": payments, "retrievals": found.retrievals.totals}
    if found.division is not None:
        line = found.division.to_json()
        totals["pool"] = {name: line[name] for name in ("amount", "allocated", "remainder")}
    return totals
