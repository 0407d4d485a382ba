"""What a job holds: the paper that is wanted, and the person who asked for it as they were then.

The worker shows a paper no more than that person might see; whoever fetches it must still be that person.
"""

import msgspec

from dashboard.papers import review_paper
from dashboard.papers.make import PaperWish
from services.access.rights import DISTRICT, ROLES, Person, may
from services.jobs.job import Job


class AskedBy(msgspec.Struct, frozen=True):
    """The right of who asked: role, street, community."""

    role: str
    street: str = ""
    community: str = ""


class PaperOrder(msgspec.Struct, frozen=True):
    """A job's ``wanted``: ``paper`` is the JSON of a ``PaperWish`` or a ``WantedReview``."""

    asked_by: AskedBy
    paper: msgspec.Raw


def order_of(asking: Person, wanted: msgspec.Struct) -> str:
    """The order as it is kept."""
    by = AskedBy(asking.role, asking.street, asking.community)
    return msgspec.json.encode(PaperOrder(by, msgspec.Raw(msgspec.json.encode(wanted)))).decode()


def read_order(job: Job) -> tuple[Person, PaperWish | review_paper.WantedReview] | None:
    """Who asked, and for what; None for a job of a version that kept no person."""
    try:
        order = msgspec.json.decode(job.wanted, type=PaperOrder)
        paper: PaperWish | review_paper.WantedReview
        if job.kind == review_paper.KIND:
            paper = msgspec.json.decode(order.paper, type=review_paper.WantedReview)
        else:
            paper = msgspec.json.decode(order.paper, type=PaperWish)
    except msgspec.DecodeError:
        return None
    by = order.asked_by
    role = next((role for role in ROLES if role == by.role), None)
    return None if role is None else (Person(job.who, "", role, by.street, by.community), paper)


def may_fetch(asking: Person, job: Job) -> bool:
    """Whether who asks today is who asked then, and may still have what was asked for."""
    found = read_order(job)
    if found is None:
        return False
    then, paper = found
    if (then.role, then.street, then.community) != (asking.role, asking.street, asking.community):
        return False
    if isinstance(paper, review_paper.WantedReview):
        return may(asking, "export_review", DISTRICT)
    return may(asking, "export_report", paper.street or DISTRICT)
