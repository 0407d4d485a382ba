"""Seeds of a check that is repeated over random scenes: some at every run, the others at length."""

from typing import Any

import pytest


def seeds(always: int, at_length: int) -> list[Any]:
    """The first ``always`` seeds in ``make test``; those up to ``at_length`` in ``make test-long``."""
    return [n if n < always else pytest.param(n, marks=pytest.mark.slow) for n in range(at_length)]
