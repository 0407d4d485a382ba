"""Who has reported what: by a whole name or phone alone, for a reason, on the record first, not without end."""

from collections.abc import Callable

from services.access.reveal_rules import reason_of
from services.audit import Deed, Who
from services.audit.chain import BACK_MS
from services.audit.log_service import AuditLog, count_between
from services.cases.case import CaseRow
from services.contract.personal import mask_name, mask_text
from services.contract.personal_own import own_of
from services.platform.clock import HOUR_MS
from services.platform.refusal import Refusal
from services.platform.sealing import Sealer
from services.search.people import people_tokens, token_keys
from services.search.reader import CaseHit, SearchReader

ACTION, LIMITED = "search_person", "search_limited"


class PersonSearchRefused(Refusal):
    """A person is not searched for; ``code`` says why: no_person, no_key, too_many."""

    texts = "search.person.refused."

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text, code)
        self.status = 429 if code == "too_many" else 409


class PeopleSearch:
    """Finds cases by their reporter. ``limit``: how often a person may ask within an hour."""

    def __init__(self, reader: SearchReader, sealer: Sealer, log: AuditLog, limit: int) -> None:
        self._reader, self._log, self._limit = reader, log, limit
        self._keys = token_keys(sealer.keys)

    def find(
        self, who: Who, now: int, person: str, reason: str, may_see: Callable[[CaseRow], bool]
    ) -> tuple[CaseHit, ...]:
        """The cases whose reporter has this whole name or phone, as far as ``may_see`` lets them be seen.

        ``now`` is the machine's time (Unix ms). The record is written first, with the name masked: whoever cannot be
        recorded finds nothing. Raises RevealRefused for a reason that says nothing, PersonSearchRefused, or what the
        database raises.
        """
        why = reason_of(reason)
        own = own_of([person], [person])
        if not own.names and not own.phones:
            raise PersonSearchRefused("no_person", "give a whole name, or a whole phone number")
        if not self._keys:
            raise PersonSearchRefused("no_key", "without LIANQIN_DATA_KEY nothing is kept of who has reported a case")
        # Digits are no name, whatever stands between them.
        kind, shown = ("phone", _ends(own.phones[0])) if own.phones else ("name", mask_name(own.names[0]))
        self._record(who, now, {"kind": kind, "shown": shown, "reason": mask_text(own.mask(why))})
        tokens = [token for key in self._keys for token in people_tokens(key, person, person)]
        return self._reader.of_people(tokens, may_see)

    def _record(self, who: Who, now: int, detail: dict[str, str]) -> None:
        """Counted and written in one turn, so that two at once are two."""
        with self._log.alone() as connection:
            # A row of a time that is still to come (a clock was wrong) must not count for good.
            done = count_between(connection, who.user_id, ACTION, now - HOUR_MS, now + BACK_MS)
            is_one_more = done >= self._limit
            deed = Deed(LIMITED if is_one_more else ACTION, "", {**detail, **({"n": done} if is_one_more else {})})
            self._log.append_many(now, who, [deed], within=connection)
        if is_one_more:
            raise PersonSearchRefused("too_many", f"{self._limit} searches for people in an hour are the limit")


def _ends(phone: str) -> str:
    return f"{phone[:3]}****{phone[-2:]}" if len(phone) >= 7 else f"{phone[:1]}***"
