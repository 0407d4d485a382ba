"""What a page says of a refusal."""

from collections.abc import Mapping
from typing import Any

from services.platform.refusal import Refusal


def refusal_text(error: Refusal, words: Mapping[str, Any]) -> str:
    """The words under the error's ``text_key`` in the page's table, with its fields; its own text where it has none."""
    if not error.text_key:
        return str(error)
    found: Any = words
    for key in error.text_key.split("."):
        found = found[key]
    return str(found).format(**error.fields)
