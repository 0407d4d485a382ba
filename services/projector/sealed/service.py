"""The personal fields of one case: masked for a panel, and one at a time unmasked, with a reason, on the record.

Who may do either, the caller decides. What is shown masked is masked here, on the server.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, Engine

from services.access.reveal_rules import WINDOW_MS, RevealRefused, check_count, check_purpose, reason_of
from services.audit import Deed, Who
from services.audit.chain import BACK_MS
from services.audit.log_service import AuditLog, count_between
from services.cases.reader import one_case
from services.contract.case import Case
from services.contract.kept import kept_decoder
from services.contract.personal import mask_name, mask_text
from services.contract.personal_own import NOBODY, Own
from services.contract.set_apart import Personal, decode_personal, mask_field, people_in, texts_of
from services.platform.sealing import Sealer
from services.projector.sealed.rows import SealedEvent, sealed_of, standing

__all__ = ["NAME", "PHONE", "PersonalField", "RevealRefused", "personal_fields", "reveal"]

NAME, PHONE = "reporter.name", "reporter.phone"

_CASE = kept_decoder(Case)


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


def reveal(
    engine: Engine,
    sealer: Sealer,
    log: AuditLog,
    now: int,
    *,
    who: Who,
    case_id: str,
    field: str,
    reason: str,
    purpose: str = "",
    limit: int = 10,
) -> str:
    """One field unmasked. The record of it is written first: whoever cannot be recorded sees nothing.

    ``now`` is the machine's time (Unix ms), ``limit`` how many a person may see in ten minutes, ``purpose`` what a case
    that is over is looked into for. Raises RevealRefused, or what the database raises. Over the limit a row
    ``reveal_limited`` is written, which the auditor's page shows first.
    """
    why = reason_of(reason)
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
        own = _Kept(connection, sealer, case_id).people()
        is_plain = text is not None and mask_field(field, text, own) != text  # kept by an older version, in the clear
        if not is_plain and next(sealed_of(connection, case_id), None) is None:
            raise RevealRefused("nothing_kept", f"of case {case_id} nothing was kept: there was no key when it came")
        row = one_case(connection, case_id)
        check_purpose(case_id, purpose, is_open=row is not None and row.is_open)
    # A reason is free text as well, and the audit is for ever.
    told_why = {"field": field, "reason": mask_text(own.mask(why)), **({"purpose": purpose} if purpose else {})}
    record_reveal(log, now, who, Deed("reveal", case_id, told_why), limit)
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


def record_reveal(log: AuditLog, now: int, who: Who, deed: Deed, limit: int) -> None:
    """Write the record, unless there are too many; counted and written in one turn, so that two at once are two.

    Raises RevealRefused over the limit, with a row ``reveal_limited``, which the auditor's page shows first.
    """
    with log.alone() as connection:
        # A row of a time that is still to come (a clock was wrong) must not count for good.
        done = count_between(connection, who.user_id, deed.action, now - WINDOW_MS, now + BACK_MS)
        if done < limit:
            log.append_many(now, who, [deed], within=connection)
        else:
            log.append(now, who, "reveal_limited", deed.about, within=connection, n=done, **deed.detail)
    check_count(done, limit)


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

    def _open(self, row: SealedEvent) -> Personal | None:
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
