"""/admin/notices: tell the desks something until a time, and take it down again."""

from dataclasses import dataclass

from flask import Flask, Response, request

from dashboard.callbacks.admin.shell import AdminShell
from dashboard.door.access import person
from dashboard.door.recording import who_of
from dashboard.door.refusal_text import refusal_text
from dashboard.door.routes import add_routes
from services.duty.desk_notice import LONGEST, MOST_STANDING, DeskNotice, NoticeRefused
from services.duty.desk_notices_service import DeskNotices
from services.platform.clock import HOUR_MS

# Spans that the form offers; «until» takes any other.
HOURS = (1, 4, 12, 24)


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """The page and its two acts."""

    shell: AdminShell
    notices: DeskNotices

    def notices_page(self) -> Response:
        """Show the form and the last notices."""
        return self._show()

    def notices_act(self) -> Response:
        """Send one, or take one down; the answer is the page again, with what came of it."""
        form, asking, words = request.form.to_dict(), person(), self.shell.words()
        who = who_of(asking)
        try:
            if form.get("do") == "end":
                self.shell.offload(lambda: self.notices.end(who, form.get("notice", "")[:32]))
                return self._show(said=words["admin"]["notices"]["ended"])
            until, text, seat = self._until(form), form.get("text", "")[:2000], form.get("seat", "")[:32]
            self.shell.offload(lambda: self.notices.send(who, asking.name, text, seat, until))
        except NoticeRefused as refused:
            return self._show(refused.status, wrong=refusal_text(refused, words), typed=form)
        return self._show(said=words["admin"]["notices"]["sent"])

    def _until(self, form: dict[str, str]) -> int:
        """When it ends, Unix ms: so many hours from now, or a moment by the district's clock; 0 where it is neither."""
        hours = form.get("hours", "")
        if hours.isascii() and hours.isdecimal() and len(hours) < 4:
            return self.shell.clock.now_ms() + int(hours) * HOUR_MS
        try:
            return self.shell.entered(form.get("until", ""))
        except (ValueError, OverflowError):
            raise NoticeRefused("no_time") from None

    def _show(
        self, code: int = 200, *, wrong: str = "", said: str = "", typed: dict[str, str] | None = None
    ) -> Response:
        now, found = self.shell.clock.now_ms(), self.shell.offload(self.notices.newest)
        district = self.shell.district
        return self.shell.show(
            "notices", "admin_notices.html", code, wrong=wrong, said=said, typed=typed or {}, hours=HOURS,
            longest=LONGEST, most=MOST_STANDING, streets=[(c, area.name) for c, area in district.streets.items()],
            rows=[self._row(one, now) for one in found], example=self.shell.at(now + 4 * HOUR_MS),
        )  # fmt: skip

    def _row(self, one: DeskNotice, now: int) -> dict[str, object]:
        streets, words = self.shell.district.streets, self.shell.words()["admin"]["notices"]
        at = self.shell.at
        if one.stands(now):
            state = words["stands_until"].format(at=at(one.until))
        elif one.ended_at is not None:
            state = words["ended_at"].format(at=at(one.ended_at), who=one.ended_by)
        else:
            state = words["over_at"].format(at=at(one.until))
        place = streets[one.seat].name if one.seat in streets else one.seat or words["all_desks"]
        return {
            "id": one.id,
            "text": one.text,
            "place": place,
            "by": one.by_name,
            "at": at(one.at),
            "state": state,
            "stands": one.stands(now),
        }


def register_notices(server: Flask, page: NoticesPage) -> None:
    """Add the page and its acts."""
    add_routes(server, [("/admin/notices", "GET", page.notices_page), ("/admin/notices", "POST", page.notices_act)])
