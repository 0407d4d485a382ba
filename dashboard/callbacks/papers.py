"""A person asks for a paper; a worker makes it; the page looks how far it is and fetches the file."""

import secrets
from dataclasses import dataclass

import msgspec
from flask import Flask, Response

from dashboard.callbacks.leadership.page import Leading
from dashboard.door.access import allowed, person, refuse
from dashboard.door.bodies import as_json, body
from dashboard.door.exporting import download
from dashboard.door.routes import add_routes
from dashboard.papers.make import KINDS, PaperWish
from dashboard.papers.order import may_fetch, order_of
from dashboard.papers.review_paper import KIND, MOST_HOURS, WantedReview
from services.access.rights import DISTRICT, Person, may
from services.contract.case import Code
from services.jobs.job import MOST_WAITING, Job
from services.jobs.service import Jobs
from services.platform.clock import machine_ms

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class PaperRequest(msgspec.Struct, frozen=True):
    """Which paper of which span."""

    kind: Code
    span: Code
    street: Code = ""
    unit: Code = ""
    cases: bool = False
    language: Code = "zh-CN"


@dataclass(frozen=True, slots=True)
class PapersPage:
    """What the addresses need, and the addresses."""

    leading: Leading
    jobs: Jobs

    def _ask(self, kind: str, wanted: msgspec.Struct, asking: Person) -> Response:
        text = order_of(asking, wanted)
        job = Job(secrets.token_urlsafe(12), kind, text, asking.user_id, machine_ms(), "waiting", 0, "", "")
        if not self.leading.offload(lambda: self.jobs.ask(job)):
            refuse(429, f"at most {MOST_WAITING} at once: wait for those that you have asked for")
        return as_json({"id": job.id})

    def _job_of(self, asking: Person, job_id: str) -> Job:
        """A job of the person's, who may still have what it makes; else 404 or 403."""
        job: Job | None = self.leading.offload(lambda: self.jobs.one(job_id[:40], asking.user_id))
        if job is None:
            refuse(404, "no such paper of yours")
        if not may_fetch(asking, job):
            refuse(403, "权限已变，请重新申请 / your rights have changed since: ask for it again", "export_report")
        return job

    def ask_paper(self) -> Response:
        """Ask for a paper of a span."""
        leading, asked = self.leading, body(PaperRequest)
        if asked.kind not in KINDS or asked.language not in {"zh-CN", "en"}:
            refuse(400, f"kind is one of {' '.join(KINDS)}")
        if asked.street and asked.street not in leading.district.streets:
            refuse(404, "no such street")
        if asked.unit and asked.unit not in leading.district.units:
            refuse(404, "no such unit")
        asking = allowed("export_report", asked.street or DISTRICT)
        span = leading.parse(asked.span)
        wanted = PaperWish(
            text=span.text,
            street=asked.street,
            unit=asked.unit,
            kinds=(asked.kind,),
            with_cases=asked.cases,
            language=asked.language,
            cameras=may(asking, "see_coverage"),
        )
        leading.recorder(
            "export",
            asking,
            f"report {span.text} {asked.street}{asked.unit}".strip(),
            {"kind": asked.kind, "cases": asked.cases},
        )
        return self._ask(asked.kind, wanted, asking)

    def ask_review(self) -> Response:
        """Ask for the review of a moment of the past."""
        asked = body(WantedReview)
        if asked.language not in {"zh-CN", "en"} or not 0 < asked.hours <= MOST_HOURS or asked.at <= 0:
            refuse(400, f"at is a moment in Unix ms, hours from 1 to {MOST_HOURS}")
        asking = allowed("export_review", DISTRICT)
        self.leading.recorder("export", asking, f"review {asked.at}", {"kind": KIND, "hours": asked.hours})
        return self._ask(KIND, asked, asking)

    def paper_state(self, job_id: str) -> Response:
        """Answer how far a paper is."""
        job = self._job_of(person(), job_id)
        return as_json(
            {"state": job.state, "said": job.said, "name": job.name, "waits_ms": machine_ms() - job.asked_at}
        )

    def paper_file(self, job_id: str) -> Response:
        """Answer the file."""
        asking = person()
        job = self._job_of(asking, job_id)
        file = self.leading.offload(lambda: self.jobs.file_of(job.id, asking.user_id))
        if file is None:
            refuse(404, "no such paper of yours, or it is not made yet")
        name, data = file
        return download(
            self.leading.recorder, asking, f"paper {name}", data, kind=TYPES[name.rpartition(".")[2]], name=name
        )


def register_papers(server: Flask, leading: Leading) -> None:
    """Add the addresses."""
    page = PapersPage(leading, Jobs(leading.engine))
    add_routes(
        server,
        [
            ("/api/v1/papers", "POST", page.ask_paper),
            ("/api/v1/papers/review", "POST", page.ask_review),
            ("/api/v1/papers/<job_id>", "GET", page.paper_state),
            ("/api/v1/papers/<job_id>/file", "GET", page.paper_file),
        ],
    )
