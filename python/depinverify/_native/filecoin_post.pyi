"""Filecoin's proofs of spacetime, and its other Groth16 proofs.

Wherever a function answers with a reason, that is a pair ``(code, text)``: a name of the network's catalogue, which
never changes, and a sentence with what was expected and what was found. Where nothing is wrong the answer is ``None``.
A sector is a pair of its number and its replica commitment, ``comm_r``, 32 bytes little endian; a post type is the
number that the chain gives it, 0 to 14.
"""

import os
from collections.abc import Sequence
from typing import Literal, final

@final
class FilecoinVerifier:
    """A Groth16 verification key over BLS12-381, made ready for many proofs (Filecoin, B5)."""

    @staticmethod
    def from_bytes(
        key: bytes,
        *,
        trust: Literal["published", "anyone"] | bytes = "published",
        tables_for: int | None = None,
        threads: int | None = None,
    ) -> FilecoinVerifier:
        """Read the content of a ``.vk`` file.

        Args:
            key: The file: points uncompressed and big endian, 868 + 96 * (inputs + 1) bytes.
            trust: ``published`` for keys whose check value the network lists; 16 bytes for the key of this check
                value; ``anyone`` for whatever comes: then who brings the file decides which proofs are good.
            tables_for: Bytes of a sector, to work out tables for the window proofs of this size: 11 MB for 32 GiB
                sectors, and proofs in a quarter to a half of the time where the processor has AVX2 with FMA, or
                AVX-512 with IFMA. Answers are the same without.
            threads: Number of threads, or ``None`` for all processors.

        Raises:
            depinverify.exceptions.InputError: The file is no key or not a trusted one, or ``trust`` or
                ``tables_for`` is none of these.
        """

    @staticmethod
    def from_file(
        path: str | os.PathLike[str],
        *,
        trust: Literal["published", "anyone"] | bytes = "published",
        tables_for: int | None = None,
        threads: int | None = None,
    ) -> FilecoinVerifier:
        """Read a ``.vk`` file; see :meth:`from_bytes`.

        Args:
            path: Path of the file.
            trust: As there.
            tables_for: As there.
            threads: As there.

        Raises:
            depinverify.exceptions.InputError: The file cannot be read, or as there; the message begins with its path.
        """

    @property
    def check_value(self) -> bytes:
        """The first 16 bytes of the file's BLAKE2b-512."""

    @property
    def inputs(self) -> int:
        """Public inputs of a proof, without the constant."""

    @property
    def published_id(self) -> str | None:
        """Id of the circuit, 64 hex digits, where the network publishes this key."""

    @property
    def file_name(self) -> str | None:
        """Name under which the network publishes this key."""

    @property
    def sector_size(self) -> int | None:
        """Bytes of a sector that a published key is for."""

    @property
    def table_bytes(self) -> int:
        """Bytes of the tables; 0 where none were made."""

    def verify(self, proof: bytes, inputs: bytes) -> tuple[str, str] | None:
        """Check one proof, with the interpreter lock released.

        Args:
            proof: 192 bytes: A in G1, B in G2, C in G1, compressed.
            inputs: The public inputs without the constant, 32 bytes each, little endian, one after the other.

        Returns:
            ``None`` if it holds, else the reason: ``PROOF_MALFORMED``, ``INPUTS_REFUSED`` or ``PROOF_INVALID``.
        """

    def verify_batch(
        self, proofs: object, inputs: object, *, threads: int | None = None
    ) -> list[tuple[str, str] | None]:
        """Check many proofs together, with the interpreter lock released.

        Args:
            proofs: Column of byte strings: a uint8 array ``(n, 192)``, an Arrow binary column or a list of bytes.
            inputs: Column of byte strings with the inputs of each proof, as in :meth:`verify`.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            The answer of :meth:`verify` for each entry, in their order, whatever its neighbours are.

        Raises:
            depinverify.exceptions.InputError: A column is of another type, has rows without a value, or the two have
                different lengths.
        """

    def verify_post(
        self,
        post_type: int,
        randomness: bytes,
        sectors: Sequence[tuple[int, bytes]],
        proof: bytes,
        *,
        threads: int | None = None,
    ) -> list[tuple[str, str] | None]:
        """Check a proof of spacetime, whose public inputs are derived from the sectors (Filecoin, B3 to B5).

        Args:
            post_type: The proof's type.
            randomness: 32 bytes as drawn; the two top bits are cleared here.
            sectors: All sectors proved, in any order, those included that stand in for faulty ones.
            proof: 192 bytes for each partition, one after the other.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            The answer for each partition, in ascending order of their sectors. Bytes beyond the last partition count
            as its own. Where nothing can be proved about the sectors, that one reason.

        Raises:
            depinverify.exceptions.InputError: The type is unknown or another circuit's than the key, an argument has
                another length.
        """

    def wrong_proofs(
        self,
        post_type: int,
        accepted: Sequence[tuple[int, bytes, Sequence[tuple[int, bytes]], bytes]],
        *,
        threads: int | None = None,
    ) -> list[tuple[int, int, str, str]]:
        """Name the wrong ones of window proofs that the chain took without looking (Filecoin, B1 and B5).

        Args:
            post_type: Their type, one of version 1.1: 10 to 14.
            accepted: For each proof of a partition: the partition's number in its deadline, randomness of 32 bytes,
                sectors, the proof's 192 bytes.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            Place in ``accepted``, number of the partition, code and text of each wrong proof, in their order.

        Raises:
            depinverify.exceptions.InputError: The type is another one, or another circuit's than the key.
        """

def filecoin_key_check_value(key: bytes) -> bytes:
    """Return the check value of a key file: the first 16 bytes of its BLAKE2b-512."""

def filecoin_published_keys() -> list[tuple[int, int, int, str, bytes, int, str]]:
    """Return the keys for proofs of spacetime that the network publishes.

    Returns:
        For each key: bytes of a sector, challenges of a sector, sectors of a proof, id, check value, inputs, file name.
    """

def filecoin_post_types() -> list[tuple[int, str, int, int, int]]:
    """Return every type of proof of spacetime.

    Returns:
        For each type: number, ``winning``, ``window_v1`` or ``window_v1_1``, bytes of a sector, most sectors of a
        partition, inputs of a proof. Ascending by number.
    """

def filecoin_proof_randomness(drawn: bytes) -> bytes:
    """Return randomness as proofs use it: its two top bits cleared, an element of their field.

    Args:
        drawn: 32 bytes.

    Raises:
        depinverify.exceptions.InputError: It has another length.
    """

def filecoin_challenges(post_type: int, randomness: bytes, sector: int, place: int = 0) -> list[int]:
    """Return the leaves that a sector is asked for: 10 in a window, 66 of a winner (Filecoin, B3).

    Args:
        post_type: The proof's type.
        randomness: 32 bytes as drawn; the two top bits are cleared here.
        sector: The sector's number.
        place: Its place among all sectors of the proof, from 0; counts in window proofs of version 1 alone.

    Raises:
        depinverify.exceptions.InputError: The type is unknown, or an argument is out of its range.
    """

def filecoin_public_inputs(
    post_type: int, randomness: bytes, sectors: Sequence[tuple[int, bytes]]
) -> tuple[list[bytes] | None, tuple[str, str] | None]:
    """Return the public inputs of each partition of a proof (Filecoin, B4).

    Args:
        post_type: The proof's type.
        randomness: 32 bytes as drawn; the two top bits are cleared here.
        sectors: All sectors proved, in any order.

    Returns:
        The inputs of each partition, 32 bytes each, little endian, one after the other; or ``None`` and the reason why
        nothing can be proved about these sectors, ``INPUTS_REFUSED``.

    Raises:
        depinverify.exceptions.InputError: The type is unknown, or an argument has another length.
    """

def filecoin_is_disputable(closed: int, now: int) -> bool:
    """Whether a proof of a deadline that closed at one epoch can be disputed at another: for 1800 epochs."""
