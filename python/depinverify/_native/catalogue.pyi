"""The catalogue of verdicts."""

from typing import Any

def catalogue() -> list[dict[str, Any]]:
    """Return every entry of the catalogue of verdicts, in the order of its documentation page.

    Returns:
        Dictionaries with ``family``, ``network`` (empty where all networks share the entry), ``number`` (``None``
        where results carry names), ``name``, ``severity`` (of indicators, otherwise ``None``), ``sentence`` and
        ``evidence``. :data:`depinverify.catalogue.CATALOGUE` is the same with types.
    """
