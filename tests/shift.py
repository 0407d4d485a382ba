"""A shift to be played: a web process with its keepers in step, a case system, and people at their desks.

The day shift has the centre from 08:00 to 16:00. Everything goes by ``Shift.clock``; only sessions, heartbeats and the
audit have the machine's time, as they do in production.
"""

import dataclasses
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.app import Doors, create_app
from services.access import passwords
from services.access import service as accounts
from services.access.account import Account
from services.access.store import change
from services.board.state import Board
from services.commands.escalation.worker import Escalator
from services.contract.case import Case
from services.district.borders import Borders
from services.district.calendar import calendar_of
from services.district.package import District
from services.duty.alarms.tiles import alarm_tiles
from services.duty.worker import DutyKeeper
from services.operations.simulator.dice import Dice
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.record import is_open
from services.platform.clock import SetClock, to_rfc3339
from services.platform.database import writing
from services.platform.redis import Keys
from services.platform.sealing import Sealer, make_key
from services.platform.settings import Settings
from services.projector.ingest import Ingest
from tests.case_system import TinyCaseSystem
from tests.tiny import CODE, NOON, entry, middle
from tests.unit.duty.test_duty_roster import line

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
STEP = 5 * MINUTE
PASSWORD = "four Plain words here"
PLATFORM, PHONE = "/camera-platform", "13812345678"
ROSTER = (
    line("23T00:00", "23T08:00", "夜班", "何静"),
    line("23T08:00", "23T16:00", "白班", "周敏"),
    line("23T08:00", "23T16:00", "白班", "宋涛", role="leader"),
    line("23T16:00", "24T00:00", "晚班", "郑洁"),
)
PEOPLE = (
    Account("night", "何静", "duty_officer"), Account("day", "周敏", "duty_officer"),
    Account("evening", "郑洁", "duty_officer"), Account("boss", "宋涛", "leader"), Account("audit", "钱立", "auditor"),
    Account("s1", "马骏", "street_staff", "S1"), Account("s1b", "吴倩", "street_staff", "S1"),
    Account("s2", "林芳", "street_staff", "S2"),
)  # fmt: skip
ADDRESSES = {account.user_id: f"10.1.2.{n}" for n, account in enumerate(PEOPLE, 1)}
_CASE = msgspec.json.Decoder(Case)


class Deed(NamedTuple):
    """What the audit must know of something that a person did."""

    who: str
    action: str
    about: str
    reason: str = ""


def _deed(who: str, path: list[str], body: dict[str, Any], answer: dict[str, Any]) -> Deed:
    """The deed of a request that was heard, by its address below /api/v1."""
    reason = body.get("reason", body.get("comment", ""))
    match path:
        case ["commands"]:
            return Deed(who, "command", body["cases"][0][0], reason)
        case ["proposals", case_id, _]:
            return Deed(who, "command", case_id, reason)
        case ["alarms", alarm, "acknowledge"]:
            return Deed(who, "alarm_acknowledge", alarm, reason)
        case ["cases", case_id, "reveal"]:
            return Deed(who, "reveal", case_id, reason)
        case ["handover", *_]:
            return Deed(who, "handover_sign", answer["handover"]["id"])
        case ["reports"]:
            return Deed(who, "report", body["case_id"])
        case _:
            return Deed(who, "log_entry", body["seat"])


def at(text: str) -> int:
    """A moment of the shift's day."""
    hour, minute = map(int, text.split(":"))
    return NOON + (hour - 12) * HOUR + minute * MINUTE


class Shift:
    """The house, and what its people do in it."""

    def __init__(self, engine: Engine, client: redis.Redis, district: District) -> None:
        self.engine, self.redis = engine, client
        self.district = dataclasses.replace(district, tables={"roster": ROSTER})
        self.clock, key = SetClock(at("07:30")), make_key()
        self._settings, self.key = Settings(data_key=key), key
        office = OfficeHours(8 * HOUR, calendar_of(district))
        self.system = TinyCaseSystem(client, self.clock, office, [], units={"U1": "free"}, is_stepped=True)
        self._ingest, self._taken = Ingest(engine, self.district, Sealer(key)), "0-0"
        self._escalator = Escalator(engine, client, self.district, self.clock)
        self._escalator.load()
        self._keeper = DutyKeeper(engine, client, self.district, self.clock)
        self._keeper.load()
        self.dice, self.scripted, self.reported = Dice("shift", 7), set[str](), 0
        self.is_kept = True  # whether the keeper of alarms and log runs
        self.clients: dict[str, FlaskClient] = {}
        self.deeds: list[Deed] = []
        self.outcomes: list[tuple[str, str, dict[str, Any]]] = []  # (who, command, what became of it at the door)
        self.said: list[str] = []
        hashed = passwords.hashed(PASSWORD)
        for account in PEOPLE:
            accounts.add(engine, time.time_ns() // 1_000_000, account, "")
            with writing(engine) as connection:
                change(connection, account.user_id, password=hashed)
        self.open_web()

    def open_web(self) -> None:
        """A fresh web process; whoever is logged in stays so."""
        doors = Doors(self.engine, self.redis, self.clock, self.district, settings=self._settings)
        self.web = create_app(doors)
        self.web.room.follower = self.web.follower
        self.web.room._borders = Borders(self.district)
        self.web.follower.load()
        for client in self.clients.values():
            client.application = self.web.flask

    @property
    def board(self) -> Board:
        """What the screens show."""
        return self.web.follower.board

    def now(self, minutes: int = 0) -> datetime:
        """The shift's moment, or so many minutes later."""
        return datetime.fromtimestamp(self.clock.ms / 1000 + 60 * minutes, self.district.zone)

    def say(self, text: str) -> None:
        """A line of the transcript."""
        when = self.now()
        self.said.append(f"{when:%H:%M:%S} {text}")

    # What happens outside

    def report(self, case_id: str, column: int, **more: Any) -> None:
        """A case is reported; ``column``: 0, 1 lie in S1, 2, 3 in S2. The case system leaves a named one alone."""
        now = to_rfc3339(self.clock.ms)
        body = {
            "case_id": case_id, "version": 1, "status": "dispatched", "channel": "GRID", "reported_at": now,
            "domain": "04", "level": "street", "lead_unit": "D1", "filed_at": now, "dispatched_at": now,
            **middle(column, 0), **more,
        }  # fmt: skip
        body = {name: value for name, value in body.items() if value is not ...}
        self.scripted.add(case_id)
        self.system.put("case.reported", _CASE.decode(msgspec.json.encode(body)))

    def change(self, case_id: str, kind: str, **changes: Any) -> None:
        """A step of a case."""
        case = self.system.cases[case_id]
        self.system.put(kind, msgspec.structs.replace(case, version=case.version + 1, step=None, **changes))

    def beat(self, *, lives: bool = True) -> None:
        """The camera platform's heartbeat. The last one before it stops: the next was due at once, and does not come.

        Heartbeats are held against the machine's clock, and that one does not run with ours.
        """
        said = {"at": to_rfc3339(self.clock.ms), "interval_s": 3600 if lives else 0.0001}
        self.tell(said, "source.heartbeat", PLATFORM)

    def tell(self, body: dict[str, Any], kind: str, source: str = "/case-system") -> None:
        """Any other event."""
        self.redis.xadd(Keys(CODE).events, dict(entry(body, kind, self.clock.ms, source=source)))

    def _everyday(self) -> None:
        """Cases come, and those that nobody has named are worked on and closed."""
        for _ in range(self.dice.count(0.5)):
            self.reported += 1
            late = to_rfc3339(self.clock.ms + self.dice.whole(4, 72) * STEP)
            case_id, column = f"E{self.reported:03}", self.dice.whole(0, 3)
            self.report(case_id, column, severity=self.dice.pick((3, 4, 4, 4)), deadline_at=late)
            self.scripted.discard(case_id)
        for case_id, case in list(self.system.cases.items()):
            if case_id in self.scripted or not is_open(case) or not self.dice.chance(0.06):
                continue
            now = self.now()
            if case.status == "handled":
                self.change(case_id, "case.closed", status="closed", closed_at=now)
            else:
                self.change(case_id, "case.handled", status="handled", handled_at=now)

    # The processes

    def flow(self) -> None:
        """Everything that is under way arrives: answers, events, the policy's proposals, alarms, the log."""
        self.system.work()
        self._project()
        assert self._escalator._lease.hold()  # it runs by the machine's clock
        self._escalator._pass_every.reset()
        self._escalator.work()
        self.system.work()
        self._project()
        if self.is_kept:
            keeper = self._keeper
            keeper._look_every.reset()
            keeper._log_every.reset()
            keeper._next = keeper._soonest = 0.0
            keeper.work()
        self.web.follower.sync()
        self.web.follower.tick()

    def _project(self) -> None:
        found: Any = self.redis.xrange(Keys(CODE).events, min=f"({self._taken}")
        if found:
            entries = [(name.decode(), fields) for name, fields in found]
            self._taken = entries[-1][0]
            self._ingest.apply(entries, self.clock.ms, self._taken)

    def step(self, moment: int) -> None:
        """The next few minutes: what happens, and what the processes make of it."""
        self.clock.ms = moment
        self._everyday()
        self.flow()

    # The people

    def log_in(self, who: str) -> None:
        """Through the log-in page."""
        self.clients[who] = client = self.web.flask.test_client()
        client.environ_base = {"REMOTE_ADDR": ADDRESSES[who], "HTTP_ORIGIN": "http://localhost"}
        answer = client.post("/login", data={"user": who, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        self._did(who, "log_in", who)

    def log_out(self, who: str) -> None:
        """Through the button."""
        assert self.clients.pop(who).post("/logout").status_code == 303
        self._did(who, "log_out", who)

    def _did(self, who: str, action: str, about: str) -> None:
        self.deeds.append(Deed(who, action, about))
        self.say(f"{who} {action}")

    def take_along(self, who: str, path: str) -> str:
        """Download a file; its text."""
        answer = self.clients[who].get(path)
        assert answer.status_code == 200, answer.text
        self._did(who, "export", path.rpartition("/")[2])
        return answer.text

    def ask(self, who: str, path: str, body: Any = None, code: int = 200) -> Any:
        """What a page asks for; a body is sent. A second passes."""
        self.clock.ms += SECOND
        client = self.clients[who]
        answer = client.get(path) if body is None else client.post(path, json=body)
        assert answer.status_code == code, (who, path, answer.status_code, answer.text[:300])
        if body is not None:
            self.say(f"{who} {path.removeprefix('/api/v1/')} {msgspec.json.encode(body).decode()[:160]} → {code}")
            if code < 400:
                self.deeds.append(_deed(who, path.split("/")[3:], body, answer.get_json(silent=True)))
        return answer.get_json(silent=True)

    def command(self, who: str, order: str, case_id: str, reason: str, **data: Any) -> dict[str, Any]:
        """One click; what became of it."""
        wish = {
            "batch": f"{who}-{len(self.outcomes):08}",
            "type": order,
            "reason": reason,
            "data": data,
            "cases": [[case_id, self.board.rows[case_id].version]],
        }
        (outcome,) = self.ask(who, "/api/v1/commands", wish)["outcomes"]
        self.outcomes.append((who, order, outcome))
        self.flow()
        return dict(outcome)

    def answer(self, who: str, case_id: str, verb: str, reason: str) -> None:
        """Confirm or decline what the policy proposes."""
        body = {
            "batch": f"{who}-{len(self.outcomes):08}",
            "version": self.board.rows[case_id].version,
            "reason": reason,
        }
        found = self.ask(who, f"/api/v1/proposals/{case_id}/{verb}", body)
        self.outcomes += [(who, "case.escalate", outcome) for outcome in found.get("outcomes", ())]

    def note(self, who: str, seat: str, text: str, case_id: str = "", code: int = 200) -> None:
        """A line of the log book."""
        token = f"{who}{len(self.said)}"
        body = {"seat": seat, "kind": "note", "text": text, "token": token, "case_id": case_id}
        self.ask(who, "/api/v1/log", body, code)

    def take_alarms(self, who: str, seat: str) -> None:
        """All that nobody has taken."""
        for alarm in alarm_tiles(self.board, seat, self.clock.ms)["alarms"]:
            if alarm["state"] == "unacknowledged":
                self.ask(who, f"/api/v1/alarms/{alarm['id']}/acknowledge", {"comment": "收到"})
        self.web.follower.sync()

    def write_reports(self, who: str, seat: str) -> None:
        """Those whose countdown is short."""
        for due in self.ask(who, f"/api/v1/reports?seat={seat}")["due"]:
            if due["due_at"] - self.clock.ms < 15 * MINUTE:
                body = {"seat": seat, "case_id": due["case_id"], "number": due["number"], "text": "现场已控制"}
                self.ask(who, "/api/v1/reports", body)

    def play(self, until: int, always: Callable[[], None], script: dict[str, Callable[[], None]]) -> None:
        """Steps up to ``until``: what happens, what the script has for the moment, what everybody does all the time."""
        todo = {at(text): deed for text, deed in script.items()}
        while (moment := (self.clock.ms // STEP + 1) * STEP) <= until:
            self.step(moment)
            if (deed := todo.pop(moment, None)) is not None:
                deed()
                self.flow()
            always()
        assert not todo, "a moment of the script lies between two steps"
