"""How a loop has something done that must not hold it up: in a thread, or directly."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Offload(Protocol):
    """Run a blocking function somewhere it harms nobody."""

    def __call__(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, or raise what it raises."""
        ...


def directly(work: Callable[[], T]) -> T:
    """The offload of a test or a script: here and now."""
    return work()
