"""What goes over the socket, as files for those who read it: made from the structs that the server encodes.

The types of the scripts, the places of a row's fields, and a JSON Schema for other clients. After a change
``python -m dashboard.live.wire_types`` writes them anew; a test holds them.
"""

import json
import types
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from dashboard.live.screen_tiles import DeskTiles, PastTiles, SmallDeskTiles, WallTiles
from services.board.lenses import DeskCase
from services.board.zone import ScreenDelta, SnapshotPart
from services.cases.masking import WallCase
from services.coverage.told import Coverage, Region, Sight, SitePlan, WatchedSpot

ROOT = Path(__file__).parents[2]
MODULES = "dashboard/assets/modules"
REMEDY = "python -m dashboard.live.wire_types"
ROWS: tuple[type[msgspec.Struct], ...] = (WallCase, DeskCase)
TILES: tuple[type[msgspec.Struct], ...] = (WallTiles, PastTiles, DeskTiles, SmallDeskTiles)
MESSAGES: tuple[type[msgspec.Struct], ...] = (ScreenDelta, SnapshotPart)
BODIES: tuple[type[msgspec.Struct], ...] = (WatchedSpot, Sight, Region, Coverage, SitePlan)
HEAD = f"by the server's structs. Made by `{REMEDY}`: do not edit.\n"
UNIONS = """/** An open case: a wall's has the wall's fields, a desk's has more behind them. */
export type Row = WallCase | DeskCase;

/** What a screen has of all tiles; null takes one back. */
export type Tiles = Partial<WallTiles> & Partial<PastTiles> & Partial<DeskTiles> & SpotTiles;

/** Each spot with something blind is a tile of its own. */
export interface SpotTiles {
  [name: `spot:${string}`]: WatchedSpot | null;
}
"""
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", datetime: "string", type(None): "null"}
# What the structs leave open, because it is encoded already or comes in several kinds.
_OPEN = {"rows": "Row[]", "tiles": "Tiles"}


def files() -> dict[str, str]:
    """Path → text of every file that is made."""
    return {
        f"{MODULES}/types/wire.d.ts": declarations(),
        f"{MODULES}/core/case-fields.js": case_fields(),
        "docs/protocol.schema.json": schema(),
    }


def declarations() -> str:
    """The types of the scripts."""
    blocks = [_declared(kind) for kind in _all_of((*ROWS, *TILES, *BODIES, *MESSAGES))]
    return "\n".join(["// What the server sends, " + HEAD, *blocks, UNIONS])


def case_fields() -> str:
    """The script that names the places of a row's fields: a desk's row begins with the wall's."""
    lines = (f"  {_camel(field.encode_name)}: {i},\n" for i, field in enumerate(msgspec.structs.fields(DeskCase)))
    return (
        "// @ts-check\n// Where each field of an open case stands in its row, "
        + HEAD
        + "export const AT = /** @type {const} */ ({\n"
        + "".join(lines)
        + "});\n"
    )


def schema() -> str:
    """The messages, rows and tiles as JSON Schema."""
    _, found = msgspec.json.schema_components((*MESSAGES, *ROWS, *TILES, WatchedSpot), ref_template="#/$defs/{name}")
    for kind in MESSAGES:
        properties = found[kind.__name__]["properties"]
        properties["rows"]["items"] = {"anyOf": [{"$ref": f"#/$defs/{row.__name__}"} for row in ROWS]}
        spot = {"anyOf": [{"$ref": "#/$defs/WatchedSpot"}, {"type": "null"}]}
        tiles = {name: told for tile in reversed(TILES) for name, told in found[tile.__name__]["properties"].items()}
        properties["tiles"] = {
            "type": "object",
            "properties": dict(sorted(tiles.items())),
            "patternProperties": {"^spot:": spot},
        }
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The socket's messages: docs/protocol.md says what they mean",
        "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in MESSAGES],
        "$defs": dict(sorted(found.items())),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _all_of(kinds: Iterable[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """The structs and those that they are made of, each once, after what it is made of."""
    found: list[type[msgspec.Struct]] = []

    def add(kind: type[msgspec.Struct]) -> None:
        if kind in found:
            return
        for base in _bases(kind):
            add(base)
        for hint in get_type_hints(kind).values():
            for one in _structs_in(hint):
                add(one)
        found.append(kind)

    for kind in kinds:
        add(kind)
    return found


def _structs_in(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for one in get_args(hint):
        yield from _structs_in(one)


def _declared(kind: type[msgspec.Struct]) -> str:
    hints = get_type_hints(kind)
    bases = _bases(kind)
    known = {name for base in bases for name in base.__struct_fields__}
    fields = [
        (field, _OPEN.get(field.name) if kind in MESSAGES else None)
        for field in msgspec.structs.fields(kind)
        if field.name not in known
    ]
    if kind.__struct_config__.array_like:
        lines = [f"  {field.encode_name}: {_told(hints[field.name])}," for field, _ in fields]
        return "\n".join([f"export type {kind.__name__} = [", *lines, "];", ""])
    is_short = kind.__struct_config__.omit_defaults
    lines = [
        f"  {field.encode_name}{_mark(field, hints, is_short)}: {told or _told(hints[field.name])};"
        for field, told in fields
    ]
    extends = f" extends {', '.join(base.__name__ for base in bases)}" if bases else ""
    return "\n".join([f"export interface {kind.__name__}{extends} {{", *lines, "}", ""])


def _bases(kind: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """What it has its first fields of; of a row that is sent as a list each field is told again."""
    if kind.__struct_config__.array_like:
        return []
    return [base for base in kind.__bases__ if issubclass(base, msgspec.Struct) and base.__struct_fields__]


def _mark(field: msgspec.structs.FieldInfo, hints: dict[str, Any], is_short: bool) -> str:
    """A question mark where a field may be left out: at its default, or where it is not known."""
    is_left_out = (is_short and not field.required) or msgspec.UnsetType in get_args(hints[field.name])
    return "?" if is_left_out else ""


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def _told(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in {Union, types.UnionType}:
        return " | ".join(_told(one) for one in inner if one is not msgspec.UnsetType)
    if origin is Annotated:
        return _told(inner[0])
    if origin is Literal:
        return " | ".join(json.dumps(one) for one in inner)
    if origin is list:
        told = _told(inner[0])
        return f"({told})[]" if " | " in told else f"{told}[]"
    if origin is tuple:
        return f"[{', '.join(_told(one) for one in inner)}]"
    if origin is dict:
        return f"{{[name: string]: {_told(inner[1])}}}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    raise TypeError(f"no word of TypeScript for {hint}: add it to dashboard/live/wire_types.py")


if __name__ == "__main__":
    for path, text in files().items():
        (ROOT / path).write_text(text, "utf-8")
