"""One promise: which result, what is promised, and when it is kept."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Promise(NamedTuple):
    """One row: which result, what is promised, the bound, how the measure is told, when it is kept."""

    result: str
    what: str
    bound: str
    told: Callable[[Any], str]
    kept: Callable[[Any], bool]
