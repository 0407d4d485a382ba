"""/admin/system: what runs, what does not and what to do about it, in words; refused entries, sources, papers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from dashboard.callbacks.admin.shell import AdminShell
from dashboard.callbacks.admin.system_words import SystemWords
from dashboard.door.access import person
from dashboard.door.recording import who_of
from dashboard.door.routes import add_routes
from services.access.rights import may
from services.admin.dead_letters_service import DeadLetterError, StreamOut
from services.admin.system_service import SystemLook, SystemState
from services.audit import Who
from services.audit.log_service import AuditLog
from services.platform.clock import machine_ms
from services.platform.errors import REDIS_ERRORS
from services.platform.redis import another

# What the person who asked for a paper reads.
CANCELLED = "管理员取消 / cancelled by an administrator"


@dataclass(frozen=True, slots=True)
class SystemPage:
    """The page and its acts. ``sources``: the rows of board.sources as of now."""

    shell: AdminShell
    state: SystemState
    stream: StreamOut
    log: AuditLog
    sources: Callable[[], list[list[Any]]]

    def system_page(self) -> Response:
        """Show the state."""
        return self._show()

    def system_act(self) -> Response:
        """Do what a form of the page asks; the answer is the page again, with what came of it."""
        form, who, words = request.form.to_dict(), who_of(person()), SystemWords(self.shell)
        try:
            said = self.shell.offload(lambda: self._do(form, who, words))
        except DeadLetterError as error:
            return self._show(409, wrong=words.refused(error))
        except REDIS_ERRORS:
            return self._show(409, wrong=words.word("dead_refused", "no_redis"))
        if not said:
            return self._show(409, wrong=words.word("dead_refused", "no_job"))
        return self._show(said=said, anew=True)

    def _do(self, form: Mapping[str, str], who: Who, words: SystemWords) -> str:
        do = form.get("do", "")
        if do == "cancel":
            return self._cancel(form.get("job", "")[:64], who, words)
        with another(self.stream.client) as client:  # this is no thread of the loop's
            return self._retry(self.stream._replace(client=client), form, who, words)

    def _retry(self, stream: StreamOut, form: Mapping[str, str], who: Who, words: SystemWords) -> str:
        if form.get("do", "") == "retry_kind":
            done = self.state.letters.retry_kind(stream, self.log, who, form.get("reason", "")[:40])
            return words.word("system", "retried_kind").format(
                n=done.published, refused=done.refused, lost=done.without_original, left=done.left
            )
        entry = form.get("entry", "")[:60]
        new = self.state.letters.retry_written_down(stream, self.log, who, entry)
        return words.word("system", "retried").format(entry=entry, new=new)

    def _cancel(self, job_id: str, who: Who, words: SystemWords) -> str:
        job = self.state.jobs.cancel(job_id, CANCELLED)
        if job is None:
            return ""
        self.log.append(machine_ms(), who, "job_cancelled", job.id, kind=job.kind, who=job.who)
        return words.word("system", "cancelled").format(kind=words.kind(job.kind), who=job.who)

    def _show(self, code: int = 200, *, wrong: str = "", said: str = "", anew: bool = False) -> Response:
        look: SystemLook = self.shell.offload(lambda: self.state.look(anew=anew))
        words = SystemWords(self.shell)
        lines = [words.line(one) for one in look.findings]
        sources = [words.source(row) for row in self.sources()]
        return self.shell.show(
            "state", "admin_system.html", code, wrong=wrong, said=said, lines=words.in_order(lines),
            verdict=words.verdict(lines, sources), looked=self.shell.at(look.at, "%H:%M:%S"),
            sources=sources, size=words.size(look),
            letters=[words.letter(one) for one in look.letters], kinds=[words.reason(*one) for one in look.kinds],
            n_letters=sum(n for _, n in look.kinds), jobs=[words.job(job) for job in look.jobs],
            may_act=may(person(), "manage_system"),
        )  # fmt: skip


def register_system(server: Flask, page: SystemPage) -> None:
    """Add the page and its acts."""
    add_routes(server, [("/admin/system", "GET", page.system_page), ("/admin/system", "POST", page.system_act)])
