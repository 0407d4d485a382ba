"""What a click on a command runs through (派遣 …): check the right, write the audit row, send by the service.

Answers to proposals and the repair of a camera are commands too.
"""

from dataclasses import dataclass

import flask
import msgspec
from flask import Flask, Response

from dashboard.door.access import Access, allowed_case, person, refuse
from dashboard.door.bodies import Whole, as_json, body
from dashboard.door.recording import Recorder
from dashboard.door.routes import add_routes
from dashboard.live.desk_room import DeskRoom
from dashboard.live.room import LiveRoom
from services.access.rights import Person, may
from services.board.lenses import unit_streets
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
from services.platform.clock import Clock
from services.platform.offload import Offload
from services.projector.sealed.case_people import CasePeople

CASES_A_ROW = 100  # of the audit: a command names every case that it is about


class ProposalAnswer(msgspec.Struct, frozen=True):
    """A person's answer to a proposal; ``version`` is the case's that they saw."""

    batch: Code
    version: Whole
    reason: Reason


@dataclass(frozen=True, slots=True)
class CommandsPage:
    """What the addresses of commands need, and the addresses."""

    access: Access
    district: District
    room: LiveRoom
    desk: DeskRoom
    commanding: Commanding
    clock: Clock
    offload: Offload
    record: Recorder
    people: CasePeople

    def _send(self, wish: Wish, asking: Person) -> Response:
        board = self.room.board()
        situation = Situation(board.rows, unit_streets(board), self.clock.now_ms())
        cases = [case_id[:200] for case_id, _ in wish.cases]
        told_why = self.people.masked(wish.reason, cases)[:500]
        self.record.many(
            "command",
            asking,
            [
                (
                    part[0] if part else "",
                    {"type": wish.type, "cases": part, "n": len(cases), "reason": told_why, "batch": wish.batch[:64]},
                )
                for part in (cases[at : at + CASES_A_ROW] for at in range(0, max(len(cases), 1), CASES_A_ROW))
            ],
        )
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
        is_known = self.room.board().coverage.body("sight", key) is not None
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
        board = self.room.board()
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


def register_commands(server: Flask, page: CommandsPage) -> None:
    """Add the addresses."""
    add_routes(
        server,
        [
            ("/api/v1/commands", "POST", page.commands),
            ("/api/v1/commands", "GET", page.commands_now),
            ("/api/v1/cameras/<camera_id>/repair", "POST", page.repair_camera),
            ("/api/v1/proposals/<case_id>/confirm", "POST", page.confirm_proposal),
            ("/api/v1/proposals/<case_id>/decline", "POST", page.decline_proposal),
        ],
    )
