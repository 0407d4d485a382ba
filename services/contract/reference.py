"""The list of commands in docs/contract.md: ``python -m services.contract.reference``; a test compares them."""

from pathlib import Path

from services.contract.commands import COMMANDS
from services.platform.generated_section import put_section

PAGE = Path(__file__).parents[2] / "docs/contract.md"
_WIDTH = 130


def section() -> str:
    """What stands between the markers."""
    lines = [""]
    for name in COMMANDS:
        said = f"`{name}`"
        if len(lines[-1]) + len(said) > _WIDTH:
            lines.append("")
        lines[-1] += f" {said}" if lines[-1] else said
    return "\n".join(lines)


def put_into(page: str) -> str:
    """The page with the list as it is now. Raises ValueError where a marker is missing."""
    return put_section(page, "commands", section())


if __name__ == "__main__":
    PAGE.write_text(put_into(PAGE.read_text("utf-8")), "utf-8")
