"""Indicators of fraud and collusion, for networks that keep the data behind them.

A column is a list, a numeric array or an Arrow column of integers; devices, validators and owners are numbers that the
caller gives them. A finding is a dictionary with the numbers behind it.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict

_Position: TypeAlias = tuple[int, int, int]

class Location(TypedDict):
    findings: list[Literal["TOO_FEW", "POSSIBLE", "LOCATION_UNLIKELY", "LOCATION_IMPOSSIBLE"]]
    owners_for: int
    owners_against: int
    is_disproved: bool
    is_confirmed: bool

class Clones(TypedDict):
    devices: list[int]
    pairs: int
    by_rank: int
    by_share: int
    least_slots: int

class Constant(TypedDict):
    device: int
    moments: int
    first_s: int
    last_s: int

class Regular(TypedDict):
    series: int
    answers: int
    least_ns: int
    most_ns: int
    mean_ns: int

class Reciprocal(TypedDict):
    a: int
    b: int
    a_by_b: int
    b_by_a: int
    events_of_a: int
    events_of_b: int

class Concentrated(TypedDict):
    device: int
    events: int
    witnesses: int
    index_e12: int

class Insular(TypedDict):
    devices: list[int]
    internal: int
    touching: int
    tie: int

class SelfDealing(TypedDict):
    device: int
    validator: int
    rows: int
    shares_owner: bool
    shares_payee: bool

def light_distance_m(rtt_ns: int) -> int:
    """Return the distance that a round trip leaves possible, whole metres (scoring and rewards, 4.2).

    Args:
        rtt_ns: Round trip, nanoseconds.

    Raises:
        depinverify.exceptions.InputError: No integer from 0 to 2^64-1.
    """

def earth_centred(lat_e7: int, lon_e7: int) -> tuple[int, int, int]:
    """Return the coordinates of a place on the sphere of 6 371 007 m (scoring and rewards, 4.3; uptime proof, 4.1).

    The x axis leaves the equator at longitude 0, y 90 degrees east of it, z leaves the north pole. On the sphere a
    distance may come out up to 6 in 1000 too long, and heights are left out: the uncertainties must allow for both.

    Args:
        lat_e7: Latitude, 10^-7 degrees.
        lon_e7: Longitude, 10^-7 degrees.

    Returns:
        ``(x, y, z)``, each the integer nearest to metres.

    Raises:
        depinverify.exceptions.InputError: No place on earth.
    """

def judge_location(
    position: _Position,
    uncertainty_m: int,
    validators: Sequence[tuple[int, _Position, int, object]],
) -> Location:
    """Judge a claimed place by validators' round trips (scoring and rewards, 4.3 to 4.5).

    Args:
        position: Earth-centred coordinates of the claim, metres.
        uncertainty_m: How far off they may be.
        validators: ``(owner, position, uncertainty in metres, column of round trips in nanoseconds)`` of each.

    Returns:
        ``findings``, one for each validator: ``TOO_FEW`` with less than five round trips, ``POSSIBLE``,
        ``LOCATION_UNLIKELY`` (SUSPECT) or ``LOCATION_IMPOSSIBLE`` (PROOF against claim and validator jointly);
        ``owners_for`` and ``owners_against``: owners of validators that find the claim possible and impossible;
        ``is_disproved``: two owners or more find it impossible, PROOF against the claim; ``is_confirmed``: three
        owners or more find it possible, nobody thinks otherwise, and no half plane through the place holds all of
        their validators.

    Raises:
        depinverify.exceptions.InputError: A number is out of range, or a validator has another form.
    """

def clone_timing(
    devices: object, slots: object, rtts_ns: object, *, most_looks: int | None = None
) -> list[Clones]:
    """Find devices whose round trips go up and down together (scoring and rewards, 7.2, ``CLONE_TIMING``).

    Args:
        devices: Column of the devices that one validator probed.
        slots: Column of slots; a device has one row in a slot.
        rtts_ns: Column of round trips, nanoseconds.
        most_looks: Steps that the comparison may take, 10^10 unless given: up to a minute.

    Returns:
        Groups of devices that accused pairs connect, ascending by their first device: ``devices``; ``pairs`` that are
        accused, ``by_rank`` (rank correlation of 95 %) or ``by_share`` (95 % of slots less than 1 % apart);
        ``least_slots``, common slots of the pair that has fewest.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, two rows of a device in a slot, more than 2^20
            slots of a device, or more to compare than allowed.
    """

def constant_data(devices: object, times: object, values: object, *, limit_s: int) -> list[Constant]:
    """Find measured values that stand still (scoring and rewards, 7.2, ``CONSTANT_DATA``).

    Args:
        devices: Column of devices.
        times: Column of seconds.
        values: Column of byte strings: the readings, which are compared bit by bit.
        limit_s: Seconds that a value may be constant.

    Returns:
        The longest run of each device that has one beyond the limit, ascending by device: ``first_s`` and ``last_s`` of
        its readings, and the number of distinct ``moments``.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, or a number is out of range.
    """

def too_regular(series: object, rtts_ns: object) -> list[Regular]:
    """Find round trips that hardly vary (scoring and rewards, 7.2, ``TOO_REGULAR``).

    Args:
        series: Column that numbers the pairs of device and validator.
        rtts_ns: Column of round trips, nanoseconds.

    Returns:
        Series of at least 50 answers that span less than 1 % of their mean, ascending.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, or a number is out of range.
    """

def witness_reciprocity(seen: object, by: object, events: object) -> list[Reciprocal]:
    """Find pairs that witness little but each other (scoring and rewards, 7.2, ``WITNESS_RECIPROCITY``).

    Args:
        seen: Column of devices that were seen.
        by: Column of the devices that saw them.
        events: Column of how many times; rows of one pair add up.

    Returns:
        The pairs, ascending: ``a`` < ``b``, how often each was seen by the other, and all events of each.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, a device as its own witness, or 2^64 events.
    """

def witness_concentration(
    seen: object, by: object, events: object, *, others_in_range: object
) -> list[Concentrated]:
    """Find devices that few witness although many could (scoring and rewards, 7.2, ``WITNESS_CONCENTRATION``).

    Args:
        seen: Column of devices that were seen.
        by: Column of the devices that saw them.
        events: Column of how many times; rows of one pair add up.
        others_in_range: For each device from 0 on, how many could have seen it, its most frequent witness not counted.

    Returns:
        The devices, ascending, with ``events`` in which they were seen, number of ``witnesses`` and ``index_e12``, the
        sum of the squares of the witnesses' shares in units of 10^-12.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, a device as its own witness, 2^64 events, or a
            device without a row in ``others_in_range``.
    """

def clique_insularity(seen: object, by: object, events: object) -> list[Insular]:
    """Find groups that witness hardly anybody else (scoring and rewards, 7.2, ``CLIQUE_INSULARITY``).

    Args:
        seen: Column of devices that were seen.
        by: Column of the devices that saw them.
        events: Column of how many times; rows of one pair add up.

    Returns:
        Groups of 3 to 50 devices, ascending, with ``internal`` events, all events ``touching`` them, and the ``tie``:
        pairs with at least so many events connect the group and no other device. Two groups are disjoint or one is a
        part of the other.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, a device as its own witness, or 2^64 events.
    """

def self_dealing(
    devices: object,
    validators: object,
    *,
    device_owners: object,
    validator_owners: object,
    device_payees: object = None,
    validator_payees: object = None,
) -> list[SelfDealing]:
    """Find validators that judge devices of their own (scoring and rewards, 7.2, ``SELF_DEALING``).

    It is a finding where the ruleset forbids it; nobody else asks.

    Args:
        devices: Column of the devices of rows.
        validators: Column of the validators that made them.
        device_owners: Number of the owner of each device from 0 on.
        validator_owners: Number of the owner of each validator from 0 on.
        device_payees: Number of each device's payee, ``None`` for one without; nobody has one by default.
        validator_payees: Number of each validator's payee.

    Returns:
        Pairs that share owner or payee, ascending, with the number of their ``rows``.

    Raises:
        depinverify.exceptions.InputError: Columns of different lengths, or a device or validator that has no owner.
    """
