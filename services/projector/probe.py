"""A known good life of a case, and one of everything else: what a store that is well always takes in.

It touches every table that a batch may touch, by insert and by update. It is rolled back: nobody ever sees it.
"""

from collections.abc import Mapping

from services.contract.codes import CASE_TYPES
from services.contract.entry import encode_entry
from services.district.package import District
from services.platform.clock import to_rfc3339

Entry = tuple[str, Mapping[bytes, bytes]]

PROBE_ID = "lianqin-probe"
SOURCE = "/lianqin/probe"
# Ids that no stream reaches before the year 2109.
_MS, _SEQUENCE = (1 << 42) - 1, (1 << 20) - 1


def probe_batches(district: District, now_ms: int, kind: str) -> list[list[Entry]]:
    """Two batches: the second updates what the first inserts. ``kind``: the type of the events of its case."""
    kind = kind if kind in CASE_TYPES else "case.filed"
    now = to_rfc3339(now_ms)
    case = {
        "case_id": PROBE_ID, "version": 1, "status": "dispatched", "channel": "GRID", "reported_at": now,
        "filed_at": now, "dispatched_at": now, "domain": "04", "street": next(iter(district.streets), None),
        "title": "探针", "lead_unit": "probe", "supervisions": [{"kind": "leader", "level": 1, "at": now}],
        "step": {"command_id": PROBE_ID},
    }  # fmt: skip
    unit = {"unit_id": PROBE_ID, "at": now, "lon": 0.0, "lat": 0.0, "coord_sys": "WGS84"}
    first = [
        encode_entry(SOURCE, kind, case, now_ms, event_id="1"),
        encode_entry(SOURCE, "unit.moved", unit, now_ms, event_id="2"),
        encode_entry(SOURCE, "source.heartbeat", {"at": now}, now_ms, event_id="3"),
        encode_entry(SOURCE, "case.filed", {}, now_ms, event_id="4"),  # refused: a row of ``dead``
    ]
    closed = case | {"version": 2, "status": "closed", "closed_at": now, "supervisions": []}
    second = [
        encode_entry(SOURCE, kind, closed, now_ms, event_id="5"),
        encode_entry(SOURCE, "unit.moved", unit, now_ms, event_id="6"),
        encode_entry(SOURCE, "case.filed", {}, now_ms, event_id="7"),
    ]
    named: list[Entry] = [(f"{_MS}-{_SEQUENCE - n}", fields) for n, fields in enumerate([*first, *second])]
    return [named[: len(first)], named[len(first) :]]
