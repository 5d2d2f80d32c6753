"""A settlement to look at: one HTML file without scripts, fonts or anything else from outside.

In: a settlement folder, and the epoch folder it was made from for what only the registry and the proofs know. Out:
``report.html``. Reading order: :mod:`.facts`, :mod:`.evidence` and :mod:`.fleet` (what is read), :mod:`.markup`
(the one way from text to page), :mod:`.page` (the sections in their order). Rule: uptime proof, sections 3 and 8.
Invariant: the page says nothing that is not in the folders, and the same folders give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from depinverify.exceptions import InputError
from depinverify.report.evidence import read_evidence
from depinverify.report.facts import read_facts
from depinverify.report.fleet import read_fleet
from depinverify.report.material import Material
from depinverify.report.page import page
from depinverify.settlement import Settlement, write_file

__all__ = ["write_report"]


def write_report(
    settlement: Settlement | str | Path,
    path: str | Path,
    epoch: str | Path | None = None,
    *,
    is_redacted: bool = False,
) -> tuple[str, ...]:
    """Write a settlement as one HTML file.

    Args:
        settlement: A settlement, or its folder.
        path: The file; it is absent or whole, whatever happens.
        epoch: The epoch folder: without it the page has no map and no makers, models and firmware.
        is_redacted: Shorten network addresses in texts to /24 and /48, leave out owners, and join cells finer than
            resolution 7.

    Returns:
        One sentence per result that is not what the manifest says; the page opens with them.

    Raises:
        DepinverifyError: A folder is not what it must be, or the file cannot be written.

    Example:
        >>> write_report("settlement", "report.html", epoch="epoch")  # doctest: +SKIP
    """
    opened = settlement if isinstance(settlement, Settlement) else Settlement.open(settlement)
    facts = read_facts(opened)
    evidence = read_evidence(opened, facts)
    fleet = None if epoch is None else read_fleet(Path(epoch), facts, evidence)
    material = Material(facts, evidence, fleet, is_redacted)
    content = page(material).encode()
    try:
        write_file(Path(path), content)
    except OSError as error:
        raise InputError(f"{path}: expected to write the report there: {error.strerror or error}") from None
    return material.changed
