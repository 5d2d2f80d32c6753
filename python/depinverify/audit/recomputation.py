"""The raw inputs of an epoch settled anew, or the reason why they are refused.

In: an epoch folder. Out: the results, in a temporary folder, or a :class:`Refusal` that names the input. Rule:
scoring specification, section 12.3. Invariant: the ordinary pipeline does the work, so an audit has no opinion of its
own; what cannot be done for lack of disk or rights stays an error and is nobody's lie.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify import ingest, pipeline
from depinverify.audit.findings import FindingCode
from depinverify.audit.results import Results
from depinverify.exceptions import DepinverifyError
from depinverify.ingest.work import WORK_FILE
from depinverify.reward import check_adjustments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depinverify.epoch import Epoch

__all__ = ["Refusal", "settled_anew"]

#: Inputs by the file with which a refusal of the epoch's context begins.
_FILES: Final = {
    "beacon.jsonl": "beacon",
    "validators.jsonl": "secrets",
    "state.jsonl": "previous",
    WORK_FILE: "work",
}


class Refusal(NamedTuple):
    """An input that nothing can be recomputed from.

    Attributes:
        code: ``EPOCH_REFUSED`` or ``ADJUSTMENT_REFUSED``.
        subject: Which input.
        message: What was expected, what was found.
    """

    code: FindingCode
    subject: str
    message: str


@contextlib.contextmanager
def settled_anew(
    epoch: Epoch, options: ingest.Options, progress: Callable[[str, int], None] | None
) -> Iterator[Results | Refusal]:
    """Settle an epoch into a temporary folder that lives as long as the context.

    Raises:
        DepinverifyError: The run could not be made, for a reason that lies not in the inputs.
    """
    with tempfile.TemporaryDirectory(prefix="depinverify-audit-") as folder:
        try:
            made = pipeline.settle(
                epoch.folder, Path(folder) / "settlement", options=options, progress=progress
            )
        except DepinverifyError as error:
            refusal = _refused(epoch)
            if refusal is None:
                raise error from None
            yield refusal
            return
        yield Results.open(made.folder)


def _refused(epoch: Epoch) -> Refusal | None:
    """The first input that is refused, each looked at alone."""
    try:
        check_adjustments(epoch.adjustments, epoch.index, epoch.authority)
    except DepinverifyError as error:
        return Refusal(FindingCode.ADJUSTMENT_REFUSED, "adjustments", str(error))
    try:
        ingest.Previous.of(epoch)
    except DepinverifyError as error:
        return Refusal(FindingCode.EPOCH_REFUSED, "input:previous", str(error))
    try:
        ingest.read_registry(epoch)
    except DepinverifyError as error:
        return Refusal(FindingCode.EPOCH_REFUSED, "input:registry", str(error))
    try:
        ingest.read(epoch, with_work=True)
    except DepinverifyError as error:
        message = str(error)
        name = next((name for file, name in _FILES.items() if file in message), "epoch.toml")
        return Refusal(FindingCode.EPOCH_REFUSED, f"input:{name}", message)
    return None
