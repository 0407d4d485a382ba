"""The table of columns in docs/analysis.md: ``python -m services.indicators.case_frame.reference``.

It stands there between two markers; a test compares it with the code.
"""

from collections.abc import Iterator
from pathlib import Path

from services.indicators.case_frame.columns import COLUMNS
from services.platform.generated_section import put_section

PAGE = Path(__file__).parents[3] / "docs/analysis.md"


def section() -> str:
    """What stands between the markers."""
    return "\n".join(_lines())


def put_into(page: str) -> str:
    """The page with the table as it is now. Raises ValueError where a marker is missing."""
    return put_section(page, "columns", section())


def _lines() -> Iterator[str]:
    yield "| column | kind | unit | 含义 | meaning |"
    yield "|---|---|---|---|---|"
    for column in COLUMNS:
        yield f"| `{column.name}` | {column.kind} | {column.unit} | {column.zh} | {column.en} |"


if __name__ == "__main__":
    PAGE.write_text(put_into(PAGE.read_text("utf-8")), "utf-8")
