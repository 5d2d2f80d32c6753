"""A settlement of Filecoin evidence to look at: one HTML file that loads nothing and runs nothing.

In: a settlement folder, which may be anybody's. Out: HTML text. Rule: Filecoin, A6 to A8, C8 and F. Invariant: the page
says nothing that is not in the folder; a rate stands with its sample and its lower bound; texts of strangers are
escaped; the same folder gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from depinverify.exceptions import DepinverifyError, InputError, SettlementError
from depinverify.networks.filecoin.result_folder import FilecoinSettlement
from depinverify.report.charts import bar, table
from depinverify.report.figures import ABSENT, decimal, number, percent, plural
from depinverify.report.markup import Content, Markup, element, foreign, join
from depinverify.report.material import Section, lead, note, sub
from depinverify.report.page import frame
from depinverify.settlement import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["page", "write_page"]

_MILLION: Final = 10**6
#: Points of a full reputation, in millionths.
_FULL: Final = 100 * _MILLION
#: Lines of a list that is shown; how many more there are is said.
_LISTED: Final = 200
#: What a file that is not of its form does to code that reads it.
_STRANGE: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def write_page(settlement: FilecoinSettlement | str | Path, path: str | Path) -> tuple[str, ...]:
    """Write a settlement as one HTML file.

    Args:
        settlement: A settlement, or its folder.
        path: The file; it is absent or whole, whatever happens.

    Returns:
        One sentence per result that is not what the manifest says; the page opens with them.

    Raises:
        DepinverifyError: The folder is no settlement, or the file cannot be written.
    """
    opened = settlement if isinstance(settlement, FilecoinSettlement) else FilecoinSettlement.open(settlement)
    changed = tuple(_changed(opened))
    try:
        content = page(opened, changed).encode()
    except _STRANGE as error:
        raise SettlementError(f"{opened.folder}: a result is not of its form ({error!r:.80})") from None
    try:
        write_file(Path(path), content)
    except OSError as error:
        raise InputError(f"{path}: expected to write the report there: {error.strerror or error}") from None
    return changed


def _changed(settlement: FilecoinSettlement) -> Iterator[str]:
    for name, expected in sorted(settlement.manifest["results"].items()):
        try:
            content = settlement.content(name) if Path(name).name == name else "no name of a file"
        except (OSError, ValueError, DepinverifyError):
            content = "nothing that can be read"
        if content != expected:
            yield f"{name if name.isprintable() else ascii(name)} is not what the manifest says."


def page(settlement: FilecoinSettlement, changed: Sequence[str] = ()) -> str:
    """The page.

    Args:
        settlement: The settlement.
        changed: Sentences about results that are not what the manifest says.
    """
    manifest = settlement.manifest
    sections = [
        Section("figures", "Providers", _providers(settlement.json("providers.json")["providers"])),
        Section("faults", "Faults", _faults(settlement.json("data_sets.json")["data_sets"])),
        Section("proofs", "Proofs against the chain", _contradictions(settlement.json("data_sets.json"))),
        Section("amounts", "Amounts", _amounts(settlement)),
        Section("retrievals", "Retrievals", _retrievals(settlement.json("spark.json"))),
        Section("refusals", "Refused lines", _refusals(settlement.json("refusals.json"))),
    ]
    title = f"Filecoin at height {int(manifest['height'])}"
    return frame(f"depinverify report: {title}", _head(settlement, title, changed), sections, _footer())


def _head(settlement: FilecoinSettlement, title: str, changed: Sequence[str]) -> Markup:
    manifest = settlement.manifest
    params = manifest["ruleset"]["params"]
    rows: list[tuple[str, Content]] = [
        ("Chain", foreign(str(manifest["chain"]))),
        ("Service", foreign(str(manifest["service"]))),
        ("Ruleset", foreign(f"{params['name']} {params['version']}")),
        ("Parameters", element("code", foreign(str(manifest["ruleset"]["params_hash"])))),
        ("Manifest", element("code", settlement.manifest_sha256)),
    ]
    caveats = [*changed, *_caveats(manifest["counts"])]
    return element(
        "header",
        element("p", "depinverify report", class_="eyebrow"),
        element("h1", title),
        element(
            "div",
            element("h2", "Before the first number"),
            element("ul", *(element("li", sentence) for sentence in caveats)),
            class_="caveats",
        ),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", value)) for name, value in rows),
            class_="identity",
        ),
        note("Manifest hashes are what to compare: equal hashes mean an equal settlement."),
    )


def _caveats(counts: dict[str, Any]) -> Iterator[str]:
    shown, verdicts = counts["periods_shown"], counts["verdicts"]
    proven = int(counts["periods"]["proven"])
    confirmed = int(shown.get("confirmed", 0))
    yield f"{confirmed:,} of {proven:,} proven periods are confirmed by a proof for a seed of the beacon."
    if contradictions := int(counts["contradictions"]):
        yield f"{plural(contradictions, 'contradiction')} between what the chain recorded and what was shown."
    if unproven := int(verdicts.get("SEED_UNPROVEN", 0)):
        yield f"{plural(unproven, 'proof')} for a seed that no beacon round was shown for."
    if int(counts["measurements"]):
        yield "Measurements of retrievals carry no signature, and stations are free to make."
    if refused := int(counts["refusals"]):
        yield f"{plural(refused, 'line')} of the evidence refused."


def _ppm(value: int | None) -> str:
    return ABSENT if value is None else percent(value, _MILLION)


def _rate(rate: dict[str, Any] | None) -> Content:
    """A rate with its sample and what that supports."""
    if rate is None or rate["ppm"] is None:
        return ABSENT
    return join(
        [
            f"{_ppm(rate['ppm'])} of {number(int(rate['total']))}",
            element("div", f"at least {_ppm(rate['lower_ppm'])}"),
        ]
    )


def _name(line: dict[str, Any]) -> Markup:
    names = [line[key] for key in ("name", "provider", "miner_id") if line[key] is not None]
    return join(element("div", element("code", foreign(str(name)))) for name in names)


def _providers(lines: list[dict[str, Any]]) -> Markup:
    if not lines:
        return note("No provider is known.")
    shown = lines[:_LISTED]
    objectives = list(shown[0]["objectives"])
    proving = (
        "Provider",
        "Sets",
        "Periods proven",
        "Failed",
        "Notices 5\u00a0% lost",
        "Confirmed",
        "Proven bytes",
    )
    serving = ("Provider", "Retrievals", "First byte, ms", "Sectors in health", "Uploads", "Reputation", "")
    return join(
        [
            lead(
                "One row per storage provider. A rate stands with its sample and with what so small a sample "
                "supports: what is behind it is higher with 19 chances of 20. An objective that asks for a "
                "sample is neither met nor missed by a smaller one."
            ),
            sub("Proving"),
            table("Proving", proving, map(_proving, shown), "tntnnnn"),
            sub("Serving and reputation"),
            table("Serving and reputation", serving, map(_serving, shown), "ttnttnb"),
            sub("Objectives"),
            table(
                "Objectives",
                ("Provider", *(foreign(name.replace("_", " ")) for name in objectives)),
                [
                    (_name(line), *(foreign(str(line["objectives"][name])) for name in objectives))
                    for line in shown
                ],
                "t" * (1 + len(objectives)),
            ),
            _more(len(lines), "provider", "providers.json"),
        ]
    )


def _proving(line: dict[str, Any]) -> tuple[Content, ...]:
    return (
        _name(line),
        number(len(line["data_sets"])),
        _rate(line["proving"]),
        _ppm(line["fault_ppm"]),
        _ppm(line["detection_ppm"]["lost_5_percent"]),
        number(int(line["periods_shown"]["confirmed"])),
        number(int(line["proven_bytes"])),
    )


def _serving(line: dict[str, Any]) -> tuple[Content, ...]:
    times = line["first_byte"]
    first_byte: Content = ABSENT
    if times is not None and times["median_ms"] is not None:
        first_byte = join(
            [number(int(times["median_ms"])), element("div", f"p90 {number(int(times['p90_ms']))}")]
        )
    return (
        _name(line),
        _rate(line["retrieval"]),
        first_byte,
        _rate(line["health"]),
        _rate(line["uploads"]),
        decimal(int(line["reputation"]), _MILLION, 2),
        bar(int(line["reputation"]), _FULL),
    )


def _faults(sets: list[dict[str, Any]]) -> Markup:
    rows: list[tuple[Content, ...]] = [
        (
            element("code", foreign(str(line["set_id"]))),
            element("code", foreign(str(line["provider"]))),
            number(int(period["number"])),
            number(int(period["count"])),
            number(int(period["deadline"])),
            foreign(str(period["why"])),
        )
        for line in sets
        for period in line["periods"]
        if period["state"] == "faulted"
    ]
    head = ("Data set", "Provider", "Period", "Periods", "Deadline", "Why")
    shown = (
        table("Faulted periods", head, rows[:_LISTED], "ttnnnp") if rows else note("No period was missed.")
    )
    return join(
        [
            lead("Proving periods that are over without a proof in time. None of their epochs is paid."),
            shown,
            _more(len(rows), "line", "data_sets.json"),
        ]
    )


def _contradictions(found: dict[str, Any]) -> Markup:
    lines = [
        one
        for line in found["data_sets"]
        for period in line["periods"]
        if period["shown"] is not None
        for one in period["shown"]["contradictions"]
    ] + found["strays"]
    rows: list[tuple[Content, ...]] = [
        (
            element("code", foreign(str(one["set_id"]))),
            foreign(str(one["challenge_epoch"])),
            foreign(str(one["label"])),
            foreign(str(one["detail"])),
        )
        for one in lines[:_LISTED]
    ]
    head = ("Data set", "Challenge epoch", "What", "Found")
    shown = table("Contradictions", head, rows, "tttp") if rows else note("Nothing contradicts the chain.")
    return join(
        [
            lead(
                "What the chain recorded against the proofs that were shown: seeds, challenges, paths and windows are "
                "derived again."
            ),
            shown,
            _more(len(lines) + int(found.get("strays_left_out", 0)), "contradiction", "data_sets.json"),
        ]
    )


def _amounts(settlement: FilecoinSettlement) -> Markup:
    payments = settlement.json("payments.json")["payments"]
    rows: list[tuple[Content, ...]] = [
        (
            element("code", foreign(str(line["set_id"]))),
            ABSENT if line["provider"] is None else element("code", foreign(str(line["provider"]))),
            *(number(int(line[name])) for name in ("amount", "paid", "withheld", "left")),
            foreign(str(line["why"])),
        )
        for line in payments[:_LISTED]
    ]
    head = ("Data set", "Provider", "Proposed", "Paid", "Withheld", "Left", "Why")
    totals: list[tuple[Content, ...]] = [
        (foreign(str(kind)), foreign(str(name)), number(int(value)))
        for kind, line in settlement.manifest["totals"].items()
        for name, value in line.items()
    ]
    return join(
        [
            lead(
                "Payments are for epochs in proven periods: paid, withheld and left are the proposed amount. Scores "
                "and what is burnt are the whole of a round, and what is allocated and what remains are the pool."
            ),
            table("Payments", head, rows, "ttnnnnp") if rows else note("No payment was proposed."),
            _more(len(payments), "payment", "payments.json"),
            sub("Totals"),
            table("Totals", ("Of", "Term", "Amount"), totals, "ttn"),
            *_pool(settlement),
        ]
    )


def _pool(settlement: FilecoinSettlement) -> Iterator[Markup]:
    if "pool.json" not in settlement.manifest["results"]:
        return
    pool = settlement.json("pool.json")
    whole = int(pool["amount"])
    rows: list[tuple[Content, ...]] = [
        (
            element("code", foreign(str(share["id"]))),
            number(int(share["amount"])),
            percent(int(share["amount"]), whole),
            bar(int(share["amount"]), whole),
        )
        for share in pool["shares"][:_LISTED]
    ]
    yield sub("Pool")
    yield table("Shares of the pool", ("Provider", "Amount", "Share", ""), rows, "tnnb")
    if pool["root"] is not None:
        yield note("Root of the claims: ", element("code", foreign(str(pool["root"]))))


def _retrievals(found: dict[str, Any]) -> Markup:
    rows: list[tuple[Content, ...]] = []
    for line in found["rounds"][:_LISTED]:
        committees = line["committees"]
        smallest = min((int(one["subnets"]) for one in committees), default=0)
        margin = min((int(one["margin"]) for one in committees), default=0)
        rows.append(
            (
                foreign(str(line["round"])),
                "yes" if line["is_randomness_derived"] else "stated",
                number(int(line["measurements"])),
                number(sum(line["dropped"].values())),
                number(len(committees)),
                number(smallest),
                number(margin),
                ABSENT if line["burnt"] is None else percent(int(line["burnt"]), 10**15, 4),
            )
        )
    head = (
        "Round",
        "Of the beacon",
        "Measured",
        "Dropped",
        "Committees",
        "Fewest subnets",
        "Least margin",
        "Burnt",
    )
    people: list[tuple[Content, ...]] = [
        (
            element("code", foreign(str(line["participant"]))),
            number(int(line["rounds"])),
            number(int(line["reward_attofil"])),
        )
        for line in found["participants"][:_LISTED]
    ]
    return join(
        [
            lead(
                "Rounds of retrieval checks. How little can stand behind a round is said by its committee of the "
                "fewest subnets and by the least margin of a majority."
            ),
            table("Rounds", head, rows, "ttnnnnnn") if rows else note("No round was given."),
            _more(len(found["rounds"]), "round", "spark.json"),
            sub("Participants") if people else None,
            table("Participants", ("Participant", "Rounds", "attoFIL"), people, "tnn") if people else None,
            _more(len(found["participants"]), "participant", "spark.json"),
        ]
    )


def _refusals(found: dict[str, Any]) -> Markup:
    counts: list[tuple[Content, ...]] = [
        (foreign(str(label)), number(int(count))) for label, count in sorted(found["counts"].items())
    ]
    rows: list[tuple[Content, ...]] = [
        (foreign(str(one["place"])), foreign(str(one["label"])), foreign(str(one["detail"])))
        for one in found["refusals"][:_LISTED]
    ]
    if not counts:
        return join([lead(_REFUSED), note("Nothing was refused.")])
    return join(
        [
            lead(_REFUSED),
            table("Refusals by reason", ("Reason", "Lines"), counts, "tn"),
            table("Refused lines", ("Where", "Reason", "Found"), rows, "ttp"),
            _more(sum(map(int, found["counts"].values())), "line", "refusals.json"),
        ]
    )


_REFUSED: Final = (
    "Events that the contracts would have refused, and lines that are no evidence. They change nothing."
)


def _more(count: int, noun: str, file: str) -> Markup | None:
    more = count - _LISTED
    return note(f"{plural(more, noun)} more in {file}.") if more > 0 else None


def _footer() -> Markup:
    return element(
        "footer",
        element(
            "p",
            "Made by depinverify from the settlement folder alone. This page is a view of the settlement and no "
            "part of it; it loads nothing and runs nothing.",
        ),
    )
