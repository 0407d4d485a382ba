"""The types of what goes over the socket, for the scripts' checker: made from the structs that the server encodes.

``python -m dashboard.live.wire_types > dashboard/assets/modules/types/wire.d.ts`` after a change; a test holds the
file.
"""

import sys
import types
from collections.abc import Iterable
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from services.board.lenses import DeskCase
from services.board.zone import ScreenDelta, SnapshotPart
from services.cases.case import PresentEscalation
from services.cases.escalation import DeclinedProposal
from services.cases.masking import WallCase

ARRAYS: tuple[type[msgspec.Struct], ...] = (PresentEscalation, DeclinedProposal, WallCase, DeskCase)
MESSAGES: tuple[type[msgspec.Struct], ...] = (ScreenDelta, SnapshotPart)
HEAD = "// What the server sends, by its structs. Made by `python -m dashboard.live.wire_types`: do not edit.\n"
ROW = """/** An open case: a wall's has the wall's fields, a desk's has more behind them. */
export type Row = WallCase | DeskCase;
"""
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def declarations() -> str:
    """The whole file."""
    arrays = [_block(f"type {kind.__name__} = [", (f"{n}: {t}," for n, t in _fields(kind)), "];") for kind in ARRAYS]
    messages = [
        _block(f"interface {kind.__name__} {{", (f"{_key(kind, n)}: {t};" for n, t in _fields(kind)), "}")
        for kind in MESSAGES
    ]
    return "\n".join([HEAD, *arrays, ROW, *messages])


def _block(head: str, lines: Iterable[str], foot: str) -> str:
    return "".join(f"{line}\n" for line in (f"export {head}", *(f"  {line}" for line in lines), foot))


def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """(name as it is sent, type as TypeScript writes it)."""
    hints = get_type_hints(kind)
    return [
        (field.encode_name, "Row[]" if field.name == "rows" else _told(hints[field.name]))
        for field in msgspec.structs.fields(kind)
    ]


def _key(kind: type[msgspec.Struct], name: str) -> str:
    """The name in an object; with a question mark where a default is left out."""
    field = next(field for field in msgspec.structs.fields(kind) if field.encode_name == name)
    return name if field.required else f"{name}?"


def _told(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in {Union, types.UnionType}:
        return " | ".join(_told(one) for one in inner)
    if origin is Literal:
        return " | ".join(f'"{one}"' for one in inner)
    if origin is list:
        return f"{_told(inner[0])}[]"
    if origin is dict:
        return f"{{[name: string]: {_told(inner[1])}}}"
    if hint in ARRAYS:
        return str(hint.__name__)
    if hint in {Any, msgspec.Raw}:
        return "any"
    raise TypeError(f"no word of TypeScript for {hint}: add it to dashboard/live/wire_types.py")


if __name__ == "__main__":
    sys.stdout.write(declarations())
