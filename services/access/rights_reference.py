"""The table of rights and the limits of sessions in docs/security.md: ``python -m services.access.rights_reference``.

They stand there between two markers; a test compares them with what the code says.
"""

from collections.abc import Iterator
from pathlib import Path

from services.access.rights import IDLE_MINUTES, LONGEST_MINUTES, RIGHTS, ROLES
from services.access.service import FAILURES, LOCKED_MINUTES
from services.platform.generated_section import put_section

PAGE = Path(__file__).parents[2] / "docs/security.md"


def section() -> str:
    """What stands between the markers."""
    return "\n".join(_lines())


def put_into(page: str) -> str:
    """The page with the section as it is now. Raises ValueError where a marker is missing."""
    return put_section(page, "rights", section())


def _lines() -> Iterator[str]:
    yield f"| right | {' | '.join(ROLES)} |"
    yield "|---" * (len(ROLES) + 1) + "|"
    for right, reach in RIGHTS.items():
        yield f"| `{right}` | {' | '.join(reach.get(role, '—') for role in ROLES)} |"
    yield ""
    yield "| a session of | ends unused after | and in any case after |"
    yield "|---|---|---|"
    for role in ROLES:
        if role in IDLE_MINUTES:
            yield f"| {role} | {IDLE_MINUTES[role]} min | {LONGEST_MINUTES[role] // 60} h |"
        else:
            yield f"| {role} | never | never: it counts from its addresses alone |"
    yield ""
    yield f"{FAILURES} wrong passwords in a row let an account and the place that tried wait {LOCKED_MINUTES} minutes."


if __name__ == "__main__":
    PAGE.write_text(put_into(PAGE.read_text("utf-8")), "utf-8")
