"""Two of anything that a leader compares, as the query names them: spans, streets, classes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from flask import request
from sqlalchemy import Connection

from dashboard.door.access import refuse
from services.contract.codes import DOMAINS
from services.district.package import District
from services.leadership.reader import class_figures
from services.leadership.report import ComparedFigure, Report
from services.leadership.spans import Span
from services.leadership.words import Words

# (what is read on a connection) → what it found, away from the loop.
Read = Callable[[Callable[[Connection], dict[str, ComparedFigure]]], dict[str, ComparedFigure]]


class Side(NamedTuple):
    """One of the two: its figures in words, and what it is called."""

    said: Words
    name: str


class Sides(NamedTuple):
    """The two. ``here`` is the page's own, narrowed to a class where one was named."""

    here: Side
    there: Side


def classes_wished() -> tuple[str, str]:
    """(class here, class there) of the query, '' for all; an unknown one is refused."""
    found = request.args.get("class", ""), request.args.get("with_class", "")
    if any(code and code not in DOMAINS for code in found):
        refuse(404, "没有这个类别 / no such class")
    return found


def side(
    report: Report, span: Span, words: dict[str, Any], district: District, *, domain: str, now: int, read: Read
) -> Side:
    """A report's figures, of one class where ``domain`` names it."""
    said = Words(report, span, words, district)
    name = f"{said.whose} {said.span_name(span)}"
    if not domain:
        return Side(said, name)
    if report.unit:
        refuse(400, "部门没有分类别的数字 / a department's figures are not kept by class")
    figures = read(
        lambda connection: class_figures(connection, district, span, now=now, street=report.street, domain=domain)
    )
    narrowed = msgspec.structs.replace(report, figures=figures)
    return Side(Words(narrowed, span, words, district), f"{name} {said.domain(domain)}")
