"""What a test needs and this machine lacks: a reason to skip for a person, a failure where everything is to run."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(reason: str) -> NoReturn:
    """Skip the test, or fail it in CI, which installs what the tests need."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
