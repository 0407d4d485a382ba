"""The one callback of the panel: a picked case, camera or figure → one read → what it says."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update

from dashboard.door.access import person
from dashboard.layouts import ids
from dashboard.layouts.camera_panel import camera_panel
from dashboard.layouts.case_panel import panel
from dashboard.layouts.figure_panel import figure_panel
from dashboard.layouts.moments import second_text
from dashboard.layouts.watch_panel import watch_panel
from dashboard.texts import texts
from services.access.rights import DISTRICT, Person, may
from services.board.readers.camera import CameraReader
from services.board.readers.case import CaseReader, CaseView
from services.board.readers.figure import FigureReader
from services.board.watched_areas import Watch
from services.district.package import District
from services.indicators.figures_reader import NotKept, Scope
from services.platform.errors import STORE_ERRORS

Watched = tuple[Sequence[Watch], Sequence[dict[str, Any]]]


def register(  # noqa: PLR0917  # one of each reader
    app: Dash,
    district: District,
    reader: CaseReader,
    figures: FigureReader,
    watch: Callable[[], Watched],
    now: Callable[[], int],
    cameras: CameraReader,
    desk: Callable[[CaseView, dict[str, Any], Person], Any],
    look: Callable[[Person, str], None],
) -> None:
    """Register the callback of the panel that every page has; ``desk`` draws a desk's, ``look`` records it."""

    @app.callback(
        Output(ids.PANEL, "hidden"),
        Output(ids.PANEL_BODY, "children"),
        Input(ids.PICKED, "data"),
        Input(ids.PANEL_CLOSE, "n_clicks"),
        State(ids.PANEL, "lang"),
        prevent_initial_call=True,
    )
    def show_case(picked: Any, _clicks: int | None, language: str) -> tuple[Any, Any]:
        if ctx.triggered_id == ids.PANEL_CLOSE:
            return True, []
        if not isinstance(picked, dict):
            return no_update, no_update
        words = texts(language if isinstance(language, str) else "")
        try:
            found = _found(picked, words)
        except STORE_ERRORS:
            return False, words["panel"]["failed"]
        return (no_update, no_update) if found is None else (False, found)

    def _found(picked: dict[str, Any], words: dict[str, Any]) -> Any:
        if "camera" in picked:
            camera = picked["camera"]
            is_one = isinstance(camera, str) and may(person(), "see_coverage")
            return camera_panel(cameras.view(camera), words, district) if is_one else None
        return _case(picked, words) if "id" in picked else _figure(picked, words)

    def _case(picked: dict[str, Any], words: dict[str, Any]) -> Any:
        case_id = picked["id"]
        if not isinstance(case_id, str) or not case_id:
            return None
        if (moment := picked.get("moment")) is not None:
            return _past_case(case_id[:64], moment, words)
        view = reader.view(case_id[:64], now(), english=words["language"] == "en")
        if view is not None and not may(person(), "see_case", view.row.street, view.row.community):
            return html.H2(words["word"]["not_allowed"])
        if view is not None:  # what may be the same matter may lie across the street's border
            same = [one for one in view.same if may(person(), "see_case", one[0].street, one[0].community)]
            view = view._replace(same=tuple(same))
        if view is not None and picked.get("desk") and may(person(), "see_texts", view.row.street, view.row.community):
            look(person(), view.row.case_id)
            return desk(view, words, person())
        place = cameras.place(view.row) if view is not None and view.row.is_open else None
        return panel(view, words, district.zone, place)

    def _past_case(case_id: str, moment: Any, words: dict[str, Any]) -> Any:
        """A case as it was known at a past moment."""
        if not isinstance(moment, int) or isinstance(moment, bool) or not 0 < moment <= now():
            return None
        if not may(person(), "see_replay"):
            return html.H2(words["word"]["not_allowed"])
        view = reader.past(case_id, moment, english=words["language"] == "en")
        at = html.P(words["replay"]["panel_at"].format(time=second_text(moment, district.zone)), className="after")
        found = [html.H2(words["replay"]["not_then"])] if view is None else panel(view, words, district.zone)
        return [at, *found]

    def _figure(picked: dict[str, Any], words: dict[str, Any]) -> Any:
        """A figure that the wall shows: its name, the heading that it is of, and its span."""
        name, scope = picked.get("figure"), picked.get("scope") or {}
        if not isinstance(name, str) or not isinstance(scope, dict):
            return None
        headings = {k: v[:64] for k, v in scope.items() if k in Scope._fields and isinstance(v, str)}
        street = DISTRICT if name == "watch" else headings.get("street", DISTRICT)
        if not may(person(), "see_figures", street, headings.get("community")):
            return html.H2(words["word"]["not_allowed"])
        if name == "watch":
            return watch_panel(*watch(), words, district)
        span = "month" if picked.get("span") == "month" else "today"
        try:
            view = figures.view(name, Scope(**headings), now(), span)
        except (KeyError, NotKept):
            return None
        # A workstation may ask for its street's figure; of the cases behind it it sees its community's.
        mine = [one for one in view.cases if may(person(), "see_case", one[0].street, one[0].community)]
        return figure_panel(view._replace(cases=tuple(mine)), words, district)
