"""What people here write of cases, without the people of those cases: one door for every free text.

The reason of a command, a log entry, a report, an alarm's comment: who types them knows the reporter, and no pattern
knows every name. Looked for are the people of the cases that the text belongs to, and of those that it names.
"""

import re
from collections.abc import Iterable

from cryptography.fernet import InvalidToken
from sqlalchemy import Engine

from services.contract.personal import mask_text
from services.contract.personal_own import NOBODY, Own
from services.contract.set_apart import decode_personal, people_in
from services.platform.offload import Offload, directly
from services.platform.sealing import Sealer
from services.platform.text import visible
from services.projector.sealed.rows import sealed_of_many

# What may be a case's id within a text, and how many of them are looked up.
_ID = re.compile(r"(?a:\w[\w.:/-]{2,63})")
MOST_NAMED = 50


class CasePeople:
    """The people of cases, as far as what is kept of them is sealed with a key that we have."""

    def __init__(self, engine: Engine, sealer: Sealer, offload: Offload = directly) -> None:
        self._engine, self._sealer, self._offload = engine, sealer, offload

    def without(self, text: str, case_ids: Iterable[str] = ()) -> str:
        """The text without the people of these cases and of those that it names; else as it was typed.

        Signs that are not seen are taken out first: they must not stand between a name's letters.
        """
        plain = visible(text)
        if not plain.strip():
            return plain
        own: Own = self._offload(lambda: self._people(asked_of(plain, case_ids)))
        return own.mask(plain)

    def masked(self, text: str, case_ids: Iterable[str] = ()) -> str:
        """The same, and what the patterns find masked as well: for what is kept for good."""
        return mask_text(self.without(text, case_ids))

    def _people(self, case_ids: list[str]) -> Own:
        found = NOBODY
        if not self._sealer or not case_ids:
            return found
        with self._engine.connect() as connection:
            for _, sealed in sealed_of_many(connection, case_ids):
                try:
                    found |= people_in(decode_personal(self._sealer.open(sealed)))
                except (InvalidToken, ValueError):  # of a key that we have not got: nobody here can know
                    continue
        return found


def asked_of(text: str, case_ids: Iterable[str]) -> list[str]:
    """The cases whose people are looked for: the given ones, and whatever in the text may be a case's id."""
    named = [word.rstrip(".:/-") for word in _ID.findall(text)[:MOST_NAMED]]
    return [*dict.fromkeys(case_id[:64] for case_id in (*case_ids, *named) if case_id)]
