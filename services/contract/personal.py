"""What must not be read by everybody in a text that was refused: names and numbers of people (CONTRACT.md, bad input).

The text may be no JSON at all, cut off, or JSON with a publisher's own fields: it is scanned, not decoded.
"""

import re

from services.contract.personal_names import mask_name, mask_names
from services.contract.personal_numbers import mask_numbers
from services.contract.personal_own import own_of

__all__ = ["PERSONAL_FIELDS", "mask_name", "mask_refused", "mask_text"]

# Fields whose whole value is about a person, whatever its shape.
PERSONAL_FIELDS = frozenset({"reporter", "handler", "name", "phone", "acknowledged_by", "actor"})
SHOWN_CHARACTERS = 4000
ROUNDS = 3  # what is hidden may set free what stood beside it, once

# A field's name in either kind of quotes (a Python dict is the commonest «JSON» that is none), or the bare word.
_FIELD = re.compile(rf"(?<!\w)(\\?[\"']?(?:{'|'.join(sorted(PERSONAL_FIELDS))})\\?[\"']?\s*[:=]\s*)", re.IGNORECASE)
_PLAIN_END = re.compile(r"[,;&\]}\n]|\Z")
_NOTABLE = re.compile(r"[\[\]{}\"']")
_STRING_END = {quote: re.compile(rf"(?s)(?:[^{quote}\\]|\\.)*(?:{quote}|\\?\Z)") for quote in "\"'"}
_FULL_WIDTH = re.compile(r"[０-９]")
_HALF_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
LONGEST_NAME = 100


def mask_text(text: str) -> str:
    """Free text with the names of people and the numbers that lead to them hidden. Masking it again changes nothing.

    When in doubt it hides: a bank card is told by its check digit, which one in ten component codes has too; any 18
    digits are an identity number; «1500 2000 300» is a phone. It is no reader: a name without a word before it
    (联系人, 户主) or behind it (先生) stays, and so does a number that is written in an unusual way.
    """
    plain = text.translate(_HALF_WIDTH) if _FULL_WIDTH.search(text) else text
    shown = plain
    for _ in range(ROUNDS):
        before, shown = shown, mask_names(mask_numbers(shown))
        if shown == before:
            break
    return text if shown == plain else shown


def mask_refused(raw: bytes) -> str:
    """A refused entry's text for people to read: personal fields out, numbers masked."""
    text = raw[: SHOWN_CHARACTERS * 4].decode("utf-8", "replace")
    text = _HALF_ESCAPE.sub("", _ESCAPED.sub(_unescaped, text))
    parts, at = [], 0
    names: list[str] = []
    phones: list[str] = []
    while (field := _FIELD.search(text, at)) is not None:
        parts += [text[at : field.end()], '"***"']
        at = _value_end(text, field.end())
        _people(field.group(), text[field.end() : at], names, phones)
    shown = own_of(names, phones).mask_cut("".join(parts) + text[at:])
    return mask_text(shown)[:SHOWN_CHARACTERS]


def _people(field: str, value: str, names: list[str], phones: list[str]) -> None:
    """Who and which numbers stand in a field that was taken out: they are looked for in the rest of the text."""
    if value[:1] in {"{", "["}:
        for inner in _FIELD.finditer(value):
            if (start := inner.end()) < len(value) and value[start] not in "{[":
                _people(inner.group(), value[start : _value_end(value, start)], names, phones)
        return
    plain = value.strip(" \t\r\n\\\"'")
    (phones if "phone" in field.lower() else names).append(plain[:LONGEST_NAME])


def _unescaped(found: re.Match[str]) -> str:
    """The character of an escape of JSON; a quote, a control or half of a character stays as it is."""
    character = chr(int(found.group(1), 16))
    return character if character.isprintable() and character not in "\"\\'" else found.group()


def _value_end(text: str, start: int) -> int:
    """Where the value that begins at ``start`` ends: the text's end, when it was cut off."""
    first = text[start : start + 1]
    if first in _STRING_END and first:
        return _string_end(text, start)
    if first not in {"{", "["}:
        found = _PLAIN_END.search(text, start)
        return found.start() if found else len(text)
    depth, at = 0, start
    while (found := _NOTABLE.search(text, at)) is not None:
        mark, at = found.group(), found.end()
        if mark in _STRING_END:
            at = _string_end(text, at - 1)
            continue
        depth += 1 if mark in "[{" else -1
        if depth == 0:
            return at
    return len(text)


def _string_end(text: str, start: int) -> int:
    found = _STRING_END[text[start]].match(text, start + 1)
    return found.end() if found else len(text)
