"""docs/district.md, generated: ``python -m services.district.reference > docs/district.md``; a test compares them.

The columns and defaults come from the loader's own tables; only what they mean is written here.
"""

from collections.abc import Iterator
from dataclasses import fields

import msgspec

from services.contract.others import CameraChanged
from services.district.alarm_policy import KINDS, NUMBERS, AlarmPolicy
from services.district.package import LAYERS
from services.district.package_tables import TABLES
from services.district.policy import RULES, CoveragePolicy, EscalationPolicy, MergingPolicy, Policy
from services.district.report_policy import ReportPolicy

HEAD = {
    "code": "the district's code, which names its Redis keys and its store; required",
    "name": "its name; required",
    "name_en": "its English name",
    "format": "the form of the package; default 1, the only one that this program reads: another is refused",
    "time_zone": "an IANA zone; default `Asia/Shanghai`",
    "day_cut_hour": "the hour at which a counting day begins, 0–23; default 0",
    "month_first_day": "the day on which a statistical month begins, 1–28; default 1. From the 16th on it is "
    "named after the next calendar month: with 26, November is 26 October to 25 November",
    "photos": "the addresses that photos of cases may begin with, a list: "
    '`["https://10.1.2.3:8443/media/"]`; scheme, machine, port and folder, which ends with a slash '
    "([photos.md](photos.md)). It stands above the tables. Without it no photo is fetched",
    "[sources]": 'the sources that the truth bar expects: `"/case-system" = "案件"`, in the order of the bar',
    "[working_hours]": "when offices work, for `WH` and `WD`: `morning` and `afternoon`, two times each, and `week`, "
    "ISO weekdays; default 08:00–12:00, 14:00–18:00, Monday to Friday",
}
POLICY = {
    "target_on_time": "share of cases closed on time that a street should reach",
    "target_grid": "share that grids and communities should solve",
    "target_street": "share of the rest that streets should solve",
    "target_district": "share that may reach the district",
    "due_soon_share": "share of the time limit that is left when a case becomes «due soon»",
}
RULE_WORDS = {
    "after_level_deadline_minutes": "minutes after level 1's deadline when an open case is the district's",
    "returns": "so often sent back by units (踢皮球)",
    "reworks": "so often sent back by a check",
    "unheld_minutes": "minutes without a unit that has it",
    "whistle_minutes": "minutes in which the departments must answer a whistle",
    "repeat_metres": "metres within which a case of the same minor class is a repeat",
    "repeat_days": "days in which the earlier ones were closed",
    "repeat_earlier": "how many earlier ones",
    "automatic_severity": "severities 1 up to this one go to the district at once",
    "metres": "metres within which two cases may be the same matter",
    "hours": "hours between their reports",
    "hot_spot_cases": "cases of one class that make a hot spot",
    "hot_spot_metres": "metres from one to the next of them",
    "hot_spot_days": "days looked back",
    "level_px_m": "pixels a metre to whose distance a camera counts: 25 detection, 62.5 observation, 125 recognition, "
    "250 identification",
    "covered_share": "a listed area, road section or place is covered when so much of it is seen",
    "target_online": "target of the cameras on line",
    "target_intact": "target of the cameras without a fault",
    "half_life_days": "a case's weight in the need of a spot halves in so many days",
    "window_days": "days looked back",
    "road_metres": "metres beside a key road within which a case is its",
    "place_metres": "metres around a key place within which a case is its",
    "cameras_a_pole": "cameras that the plan may put on one pole",
    "reports.severity": "severities 1 up to this one are reported to above; 0: none",
    "phone_minutes": "minutes after it was reported in which the first report goes out by phone",
    "written_minutes": "the same in writing",
    **{
        f"follow_up_hours_{n}": f"hours from one report of a severity {n} to the next; 0: no follow-ups"
        for n in (1, 2, 3, 4)
    },
    "acceptable_per_hour": "alarms an hour that one seat can well answer",
    "most_per_hour": "the most that it can",
    "flood_alarms": "more of them than this in `flood_minutes` are a flood; below half of it the flood is over",
    "flood_minutes": "minutes looked back for a flood",
    "acknowledgement_minutes": "minutes after which «taken» runs out if nothing has happened",
    "climb_minutes": "minutes until an alarm that nobody takes goes one level up: second officer, duty leader",
    "untaken_minutes": "minutes that an escalated case may wait until somebody at the district takes it",
    "proposal_minutes": "minutes that a proposed escalation may wait for its answer",
    "takeover_minutes": "minutes before the district takes a case over at which its street hears of it at the latest; "
    "cases whose time lies in the same stretch of so many minutes are one alarm",
    "report_minutes": "minutes before an incident's report is due at which its seat hears of it",
    "due_minutes": "minutes before a case must be handled at which its unit and its grid worker hear of it",
    "overdue_severity": "cases of severity 1 up to this one alarm when they are overdue",
    "rearm_minutes": "minutes after its end in which an alarm that comes back is the same one (chattering)",
    "shelve_most_hours": "hours for which an alarm may be shelved at most",
    "clear_kept_hours": "hours for which a cleared alarm stays on the list",
}
ALARM_WORDS = {
    "severe_incident": "an open case of severity 1–2, to the district and to its street",
    "escalation_untaken": "a case at the district that nobody took for `untaken_minutes`; severe ones have their own",
    "proposal_waits": "a proposed escalation without an answer",
    "takeover_near": "the clock is about to make a street's case the district's",
    "overdue_severe": "a severe case is overdue",
    "whistle_unanswered": "departments have not answered a whistle (吹哨)",
    "unit_called": "to a unit: a whistle (吹哨) calls it and it has not answered",
    "own_due": "to a unit and a grid worker: a case in their hands is about to be due",
    "report_due": "a severe incident's report is due",
    "source_stopped": "a source's heartbeats have stopped (停)",
    "camera_outage": "many cameras lost at once: one alarm",
    "entries_lost": "entries of the stream were trimmed away before they were read",
    "intake_late": "entries wait to be taken into the store: what the screens show is of the past",
}
MODE_WORDS = {
    "severity": "severe cases",
    "ping_pong": "bounced between units",
    "unheld": "held by nobody",
    "rework_limit": "sent back by checks",
    "asked": "the street says that it cannot do it alone",
    "whistle": "a whistle is not answered",
    "repeat": "it comes again",
    "level_deadline": "open after level 1's deadline",
}
AREAS = {
    "streets": ("the streets (街道); required, at least one", "`code` `name`", "`name_en`"),
    "communities": ("the communities (社区)", "`code` `name` `parent` (a street's code)", "`name_en`"),
    "grids": ("the grids (网格)", "`code` `name` `parent` (a community's code)", "`households`"),
}
LAYER_WORDS = {
    "water": ("rivers and lakes, drawn", "`name`"),
    "green": ("parks and woods, drawn", "`name`"),
    "roads": ("roads, drawn", "`class` (`major` or `minor`), `name`"),
    "buildings": ("buildings, drawn when near", "`height_m`"),
    "key_areas": ("areas that need watching, drawn", "`code` `name` `place_type` `weight`"),
    "key_roads": ("roads that need watching, in sections of a few hundred metres", "`code` `name` `class` `weight`"),
    "key_places": ("schools, markets, stations …", "`code` `name` `place_type` `weight` `grid`"),
    "watch_areas": (
        "problem areas under watch, drawn; round the clock, or in their `windows`: what is reported outside of them "
        "is not counted there",
        "`code` `name` `street` `watched_by` `windows` (`workdays 07:00-09:00; "
        "day 1,11,21 06:00-12:00`: `daily`, `workdays`, `off`, `mon,wed`, `mon-fri`, `day` of the month; at most 12)",
    ),
    "poles": ("poles that can carry a camera", "`code` `name`"),
}
TABLE_WORDS = {
    "departments": ("who may hold a case", {"code": "as in `lead_unit`", "name": "its name"}, "`name_en`"),
    "people": ("grid staff", {"grid": "a grid's code", "role": "as `grid_leader`", "name": "the person"}, "`phone`"),
    "roster": (
        "who is on duty",
        {"from": "RFC 3339 with an offset", "until": "the same", "shift": "its name", "name": "the person"},
        "`role` (`duty_officer` or `leader`), `seat` (a street's or a unit's code; empty: the district's centre)",
    ),
    "campaigns": ("campaigns (专项行动)", {"code": "as in `campaign`", "name": "its name"}, "`domain`"),
    "categories": (
        "filing conditions and their limits",
        {
            "scheme": "the standard", "kind": "`component` or `event`", "major": "major class", "minor": "minor class",
            "name": "the class's name", "condition": "the filing condition", "value": "the limit, a number above 0",
            "unit": "`UH` `UD` (continuous) `WH` `WD` (office time)", "domain": "unified class, `01` … `16` or `99`",
        },
        "`aliases` (other words by which the search finds the class, with semicolons between them: `摆摊;流动摊贩`)",
    ),
    "class_map": (
        "a source's classes → the unified class",
        {
            "source": "a CloudEvents source, or empty for every source", "scheme": "as in `category`",
            "kind": "as in `category`", "major": "as in `category`", "minor": "as in `category`",
            "domain": "the unified class",
        },
        "",
    ),
    "holidays": (
        "days on top of the State Council's calendar",
        {"date": "yyyy-mm-dd", "kind": "`holiday` or `workday` (调休)"}, "",
    ),
    "cameras": (
        "cameras, with the names of `camera.changed`",
        {"camera_id": "its id", "lon": "degrees", "lat": "degrees", "coord_sys": "`CGCS2000` `WGS84` `GCJ02` `BD09`"},
        "",
    ),
}  # fmt: skip


INTRODUCTION = """\
# The district package

<!-- Generated: python -m services.district.reference > docs/district.md -->

A folder that describes one district. Only `district.toml` and `streets.geojson` are required: what is absent is
not drawn and not counted, and the screen says which. Text is UTF-8. GeoJSON is in WGS-84, longitude first, as its
standard says; areas are a Polygon or a MultiPolygon, and a `null` geometry is counted and not drawn.

    lianqin district check DIR     every fault with its file, its feature and a remedy; or what is in it
    lianqin district load DIR      the same, then put it in place, keep it in the store, tell the stream
    lianqin district generate DIR  an invented district, to begin from

A package with one fault is not loaded at all; only rows of `cameras.csv` that cannot be used are named and left out.
Tables are CSV with commas (RFC 4180): a line ends at CR, LF or both alone, a field with a comma, a quote or a line
break stands in quotes, and a quote that goes wrong is named with its line. Every row has as many fields as the header;
keys stand once; a code is printable text of at most 64 characters in one line, a name of at most 200; `people` name
grids of the package, `roster` its streets. JSON has finite numbers and each key once. A district across longitude 180
is written as GeoJSON wants it, cut at the line: it is put together again.
The projector and the web processes take a loaded package over within seconds; the demo's case system at its restart.

**What is changed in the browser** (`/admin`) is kept in the store: whole files, each change a version with who, when,
why and the hash before and after. The newest version in force lies over the folder's file; the folder itself is never
written. It is checked as above, with everything that comes into force later, and followed like a loaded package.

    lianqin district versions      every version, newest first
    lianqin district show N        what it changed, and the hashes
    lianqin district undo N        takes this change back and leaves later ones; --back: its files become what they were
                                   before it, byte for byte. Both are versions too

A table can be **uploaded** there as CSV (UTF-8 or GB 18030) or Excel (`.xlsx`, its first sheet), a package as a zip or
as its files (at most 32 MB, 100 files, 128 MB unpacked; a table 4 MB). It is read, checked with everything in force and
shown as differences; it waits a day for its reason, one upload a person, and only then becomes one version, which is
taken back like any other. The package of another district or another `format`, or one whose files somebody else has
changed meanwhile, is refused in words, whole.

When another package is loaded, a file that only the browser has changed stays changed, one that only the package has
changed is the package's; where both have, nothing is loaded and the sentence says which, unless `--over` lets the
package's count. What a moment of the past looked like comes from what was kept then (boards, marks, roll-ups); its
targets are those of the version of `policy.toml` in force then, its names and lights those of today's package.

Optional columns and properties may be left out; others (`valid_from` too) are carried along and not read."""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from INTRODUCTION.splitlines()
    yield from _section("district.toml", "key", HEAD)
    yield from _section("policy.toml", "key", _policy())
    yield ""
    yield "Its other tables (`[stage_limits_minutes]`) are carried along and not read yet."
    yield ""
    yield "## Areas"
    yield ""
    yield "| file | what | properties | optional |"
    yield "|---|---|---|---|"
    for name, (what, needed, more) in AREAS.items():
        yield f"| `{name}.geojson` | {what} | {needed} | {more} |"
    yield ""
    yield "Codes are unique within a file. Outlines must not cross themselves."
    yield ""
    yield "## Layers"
    yield ""
    yield "| file | what | properties, all optional |"
    yield "|---|---|---|"
    for name in LAYERS:
        what, properties = LAYER_WORDS[name]
        yield f"| `{name}.geojson` | {what} | {properties} |"
    for name, columns in TABLES.items():
        what, meanings, more = TABLE_WORDS[name]
        yield from _section(f"{name}.csv", "column", {column: meanings[column] for column in columns}, what)
        optional = _camera_columns() if name == "cameras" else more
        if optional:
            yield ""
            yield f"Optional: {optional}."


def _section(file: str, head: str, rows: dict[str, str], what: str = "") -> Iterator[str]:
    yield ""
    yield f"## {file}"
    yield ""
    if what:
        yield f"{what[0].upper()}{what[1:]}."
        yield ""
    yield f"| {head} | meaning |"
    yield "|---|---|"
    for name, meaning in rows.items():
        yield f"| `{name}` | {meaning} |"


def _policy() -> dict[str, str]:
    found = {f.name: f"{POLICY[f.name]}; default {f.default}" for f in fields(Policy) if f.name in POLICY}
    tables = (
        ("escalation", EscalationPolicy),
        ("merging", MergingPolicy),
        ("coverage", CoveragePolicy),
        ("reports", ReportPolicy),
    )
    for table, kind in tables:
        for item in fields(kind):
            if item.name not in {"modes", "class_weights"}:
                words = RULE_WORDS.get(f"{table}.{item.name}") or RULE_WORDS[item.name]
                found[f"[{table}] {item.name}"] = f"{words}; default {item.default:g}"
    found["[coverage.class_weights] …"] = "a unified class: how much more a case of it weighs in need; default 1"
    for name in NUMBERS:
        found[f"[alarms] {name}"] = f"{RULE_WORDS[name]}; default {getattr(AlarmPolicy(), name):g}"
    for kind_of_alarm, severity in KINDS.items():
        words = f'{ALARM_WORDS[kind_of_alarm]}: `"off"` or a severity, 1 (gravest) to 3; default {severity}'
        found[f"[alarms.kinds] {kind_of_alarm}"] = words
    modes = EscalationPolicy().modes
    for rule in RULES:
        found[f"[escalation.modes] {rule}"] = f"{MODE_WORDS[rule]}: `off`, `confirm` or `auto`; default `{modes[rule]}`"
    return found


def _camera_columns() -> str:
    required = set(TABLES["cameras"])
    names = (field.encode_name for field in msgspec.structs.fields(CameraChanged))
    return " ".join(f"`{name}`" for name in names if name not in required)


if __name__ == "__main__":
    print(page(), end="")
