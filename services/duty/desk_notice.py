"""What an administrator tells the desks: a text that stands above the work until a time. Pure."""

import msgspec

from services.contract.personal import mask_text
from services.platform.clock import DAY_MS
from services.platform.refusal import Refusal

LONGEST, LONGEST_MS = 200, 7 * DAY_MS
# More than these a desk does not show: whoever writes another takes one down first.
MOST_STANDING = 3


class NoticeRefused(Refusal):
    """A notice that is not sent, or not taken down: ``code`` is empty, too_long, past, too_far, no_seat, many, over."""

    texts = "admin.notice_refused."

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code, code, **fields)


class DeskNotice(msgspec.Struct, frozen=True):
    """One notice. Times are Unix ms of the district's clock; it stands from ``at`` to before ``until``.

    ``seat`` is a street's code, or empty for every desk; ``ended_at`` is when somebody took it down, else None.
    """

    id: str
    seat: str
    text: str
    at: int
    until: int
    by_id: str
    by_name: str
    ended_at: int | None = None
    ended_by: str = ""

    def stands(self, now: int) -> bool:
        """Whether desks show it at ``now``."""
        return self.ended_at is None and self.at <= now < self.until

    def is_for(self, street: str) -> bool:
        """Whether a desk shows it; ``street`` is the desk's, empty for the district's, a unit's or a grid's."""
        return self.seat in {"", street}


def check_notice(text: str, seat: str, now: int, until: int, streets: frozenset[str]) -> str:
    """The text as desks show it: on one line, people's numbers masked. Raises NoticeRefused."""
    said = mask_text(" ".join(text.split()))
    if not said:
        raise NoticeRefused("empty")
    if len(said) > LONGEST:
        raise NoticeRefused("too_long", most=LONGEST)
    if until <= now:
        raise NoticeRefused("past")
    if until > now + LONGEST_MS:
        raise NoticeRefused("too_far", days=LONGEST_MS // DAY_MS)
    if seat and seat not in streets:
        raise NoticeRefused("no_seat", seat=seat[:20])
    return said
