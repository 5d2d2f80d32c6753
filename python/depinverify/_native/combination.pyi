"""What several say made into one: tracks of a score, reports of a committee, operators of a network.

A column is a list, a numeric array or an Arrow column of integers. Scores are integers in units of 10^-12.
"""

from typing import Literal

def product_of_scores(scores: object) -> int:
    """Combine tracks in the listed order, rounding down at each step (scoring and rewards, 5.10).

    Args:
        scores: Column of scores; the product of none is 10^12.

    Raises:
        depinverify.exceptions.InputError: A number does not fit.
    """

def weighted_mean(weights: object, scores: object) -> int:
    """Combine tracks as a weighted mean, rounded down once (scoring and rewards, 5.10).

    Args:
        weights: Column of weights.
        scores: Column of scores.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, no weight above 0, or a number does not fit.
    """

def committee_ruling(
    reports: object, *, least: int | None = None
) -> tuple[bytes, list[Literal["MAJORITY", "MINORITY"]]] | None:
    """Rule on a result that is a matter of judgement (scoring and rewards, 7.4).

    Args:
        reports: Column of byte strings, one from each member; equal bytes are equal reports.
        least: Members that must report, 3 unless given.

    Returns:
        What more than half of all reports say, and on which side each report is; ``None`` where nobody's report counts.

    Raises:
        depinverify.exceptions.InputError: A report is missing or no byte string, or ``least`` is out of range.
    """

def diversity_multipliers(operators: object) -> list[int]:
    """Weigh devices by how many hang on the same network operator (scoring and rewards, 7.3).

    Args:
        operators: Column of the operator's number (ASN) of each device; those without one count as one operator's.

    Returns:
        ``(1 - same/total)^2`` of each device, in units of 10^-12.

    Raises:
        depinverify.exceptions.InputError: A number does not fit.
    """
