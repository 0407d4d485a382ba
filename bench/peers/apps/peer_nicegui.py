"""NiceGUI peer: one reader task; every open page is told of each batch (push), markers are canvas circles."""

import sys

import redis.asyncio as aioredis
from case_events import CENTER, STREAM  # beside this script, which runs in a venv without our project
from nicegui import app, background_tasks, ui

REDIS_PORT, HTTP_PORT = int(sys.argv[1]), int(sys.argv[2])


class Cases:
    """The open cases, the last event applied and the pages that look."""

    def __init__(self) -> None:
        self.open: dict[str, tuple[float, float]] = {}
        self.last_seq = 0
        self.views: list[View] = []

    def text(self) -> str:
        """The counter's text."""
        return f"open={len(self.open)} seq={self.last_seq}"

    def apply(self, batch: list[dict[str, str]]) -> None:
        """Take a batch in and tell every page."""
        for event in batch:
            if event["st"] == "open":
                self.open[event["id"]] = (float(event["lat"]), float(event["lon"]))
            else:
                self.open.pop(event["id"], None)
            self.last_seq = int(event["seq"])
        for view in self.views:
            view.apply(batch)


class View:
    """One page's label and map."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self.label = ui.label(cases.text()).classes("counter")
        self.map = ui.leaflet(center=CENTER, zoom=12, options={"preferCanvas": True}).style("height:700px")
        self.markers: dict = {}
        for case_id, at in cases.open.items():
            self.put(case_id, at)

    def put(self, case_id: str, at: tuple[float, float]) -> None:
        """Draw a case, or move it."""
        if case_id in self.markers:
            self.markers[case_id].run_method("setLatLng", list(at))
        else:
            self.markers[case_id] = self.map.generic_layer(name="circleMarker", args=[list(at), {"radius": 6}])

    def apply(self, batch: list[dict[str, str]]) -> None:
        """Show a batch on this page."""
        for event in batch:
            if event["st"] == "open":
                self.put(event["id"], (float(event["lat"]), float(event["lon"])))
            elif event["id"] in self.markers:
                self.map.remove_layer(self.markers.pop(event["id"]))
        self.label.set_text(self.cases.text())


CASES = Cases()


async def read() -> None:
    client = aioredis.Redis(port=REDIS_PORT, decode_responses=True)
    at = "0"
    while True:
        for _, entries in await client.xread({STREAM: at}, block=1000, count=1000) or []:
            at = entries[-1][0]
            CASES.apply([fields for _, fields in entries])


@ui.page("/")
async def index() -> None:
    view = View(CASES)
    CASES.views.append(view)
    ui.context.client.on_disconnect(lambda: view in CASES.views and CASES.views.remove(view))


app.on_startup(lambda: background_tasks.create(read()))
ui.run(host="127.0.0.1", port=HTTP_PORT, show=False, reload=False, title="peer")
