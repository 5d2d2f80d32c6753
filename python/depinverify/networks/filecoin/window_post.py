"""Proofs of spacetime: their challenges and public inputs, their check, and what is wrong with accepted ones.

In: a verification key, sectors with their replica commitments, the randomness, proofs. Out: ``None`` for what holds,
else a :class:`Reason`. Rule: Filecoin, B1 to B7. The chain checks a window proof only when somebody disputes it, so
that a wrong one stands until the dispute window is over.
Invariant: public inputs are derived here, from sectors and randomness, and never taken from who proves.

The key of a circuit is a file beside the network's proving parameters; :func:`published_keys` lists names and check
values.

Example:
    >>> from depinverify.networks.filecoin import window_post
    >>> key = window_post.Verifier.from_file("v28-....vk")  # doctest: +SKIP
    >>> window_post.verify(key, 13, randomness, [(132, comm_r)], proof)  # doctest: +SKIP
    [None]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.reason import Reason, reason_of, reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "POST_TYPES",
    "Accepted",
    "Path",
    "PostType",
    "PublishedKey",
    "Reason",
    "Sector",
    "VanillaProof",
    "Verifier",
    "WrongProof",
    "challenges",
    "check_vanilla",
    "decode_vanilla",
    "is_disputable",
    "poseidon",
    "post_type",
    "proof_randomness",
    "public_inputs",
    "published_keys",
    "verify",
    "verify_groth16",
    "wrong_proofs",
]

#: A verification key that is ready for proofs.
Verifier = _native.FilecoinVerifier

#: Randomness as proofs use it, of 32 bytes as drawn.
proof_randomness = _native.filecoin_proof_randomness

#: Whether a proof of a deadline that closed at one epoch can be disputed at another.
is_disputable = _native.filecoin_is_disputable

#: The hash of 2, 4, 8 or 11 elements of the field, 32 bytes each, little endian.
poseidon = _native.filecoin_poseidon


class PostType(NamedTuple):
    """A type of proof of spacetime.

    Attributes:
        number: Its number on the chain.
        kind: What it shows: a winner's one sector, or the sectors of a deadline.
        sector_size: Bytes of a sector.
        partition_sectors: Sectors of a full partition.
        inputs: Public inputs of the proof of a partition.
    """

    number: int
    kind: Literal["winning", "window_v1", "window_v1_1"]
    sector_size: int
    partition_sectors: int
    inputs: int


#: Every type of proof, in the order of their numbers.
POST_TYPES = tuple(
    PostType(number, cast("Literal['winning', 'window_v1', 'window_v1_1']", kind), *sizes)
    for number, kind, *sizes in _native.filecoin_post_types()
)


class PublishedKey(NamedTuple):
    """A verification key that the network publishes.

    Attributes:
        sector_size: Bytes of a sector.
        challenges: Challenges of each sector: 10 in a window, 1 for a winner.
        sectors: Sectors of a proof.
        id: Id of the circuit.
        check_value: The first 16 bytes of the file's BLAKE2b-512.
        inputs: Public inputs of a proof.
        file_name: Name of the file.
    """

    sector_size: int
    challenges: int
    sectors: int
    id: str
    check_value: bytes
    inputs: int
    file_name: str


class Sector(NamedTuple):
    """A sector as the chain knows it.

    Attributes:
        number: Its number.
        comm_r: Commitment to its replica, 32 bytes little endian.
    """

    number: int
    comm_r: bytes


class Accepted(NamedTuple):
    """A proof of one partition that the chain took without looking.

    Attributes:
        partition: Number of the partition in its deadline.
        randomness: The randomness of its challenge epoch, 32 bytes.
        sectors: The sectors that it proves, those included that stand in for faulty ones.
        proof: 192 bytes.
    """

    partition: int
    randomness: bytes
    sectors: Sequence[tuple[int, bytes]]
    proof: bytes


class WrongProof(NamedTuple):
    """An accepted proof that can be disputed.

    Attributes:
        place: Its place among the proofs given.
        partition: Number of the partition in its deadline.
        reason: What is wrong.
    """

    place: int
    partition: int
    reason: Reason


class Path(NamedTuple):
    """A path from a leaf to the root of a sector's tree.

    Attributes:
        leaf: The leaf.
        root: The root that it claims.
        shape: How many levels are in the base, sub and top tree.
        levels: From the leaf up: the other children of the node above, joined, and the place among them.
    """

    leaf: bytes
    root: bytes
    shape: tuple[int, int, int]
    levels: list[tuple[bytes, int]]


class VanillaProof(NamedTuple):
    """The paths of one sector, before they are made succinct.

    Attributes:
        sector: The sector's number.
        comm_r: Commitment to the replica.
        comm_c: Commitment to the columns of labels.
        comm_r_last: Root of the replica's tree.
        paths: One for each challenge.
    """

    sector: int
    comm_r: bytes
    comm_c: bytes
    comm_r_last: bytes
    paths: list[Path]


def post_type(number: int) -> PostType:
    """The type of proof with this number on the chain.

    Args:
        number: 0 to 14.

    Raises:
        InputError: There is no such type.
    """
    if not 0 <= number < len(POST_TYPES):
        raise InputError(f"post_type: expected 0 to {len(POST_TYPES) - 1}, found {number}")
    return POST_TYPES[number]


def published_keys() -> list[PublishedKey]:
    """The keys for proofs of spacetime that the network publishes."""
    return [PublishedKey(*key) for key in _native.filecoin_published_keys()]


def challenges(post_type: int, randomness: bytes, sector: int, place: int = 0) -> list[int]:
    """The leaves that a sector is asked for: 10 in a window, 66 of a winner.

    Args:
        post_type: Number of the proof's type.
        randomness: 32 bytes as drawn.
        sector: The sector's number.
        place: Its place among all sectors of the proof; counts in window proofs of version 1 alone.

    Raises:
        InputError: An argument is out of its range.
    """
    return _native.filecoin_challenges(post_type, randomness, sector, place)


def public_inputs(
    post_type: int, randomness: bytes, sectors: Sequence[tuple[int, bytes]]
) -> list[bytes] | Reason:
    """The public inputs of each partition of a proof.

    Args:
        post_type: Number of the proof's type.
        randomness: 32 bytes as drawn.
        sectors: Number and commitment of all sectors proved, in any order.

    Returns:
        The inputs of each partition, scalars of 32 bytes little endian, joined; or the reason why nothing can be
        proved about these sectors.

    Raises:
        InputError: An argument is out of its range or has another length.
    """
    partitions, refused = _native.filecoin_public_inputs(post_type, randomness, sectors)
    if partitions is None:
        return Reason(*cast("tuple[str, str]", refused))
    return partitions


def verify(
    key: Verifier,
    post_type: int,
    randomness: bytes,
    sectors: Sequence[tuple[int, bytes]],
    proof: bytes,
    *,
    threads: int | None = None,
) -> list[Reason | None]:
    """Check a proof of spacetime against the sectors that it is about.

    Args:
        key: The key of the circuit.
        post_type: Number of the proof's type.
        randomness: 32 bytes as drawn.
        sectors: Number and commitment of all sectors proved, in any order.
        proof: 192 bytes for each partition, joined.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        ``None`` or the reason for each partition, in ascending order of their sectors; the one reason why nothing
        can be proved about these sectors.

    Raises:
        InputError: The type is another circuit's than the key, or an argument has another length.
    """
    return reasons_of(key.verify_post(post_type, randomness, sectors, proof, threads=threads))


def verify_groth16(
    key: Verifier, proofs: object, inputs: object, *, threads: int | None = None
) -> list[Reason | None]:
    """Check any proofs under one key, whose inputs the caller vouches for, all together.

    Args:
        key: The key of the circuit.
        proofs: Column of byte strings: 192 bytes each.
        inputs: Column of byte strings: the scalars of each, 32 bytes little endian, joined.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        ``None`` or the reason for each, in their order.

    Raises:
        InputError: A column is of another type, or the two have different lengths.
    """
    return reasons_of(key.verify_batch(proofs, inputs, threads=threads))


def wrong_proofs(
    key: Verifier, post_type: int, accepted: Iterable[Accepted], *, threads: int | None = None
) -> list[WrongProof]:
    """The wrong ones among window proofs that the chain took without looking.

    Args:
        key: The key of the circuit.
        post_type: Number of their type, one of version 1.1.
        accepted: The proofs.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        The wrong ones, in their order.

    Raises:
        InputError: The type is another one, or another circuit's than the key.
    """
    found = key.wrong_proofs(post_type, list(accepted), threads=threads)
    return [WrongProof(place, partition, Reason(code, text)) for place, partition, code, text in found]


def decode_vanilla(proof: bytes) -> VanillaProof | Reason:
    """Read the paths of one sector.

    Args:
        proof: The serialised proof.

    Returns:
        The proof, or the reason why the bytes are none.
    """
    found, refused = _native.filecoin_decode_vanilla(proof)
    if found is None:
        return Reason(*cast("tuple[str, str]", refused))
    sector, comm_r, comm_c, comm_r_last, paths = found
    return VanillaProof(sector, comm_r, comm_c, comm_r_last, [Path(*path) for path in paths])


def check_vanilla(
    post_type: int, randomness: bytes, sector: tuple[int, bytes], proof: bytes, place: int = 0
) -> Reason | None:
    """Check that the challenged leaves of a sector are in its tree.

    Args:
        post_type: Number of the type of proof that the paths are for.
        randomness: 32 bytes as drawn.
        sector: Number and commitment, as the chain knows them.
        proof: The serialised proof.
        place: As in :func:`challenges`.

    Returns:
        ``None``, or the reason why the paths do not hold.

    Raises:
        InputError: An argument is out of its range or has another length.
    """
    return reason_of(_native.filecoin_check_vanilla(post_type, randomness, sector, proof, place))
