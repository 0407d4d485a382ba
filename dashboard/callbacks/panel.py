"""The one callback of the panel: a picked case, camera or figure → one read → what it says."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboard.callbacks.panel_ahead import DrawnPanel, PanelsAhead
from dashboard.door.access import person
from dashboard.layouts import ids
from dashboard.layouts.camera_panel import camera_panel
from dashboard.layouts.case_panel import panel
from dashboard.layouts.figure_panel import figure_panel
from dashboard.layouts.moments import second_text
from dashboard.layouts.watch_panel import watch_panel
from dashboard.live.room import LiveRoom
from dashboard.texts import texts
from services.access.rights import DISTRICT, Person, may
from services.board.readers.camera import CameraReader
from services.board.readers.case import CaseReader, CaseView
from services.board.readers.figure import FigureReader
from services.board.watched_areas import Watch
from services.cases.whose import may_case
from services.district.package import District
from services.indicators.figures_reader import NotKept, Scope
from services.platform.errors import STORE_ERRORS

Watched = tuple[Sequence[Watch], Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class PanelReaders:
    """What the panel reads from. ``desk`` draws a desk's panel; ``look`` records that a person looked at a case."""

    district: District
    reader: CaseReader
    figures: FigureReader
    watch: Callable[[], Watched]
    now: Callable[[], int]
    cameras: CameraReader
    desk: Callable[[CaseView, dict[str, Any], Person], Any]
    look: Callable[[Person, str], None]
    ahead: PanelsAhead

    def show_case(self, picked: Any, _clicks: int | None, language: str) -> tuple[Any, Any]:
        """Whether the panel is hidden, and what it says."""
        if ctx.triggered_id == ids.PANEL_CLOSE:
            return True, []
        if not isinstance(picked, dict):
            return no_update, no_update
        words = texts(language if isinstance(language, str) else "")
        try:
            content = self._content(picked, words)
        except STORE_ERRORS:
            return False, words["panel"]["failed"]
        return (no_update, no_update) if content is None else (False, content)

    def _content(self, picked: dict[str, Any], words: dict[str, Any]) -> Any:
        if "camera" in picked:
            camera = picked["camera"]
            is_one = isinstance(camera, str) and may(person(), "see_coverage")
            can_repair = bool(picked.get("desk")) and may(person(), "camera.repair")
            return camera_panel(self.cameras.view(camera), words, self.district, can_repair) if is_one else None
        return self._case(picked, words) if "id" in picked else self._figure(picked, words)

    def _case(self, picked: dict[str, Any], words: dict[str, Any]) -> Any:
        case_id = picked["id"]
        if not isinstance(case_id, str) or not case_id:
            return None
        if (moment := picked.get("moment")) is not None:
            return self._past_case(case_id[:64], moment, words)
        asking = person()
        drawn = self.ahead.take(asking.user_id, case_id, words["language"]) if picked.get("desk") else None
        if drawn is not None and may_case(asking, "see_texts", drawn.row):
            self.look(asking, drawn.row.case_id)
            return drawn.content
        view = self._view(case_id[:64], words, asking)
        if view is not None and not may_case(asking, "see_case", view.row):
            return html.H2(words["word"]["not_allowed"])
        if view is not None and picked.get("desk") and may_case(asking, "see_texts", view.row):
            self.look(asking, view.row.case_id)
            return self.desk(view, words, asking)
        place = self.cameras.place(view.row) if view is not None and view.row.is_open else None
        return panel(view, words, self.district.zone, place)

    def _view(self, case_id: str, words: dict[str, Any], asking: Person) -> CaseView | None:
        view = self.reader.view(case_id, self.now(), english=words["language"] == "en")
        if view is None:
            return None
        # What may be the same matter may lie across the street's border, or be another unit's.
        same = [one for one in view.same if may(asking, "see_case", one[0].street, one[0].community)]
        return view._replace(same=tuple(same))

    def prepare(self, asking: Person, case_id: str, language: str) -> None:
        """Draw a desk's panel of a case ahead, for the person to open; nothing is shown, nothing is recorded."""
        words = texts(language)

        def draw() -> DrawnPanel | None:
            view = self._view(case_id, words, asking)
            if view is None or not may_case(asking, "see_texts", view.row):
                return None
            return DrawnPanel(view.row, self.desk(view, words, asking))

        self.ahead.prepare(asking.user_id, case_id, words["language"], draw)

    def _past_case(self, case_id: str, moment: Any, words: dict[str, Any]) -> Any:
        """A case as it was known at a past moment."""
        if not isinstance(moment, int) or isinstance(moment, bool) or not 0 < moment <= self.now():
            return None
        if not may(person(), "see_replay"):
            return html.H2(words["word"]["not_allowed"])
        view = self.reader.past(case_id, moment, english=words["language"] == "en")
        at = html.P(words["replay"]["panel_at"].format(time=second_text(moment, self.district.zone)), className="after")
        found = [html.H2(words["replay"]["not_then"])] if view is None else panel(view, words, self.district.zone)
        return [at, *found]

    def _figure(self, picked: dict[str, Any], words: dict[str, Any]) -> Any:
        """A figure that the wall shows: its name, the heading that it is of, and its span."""
        name, scope = picked.get("figure"), picked.get("scope") or {}
        if not isinstance(name, str) or not isinstance(scope, dict):
            return None
        headings = {k: v[:64] for k, v in scope.items() if k in Scope._fields and isinstance(v, str)}
        street = DISTRICT if name == "watch" else headings.get("street", DISTRICT)
        if not may(person(), "see_figures", street, headings.get("community")):
            return html.H2(words["word"]["not_allowed"])
        if name == "watch":
            return watch_panel(*self.watch(), words, self.district)
        span = "month" if picked.get("span") == "month" else "today"
        try:
            view = self.figures.view(name, Scope(**headings), self.now(), span)
        except (KeyError, NotKept):
            return None
        # A workstation may ask for its street's figure; of the cases behind it it sees its community's.
        mine = [one for one in view.cases if may_case(person(), "see_case", one[0])]
        return figure_panel(view._replace(cases=tuple(mine)), words, self.district)


def register_panel(app: Dash, readers: PanelReaders, room: LiveRoom) -> None:
    """Register the callback of the panel that every page has, and what desks have drawn ahead (``room``'s socket)."""
    app.callback(
        Output(ids.PANEL, "hidden"),
        Output(ids.PANEL_BODY, "children"),
        Input(ids.PICKED, "data"),
        Input(ids.PANEL_CLOSE, "n_clicks"),
        State(ids.PANEL, "lang"),
        prevent_initial_call=True,
    )(readers.show_case)
    _register_ahead(room, readers)


def _register_ahead(room: LiveRoom, readers: PanelReaders) -> None:
    """Let desks name the case that is about to be opened (the socket's ``ahead``)."""

    def ahead(wish: Any = None) -> None:
        found = room.people.get(flask.request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        case_id = wish.get("case_id") if isinstance(wish, dict) else None
        language = wish.get("lang") if isinstance(wish, dict) else ""
        if found is None or not isinstance(case_id, str) or not isinstance(language, str):
            return
        with contextlib.suppress(*STORE_ERRORS):  # the click asks again, and says so
            readers.prepare(found, case_id[:64], language[:8])

    room.socketio.on_event("ahead", room.guarded("ahead", ahead))
