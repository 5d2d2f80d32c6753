"""The settlement of a folder of evidence: what was proved, retrieved and owed, and how each provider stands.

In: a folder of evidence (:mod:`~depinverify.networks.filecoin.evidence`). Out: a folder of results, the manifest
last. Rule: Filecoin, A6 to A8, C and F. Invariant: the same evidence gives the same bytes, whatever the number of
threads and the order of records; everything that is divided or paid adds up, and is checked before the manifest is
written. A run that is stopped leaves no manifest, and starts again. Memory grows with data sets, periods, payments,
rounds and providers, and not with records and measurements: events come first, so that each record is held against
its period as it goes by; what is kept of it is sorted on disk, in ``.work`` below the results.

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
from depinverify.networks.filecoin.data_set_results import data_sets_result
from depinverify.networks.filecoin.evidence import Evidence
from depinverify.networks.filecoin.exact import exact
from depinverify.networks.filecoin.identities import read_identities
from depinverify.networks.filecoin.inputs import PROVIDERS, input_lines
from depinverify.networks.filecoin.payments import settle_all
from depinverify.networks.filecoin.period_audit import PeriodBook
from depinverify.networks.filecoin.pool import POOL, Division, Pool, claim_tree, divide, read_pool
from depinverify.networks.filecoin.provider_table import provider_table
from depinverify.networks.filecoin.providers import Provider, provider_rows
from depinverify.networks.filecoin.record_verdicts import RecordVerdicts, judge_records
from depinverify.networks.filecoin.refusals import Refusal, Refusals
from depinverify.networks.filecoin.result_folder import FilecoinSettlement, ResultWriter
from depinverify.networks.filecoin.retrieval_book import RetrievalBook
from depinverify.networks.filecoin.retrieval_rounds import read_rounds
from depinverify.networks.filecoin.rulesets import Rules
from depinverify.networks.filecoin.work_folder import work_folder
from depinverify.settlement import MANIFEST
from depinverify.workspace import writing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from depinverify import _native
    from depinverify.canonical import Json
    from depinverify.networks.filecoin.data_sets import DataSetHistory, Payment
    from depinverify.networks.filecoin.period_audit import PeriodAudit

__all__ = ["DEFAULT_RULESET", "RESULTS", "settle"]

#: What a folder without a table ``[ruleset]`` is settled under.
DEFAULT_RULESET: Final = {"name": "filecoin-pdp", "version": "1"}

#: Tables of records and of measurements, which are written while these go by.
VERDICTS: Final = "verdicts.parquet"
LABELS: Final = "spark_labels.parquet"

#: Results that every settlement has.
RESULTS: Final = frozenset(
    {
        *(VERDICTS, "data_sets.json", "payments.json", LABELS, "spark.json"),
        *("providers.json", "providers.parquet", "refusals.json"),
    }
)

#: Results that not every settlement has.
_OPTIONAL: Final = ("pool.json", "pool_tree.json", "spark_tree.json")


@dataclass(frozen=True)
class _Terms:
    """What is settled, and how."""

    evidence: Evidence
    rules: Rules
    pool: Pool | None
    keys: Sequence[_native.FilecoinVerifier]
    check_values: list[str]
    inputs: dict[str, Json]


@dataclass(frozen=True)
class _Found:
    """Everything that results are written from; tables of records and measurements are written already."""

    terms: _Terms
    verdicts: RecordVerdicts
    histories: list[DataSetHistory]
    periods: dict[tuple[int, int], PeriodAudit]
    payments: list[Payment]
    retrievals: RetrievalBook
    labels: bytes
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
    evidence, out = Evidence.open(source), Path(out)
    rules = Rules.from_table(evidence.ruleset or DEFAULT_RULESET, path="filecoin.toml: ruleset")
    pool = read_pool(evidence.folder / POOL)
    check_values = sorted({key.check_value.hex() for key in keys})
    with work_folder(out) as work:
        terms = _Terms(evidence, rules, pool, keys, check_values, input_lines(evidence, work))
        _refuse_other_settlement(out, terms)
        found = _examine(terms, work, threads, progress or (lambda _name, _done: None))
        with writing_to(out):
            # From here on the folder is no settlement until its manifest is back.
            (out / MANIFEST).unlink(missing_ok=True)
            _write(out, work, found)
    return FilecoinSettlement.open(out)


def _refuse_other_settlement(out: Path, terms: _Terms) -> None:
    """Refuse to write over a settlement of other evidence, or under other keys."""
    if not (out / MANIFEST).exists():
        return
    manifest = FilecoinSettlement.open(out).manifest
    if (manifest["inputs"], manifest.get("keys")) != (terms.inputs, terms.check_values):
        raise SettlementError(
            f"{out}: expected an empty folder or an unfinished run, found a settlement of other inputs",
            hint="Choose another folder with --out, or remove this one.",
        )


def _examine(terms: _Terms, work: Path, threads: int | None, progress: Callable[[str, int], None]) -> _Found:
    evidence, rules = terms.evidence, terms.rules
    progress("events", 0)
    replay = evidence.replay()
    refusals = replay.refusals
    histories = sorted(replay.histories(), key=lambda history: history.set_id)
    # Records are held against the main network's beacons and its epochs: on another chain its rounds show no seed.
    is_main = evidence.chain == "mainnet"
    periods = PeriodBook(histories, are_rounds_of_chain=is_main)
    verdicts = judge_records(
        evidence, periods, work / VERDICTS, keys=terms.keys, threads=threads, progress=progress
    )
    audits = periods.audits(verdicts.seeds if is_main else {})
    payments = _payments(evidence, histories, refusals)
    progress("retrievals", 0)
    book = RetrievalBook(rules.retrieval, work / LABELS)
    _read_retrievals(book, evidence, refusals, progress)
    identities = read_identities(evidence.folder / PROVIDERS, refusals)
    rows = provider_rows(
        histories,
        audits,
        book.retrievals,
        verdicts.possession,
        verdicts.window,
        identities,
        rules,
        height=evidence.now,
    )
    return _Found(
        terms=terms,
        verdicts=verdicts,
        histories=histories,
        periods={(one.set_id, one.challenge_epoch): one for one in audits},
        payments=payments,
        retrievals=book,
        labels=book.finish_labels(),
        providers=rows,
        division=None if terms.pool is None else divide(terms.pool, rows, rules),
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


def _read_retrievals(
    book: RetrievalBook, evidence: Evidence, refusals: Refusals, progress: Callable[[str, int], None]
) -> None:
    if evidence.spark is None:
        return
    for number, one in enumerate(read_rounds(evidence.spark, refusals), 1):
        try:
            book.add(one)
        except InputError as error:
            refusals.add(Refusal(one.place, "round not evaluated", str(error)))
        progress("retrievals", number)


def _write(out: Path, work: Path, found: _Found) -> None:
    totals = _totals(found)
    if wrong := next(imbalances(totals), None):
        raise SettlementError(wrong)
    writer = ResultWriter(out)
    for name in _OPTIONAL:
        writer.absent(name)
    writer.written(VERDICTS, work / VERDICTS, found.verdicts.content)
    writer.pieces("data_sets.json", data_sets_result(found.histories, found.periods, found.verdicts.strays))
    writer.json("payments.json", {"payments": [exact(payment.to_json()) for payment in found.payments]})
    writer.written(LABELS, work / LABELS, found.labels)
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
            "chain": found.terms.evidence.chain,
            "height": found.terms.evidence.now,
            "service": found.terms.evidence.service,
            "ruleset": {
                "params": found.terms.rules.params(),
                "params_hash": found.terms.rules.params_hash.hex(),
            },
            "keys": found.terms.check_values,
            "inputs": found.terms.inputs,
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


def _counts(found: _Found) -> dict[str, Json]:
    names = {code.number: code.name for code in catalogue_of("filecoin")}
    verdicts = {names[code]: count for code, count in found.verdicts.codes.items()}
    return {
        "verdicts": exact(dict(sorted(verdicts.items()))),
        "data_sets": len(found.histories),
        "periods": {
            "proven": exact(sum(history.proven_periods for history in found.histories)),
            "faulted": exact(sum(history.faulted_periods for history in found.histories)),
            "open": exact(sum(history.open_periods for history in found.histories)),
        },
        "periods_shown": exact(dict(sorted(Counter(one.finding for one in found.periods.values()).items()))),
        "contradictions": sum(len(one.contradictions) for one in found.periods.values())
        + found.verdicts.strays.count,
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
