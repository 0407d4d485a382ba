"""The after-action review as an A4 paper: figures, maps, the time line, what came late
(services.past.review_reader).
"""

from typing import Any

import msgspec
from sqlalchemy import Engine

from dashboard.door.bodies import Whole
from dashboard.layouts.deadline_account import span_text
from dashboard.layouts.moments import dated_text, second_text
from dashboard.papers.made import Made
from dashboard.papers.map_picture import map_svg
from dashboard.papers.paper import as_pdf, templates
from dashboard.texts import texts
from services.contract.case import Code
from services.district.package import District
from services.leadership.words import NOTHING, percent
from services.past.knowledge import Figures, Late
from services.past.reader import Archived, NothingThen, NotYet, Unmade
from services.past.review_reader import Review, ReviewLine, review
from services.platform.clock import HOUR_MS
from services.platform.errors import OperationError

KIND = "review"
MOST_HOURS = 24
_NAMES = Figures.__struct_fields__
SHOWN = tuple(name for name in _NAMES if name != "due")


class WantedReview(msgspec.Struct, frozen=True):
    """The review of ``hours`` hours up to ``at`` (Unix ms)."""

    at: Whole
    hours: Whole
    language: Code = "zh-CN"


def review_paper(engine: Engine, district: District, now: int, wanted: WantedReview, by: str) -> tuple[str, bytes]:
    """The paper's name and bytes. Raises OperationError in words where nothing is kept of that time."""
    end, words = min(wanted.at, now), texts(wanted.language)
    with engine.connect() as connection, connection.begin():
        try:
            found = review(connection, district, end - wanted.hours * HOUR_MS, end)
        except (NotYet, NothingThen, Archived, Unmade) as missing:
            raise OperationError(_why_not(missing, words["replay"]["trouble"], district)) from None
    name = f"review-{district.code}-{dated_text(end, district.zone).replace(' ', 'T').replace(':', '')}.pdf"
    return name, as_pdf(_html(found, words, district, Made(by, now)))


def _why_not(missing: Exception, words: dict[str, str], district: District) -> str:
    """In the words of the page."""
    if isinstance(missing, NotYet):
        return words["not_yet"].format(n=round(100 * missing.share))
    if isinstance(missing, Archived):
        return words["archived"].format(time=second_text(missing.first, district.zone))
    if isinstance(missing, NothingThen) and missing.first is not None:
        return words["nothing_before"].format(time=second_text(missing.first, district.zone))
    return words["unmade" if isinstance(missing, Unmade) else "nothing"]


def _html(found: Review, words: dict[str, Any], district: District, made: Made) -> str:
    zone, r = district.zone, words["review"]
    english = words["language"] == "en"
    streets = district.streets_en if english else {}
    name = district.name_en if english and district.name_en else district.name

    def at(ms: int) -> str:
        return second_text(ms, zone)

    figures = []
    for room in found.rooms:
        for view in ("then", "now"):
            shown, then = getattr(room.known, view), room.known.then
            if shown is None:
                cells = [(NOTHING, True) for _ in SHOWN]
            else:
                cells = [(_value(n, getattr(shown, n)), getattr(shown, n) != getattr(then, n)) for n in SHOWN]
            figures.append((at(room.at), words["replay"][view], cells))
    return templates().get_template("review.html").render(
        w=words, r=r, p=words["leadership"]["paper"], title=r["title"].format(name=name),
        span=r["span"].format(start=dated_text(found.start, zone), end=dated_text(found.end, zone)),
        end=at(found.end), names=SHOWN,
        made=made.line(words["leadership"]["paper"]["made"], found.end, zone), figures=figures,
        maps=[(at(room.at), map_svg(room.board, district, streets)) for room in found.rooms],
        lines=[_line(line, words, district) for line in found.lines], more=found.n - len(found.lines),
        late=[_late(line, words, district) for line in found.late],
        late_more=found.rooms[-1].known.n - len(found.late),
    )  # fmt: skip


def _value(name: str, n: float | None) -> str:
    if name == "rate":
        return NOTHING if n is None else percent(n)
    return f"{n:,}"


def _line(line: ReviewLine, words: dict[str, Any], district: District) -> tuple[str, str, str, str]:
    zone = district.zone
    known = second_text(line.known_at, zone)
    if line.is_late:
        known += f" {words['review']['late_mark'].format(d=span_text(line.known_at - line.at, words, False))}"
    if line.alarm is not None:
        kind = line.alarm.kind
        what = f"{words['alarm']['names'].get(kind, kind)} · {words['alarm']['steps'].get(line.what, line.what)}"
    else:
        severity = words["word"]["severity"][line.severity]
        what = f"{severity} · {words['event'].get(line.what, line.what)}"
    return second_text(line.at, zone), known, what, _of(line, words, district)


def _late(line: Late, words: dict[str, Any], district: District) -> tuple[str, str, str, str]:
    late = words["review"]["late_mark"].format(d=span_text(line.received_at - line.at, words, False))
    return (
        second_text(line.at, district.zone),
        f"{second_text(line.received_at, district.zone)} {late}",
        words["event"].get(line.type, line.type),
        _of(line, words, district),
    )


def _of(line: ReviewLine | Late, words: dict[str, Any], district: District) -> str:
    """Which case: its id, street and class."""
    english = words["language"] == "en"
    street = district.streets[line.street].name if line.street in district.streets else line.street
    street = district.streets_en.get(line.street, street) if english else street
    name = (not english and line.class_name) or words["domain"].get(line.domain, "")
    return " ".join(part for part in (line.case_id, street, name) if part)
