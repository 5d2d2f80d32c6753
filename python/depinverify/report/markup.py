"""HTML and SVG in which every text is escaped unless this package made it.

In: element names and attributes of this package, and text of anybody. Out: :class:`Markup`. Invariant: there is one
way from a text to a page, :func:`escape`; what is not :class:`Markup` goes through it, in elements and in attributes.
Characters that are not printed, such as bidirectional controls, are written out; long texts are cut where it shows.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Markup", "element", "escape", "foreign", "join", "visible"]

#: Characters of a foreign text that are shown.
LONGEST: Final = 96

_BYTE: Final = 0x100
_PLANE: Final = 0x10000
#: Elements without content, which HTML writes without an end.
_VOID: Final = frozenset({"meta", "link", "br"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "Markup | str | int | None"


def visible(text: str, limit: int = LONGEST) -> str:
    """A foreign text as it may be looked at: no control characters, no more than ``limit`` characters.

    Args:
        text: The text.
        limit: Characters that are kept; how many were cut is said.
    """
    kept = "".join(char if char.isprintable() else _written_out(ord(char)) for char in text[:limit])
    return kept if len(text) <= limit else f"{kept}… (+{len(text) - limit:,} characters)"


def escape(text: str) -> Markup:
    """The only way from a text to markup, for content and for attributes in double quotes."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(text, quote=True))


def element(name: str, /, *content: Content, **attributes: Content) -> Markup:
    """One element of HTML or SVG.

    Args:
        name: The element, a word of this package.
        content: Markup is taken as it is, text is escaped, ``None`` is left out.
        attributes: ``class_`` is written as ``class``, ``text_anchor`` as ``text-anchor``; ``None`` is left out.
    """
    written = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    inner = "".join(_content(part) for part in content if part is not None)
    return Markup(f"<{name}{written}>{inner}</{name}>")


def foreign(text: str, limit: int = LONGEST) -> Markup:
    """A text of strangers, set apart from its surroundings so that its direction of writing stays its own."""
    return element("bdi", visible(text, limit))


def join(parts: Iterable[Content]) -> Markup:
    """Parts one after the other."""
    return Markup("".join(_content(part) for part in parts if part is not None))


def _content(part: Markup | str | int) -> str:
    return escape(part if isinstance(part, str) else str(part))


def _written_out(code: int) -> str:
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _PLANE else f"\\U{code:08x}"
