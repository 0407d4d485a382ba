"""Take one change out of a text in which others have followed: a merge of three texts by lines (diff3). Pure.

After S. Khanna, K. Kunal and B. Pierce, «A formal investigation of diff3» (2007).
"""

from collections.abc import Sequence
from difflib import SequenceMatcher


class MergeConflict(ValueError):
    """Both sides have changed the same lines."""


def without(after: bytes, before: bytes, present: bytes) -> bytes:
    """``present`` with the change ``before`` → ``after`` taken out. Raises MergeConflict."""
    if present == after:
        return before
    base, mine, theirs = (part.splitlines(keepends=True) for part in (after, before, present))
    changes = sorted([*_changes(base, mine, 0), *_changes(base, theirs, 1)])
    found: list[bytes] = []
    at, reached, whose = 0, 0, -1
    for place, (start, end, side, lines) in enumerate(changes):
        if place and (start, end, lines) == (*changes[place - 1][:2], changes[place - 1][3]):
            continue  # both sides say the same
        if whose not in {-1, side} and (start < reached or (start == reached == end) or start == at == reached):
            raise MergeConflict
        found += base[at:start]
        found += lines
        at, reached, whose = end, end, side
    return b"".join([*found, *base[at:]])


def _changes(base: Sequence[bytes], other: Sequence[bytes], side: int) -> list[tuple[int, int, int, list[bytes]]]:
    """(first, behind the last line of ``base``, side, the lines instead) of each difference."""
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    return [(i1, i2, side, list(other[j1:j2])) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]
