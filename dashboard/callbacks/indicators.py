"""The indicators over HTTP: figures by any heading that the roll-ups hold, and the cases behind one with why.

``/api/v1/indicators?name=…&first=2026-11-01&last=2026-11-24&street=…&by=street,channel`` and ``…/<name>/cases``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import flask
import msgspec
from sqlalchemy import Engine

from dashboard.door.access import allowed, person
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes
from services.access.rights import DISTRICT
from services.cases.whose import may_case
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figure import Figure
from services.indicators.figures_reader import Days, Scope, cases_behind, earlier, figures, window_of
from services.indicators.reasons import WHY
from services.indicators.scope import check_kept
from services.platform.clock import Clock, to_rfc3339
from services.platform.refusal import Refusal

MOST_CASES = 500
LONGEST_SPAN_DAYS = 800
Answer = tuple[dict[str, Any], int] | dict[str, Any]


class _Asked(Refusal):
    """A question that cannot be answered; the text says what to ask instead."""

    status = 400


@dataclass(frozen=True, slots=True)
class IndicatorsPage:
    """What the addresses need, and the addresses."""

    district: District
    engine: Engine
    clock: Clock
    offload: Callable[[Any], Any]
    record: Recorder

    def indicators(self) -> Answer:
        """Answer the figures of the indicators that are named, by any heading of the roll-ups."""
        district, now = self.district, self.clock.now_ms()
        names = [name for name in flask.request.args.get("name", "").split(",") if name] or list(INDICATORS)
        for name in names:
            if name not in INDICATORS:
                raise _Asked(f"indicator {name!r} is unknown: one of {', '.join(INDICATORS)}")
        by = [heading for heading in flask.request.args.get("by", "").split(",") if heading]
        for heading in by:
            if heading not in {*Scope._fields, "day"}:
                raise _Asked(f"by {heading!r} is unknown: one of {', '.join(Scope._fields)}, day")
        days, scope = _span(district, now), _scope()
        check_kept(scope, by)  # here, or gevent's thread prints the trace of it

        def read(span: Days) -> dict[tuple[object, ...], list[Figure]]:
            with self.engine.connect() as connection, connection.begin():
                return figures(connection, district, names, span, now, scope=scope, by=by)

        found: dict[tuple[object, ...], list[Figure]] = self.offload(lambda: read(days))
        others = earlier(district, days)
        spans: dict[str, Days | None] = {} if "day" in by else others.named()
        against: dict[str, dict[tuple[object, ...], list[Figure]]] = {
            name: self.offload(partial(read, span)) if span else {} for name, span in spans.items()
        }
        window = window_of(district, days, now)
        return {
            "district": district.code,
            "scope": scope.named,
            "as_of": to_rfc3339(window.as_of),
            "window": {"from": to_rfc3339(window.start), "to": to_rfc3339(window.end)},
            "compared_with": {
                name: {
                    **_span_said(district, span, now),
                    "why": others.against.why if others.against and not span else "",
                }
                for name, span in spans.items()
            },
            "definitions": {name: _definition(name) for name in names},
            "groups": [
                {
                    "by": dict(zip(by, group, strict=True)),
                    "figures": {
                        f.name: {
                            "value": f.value,
                            "numerator": f.numerator,
                            "denominator": f.denominator,
                            "n": f.n,
                            **{name: _value(other.get(group, []), f.name) for name, other in against.items()},
                        }
                        for f in of_group
                    },
                }
                for group, of_group in sorted(found.items(), key=lambda item: str(item[0]))
            ],
        }

    def cases(self, name: str) -> Answer:
        """Answer the cases behind one indicator, each with why it counts."""
        district, now = self.district, self.clock.now_ms()
        if name not in INDICATORS:
            raise _Asked(f"indicator {name!r} is unknown: one of {', '.join(INDICATORS)}")
        days, scope = _span(district, now), _scope()
        window, asking = window_of(district, days, now), person()

        def read() -> list[dict[str, Any]]:
            with self.engine.connect() as connection, connection.begin():
                behind = cases_behind(connection, district, name, window, scope=scope, limit=MOST_CASES + 1)
                return [
                    {"case_id": row.case_id, "status": row.status, "street": row.street, "unit": row.lead_unit,
                     "numerator": verdict.numerator, "denominator": verdict.denominator, "why": verdict.why,
                     "in_words": dict(zip(("zh", "en"), WHY[verdict.why], strict=True))}
                    for row, verdict in behind
                    if may_case(asking, "see_case", row)
                ]  # fmt: skip

        found: list[dict[str, Any]] = self.offload(read)
        self.record(
            "see_cases",
            asking,
            f"indicator {name}",
            {
                "list": name,
                "asked": scope.named,
                "first": days.first,
                "until": days.end,
                "rows": len(found[:MOST_CASES]),
            },
        )
        return {
            "definition": _definition(name),
            "scope": scope.named,
            "as_of": to_rfc3339(window.as_of),
            "window": {"from": to_rfc3339(window.start), "to": to_rfc3339(window.end)},
            "cases": found[:MOST_CASES],
            "is_cut": len(found) > MOST_CASES,
        }


def register_indicators(server: flask.Flask, page: IndicatorsPage) -> None:
    """Add the addresses to the Flask app."""
    add_routes(
        server,
        [
            ("/api/v1/indicators", "GET", page.indicators),
            ("/api/v1/indicators/<name>/cases", "GET", page.cases),
        ],
    )


def _span_said(district: District, span: Days | None, now: int) -> dict[str, str | None]:
    """From when to when, RFC 3339; both null where nothing is compared."""
    if span is None:
        return {"from": None, "to": None}
    window = window_of(district, span, now)
    return {"from": to_rfc3339(window.start), "to": to_rfc3339(window.end)}


def _value(of_group: list[Figure], name: str) -> float | None:
    """The same group's value in another span; None where there is none, or nothing to divide by."""
    return next((f.value for f in of_group if f.name == name), None)


def _definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(INDICATORS[name])
    return {key: found[key] for key in found if key not in {"parts", "over"}}


def _scope() -> Scope:
    """What is asked for; whoever has a street of their own means it where they name none. 403 for another's."""
    given = {name: flask.request.args[name][:64] for name in Scope._fields if name in flask.request.args}
    if person().street:
        given.setdefault("street", person().street)
    allowed("see_lists", given.get("street") or DISTRICT, given.get("community"))
    return Scope(**given)


def _span(district: District, now: int) -> Days:
    """``first`` and ``last``, both in; today when left out."""
    today = district.day_of(now)
    first, last = (_day(flask.request.args.get(name, ""), name, today) for name in ("first", "last"))
    if "last" not in flask.request.args:
        last = max(first, today)
    if last < first:
        raise _Asked(f"last {last} lies before first {first}")
    end = district.day_after(last)
    if end > district.day_after(first, LONGEST_SPAN_DAYS):
        raise _Asked(f"more than {LONGEST_SPAN_DAYS} days: ask for a shorter span")
    return Days(first, end)


def _day(text: str, name: str, today: int) -> int:
    if not text:
        return today
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise _Asked(f"{name} {text!r} is no day: write for example 2026-11-23") from None
    if not 1990 <= found.year <= 2100:
        raise _Asked(f"{name} {text!r} lies outside 1990 – 2100")
    return int(found.strftime("%Y%m%d"))
