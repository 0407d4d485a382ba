"""How a command line is read: options before, between or behind the words of a command."""

import argparse
from collections.abc import Sequence
from typing import Any


class AnyOrder(argparse.ArgumentParser):
    """A parser of our commands.

    argparse gives an optional word (``lianqin user ACTION [ID]``) up at the first option that stands before it:
    «user add --role leader wang» was refused. It has another way to read, which only parsers without commands know.
    """

    _is_reading = False

    def parse_known_args(  # type: ignore[override]  # argparse's own types have overloads
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As argparse's; the words of a command may stand anywhere among its options."""
        if self._is_reading or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._is_reading = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_reading = False
