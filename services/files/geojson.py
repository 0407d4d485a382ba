"""JSON and GeoJSON that others wrote: what a parser would swallow (NaN, a key twice, depth) is named."""

import json
import re
from typing import Any

from services.files.fault import FileFault, RowFault, whole_file

# Where an object names a key twice the names stand under this key; the last value counts.
TWICE = "\0twice"
_ENDLESS = re.compile(r"[0-9.][eE]\+?[0-9]{3,}")


def read_json(text: str, odd: list[str] | None = None) -> Any:
    """The value of a JSON text. Raises FileFault with the line.

    What JSON has not is put into ``odd`` in words: NaN, infinities, numbers beyond all bounds, a key twice. Without
    ``odd`` such a number is None, and the names of keys that stand twice are under TWICE in their object.
    """

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = sorted({name for name in names if names.count(name) > 1})
            if odd is None:
                found[TWICE] = twice
            else:
                odd.extend(f"names {name[:40]!r} twice in one object" for name in twice)
        return found

    def constant(name: str) -> None:
        if odd is not None:
            odd.append(f"{name} is no number of JSON")

    try:
        if odd is not None and (endless := _ENDLESS.search(text)):
            odd.append(f"…{text[max(endless.start() - 10, 0) : endless.end()]} is a number beyond all bounds")
        return json.loads(text, object_pairs_hook=members, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise FileFault(RowFault(error.lineno, "", f"is not JSON: {error.msg}", "Mend the line named")) from error
    except RecursionError as error:
        raise whole_file("is not JSON: it is nested too deep", "Export it again") from error
    except ValueError as error:  # a number of thousands of digits
        raise whole_file(f"is not JSON: {error}", "Export it again") from error
