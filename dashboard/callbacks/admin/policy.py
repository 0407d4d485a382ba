"""/admin/policy: each target and rule with its unit and its effect, tried on last week before it is saved."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from dashboard.callbacks.admin.package_pages import PackagePages, Unsaved, entered_number
from dashboard.door.routes import add_routes, redirect
from services.admin.changes import PackageChange, PresentFile
from services.admin.policy_fields import FIELDS, BadValue, PolicyField, entered_value, shown_value, value_of, values_in
from services.admin.policy_preview import RERUN, MoreCase, RulePreview, TargetPreview
from services.admin.preview_reader import TARGETS, Week, last_week, rule_preview, target_preview
from services.admin.toml_edit import EditImpossible, set_value
from services.district.policy import Policy, read_policy

FILE = "policy.toml"
LISTED, STREETS = 5, 15
# Why a value cannot be tried on last week, where it is not for later things alone.
_WHY_NOT = {
    "escalation.unheld_minutes": "why_unheld", "escalation.modes.unheld": "why_unheld",
    "escalation.whistle_minutes": "why_whistle", "escalation.modes.whistle": "why_whistle",
    "escalation.repeat_metres": "why_repeat", "escalation.repeat_days": "why_repeat",
    "escalation.repeat_earlier": "why_repeat", "escalation.modes.repeat": "why_repeat",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Tried:
    """What was entered, and what last week would have been with it."""

    value: float | str
    text: str
    preview: dict[str, Any]
    is_too_much: bool


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """The page and its save."""

    pages: PackagePages

    def policy_page(self) -> Response:
        """Show one value with what it does, and with ``value`` what another one would have done."""
        return self._show(request.args.get("field", ""), request.args.get("value", "")[:40])

    def change_policy(self) -> Response:
        """Save a value. What would propose nearly everything is saved only where somebody has said so."""
        form = request.form
        field, text = self._field(form.get("field", "")), form.get("value", "")[:40]
        present = self.pages.keeper.present(FILE)[FILE]
        try:
            value = entered_value(field, text)
            tried = self._tried(field, value, present)
            if tried.is_too_much and not form.get("sure"):
                return self._show(field.key, text, 409)
            made = self.pages.save(
                PackageChange(
                    "policy",
                    field.key,
                    {FILE: self._with(field, value, present)},
                    form.get("reason", "").strip()[:501],
                    entered_number("seen"),
                    self.pages.tomorrow() if form.get("from") == "tomorrow" else 0,
                )
            )
        except BadValue as bad:
            return self._show(field.key, text, 400, wrong=self.pages.words["bad"][bad.code])
        except EditImpossible:
            return self._show(field.key, text, 409, wrong=self.pages.words["impossible"])
        except Unsaved as error:
            wrong = " · ".join([error.words, *error.lines])
            return self._show(field.key, text, error.code, wrong=wrong, reason=form.get("reason", "")[:500])
        aim = self.pages.shell.to("/admin/policy", field=field.key, done=made.number)
        return redirect(aim, 303)

    def _field(self, key: str) -> PolicyField:
        return FIELDS.get(key) or next(iter(FIELDS.values()))

    def _with(self, field: PolicyField, value: float | str, present: PresentFile) -> bytes:
        content = present.newest or b""
        mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
        return mark + set_value(content.decode("utf-8-sig"), field.path, value).encode()

    def _show(self, key: str, text: str, code: int = 200, *, wrong: str = "", reason: str = "") -> Response:
        field, words, shell = self._field(key), self.pages.words, self.pages.shell
        present = self.pages.keeper.present(FILE)[FILE]
        now, newest = values_in(present.in_force), values_in(present.newest)
        tried = None
        if text:
            try:
                value = entered_value(field, text)
                tried = self._tried(field, value, present)
            except BadValue as bad:
                code, wrong = 400, wrong or words["bad"][bad.code]
        pending = [one for one in present.pending if value_of(field, now) != value_of(field, newest)]
        return shell.show(
            "policy", "admin_policy.html", code, wrong=wrong, said="" if wrong else self.pages.done(), o=words,
            groups=self._groups(now, newest, field), field=field, text=text, reason=reason, tried=tried,
            label=words["field"][field.key], unit=words["units"][field.unit],
            value=self.said(field, value_of(field, now)),
            entry=shown_value(field, value_of(field, newest)), default=self.said(field, field.default),
            not_yet=words["not_yet"].format(
                t=shell.at(pending[0].effective_at), v=self.said(field, value_of(field, newest))
            ) if pending else "",
            shadowed=self.pages.shadowed(),
            seen=present.number, history=self.pages.history("policy", self._name, field.key), part="policy",
            about=field.key, tomorrow=shell.at(self.pages.tomorrow()),
        )  # fmt: skip

    def _name(self, key: str, _column: str) -> str:
        found = self.pages.words["field"].get(key)
        return str(found["name"]) if found else key

    def said(self, field: PolicyField, value: float | str) -> str:
        """A value with its unit, or its word."""
        words = self.pages.words
        if field.choices:
            return str(words["choices"][str(value)])
        shown, unit = shown_value(field, value), words["units"][field.unit]
        return f"{shown}{unit}" if unit == "%" else f"{shown} {unit}"

    def _groups(self, now: Mapping[str, Any], newest: Mapping[str, Any], chosen: PolicyField) -> list[dict[str, Any]]:
        words = self.pages.words
        groups: dict[str, list[dict[str, Any]]] = {}
        for field in FIELDS.values():
            value = value_of(field, now)
            groups.setdefault(field.group, []).append(
                {
                    "key": field.key,
                    "name": words["field"][field.key]["name"],
                    "value": self.said(field, value),
                    "later": value != value_of(field, newest),
                    "here": field is chosen,
                }
            )
        return [{"name": words["groups"][group], "fields": found} for group, found in groups.items()]

    def _tried(self, field: PolicyField, value: float | str, present: PresentFile) -> _Tried:
        """Run it over last week's cases. Raises BadValue where the check would refuse it."""
        shell, text = self.pages.shell, shown_value(field, value)
        values = values_in(present.newest)
        before = _policy_of(values)
        place = values
        for key in field.path[:-1]:
            place = place.setdefault(key, {})
        place[field.path[-1]] = value
        after = _policy_of(values)
        if field.key not in RERUN and field.key not in TARGETS:
            why = self.pages.words["preview"][_WHY_NOT.get(field.key, "why_later")]
            return _Tried(value, text, {"not_rerun": self.pages.words["preview"]["not_rerun"].format(why=why)}, False)
        began = time.monotonic()

        def work() -> tuple[Week, RulePreview | TargetPreview]:
            with shell.engine.connect() as connection:
                week = last_week(connection, shell.district, shell.clock.now_ms())
                if field.key in TARGETS:
                    targets = getattr(before, field.path[0]), getattr(after, field.path[0])
                    return week, target_preview(connection, shell.district, week, field.path[0], targets)
                return week, rule_preview(connection, week, before, after)

        week, found = shell.offload(work)
        basis = {
            "first": self._day(week.first),
            "last": shell.at(week.end - 1, "%m-%d"),
            "days": week.days,
            "seconds": f"{time.monotonic() - began:.1f}",
        }
        if isinstance(found, TargetPreview):
            return _Tried(value, text, basis | self._targets(found, after, field), False)
        is_too_much = found.is_too_much(after.alarms.most_per_hour)
        return _Tried(value, text, basis | self._rules(found, after), is_too_much)

    def _day(self, day: int) -> str:
        return f"{day // 100 % 100:02}-{day % 100:02}"

    def _targets(self, found: TargetPreview, after: Policy, field: PolicyField) -> dict[str, Any]:
        streets, target = self.pages.shell.district.streets, getattr(after, field.path[0])
        rows = sorted(found.rates.items(), key=lambda item: item[1][0], reverse=found.better == "down")
        return {
            "targets": [
                {
                    "name": streets[code].name,
                    "rate": f"{rate * 100:.1f}%",
                    "n": n,
                    "met": rate <= target if found.better == "down" else rate >= target,
                }
                for code, (rate, n) in rows
            ],
            "met": (found.now, found.then),
        }

    def _rules(self, found: RulePreview, after: Policy) -> dict[str, Any]:
        words, shell, more, fewer = self.pages.words["preview"], self.pages.shell, len(found.more), len(found.fewer)
        streets = shell.district.streets
        if more and fewer:
            head = words["both"].format(a=more, b=fewer)
        else:
            head = words["more"].format(n=more) if more else words["fewer"].format(n=fewer) if fewer else words["same"]
        rows = sorted(found.streets.items(), key=lambda item: (-max(item[1]), item[0]))
        most = max((max(both) for both in found.streets.values()), default=1) or 1
        ended = [one.ended for one in found.more]
        return {
            "cases": found.cases, "head": head, "sum": (found.now, found.then),
            "ends": {name: ended.count(name) for name in ("closed", "district", "open")} if more else None,
            "an_hour": words["an_hour"].format(
                a=f"{found.an_hour[0]:.1f}", b=f"{found.an_hour[1]:.1f}", w=after.alarms.acceptable_per_hour,
                m=after.alarms.most_per_hour,
            ),
            "streets": [
                {"name": streets[code].name if code in streets else code, "now": both[0], "then": both[1],
                 "difference": f"{both[1] - both[0]:+d}" if both[0] != both[1] else "0",
                 "now_width": round(100 * both[0] / most), "then_width": round(100 * both[1] / most)}
                for code, both in rows[:STREETS]
            ],
            "more": self._cases(found.more), "fewer": self._cases(found.fewer), "n_more": more, "n_fewer": fewer,
            "listed": LISTED,
            "too_much": words["too_much"].format(n=found.cases, k=found.then),
        }  # fmt: skip

    def _cases(self, found: list[MoreCase]) -> list[dict[str, str]]:
        words, district = self.pages.shell.words(), self.pages.shell.district
        labels = words["package"]["preview"]
        ordered = sorted(found, key=lambda one: one.strike.at or one.row.reported_at, reverse=True)
        return [
            {
                "at": self.pages.shell.at(one.strike.at, "%m-%d %H:%M") if one.strike.at else labels["no_clock"],
                "id": one.row.case_id,
                "street": district.streets[one.row.street].name
                if one.row.street in district.streets
                else one.row.street,
                "class": words["domain"].get(one.row.domain, one.row.domain),
                "ended": labels[f"ended_{one.ended}"],
            }
            for one in ordered[:200]
        ]


def _policy_of(values: dict[str, Any]) -> Policy:
    """The policy of a file's values. Raises BadValue where one cannot be."""
    bad: list[str] = []
    found = read_policy(values, lambda key, _problem, _remedy: bad.append(key))
    if bad:
        raise BadValue("check")
    return found


def register_policy(server: Flask, pages: PackagePages) -> None:
    """Add the page and its save."""
    page = PolicyPage(pages)
    add_routes(server, [("/admin/policy", "GET", page.policy_page), ("/admin/policy", "POST", page.change_policy)])
