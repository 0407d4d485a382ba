"""The saved views of a person: what a desk's queue shows, under a name of their own."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from flask import Flask, Response
from msgspec import Meta

from dashboard.door.access import Access, person, refuse
from dashboard.door.bodies import as_json, body
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes
from services.access.saved_views_service import MOST as MOST_VIEWS
from services.access.saved_views_service import SavedViews
from services.contract.case import Code
from services.platform.clock import machine_ms
from services.platform.offload import Offload

ViewName = Annotated[str, Meta(min_length=1, max_length=40)]
PAGES = frozenset({"desk", "street", "small"})


class SavedView(msgspec.Struct, frozen=True):
    """A saved view: the body is the page's own."""

    page: Code
    name: ViewName
    body: Annotated[dict[str, Any], Meta(max_length=100)] = {}


@dataclass(frozen=True, slots=True)
class SavedViewsPage:
    """What the addresses of saved views need, and the addresses."""

    access: Access
    offload: Offload
    record: Recorder

    def saved_views(self, page: str) -> Response:
        """Answer the person's views of a page."""
        asking, views = person(), SavedViews(self.access.engine)
        found = self.offload(lambda: views.of(asking.user_id, page))
        return as_json({"views": [[name, msgspec.Raw(text.encode())] for name, text in found]})

    def save_view(self) -> Response:
        """Save a view, or replace the one of that name."""
        view, asking = body(SavedView), person()
        text = msgspec.json.encode(view.body).decode()
        if view.page not in PAGES or len(text) > 8000:
            refuse(400, "page is desk, street or small, a view has at most 8,000 characters")
        views, now = SavedViews(self.access.engine), machine_ms()
        if not self.offload(lambda: views.save(asking.user_id, view.page, name=view.name, body=text, now=now)):
            refuse(409, f"at most {MOST_VIEWS} views")
        self.record("view_saved", asking, view.name[:64], {"page": view.page})
        return as_json({})

    def drop_view(self) -> Response:
        """Drop a view."""
        view, asking = body(SavedView), person()
        views = SavedViews(self.access.engine)
        self.offload(lambda: views.drop(asking.user_id, view.page, view.name))
        self.record("view_saved", asking, view.name[:64], {"page": view.page, "dropped": True})
        return as_json({})


def register_saved_views(server: Flask, page: SavedViewsPage) -> None:
    """Add the addresses."""
    add_routes(
        server,
        [
            ("/api/v1/views/<page>", "GET", page.saved_views),
            ("/api/v1/views", "POST", page.save_view),
            ("/api/v1/views/drop", "POST", page.drop_view),
        ],
    )
