"""The wall's one callback: a picked case → one read → the panel."""

from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from dashboard import ids
from dashboard.layouts.case_panel import panel
from dashboard.texts import texts
from services.case_view import CaseReader
from services.district.package import District
from services.liveboard.follower import STORE_ERRORS


def register(app: Dash, district: District, reader: CaseReader) -> None:
    """Register the callbacks of ``/wall``."""

    @app.callback(
        Output(ids.PANEL, "hidden"),
        Output(ids.PANEL_BODY, "children"),
        Input(ids.PICKED, "data"),
        Input(ids.PANEL_CLOSE, "n_clicks"),
        State(ids.WALL, "lang"),
        prevent_initial_call=True,
    )
    def show_case(picked: Any, _clicks: int | None, language: str) -> tuple[Any, Any]:
        if ctx.triggered_id == ids.PANEL_CLOSE:
            return True, []
        case_id = picked.get("id") if isinstance(picked, dict) else None
        if not isinstance(case_id, str) or not case_id:
            return no_update, no_update
        words = texts(language)
        try:
            view = reader.view(case_id[:64], english=language == "en")
        except STORE_ERRORS:
            return False, words["panel"]["failed"]
        return False, panel(view, words, district.zone)
