"""Every exception that depinverify raises, in one family.

A bad *proof* is never an exception: it is a row with a verdict. What is raised here is a bad *call*: a wrong column, an
unreadable file, an unknown network, a registry whose chain is broken.
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "DepinverifyError",
    "InputError",
    "RegistryError",
    "SettlementError",
]


class DepinverifyError(Exception):
    """Base of the family.

    Attributes:
        hint: What usually causes this and what to do about it, or ``None``.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InputError(DepinverifyError, ValueError):
    """A file, column or argument is not what was expected; the message says what was found, and where."""


class ConfigurationError(InputError):
    """A key of ``epoch.toml``, of a ruleset or of a network's parameters is wrong; the message holds its path."""


class RegistryError(DepinverifyError):
    """A registry is invalid or refuses an event."""


class SettlementError(DepinverifyError):
    """A settlement cannot be made, continued or read."""
