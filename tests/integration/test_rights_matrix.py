"""Who may do what, at every door: each address, page, callback, socket event and room × each role × own and other zone.

What is expected is read from the table (services.access.rights.RIGHTS) by ``tests.doors.told``, not asked of the code;
the doors are walked from the app's own registries, so that a new one without a right fails here by its name.
"""

import ast
import gzip
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
from sqlalchemy import Engine

from dashboard.door.guards import ADDRESSES, CALLBACKS, EVENTS, PAGES, PUBLIC, ROOMS
from dashboard.door.static_files import script_address
from dashboard.sockets.grammar import RESERVED
from services.access.rights import RIGHTS, ROLES, may
from services.contract.commands import COMMANDS
from services.district.package import District
from services.platform.clock import to_rfc3339
from tests.doors import (
    CENTRE,
    COOKIE,
    D1,
    D2,
    DESK_AT,
    DUTY,
    EAST,
    EAST_2,
    G00,
    G20,
    NOWHERE,
    PLACES,
    S1,
    S1C1,
    S2,
    SEAT_1,
    SEAT_2,
    SEATS,
    SECRET,
    UPDATE,
    WALL,
    WEST,
    WHO,
    House,
    Place,
    Who,
    heard,
    house,
    is_refused,
    told,
)
from tests.tiny import CODE, NOON

pytestmark = pytest.mark.redis
ROOT = Path(__file__).parents[2]
PANEL = "/api/v1/panel"
ROUTER = ".._pages_content.children..._pages_store.data.."
HOUR = 3_600_000


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


@dataclass(frozen=True)
class Attempt:
    """One thing to try: what it touches lies in ``place``, and it needs every one of ``rights``."""

    method: str
    path: str
    rights: tuple[str, ...]
    place: Place | None = None
    body: Any = None
    form: dict[str, str] | None = None
    well: frozenset[int] = frozenset({200})

    def expected(self, who: Who) -> bool:
        return all(right == PUBLIC or told(who, right, self.place) for right in self.rights)


# What goes with each command; a right one, so that whoever may send it has sent it.
DATA: dict[str, dict[str, Any]] = {
    "case.dispatch": {"lead_unit": "D1"}, "case.supervise": {"kind": "leader"}, "case.escalate": {"to": "D1"},
    "case.suspend": {"until": to_rfc3339(NOON + HOUR)}, "case.whistle": {"units": ["D1"]},
    "case.progress": {"what": "departed"}, "case.handle": {"result": "已清理"},
    "case.locate": {"lon": 118.905, "lat": 31.905, "coord_sys": "WGS84"},
}  # fmt: skip
WRONG = frozenset({403, 429})
PACKAGE = frozenset({303, 400, 409})  # there is no package's folder
NO_KEY = frozenset({409})  # nor is a factor set up without a data key
NO_WORKER = frozenset({503})  # behind the right nobody answers here
SENT = tuple(kind for kind in COMMANDS if kind.startswith("case."))
GRIDS = {"C1": "G00", "C2": "G10", "C3": "G20"}
UNIT_1, UNIT_2 = Place("", None, lead="D1"), Place("", None, lead="D2")
GRID_1, GRID_2 = Place("", None, grid="G00"), Place("", None, grid="G20")
SEAT_CODE = {SEAT_1: "S1", SEAT_2: "S2", CENTRE: CODE, UNIT_1: "D1", UNIT_2: "D2", GRID_1: "G00", GRID_2: "G20"}
WITH_HANDOVER = WITH_ALARMS = (*SEATS, UNIT_1, UNIT_2)
WITH_ACTS = (*WITH_ALARMS, GRID_1, GRID_2)


def command(kind: str, place: Place, who: Who) -> dict[str, Any]:
    own = {"S2": "WEST-1"}.get(place.street, "EAST-1")
    into = {"EAST-1": "EAST-2", "EAST-2": "EAST-1"}.get(place.case_id, own)
    data = DATA.get(kind, {})
    if kind == "case.merge":
        data = {"into": into}
    elif kind == "case.answer_whistle":
        data = {"unit": who.unit or place.lead, "what": "answered"}
    elif kind == "case.assign_unit":
        data = {"unit_id": {"S2": "U2"}.get(place.street, "U1")}
    return {
        "batch": f"{kind}-{who.name}-{place.case_id}"[:64].ljust(8, "-"),
        "type": kind,
        "reason": "一个理由",
        "cases": [[place.case_id, 1]],
        "data": data,
    }


def attempts(home: House, who: Who) -> dict[str, list[Attempt]]:
    """Endpoint → what to try there. An endpoint of the app that is missing here fails a test."""

    def at(endpoint: str, path: str, *places: Place, method: str = "GET", **more: Any) -> list[Attempt]:
        rights = (ADDRESSES.get(endpoint, "nobody's"),)
        return (
            [Attempt(method, path, rights, **more)]
            if not places
            else [
                Attempt(
                    method,
                    path.format(
                        seat=SEAT_CODE.get(p, ""),
                        street=p.street,
                        id=p.case_id,
                        grid=GRIDS.get(p.community or "", "none"),
                        alarm=home.alarms.get(SEAT_CODE.get(p, ""), ""),
                    ),
                    rights,
                    p,
                    **{k: v(p) if callable(v) else v for k, v in more.items()},
                )
                for p in places
            ]
        )

    done = frozenset({200, 409})
    answer = {"batch": f"answer-{who.name}", "version": 1, "reason": "同意"}
    found = {
        "_dash_assets.static": at("_dash_assets.static", "/assets/tokens.css"),
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": at(
            "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
            "/_dash-component-suites/dash_leaflet/none.js", well=frozenset({404})),
        "/_favicon.ico": at("/_favicon.ico", "/_favicon.ico"),
        "log_in_page": at("log_in_page", "/login"),
        "log_in": at("log_in", "/login", method="POST", form={"user": "x", "password": "y"}, well=WRONG),
        "oidc_begin": at("oidc_begin", "/oidc", well=frozenset({404})),
        "oidc_return": at("oidc_return", "/oidc/return", well=frozenset({404})),
        "healthz": at("healthz", "/healthz"),
        "readyz": at("readyz", "/readyz", well=frozenset({200, 503})),
        "log_out": at("log_out", "/logout", method="POST", form={}, well=frozenset({303})),
        "account_page": at("account_page", "/account"),
        "change_password": at("change_password", "/account/password", method="POST",
                              form={"old": "a", "new": "b", "again": "c"}, well=frozenset({400})),
        "factor_page": at("factor_page", "/factor", well=frozenset({302})),  # they have shown theirs: on they go
        "show_factor": at("show_factor", "/factor", method="POST", form={"code": "123456"}, well=frozenset({303})),
        "end_session": at("end_session", "/account/sessions", method="POST", form={"session": "none"}),
        "own_factor_page": at("own_factor_page", "/account/factor", well=NO_KEY),
        "set_factor": at("set_factor", "/account/factor", method="POST", form={"code": "123456"}, well=NO_KEY),
        "remove_factor": at("remove_factor", "/account/factor/remove", method="POST", form={}),
        "new_recovery_codes": at("new_recovery_codes", "/account/factor/codes", method="POST", form={}, well=NO_KEY),
        "reauth_page": at("reauth_page", "/reauth"),
        "reauth": at("reauth", "/reauth", method="POST", form={"secret": "x"}, well=frozenset({409})),
        "reauth_json": at("reauth_json", "/api/v1/reauth", method="POST", body={"secret": "x"}, well=frozenset({409})),
        "reauth_due": at("reauth_due", "/api/v1/reauth"),
        "reauth_by_sso": at("reauth_by_sso", "/reauth/sso", well=frozenset({404})),
        "script_file": at("script_file", script_address("boot.mjs")),
        "words_file": at("words_file", "/texts/en.json"),
        "admin_page": at("admin_page", "/admin", well=frozenset({302})),
        "people_page": at("people_page", "/admin/people"),
        "people_act": at("people_act", "/admin/people", method="POST", well=done, form={
            "do": "unlock", "user": "duty", "reason": "换了键盘", "version": "0"}),
        "policy_page": at("policy_page", "/admin/policy"),
        "change_policy": at("change_policy", "/admin/policy", method="POST", well=PACKAGE, form={
            "field": "target_on_time", "value": "85", "reason": "试一试", "seen": "0"}),
        "areas_page": at("areas_page", "/admin/areas"),
        "change_area": at("change_area", "/admin/areas", method="POST", well=PACKAGE, form={
            "about": "", "name": "夜市", "reason": "试一试", "seen": "0",
            "edge": "118.9, 31.9\n118.91, 31.9\n118.9, 31.91"}),
        "table_page": at("table_page", "/admin/tables/campaigns"),
        "change_table": at("change_table", "/admin/tables/campaigns", method="POST", well=PACKAGE, form={
            "row": "new", "do": "save", "cell_code": "Z1", "cell_name": "夜查", "reason": "试一试", "seen": "0"}),
        "area_figures": at("area_figures", "/admin/areas/figures", method="POST", body={
            "edge": [[118.9, 31.9], [118.91, 31.9], [118.9, 31.91]]}),
        "undo_version": at("undo_version", "/admin/package/undo", method="POST", well=PACKAGE, form={
            "part": "policy", "number": "1", "seen": "0", "how": "undo", "reason": "试一试"}),
        "upload_page": at("upload_page", "/admin/upload"),
        "upload_files": at("upload_files", "/admin/upload?kind=campaigns", method="POST", well=PACKAGE, form={}),
        "save_upload": at("save_upload", "/admin/upload/save", method="POST", well=PACKAGE, form={
            "kind": "campaigns", "upload": "none", "reason": "试一试", "do": "save"}),
        "notices_page": at("notices_page", "/admin/notices"),
        "notices_act": at("notices_act", "/admin/notices", method="POST", well=done, form={
            "do": "send", "text": "试一试", "hours": "1", "seat": ""}),
        "system_page": at("system_page", "/admin/system"),
        "system_act": at("system_act", "/admin/system", method="POST", well=done, form={
            "do": "retry", "entry": "1-0"}),
        "read_notices": at("read_notices", "/account/notices", method="POST", form={"until": "1"},
                           well=frozenset({303})),
        "here": at("here", "/api/v1/here", method="POST", body={}),
        "/_dash-layout": at("/_dash-layout", "/_dash-layout"),
        "/_dash-dependencies": at("/_dash-dependencies", "/_dash-dependencies"),
        "/_reload-hash": at("/_reload-hash", "/_reload-hash", well=frozenset({200, 404, 500})),
        UPDATE: at(UPDATE, UPDATE, method="POST", body=home.body(ROUTER, "/nowhere", "")),
        "/": at("/", "/", well=frozenset({302})),
        "/<path:path>": pages(),
        "metrics": at("metrics", "/metrics"),
        "board": at("board", "/api/v1/board"),
        "panel": [
            Attempt("GET", panel_of(picked), (ADDRESSES["panel"], *rights), place, well=frozenset({200, 404}))
            for picked, rights, place in PICKS
        ],
        "outline": at("outline", "/district/streets.geojson"),
        "coverage": at("coverage", "/api/v1/coverage"),
        "sights": at("sights", "/api/v1/coverage/sights"),
        "changes": at("changes", "/api/v1/coverage/changes"),
        "whole_plan": at("whole_plan", "/api/v1/coverage/plan"),
        "as_geojson": at("as_geojson", "/api/v1/coverage/plan.geojson", well=frozenset({404})),
        "as_csv": at("as_csv", "/api/v1/coverage/plan.csv", well=frozenset({404})),
        "indicators": at("indicators", "/api/v1/indicators?name=closed&street={street}", *SEATS),
        "cases": at("cases", "/api/v1/indicators/intake/cases?street={street}", *SEATS),
        "commands": [
            Attempt("POST", "/api/v1/commands", ("command", kind), place, command(kind, place, who))
            for kind in SENT for place in PLACES
        ],
        "repair_camera": at("repair_camera", "/api/v1/cameras/none/repair", method="POST",
                            body={"batch": f"repair-{who.name}", "reason": "一个理由"}),
        "commands_now": at("commands_now", "/api/v1/commands?ids=x"),
        "confirm_proposal": at("confirm_proposal", "/api/v1/proposals/{id}/confirm", *PLACES, method="POST",
                               body=answer, well=done),
        "decline_proposal": at("decline_proposal", "/api/v1/proposals/{id}/decline", *PLACES, method="POST",
                               body=answer, well=done),
        "reveal_field": at("reveal_field", "/api/v1/cases/{id}/reveal", *PLACES, method="POST", well=done,
                           body={"field": "title", "reason": "核对地址"}),
        "search_cases": at("search_cases", "/api/v1/search", method="POST", body={"text": "角楼", "group": "over"}),
        "search_people": at("search_people", "/api/v1/search/people", method="POST", well=done,
                            body={"person": "欧阳锋甲", "reason": "群众来电核对"}),
        "reveal_grid_person": at("reveal_grid_person", "/api/v1/grids/{grid}/people/0/reveal",
                                 *(p._replace(lead="", beside="") for p in PLACES),  # a grid is no unit's
                                 method="POST", body={}, well=frozenset({404})),  # the tiny package names nobody
        "photo": at("photo", "/api/v1/photo?case={id}&photo=none", *PLACES, well=frozenset({404})),
        "saved_views": at("saved_views", "/api/v1/views/desk"),
        "save_view": at("save_view", "/api/v1/views", method="POST", body={"page": "desk", "name": "我的", "body": {}}),
        "drop_view": at("drop_view", "/api/v1/views/drop", method="POST", body={"page": "desk", "name": "我的"}),
        "cases_csv": at("cases_csv", "/api/v1/cases.csv?street={street}", SEAT_1, SEAT_2),
        "units_near": at("units_near", "/api/v1/units/near?case={id}", *PLACES),
        "brigades": at("brigades", "/api/v1/units?street={street}", *SEATS),
        "alarm_lives": at("alarm_lives", "/api/v1/alarms/lives?seat={seat}", *WITH_ACTS),
        "log_entries": at("log_entries", "/api/v1/log?seat={seat}", *WITH_ACTS),
        "add_log_entry": at("add_log_entry", "/api/v1/log", *SEATS, method="POST", body=lambda p: {
            "seat": SEAT_CODE[p], "kind": "note", "text": "记一笔", "token": f"{who.name}{p.street}"}),
        "handovers": at("handovers", "/api/v1/handover?seat={seat}", *WITH_HANDOVER),
        "sign_out": at("sign_out", "/api/v1/handover/out", *WITH_HANDOVER, method="POST", well=done,
                       body=lambda p: {"seat": SEAT_CODE[p]}),
        "add_note": at("add_note", "/api/v1/handover/none/notes", *WITH_HANDOVER, method="POST", well=done,
                       body=lambda p: {"seat": SEAT_CODE[p], "text": "夜市人多"}),
        "accept_handover": at("accept_handover", "/api/v1/handover/none/accept", *WITH_HANDOVER, method="POST",
                              well=done,
                              body=lambda p: {"seat": SEAT_CODE[p]}),
        "brief": at("brief", "/api/v1/handover/none/brief?seat={seat}", *WITH_HANDOVER, well=done),
        "sign_in": at("sign_in", "/api/v1/handover/none/in", *WITH_HANDOVER, method="POST", well=done,
                      body=lambda p: {"seat": SEAT_CODE[p], "digest": "x"}),
        "reports_due": at("reports_due", "/api/v1/reports?seat={seat}", *SEATS),
        "report_done": at("report_done", "/api/v1/reports", *SEATS, method="POST", well=done, body=lambda p: {
            "seat": SEAT_CODE[p], "case_id": {"S2": "WEST-1"}.get(p.street, "EAST-1"), "number": 0, "text": "已报"}),
        "grids": at("grids", "/api/v1/grids?seat={seat}", *SEATS),
        "leadership": at("leadership", "/leadership?street={street}", *SEATS),
        "leadership_cases": at("leadership_cases", "/leadership/cases?name=intake&street={street}", *SEATS),
        "replay_day": at("replay_day", "/api/v1/replay/day"),
        "replay_room": at("replay_room", "/api/v1/replay/room?at=1", well=NO_WORKER),
        "replay_span": at("replay_span", "/api/v1/replay/span?at=1&until=2&step=1", well=NO_WORKER),
        "leadership_cases_csv": at(
            "leadership_cases_csv", "/leadership/cases.csv?name=intake&street={street}", *SEATS),
        "leadership_csv": at("leadership_csv", "/leadership.csv?span=2026-11&street={street}", *SEATS),
        "ask_paper": at("ask_paper", "/api/v1/papers", *SEATS, method="POST", well=frozenset({200, 429}),
                        body=lambda p: {"kind": "pdf", "span": "2026-11-22", "street": p.street}),
        "ask_review": at("ask_review", "/api/v1/papers/review", method="POST", body={"at": NOON, "hours": 4},
                         well=frozenset({200, 429})),
        "paper_state": at("paper_state", "/api/v1/papers/none", well=frozenset({404})),
        "paper_file": at("paper_file", "/api/v1/papers/none/file", well=frozenset({404})),
        "audit_page": at("audit_page", "/audit"),
        "audit_check": at("audit_check", "/audit", method="POST", form={"head": ""}),
        "audit_csv": at("audit_csv", "/api/v1/audit.csv"),
    }  # fmt: skip
    for verb in ("acknowledge", "shelve", "unshelve"):
        found[f"{verb}_alarm"] = at(
            f"{verb}_alarm",
            f"/api/v1/alarms/{{alarm}}/{verb}",
            *WITH_ALARMS,
            method="POST",
            well=done,
            body={"comment": "知道了", "until": NOON + HOUR},
        )
    return found


def pages() -> list[Attempt]:
    """Every page, with the place that it is of."""
    found = [Attempt("GET", path, ("be_here", right)) for path, right in PAGES.items() if not path.endswith("/")]
    for place in (SEAT_1, SEAT_2):
        found.append(Attempt("GET", f"/street/{place.street}", ("be_here", PAGES["/street/"]), place))
    for kind, places in (("unit", (UNIT_1, UNIT_2)), ("grid", (GRID_1, GRID_2))):
        for place in places:
            path = f"/{kind}/{SEAT_CODE[place]}"
            found.append(Attempt("GET", path, ("be_here", PAGES[f"/{kind}/"]), place))
    for place in WITH_HANDOVER:
        found.append(Attempt("GET", f"/handover/{SEAT_CODE[place]}/now", ("be_here", PAGES["/handover/"]), place))
    return found


def test_every_address_is_guarded_and_every_guard_has_its_address(home: House) -> None:
    known = {rule.endpoint for rule in home.web.flask.url_map.iter_rules()}
    assert known == ADDRESSES.keys(), "dashboard/door/guards.py: ADDRESSES"


def test_every_callback_is_guarded(home: House) -> None:
    assert home.web.dash.callback_map.keys() == CALLBACKS.keys(), "dashboard/door/guards.py: CALLBACKS"


def test_every_socket_event_is_guarded(home: House) -> None:
    handlers = home.web.socketio.server.handlers
    assert handlers.keys() == {"/"}, "one namespace; another needs its own guards"
    assert handlers["/"].keys() == EVENTS.keys(), "dashboard/door/guards.py: EVENTS"
    assert not home.web.socketio.server.namespace_handlers


def test_every_page_is_guarded() -> None:
    from dash import page_registry

    found = set()
    for page in page_registry.values():
        path = page.get("path_template") or page["path"]
        found.add(path.partition("<")[0])
    assert found == PAGES.keys(), "dashboard/door/guards.py: PAGES"


def test_a_door_that_nobody_has_given_a_right_is_shut(home: House) -> None:
    server = home.web.flask
    server._got_first_request = False
    server.add_url_rule("/forgotten", "forgotten", lambda: "open")
    home.web.dash.callback_map["forgotten.children"] = home.web.dash.callback_map["_pages_dummy.children"]
    for who in WHO:
        assert is_refused(home.get(who, "/forgotten")), who.name
        body = home.body("_pages_dummy.children", None) | {"output": "forgotten.children"}
        assert is_refused(home.post(who, UPDATE, body)), who.name
    room = home.web.room
    heard_it: list[str] = []
    home.web.socketio.on_event("forgotten", room.guarded("forgotten", lambda *_: heard_it.append("open")))
    for who in WHO:
        if who.role is not None:
            home.socket(who).emit("forgotten", {})
    assert not heard_it


def test_every_right_that_guards_is_in_the_table_and_every_right_of_the_table_guards() -> None:
    guarding = {*ADDRESSES.values(), *PAGES.values(), *CALLBACKS.values(), *EVENTS.values(), *ROOMS.values()} - {PUBLIC}
    assert guarding <= RIGHTS.keys()
    asked = {
        node.value
        for package in ("dashboard", "services")
        for path in (ROOT / package).rglob("*.py")
        if path not in {ROOT / "services/access/rights.py", ROOT / "services/contract/commands.py"}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    asked |= {"manage_people", "manage_package", "see_system", "manage_system"}  # the pages of /admin
    sent = {kind for kind in COMMANDS if kind.startswith("case.")}  # POST /api/v1/commands asks for the type's name
    assert not RIGHTS.keys() - guarding - asked - sent, "nothing asks for it"
    for right, reach in RIGHTS.items():
        assert reach.keys() <= set(ROLES), right
        assert set(reach.values()) <= {"all", "own", "lead"}, right


def test_every_address_has_its_attempts(home: House) -> None:
    rules = {rule.endpoint: rule.methods or set() for rule in home.web.flask.url_map.iter_rules()}
    tried = attempts(home, DUTY)
    assert tried.keys() == rules.keys(), "tests/integration/test_rights_matrix.py: attempts"
    for endpoint, methods in rules.items():
        assert {a.method for a in tried[endpoint]} == methods - {"HEAD", "OPTIONS"}, endpoint
    kinds = {a.rights[-1] for a in tried["commands"]}
    assert kinds == {kind for kind in COMMANDS if kind.startswith("case.")}


def outcome(home: House, who: Who, attempt: Attempt) -> tuple[bool, int]:
    """(whether they were let through, the answer's number)."""
    client = home.client(who)
    if attempt.method == "GET":
        with client.get(attempt.path) as answer:
            return not is_refused(answer), answer.status_code
    elif attempt.form is not None:
        answer = client.post(attempt.path, data=attempt.form)
    else:
        answer = client.post(attempt.path, json=attempt.body)
    if attempt.path == "/api/v1/commands" and attempt.method == "POST" and answer.status_code == 200:
        reasons = [one["reason"] for one in answer.json["outcomes"]]
        # A case that is merged into itself, or into one that is not theirs, is behind the right and refused there.
        others = {"forbidden", "bad_into"} if attempt.rights[-1] == "case.merge" else {"forbidden"}
        assert all(one["state"] == "sent" for one in answer.json["outcomes"]) or set(reasons) <= others, answer.json
        return reasons != ["forbidden"], 200
    if attempt.path == "/login" and attempt.method == "POST":
        return True, answer.status_code  # its 403 is of the password
    return not is_refused(answer), answer.status_code


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_every_address_answers_as_the_table_says(home: House, who: Who) -> None:
    for endpoint, tried in attempts(home, who).items():
        for attempt in tried:
            before = home.traces() if attempt.method != "GET" else {}
            was_let_in, code = outcome(home, who, attempt)
            expected = attempt.expected(who)
            assert was_let_in == expected, f"{who.name}: {attempt.method} {attempt.path} of {attempt.place}: {code}"
            if expected:
                assert code in attempt.well, f"{who.name}: {attempt.method} {attempt.path}: {code}"
            elif before:
                assert home.traces() == before, f"{who.name}: {attempt.method} {attempt.path} left a trace"
            if endpoint == "log_out":
                home.enter(who)


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_head_and_options_open_no_door_that_get_and_post_do_not(home: House, who: Who) -> None:
    for tried in attempts(home, who).values():
        for attempt in tried:
            if not attempt.expected(who) and attempt.place is None:
                client = home.client(who)
                assert is_refused(client.open(attempt.path, method="OPTIONS")), attempt
                if attempt.method == "GET":
                    with client.head(attempt.path) as answer:
                        assert is_refused(answer), attempt
                        assert answer.data == b""


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_every_page_is_shown_as_the_table_says_by_dashs_own_router_too(home: House, who: Who) -> None:
    """The page's frame is one address, its content a callback that names the page in its body."""
    for attempt in pages():
        for path in (attempt.path, attempt.path + "/", attempt.path.lstrip("/"), "/" + attempt.path):
            answer = home.call(who, ROUTER, path, "")
            if who.role is None:
                assert answer.status_code == 401
                continue
            shown = answer.status_code == 200 and '"refused"' not in answer.text and "404 - " not in answer.text
            assert shown <= attempt.expected(who), f"{who.name}: {path}"
            if path == attempt.path:
                assert shown == attempt.expected(who), f"{who.name}: {path}"


def panel_of(picked: dict[str, Any], language: str = "en") -> str:
    """The address of a panel."""
    return f"{PANEL}?{urlencode({**picked, 'lang': language})}"


PICKS: list[tuple[dict[str, Any], tuple[str, ...], Place | None]] = [
    *[({"case": p.case_id}, ("see_case",), p) for p in PLACES],
    *[({"case": p.case_id, "desk": 1}, ("see_case",), p) for p in PLACES],
    ({"case": EAST.case_id, "moment": NOON}, ("see_replay",), CENTRE),
    *[({"figure": "open", "street": p.street}, ("see_figures",), p) for p in (SEAT_1, SEAT_2)],
    ({"figure": "open"}, ("see_figures",), CENTRE),
    ({"figure": "closed", "span": "month"}, ("see_figures",), CENTRE),
    ({"figure": "watch"}, ("see_figures",), CENTRE),
    ({"figure": "watch", "street": "S1"}, ("see_figures",), CENTRE),
    ({"figure": "open", "street": "S1", "community": "C3"}, ("see_figures",), Place("S1", "C3")),
    ({"figure": "open", "street": "S1", "community": "C2"}, ("see_figures",), Place("S1", "C2")),
    ({"camera": "K1"}, ("see_coverage",), CENTRE),
]


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_the_panel_shows_what_the_table_says_whatever_else_it_is_told(home: House, who: Who) -> None:
    for picked, rights, place in PICKS:
        for more in ({}, {"desk": "1"}, {"desk": "yes", "role": "admin"}):
            answer = home.get(who, panel_of({**picked, **more}))
            expected = all(told(who, right, place) for right in (ADDRESSES["panel"], *rights))
            shown = answer.status_code == 200 and answer.content_type.startswith("text/html")
            assert shown == expected, f"{who.name}: {picked} {more}: {answer.status_code}"
            if "case" in picked:
                assert ("data-command" in answer.text) <= told(who, "see_texts", place), f"{who.name}: {picked}"


def ids_of_others(who: Who) -> list[str]:
    """The cases whose name this person must not hear."""
    return [p.case_id for p in PLACES if not told(who, "see_case", p)]


@pytest.mark.parametrize("who", [S1, S2, S1C1, D1, D2, G00, G20], ids=lambda who: who.name)
def test_nothing_that_a_street_unit_or_grid_may_ask_holds_a_case_of_another(home: House, who: Who) -> None:
    seat_ids = {"EAST-2"} if who is S1C1 else set()  # of its street's seat: alarms, log, handover, reports
    for endpoint, tried in attempts(home, who).items():
        for attempt in tried:
            if attempt.method != "GET" or not attempt.expected(who):
                continue
            with home.get(who, attempt.path) as answer:
                data = answer.data
            text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode(errors="replace")
            known = seat_ids if told_by_seat(endpoint, attempt) else set()
            for case_id in set(ids_of_others(who)) - known:
                assert case_id not in text, f"{who.name}: {attempt.path} tells of {case_id}"
    for picked, _, _ in PICKS:
        answer = home.get(who, panel_of({**picked, "desk": 1}))
        for case_id in ids_of_others(who):
            assert case_id not in answer.text, f"{who.name}: {picked} tells of {case_id}"


def told_by_seat(endpoint: str, attempt: Attempt) -> bool:
    return endpoint in {"alarm_lives", "log_entries", "handovers", "reports_due"} or "/handover/" in attempt.path


ZONES: list[tuple[Any, str, str, Place | None]] = [
    ({"zone": "wall"}, "wall", "see_wall", None), (None, "wall", "see_wall", None), (7, "wall", "see_wall", None),
    ({"zone": "desk"}, "desk", "see_desk", None), ({"zone": "coverage"}, "coverage", "see_coverage", None),
    ({"zone": "street:S1"}, "street:S1", "see_street", SEAT_1),
    ({"zone": "street:S2"}, "street:S2", "see_street", SEAT_2),
    ({"zone": "unit:D1"}, "unit:D1", "see_unit", UNIT_1),
    ({"zone": "unit:D2"}, "unit:D2", "see_unit", UNIT_2),
    ({"zone": "grid:G00"}, "grid:G00", "see_grid", GRID_1),
    ({"zone": "grid:G20"}, "grid:G20", "see_grid", GRID_2),
    ({"zone": "unit:"}, "unit:", "nobody's", None), ({"zone": "grid:G99"}, "grid:G99", "nobody's", None),
    ({"zone": "street:"}, "street:", "nobody's", None), ({"zone": "street:S9"}, "street:S9", "nobody's", None),
    ({"zone": "street:S1/C2"}, "street:S1/C2", "nobody's", None), ({"zone": "wall:S1"}, "wall", "nobody's", None),
    ({"zone": "desk:"}, "desk:", "nobody's", None), ({"zone": ["wall"]}, "", "nobody's", None),
    ({"zone": "commands"}, "commands", "nobody's", None), ({"zone": ""}, "", "nobody's", None),
]  # fmt: skip


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_a_room_is_joined_as_the_table_says(home: House, who: Who) -> None:
    for wish, key, right, place in ZONES:
        socket = home.socket(who)
        assert socket.is_connected() == (who.role is not None and told(who, EVENTS["connect"]))
        if not socket.is_connected():
            continue
        heard(socket)
        socket.emit("hello", wish)
        told_of = heard(socket)
        expected = right in RIGHTS and key != "coverage" and told(who, right, place)
        assert ("snapshot" in [name for name, _ in told_of]) == expected, f"{who.name}: {wish}"
        assert (("forbidden", {"event": "hello"}) in told_of) != expected, f"{who.name}: {wish}"
        cases = {row[0] for name, part in told_of if name == "snapshot" for row in part.get("rows", [])}
        if place is not None:
            mine = {p.case_id for p in PLACES if told(who, "see_case", p) and in_zone(p, place)}
            assert cases == (mine if expected else set())
        socket.disconnect()
    check_rooms(home)


def in_zone(case: Place, zone: Place) -> bool:
    """Whether a case is one of the zone's, whoever watches it."""
    if zone.lead:
        return zone.lead in {case.lead, case.beside}
    return case.grid == zone.grid if zone.grid else case.street == zone.street


def check_rooms(home: House) -> None:
    """Nobody is in a room without its right."""
    rooms = home.web.socketio.server.manager.rooms.get("/", {})
    for key, members in rooms.items():
        if key is None or key in members:  # everybody's, and each one's own
            continue
        kind, _, code = str(key).partition(":")
        code = code.partition("/")[0]
        place = {"unit": Place("", None, lead=code), "grid": Place("", None, grid=code)}.get(kind, Place(code, None))
        assert kind in ROOMS, key
        for sid in members:
            person = home.web.room.people[sid]
            who = next(one for one in WHO if one.name == person.user_id)
            assert told(who, ROOMS[kind], place if code else None), (key, who)


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_every_event_is_heard_as_the_table_says(home: House, who: Who) -> None:
    socket = home.socket(who)
    if not socket.is_connected():
        assert who.role is None
        return
    for event, right in EVENTS.items():
        heard(socket)
        socket.emit(event, {"zone": "street:" + (who.street or "S1"), "case_id": "EAST-1"})
        if event in RESERVED:  # Socket.IO's own: a client that says one is out
            assert not socket.is_connected(), f"{who.name}: {event}"
            socket = home.socket(who)
            continue
        refused = ("forbidden", {"event": event}) in heard(socket)
        by_room = event == "hello" and not told(who, "see_street", Place(who.street or "S1", None))
        assert refused == (not told(who, right) or by_room), f"{who.name}: {event}"
    check_rooms(home)
    socket.disconnect()


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_a_reserved_name_ends_the_socket_and_leaves_every_room(home: House, who: Who) -> None:
    """Socket.IO would call our handler of that name: we would forget the socket, and it would hear its rooms on."""
    room, manager = home.web.room, home.web.socketio.server.manager
    for event in sorted(RESERVED):
        socket = home.socket(who)
        if not socket.is_connected():
            assert who.role is None
            return
        for said in ({"zone": "street:" + (who.street or "S1")}, {"zone": "desk"}, {"zone": "wall"}):
            socket.emit("hello", said)
        socket.emit("watch_coverage")
        socket.emit(event, "x")
        assert not socket.is_connected(), event
        assert not room.people, event
        assert not room.zone_of, event
        assert manager.sid_from_eio_sid(socket.eio_sid, "/") is None, event
        assert not [name for name, members in manager.rooms.get("/", {}).items() if name is None or members], event


@pytest.mark.parametrize("who", WHO, ids=lambda who: who.name)
def test_who_has_a_case_open_is_heard_only_of_cases_that_are_theirs(home: House, who: Who) -> None:
    socket = home.socket(who)
    if not socket.is_connected():
        return
    desk = home.web.room.more[0].__self__  # type: ignore[attr-defined]  # the DeskRoom's bound method
    for place in PLACES:
        socket.emit("at_case", {"case_id": place.case_id})
        here = place.case_id in desk._at.values()
        assert here == told(who, "see_texts", place), f"{who.name}: {place}"
        socket.emit("ahead", {"case_id": place.case_id, "lang": ""})
        sent = {message["name"] for message in socket.get_received()}
        assert sent <= {"forbidden"}, "what is drawn ahead is not sent"
    for junk in (None, 5, {}, {"case_id": None}, {"case_id": ["EAST-1"]}, {"case_id": {"a": 1}}):
        socket.emit("at_case", junk)
        assert not desk._at
    socket.disconnect()


def test_what_leaves_for_a_street_unit_or_grid_by_its_socket_holds_no_case_of_another(home: House) -> None:
    sockets = {who: home.socket(who) for who in (S1, S2, S1C1, D1, D2, G00, G20)}
    for who, socket in sockets.items():
        heard(socket)
        zone = f"unit:{who.unit}" if who.unit else f"grid:{who.grid}" if who.grid else f"street:{who.street}"
        socket.emit("hello", {"zone": zone})
    officer = home.socket(DUTY)
    officer.emit("hello", {"zone": "desk"})
    for place in PLACES:
        officer.emit("at_case", {"case_id": place.case_id})
        home.web.room.changed({place.case_id})
        home.web.room._flush()
    for who, socket in sockets.items():
        text = str(heard(socket))
        for case_id in ids_of_others(who):
            assert case_id not in text, f"{who.name} hears of {case_id}"
        rows = [p for p in PLACES if told(who, "see_case", p)]
        assert all(p.case_id in text for p in rows)
        socket.disconnect()
    officer.disconnect()


def test_who_is_refused_is_in_the_log(home: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        home.get(S1, "/desk")
        home.get(S1, "/api/v1/log?seat=S2")
        home.get(S1, "/api/v1/cases.csv?street=S2")
        home.post(WALL, "/api/v1/commands", {})
        socket = home.socket(S1)
        socket.emit("hello", {"zone": "street:S2"})
        socket.disconnect()
    told_of = [record.getMessage() for record in caplog.records]
    assert [text.split(" may not")[0] for text in told_of] == ["s1 (street_staff)"] * 3 + [
        "wall (wall)",
        "s1 (street_staff)",
    ]


def test_an_export_has_an_exports_right_and_says_who_made_it(home: House) -> None:
    """Whatever comes as a file to keep."""
    exports = set()
    for endpoint, tried in attempts(home, DUTY).items():
        for attempt in tried:
            if attempt.method == "GET" and attempt.expected(DUTY):
                with home.get(DUTY, attempt.path) as answer:
                    is_file = "attachment" in answer.headers.get("Content-Disposition", "")
                if is_file:
                    exports.add(endpoint)
                    assert ADDRESSES[endpoint].startswith("export_"), endpoint
    assert "cases_csv" in exports
    text = home.get(S1, "/api/v1/cases.csv").text
    assert "s1" in text.splitlines()[0]
    assert "EAST-1" in text
    assert "EAST-2" in text
    assert "EAST-2" not in home.get(S1C1, "/api/v1/cases.csv").text


BEHIND_ONES_OWN = [
    ("/api/v1/reports", {"seat": "S1", "case_id": "WEST-1", "number": 0, "text": "已报"}),
    ("/api/v1/reports", {"seat": "S1", "case_id": "NOWHERE-1", "number": 0, "text": "已报"}),
    ("/api/v1/log", {"seat": "S1", "kind": "note", "text": "记一笔", "token": "t", "case_id": "WEST-1"}),
    ("/api/v1/handover/{west}/in", {"seat": "S1", "digest": "{digest}"}),
]


@pytest.mark.parametrize(("path", "body"), BEHIND_ONES_OWN)
def test_an_object_of_another_street_is_not_reached_through_ones_own_seat(
    home: House, path: str, body: dict[str, Any]
) -> None:
    west = home.post(S2, "/api/v1/handover/out", {"seat": "S2"}).json["handover"]
    before = home.traces()
    filled = {k: v.format(**west) if isinstance(v, str) else v for k, v in body.items()}
    for who in (S1, S1C1):
        assert home.post(who, path.format(west=west["id"]), filled).status_code in {403, 404, 409}
    assert home.traces() == before


@pytest.mark.parametrize("other", [WEST, NOWHERE], ids=lambda place: place.case_id)
@pytest.mark.parametrize("kind", SENT)
def test_a_command_on_another_streets_case_is_refused_even_among_ones_own(home: House, kind: str, other: Place) -> None:
    wish = command(kind, EAST, S1) | {"cases": [["EAST-1", 1], [other.case_id, 1]]}
    answer = home.post(S1, "/api/v1/commands", wish)
    assert home.redis.xlen(f"lianqin:{{{CODE}}}:commands") == told(S1, kind, EAST)
    assert b"WEST" not in str(home.sent_commands()).encode()
    if told(S1, kind, EAST):
        states = {one["case_id"]: one["reason"] for one in answer.json["outcomes"]}
        assert states == {"EAST-1": "", other.case_id: "forbidden"}
    assert home.post(S1C1, "/api/v1/commands", command(kind, EAST_2, S1C1)).status_code in {200, 403}
    assert b"EAST-2" not in str([f[b"subject"] for _, f in home.sent_commands()]).encode()


def test_a_case_of_another_street_is_no_target_of_a_merge_and_its_patrol_nobodys_to_send(home: House) -> None:
    for kind, data in (("case.merge", {"into": "WEST-1"}), ("case.assign_unit", {"unit_id": "U2"})):
        wish = command(kind, EAST, S1) | {"data": data}
        (one,) = home.post(S1, "/api/v1/commands", wish).json["outcomes"]
        assert (one["state"], one["detail"]) == ("refused", "WEST-1" if kind == "case.merge" else "U2")
    assert not home.sent_commands()
    (one,) = home.post(
        DUTY, "/api/v1/commands", command("case.assign_unit", EAST, DUTY) | {"data": {"unit_id": "U2"}}
    ).json["outcomes"]
    assert one["state"] == "sent"


def test_whoever_sends_a_command_is_who_is_logged_in(home: House) -> None:
    wish = command("case.close", EAST, S1)
    wish["data"] = {"actor": {"user": "duty", "role": "duty_officer"}, "case_id": "WEST-1", "expected_version": 99}
    home.post(S1, "/api/v1/commands", wish)
    ((_, fields),) = home.sent_commands()
    assert b'"user":"s1"' in fields[b"data"]
    assert b"WEST-1" not in fields[b"data"]
    assert b'"expected_version":1' in fields[b"data"]


def test_people_are_managed_apart_in_every_session_and_socket_where_the_setting_says_so(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    with house(sqlite_engine, redis_client, tiny, security_apart=True) as home:
        access = home.web.room._access
        for name in ("admin", "security"):
            found = access.find({"REMOTE_ADDR": DESK_AT}, {COOKIE: home.tokens[name]})
            assert found is not None
            assert may(found.person, "manage_people") == (name == "security")
            assert access.still({"a socket": found.person}) == set()


def test_the_walls_panel_holds_no_text_of_a_case(home: House) -> None:
    for more in ({}, {"desk": 1}):
        answer = home.get(WALL, panel_of({"case": "EAST-1", **more}, "zh-CN"))
        assert "EAST-1" in answer.text
        assert SECRET not in answer.text
