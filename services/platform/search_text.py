"""Text as it is searched: one form for what is written and what is asked, its tokens, and what a word matches. Pure.

Han and every other sign that is no ASCII letter or digit is cut into pairs, letters and digits into their beginnings
and ends. The tokens find what may match; ``matches`` is what decides, on every database alike.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator
from functools import lru_cache

# A beginning or an end of a number or word counts from so many letters and digits on.
SHORTEST_PART = 3
# Of a longer run of letters and digits only the beginnings and ends up to this length are tokens.
LONGEST_PART = 24

_RUN = re.compile(r"[0-9a-z]+|[^0-9a-z\s]+")
_GAP = re.compile(r"[\W_]+")
# Signs that nobody sees, and the marks that choose a glyph: they must not stand between two letters.
_UNSEEN = re.compile(
    "[\u00ad\u0600-\u0605\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0001-\U000e01ef]"
)


def normal(text: str) -> str:
    """The text as it is compared: full width and compatible signs as plain ones, small letters, gaps as one space."""
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    return _GAP.sub(" ", unicodedata.normalize("NFKC", plain)).strip()


def tokens(text: str) -> set[str]:
    """What ``text`` (normal; lines are apart) is found by."""
    found: set[str] = set()
    for run in _RUN.findall(text):
        if run[0].isascii():
            found |= _parts(run)
        else:
            found.update(run[at : at + 2] for at in range(len(run) - 1))
    return found


@lru_cache(maxsize=4096)
def _parts(run: str) -> frozenset[str]:
    """Of letters and digits: ``^`` before a beginning, ``$`` before an end, ``=`` before a short run that is whole."""
    if len(run) < SHORTEST_PART:
        return frozenset({f"={run}"})
    lengths = range(SHORTEST_PART, min(len(run), LONGEST_PART) + 1)
    return frozenset(f"^{run[:n]}" for n in lengths) | frozenset(f"${run[-n:]}" for n in lengths)


def wanted(word: str) -> tuple[frozenset[str], ...]:
    """What a text must have among its tokens to match ``word`` (normal): one of each set. Empty: it is too short."""
    runs = _RUN.findall(word)
    found: list[frozenset[str]] = []
    for place, run in enumerate(runs):
        if not run[0].isascii():
            found += [frozenset({run[at : at + 2]}) for at in range(len(run) - 1)]
        elif len(run) < SHORTEST_PART:
            found.append(frozenset({f"={run}"}))
        else:
            begins, ends = f"^{run[:LONGEST_PART]}", f"${run[-LONGEST_PART:]}"
            if len(runs) == 1:
                found.append(frozenset({begins, ends}))
            else:
                found += [frozenset({begins})] if place else []
                found += [frozenset({ends})] if place < len(runs) - 1 else []
    return tuple(dict.fromkeys(found))


def matches(text: str, word: str) -> bool:
    """Whether ``word`` stands in ``text`` (both normal).

    Letters and digits stand whole, or as the beginning or the end of a longer run of at least ``SHORTEST_PART``.
    """
    return any(_is_whole(text, at, word) for at in _places(text, word))


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _is_whole(text: str, at: int, word: str) -> bool:
    end = at + len(word)
    goes_on_before = _is_letter(word[:1]) and _is_letter(text[at - 1 : at] if at else "")
    goes_on_behind = _is_letter(word[-1:]) and _is_letter(text[end : end + 1])
    if not goes_on_before and not goes_on_behind:
        return True
    runs = _RUN.findall(word)
    if len(runs) == 1:
        return len(word) >= SHORTEST_PART and not (goes_on_before and goes_on_behind)
    return (not goes_on_before or len(runs[0]) >= SHORTEST_PART) and (
        not goes_on_behind or len(runs[-1]) >= SHORTEST_PART
    )


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()


def number_of(token: str) -> int:
    """A token as a number of 32 bits with a sign: short, and nothing that a query language could take for its own.

    Two tokens may share one: what is found is then looked at for nothing, never shown.
    """
    return zlib.crc32(token.encode()) - 2**31
