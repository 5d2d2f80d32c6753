"""Lies about a settlement, one function each, with what an audit finds: exactly that, and the first of it first.

In: a :class:`~liar.Liar` with a copy of an honest settlement. Out: the copy, bent, and consistent as far as a clever
liar would go. ``found`` is what the raw inputs show, ``alone`` what the folder itself shows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chained_epochs import CORRECTED
from liar import ONE

from depinverify import Code
from depinverify.audit.results import Results
from depinverify.ruleset import params_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from liar import Liar

__all__ = ["LIES", "Lie"]

LIAR = "0x" + "66" * 20


@dataclass(frozen=True)
class Lie:
    """A falsification and what is found: with the raw inputs, and from the folder alone."""

    tell: Callable[[Liar], object]
    world: str
    found: frozenset[str]
    alone: frozenset[str]
    first: str


LIES: dict[str, Lie] = {}


def lie(
    first: str, *consequences: str, alone: tuple[str, ...] = (), world: str = "simulated"
) -> Callable[[Callable[[Liar], object]], Callable[[Liar], object]]:
    """Name what an audit finds: first and as a consequence with the raw inputs, and in the folder alone."""

    def keep(tell: Callable[[Liar], object]) -> Callable[[Liar], object]:
        LIES[tell.__name__] = Lie(tell, world, frozenset({first, *consequences}), frozenset(alone), first)
        return tell

    return keep


# ------------------------------------------------------------------------------------------------------------ files


@lie("FILE_CHANGED", "STATE_DIFFERS", alone=("FILE_CHANGED",))
def a_file_that_was_changed(liar: Liar) -> None:
    """The manifest is forgotten."""
    liar.change_state(liar.rewards["entries"][4]["device"], bootcount=99)


@lie("FILE_MISSING", alone=("FILE_MISSING",))
def a_file_that_is_gone(liar: Liar) -> None:
    (liar.folder / "tree.json").unlink()


@lie("MANIFEST_EDITED", alone=("FILE_CHANGED",))
def a_hash_of_the_manifest_that_was_edited(liar: Liar) -> None:
    liar.hash_again(results=liar.manifest()["results"] | {"state.jsonl": "ab" * 32})


@lie("MANIFEST_DISAGREES", alone=("MANIFEST_DISAGREES",))
def an_input_hash_of_the_manifest_that_was_edited(liar: Liar) -> None:
    liar.hash_again(inputs=liar.manifest()["inputs"] | {"observations": "ab" * 32})


@lie("MANIFEST_MALFORMED", alone=("MANIFEST_MALFORMED",))
def a_manifest_that_does_not_name_the_scores(liar: Liar) -> None:
    results = liar.manifest()["results"]
    del results["scores.parquet"]
    liar.hash_again(results=results)


@lie("COUNT_DIFFERS", alone=("COUNT_DIFFERS",))
def a_count_that_was_made_smaller(liar: Liar) -> None:
    liar.hash_again(counts=liar.manifest()["counts"] | {"NO_ANSWER": 0})


@lie("FILE_MALFORMED", alone=("FILE_MALFORMED",))
def a_score_that_is_no_score(liar: Liar) -> None:
    liar.rewards["entries"][3]["score_e12"] = 2 * ONE
    liar.write_rewards()


@lie("FILE_NOT_CANONICAL", alone=("FILE_NOT_CANONICAL",))
def a_member_that_stands_twice(liar: Liar) -> None:
    """Readers disagree about which of two equal names counts."""
    path = liar.folder / "rewards.json"
    path.write_bytes(b'{"pool":"1",' + path.read_bytes()[1:])
    liar.hash_again()


# ----------------------------------------------------------------------------------------------------------- inputs


@lie("PARAMETER_DIFFERS", alone=())
def a_parameter_with_its_hash(liar: Liar) -> None:
    liar.rewards["params"]["skew_s"] += 1
    liar.rewards["params_hash"] = params_hash(liar.rewards["params"]).hex()
    liar.publish()


@lie("PARAMETER_DIFFERS", "PARAMS_HASH_DIFFERS", alone=("PARAMS_HASH_DIFFERS",))
def a_parameter_without_its_hash(liar: Liar) -> None:
    liar.rewards["params"]["deadline_ms"] += 1
    liar.publish()


@lie(
    "TERM_DIFFERS", "AMOUNT_DIFFERS", "MONEY_DIFFERS", "PAID_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS"
)
def a_larger_pool(liar: Liar) -> None:
    """Everybody gets twice as much, and all sums hold."""
    liar.rewards["pool"] = str(2 * int(liar.rewards["pool"]))
    liar.divide()
    liar.publish()


@lie("TERM_DIFFERS")
def an_epoch_that_covers_more(liar: Liar) -> None:
    liar.rewards["epoch"]["epochs_covered"] = [0, 1]
    liar.publish()


@lie("REGISTRY_HEAD_DIFFERS")
def another_registry_head(liar: Liar) -> None:
    liar.rewards["registry_head"] = "ab" * 32
    liar.publish()


@lie("INPUT_DIFFERS")
def another_hash_of_the_beacon(liar: Liar) -> None:
    liar.rewards["inputs"]["beacon"] = "ab" * 32
    liar.publish()


# --------------------------------------------------------------------------------------------- signatures, schedule


@lie("VERDICT_DIFFERS")
def a_verdict_that_became_valid(liar: Liar) -> None:
    """One row of the table, with the manifest's counts."""

    def change(rows: list[dict[str, Any]]) -> None:
        row = next(row for row in rows if row["code"] == Code.LOCATION_MISMATCH)
        row |= {"code": int(Code.VALID), "failed": 0, "outcome": 0, "e1": None, "e2": None}

    liar.change_table("verdicts.parquet", change)
    counts = liar.manifest()["counts"]
    moved = {"LOCATION_MISMATCH": counts["LOCATION_MISMATCH"] - 1, "VALID": counts["VALID"] + 1}
    liar.hash_again(counts=counts | moved)


@lie("VERDICT_DIFFERS")
def a_row_that_was_dropped(liar: Liar) -> None:
    """Everything after the row stands where it stood; only its device is named."""
    liar.change_table("verdicts.parquet", lambda rows: rows.pop(10))
    counts = dict(liar.manifest()["counts"])
    counts.update(Results.open(liar.folder).verdict_counts())
    liar.hash_again(counts=counts)


@lie("SCHEDULE_DIFFERS")
def a_verdict_that_became_off_schedule(liar: Liar) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        row = next(row for row in rows if row["code"] == Code.NO_ANSWER)
        row |= {"code": int(Code.OFF_SCHEDULE), "outcome": 8}

    liar.change_table("verdicts.parquet", change)
    counts = liar.manifest()["counts"]
    liar.hash_again(counts=counts | {"NO_ANSWER": counts["NO_ANSWER"] - 1, "OFF_SCHEDULE": 1})


@lie("SILENCE_DIFFERS")
def a_validator_that_is_called_silent(liar: Liar) -> None:
    liar.rewards["indicators"].append(
        {
            "code": "VALIDATOR_SILENT",
            "severity": "SUSPECT",
            "subjects": [f"validator:{b'val-1'.hex()}"],
            "numbers": {"rows": 0, "scheduled": 360, "missing": 30},
            "evidence": [],
        }
    )
    liar.publish()


# ------------------------------------------------------------------------------------------------------- exclusions


@lie("EXCLUSION_MISSING")
def an_exclusion_that_was_removed(liar: Liar) -> None:
    liar.rewards["exclusions"].pop(1)
    liar.change_exclusions()
    liar.publish()


@lie("EXCLUSION_ADDED")
def an_exclusion_that_was_added(liar: Liar) -> None:
    """Its numbers are good enough for its reason."""
    excluded = liar.rewards["exclusions"][0]
    liar.rewards["exclusions"].append(excluded | {"slot": 3, "validator": b"val-1".hex()})
    liar.change_exclusions()
    liar.publish()


@lie("EXCLUSION_DIFFERS", alone=("EXCLUSION_UNFOUNDED",))
def an_exclusion_for_another_reason(liar: Liar) -> None:
    liar.rewards["exclusions"][0]["reason"] = "VALIDATOR_CORRELATED"
    liar.change_exclusions()
    liar.publish()


@lie("EXCLUSION_DIFFERS", "EXCLUSIONS_HASH_DIFFERS", alone=("EXCLUSIONS_HASH_DIFFERS",))
def an_exclusion_with_other_numbers(liar: Liar) -> None:
    liar.rewards["exclusions"][0]["f2"] = 1
    liar.publish()


# ----------------------------------------------------------------------------------------------------------- scores


@lie(
    "SCORE_DIFFERS", "AMOUNT_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS",
    alone=("SCORE_DIFFERS",),
)  # fmt: skip
def a_better_score(liar: Liar) -> None:
    """A device without pay gets a full score, and everything from there on follows."""
    entry = liar.entry(lambda one: one["score_e12"] == 0)
    entry["score_e12"] = ONE
    entry["multipliers"][0] |= {"value": ONE, "reason": None}
    liar.weigh(entry)

    def change(rows: list[dict[str, Any]]) -> None:
        row = next(row for row in rows if row["device"].hex() == entry["device"])
        row |= {"score_e12": ONE, "payout_e12": ONE, "reasons": b"PROVISIONAL"}

    liar.change_table("scores.parquet", change)
    liar.divide()
    liar.publish()


@lie("SCORE_DIFFERS", alone=("SCORE_DIFFERS",))
def a_score_that_the_table_does_not_hold(liar: Liar) -> None:
    liar.entry(lambda one: one["score_e12"] == 0)["score_e12"] = 1
    liar.publish()


@lie("STATE_DIFFERS")
def a_boot_count_that_the_next_epoch_reads(liar: Liar) -> None:
    """Nothing else in the folder follows from it, so only the evidence shows it."""
    liar.change_state(liar.rewards["entries"][4]["device"], bootcount=99)
    liar.hash_again()


@lie("STATE_DIFFERS", alone=("SCORE_DIFFERS",))
def windows_that_the_next_epoch_reads(liar: Liar) -> None:
    entry = liar.entry(lambda one: one["score_e12"] == 0)
    start = liar.rewards["epoch"]["start"]
    liar.change_state(entry["device"], windows=[[start, 4, 4, 4]])
    liar.hash_again()


@lie(
    "INDICATOR_MISSING", "MULTIPLIER_DIFFERS", "AMOUNT_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS",
    alone=(),
)  # fmt: skip
def an_indicator_that_was_removed(liar: Liar) -> None:
    """The device that told two stories is paid."""
    told = liar.indicator("EQUIVOCATION")
    liar.rewards["indicators"].remove(told)
    device = told["subjects"][0].removeprefix("device:")
    entry = liar.entry(lambda one: one["device"] == device)
    entry["multipliers"] = [one for one in entry["multipliers"] if one["name"] != "proof"]
    liar.weigh(entry)

    def change(rows: list[dict[str, Any]]) -> None:
        row = next(row for row in rows if row["device"].hex() == device)
        row["reasons"] = ",".join(entry["reasons"]).encode()

    liar.change_table("scores.parquet", change)
    liar.divide()
    liar.publish()


@lie("INDICATOR_ADDED")
def an_indicator_that_was_added(liar: Liar) -> None:
    liar.rewards["indicators"].append(
        {
            "code": "REPLAY",
            "severity": "SUSPECT",
            "subjects": [f"device:{liar.rewards['entries'][0]['device']}"],
            "numbers": {"rows": 1},
            "evidence": ["ab" * 32],
        }
    )
    liar.publish()


@lie("INDICATOR_DIFFERS", "MULTIPLIER_DIFFERS", alone=("INDICATOR_DIFFERS", "MULTIPLIER_DIFFERS"))
def a_proof_that_was_called_information(liar: Liar) -> None:
    liar.indicator("EQUIVOCATION")["severity"] = "INFO"
    liar.publish()


# ---------------------------------------------------------------------------------------------------------- weights


@lie(
    "MULTIPLIER_DIFFERS", "AMOUNT_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS",
    alone=("MULTIPLIER_DIFFERS",),
)  # fmt: skip
def a_multiplier_with_another_value(liar: Liar) -> None:
    entry = liar.entry(lambda one: 0 < one["multipliers"][0]["value"] < ONE)
    entry["multipliers"][0] |= {"value": ONE - 1}
    liar.weigh(entry)
    liar.divide()
    liar.publish()


@lie("MULTIPLIER_DIFFERS", alone=())
def a_group_cap_that_was_lifted(liar: Liar) -> None:
    """The folder does not say who stands in which cluster."""
    entry = liar.entry(lambda one: "CAPACITY" in one["reasons"])
    entry["multipliers"][-1] = {"name": "capacity", "value": 0, "reason": "CAPACITY"}
    entry["multipliers"].insert(2, {"name": "class", "value": ONE, "reason": None})
    liar.publish()


@lie("REASON_DIFFERS", alone=("REASON_DIFFERS",))
def another_reason(liar: Liar) -> None:
    """The loss is explained by something else, everywhere alike."""
    entry = liar.entry(lambda one: "PROVISIONAL" in one["reasons"] and len(one["reasons"]) == 1)
    entry["multipliers"][1]["reason"] = "PRORATED"
    liar.weigh(entry)

    def change(rows: list[dict[str, Any]]) -> None:
        next(row for row in rows if row["device"].hex() == entry["device"])["reasons"] = b"PRORATED"

    liar.change_table("scores.parquet", change)
    liar.publish()


@lie("REASON_DIFFERS", alone=("REASON_DIFFERS",))
def a_reason_that_is_not_listed(liar: Liar) -> None:
    liar.entry(lambda one: len(one["reasons"]) == 1)["reasons"] = []
    liar.publish()


@lie("WEIGHT_DIFFERS", "AMOUNT_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS", alone=())
def a_base_weight_that_was_doubled(liar: Liar) -> None:
    """Base weights stand in the registry alone."""
    liar.weigh(liar.entry(lambda one: one["amount"] != "0"), base=2)
    liar.divide()
    liar.publish()


@lie("WEIGHT_DIFFERS", "AMOUNT_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS", alone=("WEIGHT_DIFFERS",))
def a_weight_of_no_base(liar: Liar) -> None:
    entry = liar.entry(lambda one: one["amount"] != "0")
    entry["weight"] = str(int(entry["weight"]) + 12345)
    liar.divide()
    liar.publish()


# ------------------------------------------------------------------------------------------------------- allocation


@lie(
    "AMOUNT_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS",
    alone=("AMOUNT_DIFFERS",),
)  # fmt: skip
def a_unit_moved_between_two_devices(liar: Liar) -> None:
    one, other = liar.paid_entries()
    one["amount"], other["amount"] = str(int(one["amount"]) - 1), str(int(other["amount"]) + 1)
    liar.pay()
    liar.publish()


@lie("MONEY_DIFFERS", "POOL_UNBALANCED", alone=("MONEY_DIFFERS", "POOL_UNBALANCED"))
def an_allocated_sum_that_is_none(liar: Liar) -> None:
    liar.rewards["allocated"] = str(int(liar.rewards["allocated"]) - 1)
    liar.publish()


@lie("MONEY_DIFFERS", alone=("MONEY_DIFFERS",), world="chained")
def a_remainder_that_was_swallowed(liar: Liar) -> None:
    """It is said to be burned, so both balances hold."""
    liar.rewards["remainder"], liar.rewards["burned"] = "0", liar.rewards["remainder"]
    liar.publish()


# ----------------------------------------------------------------------------------------------------------- payees


@lie(
    "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS",
    alone=("PAYEE_UNEXPLAINED",),
)  # fmt: skip
def a_unit_moved_between_two_payees(liar: Liar) -> None:
    one, other = liar.paid_entries()
    liar.pay({one["payee"]: -1, other["payee"]: 1})
    liar.publish()


@lie("DEVICE_PAYEE_DIFFERS", "PAYEE_ADDED", "PAYEE_MISSING", "ROOT_DIFFERS")
def a_device_whose_pay_goes_elsewhere(liar: Liar) -> None:
    """The registry says who is paid."""
    one, _ = liar.paid_entries()
    one["payee"] = LIAR
    liar.pay()
    liar.publish()


@lie(
    "PAYEE_ADDED", "PAYEE_AMOUNT_DIFFERS", "ROOT_DIFFERS",
    alone=("PAYEE_UNEXPLAINED",),
)  # fmt: skip
def a_payee_more(liar: Liar) -> None:
    """Taken from another payee, so the sum holds."""
    one, _ = liar.paid_entries()
    liar.pay({one["payee"]: -1000, LIAR: 1000})
    liar.publish()


@lie("PAYEE_MISSING", alone=("PAYEE_MISSING",))
def a_payee_less(liar: Liar) -> None:
    """One that got nothing."""
    nobody = next(line for line in liar.rewards["payees"] if line["cumulative"] == "0")
    liar.rewards["payees"].remove(nobody)
    liar.publish()


@lie(
    "CUMULATIVE_DIFFERS", "ROOT_DIFFERS",
    alone=("CUMULATIVE_DIFFERS",), world="chained",
)  # fmt: skip
def a_cumulative_amount_that_forgets_the_one_before(liar: Liar) -> None:
    line = liar.rewards["payees"][0]
    line["cumulative"] = line["paid"]
    liar.publish()


@lie(
    "PAID_DIFFERS", "CARRIED_DIFFERS", "ROOT_DIFFERS",
    alone=("PAID_DIFFERS", "CARRIED_DIFFERS"), world="chained",
)  # fmt: skip
def a_carried_amount_that_was_lost(liar: Liar) -> None:
    """The second payee is paid this epoch's amount alone; the balance says that the rest is carried."""
    line = liar.rewards["payees"][1]
    line |= {"paid": "250", "cumulative": "250"}
    liar.rewards["paid"] = str(int(liar.rewards["paid"]) - 250)
    liar.rewards["carried_delta"] = str(int(liar.rewards["carried_delta"]) + 250)
    liar.publish()


@lie(
    "CARRIED_DIFFERS",
    alone=("CARRIED_DIFFERS",), world="chained",
)  # fmt: skip
def a_carried_amount_that_was_made_up(liar: Liar) -> None:
    """The next epoch would pay it."""
    liar.rewards["payees"][0]["carried"] = "5"
    liar.publish()


@lie("LEDGER_DIFFERS", alone=("LEDGER_DIFFERS",))
def a_ledger_that_gives_more(liar: Liar) -> None:
    """The next epoch starts from it."""
    path = liar.folder / "ledger.json"
    path.write_bytes(path.read_bytes().replace(b'"carried":"0"', b'"carried":"77"', 1))
    liar.hash_again()


# ------------------------------------------------------------------------------------------ adjustments, tree, root


@lie(
    "PAYEE_AMOUNT_DIFFERS", "PAID_DIFFERS", "ADJUSTMENTS_DIFFER", "ROOT_DIFFERS",
    alone=(), world="chained",
)  # fmt: skip
def an_adjustment_that_nobody_signed(liar: Liar) -> None:
    liar.pay({CORRECTED: 1007})
    liar.publish()


@lie(
    "EPOCH_UNBALANCED", "ADJUSTMENTS_DIFFER",
    alone=("EPOCH_UNBALANCED", "PAYEE_UNEXPLAINED", "ADJUSTMENTS_DIFFER"), world="chained",
)  # fmt: skip
def an_adjustment_that_is_not_counted(liar: Liar) -> None:
    liar.rewards["adjustments"] = "0"
    liar.publish()


@lie("TREE_BROKEN", alone=("TREE_BROKEN",))
def two_leaves_that_were_swapped(liar: Liar) -> None:
    path = liar.folder / "tree.json"
    dump = json.loads(path.read_bytes())
    one, other = dump["values"][:2]
    one["treeIndex"], other["treeIndex"] = other["treeIndex"], one["treeIndex"]
    path.write_bytes(json.dumps(dump, separators=(",", ":")).encode())
    liar.rewards["merkle"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    liar.write_rewards()


@lie("LEAF_DIFFERS", "ROOT_DIFFERS", alone=("LEAF_DIFFERS", "ROOT_DIFFERS"))
def a_tree_over_other_amounts(liar: Liar) -> None:
    """A true tree with a true root, of amounts that no line shows."""
    owed = [
        (bytes.fromhex(line["payee"][2:]), int(line["cumulative"]))
        for line in liar.rewards["payees"]
        if line["cumulative"] != "0"
    ]
    owed[0], owed[1] = (owed[0][0], owed[0][1] - 9), (owed[1][0], owed[1][1] + 9)
    liar.plant(owed)
    liar.write_rewards()


@lie("TREE_HASH_DIFFERS", alone=("TREE_HASH_DIFFERS",))
def another_hash_of_the_tree(liar: Liar) -> None:
    liar.rewards["merkle"]["sha256"] = "ab" * 32
    liar.write_rewards()


@lie("ROOT_DIFFERS", alone=("ROOT_DIFFERS",))
def a_wrong_root(liar: Liar) -> None:
    liar.rewards["merkle"]["root"] = "0x" + "ab" * 32
    liar.write_rewards()


# ----------------------------------------------------------------------------------------------------------- models


@lie("MODEL_STATE_DIFFERS", world="modelled")
def a_streak_that_the_next_epoch_reads(liar: Liar) -> None:
    path = liar.folder / "models.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"streak":[1,0]', b'"streak":[9,0]', 1))
    liar.hash_again()


@lie("TRANSITION_DIFFERS", world="modelled")
def a_change_of_standing_that_is_not_told(liar: Liar) -> None:
    liar.rewards["transitions"].pop()
    liar.publish()


@lie(
    "REASON_DIFFERS", "MONEY_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "PAID_DIFFERS", "ROOT_DIFFERS",
    alone=(), world="modelled",
)  # fmt: skip
def pay_that_was_not_kept_back(liar: Liar) -> None:
    """One device gets all of it at once; only the models' settings and its age show that it must not."""
    entry = liar.rewards["entries"][0]
    kept = int(entry["withheld"])
    entry |= {"amount": str(int(entry["amount"]) + kept), "withheld": "0", "reasons": []}

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["reasons"] = b""

    liar.change_table("scores.parquet", change)
    liar.rewards["withheld"] = str(int(liar.rewards["withheld"]) - kept)
    liar.pay()
    liar.publish()


@lie(
    "MULTIPLIER_DIFFERS", "AMOUNT_DIFFERS", "MONEY_DIFFERS", "PAYEE_AMOUNT_DIFFERS", "PAID_DIFFERS", "ROOT_DIFFERS",
    alone=(), world="modelled",
)  # fmt: skip
def a_longer_streak(liar: Liar) -> None:
    entry = liar.rewards["entries"][0]
    entry["multipliers"][-1]["value"] = 2 * ONE
    liar.weigh(entry)
    entry["reasons"] = ["WITHHELD"]
    liar.divide()
    for one in liar.rewards["entries"]:
        kept = int(one["amount"]) * 25 // 100
        one |= {"withheld": str(kept), "amount": str(int(one["amount"]) - kept)}
    liar.rewards["withheld"] = str(sum(int(one["withheld"]) for one in liar.rewards["entries"]))
    liar.pay()
    liar.publish()


@lie("TRACK_DIFFERS", alone=("TRACK_DIFFERS",), world="modelled")
def a_worse_record_than_the_state_has(liar: Liar) -> None:
    liar.rewards["entries"][0]["tracks"][1]["score_e12"] -= 1
    liar.write_rewards()


@lie("TRACK_DIFFERS", alone=("TRACK_DIFFERS",), world="modelled")
def a_track_that_cost_something(liar: Liar) -> None:
    liar.rewards["entries"][1]["tracks"][2]["cost_e12"] += 1
    liar.write_rewards()


@lie("TRACK_DIFFERS", alone=(), world="modelled")
def a_late_answer_that_nobody_saw(liar: Liar) -> None:
    """So few of them cost nothing, and the settlement says nowhere else how many there were."""
    liar.rewards["entries"][1]["tracks"][2]["score_e12"] -= 1
    liar.write_rewards()


@lie("MULTIPLIER_DIFFERS", alone=("MULTIPLIER_DIFFERS",), world="modelled")
def a_payout_that_the_tracks_do_not_give(liar: Liar) -> None:
    liar.rewards["entries"][0]["multipliers"][0] |= {"value": ONE - 1, "reason": "LATENCY"}
    liar.write_rewards()


# --------------------------------------------------------------------------------------------------- tables about money


@lie("TERM_DIFFERS", alone=("EMISSION_DIFFERS",), world="funded")
def a_pool_that_no_emission_gives(liar: Liar) -> None:
    """What is divided stays the same: the other unit is said to be of a missed epoch."""
    liar.rewards["pool"], liar.rewards["missed_pools"] = str(int(liar.rewards["pool"]) - 1), "1"
    liar.write_rewards()


@lie("MULTIPLIER_DIFFERS", alone=("MULTIPLIER_DIFFERS",), world="funded")
def less_for_idle_hardware_than_the_floor(liar: Liar) -> None:
    liar.rewards["entries"][4]["multipliers"][-1]["value"] //= 2
    liar.write_rewards()


@lie(
    "DEVICE_CLASS_DIFFERS", "AMOUNT_DIFFERS",
    alone=("MULTIPLIER_DIFFERS", "AMOUNT_DIFFERS"), world="funded",
)  # fmt: skip
def a_device_of_a_better_class(liar: Liar) -> None:
    liar.rewards["entries"][2]["class"] = "gold"
    liar.write_rewards()


@lie("CLASS_AMOUNT_DIFFERS", alone=("CLASS_AMOUNT_DIFFERS",), world="funded")
def a_unit_moved_between_two_classes(liar: Liar) -> None:
    one, other = liar.rewards["classes"][:2]
    one["amount"], other["amount"] = str(int(one["amount"]) - 1), str(int(other["amount"]) + 1)
    liar.write_rewards()


@lie("VALIDATOR_PAY_DIFFERS", alone=("VALIDATOR_PAY_DIFFERS", "PAYEE_UNEXPLAINED"), world="funded")
def a_unit_moved_between_two_validators(liar: Liar) -> None:
    one, other = liar.rewards["validators"][:2]
    one["amount"], other["amount"] = str(int(one["amount"]) - 1), str(int(other["amount"]) + 1)
    liar.write_rewards()


@lie("VALIDATOR_PAY_DIFFERS", alone=(), world="funded")
def probes_that_nobody_assigned(liar: Liar) -> None:
    line = liar.rewards["validators"][0]
    line["scheduled"], line["missing"] = line["scheduled"] + 1, line["missing"] + 1
    line["reasons"] = ["VALIDATOR_SILENT"]
    liar.write_rewards()
