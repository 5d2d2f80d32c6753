"""JSON lines of strangers: one object a line, and members of one type.

In: a ``.jsonl`` or ``.jsonl.gz`` file. Out: numbered objects, whose members are read by type, or a sentence
that says what was expected and what was found. Rule: RFC 8259; numbers are JSON integers, decimal texts or hex
with ``0x``, bytes are hex with or without ``0x``. Invariant: memory holds one line; a line that is too long, no
JSON or no object is an :class:`~depinverify.exceptions.InputError` beside its number, and the next line is
read.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["DECODER", "LONGEST_LINE", "Members", "as_text", "read_lines"]

#: Bytes of the longest line that is read.
LONGEST_LINE: Final = 64 << 20
_WORD: Final = 32
#: What is quoted of a value that is not as it should be.
_SHOWN: Final = 60

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,77}|0x[0-9a-f]{1,64}", re.ASCII | re.IGNORECASE)
_HEX: Final = re.compile(r"(?:0x)?((?:[0-9a-f]{2})*)", re.ASCII | re.IGNORECASE)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ADDRESS: Final = re.compile(r"(?:0x)?[0-9a-f]{40}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one object. Members that nobody asks for are ignored.

    Attributes:
        values: The object.
        within: Where it stands in its line, for messages; empty for the line itself.
    """

    values: Mapping[str, Any]
    within: str = ""

    def has(self, name: str) -> bool:
        """Whether a member is there and not null."""
        return self.values.get(name) is not None

    def number(self, name: str, *, bits: int = 64) -> int:
        """An unsigned integer of so many bits.

        Raises:
            InputError: It is absent, no integer or too large.
        """
        value = self.values.get(name)
        # Most are what they should be, and need no name for a message.
        if type(value) is int and 0 <= value < 1 << bits:
            return value
        return _number(self._required(name), self._called(name), bits)

    def numbers(self, name: str, *, bits: int = 64) -> list[int]:
        """A list of unsigned integers of so many bits.

        Raises:
            InputError: It is absent or no such list.
        """
        return [
            _number(value, f"{self._called(name)}[{place}]", bits)
            for place, value in enumerate(self.items(name))
        ]

    def text(self, name: str) -> str:
        """A text.

        Raises:
            InputError: It is absent or no text.
        """
        return as_text(self._required(name), self._called(name))

    def flag(self, name: str) -> bool:
        """A truth value; false where it is absent.

        Raises:
            InputError: It is something else.
        """
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise InputError(f"{self._called(name)}: expected true or false, found {_shown(value)}")
        return value

    def word(self, name: str) -> bytes:
        """32 bytes as hex, with or without ``0x``.

        Raises:
            InputError: It is absent or something else.
        """
        word = self.hex(name)
        if len(word) != _WORD:
            raise InputError(f"{self._called(name)}: expected {_WORD} bytes, found {len(word)}")
        return word

    def hex(self, name: str) -> bytes:
        """Bytes as hex, with or without ``0x``.

        Raises:
            InputError: It is absent or something else.
        """
        found = _HEX.fullmatch(self.text(name))
        if found is None:
            raise InputError(f"{self._called(name)}: expected hex, found {_shown(self.values[name])}")
        return bytes.fromhex(found[1])

    def address(self, name: str) -> str:
        """An address of 20 bytes, as ``0x`` and 40 lower-case hex digits.

        Raises:
            InputError: It is absent or something else.
        """
        value = self.text(name)
        if not _ADDRESS.fullmatch(value):
            raise InputError(f"{self._called(name)}: expected 40 hex digits, found {_shown(value)}")
        return f"0x{value[-40:].lower()}"

    def items(self, name: str) -> list[Any]:
        """A list of anything.

        Raises:
            InputError: It is absent or no list.
        """
        value = self._required(name)
        if not isinstance(value, list):
            raise InputError(f"{self._called(name)}: expected a list, found {_shown(value)}")
        return value

    def objects(self, name: str) -> list[Members]:
        """A list of objects.

        Raises:
            InputError: It is absent or no such list.
        """
        return [self.inside(name, place, value) for place, value in enumerate(self.items(name))]

    def inside(self, name: str, place: int, value: object) -> Members:
        """An item of a list as an object.

        Raises:
            InputError: It is something else.
        """
        where = f"{self._called(name)}[{place}]"
        if not isinstance(value, dict):
            raise InputError(f"{where}: expected an object, found {_shown(value)}")
        return Members(value, where)

    def _called(self, name: str) -> str:
        return f"{self.within}.{name}" if self.within else name

    def _required(self, name: str) -> object:
        value = self.values.get(name)
        if value is None:
            raise InputError(f"{self._called(name)}: expected a value, found none")
        return value


def as_text(value: object, called: str) -> str:
    """A value as a text that every encoding has: JSON can state half a surrogate pair, which no UTF-8 has.

    Args:
        value: The value.
        called: How messages call it.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise InputError(f"{called}: expected text in Unicode, found {_shown(value)}")
    return value


def read_lines(path: Path) -> Iterator[tuple[int, Members | InputError]]:
    """The objects of a file with the numbers of their lines, from 1.

    Empty lines are skipped. A compressed file that ends early or is broken gives one more error, and ends there.

    Args:
        path: A file whose name ends in ``.jsonl`` or ``.jsonl.gz``.

    Raises:
        InputError: The file cannot be opened.
    """
    number = 0
    with _opened(path) as file:
        try:
            while line := file.readline(LONGEST_LINE):
                number += 1
                is_whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
                rest = line
                while not rest.endswith(b"\n") and len(rest) == LONGEST_LINE:
                    rest = file.readline(LONGEST_LINE)
                if not is_whole:
                    yield number, InputError(f"expected a line of less than {LONGEST_LINE} bytes")
                elif line.strip():
                    yield number, _object(line)
        except (OSError, EOFError, zlib.error) as error:
            yield number + 1, InputError(f"the file cannot be read on ({error})")


def _opened(path: Path) -> BinaryIO:
    try:
        if path.name.endswith(".gz"):
            return gzip.open(path, "rb")  # type: ignore[return-value]
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _object(line: bytes) -> Members | InputError:
    try:
        value = DECODER.decode(line.decode())
    except RecursionError:
        return InputError("nested too deeply")
    except UnicodeDecodeError as error:
        return InputError(f"not UTF-8 at byte {error.start}")
    except InputError as error:
        return error
    except ValueError as error:
        return InputError(f"not JSON: {error}")
    if not isinstance(value, dict):
        return InputError(f"expected a JSON object, found {_shown(value)}")
    return Members(value)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise InputError(f"member {_shown(twice)} stands twice")
    return members


def _no_constant(text: str) -> None:
    raise InputError(f"not JSON: {text}")


#: Reads JSON of strangers: a member that stands twice and a number that is none are errors.
DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)


def _number(value: object, called: str, bits: int) -> int:
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _NUMBER.fullmatch(value):
        number = int(value, 16 if value[:2].lower() == "0x" else 10)
    if number is None or not 0 <= number < 1 << bits:
        raise InputError(f"{called}: expected an integer from 0 to 2^{bits}-1, found {_shown(value)}")
    return number


def _shown(value: object) -> str:
    """A value of a stranger, cut and printable."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
