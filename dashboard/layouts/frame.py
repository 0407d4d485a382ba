"""The HTML frame of every page that Dash makes: its language, which scripts it carries, what it fetches ahead."""

import re
from functools import cache
from typing import Any

import flask
from dash import Dash

from dashboard.door.static_files import BOOT, FOLDER, asset_address, field_words, script_address
from dashboard.texts import texts

# First part of the page's address → the module that boot.mjs loads for it.
PAGE_MODULES = {
    "wall": "modules/wall/page.js", "replay": "modules/replay/page.js", "coverage": "modules/coverage/page.js",
    "desk": "modules/desk/page.js", "street": "modules/desk/page.js", "unit": "modules/desk/page.js",
    "grid": "modules/desk/page.js", "handover": "modules/handover/page.js",
}  # fmt: skip
WITH_TABLE = {"desk", "street", "unit", "grid"}
_IMPORT = re.compile(r"""^(?:import|export)\s+(?:[^"';()]*?\sfrom\s+)?["'](\.[^"']+)["']""", re.MULTILINE)
_TABLE_SCRIPT = re.compile(r'<script src="[^"]*/dash_ag_grid/[^"]*"[^>]*></script>\s*')
# Dash's own table, which no page of ours has.
_OLD_TABLE_SCRIPT = re.compile(r'<script src="[^"]*/dash/dash_table/[^"]*"[^>]*></script>\s*')
_ASSET = re.compile(r'/assets/([^"?]+)\?m=[^"]*')
_CLASSIC, _MODULE = 'type="application/javascript"', 'type="module"'


class FramedDash(Dash):
    """Dash with our frame.

    Dash's own start becomes a module: modules run in the order of the document, so that it begins after boot.mjs and
    no map is made before the hook that waits for it (assets/modules/map/maps.js). AG Grid's bundle is a third of all
    scripts and is sent to the desks alone.
    """

    def interpolate_index(self, *given: Any, **parts: Any) -> str:
        """The frame of the page that is asked for."""
        page = flask.request.path.strip("/").partition("/")[0]
        language = texts(flask.request.args.get("lang", ""))["language"]
        if _CLASSIC not in parts["renderer"]:
            raise ValueError(f"Dash starts by another script than before: {parts['renderer']}")
        parts["renderer"] = parts["renderer"].replace(_CLASSIC, _MODULE)
        parts["css"] = _named(parts["css"]) + preloads(page) + field_words(language)
        parts["scripts"] = _OLD_TABLE_SCRIPT.sub("", _named(parts["scripts"]))
        if page not in WITH_TABLE:
            parts["scripts"] = _TABLE_SCRIPT.sub("", parts["scripts"])
        frame: str = super().interpolate_index(*given, **parts)
        return frame.replace("<html>", f'<html lang="{language}">', 1)


def _named(tags: str) -> str:
    """The tags of our files by addresses that name the content, where Dash names the time of the last change."""
    return _ASSET.sub(lambda found: script_address(BOOT) if found[1] == BOOT else asset_address(found[1]), tags)


@cache
def preloads(page: str) -> str:
    """Links that fetch the modules of a page all at once, instead of one row of imports after another."""
    wanted = [*imports_of(BOOT), *((PAGE_MODULES[page],) if page in PAGE_MODULES else ())]
    found: list[str] = []
    while wanted:
        name = wanted.pop(0)
        if name not in found:
            found.append(name)
            wanted += imports_of(name)
    return "".join(f'<link rel="modulepreload" href="{script_address(name)}">' for name in sorted(found))


def imports_of(name: str) -> list[str]:
    """The files that a script imports when it is loaded, as paths below ``assets``."""
    path = FOLDER / name
    return [
        (path.parent / found).resolve().relative_to(FOLDER.resolve()).as_posix()
        for found in _IMPORT.findall(path.read_text("utf-8"))
    ]
