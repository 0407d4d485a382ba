"""The audit's rows: who did what, when, from where, and how one row's hash is made. Pure."""

import hashlib
from collections.abc import Mapping

import msgspec

KEPT_DAYS = 184  # the least that the law asks for (Cybersecurity Law, art. 21: six months); we delete nothing
ACTIONS = {
    "log_in": "somebody came in",
    "log_in_failed": "a wrong password or an unknown account",
    "log_out": "somebody left",
    "locked_out": "an account was locked after wrong passwords",
    "session_ended": "a session ran out or was ended by somebody else",
    "password_changed": "somebody changed the password",
    "factor_changed": "somebody set up or removed their second factor, used a recovery code or made new ones",
    "factor_reset": "somebody's second factor was taken away by an administrator",
    "proved": "somebody proved again who they are, before a reveal, an export or a signature",
    "see_case": "a case's panel was opened",
    "see_photo": "a photo of a case was opened",
    "see_page": "a page with many cases was opened",
    "see_cases": "a list of cases was opened",
    "search": "somebody searched: one row for all of ten minutes",
    "command": "the case system was asked to do something",
    "reveal": "a masked field was asked for unmasked, with the reason",
    "search_person": "cases were searched by a reporter's whole name or phone, with the reason",
    "search_limited": "somebody searched for more people than the limit lets through",
    "export": "a file was made, with its rows counted",
    "refused": "somebody asked three times for a file, an unmasked field or the audit without the right to it",
    "reveal_limited": "somebody asked for more unmasked fields than the limit lets through",
    "handover_stranger": "a shift was signed for by somebody who is not on its roster, with the reason",
    "command_line": "somebody called a command of the machine that changes, publishes or shows cases",
    "alarm_acknowledge": "an alarm was acknowledged",
    "alarm_shelve": "an alarm was put aside, or taken back",
    "log_entry": "a line was written into the duty's log book",
    "handover_sign": "a shift was handed over or taken over",
    "handover_note": "a note was left to the next shift, or added to a signed handover",
    "handover_accept": "a leader accepted that somebody who is not on the roster signed",
    "report": "a report of an incident was made",
    "view_saved": "a view of the desk was saved or removed",
    "package_changed": "the district package was changed in the browser, or a change of it taken back",
    "package_uploaded": "files for the district package were uploaded and looked at; nothing is in force by it",
    "account_added": "an account was made",
    "account_disabled": "an account was disabled or enabled again",
    "account_reset": "an account's password was set anew",
    "account_unlocked": "an account's wrong tries were forgotten, so that it may log in again",
    "account_wish": "a change to an account waits for a second administrator, or was declined or withdrawn",
    "done_alone": "somebody did alone what takes two: without a second administrator, or by the machine's command line",
    "role_changed": "an account's role, street or networks were changed",
    "dead_retried": "a refused entry was published again by an administrator",
    "desk_notice": "a notice was sent to the desks, or taken down before its time",
    "job_cancelled": "somebody's paper was ended by an administrator before it was made",
    "dead_shown": "the original of a refused entry was read",
    "key_rotated": "what is kept encrypted was encrypted with a new key",
    "history_removed": "a month's history was taken out of the store; it is in the archive",
    "history_restored": "a month's history was put back from the archive into the store",
    "backup_made": "a backup of the store and its package was made: where, of which moment",
    "backup_restored": "a backup was put back into an empty store: which, of which moment",
    "audit_read": "the audit itself was read",
    "unsealed_before": "the rows before it are not sealed as they should be: which, and why",
    "clock_back": "the machine's clock went back by more than a minute: from when",
    "audit_accepted": "somebody has looked at rows that `audit verify` names, and said why they are so",
}
# What the auditor is shown first, for a week.
ALARMING = (
    "reveal_limited",
    "search_limited",
    "unsealed_before",
    "clock_back",
    "audit_accepted",
    "handover_stranger",
    "done_alone",
)
# A longer text is cut; what is in ``detail`` is ours, and is refused.
LONGEST = {"who": 200, "role": 50, "street": 64, "address": 100, "object": 200}
LONGEST_DETAIL = 65_536
_ENCODE = msgspec.json.Encoder(order="sorted").encode


class Who(msgspec.Struct, frozen=True):
    """Who does something: account, role, street (empty: the district's) and network address."""

    user_id: str
    role: str = ""
    street: str = ""
    address: str = ""


class Deed(msgspec.Struct, frozen=True):
    """What was done: one of ACTIONS, to what (a case, an account, a file), and what else is worth knowing of it."""

    action: str
    about: str = ""
    detail: Mapping[str, object] = {}


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One row: ``number`` is dense from 1, ``at`` the machine's Unix milliseconds, ``detail`` JSON.

    ``hash`` is ``link`` or ``link:key:seal``: 64 hex digits of the chain, 8 that name the key, 32 of the HMAC.
    """

    number: int
    at: int
    who: str
    role: str
    street: str
    address: str
    action: str
    object: str
    detail: str
    hash: str

    @property
    def link(self) -> str:
        """The hash of the chain alone: what is noted on paper."""
        return self.hash.partition(":")[0]


def _link(before: str, key: str, record: AuditRecord) -> str:
    """SHA-256 over the hash before, the name of the sealing key and the row, as one JSON array."""
    row = (
        before, key, record.number, record.at, record.who, record.role, record.street, record.address, record.action,
        record.object, record.detail,
    )  # fmt: skip
    return hashlib.sha256(_ENCODE(row)).hexdigest()


def clean(text: str) -> str:
    """PostgreSQL keeps no NUL, and nobody keeps half a character."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def detail_of(deed: Deed) -> str:
    """A deed's detail as it is kept. Raises ValueError when it is too long."""
    found = clean(_ENCODE(deed.detail).decode())
    if len(found) > LONGEST_DETAIL:
        raise ValueError(f"the detail of {deed.action} has {len(found)} characters: keep counts there, not rows")
    return found
