"""Plain Dash peer: ``dcc.Interval`` of a second; each tick answers the whole marker set (poll)."""

import sys
import threading

import dash_leaflet as dl
import redis
from case_events import CENTER, STREAM  # beside this script
from dash import Dash, Input, Output, dcc, html

REDIS_PORT, HTTP_PORT = int(sys.argv[1]), int(sys.argv[2])


class Cases:
    """The open cases and the last event applied, shared with the reader's thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open: dict[str, tuple[float, float]] = {}
        self.last_seq = 0

    def read(self) -> None:
        """Follow the stream for ever."""
        client = redis.Redis(port=REDIS_PORT, decode_responses=True)
        at = "0"
        while True:
            for _, entries in client.xread({STREAM: at}, block=1000, count=1000) or []:
                at = entries[-1][0]
                with self.lock:
                    for _, event in entries:
                        self.apply(event)

    def apply(self, event: dict[str, str]) -> None:
        """Take one event in."""
        if event["st"] == "open":
            self.open[event["id"]] = (float(event["lat"]), float(event["lon"]))
        else:
            self.open.pop(event["id"], None)
        self.last_seq = int(event["seq"])


CASES = Cases()
app = Dash(__name__)
app.layout = html.Div(
    [
        html.Div(className="counter", id="counter"),
        dl.Map([dl.GeoJSON(id="cases")], center=CENTER, zoom=12, style={"height": "700px"}),
        dcc.Interval(id="tick", interval=1000),
    ]
)


@app.callback(Output("counter", "children"), Output("cases", "data"), Input("tick", "n_intervals"))
def tick(_ticks: int | None) -> tuple[str, dict]:
    with CASES.lock:
        features = [
            {"type": "Feature", "properties": {"id": case_id}, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
            for case_id, (lat, lon) in CASES.open.items()
        ]
        return f"open={len(CASES.open)} seq={CASES.last_seq}", {"type": "FeatureCollection", "features": features}


threading.Thread(target=CASES.read, daemon=True).start()
app.run(host="127.0.0.1", port=HTTP_PORT, debug=False)
