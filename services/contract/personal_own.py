"""The names and phones that an event itself tells, found literally in its texts: no pattern knows every name. Pure.

«欧阳锋甲反映，回电10012345678» says nothing to the patterns; beside the reporter 欧阳锋甲, 10012345678 it says all.
Nothing is compiled for a person: every case has another.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from services.contract.personal_names import mask_name

SHORTEST_NAME, SHORTEST_PHONE, LONGEST = 2, 5, 64
SURE_PHONE = 7  # digits: so many are a phone also in the middle of a longer number
_DIGITS = {
    "0": "0０零〇", "1": "1１一幺壹", "2": "2２二两贰", "3": "3３三叁", "4": "4４四肆", "5": "5５五伍", "6": "6６六陆",
    "7": "7７七柒", "8": "8８八捌", "9": "9９九玖",
}  # fmt: skip
_VALUE = {word: digit for digit, words in _DIGITS.items() for word in words}
_ANY = "".join(_VALUE)
_SEP = r"[\s\-－–—‑−_.·•()（）]{0,3}"
_NUMBER = re.compile(rf"[{_ANY}](?:{_SEP}[{_ANY}])*")
_AT_END = re.compile(rf"[{_ANY}](?:{_SEP}[{_ANY}]){{0,30}}[\s\ufffd-]*\Z")
_HINT = re.compile(rf"[{_ANY}]{_SEP}[{_ANY}]{_SEP}[{_ANY}]")
_TITLE = re.compile(r"(?:先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|老师)$")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_BETWEEN = frozenset(" \t\u3000\u00a0·•・.-")
# Letters of any script, and what stands between the parts of a name.
_IS_NAME = re.compile(r"[^\W\d_](?:[\s·•・.'-]?[^\W\d_])*\.?")
_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


class Own(NamedTuple):
    """Names (as they are looked for) and phones (digits alone) of the people of one case."""

    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    def mask(self, text: str) -> str:
        """The text without them: names with their first character left, phones with their ends."""
        for name in self.names:
            if name[0] in text or name[0].isascii():
                text = _without_name(text, name)
        if self.phones and _HINT.search(text):
            text = _NUMBER.sub(lambda found: _without_phones(found[0], self.phones), text)
        return text

    def mask_cut(self, text: str) -> str:
        """As ``mask``, of a text that may end in the middle of a name or a number."""
        text = self.mask(text)
        for name in self.names:
            for n in range(len(name) - 1, SHORTEST_NAME - 1, -1):
                if text.endswith(name[:n]):
                    return text[: len(text) - n] + mask_name(name[:n])
        if (end := _AT_END.search(text)) is None:
            return text
        places = [at for at in range(end.start(), end.end()) if text[at] in _VALUE]
        digits = "".join(_VALUE[text[at]] for at in places)
        for phone in self.phones:
            for n in range(min(len(phone), len(digits)), SHORTEST_PHONE - 1, -1):
                if digits.endswith(phone[:n]):
                    return f"{text[: places[-n]]}{phone[:3]}****"
        return text

    def __or__(self, other: "Own") -> "Own":
        return Own(_longest_first((*self.names, *other.names)), _longest_first((*self.phones, *other.phones)))


NOBODY = Own()


def own_of(names: Iterable[str | None], phones: Iterable[str | None]) -> Own:
    """The people of these fields. What is masked already, too short, or no name is left out."""
    return _own(tuple(name for name in names if name), tuple(phone for phone in phones if phone))


@lru_cache(maxsize=8192)
def _own(names: tuple[str, ...], phones: tuple[str, ...]) -> Own:
    found_names = dict.fromkeys(name for text in names if (name := _name(text)))
    found_phones = dict.fromkeys(number for text in phones for number in _phones(text))
    return Own(_longest_first(found_names), _longest_first(found_phones))


def _longest_first(words: Iterable[str]) -> tuple[str, ...]:
    """Each once: a name that is part of another must not spoil it."""
    return tuple(sorted(dict.fromkeys(words), key=len, reverse=True))


def _name(text: str) -> str:
    plain = text.translate(_HALF_WIDTH).strip()
    if _HAN.search(plain):
        plain = "".join(c for c in _TITLE.sub("", plain) if c not in _BETWEEN)
        return plain if SHORTEST_NAME <= len(plain) <= LONGEST and _IS_NAME.fullmatch(plain) else ""
    return plain.lower() if SHORTEST_NAME < len(plain) <= LONGEST and _IS_NAME.fullmatch(plain) else ""


def _phones(text: str) -> list[str]:
    found: list[str] = []
    for number in [] if "*" in text else _NUMBER.findall(text):
        digits = "".join(_VALUE[c] for c in number if c in _VALUE)
        for prefix in ("0086", "86"):
            if digits.startswith(prefix) and len(digits) - len(prefix) >= 10:
                digits = digits.removeprefix(prefix)
                break
        if len(digits) >= SHORTEST_PHONE:
            found.append(digits)
        if digits.startswith("0") and len(digits) >= 10:  # a landline is also told without its area code
            found.append(digits[3:] if digits[1] in "12" else digits[4:])
    return found


def _without_name(text: str, name: str) -> str:
    folded = text.translate(_HALF_WIDTH)
    is_latin = _HAN.search(name) is None
    if is_latin and len(folded) != len(folded := folded.lower()):  # a letter whose small form is two
        folded = text
    parts, done, at = [], 0, folded.find(name[0])
    while at >= 0:
        end = _end_of(folded, at, name, is_latin=is_latin)
        if end:
            parts += [text[done:at], mask_name(text[at] + name[1:])]
            done = end
        at = folded.find(name[0], max(end, at + 1))
    return "".join(parts) + text[done:] if parts else text


def _end_of(text: str, start: int, name: str, *, is_latin: bool) -> int:
    """Where the name that begins at ``start`` ends, one sign at most between its letters; 0: it is not there."""
    at = start + 1
    for character in name[1:]:
        if at < len(text) and text[at] != character and text[at] in _BETWEEN:
            at += 1
        if at >= len(text) or text[at] != character:
            return 0
        at += 1
    if is_latin and (text[start - 1 : start].isalpha() or text[at : at + 1].isalpha()):
        return 0
    return at


def _without_phones(number: str, phones: Iterable[str]) -> str:
    places = [at for at, c in enumerate(number) if c in _VALUE]
    digits = "".join(_VALUE[number[at]] for at in places)
    for phone in phones:
        first = digits.find(phone)
        if first < 0 or (len(phone) < SURE_PHONE and digits != phone):
            continue
        last = first + len(phone)
        before = number[: places[first]]
        after = number[places[last - 1] + 1 :]
        return f"{before}{_hidden(phone)}{_without_phones(after, phones)}"
    return number


def _hidden(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 10 else f"{phone[0]}***{phone[-2:]}"
