"""Words in Chinese and English, from the two tables beside this file; a test holds them to the same keys."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh-CN", "en")


@cache
def texts(language: str) -> dict[str, Any]:
    """The table of words for ``language``; Chinese for any other."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))
