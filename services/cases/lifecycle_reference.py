"""docs/case-life.md, generated: ``python -m services.cases.lifecycle_reference``; a test compares them."""

from collections.abc import Iterable, Iterator

from services.cases.lifecycle import IRREGULARITIES, TRANSITIONS
from services.contract.codes import ENDED_STATUSES, STATUSES

_MEANINGS = {
    "order": "it may not follow the status before it",
    "status": "it leaves a status that is not its own, or moves one that it should leave alone",
    "no_reason": "it needs a reason (`step.reason` or `step.reason_code`)",
    "no_time": "its own time is missing",
    "no_unit": "it needs a responsible unit",
    "once_overdue": "an extension or a suspension after the deadline had come",
    "too_many_extensions": "extended more than twice",
    "too_long": "suspended for more than a year",
    "level": "the level moved without an escalation, a dispatch, a return or a taking back",
}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The life of a case · 案件流转"
    yield ""
    yield "Generated from the code: `python -m services.cases.lifecycle_reference > docs/case-life.md`."
    yield ""
    yield "The case system is the authority: an event that breaks this table is applied all the same, flagged as"
    yield "irregular (流转异常), counted by source and shown in the case panel. A step is judged against the known step"
    yield "with the next lower version, so the order of arrival decides nothing; a reader may begin anywhere."
    yield ""
    yield "| event | after | leaves | by | needs |"
    yield "|---|---|---|---|---|"
    for kind, row in TRANSITIONS.items():
        after, leaves = _statuses(row.after) or "nothing: it is the first", _statuses(row.leaves) or "the same"
        yield f"| `{kind}` | {after} | {leaves} | {', '.join(row.who)} | {', '.join(row.needs) or '—'} |"
    yield ""
    yield "`case.closed` follows `handled` or `post_check`, unless the case was solved on the spot or closed by force."
    yield ""
    yield "| irregular | meaning |"
    yield "|---|---|"
    for code in IRREGULARITIES:
        yield f"| `{code}` | {_MEANINGS[code]} |"


def _statuses(statuses: Iterable[str]) -> str:
    found = [status for status in STATUSES if status in statuses]
    if len(found) == len(STATUSES):
        return "any"
    if set(found) == set(STATUSES) - ENDED_STATUSES:
        return "any open"
    return " ".join(f"`{status}`" for status in found)


if __name__ == "__main__":
    print(page(), end="")
