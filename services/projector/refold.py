"""Rows and events as the fold takes them, made again from what is stored."""

from collections.abc import Iterable, Sequence

import msgspec

from services.cases.case import CasePlace, CaseRow
from services.contract.entry import entry_id
from services.contract.kept import kept_body, kept_case
from services.contract.parse import Event, Refused
from services.district.calendar import calendar_of
from services.district.package import District
from services.projector.fold import settle_all, winners
from services.projector.placing import Locator
from services.projector.regular import irregular_of
from services.projector.store.read import Past


def event_of(past: Past) -> Event:
    """The event that an entry of the history was."""
    decode = kept_case if past.type.startswith("case.") else kept_body[past.type]
    flags = past.flags.split()
    unknown = sum(int(flag.partition(":")[2]) for flag in flags if flag.startswith("unknown_fields:"))
    kept = tuple(flag for flag in flags if not flag.startswith("unknown_fields:"))
    return Event(
        entry_id(past.entry), past.source, past.event_id, past.type, past.subject, past.time, past.data,
        decode(past.data), kept, unknown,
    )  # fmt: skip


def placed_again(
    cases: list[tuple[int, Event]], places: Iterable[CasePlace | Refused]
) -> Iterable[tuple[int, Event, CasePlace]]:
    """Cases with their places.

    A package that has changed since may find an old position outside: then the case stands without it.
    """
    for (key, event), place in zip(cases, places, strict=True):
        yield key, event, place if isinstance(place, CasePlace) else CasePlace(flags=("bad_position",))


def row_of(pasts: Sequence[Past], district: District, locator: Locator) -> CaseRow | None:
    """The row that these events of one case leave, None where there are none."""
    if not pasts:
        return None
    cases = [(past.entry, event_of(past)) for past in sorted(pasts)]
    placed = list(placed_again(cases, locator.locate([event for _, event in cases])))
    (settled,) = settle_all(winners(placed).values(), district).values()
    irregular, _ = irregular_of(placed, {}, lambda _ids: (), calendar_of(district))
    return msgspec.structs.replace(settled.row, irregular=sum(irregular.values()))
