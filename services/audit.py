"""The audit: who did, saw, revealed, exported what, when, from where; a chain of hashes, and its checking. Pure.

Each row's hash is over the hash before it and the row itself (Schneier and Kelsey, «Secure audit logs», 1999; the
canonical text is JSON, as in RFC 8785's spirit). With a data key every hash carries a seal besides: an HMAC, that
nobody makes who has the database only. docs/audit.md says what each protects against.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEPT_DAYS = 184  # the least that the law asks for (Cybersecurity Law, art. 21: six months); we delete nothing
ACTIONS = {
    "log_in": "somebody came in",
    "log_in_failed": "a wrong password or an unknown account",
    "log_out": "somebody left",
    "locked_out": "an account was locked after wrong passwords",
    "session_ended": "a session ran out or was ended by somebody else",
    "password_changed": "somebody changed the password",
    "see_case": "a case's panel was opened",
    "see_page": "a page with many cases was opened",
    "command": "the case system was asked to do something",
    "reveal": "a masked field was asked for unmasked, with the reason",
    "export": "a file was made, with its rows counted",
    "alarm_acknowledge": "an alarm was acknowledged",
    "alarm_shelve": "an alarm was put aside, or taken back",
    "log_entry": "a line was written into the duty's log book",
    "handover_sign": "a shift was handed over or taken over",
    "report": "a report of an incident was made",
    "view_saved": "a view of the desk was saved or removed",
    "account_added": "an account was made",
    "account_disabled": "an account was disabled or enabled again",
    "account_reset": "an account's password was set anew",
    "role_changed": "an account's role, street or networks were changed",
    "dead_shown": "the original of a refused entry was read",
    "key_rotated": "what is kept encrypted was encrypted with a new key",
    "history_removed": "a month's history was taken out of the store; it is in the archive",
    "history_restored": "a month's history was put back from the archive into the store",
    "audit_read": "the audit itself was read",
}
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


class Record(msgspec.Struct, frozen=True, kw_only=True):
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


class Break(NamedTuple):
    """The first row that does not follow, and why: gap, link or seal."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"row {self.number}: {_WHY[self.why]}"


_WHY = {
    "gap": "the row before it is missing, or the rows stand in another order",
    "link": "it is not as it was written, or the row before it is not",
    "seal": "its seal was not made with the data key",
}


class Checked(NamedTuple):
    """What a check has found. ``sealed`` is the last number whose seal a known key has made (0: none).

    ``unknown`` counts seals of keys that are not known; ``heads`` are the noted hashes that were met.
    """

    rows: int
    last: int
    link: str
    sealed: int
    unknown: int
    heads: frozenset[str]
    broken: Break | None


class Signer:
    """Seals with the first of the data keys and knows the seals of all; without one the chain is not sealed."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        derived = [HKDF(SHA256(), 32, None, b"lianqin audit chain").derive(key.encode()) for key in keys]
        self._keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in derived}
        self._first = next(iter(self._keys), "")

    def __bool__(self) -> bool:
        return bool(self._keys)

    def hash(self, before: str, record: Record) -> str:
        """The hash of a row behind the row with the hash ``before`` (empty: it is the first)."""
        link = _link(before, self._first, record)
        return f"{link}:{self._first}:{self._seal(self._first, link)}" if self._first else link

    def knows(self, name: str) -> bool:
        """Whether this is one of the keys."""
        return name in self._keys

    def is_sealed(self, name: str, link: str, seal: str) -> bool:
        """Whether the known key ``name`` has made this seal."""
        return hmac.compare_digest(self._seal(name, link).encode(), seal.encode())

    def _seal(self, name: str, link: str) -> str:
        return hmac.new(self._keys[name], link.encode(), "sha256").hexdigest()[:32]


NO_SIGNER = Signer()


def chain(
    after: Record | None, at: int, who: Who, deeds: Iterable[Deed], signer: Signer = NO_SIGNER
) -> Iterator[Record]:
    """The rows that follow ``after`` (None: the first ones). Raises ValueError for an action that is none."""
    number, before = (after.number, after.hash) if after is not None else (0, "")
    for deed in deeds:
        if deed.action not in ACTIONS:
            raise ValueError(f"{deed.action!r} is not in audit.ACTIONS: add it there, with a line that says what it is")
        detail = _clean(_ENCODE(deed.detail).decode())
        if len(detail) > LONGEST_DETAIL:
            raise ValueError(f"the detail of {deed.action} has {len(detail)} characters: keep counts there, not rows")
        number += 1
        texts = {"who": who.user_id, "role": who.role, "street": who.street, "address": who.address}
        texts["object"] = deed.about
        cut = {name: _clean(text)[: LONGEST[name]] for name, text in texts.items()}
        record = Record(number=number, at=at, action=deed.action, detail=detail, hash="", **cut)
        record = msgspec.structs.replace(record, hash=signer.hash(before, record))
        before = record.hash
        yield record


def verify(records: Iterable[Record], before: str = "", signer: Signer = NO_SIGNER) -> Break | None:
    """The first row that does not follow from the ones before it, or None."""
    return check(records, before, signer).broken


def check(
    records: Iterable[Record], before: str = "", signer: Signer = NO_SIGNER, heads: Iterable[str] = ()
) -> Checked:
    """Go through rows in their order, in constant memory, up to the first break.

    ``before`` is the hash of the row before the first of them. ``heads`` are noted links, or their beginnings.
    """
    wanted = {head for head in heads if head}
    met: set[str] = set()
    rows = last = sealed = unknown = 0
    link = before.partition(":")[0]
    for record in records:
        broken = None
        link_now, _, rest = record.hash.partition(":")
        name, _, seal = rest.partition(":")
        if (rows and record.number != last + 1) or (not before and record.number != 1):
            broken = Break(record.number, "gap")
        elif _link(before, name, record) != link_now:
            broken = Break(record.number, "link")
        elif signer.knows(name) and not signer.is_sealed(name, link_now, seal):
            broken = Break(record.number, "seal")
        if broken is not None:
            return Checked(rows, last, link, sealed, unknown, frozenset(met), broken)
        rows, last, before, link = rows + 1, record.number, record.hash, link_now
        if signer.knows(name):
            sealed = last
        elif name:
            unknown += 1
        if wanted:
            met |= {head for head in wanted if link.startswith(head)}
    return Checked(rows, last, link, sealed, unknown, frozenset(met), None)


def _link(before: str, key: str, record: Record) -> str:
    """SHA-256 over the hash before, the name of the sealing key and the row, as one JSON array."""
    row = (
        before, key, record.number, record.at, record.who, record.role, record.street, record.address, record.action,
        record.object, record.detail,
    )  # fmt: skip
    return hashlib.sha256(_ENCODE(row)).hexdigest()


def _clean(text: str) -> str:
    """PostgreSQL keeps no NUL, and nobody keeps half a character."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
