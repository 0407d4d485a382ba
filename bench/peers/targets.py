"""The peers as targets of the harness."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bench.harness import Fields, Room, Target
from bench.page import Counter
from bench.peers import install
from bench.peers.apps import case_events, nodered_flows
from bench.processes import Child

_MARKERS = "() => document.querySelectorAll('.leaflet-marker-pane > *, path.leaflet-interactive').length"


class Peer(Target):
    """All peers read one stream of small events, numbered from 1 in ``seq``."""

    stream = case_events.STREAM

    def __init__(self) -> None:
        self._random = random.Random(7)
        self._changes: Iterator[dict[str, str]] = iter(())

    def seed(self, cases: int) -> Iterator[Fields]:
        """One opening event a case."""
        yield from case_events.seed(cases, self._random)
        self._changes = case_events.changes(cases, cases, self._random)

    def change(self) -> Fields:
        """A case moves, closes or opens again."""
        return next(self._changes)

    def key(self, fields: Fields, entry_id: bytes) -> int:
        """The peers' counters show ``seq``."""
        return int(fields["seq"])


class NiceGui(Peer):
    """NiceGUI, canvas circles on its Leaflet element, a push per batch."""

    name = "nicegui-canvas"

    def start(self, room: Room) -> list[Child]:
        """Its own venv runs it."""
        script = install.APPS / "peer_nicegui.py"
        return [Child([install.python(), script, str(room.redis_port), str(room.http_port)], room.log)]

    def version(self) -> str:
        """As installed in the venv."""
        ask = "from importlib.metadata import version as v; print('nicegui', v('nicegui'))"
        return subprocess.run([install.python(), "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


class DashInterval(Peer):
    """Plain Dash: ``dcc.Interval`` of a second, the whole GeoJSON each time."""

    name = "dash-interval"
    grace_s = 3.0  # it polls once a second
    drawn_js = _MARKERS

    def start(self, room: Room) -> list[Child]:
        """Our own venv has Dash and dash-leaflet."""
        script = install.APPS / "peer_dash_interval.py"
        return [Child([sys.executable, script, str(room.redis_port), str(room.http_port)], room.log)]

    def version(self) -> str:
        """As installed beside us."""
        return f"dash {version('dash')}, dash-leaflet {version('dash-leaflet')}"


class NodeRed(Peer):
    """Node-RED with node-red-contrib-web-worldmap; the counter is the world map's title bar."""

    name = "nodered"
    counter = Counter("#topwords")
    path = "/worldmap/"
    drawn_js = _MARKERS

    def start(self, room: Room) -> list[Child]:
        """Flows and settings are written to a folder of its own, emptied before each start."""
        folder = install.node_folder()
        user = folder / "user"
        shutil.rmtree(user, ignore_errors=True)
        user.mkdir()
        (user / "flows.json").write_text(json.dumps(nodered_flows.FLOWS))
        command: list[str | Path] = [
            "node",
            folder / "node_modules/node-red/red.js",
            "-s",
            install.APPS / "nodered" / "settings.js",
        ]
        ports = {"BENCH_NODE": str(folder), "HTTP_PORT": str(room.http_port), "REDIS_PORT": str(room.redis_port)}
        return [Child(command, room.log, env=ports)]

    def version(self) -> str:
        """As installed in the node folder."""
        modules = install.node_folder() / "node_modules"
        names = ("node-red", "node-red-contrib-web-worldmap")
        return ", ".join(f"{n} {json.loads((modules / n / 'package.json').read_text())['version']}" for n in names)


PEERS: dict[str, type[Peer]] = {peer.name: peer for peer in (NiceGui, NodeRed, DashInterval)}
