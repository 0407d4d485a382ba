"""New rows of the audit: what follows a row, and whether the row that they follow is as it should be. Pure."""

from collections.abc import Iterable, Iterator

import msgspec

from services.audit.records import ACTIONS, LONGEST, AuditRecord, Deed, Who, _link, clean, detail_of
from services.audit.signer import NO_SIGNER, Signer
from services.platform.clock import MINUTE_MS

# What several machines' clocks may differ by; more is written down (NTP keeps them within a second).
BACK_MS = MINUTE_MS
SYSTEM = Who("system")


def chain(
    after: AuditRecord | None, at: int, who: Who, deeds: Iterable[Deed], signer: Signer = NO_SIGNER
) -> Iterator[AuditRecord]:
    """The rows that follow ``after`` (None: the first ones). Raises ValueError for an action that is none.

    With a key a row says so when the clock has gone back. Without one anybody could have written it, so nobody does.
    """
    number, before = (after.number, after.hash) if after is not None else (0, "")
    if signer and after is not None and at < after.at - BACK_MS:
        mark = _row(number + 1, at, SYSTEM, Deed("clock_back", "", {"from": after.at}), before=before, signer=signer)
        number, before = mark.number, mark.hash
        yield mark
    for deed in deeds:
        if deed.action not in ACTIONS:
            raise ValueError(f"{deed.action!r} is not in audit.ACTIONS: add it there, with a line that says what it is")
        number += 1
        record = _row(number, at, who, deed, before=before, signer=signer)
        before = record.hash
        yield record


def distrust(last: AuditRecord | None, prior: AuditRecord | None, signer: Signer) -> str:
    """Why the newest row is not one that a process with the key has written; empty: it is, or nothing can be said.

    ``prior`` is the row before it, as the table has it. Returns unsealed, unknown, seal, link or gap.
    """
    if not signer or last is None:
        return ""
    if last.number != (prior.number if prior is not None else 0) + 1:
        return "gap"
    link, _, rest = last.hash.partition(":")
    name, _, seal = rest.partition(":")
    if _link(prior.hash if prior is not None else "", name, last) != link:
        return "link"
    if not name:
        return "unsealed"
    if not signer.knows(name):
        return "unknown"
    return "" if signer.is_sealed(name, link, seal) else "seal"


def _row(number: int, at: int, who: Who, deed: Deed, *, before: str, signer: Signer) -> AuditRecord:
    texts = {"who": who.user_id, "role": who.role, "street": who.street, "address": who.address, "object": deed.about}
    cut = {name: clean(text)[: LONGEST[name]] for name, text in texts.items()}
    record = AuditRecord(number=number, at=at, action=deed.action, detail=detail_of(deed), hash="", **cut)
    return msgspec.structs.replace(record, hash=signer.hash(before, record))
