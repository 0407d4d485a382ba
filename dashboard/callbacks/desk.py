"""What the desks ask over HTTP: commands, answers to proposals, saved views, the queue as a table."""

from dataclasses import dataclass
from typing import Annotated, Any

import flask
import msgspec
from flask import Flask, Response
from msgspec import Meta

from dashboard.callbacks.queue_csv import QueueExport
from dashboard.door.access import Access, allowed_case, person, refuse
from dashboard.door.bodies import Whole, as_json, body
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes
from dashboard.live.desk_room import DeskRoom
from dashboard.live.room import LiveRoom
from services.access.rights import Person, may
from services.access.saved_views_service import MOST as MOST_VIEWS
from services.access.saved_views_service import SavedViews
from services.board.lenses import unit_streets
from services.board.state import Board
from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.commands.escalation.service import decline
from services.commands.judge import CommandOutcome, Reason, Situation, Wish, command_id
from services.commands.repair import TYPE as REPAIR
from services.commands.repair import RepairWish
from services.commands.service import Commanding
from services.contract.case import Code
from services.district.leads import lead_of
from services.district.package import District
from services.platform.clock import Clock, machine_ms
from services.platform.offload import Offload
from services.projector.sealed.case_people import CasePeople

ViewName = Annotated[str, Meta(min_length=1, max_length=40)]
PAGES = frozenset({"desk", "street", "small"})
CASES_A_ROW = 100  # of the audit: a command names every case that it is about


class ProposalAnswer(msgspec.Struct, frozen=True):
    """A person's answer to a proposal; ``version`` is the case's that they saw."""

    batch: Code
    version: Whole
    reason: Reason


class SavedView(msgspec.Struct, frozen=True):
    """A saved view: the body is the page's own."""

    page: Code
    name: ViewName
    body: Annotated[dict[str, Any], Meta(max_length=100)] = {}


@dataclass(frozen=True, slots=True)
class DeskPage:
    """What the desks' addresses need, and the addresses."""

    access: Access
    district: District
    room: LiveRoom
    desk: DeskRoom
    commanding: Commanding
    clock: Clock
    offload: Offload
    record: Recorder
    people: CasePeople

    def _board(self) -> Board:
        if not self.room.is_loaded or self.room.follower is None:
            refuse(503, "the board is not loaded yet: ask /readyz")
        return self.room.follower.board

    def _send(self, wish: Wish, asking: Person) -> Response:
        board = self._board()
        situation = Situation(board.rows, unit_streets(board), self.clock.now_ms())
        cases = [case_id[:200] for case_id, _ in wish.cases]
        told_why = self.people.masked(wish.reason, cases)[:500]
        self.record.many("command", asking, [
            (part[0] if part else "", {
                "type": wish.type, "cases": part, "n": len(cases), "reason": told_why, "batch": wish.batch[:64],
            }) for part in (cases[at : at + CASES_A_ROW] for at in range(0, max(len(cases), 1), CASES_A_ROW))
        ])  # fmt: skip
        # Before they leave: the answer may be here sooner than we are back.
        code = self.district.code
        ids = {command_id(code, asking.user_id, wish.batch, case_id): case_id for case_id, _ in wish.cases}
        self.desk.wait_for(ids, asking.user_id)
        outcomes: list[CommandOutcome] = self.commanding.send(wish, asking, situation)
        self.desk.forget(ids.keys() - {o.command_id for o in outcomes if o.state in {"sent", "unsent"}})
        return as_json({"outcomes": outcomes})

    def commands(self) -> Response:
        """Send a command about one case or many."""
        wish = body(Wish)
        if not may(person(), wish.type):
            refuse(403, f"not allowed: {wish.type[:64]}")
        return self._send(wish, person())

    def repair_camera(self, camera_id: str) -> Response:
        """Ask for the repair of a camera."""
        wish, asking, key = body(RepairWish), person(), camera_id[:64]
        told_why = self.people.masked(wish.reason, [wish.case_id])[:500]
        self.record("command", asking, key, {"type": REPAIR, "case": wish.case_id, "reason": told_why})
        is_known = self._board().coverage.body("sight", key) is not None
        ours = command_id(self.district.code, asking.user_id, wish.batch, f"camera|{key}")
        self.desk.wait_for({ours: wish.case_id}, asking.user_id)
        outcome = self.commanding.repair(wish, key, asking, self.clock.now_ms(), is_known=is_known)
        if outcome.state not in {"sent", "unsent"}:
            self.desk.forget({ours})
        return as_json({"outcomes": [outcome]})

    def commands_now(self) -> Response:
        """Answer how the person's own commands stand."""
        ids = flask.request.args.get("ids", "").split(",")[:500]
        standing = self.commanding.standing(ids)
        mine = [self.desk.known(row) for row in standing if row.who == person().user_id]
        return as_json({"commands": mine})

    def _proposed(self, case_id: str) -> tuple[CaseRow, Proposal]:
        board = self._board()
        row, proposal = board.rows.get(case_id), board.proposals.get(case_id)
        if row is None or proposal is None:
            refuse(409, "there is no proposal any more")
        allowed_case("decide_proposal", row)
        return row, proposal

    def confirm_proposal(self, case_id: str) -> Response:
        """Escalate a case as it was proposed."""
        answer = body(ProposalAnswer)
        row, proposal = self._proposed(case_id)
        data = {"to": lead_of(self.district, row.domain), "reason_code": proposal.reason_code}
        wish = Wish(answer.batch, "case.escalate", [(case_id, answer.version)], answer.reason, data)
        return self._send(wish, person())

    def decline_proposal(self, case_id: str) -> Response:
        """Decline a proposal, with a reason."""
        answer = body(ProposalAnswer)
        _, proposal = self._proposed(case_id)
        if not 2 <= len(answer.reason.strip()) <= 500:
            refuse(400, "a reason of 2 to 500 characters")
        told_why = self.people.masked(answer.reason, [case_id])
        self.record("command", person(), case_id, {"type": "decline", "rule": proposal.rule, "reason": told_why})
        engine, wakeups = self.access.engine, self.commanding.wakeups
        now, code = self.clock.now_ms(), self.district.code
        if not decline(
            engine, wakeups, now, proposal, person=person(), why=told_why, district=code, offload=self.offload
        ):
            refuse(409, "there is no such proposal any more")
        return as_json({})

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

    def cases_csv(self) -> Response:
        """Answer the open cases as a file: those that the queue shows (``queue_csv``)."""

        def neighbour(row: CaseRow) -> str:
            return self.room.zones.neighbour(row) if self.room.zones is not None else ""

        engine, clock, offload = self.access.engine, self.clock, self.offload
        export = QueueExport(engine, self.district, self._board, neighbour, clock, offload, self.record)
        return export.answer()


def register_desk(server: Flask, page: DeskPage) -> None:
    """Add the addresses."""
    add_routes(server, [
        ("/api/v1/commands", "POST", page.commands),
        ("/api/v1/commands", "GET", page.commands_now),
        ("/api/v1/cameras/<camera_id>/repair", "POST", page.repair_camera),
        ("/api/v1/proposals/<case_id>/confirm", "POST", page.confirm_proposal),
        ("/api/v1/proposals/<case_id>/decline", "POST", page.decline_proposal),
        ("/api/v1/views/<page>", "GET", page.saved_views),
        ("/api/v1/views", "POST", page.save_view),
        ("/api/v1/views/drop", "POST", page.drop_view),
        ("/api/v1/cases.csv", "GET", page.cases_csv),
    ])  # fmt: skip
