"""Search over everything: one line, and what is found of one group. The windows' texts and the person's rights join it.

What a person may not see is neither found nor counted. The line goes in a body: an address would stand in logs.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from flask import Flask, Response
from msgspec import Meta

from dashboard.door.access import allowed, refuse
from dashboard.door.bodies import as_json, body
from dashboard.door.recording import Recorder, who_of
from dashboard.door.routes import add_routes
from dashboard.layouts.moments import minute_text
from dashboard.live.room import LiveRoom
from dashboard.texts import LANGUAGES, texts
from services.access.rights import Person, may
from services.cases.case import CaseRow
from services.cases.whose import may_case
from services.contract.codes import DOMAINS, SENSITIVE_DOMAINS
from services.district.package import District
from services.platform.clock import DAY_MS, Clock, machine_ms
from services.platform.errors import STORE_ERRORS
from services.platform.offload import Offload
from services.search.expression import SearchScope
from services.search.people_service import PeopleSearch
from services.search.places import NamedPlaces, PlaceHit
from services.search.query import CodeNames, SearchQuery, names_of, parse_query
from services.search.reader import CaseHits, SearchReader

Group = Literal["open", "over", "older", "places"]
# What was reported longer ago stands in the group of older cases.
RECENT_MS = 400 * DAY_MS
# So many searches of a person in so many seconds: a key pressed is a search of each group.
MOST_SEARCHES, WITHIN_S = 120, 20.0
# So many classes are named of those that a common word stands for.
NEAR_NAMED = 3


class SearchRequest(msgspec.Struct, frozen=True):
    """What is looked for, and of which group."""

    text: Annotated[str, Meta(max_length=200)]
    group: Group
    language: Annotated[str, Meta(max_length=10)] = ""


class PersonRequest(msgspec.Struct, frozen=True):
    """Whom somebody searches for, by a whole name or phone, and why."""

    person: Annotated[str, Meta(max_length=64)]
    reason: Annotated[str, Meta(max_length=500)]
    language: Annotated[str, Meta(max_length=10)] = ""


class SearchPace:
    """How fast each person may search."""

    def __init__(self, most: int = MOST_SEARCHES, within_s: float = WITHIN_S) -> None:
        self._most, self._within_s = most, within_s
        self._asked: dict[str, deque[float]] = {}

    def is_fast(self, user_id: str, now_s: float) -> bool:
        """Whether this one is too many."""
        asked = self._asked.setdefault(user_id, deque())
        while asked and asked[0] <= now_s - self._within_s:
            asked.popleft()
        if len(asked) >= self._most:
            return True
        asked.append(now_s)
        return False


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What the search's address needs, and the address."""

    district: District
    room: LiveRoom
    reader: SearchReader
    clock: Clock
    offload: Offload
    record: Recorder
    names: CodeNames
    people: PeopleSearch
    places: NamedPlaces
    pace: SearchPace = field(default_factory=SearchPace)

    def search_cases(self) -> Response:
        """Answer what is found of one group."""
        asked, asking, began = body(SearchRequest), allowed("search"), time.monotonic()
        if self.pace.is_fast(asking.user_id, began):
            refuse(429, "搜索太快，请稍等 / too many searches: wait a moment")
        words, now = texts(asked.language), self.clock.now_ms()
        query = self.parse(asked.text, now)
        if query.problem:
            return as_json({"problem": query.problem})
        self.record.look(asking, "/search", "search")
        told: dict[str, Any] = {"problem": "", "as": self._taken_for(query, words)}
        if asked.group == "places":
            hits, n = self.places.find(query, self._street_of(asking), has_cameras=may(asking, "see_coverage"))
            told |= {"hits": [self._place(hit, words) for hit in hits], "n": n, "is_more": n > len(hits)}
        else:
            told |= self._cases(query, asked.group, asking, words, now)
        return as_json(told | {"took_ms": round(1000 * (time.monotonic() - began))})

    def search_people(self) -> Response:
        """Answer the cases of a reporter: a whole name or phone, for a reason, on the record first."""
        asked, asking = body(PersonRequest), allowed("search_people")
        words, who = texts(asked.language), who_of(asking)

        def mine(row: CaseRow) -> bool:
            return may_find(asking, row) and may_case(asking, "search_people", row)

        hits = self.offload(lambda: self.people.find(who, machine_ms(), asked.person, asked.reason, mine))
        lights = self.room.board().lights
        shown = [self.case_hit(hit.row, hit.address, lights.get(hit.row.case_id, 0), words) for hit in hits]
        return as_json({"hits": shown, "n": len(shown), "is_more": False})

    def parse(self, text: str, now: int) -> SearchQuery:
        """What the line asks for, by the district's day."""
        day = self.district.day_of(now)
        today = datetime(day // 10_000, day // 100 % 100, day % 100).date()
        return parse_query(text, today, self.district, self.names)

    def _cases(
        self, query: SearchQuery, group: Group, asking: Person, words: dict[str, Any], now: int
    ) -> dict[str, Any]:
        def mine(row: CaseRow) -> bool:
            return may_find(asking, row)

        cut = (now - RECENT_MS) // 1000 * 1000
        try:
            if group == "open":
                board = self.room.board()
                rows = [row for row in board.rows.values() if mine(row)]
                found: CaseHits = self.offload(lambda: self.reader.open_ones(query, rows))
                lights = {hit.row.case_id: board.lights.get(hit.row.case_id, 0) for hit in found.hits}
            else:
                span, lights = ((cut, now + DAY_MS) if group == "over" else (0, cut)), {}
                found = self.offload(lambda: self.reader.over_ones(query, scope_of(asking), mine, span))
        except STORE_ERRORS:
            refuse(503, "库暂时查不到 / the store does not answer")
        return {
            "hits": [self.case_hit(hit.row, hit.address, lights.get(hit.row.case_id, 0), words) for hit in found.hits],
            "n": found.n,
            "is_more": found.is_more,
            "since": minute_day(cut, self.district),
            "back_to": None if found.looked_back_to is None else minute_day(found.looked_back_to, self.district),
        }

    def _street_of(self, person: Person) -> str:
        """The street whose places are the person's; of a grid worker the grid's; empty: everywhere."""
        grid = self.district.grids.get(person.grid)
        if grid is None:
            return person.street
        community = self.district.communities.get(grid.parent)
        return community.parent if community is not None else grid.parent

    def case_hit(self, row: CaseRow, address: str, light: int, words: dict[str, Any]) -> dict[str, Any]:
        """A case as the palette shows it."""
        district, zone, english = self.district, self.district.zone, words["language"] == "en"
        names = [
            areas[code].name if code in areas else code
            for areas, code in (
                (district.streets, row.street),
                (district.communities, row.community),
                (district.grids, row.grid),
            )
            if code
        ]
        if english and row.street in district.streets_en:
            names[0] = district.streets_en[row.street]
        unit = (district.units_en if english else district.units).get(row.lead_unit, "")
        return {
            "id": row.case_id, "what": row.class_name or words["domain"].get(row.domain, row.domain),
            "where": address or (names[-1] if names else ""), "area": " · ".join(names),
            "unit": unit or district.units.get(row.lead_unit, row.lead_unit), "is_open": row.is_open, "light": light,
            "status": words["status"].get(row.status, row.status),
            "reported": minute_day(row.reported_at, district, with_time=True),
            "ended": minute_day(row.closed_at, district) if row.closed_at is not None else "",
            "due": minute_text(row.deadline_at, zone) if row.deadline_at is not None else "",
            "left_ms": None if row.deadline_at is None else row.deadline_at - self.clock.now_ms(),
            "street": row.street,
        }  # fmt: skip

    def _place(self, hit: PlaceHit, words: dict[str, Any]) -> dict[str, Any]:
        name = hit.name or hit.code
        if words["language"] == "en":
            name = {"street": self.district.streets_en, "unit": self.district.units_en}.get(hit.kind, {}).get(
                hit.code, name
            )
        street = self.district.streets[hit.street].name if hit.street in self.district.streets else ""
        if words["language"] == "en":
            street = self.district.streets_en.get(hit.street, street)
        return {"kind": hit.kind, "code": hit.code, "name": name, "at": hit.at, "street": street, "of": hit.street}

    def _taken_for(self, query: SearchQuery, words: dict[str, Any]) -> str:
        """What the line was taken for, in words."""
        said = words["search"]
        parts = []
        if any(word.codes for word in query.words):
            parts.append(said["as_names"])
        if near := list(dict.fromkeys(name for word in query.words for name in word.near)):
            more = said["as_near_more"].format(n=len(near)) if len(near) > NEAR_NAMED else ""
            parts.append(said["as_near"].format(names=said["near_and"].join(near[:NEAR_NAMED]) + more))
        if any(word.only != "grid" for word in query.words):
            is_number = all(word.text.replace(" ", "").isdigit() for word in query.words)
            parts.append(said["as_number"] if is_number else said["as_text"])
        if query.since is not None and query.until is not None:
            first, last = (minute_day(at, self.district) for at in (query.since, query.until - 1))
            parts.append(first if first == last else f"{first}–{last}")
        return str(said["taken_for"]).format(what=said["and"].join(parts))


def minute_day(ms: int | None, district: District, *, with_time: bool = False) -> str:
    """2026-11-20, with the time 2026-11-20 10:52."""
    if ms is None:
        return ""
    try:
        moment = datetime.fromtimestamp(ms / 1000, district.zone)
    except (ValueError, OverflowError):  # a publisher's year 1 is before the local calendar's
        return "—"
    return f"{moment:%Y-%m-%d %H:%M}" if with_time else f"{moment:%Y-%m-%d}"


def may_find(person: Person, row: CaseRow) -> bool:
    """Whether a search may show the person this case: theirs, and of a sensitive class only to who works on it."""
    if not may_case(person, "search", row) or not may_case(person, "see_texts", row):
        return False
    return row.domain not in SENSITIVE_DOMAINS or may_case(person, "see_sensitive", row)


def scope_of(person: Person) -> SearchScope:
    """What of the index is the person's: their street, community, unit or grid; without classes that they may not see.

    Of a unit the cases that it leads: of those that are over the index knows nobody beside.
    """
    codes = ("street", person.street), ("community", person.community), ("unit", person.unit), ("grid", person.grid)
    own = tuple((kind, code) for kind, code in codes if code)
    hidden = frozenset() if may(person, "see_sensitive") else SENSITIVE_DOMAINS
    return SearchScope(own, hidden)


def package_names(district: District) -> CodeNames:
    """The names of the package and, in every language, of the unified classes."""
    classes = {code: tuple(str(texts(language)["domain"][code]) for language in LANGUAGES) for code in DOMAINS}
    return names_of(district, classes)


def register_search(server: Flask, page: SearchPage) -> None:
    """Add the addresses."""
    add_routes(
        server,
        [
            ("/api/v1/search", "POST", page.search_cases),
            ("/api/v1/search/people", "POST", page.search_people),
        ],
    )
