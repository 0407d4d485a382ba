"""``lianqin worker``: makes papers for people, one after the other, away from the processes that hold the sockets.

Several may run; each job is one's. One that is killed in the middle leaves no file, and the job is begun again by
another after a minute, once.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine

from dashboard.papers import review_paper
from dashboard.papers.make import papers
from dashboard.papers.order import read_order
from services.district.package import District
from services.jobs.job import Job
from services.jobs.service import Jobs
from services.platform.clock import Clock, machine_ms
from services.platform.errors import STORE_ERRORS, OperationError, fault_of
from services.platform.pulse import NO_PULSE, Pulse

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY_S = 0.5
SAY_EVERY_S = 5.0


class PaperWorker:
    """One process of it."""

    def __init__(self, engine: Engine, district: District, clock: Clock, pulse: Pulse = NO_PULSE) -> None:
        self._pulse = pulse
        self._engine, self._district, self._clock = engine, district, clock
        self._jobs = Jobs(engine)

    def run(self, stop: threading.Event, *, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Until told to stop, or until another package was loaded."""
        while not stop.is_set() and not is_outdated():
            self._pulse.turn()
            try:
                is_idle = not self.work()
            except STORE_ERRORS as error:
                self._pulse.waits(fault_of(error).words)
                log.warning("the store does not answer: trying again")
                is_idle = True
            if is_idle:
                stop.wait(LOOK_EVERY_S)

    def work(self) -> bool:
        """Take one job and do it; whether there was one. Raises what the store raises."""
        job = self._jobs.take(machine_ms())
        if job is None:
            return False
        over = threading.Event()
        sayer = threading.Thread(target=self._say, args=(job, over), daemon=True)
        sayer.start()
        try:
            name, data = self._made(job)
            self._jobs.done(job, name, data)
        except OperationError as error:
            self._jobs.failed(job, str(error))
        except STORE_ERRORS:
            raise  # the job is still ours: it is begun again when the store answers
        except Exception:  # one paper that cannot be made must not end the making of the others
            log.exception("job %s of %s", job.id, job.who)
            self._jobs.failed(job, "it could not be made: see the worker's log")
        finally:
            over.set()
            sayer.join()
        return True

    def _made(self, job: Job) -> tuple[str, bytes]:
        """The name and the bytes of what was asked for."""
        doors = self._engine, self._district, self._clock.now_ms()
        order = read_order(job)
        if order is None:
            raise OperationError("it was asked for by an older version, which kept no person: ask for it again")
        asking, wanted = order
        if isinstance(wanted, review_paper.WantedReview):
            return review_paper.review_paper(*doors, wanted, job.who)
        (found, *_) = papers(*doors, wanted, by=job.who, asking=asking)
        return found

    def _say(self, job: Job, over: threading.Event) -> None:
        """While the job lasts: we are at it."""
        while not over.wait(SAY_EVERY_S):
            try:
                self._jobs.at_it(job, machine_ms())
            except STORE_ERRORS:
                log.warning("the store does not answer: job %s goes on", job.id)
