"""When a masked field may be shown: for a reason that says something, of a case that is worked on, not without end.

Pure: the counts and the case's state are arguments.
"""

from typing import Literal, get_args

from services.platform.clock import MINUTE_MS
from services.platform.refusal import Refusal

RefusalCode = Literal[
    "no_reason", "unknown_case", "unknown_field", "nothing_kept", "wrong_key", "no_purpose", "too_many"
]
REFUSALS: tuple[RefusalCode, ...] = get_args(RefusalCode)
SHORTEST_REASON, LONGEST_REASON = 5, 500
LEAST_LETTERS = 3  # different ones: «.....» and «看看看看看» say nothing
WINDOW_MS = 10 * MINUTE_MS
# What a case is looked into for once it is over. While it is open its handling is the purpose.
PURPOSES = ("call_back", "review", "law")


class RevealRefused(Refusal):
    """A field is not shown; ``code`` says why, the text says it to a person."""

    texts = "personal.refused."

    def __init__(self, code: RefusalCode, text: str) -> None:
        super().__init__(text, code)
        self.status = 429 if code == "too_many" else 409


def reason_of(reason: str) -> str:
    """The reason, tidied. Raises RevealRefused for one that says nothing."""
    why = " ".join(reason.split())
    if not SHORTEST_REASON <= len(why) <= LONGEST_REASON:
        raise RevealRefused("no_reason", f"give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters")
    if len({c for c in why.lower() if c.isalpha()}) < LEAST_LETTERS:
        raise RevealRefused("no_reason", "give a reason in words: what is it needed for in this case?")
    return why


def check_purpose(case_id: str, purpose: str, *, is_open: bool) -> None:
    """Raises RevealRefused where a case is over and nobody says what it is looked into for."""
    if purpose and purpose not in PURPOSES:
        raise RevealRefused("no_purpose", f"purpose {purpose[:40]!r}: one of {', '.join(PURPOSES)}")
    if not is_open and not purpose:
        raise RevealRefused("no_purpose", f"case {case_id} is over: say what for ({', '.join(PURPOSES)})")


def check_count(done: int, limit: int) -> None:
    """Raises RevealRefused for one more than the limit. ``done``: by this person in the last ten minutes."""
    if done >= limit:
        raise RevealRefused("too_many", f"{limit} fields in 10 minutes are the limit: go on in a while; it is noted")
