"""Node-RED's flows: a function reads the stream into the world map; a page that connects gets the whole state."""

_START = r"""
const Redis = global.get("Redis"), state = global.get("state");
const r = new Redis({ port: global.get("port"), host: "127.0.0.1" });
let at = "0", alive = true, seq = 0;
context.set("stop", () => { alive = false; r.disconnect(); }, "memory");
global.set("title", () => `open=${state.size} seq=${seq}`);
(async () => {
  while (alive) {
    const got = await r.xread("COUNT", 1000, "BLOCK", 1000, "STREAMS", "cases", at).catch(() => null);
    if (!got) continue;
    const points = [];
    for (const [id, kv] of got[0][1]) {
      at = id;
      const e = {};
      for (let i = 0; i < kv.length; i += 2) e[kv[i]] = kv[i + 1];
      seq = Number(e.seq);
      const p = { name: e.id, layer: "cases", lat: Number(e.lat), lon: Number(e.lon) };
      if (e.st === "open") { state.set(e.id, p); points.push(p); }
      else { state.delete(e.id); points.push({ name: e.id, deleted: true }); }
    }
    node.send({ payload: points });
    node.send({ payload: { command: { toptitle: `open=${state.size} seq=${seq}` } } });
  }
})();
"""
_CONNECTED = r"""
if (msg.payload.action !== "connected") return;
const sid = msg._sessionid;
setTimeout(() => {
  node.send({ _sessionid: sid, payload: [...global.get("state").values()] });
  node.send({ _sessionid: sid, payload: { command: { toptitle: global.get("title")() } } });
}, 300);
"""
_OFF = ("panit", "panlock", "zoomlock", "showgrid", "showruler", "allowFileDrop")
_EMPTY = ("cluster", "maxage", "overlist", "maplist", "mapname", "mapurl", "mapopt")

FLOWS: list[dict[str, object]] = [
    {"id": "t1", "type": "tab", "label": "cases"},
    {"id": "in", "type": "worldmap in", "z": "t1", "name": "", "path": "/worldmap", "events": "connect",
     "x": 100, "y": 80, "wires": [["fn"]]},
    {"id": "fn", "type": "function", "z": "t1", "name": "stream", "func": _CONNECTED, "outputs": 1, "timeout": 0,
     "noerr": 0, "initialize": _START, "finalize": "", "libs": [], "x": 300, "y": 80, "wires": [["map"]]},
    {"id": "map", "type": "worldmap", "z": "t1", "name": "", "lat": "51.05", "lon": "3.72", "zoom": "12",
     "layer": "None", "usermenu": "hide", "layers": "hide", "hiderightclick": "true", "coords": "none",
     "path": "/worldmap", "mapwms": False, "x": 500, "y": 80, "wires": [],
     **dict.fromkeys(_OFF, "false"), **dict.fromkeys(_EMPTY, "")},
]  # fmt: skip
