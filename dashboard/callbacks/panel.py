"""The panel: what is picked — a case, a camera, a figure — as HTML of one address, which the page puts in at once.

Who may see it is asked as at every address; a case that is opened on a desk is recorded before it is sent.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from dash import html
from flask import Flask, Response

from dashboard.callbacks.desk_panel import DeskFacts, DeskPanel
from dashboard.callbacks.panel_ahead import DrawnPanel, PanelsAhead
from dashboard.door.access import allowed, allowed_case, person, refuse
from dashboard.layouts.camera_panel import camera_panel
from dashboard.layouts.case_panel import panel
from dashboard.layouts.figure_panel import figure_panel
from dashboard.layouts.markup import markup
from dashboard.layouts.moments import second_text
from dashboard.layouts.photo_part import photo_part
from dashboard.layouts.watch_panel import watch_panel
from dashboard.live.room import LiveRoom
from dashboard.texts import texts
from services.access.rights import DISTRICT, Person, may
from services.board.readers.camera import CameraReader
from services.board.readers.case import CaseReader, CaseView
from services.board.readers.figure import FigureReader
from services.board.watched_areas import Watch
from services.cases.whose import may_case, may_photos
from services.district.package import District
from services.indicators.figures_reader import NotKept, Scope
from services.platform.errors import STORE_ERRORS
from services.platform.offload import Offload

Watched = tuple[Sequence[Watch], Sequence[dict[str, Any]]]
# The longest id of a case, a camera or a heading that is looked for.
MOST_CHARS = 64


@dataclass(frozen=True, slots=True)
class PanelPage:
    """What the panel reads from. ``look`` records that a person looked at a case."""

    district: District
    reader: CaseReader
    figures: FigureReader
    watch: Callable[[], Watched]
    now: Callable[[], int]
    cameras: CameraReader
    desk: DeskPanel
    look: Callable[[Person, str], None]
    ahead: PanelsAhead
    offload: Offload

    def panel(self) -> Response:
        """Answer the panel of ``case`` (as known at a past ``moment``), of ``camera`` or of ``figure``, as HTML.

        ``desk=1``: with what can be done about it; ``lang``: in which language.
        """
        asked = flask.request.args
        words = texts(asked.get("lang", ""))
        if case_id := asked.get("case", "")[:MOST_CHARS]:
            found = self._case(case_id, words)
        elif camera := asked.get("camera", "")[:MOST_CHARS]:
            found = self._camera(camera, words)
        elif figure := asked.get("figure", "")[:MOST_CHARS]:
            found = self._figure(figure, words)
        else:
            refuse(400, "name a case, a camera or a figure")
        text = found if isinstance(found, str) else markup(found)
        # An id from outside may hold half a character, which is none in UTF-8.
        return Response(text.encode("utf-8", "replace"), content_type="text/html; charset=utf-8")

    def _camera(self, camera: str, words: dict[str, Any]) -> Any:
        asking = allowed("see_coverage")
        can_repair = _is_desk() and may(asking, "camera.repair")
        return camera_panel(self.cameras.view(camera), words, self.district, can_repair)

    def _case(self, case_id: str, words: dict[str, Any]) -> Any:
        """A case, as HTML where it was drawn ahead."""
        if "moment" in flask.request.args:
            return self._past_case(case_id, words)
        asking = person()
        drawn = self.ahead.take(asking.user_id, case_id, words["language"]) if _is_desk() else None
        if drawn is not None and may_case(asking, "see_texts", drawn.row):
            self.look(asking, drawn.row.case_id)
            return drawn.text
        view, beside = self._read(case_id, words, asking, is_desk=_is_desk())
        if view is not None:
            allowed_case("see_case", view.row)
        if view is not None and beside is not None and may_case(asking, "see_texts", view.row):
            self.look(asking, view.row.case_id)
            return self.desk.draw(view, beside, words, asking)
        place = self.cameras.place(view.row) if view is not None and view.row.is_open else None
        return panel(view, words, self.district.zone, place)

    def _read(
        self, case_id: str, words: dict[str, Any], asking: Person, *, is_desk: bool
    ) -> tuple[CaseView | None, DeskFacts | None]:
        """The case, and what a desk says beside it, in one walk to a thread and back."""
        now, english = self.now(), words["language"] == "en"
        view, beside = self.offload(
            lambda: (
                self.reader.view(case_id, now, english=english),
                self.desk.beside(case_id) if is_desk else None,
            )
        )
        if view is None:
            return None, None
        # What may be the same matter may lie across the street's border, or be another unit's.
        same = [one for one in view.same if may(asking, "see_case", one[0].street, one[0].community)]
        return view._replace(same=tuple(same)), beside

    def prepare(self, asking: Person, case_id: str, language: str) -> None:
        """Draw a desk's panel of a case ahead, for the person to open; nothing is shown, nothing is recorded."""
        words = texts(language)

        def draw() -> DrawnPanel | None:
            view, beside = self._read(case_id, words, asking, is_desk=True)
            if view is None or beside is None or not may_case(asking, "see_texts", view.row):
                return None
            return DrawnPanel(view.row, markup(self.desk.draw(view, beside, words, asking)))

        self.ahead.prepare(asking.user_id, case_id, words["language"], draw)

    def _past_case(self, case_id: str, words: dict[str, Any]) -> Any:
        """A case as it was known at a past moment."""
        moment = _moment()
        if not 0 < moment <= self.now():
            refuse(400, "moment: a past one, in milliseconds")
        asking = allowed("see_replay")
        view = self.offload(lambda: self.reader.past(case_id, moment, english=words["language"] == "en"))
        at = html.P(words["replay"]["panel_at"].format(time=second_text(moment, self.district.zone)), className="after")
        if view is None:
            return [at, html.H2(words["replay"]["not_then"])]
        zone, can_see = self.district.zone, may_photos(asking, view.row)
        return [at, *panel(view, words, zone), *photo_part(view, words, zone, can_see=can_see)]

    def _figure(self, name: str, words: dict[str, Any]) -> Any:
        """A figure that the wall shows: its name, the headings that it is of, and its span."""
        asked = flask.request.args
        headings = {heading: asked[heading][:MOST_CHARS] for heading in Scope._fields if heading in asked}
        street = DISTRICT if name == "watch" else headings.get("street", DISTRICT)
        asking = allowed("see_figures", street, headings.get("community"))
        if name == "watch":
            return watch_panel(*self.watch(), words, self.district)
        span = "month" if asked.get("span") == "month" else "today"
        try:
            view = self.figures.view(name, Scope(**headings), self.now(), span)
        except (KeyError, NotKept):
            refuse(404, "there is no such figure")
        # A workstation may ask for its street's figure; of the cases behind it it sees its community's.
        mine = [one for one in view.cases if may_case(asking, "see_case", one[0])]
        return figure_panel(view._replace(cases=tuple(mine)), words, self.district)


def _is_desk() -> bool:
    return flask.request.args.get("desk") == "1"


def _moment() -> int:
    """The past moment that is asked for (Unix ms); 0 where it is no number."""
    text = flask.request.args.get("moment", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def register_panel(server: Flask, page: PanelPage, room: LiveRoom) -> None:
    """Add the address of the panel that every page has, and what desks have drawn ahead (``room``'s socket)."""
    server.add_url_rule("/api/v1/panel", view_func=page.panel, methods=["GET"])

    def ahead(wish: Any = None) -> None:
        found = room.people.get(flask.request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        case_id = wish.get("case_id") if isinstance(wish, dict) else None
        language = wish.get("lang") if isinstance(wish, dict) else ""
        if found is None or not isinstance(case_id, str) or not isinstance(language, str):
            return
        with contextlib.suppress(*STORE_ERRORS):  # the click asks again, and says so
            page.prepare(found, case_id[:MOST_CHARS], language[:8])

    room.socketio.on_event("ahead", room.guarded("ahead", ahead))
