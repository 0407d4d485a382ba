"""The personal fields of one case: masked for a panel, and one at a time unmasked, with a reason, on the record.

Who may do either, the caller decides. What is shown masked is masked here, on the server.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, Engine

from services.audit import Who
from services.events.case import Case
from services.events.kept import kept_decoder
from services.events.personal import mask_name, mask_text
from services.events.personal_own import NOBODY, Own
from services.events.set_apart import Personal, decode_personal, mask_field, people_in, texts_of
from services.sealing import Sealer
from services.store.audit import AuditLog
from services.store.personal_rows import Told, sealed_of, standing
from services.store.read import one_case

RefusalCode = Literal["no_reason", "unknown_case", "unknown_field", "nothing_kept", "wrong_key"]
REFUSALS: tuple[RefusalCode, ...] = get_args(RefusalCode)
SHORTEST_REASON, LONGEST_REASON = 5, 500
NAME, PHONE = "reporter.name", "reporter.phone"

_CASE = kept_decoder(Case)


class RevealRefused(Exception):
    """A field is not shown; ``code`` says why, the text says it to a person."""

    def __init__(self, code: RefusalCode, text: str) -> None:
        super().__init__(text)
        self.code: RefusalCode = code


class PersonalField(NamedTuple):
    """One field as everybody may see it: ``shown`` is masked.

    ``can_reveal``: there is more, and a key that opens it. ``why_not``: nothing_kept or wrong_key; empty also where
    nothing is hidden.
    """

    field: str
    shown: str
    can_reveal: bool
    why_not: Literal["", "nothing_kept", "wrong_key"] = ""


def personal_fields(engine: Engine, sealer: Sealer, case_id: str) -> list[PersonalField] | None:
    """The fields of a case that may hold something personal, in the order of the case; None: there is no such case.

    Of a case whose events are in the archive nothing personal is kept: []. A read: an opened text does not leave this
    function but masked. Raises what the database raises.
    """
    with engine.connect() as connection:
        now = standing(connection, case_id)
        if now is None:
            return None if one_case(connection, case_id) is None else []
        kept = _Kept(connection, sealer, case_id)
        fields = [_field(path, text, kept) for path, text in texts_of(_CASE(now.data)).items()]
        return [*fields, *_reporter(kept)]


def reveal(  # noqa: PLR0917  # who, what, when, why
    engine: Engine, sealer: Sealer, log: AuditLog, now: int, who: Who, case_id: str, field: str, reason: str
) -> str:
    """One field unmasked. The record of it is written first: whoever cannot be recorded sees nothing.

    ``now`` is the machine's time (Unix ms). Raises RevealRefused, or what the database raises.
    """
    why = " ".join(reason.split())
    if not SHORTEST_REASON <= len(why) <= LONGEST_REASON:
        raise RevealRefused("no_reason", f"give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters")
    with engine.connect() as connection:
        if (told := standing(connection, case_id)) is None:
            if one_case(connection, case_id) is None:
                raise RevealRefused("unknown_case", f"there is no case {case_id}")
            raise RevealRefused(
                "nothing_kept", f"the events of case {case_id} are in the archive, which keeps no person"
            )
        text = texts_of(_CASE(told.data)).get(field)
        if text is None and field not in {NAME, PHONE}:
            raise RevealRefused("unknown_field", f"case {case_id} has no field {field}")
        # Kept by an older version, in the clear.
        is_plain = text is not None and mask_field(field, text, _Kept(connection, sealer, case_id).people()) != text
        if not is_plain and next(sealed_of(connection, case_id), None) is None:
            raise RevealRefused("nothing_kept", f"of case {case_id} nothing was kept: there was no key when it came")
    # A reason is free text as well, and the audit is for ever.
    log.append(now, who, "reveal", case_id, field=field, reason=mask_text(why))
    if is_plain and text is not None:
        return text
    with engine.connect() as connection:
        kept = _Kept(connection, sealer, case_id)
        found = kept.reporter(field) if text is None else kept.original(field, text)
    if found is not None:
        return found
    if kept.is_closed:
        raise RevealRefused("wrong_key", f"case {case_id} was kept with a key that LIANQIN_DATA_KEY does not name")
    raise RevealRefused("nothing_kept", f"of {field} of case {case_id} nothing more was kept than what is shown")


class _Kept:
    """What is sealed of a case, opened as far as it is asked for, the newest first.

    An event of a case system that went on from our own masked texts has no original: an earlier one may have it.
    """

    def __init__(self, connection: Connection, sealer: Sealer, case_id: str) -> None:
        self._rows = sealed_of(connection, case_id)
        self._sealer = sealer
        self._opened: list[Personal] = []
        self.is_closed = False

    def original(self, field: str, shown: str) -> str | None:
        """The text that stands masked as ``shown``."""
        for personal in self._each():
            text = personal.texts.get(field)
            if text is not None and shown in {mask_field(field, text), mask_field(field, text, people_in(personal))}:
                return text
        # The case's people may have been told by another event than the one that has the text.
        own = self.people()
        for personal in self._each():
            text = personal.texts.get(field)
            if text is not None and mask_field(field, text, own | people_in(personal)) == shown:
                return text
        return None

    def people(self) -> Own:
        """Everybody whom an event of the case has named."""
        found = NOBODY
        for personal in self._each():
            found |= people_in(personal)
        return found

    def reporter(self, field: str) -> str | None:
        """The reporter's name or phone, as told last."""
        for personal in self._each():
            if value := personal.name if field == NAME else personal.phone:
                return value
        return None

    def _each(self) -> Iterator[Personal]:
        yield from self._opened
        for row in self._rows:
            if (personal := self._open(row)) is not None:
                self._opened.append(personal)
                yield personal

    def _open(self, row: Told) -> Personal | None:
        assert row.sealed is not None
        try:
            return decode_personal(self._sealer.open(row.sealed))
        except (InvalidToken, ValueError):  # another key, or none
            self.is_closed = True
            return None


def _field(path: str, text: str, kept: _Kept) -> PersonalField:
    shown = mask_field(path, text, kept.people())
    if shown != text:  # kept by an older version, in the clear
        return PersonalField(path, shown, True)
    if "*" not in text:
        return PersonalField(path, shown, False)
    if kept.original(path, text) is not None:
        return PersonalField(path, shown, True)
    return PersonalField(path, shown, False, "wrong_key" if kept.is_closed else "nothing_kept")


def _reporter(kept: _Kept) -> Iterator[PersonalField]:
    found = False
    for field, value in ((NAME, kept.reporter(NAME)), (PHONE, kept.reporter(PHONE))):
        if value is not None:
            found = True
            # Digits that are no phone we know are hidden all the same.
            masked = mask_name(value) if field == NAME else _phone(value)
            yield PersonalField(field, masked, True)
    if not found and kept.is_closed:
        yield PersonalField(NAME, "***", False, "wrong_key")


def _phone(phone: str) -> str:
    shown = mask_text(phone)
    return shown if shown != phone else f"{phone[:1]}***{phone[-2:] if len(phone) > 5 else ''}"
