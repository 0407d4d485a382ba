"""The one place that wires everything: Flask, Dash, the door, the socket, the follower and the pages."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import dash
import flask
import gevent
import redis
from dash import Dash, html
from flask_socketio import SocketIO
from sqlalchemy import Engine

from dashboard.callbacks.admin.register import SystemDoors, register_admin
from dashboard.callbacks.admin.shell import AdminShell
from dashboard.callbacks.audit import Auditing, register_audit
from dashboard.callbacks.commands import CommandsPage, register_commands
from dashboard.callbacks.coverage import CoveragePage, register_coverage
from dashboard.callbacks.dash_pages import register_dash_pages
from dashboard.callbacks.desk_panel import DeskPanel
from dashboard.callbacks.duty import DutyPage, register_duty
from dashboard.callbacks.duty_doors import DutyDoors
from dashboard.callbacks.health import HealthDoors, register_endpoints
from dashboard.callbacks.indicators import IndicatorsPage, register_indicators
from dashboard.callbacks.leadership.page import Leading, register_leadership
from dashboard.callbacks.panel import PanelPage, register_panel
from dashboard.callbacks.panel_ahead import PanelsAhead
from dashboard.callbacks.papers import register_papers
from dashboard.callbacks.personal import PersonalPage, register_personal
from dashboard.callbacks.photos import PhotoPage, register_photos
from dashboard.callbacks.queue_csv import QueueExport, register_queue_csv
from dashboard.callbacks.replay import Replaying, register_replay
from dashboard.callbacks.saved_views import SavedViewsPage, register_saved_views
from dashboard.callbacks.search import SearchPage, package_names, register_search
from dashboard.callbacks.units import register_units
from dashboard.door.access import REFUSED, Access, register_access
from dashboard.door.account_pages import register_account
from dashboard.door.exporting import register_exporting
from dashboard.door.hashing import Hashing
from dashboard.door.hosts import known_hosts
from dashboard.door.login import Pages, Tries, register_login
from dashboard.door.oidc import SingleSignOn
from dashboard.door.problem import DISTRICT_NAME
from dashboard.door.recording import Recorder
from dashboard.door.refusals import register_refusals
from dashboard.door.static_files import register_static
from dashboard.door.wire import wired
from dashboard.layouts.frame import FramedDash
from dashboard.live.desk_notices import NoticeRoom
from dashboard.live.desk_room import DeskRoom
from dashboard.live.room import LiveRoom
from dashboard.sockets.opening import door_of, open_socketio
from dashboard.sockets.refusals import Refusals
from dashboard.texts import LANGUAGES, texts
from services.access.log_in.rules import rules_of
from services.admin.figures_reader import DistrictFigures
from services.audit.service import open_log, signer_of
from services.board.follower import Follower
from services.board.readers.camera import CameraReader
from services.board.readers.case import CaseReader
from services.board.readers.figure import FigureReader
from services.board.readers.units import UnitReader
from services.board.state import thing_list
from services.board.watched_areas import Watch
from services.commands.service import Commanding
from services.district.package import District
from services.district.place import Placer
from services.duty.desk_notices_service import DeskNotices
from services.health.around_reader import RedisWatch
from services.health.heart import Heart
from services.health.watching_reader import ProcessWatch
from services.photos.service import Photos, sources_of
from services.platform.clock import Clock
from services.platform.database import answering_place
from services.platform.sealing import Sealer
from services.platform.settings import VIRTUAL, Settings
from services.platform.wakeups import Wakeups
from services.projector.sealed.case_people import CasePeople
from services.search.people_service import PeopleSearch
from services.search.places import NamedPlaces
from services.search.reader import SearchReader

log = logging.getLogger(__name__)

HSTS = "max-age=63072000; includeSubDomains"


@dataclass(frozen=True, slots=True)
class Doors:
    """What a web process needs from outside."""

    engine: Engine
    redis: redis.Redis
    clock: Clock
    district: District
    demo: bool = False
    filling: Callable[[], float | None] = lambda: None
    hosts: tuple[str, ...] = ()
    is_outdated: Callable[[], bool] = lambda: False
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Web:
    """A wired web process: ``flask`` is the WSGI app."""

    flask: flask.Flask
    dash: Dash
    socketio: SocketIO
    room: LiveRoom
    follower: Follower
    heart: Heart
    notices: NoticeRoom


def offload(work: Any) -> Any:
    """Run blocking work in gevent's native threads, so that the loop goes on.

    What it raises is raised here: let out of the thread, gevent would print it as well, every wrong password at length.
    """
    found, error = gevent.get_hub().threadpool.apply(_done, (work,))
    if error is not None:
        raise error
    return found


def _done(work: Any) -> tuple[Any, BaseException | None]:
    try:
        return work(), None
    except BaseException as error:  # raised again where it was asked for
        return None, error


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the pages of one process share."""

    access: Access
    room: LiveRoom
    follower: Follower
    heart: Heart
    recorder: Recorder
    sealer: Sealer
    people: CasePeople
    photos: Photos


def create_app(doors: Doors) -> Web:
    """Wire one web process. Nothing runs yet: ``start`` begins to follow."""
    server = flask.Flask("dashboard", static_folder=None, template_folder="pages")
    server.config["MAX_CONTENT_LENGTH"] = 1 << 20
    app = _make_dash(server)
    socketio = open_socketio(server)
    shared = _open_door(doors, server, app, socketio)
    _register_log_in(doors, server, shared)
    _register_panel(doors, server, shared)
    _register_board(doors, server, shared)
    _register_reports(doors, server, shared)
    shell = AdminShell(doors.engine, doors.district, doors.clock, offload, shared.recorder, doors.demo)
    notices = DeskNotices(doors.engine, doors.district, doors.clock, shared.recorder.log)
    notice_room = NoticeRoom(shared.room, notices, offload)
    system = SystemDoors(doors.redis, doors.settings, shared.follower, notices)
    register_admin(server, shell, shared.access.rules, system)
    duty = _register_duty(doors, server, shared)
    register_dash_pages(doors.district, duty, shared.recorder.look, demo=doors.demo)
    register_refusals(server, app)
    register_static(server, offload)
    _prepare(server)
    _secure(server, app, shared.access)
    return Web(server, app, socketio, shared.room, shared.follower, shared.heart, notice_room)


def _make_dash(server: flask.Flask) -> Dash:
    app = FramedDash(
        "dashboard",
        server=server,  # type: ignore[arg-type]  # Dash takes a Flask app, its stub does not say so
        use_pages=True,
        pages_folder="",
        assets_folder="assets",
        assets_path_ignore=["plain", "modules"],  # of pages that Dash does not make; what boot.mjs imports
        update_title="",
        title="联勤指挥",
        serve_locally=True,
        suppress_callback_exceptions=True,
    )
    app.layout = html.Div(dash.page_container)
    return app


def _open_door(doors: Doors, server: flask.Flask, app: Dash, socketio: SocketIO) -> _Shared:
    """Put the door before every address, and make what stands behind it."""
    settings, code = doors.settings, doors.district.code
    access = Access(
        doors.engine,
        offload,
        origin=settings.origin,
        monitors=settings.monitors,
        proxies=settings.proxies,
        rules=rules_of(settings),
    )
    refusals = Refusals()
    door = door_of(settings, access, refusals)
    behind = access.behind_proxies(known_hosts(door.before(wired(server.wsgi_app)), doors.hosts))
    server.wsgi_app = behind  # type: ignore[assignment,method-assign]  # as Flask's documentation wraps it
    register_access(server, access, lambda: app.callback_map, code)
    room = LiveRoom(socketio, doors.clock, access, doors.filling, refusals)
    heart = Heart(doors.redis, code, "web", package=doors.district.digest)
    follower = Follower(
        doors.engine, doors.redis, doors.district, doors.clock, room.changed, offload=offload,
        watch=ProcessWatch(doors.redis, code, settings.processes), heart=heart,
        around=RedisWatch(doors.redis, code, follows_clock=settings.clock == VIRTUAL),
    )  # fmt: skip
    recorder, sealer = Recorder(open_log(doors.engine, settings), offload), Sealer(settings.data_key)
    people = CasePeople(doors.engine, sealer, offload)
    sources = sources_of(settings, doors.district.photos)
    photos = Photos(doors.engine, lambda: sources, offload)
    return _Shared(access, room, follower, heart, recorder, sealer, people, photos)


def _register_log_in(doors: Doors, server: flask.Flask, shared: _Shared) -> None:
    """The log-in, one's own account, and what is kept of refusals."""
    streets = doors.district.streets
    pages = Pages(
        shared.access, offload, shared.recorder, lambda language: _name(doors.district, language),
        lambda code: streets[code].name if code in streets else code, _sso(doors.settings),
        shared.sealer, Hashing(), Tries(), doors.district.zone, doors.demo,
    )  # fmt: skip
    register_login(server, pages)
    register_account(server, pages)
    register_exporting(server)
    server.extensions[REFUSED] = shared.recorder.refused
    server.extensions[DISTRICT_NAME] = lambda language: _name(doors.district, language)


def _register_panel(doors: Doors, server: flask.Flask, shared: _Shared) -> None:
    """The panel that every page has."""
    engine, district, now_ms, follower = doors.engine, doors.district, doors.clock.now_ms, shared.follower
    cameras = CameraReader(district, lambda: follower.board, offload)
    cases = CaseReader(engine, district)
    page = PanelPage(
        district,
        cases,
        FigureReader(engine, district, lambda: follower.board, offload),
        lambda: watched(follower),
        now_ms,
        cameras,
        DeskPanel(district, engine, lambda: follower.board, cameras, shared.sealer, now_ms),
        shared.recorder.look,
        PanelsAhead(lambda: follower.board),
        offload,
    )
    register_panel(server, page, shared.room)
    register_photos(server, PhotoPage(cases, shared.photos, shared.recorder.look, offload))


def _register_board(doors: Doors, server: flask.Flask, shared: _Shared) -> None:
    """What is live: health, coverage, indicators, the desks with their commands, units; and single fields revealed."""
    district, clock, room, recorder = doors.district, doors.clock, shared.room, shared.recorder
    reader = SearchReader(doors.engine)
    figures = DistrictFigures(doors.engine, doors.redis, district.code)
    health = HealthDoors(
        district,
        room,
        shared.follower,
        clock,
        lambda: offload(reader.backlog),
        lambda: [*offload(figures.look), *shared.photos.figures()],
        lambda: answering_place(doors.engine),
    )
    register_endpoints(server, health)
    register_coverage(server, CoveragePage(district, room, shared.follower, clock, offload, recorder))
    register_indicators(server, IndicatorsPage(district, doors.engine, clock, offload, recorder))
    placer = Placer(district)
    commanding = Commanding(
        doors.engine,
        doors.redis,
        district,
        is_near=placer.is_near,
        people=shared.people,
        offload=offload,
    )
    desk_room = DeskRoom(room, commanding, clock)
    register_commands(
        server,
        CommandsPage(shared.access, district, room, desk_room, commanding, clock, offload, recorder, shared.people),
    )
    register_saved_views(server, SavedViewsPage(shared.access, offload, recorder))
    export = QueueExport(doors.engine, district, room.board, room.neighbour, clock, offload, recorder)
    register_queue_csv(server, export)
    reveals = doors.settings.reveals
    register_personal(server, PersonalPage(shared.access, recorder, shared.sealer, offload, reveals, district))
    people = PeopleSearch(reader, shared.sealer, recorder.log, doors.settings.person_searches)
    names, places = package_names(district), NamedPlaces(district)
    register_search(server, SearchPage(district, room, reader, clock, offload, recorder, names, people, places))
    register_units(server, room, UnitReader(district, lambda: shared.follower.board, clock, offload=offload))


def _register_reports(doors: Doors, server: flask.Flask, shared: _Shared) -> None:
    """What looks back: the leader's page and its papers, the replay, the audit."""
    engine, district, settings, recorder = doors.engine, doors.district, doors.settings, shared.recorder
    leading = Leading(engine, district, doors.clock, offload, recorder)
    register_leadership(server, leading)
    register_papers(server, leading)
    register_replay(server, Replaying(engine, doors.redis, district, doors.clock, offload))
    register_audit(server, Auditing(engine, district, settings.data_key, settings.audit_heads_file, offload, recorder))


def _register_duty(doors: Doors, server: flask.Flask, shared: _Shared) -> DutyPage:
    wakeups, signer = Wakeups(doors.redis, doors.district.code), signer_of(doors.settings)
    page_doors = DutyDoors(
        shared.access,
        doors.district,
        shared.room,
        doors.clock,
        offload,
        shared.recorder,
        wakeups,
        signer,
        shared.people,
    )
    duty = DutyPage(page_doors)
    register_duty(server, duty)
    return duty


def _prepare(server: flask.Flask) -> None:
    """Words and templates are read before the first wall is there: each takes as long as some frames of it."""
    for language in LANGUAGES:
        texts(language)
    for name in server.jinja_env.list_templates(extensions=["html"]):
        server.jinja_env.get_template(name)


def _name(district: District, language: str) -> str:
    name = district.name_en if language == "en" and district.name_en else district.name
    return str(texts(language)["word"]["center"]).format(name=name)


def _sso(settings: Settings) -> SingleSignOn | None:
    if not settings.oidc_issuer:
        return None
    missing = [n for n in ("origin", "oidc_client_id", "oidc_client_secret") if not getattr(settings, n)]
    if missing:
        raise ValueError(f"LIANQIN_OIDC_ISSUER needs {', '.join(f'LIANQIN_{n.upper()}' for n in missing)} too")
    return SingleSignOn(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        origin=settings.origin,
        claim=settings.oidc_claim,
        factors=settings.oidc_factors,
    )


def watched(follower: Follower) -> tuple[list[Watch], list[dict[str, Any]]]:
    """The watched areas' figures and the hot spots, as the follower has them."""
    spots = follower.board.things.get(("hot_spots", "all"))
    return follower.watched, [] if spots is None else thing_list(spots)


def start(web: Web) -> None:
    """Begin to follow the store, and to say that we live."""
    web.heart.start()
    web.room.start(web.follower)
    web.notices.start()


def _secure(server: flask.Flask, app: Dash, access: Access) -> None:
    """Headers on every answer. Dash's inline scripts are let in by their hashes, its inline styles all.

    The hashes are taken at the first answer: Dash adds inline scripts until its set-up at the first request is over.
    """
    policy: list[str] = []

    @server.after_request
    def headers(response: flask.Response) -> flask.Response:
        if not policy:
            hashes = " ".join(app.csp_hashes())
            policy.append(
                f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
                "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
                "form-action 'self'; frame-ancestors 'none'"
            )
        response.headers.setdefault("Content-Security-Policy", policy[0])
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if access.is_https:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if not flask.request.path.startswith(("/assets/", "/_dash-component-suites/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
